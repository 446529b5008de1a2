"""The side of the notebook: how the text is continued."""

import msgspec
from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from zhiyin.ui.form_controls import ChoiceBox, CountBox, Switch
from zhiyin.ui.form_row import FormRow, soft_label
from zhiyin.ui.notebook_values import MOST_BEAMS, Method, NotebookOptions
from zhiyin.ui.plain_text_field import PlainTextField
from zhiyin.ui.sampling_editor import SamplingEditor
from zhiyin.ui.theme import STEP
from zhiyin_models.engine.protocol import Sampling

METHODS: tuple[Method, ...] = ("sampling", "greedy", "beams")
MOST_TOKENS = 100_000
MOST_STOPS, LONGEST_STOP = 16, 200
ESCAPES = {"\\": "\\\\", "\n": "\\n", "\t": "\\t"}
UNESCAPES = {"n": "\n", "t": "\t", "\\": "\\"}


def escaped(text: str) -> str:
    """A stop string on one line."""
    return "".join(ESCAPES.get(character, character) for character in text)


def unescaped(line: str) -> str:
    """The stop string that a line stands for; a backslash before anything else is itself."""
    found, index = "", 0
    while index < len(line):
        if line[index] == "\\" and line[index + 1 : index + 2] in UNESCAPES and index + 1 < len(line):
            found += UNESCAPES[line[index + 1]]
            index += 2
        else:
            found += line[index]
            index += 1
    return found


class NotebookForm(QFrame):
    """Edits one ``NotebookOptions``; every change is announced as a whole new value."""

    changed = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self._value = NotebookOptions()
        self._showing = False
        self.method = ChoiceBox(self)
        for name in METHODS:
            self.method.addItem(name, name)
        self.beams = CountBox(1, MOST_BEAMS, self)
        self.results = CountBox(1, MOST_BEAMS, self)
        self.max_tokens = CountBox(0, MOST_TOKENS, self)
        self.max_total = CountBox(0, MOST_TOKENS, self)
        self.probabilities = Switch(self)
        for box in (self.beams, self.results, self.max_tokens, self.max_total):
            box.setFixedWidth(24 * STEP)
        self.rows = {
            name: FormRow(getattr(self, name), self) for name in ("method", "beams", "results", "max_tokens", "max_total", "probabilities")
        }
        self.sampling_label = QLabel(self)
        self.sampling_label.setProperty("tone", "section")
        self.sampling = SamplingEditor(self)
        self.stop_label = QLabel(self)
        self.stop_hint = soft_label(self)
        self.stop = PlainTextField(self)
        self.stop.setTabChangesFocus(True)
        self.stop.setFixedHeight(22 * STEP)
        self.stop_label.setBuddy(self.stop)
        self._lay_out()
        self.method.currentIndexChanged.connect(self._edited)
        for box in (self.beams, self.results, self.max_tokens, self.max_total):
            box.valueChanged.connect(self._edited)
        self.probabilities.toggled.connect(self._edited)
        self.sampling.changed.connect(self._edited)
        self.stop.textChanged.connect(self._edited)
        self.retranslateUi()
        self.set_value(self._value)

    def _lay_out(self) -> None:
        inner = QWidget(self)
        column = QVBoxLayout(inner)
        column.setContentsMargins(4 * STEP, 4 * STEP, 4 * STEP, 4 * STEP)
        column.setSpacing(3 * STEP)
        for row in self.rows.values():
            column.addWidget(row)
        column.addWidget(self.stop_label)
        column.addWidget(self.stop)
        column.addWidget(self.stop_hint)
        column.addSpacing(STEP)
        column.addWidget(self.sampling_label)
        column.addWidget(self.sampling)
        column.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inner)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)

    def value(self) -> NotebookOptions:
        """What is shown."""
        return self._value

    def set_value(self, value: NotebookOptions) -> None:
        """Show these options without announcing a change."""
        self._value = value
        self._showing = True
        self.method.setCurrentIndex(METHODS.index(value.method) if value.method in METHODS else 0)
        self.beams.setValue(value.beams)
        self.results.setValue(value.results)
        self.max_tokens.setValue(value.max_tokens)
        self.max_total.setValue(value.max_total)
        self.probabilities.setChecked(value.probabilities)
        self.sampling.set_value(value.sampling)
        self.stop.set_text("\n".join(map(escaped, value.stop)))
        self._showing = False
        self._fold()

    def _edited(self, _value: object = None) -> None:
        if self._showing:
            return
        sampling = self.sampling.value()
        lines = [unescaped(line)[:LONGEST_STOP] for line in self.stop.text().split("\n") if line][:MOST_STOPS]
        value = NotebookOptions(
            method=self.method.currentData(),
            beams=self.beams.value(),
            results=self.results.value(),
            max_tokens=self.max_tokens.value(),
            max_total=self.max_total.value(),
            sampling=sampling if isinstance(sampling, Sampling) else Sampling(),
            stop=tuple(lines),
            probabilities=self.probabilities.isChecked(),
        )
        if value != self._value:
            self._value = value
            self._fold()
            self.changed.emit(msgspec.structs.replace(value))

    def _fold(self) -> None:
        method = self._value.method
        self.rows["beams"].setVisible(method == "beams")
        self.rows["results"].setVisible(method != "greedy")
        self.sampling.setVisible(method != "beams")
        self.sampling_label.setVisible(method != "beams")

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        names = {"sampling": self.tr("Sampling"), "greedy": self.tr("Greedy"), "beams": self.tr("Beam search")}
        for index, name in enumerate(METHODS):
            self.method.setItemText(index, names[name])
        self.rows["method"].set_words(self.tr("Method"), "")
        self.rows["beams"].set_words(
            self.tr("Beams"), self.tr("How many texts are followed at once. More find likelier ones, and take longer.")
        )
        self.rows["results"].set_words(self.tr("Continuations"), self.tr("Several are offered below the text."))
        self.rows["max_tokens"].set_words(self.tr("New tokens"), self.tr("At most, each time."))
        self.rows["max_total"].set_words(self.tr("Length"), self.tr("Tokens of the text and what is new, at most."))
        self.rows["probabilities"].set_words(
            self.tr("Probabilities"), self.tr("Unlikely tokens are tinted. Rest on one to see what else it might have been.")
        )
        self.max_tokens.setSpecialValueText(self.tr("no limit"))
        self.max_total.setSpecialValueText(self.tr("the context"))
        self.stop_label.setText(self.tr("Stop strings"))
        self.stop.setAccessibleName(self.tr("Stop strings"))
        self.stop_hint.setText(self.tr("One a line; \\n is a line break. The model ends before it writes one of them."))
        self.sampling_label.setText(self.tr("Samplers"))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()
