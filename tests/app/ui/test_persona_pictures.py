"""Pictures of personas: a seal at once, the picture when it is read, bounded memory, no name that leads elsewhere."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QImage, QPixmap
from pytestqt.qtbot import QtBot

from zhiyin.prompt.builtin import KEYS
from zhiyin.ui.pictures import Pictures, drawn_png, ground_color
from zhiyin.ui.seal import seal_color

BLUE = QColor("#204080")


@pytest.fixture
def of(tmp_path: Path) -> Iterator[Pictures]:
    made = Pictures(tmp_path)
    yield made
    made.close()


def stored(folder: Path, number: int, color: QColor = BLUE, side: int = 64) -> str:
    name = f"{number:064x}"
    image = QImage(side, side, QImage.Format.Format_RGB32)
    image.fill(color)
    folder.mkdir(parents=True, exist_ok=True)
    assert image.save(str(folder / f"{name}.thumb.png"))
    return name


def middle(pixmap: QPixmap) -> QColor:
    return pixmap.toImage().pixelColor(pixmap.width() // 2, pixmap.height() // 2)


def corner(pixmap: QPixmap) -> QColor:
    return pixmap.toImage().pixelColor(pixmap.width() // 2, 3)


def test_a_seal_stands_until_the_picture_is_read(qtbot: QtBot, of: Pictures, tmp_path: Path) -> None:
    name = stored(tmp_path, 1)
    with qtbot.waitSignal(of.arrived) as arrived:
        first = of.pixmap(name, 40, seal="李", color="jade", ratio=2.0)
    assert first.width() == 80
    assert first.devicePixelRatio() == 2.0
    assert corner(first) == seal_color("jade")
    assert arrived.args == [name]
    assert middle(of.pixmap(name, 40, seal="李", color="jade", ratio=2.0)) == BLUE
    assert of.pixmap(name, 40, ratio=2.0).toImage().pixelColor(0, 0).alpha() == 0  # round as a seal


def test_memory_stays_bounded(qtbot: QtBot, tmp_path: Path) -> None:
    of = Pictures(tmp_path, most_bytes=10 * 32 * 32 * 4)
    for number in range(30):
        with qtbot.waitSignal(of.arrived):
            of.pixmap(stored(tmp_path, number), 32, seal=chr(0x4E00 + number), ratio=1.0)
        assert 0 < of.held_bytes <= 10 * 32 * 32 * 4
    assert middle(of.pixmap(stored(tmp_path, 29), 32, ratio=1.0)) == BLUE
    of.close()


def test_a_thousand_at_once_keep_only_the_last_waiting(of: Pictures) -> None:
    for number in range(1000):
        of.pixmap(f"{number:064x}", 32, seal="一", ratio=1.0)
    assert of.waiting <= 160


@pytest.mark.parametrize(
    "name",
    ["../secret", "asset:../../secret.svg", "asset:personas/../x.svg", "asset:icons/zhiyin.svg", "A" * 64, "f" * 63, "asset:", "\0"],
)
def test_no_name_leads_elsewhere(qtbot: QtBot, of: Pictures, tmp_path: Path, name: str) -> None:
    heard: list[str] = []
    of.arrived.connect(heard.append)
    assert corner(of.pixmap(name, 40, seal="x", ratio=1.0)) == seal_color()
    qtbot.waitUntil(lambda: of.waiting == 0)
    good = stored(tmp_path, 1)
    of.pixmap(good, 40, ratio=1.0)
    qtbot.waitUntil(lambda: good in heard)
    assert heard == [good]


def test_what_is_no_picture_is_asked_for_once(qtbot: QtBot, of: Pictures, tmp_path: Path) -> None:
    bad, good = "e" * 64, stored(tmp_path, 1)
    (tmp_path / f"{bad}.thumb.png").write_bytes(b"<html>")
    of.pixmap(bad, 40, seal="x", ratio=1.0)
    qtbot.waitUntil(lambda: of.waiting == 0)
    with qtbot.waitSignal(of.arrived) as arrived:  # it comes after the bad one
        of.pixmap(good, 40, ratio=1.0)
    assert arrived.args == [good]
    of.pixmap(bad, 40, seal="x", ratio=1.0)
    assert of.waiting == 0


@pytest.mark.parametrize("color", ["", "nonsense", "#fff", "#GGGGGG", "url(x)", "accent\0"])
def test_any_other_colour_is_the_seals_own(color: str) -> None:
    assert ground_color(color) == seal_color()


def test_a_pale_ground_is_made_dark_enough_for_its_character() -> None:
    assert ground_color("#FFFFFF").lightness() < 150
    assert ground_color("#204080") == BLUE


def test_a_file_that_comes_later_is_found_when_one_looks_again(qtbot: QtBot, of: Pictures, tmp_path: Path) -> None:
    of.pixmap(f"{5:064x}", 40, seal="x", ratio=1.0)
    qtbot.waitUntil(lambda: of.waiting == 0)
    with qtbot.waitSignal(of.arrived):  # what is asked for later is here: the first was looked for
        of.pixmap(stored(tmp_path, 6), 40, ratio=1.0)
    name = stored(tmp_path, 5)
    of.look_again()
    with qtbot.waitSignal(of.arrived):
        of.pixmap(name, 40, seal="x", ratio=1.0)


def test_every_drawn_avatar_can_be_drawn(qtbot: QtBot, of: Pictures) -> None:
    for key in KEYS:
        picture = f"asset:personas/{key}.svg"
        with qtbot.waitSignal(of.arrived):
            of.pixmap(picture, 40, seal="x", ratio=1.0)
        assert drawn_png(picture, "x", "", 64) != drawn_png("", "x", "", 64)
