"""Counts what a chat template does, so that it can be stopped: Jinja's sandbox keeps a template from our objects, not from our time."""

import time
from contextvars import ContextVar
from typing import Any

from jinja2.utils import Namespace

from zhiyin_models.errors import Code, ModelError

SECONDS = 2.0
OUTPUT_BASE, OUTPUT_FACTOR = 1 << 20, 16  # characters of output, or of any one value: this much and so many times the input
WORK_BASE, WORK_FACTOR = 1 << 26, 128  # characters and elements made or read in all
CHECK_EVERY = 2000  # units of work between two looks at the clock
NUMBER_BITS = 4096


class Meter:
    """The bounds of one rendering. ``input_size`` is in characters.

    Raises ModelError TEMPLATE_TOO_LARGE and TEMPLATE_TOO_SLOW.
    """

    def __init__(self, input_size: int) -> None:
        self.limit = OUTPUT_BASE + OUTPUT_FACTOR * input_size
        self.work_left = WORK_BASE + WORK_FACTOR * input_size
        self.deadline = time.monotonic() + SECONDS
        self.look_at = self.work_left - CHECK_EVERY
        self._weights: dict[int, tuple[object, int]] = {}  # by id; the object is kept, so that its id stays its own
        self._mutable = False

    def charge(self, amount: int) -> None:
        """Count work done or about to be done."""
        self.work_left -= amount
        if self.work_left < self.look_at:
            self.look_at = self.work_left - CHECK_EVERY
            if self.work_left < 0:
                raise ModelError(Code.TEMPLATE_TOO_LARGE, limit=self.limit)
            if time.monotonic() > self.deadline:
                raise ModelError(Code.TEMPLATE_TOO_SLOW, seconds=SECONDS)

    def make(self, size: int) -> None:
        """Count a value of so many characters or elements, before it is made."""
        if size > self.limit:
            raise ModelError(Code.TEMPLATE_TOO_LARGE, limit=self.limit)
        self.charge(size)

    def count(self, value: object) -> None:
        """Count a value by its weight."""
        self.make(self.weight(value))

    def weight(self, value: Any) -> int:
        """Characters and elements of a value written out in full.

        A list that holds the same list twice counts it twice, as comparing or printing it does. What a template builds cannot be
        changed by it afterwards (only namespaces can), so each container is weighed once.
        """
        if isinstance(value, str):
            return 1 + len(value)
        if isinstance(value, (list, tuple, dict)):
            known = self._weights.get(id(value))
            return known[1] if known else self._weigh(value)
        if isinstance(value, Namespace):
            self._mutable = True
            return self._sum(dict.values(object.__getattribute__(value, "_Namespace__attrs")))
        if isinstance(value, type({}.items()) | type({}.keys()) | type({}.values())):
            return self._sum(value)
        return 1

    def _weigh(self, value: list[Any] | tuple[Any, ...] | dict[Any, Any]) -> int:
        outer, self._mutable = self._mutable, False
        total = self._sum(value)
        if isinstance(value, dict):
            total += self._sum(value.values())
        if not self._mutable:
            self._weights[id(value)] = (value, total)
        self._mutable |= outer
        return total

    def _sum(self, items: Any) -> int:
        total = 8  # a container costs more than its elements
        for item in items:
            total += 8 + self.weight(item)
            self.charge(1)
            if total > self.limit:
                raise ModelError(Code.TEMPLATE_TOO_LARGE, limit=self.limit)
        return total


METER: ContextVar[Meter] = ContextVar("meter")
