"""One conversation on the screen: opening it, sending, and everything that is done to its turns."""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import msgspec
from PySide6.QtCore import QObject, Signal

from zhiyin.controllers.answering import Answering
from zhiyin.controllers.cast import CastController, Look
from zhiyin.controllers.models import ModelsController
from zhiyin.controllers.presentation import turn_view, turn_views
from zhiyin.controllers.replies import ReplyJob, ReplyRunner, fit_of
from zhiyin.controllers.sending import NEW_DRAFT_KEY, Sending
from zhiyin.roles import Setup
from zhiyin.services.delivery import Delivery
from zhiyin.settings import AppSettings
from zhiyin.store.records import Conversation, ConversationView, Status, Turn
from zhiyin.store.store import Store
from zhiyin.ui.composer import Composer
from zhiyin.ui.transcript.turn import TurnView
from zhiyin.ui.transcript.view import TranscriptView
from zhiyin_models.engine.protocol import Sampling

__all__ = ["NEW_DRAFT_KEY", "ChatController"]

log = logging.getLogger(__name__)

# The starter model's template puts in a system prompt under which it rambles; with this one it names the capital of France.
STARTER_PROMPT = "You are a helpful assistant."


class ChatController(QObject):
    """The open conversation: its path, its draft, its replies."""

    opened = Signal(object)  # Conversation | None: None is a new one that is not stored yet
    leaving = Signal()  # the conversation on the screen is about to be replaced: nothing may wait
    changed = Signal(object)  # Conversation: its row in the list is another now
    turns_changed = Signal()  # the path, or the figures of its last reply
    sent = Signal(object)  # Turn of the user's, stored and shown
    trouble = Signal(object)  # an exception, to be put into words

    def __init__(
        self,
        transcript: TranscriptView,
        composer: Composer,
        *,
        store: Store,
        replies: ReplyRunner,
        models: ModelsController,
        cast: CastController,
        answering: Answering,
        delivery: Delivery,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._transcript = transcript
        self._composer = composer
        self._store = store
        self._replies = replies
        self._models = models
        self._cast = cast
        self._answering = answering
        self._delivery = delivery
        self._settings = AppSettings()
        self._conversation: Conversation | None = None
        self._turns: list[Turn] = []
        self._new: dict[str, Any] = {}  # what was chosen for a conversation that is not stored yet
        self._opening = 0
        self.sending = Sending(self, composer, store=store, cast=cast, answering=answering, delivery=delivery)
        replies.set_ready_check(models.is_ready)
        self._connect()

    def _connect(self) -> None:
        self._composer.stop_requested.connect(self.stop)
        view = self._transcript
        view.regenerate.connect(self.regenerate)
        view.edit_user.connect(self.edit_and_resend)
        view.edit_reply.connect(self.edit_reply)
        view.continue_reply.connect(self.continue_reply)
        view.alternative.connect(self.show_alternative)
        view.cancel_queued.connect(self._replies.cancel)
        self._models.refused.connect(self._replies.refuse_model)
        self._models.listed.connect(self._on_models)
        self._replies.queued.connect(self._on_job)
        self._replies.changed.connect(self._on_job)
        self._replies.grew.connect(self._on_grew)
        self._replies.ended.connect(self._on_ended)
        self._replies.discarded.connect(self._on_discarded)
        self._answering.pending_changed.connect(self._show_busy)
        self._answering.added.connect(self._on_added)
        self._answering.changed.connect(self._on_updated)
        self._answering.trouble.connect(self.trouble)
        self._cast.arrived.connect(self.retranslate)
        self._cast.outdated.connect(self._meet_cast)

    # ------------------------------------------------------------ which conversation

    @property
    def conversation(self) -> Conversation | None:
        """The stored conversation on the screen; None while a new one has no turn yet."""
        return self._conversation

    @property
    def turns(self) -> list[Turn]:
        """The path on the screen, root first."""
        return self._turns

    @property
    def id(self) -> int | None:
        """The conversation's id; None while it is not stored."""
        return self._conversation.id if self._conversation is not None else None

    @property
    def model(self) -> str:
        """The name of the model that answers here."""
        chosen = self._conversation.model if self._conversation is not None else self._new.get("model", "")
        return self._models.present_name(chosen) if chosen else self._models.default

    def _on_models(self, _models: object) -> None:
        """A conversation that is not stored yet lets go of a model that was removed."""
        if self._models.find(self._new.get("model", "")) is None:
            self._new.pop("model", None)

    @property
    def system_prompt(self) -> str | None:
        """This conversation's own; None = the default."""
        return self._conversation.system_prompt if self._conversation is not None else self._new.get("system_prompt")

    @property
    def sampling(self) -> Sampling | None:
        """This conversation's own; None = the default."""
        return self._conversation.sampling if self._conversation is not None else self._new.get("sampling")

    @property
    def setup(self) -> Setup:
        """Who takes part, and how."""
        return self._conversation.setup if self._conversation is not None else self._new.get("setup", Setup())

    def set_settings(self, settings: AppSettings) -> None:
        """Take over the app-wide defaults."""
        self._settings = settings
        self._answering.set_settings(settings)

    def new(self) -> None:
        """Show an empty conversation; it is stored with its first turn."""
        self._leave()
        self._conversation, self._turns, self._new = None, [], {}
        self._transcript.clear()
        self._composer.set_draft(self.sending.new_draft)
        self._show_busy()
        self.opened.emit(None)
        self.turns_changed.emit()

    def open(self, conversation: int) -> None:
        """Show a stored conversation."""
        if conversation == self.id:
            self._opening += 1  # whatever else was being fetched is no longer wanted
            self.opened.emit(self._conversation)
            return
        self._leave()
        self._opening += 1
        opening = self._opening

        def show(view: ConversationView) -> None:
            if opening == self._opening:
                self._show(view)

        self._ask(self._store.conversation(conversation), show)

    def _leave(self) -> None:
        self._opening += 1
        self._composer.flush_draft()
        self.leaving.emit()

    def _show(self, view: ConversationView, *, keep_draft: bool = False) -> None:
        fresh = self._conversation is None or self._conversation.id != view.conversation.id
        self._conversation = view.conversation
        self._turns = list(view.turns)
        self._new = {}
        self._meet_cast()
        self._transcript.set_turns(self._views())
        if fresh:
            self._transcript.scroll_to_end()
        if not keep_draft:
            self._composer.set_draft(view.conversation.draft)
        self._show_busy()
        if fresh:
            self.opened.emit(view.conversation)
        self.turns_changed.emit()

    def reload(self, then: Callable[[], None] | None = None) -> None:
        """Read the path again (another alternative, another edit) and show it where the view stands."""
        if self._conversation is None:
            return
        opening = self._opening

        def show(view: ConversationView) -> None:
            if opening == self._opening:
                self._show(view, keep_draft=True)
                if then is not None:
                    then()

        self._ask(self._store.conversation(self._conversation.id), show)

    def retranslate(self) -> None:
        """Put captions and sentences into the language of the moment."""
        if self._turns:
            self._transcript.set_turns(self._views())

    def _meet_cast(self) -> None:
        """Fetch how everybody who speaks here looks; the turns are shown again when that is known."""
        speakers = {turn.persona for turn in self._turns if turn.persona is not None}
        self._cast.gather(self.setup, lambda _cast: None, also=speakers)

    def _views(self) -> list[TurnView]:
        jobs = {job.reply: job for job in self._replies.jobs_of(self.id)} if self.id is not None else {}
        return turn_views(self._turns, jobs, self._memory_start(), self._look)

    def _look(self, turn: Turn) -> Look | None:
        """How whoever said it looks: a persona, or who the user was by that name."""
        return self._cast.profile_look(turn.speaker) if turn.role == "user" else self._cast.look(turn.persona)

    def _view(self, turn: Turn) -> TurnView:
        return turn_view(turn, job=self._replies.job(turn.id), memory_start=self._memory_start(), look=self._look(turn))

    def _memory_start(self) -> int | None:
        return self._conversation.memory_start if self._conversation is not None else None

    # ------------------------------------------------------------ what is set for it

    def update(self, **fields: Any) -> None:
        """Change fields of the conversation (title, model, system_prompt, sampling …), stored or not yet."""
        if self._conversation is None:
            self._new.update(fields)
            return
        self._ask(self._store.update_conversation(self._conversation.id, **fields), self._on_updated)

    def _on_updated(self, conversation: Conversation) -> None:
        if self._conversation is not None and conversation.id == self._conversation.id:
            self._conversation = conversation
        self.changed.emit(conversation)

    def take(self, conversation: Conversation) -> None:
        """Take over what was changed of a conversation elsewhere."""
        self._on_updated(conversation)

    def note_draft(self, text: str) -> None:
        """What stands in the composer is the draft of the stored conversation on the screen."""
        if self._conversation is not None:
            self._conversation = msgspec.structs.replace(self._conversation, draft=text)

    # ------------------------------------------------------------ sending

    def send(self, text: str) -> None:
        """Store the user's turn, then ask for a reply. A turn that cannot be stored goes back into the composer."""
        self.sending.send(text)

    def read_new_draft(self) -> None:
        """Fetch what was written for a conversation that never began."""
        self.sending.read_new_draft()

    def end(self) -> None:
        """The app is being left: what was to begin a conversation stays as its draft."""
        self.sending.end()

    def chosen_for_new(self) -> dict[str, Any]:
        """What was set for the conversation on the screen while it is not stored; nothing for a stored one."""
        return dict(self._new) if self._conversation is None else {}

    def fields_of_new(self) -> dict[str, Any]:
        """What a conversation that begins now is stored with."""
        fields = dict(self._new)
        alone = not fields.get("setup", Setup()).members
        if alone and fields.get("system_prompt") is None and not self._settings.system_prompt and self._models.is_starter(self.model):
            fields["system_prompt"] = STARTER_PROMPT
        return fields

    def adopt(self, conversation: Conversation) -> None:
        """The new conversation on the screen is stored now."""
        self._conversation = conversation

    def show_sent(self, turn: Turn) -> None:
        """Show a turn of the user's that has just been stored, where its conversation is on the screen."""
        if turn.conversation == self.id:
            self._turns.append(turn)
            self._transcript.append_turn(self._view(turn))
            self._transcript.scroll_to_end()
            self.sent.emit(turn)
            self.turns_changed.emit()

    def _on_added(self, reply: Turn, path: list[Turn]) -> None:
        """A reply that is going to be made has its place."""
        if reply.conversation == self.id:
            if self._turns and self._turns[-1].id == path[-1].id:
                self._turns.append(reply)
                self._transcript.append_turn(self._view(reply))
            else:
                self.reload()
        self._refresh_row(reply.conversation)

    def stop(self) -> None:
        """Stop what this conversation has running or waiting."""
        if self.id is not None:
            self.stop_in(self.id)

    def stop_in(self, conversation: int) -> None:
        """Stop what a conversation has running, waiting, or being prepared."""
        self._answering.stop(conversation)
        for job in reversed(self._replies.jobs_of(conversation)):
            self._replies.cancel(job.reply)

    def speak(self, persona: int) -> None:
        """Let a persona speak now: in answer to what the user was asked about, else to the path as it is."""
        if self._conversation is None or self.is_busy():
            return
        path = self._answering.awaiting(self.id) or list(self._turns)
        if path:
            self._answering.answer(self._conversation, path, persona)

    # ------------------------------------------------------------ turns

    def _turn(self, id_: int) -> tuple[int, Turn] | None:
        return next(((index, turn) for index, turn in enumerate(self._turns) if turn.id == id_), None)

    def regenerate(self, reply: int) -> None:
        """Write another alternative of a reply; also answers a user's turn that has none."""
        found = self._turn(reply)
        if found is None or self.is_busy() or self._conversation is None:
            return
        index, turn = found
        path = self._turns[: index + 1 if turn.role == "user" else index]
        here = {member.persona for member in self.setup.members}
        if path:
            self._answering.answer(self._conversation, path, turn.persona if turn.persona in here else None)

    def edit_and_resend(self, id_: int, text: str) -> None:
        """Put another text beside a user's turn and answer that."""
        found, conversation = self._turn(id_), self._conversation
        if found is None or conversation is None or self.is_busy() or not text.strip():
            return
        before = self._turns[: found[0]]
        self._answering.hold(conversation.id)

        def failed(error: BaseException) -> None:
            self._answering.release(conversation.id)
            self.sending.give_back(conversation.id, text)
            self.trouble.emit(error)

        def stored(turn: Turn) -> None:
            path = [*before, turn]
            if turn.conversation == self.id:  # on show at once: whoever is to answer may have to be chosen first
                self._turns = list(path)
                self._transcript.set_turns(self._views())
                self.turns_changed.emit()
            self._answering.answer(conversation, path)

        self._ask(self._store.add_edited_turn(id_, text), stored, failed)

    def edit_reply(self, id_: int, text: str) -> None:
        """Change a reply in place; its former text is kept in the store."""

        def stored(turn: Turn) -> None:
            self._replace(turn)

        if self._turn(id_) is not None and self._replies.job(id_) is None:
            self._ask(self._store.edit_reply(id_, text), stored)

    def continue_reply(self, id_: int) -> None:
        """Go on with a reply that was cut, in the same turn."""
        found, conversation = self._turn(id_), self._conversation
        if found is None or conversation is None or self.is_busy():
            return
        index, turn = found
        if not turn.text.strip():
            self.regenerate(id_)
            return
        path = self._turns[: index + 1]
        self._answering.hold(conversation.id)

        def reopened(reply: Turn) -> None:
            self._replace(reply)
            self._answering.go_on(conversation, reply, path)

        def failed(error: BaseException) -> None:
            self._answering.release(conversation.id)
            self.trouble.emit(error)

        self._ask(self._store.reopen_reply(id_, Status.QUEUED), reopened, failed)

    def show_alternative(self, id_: int, step: int) -> None:
        """Show the alternative before or after this one."""
        found = self._turn(id_)
        if found is None:
            return
        siblings = found[1].sibling_ids
        position = siblings.index(id_) + step if id_ in siblings else -1
        if 0 <= position < len(siblings):
            opening = self._opening

            def show(view: ConversationView) -> None:
                if opening == self._opening:
                    self._show(view, keep_draft=True)

            self._ask(self._store.choose(siblings[position]), show)

    def _replace(self, turn: Turn) -> None:
        found = self._turn(turn.id)
        if found is not None:
            self._turns[found[0]] = turn
            self._transcript.update_turn(self._view(turn))

    def replace(self, turn: Turn) -> None:
        """Show a turn as it is stored now, where it is on the screen."""
        self._replace(turn)

    # ------------------------------------------------------------ replies

    def is_busy(self) -> bool:
        """Whether a reply is on its way in the conversation on the screen."""
        return self._answering.is_pending(self.id) or (self.id is not None and bool(self._replies.jobs_of(self.id)))

    def _show_busy(self) -> None:
        busy = self.is_busy()
        self._composer.set_busy(busy)
        self._transcript.set_busy(busy)

    def _on_job(self, job: ReplyJob) -> None:
        if job.conversation == self.id:
            found = self._turn(job.reply)
            if found is not None:
                view = turn_view(found[1], job=job, memory_start=self._memory_start(), look=self._look(found[1]))
                self._transcript.update_turn(view)
            self._show_busy()

    def _on_grew(self, job: ReplyJob, delta: str) -> None:
        if job.conversation == self.id and self._turn(job.reply) is not None:
            self._transcript.append_text(job.reply, delta)

    def _on_ended(self, job: ReplyJob, turn: Turn) -> None:
        self._models.touch()
        start = job.layout.memory_start(fit_of(turn.stats), job.left_out)
        if turn.conversation == self.id:
            self._replace(turn)
            self._show_busy()
            if turn.stats is not None and start != self._memory_start():
                self._move_memory(start)
            self.turns_changed.emit()
        elif turn.stats is not None and start is not None:
            self._ask(self._store.set_memory_start(turn.conversation, start))
        self._refresh_row(turn.conversation)

    def _on_discarded(self, job: ReplyJob, view: ConversationView) -> None:
        if job.conversation == self.id:
            self._show(view, keep_draft=True)
        self._on_updated(view.conversation)

    def _move_memory(self, start: int | None) -> None:
        if self._conversation is None:
            return
        before = self._memory_start()

        def moved(conversation: Conversation) -> None:
            self._on_updated(conversation)
            for id_ in (before, start):
                found = self._turn(id_) if id_ is not None else None
                if found is not None:
                    self._replace(found[1])

        self._ask(self._store.set_memory_start(self._conversation.id, start), moved)

    def _refresh_row(self, conversation: int) -> None:
        self._ask(self._store.summary(conversation), self._on_updated)

    # ------------------------------------------------------------ the store

    def _ask(
        self, future: "Future[Any]", then: Callable[[Any], None] | None = None, otherwise: Callable[[BaseException], None] | None = None
    ) -> None:
        self._delivery.deliver(future, then, otherwise or self.trouble.emit)
