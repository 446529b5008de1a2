"""Heights of many turns: sums and look-ups in logarithmic time."""

from collections.abc import Iterable


class Heights:
    """A Fenwick tree over whole, non-negative heights (P. Fenwick, 1994)."""

    def __init__(self, heights: Iterable[int] = ()) -> None:
        self._values = list(heights)
        self._tree: list[int] = []
        self._build()

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, index: int) -> int:
        return self._values[index]

    @property
    def total(self) -> int:
        """The sum of all heights."""
        return self.above(len(self._values))

    def _build(self) -> None:
        tree = [0, *self._values]
        size = len(tree)
        for index in range(1, size):
            parent = index + (index & -index)
            if parent < size:
                tree[parent] += tree[index]
        self._tree = tree

    def set(self, index: int, height: int) -> None:
        """Replace one height."""
        change = height - self._values[index]
        self._values[index] = height
        index += 1
        while change and index < len(self._tree):
            self._tree[index] += change
            index += index & -index

    def append(self, height: int) -> None:
        """Add a height at the end."""
        self._values.append(height)
        index = len(self._values)
        first = index - (index & -index)
        self._tree.append(height + self.above(index - 1) - self.above(first))

    def above(self, index: int) -> int:
        """The sum of the heights before an index: where that turn begins."""
        total = 0
        while index > 0:
            total += self._tree[index]
            index -= index & -index
        return total

    def at(self, place: int) -> int:
        """The index of the turn that covers a place; the last one for places beyond, -1 if there is none."""
        if not self._values:
            return -1
        index, step = 0, 1 << (len(self._values).bit_length() - 1)
        while step:
            following = index + step
            if following < len(self._tree) and self._tree[following] <= place:
                index = following
                place -= self._tree[following]
            step >>= 1
        return min(index, len(self._values) - 1)
