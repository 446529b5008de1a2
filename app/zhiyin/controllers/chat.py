"""One conversation on the screen: opening it, sending, and everything that is done to its turns."""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import msgspec
from PySide6.QtCore import QObject, Signal

from zhiyin.controllers.models import ModelsController
from zhiyin.controllers.presentation import turn_view, turn_views
from zhiyin.controllers.replies import ReplyJob, ReplyRunner, fit_of
from zhiyin.prompt.layout import lay_out
from zhiyin.services.delivery import Delivery
from zhiyin.settings import AppSettings
from zhiyin.store.records import Conversation, ConversationView, Status, Turn
from zhiyin.store.store import Store
from zhiyin.ui.composer import Composer
from zhiyin.ui.transcript.view import TranscriptView
from zhiyin_models.engine.protocol import Sampling
from zhiyin_models.errors import Code, Failure

log = logging.getLogger(__name__)

NEW_DRAFT_KEY = "new_draft"
# The starter model's template puts in a system prompt under which it rambles; with this one it names the capital of France.
STARTER_PROMPT = "You are a helpful assistant."


class ChatController(QObject):
    """The open conversation: its path, its draft, its replies."""

    opened = Signal(object)  # Conversation | None: None is a new one that is not stored yet
    leaving = Signal()  # the conversation on the screen is about to be replaced: nothing may wait
    changed = Signal(object)  # Conversation: its row in the list is another now
    turns_changed = Signal()  # the path, or the figures of its last reply
    trouble = Signal(object)  # an exception, to be put into words

    def __init__(
        self,
        transcript: TranscriptView,
        composer: Composer,
        *,
        store: Store,
        replies: ReplyRunner,
        models: ModelsController,
        delivery: Delivery,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._transcript = transcript
        self._composer = composer
        self._store = store
        self._replies = replies
        self._models = models
        self._delivery = delivery
        self._settings = AppSettings()
        self._conversation: Conversation | None = None
        self._turns: list[Turn] = []
        self._new: dict[str, Any] = {}  # what was chosen for a conversation that is not stored yet
        self._new_draft = ""
        self._opening = 0
        self._pending: set[int | None] = set()  # conversations with a turn on its way into the store; None is the one to be made
        self._unsent: str = ""  # what is to begin a conversation that is being made
        replies.set_ready_check(models.is_ready)
        self._connect()

    def _connect(self) -> None:
        self._composer.submitted.connect(self.send)
        self._composer.stop_requested.connect(self.stop)
        self._composer.draft_changed.connect(self._keep_draft)
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

    def set_settings(self, settings: AppSettings) -> None:
        """Take over the app-wide defaults."""
        self._settings = settings

    def new(self) -> None:
        """Show an empty conversation; it is stored with its first turn."""
        self._leave()
        self._conversation, self._turns, self._new = None, [], {}
        self._transcript.clear()
        self._composer.set_draft(self._new_draft)
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

    def _views(self) -> list[Any]:
        jobs = {job.reply: job for job in self._replies.jobs_of(self.id)} if self.id is not None else {}
        return turn_views(self._turns, jobs, self._memory_start())

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

    def _keep_draft(self, text: str) -> None:
        if self._conversation is not None:
            self._conversation = msgspec.structs.replace(self._conversation, draft=text)
            self._ask(self._store.set_draft(self._conversation.id, text))
        else:
            self._keep_new_draft(text)

    def _keep_new_draft(self, text: str) -> None:
        if text != self._new_draft:
            self._new_draft = text
            self._ask(self._store.set_setting(NEW_DRAFT_KEY, text))

    def read_new_draft(self) -> None:
        """Fetch what was written for a conversation that never began."""

        def read(text: object) -> None:
            self._new_draft = text if isinstance(text, str) else ""
            if self._conversation is None and not self._composer.text():
                self._composer.set_draft(self._new_draft)

        self._ask(self._store.get_setting(NEW_DRAFT_KEY, ""), read)

    # ------------------------------------------------------------ sending

    def send(self, text: str) -> None:
        """Store the user's turn, then ask for a reply. A turn that cannot be stored goes back into the composer."""
        if not text.strip():
            return
        if self._busy_here():
            self._give_back(self.id, text)
            return
        self._set_pending(self.id)
        if self._conversation is not None:
            self._send_in(self._conversation, text, list(self._turns))
            return
        self._unsent = text
        making = self._store.create_conversation(**self._fields_of_new())
        self._ask(making, lambda made: self._begin(made, text), lambda error: self._not_sent(None, text, error))

    def _fields_of_new(self) -> dict[str, Any]:
        fields = dict(self._new)
        if fields.get("system_prompt") is None and not self._settings.system_prompt and self._models.is_starter(self.model):
            fields["system_prompt"] = STARTER_PROMPT
        return fields

    def _begin(self, made: Conversation, text: str) -> None:
        self._unsent = ""
        self._set_pending(made.id)
        self._clear_pending(None)
        if self._conversation is None:
            self._conversation = made
            self._keep_new_draft("")
            if self._composer.text():  # written meanwhile
                self._keep_draft(self._composer.text())
            self.opened.emit(made)
        self._send_in(made, text, [])

    def _send_in(self, conversation: Conversation, text: str, before: list[Turn]) -> None:
        parent = before[-1].id if before else None

        def stored(turn: Turn) -> None:
            if turn.conversation == self.id:
                self._turns.append(turn)
                self._transcript.append_turn(turn_view(turn))
                self._transcript.scroll_to_end()
                self.turns_changed.emit()
            self._answer(conversation, [*before, turn])

        adding = self._store.add_user_turn(conversation.id, parent, text)
        self._ask(adding, stored, lambda error: self._not_sent(conversation.id, text, error))

    def _not_sent(self, conversation: int | None, text: str, error: BaseException) -> None:
        self._unsent = ""
        self._clear_pending(conversation)
        self._give_back(conversation, text)
        self.trouble.emit(error)

    def _give_back(self, conversation: int | None, text: str) -> None:
        """Put what could not be sent back where it was written, before whatever was written meanwhile: it is nowhere else."""
        if conversation == self.id:
            later = self._composer.text()
            whole = f"{text}\n{later}" if later else text
            self._composer.set_draft(whole)
            self._keep_draft(whole)
        elif conversation is None:
            self._keep_new_draft(text)
        else:

            def kept(_none: object) -> None:
                if conversation == self.id and not self._composer.text():  # opened again before this was written
                    self._composer.set_draft(text)

            self._ask(self._store.set_draft(conversation, text), kept)

    def end(self) -> None:
        """The app is being left: what was to begin a conversation stays as its draft."""
        if self._unsent:
            self._store.set_setting(NEW_DRAFT_KEY, self._unsent)

    def _set_pending(self, conversation: int | None) -> None:
        self._pending.add(conversation)
        self._show_busy()

    def _clear_pending(self, conversation: int | None) -> None:
        self._pending.discard(conversation)
        self._show_busy()

    def _answer(self, conversation: Conversation, path: list[Turn]) -> None:
        """Ask for a reply to the last turn of a path; a sibling of the replies that it has. The view may be elsewhere by now."""
        model = self._models.present_name(conversation.model) if conversation.model else self._models.default
        self._set_pending(conversation.id)

        def stored(reply: Turn) -> None:
            shown = reply.conversation == self.id
            follows = shown and bool(self._turns) and self._turns[-1].id == path[-1].id
            if follows:
                self._turns.append(reply)
                self._transcript.append_turn(turn_view(reply))
            self._submit(conversation, reply, path, model)
            self._clear_pending(conversation.id)
            if shown and not follows:
                self.reload()
            self._refresh_row(reply.conversation)

        def failed(error: BaseException) -> None:
            self._clear_pending(conversation.id)
            self.trouble.emit(error)

        self._ask(self._store.add_reply(conversation.id, path[-1].id, model=model, status=Status.QUEUED), stored, failed)

    def _submit(self, conversation: Conversation, reply: Turn, path: list[Turn], model: str, *, open_reply: bool = False) -> None:
        known = self._models.find(model)
        prompt = self._settings.system_prompt if conversation.system_prompt is None else conversation.system_prompt
        job = ReplyJob(
            conversation=reply.conversation,
            reply=reply.id,
            model=model,
            layout=lay_out(path, system_prompt=prompt),
            sampling=conversation.sampling or self._settings.sampling,
            max_tokens=self._settings.max_tokens,
            open_reply=open_reply,
            start_text=reply.text if open_reply else "",
        )
        if not conversation.model and known is not None:
            self._ask(self._store.update_conversation(conversation.id, model=known.name), self._on_updated)
        self._models.touch()
        if model:
            self._replies.submit(job)
        else:
            self._replies.refuse(job, Failure(Code.MODEL_NONE_LOADED))

    def stop(self) -> None:
        """Stop what this conversation has running or waiting."""
        if self.id is not None:
            for job in reversed(self._replies.jobs_of(self.id)):
                self._replies.cancel(job.reply)

    # ------------------------------------------------------------ turns

    def _turn(self, id_: int) -> tuple[int, Turn] | None:
        return next(((index, turn) for index, turn in enumerate(self._turns) if turn.id == id_), None)

    def regenerate(self, reply: int) -> None:
        """Write another alternative of a reply; also answers a user's turn that has none."""
        found = self._turn(reply)
        if found is None or self._busy_here() or self._conversation is None:
            return
        index, turn = found
        path = self._turns[: index + 1 if turn.role == "user" else index]
        if path:
            self._answer(self._conversation, path)

    def edit_and_resend(self, id_: int, text: str) -> None:
        """Put another text beside a user's turn and answer that."""
        found, conversation = self._turn(id_), self._conversation
        if found is None or conversation is None or self._busy_here() or not text.strip():
            return
        before = self._turns[: found[0]]
        self._set_pending(conversation.id)

        def failed(error: BaseException) -> None:
            self._clear_pending(conversation.id)
            self._give_back(conversation.id, text)
            self.trouble.emit(error)

        self._ask(self._store.add_edited_turn(id_, text), lambda turn: self._answer(conversation, [*before, turn]), failed)

    def edit_reply(self, id_: int, text: str) -> None:
        """Change a reply in place; its former text is kept in the store."""

        def stored(turn: Turn) -> None:
            self._replace(turn)

        if self._turn(id_) is not None and self._replies.job(id_) is None:
            self._ask(self._store.edit_reply(id_, text), stored)

    def continue_reply(self, id_: int) -> None:
        """Go on with a reply that was cut, in the same turn."""
        found, conversation = self._turn(id_), self._conversation
        if found is None or conversation is None or self._busy_here():
            return
        index, turn = found
        if not turn.text.strip():
            self.regenerate(id_)
            return
        path, model = self._turns[: index + 1], self.model
        self._set_pending(conversation.id)

        def reopened(reply: Turn) -> None:
            self._replace(reply)
            self._submit(conversation, reply, path, model, open_reply=True)
            self._clear_pending(conversation.id)

        def failed(error: BaseException) -> None:
            self._clear_pending(conversation.id)
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
            self._transcript.update_turn(turn_view(turn, job=self._replies.job(turn.id), memory_start=self._memory_start()))

    # ------------------------------------------------------------ replies

    def _busy_here(self) -> bool:
        return self.id in self._pending or (self.id is not None and bool(self._replies.jobs_of(self.id)))

    def _show_busy(self) -> None:
        busy = self._busy_here()
        self._composer.set_busy(busy)
        self._transcript.set_busy(busy)

    def _on_job(self, job: ReplyJob) -> None:
        if job.conversation == self.id:
            found = self._turn(job.reply)
            if found is not None:
                self._transcript.update_turn(turn_view(found[1], job=job, memory_start=self._memory_start()))
            self._show_busy()

    def _on_grew(self, job: ReplyJob, delta: str) -> None:
        if job.conversation == self.id and self._turn(job.reply) is not None:
            self._transcript.append_text(job.reply, delta)

    def _on_ended(self, job: ReplyJob, turn: Turn) -> None:
        self._models.touch()
        start = job.layout.memory_start(fit_of(turn.stats))
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
