"""Personas: built-in ones, the user's own, and those from cards."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future

from zhiyin.store.reader import Reader
from zhiyin.store.records import NewPersona, Persona, PersonaRow
from zhiyin.store.writer import Writer


class Personas:
    """Every method answers at once, with a future, as the store's do."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def all(self) -> Future[list[PersonaRow]]:
        """Return every persona that is not deleted, the last used first, then the newest; without their cards."""
        raise NotImplementedError

    def get(self, persona: int) -> Future[Persona]:
        """Return one with its card, deleted ones too: conversations go on with them. Fails with MISSING."""
        raise NotImplementedError

    def get_many(self, personas: Sequence[int]) -> Future[list[Persona]]:
        """Return those that exist, in the order asked for, deleted ones too."""
        raise NotImplementedError

    def add(self, persona: NewPersona) -> Future[PersonaRow]:
        """Add one."""
        raise NotImplementedError

    def add_many(self, personas: Sequence[NewPersona]) -> Future[list[PersonaRow]]:
        """Add several in one transaction; give at most some fifty at a time."""
        raise NotImplementedError

    def seed(self, built_in: Mapping[str, NewPersona]) -> Future[list[PersonaRow]]:
        """Add the built-in ones, by key, that were never there, with an empty card; return what was added."""
        raise NotImplementedError

    def update(self, persona: int, changes: NewPersona) -> Future[PersonaRow]:
        """Put another card in its place, with what is derived from it; the former card is kept (``revisions``). Fails with MISSING."""
        raise NotImplementedError

    def revisions(self, persona: int) -> Future[list[str]]:
        """Return the former cards, the newest first, at most twenty."""
        raise NotImplementedError

    def reset(self, persona: int, built_in: NewPersona) -> Future[PersonaRow]:
        """Make a changed built-in one what it was; its card becomes a revision."""
        raise NotImplementedError

    def touch(self, persona: int) -> Future[None]:
        """Note that a conversation was begun with it."""
        raise NotImplementedError

    def delete(self, personas: Sequence[int]) -> Future[None]:
        """Take them off the gallery; their conversations stay."""
        raise NotImplementedError

    def restore(self, personas: Sequence[int]) -> Future[list[PersonaRow]]:
        """Put deleted ones back."""
        raise NotImplementedError

    def pictures(self) -> Future[set[str]]:
        """Return the pictures that are still named by a persona or a profile; the others may be cleared away."""
        raise NotImplementedError
