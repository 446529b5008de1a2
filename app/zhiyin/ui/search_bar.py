"""What to look for: words, and filters that fold away. Every change becomes one ``SearchQuery`` and the name of a source."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from zhiyin.ui.form_controls import ChoiceBox
from zhiyin.ui.icons import icon
from zhiyin.ui.model_words import language_name
from zhiyin.ui.theme import STEP, theme_signals
from zhiyin_models.hub.values import SearchQuery, Sort

PAUSE_MS = 600  # after the last key
LONGEST = 200
BILLION = 1_000_000_000
SIZES = ((0, 0), (0, BILLION), (BILLION, 4 * BILLION), (4 * BILLION, 9 * BILLION), (9 * BILLION, 20 * BILLION),
         (20 * BILLION, 40 * BILLION), (40 * BILLION, 0))  # fmt: skip
KINDS = ("gguf", "checkpoint", "any")
SORTS = (Sort.TREND, Sort.DOWNLOADS, Sort.LIKES, Sort.UPDATED)
TASKS = ("", "text-generation", "image-text-to-text", "translation", "summarization")
LICENCES = ("", "apache-2.0", "mit", "bsd-3-clause", "llama3.1", "llama3.2", "llama3.3", "gemma", "cc-by-4.0", "cc-by-nc-4.0", "other")
LANGUAGES = ("", "zh", "en", "ja", "ko", "de", "fr", "es", "pt", "it", "ru", "ar", "hi", "vi", "th", "id", "tr", "pl", "nl")
NARROW = 520  # the filters stand in two columns below this width


class SearchBar(QWidget):
    """The field and the filters. ``changed`` comes with Enter, after a pause, and with every filter."""

    changed = Signal()
    address_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = QLineEdit(self)
        self.field.setClearButtonEnabled(True)
        self.field.setMaxLength(LONGEST)
        self.field.setMinimumHeight(9 * STEP)
        self._sign = QAction(self)
        self.field.addAction(self._sign, QLineEdit.ActionPosition.LeadingPosition)
        self.filter_button = QPushButton(self)
        self.filter_button.setCheckable(True)
        self.filter_button.setProperty("kind", "quiet")
        self.address_button = QPushButton(self)
        self.address_button.setProperty("kind", "quiet")
        for button in (self.filter_button, self.address_button):
            button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.filters = QWidget(self)
        self.author = QLineEdit(self.filters)
        self.author.setMaxLength(96)
        self.kind, self.task, self.parameters, self.licence = (ChoiceBox(self.filters) for _ in range(4))
        self.language, self.sort, self.source = (ChoiceBox(self.filters) for _ in range(3))
        self._sources: tuple[str, ...] = ()
        self._told = SearchQuery(), ""
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._columns = 0
        self._fill()
        self._lay_out()
        self._connect()
        self.retranslateUi()
        self._draw()

    def _fill(self) -> None:
        for box, values in (
            (self.kind, KINDS),
            (self.task, TASKS),
            (self.parameters, SIZES),
            (self.licence, LICENCES),
            (self.language, LANGUAGES),
            (self.sort, SORTS),
        ):
            for value in values:
                box.addItem("", value)
        self.source.addItem("", "")

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(STEP)
        line.addWidget(self.field, 1)
        line.addWidget(self.filter_button)
        line.addWidget(self.address_button)
        self._grid = QGridLayout(self.filters)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(2 * STEP)
        for box in self._boxes():
            box.setSizeAdjustPolicy(ChoiceBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(6)
        self.filters.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2 * STEP)
        layout.addLayout(line)
        layout.addWidget(self.filters)
        self._arrange(4)

    def _boxes(self) -> tuple[ChoiceBox, ...]:
        return self.sort, self.kind, self.parameters, self.language, self.licence, self.task, self.source

    def _arrange(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        controls = [self.sort, self.kind, self.parameters, self.language, self.licence, self.task, self.author, self.source]
        for place, control in enumerate(controls):
            self._grid.addWidget(control, place // columns, place % columns)
        for column in range(4):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)

    def _connect(self) -> None:
        self._pause.timeout.connect(self._tell)
        self.field.textEdited.connect(lambda _text: self._pause.start())
        self.field.textChanged.connect(lambda text: None if text else self._tell())  # the button that clears it is no editing
        self.field.textChanged.connect(lambda _text: self._show_address())
        self.field.returnPressed.connect(lambda: self._tell(again=True))
        self.author.editingFinished.connect(self._tell)
        for box in self._boxes():
            box.currentIndexChanged.connect(lambda _place: self._tell())
        self.filter_button.toggled.connect(self.filters.setVisible)
        self.filter_button.toggled.connect(lambda _on: self._draw())
        self.address_button.clicked.connect(self.address_requested)
        theme_signals().changed.connect(self._draw)

    # ------------------------------------------------------------ values

    def query(self) -> SearchQuery:
        """What is to be looked for."""
        least, most = SIZES[max(0, self.parameters.currentIndex())]
        return SearchQuery(
            text=self.field.text().strip(),
            author=self.author.text().strip(),
            task=TASKS[max(0, self.task.currentIndex())],
            licence=LICENCES[max(0, self.licence.currentIndex())],
            language=LANGUAGES[max(0, self.language.currentIndex())],
            kind=("gguf", "checkpoint", "any")[max(0, self.kind.currentIndex())],
            least_parameters=least,
            most_parameters=most,
            sort=SORTS[max(0, self.sort.currentIndex())],
        )

    def chosen_source(self) -> str:
        """The name of the source to ask; "" for the first that answers."""
        return str(self.source.currentData() or "")

    def set_sources(self, names: Sequence[str]) -> None:
        """The sources that can be asked."""
        if tuple(names) == self._sources:
            return
        self._sources = tuple(names)
        chosen = self.chosen_source()
        with QSignalBlocker(self.source):
            self.source.clear()
            self.source.addItem("", "")
            for name in names:
                self.source.addItem(name, name)
            self.source.setCurrentIndex(max(0, self.source.findData(chosen)))
        self.retranslateUi()

    def clear(self) -> None:
        """Look for nothing."""
        for box in self._boxes():
            with QSignalBlocker(box):
                box.setCurrentIndex(0)
        for line in (self.field, self.author):
            with QSignalBlocker(line):
                line.clear()
        self._tell()

    def _tell(self, *, again: bool = False) -> None:
        self._pause.stop()
        wanted = self.query(), self.chosen_source()
        self._count()
        if again or wanted != self._told:
            self._told = wanted
            self.changed.emit()

    # ------------------------------------------------------------ words

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.field.setPlaceholderText(self.tr("Search models"))
        self.field.setAccessibleName(self.tr("Search models"))
        self.author.setPlaceholderText(self.tr("Any author"))
        self.author.setAccessibleName(self.tr("Author"))
        self.address_button.setText(self.tr("From an address…"))
        billion = self.tr("{least}–{most} billion parameters")
        sizes = [
            self.tr("Any size"),
            self.tr("Up to 1 billion parameters"),
            *(billion.format(least=least // BILLION, most=most // BILLION) for least, most in SIZES[2:-1]),
            self.tr("Over 40 billion parameters"),
        ]
        _word(self.kind, self.tr("Kind"), [self.tr("GGUF models"), self.tr("Checkpoints"), self.tr("Both kinds")])
        tasks = [
            self.tr("Any task"),
            self.tr("Text generation"),
            self.tr("Pictures and text"),
            self.tr("Translation"),
            self.tr("Summaries"),
        ]
        _word(self.task, self.tr("Task"), tasks)
        _word(self.parameters, self.tr("Size"), sizes)
        _word(self.licence, self.tr("Licence"), [self.tr("Any licence"), *LICENCES[1:-1], self.tr("Other licence")])
        _word(self.language, self.tr("Language"), [self.tr("Any language"), *(language_name(code) for code in LANGUAGES[1:])])
        sorts = [self.tr("Trending first"), self.tr("Most downloads first"), self.tr("Most likes first"), self.tr("Newest first")]
        _word(self.sort, self.tr("Order"), sorts)
        _word(self.source, self.tr("Source"), [self.tr("Any source"), *self._sources])
        self._count()

    def _count(self) -> None:
        boxes = sum(1 for box in self._boxes() if box.currentIndex() > 0) + bool(self.author.text().strip())
        words = self.tr("Filters")
        self.filter_button.setText(f"{words} · {boxes}" if boxes else words)

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Two or four columns of filters."""
        super().resizeEvent(event)
        self._arrange(2 if event.size().width() < NARROW else 4)
        self._show_address()

    def _show_address(self) -> None:
        """Where there is little room, what is typed has it."""
        self.address_button.setVisible(self.width() >= NARROW or not self.field.text())

    def _draw(self) -> None:
        self._sign.setIcon(icon("magnifying-glass", 16))
        self.filter_button.setIcon(icon("caret-up" if self.filter_button.isChecked() else "caret-down", 12))
        self.address_button.setIcon(icon("link-simple", 16))


def _word(box: ChoiceBox, name: str, texts: Sequence[str]) -> None:
    box.setAccessibleName(name)
    box.setToolTip(name)
    for place, text in enumerate(texts):
        box.setItemText(place, text)
