"""Messages above the transcript: one sentence each, with what can be done about it. At most three at once."""

from collections.abc import Sequence
from typing import Literal

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.icons import paint_icon
from zhiyin.ui.reading_column import fill_reading_column, reading_column
from zhiyin.ui.theme import STEP, theme, theme_signals
from zhiyin.ui.wording import Wording, worded

Kind = Literal["info", "warning", "error"]
LOOKS: dict[Kind, tuple[str, str]] = {"info": ("info", "slate"), "warning": ("warning", "ochre"), "error": ("warning-circle", "accent")}
MOST = 3
CHROME = 22 * STEP  # pixels of a message beside its sentence and buttons
LEAST_TEXT = 360  # pixels for a sentence beside its buttons


class Banner(QWidget):
    """Stacks messages, the newest last; a fourth pushes the oldest out, an equal text takes the old one's place."""

    action = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 2 * STEP)
        self._rows.setSpacing(STEP)
        self._messages: list[_Message] = []
        self.hide()

    def show_message(self, text: Wording, kind: Kind = "info", actions: Sequence[tuple[str, Wording]] = (), *, key: str = "") -> None:
        """Show a sentence with buttons (id, label). Words given as functions follow the language.

        A later message with the same ``key`` replaces it, and ``dismiss`` takes it away by that key; without one the text is the key.
        """
        key = key or worded(text)
        self.dismiss(key)
        while len(self._messages) >= MOST:
            self._remove(self._messages[0])
        message = _Message(key, text, kind, actions, self)
        message.action.connect(self._acted)
        message.close_requested.connect(lambda: self._remove(message))
        self._messages.append(message)
        self._rows.addWidget(message)
        self.show()

    def dismiss(self, key: str) -> None:
        """Take away the message with this key, if it is shown."""
        for message in [message for message in self._messages if message.key == key]:
            self._remove(message)

    def clear(self) -> None:
        """Take away all messages."""
        for message in list(self._messages):
            self._remove(message)

    def texts(self) -> list[str]:
        """What is shown, oldest first."""
        return [message.label.text() for message in self._messages]

    def messages(self) -> list["_Message"]:
        """The rows shown, oldest first."""
        return list(self._messages)

    def _acted(self, identifier: str) -> None:
        sender = next((message for message in self._messages if message.acted == identifier), None)
        if sender is not None:
            self._remove(sender)
        self.action.emit(identifier)

    def _remove(self, message: "_Message") -> None:
        self._messages.remove(message)
        self._rows.removeWidget(message)
        message.hide()
        message.deleteLater()
        self.setVisible(bool(self._messages))


class BannerSlot(QVBoxLayout):
    """Where a page shows the banner: the window has one, and it goes with the page on show."""

    def __init__(self) -> None:
        super().__init__()
        self._column = reading_column()
        self.setContentsMargins(0, 0, 0, 0)
        self.addLayout(self._column)

    def take(self, banner: Banner) -> None:
        """Show the banner here."""
        fill_reading_column(self._column, banner)


class _Message(QWidget):
    action = Signal(str)
    close_requested = Signal()

    def __init__(self, key: str, text: Wording, kind: Kind, actions: Sequence[tuple[str, Wording]], parent: QWidget) -> None:
        super().__init__(parent)
        self.key = key
        self.acted = ""
        self._symbol, self._role = LOOKS[kind]
        self._text = text
        self._labels = [label for _, label in actions]
        self.label = QLabel(self)
        self.label.setWordWrap(True)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10 * STEP, STEP + 2, STEP, STEP + 2)
        layout.setSpacing(2 * STEP)
        self.buttons = [self._button(identifier) for identifier, _ in actions]
        self._buttons_width = 0
        self._body = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._body.setSpacing(2 * STEP)
        self._body.addWidget(self.label, 1)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._row.setSpacing(2 * STEP)
        for button in self.buttons:
            self._row.addWidget(button)
        self._body.addLayout(self._row)
        self._body.setAlignment(self._row, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        layout.addLayout(self._body, 1)
        self.close_button = IconButton("x", self, size=14)
        self.close_button.clicked.connect(self.close_requested)
        layout.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignVCenter)
        theme_signals().changed.connect(self.update)
        self.retranslateUi()

    def _button(self, identifier: str) -> QPushButton:
        button = QPushButton(self)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(lambda: self._press(identifier))
        return button

    def _press(self, identifier: str) -> None:
        self.acted = identifier
        self.action.emit(identifier)

    def retranslateUi(self) -> None:
        text = worded(self._text)
        self.label.setText(text)
        self.setAccessibleName(text)
        for button, label in zip(self.buttons, self._labels, strict=True):
            button.setText(worded(label))
        self._buttons_width = sum(button.sizeHint().width() + 2 * STEP for button in self.buttons)
        self._fold()
        self.close_button.set_hint(self.tr("Close"))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The buttons go below the sentence where it would become a narrow column beside them."""
        super().resizeEvent(event)
        self._fold()

    def _fold(self) -> None:
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._body.setDirection(across if not self.buttons or self.width() - self._buttons_width >= LEAST_TEXT else down)
        self._row.setDirection(across if self.width() - self._buttons_width >= CHROME else down)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(480, super().sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        look = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.color("wash"))
        painter.drawRoundedRect(self.rect(), STEP, STEP)
        painter.setBrush(look.color(self._role))
        painter.drawRoundedRect(QRectF(0, 0, 3, self.height()), 1.5, 1.5)
        paint_icon(painter, QRectF(3 * STEP, (self.height() - 20) / 2, 20, 20), self._symbol, look.color(self._role))
        painter.end()
