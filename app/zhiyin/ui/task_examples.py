"""The examples of a task: ticked ones are given to the model."""

from collections.abc import Sequence

import msgspec
from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QVBoxLayout, QWidget

from zhiyin.ui.elided_label import ElidedLabel
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.task_values import TaskExample
from zhiyin.ui.theme import STEP, ui_font
from zhiyin.ui.tick_box import TickBox


class TaskExamples(QWidget):
    """A line for each, in the order in which they are given."""

    ticked_changed = Signal()
    changed = Signal(object, object)  # tuple[TaskExample, ...], tuple[int, ...] of ticked places: added to, edited, moved
    removed = Signal(int, bool)  # the place of one, and whether it was ticked
    edit_requested = Signal(int)  # a place; -1 = a new one

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._examples: tuple[TaskExample, ...] = ()
        self.rows: list[_Row] = []
        self.heading = QLabel(self)
        self.heading.setProperty("tone", "section")
        self.count = QLabel(self)
        self.count.setProperty("tone", "soft")
        self.count.setFont(ui_font(9.5))
        self.add_button = QPushButton(self)
        self.add_button.setProperty("kind", "link")
        self.add_button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.add_button.clicked.connect(lambda: self.edit_requested.emit(-1))
        top = QHBoxLayout()
        top.setSpacing(2 * STEP)
        top.addWidget(self.heading)
        top.addWidget(self.count)
        top.addStretch(1)
        top.addWidget(self.add_button)
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(STEP)
        layout.addLayout(top)
        layout.addLayout(self._list)
        self.retranslateUi()

    def set_examples(self, examples: Sequence[TaskExample], ticked: Sequence[int]) -> None:
        """Show these."""
        for row in self.rows:
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._examples = tuple(examples)
        self.rows = []
        for place, example in enumerate(self._examples):
            row = _Row(example, place in ticked, self)
            row.box.toggled.connect(lambda _on: self._on_ticked())
            row.edit_button.clicked.connect(lambda _checked=False, at=place: self.edit_requested.emit(at))
            row.more_button.clicked.connect(lambda _checked=False, at=place: self._show_menu(at))
            self.rows.append(row)
            self._list.addWidget(row)
        self._count()

    def examples(self) -> tuple[TaskExample, ...]:
        """As shown."""
        return self._examples

    def ticked(self) -> tuple[int, ...]:
        """The places of those that are given to the model."""
        return tuple(place for place, row in enumerate(self.rows) if row.box.isChecked())

    def put(self, place: int, example: TaskExample) -> None:
        """Take over what was edited; -1 adds it, ticked."""
        ticked = self.ticked()
        if 0 <= place < len(self._examples):
            examples = (*self._examples[:place], example, *self._examples[place + 1 :])
        else:
            examples = (*self._examples, example)
            ticked = (*ticked, len(self._examples))
        self.set_examples(examples, ticked)
        self.changed.emit(examples, ticked)

    def shift(self, place: int, by: int) -> None:
        """Give one earlier or later."""
        other = place + by
        if not (0 <= place < len(self._examples) and 0 <= other < len(self._examples)):
            return
        order = list(range(len(self._examples)))
        order[place], order[other] = other, place
        ticked = tuple(new for new, old in enumerate(order) if old in self.ticked())
        self.set_examples([self._examples[old] for old in order], ticked)
        self.changed.emit(self._examples, ticked)

    def remove(self, place: int) -> None:
        """Take one out; the owner offers the way back."""
        was_ticked = place in self.ticked()
        ticked = tuple(old - (old > place) for old in self.ticked() if old != place)
        self.set_examples((*self._examples[:place], *self._examples[place + 1 :]), ticked)
        self.removed.emit(place, was_ticked)

    def _show_menu(self, place: int) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Edit"), lambda: self.edit_requested.emit(place))
        menu.addAction(self.tr("Duplicate"), lambda: self._duplicate(place))
        earlier = menu.addAction(self.tr("Move up"), lambda: self.shift(place, -1))
        later = menu.addAction(self.tr("Move down"), lambda: self.shift(place, 1))
        earlier.setEnabled(place > 0)
        later.setEnabled(place < len(self._examples) - 1)
        menu.addSeparator()
        menu.addAction(self.tr("Delete"), lambda: self.remove(place))
        button = self.rows[place].more_button
        menu.popup(button.mapToGlobal(button.rect().bottomLeft()))

    def _duplicate(self, place: int) -> None:
        self.put(-1, msgspec.structs.replace(self._examples[place]))

    def _on_ticked(self) -> None:
        self._count()
        self.ticked_changed.emit()

    def _count(self) -> None:
        given = len(self.ticked())
        names = (self.tr("zero-shot"), self.tr("one-shot"))
        self.count.setText(names[given] if given < len(names) else self.tr("{count}-shot").format(count=given))

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.heading.setText(self.tr("Examples"))
        self.add_button.setText(self.tr("Add an example"))
        for row in self.rows:
            row.retranslateUi()
        self._count()

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()


class _Row(QWidget):
    """A tick, the input, the answer below it."""

    def __init__(self, example: TaskExample, ticked: bool, parent: QWidget) -> None:  # noqa: FBT001 - a state
        super().__init__(parent)
        self.box = TickBox(self)
        self.box.setChecked(ticked)
        first = next((value for value in example.values.values() if value.strip()), "")
        self.given = ElidedLabel(_one_line(first), self)
        self.given.clicked.connect(self.box.toggle)
        self.wanted = ElidedLabel(f"→ {_one_line(example.output)}", self)
        self.wanted.setProperty("tone", "soft")
        self.wanted.setFont(ui_font(9.5))
        self.wanted.clicked.connect(self.box.toggle)
        self.edit_button = IconButton("pencil-simple", self, size=16)
        self.more_button = IconButton("dots-three-vertical", self, size=16)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.given)
        words.addWidget(self.wanted)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, STEP, 0, STEP)
        layout.setSpacing(2 * STEP)
        layout.addWidget(self.box, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addLayout(words, 1)
        layout.addWidget(self.edit_button)
        layout.addWidget(self.more_button)
        self.retranslateUi()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.box.setAccessibleName(self.tr("Give this example: {text}").format(text=self.given.text()[:80]))
        self.edit_button.set_hint(self.tr("Edit"))
        self.more_button.set_hint(self.tr("More"))


def _one_line(text: str) -> str:
    """As much as can be seen: a label with line ends would be as high as they make it."""
    return " ".join(text[:400].split())
