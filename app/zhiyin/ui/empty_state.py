"""What an empty conversation shows: a seal and one line."""

from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from zhiyin.ui.pictures import pictures
from zhiyin.ui.theme import STEP, theme, theme_signals, ui_font

SEAL_SIZE = 56


class EmptyState(QWidget):
    """Painted in the middle of the room it has; a line of the owner's takes the place of the usual one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._character = "知"
        self._color = "accent"
        self._picture = ""
        self._name = ""
        self.setFont(ui_font(12.5))
        theme_signals().changed.connect(self.update)
        pictures().arrived.connect(self._picture_arrived)
        self.retranslateUi()

    def set_seal(self, character: str, color: str = "accent", *, picture: str = "", name: str = "") -> None:
        """The persona's seal or picture, and its name; "" for the plain assistant."""
        self._character, self._color, self._picture, self._name = character or "知", color, picture, name
        self.retranslateUi()

    def _picture_arrived(self, picture: str) -> None:
        if picture == self._picture:
            self.update()

    def line(self) -> str:
        """What is shown below the seal."""
        if self._name:
            return self.tr("Say something, and {name} will answer.").format(name=self._name)
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
        drawn = pictures().pixmap(self._picture, SEAL_SIZE, seal=self._character, color=self._color)
        painter.drawPixmap(QRectF((self.width() - SEAL_SIZE) / 2, top, SEAL_SIZE, SEAL_SIZE).topLeft(), drawn)
        painter.setPen(look.color("ink.soft"))
        room = QRectF(4 * STEP, top + SEAL_SIZE + 5 * STEP, self.width() - 8 * STEP, 20 * STEP)
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        painter.drawText(room, int(flags) | int(Qt.TextFlag.TextWordWrap), self.line())
        painter.end()
