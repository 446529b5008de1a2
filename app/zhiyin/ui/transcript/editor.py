"""Edits a turn where it stands: Enter accepts, Shift+Enter breaks the line, Esc leaves; an input method's Enter stays its own."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFont, QInputMethodEvent, QKeyEvent, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from zhiyin.ui.plain_text_field import PlainTextField
from zhiyin.ui.transcript.turn import TurnView


class MessageField(PlainTextField):
    """Enter accepts, Shift+Enter breaks the line, Esc leaves."""

    accepted = Signal()
    left = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._composing = False
        self.setTabChangesFocus(True)

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """Note whether something is being composed."""
        self._composing = bool(event.preeditString())
        super().inputMethodEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Nothing is composed without the focus."""
        self._composing = False
        super().focusOutEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Accept, break or leave."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not self._composing:
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self.textCursor().insertText("\n")
                self.ensureCursorVisible()
            else:
                self.accepted.emit()
        else:
            super().keyPressEvent(event)


class TurnEditor(QWidget):
    """An editor over a turn's text. ``accepted`` carries the new text; ``resized`` says that it wants another height.

    While it has to wait for a reply that is being written, it can be typed in, but accepts nothing.
    """

    accepted = Signal(int, str)
    left = Signal()
    resized = Signal()

    def __init__(self, turn: TurnView, text: str, font: QFont, parent: QWidget) -> None:
        super().__init__(parent)
        self.turn = turn
        self._waits = False
        self.field = MessageField(self)
        self.field.setFont(font)
        self.field.set_text(text)
        self.field.moveCursor(QTextCursor.MoveOperation.End)
        self._hint = QLabel(self)
        self._hint.setProperty("tone", "soft")
        self._cancel = QPushButton(self)
        self._accept = QPushButton(self)
        self._accept.setProperty("kind", "primary")
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._hint, 1)
        row.addWidget(self._cancel)
        row.addWidget(self._accept)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.field, 1)
        column.addLayout(row)
        self.setFocusProxy(self.field)
        self.field.accepted.connect(self._take)
        self.field.left.connect(self.left)
        self._accept.clicked.connect(self._take)
        self._cancel.clicked.connect(self.left)
        self.field.document().documentLayout().documentSizeChanged.connect(lambda _size: self.resized.emit())
        self.retranslateUi()

    def set_waiting(self, waits: bool) -> None:  # noqa: FBT001 - a state, as in Qt's setters
        """Whether what is typed cannot be accepted yet."""
        if waits != self._waits:
            self._waits = waits
            self._accept.setEnabled(not waits)
            self.retranslateUi()

    def unfinished(self) -> str | None:
        """What is typed, if it is not what the turn says."""
        text = self.field.text()
        return text if text != self.turn.text else None

    def _take(self) -> None:
        text = self.field.text()
        if text.strip() and not self._waits:
            self.accepted.emit(self.turn.id, text)

    def wanted_height(self, most: int) -> int:
        """The height that shows the whole text, within bounds."""
        lines = self.field.document().size().height()  # a plain-text layout counts in lines
        margins = 2 * self.field.document().documentMargin() + 2 * self.field.frameWidth() + 12
        text = int(lines * self.field.fontMetrics().lineSpacing() + margins)
        return max(88, min(text + 8 + self._accept.sizeHint().height(), most))

    def retranslateUi(self) -> None:
        """Name the buttons in the language in force."""
        usual = self.tr("Enter accepts, Shift+Enter breaks the line, Esc leaves")
        self._hint.setText(self.tr("A reply is being written; this can be sent once it has ended") if self._waits else usual)
        self._cancel.setText(self.tr("Cancel"))
        self._accept.setText(self.tr("Send again") if self.turn.role == "user" else self.tr("Save"))
        self.field.setAccessibleName(self.tr("Edit this message"))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()
        super().changeEvent(event)
