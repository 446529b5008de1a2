"""How many threads decode: one fewer while another program holds a core.

A token ends each of its some 600 steps in a barrier at which all threads wait for the slowest. When another program has one of the
cores, the thread on it is late every time, and two threads are many times slower than one. So the pace is watched, and the
number of threads follows what is faster now.
"""

import statistics
from collections.abc import Callable

SAMPLE = 3  # tokens that show a pace
SLOW = 2.5  # a token this many times slower than usual is suspect; two in a row, or one much slower still, decide
FIRST_STAY = 64  # tokens with fewer threads before all of them are tried again; doubled each time that is in vain
LONGEST_STAY = 1024


class ThreadPace:
    """Is told how long each single token took and calls ``use`` with the threads to go on with. ``threads``: when nobody disturbs."""

    def __init__(self, threads: int, use: Callable[[int], None]) -> None:
        self._all = threads
        self._use = use
        self._trial: list[float] | None = []  # the first tokens, with all threads and then with one fewer
        self._fewer = False
        self._usual = 0.0  # seconds a token takes with all threads
        self._slow = self._good = self._left = 0
        self._stay = FIRST_STAY

    @property
    def threads(self) -> int:
        """Threads in use."""
        return self._all - 1 if self._fewer else self._all

    def note(self, seconds: float) -> None:
        """A token took this long."""
        if self._all < 2:
            return
        if self._trial is not None:
            self._try_out(seconds, self._trial)
        elif self._fewer:
            self._left -= 1
            if self._left <= 0:
                self._switch(fewer=False)
        else:
            self._watch(seconds)

    def _try_out(self, seconds: float, trial: list[float]) -> None:
        trial.append(seconds)
        if len(trial) == SAMPLE:
            self._switch(fewer=True)
        elif len(trial) == 2 * SAMPLE:
            whole, fewer = statistics.median(trial[:SAMPLE]), statistics.median(trial[SAMPLE:])
            self._trial = None
            self._usual = min(whole, fewer)
            if whole <= fewer:
                self._switch(fewer=False)
            else:
                self._retreat()

    def _watch(self, seconds: float) -> None:
        if seconds <= SLOW * self._usual:
            self._slow = 0
            self._good += 1
            self._usual += 0.1 * (seconds - self._usual)  # a longer context makes every token slower
            if self._good >= FIRST_STAY:
                self._stay = FIRST_STAY
            return
        self._slow += 1
        if self._slow >= 2 or seconds > 4 * SLOW * self._usual:
            self._retreat()

    def _retreat(self) -> None:
        self._left = self._stay
        self._stay = min(2 * self._stay, LONGEST_STAY)
        self._switch(fewer=True)

    def _switch(self, *, fewer: bool) -> None:
        self._slow = self._good = 0
        if fewer != self._fewer:
            self._fewer = fewer
            self._use(self.threads)
