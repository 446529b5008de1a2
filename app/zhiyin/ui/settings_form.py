"""The controls of the settings page, laid out in one column: a name, a line of explanation, the control at the right."""

from PySide6.QtCore import QEvent, QLocale, QPoint, QSignalBlocker, Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from zhiyin.ui.elided_label import ElidedLabel
from zhiyin.ui.form_controls import ChoiceBox, CountBox, NumberBox, Switch
from zhiyin.ui.form_row import FormRow, soft_label
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.plain_text_field import PlainTextField
from zhiyin.ui.sampling_editor import SamplingEditor
from zhiyin.ui.theme import STEP, ui_font
from zhiyin.ui.tokens import HEADER_HEIGHT

WIDTH = 600
CONTROL_WIDTH = 42 * STEP
SETTLING_MS = 500  # what fills itself has its height by then


class SettingsForm(QWidget):
    """Only widgets and their words; ``SettingsPage`` fills and reads them. ``sources`` is the part that fills itself."""

    def __init__(self, sources: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: dict[str, FormRow] = {}
        self._sections: dict[str, QLabel] = {}
        self._wanted = ""  # the section to be brought into view
        self.sources = sources
        self.choices = {"language": ChoiceBox(self), "theme": ChoiceBox(self)}
        self.font_size = NumberBox(self, decimals=1)
        self.font_size.setRange(8, 24)
        self.font_size.setSingleStep(0.5)
        self.load_last = Switch(self)
        self.counts = {
            "unload_after_minutes": CountBox(0, 24 * 60, self),
            "max_tokens": CountBox(0, 1_000_000, self),
            "context": CountBox(0, 10_000_000, self),
            "gpu_layers": CountBox(-1, 10_000, self),
            "threads": CountBox(0, 1024, self),
        }
        self.counts["context"].setSingleStep(1024)
        self.counts["max_tokens"].setSingleStep(64)
        self.prompt = PlainTextField(self)
        self.prompt.setTabChangesFocus(True)
        self.prompt.setFixedHeight(28 * STEP)
        self.sampling = SamplingEditor(self)
        self.reset_sampling = QPushButton(self)
        self.export_ratings = QPushButton(self)
        self.rating_counts = soft_label(self)
        self.open_button = QPushButton(self)
        self.back_button = IconButton("arrow-left", self)
        self.heading = QLabel(self)
        self.heading.setFont(ui_font(11.5))
        self.data_directory = ElidedLabel(parent=self, middle=True)
        self.data_directory.setProperty("tone", "soft")
        self.gpu_note = soft_label(self)
        self.version = soft_label(self)
        self._lay_out()
        self.retranslateUi()

    def show_facts(self, data_directory: str, gpu_note: str, version: str) -> None:
        """What cannot be changed here."""
        self.data_directory.setText(data_directory)
        self.gpu_note.setText(gpu_note)
        self.gpu_note.setVisible(bool(gpu_note))
        self.version.setText(version)
        self.version.setVisible(bool(version))

    def show_rated(self, counts: tuple[int, int, int] | None) -> None:
        """How many replies were called good and bad, and how many were put in order; None while that is not known."""
        number = QLocale().toString
        words = ""
        if counts is not None:
            good, bad, ranked = counts
            words = self.tr("Good: {good} · bad: {bad} · in order: {ranked}").format(
                good=number(good), bad=number(bad), ranked=number(ranked)
            )
            if not any(counts):
                words = self.tr("Nothing is rated yet: point at a reply, and the thumbs are below it.")
        self.rating_counts.setText(words)
        self.rating_counts.setVisible(bool(words))
        self.export_ratings.setEnabled(counts is not None and any(counts))

    def show_section(self, name: str) -> None:
        """Scroll to a section; where the page is only being laid out, for as long as that takes."""
        self._wanted = name
        self._settled.start()
        self._come()

    def _come(self) -> None:
        if self._wanted:
            place = self._sections[self._wanted].mapTo(self._content, QPoint())
            self._scroll.verticalScrollBar().setValue(place.y())

    def _stay(self) -> None:
        self._wanted = ""

    def _lay_out(self) -> None:
        top = QWidget(self)
        top.setFixedHeight(HEADER_HEIGHT)
        bar = QHBoxLayout(top)
        bar.setContentsMargins(2 * STEP, 0, 2 * STEP, 0)
        bar.setSpacing(2 * STEP)
        bar.addWidget(self.back_button)
        bar.addWidget(self.heading, 1)
        inner = QWidget(self)
        inner.setMaximumWidth(WIDTH)
        column = QVBoxLayout(inner)
        column.setContentsMargins(6 * STEP, 2 * STEP, 6 * STEP, 12 * STEP)
        column.setSpacing(3 * STEP)
        self._fill(column)
        column.addStretch(1)
        self._content = middle = QWidget(self)
        centre = QHBoxLayout(middle)
        centre.setContentsMargins(0, 0, 0, 0)
        centre.addStretch(1)
        centre.addWidget(inner, 1000)
        centre.addStretch(1)
        self._scroll = scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(middle)
        scroll.verticalScrollBar().rangeChanged.connect(lambda _least, _most: self._come())
        scroll.verticalScrollBar().actionTriggered.connect(lambda _action: self._stay())  # who scrolls decides
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(SETTLING_MS)
        self._settled.timeout.connect(self._stay)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(top)
        layout.addWidget(scroll, 1)

    def _fill(self, column: QVBoxLayout) -> None:
        self._section(column, "look", first=True)
        self._row(column, "language", self.choices["language"])
        self._row(column, "theme", self.choices["theme"])
        self._row(column, "font_size", self.font_size)
        self._section(column, "replies")
        self._row(column, "prompt", None)
        column.addWidget(self.prompt)
        self._row(column, "max_tokens", self.counts["max_tokens"])
        self._row(column, "sampling", self.reset_sampling, fixed=False)
        column.addWidget(self.sampling)
        self._section(column, "model")
        self._row(column, "load_last", self.load_last, fixed=False)
        for name in ("unload_after_minutes", "context", "gpu_layers", "threads"):
            self._row(column, name, self.counts[name])
        column.addWidget(self.gpu_note)
        self._section(column, "ratings")
        self._row(column, "ratings", self.export_ratings, fixed=False)
        column.addWidget(self.rating_counts)
        self._section(column, "sources")
        column.addWidget(self.sources)
        self._section(column, "data")
        self._row(column, "data", self.open_button, fixed=False)
        column.addWidget(self.data_directory)
        column.addSpacing(4 * STEP)
        column.addWidget(self.version)

    def _section(self, column: QVBoxLayout, name: str, *, first: bool = False) -> None:
        if not first:
            rule = QFrame(self)
            rule.setProperty("line", True)
            rule.setFixedHeight(1)
            column.addSpacing(3 * STEP)
            column.addWidget(rule)
            column.addSpacing(STEP)
        label = QLabel(self)
        label.setObjectName(name)
        label.setProperty("tone", "section")
        column.addWidget(label)
        self._sections[name] = label

    def _row(self, column: QVBoxLayout, name: str, control: QWidget | None, *, fixed: bool = True) -> None:
        row = FormRow(control, self)
        if control is not None and fixed:
            control.setFixedWidth(CONTROL_WIDTH)
        column.addWidget(row)
        self._rows[name] = row

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.heading.setText(self.tr("Settings"))
        self.back_button.set_hint(self.tr("Back"), "Esc")
        titles = {
            "look": self.tr("Look"),
            "replies": self.tr("Replies"),
            "model": self.tr("Model"),
            "ratings": self.tr("Ratings"),
            "sources": self.tr("Sources and downloads"),
            "data": self.tr("Data"),
        }
        for name, title in titles.items():
            self._sections[name].setText(title)
        for name, (title, hint) in self._words().items():
            self._rows[name].set_words(title, hint)
        self._fill_choices()
        self.counts["unload_after_minutes"].setSpecialValueText(self.tr("never"))
        self.counts["unload_after_minutes"].setSuffix(self.tr(" min"))
        self.counts["max_tokens"].setSpecialValueText(self.tr("no limit"))
        for name in ("context", "gpu_layers", "threads"):
            self.counts[name].setSpecialValueText(self.tr("automatic"))
        self.font_size.setSuffix(self.tr(" pt"))
        self.reset_sampling.setText(self.tr("Restore"))
        self.open_button.setText(self.tr("Open the folder"))
        self.export_ratings.setText(self.tr("Export ratings …"))
        self.prompt.setPlaceholderText(self.tr("No system prompt"))
        self.prompt.setAccessibleName(self.tr("System prompt"))

    def _words(self) -> dict[str, tuple[str, str]]:
        return {
            "language": (self.tr("Language"), ""),
            "theme": (self.tr("Theme"), ""),
            "font_size": (self.tr("Size of replies"), ""),
            "prompt": (self.tr("System prompt"), self.tr("For every conversation that has none of its own.")),
            "max_tokens": (self.tr("Longest reply"), self.tr("In tokens.")),
            "sampling": (self.tr("Samplers"), self.tr("How the next word is chosen. A conversation can have its own.")),
            "load_last": (self.tr("Load the last model at start"), ""),
            "unload_after_minutes": (self.tr("Unload when idle"), self.tr("Frees the memory; the next message loads the model again.")),
            "context": (self.tr("Context"), self.tr("In tokens. Larger remembers more and takes more memory.")),
            "gpu_layers": (self.tr("Layers on the GPU"), self.tr("Automatic puts there as many as fit.")),
            "threads": (self.tr("Threads"), self.tr("Automatic takes one for each physical core.")),
            "ratings": (self.tr("Training data"), self.tr("What you rated, as a file that a trainer reads.")),
            "data": (self.tr("Folder"), self.tr("Conversations and settings lie here.")),
        }

    def _fill_choices(self) -> None:
        entries = {
            "language": (("system", self.tr("As the system")), ("zh_CN", "简体中文"), ("en", "English")),
            "theme": (
                ("system", self.tr("As the system")),
                ("light", self.tr("Light")),
                ("dark", self.tr("Dark")),
                ("contrast", self.tr("High contrast")),
            ),
        }
        for name, box in self.choices.items():
            with QSignalBlocker(box):
                chosen = box.currentIndex()
                box.clear()
                for value, label in entries[name]:
                    box.addItem(label, value)
                box.setCurrentIndex(max(0, chosen))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()
