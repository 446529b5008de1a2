"""The gallery of personas, the form of one, and cards before they are taken in."""

from __future__ import annotations

from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from zhiyin.ui.foreign_text import isolated, one_line
from zhiyin.ui.in_turns import in_turns
from zhiyin.ui.persona_values import CHAT, DELETE, EDIT, FORMATS, RESET, SUFFIXES, Edited
from zhiyin.ui.theme import STEP
from zhiyin.ui.wording import Wording, worded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtCore import QEvent, QObject
    from PySide6.QtGui import QHideEvent, QShowEvent

    from zhiyin.ui.card_preview import CardPreview
    from zhiyin.ui.notice_label import NoticeLabel
    from zhiyin.ui.persona_editor import PersonaEditor
    from zhiyin.ui.persona_gallery import PersonaGallery
    from zhiyin.ui.persona_values import CardOnShow, ImportState, PersonaItem

FILE_NAME_LENGTH = 60


class PersonaView(QWidget):
    """Builds each of its parts when it is first shown. Personas are named by their numbers."""

    opened = Signal()
    acted = Signal(str, object)  # an action (``persona_values``), list[int]
    new_requested = Signal()
    export_wanted = Signal(str, object)  # a format, list[int]
    export_placed = Signal(str, object, str)  # a format, list[int], a file or, for several, a folder
    files_chosen = Signal(object)  # list[str]: cards, books, or one folder
    edited = Signal(int, object)  # a persona, PersonaFields
    editor_left = Signal(int)
    picture_chosen = Signal(int, str)
    lore_requested = Signal(int)
    preview_answered = Signal(str)
    import_cancelled = Signal()
    preview_closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: tuple[PersonaItem, ...] = ()
        self._gallery: PersonaGallery | None = None
        self._editor: PersonaEditor | None = None
        self._preview: CardPreview | None = None
        self._notice: NoticeLabel | None = None
        self._said: tuple[Wording, str] = ("", "info")
        self._question: tuple[Wording, Callable[[], object]] | None = None
        self._stale = False  # the list has not heard of all items yet
        self._list_wanted = False  # the focus is to go there as soon as there is something in it
        self._stack = QStackedWidget(self)
        self._notice_row = QHBoxLayout()
        self._notice_row.setSpacing(2 * STEP)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self._layout.addLayout(self._notice_row)
        self._layout.addWidget(self._stack, 1)
        find = QShortcut(QKeySequence.StandardKey.Find, self)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(self.focus_search)

    # ------------------------------------------------------------ parts

    def gallery(self) -> PersonaGallery:
        """The gallery, built when first asked for."""
        if self._gallery is None:
            from zhiyin.ui.persona_gallery import PersonaGallery  # noqa: PLC0415 - not needed for the first frame

            self._gallery = gallery = PersonaGallery(self)
            self._stack.addWidget(gallery)
            gallery.search.textChanged.connect(self._search)
            gallery.search.installEventFilter(self)
            gallery.tag.currentIndexChanged.connect(lambda _place: self._filter())
            gallery.sort.currentIndexChanged.connect(lambda _place: gallery.list.rows.set_order(gallery.sort.currentData()))
            gallery.new_button.clicked.connect(self.new_requested)
            gallery.import_files_wanted.connect(self.choose_files)
            gallery.import_folder_wanted.connect(self.choose_folder)
            gallery.acted.connect(lambda action: self._act(action, gallery.list.chosen()))
            gallery.export_wanted.connect(lambda form: self.export_wanted.emit(form, gallery.list.chosen()))
            gallery.list.chosen_changed.connect(gallery.show_state)
            gallery.list.activated_persona.connect(lambda persona: self._act(CHAT, [persona]))
            gallery.list.delete_pressed.connect(lambda: self._act(DELETE, gallery.list.chosen()))
            gallery.list.edit_pressed.connect(lambda: self._act(EDIT, gallery.list.chosen()[:1]))
            gallery.list.search_pressed.connect(self.focus_search)
            gallery.list.rows.set_items(self._items)
            self._taken_up()
        return self._gallery

    def editor(self) -> PersonaEditor:
        """The form, built when first asked for."""
        if self._editor is None:
            from zhiyin.ui.persona_editor import PersonaEditor  # noqa: PLC0415 - the same

            self._editor = editor = PersonaEditor(self)
            self._stack.addWidget(editor)
            editor.changed.connect(self.edited)
            editor.back_requested.connect(self.show_gallery)
            editor.chat_requested.connect(lambda persona: self._act(CHAT, [persona]))
            editor.reset_requested.connect(lambda persona: self._act(RESET, [persona]))
            editor.lore_requested.connect(self.lore_requested)
            editor.picture_chosen.connect(self.picture_chosen)
        return self._editor

    def when_editor(self, then: Callable[[], object]) -> None:
        """Call back when the form is built; it takes several turns of the event loop."""
        if self._editor is not None:
            then()
        else:
            in_turns(self, (lambda: import_module("zhiyin.ui.persona_editor"), self.editor, then))

    def preview(self) -> CardPreview:
        """What shows cards before they are taken in, built when first asked for."""
        if self._preview is None:
            from zhiyin.ui.card_preview import CardPreview  # noqa: PLC0415 - the same

            self._preview = preview = CardPreview(self)
            self._stack.addWidget(preview)
            preview.answered.connect(self.preview_answered)
            preview.cancel_requested.connect(self.import_cancelled)
            preview.closed.connect(self.preview_closed)
        return self._preview

    # ------------------------------------------------------------ values

    def set_items(self, items: Sequence[PersonaItem]) -> None:
        """All personas."""
        self._items = tuple(items)
        if self._gallery is not None:
            self._gallery.list.rows.set_items(items)
            self._taken_up()

    def put_items(self, items: Sequence[PersonaItem]) -> None:
        """Some are new, or others than before."""
        known = {item.id: item for item in self._items}
        known.update((item.id, item) for item in items)
        self._items = tuple(known.values())
        if self._gallery is not None and self.previewing:
            self._stale = True  # nobody sees the list: it is sorted once, when it is shown
        elif self._gallery is not None:
            self._gallery.list.rows.put(items)
            self._taken_up()

    def take_away(self, personas: Sequence[int]) -> None:
        """Some are gone; what stood beside them is chosen."""
        gone = set(personas)
        self._items = tuple(item for item in self._items if item.id not in gone)
        if self._gallery is None:
            return
        listing = self._gallery.list
        place = next((number for number, persona in enumerate(listing.rows.shown()) if persona in gone), -1)
        was_chosen = gone & set(listing.chosen())
        listing.rows.take_away(personas)
        if was_chosen:
            left = listing.rows.shown()
            listing.choose([left[min(place, len(left) - 1)]] if left and place >= 0 else [])
        self._taken_up()

    def items(self) -> tuple[PersonaItem, ...]:
        """What was given last."""
        return self._items

    def item(self, persona: int) -> PersonaItem | None:
        """One of them."""
        return next((item for item in self._items if item.id == persona), None)

    # ------------------------------------------------------------ what is shown

    def show_gallery(self) -> None:
        """Leave the form or the preview."""
        gallery = self.gallery()
        if self._stale:
            self._stale = False
            gallery.list.rows.set_items(self._items)
            self._taken_up()
        left = self.editing
        self._stack.setCurrentWidget(gallery)  # the form announces what waits in it as it is hidden
        if self.isVisible():
            gallery.list.setFocus()
        if left:
            self.editor_left.emit(left)

    def show_editor(self, edited: Edited) -> None:
        """The form of a persona."""
        self.set_notice("")
        editor = self.editor()
        editor.show_persona(edited)
        if self._stack.currentWidget() is not editor:
            self._stack.setCurrentWidget(editor)
            editor.lines["name"].setFocus()

    def show_deleted(self, name: str, restore: Callable[[], object]) -> None:
        """A persona that is not there any more is not edited; it can be brought back."""
        self.show_gallery()
        said = isolated(one_line(name, 60))
        self.set_notice(
            lambda: self.tr("“{name}” is deleted. What it said in conversations stays.").format(name=said),
            "info",
            (lambda: self.tr("Restore"), restore),
        )

    def show_reading(self, path: str) -> None:
        """A card file is being read."""
        self.set_notice("")
        self.preview().show_reading(path)
        self._show_preview()

    def show_card(self, card: CardOnShow) -> None:
        """A card to be taken in, or not."""
        preview = self.preview()
        self._stack.setCurrentWidget(preview)
        preview.show_card(card)

    def show_import(self, state: ImportState) -> None:
        """Many cards on their way."""
        self._show_preview()
        self.preview().show_import(state)

    def _show_preview(self) -> None:
        left = self.editing
        self._stack.setCurrentWidget(self.preview())
        if left:
            self.editor_left.emit(left)

    @property
    def editing(self) -> int:
        """The persona whose form is shown, or 0."""
        editor = self._editor
        shown = editor.edited() if editor is not None and self._stack.currentWidget() is editor else None
        return shown.id if shown is not None else 0

    @property
    def previewing(self) -> bool:
        """Whether cards are shown before they are taken in."""
        return self._preview is not None and self._stack.currentWidget() is self._preview

    def choose(self, personas: Sequence[int]) -> None:
        """Mark personas in the gallery; a search that hides them is taken away."""
        gallery = self.gallery()
        if personas and not gallery.list.rows.index_of(personas[0]).isValid():
            gallery.search.clear()
            gallery.tag.setCurrentIndex(0)
        gallery.list.choose(personas)
        gallery.show_state()

    def chosen(self) -> list[int]:
        """The marked personas."""
        return self._gallery.list.chosen() if self._gallery is not None else []

    def set_notice(self, text: Wording, kind: str = "info", question: tuple[Wording, Callable[[], object]] | None = None) -> None:
        """Say something above everything; with a question, a button does what is asked. "" takes it away."""
        self._said, self._question = (text, kind), question
        if self._notice is None and not worded(text):
            return
        self._show_notice()

    def notice(self) -> str:
        """What is said above everything."""
        return worded(self._said[0])

    def answer_button(self) -> QPushButton:
        """What does what is asked."""
        self._show_notice()
        return self._yes

    def focus_search(self) -> None:
        """Type what is looked for."""
        self.show_gallery()
        self.gallery().search.setFocus()
        self.gallery().search.selectAll()

    def flush(self) -> None:
        """Announce what is typed and still waits."""
        if self._editor is not None:
            self._editor.flush()

    # ------------------------------------------------------------ dialogs

    def choose_files(self) -> None:
        """Ask for card files."""
        dialog = QFileDialog(self.window(), self.tr("Import cards"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters([self.tr("Cards and lorebooks (*.png *.apng *.json *.charx)"), self.tr("All files (*)")])
        dialog.filesSelected.connect(self.files_chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def choose_folder(self) -> None:
        """Ask for a folder of cards."""
        from zhiyin.ui.folder_dialog import FolderDialog  # noqa: PLC0415 - the same

        dialog = FolderDialog(self.tr("Choose a folder of cards"), self.window())
        dialog.chosen.connect(lambda folder: self.files_chosen.emit([folder]))
        dialog.open()

    def choose_export(self, form: str, personas: Sequence[int], name: str) -> None:
        """Ask where one is to be written, or the folder for several."""
        if form not in FORMATS:
            return
        wanted = list(personas)
        if len(wanted) > 1:
            from zhiyin.ui.folder_dialog import FolderDialog  # noqa: PLC0415 - the same

            folder = FolderDialog(self.tr("Choose a folder for the cards"), self.window())
            folder.chosen.connect(lambda path: self.export_placed.emit(form, wanted, path))
            folder.open()
            return
        suffix = SUFFIXES[form]
        dialog = QFileDialog(self.window(), self.tr("Export the card"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(suffix.removeprefix("."))
        dialog.setNameFilters([f"{suffix.removeprefix('.').upper()} (*{suffix})"])
        dialog.selectFile(file_name(name, suffix))
        dialog.fileSelected.connect(lambda path: self.export_placed.emit(form, wanted, path))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    # ------------------------------------------------------------ events

    def showEvent(self, event: QShowEvent) -> None:
        """Build what is shown."""
        gallery = self.gallery()
        super().showEvent(event)
        self._list_wanted = self._stack.currentWidget() is gallery
        self._focus_list()
        self.opened.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing waits in what is not shown."""
        self.flush()
        super().hideEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc leaves the form or the preview before it leaves the page; the slash searches."""
        escape = event.key() == Qt.Key.Key_Escape
        if escape and self._preview is not None and self.previewing:
            self._preview.leave()
        elif escape and self.editing:
            self.show_gallery()
        elif event.text() == "/" and not self.editing and not self.previewing:
            self.focus_search()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """From the search down into the list; Esc takes the search away before it leaves the page."""
        gallery = self._gallery
        if gallery is not None and watched is gallery.search and isinstance(event, QKeyEvent) and event.type() == QKeyEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
                shown = gallery.list.rows.shown()
                if shown and not set(gallery.list.chosen()) & set(shown):
                    self.choose(shown[:1])
                gallery.list.setFocus()
                return True
            if event.key() == Qt.Key.Key_Escape and gallery.search.text():
                gallery.search.clear()
                return True
        return super().eventFilter(watched, event)

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == event.Type.LanguageChange and self._notice is not None:
            self._show_notice()

    # ------------------------------------------------------------ inner

    def _act(self, action: str, personas: list[int]) -> None:
        if personas:
            self.set_notice("")
            self.acted.emit(action, personas)

    def _taken_up(self) -> None:
        gallery = self.gallery()
        shown = gallery.list.rows.shown()
        known = [persona for persona in gallery.list.chosen() if gallery.list.rows.at(persona) is not None]
        gallery.list.choose(known or shown[:1])
        gallery.show_tags()
        gallery.show_state()
        self._focus_list()

    def _focus_list(self) -> None:
        """As soon as there is something in it."""
        gallery = self.gallery()
        if self._list_wanted and gallery.list.isVisible():
            self._list_wanted = False
            gallery.list.setFocus()

    def _search(self, text: str) -> None:
        gallery = self.gallery()
        gallery.list.rows.set_search(text)
        self._show_first(gallery)

    def _filter(self) -> None:
        gallery = self.gallery()
        gallery.list.rows.set_tag(gallery.chosen_tag())
        self._show_first(gallery)

    def _show_first(self, gallery: PersonaGallery) -> None:
        """What fits begins at the top, and the first of it is chosen where what was chosen does not fit."""
        shown = gallery.list.rows.shown()
        if shown and not set(gallery.list.chosen()) & set(shown):
            gallery.list.choose(shown[:1])
        gallery.list.scrollToTop()
        gallery.show_state()

    def _show_notice(self) -> None:
        if self._notice is None:
            from zhiyin.ui.notice_label import NoticeLabel  # noqa: PLC0415 - the same

            self._notice = NoticeLabel("", self)
            self._yes = QPushButton(self)
            self._no = QPushButton(self)
            self._no.setProperty("kind", "quiet")
            self._notice_row.addWidget(self._notice, 1, Qt.AlignmentFlag.AlignVCenter)
            for button in (self._yes, self._no):
                button.setCursor(Qt.CursorShape.PointingHandCursor)
                self._notice_row.addWidget(button)
            self._yes.clicked.connect(self._answer)
            self._no.clicked.connect(lambda: self.set_notice(""))
        said = worded(self._said[0])
        self._notice.set_text(said, self._said[1])
        self._notice_row.setContentsMargins(5 * STEP, STEP if said else 0, 4 * STEP, 2 * STEP if said else 0)
        self._yes.setVisible(bool(said) and self._question is not None)
        self._no.setVisible(bool(said))
        self._no.setText(self.tr("Cancel") if self._question is not None else self.tr("Close"))
        if self._question is not None:
            self._yes.setText(worded(self._question[0]))

    def _answer(self) -> None:
        question = self._question
        self.set_notice("")
        if question is not None:
            question[1]()


def file_name(name: str, suffix: str) -> str:
    """A persona's name as that of a file, on every system."""
    kept = "".join(" " if letter in '<>:"/\\|?*' or not letter.isprintable() else letter for letter in name)
    stem = " ".join(kept.split()).strip(". ")[:FILE_NAME_LENGTH].strip(". ") or "persona"
    if PurePath(stem).stem.upper() in {
        "CON",
        "PRN",
        "AUX",
        "NUL",
        *(f"{port}{number}" for port in ("COM", "LPT") for number in range(1, 10)),
    }:
        stem = f"_{stem}"
    return f"{stem}{suffix}"
