"""Runs replies one after the other: queues them, has their model loaded, streams them into the store and tells the view.

The rule: one reply decodes at a time, in the order in which the user sent; a reply whose model is not in memory has it loaded when its
turn comes. A reply's text reaches the store at least once a second, whether or not its conversation is on the screen.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from PySide6.QtCore import QObject, QTimer, Signal

from zhiyin.prompt.groups import strip_name
from zhiyin.prompt.layout import Layout
from zhiyin.services.delivery import Delivery
from zhiyin.services.engine import EngineService, EngineState
from zhiyin.store.records import Sent, SentMessage, Status, Turn
from zhiyin.store.store import Store
from zhiyin_models.engine.protocol import (
    Event,
    Failed,
    Finished,
    FitReport,
    Generate,
    Notice,
    Prefill,
    PromptText,
    Sampling,
    Stats,
    Text,
)
from zhiyin_models.errors import Code, Failure

FLUSH_MS = 800  # a crash may cost at most the last second
RETRY_MS = 5000


@dataclass(eq=False)
class ReplyJob:
    """One reply on its way: what is asked, and how far it has come."""

    conversation: int
    reply: int
    model: str  # a name in the library
    layout: Layout
    sampling: Sampling
    max_tokens: int = 0
    open_reply: bool = False
    start_text: str = ""  # what a continued reply had already
    state: Literal["queued", "loading", "prefill", "running", "ending"] = "queued"
    request: int | None = None
    stopping: bool = False
    tokens: int = 0
    prefill_done: int = 0
    prefill_total: int = 0
    pieces: list[str] = field(default_factory=list)
    flushed_pieces: int = 0
    notices: list[Notice] = field(default_factory=list)
    stop_strings: tuple[str, ...] = ()
    session: str = ""  # whose cached tokens it goes on from; "" = the conversation's
    speaker: str = ""  # what the persona is called, who may begin with its own name
    left_out: tuple[int, ...] = ()  # turns that were not even laid out, oldest first
    prompt_text: str = ""  # what was sent, to the letter
    message_tokens: tuple[int, ...] = ()  # of each message's content

    @property
    def text(self) -> str:
        """The whole reply so far."""
        if len(self.pieces) > 1:
            self.pieces[:] = ["".join(self.pieces)]
        said = self.start_text + "".join(self.pieces)
        return strip_name(said, (self.speaker,)) if self.speaker else said

    def sent(self, stats: Stats | None) -> Sent | None:
        """What was sent, as it is kept; None when the engine never said."""
        if not self.prompt_text:
            return None
        fit = fit_of(stats)
        gone = set(fit.dropped) if fit is not None else set()
        counts = self.message_tokens or (0,) * len(self.layout.messages)
        messages = tuple(
            SentMessage(message.role, message.section, message.content, tokens, dropped=index in gone, turn=turn)
            for index, (message, turn, tokens) in enumerate(zip(self.layout.messages, self.layout.turns, counts, strict=False))
        )
        return Sent(self.reply, self.prompt_text, messages, fit)


@dataclass(frozen=True)
class Ending:
    """How a reply ended, as it is to be stored."""

    text: str
    status: Status
    reason: str
    stats: Stats | None
    failure: Failure | None


class ReplyRunner(QObject):
    """The queue of replies. Signals carry the job they are about."""

    queued = Signal(object)  # ReplyJob
    changed = Signal(object)  # its state or prefill
    grew = Signal(object, str)
    ended = Signal(object, object)  # ReplyJob, Turn as stored
    discarded = Signal(object, object)  # ReplyJob, ConversationView without it: cancelled before it said anything
    model_wanted = Signal(str)  # a library name that is to be loaded
    unsaved = Signal(object)  # the exception that kept a reply from being stored; it is tried again
    saved = Signal()  # … and it worked

    def __init__(self, engine: EngineService, store: Store, delivery: Delivery, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._store = store
        self._delivery = delivery
        self._jobs: deque[ReplyJob] = deque()
        self._unsaved: deque[tuple[ReplyJob, Ending]] = deque()
        self._flush = QTimer(self)
        self._flush.setInterval(FLUSH_MS)
        self._flush.timeout.connect(self._flush_text)
        self._retry = QTimer(self)
        self._retry.setSingleShot(True)
        self._retry.setInterval(RETRY_MS)
        self._retry.timeout.connect(self._save_again)
        self._is_ready: Callable[[str], bool] = lambda _name: False
        engine.loaded.connect(self._advance)
        engine.load_cancelled.connect(self._on_load_cancelled)
        engine.load_failed.connect(self._on_load_failed)

    # ------------------------------------------------------------ what runs

    def submit(self, job: ReplyJob) -> None:
        """Queue a reply; it starts at once when nothing else runs."""
        self._jobs.append(job)
        self.queued.emit(job)
        self._advance()

    def refuse(self, job: ReplyJob, failure: Failure) -> None:
        """Store that a reply cannot be made at all; it never joins the queue."""
        job.state = "ending"
        self._save(job, Ending(job.text, Status.FAILED, "", None, failure))

    def job(self, reply: int) -> ReplyJob | None:
        """The job of a reply, queued or running."""
        return next((job for job in self._jobs if job.reply == reply), None)

    def jobs_of(self, conversation: int) -> list[ReplyJob]:
        """The jobs of a conversation, the running one first."""
        return [job for job in self._jobs if job.conversation == conversation]

    @property
    def busy(self) -> bool:
        """Whether a reply runs or waits."""
        return bool(self._jobs)

    def set_ready_check(self, is_ready: Callable[[str], bool]) -> None:
        """``is_ready`` says whether a model, by name, can be asked now."""
        self._is_ready = is_ready

    def cancel(self, reply: int) -> None:
        """Take a queued reply out, or stop the one that runs; what it has written is kept."""
        job = self.job(reply)
        if job is None or job.stopping:
            return
        job.stopping = True
        if job.request is not None:
            self._engine.stop(job.request)
        elif job.state == "loading" and self._engine.state is EngineState.LOADING and self._engine.asked_for == job.model:
            self._engine.cancel_load()
        else:
            self._discard(job)

    def end_all(self) -> None:
        """Store what every reply has so far, at once: the app is being left."""
        for job in list(self._jobs):
            status = Status.STOPPED if job.text else Status.INTERRUPTED
            self._store.finish_reply(job.reply, job.text, status, "stopped", None)
        self._jobs.clear()
        for job, ending in self._unsaved:
            self._store.finish_reply(job.reply, ending.text, ending.status, ending.reason, ending.stats, failure=ending.failure)
        self._flush.stop()
        self._retry.stop()

    # ------------------------------------------------------------ the head of the queue

    def _advance(self, _model: object = None) -> None:
        if not self._jobs:
            self._flush.stop()
            return
        job = self._jobs[0]
        if job.state not in ("queued", "loading"):
            return
        if self._is_ready(job.model):
            self._start(job)
            return
        if job.state == "queued":
            job.state = "loading"
            self.changed.emit(job)
        self.model_wanted.emit(job.model)

    def _start(self, job: ReplyJob) -> None:
        job.state = "prefill"
        self.changed.emit(job)
        self._flush.start()
        session = job.session or str(job.conversation)
        job.request = self._engine.generate(
            lambda id_: Generate(
                id=id_,
                session=session,
                messages=job.layout.messages,
                sampling=job.sampling,
                max_tokens=job.max_tokens,
                open_reply=job.open_reply,
                stop=job.stop_strings,
                tell_prompt=True,
            ),
            lambda event: self._on_event(job, event),
        )

    def fail(self, job: ReplyJob, failure: Failure) -> None:
        """End a job that cannot be run."""
        self._end(job, Ending(job.text, Status.FAILED, "", None, failure))

    def _on_load_cancelled(self) -> None:
        job = self._jobs[0] if self._jobs else None
        if job is None or job.state != "loading":
            return
        if self._engine.asked_for == job.model:
            self._discard(job)
        else:
            self._advance()

    def _on_load_failed(self, failure: Failure) -> None:
        self.refuse_model(self._engine.asked_for, failure)

    def refuse_model(self, name: str, failure: Failure) -> None:
        """The head of the queue cannot have its model; one that waits for another asks for it again."""
        job = self._jobs[0] if self._jobs else None
        if job is None or job.state != "loading":
            return
        if job.model == name:
            self.fail(job, failure)
        else:
            self._advance()

    def _on_event(self, job: ReplyJob, event: Event) -> None:
        match event:
            case Text():
                job.tokens += event.tokens
                if job.state == "prefill":
                    job.state = "running"
                    self.changed.emit(job)
                job.pieces.append(event.text)  # after ``changed``, which shows the text so far: ``grew`` brings this piece
                self.grew.emit(job, event.text)
            case PromptText():
                job.prompt_text, job.message_tokens = event.text, event.tokens
            case Prefill():
                job.prefill_done, job.prefill_total = event.done, event.total
                self.changed.emit(job)
            case Notice():
                job.notices.append(event)
            case Finished():
                status = Status.STOPPED if event.reason == "stopped" else Status.COMPLETE
                self._end(job, Ending(job.text, status, event.reason, event.stats, None))
            case Failed():
                self._end(job, self._failure_ending(job, Failure(event.code, event.args)))
            case _:
                pass

    def _failure_ending(self, job: ReplyJob, failure: Failure) -> Ending:
        if job.stopping:  # the process was ended on purpose
            return Ending(job.text, Status.STOPPED, "stopped", None, None)
        cut = failure.code in (Code.ENGINE_DIED, Code.ENGINE_SILENT) or bool(job.text)
        return Ending(job.text, Status.INTERRUPTED if cut else Status.FAILED, "", None, failure)

    # ------------------------------------------------------------ into the store

    def _flush_text(self) -> None:
        job = self._jobs[0] if self._jobs else None
        if job is not None and job.pieces and job.state == "running":
            self._store.grow_reply(job.reply, job.text)

    def _end(self, job: ReplyJob, ending: Ending) -> None:
        if job not in self._jobs:
            return
        self._jobs.remove(job)
        job.state = "ending"
        self._save(job, ending)
        self._advance()

    def _discard(self, job: ReplyJob) -> None:
        """End a job that was cancelled before it started: a reply without words leaves nothing behind."""
        if job.text:
            self._end(job, Ending(job.text, Status.STOPPED, "stopped", None, None))
            return
        self._jobs.remove(job)
        job.state = "ending"
        future = self._store.discard_reply(job.reply)
        self._delivery.deliver(future, lambda view: self.discarded.emit(job, view), self.unsaved.emit)
        self._advance()

    def _save(self, job: ReplyJob, ending: Ending) -> None:
        future = self._store.finish_reply(job.reply, ending.text, ending.status, ending.reason, ending.stats, failure=ending.failure)
        self._delivery.deliver(future, lambda turn: self._saved(job, turn), lambda error: self._not_saved(job, ending, error))

    def _saved(self, job: ReplyJob, turn: Turn) -> None:
        sent = job.sent(turn.stats)
        if sent is not None:
            self._delivery.deliver(self._store.sent.put(sent), None, self.unsaved.emit)
        self.ended.emit(job, turn)
        if self._unsaved:
            self._save_again()
        else:
            self.saved.emit()

    def _not_saved(self, job: ReplyJob, ending: Ending, error: BaseException) -> None:
        self._unsaved.append((job, ending))
        self.unsaved.emit(error)
        self._retry.start()

    def _save_again(self) -> None:
        if self._unsaved:
            self._save(*self._unsaved.popleft())


def fit_of(stats: Stats | None) -> FitReport | None:
    """The report of how the prompt was made to fit, when there is one."""
    return stats.fit if stats is not None else None
