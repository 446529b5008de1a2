"""A limit on the bytes a second of several connections together, which can be changed while they run."""

import threading
import time
from collections.abc import Callable

BURST = 0.1  # seconds for which what was not used can be used later
LEAST = 512  # bytes for which it is worth while to wake a connection
SLICE = 0.05  # seconds between two looks at the limit, and at whether it is over


class SpeedLimit:
    """A bucket into which ``limit()`` bytes flow each second (0: no limit)."""

    def __init__(self, limit: Callable[[], int]) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._there = 0.0  # bytes in the bucket
        self._at = time.monotonic()

    def take(self, wanted: int, over: Callable[[], bool]) -> int:
        """How many bytes may be read now, at most ``wanted``; waits until there are some. 0 when it is ``over``."""
        while not over():
            limit = self._limit()
            if limit <= 0:
                return wanted
            with self._lock:
                now = time.monotonic()
                most = max(limit * BURST, LEAST)
                self._there = min(self._there + (now - self._at) * limit, most)
                self._at = now
                given = min(wanted, int(self._there))
                if given >= min(wanted, LEAST):
                    self._there -= given
                    return given
                wait = (min(wanted, LEAST) - self._there) / limit
            time.sleep(min(SLICE, max(wait, 0.001)))
        return 0

    def give_back(self, count: int) -> None:
        """What was taken and not used."""
        with self._lock:
            self._there += count
