"""The rows of a lorebook's list: its entries, in the order of the file, searched."""

from collections.abc import Iterable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QCoreApplication, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from zhiyin.ui.lore_values import LoreEntry, label_of
from zhiyin.ui.tooltip import plain_tooltip

Index = QModelIndex | QPersistentModelIndex
EntryRole = Qt.ItemDataRole.UserRole


class LoreModel(QAbstractListModel):
    """Holds the entries; a search hides some of them, and only where none is hidden can they be moved."""

    moved = Signal(int, int)  # the entry at a place of the book, before which place it goes

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: list[LoreEntry] = []
        self._words: list[str] = []
        self._rows: list[int] = []  # idents
        self._row_of: dict[int, int] = {}
        self._place_of: dict[int, int] = {}  # in the book
        self._fired: frozenset[int] = frozenset()

    # ------------------------------------------------------------ values

    def set_entries(self, entries: Sequence[LoreEntry]) -> None:
        """Replace all."""
        self._entries = list(entries)
        self._place_of = {entry.ident: place for place, entry in enumerate(self._entries)}
        self._rebuild()

    def update_entry(self, entry: LoreEntry) -> None:
        """Another value of one of them; it stays where it is, even if it no longer fits the search."""
        place = self._place_of.get(entry.ident)
        if place is None:
            return
        self._entries[place] = entry
        row = self._row_of.get(entry.ident)
        if row is not None:
            self.dataChanged.emit(self.index(row), self.index(row))

    def insert_entry(self, place: int, entry: LoreEntry) -> None:
        """One more, at a place of the book."""
        self._entries.insert(place, entry)
        self._place_of = {known.ident: number for number, known in enumerate(self._entries)}
        self._rebuild()

    def remove_entries(self, idents: Iterable[int]) -> None:
        """Some fewer."""
        gone = set(idents)
        self.set_entries([entry for entry in self._entries if entry.ident not in gone])

    def set_search(self, text: str) -> None:
        """Show only entries that have all of these words somewhere."""
        words = text.casefold().split()
        if words != self._words:
            self._words = words
            self._rebuild()

    def set_fired(self, idents: Iterable[int]) -> None:
        """Which would be inserted now."""
        fired = frozenset(idents)
        if fired != self._fired:
            self._fired = fired
            if self._rows:
                self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))

    def _rebuild(self) -> None:
        self.beginResetModel()
        self._rows = [entry.ident for entry in self._entries if self._fits(entry)]
        self._row_of = {ident: row for row, ident in enumerate(self._rows)}
        self.endResetModel()

    def _fits(self, entry: LoreEntry) -> bool:
        if not self._words:
            return True
        text = "\n".join((entry.name, *entry.keys, *entry.secondary_keys, entry.content)).casefold()
        return all(word in text for word in self._words)

    # ------------------------------------------------------------ what is asked

    def entries(self) -> Sequence[LoreEntry]:
        """All, in the order of the book."""
        return self._entries

    @property
    def searching(self) -> bool:
        """Whether some may be hidden."""
        return bool(self._words)

    def entry(self, ident: int) -> LoreEntry | None:
        """One of them, shown or not."""
        place = self._place_of.get(ident)
        return None if place is None else self._entries[place]

    def place_of(self, ident: int) -> int | None:
        """Where it stands in the book."""
        return self._place_of.get(ident)

    def shown(self) -> list[int]:
        """The idents of the rows."""
        return list(self._rows)

    def fired(self, ident: int) -> bool:
        """Whether it would be inserted now."""
        return ident in self._fired

    def at(self, index: Index) -> LoreEntry | None:
        """What stands at an index."""
        return self.entry(self._rows[index.row()]) if 0 <= index.row() < len(self._rows) else None

    def index_of(self, ident: int) -> QModelIndex:
        """Of a row; an invalid one when it is not shown."""
        row = self._row_of.get(ident)
        return QModelIndex() if row is None else self.index(row)

    # ------------------------------------------------------------ Qt

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Entries that are shown."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The label; the accessible text says everything that the row shows."""
        entry = self.at(index)
        if entry is None:
            return None
        if role == EntryRole:
            return entry
        if role == Qt.ItemDataRole.DisplayRole:
            return entry_title(entry)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join((entry_title(entry), *marks_of(entry)))
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tooltip(", ".join(entry.keys[:20])[:400])
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Rows may be dragged where nothing is hidden."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags if self._words else Qt.ItemFlag.ItemIsDropEnabled
        plain = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return plain if self._words else plain | Qt.ItemFlag.ItemIsDragEnabled

    def supportedDropActions(self) -> Qt.DropAction:  # noqa: N802 - Qt's name
        """Rows are moved within the list."""
        return Qt.DropAction.MoveAction

    def moveRows(self, source: Index, first: int, count: int, target: Index, before: int) -> bool:  # noqa: N802 - Qt's name
        """Move a row, and tell of it."""
        wrong = self._words or count != 1 or source.isValid() or target.isValid() or not 0 <= first < len(self._rows)
        if wrong or not self.beginMoveRows(QModelIndex(), first, first, QModelIndex(), before):
            return False
        entry = self._entries.pop(first)
        self._entries.insert(before - (before > first), entry)
        self._place_of = {known.ident: number for number, known in enumerate(self._entries)}
        self._rows = [known.ident for known in self._entries]
        self._row_of = dict(self._place_of)
        self.endMoveRows()
        self.moved.emit(first, before)
        return True

    def retranslate(self) -> None:
        """Say everything in another language."""
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))


def entry_title(entry: LoreEntry) -> str:
    """What an entry is called; an empty one too."""
    return label_of(entry) or QCoreApplication.translate("LoreList", "New entry")


def marks_of(entry: LoreEntry) -> list[str]:
    """What the signs of a row mean, in words."""
    marks = []
    if not entry.enabled:
        marks.append(QCoreApplication.translate("LoreList", "switched off"))
    if entry.constant:
        marks.append(QCoreApplication.translate("LoreList", "always there"))
    if entry.use_regex:
        marks.append(QCoreApplication.translate("LoreList", "regular expressions"))
    if entry.probability < 100:
        marks.append(f"{entry.probability} %")
    return marks
