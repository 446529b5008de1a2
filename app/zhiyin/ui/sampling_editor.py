"""The samplers as a form: a name, a number and a slider each, with the value that switches a sampler off said in a word."""

from dataclasses import dataclass

import msgspec
from PySide6.QtCore import QEvent, QRegularExpression, Qt, Signal
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from zhiyin.ui.form_controls import NumberBox, NumberSlider
from zhiyin.ui.icons import icon
from zhiyin.ui.theme import STEP, theme_signals
from zhiyin_models.engine.protocol import Sampling

MOST_SEED = 2**32 - 2  # llama.cpp keeps 2^32 - 1 for "choose one"


@dataclass(frozen=True, slots=True)
class Range:
    """How a sampler's setting is edited: bounds of the field, of the slider, and the neutral value."""

    field: str
    least: float
    most: float
    slider_least: float
    slider_most: float
    step: float
    neutral: float
    whole: bool = False


MAIN = (
    Range("temperature", 0, 10, 0, 2, 0.05, 0),
    Range("top_p", 0.01, 1, 0, 1, 0.01, 1),
    Range("top_k", 0, 100_000, 0, 200, 1, 0, whole=True),
    Range("min_p", 0, 1, 0, 0.5, 0.01, 0),
)
MORE = (
    Range("typical_p", 0.01, 1, 0, 1, 0.01, 1),
    Range("repeat_penalty", 0.5, 5, 1, 2, 0.01, 1),
    Range("frequency_penalty", -5, 5, -2, 2, 0.05, 0),
    Range("presence_penalty", -5, 5, -2, 2, 0.05, 0),
    Range("penalty_last_n", 0, 100_000, 0, 1024, 16, 0, whole=True),
)


