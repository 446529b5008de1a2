"""A reply's text on its way into blocks: in slices while it is long, now and then while its open block is dear to parse."""

from functools import cache
from importlib import import_module
from threading import Thread
from time import perf_counter
from typing import TYPE_CHECKING

from zhiyin.markup.blocks import Block

if TYPE_CHECKING:
    from zhiyin.markup.open_text import OpenText

_SLICE = 2_500
_DEAR = 0.004
"""Seconds: parsing an open block that takes longer waits in proportion."""
_PATIENCE = 6


@cache
def warm_up() -> Thread:
    """Load the parser on another thread, for the first reply is on its way: it takes a tenth of a second."""
    thread = Thread(target=import_module, args=("zhiyin.markup.open_text",), name="markup", daemon=True)
    thread.start()
    return thread


class OpenReply:
    """Feeds an ``OpenText``, which is loaded with the first text: the parser is not needed to show an empty window."""

    def __init__(self) -> None:
        self._open: OpenText | None = None
        self._pieces: list[str] = []
        self.waiting = 0  # characters not parsed yet
        self._finishing = False
        self._finished = False
        self._not_before = 0.0

    @property
    def blocks(self) -> list[Block]:
        """The blocks so far."""
        return self._open.blocks if self._open else []

    @property
    def open_code(self) -> bool:
        """Whether the last block is code whose end has not come."""
        return self._open is not None and self._open.open_code

    @property
    def settled(self) -> bool:
        """Whether nothing is left to parse."""
        return not self.waiting and (self._finished or not self._finishing)

    def append(self, delta: str) -> None:
        """Add text."""
        if delta:
            self._pieces.append(delta)
            self.waiting += len(delta)

    def finish(self) -> None:
        """No more text comes."""
        self._finishing = True
        self._not_before = 0.0

    def resume(self) -> None:
        """More text comes after all: a cut reply is continued."""
        self._finishing = self._finished = False

    def ready(self) -> bool:
        """Whether ``step`` should be called now."""
        return not self.settled and perf_counter() >= self._not_before

    def step(self) -> int:
        """Parse a slice; returns the first block that may have changed."""
        if self._open is None:
            from zhiyin.markup.open_text import OpenText  # noqa: PLC0415 - loads the parser

            self._open = OpenText()
        text = self._pieces[0] if len(self._pieces) == 1 else "".join(self._pieces)
        size = max(_SLICE, self._open.open_size)
        self._pieces = [text[size:]] if len(text) > size else []
        self.waiting = max(len(text) - size, 0)
        start = perf_counter()
        self._open.append(text[:size])
        if self._finishing and not self.waiting:
            self._finished = True
            first = self._open.finish()
        else:
            first = self._open.refresh()
        taken = perf_counter() - start
        self._not_before = start + taken * _PATIENCE if taken > _DEAR and not self._finishing else 0.0
        return first
