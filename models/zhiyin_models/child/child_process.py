"""The parent's end of a child process: starts it, speaks, listens, notices its death or its silence, and ends it."""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Generic, TypeVar, cast

from msgspec import Struct

from zhiyin_models.child.child_log import ChildLog
from zhiyin_models.child.command import child_environment
from zhiyin_models.child.wire import MAX_LINE, UNDECODABLE, Decoder, Failed, Hello, Overlong, Ping, Pong, encode, id_of, read_lines
from zhiyin_models.errors import Code, Failure, ModelError

WATCH_ID = -1  # the watchdog's pings; requests count from 1
GROUP_NICE = 10  # behind the window and the engine, and yet never left without a tenth of what is there
LONGEST_TICK = 5.0  # seconds between looks at a quiet child
END_WAIT = 2.0  # seconds between the end of a child's output and the end of the child
JOIN_WAIT = 10.0  # seconds after which a process that not even a kill ends is left to the system

Event = TypeVar("Event")
logger = logging.getLogger(__name__)


class ExitReport(Struct, frozen=True):
    """How a child ended. ``code`` is None when a signal ended it; ``silence`` is the seconds it was silent before it was killed for it."""

    code: int | None
    signal: str = ""
    last_lines: tuple[str, ...] = ()
    silence: float = 0.0
    expected: bool = False  # it was closed

    @property
    def failure(self) -> Failure:
        """The end as a failure of whatever was under way."""
        if self.silence:
            return Failure(Code.ENGINE_SILENT, {"seconds": self.silence})
        reason = self.signal if self.code is None else self.code
        return Failure(Code.ENGINE_DIED, {"reason": reason, "detail": "\n".join(self.last_lines)})


def exit_report(returncode: int, last_lines: tuple[str, ...] = (), *, silence: float = 0.0, expected: bool = False) -> ExitReport:
    """The report for a return code as ``subprocess`` gives it: negative for signals."""
    if returncode >= 0:
        return ExitReport(returncode, "", last_lines, silence, expected)
    try:
        name = signal.Signals(-returncode).name
    except ValueError:
        name = f"signal {-returncode}"
    return ExitReport(None, name, last_lines, silence, expected)


