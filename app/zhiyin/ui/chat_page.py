"""The page of a conversation: header, messages, transcript or empty state, composer, context meter."""

from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from zhiyin.ui.banner import Banner
from zhiyin.ui.chat_header import ChatHeader
from zhiyin.ui.composer import Composer
from zhiyin.ui.context_meter import ContextMeter
from zhiyin.ui.empty_state import EmptyState
from zhiyin.ui.theme import STEP
from zhiyin.ui.tokens import READING_WIDTH
from zhiyin.ui.transcript.view import TranscriptView

SIDE_MARGIN = 4 * STEP


class ChatPage(QWidget):
    """Lays its parts out in the centred reading column."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = ChatHeader(self)
        self.banner = Banner(self)
        self.transcript = TranscriptView(self)
        self.empty_state = EmptyState(self)
        self.composer = Composer(self)
        self.footer = ContextMeter(self)
        self.middle = QStackedWidget(self)
        self.middle.addWidget(self.empty_state)
        self.middle.addWidget(self.transcript)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, STEP)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addLayout(column(self.banner))
        layout.addWidget(self.middle, 1)
        layout.addLayout(column(self.composer))
        layout.addLayout(column(self.footer, inset=STEP))

    def show_empty(self, empty: bool) -> None:  # noqa: FBT001 - a state, as in Qt's setters
        """The seal and one line in place of a transcript without turns."""
        self.middle.setCurrentWidget(self.empty_state if empty else self.transcript)

    def bottom_height(self) -> int:
        """Height of the composer and what is below it."""
        return self.height() - self.middle.geometry().bottom()


def column(widget: QWidget, *, inset: int = 0) -> QHBoxLayout:
    """A layout that keeps a widget in the centred reading column."""
    widget.setMaximumWidth(READING_WIDTH + 8 * STEP - 2 * inset)
    layout = QHBoxLayout()
    layout.setContentsMargins(SIDE_MARGIN + inset, 0, SIDE_MARGIN + inset, 0)
    layout.addStretch(1)
    layout.addWidget(widget, 1000)
    layout.addStretch(1)
    return layout
