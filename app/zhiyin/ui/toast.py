"""A short notice at the bottom with one way back. It leaves by itself, but not while the pointer rests on it."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from zhiyin.ui.theme import STEP
from zhiyin.ui.wording import Wording, worded

MARGIN = 3 * STEP


class UndoToast(QFrame):
    """Lies over its parent, centred near the bottom, above the composer.

    ``action`` and ``expired`` tell of messages that were shown without functions of their own.
    """

    action = Signal()
    expired = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self._text: Wording = ""
        self._action_label: Wording = ""
        self.setObjectName("toast")
        self.label = QLabel(self)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.button = QPushButton(self)
        self.button.setProperty("kind", "quiet")
        self.button.setCursor(Qt.CursorShape.PointingHandCursor)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(4 * STEP, STEP, STEP, STEP)
        layout.setSpacing(3 * STEP)
        layout.addWidget(self.label)
        layout.addWidget(self.button)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._expire)
        self._milliseconds = 0
        self._on_act: Callable[[], object] = self.action.emit
        self._on_gone: Callable[[], object] = self.expired.emit
        self._clearance = MARGIN
        self.button.clicked.connect(self._act)
        parent.installEventFilter(self)
        self.hide()

    def show_message(
        self,
        text: Wording,
        action_label: Wording,
        seconds: float = 8.0,
        *,
        act: Callable[[], object] | None = None,
        gone: Callable[[], object] | None = None,
    ) -> None:
        """Show a sentence with one button; a notice that is still there expires first. Words given as functions follow the language.

        ``act`` is called when the button is pressed, ``gone`` when the notice leaves without that.
        """
        self.dismiss()
        self._on_act, self._on_gone = (self.action.emit, self.expired.emit) if act is None else (act, gone or _nothing)
        self._text, self._action_label = text, action_label
        self._milliseconds = round(seconds * 1000)
        self.retranslateUi()
        self.show()
        self.raise_()
        self._timer.start(self._milliseconds)

    def dismiss(self) -> None:
        """Let a notice that is there leave now."""
        if self._timer.isActive() or self.isVisible():
            self._expire()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        text = worded(self._text)
        self.label.setText(text)
        self.button.setText(worded(self._action_label))
        self.setAccessibleName(text)
        self.adjustSize()
        self._place()

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def set_clearance(self, pixels: int) -> None:
        """How much at the bottom is kept free for what lies there."""
        self._clearance = pixels + MARGIN
        self._place()

    def remaining(self) -> int:
        """Milliseconds until it leaves; -1 while it waits under the pointer or is not shown."""
        return self._timer.remainingTime()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Wait while it is being read."""
        self._timer.stop()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """The time begins anew."""
        if self.isVisible():
            self._timer.start(self._milliseconds)
        super().leaveEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in place when the window's size changes."""
        if watched is self._over and event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        parent = self._over
        width = min(self.sizeHint().width(), parent.width() - 8 * STEP)
        self.setGeometry(
            (parent.width() - width) // 2, parent.height() - self.sizeHint().height() - self._clearance, width, self.sizeHint().height()
        )

    def _act(self) -> None:
        self._timer.stop()
        self.hide()
        self._on_act()

    def _expire(self) -> None:
        self._timer.stop()
        self.hide()
        self._on_gone()


def _nothing() -> None:
    """Nobody waits for the notice to leave."""
