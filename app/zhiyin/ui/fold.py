"""A heading that opens and closes what is below it; the owner shows and hides that on ``toggled``."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from zhiyin.ui.icons import icon
from zhiyin.ui.theme import theme_signals


class Fold(QPushButton):
    """A heading that opens what is below it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setProperty("kind", "fold")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.toggled.connect(self._draw)
        theme_signals().changed.connect(self._draw)
        self._draw()

    def set_text(self, text: str) -> None:
        """What it is called."""
        self.setText(text)
        self.setAccessibleName(text)

    def _draw(self) -> None:
        self.setIcon(icon("caret-down" if self.isChecked() else "caret-right", 12))
