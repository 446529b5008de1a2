"""Long work as its caller sees it: reports of progress, and a way to stop it. Without Qt, and the same for every kind."""

import threading
import time
from collections import deque
from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct

WINDOW = 30.0  # seconds of the recent past from which the time left is estimated
SETTLED = 0.5  # seconds before the first estimate


class Stage(StrEnum):
    """What long work is doing at the moment."""

    READ = "read"
    CONVERT = "convert"
    PROVE = "prove"
    CALIBRATE = "calibrate"
    EVALUATE = "evaluate"
    SMOKE = "smoke"  # a first answer of the new model
    DOWNLOAD = "download"
    WAIT = "wait"  # for a server or the network; ``left`` is the time until the next try
    HASH = "hash"  # reading a file again for its checksum
    COPY = "copy"
    MEASURE = "measure"  # how fast this computer is


class Progress(Struct, frozen=True):
    """How far a stage is: ``done`` of ``total`` in any unit, seconds left (None when unknown), and what is being worked on."""

    stage: Stage
    done: float
    total: float
    left: float | None = None
    detail: str = ""
    speed: float | None = None  # of ``done`` a second, in the recent past


class StoppedError(Exception):
    """The work was stopped because the user asked for it: a result, not an error."""


class Stop:
    """Asked for from any thread, and looked at by the work at least ten times a second."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def ask(self) -> None:
        """End the work soon."""
        self._event.set()

    @property
    def asked(self) -> bool:
        """Whether somebody asked."""
        return self._event.is_set()

    def check(self) -> None:
        """Raises StoppedError if somebody asked."""
        if self._event.is_set():
            raise StoppedError


class Tuning:
    """How fast a transfer may be; changed from any thread while it runs. 0 means no limit, or as many connections as the settings say."""

    def __init__(self, bytes_per_second: int = 0, connections: int = 0) -> None:
        self.bytes_per_second = bytes_per_second
        self.connections = connections

    def set(self, bytes_per_second: int, connections: int) -> None:
        """Change both."""
        self.bytes_per_second, self.connections = max(0, bytes_per_second), max(0, connections)


Report = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """A report to nobody."""


class Pace:
    """Estimates the time left of one stage from its recent speed, and reports at most ten times a second.

    ``start`` is what was done before it began.
    """

    def __init__(self, stage: Stage, total: float, report: Report, *, start: float = 0.0, interval: float = 0.1) -> None:
        self._stage, self._total, self._report, self._interval = stage, total, report, interval
        self._recent: deque[tuple[float, float]] = deque([(time.monotonic(), start)])
        self._told = -1.0

    def at(self, done: float, detail: str = "") -> None:
        """``done`` of the total; the first and the last are always reported."""
        now = time.monotonic()
        if now - self._told < self._interval and done < self._total:
            return
        self._told = now
        self._recent.append((now, done))
        while len(self._recent) > 2 and now - self._recent[1][0] > WINDOW:
            self._recent.popleft()
        then, before = self._recent[0]
        left = speed = None
        if done > before and now - then >= SETTLED:
            speed = (done - before) / (now - then)
            left = (self._total - done) / speed
        self._report(Progress(self._stage, done, self._total, left, detail, speed))
