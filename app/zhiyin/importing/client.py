"""The parent's side of the process that reads cards: an answer for every question, whatever happens to the process. No Qt."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from msgspec import structs

from zhiyin.importing.command import KIND, environment
from zhiyin.importing.protocol import VERSION, Answer, CardFailed, Event, Forget, Listed, Question, path_from_wire
from zhiyin.prompt.cards.json_text import MAX_TEXT
from zhiyin.prompt.errors import CardCode, CardFailure
from zhiyin_models.child import Child
from zhiyin_models.child.child_process import ExitReport
from zhiyin_models.child.command import child_command
from zhiyin_models.child.wire import Failed, Hello, Pong
from zhiyin_models.errors import Code, ModelError

SILENCE = 60.0  # seconds
NICE = 10  # as the hub: at 19 it starves while a model answers
START = 60.0  # seconds

OnAnswer = Callable[[Answer], None]
logger = logging.getLogger(__name__)


@dataclass
class _Asked:
    """A question without its last answer."""

    path: str
    on_answer: OnAnswer
    generation: int = 0  # which process was asked; 0 = none yet


class CardClient:
    """Asks a process that is started with the first question, and again with the first one after it died.

    ``on_answer`` is called on a thread of this class, or on the caller's when the process cannot be started: several times for a
    ``ListCards``, once for everything else. Whoever waits for a process that dies hears ``CardFailed`` with IMPORT_DIED. Any thread may
    ask.
    """

    def __init__(self, data_dir: Path, log: Path | None = None) -> None:
        self._data_dir = data_dir
        self._log = log
        self._ids = count(1)
        self._lock = threading.Lock()
        self._starting = threading.Lock()
        self._waiting: dict[int, _Asked] = {}
        self._child: Child[Event] | None = None
        self._generation = 0
        self._closed = False

    def ask(self, make: Callable[[int], Question], path: str, on_answer: OnAnswer) -> int:
        """Send the question that ``make`` builds for its number, which is returned; ``path`` is what a failure is about."""
        number = next(self._ids)
        with self._lock:
            self._waiting[number] = _Asked(path, on_answer)
        try:
            child = self._started(number)
            child.send(make(number))
        except ModelError as error:
            self._answer(number, CardFailed(number, path, _failure(error.code, error.failure.args, path)))
        else:
            if not child.alive:  # it died between: nobody may be left to tell
                self._end(self._generation, "")
        return number

    def forget(self, numbers: Sequence[int]) -> None:
        """Nobody wants these answers any more: none is heard from now on."""
        with self._lock:
            wanted = tuple(number for number in numbers if self._waiting.pop(number, None) is not None)
            child = self._child
        if wanted and child is not None and child.alive:
            child.send(Forget(next(self._ids), wanted))

    @property
    def pid(self) -> int | None:
        """The process's id while it lives."""
        child = self._child
        return child.pid if child is not None and child.alive else None

    def kill(self) -> None:
        """End the process at once; whoever waits hears of it."""
        child = self._child
        if child is not None:
            child.kill()

    def close(self, grace: float = 0.5) -> None:
        """End the process; whoever still waits hears ``CardFailed``. Safe to call again."""
        with self._starting:
            self._closed = True
            child = self._child
        if child is not None:
            child.close(grace)
        self._end(self._generation, "closed")

    # -------------------------------------------------------------- the process

    def _started(self, number: int) -> Child[Event]:
        """The process, started where there is none. Raises ModelError ENGINE_DIED."""
        with self._starting:
            if self._closed:
                raise ModelError(Code.ENGINE_DIED, reason="closed", detail="")
            child = self._child
            if child is None or not child.alive:
                child = self._start()
            with self._lock:
                if number in self._waiting:
                    self._waiting[number].generation = self._generation
            return child

    def _start(self) -> Child[Event]:
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
            environment={**environment(), "ZHIYIN_DATA_DIR": str(self._data_dir)},
        )
        child.start(START)
        self._child = child
        return child

    def _hear(self, event: Event) -> None:
        if isinstance(event, Failed):
            with self._lock:
                asked = self._waiting.get(event.id)
            path = asked.path if asked is not None else ""
            self._answer(event.id, CardFailed(event.id, path, _failure(event.code, event.args, path)))
        elif not isinstance(event, Hello | Pong):
            self._answer(event.id, event)

    def _answer(self, number: int, answer: Answer) -> None:
        with self._lock:
            more = isinstance(answer, Listed) and not answer.last
            asked = self._waiting.get(number) if more else self._waiting.pop(number, None)
        if asked is None:
            return
        try:
            asked.on_answer(_with_paths(answer))
        except Exception:
            logger.exception("Whoever asked question %s about cards failed", number)

    def _exited(self, generation: int, report: ExitReport) -> None:
        silent = f"{report.silence:g} s" if report.silence else ""
        self._end(generation, silent or str(report.failure.args.get("reason", "")))

    def _end(self, generation: int, reason: str) -> None:
        """Answer whoever waits for a process that is gone."""
        with self._lock:
            ended = [(number, asked.path) for number, asked in self._waiting.items() if 0 < asked.generation <= generation]
        for number, path in ended:
            self._answer(number, CardFailed(number, path, CardFailure(CardCode.IMPORT_DIED, {"detail": reason})))


def _with_paths(answer: Answer) -> Answer:
    """The answer with paths as this system knows them."""
    if isinstance(answer, Listed):
        return structs.replace(answer, paths=tuple(path_from_wire(path) for path in answer.paths))
    path = getattr(answer, "path", "")
    return structs.replace(answer, path=path_from_wire(path)) if path.startswith("\0") else answer


def _failure(code: Code, args: dict[str, str | int | float], path: str) -> CardFailure:
    """What the base of every child says, in words about cards."""
    if code == Code.LINE_TOO_LONG:
        return CardFailure(CardCode.TOO_LARGE, {"path": path, "size": MAX_TEXT})
    detail = args.get("detail") or args.get("reason") or code
    return CardFailure(CardCode.IMPORT_DIED, {"detail": str(detail)[:500]})
