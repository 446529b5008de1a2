"""An engine whose events nobody reads: the hardest place to stop it from."""

import fcntl
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Self

import msgspec

from zhiyin_models.child import child_command
from zhiyin_models.engine.protocol import FINAL, Event, Failed, Finished, Generate, Load, Message, Request, Stop

F_SETPIPE_SZ = 1031
SMALLEST_PIPE = 4096  # bytes; full after a few events
QUIET_SECONDS = 0.05
QUIET_NANOSECONDS = 2_000_000


class SilentReader:
    """Speaks the protocol by hand over a pipe that is full after a few events, and watches how much the engine computes."""

    def __init__(self, model: Path, *, context: int, threads: int) -> None:
        self._process = subprocess.Popen(
            child_command("engine"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
        )
        assert self._process.stdout is not None
        self._lines: IO[bytes] = self._process.stdout
        fcntl.fcntl(self._lines, F_SETPIPE_SZ, SMALLEST_PIPE)
        self._events = msgspec.json.Decoder(Event)
        self._pending = b""
        self._id = 0
        self._send(Load, path=str(model), context=context, threads=threads)
        final = self._read_to_end(self._id)
        assert not isinstance(final, Failed), final

    def _send(self, kind: type[Any], **fields: Any) -> None:
        self._id += 1
        request: Request = kind(id=self._id, **fields)
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(request) + b"\n")

    def _read_to_end(self, request: int) -> Event:
        """Read on to the final event of a request."""
        while True:
            *lines, self._pending = (self._pending + self._lines.read(65536)).split(b"\n")
            for line in lines:
                event = self._events.decode(line)
                if event.id == request and isinstance(event, FINAL):
                    return event

    def _computed(self) -> int:
        """Nanoseconds of processor time that all of the engine's threads have used."""
        spent = 0
        for task in Path(f"/proc/{self._process.pid}/task").iterdir():
            spent += int((task / "schedstat").read_text(encoding="ascii").split()[0])
        return spent

    def stop_after(self, messages: Sequence[Message], wait: float, *, n_probs: int = 0) -> float:
        """Generate for ``wait`` seconds with nobody reading, ask for the end; seconds until the engine computes no more."""
        self._send(Generate, session="", messages=tuple(messages), n_probs=n_probs)
        target = self._id
        time.sleep(wait)
        before = self._computed()
        time.sleep(0.02)
        assert self._computed() > before + QUIET_NANOSECONDS, "the engine was idle before it was asked to stop"
        asked = time.perf_counter()
        self._send(Stop, target=target)
        busy_until, spent = asked, self._computed()
        while (now := time.perf_counter()) - busy_until < QUIET_SECONDS:
            time.sleep(0.001)
            if (computed := self._computed()) > spent + QUIET_NANOSECONDS / 10:
                busy_until, spent = now, computed
        final = self._read_to_end(target)
        assert isinstance(final, Finished), final
        assert final.reason == "stopped", final
        return busy_until - asked

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
