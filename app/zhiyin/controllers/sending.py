"""What the user writes: drafts, and from the composer into the store. Nothing that was written is ever only on its way."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from zhiyin.controllers.answering import Answering
from zhiyin.controllers.cast import CastController
from zhiyin.services.delivery import Delivery
from zhiyin.store.records import Conversation, Turn
from zhiyin.store.store import Store
from zhiyin.ui.composer import Composer

if TYPE_CHECKING:
    from zhiyin.controllers.chat import ChatController

NEW_DRAFT_KEY = "new_draft"


class Sending(QObject):
    """Keeps drafts, and stores what is sent before anything else happens; what cannot be stored goes back into the composer."""

    def __init__(
        self, chat: "ChatController", composer: Composer, *, store: Store, cast: CastController, answering: Answering, delivery: Delivery
    ) -> None:
        super().__init__(chat)
        self._chat = chat
        self._composer = composer
        self._store = store
        self._cast = cast
        self._answering = answering
        self._delivery = delivery
        self._new_draft = ""
        self._unsent = ""  # what is to begin a conversation that is being made
        composer.submitted.connect(self.send)
        composer.draft_changed.connect(self.keep_draft)

    # ------------------------------------------------------------ drafts

    @property
    def new_draft(self) -> str:
        """What was written for a conversation that has not begun."""
        return self._new_draft

    def keep_draft(self, text: str) -> None:
        """Keep what stands in the composer, as the draft of what is on the screen."""
        if self._chat.id is not None:
            self._chat.note_draft(text)
            self._ask(self._store.set_draft(self._chat.id, text))
        else:
            self._keep_new_draft(text)

    def _keep_new_draft(self, text: str) -> None:
        if text != self._new_draft:
            self._new_draft = text
            self._ask(self._store.set_setting(NEW_DRAFT_KEY, text))

    def forget_new_draft(self, text: str) -> None:
        """What was written for a new conversation has gone into another one."""
        if self._composer.text() == text:
            self._keep_new_draft("")
            self._composer.set_draft("")

    def read_new_draft(self) -> None:
        """Fetch what was written for a conversation that never began."""

        def read(text: object) -> None:
            self._new_draft = text if isinstance(text, str) else ""
            if self._chat.conversation is None and not self._composer.text():
                self._composer.set_draft(self._new_draft)

        self._ask(self._store.get_setting(NEW_DRAFT_KEY, ""), read)

    # ------------------------------------------------------------ sending

    def send(self, text: str) -> None:
        """Store the user's turn, then ask for a reply."""
        if not text.strip():
            return
        if self._chat.is_busy():
            self.give_back(self._chat.id, text)
            return
        self._answering.hold(self._chat.id)
        if self._chat.conversation is not None:
            self._send_in(self._chat.conversation, text, list(self._chat.turns))
            return
        self._unsent = text
        making = self._store.create_conversation(**self._chat.fields_of_new())
        self._ask(making, lambda made: self._begin(made, text), lambda error: self._not_sent(None, text, error))

    def _begin(self, made: Conversation, text: str) -> None:
        self._unsent = ""
        self._answering.hold(made.id)
        self._answering.release(None)
        if self._chat.conversation is None:
            self._chat.adopt(made)
            self._keep_new_draft("")
            if self._composer.text():  # written meanwhile
                self.keep_draft(self._composer.text())
            self._chat.opened.emit(made)
        self._send_in(made, text, [])

    def _send_in(self, conversation: Conversation, text: str, before: list[Turn]) -> None:
        parent = before[-1].id if before else None

        def stored(turn: Turn) -> None:
            self._chat.show_sent(turn)
            self._answering.answer(conversation, [*before, turn])

        speaker = self._cast.player(conversation.setup).name
        adding = self._store.add_user_turn(conversation.id, parent, text, speaker=speaker)
        self._ask(adding, stored, lambda error: self._not_sent(conversation.id, text, error))

    def _not_sent(self, conversation: int | None, text: str, error: BaseException) -> None:
        self._unsent = ""
        self._answering.release(conversation)
        self.give_back(conversation, text)
        self._chat.trouble.emit(error)

    def give_back(self, conversation: int | None, text: str) -> None:
        """Put what could not be sent back where it was written, before whatever was written meanwhile: it is nowhere else."""
        if conversation == self._chat.id:
            later = self._composer.text()
            whole = f"{text}\n{later}" if later else text
            self._composer.set_draft(whole)
            self.keep_draft(whole)
        elif conversation is None:
            self._keep_new_draft(text)
        else:

            def kept(_none: object) -> None:
                if conversation == self._chat.id and not self._composer.text():  # opened again before this was written
                    self._composer.set_draft(text)

            self._ask(self._store.set_draft(conversation, text), kept)

    def end(self) -> None:
        """The app is being left: what was to begin a conversation stays as its draft."""
        if self._unsent:
            self._store.set_setting(NEW_DRAFT_KEY, self._unsent)

    def _ask(
        self, future: "Future[Any]", then: Callable[[Any], None] | None = None, otherwise: Callable[[BaseException], None] | None = None
    ) -> None:
        self._delivery.deliver(future, then, otherwise or self._chat.trouble.emit)
