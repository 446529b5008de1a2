"""The parent's side of the hub process: questions out, and exactly one answer for each, whatever happens to the process. Light."""

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from zhiyin_models.child import Child
from zhiyin_models.child.child_process import ExitReport
from zhiyin_models.child.command import child_command
from zhiyin_models.child.wire import Failed
from zhiyin_models.errors import Code, Failure, ModelError
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

UNSENT = 1 << 62  # the generation of a question that no process was asked yet
READING = (Search, Describe, Probe, CheckSources, Newest, HasTokens)  # what can be asked twice without harm

OnAnswer = Callable[[Answer], None]
logger = logging.getLogger(__name__)


@dataclass
class _Asked:
    """A question without an answer."""

    request: Request
    on_answer: OnAnswer
    generation: int = UNSENT  # which process was asked
    repeated: bool = False


class HubClient:
    """Asks the hubs through a process that is started with the first question, and again after it died.

    Every question returns a number; ``on_answer`` is called once, with the answer or ``Failed``, on a thread of this class or, when the
    process cannot be started, on the caller's before the question returns. Asking may wait for the process to start. Any thread may ask.
    What changes nothing is asked once more, of a fresh process, when something ended the one that was asked.
    """

    def __init__(self, log: Path | None = None, data_dir: Path | None = None) -> None:
        self._log = log
        self._environment = {"ZHIYIN_DATA_DIR": str(data_dir)} if data_dir is not None else {}
        self._ids = count(1)
        self._lock = threading.Lock()
        self._starting = threading.Lock()
        self._waiting: dict[int, _Asked] = {}
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
        request = make(number)
        with self._lock:
            self._waiting[number] = _Asked(request, on_answer)
        self._send([number])
        return number

    def _send(self, numbers: Iterable[int]) -> None:
        """Ask what is still wanted of the process, which may have to be started."""
        try:
            child, generation = self._started()
        except ModelError as error:
            self._fail(numbers, error.failure)
            return
        for number in numbers:
            with self._lock:
                asked = self._waiting.get(number)
                if asked is not None:
                    asked.generation = generation
            if asked is None:
                continue
            try:
                child.send(asked.request)
            except ModelError as error:
                self._fail([number], error.failure)
        if not child.alive:  # it died between: nobody may be left to tell
            self._end(generation, "")

    def _fail(self, numbers: Iterable[int], failure: Failure) -> None:
        for number in numbers:
            with self._lock:
                asked = self._waiting.pop(number, None)
            if asked is not None:
                _tell(asked.on_answer, Failed(number, failure.code, failure.args))

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
            child = self._child
        if child is not None:
            child.close(grace)
        self._end(UNSENT, "closed")

    # -------------------------------------------------------------- the process

    def _started(self) -> tuple[Child[Event], int]:
        """The process, started where there is none. Raises ModelError HUB_DIED."""
        with self._starting:
            if self._closed:
                raise ModelError(Code.HUB_DIED, detail="closed")
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
                raise ModelError(Code.HUB_DIED, detail=str(error.failure.args.get("detail", ""))) from error
            self._child = child
            return child, generation

    def _hear(self, event: Event) -> None:
        with self._lock:
            asked = self._waiting.pop(event.id, None)
        if asked is not None and isinstance(event, Answer):
            _tell(asked.on_answer, event)

    def _exited(self, generation: int, report: ExitReport) -> None:
        args = report.failure.args
        silent = f"{report.silence:g} s" if report.silence else ""
        self._end(generation, silent or str(args.get("reason", "")), again=not silent)

    def _end(self, generation: int, reason: str, *, again: bool = True) -> None:
        """Ask once more, or answer, whoever waits for a process that is gone."""
        repeated: list[int] = []
        given_up: list[int] = []
        with self._lock:
            for number, asked in self._waiting.items():
                if asked.generation > generation:
                    continue
                if again and not self._closed and not asked.repeated and isinstance(asked.request, READING):
                    asked.generation, asked.repeated = UNSENT, True
                    repeated.append(number)
                else:
                    given_up.append(number)
        self._fail(given_up, Failure(Code.HUB_DIED, {"detail": reason or "the process ended"}))
        if repeated:  # starting a process takes a while, and the thread that tells of the end of one may not wait
            threading.Thread(target=self._send, args=(repeated,), name=f"{KIND}-again", daemon=True).start()


def _tell(on_answer: OnAnswer, answer: Answer) -> None:
    try:
        on_answer(answer)
    except Exception:
        logger.exception("Whoever asked question %s failed", answer.id)
