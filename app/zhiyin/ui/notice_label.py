"""A sentence to be known, with a small sign before it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from zhiyin.ui.form_row import soft_label
from zhiyin.ui.icons import icon_pixmap
from zhiyin.ui.long_lines import break_long_words
from zhiyin.ui.theme import STEP, theme, theme_signals

SIGNS = {
    "info": ("info", "slate"),
    "warning": ("warning", "ochre"),
    "error": ("warning-circle", "accent"),
    "good": ("check-circle", "jade"),
}
SIGN_SIZE = 16


class NoticeLabel(QWidget):
    """Wrapped, to be selected and copied."""

    def __init__(self, text: str, parent: QWidget | None = None, *, kind: str = "info") -> None:
        super().__init__(parent)
        self._text = ""
        self._kind = kind
        self._sign = QLabel(self)
        self._sign.setFixedSize(SIGN_SIZE, SIGN_SIZE + 2)
        self.label = soft_label(self)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2 * STEP)
        layout.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.label, 1, Qt.AlignmentFlag.AlignTop)
        theme_signals().changed.connect(self._draw)
        self.set_text(text, kind)

    def set_text(self, text: str, kind: str = "") -> None:
        """Say something else; "" hides it."""
        self._kind = kind or self._kind
        self.label.setProperty("tone", "error" if self._kind == "error" else "soft")
        self.label.style().polish(self.label)
        self._text = text
        self.label.setText(break_long_words(text))
        self.setAccessibleName(text)
        self.setVisible(bool(text))
        self._draw()

    def text(self) -> str:
        """What is said."""
        return self._text

    def _draw(self) -> None:
        name, role = SIGNS[self._kind]
        self._sign.setPixmap(icon_pixmap(name, SIGN_SIZE, theme().color(role)))
