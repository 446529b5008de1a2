"""The child's end of the protocol: standard input and output belong to it alone, and it ends when its parent does."""

import ctypes
import os
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from msgspec import Struct

from zhiyin_models.child.wire import MAX_LINE, UNDECODABLE, Decoder, Failed, Hello, Overlong, Ping, Pong, encode, id_of, read_lines
from zhiyin_models.errors import Code

PARENT_VARIABLE = "ZHIYIN_PARENT"  # the parent's process id
PR_SET_PDEATHSIG = 1
END_GRACE = 0.5  # seconds the main thread has for ending by itself once the parent is gone

Request = TypeVar("Request")


class Joinable(Protocol):
    """An event that can take in the one sent right after it, so that a slow reader gets fewer and larger events.

    ``join`` returns the event that stands for both, or None when they cannot be one. It must bound what it builds (a text that
    grows by one character at a time is copied each time); an event that supersedes the one before it returns the later one.
    """

    def join(self, later: Any) -> Any:
        """The event that stands for this one and ``later``, or None."""


class ChildEnd(Generic[Request]):
    """Speaks the protocol on what were standard input and output.

    Make it before any C library is loaded: from then on descriptor 1 is the log (standard error) and descriptor 0 is empty.
    The main thread stays the caller's. ``on_request`` runs on the reading thread and must return soon; ``Ping`` is answered here.
    When the parent is gone the process is ended whatever it is doing: at once, or half a second after ``on_end`` where that is given
    (it runs on the reading thread, or on the writing one).
    """

    def __init__(
        self,
        requests: Any,
        *,
        kind: str,
        version: int,
        on_request: Callable[[Request], None],
        on_end: Callable[[], None] | None = None,
    ) -> None:
        _die_with_parent()
        self._input, self._output = _take_standard_streams()
        self._decoder = Decoder(requests, Ping)
        self._on_request = on_request
        self._on_end = on_end
        self._hello = Hello(id=0, version=version, pid=os.getpid(), kind=kind)
        self._waiting: deque[Any] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._writing = threading.Thread(target=self._write, name="protocol-writer", daemon=True)
        self._reading = threading.Thread(target=self._read, name="protocol-reader", daemon=True)
        self.ended = threading.Event()

    def start(self) -> None:
        """Say hello, then read and write on threads of their own."""
        self.send(self._hello)
        self._writing.start()
        self._reading.start()

    def run_forever(self) -> None:
        """``start``, then wait for the parent to go away: for a child that does all its work in ``on_request``."""
        self.start()
        self._reading.join()

    def send(self, event: Any) -> None:
        """Queue an event, from any thread; never waits for the reader. Dropped once closed."""
        with self._changed:
            if self._closing:
                return
            join = getattr(self._waiting[-1], "join", None) if self._waiting else None
            joined = join(event) if join is not None else None
            if joined is not None:
                self._waiting[-1] = joined
                return
            self._waiting.append(event)
            self._changed.notify()

    def close(self, timeout: float = 2.0) -> None:
        """Write out what is queued, for at most ``timeout`` seconds; afterwards nothing more is sent."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._writing.is_alive() and self._writing is not threading.current_thread():
            self._writing.join(timeout)

    # -------------------------------------------------------------- writing

    def _write(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closing:
                    self._changed.wait()
                if not self._waiting:
                    return
                event = self._waiting.popleft()
            line = memoryview(self._encode(event) + b"\n")
            try:
                while line:
                    line = line[os.write(self._output, line) :]
            except OSError:  # nobody listens any more
                self._end()

    def _encode(self, event: Any) -> bytes:
        try:
            line = encode(event)
        except (TypeError, ValueError, RecursionError) as error:
            return encode(Failed(id=_id(event), code=Code.ENGINE_FAILED, args={"detail": f"{type(event).__name__}: {error}"}))
        if len(line) > MAX_LINE:
            return encode(Failed(id=_id(event), code=Code.LINE_TOO_LONG, args={"limit": MAX_LINE}))
        return line

    # -------------------------------------------------------------- reading

    def _read(self) -> None:
        try:
            for line in read_lines(lambda size: os.read(self._input, size)):
                self._take(line)
        except OSError:
            pass
        finally:
            self._end()

    def _take(self, line: bytes | Overlong) -> None:
        if isinstance(line, Overlong):
            self.send(Failed(id=id_of(line.head), code=Code.LINE_TOO_LONG, args={"limit": MAX_LINE}))
            return
        try:
            request = self._decoder.decode(line)
        except UNDECODABLE as error:
            self.send(Failed(id=id_of(line), code=Code.REQUEST_BAD, args={"detail": str(error)}))
            return
        if isinstance(request, Ping):
            self.send(Pong(id=request.id))
            return
        try:
            self._on_request(request)
        except Exception as error:  # a bug in the handler ends the request, not the conversation with the parent
            traceback.print_exc()
            self.send(Failed(id=_id(request), code=Code.ENGINE_FAILED, args={"detail": f"{type(error).__name__}: {error}"}))

    def _end(self) -> None:
        """The parent is gone: write out what is queued, then end even if the main thread is deep in C code."""
        first = not self.ended.is_set()
        self.ended.set()
        if self._on_end is None:
            self.close(END_GRACE)
        elif first:
            try:
                self._on_end()
            except Exception:
                traceback.print_exc()
        if self._on_end is not None:
            threading.Event().wait(END_GRACE)
        os._exit(0)


def _id(message: Struct) -> int:
    found = getattr(message, "id", 0)
    return found if isinstance(found, int) else 0


def _take_standard_streams() -> tuple[int, int]:
    """Private copies of descriptors 0 and 1, which are then pointed at nothing and at the log."""
    own_input, own_output = os.dup(0), os.dup(1)
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - exists on Windows only

        msvcrt.setmode(own_input, os.O_BINARY)
        msvcrt.setmode(own_output, os.O_BINARY)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    if sys.stdout is not None:  # a windowed build has none
        sys.stdout.flush()
    os.dup2(2, 1)
    return own_input, own_output


def _die_with_parent() -> None:
    """On Linux the kernel kills this process with the thread that started it; elsewhere the end of standard input must do."""
    parent = os.environ.pop(PARENT_VARIABLE, "")
    if sys.platform != "linux" or not parent.isdecimal():
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(parent):  # it died before the line above, or a launcher stands between
        try:
            os.kill(int(parent), 0)
        except ProcessLookupError:
            os._exit(0)
        except OSError:
            return
