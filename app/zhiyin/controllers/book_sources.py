"""Where a lorebook is kept: as a standalone one in the store, or within the card of a persona."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from zhiyin.controllers.persona_cards import card_of, new_persona
from zhiyin.prompt.cards.json_text import dump
from zhiyin.store.records import Book, BookRow, Persona, PersonaRow
from zhiyin.store.store import Store


class StandaloneBook:
    """A lorebook of its own."""

    char = ""

    def __init__(self, store: Store, ident: int) -> None:
        self.ident = ident
        self._store = store

    def read(self) -> "Future[list[Book]]":
        """Ask for what is there."""
        return self._store.books.get_many([self.ident])

    def book_in(self, answer: list[Book]) -> str | None:
        """The book's JSON; None when it was deleted."""
        return answer[0].book if answer else None

    def write(self, answer: list[Book], book: dict[str, Any], text: str, entries: int) -> Callable[[], "Future[BookRow]"]:
        """What keeps the book."""
        name = book.get("name")
        del answer
        return lambda: self._store.books.update(self.ident, name if isinstance(name, str) else "", text, entries)


class CardBook:
    """The lorebook of a persona's card; a built-in persona gets a card of its own with the first entry. ``language`` is the window's."""

    def __init__(self, store: Store, persona: int, name: str, language: str) -> None:
        self.persona = persona
        self.char = name
        self._store = store
        self._language = language

    def read(self) -> "Future[Persona]":
        """Ask for what is there."""
        return self._store.personas.get(self.persona)

    def book_in(self, answer: Persona) -> str | None:
        """The book's JSON; "" while the card has none."""
        book = card_of(answer, self._language)[0].book
        return "" if book is None else dump(book)

    def write(self, answer: Persona, book: dict[str, Any], text: str, entries: int) -> Callable[[], "Future[PersonaRow]"]:
        """What keeps the card with this book in it, everything else as it is now."""
        del text, entries
        card, picture = card_of(answer, self._language)
        changes = new_persona(card.changed(character_book=book), picture, builtin=answer.row.builtin, color=answer.row.color)
        return lambda: self._store.personas.update(self.persona, changes)
