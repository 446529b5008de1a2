"""The page of the notebook: plain text that the model continues in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from zhiyin.ui.banner import BannerSlot
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.theme import STEP, ui_font
from zhiyin.ui.tokens import HEADER_HEIGHT

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QShowEvent

    from zhiyin.ui.notebook_content import NotebookContent
    from zhiyin.ui.notebook_values import Progress


class NotebookPage(QWidget):
    """Builds its content when it is first shown, and then says ``opened``."""

    back_requested = Signal()
    opened = Signal()
    edited = Signal()  # by the user
    overfull = Signal()
    continue_requested = Signal()
    stop_requested = Signal()
    undo_requested = Signal()
    redo_requested = Signal()
    branch_requested = Signal(object, int)  # Span, the place of a candidate in it
    choice_made = Signal(int)
    options_changed = Signal(object)  # NotebookOptions

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.banner_slot = BannerSlot()
        self._content: NotebookContent | None = None
        self.back_button = IconButton("arrow-left", self)
        self.undo_button = IconButton("arrow-u-up-left", self)
        self.redo_button = IconButton("arrow-u-up-right", self)
        self.side_button = IconButton("sliders-horizontal", self)
        self.heading = QLabel(self)
        self.heading.setFont(ui_font(11.5))
        top = QWidget(self)
        top.setFixedHeight(HEADER_HEIGHT)
        bar = QHBoxLayout(top)
        bar.setContentsMargins(2 * STEP, 0, 2 * STEP, 0)
        bar.setSpacing(2 * STEP)
        bar.addWidget(self.back_button)
        bar.addWidget(self.heading)
        bar.addStretch(1)
        for button in (self.undo_button, self.redo_button, self.side_button):
            bar.addWidget(button)
        self._page = QVBoxLayout(self)
        self._page.setContentsMargins(0, 0, 0, 0)
        self._page.setSpacing(0)
        self._page.addWidget(top)
        self._page.addLayout(self.banner_slot)
        self._page.addStretch(1)
        self.back_button.clicked.connect(self.back_requested)
        self.undo_button.clicked.connect(self.undo_requested)
        self.redo_button.clicked.connect(self.redo_requested)
        self.side_button.clicked.connect(self._toggle_side)
        self.undo_button.setEnabled(False)
        self.redo_button.setEnabled(False)
        self.retranslateUi()

    @property
    def built(self) -> bool:
        """Whether it was ever shown."""
        return self._content is not None

    def content(self) -> NotebookContent:
        """The widgets, built when first asked for."""
        if self._content is None:
            from zhiyin.ui.notebook_content import NotebookContent  # noqa: PLC0415 - not needed for the first frame

            self._content = content = NotebookContent(self)
            self._page.takeAt(self._page.count() - 1)
            self._page.addWidget(content, 1)
            content.continue_requested.connect(self.continue_requested)
            content.stop_requested.connect(self.stop_requested)
            content.choices.chosen.connect(self.choice_made)
            content.popover.chosen.connect(self.branch_requested)
            content.form.changed.connect(self._options_edited)
            editor = content.editor
            editor.edited.connect(self.edited)
            editor.overfull.connect(self.overfull)
            editor.undo_requested.connect(self.undo_requested)
            editor.redo_requested.connect(self.redo_requested)
            editor.continue_requested.connect(self.continue_requested)
            editor.stop_requested.connect(self.stop_requested)
            self.opened.emit()
        return self._content

    def show_progress(self, progress: Progress) -> None:
        """Show how far the work is, and what can be done now."""
        idle = progress.state == "idle"
        self.undo_button.setEnabled(idle and progress.undo)
        self.redo_button.setEnabled(idle and progress.redo)
        self.content().show_progress(progress)

    def showEvent(self, event: QShowEvent) -> None:
        """Build the page."""
        self.content().editor.setFocus()
        super().showEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc stops what runs, closes what lies over the sheet, and then leaves."""
        content = self._content
        if event.key() == Qt.Key.Key_Escape and content is not None:
            if content.stop_button.isVisible():
                self.stop_requested.emit()
                return
            if content.close_overlay():
                return
        super().keyPressEvent(event)

    def _toggle_side(self) -> None:
        content = self.content()
        content.show_side(not content.side_shown())

    def _options_edited(self, options: object) -> None:
        content = self.content()
        content.editor.set_tinted(content.form.value().probabilities)
        self.options_changed.emit(options)

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.back_button.set_hint(self.tr("Back"), "Esc")
        self.undo_button.set_hint(self.tr("Undo the last step"), "Ctrl+Z")
        self.redo_button.set_hint(self.tr("Redo"), "Ctrl+Shift+Z")
        self.side_button.set_hint(self.tr("How the text is continued"))
        self.heading.setText(self.tr("Notebook"))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()
