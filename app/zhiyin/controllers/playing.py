"""Personas in conversations: one is begun, another joins, the setup is changed."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import msgspec
from msgspec import UNSET
from PySide6.QtCore import QObject, Signal

from zhiyin.controllers.cast import Cast, CastController
from zhiyin.controllers.chat import ChatController
from zhiyin.i18n import language
from zhiyin.prompt.cards.card import Card
from zhiyin.prompt.greetings import greetings
from zhiyin.prompt.groups import one_line, user_name
from zhiyin.prompt.macros import MacroValues
from zhiyin.roles import Member, Setup
from zhiyin.services.delivery import Delivery
from zhiyin.store.conversations import first_words
from zhiyin.store.records import Conversation, PersonaRow, Turn
from zhiyin.store.store import Store
from zhiyin.ui.empty_state import EmptyState, Face

FACES = 7


class PlayingController(QObject):
    """Begins conversations with personas and changes who takes part in them."""

    shown = Signal()  # a conversation was begun or changed: it is to be looked at
    abandoned = Signal(int)  # a conversation in which nothing was said was left again
    trouble = Signal(object)  # an exception, to be put into words

    def __init__(
        self,
        *,
        store: Store,
        chat: ChatController,
        cast: CastController,
        background: Executor,
        delivery: Delivery,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._chat = chat
        self._cast = cast
        self._background = background
        self._delivery = delivery
        self._begun: int | None = None  # the last one that was begun here
        chat.leaving.connect(self._on_leaving)
        chat.sent.connect(self._on_sent)

    def suggest(self, empty: EmptyState) -> None:
        """Fill the empty conversation with a few who could answer: those last spoken with first."""

        def listed(rows: list[PersonaRow]) -> None:
            chosen = [row.id for row in rows[:FACES]]

            def gathered(_cast: Cast) -> None:
                looks = [(persona, self._cast.look(persona)) for persona in chosen]
                empty.set_faces(
                    [Face(id_, look.name, look.seal or look.name[:1], look.color, look.picture) for id_, look in looks if look is not None]
                )

            self._cast.gather(Setup(), gathered, self.trouble.emit, also=chosen)

        self._ask(self._store.personas.all(), listed)

    # ------------------------------------------------------------ beginning

    def start_with(self, persona: int) -> None:
        """Begin a conversation with a persona: its greetings are the alternatives of the first turn."""
        setup = Setup(members=(Member(persona),))

        def gathered(cast: Cast) -> None:
            if not cast.actors:
                return
            making = self._store.create_conversation(title=cast.names[0], auto_title=True, setup=setup, model=self._chat.model or UNSET)
            self._ask(making, lambda made: self._greet(made, None, cast, persona, then=lambda: self._open(made.id)))

        self._cast.gather(setup, gathered, self.trouble.emit)
        self._ask(self._store.personas.touch(persona))

    def _open(self, conversation: int) -> None:
        self._chat.open(conversation)
        self._begun = conversation
        self.shown.emit()

    def _greet(self, conversation: Conversation, parent: int | None, cast: Cast, persona: int, then: Callable[[], None]) -> None:
        """Add what a persona begins with, if it has anything to begin with."""
        place = next(index for index, actor in enumerate(cast.actors) if actor.persona == persona)
        actor, name = cast.actors[place], one_line(cast.names[place])
        group = len(conversation.setup.members) > 1
        user = user_name(cast.player, "zh" if language() == "zh_CN" else "en")
        values = MacroValues(char=name, user=user, seed=conversation.id, turn=0)

        def told(texts: tuple[str, ...]) -> None:
            if not texts:
                then()
                return
            adding = self._store.add_replies(conversation.id, parent, texts, persona=persona, speaker=name)
            self._ask(adding, lambda _turn: then())

        self._ask(self._background.submit(greetings, Card(actor.card), values, group=group), told)

    # ------------------------------------------------------------ the setup

    def join(self, persona: int) -> None:
        """Let a persona take part in the conversation on the screen; without one on the screen it begins one."""
        conversation, setup = self._chat.conversation, self._chat.setup
        if conversation is None:
            self.start_with(persona)
            return
        if any(member.persona == persona for member in setup.members):
            self.shown.emit()
            return
        joined = msgspec.structs.replace(setup, members=(*setup.members, Member(persona)))
        unheard = not any(turn.role == "user" for turn in self._chat.turns)
        parent = self._chat.turns[-1].id if self._chat.turns else None

        def changed(now: Conversation) -> None:
            def gathered(cast: Cast) -> None:
                if unheard and setup.members:
                    self._greet(now, parent, cast, persona, then=self._chat.reload)
                else:
                    self._chat.reload()

            self._cast.gather(joined, gathered, self.trouble.emit)
            self.shown.emit()

        self.set_setup(joined, changed)

    def set_setup(self, setup: Setup, then: Callable[[Conversation], None] | None = None) -> None:
        """Change who takes part in the conversation on the screen, and how."""
        conversation = self._chat.conversation
        if conversation is None:
            self._chat.update(setup=setup)
            self._cast.gather(setup, lambda _cast: self._chat.turns_changed.emit(), self.trouble.emit)
            return

        def updated(now: Conversation) -> None:
            self._chat.take(now)
            self._cast.gather(now.setup, lambda _cast: self._chat.turns_changed.emit(), self.trouble.emit)
            if then is not None:
                then(now)

        self._ask(self._store.update_conversation(conversation.id, setup=setup), updated)

    # ------------------------------------------------------------ what follows

    def _on_leaving(self) -> None:
        """A conversation that was begun and left without a word said in it leaves nothing behind."""
        begun, self._begun = self._begun, None
        conversation = self._chat.conversation
        if begun is None or conversation is None or conversation.id != begun:
            return
        if conversation.draft.strip() or any(turn.role == "user" or turn.edited for turn in self._chat.turns):
            return
        self.abandoned.emit(begun)

    def _on_sent(self, turn: Turn) -> None:
        """The first words of the user's give the title, in the place of the persona's name."""
        conversation = self._chat.conversation
        self._begun = None
        if conversation is None or not conversation.auto_title or not conversation.setup.members:
            return
        if sum(one.role == "user" for one in self._chat.turns) == 1:
            look = self._cast.look(conversation.setup.members[0].persona)
            if look is not None and conversation.title == look.name and (words := first_words(turn.text)):
                self._chat.update(title=words, auto_title=True)

    def _ask(self, future: "Future[Any]", then: Callable[[Any], None] | None = None) -> None:
        self._delivery.deliver(future, then, self.trouble.emit)
