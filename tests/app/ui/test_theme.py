"""Every text role is legible on every ground, in every variant; the theme follows its choice and says so."""

import importlib.util
import json
import re
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QFontMetricsF
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from zhiyin.ui import icons, seal, tokens
from zhiyin.ui.stylesheet import stylesheet
from zhiyin.ui.theme import Theme, apply_theme, mono_font, reading_font, theme, theme_signals, ui_font

pytestmark = pytest.mark.usefixtures("qapp")
UI = Path(icons.__file__).parent


def luminance(color: QColor) -> float:
    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF())


def contrast(one: QColor, other: QColor) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_formula_knows_black_on_white() -> None:
    assert contrast(QColor("black"), QColor("white")) == pytest.approx(21.0)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(("aaa", "least"), [(False, 4.5), (True, 7.0)])
def test_every_text_role_is_legible_on_every_ground(dark: bool, aaa: bool, least: float) -> None:
    look = Theme(dark=dark, contrast=aaa)
    pairs = [(text, ground) for text in tokens.TEXT_ROLES for ground in tokens.GROUNDS]
    pairs += [(text, fill) for fill, text in tokens.FILLS.items()] + [
        ("on.accent", "accent.hover"),
        ("ink", "hover"),
        ("ink.soft", "hover"),
    ]
    poor = {(text, ground): round(contrast(look.color(text), look.color(ground)), 2) for text, ground in pairs}
    assert {pair: ratio for pair, ratio in poor.items() if ratio < least} == {}


def test_variants_know_the_same_roles() -> None:
    assert tokens.LIGHT.keys() == tokens.DARK.keys() == tokens.LIGHT_CONTRAST.keys() == tokens.DARK_CONTRAST.keys()


def test_an_unknown_role_is_an_error() -> None:
    with pytest.raises(KeyError):
        Theme(dark=False).color("pink")


def test_the_sheet_leaves_no_token_open() -> None:
    assert "$" not in stylesheet(tokens.LIGHT)


def test_no_colour_is_written_outside_the_tokens() -> None:
    sources = [path for path in UI.rglob("*.py") if path.name not in {"tokens.py", "code_colors.py"}]  # the latter: syntax colours
    assert sources
    assert [path.name for path in sources if re.search(r"#[0-9A-Fa-f]{6}\b", path.read_text(encoding="utf-8"))] == []


def test_changing_the_theme_is_announced_once(qapp: QApplication, qtbot: QtBot) -> None:
    apply_theme(qapp, "light")
    heard: list[bool] = []
    theme_signals().changed.connect(lambda: heard.append(theme().dark))
    apply_theme(qapp, "dark")
    apply_theme(qapp, "dark")
    label = QLabel("墨")
    qtbot.addWidget(label)
    assert label.palette().windowText().color() == QColor(tokens.DARK["ink"])
    apply_theme(qapp, "light")
    assert heard == [True, False]


def test_fonts_have_their_sizes_and_a_chinese_fallback() -> None:
    assert ui_font().pointSizeF() == 10.5
    assert reading_font().pointSizeF() == 11.5
    assert set(tokens.CJK_SANS) <= set(ui_font().families())
    assert set(tokens.CJK_MONO) <= set(mono_font().families())
    metrics = QFontMetricsF(mono_font())
    assert metrics.horizontalAdvance("i") == metrics.horizontalAdvance("W")


def test_every_icon_named_in_the_sources_exists() -> None:
    table = json.loads(icons._font_files()[1].read_text(encoding="utf-8"))
    names = set()
    for path in UI.rglob("*.py"):
        names |= set(re.findall(r"(?:IconButton|icon|icon_pixmap|icon_path)\(\s*\"([a-z-]+)\"", path.read_text(encoding="utf-8")))
    assert names
    assert names - set(table) == set()


def test_an_icon_is_drawn_inside_its_square_in_its_colour() -> None:
    image = icons.icon_pixmap("stop-fill", 20, QColor("red")).toImage()
    assert image.pixelColor(10, 10) == QColor("red")
    for name in ("gear-six", "cpu", "folder-open", "dots-three"):
        bounds = icons.icon_path(name).boundingRect()
        assert bounds.left() >= 0 and bounds.top() >= 0 and bounds.right() <= 256 and bounds.bottom() <= 256
    with pytest.raises(KeyError):
        icons.icon_pixmap("no-such-icon")


def test_qtawesome_is_not_imported_for_icons() -> None:
    assert importlib.util.find_spec("qtawesome") is not None
    assert "import qtawesome" not in Path(icons.__file__).read_text(encoding="utf-8")


def test_a_seal_shows_its_character_on_its_colour() -> None:
    colour = QColor(tokens.LIGHT["accent"])
    picture = seal.seal_pixmap("知", colour, 48)
    image = picture.toImage()
    assert picture.deviceIndependentSize().toSize() == QSize(48, 48)
    assert image.pixelColor(24, 2) == colour
    ink = sum(image.pixelColor(x, y).lightnessF() > 0.9 for x in range(48) for y in range(48))
    assert 150 < ink < 1200
    blank = seal.seal_pixmap(" ", colour, 48).toImage()
    assert blank.pixelColor(24, 24) == colour
