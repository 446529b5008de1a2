"""What the page of tasks asks in windows of its own: an example, a file; and what it shows: the prompt."""

from collections.abc import Sequence

import msgspec
from PySide6.QtCore import QEvent, QStandardPaths, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from zhiyin.ui.plain_text_field import PlainTextField
from zhiyin.ui.task_fields import GrowingText, TaskFields
from zhiyin.ui.task_values import SentPart, TaskExample, TaskField
from zhiyin.ui.theme import STEP, ui_font


class ExampleDialog(QDialog):
    """Edits one example; ``chosen`` carries the place that it was opened for, and the new value."""

    chosen = Signal(int, object)

    def __init__(
        self, fields: Sequence[TaskField], example: TaskExample, place: int, output_label: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._example, self._place, self._label = example, place, output_label.strip().rstrip(":：")
        self.fields = TaskFields(self, all_optional=True)
        self.fields.set_fields(fields, example.values)
        self.output = GrowingText(self, least=4, most=14)
        self.output.set_text(example.output)
        self.reasoning = GrowingText(self, least=2, most=10)
        self.reasoning.set_text(example.reasoning)
        self.output_name, self.reasoning_name = _name(self), _name(self)
        self.output_name.setBuddy(self.output)
        self.reasoning_name.setBuddy(self.reasoning)
        sheet = QWidget()
        form = QVBoxLayout(sheet)
        form.setContentsMargins(5 * STEP, 4 * STEP, 5 * STEP, 4 * STEP)
        form.setSpacing(STEP)
        form.addWidget(self.fields)
        for name, control in ((self.output_name, self.output), (self.reasoning_name, self.reasoning)):
            form.addSpacing(2 * STEP)
            form.addWidget(name)
            form.addWidget(control)
        form.addStretch(1)
        self.save_button, self.cancel_button = _buttons(self)
        _lay_out(self, sheet, self.save_button, self.cancel_button)
        self.resize(min(520, _room(parent)), 560)
        self.save_button.clicked.connect(self._save)
        self.output.textChanged.connect(self._check)
        self._check()
        self.retranslateUi()

    def _check(self) -> None:
        self.save_button.setEnabled(bool(self.output.toPlainText().strip()))

    def _save(self) -> None:
        example = msgspec.structs.replace(
            self._example,
            values=self._example.values | self.fields.values(),
            output=self.output.text()[:40_000],
            reasoning=self.reasoning.text()[:40_000],
        )
        self.chosen.emit(self._place, example)
        self.accept()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.setWindowTitle(self.tr("Add an example") if self._place < 0 else self.tr("Example {number}").format(number=self._place + 1))
        self.output_name.setText(self._label or self.tr("Answer"))
        self.reasoning_name.setText(self.tr("How one comes to it (optional, given when it is to think first)"))
        self.output.setAccessibleName(self.output_name.text())
        self.reasoning.setAccessibleName(self.reasoning_name.text())
        self.save_button.setText(self.tr("Save"))
        self.cancel_button.setText(self.tr("Cancel"))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()


class PromptDialog(QDialog):
    """Everything that is sent, message by message."""

    def __init__(self, parts: Sequence[SentPart], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._parts = tuple(parts)
        self.names: list[QLabel] = []
        self.texts: list[PlainTextField] = []
        sheet = QWidget()
        form = QVBoxLayout(sheet)
        form.setContentsMargins(5 * STEP, 4 * STEP, 5 * STEP, 4 * STEP)
        form.setSpacing(STEP)
        for part in self._parts:
            name = _name(self)
            text = GrowingText(sheet, least=1, most=24)
            text.setReadOnly(True)
            text.set_text(part.text)
            self.names.append(name)
            self.texts.append(text)
            form.addWidget(name)
            form.addWidget(text)
            form.addSpacing(2 * STEP)
        form.addStretch(1)
        self.close_button, self.copy_button = _buttons(self)
        _lay_out(self, sheet, self.close_button, self.copy_button)
        self.copy_button.clicked.disconnect()
        self.close_button.clicked.connect(self.accept)
        self.copy_button.clicked.connect(self._copy)
        self.resize(min(640, _room(parent)), 600)
        self.retranslateUi()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText("\n\n".join(f"[{part.role}]\n{part.text}" for part in self._parts))

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.setWindowTitle(self.tr("What is sent"))
        roles = {"system": self.tr("System"), "user": self.tr("User"), "assistant": self.tr("Assistant")}
        for name, part in zip(self.names, self._parts, strict=True):
            role = roles.get(part.role, part.role)
            name.setText(self.tr("{role} · example").format(role=role) if part.example else role)
        self.close_button.setText(self.tr("Close"))
        self.copy_button.setText(self.tr("Copy all"))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()


class TaskFileDialog(QFileDialog):
    """Asks for a task's file, to read it or (given a name) to write it; opens without blocking."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None, *, save_as: str = "") -> None:
        super().__init__(parent)
        self.setNameFilters([self.tr("Tasks (*.json)"), self.tr("All files (*)")])
        self.setDirectory(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation))
        if save_as:
            self.setWindowTitle(self.tr("Export the task"))
            self.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            self.setDefaultSuffix("json")
            self.selectFile(save_as)
        else:
            self.setWindowTitle(self.tr("Import a task"))
            self.setFileMode(QFileDialog.FileMode.ExistingFile)
        self.fileSelected.connect(self.chosen)
        self.finished.connect(self.deleteLater)


def _name(parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("tone", "soft")
    label.setFont(ui_font(9.5))
    label.setWordWrap(True)
    return label


def _buttons(dialog: QDialog) -> tuple[QPushButton, QPushButton]:
    primary, other = QPushButton(dialog), QPushButton(dialog)
    primary.setProperty("kind", "primary")
    primary.setDefault(True)
    other.setAutoDefault(False)
    for button in (primary, other):
        button.setCursor(Qt.CursorShape.PointingHandCursor)
    other.clicked.connect(dialog.reject)
    return primary, other


def _lay_out(dialog: QDialog, sheet: QWidget, primary: QPushButton, other: QPushButton) -> None:
    area = QScrollArea(dialog)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(sheet)
    foot = QHBoxLayout()
    foot.setContentsMargins(5 * STEP, 2 * STEP, 5 * STEP, 4 * STEP)
    foot.setSpacing(2 * STEP)
    foot.addStretch(1)
    foot.addWidget(other)
    foot.addWidget(primary)
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    layout.addWidget(area, 1)
    layout.addLayout(foot)


def _room(parent: QWidget | None) -> int:
    return max(320, parent.window().width() - 8 * STEP) if parent is not None else 640
