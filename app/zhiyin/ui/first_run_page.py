"""The page of someone who has no model yet: says so, and offers the ways to one."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QLocale, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QScrollArea, QVBoxLayout, QWidget

from zhiyin.ui.amounts import percent_text, time_left_text
from zhiyin.ui.banner import BannerSlot
from zhiyin.ui.discover_values import Offer
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.offer_list import OfferList
from zhiyin.ui.seal import seal_color, seal_pixmap
from zhiyin.ui.theme import STEP, theme_signals, ui_font

WIDTH = 480
SEAL_SIZE = 72
SCALE = 1000


@dataclass(frozen=True, slots=True)
class DownloadState:
    """An offer that is being fetched: how far it is (0 to 1), seconds left, and what keeps it."""

    name: str
    asking: bool = False
    waiting: bool = False
    paused: bool = False
    fraction: float = 0.0
    left: float | None = None
    problem: str = ""


class FirstRunPage(QWidget):
    """Offers the best models for this computer, the starter model (when there is one) and opening a GGUF file.

    Shows the download or the loading in their place, and what went wrong with it.
    """

    opened = Signal()
    offer_chosen = Signal(str)
    more_requested = Signal()
    download_cancelled = Signal()
    use_starter = Signal()
    open_file = Signal()
    cancel_requested = Signal()
    sidebar_toggled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sidebar_button = IconButton("list", self)
        self.banner_slot = BannerSlot()
        self.seal = QLabel(self)
        self.seal.setFixedHeight(SEAL_SIZE)
        self.heading = QLabel(self)
        self.heading.setFont(ui_font(17))
        self.text = QLabel(self)
        self.text.setProperty("tone", "soft")
        self.offers = OfferList(self)
        self.starter_button = QPushButton(self)
        self.starter_button.setProperty("kind", "primary")
        self.open_button = QPushButton(self)
        self.drop_hint = QLabel(self)
        self.drop_hint.setProperty("tone", "soft")
        self.progress = QProgressBar(self)
        self.progress.setRange(0, SCALE)
        self.progress.setTextVisible(False)
        self.state = QLabel(self)
        self.state.setTextFormat(Qt.TextFormat.PlainText)
        self.cancel_button = QPushButton(self)
        self._available = False
        self._detail = ""
        self._fraction: float | None = None
        self._error = ""
        self._download: DownloadState | None = None
        self._lay_out()
        self.sidebar_button.clicked.connect(self.sidebar_toggled)
        self.starter_button.clicked.connect(self.use_starter)
        self.open_button.clicked.connect(self.open_file)
        self.cancel_button.clicked.connect(self._cancel)
        self.offers.chosen.connect(self.offer_chosen)
        self.offers.more_requested.connect(self.more_requested)
        theme_signals().changed.connect(self._draw)
        self.retranslateUi()
        self._draw()

    def _lay_out(self) -> None:
        for label in (self.seal, self.heading, self.text, self.drop_hint, self.state):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            label.setWordWrap(label not in {self.seal, self.heading})
        for button in (self.starter_button, self.open_button, self.cancel_button):
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            button.setMinimumSize(64 * STEP, 10 * STEP)
        self.progress.setFixedWidth(64 * STEP)
        inner = QWidget(self)
        inner.setMaximumWidth(WIDTH)
        layout = QVBoxLayout(inner)
        layout.setContentsMargins(6 * STEP, 6 * STEP, 6 * STEP, 6 * STEP)
        layout.setSpacing(0)
        layout.addStretch(2)
        for widget, space in ((self.seal, 4), (self.heading, 2), (self.text, 5)):
            layout.addWidget(widget)
            layout.addSpacing(space * STEP)
        layout.addWidget(self.offers)
        layout.addSpacing(4 * STEP)
        layout.addWidget(self._ways())
        layout.addStretch(3)
        scrolled = QWidget(self)
        centre = QHBoxLayout(scrolled)
        centre.setContentsMargins(0, 0, 0, 0)
        centre.addStretch(1)
        centre.addWidget(inner, 1000)
        centre.addStretch(1)
        bar = QHBoxLayout()
        bar.setContentsMargins(2 * STEP, 2 * STEP + 2, 2 * STEP, 2 * STEP + 2)
        bar.addWidget(self.sidebar_button)
        bar.addStretch(1)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        page.addLayout(bar)
        page.addLayout(self.banner_slot)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(scrolled)
        page.addWidget(area, 1)

    def _ways(self) -> QWidget:
        """The buttons, or the loading in their place: the height is the same, so that nothing above moves."""
        box = QWidget(self)
        box.setMinimumHeight(44 * STEP)
        layout = QVBoxLayout(box)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3 * STEP)
        for widget in (self.starter_button, self.open_button, self.drop_hint, self.state, self.progress, self.cancel_button):
            layout.addWidget(widget, 0, Qt.AlignmentFlag(0) if isinstance(widget, QLabel) else Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(1)
        return box

    def set_offers(self, offers: Sequence[Offer]) -> None:
        """The best models for this computer."""
        self.offers.set_offers(offers)
        self.retranslateUi()

    def set_download(self, state: DownloadState | None) -> None:
        """An offer that is being fetched; None when nothing is."""
        if state == self._download:
            return
        self._download = state
        if state is not None:
            self._error = ""
        self.retranslateUi()

    def set_starter(self, available: bool, detail: str = "") -> None:  # noqa: FBT001 - a state, as in Qt's setters
        """Whether the starter model is installed, and its size in words."""
        self._available, self._detail = available, detail
        self.retranslateUi()

    def set_loading(self, fraction: float | None) -> None:
        """Progress from 0 to 1; None when nothing is being loaded."""
        self._fraction = fraction
        if fraction is not None:
            self._error = ""
        self.retranslateUi()

    def show_error(self, sentence: str) -> None:
        """What went wrong, until the next try."""
        self._error = sentence
        self._fraction = None
        self.retranslateUi()

    @property
    def error(self) -> str:
        """What is said to have gone wrong."""
        return self._error

    def focus_offer(self) -> None:
        """Put the keyboard on what is most likely wanted."""
        (self.starter_button if self._available else self.open_button).setFocus()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.sidebar_button.set_hint(self.tr("Conversations"), "Ctrl+B")
        self.heading.setText(self.tr("A friend who lives on your machine"))
        if self.offers.count():
            self.text.setText(self.tr("There is no model yet. Download one, or open a GGUF file you have."))
        elif self._available:
            self.text.setText(self.tr("There is no model yet. Begin with the small one that came along, or open a GGUF file you have."))
        else:
            self.text.setText(self.tr("There is no model yet. Open a GGUF file you have."))
        starter = self.tr("Use the starter model")
        self.starter_button.setText(f"{starter} · {self._detail}" if self._detail else starter)
        self.open_button.setText(self.tr("Open a GGUF file…"))
        self.drop_hint.setText(self.tr("or drop one onto this window"))
        self.cancel_button.setText(self.tr("Cancel"))
        self._refresh()

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def showEvent(self, event: QShowEvent) -> None:
        """What is best for this computer is looked for when it is wanted."""
        super().showEvent(event)
        self.opened.emit()

    def _cancel(self) -> None:
        (self.cancel_requested if self._fraction is not None else self.download_cancelled).emit()

    def _refresh(self) -> None:
        loading, download = self._fraction is not None, self._download
        busy = loading or download is not None
        self.offers.setVisible(bool(self.offers.count()) and not busy)
        self.starter_button.setVisible(self._available and not loading)
        self.open_button.setVisible(not loading)
        self.drop_hint.setVisible(not busy)
        self.progress.setVisible(busy)
        self.cancel_button.setVisible(busy)
        self.state.setVisible(busy or bool(self._error))
        self.open_button.setProperty("kind", "" if self._available or self.offers.count() else "primary")
        self.open_button.style().polish(self.open_button)
        self.state.setProperty("tone", "soft" if busy and not (download is not None and download.problem) else "error")
        self.state.style().polish(self.state)
        self.progress.setRange(0, 0 if download is not None and download.asking and not loading else SCALE)
        if self._fraction is not None:
            self.progress.setValue(round(self._fraction * SCALE))
            percent = QLocale().toString(int(self._fraction * 100)) + QLocale().percent()
            self.state.setText(self.tr("Loading the model, {percent}").format(percent=percent))
        elif download is not None:
            self.progress.setValue(round(download.fraction * SCALE))
            self.state.setText(self._download_words(download))
        else:
            self.state.setText(self._error)

    def _download_words(self, state: DownloadState) -> str:
        if state.problem:
            return state.problem
        if state.asking:
            said = self.tr("Asking for {name}…")
        elif state.waiting:
            said = self.tr("{name} waits for its turn")
        elif state.paused:
            said = self.tr("{name} is paused; the downloads have more")
        else:
            said = self.tr("Downloading {name}")
        parts = [said.format(name=state.name)]
        if not state.asking and not state.waiting:
            parts.append(percent_text(int(state.fraction * 100) / 100))
        parts += [left] if (left := time_left_text(state.left)) else []
        return " · ".join(parts)

    def _draw(self) -> None:
        self.seal.setPixmap(seal_pixmap("知", seal_color(), SEAL_SIZE))
