"""What an empty conversation shows: a seal and one line."""

from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from zhiyin.ui.seal import paint_seal, seal_color
from zhiyin.ui.theme import STEP, theme, theme_signals, ui_font

SEAL_SIZE = 56


class EmptyState(QWidget):
    """Painted in the middle of the room it has; a line of the owner's takes the place of the usual one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._character = "知"
        self._role = "accent"
        self.setFont(ui_font(12.5))
        theme_signals().changed.connect(self.update)
        self.retranslateUi()

    def set_seal(self, character: str, colour_role: str = "accent") -> None:
        """The persona's seal."""
        self._character, self._role = character or "知", colour_role
        self.update()

    def line(self) -> str:
        """What is shown below the seal."""
        return self.tr("Say something, and it will answer.")

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.setAccessibleName(self.line())
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The seal a little above the middle, the line below it."""
        painter = QPainter(self)
        look = theme()
        top = max(STEP, self.height() * 0.42 - SEAL_SIZE)
        paint_seal(painter, QRectF((self.width() - SEAL_SIZE) / 2, top, SEAL_SIZE, SEAL_SIZE), self._character, seal_color(self._role))
        painter.setPen(look.color("ink.soft"))
        room = QRectF(4 * STEP, top + SEAL_SIZE + 5 * STEP, self.width() - 8 * STEP, 20 * STEP)
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        painter.drawText(room, int(flags) | int(Qt.TextFlag.TextWordWrap), self.line())
        painter.end()
