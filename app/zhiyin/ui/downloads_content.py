"""The widgets of the view of downloads: a summary, the queue, the history; or a way to something to download."""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from zhiyin.ui.amounts import speed_text, time_left_text
from zhiyin.ui.download_history import DownloadHistory
from zhiyin.ui.download_list import DownloadList
from zhiyin.ui.form_row import soft_label
from zhiyin.ui.icons import icon_pixmap
from zhiyin.ui.notice_label import NoticeLabel
from zhiyin.ui.theme import STEP, theme, theme_signals, ui_font

WIDTH = 720
ICON_SIZE = 56


@dataclass(frozen=True, slots=True)
class Summary:
    """All downloads together. Speeds are bytes a second."""

    running: int = 0
    waiting: int = 0
    paused: int = 0
    speed: float = 0.0
    left: float | None = None
    fraction: float = 0.0
    limit: int = 0
    offline: bool = False


class DownloadsContent(QScrollArea):
    """What scrolls."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._summary = Summary()
        inner = QWidget(self)
        self.heading = QLabel(inner)
        self.heading.setProperty("tone", "section")
        self.words = soft_label(inner)
        self.pause_button, self.resume_button = QPushButton(inner), QPushButton(inner)
        self.offline_note = NoticeLabel("", inner)
        self.online_button = QPushButton(inner)
        self.queue = DownloadList(inner)
        self.history = DownloadHistory(inner)
        self.empty = QWidget(inner)
        self.empty_sign = QLabel(self.empty)
        self.empty_heading = QLabel(self.empty)
        self.empty_heading.setFont(ui_font(15))
        self.empty_text = QLabel(self.empty)
        self.empty_text.setProperty("tone", "soft")
        self.empty_text.setWordWrap(True)
        self.discover_button = QPushButton(self.empty)
        self.discover_button.setProperty("kind", "primary")
        for button in (self.pause_button, self.resume_button, self.online_button, self.discover_button):
            button.setCursor(Qt.CursorShape.PointingHandCursor)
        self._lay_out(inner)
        theme_signals().changed.connect(self._draw)
        self._draw()
        self.retranslateUi()

    def _lay_out(self, inner: QWidget) -> None:
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.heading)
        words.addWidget(self.words)
        self._top = QWidget(inner)
        top = QHBoxLayout(self._top)
        top.setContentsMargins(0, 0, 0, 0)
        top.setSpacing(2 * STEP)
        top.addLayout(words, 1)
        top.addWidget(self.pause_button)
        top.addWidget(self.resume_button)
        self._offline = QWidget(inner)
        offline = QHBoxLayout(self._offline)
        offline.setContentsMargins(0, 0, 0, 0)
        offline.addWidget(self.offline_note, 1, Qt.AlignmentFlag.AlignVCenter)
        offline.addWidget(self.online_button)
        empty = QVBoxLayout(self.empty)
        empty.setSpacing(3 * STEP)
        empty.addStretch(2)
        for label in (self.empty_sign, self.empty_heading, self.empty_text):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            empty.addWidget(label)
        empty.addSpacing(2 * STEP)
        empty.addWidget(self.discover_button, 0, Qt.AlignmentFlag.AlignHCenter)
        empty.addStretch(3)
        inner.setMaximumWidth(WIDTH)
        column = QVBoxLayout(inner)
        column.setContentsMargins(6 * STEP, 2 * STEP, 6 * STEP, 6 * STEP)
        column.setSpacing(3 * STEP)
        column.addWidget(self._offline)
        column.addWidget(self._top)
        column.addWidget(self.queue)
        column.addWidget(self.history)
        column.addWidget(self.empty, 1)
        column.addStretch(0)
        self._column = column
        middle = QWidget(self)
        centre = QHBoxLayout(middle)
        centre.setContentsMargins(0, 0, 0, 0)
        centre.addStretch(1)
        centre.addWidget(inner, 1000)
        centre.addStretch(1)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # unseen while there is nothing to scroll
        self.setWidget(middle)

    def set_summary(self, summary: Summary, *, any_earlier: bool) -> None:
        """Say how all of them stand."""
        self._summary = summary
        under_way = bool(summary.running or summary.waiting or summary.paused)
        self._top.setVisible(under_way)
        self._offline.setVisible(summary.offline)
        empty = not under_way and not any_earlier
        self.empty.setVisible(empty)
        self._column.setStretch(self._column.count() - 1, 0 if empty else 1)
        self.pause_button.setVisible(bool(summary.running or summary.waiting))
        self.resume_button.setVisible(bool(summary.paused))
        self.retranslateUi()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        summary = self._summary
        self.heading.setText(self.tr("On the way"))
        parts = []
        if summary.running:
            parts.append(self.tr("{count} running").format(count=summary.running))
        if summary.waiting:
            parts.append(self.tr("{count} waiting").format(count=summary.waiting))
        if summary.paused:
            parts.append(self.tr("{count} paused").format(count=summary.paused))
        if summary.running and summary.speed > 0:
            parts.append(speed_text(summary.speed))
            parts.append(time_left_text(summary.left))
        if summary.limit:
            parts.append(self.tr("at most {speed}").format(speed=speed_text(summary.limit)))
        self.words.setText(" · ".join(part for part in parts if part))
        self.pause_button.setText(self.tr("Pause all"))
        self.resume_button.setText(self.tr("Resume all"))
        self.offline_note.set_text(self.tr("Offline mode is on: nothing is downloaded.") if summary.offline else "", "warning")
        self.online_button.setText(self.tr("Go online"))
        self.empty_heading.setText(self.tr("Nothing is on its way"))
        self.empty_text.setText(
            self.tr("What you download is listed here, and goes on by itself after a break in the network or a restart.")
        )
        self.discover_button.setText(self.tr("Discover models"))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def _draw(self) -> None:
        self.empty_sign.setPixmap(icon_pixmap("cloud-arrow-down", ICON_SIZE, theme().color("accent")))
