"""The gallery: a frame while 5,000 personas scroll, by the wheel and page by page, and a letter of a search among them.

The view is the app's own, painted in memory; half of the personas have a picture on the disk that is read while they scroll.
"""

import gc
import os
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.figures import at_most, noted

PERSONAS = 5000
PICTURES = 300
FRAME = 1000 / 60  # milliseconds
SIZE = (1180, 760)
WHEEL, PAGE = 60, 640  # pixels in a frame
FRAMES = 900
SEARCHES = ("诗", "诗人", "m", "mo", "moo", "moon", "moon 诗", "诗 p 49", "zzzz")
WORDS = (
    "a",
    "wandering",
    "poet",
    "who",
    "drinks",
    "with",
    "the",
    "moon",
    "and",
    "answers",
    "in",
    "verse",
    "keeps",
    "the",
    "library",
    "that",
    "should",
    "not",
    "exist",
    "tutor",
    "of",
    "maths",
)
COMMON = (
    "的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生"
    "自会那后能对着事其里所去行过家十用发天如然作方成者多日都三小军二无同么经法当起与"
    "好看学进种将还分此心前面又定见只主没公从诗月酒山水风花雪夜书剑"
)


def personas() -> list[Any]:
    """As a collector has them: Chinese and English, a few tags each."""
    from zhiyin.ui.persona_values import PersonaItem, searched_text  # noqa: PLC0415 - Qt only where it is measured

    chance = random.Random(5000)

    def chinese(least: int, most: int) -> str:
        return "".join(chance.choice(COMMON) for _ in range(chance.randint(least, most)))

    def english(least: int, most: int) -> str:
        return " ".join(chance.choice(WORDS) for _ in range(chance.randint(least, most)))

    items = []
    for number in range(PERSONAS):
        han = number % 2 == 0
        name = chinese(2, 4) if han else english(1, 3).title()
        summary = chinese(20, 80) if han else english(10, 30)
        tags = tuple(dict.fromkeys(chinese(2, 2) if han else chance.choice(WORDS) for _ in range(chance.randint(0, 5))))
        picture = f"{number % PICTURES:064x}" if number % 4 < 2 else ""
        made = PersonaItem(
            number + 1,
            name,
            summary,
            tags,
            "maker",
            name[:1],
            chance.choice(("accent", "jade", "ochre", "slate")),
            picture,
            builtin=number % 300 == 0,
            created=float(number),
            searched=searched_text(name, "maker", summary, tags),
        )
        items.append(made)
    return items


def write_pictures(folder: Path) -> None:
    """Thumbnails as they are kept: 256 pixels square, of many colours."""
    from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter  # noqa: PLC0415 - the same

    for number in range(PICTURES):
        image = QImage(256, 256, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        ground = QLinearGradient(0, 0, 256, 256)
        ground.setColorAt(0, QColor.fromHsv(number * 7 % 360, 120, 200))
        ground.setColorAt(1, QColor.fromHsv(number * 13 % 360, 160, 90))
        painter.fillRect(image.rect(), ground)
        painter.end()
        image.save(str(folder / f"{number:064x}.thumb.png"))


def spread(name: str, took: list[float]) -> list[dict[str, Any]]:
    """The median, the 99th of a hundred and the longest, all of which must fit into a frame."""
    ordered = sorted(took)
    return [
        at_most(f"gallery: {name}, median", statistics.median(ordered), FRAME, "ms"),
        at_most(f"gallery: {name}, 99 %", ordered[int(len(ordered) * 0.99)], FRAME, "ms"),
        noted(f"gallery: {name}, longest", ordered[-1], "ms"),
    ]


def run() -> list[dict[str, Any]]:
    """Measure in this process, without a screen."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication  # noqa: PLC0415 - the same

    from zhiyin.ui.persona_view import PersonaView  # noqa: PLC0415 - the same
    from zhiyin.ui.pictures import pictures  # noqa: PLC0415 - the same
    from zhiyin.ui.theme import apply_theme  # noqa: PLC0415 - the same

    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    apply_theme(app, "light")
    with tempfile.TemporaryDirectory() as name:
        write_pictures(Path(name))
        pictures().set_folder(Path(name))
        view = PersonaView()
        view.resize(*SIZE)
        view.show()
        items = personas()
        gc.collect()
        began = time.perf_counter()
        view.set_items(items)
        app.processEvents()
        listed = (time.perf_counter() - began) * 1000
        wheel = scrolled(app, view, WHEEL)
        pages = scrolled(app, view, PAGE)
        letters = searched(app, view)
        held = pictures().held_bytes
        view.close()
        view.deleteLater()
        app.processEvents()
    return [
        noted(f"gallery: put {PERSONAS:,} personas into the list", listed, "ms"),
        *spread(f"a frame of {PERSONAS:,} personas under the wheel", wheel),
        at_most("gallery: a frame in which a whole page is new, median", statistics.median(pages), FRAME, "ms"),
        noted("gallery: a frame in which a whole page is new, longest", max(pages), "ms"),
        at_most(f"gallery: a letter of a search among {PERSONAS:,}, median", statistics.median(letters), FRAME, "ms"),
        at_most(f"gallery: a letter of a search among {PERSONAS:,}, longest", max(letters), FRAME, "ms"),
        at_most("gallery: pictures in memory", held / 2**20, 24, "MiB"),
    ]


def scrolled(app: Any, view: Any, by: int) -> list[float]:
    """Milliseconds of each frame: moving the content and painting it; pictures that arrive meanwhile are taken up as they come."""
    listing = view.gallery().list
    bar = listing.verticalScrollBar()
    bar.setValue(0)
    listing.viewport().repaint()
    took = []
    for frame in range(FRAMES):
        began = time.perf_counter()
        bar.setValue(frame * by % max(1, bar.maximum()))
        app.processEvents()
        took.append((time.perf_counter() - began) * 1000)
        time.sleep(max(0.0, (FRAME - took[-1]) / 1000))  # as a screen waits
    return took


def searched(app: Any, view: Any) -> list[float]:
    """Milliseconds from a letter to the list that fits; it is painted in the next frame."""
    search = view.gallery().search
    took = []
    for text in SEARCHES:
        began = time.perf_counter()
        search.setText(text)
        took.append((time.perf_counter() - began) * 1000)
        app.processEvents()
    search.clear()
    return took
