"""The installed models: what they are, where they came from, what can be done about each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from zhiyin.ui.amounts import size_text
from zhiyin.ui.library_model import FoundItem, LibraryItem, path_of
from zhiyin.ui.library_values import CHAT, LOCATE, REMOVE, RENAME, REVEAL, USE, VERIFY, Disk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QHideEvent, QShowEvent

    from zhiyin.ui.library_content import LibraryContent
    from zhiyin.ui.library_values import FileFacts, LibraryJob


class LibraryView(QWidget):
    """Built when it is first shown. Models are named by the paths of their files."""

    opened = Signal()
    acted = Signal(str, str)  # an action (``library_values``), a model
    renamed = Signal(str, str)  # a model, its new name
    notes_changed = Signal(str, str)
    facts_wanted = Signal(str)  # of a model that is shown
    use_all_requested = Signal()
    job_acted = Signal(str, str)  # a job, an action
    files_chosen = Signal(object)  # list[str]: models to be added
    discover_requested = Signal()
    folder_chosen = Signal(str)  # for the models
    located = Signal(str, str)  # a missing model, where its file is now

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: tuple[LibraryItem, ...] = ()
        self._found: tuple[FoundItem, ...] = ()
        self._jobs: tuple[LibraryJob, ...] = ()
        self._disk = Disk()
        self._notice: tuple[str, str] = ("", "info")
        self._list_wanted = False  # the focus is to go there as soon as there are rows
        self._found_seen = False  # then one line less says so
        self._asked = False  # that the details be shown, where they do not stand beside the list
        self._content: LibraryContent | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        find = QShortcut(QKeySequence.StandardKey.Find, self)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(self.focus_search)

    def content(self) -> LibraryContent:
        """The widgets, built when first asked for."""
        if self._content is None:
            from zhiyin.ui.library_content import LibraryContent  # noqa: PLC0415 - not needed for the first frame

            self._content = content = LibraryContent(self)
            self._layout.addWidget(content)
            self._connect(content)
            content.list.rows.set_found(self._found)
            content.list.rows.set_items(self._items)
            content.notice.set_text(*self._notice)
            self._show_jobs()
            self._refresh()
        return self._content

    def _connect(self, content: LibraryContent) -> None:
        content.folded.connect(self._refresh)
        content.search.textChanged.connect(self._search)
        content.search.installEventFilter(self)
        content.sort.currentIndexChanged.connect(lambda _place: self._sort())
        content.add_button.clicked.connect(self.choose_files)
        content.nothing.discover_button.clicked.connect(self.discover_requested)
        content.found.show_button.clicked.connect(self._show_found)
        content.found.all_button.clicked.connect(self.use_all_requested)
        content.folder_button.clicked.connect(self.choose_folder)
        listing, details = content.list, content.details
        listing.chosen.connect(self._choose)
        listing.clicked.connect(lambda _index: self._ask_details())
        listing.activated_path.connect(self._activate)
        listing.delete_pressed.connect(lambda path: self.acted.emit(REMOVE, path))
        listing.search_pressed.connect(self.focus_search)
        listing.menu_requested.connect(self._show_menu)
        listing.rows.renamed.connect(self.renamed)
        listing.edited.connect(self._take_up)
        details.acted.connect(self._act)
        details.notes_changed.connect(self.notes_changed)
        details.use_all_requested.connect(self.use_all_requested)
        details.job_acted.connect(self.job_acted)
        details.close_requested.connect(self._close_details)

    # ------------------------------------------------------------ values

    def set_items(self, items: Sequence[LibraryItem]) -> None:
        """The installed models."""
        self._items = tuple(items)
        self._take_up()

    def update_item(self, item: LibraryItem) -> None:
        """The new state of one of them."""
        place = next((number for number, known in enumerate(self._items) if known.model.path == item.model.path), None)
        if place is None or self._items[place] == item:
            return
        self._items = (*self._items[:place], item, *self._items[place + 1 :])
        if self._content is not None and not self._content.list.editing:
            self._content.list.rows.set_items(self._items)
            if self._content.details.path() == item.model.path:
                self._content.details.set_item(item)

    def items(self) -> tuple[LibraryItem, ...]:
        """What was given last."""
        return self._items

    def set_found(self, found: Sequence[FoundItem]) -> None:
        """Models of other apps that are not in the library."""
        self._found = tuple(found)
        self._take_up()

    def _take_up(self) -> None:
        """Show what was given, but not while a name is being typed."""
        if self._content is not None and not self._content.list.editing:
            self._content.list.rows.set_items(self._items)
            self._content.list.rows.set_found(self._found)
            self._refresh()

    def set_facts(self, path: str, facts: FileFacts) -> None:
        """What a model's file says; dropped when another one is shown by now."""
        if self._content is not None and self._content.details.path() == path:
            self._content.details.set_facts(facts)

    def set_jobs(self, jobs: Sequence[LibraryJob]) -> None:
        """Copies, moves and checks."""
        self._jobs = tuple(jobs)
        self._show_jobs()

    def set_disk(self, disk: Disk) -> None:
        """Where the models lie and how much room there is."""
        self._disk = disk
        self._show_foot()

    def set_notice(self, text: str, kind: str = "info") -> None:
        """Say something above the list; "" takes it away."""
        self._notice = (text, kind)
        if self._content is not None:
            self._content.notice.set_text(text, kind)

    def notice(self) -> str:
        """What is said above the list."""
        return self._notice[0]

    # ------------------------------------------------------------ what can be asked of it

    def chosen(self) -> str:
        """The model that is marked, or ""."""
        return self._content.list.chosen_path() if self._content is not None else ""

    def choose(self, path: str) -> None:
        """Mark a model and show its details."""
        self.content().list.choose(path)
        self._asked = True
        self._refresh()

    def rename_chosen(self) -> None:
        """Open the in-place editor of the marked model's name."""
        if self.chosen():
            self.content().list.edit_name(self.chosen())

    def focus_search(self) -> None:
        """Type what is looked for."""
        self.content().search.setFocus()
        self.content().search.selectAll()

    def flush(self) -> None:
        """Announce what is typed and still waits."""
        if self._content is not None:
            self._content.details.flush()

    def choose_folder(self) -> None:
        """Ask where models are to be kept."""
        from zhiyin.ui.folder_dialog import FolderDialog  # noqa: PLC0415 - the same

        dialog = FolderDialog(self.tr("Choose the folder for models"), self.window(), folder=self._disk.folder)
        dialog.chosen.connect(self.folder_chosen)
        dialog.open()

    def choose_files(self) -> None:
        """Ask for model files."""
        from zhiyin.ui.model_file_dialog import ModelFileDialog  # noqa: PLC0415 - the same

        dialog = ModelFileDialog(self.window(), several=True)
        dialog.filesSelected.connect(self.files_chosen)
        dialog.open()

    def locate(self, path: str) -> None:
        """Ask where a missing file is now."""
        from zhiyin.ui.model_file_dialog import ModelFileDialog  # noqa: PLC0415 - the same

        dialog = ModelFileDialog(self.window())
        dialog.chosen.connect(lambda now: self.located.emit(path, now))
        dialog.open()

    # ------------------------------------------------------------ events

    def showEvent(self, event: QShowEvent) -> None:
        """Build what is shown."""
        content = self.content()
        super().showEvent(event)
        self._list_wanted = not content.list.isVisible()  # it has no rows yet
        content.list.setFocus()
        self.opened.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing waits in what is not shown."""
        self.flush()
        super().hideEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The slash begins a search from wherever it is not text."""
        if event.text() == "/":
            self.focus_search()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """From the search down into the list; Esc takes the search away before it leaves the page."""
        content = self._content
        if content is not None and watched is content.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._into_list()
                return True
            if event.key() == Qt.Key.Key_Escape and content.search.text():
                content.search.clear()
                return True
        return super().eventFilter(watched, event)  # type: ignore[arg-type]

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._refresh()

    # ------------------------------------------------------------ inner

    def _search(self, text: str) -> None:
        self.content().list.rows.set_search(text)
        self._show_chosen()
        self._refresh()

    def _sort(self) -> None:
        content = self.content()
        content.list.rows.set_order(content.sort.currentData())
        self._show_chosen()

    def _show_chosen(self) -> None:
        listing = self.content().list
        index = listing.rows.index_of(listing.chosen_path())
        listing.scrollTo(index) if index.isValid() else listing.scrollToTop()

    def _into_list(self) -> None:
        listing = self.content().list
        shown = listing.rows.shown()
        if shown and listing.chosen_path() not in shown:
            self._choose(shown[0])
            listing.choose(shown[0])
        listing.setFocus()

    def _choose(self, path: str) -> None:
        self.content().list.choose(path)
        self._refresh()

    def _ask_details(self) -> None:
        self._asked = True
        self._refresh()
        listing = self.content().list
        QTimer.singleShot(0, lambda: listing.scrollTo(listing.currentIndex()))  # the details may have covered it

    def _close_details(self) -> None:
        self._asked = False
        self._refresh()
        self.content().list.setFocus()

    def _activate(self, path: str) -> None:
        row = self.content().list.rows.at(path)
        if row is None:
            return
        if isinstance(row, FoundItem):
            self.acted.emit(USE, path)
        elif row.model.missing or row.why:
            self._ask_details()
        else:
            self.acted.emit(CHAT, path)

    def _act(self, action: str, path: str) -> None:
        if action == RENAME:
            self.content().list.edit_name(path)
        elif action == LOCATE:
            self.locate(path)
        else:
            self.acted.emit(action, path)

    def _show_found(self) -> None:
        listing = self.content().list
        listing.scrollTo(listing.rows.heading_index(), listing.ScrollHint.PositionAtTop)
        if self._found:
            listing.choose(self._found[0].path)
            self._found_seen = True
            self._ask_details()

    def _show_menu(self, path: str, at: QPoint) -> None:
        row = self.content().list.rows.at(path)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if not isinstance(row, LibraryItem):
            return
        if not row.model.missing and not row.why:
            menu.addAction(self.tr("Chat"), lambda: self._act(CHAT, path))
        menu.addAction(self.tr("Rename"), lambda: self._act(RENAME, path))
        if not row.model.missing:
            menu.addAction(self.tr("Check the file again"), lambda: self._act(VERIFY, path))
        menu.addAction(self.tr("Show in folder"), lambda: self._act(REVEAL, path))
        menu.addSeparator()
        taken = self.tr("Take out of the library") if row.model.missing or not row.model.owned else self.tr("Move to the trash")
        menu.addAction(taken, lambda: self._act(REMOVE, path))
        menu.popup(at)

    def _refresh(self) -> None:
        """Show what belongs to the marked model; where nothing is marked, the one in memory or the first."""
        content = self._content
        if content is None:
            return
        listing, rows = content.list, content.list.rows
        shown = rows.shown()
        if rows.at(listing.chosen_path()) is None:
            loaded = next((item.model.path for item in self._items if item.loaded), "")
            first = loaded if loaded in shown else shown[0] if shown else ""
            listing.choose(first)
        path = listing.chosen_path()
        item = rows.at(path) if path in shown else None
        before = content.details.item()
        content.details.set_found_count(len(self._found))
        content.details.set_item(item)
        content.show_details(item is not None and (content.wide or self._asked))
        if item is not None and (before is None or path != path_of(before)):
            self._show_job()
        if isinstance(item, LibraryItem) and _file(item) != _file(before):
            self.facts_wanted.emit(path)
        listing.setVisible(bool(shown))
        if shown and self._list_wanted and self.isVisible():
            self._list_wanted = False
            listing.setFocus()
        content.nothing.setVisible(not shown)
        content.nothing.set_state(content.search.text().strip() if self._items or self._found else "")
        apps = ", ".join(dict.fromkeys(found.app for found in self._found))
        content.found.set_found(0 if self._found_seen else len(self._found), apps)
        self._show_foot()

    def _show_foot(self) -> None:
        content, disk = self._content, self._disk
        if content is None:
            return
        count = len(self._items)
        total = sum(item.model.size for item in self._items if not item.model.missing)
        parts = [self.tr("{count} models").format(count=count) if count != 1 else self.tr("1 model"), size_text(total)]
        if disk.folder:
            parts.append(self.tr("{size} free").format(size=size_text(disk.free)))
        content.amount.setText(" · ".join(parts))
        content.folder.setText(disk.folder)
        content.folder_button.setVisible(bool(disk.folder))

    def _show_jobs(self) -> None:
        if self._content is None:
            return
        content = self._content
        known = set(content.jobs)
        content.set_jobs([job for job in self._jobs if not job.path])
        for identity in content.jobs.keys() - known:
            content.jobs[identity].acted.connect(self.job_acted)
        self._show_job()

    def _show_job(self) -> None:
        """The check of the model in the details."""
        if self._content is not None:
            details = self._content.details
            details.set_job(next((job for job in self._jobs if job.path and job.path == details.path()), None))


def _file(item: LibraryItem | FoundItem | None) -> tuple[str, int, bool] | None:
    """What the facts of a file were read of; another one, or another state of it, is read anew."""
    return (item.model.path, item.model.size, item.model.missing) if isinstance(item, LibraryItem) else None
