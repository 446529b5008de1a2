"""Cards: a folder of 1,000 into the store with the window's loop beside, and how long it takes until a cancel is felt."""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
from PySide6.QtCore import QCoreApplication, QObject, Qt, QTimer
from tests.app.prompt.cards.card_files import card, picture
from tests.bench.figures import at_most, noted

from zhiyin.controllers.persona_cards import new_persona
from zhiyin.prompt.cards.card import Card
from zhiyin.prompt.cards.png_text import chunk
from zhiyin.prompt.cards.writing import write_png
from zhiyin.services.cards import CardFailed, CardRead, CardService
from zhiyin.services.delivery import Delivery
from zhiyin.store import Store
from zhiyin.store.records import NewPersona, PersonaRow

CARDS = 1000
PICTURES = 20  # different ones; what was never seen is decoded, so each is made different at its end
WIDTH, HEIGHT = 400, 600  # as most cards are
BATCH = 50
BEAT = 5  # milliseconds


def fill(folder: Path) -> float:
    """Write cards as other programs do; returns the size of one in KiB."""
    folder.mkdir()
    drawn = [picture(WIDTH, HEIGHT, seed) for seed in range(PICTURES)]
    size = 0
    for number in range(CARDS):
        # another physical size in pixels: the same drawing, and another file
        mark = number.to_bytes(4, "big")
        image = drawn[number % PICTURES]
        data = write_png(card(number), image[:33] + chunk(b"pHYs", mark * 2 + b"\0") + image[33:])
        (folder / f"{number:04}.png").write_bytes(data)
        size += len(data)
    return size / CARDS / 1024


class Importing(QObject):
    """Reads a folder into the store as the gallery does, with a heartbeat beside it."""

    def __init__(self, data_dir: Path, cards: Path) -> None:
        super().__init__()
        self.store = Store.open(data_dir, maintenance_delay=1e9)
        self.service = CardService(data_dir, data_dir / "cards.log")
        self.gaps: list[float] = []
        self.work: list[float] = []  # of this thread, in each gap
        self.failed: list[CardFailed] = []
        self.added = self.told = 0
        self.seconds = self.busy = 0.0
        self._delivery = Delivery(self)
        self._batch: list[NewPersona] = []
        self._ended = False
        self._last = self._started = time.perf_counter()
        self._worked = time.thread_time()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start(BEAT)
        self.service.import_folder(str(cards), self._take, self._tell, self._end)

    def close(self) -> None:
        """End what was begun."""
        if self.service.pid is not None:
            times = psutil.Process(self.service.pid).cpu_times()
            self.busy = times.user + times.system
        self.service.close()
        self._delivery.close()
        self.store.close()

    def _beat(self) -> None:
        now = time.perf_counter()
        self.gaps.append(1000 * (now - self._last))
        self._last = now
        worked = time.thread_time()
        self.work.append(1000 * (worked - self._worked))
        self._worked = worked

    def _tell(self, _done: int, _total: int) -> None:
        self.told += 1

    def _take(self, read: CardRead | CardFailed) -> None:
        if isinstance(read, CardFailed):
            self.failed.append(read)
            return
        self._batch.append(new_persona(Card.from_json(read.card_json), read.picture_key))
        if len(self._batch) == BATCH:
            self._add()

    def _add(self) -> None:
        self._delivery.deliver(self.store.personas.add_many(self._batch), self._count)
        self._batch = []

    def _count(self, rows: list[PersonaRow]) -> None:
        self.added += len(rows)
        if self._ended and self.added + len(self.failed) == CARDS:
            self.seconds = time.perf_counter() - self._started
            self._timer.stop()
            QCoreApplication.quit()

    def _end(self) -> None:
        self._ended = True
        self._add()


def cancelled(data_dir: Path, cards: Path) -> float:
    """Milliseconds from a cancel in the middle of an import until the next question is answered."""
    service = CardService(data_dir, data_dir / "cards.log")
    heard: list[Any] = []
    asked = answered = 0.0

    def stop(read: CardRead | CardFailed) -> None:
        nonlocal asked
        heard.append(read)
        if len(heard) == 100:
            asked = time.perf_counter()
            service.cancel(ticket)
            service.read(str(cards / "0000.png"), finish)

    def finish(_read: CardRead | CardFailed) -> None:
        nonlocal answered
        answered = time.perf_counter()
        QCoreApplication.quit()

    ticket = service.import_folder(str(cards), stop, lambda _done, _total: None, lambda: None)
    QCoreApplication.exec()
    service.close()
    return 1000 * (answered - asked)


def run() -> list[dict[str, Any]]:
    """Measure on a real disk, in a temporary folder."""
    app = QCoreApplication.instance() or QCoreApplication(sys.argv[:1])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = fill(folder / "cards")
        importing = Importing(folder / "data", folder / "cards")
        app.exec()
        importing.close()
        cancel = cancelled(folder / "other", folder / "cards")
        kept = sum(path.stat().st_size for path in (folder / "data" / "pictures").iterdir())
    return [
        noted("cards: size of one", size, "KiB"),
        at_most(f"cards: import {CARDS:,} from a folder into the store", importing.seconds, 20, "s"),
        noted("cards: processor time of the process that reads them", importing.busy, "s"),
        at_most("cards: longest gap of the event loop meanwhile", max(importing.gaps), 50, "ms"),
        at_most("cards: processor time of the window's thread between two beats, most", max(importing.work), 16, "ms"),
        at_most("cards: not imported", CARDS - importing.added, 0),
        noted("cards: progress told", importing.told, "times"),
        at_most("cards: from a cancel to the answer of the next question", cancel, 100, "ms"),
        noted("cards: picture folder", kept / 2**20, "MiB"),
    ]
