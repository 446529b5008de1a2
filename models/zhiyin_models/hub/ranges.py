"""Which bytes of a file are there: disjoint ranges in order, each from its first byte to the one behind its last."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

Range = tuple[int, int]


class Ranges:
    """A set of bytes as few ranges."""

    def __init__(self, ranges: Iterable[Range] = ()) -> None:
        self._begins: list[int] = []
        self._ends: list[int] = []
        self.total = 0  # bytes
        for begin, end in ranges:
            self.add(begin, end)

    def __iter__(self) -> Iterator[Range]:
        return zip(self._begins, self._ends, strict=True)

    def __len__(self) -> int:
        return len(self._begins)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ranges) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment] # it changes

    def add(self, begin: int, end: int) -> None:
        """These bytes are there as well."""
        if begin >= end:
            return
        first = bisect_left(self._ends, begin)  # the first range that reaches it
        last = bisect_right(self._begins, end)  # behind the last one that it reaches
        if first < last:
            begin, end = min(begin, self._begins[first]), max(end, self._ends[last - 1])
            self.total -= sum(self._ends[index] - self._begins[index] for index in range(first, last))
        self._begins[first:last], self._ends[first:last] = [begin], [end]
        self.total += end - begin

    @property
    def frontier(self) -> int:
        """How many bytes are there from the beginning on without a gap."""
        return self._ends[0] if self._begins and self._begins[0] == 0 else 0

    def missing(self, begin: int, end: int) -> list[Range]:
        """What is not there from ``begin`` to before ``end``."""
        found = []
        for index in range(bisect_right(self._ends, begin), len(self._begins)):
            if self._begins[index] >= end:
                break
            if self._begins[index] > begin:
                found.append((begin, self._begins[index]))
            begin = self._ends[index]
        if begin < end:
            found.append((begin, end))
        return found

    def gaps(self, size: int) -> list[Range]:
        """What is missing of a file of this size."""
        missing, at = [], 0
        for begin, end in self:
            if begin >= size:
                break
            if begin > at:
                missing.append((at, begin))
            at = end
        if at < size:
            missing.append((at, size))
        return missing
