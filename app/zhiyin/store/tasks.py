"""Task templates of the user's."""

from concurrent.futures import Future

from zhiyin.store.reader import Reader
from zhiyin.store.records import StoredTask
from zhiyin.store.writer import Writer


class Tasks:
    """Every method answers at once, with a future, as the store's do."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def all(self) -> Future[list[StoredTask]]:
        """Return all that are not deleted, the oldest first."""
        raise NotImplementedError

    def add(self, task: str, builtin: str = "") -> Future[StoredTask]:
        """Add one."""
        raise NotImplementedError

    def update(self, ident: int, task: str) -> Future[StoredTask]:
        """Change one. Fails with MISSING."""
        raise NotImplementedError

    def delete(self, ident: int) -> Future[None]:
        """Take it off the list."""
        raise NotImplementedError

    def restore(self, ident: int) -> Future[StoredTask]:
        """Put a deleted one back."""
        raise NotImplementedError
