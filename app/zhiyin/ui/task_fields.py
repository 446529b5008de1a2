"""The fields of a task, to be filled in."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QVBoxLayout, QWidget

from zhiyin.ui.form_controls import ChoiceBox
from zhiyin.ui.plain_text_field import PlainTextField
from zhiyin.ui.task_values import TaskField
from zhiyin.ui.theme import STEP, ui_font

LONGEST_LINE, LONGEST = 2_000, 40_000
Control = QLineEdit | PlainTextField | ChoiceBox


class GrowingText(PlainTextField):
    """A text field that grows with what is written, between two heights in lines."""

    def __init__(self, parent: QWidget | None = None, *, least: int = 3, most: int = 10) -> None:
        super().__init__(parent)
        self._least, self._most = least, most
        self.setTabChangesFocus(True)
        self.document().documentLayout().documentSizeChanged.connect(lambda _size: self._fit())
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width, another number of lines."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        lines = min(max(round(self.document().size().height()), self._least), self._most)
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + 6 * STEP)


class TaskFields(QWidget):
    """A label above each control."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None, *, all_optional: bool = False) -> None:
        super().__init__(parent)
        self._all_optional = all_optional
        self._fields: tuple[TaskField, ...] = ()
        self.controls: dict[str, Control] = {}
        self._labels: dict[str, QLabel] = {}
        self._quiet = False
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(STEP)

    def set_fields(self, fields: Sequence[TaskField], values: Mapping[str, str]) -> None:
        """Show these in the place of what was there."""
        while item := self._layout.takeAt(0):
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._fields = tuple(fields)
        self.controls.clear()
        self._labels.clear()
        for field in self._fields:
            label = QLabel(self)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setFont(ui_font(9.5))
            label.setProperty("tone", "soft")
            label.setWordWrap(True)
            control = self._control(field)
            label.setBuddy(control)
            if self._labels:
                self._layout.addSpacing(2 * STEP)
            self._labels[field.key], self.controls[field.key] = label, control
            self._layout.addWidget(label)
            self._layout.addWidget(control)
        self.set_values(values)
        self.retranslateUi()

    def _control(self, field: TaskField) -> Control:
        if field.kind == "choice" and field.choices:
            box = ChoiceBox(self)
            box.addItems(list(field.choices))
            box.setSizeAdjustPolicy(ChoiceBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(6)
            box.currentIndexChanged.connect(lambda _place: self._announce())
            return box
        if field.kind == "text":
            text = GrowingText(self)
            text.set_placeholder(field.placeholder)
            text.textChanged.connect(self._announce)
            return text
        line = QLineEdit(self)
        line.setMaxLength(LONGEST_LINE)
        line.setMinimumHeight(8 * STEP)
        line.setPlaceholderText(field.placeholder[:200])
        line.textChanged.connect(lambda _text: self._announce())
        return line

    def values(self) -> dict[str, str]:
        """What is filled in."""
        return {key: _text(control)[:LONGEST] for key, control in self.controls.items()}

    def set_values(self, values: Mapping[str, str]) -> None:
        """Fill in without announcing it."""
        self._quiet = True
        for key, control in self.controls.items():
            value = values.get(key, "")
            if isinstance(control, ChoiceBox):
                control.setCurrentIndex(max(0, control.findText(value, Qt.MatchFlag.MatchExactly)))
            elif isinstance(control, PlainTextField):
                control.set_text(value)
            else:
                control.setText(value)
        self._quiet = False

    def focus(self, key: str = "") -> None:
        """Write in one of them, the first empty one unless it is named."""
        empty = [name for name, value in self.values().items() if not value.strip()]
        wanted = key or (empty[0] if empty else next(iter(self.controls), ""))
        if wanted in self.controls:
            self.controls[wanted].setFocus()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        for field in self._fields:
            optional = field.optional and not self._all_optional
            self._labels[field.key].setText(self.tr("{name} (optional)").format(name=field.name) if optional else field.name)
            self.controls[field.key].setAccessibleName(field.name)

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def _announce(self) -> None:
        if not self._quiet:
            self.changed.emit()


def _text(control: Control) -> str:
    if isinstance(control, ChoiceBox):
        return control.currentText()
    return control.text()
