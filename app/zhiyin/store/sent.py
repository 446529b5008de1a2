"""What was sent for each reply."""

from concurrent.futures import Future

from zhiyin.store.reader import Reader
from zhiyin.store.records import Sent
from zhiyin.store.writer import Writer


class SentTexts:
    """Every method answers at once, with a future, as the store's do. Of each conversation the last two hundred are kept, compressed."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def put(self, sent: Sent) -> Future[None]:
        """Keep what was sent for a reply; a reply that is gone is passed over."""
        raise NotImplementedError

    def get(self, turn: int) -> Future[Sent | None]:
        """Return what was sent for a reply; None when it is not known any more."""
        raise NotImplementedError
