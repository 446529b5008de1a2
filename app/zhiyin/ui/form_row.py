"""One line of a form: a name, a line of explanation below it, the control at the right."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from zhiyin.ui.theme import STEP, ui_font


class FormRow(QWidget):
    """Lays a control out beside its words, and lends it their name."""

    def __init__(self, control: QWidget | None, parent: QWidget) -> None:
        super().__init__(parent)
        self.title = QLabel(self)
        self.hint = soft_label(self)
        self.control = control
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.title)
        words.addWidget(self.hint)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4 * STEP)
        layout.addLayout(words, 1)
        if control is not None:
            self.title.setBuddy(control)
            layout.addWidget(control, 0, Qt.AlignmentFlag.AlignVCenter)

    def set_words(self, title: str, hint: str) -> None:
        """The name, and the explanation ("" for none)."""
        self.title.setText(title)
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        if self.control is not None and not isinstance(self.control, QPushButton):
            self.control.setAccessibleName(title)


def soft_label(parent: QWidget) -> QLabel:
    """A label for what explains: small, in ink-soft, wrapped."""
    label = QLabel(parent)
    label.setProperty("tone", "soft")
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setFont(ui_font(9.5))
    return label
