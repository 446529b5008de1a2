"""What the user thinks of replies."""

from collections.abc import Sequence
from concurrent.futures import Future

from zhiyin.store.reader import Reader
from zhiyin.store.records import Turn
from zhiyin.store.writer import Writer


class Ratings:
    """Every method answers at once, with a future, as the store's do."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def rate(self, turn: int, thumb: int, remark: str | None = None) -> Future[Turn]:
        """Say 1 (good), -1 (bad) or 0 (nothing) of a reply; None leaves the remark as it is. Fails with MISSING."""
        raise NotImplementedError

    def rank(self, turns: Sequence[int], remark: str | None = None) -> Future[list[Turn]]:
        """Put siblings in order, the best first; siblings not named lose their rank. Fails with MISSING."""
        raise NotImplementedError

    def alternatives(self, turn: int) -> Future[list[Turn]]:
        """Return a reply and its siblings with their texts, oldest first."""
        raise NotImplementedError
