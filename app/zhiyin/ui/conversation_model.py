"""The rows of the conversation list: group headings and conversations, newest first."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractListModel, QCoreApplication, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from zhiyin.ui.tooltip import plain_tooltip

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class ConversationItem:
    """One conversation as the list shows it; ``updated`` is in seconds since the epoch."""

    id: int
    title: str
    updated: float
    running: bool = False
    unread: bool = False
    interrupted: bool = False


class Group(IntEnum):
    """When a conversation was last changed, in days of the calendar."""

    TODAY = 0
    YESTERDAY = 1
    LAST_WEEK = 2
    EARLIER = 3


ItemRole = Qt.ItemDataRole.UserRole
GroupRole = Qt.ItemDataRole.UserRole + 1
_TEXT_ROLES = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)


class ConversationModel(QAbstractListModel):
    """Rows are a ``Group`` heading or a ``ConversationItem``."""

    renamed = Signal(int, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[ConversationItem | Group] = []
        self._row_of: dict[int, int] = {}

    def set_items(self, items: Iterable[ConversationItem]) -> None:
        """Replace everything; the order is by ``updated``, newest first."""
        ordered = sorted(items, key=lambda item: item.updated, reverse=True)
        rows: list[ConversationItem | Group] = []
        start = 0
        for group, oldest in _boundaries(datetime.now().astimezone()):
            end = len(ordered) if oldest is None else bisect_right(ordered, -oldest, lo=start, key=lambda item: -item.updated)
            if end > start:
                rows.append(group)
                rows.extend(ordered[start:end])
            start = end
        self.beginResetModel()
        self._rows = rows
        self._row_of = {row.id: number for number, row in enumerate(rows) if isinstance(row, ConversationItem)}
        self.endResetModel()

    def items(self) -> list[ConversationItem]:
        """The conversations, newest first."""
        return [row for row in self._rows if isinstance(row, ConversationItem)]

    def replace(self, item: ConversationItem) -> bool:
        """Show another state of a conversation in its place; False when that takes a new order (then use ``set_items``)."""
        row = self._row_of.get(item.id)
        if row is None:
            return False
        old = self._rows[row]
        if not isinstance(old, ConversationItem) or old.updated != item.updated:
            return False
        self._rows[row] = item
        self.dataChanged.emit(self.index(row), self.index(row))
        return True

    def index_of(self, conversation: int) -> QModelIndex:
        """The index of a conversation; an invalid one when it is not there."""
        row = self._row_of.get(conversation)
        return QModelIndex() if row is None else self.index(row)

    def item_at(self, index: Index) -> ConversationItem | None:
        """The conversation at an index; None for a heading."""
        row = self._rows[index.row()] if 0 <= index.row() < len(self._rows) else None
        return row if isinstance(row, ConversationItem) else None

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Headings and conversations."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Title or heading; the accessible text says the state in words."""
        row = self._rows[index.row()]
        if isinstance(row, Group):
            return row if role == GroupRole else heading(row) if role in _TEXT_ROLES else None
        if role == ItemRole:
            return row
        if role == Qt.ItemDataRole.EditRole:
            return row.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return accessible_text(row)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tooltip(shown_title(row))
        return shown_title(row) if role in _TEXT_ROLES else None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """A new title typed in place: announced, and shown once the owner sends the item back."""
        item = self.item_at(index)
        title = " ".join(str(value).split())
        if role != Qt.ItemDataRole.EditRole or item is None or not title or title == item.title:
            return False
        self.renamed.emit(item.id, title)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Headings are neither chosen nor edited."""
        if self.item_at(index) is None:
            return Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable

    def retranslate(self) -> None:
        """Headings in another language."""
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))


def heading(group: Group) -> str:
    """A group's name in the language of the moment."""
    match group:
        case Group.TODAY:
            return QCoreApplication.translate("ConversationList", "Today")
        case Group.YESTERDAY:
            return QCoreApplication.translate("ConversationList", "Yesterday")
        case Group.LAST_WEEK:
            return QCoreApplication.translate("ConversationList", "Last 7 days")
        case Group.EARLIER:
            return QCoreApplication.translate("ConversationList", "Earlier")


def shown_title(item: ConversationItem) -> str:
    """The title on one line, or a name for a conversation that has none yet."""
    return " ".join(item.title[:300].split()) or QCoreApplication.translate("ConversationList", "New conversation")


def accessible_text(item: ConversationItem) -> str:
    """What a screen reader says of a conversation."""
    parts = [shown_title(item)]
    if item.running:
        parts.append(QCoreApplication.translate("ConversationList", "a reply is being written"))
    if item.unread:
        parts.append(QCoreApplication.translate("ConversationList", "a new reply"))
    if item.interrupted:
        parts.append(QCoreApplication.translate("ConversationList", "the last reply was interrupted"))
    return ", ".join(parts)


def _boundaries(now: datetime) -> list[tuple[Group, float | None]]:
    """Each group with the earliest moment that belongs to it."""
    midnight = datetime.combine(now.date(), time(), now.tzinfo)

    def before(days: int) -> float:
        return (midnight - timedelta(days=days)).timestamp()

    return [(Group.TODAY, before(0)), (Group.YESTERDAY, before(1)), (Group.LAST_WEEK, before(7)), (Group.EARLIER, None)]
