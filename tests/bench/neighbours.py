"""Whether other programs used the processor meanwhile: a busy neighbour makes two threads on two cores several times slower."""

import os
import time
from typing import Self

import psutil

QUIET = 0.1  # cores' worth of others' work that a measurement can bear


class Neighbours:
    """``with Neighbours() as others: …`` then ``others.cores``: how many cores others kept busy meanwhile."""

    def __init__(self) -> None:
        self.cores = 0.0

    @property
    def quiet(self) -> bool:
        """Whether the measurement stands."""
        return self.cores <= QUIET

    def __enter__(self) -> Self:
        self._started, self._before = time.perf_counter(), _others()
        return self

    def __exit__(self, *_error: object) -> None:
        self.cores = max(0.0, (_others() - self._before) / (time.perf_counter() - self._started))


def _others() -> float:
    """Seconds of processor time that everything but this process and its living children has used since the machine started."""
    everything = psutil.cpu_times()
    ours = os.times()
    spent = everything.user + everything.nice + everything.system - sum(ours[:4])
    for child in psutil.Process().children(recursive=True):
        used = child.cpu_times()
        spent -= used.user + used.system
    return spent
