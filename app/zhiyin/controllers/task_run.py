"""One run of a task: waits for its turn, has a model loaded, gathers the answers."""

import random
import time
from dataclasses import dataclass, field
from typing import Literal

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from zhiyin.controllers.models import ModelsController
from zhiyin.controllers.replies import ReplyRunner
from zhiyin.prompt.tasks.fill import Filled, split_answer
from zhiyin.services.engine import EngineService
from zhiyin.ui.sampling_editor import MOST_SEED
from zhiyin.ui.task_values import MOST_SAMPLES, RunPhase, SamplePhase, SampleState
from zhiyin_models.engine.protocol import Event, Failed, Finished, Generate, Notice, Sampling, Text
from zhiyin_models.errors import Failure

ENDED: dict[str, SamplePhase] = {"length": "limit", "context_full": "limit", "stopped": "stopped"}
TOUCH_SECONDS = 20.0  # a model that is being asked is not idle


@dataclass
class Sample:
    """One answer as it grows."""

    index: int
    seed: int
    pieces: list[str] = field(default_factory=list)
    tokens: int = 0
    began: float = 0.0
    last: float = 0.0
    phase: SamplePhase = "waiting"
    speed: float = 0.0

    @property
    def text(self) -> str:
        """All that has come."""
        if len(self.pieces) > 1:
            self.pieces[:] = ["".join(self.pieces)]
        return self.pieces[0] if self.pieces else ""


class Asked(msgspec.Struct, frozen=True):
    """What is asked: the same for all answers."""

    filled: Filled
    sampling: Sampling
    samples: int = 1
    max_tokens: int = 0
    stop: tuple[str, ...] = ()


