"""The widgets of the page of conversions, in one column; ``ConversionPage`` fills them and hears them."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QScrollArea, QVBoxLayout, QWidget

from zhiyin.ui.conversion_form import ConversionForm
from zhiyin.ui.drop_area import DropArea
from zhiyin.ui.elided_label import ElidedLabel
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.job_list import JobList
from zhiyin.ui.notice_label import NoticeLabel
from zhiyin.ui.theme import STEP, ui_font
from zhiyin.ui.tokens import HEADER_HEIGHT

WIDTH = 720
MOST = 1000  # a stretch that leaves nothing to others


class ConversionContent(QWidget):
    """A bar above, and below it what scrolls: messages, the checkpoint, the jobs."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.top = QWidget(parent)
        self.top.setFixedHeight(HEADER_HEIGHT)
        self.back_button = IconButton("arrow-left", parent)
        self.heading = QLabel(parent)
        self.heading.setFont(ui_font(11.5))
        bar = QHBoxLayout(self.top)
        bar.setContentsMargins(2 * STEP, 0, 2 * STEP, 0)
        bar.setSpacing(2 * STEP)
        bar.addWidget(self.back_button)
        bar.addWidget(self.heading, 1)
        self.drop_area = DropArea(self)
        self.message = NoticeLabel("", self)
        self.looking = QWidget(self)
        self.looking_title = QLabel(self.looking)
        self.looking_at = ElidedLabel(parent=self.looking, middle=True)
        self.looking_at.setProperty("tone", "soft")
        self.looking_bar = QProgressBar(self.looking)
        self.looking_bar.setRange(0, 0)
        self.looking_bar.setTextVisible(False)
        self.cancel_button = QPushButton(self.looking)
        self.cancel_button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.form = ConversionForm(self)
        self.jobs = JobList(self)
        self.area = QScrollArea(parent)
        self._lay_out()
        self.retranslateUi()

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.looking_title)
        words.addWidget(self.looking_at)
        line = QHBoxLayout()
        line.setSpacing(4 * STEP)
        line.addLayout(words, 1)
        line.addWidget(self.cancel_button)
        looking = QVBoxLayout(self.looking)
        looking.setContentsMargins(0, 4 * STEP, 0, 4 * STEP)
        looking.setSpacing(3 * STEP)
        looking.addLayout(line)
        looking.addWidget(self.looking_bar)
        inner = QWidget(self)
        inner.setMaximumWidth(WIDTH)
        column = QVBoxLayout(inner)
        column.setContentsMargins(6 * STEP, 2 * STEP, 6 * STEP, 6 * STEP)
        column.setSpacing(4 * STEP)
        column.addWidget(self.message)
        column.addWidget(self.drop_area, MOST)
        column.addWidget(self.looking)
        column.addWidget(self.form)
        column.addWidget(self.jobs)
        column.addStretch(1)
        self._column = column
        centre = QHBoxLayout(self)
        centre.setContentsMargins(0, 0, 0, 0)
        centre.addStretch(1)
        centre.addWidget(inner, 1000)
        centre.addStretch(1)
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # unseen while there is nothing to scroll
        self.area.setWidget(self)

    def set_compact(self, compact: bool) -> None:  # noqa: FBT001 - a state, as in Qt's setters
        """Whether there are jobs: without any, the place to drop a folder takes the page."""
        self.drop_area.set_compact(compact)
        self._column.setStretchFactor(self.drop_area, 0 if compact else MOST)

    def show_jobs(self) -> None:
        """Bring the newest job into view."""
        cards = list(self.jobs.cards().values())
        if cards:
            self.area.ensureWidgetVisible(self.jobs.heading, 0, STEP)

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.heading.setText(self.tr("Convert a checkpoint"))
        self.back_button.set_hint(self.tr("Back"), "Esc")
        self.looking_title.setText(self.tr("Looking at the checkpoint…"))
        self.cancel_button.setText(self.tr("Cancel"))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()
