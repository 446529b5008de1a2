"""The engine's client: requests out, events in, and exactly one final event for each request whatever happens to the process."""

import contextlib
import logging
import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from msgspec import Struct

from zhiyin_models.child import Child, ExitReport, child_command
from zhiyin_models.engine.protocol import (
    FINAL,
    VERSION,
    Complete,
    DeviceList,
    Devices,
    Event,
    Failed,
    Finished,
    Forget,
    Generate,
    Load,
    Loaded,
    Message,
    ModelInfo,
    Request,
    Stop,
    Unload,
)
from zhiyin_models.errors import Code, Failure, ModelError

KIND = "engine"
ENVIRONMENT = {"GGML_NO_BACKTRACE": "1"}  # an aborting ggml would otherwise start a debugger
WAKE = 0.5  # seconds after which a waiting main thread looks for Ctrl-C, where signals do not wake it
STOPPABLE = (Load, Unload, Generate, Complete, Forget)

logger = logging.getLogger(__name__)


class _Outstanding(Struct):
    """A request that has had no final event yet."""

    request: Request
    on_event: Callable[[Event], None]


class EventStream(Iterator[Event]):
    """The events of one request up to and including the final one; closing it earlier, or losing it, stops the request."""

    def __init__(self, client: "EngineClient", request_id: int, events: "queue.SimpleQueue[Event]") -> None:
        self.request_id = request_id
        self._client = client
        self._events = events
        self._final = False

    def __next__(self) -> Event:
        while not self._final:
            try:
                event = self._events.get(timeout=WAKE)
            except queue.Empty:
                continue
            self._final = isinstance(event, FINAL)
            return event
        raise StopIteration

    def stop(self) -> None:
        """Ask for the end; the events go on up to the final one."""
        if not self._final:
            self._client.stop(self.request_id)

    def close(self) -> None:
        """Stop the request and listen no further."""
        self.stop()
        self._final = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


