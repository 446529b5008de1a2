"""The transcript for screen readers: a list whose items are the turns, each with its speaker and text.

After the turns come the real widgets that lie on them (buttons, the editor), which speak for themselves.
"""

from typing import TYPE_CHECKING, Any

import shiboken6
from PySide6.QtCore import QObject, QPoint, QRect
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QAccessibleEvent, QAccessibleInterface
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from zhiyin.ui.transcript.turn import TurnView

if TYPE_CHECKING:
    from zhiyin.ui.transcript.view import TranscriptView


class _Interface(QAccessibleInterface):
    """What a part without parts answers. Qt takes None where there is nothing, which its stubs do not know: hence Any."""

    def object(self) -> Any:
        """The object behind it."""
        return None

    def window(self) -> Any:
        """The window it is in."""
        return None

    def child(self, _index: int, /) -> Any:
        """A part."""
        return None

    def childAt(self, _x: int, _y: int, /) -> Any:  # noqa: N802 - Qt's name
        """The part at a place of the screen."""
        return None

    def childCount(self) -> int:  # noqa: N802 - Qt's name
        """How many parts it has."""
        return 0

    def indexOfChild(self, _child: QAccessibleInterface, /) -> int:  # noqa: N802 - Qt's name
        """The number of a part, or -1."""
        return -1

    def setText(self, _kind: QAccessible.Text, _text: str, /) -> None:  # noqa: N802 - Qt's name
        """Nothing can be set."""


class AccessibleTurn(_Interface):
    """One turn, known by its id: its place among the turns may change."""

    def __init__(self, whole: "AccessibleTranscript", turn_id: int) -> None:
        super().__init__()
        self._whole = whole
        self.turn_id = turn_id

    def _index(self) -> int:
        view = self._whole.view()
        return view.stack.index(self.turn_id) if view else -1

    def isValid(self) -> bool:  # noqa: N802 - Qt's name
        """Whether it is still there."""
        return self._index() >= 0

    def parent(self) -> QAccessibleInterface:
        """What it is part of."""
        return self._whole

    def role(self) -> QAccessible.Role:
        """What it is."""
        return QAccessible.Role.ListItem

    def state(self) -> QAccessible.State:
        """Nothing special."""
        return QAccessible.State()

    def rect(self) -> QRect:
        """Where it is on the screen."""
        view, index = self._whole.view(), self._index()
        if view is None or index < 0:
            return QRect()
        rect = view.turn_rect(index)
        return QRect(view.viewport().mapToGlobal(rect.topLeft()), rect.size())

    def text(self, kind: QAccessible.Text, /) -> str:
        """Its name or description."""
        view, index = self._whole.view(), self._index()
        if view is None or index < 0:
            return ""
        turn = view.stack.entries[index].turn
        if kind == QAccessible.Text.Name:
            return f"{turn.name}: {turn.text or turn.caption}" if turn.name else turn.text
        if kind == QAccessible.Text.Description:
            return turn.error or turn.caption
        return ""


class AccessibleTranscript(_Interface):
    """The view."""

    def __init__(self, view: "TranscriptView") -> None:
        super().__init__()
        self._view = view
        self._turns: dict[int, AccessibleTurn] = {}  # they must outlive what Qt remembers of them

    def view(self) -> "TranscriptView | None":
        """The view, while there is one."""
        return self._view if shiboken6.isValid(self._view) else None

    def isValid(self) -> bool:  # noqa: N802 - Qt's name
        """Whether it is still there."""
        return self.view() is not None

    def object(self) -> Any:
        """The object behind it."""
        return self.view()

    def window(self) -> Any:
        """The window it is in."""
        view = self.view()
        return view.window().windowHandle() if view else None

    def parent(self) -> Any:
        """What it is part of."""
        view = self.view()
        above = view.parentWidget() if view else None
        return QAccessible.queryAccessibleInterface(above) if above else None

    def role(self) -> QAccessible.Role:
        """What it is."""
        return QAccessible.Role.List

    def state(self) -> QAccessible.State:
        """Nothing special."""
        return QAccessible.State()

    def rect(self) -> QRect:
        """Where it is on the screen."""
        view = self.view()
        return QRect(view.mapToGlobal(QPoint(0, 0)), view.size()) if view else QRect()

    def text(self, kind: QAccessible.Text, /) -> str:
        """Its name or description."""
        view = self.view()
        return view.accessibleName() if view and kind == QAccessible.Text.Name else ""

    def _widgets(self) -> list[QWidget]:
        view = self.view()
        if view is None:
            return []
        below = [child for child in view.viewport().children() if isinstance(child, QWidget) and not child.isHidden()]
        return [*below, view.verticalScrollBar()]

    def childCount(self) -> int:  # noqa: N802 - Qt's name
        """How many parts it has."""
        view = self.view()
        return len(view.stack.entries) + len(self._widgets()) if view else 0

    def child(self, index: int, /) -> Any:
        """A part."""
        view = self.view()
        if view is None or index < 0:
            return None
        turns = len(view.stack.entries)
        if index < turns:
            turn_id = view.stack.entries[index].turn.id
            return self._turns.setdefault(turn_id, self._turns.get(turn_id) or AccessibleTurn(self, turn_id))
        widgets = self._widgets()
        return QAccessible.queryAccessibleInterface(widgets[index - turns]) if index - turns < len(widgets) else None

    def childAt(self, x: int, y: int, /) -> Any:  # noqa: N802 - Qt's name
        """The part at a place of the screen."""
        view = self.view()
        if view is None:
            return None
        place = view.viewport().mapFromGlobal(QPoint(x, y))
        for number, widget in enumerate(self._widgets()):
            if widget.parent() is view.viewport() and widget.geometry().contains(place):
                return self.child(len(view.stack.entries) + number)
        entry = view.entry_at(place)
        return self.child(view.stack.index(entry.turn.id)) if entry else None

    def indexOfChild(self, child: QAccessibleInterface, /) -> int:  # noqa: N802 - Qt's name
        """The number of a part, or -1."""
        view = self.view()
        if view is None:
            return -1
        if isinstance(child, AccessibleTurn):
            return view.stack.index(child.turn_id)
        widgets = self._widgets()
        found = child.object()
        return len(view.stack.entries) + widgets.index(found) if isinstance(found, QWidget) and found in widgets else -1


def _make(_class: str, thing: QObject | None) -> QAccessibleInterface | None:
    # Qt asks for every class up to QObject; a name is compared with none of them, for the view's may be a subclass's
    from zhiyin.ui.transcript.view import TranscriptView  # noqa: PLC0415 - it imports this module

    return AccessibleTranscript(thing) if isinstance(thing, TranscriptView) else None


class _Factory:
    installed = False


def make_accessible() -> None:
    """Have Qt ask this module about transcripts; once in a process."""
    if not _Factory.installed:
        _Factory.installed = True
        QAccessible.installFactory(_make)


def tell_turns_changed(view: QAbstractScrollArea) -> None:
    """Tell screen readers that there are other turns."""
    if QAccessible.isActive():
        QAccessible.updateAccessibility(QAccessibleEvent(view, QAccessible.Event.ObjectReorder))


def tell_reply(view: QAbstractScrollArea, turn: TurnView) -> None:
    """Have a finished reply read out."""
    if QAccessible.isActive() and turn.text:
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(view, f"{turn.name}: {turn.text}"))
