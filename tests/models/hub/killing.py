"""Downloads in processes of their own that are killed at a chosen moment, and what they leave on the disk."""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from tests.models.hub.torture_child import Order

from zhiyin_models.jobs.leftovers import PART
from zhiyin_models.jobs.protocol import Download

ROOT = Path(__file__).resolve().parents[3]
BLOCK = 1 << 14  # bytes that are compared at once
LONGEST = 60.0  # seconds


class Killable:
    """Does one download after the other."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._said: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    def close(self) -> None:
        """End it: it reads its orders until there are no more."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._listening.join(LONGEST)

    def run(self, task: Download, *, limit: int = 0, kill_after: float | None = None) -> str:
        """How it ended; killed so many seconds after its first progress, when it has not ended by then."""
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(Order(task, limit)) + b"\n")
        self._process.stdin.flush()
        process, timer = 0, None
        while True:
            kind, _, value = self._said.get(timeout=LONGEST).partition(" ")
            if kind == "begun":
                process = int(value)
            elif kind == "at" and timer is None and kill_after is not None:
                timer = threading.Timer(kill_after, kill, [process])
                timer.start()
            elif kind == "ended":
                if timer is not None:
                    timer.cancel()
                    timer.join()
                return value

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said.put(line.decode().rstrip("\n"))
        self._said.put("ended lost")


def kill(process: int) -> None:
    """At once, and without a word."""
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


@contextmanager
def killable() -> Iterator[Killable]:
    """Something to run downloads with."""
    path = os.pathsep.join(map(str, (ROOT, ROOT / "app", ROOT / "models")))
    command = [sys.executable, "-m", "tests.models.hub.torture_child"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env={**os.environ, "PYTHONPATH": path}
    ) as process:
        child = Killable(process)
        try:
            yield child
        finally:
            child.close()


def on_disk(path: Path, content: bytes) -> int:
    """Bytes of a part (or a finished file) that are right, in whole blocks."""
    part = path.with_name(path.name + PART)
    place = path if path.exists() else part
    if not place.exists():
        return 0
    there = place.read_bytes()
    starts = range(0, len(content), BLOCK)
    return sum(len(content[start : start + BLOCK]) for start in starts if there[start : start + BLOCK] == content[start : start + BLOCK])
