"""Counts what a chat template does, so that it can be stopped: Jinja's sandbox keeps a template from our objects, not from our time."""

import time
from collections.abc import Iterator
from contextvars import ContextVar
from types import BuiltinMethodType
from typing import Any

from jinja2.utils import Namespace

from zhiyin_models.errors import Code, ModelError

SECONDS = 2.0  # of the thread's own time: beside a decoding model it gets only part of the clock's
WALL_SECONDS = 10.0
OUTPUT_BASE, OUTPUT_FACTOR = 1 << 20, 16  # characters of output, or of any one value: this much and so many times the input
WORK_BASE, WORK_FACTOR = 1 << 26, 128  # characters and elements made or read in all
CHECK_EVERY = 2000  # units of work between two looks at the clock
NUMBER_BITS = 4096
NESTING = 100  # containers within containers, filters over filters
ELEMENT = 8  # an element of a container costs as much as so many characters
VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()))


class TemplateLimitError(Exception):
    """A template asked for what no honest one needs."""


class Meter:
    """The bounds of one rendering. ``input_size`` is in characters.

    Raises ModelError TEMPLATE_TOO_LARGE and TEMPLATE_TOO_SLOW.
    """

    def __init__(self, input_size: int) -> None:
        self.limit = OUTPUT_BASE + OUTPUT_FACTOR * input_size
        self.work_left = WORK_BASE + WORK_FACTOR * input_size
        self.deadline = time.thread_time() + SECONDS
        self.wall_deadline = time.monotonic() + WALL_SECONDS
        self.look_at = self.work_left - CHECK_EVERY
        self._measures: dict[int, tuple[object, int, int]] = {}  # by id; the object is kept, so that its id stays its own
        self._mutable = False

    def charge(self, amount: int) -> None:
        """Count work done or about to be done."""
        self.work_left -= amount
        if self.work_left < self.look_at:
            self.look()

    def look(self) -> None:
        """See whether work or time are used up."""
        self.look_at = self.work_left - CHECK_EVERY
        if self.work_left < 0:
            raise ModelError(Code.TEMPLATE_TOO_LARGE, limit=self.limit)
        if time.thread_time() > self.deadline:
            raise ModelError(Code.TEMPLATE_TOO_SLOW, seconds=SECONDS)
        if time.monotonic() > self.wall_deadline:
            raise ModelError(Code.TEMPLATE_TOO_SLOW, seconds=WALL_SECONDS)

    def make(self, size: int) -> None:
        """Count a value of so many characters or elements, before it is made."""
        if size > self.limit:
            raise ModelError(Code.TEMPLATE_TOO_LARGE, limit=self.limit)
        self.charge(size)

    def count(self, value: object) -> None:
        """Count a value that was made: its own memory, and that it is not too large to be written out."""
        if isinstance(value, str):
            self.make(1 + len(value))
            return
        if self.weight(value) > self.limit:
            raise ModelError(Code.TEMPLATE_TOO_LARGE, limit=self.limit)
        self.charge(self.size(value))

    def count_whole(self, value: object) -> None:
        """Count a value that is read or written out to its last leaf."""
        self.make(self.weight(value))

    @staticmethod
    def size(value: object) -> int:
        """What a value takes by itself, without what it refers to."""
        if isinstance(value, str):
            return 1 + len(value)
        return ELEMENT * (1 + len(value)) if isinstance(value, (list, tuple, dict)) else 1

    def weight(self, value: object) -> int:
        """Characters and elements of a value written out in full.

        A list that holds the same list twice counts it twice, as comparing or printing it does. What a template builds cannot be
        changed by it afterwards (only namespaces can), so each container is weighed once. Raises ``TemplateLimitError`` where
        containers are nested deeper than ``NESTING``: Python itself would run out of stack hashing or freeing them.
        """
        if isinstance(value, str):
            return 1 + len(value)
        return self.measure(value)[0]

    def measure(self, value: Any) -> tuple[int, int]:
        """Weight, and how deep its containers go."""
        if isinstance(value, str):
            return 1 + len(value), 0
        if isinstance(value, (list, tuple, dict)):
            known = self._measures.get(id(value))
            return known[1:] if known else self._measure_once(value)
        return self._measure_other(value)

    def _measure_other(self, value: Any) -> tuple[int, int]:
        if isinstance(value, Namespace):
            self._mutable = True
            return self._sum(dict.values(object.__getattribute__(value, "_Namespace__attrs")))
        if isinstance(value, VIEWS):
            return self._sum(value)
        if isinstance(value, Counted):
            return 1, value.depth
        if isinstance(value, BuiltinMethodType):  # it holds on to what it belongs to
            return 1, self.measure(value.__self__)[1] + 1
        return 1, 0

    def _measure_once(self, value: list[Any] | tuple[Any, ...] | dict[Any, Any]) -> tuple[int, int]:
        outer, self._mutable = self._mutable, False
        weight, depth = self._sum(value)
        if isinstance(value, dict):
            values, below = self._sum(value.values())
            weight, depth = weight + values, max(depth, below)
        if not self._mutable:
            self._measures[id(value)] = (value, weight, depth)
        self._mutable |= outer
        return weight, depth

    def _sum(self, items: Any) -> tuple[int, int]:
        total, depth = ELEMENT, 0
        for item in items:
            weight, below = self.measure(item)
            total += ELEMENT + weight
            depth = max(depth, below)
            self.charge(1)
            if total > self.limit:
                raise ModelError(Code.TEMPLATE_TOO_LARGE, limit=self.limit)
        if depth >= NESTING:
            raise TemplateLimitError("lists in lists without end")
        return total, depth + 1


class Counted:
    """An iterable whose every step is counted, and whose end is seen in time however long a step takes."""

    def __init__(self, items: Any, depth: int = 1) -> None:
        self.items = items
        self.depth = depth
        if depth > NESTING:
            raise TemplateLimitError("filters over filters without end")

    def __iter__(self) -> Iterator[Any]:
        meter = METER.get()
        for item in self.items:
            meter.charge(1)
            meter.look()
            yield item

    def __len__(self) -> int:
        return len(self.items)

    def __bool__(self) -> bool:
        return bool(self.items)


METER: ContextVar[Meter] = ContextVar("meter")
