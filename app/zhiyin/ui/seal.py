"""Seals: one character, white on its colour, as a persona signs with it."""

from functools import lru_cache

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QIcon, QPainter, QPainterPath, QPixmap, QTransform

from zhiyin.ui import tokens

_EM = 100.0


def seal_color(role: str = "accent") -> QColor:
    """The colour of a seal's ground: the same in every theme, as ink on a print is."""
    return QColor(tokens.LIGHT[role])


@lru_cache(maxsize=256)
def seal_path(character: str) -> QPainterPath:
    """The character's outline in a brush or serif face, its ink centred on the origin, its larger side 100 long; empty for blank."""
    font = QFont()
    font.setFamilies([*tokens.CJK_KAI, *tokens.CJK_SERIF, *tokens.LATIN_SERIF])
    font.setStyleHint(QFont.StyleHint.Serif)
    font.setPixelSize(int(_EM))
    font.setWeight(QFont.Weight.DemiBold)
    path = QPainterPath()
    path.addText(0, 0, font, character)
    ink = path.boundingRect()
    side = max(ink.width(), ink.height())
    if side <= 0:
        return QPainterPath()
    scale = _EM / side
    return (QTransform.fromTranslate(-ink.center().x(), -ink.center().y()) * QTransform.fromScale(scale, scale)).map(path)


def paint_seal(painter: QPainter, rect: QRectF, character: str, colour: QColor) -> None:
    """Paint a seal as large as fits into the rectangle, centred; the character is near white on any colour."""
    side = min(rect.width(), rect.height())
    square = QRectF(0, 0, side, side)
    square.moveCenter(rect.center())
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(square, side * 0.14, side * 0.14)
    painter.translate(square.center())
    painter.scale(side * 0.0066, side * 0.0066)
    painter.fillPath(seal_path(character[:1]), QColor(tokens.LIGHT["paper"]))
    painter.restore()


def seal_pixmap(character: str, colour: QColor, size: int = 24) -> QPixmap:
    """A seal as a picture at the screen's density."""
    app = QGuiApplication.instance()
    ratio = app.devicePixelRatio() if isinstance(app, QGuiApplication) else 1.0
    pixmap = QPixmap(QSize(size, size) * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    paint_seal(painter, QRectF(0, 0, size, size), character, colour)
    painter.end()
    return pixmap


def app_icon() -> QIcon:
    """The app's own seal, for the window and the task bar, drawn without loading an SVG renderer."""
    icon = QIcon()
    for size in (16, 24, 32, 48, 64, 128):
        icon.addPixmap(seal_pixmap("知", seal_color(), size))
    return icon
