"""Card files for the window: read and written by a process of their own, answered on the window's thread, never many at once."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from zhiyin.importing.protocol import (
    Answer,
    AssetInfo,
    CardFailed,
    CardRead,
    CardWritten,
    ClearPictures,
    Format,
    ListCards,
    Listed,
    MakePicture,
    PictureMade,
    PicturesCleared,
    Question,
    ReadCard,
    WriteCard,
    path_to_wire,
)
from zhiyin.prompt.errors import CardCode, CardFailure

if TYPE_CHECKING:
    from zhiyin.importing.client import CardClient

__all__ = ["AssetInfo", "CardFailed", "CardRead", "CardService", "CardWritten", "PictureMade", "PicturesCleared"]

AT_ONCE = 20  # results that are handed over in one turn of the event loop
BUDGET = 0.004  # seconds of one turn
AHEAD = 16  # files that the process is asked for before the first is answered
TICK = 1000  # milliseconds
LONGEST = 60  # seconds without any answer, after which the process counts as hanging
DEATHS = 5  # in a row, after which an import is given up

Read: TypeAlias = CardRead | CardFailed
log = logging.getLogger(__name__)


class CardService(QObject):
    """Reads and writes card files. Every question is known by a ticket; its answer is heard once, or never after ``cancel``.

    Answers come on the window's thread and later, never from within the question. ``CardFailed`` stands for every failure; its
    ``failure`` is put into words by ``zhiyin.errors.describe(failure.code, failure.args)``. ``longest`` is how many seconds without any
    answer count as hanging.
    """

    _woken = Signal()

    def __init__(self, data_dir: Path, log_file: Path | None = None, parent: QObject | None = None, *, longest: int = LONGEST) -> None:
        super().__init__(parent)
        self._data_dir = data_dir
        self._longest = longest
        self._log = log_file
        self._worker = ThreadPoolExecutor(1, "cards")  # starting a process takes longer than a frame
        self._client: CardClient | None = None
        self._tickets = count(1)
        self._waiting: dict[int, Callable[[Answer], None]] = {}
        self._requests: dict[int, int] = {}  # the client's own numbers, by ticket
        self._imports: dict[int, _Import] = {}
        self._inbox: deque[tuple[int, Answer]] = deque()
        self._lock = threading.Lock()  # of those who put something in
        self._silent = 0  # seconds
        self._closed = False
        self._woken.connect(self._drain, Qt.ConnectionType.QueuedConnection)
        self._watch = QTimer(self)
        self._watch.setInterval(TICK)
        self._watch.timeout.connect(self._look)

    # ------------------------------------------------------------ questions

    def read(self, path: str, then: Callable[[Read], None]) -> int:
        """Read one file, for its preview: a card, or a lorebook (``book``). Its picture is in the picture folder then."""
        return self._ask(lambda number: ReadCard(number, path_to_wire(path)), path, then)

    def write(
        self,
        card_json: str,
        picture: str,
        path: str,
        format: Format,  # noqa: A002 - the field's own word
        then: Callable[[CardWritten | CardFailed], None],
        *,
        png: bytes = b"",
    ) -> int:
        """Write a card file. ``picture`` is what the store calls it (or a path); ``png`` is used where there is none, such as its seal."""
        key = Path(picture).stem if picture and not picture.startswith("asset:") else ""
        return self._ask(lambda number: WriteCard(number, card_json, path_to_wire(path), format, key, png), path, then)

    def make_picture(self, path: str, then: Callable[[PictureMade | CardFailed], None]) -> int:
        """Take an image that was chosen by hand into the picture folder."""
        return self._ask(lambda number: MakePicture(number, path_to_wire(path)), path, then)

    def clear_pictures(
        self, keep: set[str], then: Callable[[PicturesCleared | CardFailed], None], *, keep_assets: set[str] | None = None
    ) -> int:
        """Delete pictures that nobody names any more; ``keep`` is what ``store.personas.pictures()`` says.

        Files that came with cards are deleted as well where ``keep_assets`` says which of them cards still name (``Card.own["assets"]``).
        """
        assets = tuple(sorted(keep_assets)) if keep_assets is not None else None
        return self._ask(lambda number: ClearPictures(number, tuple(sorted(keep)), assets), "", then)

    def import_files(
        self,
        paths: Sequence[str],
        on_card: Callable[[Read], None],
        on_progress: Callable[[int, int], None],
        on_end: Callable[[], None],
    ) -> int:
        """Read many files, and those in folders. ``on_card`` hears of each, ``on_progress`` how many of how many are done by now.

        A file that ends the process is one that failed; the others are read by another process.
        """
        ticket = next(self._tickets)
        run = _Import(on_card, on_progress, on_end)
        self._imports[ticket] = run
        wired = tuple(path_to_wire(path) for path in paths)
        first = paths[0] if paths else ""
        run.listing = self._ask(lambda number: ListCards(number, wired), first, lambda answer: self._on_listed(ticket, run, answer))
        return ticket

    def import_folder(
        self, path: str, on_card: Callable[[Read], None], on_progress: Callable[[int, int], None], on_end: Callable[[], None]
    ) -> int:
        """Read every card in a folder and in the folders in it; see ``import_files``."""
        return self.import_files([path], on_card, on_progress, on_end)

    def cancel(self, ticket: int) -> None:
        """Nothing is heard of this ticket from now on, neither ``on_end``; what was read before stays."""
        run = self._imports.pop(ticket, None)
        self._forget([ticket] if run is None else [run.listing, *run.outstanding])

    @property
    def waiting(self) -> int:
        """Questions and imports without an end."""
        return len(self._waiting)

    @property
    def pid(self) -> int | None:
        """The process's id while it lives."""
        return self._client.pid if self._client is not None else None

    def close(self) -> None:
        """End the process; waits for it. Nothing is answered from now on."""
        if self._closed:
            return
        self._closed = True
        self._watch.stop()
        for held in (self._waiting, self._imports, self._inbox):
            held.clear()
        self._worker.submit(self._end)
        self._worker.shutdown(wait=True)

    # ------------------------------------------------------------ imports

    def _on_listed(self, ticket: int, run: "_Import", answer: Answer) -> None:
        if isinstance(answer, Listed):
            run.paths.extend(answer.paths)
            run.total += len(answer.paths)
            run.moved = True
            if answer.last:
                run.listing = 0
        elif isinstance(answer, CardFailed):
            run.listing = 0
            run.on_card(answer)
        self._go_on(ticket, run)

    def _go_on(self, ticket: int, run: "_Import") -> None:
        """Ask for the next files; one at a time after a death, so that the file that brings it about is known."""
        if ticket not in self._imports:
            return
        while run.paths and len(run.outstanding) < (1 if run.careful else AHEAD):
            self._ask_for(ticket, run, run.paths.popleft())
        if not run.listing and not run.outstanding:
            del self._imports[ticket]
            run.tell()
            run.on_end()

    def _ask_for(self, ticket: int, run: "_Import", path: str) -> None:
        alone = run.careful > 0
        asked = self._ask(
            lambda number: ReadCard(number, path_to_wire(path)), path, lambda answer: self._on_read(ticket, run, asked, alone, answer)
        )
        run.outstanding[asked] = path

    def _on_read(self, ticket: int, run: "_Import", asked: int, alone: bool, answer: Answer) -> None:  # noqa: FBT001
        path = run.outstanding.pop(asked)
        died = isinstance(answer, CardFailed) and answer.failure.code == CardCode.IMPORT_DIED
        if alone:
            run.careful -= 1
        if died and (not alone or path != run.suspect):
            # it may have been another file, or nobody's fault: once more, and alone
            run.suspect = path if alone else ""
            run.paths.appendleft(path)
            run.careful += 1
        elif isinstance(answer, CardRead | CardFailed):
            run.deaths = run.deaths + 1 if died else 0
            run.done += 1
            run.moved = True
            if run.deaths >= DEATHS:  # it is not the files
                run.paths.clear()
            run.on_card(answer)
        self._go_on(ticket, run)

    # ------------------------------------------------------------ on the worker

    def _ask(self, make: Callable[[int], Question], path: str, then: Callable[..., None]) -> int:
        ticket = next(self._tickets)
        if not self._closed:
            self._waiting[ticket] = then
            self._worker.submit(self._send, ticket, make, path)
            if not self._watch.isActive():
                self._silent = 0
                self._watch.start()
        return ticket

    def _send(self, ticket: int, make: Callable[[int], Question], path: str) -> None:
        if ticket not in self._waiting:
            return
        try:
            self._requests[ticket] = self._started().ask(make, path, lambda answer: self._arrive(ticket, answer))
        except Exception as error:
            log.exception("a question about cards")
            self._arrive(ticket, CardFailed(0, path, CardFailure(CardCode.IMPORT_DIED, {"detail": str(error)[:500]})))
        if ticket not in self._waiting:  # answered or forgotten meanwhile
            self._take_back([ticket])

    def _started(self) -> "CardClient":
        if self._client is None:
            from zhiyin.importing.client import CardClient  # noqa: PLC0415 - not needed before the first question

            self._client = CardClient(self._data_dir, self._log)
        return self._client

    def _arrive(self, ticket: int, answer: Answer) -> None:
        """An answer, on any thread."""
        with self._lock:
            self._inbox.append((ticket, answer))
            first = len(self._inbox) == 1
        if first:  # whoever empties it looks again before it stops
            self._woken.emit()

    def _forget(self, tickets: Sequence[int]) -> None:
        wanted = [ticket for ticket in tickets if self._waiting.pop(ticket, None) is not None]
        if wanted and not self._closed:
            self._worker.submit(self._take_back, wanted)

    def _take_back(self, tickets: list[int]) -> None:
        numbers = [number for ticket in tickets if (number := self._requests.pop(ticket, None)) is not None]
        if self._client is not None:
            self._client.forget(numbers)

    def _end(self) -> None:
        if self._client is not None:
            self._client.close()

    # ------------------------------------------------------------ on the window's thread

    def _drain(self) -> None:
        """Hand over what has come, some at a time, so that the window stays smooth."""
        until = time.perf_counter() + BUDGET
        handed = 0
        try:
            while self._inbox and handed < AT_ONCE and (not handed or time.perf_counter() < until):
                handed += 1
                self._deliver(*self._inbox.popleft())
            for run in list(self._imports.values()):
                run.tell()
        finally:
            if self._inbox:
                QTimer.singleShot(0, self, self._drain)

    def _deliver(self, ticket: int, answer: Answer) -> None:
        self._silent = 0
        more = isinstance(answer, Listed) and not answer.last
        then = self._waiting.get(ticket) if more else self._waiting.pop(ticket, None)
        if not more:
            self._requests.pop(ticket, None)
        if then is not None:
            then(answer)
        if not self._waiting:
            self._watch.stop()

    def _look(self) -> None:
        """A process that answers nothing for long hangs: in a file system that is gone, or in a file that is worse than expected."""
        self._silent = self._silent + TICK // 1000 if self.pid is not None else 0
        if not self._waiting:
            self._watch.stop()
        elif self._silent >= self._longest and not self._inbox and self._client is not None:
            self._silent = 0
            log.error("reading cards hangs and is ended")
            self._client.kill()


@dataclass
class _Import:
    """One import under way."""

    on_card: Callable[[Read], None]
    on_progress: Callable[[int, int], None]
    on_end: Callable[[], None]
    paths: deque[str] = field(default_factory=deque)
    outstanding: dict[int, str] = field(default_factory=dict)  # by ticket
    listing: int = 0  # the ticket of what looks for files, 0 when it has found all
    total: int = 0
    done: int = 0
    careful: int = 0  # files at the front that are read alone
    suspect: str = ""  # read alone when the process died
    deaths: int = 0  # in a row
    moved: bool = False

    def tell(self) -> None:
        """Tell how far it is, if that is news."""
        if self.moved:
            self.moved = False
            self.on_progress(self.done, self.total)
