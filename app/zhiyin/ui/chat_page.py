"""The page of a conversation: header, transcript or empty state, composer, context meter, and room for messages."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from zhiyin.ui.banner import BannerSlot
from zhiyin.ui.budget_bar import BudgetBar
from zhiyin.ui.cast_bar import CastBar
from zhiyin.ui.chat_header import ChatHeader
from zhiyin.ui.composer import Composer
from zhiyin.ui.context_meter import ContextMeter
from zhiyin.ui.empty_state import EmptyState
from zhiyin.ui.pictures import picture_of
from zhiyin.ui.reading_column import reading_column
from zhiyin.ui.theme import STEP
from zhiyin.ui.transcript.view import TranscriptView


class ChatPage(QWidget):
    """Lays its parts out in the centred reading column."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = ChatHeader(self)
        self.banner_slot = BannerSlot()
        self.transcript = TranscriptView(self)
        # Always there (and unseen while there is nothing to scroll), so that the text does not move when it is first needed.
        self.transcript.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.empty_state = EmptyState(self)
        self.cast = CastBar(picture_of, self)
        self.composer = Composer(self)
        self.budget = BudgetBar(self)
        self.footer = ContextMeter(self)
        self.middle = QStackedWidget(self)
        self.middle.addWidget(self.empty_state)
        self.middle.addWidget(self.transcript)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, STEP)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addLayout(self.banner_slot)
        layout.addWidget(self.middle, 1)
        layout.addLayout(reading_column(self.cast, inset=4 * STEP))
        layout.addLayout(reading_column(self.composer))
        layout.addSpacing(STEP)
        layout.addLayout(reading_column(self.budget, inset=4 * STEP))
        layout.addLayout(reading_column(self.footer, inset=4 * STEP))

    def show_empty(self, empty: bool) -> None:  # noqa: FBT001 - a state, as in Qt's setters
        """The seal and one line in place of a transcript without turns."""
        self.middle.setCurrentWidget(self.empty_state if empty else self.transcript)

    def bottom_height(self) -> int:
        """Height of the composer and what is below it."""
        return self.height() - self.middle.geometry().bottom()
