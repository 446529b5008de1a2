"""Edits a whole task: its words, its fields, how it is sent. Examples are edited where they are ticked."""

import re

import msgspec
from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QScrollArea, QVBoxLayout, QWidget

from zhiyin.ui.form_row import soft_label
from zhiyin.ui.icons import icon
from zhiyin.ui.reading_column import reading_column
from zhiyin.ui.task_field_row import TaskFieldRow
from zhiyin.ui.task_fields import GrowingText
from zhiyin.ui.task_values import ICONS, TaskDraft, TaskExample, TaskField, TaskForm, task_icon
from zhiyin.ui.theme import STEP, theme_signals, ui_font

MOST_FIELDS = 24
LONGEST_NAME, LONGEST_TEXT = 200, 40_000
BAD_IN_KEY = re.compile(r"[{}\s]+")


class TaskEditor(QWidget):
    """Nothing is taken over until it is saved; what is typed can be asked for, and put back, as a draft."""

    saved = Signal(object)  # TaskForm
    changed = Signal()  # by hand
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._form = self._clean = TaskForm()
        self._renamed: dict[str, str] = {}  # keys of the task, in the draft that was put back
        self._quiet = False
        self._shown_icon = ICONS[0]
        self.name, self.summary, self.output_label, self.marker, self.stop = (QLineEdit(self) for _ in range(5))
        for line in (self.name, self.output_label, self.marker):
            line.setMaxLength(LONGEST_NAME)
        self.summary.setMaxLength(2_000)
        self.instruction = GrowingText(self, least=3, most=14)
        self.input_format = GrowingText(self, least=2, most=10)
        self.reasoning = GrowingText(self, least=2, most=8)
        self.icon_buttons: dict[str, QPushButton] = {}
        self.rows: list[TaskFieldRow] = []
        self.add_button = QPushButton(self)
        self.add_button.setProperty("kind", "link")
        self.save_button, self.cancel_button = QPushButton(self), QPushButton(self)
        self.save_button.setProperty("kind", "primary")
        for button in (self.add_button, self.save_button, self.cancel_button):
            button.setCursor(Qt.CursorShape.PointingHandCursor)
        self._names: dict[str, QLabel] = {}
        self._hints: dict[str, QLabel] = {}
        self._lay_out()
        self.add_button.clicked.connect(self._add_field)
        self.save_button.clicked.connect(self._save)
        self.cancel_button.clicked.connect(self.cancelled)
        self.name.textChanged.connect(lambda _text: self._check())
        for control in (
            self.name,
            self.summary,
            self.instruction,
            self.input_format,
            self.output_label,
            self.reasoning,
            self.marker,
            self.stop,
        ):
            control.textChanged.connect(self._on_changed)
        for button in self.icon_buttons.values():
            button.clicked.connect(self._on_changed)
        theme_signals().changed.connect(self._draw)
        self.retranslateUi()
        self._draw()

    def _lay_out(self) -> None:
        sheet = QWidget()
        inner = QWidget(sheet)
        form = QVBoxLayout(inner)
        form.setContentsMargins(2 * STEP, 2 * STEP, 2 * STEP, 6 * STEP)
        form.setSpacing(STEP)
        self._fields = QVBoxLayout()
        self._fields.setSpacing(3 * STEP)
        icons = QHBoxLayout()
        icons.setSpacing(0)
        for name in ICONS[:12]:
            icons.addWidget(self._icon_button(name))
        icons.addStretch(1)
        for key, part in (
            ("name", self.name),
            ("icon", icons),
            ("summary", self.summary),
            ("instruction", self.instruction),
            ("fields", self._fields),
            ("input_format", self.input_format),
            ("output_label", self.output_label),
            ("reasoning", self.reasoning),
            ("marker", self.marker),
            ("stop", self.stop),
        ):
            self._names[key] = label = QLabel(inner)
            label.setFont(ui_font(10))
            self._hints[key] = hint = soft_label(inner)
            form.addWidget(label)
            form.addWidget(hint)
            if isinstance(part, QWidget):
                label.setBuddy(part)
                form.addWidget(part)
            else:
                form.addLayout(part)
            if key == "fields":
                form.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignLeft)
            form.addSpacing(4 * STEP)
        for line in (self.name, self.summary, self.output_label, self.marker, self.stop):
            line.setMinimumHeight(8 * STEP)
        column = QVBoxLayout(sheet)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(reading_column(inner))
        column.addStretch(1)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(sheet)
        buttons = QWidget(self)
        foot = QHBoxLayout(buttons)
        foot.setContentsMargins(2 * STEP, 2 * STEP, 2 * STEP, 3 * STEP)
        foot.setSpacing(2 * STEP)
        foot.addStretch(1)
        foot.addWidget(self.cancel_button)
        foot.addWidget(self.save_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(area, 1)
        layout.addLayout(reading_column(buttons))

    def _icon_button(self, name: str) -> QPushButton:
        button = QPushButton(self)
        button.setCheckable(True)
        button.setAutoExclusive(True)
        button.setProperty("kind", "tab")
        button.setStyleSheet("padding: 5px 0;")
        button.setFixedWidth(7 * STEP)
        button.setAccessibleName(name)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.icon_buttons[name] = button
        return button

    # ------------------------------------------------------------ values

    def set_form(self, form: TaskForm) -> None:
        """Edit this."""
        self._renamed = {}
        self._show(form)
        self._clean = self.form()

    def draft(self) -> TaskDraft | None:
        """What was typed; None when nothing is different from what was to be edited."""
        form, renamed = self.form(), _with_keys([(row.was, row.field()) for row in self.rows])[1]
        if form == self._clean:
            return None
        before = {old: renamed.get(key, key) for old, key in self._renamed.items()}
        now = {old: key for old, key in renamed.items() if old not in self._renamed.values()}
        return TaskDraft(msgspec.structs.replace(form, examples=()), {**now, **before})

    def set_draft(self, draft: TaskDraft) -> None:
        """Go on with what was typed into the task that is edited."""
        examples = _follow(self._clean.examples, draft.renamed)
        self._renamed = draft.renamed
        self._show(msgspec.structs.replace(draft.form, examples=examples))

    def _show(self, form: TaskForm) -> None:
        self._quiet = True
        self._form = form
        self.name.setText(form.name)
        self.summary.setText(form.summary)
        self.instruction.set_text(form.instruction)
        self.input_format.set_text(form.input_format)
        self.output_label.setText(form.output_label)
        self.reasoning.set_text(form.reasoning.instruction)
        self.marker.setText(form.reasoning.marker)
        self.stop.setText(" | ".join(form.stop))
        for line in (self.name, self.summary, self.stop):
            line.setCursorPosition(0)  # where it is too long, its beginning is to be seen
        sign = task_icon(form.icon)
        self._shown_icon = sign if sign in self.icon_buttons else ICONS[0]
        self.icon_buttons[self._shown_icon].setChecked(True)
        for row in list(self.rows):
            self._drop_row(row)
        for field in form.fields:
            self._add_row(field, field.key)
        self._check()
        self._quiet = False

    def form(self) -> TaskForm:
        """What stands there now. Values of examples follow fields that got another key."""
        rows = [(row.was, row.field()) for row in self.rows]
        fields, renamed = _with_keys(rows)
        chosen = next((name for name, button in self.icon_buttons.items() if button.isChecked()), ICONS[0])
        before = self._form
        return msgspec.structs.replace(
            before,
            name=self.name.text().strip(),
            summary=self.summary.text().strip(),
            icon=before.icon if chosen == self._shown_icon else chosen,  # a file may name one that is not offered
            instruction=_renamed(self.instruction.text(), renamed)[:LONGEST_TEXT],
            fields=fields,
            input_format=_renamed(self.input_format.text(), renamed)[:LONGEST_TEXT],
            output_label=self.output_label.text().strip(),
            examples=_follow(before.examples, renamed),
            reasoning=msgspec.structs.replace(
                before.reasoning, instruction=self.reasoning.text().strip()[:LONGEST_TEXT], marker=self.marker.text().strip()
            ),
            stop=tuple(part.strip()[:LONGEST_NAME] for part in self.stop.text().split("|") if part.strip())[:8],
        )

    def _check(self) -> None:
        self.save_button.setEnabled(bool(self.name.text().strip()) and bool(self.rows))
        self.add_button.setEnabled(len(self.rows) < MOST_FIELDS)

    def _on_changed(self) -> None:
        if not self._quiet:
            self.changed.emit()

    def _save(self) -> None:
        self.saved.emit(self.form())

    # ------------------------------------------------------------ fields

    def _add_field(self) -> None:
        taken = {row.field().key for row in self.rows}
        number = next(number for number in range(1, MOST_FIELDS + 2) if f"field{number}" not in taken)
        self._add_row(TaskField(f"field{number}"), "").label.setFocus()
        self._check()
        self._on_changed()

    def _add_row(self, field: TaskField, was: str) -> TaskFieldRow:
        row = TaskFieldRow(field, was, self)
        row.moved.connect(self._move)
        row.removed.connect(self._remove)
        row.changed.connect(self._on_changed)
        self.rows.append(row)
        self._fields.addWidget(row)
        self._show_ends()
        return row

    def _drop_row(self, row: TaskFieldRow) -> None:
        self.rows.remove(row)
        self._fields.removeWidget(row)
        row.hide()
        row.deleteLater()

    def _remove(self, row: object) -> None:
        if isinstance(row, TaskFieldRow):
            self._drop_row(row)
            self._show_ends()
            self._check()
            self._on_changed()

    def _move(self, row: object, by: int) -> None:
        if not isinstance(row, TaskFieldRow):
            return
        place = self.rows.index(row)
        if 0 <= place + by < len(self.rows):
            self.rows.insert(place + by, self.rows.pop(place))
            self._fields.removeWidget(row)
            self._fields.insertWidget(place + by, row)
            self._show_ends()
            self._on_changed()

    def _show_ends(self) -> None:
        for place, row in enumerate(self.rows):
            row.set_ends(first=place == 0, last=place == len(self.rows) - 1)

    # ------------------------------------------------------------ words

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        words = {
            "name": (self.tr("Name"), ""),
            "icon": (self.tr("Sign"), ""),
            "summary": (self.tr("In a line"), ""),
            "instruction": (
                self.tr("Instruction"),
                self.tr("What the model is to do. A field's name in braces, such as {example}, is replaced by what is filled in.").replace(
                    "{example}", "{text}"
                ),
            ),
            "fields": (self.tr("Fields"), self.tr("What is filled in each time.")),
            "input_format": (self.tr("Input"), self.tr("How the fields are put together. Empty: each after its label.")),
            "output_label": (self.tr("Label of the answer"), self.tr("Stands at the end of the input, for the model to go on from.")),
            "reasoning": (self.tr("How to think first"), self.tr("Empty: the usual words.")),
            "marker": (self.tr("Where the answer begins"), self.tr("The words that the answer's line begins with.")),
            "stop": (self.tr("Stop at"), self.tr("Texts that end an answer, separated by |.")),
        }
        for key, (title, hint) in words.items():
            self._names[key].setText(title)
            self._hints[key].setText(hint)
            self._hints[key].setVisible(bool(hint))
        for control, key in (
            (self.name, "name"),
            (self.summary, "summary"),
            (self.instruction, "instruction"),
            (self.input_format, "input_format"),
            (self.output_label, "output_label"),
            (self.reasoning, "reasoning"),
            (self.marker, "marker"),
            (self.stop, "stop"),
        ):
            control.setAccessibleName(words[key][0])
        self.add_button.setText(self.tr("Add a field"))
        self.save_button.setText(self.tr("Save"))
        self.cancel_button.setText(self.tr("Cancel"))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def _draw(self) -> None:
        for name, button in self.icon_buttons.items():
            button.setIcon(icon(name, 20))


def _with_keys(rows: list[tuple[str, TaskField]]) -> tuple[tuple[TaskField, ...], dict[str, str]]:
    """Fields whose keys can stand in braces and differ, and which old key became which."""
    fields: list[TaskField] = []
    renamed: dict[str, str] = {}
    for place, (was, field) in enumerate(rows, start=1):
        key = BAD_IN_KEY.sub("_", field.key.strip())[:60] or f"field{place}"
        taken = {other.key for other in fields}
        key = next(name for name in (key, *(f"{key}{number}" for number in range(2, len(rows) + 2))) if name not in taken)
        fields.append(msgspec.structs.replace(field, key=key))
        if was and was != key:
            renamed[was] = key
    return tuple(fields), renamed


def _follow(examples: tuple[TaskExample, ...], renamed: dict[str, str]) -> tuple[TaskExample, ...]:
    """Examples whose values follow fields that got another key."""
    return tuple(
        msgspec.structs.replace(example, values={renamed.get(key, key): value for key, value in example.values.items()})
        for example in examples
    )


def _renamed(text: str, renamed: dict[str, str]) -> str:
    """The text with keys in braces replaced, all at once."""
    return re.sub(r"\{([^{}\s]{1,64})\}", lambda match: f"{{{renamed.get(match[1], match[1])}}}", text)
