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
from zhiyin.ui.composer import Composer
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
        composer: Composer,
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
        self._composer = composer
        self._begun: dict[int, Conversation] = {}  # those in which nothing was said yet, as they were begun
        self._changes = 0  # of setups
        chat.leaving.connect(self._on_leaving)
        chat.sent.connect(self._on_sent)

    def suggest(self, empty: EmptyState) -> None:
        """Fill the empty conversation with a few who could answer: those last spoken with first."""

        def listed(rows: list[PersonaRow]) -> None:
            chosen = [row.id for row in rows]

            def gathered(_cast: Cast) -> None:
                looks = [(persona, self._cast.look(persona)) for persona in chosen]
                empty.set_faces(
                    [Face(id_, look.name, look.seal or look.name[:1], look.color, look.picture) for id_, look in looks if look is not None]
                )

            self._cast.gather(Setup(), gathered, self.trouble.emit, also=chosen)

        self._ask(self._store.personas.latest(FACES), listed)

    # ------------------------------------------------------------ beginning

    def start_with(self, *personas: int) -> None:
        """Begin a conversation with personas: the greetings of each are the alternatives of one of its first turns.

        What was chosen and written for a conversation that has not begun goes along.
        """
        fields = self._chat.chosen_for_new()
        draft = self._composer.text() if self._chat.conversation is None else ""
        setup = msgspec.structs.replace(fields.pop("setup", Setup()), members=tuple(Member(persona) for persona in personas))
        fields.setdefault("model", self._chat.model or UNSET)

        def gathered(cast: Cast) -> None:
            if not cast.actors:
                return
            fields.setdefault("title", ", ".join(cast.names[:3]))
            making = self._store.create_conversation(auto_title=True, setup=setup, draft=draft, **fields)
            self._ask(making, lambda made: self._greet_all(made, None, cast, list(personas), then=lambda: self._open(made, taken=draft)))

        self._cast.gather(setup, gathered, self.trouble.emit)
        for persona in personas:
            self._ask(self._store.personas.touch(persona))

    def _open(self, conversation: Conversation, *, taken: str) -> None:
        if taken and self._chat.conversation is None:
            self._chat.sending.forget_new_draft(taken)
        self._begun[conversation.id] = conversation
        self._chat.open(conversation.id)
        self.shown.emit()

    def _greet_all(
        self, conversation: Conversation, parent: int | None, cast: Cast, personas: list[int], then: Callable[[], object]
    ) -> None:
        """One after the other says what it begins with."""
        if not personas:
            then()
            return

        def greeted(turn: Turn | None) -> None:
            self._greet_all(conversation, turn.id if turn is not None else parent, cast, personas[1:], then)

        self._greet(conversation, parent, cast, personas[0], greeted)

    def _greet(self, conversation: Conversation, parent: int | None, cast: Cast, persona: int, then: Callable[[Turn | None], None]) -> None:
        """Add what a persona begins with; ``then`` gets it, or None where it has nothing to begin with."""
        place = next((index for index, actor in enumerate(cast.actors) if actor.persona == persona), None)
        if place is None:
            then(None)
            return
        actor, name = cast.actors[place], one_line(cast.names[place])
        group = len(conversation.setup.members) > 1
        user = user_name(cast.player, "zh" if language() == "zh_CN" else "en")
        values = MacroValues(char=name, user=user, seed=conversation.id, turn=0)

        def told(texts: tuple[str, ...]) -> None:
            if not texts:
                then(None)
                return
            adding = self._store.add_replies(conversation.id, parent, texts, persona=persona, speaker=name)
            self._ask(adding, then)

        self._ask(self._background.submit(greetings, Card(actor.card), values, group=group), told)

    # ------------------------------------------------------------ the setup

    def join(self, *personas: int) -> None:
        """Let personas take part in the conversation on the screen; without one on the screen they begin one."""
        conversation, setup = self._chat.conversation, self._chat.setup
        here = {member.persona for member in setup.members}
        coming = [persona for persona in dict.fromkeys(personas) if persona not in here]
        if conversation is None:
            self.start_with(*here, *coming)
            return
        if not coming:
            self.shown.emit()
            return
        joined = msgspec.structs.replace(setup, members=(*setup.members, *(Member(persona) for persona in coming)))
        unheard = bool(here) and not any(turn.role == "user" for turn in self._chat.turns)
        parent = self._chat.turns[-1].id if self._chat.turns else None

        def changed(now: Conversation) -> None:
            def gathered(cast: Cast) -> None:
                self._greet_all(now, parent, cast, coming if unheard else [], then=self._chat.reload)

            self._cast.gather(joined, gathered, self.trouble.emit)

        self.set_setup(joined, changed)
        self.shown.emit()

    def change_to(self, persona: int) -> None:
        """From now on this persona answers in the conversation on the screen, alone."""
        if self._chat.conversation is None:
            self.start_with(persona)
            return
        self.set_setup(msgspec.structs.replace(self._chat.setup, members=(Member(persona),)))
        self.shown.emit()

    def use_book(self, book: int) -> None:
        """Let a standalone lorebook be told from in the conversation on the screen."""
        setup = self._chat.setup
        if book not in setup.books:
            self.set_setup(msgspec.structs.replace(setup, books=(*setup.books, book)))
        self.shown.emit()

    def set_setup(self, setup: Setup, then: Callable[[Conversation], None] | None = None) -> None:
        """Change who takes part in the conversation on the screen, and how. It counts at once: the next change builds on it."""
        conversation = self._chat.conversation
        if conversation is None:
            self._chat.update(setup=setup)
            self._cast.gather(setup, lambda _cast: self._chat.turns_changed.emit(), self.trouble.emit)
            return
        self._changes += 1
        change = self._changes
        self._chat.take(msgspec.structs.replace(conversation, setup=setup))

        def updated(now: Conversation) -> None:
            if change == self._changes:  # a later one is on its way otherwise
                self._chat.take(now)
            self._cast.gather(now.setup, lambda _cast: self._chat.turns_changed.emit(), self.trouble.emit)
            if then is not None:
                then(now)

        self._ask(self._store.update_conversation(conversation.id, setup=setup), updated)

    # ------------------------------------------------------------ what follows

    def _on_leaving(self) -> None:
        """A conversation that was begun and left with nothing said, set or written in it leaves nothing behind."""
        now = self._chat.conversation
        begun = self._begun.pop(now.id, None) if now is not None else None
        if now is None or begun is None or self._chat.is_busy():
            return
        same = (now.title, now.auto_title, now.setup, now.system_prompt, now.sampling) == (
            begun.title,
            begun.auto_title,
            begun.setup,
            begun.system_prompt,
            begun.sampling,
        )
        if same and not now.draft.strip() and not self._composer.text().strip() and all(map(_is_untouched_greeting, self._chat.turns)):
            self.abandoned.emit(now.id)

    def _on_sent(self, turn: Turn) -> None:
        """The first words of the user's give the title, in the place of the persona's name."""
        conversation = self._chat.conversation
        if conversation is None:
            return
        begun = self._begun.pop(conversation.id, None)
        members = conversation.setup.members
        look = self._cast.look(members[0].persona) if members else None
        named = {begun.title if begun is not None else None, look.name if look is not None else None}
        first = sum(one.role == "user" for one in self._chat.turns) == 1
        if first and conversation.auto_title and conversation.title in named and (words := first_words(turn.text)):
            self._chat.update(title=words, auto_title=True)

    def _ask(self, future: "Future[Any]", then: Callable[[Any], None] | None = None) -> None:
        self._delivery.deliver(future, then, self.trouble.emit)


def _is_untouched_greeting(turn: Turn) -> bool:
    """Whether a turn is as a persona's card has it, and nobody has said anything about it."""
    said = turn.role != "assistant" or turn.persona is None or turn.stats is not None or turn.edited or turn.model
    return not (said or turn.thumb or turn.rank or turn.remark)
