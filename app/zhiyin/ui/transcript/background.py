"""What goes on behind a transcript: parsing in slices, asking for colours, and the breath of a reply that is awaited."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from zhiyin.ui.transcript.body import Body
from zhiyin.ui.transcript.code_box import CodeBox
from zhiyin.ui.transcript.highlighter import Highlighter

if TYPE_CHECKING:
    from zhiyin.ui.transcript.view import TranscriptView

_SLICE = 0.005
"""Seconds of parsing in one pass of the event loop."""
_RETRY_MS = 30
_BREATH_MS = 450


class BackgroundWork(QObject):
    """The work of one view; nothing runs while what is seen is complete."""

    def __init__(self, view: "TranscriptView") -> None:
        super().__init__(view)
        self._view = view
        self._parsing = QTimer(self)
        self._parsing.setSingleShot(True)
        self._parsing.timeout.connect(self._go_on)
        self._breath = QTimer(self)
        self._breath.setInterval(_BREATH_MS)
        self._breath.timeout.connect(self._breathe)
        self._highlighter = Highlighter(self)
        self._highlighter.colored.connect(lambda _box: view.viewport().update())

    def look(self) -> None:
        """See what there is to be done for what is seen now."""
        self._color_code()
        waits = any(True for _ in self._awaited())
        if waits != self._breath.isActive():
            self._breath.start() if waits else self._breath.stop()
        self._schedule(0)

    def parse(self, index: int) -> int:
        """Parse what was added to a turn; returns the place in the stack from which on it changed."""
        stack = self._view.stack
        body = stack.body(index)
        place = body.height
        box = body.work(_SLICE)
        if box < len(body.boxes):
            place = min(place, body.top(box))
        stack.measure(index)
        return stack.top(index) + stack.entries[index].body_top + place

    def _schedule(self, wait: int) -> None:
        if not self._parsing.isActive() and any(not self._settled(index) for index in self._view.visible()):
            self._parsing.start(wait)

    def _settled(self, index: int) -> bool:
        entry = self._view.stack.entries[index]
        return entry.folded or (entry.body is not None and entry.body.settled)

    def _go_on(self) -> None:
        for index in self._view.visible():
            if not self._settled(index) and self._view.stack.body(index).ready:
                self._view.arrange(dirty=self.parse(index))
                return
        self._schedule(_RETRY_MS)

    def _awaited(self) -> Iterator[int]:
        return (index for index in self._view.visible() if self._view.stack.entries[index].waiting)

    def _breathe(self) -> None:
        for index in self._awaited():
            self._view.breathe(index)

    def _color_code(self) -> None:
        """Ask for the colours of the code that is seen."""
        last = self._view.value + self._view.viewport().height()
        for body, top in self._bodies():
            number = body.box_at(self._view.value - top)
            while 0 <= number < len(body.boxes) and top + body.top(number) < last:
                box = body.boxes[number]
                if isinstance(box, CodeBox):
                    self._highlighter.want(box, is_open=body.open_code and number == len(body.boxes) - 1)
                number += 1

    def _bodies(self) -> Iterator[tuple[Body, int]]:
        """The turns that are seen and parsed, with the places of their text in the stack."""
        stack = self._view.stack
        for index in self._view.visible():
            entry = stack.entries[index]
            if entry.body is not None and not entry.folded:
                yield entry.body, stack.top(index) + entry.body_top