class TaskRun(QObject):
    """Asks for n answers at once. One run at a time; a reply of a conversation that runs or waits comes first."""

    phase_changed = Signal(object)  # RunPhase
    begun = Signal()  # ``samples`` are new
    grew = Signal(int)  # the place of a sample
    noticed = Signal(object)  # Notice
    ended = Signal(object)  # Failure; None when there is none, or when the window tells of it anyway

    def __init__(self, engine: EngineService, models: ModelsController, replies: ReplyRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._models = models
        self._replies = replies
        self._asked: Asked | None = None
        self._request: int | None = None
        self._touched = 0.0
        self._mark: object | None = None  # of the request whose events are heard
        self.phase: RunPhase = "idle"
        self.model = ""
        self.samples: list[Sample] = []
        self.marker = ""
        for signal in (replies.ended, replies.discarded, replies.unsaved):
            signal.connect(self._look_later)
        engine.loaded.connect(self._look_later)
        engine.load_failed.connect(self._on_load_failed)
        engine.load_cancelled.connect(self._on_load_cancelled)
        models.refused.connect(self._on_refused)

    def start(self, asked: Asked, model: str) -> None:
        """Run with a model of the library as soon as it can be asked."""
        if self.phase != "idle":
            return
        count = min(max(asked.samples, 1), MOST_SAMPLES)
        seed = asked.sampling.seed if asked.sampling.seed is not None else random.randrange(MOST_SEED - MOST_SAMPLES)  # noqa: S311 - no secret
        sampling = msgspec.structs.replace(asked.sampling, seed=seed)
        self._asked = msgspec.structs.replace(asked, sampling=sampling, samples=count)
        self.model = model
        self.marker = asked.filled.marker
        self.samples = [Sample(index, (seed + index) % (MOST_SEED + 1)) for index in range(count)]
        self.begun.emit()
        self._look()

    def stop(self) -> None:
        """End the run now; what was written stays."""
        if self.phase == "idle":
            return
        request, loading = self._request, self.phase == "loading"
        self._request = None  # what still comes of it is no longer heard
        if request is not None:
            self._engine.stop(request)
        self._close("stopped", None)
        if loading and self._engine.asked_for == self.model and not self._replies.busy:
            self._engine.cancel_load()

    def state(self, index: int) -> SampleState:
        """One answer for the page."""
        sample = self.samples[index]
        split = split_answer(sample.text, self.marker, whole=sample.phase not in ("waiting", "writing"))
        return SampleState(
            index, sample.seed, split.answer, split.reasoning, split.open and bool(sample.text), sample.phase, sample.tokens, sample.speed
        )

    # ------------------------------------------------------------ its turn

    def _look_later(self, *_: object) -> None:
        """After those who heard the same signal: a reply that waits for this model goes first."""
        if self.phase in ("waiting", "loading"):
            QTimer.singleShot(0, self, self._look)

    def _look(self) -> None:
        if self._asked is None or self.phase in ("reading", "writing"):
            return
        if self._replies.busy:
            self._set_phase("waiting")
        elif self._models.is_ready(self.model):
            self._generate(self._asked)
        elif self.phase != "loading":
            self._set_phase("loading")
            self._models.load(self.model)
        elif self._models.current != self._models.present_name(self.model):  # something else was loaded meanwhile
            self._models.load(self.model)

    def _generate(self, asked: Asked) -> None:
        self._set_phase("reading")
        self._touch(force=True)

        def make(id_: int) -> Generate:
            return Generate(
                id=id_,
                session="",
                messages=asked.filled.messages,
                sampling=asked.sampling,
                max_tokens=asked.max_tokens,
                stop=asked.stop,
                n=asked.samples,
                priority=-1,  # a reply that is asked for in this moment goes first
            )

        mark = object()
        self._mark = mark
        self._request = self._engine.generate(make, lambda event: self._on_event(mark, event))

    # ------------------------------------------------------------ what comes

    def _on_event(self, mark: object, event: Event) -> None:
        if mark is not self._mark or self._asked is None:
            return
        match event:
            case Text():
                self._on_text(event)
            case Notice():
                self.noticed.emit(event)
            case Finished():
                self._on_finished(event)
            case Failed():
                cut = Failure(event.code, event.args)
                self._close("cut", cut)
            case _:
                pass

    def _on_text(self, event: Text) -> None:
        if not 0 <= event.index < len(self.samples):
            return
        sample = self.samples[event.index]
        now = time.monotonic()
        sample.pieces.append(event.text)
        sample.tokens += event.tokens
        sample.phase = "writing"
        sample.began = sample.began or now
        sample.last = now
        self._set_phase("writing")
        self._touch()
        self.grew.emit(sample.index)

    def _on_finished(self, event: Finished) -> None:
        reasons = event.reasons or (event.reason,) * len(self.samples)
        stats = event.stats
        for sample, reason in zip(self.samples, reasons, strict=False):
            sample.phase = ENDED.get(reason, "done")
            took = sample.last - sample.began
            measured = stats.decode_seconds if len(self.samples) == 1 or took < 0.2 else took
            sample.speed = sample.tokens / measured if measured > 0 else 0.0
        if len(self.samples) == 1 and stats.generated_tokens:
            self.samples[0].tokens, self.samples[0].speed = stats.generated_tokens, stats.tokens_per_second
        self._close("", None)

    def _close(self, phase: Literal["", "stopped", "cut"], failure: Failure | None) -> None:
        """Nothing more comes; what was not at its end is marked so."""
        self._asked, self._request, self._mark = None, None, None
        for sample in self.samples:
            if phase and sample.phase in ("waiting", "writing"):
                sample.phase = phase
        for sample in self.samples:
            self.grew.emit(sample.index)
        self._set_phase("idle")
        self.ended.emit(failure)

    def _on_load_failed(self, _failure: Failure) -> None:
        if self.phase == "loading" and self._engine.asked_for == self._models.present_name(self.model):
            self._close("cut", None)  # the banner tells why
        else:
            self._look_later()

    def _on_refused(self, name: str, _failure: Failure) -> None:
        if self.phase == "loading" and name == self.model:
            self._close("cut", None)

    def _on_load_cancelled(self) -> None:
        if self.phase == "loading" and self._engine.asked_for == self._models.present_name(self.model):
            self._close("stopped", None)

    def _set_phase(self, phase: RunPhase) -> None:
        if phase != self.phase:
            self.phase = phase
            self.phase_changed.emit(phase)

    def _touch(self, *, force: bool = False) -> None:
        now = time.monotonic()
        if force or now - self._touched > TOUCH_SECONDS:
            self._touched = now
            self._models.touch()