class Child(Generic[Event]):
    """A child process that speaks the line protocol.

    ``on_event`` gets every event and ``on_exit`` the report, both on the thread that owns the child; ``on_exit`` is called once,
    last, and only if ``start`` returned. Neither may block for long. ``nice`` is the priority to run at (19 is the lowest);
    ``silence`` how many seconds without a word, while it is being asked, count as death.
    """

    def __init__(
        self,
        command: Sequence[str],
        events: Any,
        *,
        kind: str,
        version: int,
        on_event: Callable[[Event], None],
        on_exit: Callable[[ExitReport], None],
        log: Path | None = None,
        silence: float = 30.0,
        nice: int = 0,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._command = list(command)
        self._decoder = Decoder(events, Hello, Pong, Failed)
        self._kind, self._version = kind, version
        self._on_event, self._on_exit = on_event, on_exit
        self._log_path, self._silence, self._nice = log, silence, nice
        self._environment = {**child_environment(), **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._waiting: deque[bytes | None] = deque()  # None: close standard input
        self._changed = threading.Condition()
        self._ready = threading.Event()  # said hello, or never will
        self._decided = threading.Event()  # start returned or raises
        self._exited = threading.Event()
        self._refused: ModelError | None = None
        self._greeted = self._started = self._closing = False
        self._silenced = self._receiving = self._pinged = False
        self._received = 0
        self.report: ExitReport | None = None
        # The kernel takes the thread that starts a child for its parent, so one thread owns it from start to end.
        self._owner = threading.Thread(target=self._own, name=f"{kind}-owner", daemon=True)

    @property
    def pid(self) -> int | None:
        """The process id, once started."""
        return self._process.pid if self._process is not None else None

    @property
    def alive(self) -> bool:
        """Whether it said hello and has not ended."""
        return self._greeted and not self._exited.is_set()

    def start(self, timeout: float = 60.0) -> None:
        """Start the child and wait for its hello. Raises ModelError ENGINE_START_FAILED or ENGINE_VERSION."""
        self._owner.start()
        try:
            self._started = self._ready.wait(timeout) and self._greeted
        finally:  # Ctrl-C comes here too
            self._decided.set()
        if self._started:
            return
        self.kill()
        self._owner.join(JOIN_WAIT)
        if self._refused is None:
            report = self.report or ExitReport(None)
            detail = "\n".join(report.last_lines) or str(report.failure.args.get("reason", ""))
            self._refused = ModelError(Code.ENGINE_START_FAILED, detail=detail)
        raise self._refused

    def send(self, request: Struct) -> None:
        """Queue a request; never waits. Raises ModelError REQUEST_BAD or LINE_TOO_LONG; a dead child is told nothing."""
        try:
            line = encode(request)
        except (TypeError, ValueError, RecursionError) as error:
            raise ModelError(Code.REQUEST_BAD, detail=str(error)) from error
        if len(line) > MAX_LINE:
            raise ModelError(Code.LINE_TOO_LONG, limit=MAX_LINE)
        with self._changed:
            if not self._closing and not self._exited.is_set():
                self._waiting.append(line + b"\n")
                self._changed.notify()

    def kill(self) -> None:
        """End the process at once."""
        if self._process is not None and not self._exited.is_set():
            with contextlib.suppress(OSError):
                self._process.kill()

    def close(self, grace: float = 2.0) -> None:
        """Close the child's input; after ``grace`` seconds terminate it, a second later kill it. No thread and no process is left.

        From one of the callbacks the child is killed instead, since its owner cannot wait for itself.
        """
        with self._changed:
            self._closing = True
            self._waiting.clear()
            self._waiting.append(None)
            self._changed.notify()
        if self._owner is threading.current_thread():
            self.kill()
            return
        if self._owner.ident is None:
            return
        if not self._exited.wait(grace) and self._process is not None:
            with contextlib.suppress(OSError):
                self._process.terminate()
            if not self._exited.wait(1.0):
                self.kill()
        self._owner.join(JOIN_WAIT)

    # -------------------------------------------------------------- the owning thread

    def _own(self) -> None:
        try:
            with ChildLog(self._log_path) as log:
                self._process = process = self._spawn(log)
                self._accompany(process, log)
        except (OSError, ValueError) as error:
            self._refused = ModelError(Code.ENGINE_START_FAILED, detail=str(error))
        self._exited.set()
        self._ready.set()
        self._decided.wait()
        if self._started:
            self._call(self._on_exit, self.report)

    def _accompany(self, process: "subprocess.Popen[bytes]", log: ChildLog) -> None:
        """Listen until the child has ended; afterwards no thread and no descriptor of it is left but this one."""
        pipe, answers = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
        others = (
            threading.Thread(target=self._write, args=(pipe,), name=f"{self._kind}-writer", daemon=True),
            threading.Thread(target=self._watch, args=(log,), name=f"{self._kind}-watch", daemon=True),
        )
        for thread in others:
            thread.start()
        try:
            self._listen(answers.fileno())
            returncode = process.wait(END_WAIT)
        except Exception as error:
            # it closed its output and lives on; or there is a bug of ours here, and then nobody must be left waiting either
            if not isinstance(error, subprocess.TimeoutExpired):
                logger.exception("Listening to the %s process failed", self._kind)
            process.kill()
            returncode = process.wait()
        silence = self._silence if self._silenced else 0.0
        self.report = exit_report(returncode, log.last_lines(), silence=silence, expected=self._closing)
        with self._changed:
            self._exited.set()
            self._changed.notify()
        for thread in others:
            thread.join()
        answers.close()

    def _listen(self, output: int) -> None:
        for line in read_lines(lambda size: self._receive(output, size)):
            self._take(line)

    def _spawn(self, log: ChildLog) -> "subprocess.Popen[bytes]":
        flags = 0
        if sys.platform == "win32":
            flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
            flags |= subprocess.IDLE_PRIORITY_CLASS if self._nice > 0 else 0
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log.file,
            bufsize=0,
            env=self._environment,
            start_new_session=True,  # Ctrl-C in a terminal is the parent's to interpret
            creationflags=flags,
        )
        if self._nice and sys.platform != "win32":
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, process.pid, self._nice)
            # A session of its own is a group of its own on many Linux systems, and a priority counts within its group alone (sched(7)).
            with contextlib.suppress(OSError):
                Path(f"/proc/{process.pid}/autogroup").write_text(str(min(self._nice, GROUP_NICE)), encoding="ascii")
        return process

    def _receive(self, output: int, size: int) -> bytes:
        self._receiving = True
        try:
            return os.read(output, size)
        except OSError:
            return b""
        finally:
            self._receiving = False
            self._received += 1

    def _take(self, line: bytes | Overlong) -> None:
        event: Any
        if isinstance(line, Overlong):
            event = Failed(id=id_of(line.head), code=Code.LINE_TOO_LONG, args={"limit": MAX_LINE})
        else:
            try:
                event = self._decoder.decode(line)
            except UNDECODABLE as error:
                event = Failed(id=id_of(line), code=Code.ENGINE_FAILED, args={"detail": str(error)})
        if not self._greeted:
            self._greet(event)
        elif isinstance(event, Pong) and event.id == WATCH_ID:
            self._pinged = False
        elif isinstance(event, Failed) and event.id == 0:
            self._answer_to_nothing(event)
        else:
            self._call(self._on_event, event)

    def _greet(self, event: Any) -> None:
        if self._refused is not None:
            return
        if isinstance(event, Hello) and event.kind == self._kind and event.version == self._version:
            self._greeted = True
        elif isinstance(event, Hello):
            theirs = event.version if event.kind == self._kind else f"{event.kind} {event.version}"
            self._refused = ModelError(Code.ENGINE_VERSION, ours=self._version, theirs=theirs)
        else:
            self._refused = ModelError(Code.ENGINE_START_FAILED, detail="no hello")
        self._ready.set()

    def _answer_to_nothing(self, event: Failed) -> None:
        """A line that belongs to no request may have been somebody's final event: only a dead child leaves nobody waiting."""
        logger.error("The %s process said something that belongs to no request: %s", self._kind, event.args)
        self.kill()

    def _call(self, callback: Callable[[Any], None], value: Any) -> None:
        try:
            callback(value)
        except Exception:
            logger.exception("A callback of the %s process failed", self._kind)

    # -------------------------------------------------------------- the other threads

    def _write(self, pipe: IO[bytes]) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._exited.is_set():
                    self._changed.wait()
                line = self._waiting.popleft() if self._waiting and not self._exited.is_set() else None
            if line is None:
                break
            rest = memoryview(line)
            try:
                while rest:
                    rest = rest[os.write(pipe.fileno(), rest) :]
            except OSError:  # it is ending; its owner will see that
                break
        with contextlib.suppress(OSError):
            pipe.close()

    def _watch(self, log: ChildLog) -> None:
        """Ask for a sign of life whenever nothing was heard; counts its own ticks, so that a sleeping computer is not a dead child."""
        tick = min(LONGEST_TICK, self._silence / 6)
        silent, received = 0.0, self._received
        while not self._exited.wait(tick):
            log.bound()
            if self._received != received or not self._receiving or not self._greeted:
                silent, received = 0.0, self._received
            else:
                silent += tick
            if silent >= self._silence:
                self._silenced = True
                logger.error("The %s process was silent for %s seconds and is ended", self._kind, self._silence)
                self.kill()
                return
            if self._greeted and not self._pinged:
                self._pinged = True
                self.send(Ping(id=WATCH_ID))
