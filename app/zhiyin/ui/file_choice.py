"""A file that may be chosen, or not."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from zhiyin.ui.elided_label import ElidedLabel
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.theme import STEP


class FileChoice(QWidget):
    """A file that may be chosen: its name, a button, and a cross to go without."""

    choose_requested = Signal()
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._path = ""
        self._none = ""
        self.label = ElidedLabel(parent=self, middle=True)
        self.label.setProperty("tone", "soft")
        self.label.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.button = QPushButton(self)
        self.button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clear_button = IconButton("x", self, size=14)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2 * STEP)
        layout.addWidget(self.label, 1)
        layout.addWidget(self.clear_button)
        layout.addWidget(self.button)
        self.button.clicked.connect(self.choose_requested)
        self.clear_button.clicked.connect(lambda: self.choose(""))
        self.set_path("")

    def path(self) -> str:
        """The file, "" for none."""
        return self._path

    def set_path(self, path: str) -> None:
        """Show a file without announcing it."""
        self._path = path
        self.label.setText(path.replace("\\", "/").rsplit("/", 1)[-1] if path else self._none)
        self.clear_button.setVisible(bool(path))

    def choose(self, path: str) -> None:
        """Take a file, or none."""
        self.set_path(path)
        self.changed.emit()

    def set_words(self, name: str, none: str, choose: str, clear: str) -> None:
        """What it is, what stands for no file, on the button, and on the cross."""
        self._none = none
        self.button.setText(choose)
        self.button.setAccessibleName(f"{name}: {choose}")
        self.clear_button.set_hint(clear)
        self.set_path(self._path)
