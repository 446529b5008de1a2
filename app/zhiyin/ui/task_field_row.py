"""One field of a task that is being edited: what it is called, and how it is filled in."""

import msgspec
from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from zhiyin.ui.form_controls import ChoiceBox
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.task_values import Kind, TaskField
from zhiyin.ui.theme import STEP, ui_font
from zhiyin.ui.tick_box import TickBox

KINDS: tuple[Kind, ...] = ("line", "text", "choice")
MOST_CHOICES = 64


class TaskFieldRow(QFrame):
    """A frame with the field's words."""

    moved = Signal(object, int)  # itself, by how much
    removed = Signal(object)  # itself
    changed = Signal()

    def __init__(self, field: TaskField, was: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        self.was = was  # the key in the texts and the examples
        self._field = field
        self.label, self.key, self.placeholder, self.default, self.choices = (QLineEdit(self) for _ in range(5))
        for line in (self.label, self.placeholder, self.default):
            line.setMaxLength(2_000)
        self.label.setMaxLength(200)
        self.key.setMaxLength(60)
        self.kind = ChoiceBox(self)
        for kind in KINDS:
            self.kind.addItem("", kind)
        self.optional = TickBox(self)
        self._names: list[tuple[QLabel, QLineEdit]] = []
        self.up_button, self.down_button = IconButton("arrow-up", self, size=16), IconButton("arrow-down", self, size=16)
        self.remove_button = IconButton("trash", self, size=16)
        self.label.setText(field.label)
        self.key.setText(field.key)
        self.placeholder.setText(_one_line(field.placeholder))
        self.default.setText(_one_line(field.default))
        self.choices.setText(" | ".join(field.choices))
        self.kind.setCurrentIndex(KINDS.index(field.kind))
        self.optional.setChecked(field.optional)
        self._lay_out()
        self.kind.currentIndexChanged.connect(lambda _place: self._show_kind())
        self.up_button.clicked.connect(lambda: self.moved.emit(self, -1))
        self.down_button.clicked.connect(lambda: self.moved.emit(self, 1))
        self.remove_button.clicked.connect(lambda: self.removed.emit(self))
        for line in (self.label, self.key, self.placeholder, self.default, self.choices):
            line.textChanged.connect(self.changed)
        self.kind.currentIndexChanged.connect(self.changed)
        self.optional.toggled.connect(self.changed)
        self.retranslateUi()
        self._show_kind()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(STEP)
        top.addWidget(self.kind)
        top.addSpacing(2 * STEP)
        top.addWidget(self.optional)
        top.addStretch(1)
        for button in (self.up_button, self.down_button, self.remove_button):
            top.addWidget(button)
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * STEP)
        grid.setVerticalSpacing(0)
        for line, row, column, across in (
            (self.label, 0, 0, 1),
            (self.key, 0, 1, 1),
            (self.placeholder, 2, 0, 1),
            (self.default, 2, 1, 1),
            (self.choices, 4, 0, 2),
        ):
            name = QLabel(self)
            name.setFont(ui_font(9))
            name.setProperty("tone", "soft")
            name.setContentsMargins(0, STEP, 0, 2)
            name.setBuddy(line)
            self._names.append((name, line))
            grid.addWidget(name, row, column, 1, across)
            grid.addWidget(line, row + 1, column, 1, across)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * STEP, 2 * STEP, 3 * STEP, 3 * STEP)
        layout.setSpacing(STEP)
        layout.addLayout(top)
        layout.addLayout(grid)

    def field(self) -> TaskField:
        """What stands there."""
        return msgspec.structs.replace(
            self._field,
            key=self.key.text().strip(),
            label=self.label.text().strip(),
            kind=KINDS[max(0, self.kind.currentIndex())],
            placeholder=_edited(self.placeholder, self._field.placeholder),
            default=_edited(self.default, self._field.default),
            optional=self.optional.isChecked(),
            choices=tuple(part.strip()[:200] for part in self.choices.text().split("|") if part.strip())[:MOST_CHOICES],
        )

    def set_ends(self, *, first: bool, last: bool) -> None:
        """Whether it can go up or down."""
        self.up_button.setEnabled(not first)
        self.down_button.setEnabled(not last)

    def _show_kind(self) -> None:
        for widget in next(pair for pair in self._names if pair[1] is self.choices):
            widget.setVisible(KINDS[max(0, self.kind.currentIndex())] == "choice")

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        kinds = (self.tr("One line"), self.tr("Longer text"), self.tr("Choice"))
        for place, text in enumerate(kinds):
            self.kind.setItemText(place, text)
        self.kind.setAccessibleName(self.tr("Kind"))
        self.optional.setText(self.tr("Optional"))
        for line, words in (
            (self.label, self.tr("Label")),
            (self.key, self.tr("Name in braces")),
            (self.placeholder, self.tr("Hint")),
            (self.default, self.tr("Filled in at first")),
            (self.choices, self.tr("Choices, separated by |")),
        ):
            line.setAccessibleName(words)
            next(name for name, of in self._names if of is line).setText(words)
        self.up_button.set_hint(self.tr("Move up"))
        self.down_button.set_hint(self.tr("Move down"))
        self.remove_button.set_hint(self.tr("Delete"))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()


def _one_line(text: str) -> str:
    return text.replace("\n", " ")


def _edited(line: QLineEdit, before: str) -> str:
    """What stands in a line; it cannot show line ends, and must not lose them."""
    return before if line.text() == _one_line(before)[: line.maxLength()] else line.text()
