"""How far a download is and how fast it came, in one picture: across how far, upwards how fast at that place."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from zhiyin.ui.amounts import percent_text
from zhiyin.ui.theme import theme, theme_signals

HEIGHT = 34
LOW = 10  # without speeds
TRACK = 4  # the bar below the speeds
ROOM = 1.15  # above the greatest speed


class DownloadGraph(QWidget):
    """A bar, and above its filled part the speed so far."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._speeds: tuple[tuple[float, float], ...] = ()
        self._role = "accent"
        self._fraction = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(LOW)
        theme_signals().changed.connect(self.update)

    def show_progress(self, fraction: float, speeds: Sequence[tuple[float, float]], role: str, *, tall: bool) -> None:
        """``speeds`` are pairs of how far it was (0 to 1) and how fast up to there, in order; ``role`` is the colour."""
        self._fraction = max(0.0, min(1.0, fraction))
        self._speeds, self._role = tuple(speeds) if tall else (), role
        self.setFixedHeight(HEIGHT if tall else LOW)
        self.setAccessibleDescription(percent_text(int(self._fraction * 100) / 100))
        self.update()

    def fraction(self) -> float:
        """How far it shows, from 0 to 1."""
        return self._fraction

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A track with its filled part, and above that the speeds."""
        look = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        across, base = float(self.width()), float(self.height() - TRACK)
        reached = across * self._fraction
        above = QRectF(0, 0, across, base - 1)
        if len(self._speeds) > 1:
            self._paint_speeds(painter, above)
        painter.setPen(QPen(look.color("line"), 0))
        painter.setBrush(look.color("line"))
        painter.drawRoundedRect(QRectF(0, base, across, TRACK), TRACK / 2, TRACK / 2)
        if reached > 0:
            painter.setPen(QPen(look.color(self._role), 0))
            painter.setBrush(look.color(self._role))
            painter.drawRoundedRect(QRectF(0, base, max(reached, TRACK), TRACK), TRACK / 2, TRACK / 2)
        painter.end()

    def _paint_speeds(self, painter: QPainter, area: QRectF) -> None:
        """The area below the speeds, in steps: each pair holds from the one before it."""
        look = theme()
        top = max(speed for _, speed in self._speeds) * ROOM
        if top <= 0:
            return
        line = QPainterPath()
        before = self._speeds[0][0]
        for number, (fraction, speed) in enumerate(self._speeds[1:]):
            height = area.bottom() - area.height() * min(1.0, speed / top)
            start = QPointF(area.width() * before, height)
            if number == 0:
                line.moveTo(start)
            else:
                line.lineTo(start)
            line.lineTo(QPointF(area.width() * min(1.0, fraction), height))
            before = fraction
        ground = QPainterPath(line)
        ground.lineTo(QPointF(line.currentPosition().x(), area.bottom()))
        ground.lineTo(QPointF(area.width() * self._speeds[0][0], area.bottom()))
        ground.closeSubpath()
        wash = look.color(self._role)
        wash.setAlphaF(0.16)
        painter.fillPath(ground, wash)
        painter.setPen(QPen(look.color(self._role), 1.2))
        painter.strokePath(line, painter.pen())
