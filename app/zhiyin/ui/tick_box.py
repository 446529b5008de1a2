"""A check box in the app's look."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QWidget

from zhiyin.ui.icons import paint_icon
from zhiyin.ui.theme import STEP, theme, theme_signals

TICK = 16


class TickBox(QCheckBox):
    """Painted; without a text of its own it wants an accessible name."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme_signals().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """The box with its words."""
        words = self.fontMetrics().horizontalAdvance(self.text()) + 2 * STEP if self.text() else 0
        return QSize(TICK + 4 + words, max(TICK + 4, self.fontMetrics().height() + 2))

    def minimumSizeHint(self) -> QSize:
        """The same."""
        return self.sizeHint()

    def hitButton(self, pos: object) -> bool:  # noqa: N802, ARG002 - Qt's name; all of it is the button
        """All of it."""
        return True

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Ink when ticked, a line when not."""
        look = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(2.5, (self.height() - TICK) / 2 + 0.5, TICK - 1, TICK - 1)
        painter.setPen(look.color("accent" if self.hasFocus() else "ink" if self.isChecked() else "ink.faint"))
        painter.setBrush(look.color("ink" if self.isChecked() else "raised"))
        painter.drawRoundedRect(box, 4, 4)
        if self.isChecked():
            paint_icon(painter, box.adjusted(2, 2, -2, -2), "check", look.color("paper"))
        painter.setPen(look.color("ink"))
        words = QRectF(self.rect()).adjusted(TICK + 4 + 2 * STEP, 0, 0, 0)
        painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter), self.text())
        painter.end()
