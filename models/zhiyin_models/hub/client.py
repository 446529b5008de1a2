"""The parent's side of the hub process: questions out, and exactly one answer for each, whatever happens to the process. Light."""

import logging
import threading
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

from zhiyin_models.child import Child
from zhiyin_models.child.child_process import ExitReport
from zhiyin_models.child.command import child_command
from zhiyin_models.child.wire import Failed
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.hub.protocol import (
    VERSION,
    Answer,
    CheckSources,
    Describe,
    Event,
    Forget,
    HasTokens,
    Newest,
    Probe,
    Request,
    SaveToken,
    Search,
)
from zhiyin_models.hub.values import SearchQuery

KIND = "hub"
SILENCE = 60.0  # seconds
NICE = 10  # below the engine, above the jobs
START = 60.0  # seconds

OnAnswer = Callable[[Answer], None]
logger = logging.getLogger(__name__)


class HubClient:
    """Asks the hubs through a process that is started with the first question, and again after it died.

    Every question returns a number; ``on_answer`` is called once, with the answer or ``Failed``, on a thread of this class or, when the
    process cannot be started, on the caller's before the question returns. Asking may wait for the process to start. Any thread may ask.
    """

    def __init__(self, log: Path | None = None, data_dir: Path | None = None) -> None:
        self._log = log
        self._environment = {"ZHIYIN_DATA_DIR": str(data_dir)} if data_dir is not None else {}
        self._ids = count(1)
        self._lock = threading.Lock()
        self._starting = threading.Lock()
        self._waiting: dict[int, tuple[int, OnAnswer]] = {}  # by question: which process was asked, and who wants to know
        self._child: Child[Event] | None = None
        self._generation = 0
        self._closed = False

    def search(self, query: SearchQuery, on_answer: OnAnswer, *, source: str = "", more: str = "") -> int:
        """Look for repositories: ``Found``. ``more`` goes on where earlier results ended."""
        return self.ask(lambda number: Search(number, query, source, more), on_answer)

    def describe(self, repository: str, on_answer: OnAnswer, *, source: str = "", revision: str = "") -> int:
        """Everything about one repository: ``Described``."""
        return self.ask(lambda number: Describe(number, repository, source, revision), on_answer)

    def probe(self, address: str, on_answer: OnAnswer) -> int:
        """Size and name of what lies at a plain address: ``Probed``."""
        return self.ask(lambda number: Probe(number, address), on_answer)

    def check_sources(self, on_answer: OnAnswer) -> int:
        """Whether every source is there: ``Checked``."""
        return self.ask(CheckSources, on_answer)

    def newest(self, repositories: Sequence[tuple[str, str]], on_answer: OnAnswer) -> int:
        """The newest revisions of (source, repository): ``NewestFound``."""
        return self.ask(lambda number: Newest(number, tuple(repositories)), on_answer)

    def save_token(self, source: str, token: str, on_answer: OnAnswer) -> int:
        """Keep the token of a source, "" to take it away: ``TokenSaved``."""
        return self.ask(lambda number: SaveToken(number, source, token), on_answer)

    def has_tokens(self, on_answer: OnAnswer) -> int:
        """Which sources have a token: ``TokensHeld``."""
        return self.ask(HasTokens, on_answer)

    def ask(self, make: Callable[[int], Request], on_answer: OnAnswer) -> int:
        """Send the question that ``make`` builds for its number, which is returned."""
        number = next(self._ids)
        try:
            child, generation = self._started()
            with self._lock:
                self._waiting[number] = (generation, on_answer)
            child.send(make(number))
            if not child.alive:  # it died between: nobody may be left to tell
                self._end(generation, "")
        except ModelError as error:
            with self._lock:
                self._waiting.pop(number, None)
            _tell(on_answer, Failed(number, error.code, error.failure.args))
        return number

    def forget(self, number: int) -> None:
        """Nobody wants this answer any more: it is never heard from now on. Never waits."""
        with self._lock:
            asked = self._waiting.pop(number, None)
            child = self._child
        if asked is not None and child is not None and child.alive:
            child.send(Forget(next(self._ids), number))

    @property
    def pid(self) -> int | None:
        """The process's id while it lives."""
        child = self._child
        return child.pid if child is not None and child.alive else None

    def close(self, grace: float = 0.5) -> None:
        """End the process; whoever still waits hears ``Failed``. Safe to call again."""
        with self._starting, self._lock:
            self._closed = True
            child, generation = self._child, self._generation
        if child is not None:
            child.close(grace)
        self._end(generation, "closed")

    # -------------------------------------------------------------- the process

    def _started(self) -> tuple[Child[Event], int]:
        """The process, started where there is none. Raises ModelError JOB_FAILED."""
        with self._starting:
            if self._closed:
                raise ModelError(Code.JOB_FAILED, detail="closed")
            if self._child is not None and self._child.alive:
                return self._child, self._generation
            self._generation += 1
            generation = self._generation
            child: Child[Event] = Child(
                child_command(KIND),
                Event,
                kind=KIND,
                version=VERSION,
                on_event=self._hear,
                on_exit=lambda report: self._exited(generation, report),
                log=self._log,
                silence=SILENCE,
                nice=NICE,
                environment=self._environment,
            )
            try:
                child.start(START)
            except ModelError as error:
                raise ModelError(Code.JOB_FAILED, detail=str(error.failure.args.get("detail", ""))) from error
            self._child = child
            return child, generation

    def _hear(self, event: Event) -> None:
        with self._lock:
            _, on_answer = self._waiting.pop(event.id, (0, None))
        if on_answer is not None and isinstance(event, Answer):
            _tell(on_answer, event)

    def _exited(self, generation: int, report: ExitReport) -> None:
        args = report.failure.args
        self._end(generation, str(args.get("reason", "") or f"{args.get('seconds', 0)} s"))

    def _end(self, generation: int, reason: str) -> None:
        """Answer whoever waits for a process that is gone."""
        with self._lock:
            gone = {number: on_answer for number, (asked, on_answer) in self._waiting.items() if asked <= generation}
            for number in gone:
                del self._waiting[number]
        for number, on_answer in gone.items():
            _tell(on_answer, Failed(number, Code.JOB_FAILED, {"detail": reason or "the process ended"}))


def _tell(on_answer: OnAnswer, answer: Answer) -> None:
    try:
        on_answer(answer)
    except Exception:
        logger.exception("Whoever asked question %s failed", answer.id)