class SamplingEditor(QWidget):
    """Edits one ``Sampling``; every change by the user is announced as a whole new value."""

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value = Sampling()
        self.fields: dict[str, NumberBox] = {}
        self.sliders: dict[str, NumberSlider] = {}
        self._labels: dict[str, QLabel] = {}
        self._ranges = {each.field: each for each in (*MAIN, *MORE)}
        self.more_button = QPushButton(self)
        self.more_button.setProperty("kind", "fold")
        self.more_button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.more_button.setCheckable(True)
        self.seed = QLineEdit(self)
        self.seed.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.seed.setValidator(QRegularExpressionValidator(QRegularExpression(r"\d{0,10}"), self))
        self.seed_label = QLabel(self)
        self.more = QWidget(self)
        self.more.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2 * STEP)
        layout.addWidget(self._grid(MAIN))
        layout.addWidget(self._seed_row())
        layout.addWidget(self.more_button)
        more_layout = QVBoxLayout(self.more)
        more_layout.setContentsMargins(0, 0, 0, 0)
        more_layout.addWidget(self._grid(MORE))
        layout.addWidget(self.more)
        self.more_button.toggled.connect(self._show_more)
        self.seed.editingFinished.connect(self._seed_edited)
        theme_signals().changed.connect(self._draw)
        self.retranslateUi()
        self.set_value(self._value)
        self._draw()

    def value(self) -> Sampling:
        """What is shown."""
        return self._value

    def set_value(self, value: Sampling) -> None:
        """Show these settings without announcing a change."""
        self._value = value
        for name, field in self.fields.items():
            number = float(getattr(value, name))
            blocked = field.blockSignals(True)
            field.setValue(number)
            field.blockSignals(blocked)
            self.sliders[name].show_number(number)
        self.seed.setText("" if value.seed is None else str(value.seed))

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        for name, (label, hint) in self._words().items():
            self._labels[name].setText(label)
            for widget in (self._labels[name], self.fields[name], self.sliders[name]):
                widget.setToolTip(hint)
            self.fields[name].setAccessibleName(label)
            self.sliders[name].setAccessibleName(label)
            word = self.tr("greedy") if name == "temperature" else self.tr("off")
            self.fields[name].set_neutral(self._ranges[name].neutral, word)
        self.seed_label.setText(self.tr("Seed"))
        self.seed.setPlaceholderText(self.tr("random"))
        self.seed.setAccessibleName(self.tr("Seed"))
        hint = self.tr("The same seed with the same settings gives the same reply. Empty means a new one each time.")
        self.seed_label.setToolTip(hint)
        self.seed.setToolTip(hint)
        self.more_button.setText(self.tr("More samplers"))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def _words(self) -> dict[str, tuple[str, str]]:
        return {
            "temperature": (self.tr("Temperature"), self.tr("Low is sober, high is bold. At 0 the likeliest token is always taken.")),
            "top_p": (self.tr("Top-p"), self.tr("Only the likeliest tokens that together reach this share. 1 is off.")),
            "top_k": (self.tr("Top-k"), self.tr("Only this many of the likeliest tokens. 0 is off.")),
            "min_p": (self.tr("Min-p"), self.tr("Only tokens at least this likely compared with the likeliest. 0 is off.")),
            "typical_p": (self.tr("Typical-p"), self.tr("Prefers tokens about as surprising as expected. 1 is off.")),
            "repeat_penalty": (self.tr("Repeat penalty"), self.tr("Above 1, words that were used come less often. 1 is off.")),
            "frequency_penalty": (self.tr("Frequency penalty"), self.tr("Grows with each use of a token. 0 is off.")),
            "presence_penalty": (self.tr("Presence penalty"), self.tr("The same for every token that was used. 0 is off.")),
            "penalty_last_n": (self.tr("Penalty window"), self.tr("How many of the last tokens the penalties look at. 0 is off.")),
        }

    def _grid(self, ranges: tuple[Range, ...]) -> QWidget:
        box = QWidget(self)
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * STEP)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(0, 1)
        for number, each in enumerate(ranges):
            label = QLabel(box)
            field = NumberBox(box, decimals=0 if each.whole else 3)
            field.setRange(each.least, each.most)
            field.setSingleStep(each.step)
            field.setFixedWidth(22 * STEP)
            slider = NumberSlider(each.slider_least, each.slider_most, each.step, box)
            label.setBuddy(field)
            grid.addWidget(label, 2 * number, 0)
            grid.addWidget(field, 2 * number, 1)
            grid.addWidget(slider, 2 * number + 1, 0, 1, 2)
            grid.setRowMinimumHeight(2 * number + 1, 5 * STEP)
            self._labels[each.field], self.fields[each.field], self.sliders[each.field] = label, field, slider
            field.valueChanged.connect(lambda value, of=each: self._edited(of, value))
            slider.moved.connect(lambda value, of=each: self.fields[of.field].setValue(value))
        return box

    def _seed_row(self) -> QWidget:
        box = QWidget(self)
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(0, 1)
        self.seed.setFixedWidth(28 * STEP)
        grid.addWidget(self.seed_label, 0, 0)
        grid.addWidget(self.seed, 0, 1)
        return box

    def _edited(self, of: Range, value: float) -> None:
        self.sliders[of.field].show_number(value)
        self._value = msgspec.structs.replace(self._value, **{of.field: int(value) if of.whole else round(value, 3)})
        self.changed.emit(self._value)

    def _seed_edited(self) -> None:
        text = self.seed.text()
        seed = min(int(text), MOST_SEED) if text else None
        if seed != self._value.seed:
            self._value = msgspec.structs.replace(self._value, seed=seed)
            self.seed.setText("" if seed is None else str(seed))
            self.changed.emit(self._value)

    def _show_more(self, shown: bool) -> None:  # noqa: FBT001 - a signal's value
        self.more.setVisible(shown)
        self._draw()

    def _draw(self) -> None:
        self.more_button.setIcon(icon("caret-up" if self.more_button.isChecked() else "caret-down", 12))
