"""The personas of the gallery: searched, filtered by tag and sorted."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QCoreApplication, QModelIndex, QObject, QPersistentModelIndex, Qt

from zhiyin.ui.foreign_text import isolated
from zhiyin.ui.persona_values import Order, PersonaItem, one_line, searched_text
from zhiyin.ui.tooltip import plain_tooltip

Index = QModelIndex | QPersistentModelIndex
MOST_TAGS = 200  # offered as filters


def name_key(name: str) -> bytes:
    """Sorts Latin names by letter and Chinese ones by sound: the first level of GB 2312 is in the order of pinyin."""
    return name.casefold().encode("gb18030", "replace")


_KEYS: dict[Order, Callable[[PersonaItem], Any]] = {
    Order.USED: lambda item: (-item.used, -item.created, -item.id),
    Order.NAME: lambda item: (name_key(item.name), item.id),
    Order.NEW: lambda item: (-item.created, -item.id),
}


class PersonaModel(QAbstractListModel):
    """One row for each persona that fits what is searched."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._items: dict[int, PersonaItem] = {}
        self._sorted: list[PersonaItem] | None = None
        self._order = Order.USED
        self._words: tuple[str, ...] = ()
        self._tag = ""
        self._rows: list[PersonaItem] = []
        self._row_of: dict[int, int] = {}

    # ------------------------------------------------------------ values

    def set_items(self, items: Sequence[PersonaItem]) -> None:
        """Replace all personas."""
        fresh = {item.id: item for item in items}
        if fresh != self._items:
            self._items = fresh
            self._sorted = None
            self._rebuild()

    def put(self, items: Sequence[PersonaItem]) -> None:
        """Add some, or give some their new state."""
        for item in items:
            self._items[item.id] = item
        self._sorted = None
        self._rebuild()

    def take_away(self, personas: Sequence[int]) -> None:
        """Let some be gone."""
        for persona in personas:
            self._items.pop(persona, None)
        self._sorted = None
        self._rebuild()

    def set_order(self, order: Order) -> None:
        """Sort anew."""
        if order != self._order:
            self._order = order
            self._sorted = None
            self._rebuild()

    def set_search(self, text: str) -> None:
        """Show only those that have all of these words in name, tags, summary or creator."""
        words = tuple(text.casefold().split())
        if words != self._words:
            narrower = len(words) == len(self._words) > 0 and all(new.startswith(old) for new, old in zip(words, self._words, strict=True))
            self._words = words
            self._rebuild(self._rows if narrower else None)

    def set_tag(self, tag: str) -> None:
        """Show only those with this tag; "" shows all."""
        if tag != self._tag:
            self._tag = tag
            self._rebuild()

    def _rebuild(self, among: list[PersonaItem] | None = None) -> None:
        if self._sorted is None:
            self._sorted = sorted(self._items.values(), key=_KEYS[self._order])
        rows = self._sorted if among is None else among
        if self._tag:
            rows = [item for item in rows if self._tag in item.tags]
        if self._words:
            rows = [item for item in rows if self._fits(item)]
        self.beginResetModel()
        self._rows = list(rows)
        self._row_of = {item.id: number for number, item in enumerate(self._rows)}
        self.endResetModel()

    def _fits(self, item: PersonaItem) -> bool:
        text = item.searched or searched_text(item.name, item.creator, item.summary, item.tags)
        return all(word in text for word in self._words)

    # ------------------------------------------------------------ what is asked

    def items(self) -> list[PersonaItem]:
        """All personas, shown or not."""
        return list(self._items.values())

    def shown(self) -> list[int]:
        """Those of the rows, in order."""
        return [item.id for item in self._rows]

    def tags(self) -> list[str]:
        """The tags there are, the most frequent first."""
        counted = Counter(tag for item in self._items.values() for tag in item.tags)
        return [tag for tag, _count in sorted(counted.items(), key=lambda pair: (-pair[1], name_key(pair[0])))[:MOST_TAGS]]

    def row_of(self, persona: int) -> int | None:
        """The row of a persona; None when it is not shown."""
        return self._row_of.get(persona)

    def index_of(self, persona: int) -> QModelIndex:
        """The index of a persona; an invalid one when it is not shown."""
        row = self._row_of.get(persona)
        return QModelIndex() if row is None else self.index(row)

    def at(self, persona: int) -> PersonaItem | None:
        """A persona, shown or not."""
        return self._items.get(persona)

    def row_at(self, index: Index) -> PersonaItem | None:
        """What stands at an index."""
        return self._rows[index.row()] if 0 <= index.row() < len(self._rows) else None

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Personas on show."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The name; the accessible text says everything that the picture shows."""
        item = self.row_at(index)
        if item is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return one_line(item.name)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return accessible_text(item)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tooltip(one_line(item.summary, 400)) if len(item.summary) > 60 else None
        return None

    def retranslate(self) -> None:
        """Say everything in another language."""
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))


def accessible_text(item: PersonaItem) -> str:
    """What a screen reader says of a persona."""
    parts = [isolated(one_line(part)) for part in (item.name, item.summary, *item.tags)]
    if item.builtin:
        parts.append(QCoreApplication.translate("PersonaList", "changed by you") if item.changed else builtin_text())
    return ", ".join(part for part in parts if part)


def builtin_text() -> str:
    """How built-in ones are marked."""
    return QCoreApplication.translate("PersonaList", "built in")