class EngineClient:
    """Starts an engine process and speaks with it. Threads: the caller's, and one that callbacks run on.

    ``on_exit`` is told why the process ended when nobody asked it to, after every outstanding request got its final event.
    """

    def __init__(
        self,
        *,
        log: Path | None = None,
        on_exit: Callable[[Failure], None] | None = None,
        silence: float = 30.0,
        command: Sequence[str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._on_exit = on_exit
        self._child: Child[Event] = Child(
            command or child_command(KIND),
            Event,
            kind=KIND,
            version=VERSION,
            on_event=self._receive,
            on_exit=self._exited,
            log=log,
            silence=silence,
            environment={**ENVIRONMENT, **(environment or {})},
        )
        self._ids = count(1)
        self._lock = threading.RLock()  # a stream that is lost may be collected anywhere, and then it stops its request
        self._outstanding: dict[int, _Outstanding] = {}
        self._failure: Failure | None = Failure(Code.ENGINE_DIED, {"reason": "not started", "detail": ""})

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:  # Ctrl-C
            self.close(0)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether the process runs and has said hello."""
        return self._child.alive

    @property
    def pid(self) -> int | None:
        """The engine's process id, once started."""
        return self._child.pid

    def start(self, timeout: float = 60.0) -> None:
        """Start the process and wait at most ``timeout`` seconds for its hello. Raises ModelError ENGINE_START_FAILED or ENGINE_VERSION."""
        with self._lock:
            self._failure = None
        try:
            self._child.start(timeout)
        except ModelError as error:
            self._end_all(error.failure)
            raise

    def submit(self, make: Callable[[int], Request], on_event: Callable[[Event], None]) -> int:
        """Send the request that ``make`` builds for an id, which is returned; never waits.

        ``on_event`` gets its events on the client's thread, the last of them final; on the caller's, before this returns, when the
        process is not there or the request cannot be sent.
        """
        request_id = next(self._ids)
        request = make(request_id)
        with self._lock:
            failure = self._failure
            if failure is None:
                self._outstanding[request_id] = _Outstanding(request, on_event)
        if failure is not None:
            on_event(_ending(request, failure))
            return request_id
        try:
            self._child.send(request)
        except ModelError as error:
            self._receive(_ending(request, error.failure))
        return request_id

    def stop(self, request_id: int) -> None:
        """Ask for the end of a running or queued request; it still gets its final event. Never waits."""
        with self._lock:
            wanted = request_id in self._outstanding
        if wanted:
            self._child.send(Stop(id=next(self._ids), target=request_id))

    def call(self, make: Callable[[int], Request], timeout: float | None = None) -> Event:
        """The final event of a request. Raises ModelError for ``Failed``, TimeoutError (after stopping it) after ``timeout`` seconds."""
        answers: queue.SimpleQueue[Event] = queue.SimpleQueue()
        request_id = self.submit(make, lambda event: answers.put(event) if isinstance(event, FINAL) else None)
        try:
            answer = answers.get(timeout=timeout)
        except queue.Empty:
            self.stop(request_id)
            raise TimeoutError(f"no answer in {timeout} s") from None
        except BaseException:  # Ctrl-C
            self.stop(request_id)
            raise
        if isinstance(answer, Failed):
            raise ModelError(answer.code, **answer.args)
        return answer

    def stream(self, make: Callable[[int], Request]) -> "EventStream":
        """Send a request; its events can be iterated over."""
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        return EventStream(self, self.submit(make, events.put), events)

    def load(self, path: str | Path, *, on_event: Callable[[Event], None] | None = None, **options: Any) -> ModelInfo:
        """Load a model; ``options`` are the fields of ``Load``. Raises ModelError."""
        answer: Event | None = None
        for answer in self.stream(lambda request_id: Load(id=request_id, path=str(path), **options)):
            if on_event is not None:
                on_event(answer)
        if isinstance(answer, Failed):
            raise ModelError(answer.code, **answer.args)
        if not isinstance(answer, Loaded):
            raise ModelError(Code.MODEL_NONE_LOADED)
        return answer.model

    def generate(self, session: str, messages: Sequence[Message], **options: Any) -> "EventStream":
        """The events of a reply; ``options`` are the fields of ``Generate``."""
        return self.stream(lambda request_id: Generate(id=request_id, session=session, messages=tuple(messages), **options))

    def complete(self, session: str, text: str, **options: Any) -> "EventStream":
        """The events of a text's continuation; ``options`` are the fields of ``Complete``."""
        return self.stream(lambda request_id: Complete(id=request_id, session=session, text=text, **options))

    def devices(self, rpc_servers: Sequence[str] = ()) -> DeviceList:
        """The devices that can hold layers. Raises ModelError."""
        answer = self.call(lambda request_id: Devices(id=request_id, rpc_servers=tuple(rpc_servers)))
        if not isinstance(answer, DeviceList):
            raise ModelError(Code.ENGINE_FAILED, detail=type(answer).__name__)
        return answer

    def close(self, grace: float = 2.0) -> None:
        """End the process: outstanding replies and loads finish as stopped, everything else fails. Safe to call again."""
        self._child.close(grace)
        self._end_all(Failure(Code.ENGINE_DIED, {"reason": "closed", "detail": ""}), closed=True)

    # -------------------------------------------------------------- on the child's thread

    def _receive(self, event: Event) -> None:
        with self._lock:
            find = self._outstanding.pop if isinstance(event, FINAL) else self._outstanding.get
            outstanding = find(event.id, None)
        if outstanding is not None:  # otherwise it was answered already
            self._tell(outstanding, event)

    def _tell(self, outstanding: _Outstanding, event: Event) -> None:
        try:
            outstanding.on_event(event)
        except Exception:
            logger.exception("The callback of request %s failed", event.id)

    def _exited(self, report: ExitReport) -> None:
        self._end_all(report.failure, closed=report.expected)
        if self._on_exit is not None and not report.expected:
            with contextlib.suppress(Exception):
                self._on_exit(report.failure)

    def _end_all(self, failure: Failure, *, closed: bool = False) -> None:
        with self._lock:
            if self._failure is None:
                self._failure = failure
            outstanding, self._outstanding = list(self._outstanding.values()), {}
        for one in outstanding:
            stopped = closed and isinstance(one.request, STOPPABLE)
            self._tell(one, Finished(id=one.request.id, reason="stopped") if stopped else _ending(one.request, failure))


def _ending(request: Request, failure: Failure) -> Failed:
    return Failed(id=request.id, code=failure.code, args=failure.args)
