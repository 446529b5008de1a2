"""The form of a persona. What is typed is announced when a field is left or after a pause, never lost."""

from __future__ import annotations

import re
from dataclasses import replace

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from zhiyin.ui.amounts import count_text
from zhiyin.ui.elided_label import ElidedLabel
from zhiyin.ui.fold import Fold
from zhiyin.ui.foreign_text import one_line
from zhiyin.ui.form_controls import Switch
from zhiyin.ui.form_row import FormRow, soft_label
from zhiyin.ui.icons import icon
from zhiyin.ui.persona_fields import AvatarButton, ColorChoice, FocusOutWatch, LongField, TextList
from zhiyin.ui.persona_values import Edited, PersonaFields
from zhiyin.ui.reading_column import fill_reading_column, reading_column
from zhiyin.ui.sampling_editor import SamplingEditor
from zhiyin.ui.theme import STEP, theme_signals, ui_font
from zhiyin_models.engine.protocol import Sampling

PAUSE_MS = 1500
NARROW = 520
LONGEST_NAME = 200
_COMMA = re.compile(r"[,，、;；\n]")
LONG_FIELDS = (
    *("description", "personality", "scenario", "first_message", "example_dialogue"),
    *("system_prompt", "post_history_instructions", "creator_notes"),
)
LISTS = ("alternate_greetings", "group_only_greetings")
LINES = ("name", "nickname", "creator", "character_version")


