"""Profiles: who the user is."""

from concurrent.futures import Future

from zhiyin.store.reader import Reader
from zhiyin.store.records import Profile
from zhiyin.store.writer import Writer


class Profiles:
    """Every method answers at once, with a future, as the store's do."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def all(self) -> Future[list[Profile]]:
        """Return all that are not deleted, the default one first, then by name."""
        raise NotImplementedError

    def get(self, profile: int) -> Future[Profile]:
        """Return one, deleted ones too. Fails with MISSING."""
        raise NotImplementedError

    def add(self, name: str, description: str = "", picture: str = "") -> Future[Profile]:
        """Add one; the first becomes the default."""
        raise NotImplementedError

    def update(self, profile: int, name: str, description: str, picture: str) -> Future[Profile]:
        """Change one. Fails with MISSING."""
        raise NotImplementedError

    def set_default(self, profile: int | None) -> Future[None]:
        """Choose who the user is where nothing else is chosen; None = nobody in particular."""
        raise NotImplementedError

    def delete(self, profile: int) -> Future[None]:
        """Take it off the list."""
        raise NotImplementedError

    def restore(self, profile: int) -> Future[Profile]:
        """Put a deleted one back."""
        raise NotImplementedError
