"""The side of the library: everything that is known of one model, and what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QHideEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QScrollArea, QVBoxLayout, QWidget

from zhiyin.ui.amounts import count_text, parameters_text, size_text
from zhiyin.ui.fact_rows import FactRows
from zhiyin.ui.fold import Fold
from zhiyin.ui.form_row import soft_label
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.library_job_row import LibraryJobRow
from zhiyin.ui.library_model import FoundItem, LibraryItem
from zhiyin.ui.library_values import CHAT, LOCATE, REMOVE, RENAME, REVEAL, UPDATE, USE, VERIFY, FileFacts, LibraryJob
from zhiyin.ui.long_lines import break_long_lines, break_long_words
from zhiyin.ui.model_words import context_text, day_text, languages_text, source_text, used_text
from zhiyin.ui.notice_label import NoticeLabel
from zhiyin.ui.plain_text_field import PlainTextField
from zhiyin.ui.theme import STEP, mono_font, ui_font
from zhiyin_models.jobs.protocol import Status

NOTES_DELAY_MS = 500
LONGEST_NOTES = 20_000
SMALL = 9.5
REVISION = 12  # characters of a commit that are shown


class ModelDetails(QScrollArea):
    """Shows one ``LibraryItem`` or ``FoundItem``; ``acted`` carries what was pressed and the model's path."""

    acted = Signal(str, str)
    use_all_requested = Signal()
    notes_changed = Signal(str, str)
    job_acted = Signal(str, str)
    close_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._item: LibraryItem | FoundItem | None = None
        self._facts: FileFacts | None = None
        self._found_count = 0
        self._job: LibraryJobRow | None = None
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(NOTES_DELAY_MS)
        self._delay.timeout.connect(self._announce)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = QWidget(self)
        self._make(inner)
        self._lay_out(inner)
        self.setWidget(inner)
        self.retranslateUi()

    def _make(self, inner: QWidget) -> None:
        self.title = QLabel(inner)
        self.title.setFont(ui_font(12.5))
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setWordWrap(True)
        self.close_button = IconButton("x", inner, size=14)
        self.close_button.clicked.connect(self.close_requested)
        self.message = NoticeLabel("", inner)
        self.update_notice = NoticeLabel("", inner)
        self.buttons = {name: self._button(name, inner) for name in (CHAT, USE, LOCATE, UPDATE)}
        self.icon_buttons: dict[str, IconButton] = {}
        for name, picture in ((RENAME, "pencil-simple"), (VERIFY, "shield-check"), (REVEAL, "folder-open"), (REMOVE, "trash")):
            self.icon_buttons[name] = button = IconButton(picture, inner, size=18)
            button.clicked.connect(lambda _checked=False, action=name: self._act(action))
        self.use_all_button = QPushButton(inner)
        self.use_all_button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.use_all_button.clicked.connect(self.use_all_requested)
        self.rows = FactRows(inner)
        self.notes_label = _section(inner)
        self.notes = PlainTextField(inner)
        self.notes.setTabChangesFocus(True)
        self.notes.setFixedHeight(20 * STEP)
        self.notes.textChanged.connect(self._notes_edited)
        self.tensors_label = _section(inner)
        self.tensors = FactRows(inner)
        self.metadata_fold = Fold(inner)
        self.metadata = _reading_field(inner, ui_font(SMALL))
        self.template_fold = Fold(inner)
        self.template = _reading_field(inner, mono_font(9))
        self.facts_message = soft_label(inner)
        for fold in (self.metadata_fold, self.template_fold):
            fold.toggled.connect(self._show_folds)

    def _button(self, name: str, inner: QWidget) -> QPushButton:
        button = QPushButton(inner)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        if name != UPDATE:
            button.setProperty("kind", "primary")
        button.clicked.connect(lambda _checked=False, action=name: self._act(action))
        return button

    def _lay_out(self, inner: QWidget) -> None:
        top = QHBoxLayout()
        top.setSpacing(2 * STEP)
        top.addWidget(self.title, 1)
        top.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        actions = QHBoxLayout()
        actions.setSpacing(STEP)
        for button in (*self.buttons.values(), self.use_all_button):
            actions.addWidget(button)
        actions.addStretch(1)
        for icon_button in self.icon_buttons.values():
            actions.addWidget(icon_button)
        self._job_slot = QVBoxLayout()
        layout = QVBoxLayout(inner)
        layout.setContentsMargins(4 * STEP, 2 * STEP, 4 * STEP, 4 * STEP)
        layout.setSpacing(3 * STEP)
        layout.addLayout(top)
        layout.addWidget(self.message)
        layout.addWidget(self.update_notice)
        layout.addLayout(actions)
        layout.addLayout(self._job_slot)
        layout.addWidget(self.rows)
        layout.addWidget(self.notes_label)
        layout.addWidget(self.notes)
        layout.addWidget(self.tensors_label)
        layout.addWidget(self.tensors)
        layout.addWidget(self.template_fold)
        layout.addWidget(self.template)
        layout.addWidget(self.metadata_fold)
        layout.addWidget(self.metadata)
        layout.addWidget(self.facts_message)
        layout.addStretch(1)

    # ------------------------------------------------------------ values

    def item(self) -> LibraryItem | FoundItem | None:
        """What is shown."""
        return self._item

    def path(self) -> str:
        """Of the model that is shown, or ""."""
        return self._item.model.path if isinstance(self._item, LibraryItem) else self._item.path if self._item is not None else ""

    def set_item(self, item: LibraryItem | FoundItem | None) -> None:
        """Show a model; another one than before has no facts yet, and what was noted of the former is announced first."""
        before = self.path()
        path = item.model.path if isinstance(item, LibraryItem) else item.path if item is not None else ""
        if path != before:
            self.flush()
            self._facts = None
            self.set_job(None)
            self.verticalScrollBar().setValue(0)
        same = path == before and item == self._item
        self._item = item
        typing = self._delay.isActive() or self.notes.hasFocus()
        if isinstance(item, LibraryItem) and (path != before or not typing):
            self._show_notes(item.model.notes)
        if not same:
            self.retranslateUi()

    def set_facts(self, facts: FileFacts | None) -> None:
        """What the file says; None while it is being read."""
        self._facts = facts
        self._show_item()
        self._show_facts()

    def set_found_count(self, count: int) -> None:
        """How many models of other apps there are."""
        if count != self._found_count:
            self._found_count = count
            self.retranslateUi()

    def set_job(self, job: LibraryJob | None) -> None:
        """The check that runs or has just ended."""
        if job is not None and self._job is not None:
            self._job.set_job(job)
            return
        if self._job is not None:
            self._job_slot.removeWidget(self._job)
            self._job.hide()
            self._job.deleteLater()
            self._job = None
        if job is not None:
            self._job = LibraryJobRow(job, self.widget(), titled=False)
            self._job.acted.connect(self.job_acted)
            self._job_slot.addWidget(self._job)
        self._enable()

    def job_row(self) -> LibraryJobRow | None:
        """The row of the check."""
        return self._job

    def flush(self) -> None:
        """Announce notes that still wait, now."""
        if self._delay.isActive():
            self._delay.stop()
            self._announce()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing waits in what is not shown."""
        self.flush()
        super().hideEvent(event)

    # ------------------------------------------------------------ words

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.close_button.set_hint(self.tr("Close"))
        self.buttons[CHAT].setText(self.tr("Chat"))
        self.buttons[USE].setText(self.tr("Use"))
        self.buttons[LOCATE].setText(self.tr("Find it…"))
        self.buttons[UPDATE].setText(self.tr("Update"))
        self.use_all_button.setText(self.tr("Use all ({count})").format(count=self._found_count))
        hints = {
            RENAME: (self.tr("Rename"), "F2"),
            VERIFY: (self.tr("Check the file again"), ""),
            REVEAL: (self.tr("Show in folder"), ""),
            REMOVE: (self._remove_hint(), "Del"),
        }
        for name, (text, keys) in hints.items():
            self.icon_buttons[name].set_hint(text, keys)
        self.notes_label.setText(self.tr("Notes"))
        self.notes.setAccessibleName(self.tr("Notes"))
        self.notes.set_placeholder(self.tr("What it is good for"))
        self.tensors_label.setText(self.tr("Tensors"))
        self.template.setAccessibleName(self.tr("Chat template"))
        self.metadata.setAccessibleName(self.tr("Metadata"))
        self._show_item()
        self._show_facts()

    def _remove_hint(self) -> str:
        item = self._item
        if isinstance(item, LibraryItem) and (item.model.missing or not item.model.owned):
            return self.tr("Take out of the library")
        return self.tr("Move to the trash")

    def _show_item(self) -> None:
        item = self._item
        installed = isinstance(item, LibraryItem)
        for widget in (self.rows, self.notes, self.notes_label):
            widget.setVisible(installed or (item is not None and widget is self.rows))
        for icon_button in self.icon_buttons.values():
            icon_button.setVisible(installed)
        self.use_all_button.setVisible(isinstance(item, FoundItem) and self._found_count > 1)
        self.buttons[USE].setVisible(isinstance(item, FoundItem))
        if isinstance(item, LibraryItem):
            self._show_installed(item)
        else:
            for name in (CHAT, LOCATE, UPDATE):
                self.buttons[name].hide()
            self.update_notice.set_text("")
            self._show_found(item)
        self._enable()

    def _show_found(self, item: FoundItem | None) -> None:
        self.title.setText(break_long_words(item.name) if item is not None else "")
        self.message.set_text(self.tr("It stays where it is, and both apps use the same file.") if item is not None else "", "info")
        facts = (
            ((self.tr("App"), item.app), (self.tr("Size"), size_text(item.size)), (self.tr("File"), item.path)) if item is not None else ()
        )
        self.rows.set_rows(facts)

    def _show_installed(self, item: LibraryItem) -> None:
        model = item.model
        self.title.setText(break_long_words(model.name))
        if model.missing:
            said = self.tr("The file is not where it was. Connect the disk that it lies on, find it where it is now, or take it out.")
            self.message.set_text(said, "warning")
        else:
            self.message.set_text(item.why, "error")
        self.update_notice.set_text(self.tr("There is a newer revision of it.") if item.update else "", "info")
        self.buttons[CHAT].setVisible(not model.missing and not item.why)
        self.buttons[LOCATE].setVisible(model.missing)
        self.buttons[UPDATE].setVisible(item.update)
        self.rows.set_rows(self._installed_rows(item))

    def _installed_rows(self, item: LibraryItem) -> list[tuple[str, str]]:
        model, origin, facts = item.model, item.model.origin, self._facts or FileFacts()
        revision = origin.revision[:REVISION] if origin is not None else ""
        size = size_text(model.size) if model.size else ""
        if facts.parts > 1:
            size = self.tr("{size} in {count} files").format(size=size, count=facts.parts)
        return [
            (self.tr("Size"), size),
            (self.tr("Parameters"), parameters_text(model.parameters) if model.parameters else ""),
            (self.tr("Quant type"), model.quant),
            (self.tr("Context"), self._context(model.trained_context)),
            (self.tr("Architecture"), model.architecture),
            (self.tr("Layers"), count_text(facts.layers) if facts.layers else ""),
            (self.tr("Vocabulary"), count_text(facts.vocabulary) if facts.vocabulary else ""),
            (self.tr("Languages"), languages_text(model.languages, 12)),
            (self.tr("Licence"), model.licence),
            (self.tr("Last used"), used_text(model)),
            (self.tr("Source"), source_text(model)),
            (self.tr("Repository"), origin.repository if origin is not None else ""),
            (self.tr("Revision"), revision),
            (self.tr("Fetched"), day_text(origin.fetched) if origin is not None else ""),
            (self.tr("Checksum"), "" if model.missing else self._checksum(item)),
            (self.tr("Projector"), file_name(model.projector)),
            (self.tr("File"), model.path),
        ]

    def _context(self, tokens: int) -> str:
        if tokens < 1024:
            return self.tr("{count} tokens").format(count=count_text(tokens)) if tokens else ""
        return self.tr("{count} tokens ({short})").format(count=count_text(tokens), short=context_text(tokens))

    def _checksum(self, item: LibraryItem) -> str:
        model = item.model
        if model.checked:
            return self.tr("right, {day}").format(day=day_text(model.checked))
        known = model.origin is not None and bool(model.origin.sha256)
        return self.tr("known, not checked again yet") if known else self.tr("not known yet")

    def _enable(self) -> None:
        item = self._item
        there = isinstance(item, LibraryItem) and not item.model.missing
        checking = self._job is not None and self._job.job().status in (Status.RUNNING, Status.QUEUED)
        self.icon_buttons[VERIFY].setEnabled(there and not checking)

    def _show_facts(self) -> None:
        facts = self._facts
        installed = isinstance(self._item, LibraryItem) and not self._item.model.missing
        trouble = facts.trouble if facts is not None else ""
        self.facts_message.setText(break_long_words(trouble))
        self.facts_message.setVisible(bool(trouble) and installed and not self.message.text())
        tensors = facts.tensors if facts is not None and installed else ()
        self.tensors_label.setVisible(bool(tensors))
        self.tensors.setVisible(bool(tensors))
        self.tensors.set_rows([(kind, f"{count_text(count)} · {size_text(size)}") for kind, count, size in tensors])
        template = facts.template if facts is not None and installed else ""
        metadata = facts.metadata if facts is not None and installed else ()
        self.template_fold.setVisible(bool(template))
        self.template_fold.set_text(self.tr("Chat template"))
        self.metadata_fold.setVisible(bool(metadata))
        self.metadata_fold.set_text(self.tr("Metadata ({count})").format(count=count_text(len(metadata) + self._left_out())))
        _fill(self.template, template)
        self._show_folds()

    def _left_out(self) -> int:
        return self._facts.left_out if self._facts is not None else 0

    def _show_folds(self) -> None:
        metadata = self._facts.metadata if self._facts is not None else ()
        shown = self.metadata_fold.isChecked() and not self.metadata_fold.isHidden()
        if shown:
            _fill(self.metadata, "\n".join([f"{key}: {value}" for key, value in metadata] + ["…"] * (self._left_out() > 0)))
        self.metadata.setVisible(shown)
        self.template.setVisible(self.template_fold.isChecked() and not self.template_fold.isHidden())

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    # ------------------------------------------------------------ inner

    def _show_notes(self, text: str) -> None:
        if self.notes.text() != text:
            blocked = self.notes.blockSignals(True)
            self.notes.set_text(text)
            self.notes.blockSignals(blocked)

    def _notes_edited(self) -> None:
        if isinstance(self._item, LibraryItem):
            self._delay.start()

    def _announce(self) -> None:
        self.notes_changed.emit(self.path(), self.notes.text()[:LONGEST_NOTES])

    def _act(self, action: str) -> None:
        if self._item is not None:
            self.flush()
            self.acted.emit(action, self.path())


def _reading_field(parent: QWidget, font: QFont) -> QPlainTextEdit:
    field = QPlainTextEdit(parent)
    field.setReadOnly(True)
    field.setFont(font)
    field.setFixedHeight(60 * STEP)
    field.setTabChangesFocus(True)
    return field


def _fill(field: QPlainTextEdit, text: str) -> None:
    """Its place stays when nothing is new."""
    shown = break_long_lines(text)
    if field.toPlainText() != shown:
        field.setPlainText(shown)


def file_name(path: str) -> str:
    """The last part of a path of any system."""
    return path.replace("\\", "/").rsplit("/", 1)[-1]


def _section(parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setProperty("tone", "section")
    return label