class PersonaEditor(QWidget):
    """Shows one ``Edited`` at a time; ``changed`` carries its number and all fields."""

    changed = Signal(int, object)
    back_requested = Signal()
    chat_requested = Signal(int)
    lore_requested = Signal(int)
    reset_requested = Signal(int)
    picture_chosen = Signal(int, str)  # the path of an image

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._edited: Edited | None = None
        self._waiting = False
        self.back_button = QPushButton(self)
        self.back_button.setProperty("kind", "quiet")
        self.heading = ElidedLabel(parent=self)
        self.heading.setFont(ui_font(11.5))
        self.state = soft_label(self)
        self.state.setWordWrap(False)
        self.chat_button = QPushButton(self)
        self.chat_button.setProperty("kind", "primary")
        self.reset_button = QPushButton(self)
        self.reset_button.setProperty("kind", "quiet")
        for button in (self.back_button, self.chat_button, self.reset_button):
            button.setCursor(Qt.CursorShape.PointingHandCursor)
        self._make_fields()
        self._lay_out()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self.flush)
        self._connect()
        theme_signals().changed.connect(self.retranslateUi)
        self.retranslateUi()

    # ------------------------------------------------------------ building

    def _make_fields(self) -> None:
        self.avatar = AvatarButton(self)
        self.picture_button = QPushButton(self)
        self.no_picture_button = QPushButton(self)
        for button in (self.picture_button, self.no_picture_button):
            button.setProperty("kind", "link")
            button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.lines = {name: QLineEdit(self) for name in LINES}
        self.line_labels = {name: soft_label(self) for name in (*LINES, "seal", "tags")}
        for line in self.lines.values():
            line.setMaxLength(LONGEST_NAME)
        self.seal = QLineEdit(self)
        self.seal.setMaxLength(2)
        self.seal.setFixedWidth(12 * STEP)
        self.seal.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.color = ColorChoice(self)
        self.tags = QLineEdit(self)
        self.long = {
            name: LongField(self, least=4 if name == "description" else 2, most=20 if name == "description" else 14) for name in LONG_FIELDS
        }
        self.lists = {name: TextList(self) for name in LISTS}
        self.lore_button = QPushButton(self)
        self.lore_button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.lore_row = FormRow(self.lore_button, self)
        self.sampling_switch = Switch(self)
        self.sampling_row = FormRow(self.sampling_switch, self)
        self.sampling = SamplingEditor(self)
        self.folds = {name: Fold(self) for name in ("greetings", "instructions", "about", "sampling")}

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(3 * STEP, STEP, 4 * STEP, 2 * STEP)
        top.setSpacing(2 * STEP)
        top.addWidget(self.back_button)
        top.addWidget(self.heading, 1)
        top.addWidget(self.state)
        top.addWidget(self.reset_button)
        top.addWidget(self.chat_button)
        form = QWidget(self)
        column = QVBoxLayout(form)
        column.setContentsMargins(0, 2 * STEP, 0, 12 * STEP)
        column.setSpacing(5 * STEP)
        column.addLayout(self._head())
        for name in ("description", "personality", "scenario", "first_message"):
            column.addWidget(self.long[name])
        self._fold_in(column, "greetings", self.lists["alternate_greetings"], self.lists["group_only_greetings"])
        column.addWidget(self.long["example_dialogue"])
        column.addWidget(self.lore_row)
        self._fold_in(column, "instructions", self.long["system_prompt"], self.long["post_history_instructions"])
        about = QWidget(form)
        grid = QGridLayout(about)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(3 * STEP)
        grid.setVerticalSpacing(STEP)
        for number, name in enumerate(("creator", "character_version")):
            grid.addWidget(self.line_labels[name], 0, number)
            grid.addWidget(self.lines[name], 1, number)
        self._fold_in(column, "about", self.long["creator_notes"], about)
        self._fold_in(column, "sampling", self.sampling_row, self.sampling)
        column.addStretch(1)
        self.area = QScrollArea(self)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget(self.area)
        centred = reading_column(inset=STEP)
        fill_reading_column(centred, form, inset=STEP)
        inside.setLayout(centred)
        self.area.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self.area, 1)

    def _head(self) -> QBoxLayout:
        pictured = QVBoxLayout()
        pictured.setSpacing(STEP)
        pictured.addWidget(self.avatar)
        pictured.addWidget(self.picture_button, 0, Qt.AlignmentFlag.AlignLeft)
        pictured.addWidget(self.no_picture_button, 0, Qt.AlignmentFlag.AlignLeft)
        pictured.addStretch(1)
        names = QGridLayout()
        names.setHorizontalSpacing(3 * STEP)
        names.setVerticalSpacing(STEP)
        names.setColumnStretch(0, 1)
        names.setColumnStretch(1, 1)
        for number, name in enumerate(("name", "nickname")):
            names.addWidget(self.line_labels[name], 0, number)
            names.addWidget(self.lines[name], 1, number)
        names.addWidget(self.line_labels["tags"], 2, 0, 1, 2)
        names.addWidget(self.tags, 3, 0, 1, 2)
        names.addWidget(self.line_labels["seal"], 4, 0, 1, 2)
        seal = QHBoxLayout()
        seal.setSpacing(2 * STEP)
        seal.addWidget(self.seal)
        seal.addWidget(self.color, 1)
        names.addLayout(seal, 5, 0, 1, 2)
        self._head_row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._head_row.setSpacing(6 * STEP)
        self._head_row.addLayout(pictured)
        self._head_row.addLayout(names, 1)
        return self._head_row

    def _fold_in(self, column: QVBoxLayout, name: str, *parts: QWidget) -> None:
        inside = QWidget(self)
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4 * STEP)
        for part in parts:
            layout.addWidget(part)
        inside.hide()
        held = QVBoxLayout()
        held.setSpacing(2 * STEP)
        held.addWidget(self.folds[name])
        held.addWidget(inside)
        column.addLayout(held)
        self.folds[name].toggled.connect(inside.setVisible)

    def _connect(self) -> None:
        watch = FocusOutWatch(self)
        watch.left.connect(self._left)
        for line in (*self.lines.values(), self.tags, self.seal):
            line.textEdited.connect(self._typed)
            line.installEventFilter(watch)
        for field in self.long.values():
            field.edited.connect(self._typed)
            field.field.installEventFilter(watch)
        for texts in self.lists.values():
            texts.edited.connect(self._typed)
        self.color.edited.connect(self._typed_at_once)
        self.sampling_switch.toggled.connect(self._sampling_switched)
        self.sampling.changed.connect(lambda _value: self._typed())
        self.back_button.clicked.connect(self.back_requested)
        self.chat_button.clicked.connect(self._chat)
        self.lore_button.clicked.connect(self._lore)
        self.reset_button.clicked.connect(self._reset)
        self.avatar.clicked.connect(self.choose_picture)
        self.picture_button.clicked.connect(self.choose_picture)
        self.no_picture_button.clicked.connect(lambda: self._set_picture(""))

    # ------------------------------------------------------------ values

    def edited(self) -> Edited | None:
        """What is shown, with what was typed."""
        return replace(self._edited, fields=self.fields()) if self._edited is not None else None

    def show_persona(self, edited: Edited) -> None:
        """Show a persona; what was typed for another is announced first."""
        if self._edited is None or edited.id != self._edited.id:
            self.flush()
            self.area.verticalScrollBar().setValue(0)
        self._waiting = False
        self._timer.stop()
        self._edited = edited
        fields = edited.fields
        for name, line in self.lines.items():
            _put(line, getattr(fields, name))
        _put(self.seal, fields.seal)
        _put(self.tags, ", ".join(fields.tags))
        self.color.set_value(fields.color, edited.color)
        for name, field in self.long.items():
            field.set_value(getattr(fields, name))
        for name, texts in self.lists.items():
            texts.set_value(getattr(fields, name))
        blocked = self.sampling_switch.blockSignals(True)
        self.sampling_switch.setChecked(fields.sampling is not None)
        self.sampling_switch.blockSignals(blocked)
        self.sampling.set_value(fields.sampling or Sampling())
        self.sampling.setEnabled(fields.sampling is not None)
        self.retranslateUi()

    def fields(self) -> PersonaFields:
        """What is typed; what nobody touched is as it came."""
        before = self._edited.fields if self._edited is not None else PersonaFields()
        values: dict[str, object] = {name: _line(line, getattr(before, name)) for name, line in self.lines.items()}
        values |= {name: field.value() for name, field in self.long.items()}
        values |= {name: texts.value() for name, texts in self.lists.items()}
        tags = before.tags if self.tags.text() == ", ".join(before.tags) else split_tags(self.tags.text())
        return replace(
            before,
            **values,  # type: ignore[arg-type] # named by the fields themselves
            tags=tags,
            seal=_line(self.seal, before.seal),
            color=self.color.value(),
            sampling=self.sampling.value() if self.sampling_switch.isChecked() else None,
        )

    def flush(self) -> None:
        """Announce what was typed and still waits."""
        self._timer.stop()
        if not self._waiting or self._edited is None:
            return
        self._waiting = False
        fields = self.fields()
        if fields != self._edited.fields:
            self._edited = replace(self._edited, fields=fields)
            self.changed.emit(self._edited.id, fields)
            self.retranslateUi()

    def set_picture(self, persona: int, picture: str) -> None:
        """The image that was chosen is in the picture folder now."""
        if self._edited is not None and self._edited.id == persona:
            self._set_picture(picture)

    def set_saved(self, *, own: bool) -> None:
        """What was announced is kept."""
        if self._edited is not None:
            self._edited = replace(self._edited, changed=self._edited.builtin and own)
            self.state.setText(self.tr("Saved"))
            self.reset_button.setVisible(self._edited.changed)

    # ------------------------------------------------------------ inner

    def _typed(self) -> None:
        self._waiting = True
        self.state.setText("")
        self._show_avatar()
        self._timer.start()

    def _typed_at_once(self) -> None:
        self._typed()
        self.flush()

    def _left(self) -> None:
        if self._waiting:
            self.flush()

    def _sampling_switched(self, own: bool) -> None:  # noqa: FBT001 - a signal's value
        self.sampling.setEnabled(own)
        self._typed_at_once()

    def _set_picture(self, picture: str) -> None:
        if self._edited is None:
            return
        fields = replace(self.fields(), picture=picture)
        self._waiting = False
        self._timer.stop()
        if fields != self._edited.fields:
            self._edited = replace(self._edited, fields=fields)
            self.changed.emit(self._edited.id, fields)
            self.retranslateUi()

    def choose_picture(self) -> None:
        """Ask for an image."""
        if self._edited is None:
            return
        persona = self._edited.id
        dialog = QFileDialog(self.window(), self.tr("Choose a picture"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([self.tr("Pictures (*.png *.jpg *.jpeg *.webp *.gif *.bmp)"), self.tr("All files (*)")])
        dialog.fileSelected.connect(lambda path: self.picture_chosen.emit(persona, path))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _chat(self) -> None:
        self.flush()
        if self._edited is not None:
            self.chat_requested.emit(self._edited.id)

    def _lore(self) -> None:
        self.flush()
        if self._edited is not None:
            self.lore_requested.emit(self._edited.id)

    def _reset(self) -> None:
        self.flush()
        if self._edited is not None:
            self.reset_requested.emit(self._edited.id)

    def _show_avatar(self) -> None:
        fields = self._edited.fields if self._edited is not None else PersonaFields()
        name = self.lines["name"].text().strip()
        seal = self._edited.seal if self._edited is not None and name == fields.name else name[:1].upper()
        self.seal.setPlaceholderText(seal)
        self.avatar.set_picture(fields.picture, self.seal.text() or seal, self.color.shown())
        self.no_picture_button.setVisible(bool(fields.picture))
        self.heading.setText(one_line(name, LONGEST_NAME) or self.tr("Unnamed"))

    # ------------------------------------------------------------ events

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing waits in what is not shown."""
        self.flush()
        super().hideEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The picture beside the names, or above them."""
        super().resizeEvent(event)
        wide = event.size().width() >= NARROW
        self._head_row.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        self._head_row.setSpacing((6 if wide else 3) * STEP)

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange and hasattr(self, "_timer"):
            self.flush()
            self.retranslateUi()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self._show_avatar()
        self.state.setText("")
        self.back_button.setText(self.tr("All personas"))
        self.back_button.setIcon(icon("caret-left", 14))
        self.chat_button.setText(self.tr("Chat"))
        self.reset_button.setText(self.tr("Back to the original"))
        self.reset_button.setVisible(self._edited is not None and self._edited.changed)
        self.avatar.setAccessibleName(self.tr("Choose a picture"))
        self.picture_button.setText(self.tr("Choose a picture"))
        self.no_picture_button.setText(self.tr("Seal instead"))
        labels = {
            "name": self.tr("Name"),
            "nickname": self.tr("Nickname (used in place of the name)"),
            "creator": self.tr("Creator"),
            "character_version": self.tr("Version"),
            "seal": self.tr("Seal: one character and a colour"),
            "tags": self.tr("Tags, with commas between them"),
        }
        for name, text in labels.items():
            self.line_labels[name].setText(text)
        for name, line in (*self.lines.items(), ("tags", self.tags), ("seal", self.seal)):
            line.setAccessibleName(labels[name])
        for name, (title, hint) in self._long_words().items():
            self.long[name].set_words(title, hint)
        self.lists["alternate_greetings"].set_words(
            self.tr("Other first messages"), "", self.tr("Greeting {number}"), self.tr("Add a greeting")
        )
        self.lists["group_only_greetings"].set_words(
            self.tr("First messages in a group only"), "", self.tr("Greeting {number}"), self.tr("Add a greeting")
        )
        entries = self._edited.lore_entries if self._edited is not None else 0
        self.lore_row.set_words(self.tr("Lorebook"), self.tr("What it knows when certain words are said."))
        self.lore_button.setText(self.tr("Lore ({count} entries)").format(count=count_text(entries)))
        self.folds["greetings"].set_text(self.tr("More first messages"))
        self.folds["instructions"].set_text(self.tr("Instructions to the model"))
        self.folds["about"].set_text(self.tr("About this card"))
        self.folds["sampling"].set_text(self.tr("Sampling"))
        self.sampling_row.set_words(self.tr("Settings of its own"), self.tr("New conversations with it begin with these."))

    def _long_words(self) -> dict[str, tuple[str, str]]:
        return {
            "description": (
                self.tr("Description"),
                self.tr("Who it is, what it knows, how it speaks. {{char}} and {{user}} become the names."),
            ),
            "personality": (self.tr("Personality"), ""),
            "scenario": (self.tr("Scenario"), ""),
            "first_message": (self.tr("First message"), ""),
            "example_dialogue": (self.tr("Example dialogue"), self.tr("Each example begins with a line <START>.")),
            "system_prompt": (self.tr("System prompt"), self.tr("In place of the app's own; {{original}} puts that one in.")),
            "post_history_instructions": (self.tr("Instructions after the conversation"), ""),
            "creator_notes": (self.tr("Creator's notes"), self.tr("For people; never sent to the model.")),
        }


def split_tags(text: str) -> tuple[str, ...]:
    """What stands between commas, Latin or Chinese, each once."""
    return tuple(dict.fromkeys(tag for piece in _COMMA.split(text) if (tag := " ".join(piece.split()))))


def _put(line: QLineEdit, text: str) -> None:
    if line.text() != text:
        line.setText(text)
        line.setCursorPosition(0)


def _line(line: QLineEdit, before: str) -> str:
    """What is typed in a line; what it cannot show whole stays as it was while nobody types."""
    return line.text() if line.isModified() or line.text() == before else before
