"""The page of tasks: templates with fields and examples, and what the model makes of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QStackedWidget, QVBoxLayout, QWidget

from zhiyin.ui.banner import BannerSlot
from zhiyin.ui.elided_label import ElidedLabel
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.task_values import DELETE, DUPLICATE, EDIT, EXPORT, REVERT, RunPhase, SampleState, SentPart, TaskCard, TaskForm, TaskInputs
from zhiyin.ui.theme import STEP, ui_font
from zhiyin.ui.tokens import HEADER_HEIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent

    from zhiyin.ui.task_editor import TaskEditor
    from zhiyin.ui.task_gallery import TaskGallery
    from zhiyin.ui.task_values import TaskDraft
    from zhiyin.ui.task_view import TaskView
    from zhiyin.ui.wording import Wording


class TasksPage(QWidget):
    """A gallery, a task that is open, a task that is edited. Builds its content when it is first shown."""

    back_requested = Signal()
    opened = Signal()  # the page is shown
    left = Signal()  # it is not shown any more
    task_chosen = Signal(str)
    task_closed = Signal()
    new_requested = Signal()
    import_chosen = Signal(str)  # a path
    export_chosen = Signal(str, str)  # a task, a path
    acted = Signal(str, str)  # an action (``task_values``), a task
    edited = Signal(object)  # TaskForm, saved in the editor
    edit_begun = Signal(str)  # a task, "" = a new one
    edit_changed = Signal()  # something was typed in the editor
    edit_cancelled = Signal(object)  # TaskDraft: what was typed and is not saved; None when nothing was
    examples_changed = Signal(object, object)  # tuple[TaskExample, ...], ticked places
    example_removed = Signal(object, object, int, bool)  # the same without one, its place, and whether it was ticked
    inputs_changed = Signal()
    run_requested = Signal()
    stop_requested = Signal()
    prompt_requested = Signal()
    keep_requested = Signal(int)  # a place of an answer
    conversation_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.banner_slot = BannerSlot()
        self.back_button = IconButton("arrow-left", self)
        self.heading = ElidedLabel(parent=self)
        self.heading.setFont(ui_font(11.5))
        self.mark = QLabel(self)
        self.mark.setProperty("tone", "soft")
        self.mark.setFont(ui_font(9.5))
        self.edit_button = IconButton("pencil-simple", self)
        self.menu_button = IconButton("dots-three", self)
        self._cards: tuple[TaskCard, ...] = ()
        self._open: TaskCard | None = None
        self._form = TaskForm()
        self._editing = False
        self._new = False
        self._content: _Content | None = None
        top = QWidget(self)
        top.setFixedHeight(HEADER_HEIGHT)
        bar = QHBoxLayout(top)
        bar.setContentsMargins(2 * STEP, 0, 3 * STEP, 0)
        bar.setSpacing(2 * STEP)
        bar.addWidget(self.back_button)
        bar.addWidget(self.heading)
        bar.addWidget(self.mark)
        bar.addStretch(1)
        bar.addWidget(self.edit_button)
        bar.addWidget(self.menu_button)
        self._page = QVBoxLayout(self)
        self._page.setContentsMargins(0, 0, 0, 0)
        self._page.setSpacing(0)
        self._page.addWidget(top)
        self._page.addLayout(self.banner_slot)
        self._page.addStretch(1)
        self.back_button.clicked.connect(self.go_back)
        self.edit_button.clicked.connect(lambda: self._act(EDIT))
        self.menu_button.clicked.connect(self._show_menu)
        self.retranslateUi()

    # ------------------------------------------------------------ the parts

    def content(self) -> _Content:
        """The widgets, built when first asked for."""
        if self._content is None:
            self._content = content = _Content(self)
            self._page.takeAt(self._page.count() - 1)
            self._page.addWidget(content, 1)
            gallery, view, editor = content.gallery, content.view, content.editor
            gallery.chosen.connect(self.task_chosen)
            gallery.new_requested.connect(self.new_requested)
            gallery.import_requested.connect(self._ask_import)
            view.run_requested.connect(self.run_requested)
            view.stop_requested.connect(self.stop_requested)
            view.prompt_requested.connect(self.prompt_requested)
            view.inputs_changed.connect(self.inputs_changed)
            view.examples.edit_requested.connect(self._edit_example)
            view.examples.changed.connect(self.examples_changed)
            view.examples.removed.connect(self._on_removed)
            view.results.keep_requested.connect(self.keep_requested)
            view.results.conversation_requested.connect(self.conversation_requested)
            editor.saved.connect(self.edited)
            editor.changed.connect(self.edit_changed)
            editor.cancelled.connect(self._cancel_edit)
            gallery.set_cards(self._cards)
        return self._content

    @property
    def gallery(self) -> TaskGallery:
        """The cards."""
        return self.content().gallery

    @property
    def view(self) -> TaskView:
        """The task that is open."""
        return self.content().view

    @property
    def editor(self) -> TaskEditor:
        """The task that is edited."""
        return self.content().editor

    # ------------------------------------------------------------ values

    def set_tasks(self, cards: Sequence[TaskCard]) -> None:
        """All tasks, in order."""
        self._cards = tuple(cards)
        if self._content is not None:
            self._content.gallery.set_cards(self._cards)

    def tasks(self) -> tuple[TaskCard, ...]:
        """As given last."""
        return self._cards

    def current(self) -> str:
        """The task that is open, or ""."""
        return self._open.ident if self._open is not None else ""

    def open_task(self, card: TaskCard, form: TaskForm, inputs: TaskInputs, *, keep_answers: bool = False) -> None:
        """Show a task, with what was last filled in."""
        self._open, self._form, self._editing, self._new = card, form, False, False
        self.view.set_task(form, inputs, keep_answers=keep_answers)
        self.content().setCurrentWidget(self.view)
        self._show_bar()
        if self.isVisible() and not keep_answers:
            self.view.focus_field()

    def set_form(self, card: TaskCard, form: TaskForm) -> None:
        """The task that is open was stored as this; what is shown stays."""
        self._open, self._form = card, form
        self._show_bar()

    def show_gallery(self) -> None:
        """Close what is open."""
        self._open, self._editing, self._new = None, False, False
        if self._content is not None:
            self._content.setCurrentWidget(self._content.gallery)
            if self.isVisible():
                self._content.gallery.search.setFocus()
        self._show_bar()

    def edit_task(self, form: TaskForm, *, new: bool = False) -> None:
        """Edit a task; a new one is in no list yet."""
        self._form, self._editing, self._new = form, True, new
        self.editor.set_form(form)
        self.content().setCurrentWidget(self.editor)
        self._show_bar()
        self.editor.name.setFocus()
        self.edit_begun.emit("" if new else self.current())

    def edit_open(self) -> None:
        """Edit the task that is open."""
        if self._open is not None:
            self.edit_task(self._form)

    def draft(self) -> TaskDraft | None:
        """What was typed in the editor and is not saved; None when nothing was."""
        return self.editor.draft() if self._editing else None

    def restore_draft(self, draft: TaskDraft) -> None:
        """Put into the editor what was typed before."""
        self.editor.set_draft(draft)

    @property
    def editing(self) -> bool:
        """Whether a task is being edited."""
        return self._editing

    def inputs(self) -> TaskInputs:
        """What is filled in and chosen for the task that is open."""
        return self.view.inputs()

    def set_phase(self, phase: RunPhase) -> None:
        """How far the run is."""
        self.view.set_phase(phase)

    def begin_samples(self, states: Sequence[SampleState]) -> None:
        """Answers will come."""
        self.view.results.set_count(len(states))
        for state in states:
            self.view.results.set_sample(state)
        self.view.show_answers()

    def set_sample(self, state: SampleState) -> None:
        """How far one answer has come."""
        self.view.results.set_sample(state)

    def set_kept(self, index: int | None) -> None:
        """Which answer was kept."""
        self.view.results.set_kept(index)

    def set_notice(self, words: Wording, kind: str = "info") -> None:
        """Say something about the task that is open."""
        self.view.set_notice(words, kind)

    def show_prompt(self, parts: Sequence[SentPart]) -> None:
        """Everything that is sent."""
        from zhiyin.ui.task_dialogs import PromptDialog  # noqa: PLC0415 - seldom needed

        PromptDialog(parts, self).open()

    # ------------------------------------------------------------ leaving

    def go_back(self) -> None:
        """One level up: out of the editor, out of the task, off the page."""
        if self._editing:
            self._cancel_edit()
        elif self._open is not None:
            self.task_closed.emit()
        else:
            self.back_requested.emit()

    def _cancel_edit(self) -> None:
        draft = self.draft()
        self._editing = False
        if self._open is None or self._new:
            self.show_gallery()
        else:
            self.content().setCurrentWidget(self.view)
            self._show_bar()
        self.edit_cancelled.emit(draft)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc goes one level up before it leaves the page."""
        if event.key() == Qt.Key.Key_Escape and (self._editing or self._open is not None):
            self.go_back()
            event.accept()
        else:
            super().keyPressEvent(event)

    # ------------------------------------------------------------ inner

    def _act(self, action: str) -> None:
        if self._open is None:
            return
        if action == EDIT:
            self.edit_open()
        elif action == EXPORT:
            self._ask_export(self._open)
        else:
            self.acted.emit(action, self._open.ident)

    def menu_actions(self) -> list[tuple[str, str]]:
        """What can be done with the task that is open: an action and its words."""
        card = self._open
        if card is None:
            return []
        actions = [(EDIT, self.tr("Edit")), (DUPLICATE, self.tr("Duplicate") if card.own else self.tr("Save as my own"))]
        actions.append((EXPORT, self.tr("Export…")))
        if card.changed:
            actions.append((REVERT, self.tr("Back to the original")))
        if card.own:
            actions.append((DELETE, self.tr("Delete")))
        return actions

    def _show_menu(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for action, words in self.menu_actions():
            if action in (REVERT, DELETE):
                menu.addSeparator()
            menu.addAction(words, partial(self._act, action))
        menu.popup(self.menu_button.mapToGlobal(self.menu_button.rect().bottomLeft()))

    def _edit_example(self, place: int) -> None:
        from zhiyin.ui.task_dialogs import ExampleDialog  # noqa: PLC0415 - the same
        from zhiyin.ui.task_values import TaskExample  # noqa: PLC0415 - the same

        view = self.view
        shown = view.examples.examples()
        example = shown[place] if 0 <= place < len(shown) else TaskExample(values=view.fields.values())
        dialog = ExampleDialog(self._form.fields, example, place, self._form.output_label, self)
        dialog.chosen.connect(view.examples.put)
        dialog.open()

    def _on_removed(self, place: int, was_ticked: bool) -> None:  # noqa: FBT001 - a signal's value
        examples = self.view.examples
        self.example_removed.emit(examples.examples(), examples.ticked(), place, was_ticked)

    def _ask_import(self) -> None:
        from zhiyin.ui.task_dialogs import TaskFileDialog  # noqa: PLC0415 - the same

        dialog = TaskFileDialog(self.window())
        dialog.chosen.connect(self.import_chosen)
        dialog.open()

    def _ask_export(self, card: TaskCard) -> None:
        from zhiyin.ui.task_dialogs import TaskFileDialog  # noqa: PLC0415 - the same

        name = "".join("_" if letter in '\\/:*?"<>|' or ord(letter) < 32 else letter for letter in card.name).strip(". ")[:80]
        dialog = TaskFileDialog(self.window(), save_as=f"{name or 'task'}.json")
        dialog.chosen.connect(lambda path: self.export_chosen.emit(card.ident, path))
        dialog.open()

    def showEvent(self, event: QShowEvent) -> None:
        """Build what is shown."""
        self.content()
        super().showEvent(event)
        self.opened.emit()
        if self._open is None and not self._editing:
            self.gallery.search.setFocus()

    def hideEvent(self, event: QHideEvent) -> None:
        """What was typed is kept."""
        super().hideEvent(event)
        self.left.emit()

    def _show_bar(self) -> None:
        card = self._open if not self._new else None
        open_now = card is not None and not self._editing
        if self._editing:
            self.heading.setText(self.tr("New task") if self._new else self.tr("Edit “{name}”").format(name=self._form.name[:60]))
        else:
            self.heading.setText(card.name if card is not None else self.tr("Tasks"))
        self.mark.setText("" if not open_now or card is None else self._mark_words(card))
        self.mark.setVisible(bool(self.mark.text()))
        self.edit_button.setVisible(open_now)
        self.menu_button.setVisible(open_now)

    def _mark_words(self, card: TaskCard) -> str:
        return self.tr("mine") if card.own else self.tr("changed") if card.changed else ""

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.back_button.set_hint(self.tr("Back"), "Esc")
        self.edit_button.set_hint(self.tr("Edit"))
        self.menu_button.set_hint(self.tr("More"))
        self._show_bar()

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()


class _Content(QStackedWidget):
    """What is built when the page is first shown."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        from zhiyin.ui.task_editor import TaskEditor  # noqa: PLC0415 - not needed for the first frame
        from zhiyin.ui.task_gallery import TaskGallery  # noqa: PLC0415 - the same
        from zhiyin.ui.task_view import TaskView  # noqa: PLC0415 - the same

        self.gallery = TaskGallery(self)
        self.view = TaskView(self)
        self.editor = TaskEditor(self)
        for widget in (self.gallery, self.view, self.editor):
            self.addWidget(widget)
