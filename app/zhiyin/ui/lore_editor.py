"""The editor of one lorebook: its entries at the left, the form of one at the right, and what would fire now below them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QMenu, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.icons import icon
from zhiyin.ui.lore_book_form import LoreBookForm
from zhiyin.ui.lore_form import LoreForm
from zhiyin.ui.lore_list import LoreList
from zhiyin.ui.lore_live import LoreLive
from zhiyin.ui.lore_values import BookSettings, LoreEntry, LorePreview
from zhiyin.ui.theme import STEP, theme_signals, ui_font

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QResizeEvent

SIDE_BY_SIDE = 560  # at this width and above the form stands beside the list
LIST_WIDTH, WIDE_LIST = 212, 260
LIVE_SHARE = 36  # per cent of the height
NOTHING_WIDTH = 420
LEAST_LIVE = 190
LOW = 560  # below this height, what would fire takes the place of the entries


class NoEntries(QWidget):
    """What stands where the entries would, and how to begin."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.label = QLabel(self)
        self.label.setProperty("tone", "soft")
        self.label.setWordWrap(True)
        self.label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.label.setMaximumWidth(NOTHING_WIDTH)
        self.add_button = QPushButton(self)
        self.add_button.setProperty("kind", "primary")
        self.add_button.setCursor(Qt.CursorShape.PointingHandCursor)
        line = QHBoxLayout()
        line.addStretch(1)
        line.addWidget(self.label, 100)
        line.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6 * STEP, 6 * STEP, 6 * STEP, 6 * STEP)
        layout.setSpacing(4 * STEP)
        layout.addStretch(2)
        layout.addLayout(line)
        layout.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)
        self.retranslateUi()

    def set_shown(self, *, shown: bool) -> None:
        """Say it, or nothing while a book is on its way."""
        self.label.setVisible(shown)
        self.add_button.setVisible(shown)

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.label.setText(self.tr("A lorebook tells the model what it needs to know, when it needs it: its keys call an entry up."))
        self.add_button.setText(self.tr("Add the first entry"))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()


