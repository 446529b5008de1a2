"""How the missing bytes of a file are shared out among connections.

Claims are taken from the front, so that the first gap, which the checksum waits for, moves on. Each lasts some seconds: the next one
costs a new connection. Who has nothing left takes half of what another still has before it.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from zhiyin_models.hub.ranges import Range, Ranges

SECONDS = 15.0  # that a claim should last
SMALLEST, LARGEST = 4 << 20, 256 << 20  # bytes of a claim
SHARE = 4  # of what is missing, each connection takes this part at most
WORTH, WORTH_SECONDS = 2 << 20, 1.0  # bytes, and their time, for which taking half of another's claim pays


@dataclass(eq=False)
class Claim:
    """What one connection fetches: from ``at``, which moves, to before ``end`` (-1: to the end of a file of unknown size)."""

    begin: int
    end: int
    at: int = field(init=False)
    begun: float = field(default_factory=time.monotonic)
    dropped: bool = False  # nobody waits for it any more

    def __post_init__(self) -> None:
        self.at = self.begin

    @property
    def left(self) -> int:
        """Bytes."""
        return self.end - self.at


class Claims:
    """Those that are being fetched. Not for several threads at once."""

    def __init__(self) -> None:
        self.active: list[Claim] = []
        self.speed = 0.0  # bytes a second of one connection

    def take(self, gaps: Iterable[Range], connections: int) -> Claim | None:
        """The next claim on what is missing; None when nobody else could help."""
        free = self._free(gaps)
        if free:
            begin, end = free[0]
            missing = sum(end - begin for begin, end in free)
            size = end - begin if connections <= 1 else self._size(missing, connections)
            claim = Claim(begin, end if end - begin < size + SMALLEST // 2 else begin + size)
        else:
            slowest = max(self.active, key=lambda one: one.left, default=None)
            if slowest is None or not self.speed or slowest.left < 2 * max(WORTH, self.speed * WORTH_SECONDS):
                return None
            middle = slowest.at + slowest.left // 2
            claim = Claim(middle, slowest.end)
            slowest.end = middle
        self.active.append(claim)
        return claim

    def begin_whole(self, size: int) -> Claim:
        """Everything from the first byte on, where no other place can be asked for; ``size`` -1 when it is unknown."""
        claim = Claim(0, size)
        self.active.append(claim)
        return claim

    def _size(self, missing: int, connections: int) -> int:
        largest = min(LARGEST, max(2 * SMALLEST, missing // (SHARE * connections)))
        return int(max(SMALLEST, min(largest, self.speed * SECONDS)))

    def _free(self, gaps: Iterable[Range]) -> list[Range]:
        taken = Ranges((claim.at, claim.end) for claim in self.active)
        found = []
        for begin, end in gaps:
            inside = Ranges((max(begin, first) - begin, min(end, last) - begin) for first, last in taken if first < end and last > begin)
            found += [(begin + first, begin + last) for first, last in inside.gaps(end - begin)]
        return found
