"""The engine for the window: one model at a time in its own process, its events drained on a timer.

A model is loaded by starting a process and unloaded by ending it: that is how its memory is surely freed, and a model that
was switched away from can never delay the next one.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from zhiyin_models.engine.client import EngineClient
from zhiyin_models.engine.protocol import (
    FINAL,
    Complete,
    Count,
    Devices,
    Event,
    Failed,
    Finished,
    Generate,
    Load,
    Loaded,
    LoadProgress,
    ModelInfo,
    Notice,
    Render,
    Request,
    Text,
    TokenProbability,
)
from zhiyin_models.errors import Code, Failure, ModelError

FRAME_MS = 33  # events are drained this often, so that work follows frames and not tokens
CLOSE_GRACE = 0.5
DEATHS = frozenset({Code.ENGINE_DIED, Code.ENGINE_SILENT})


class EngineState(StrEnum):
    """What the engine is doing about its model."""

    EMPTY = "empty"
    LOADING = "loading"
    READY = "ready"


class EngineService(QObject):
    """Loads, unloads and generates; every signal comes on the window's thread."""

    state_changed = Signal(object)  # EngineState
    load_progressed = Signal(float)
    loaded = Signal(object)  # ModelInfo
    load_failed = Signal(object)  # Failure
    load_cancelled = Signal()
    noticed = Signal(object)  # Notice about the loaded model
    died = Signal(object)  # Failure: the process ended on its own
    _arrived = Signal()
    _crashed = Signal(object, object)

    def __init__(self, log: Path, *, silence: float = 30.0, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._log = log
        self._silence = silence
        self._client: EngineClient | None = None
        self._generation = 0  # of the process: what an older one still says is ignored
        self._state = EngineState.EMPTY
        self._model: ModelInfo | None = None
        self._asked_for = ""
        self._events: deque[tuple[int, Callable[[Event], None], Event]] = deque()
        self._woken = False
        self._drained = 0.0
        self._lifecycle = ThreadPoolExecutor(1, "engine-lifecycle")  # starting and ending processes takes longer than a frame
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._drain)
        self._arrived.connect(self._schedule, Qt.ConnectionType.QueuedConnection)
        self._crashed.connect(self._on_crash, Qt.ConnectionType.QueuedConnection)

    # ------------------------------------------------------------ state

    @property
    def state(self) -> EngineState:
        """What the engine is doing about its model."""
        return self._state

    @property
    def model(self) -> ModelInfo | None:
        """The model in memory."""
        return self._model

    @property
    def asked_for(self) -> str:
        """The name of the last model that was to be loaded."""
        return self._asked_for

    @property
    def pid(self) -> int | None:
        """The engine's process, while there is one."""
        client = self._client
        return client.pid if client is not None else None

    # ------------------------------------------------------------ loading

    def load(self, name: str, make: Callable[[int], Load]) -> None:
        """Load a model in a fresh process; the one before it ends first. ``name`` is how ``asked_for`` calls it."""
        self._retire()
        self._asked_for = name
        generation = self._generation
        self._set_state(EngineState.LOADING)
        self._lifecycle.submit(self._start, generation, make)

    def cancel_load(self) -> None:
        """Give up the load that is running: its process ends."""
        if self._state is EngineState.LOADING:
            self._retire()
            self._set_state(EngineState.EMPTY)
            self.load_cancelled.emit()

    def unload(self) -> None:
        """Free the model by ending its process; running generations fail as stopped by ``Finished``."""
        self._retire()
        self._set_state(EngineState.EMPTY)

    def close(self) -> None:
        """End the process and every thread of this service."""
        self._retire()
        self._lifecycle.shutdown(wait=True)
        self._timer.stop()
        self._events.clear()

    # ------------------------------------------------------------ requests

    def generate(self, make: Callable[[int], Generate], on_event: Callable[[Event], None]) -> int | None:
        """Send a request to the loaded model; ``on_event`` is called on the window's thread, once with a final event."""
        return self._ask(make, on_event)

    def complete(self, make: Callable[[int], Complete], on_event: Callable[[Event], None]) -> int | None:
        """Let the loaded model continue a plain text; as ``generate``."""
        return self._ask(make, on_event)

    def count(self, texts: Sequence[str], on_event: Callable[[Event], None]) -> int | None:
        """Ask for the tokens of each text: ``Counted`` or ``Failed``, also while the model writes."""
        return self._ask(lambda id_: Count(id=id_, texts=tuple(texts)), on_event)

    def render(self, make: Callable[[int], Render], on_event: Callable[[Event], None]) -> int | None:
        """Ask what a request would send: ``Rendered`` or ``Failed``, also while the model writes."""
        return self._ask(make, on_event)

    def devices(self, on_event: Callable[[Event], None]) -> None:
        """Ask the loaded engine what can hold layers; nothing is heard when none is loaded."""
        client = self._client
        if client is not None and self._state is EngineState.READY:
            self._submit(client, lambda id_: Devices(id=id_), on_event)

    def stop(self, request: int) -> None:
        """Stop a request; its final event says that it was."""
        if self._client is not None:
            self._client.stop(request)

    def _ask(self, make: Callable[[int], Request], on_event: Callable[[Event], None]) -> int | None:
        client = self._client
        if client is None or self._state is not EngineState.READY:
            on_event(Failed(0, Code.MODEL_NONE_LOADED))
            return None
        return self._submit(client, make, on_event)

    # ------------------------------------------------------------ processes

    def _retire(self) -> None:
        client, self._client, self._model = self._client, None, None
        self._generation += 1
        if client is not None:
            self._lifecycle.submit(client.close, CLOSE_GRACE)

    def _start(self, generation: int, make: Callable[[int], Load]) -> None:
        if generation != self._generation:
            return

        def crashed(failure: Failure) -> None:
            self._crashed.emit(generation, failure)

        def on_load(event: Event) -> None:
            if generation == self._generation:  # what an older process says of its model means nothing now
                self._on_load_event(event)

        client = EngineClient(log=self._log, on_exit=crashed, silence=self._silence)
        try:
            client.start()
        except ModelError as error:
            self._push(generation, on_load, Failed(0, error.failure.code, error.failure.args))
            return
        if generation != self._generation:
            client.close(CLOSE_GRACE)
            return
        self._client = client
        self._submit(client, make, on_load)

    def _submit(self, client: EngineClient, make: Callable[[int], Request], on_event: Callable[[Event], None]) -> int:
        generation = self._generation
        return client.submit(make, lambda event: self._push(generation, on_event, event))

    def _on_load_event(self, event: Event) -> None:
        match event:
            case LoadProgress():
                self.load_progressed.emit(event.fraction)
            case Loaded():
                self._model = event.model
                self._set_state(EngineState.READY)
                self.loaded.emit(event.model)
            case Notice():
                self.noticed.emit(event)
            case Failed():
                self._retire()
                self._set_state(EngineState.EMPTY)
                self.load_failed.emit(Failure(event.code, event.args))
            case Finished():
                self._retire()
                self._set_state(EngineState.EMPTY)
                self.load_cancelled.emit()
            case _:
                pass

    def _on_crash(self, generation: int, failure: Failure) -> None:
        if generation != self._generation:
            return
        self._drain()  # what the process still said before it died comes first
        if generation == self._generation:
            self._bury(failure)

    def _bury(self, failure: Failure) -> None:
        """The process is gone: nothing may be asked of it from here on."""
        was_loading = self._state is EngineState.LOADING
        self._retire()
        self._set_state(EngineState.EMPTY)
        if was_loading:
            self.load_failed.emit(failure)
        else:
            self.died.emit(failure)

    def _set_state(self, state: EngineState) -> None:
        if state is not self._state:
            self._state = state
            self.state_changed.emit(state)

    # ------------------------------------------------------------ events

    def _push(self, generation: int, on_event: Callable[[Event], None], event: Event) -> None:
        """Called on the client's reader thread: append and wake the window once, however many events come."""
        self._events.append((generation, on_event, event))
        if not self._woken:
            self._woken = True
            self._arrived.emit()

    def _schedule(self) -> None:
        wait = FRAME_MS - int((time.monotonic() - self._drained) * 1000)
        if wait <= 0:
            self._drain()
        elif not self._timer.isActive():
            self._timer.start(wait)

    def _drain(self) -> None:
        self._woken = False
        self._drained = time.monotonic()
        waiting: dict[tuple[int, int], _Pieces] = {}  # of each reply, by request and index: those of one request come in turn

        def flush() -> None:
            for pieces in waiting.values():
                pieces.tell()
            waiting.clear()

        while self._events:
            generation, on_event, event = self._events.popleft()
            if generation != self._generation and not isinstance(event, FINAL):
                continue
            if isinstance(event, Text):
                waiting.setdefault((event.id, event.index), _Pieces(on_event, event.id, event.index)).add(event)
                continue
            flush()
            if generation == self._generation and self._state is EngineState.READY and isinstance(event, Failed) and event.code in DEATHS:
                self._bury(Failure(event.code, event.args))  # before anybody who hears of it sends the next request
            on_event(event)
        flush()


class _Pieces:
    """The pieces of one reply that came since the last frame."""

    def __init__(self, on_event: Callable[[Event], None], request: int, index: int) -> None:
        self._on_event = on_event
        self._request = request
        self._index = index
        self._texts: list[str] = []
        self._tokens = 0
        self._probabilities: list[tuple[TokenProbability, ...]] = []

    def add(self, piece: Text) -> None:
        self._texts.append(piece.text)
        self._tokens += piece.tokens
        self._probabilities += piece.probabilities

    def tell(self) -> None:
        """As one."""
        self._on_event(Text(self._request, "".join(self._texts), self._tokens, self._index, tuple(self._probabilities)))
