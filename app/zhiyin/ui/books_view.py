"""The standalone lorebooks, and the editor of one."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QStandardPaths, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from zhiyin.ui.foreign_text import isolated, one_line
from zhiyin.ui.in_turns import in_turns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QHideEvent, QShowEvent

    from zhiyin.ui.books_content import BooksContent
    from zhiyin.ui.books_values import BookItem
    from zhiyin.ui.lore_editor import LoreEditor

LONGEST_FILE_NAME = 60


class BooksView(QWidget):
    """Builds itself when it is first shown, in several turns of the event loop."""

    built = Signal(object)  # LoreEditor
    preparing = Signal()  # it will be built soon
    opened = Signal()  # it can be seen now
    left = Signal()  # it cannot be seen any more
    chosen = Signal(int)
    new_requested = Signal()
    files_chosen = Signal(object)  # list[str]
    export_chosen = Signal(int, str)  # a book, the path of a file
    duplicate_requested = Signal(int)
    delete_requested = Signal(int)
    use_requested = Signal(int)  # in the open conversation
    card_left = Signal()  # back from a card's own book

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: tuple[BookItem, ...] = ()
        self._chosen = 0
        self._card: str | None = None
        self._notice = ("", "info")
        self._content: BooksContent | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)

    def content(self) -> BooksContent:
        """The widgets, built when first asked for."""
        if self._content is None:
            from zhiyin.ui.books_content import BooksContent  # noqa: PLC0415 - not needed for the first frame

            self._content = content = BooksContent(self)
            self._layout.addWidget(content)
            self._connect(content)
            content.show_items(self._items, self._chosen)
            content.show_card(self._card_title())
            content.notice.set_text(*self._notice)
            self.built.emit(content.editor)
        return self._content

    def _connect(self, content: BooksContent) -> None:
        for button in (content.buttons["new"], content.nothing.new_button):
            button.clicked.connect(self.new_requested)
        for button in (content.buttons["import"], content.nothing.import_button):
            button.clicked.connect(self.choose_files)
        content.buttons["export"].clicked.connect(self.choose_target)
        content.buttons["duplicate"].clicked.connect(lambda: self.duplicate_requested.emit(self._chosen))
        content.buttons["delete"].clicked.connect(lambda: self.delete_requested.emit(self._chosen))
        for button in (content.use_button, content.buttons["use"]):
            button.clicked.connect(self._use)
        content.list.delete_pressed.connect(lambda: self.delete_requested.emit(self._chosen))
        content.list.chosen.connect(self._choose)
        content.chooser.activated.connect(lambda _place: self._choose(int(content.chooser.currentData() or 0)))
        content.card_back.clicked.connect(self.card_left)

    # ------------------------------------------------------------ values

    @property
    def editor(self) -> LoreEditor:
        """The editor of what is chosen."""
        return self.content().editor

    @property
    def is_built(self) -> bool:
        """Whether it was ever shown."""
        return self._content is not None

    def items(self) -> tuple[BookItem, ...]:
        """The books in the list."""
        return self._items

    def set_items(self, items: Sequence[BookItem]) -> None:
        """The standalone books."""
        if tuple(items) == self._items:
            return
        self._items = tuple(items)
        if self._content is not None:
            self._content.show_items(self._items, self._chosen)

    def chosen_book(self) -> int:
        """The book that is open, or 0."""
        return self._chosen

    def choose(self, ident: int) -> None:
        """Mark a book without announcing it; 0 marks none."""
        self._chosen = ident
        if self._content is not None:
            self._content.show_items(self._items, ident)

    def show_card(self, persona: str | None) -> None:
        """The editor is for the own book of a persona with this name, and no longer with None."""
        self._card = persona
        if self._content is not None:
            self._content.show_card(self._card_title())

    def set_notice(self, text: str, kind: str = "info") -> None:
        """A sentence above the editor; "" for none."""
        self._notice = (text, kind)
        if self._content is not None:
            self._content.notice.set_text(text, kind)

    def notice(self) -> str:
        """The sentence above the editor."""
        return self._notice[0]

    def _card_title(self) -> str | None:
        if self._card is None:
            return None
        return self.tr("The lorebook in the card of {name}").format(name=isolated(one_line(self._card, 80)) or "…")

    # ------------------------------------------------------------ files

    def choose_files(self) -> None:
        """Ask for files to be imported."""
        from PySide6.QtWidgets import QFileDialog  # noqa: PLC0415 - not needed for the first frame

        dialog = QFileDialog(self.window(), self.tr("Import lorebooks"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters([self.tr("Lorebooks (*.json)"), self.tr("All files (*)")])
        dialog.setDirectory(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DownloadLocation))
        dialog.filesSelected.connect(self.files_chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def choose_target(self) -> None:
        """Ask where the chosen book goes."""
        from PySide6.QtWidgets import QFileDialog  # noqa: PLC0415 - the same

        item = next((item for item in self._items if item.ident == self._chosen), None)
        if item is None:
            return
        dialog = QFileDialog(self.window(), self.tr("Export the lorebook"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("json")
        dialog.setNameFilters([self.tr("Lorebooks (*.json)")])
        dialog.setDirectory(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation))
        dialog.selectFile(f"{file_name(item.name)}.json")
        dialog.fileSelected.connect(lambda path, ident=item.ident: self.export_chosen.emit(ident, path))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    # ------------------------------------------------------------ events

    def _use(self) -> None:
        if self._chosen:
            self.use_requested.emit(self._chosen)

    def _choose(self, ident: int) -> None:
        if ident and ident != self._chosen:
            self.choose(ident)
            self.chosen.emit(ident)

    def showEvent(self, event: QShowEvent) -> None:
        """Built now, if it was not."""
        super().showEvent(event)
        if self._content is not None:
            self._show_content()
        else:
            modules = ("lore_form", "lore_editor", "books_content")
            steps: list[Callable[[], object]] = [partial(import_module, f"zhiyin.ui.{module}") for module in modules]
            steps += [self.preparing.emit, self.content, self._show_content]
            in_turns(self, [partial(self._while_visible, step) for step in steps])

    def _while_visible(self, step: Callable[[], object]) -> None:
        if self.isVisible():
            step()

    def _show_content(self) -> None:
        content = self.content()
        if self.focusWidget() is None:
            content.editor.list.setFocus()
        self.opened.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """What was typed is kept."""
        super().hideEvent(event)
        self.left.emit()

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange and self._content is not None:
            self._content.show_items(self._items, self._chosen)
            self._content.show_card(self._card_title())


def file_name(name: str) -> str:
    """A book's name as that of a file on any system."""
    kept = "".join(character if character.isalnum() or character in " -_()（）" else "_" for character in name[:LONGEST_FILE_NAME])
    return kept.strip(" ._") or "lorebook"
