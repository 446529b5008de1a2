"""Jobs in a folder of their own, watched by a test that waits for what they say."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from zhiyin_models.jobs.client import Jobs
from zhiyin_models.jobs.protocol import JobState

LONGEST = 60.0  # seconds


class Watched:
    """Jobs, with everything that they said."""

    def __init__(self, folder: Path) -> None:
        self._said = threading.Condition()
        self.heard: list[JobState] = []
        self.jobs = Jobs(folder, self._hear)

    def _hear(self, state: JobState) -> None:
        with self._said:
            self.heard.append(state)
            self._said.notify_all()

    def wait(self, wanted: Callable[[JobState], bool]) -> JobState:
        """The first state that is as wanted."""
        with self._said:
            assert self._said.wait_for(lambda: any(wanted(state) for state in self.heard), LONGEST), self.heard[-3:]
            return next(state for state in self.heard if wanted(state))


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Callable[[], Watched]]:
    """Makes a new look at the same folder of jobs, as another start of the app would."""
    made: list[Watched] = []

    def make() -> Watched:
        made.append(Watched(tmp_path / "jobs"))
        return made[-1]

    yield make
    for one in made:
        one.jobs.close()