class LoreEditor(QWidget):
    """Values in, signals out: an edit is shown at once and announced; whoever keeps the book hears of it."""

    entry_changed = Signal(int, object)  # an ident, the fields that are others now
    settings_changed = Signal(object)  # the fields that are others now
    add_requested = Signal(int)  # behind this entry; 0 = at the end
    duplicate_requested = Signal(int)
    delete_requested = Signal(object)  # list[int]
    moved = Signal(int, int)  # the entry at a place, before which place it went
    preview_wanted = Signal(str)
    rolled = Signal()
    recent_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._problems: dict[int, str] = {}
        self._known = True  # whether a book is shown
        self._shows_form = False  # where only one of both has room
        # each in its place from the beginning: Qt styles all of what is put elsewhere anew
        self._upper = QWidget(self)
        self._side, self._main = QWidget(self._upper), QWidget(self._upper)
        self._stack = QStackedWidget(self._main)
        self.list = LoreList(self._side)
        self.form = LoreForm(self._stack)
        self.book_form = LoreBookForm(self._stack)
        self.live = LoreLive(self)
        self.search = QLineEdit(self._side)
        self.search.setClearButtonEnabled(True)
        self.add_button = IconButton("plus", self._side, size=18)
        self.settings_button = IconButton("sliders-horizontal", self._side, size=18)
        self.settings_button.setCheckable(True)
        self.back_button = QPushButton(self._main)
        self.back_button.setProperty("kind", "fold")
        self.back_button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.nothing = NoEntries(self._stack)
        self.nothing_here = NoEntries(self._side)  # in the list's place, where only the list has room
        self.count = QLabel(self._side)
        self.count.setProperty("tone", "soft")
        self.count.setFont(ui_font(9.5))
        self._split = QFrame(self._upper)
        self._rule = QFrame(self)
        self._lay_out()
        self._connect()
        self.retranslateUi()
        self._draw()
        self.set_book(BookSettings(), ())

    def _lay_out(self) -> None:
        tools = QHBoxLayout()
        tools.setContentsMargins(4 * STEP, STEP, STEP, 0)
        tools.setSpacing(STEP)
        tools.addWidget(self.search, 1)
        tools.addWidget(self.add_button)
        tools.addWidget(self.settings_button)
        side = QVBoxLayout(self._side)
        side.setContentsMargins(0, 0, 0, 0)
        side.setSpacing(2 * STEP)
        side.addLayout(tools)
        listing = QVBoxLayout()
        listing.setContentsMargins(2 * STEP, 0, 0, 0)
        listing.addWidget(self.list, 1)
        listing.addWidget(self.nothing_here, 1)
        side.addLayout(listing, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(4 * STEP, 0, 4 * STEP, 2 * STEP)
        foot.addWidget(self.count)
        side.addLayout(foot)
        for page in (self.form, self.book_form, self.nothing):
            self._stack.addWidget(page)
        main = QVBoxLayout(self._main)
        main.setContentsMargins(0, 0, 0, 0)
        main.setSpacing(0)
        back = QHBoxLayout()
        back.setContentsMargins(3 * STEP, 0, 0, 0)
        back.addWidget(self.back_button)
        back.addStretch(1)
        main.addLayout(back)
        main.addWidget(self._stack, 1)
        for line in (self._split, self._rule):
            line.setProperty("line", True)
        self._split.setFixedWidth(1)
        self._rule.setFixedHeight(1)
        upper = QHBoxLayout(self._upper)
        upper.setContentsMargins(0, 0, 0, 0)
        upper.setSpacing(0)
        upper.addWidget(self._side)
        upper.addWidget(self._split)
        upper.addWidget(self._main, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._upper, 1)
        layout.addWidget(self._rule)
        layout.addWidget(self.live)

    def _connect(self) -> None:
        self.search.textChanged.connect(self._search)
        for button in (self.add_button, self.nothing.add_button, self.nothing_here.add_button):
            button.clicked.connect(self.add)
        self.settings_button.toggled.connect(lambda _on: self._settings_toggled())
        self.back_button.clicked.connect(self.show_list)
        self.list.chosen.connect(self._show_entry)
        self.list.clicked.connect(lambda _index: self._open_form())
        self.list.open_pressed.connect(self.open_entry)
        self.list.switched.connect(lambda ident, on: self._edit(ident, {"enabled": on}))
        self.list.delete_pressed.connect(self.delete_requested)
        self.list.menu_requested.connect(self._show_menu)
        self.list.rows.moved.connect(self._on_moved)
        self.form.changed.connect(self._edit)
        self.form.delete_requested.connect(lambda ident: self.delete_requested.emit([ident]))
        self.form.duplicate_requested.connect(self.duplicate_requested)
        self.book_form.changed.connect(self._on_settings)
        self.live.wanted.connect(self.preview_wanted)
        self.live.rolled.connect(self.rolled)
        self.live.recent_requested.connect(self.recent_requested)
        self.live.opened.connect(self._open_fired)
        self.live.fold.toggled.connect(lambda _on: self._fold_live())
        theme_signals().changed.connect(self._draw)
        for keys, does in ((QKeySequence.StandardKey.Find, self._find), (QKeySequence("Ctrl+D"), self._duplicate)):
            shortcut = QShortcut(keys, self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(does)

    # ------------------------------------------------------------ values

    def set_book(self, settings: BookSettings, entries: Sequence[LoreEntry], chosen: int = 0) -> None:
        """Show another book, or this one anew; the entry that is shown stays where it is still there."""
        before = chosen or self.list.chosen_entry()
        self._known = True
        self.add_button.setEnabled(True)
        self._problems = {}
        self.book_form.set_settings(settings)
        self.list.rows.set_entries(entries)
        kept = before if self.list.rows.entry(before) is not None else entries[0].ident if entries else 0
        self.list.choose(kept)
        self._show_chosen()
        self.live.refresh()

    def clear(self) -> None:
        """Show no book: the next one is on its way, and nothing can be typed into the last."""
        self.set_book(BookSettings(), ())
        self._known = False
        self.add_button.setEnabled(False)
        self._arrange()

    def insert_entry(self, place: int, entry: LoreEntry, *, edit: bool = True) -> None:
        """One more entry; its form is shown."""
        if self.list.rows.searching:
            self.search.clear()
        self.list.rows.insert_entry(place, entry)
        if edit:
            self.open_entry(entry.ident)
            self.form.keys.setFocus()
        self._count()
        self.live.refresh()

    def remove_entries(self, idents: Sequence[int]) -> None:
        """Some fewer; what stands next is shown."""
        rows = self.list.rows.shown()
        place = rows.index(idents[0]) if idents and idents[0] in rows else 0
        self.list.rows.remove_entries(idents)
        shown = self.list.rows.shown()
        if self.list.rows.entry(self.list.chosen_entry()) is None:
            self.list.choose(shown[min(place, len(shown) - 1)] if shown else 0)
        self._show_chosen()
        self.live.refresh()

    def set_problems(self, problems: dict[int, str]) -> None:
        """What is wrong with the keys of entries."""
        self._problems = problems
        entry = self.form.entry()
        if entry is not None:
            self.form.set_problem(problems.get(entry.ident, ""))

    def set_preview(self, preview: LorePreview) -> None:
        """What the text would call up."""
        self.live.set_preview(preview)
        self.list.rows.set_fired(fired.ident for fired in preview.entries if not fired.over_budget and not fired.unlucky)

    def entries(self) -> Sequence[LoreEntry]:
        """What is shown, in the order of the book."""
        return self.list.rows.entries()

    def open_entry(self, ident: int) -> None:
        """Show an entry in the list and in the form."""
        if self.list.rows.entry(ident) is None:
            return
        if not self.list.rows.index_of(ident).isValid():
            self.search.clear()
        self.list.choose(ident)
        self.list.reveal(ident)
        self._show_entry(ident)
        self._open_form()

    def add(self) -> None:
        """Ask for one more entry, behind the one that is shown."""
        self.add_requested.emit(self.list.chosen_entry())

    def flush(self) -> None:
        """Let a key that is still being typed become one."""
        for field in (self.form.keys, self.form.secondary_keys):
            field.commit()

    # ------------------------------------------------------------ edits

    def _edit(self, ident: int, fields: dict[str, Any]) -> None:
        entry = self.list.rows.entry(ident)
        if entry is None:
            return
        fresh = dataclasses.replace(entry, **fields)
        self.list.rows.update_entry(fresh)
        shown = self.form.entry()
        if shown is not None and shown.ident == ident:
            self.form.set_entry(fresh)
        self.entry_changed.emit(ident, fields)
        if not fields.keys() <= {"name"}:
            self.live.refresh()

    def _switch(self, idents: Sequence[int], *, on: bool) -> None:
        for ident in idents:
            self._edit(ident, {"enabled": on})

    def _on_settings(self, fields: dict[str, Any]) -> None:
        self.settings_changed.emit(fields)
        self.live.refresh()

    def _on_moved(self, place: int, before: int) -> None:
        self.moved.emit(place, before)
        self.live.refresh()

    def _duplicate(self) -> None:
        if self.list.chosen_entry():
            self.duplicate_requested.emit(self.list.chosen_entry())

    def _show_menu(self, ident: int, at: QPoint) -> None:
        entry = self.list.rows.entry(ident)
        if entry is None:
            return
        selected = self.list.selected()
        several = selected if ident in selected else [ident]
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        on = not entry.enabled
        menu.addAction(self.tr("Use") if on else self.tr("Switch off"), lambda: self._switch(several, on=on))
        menu.addAction(self.tr("Duplicate"), lambda: self.duplicate_requested.emit(ident))
        if not self.list.rows.searching:
            menu.addAction(self.tr("Move up"), lambda: self.list.shift(ident, -1))
            menu.addAction(self.tr("Move down"), lambda: self.list.shift(ident, 1))
        menu.addSeparator()
        menu.addAction(self.tr("Delete"), lambda: self.delete_requested.emit(several))
        menu.popup(at)

    # ------------------------------------------------------------ what is shown

    def _find(self) -> None:
        self.show_list()
        self.search.setFocus()
        self.search.selectAll()

    def _search(self, text: str) -> None:
        self.list.rows.set_search(text)
        self._count()

    def _show_chosen(self) -> None:
        self._show_entry(self.list.chosen_entry())

    def _show_entry(self, ident: int) -> None:
        entry = self.list.rows.entry(ident)
        self.form.set_entry(entry)
        self.form.set_problem(self._problems.get(ident, ""))
        self._count()
        self._arrange()

    def _open_form(self) -> None:
        self.settings_button.setChecked(False)
        self._shows_form = True
        self._arrange()

    def show_list(self) -> None:
        """Where only one has room: the list."""
        self.settings_button.setChecked(False)
        self._shows_form = False
        self._arrange()

    def _settings_toggled(self) -> None:
        if self.settings_button.isChecked():
            self._shows_form = True
        self._arrange()

    def _open_fired(self, ident: int) -> None:
        if self._low():
            self.live.set_open(open_=False)
        self.open_entry(ident)

    @property
    def wide(self) -> bool:
        """Whether the form stands beside the list."""
        return self.width() >= SIDE_BY_SIDE

    def _low(self) -> bool:
        return self.height() < LOW or not self.wide

    def _fold_live(self) -> None:
        if self.live.is_open():
            self.live.refresh()
        self._arrange()

    def _arrange(self) -> None:
        """Lay out for the width and the height of the moment."""
        page: QWidget = self.nothing
        if self.settings_button.isChecked():
            page = self.book_form
        elif self.form.entry() is not None:
            page = self.form
        self._stack.setCurrentWidget(page)
        wide, live = self.wide, self.live.is_open()
        self._upper.setVisible(not live or not self._low())
        none = self._known and not self.list.rows.entries()
        for nothing in (self.nothing, self.nothing_here):
            nothing.set_shown(shown=none)
        self.nothing_here.setVisible(none and not wide)
        self.list.setVisible(wide or not none)
        self._side.setVisible(wide or not self._shows_form)
        self._main.setVisible(wide or self._shows_form)
        self._split.setVisible(wide)
        self.back_button.setVisible(not wide)
        if wide:
            self._side.setFixedWidth(WIDE_LIST if self.width() >= 760 else LIST_WIDTH)
        else:
            self._side.setMinimumWidth(0)
            self._side.setMaximumWidth(16_777_215)
        if not live:
            self.live.setFixedHeight(self.live.minimumSizeHint().height())
        elif self._low():
            self.live.setMinimumHeight(0)
            self.live.setMaximumHeight(16_777_215)
        else:
            self.live.setFixedHeight(max(LEAST_LIVE, self.height() * LIVE_SHARE // 100))

    def _count(self) -> None:
        rows = self.list.rows
        total, shown = len(rows.entries()), len(rows.shown())
        words = self.tr("1 entry") if total == 1 else self.tr("{count} entries").format(count=total)
        if rows.searching:
            words = self.tr("{shown} of {count} entries").format(shown=shown, count=total)
        self.count.setText(words if total else "")

    # ------------------------------------------------------------ words

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.search.setPlaceholderText(self.tr("Search entries"))
        self.search.setAccessibleName(self.tr("Search entries"))
        self.add_button.set_hint(self.tr("New entry"))
        self.settings_button.set_hint(self.tr("Settings of this lorebook"))
        self.back_button.setText(self.tr("Entries"))
        self._count()

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fold and unfold."""
        super().resizeEvent(event)
        self._arrange()

    def _draw(self) -> None:
        self.back_button.setIcon(icon("caret-left", 14))
