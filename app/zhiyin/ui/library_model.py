"""The rows of the library's list: installed models, searched and sorted, and below them what other apps have on this computer."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

from PySide6.QtCore import QAbstractListModel, QCoreApplication, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from zhiyin.ui.amounts import size_text
from zhiyin.ui.model_words import facts_line, source_text, used_text
from zhiyin.ui.tooltip import plain_tooltip
from zhiyin_models.library.installed import InstalledModel

Index = QModelIndex | QPersistentModelIndex
ItemRole = Qt.ItemDataRole.UserRole
_TEXT_ROLES = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)


class Order(StrEnum):
    """How installed models are sorted."""

    NAME = "name"
    USED = "used"
    SIZE = "size"
    PARAMETERS = "parameters"


class Heading(IntEnum):
    """A row between models."""

    FOUND = 0


@dataclass(frozen=True, slots=True)
class LibraryItem:
    """An installed model as its row shows it; ``why`` says why it cannot be used, ``busy`` what is being done with it."""

    model: InstalledModel
    why: str = ""
    loaded: bool = False
    update: bool = False
    busy: str = ""


@dataclass(frozen=True, slots=True)
class FoundItem:
    """A model of another app on this computer."""

    app: str
    path: str
    name: str
    size: int


def natural(name: str) -> tuple[tuple[bool, int, str], ...]:
    """A key by which "4B" comes before "14B"."""
    pieces = _NUMBER.split(name.casefold())
    return tuple((False, int(piece[:18]), "") if piece.isdecimal() else (True, 0, piece) for piece in pieces if piece)


Row = LibraryItem | FoundItem | Heading
_NUMBER = re.compile(r"([0-9]+)")
_KEYS: dict[Order, Callable[[LibraryItem], Any]] = {
    Order.NAME: lambda item: natural(item.model.name),
    Order.USED: lambda item: (-item.model.last_used, natural(item.model.name)),
    Order.SIZE: lambda item: (-item.model.size, natural(item.model.name)),
    Order.PARAMETERS: lambda item: (-item.model.parameters, natural(item.model.name)),
}


class LibraryModel(QAbstractListModel):
    """Rows are a ``LibraryItem``, a ``Heading`` or a ``FoundItem``."""

    renamed = Signal(str, str)  # a path, the new name

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._items: tuple[LibraryItem, ...] = ()
        self._found: tuple[FoundItem, ...] = ()
        self._order = Order.NAME
        self._words: list[str] = []
        self._texts: dict[str, str] = {}  # what is searched, by path; made when something is first searched for
        self._rows: list[Row] = []
        self._row_of: dict[str, int] = {}

    def set_items(self, items: Sequence[LibraryItem]) -> None:
        """Replace the installed models."""
        if tuple(items) == self._items:
            return
        if self._same_rows(items):
            self._items = tuple(items)
            for item in items:
                row = self._row_of.get(item.model.path)
                if row is not None:
                    self._rows[row] = item
            if self._rows:
                self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))
            return
        self._items = tuple(items)
        self._texts = {}
        self._rebuild()

    def _same_rows(self, items: Sequence[LibraryItem]) -> bool:
        """Whether only what is being done with the models is new: then no row moves."""
        return len(items) == len(self._items) and all(new.model == old.model for new, old in zip(items, self._items, strict=True))

    def set_found(self, found: Sequence[FoundItem]) -> None:
        """Replace what other apps have."""
        if tuple(found) != self._found:
            self._found = tuple(found)
            self._rebuild()

    def set_order(self, order: Order) -> None:
        """Sort anew."""
        if order != self._order:
            self._order = order
            self._rebuild()

    def set_search(self, text: str) -> None:
        """Show only models that have all of these words somewhere in what is known of them."""
        words = text.casefold().split()
        if words != self._words:
            self._words = words
            self._rebuild()

    def _rebuild(self) -> None:
        fitting = [item for item in self._items if self._fits(item.model.path, item)]
        rows: list[Row] = [*sorted(fitting, key=_KEYS[self._order])]
        found = [item for item in self._found if self._fits(item.path, item)]
        if found:
            rows += [Heading.FOUND, *found]
        self.beginResetModel()
        self._rows = rows
        self._row_of = {path: number for number, row in enumerate(rows) if (path := path_of(row))}
        self.endResetModel()

    def _fits(self, path: str, item: LibraryItem | FoundItem) -> bool:
        if not self._words:
            return True
        text = self._texts.get(path)
        if text is None:
            text = self._texts[path] = _searched(item)
        return all(word in text for word in self._words)

    # ------------------------------------------------------------ what is asked

    def items(self) -> tuple[LibraryItem, ...]:
        """All installed models."""
        return self._items

    def found(self) -> tuple[FoundItem, ...]:
        """All that other apps have."""
        return self._found

    def shown(self) -> list[str]:
        """The paths of the rows, in order."""
        return [path for row in self._rows if (path := path_of(row))]

    def index_of(self, path: str) -> QModelIndex:
        """The index of a model; an invalid one when it is not shown."""
        row = self._row_of.get(path)
        return QModelIndex() if row is None else self.index(row)

    def heading_index(self) -> QModelIndex:
        """Where other apps' models begin; an invalid index when there are none."""
        return next((self.index(number) for number, row in enumerate(self._rows) if isinstance(row, Heading)), QModelIndex())

    def row_at(self, index: Index) -> Row | None:
        """What stands at an index."""
        return self._rows[index.row()] if 0 <= index.row() < len(self._rows) else None

    def at(self, path: str) -> LibraryItem | FoundItem | None:
        """What has this path, shown or not."""
        row = self._row_of.get(path)
        if row is not None:
            known = self._rows[row]
            return known if not isinstance(known, Heading) else None
        everything: tuple[LibraryItem | FoundItem, ...] = (*self._items, *self._found)
        return next((item for item in everything if path_of(item) == path), None)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Headings and models."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The name or the heading; the accessible text says everything that the row shows."""
        row = self._rows[index.row()]
        if isinstance(row, Heading):
            return heading_text(row) if role in _TEXT_ROLES else None
        if role == ItemRole:
            return row
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return accessible_text(row)
        name = row.model.name if isinstance(row, LibraryItem) else row.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tooltip(path_of(row))
        return name if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole) else None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """A new name typed in place: announced, and shown once the owner sends the model back."""
        row = self.row_at(index)
        name = " ".join(str(value).split())
        if role != Qt.ItemDataRole.EditRole or not isinstance(row, LibraryItem) or not name or name == row.model.name:
            return False
        self.renamed.emit(row.model.path, name)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Headings are not chosen; only what is in the library has a name to change."""
        row = self.row_at(index)
        if isinstance(row, LibraryItem):
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable if isinstance(row, FoundItem) else Qt.ItemFlag.NoItemFlags

    def retranslate(self) -> None:
        """Say everything in another language."""
        self._texts = {}
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))


def path_of(row: Row) -> str:
    """The file of a row; "" for a heading."""
    return row.model.path if isinstance(row, LibraryItem) else row.path if isinstance(row, FoundItem) else ""


def heading_text(_heading: Heading) -> str:
    """A heading in the language of the moment."""
    return QCoreApplication.translate("LibraryList", "Found on this computer")


def second_line(row: LibraryItem | FoundItem) -> str:
    """What a row says below the name."""
    if isinstance(row, FoundItem):
        return row.app
    if row.busy:
        return row.busy
    if row.model.missing:
        return QCoreApplication.translate("LibraryList", "The file is not there any more")
    return row.why or facts_line(row.model)


def accessible_text(row: LibraryItem | FoundItem) -> str:
    """What a screen reader says of a row."""
    if isinstance(row, FoundItem):
        return ", ".join((row.name, row.app, size_text(row.size)))
    parts = [row.model.name, second_line(row)]
    if not row.model.missing:
        parts += [size_text(row.model.size), used_text(row.model)]
    if row.loaded:
        parts.append(QCoreApplication.translate("LibraryList", "in memory"))
    if row.update:
        parts.append(QCoreApplication.translate("LibraryList", "an update is available"))
    return ", ".join(parts)


def _searched(item: LibraryItem | FoundItem) -> str:
    if isinstance(item, FoundItem):
        return f"{item.name} {item.app} {item.path}".casefold()
    model = item.model
    origin = f"{model.origin.source} {model.origin.repository}" if model.origin is not None else ""
    said = (model.name, model.path, model.architecture, facts_line(model), origin, source_text(model), model.notes)
    return " ".join((*said, *model.languages)).casefold()
