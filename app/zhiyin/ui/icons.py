"""Line icons of the Phosphor family, drawn from the font that qtawesome carries.

qtawesome itself is not imported: it loads every font that it carries, half a second and 45 MB for what is
here one font file and a few outlines.
"""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPainterPath, QPixmap, QRawFont, QTransform

from zhiyin.ui.theme import theme

_EM = 256.0


@cache
def _font_files() -> tuple[Path, Path]:
    spec = find_spec("qtawesome")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("qtawesome is not installed")
    fonts = Path(spec.origin).parent / "fonts"
    return max(fonts.glob("phosphor-*.ttf")), max(fonts.glob("phosphor-charmap-*.json"))


@cache
def _raw_font() -> QRawFont:
    return QRawFont(str(_font_files()[0]), _EM)


@cache
def _code_points() -> dict[str, str]:
    table: dict[str, str] = json.loads(_font_files()[1].read_text(encoding="utf-8"))
    return table


@cache
def icon_path(name: str) -> QPainterPath:
    """The outline of an icon in a square of 256; names are Phosphor's ("plus", "gear-six", "stop-fill"); KeyError if there is none."""
    font = _raw_font()
    glyph = font.glyphIndexesForString(chr(int(_code_points()[name], 16)))[0]
    # Phosphor's glyphs fill the em square from the descender up.
    return QTransform.fromTranslate(0.0, font.ascent() * _EM / (font.ascent() + font.descent())).map(font.pathForGlyph(glyph))


def paint_icon(painter: QPainter, rect: QRectF, name: str, color: QColor) -> None:
    """Paint an icon as large as fits into the rectangle, centred."""
    path = icon_path(name)
    side = min(rect.width(), rect.height())
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(rect.center() - QPointF(side / 2, side / 2))
    painter.scale(side / _EM, side / _EM)
    painter.fillPath(path, color)
    painter.restore()


def icon_pixmap(name: str, size: int = 20, color: QColor | None = None) -> QPixmap:
    """An icon as a picture at the screen's density; ink-soft unless a colour is given."""
    icon_path(name)  # an unknown name is told before a painter is open on the picture
    app = QGuiApplication.instance()
    ratio = app.devicePixelRatio() if isinstance(app, QGuiApplication) else 1.0
    pixmap = QPixmap(QSize(size, size) * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    paint_icon(painter, QRectF(0, 0, size, size), name, color or theme().color("ink.soft"))
    painter.end()
    return pixmap


def icon(name: str, size: int = 20, role: str = "ink.soft") -> QIcon:
    """An icon in the current theme's colours: make it anew when the theme changes (``IconButton`` does)."""
    result = QIcon(icon_pixmap(name, size, theme().color(role)))
    result.addPixmap(icon_pixmap(name, size, theme().color("ink.faint")), QIcon.Mode.Disabled)
    return result
