"""The page of someone who has no model yet: says so, and offers the two ways to one."""

from PySide6.QtCore import QEvent, QLocale, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from zhiyin.ui.banner import BannerSlot
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.seal import seal_color, seal_pixmap
from zhiyin.ui.theme import STEP, theme_signals, ui_font

WIDTH = 480
SEAL_SIZE = 72
SCALE = 1000


class FirstRunPage(QWidget):
    """Offers the starter model (when there is one) and opening a GGUF file; shows the loading and what went wrong with it."""

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
        self._lay_out()
        self.sidebar_button.clicked.connect(self.sidebar_toggled)
        self.starter_button.clicked.connect(self.use_starter)
        self.open_button.clicked.connect(self.open_file)
        self.cancel_button.clicked.connect(self.cancel_requested)
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
        for widget, space in ((self.seal, 5), (self.heading, 2), (self.text, 6)):
            layout.addWidget(widget)
            layout.addSpacing(space * STEP)
        layout.addWidget(self._offers())
        layout.addStretch(3)
        centre = QHBoxLayout()
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
        page.addLayout(centre, 1)

    def _offers(self) -> QWidget:
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

    def focus_offer(self) -> None:
        """Put the keyboard on what is most likely wanted."""
        (self.starter_button if self._available else self.open_button).setFocus()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.sidebar_button.set_hint(self.tr("Conversations"), "Ctrl+B")
        self.heading.setText(self.tr("A friend who lives on your machine"))
        if self._available:
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

    def _refresh(self) -> None:
        loading = self._fraction is not None
        self.starter_button.setVisible(self._available and not loading)
        self.open_button.setVisible(not loading)
        self.drop_hint.setVisible(not loading)
        self.progress.setVisible(loading)
        self.cancel_button.setVisible(loading)
        self.state.setVisible(loading or bool(self._error))
        self.open_button.setProperty("kind", "" if self._available else "primary")
        self.open_button.style().polish(self.open_button)
        self.state.setProperty("tone", "soft" if loading else "error")
        self.state.style().polish(self.state)
        if self._fraction is not None:
            self.progress.setValue(round(self._fraction * SCALE))
            percent = QLocale().toString(int(self._fraction * 100)) + QLocale().percent()
            self.state.setText(self.tr("Loading the model, {percent}").format(percent=percent))
        else:
            self.state.setText(self._error)

    def _draw(self) -> None:
        self.seal.setPixmap(seal_pixmap("知", seal_color(), SEAL_SIZE))
