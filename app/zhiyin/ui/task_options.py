"""How a task is run: reasoning, how many answers, temperature, seed, the longest answer."""

from PySide6.QtCore import QEvent, QRegularExpression, Qt, Signal
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from zhiyin.ui.fold import Fold
from zhiyin.ui.form_controls import CountBox, NumberBox, Switch
from zhiyin.ui.form_row import FormRow
from zhiyin.ui.sampling_editor import MOST_SEED
from zhiyin.ui.task_values import MOST_SAMPLES
from zhiyin.ui.theme import STEP

MOST_TOKENS = 65_536


class TaskOptions(QWidget):
    """Every change by the user is announced."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._quiet = False
        self.reasoning = Switch(self)
        self.samples = _CountChoice(self)
        self.temperature = NumberBox(self, decimals=2)
        self.temperature.setRange(0, 2)
        self.temperature.setSingleStep(0.1)
        self.seed = QLineEdit(self)
        self.seed.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.seed.setValidator(QRegularExpressionValidator(QRegularExpression(r"\d{0,10}"), self))
        self.length = CountBox(0, MOST_TOKENS, self)
        self.length.setSingleStep(64)
        for control in (self.temperature, self.seed, self.length):
            control.setFixedWidth(26 * STEP)
        self.fold = Fold(self)
        self.more = QWidget(self)
        self.more.hide()
        self._rows = {
            "reasoning": FormRow(self.reasoning, self),
            "samples": FormRow(self.samples, self),
            "temperature": FormRow(self.temperature, self.more),
            "seed": FormRow(self.seed, self.more),
            "length": FormRow(self.length, self.more),
        }
        inner = QVBoxLayout(self.more)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(2 * STEP)
        for name in ("temperature", "seed", "length"):
            inner.addWidget(self._rows[name])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3 * STEP)
        layout.addWidget(self._rows["reasoning"])
        layout.addWidget(self._rows["samples"])
        layout.addWidget(self.fold)
        layout.addWidget(self.more)
        self.fold.toggled.connect(self.more.setVisible)
        self.reasoning.toggled.connect(lambda _on: self._announce())
        self.samples.changed.connect(self._announce)
        self.temperature.valueChanged.connect(lambda _value: self._announce())
        self.length.valueChanged.connect(lambda _value: self._announce())
        self.seed.textChanged.connect(lambda _text: self._announce())
        self.retranslateUi()

    def set_values(self, *, reasoning: bool, samples: int, temperature: float, seed: int | None, max_tokens: int) -> None:
        """Show these without announcing them."""
        self._quiet = True
        self.reasoning.setChecked(reasoning)
        self.samples.set_value(samples)
        self.temperature.setValue(temperature)
        self.seed.setText("" if seed is None else str(seed))
        self.length.setValue(max_tokens)
        self._quiet = False

    def chosen_seed(self) -> int | None:
        """The seed, None for a new one each time."""
        return min(int(self.seed.text()), MOST_SEED) if self.seed.text() else None

    def _announce(self) -> None:
        if not self._quiet:
            self.changed.emit()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        words = {
            "reasoning": (self.tr("Think first"), self.tr("The steps are asked for, and folded apart from the answer.")),
            "samples": (self.tr("Answers"), self.tr("Side by side, each with its own seed.")),
            "temperature": (self.tr("Temperature"), self.tr("Low is sober, high is bold.")),
            "seed": (self.tr("Seed"), self.tr("Empty means a new one each time.")),
            "length": (self.tr("Longest answer"), self.tr("In tokens.")),
        }
        for name, (title, hint) in words.items():
            self._rows[name].set_words(title, hint)
        self.temperature.set_neutral(0, self.tr("greedy"))
        self.length.setSpecialValueText(self.tr("no limit"))
        self.seed.setPlaceholderText(self.tr("random"))
        self.fold.set_text(self.tr("More settings"))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()


class _CountChoice(QWidget):
    """One of a few numbers, as buttons in a row."""

    changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._group = QButtonGroup(self)
        self.buttons: list[QPushButton] = []
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for number in range(1, MOST_SAMPLES + 1):
            button = QPushButton(str(number), self)
            button.setCheckable(True)
            button.setProperty("kind", "tab")
            button.setFixedWidth(8 * STEP)
            button.setStyleSheet("padding: 5px 0;")
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            self._group.addButton(button, number)
            self.buttons.append(button)
            layout.addWidget(button)
        self.set_value(1)
        self._group.idClicked.connect(lambda _number: self.changed.emit())

    def value(self) -> int:
        """The number that is chosen."""
        return self._group.checkedId()

    def set_value(self, number: int) -> None:
        """Choose one."""
        self.buttons[min(max(number, 1), MOST_SAMPLES) - 1].setChecked(True)

    def setAccessibleName(self, name: str) -> None:  # noqa: N802 - Qt's name
        """Each button says what it counts."""
        super().setAccessibleName(name)
        for button in self.buttons:
            button.setAccessibleName(f"{name}: {button.text()}")
