"""Personas: built-in ones, the user's own, and those from cards."""

import sqlite3
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

import msgspec
from msgspec import structs

from zhiyin.store import trash
from zhiyin.store.errors import StoreCode, StoreError
from zhiyin.store.reader import Reader
from zhiyin.store.records import NewPersona, Persona, PersonaRow
from zhiyin.store.rows import storable
from zhiyin.store.writer import Writer

KEPT_REVISIONS = 20
_SHOWN = "id, name, tags, creator, summary, seal, color, picture, builtin, own, created, updated, used, ifnull(deleted, 0)"
_ROWS = f"SELECT {_SHOWN} FROM personas"  # noqa: S608  constants only
_PICTURES = "SELECT picture FROM personas WHERE picture <> '' UNION SELECT picture FROM profiles WHERE picture <> ''"
_tags = msgspec.json.Decoder(tuple[str, ...])


def _row(row: tuple[Any, ...]) -> PersonaRow:
    ident, name, tags, creator, summary, seal, color, picture, builtin, own, *times = row
    return PersonaRow(ident, name, _tags.decode(tags), creator, summary, seal, color, picture, builtin, bool(own), *times)


def _get_row(connection: sqlite3.Connection, ident: int) -> PersonaRow:
    row = connection.execute(f"{_ROWS} WHERE id = ?", (ident,)).fetchone()
    if row is None:
        raise StoreError(StoreCode.MISSING, what="persona", id=ident)
    return _row(row)


def _card(connection: sqlite3.Connection, ident: int) -> str:
    row = connection.execute("SELECT card FROM persona_cards WHERE persona = ?", (ident,)).fetchone()
    return str(row[0]) if row else ""


def _get(connection: sqlite3.Connection, ident: int) -> Persona:
    return Persona(_get_row(connection, ident), _card(connection, ident))


def _existing(connection: sqlite3.Connection, idents: Sequence[int]) -> list[Persona]:
    found = []
    for ident in idents:
        row = connection.execute(f"{_ROWS} WHERE id = ?", (ident,)).fetchone()
        if row is not None:
            found.append(Persona(_row(row), _card(connection, ident)))
    return found


def _columns(persona: NewPersona) -> dict[str, str | int]:
    """What is derived from the card, by column."""
    columns: dict[str, str | int] = {
        name: storable(getattr(persona, name)) for name in ("name", "creator", "summary", "seal", "color", "picture")
    }
    columns["tags"] = msgspec.json.encode([storable(tag) for tag in persona.tags]).decode()
    columns["own"] = bool(persona.card)
    return columns


def _add(connection: sqlite3.Connection, persona: NewPersona) -> PersonaRow:
    now = time.time()
    columns = {**_columns(persona), "builtin": storable(persona.builtin), "created": now, "updated": now}
    marks = ", ".join("?" * len(columns))
    ident = connection.execute(
        f"INSERT INTO personas ({', '.join(columns)}) VALUES ({marks})",  # noqa: S608  names from above
        tuple(columns.values()),
    ).lastrowid
    assert ident is not None  # noqa: S101  an INSERT has one
    if persona.card:
        connection.execute("INSERT INTO persona_cards (persona, card) VALUES (?, ?)", (ident, storable(persona.card)))
    return _get_row(connection, ident)


def _seed(connection: sqlite3.Connection, built_in: Mapping[str, NewPersona]) -> list[PersonaRow]:
    """Whether one was ever there is remembered apart from the personas: a deleted one is removed in the end, and stays away."""
    added = []
    for key, persona in built_in.items():
        if connection.execute("INSERT OR IGNORE INTO seeded_personas (key) VALUES (?)", (key,)).rowcount:
            added.append(_add(connection, structs.replace(persona, card="", builtin=key)))
    return added


def _update(connection: sqlite3.Connection, ident: int, persona: NewPersona) -> PersonaRow:
    """Put another card (none: the built-in one) in place of the former one, which becomes a revision."""
    _get_row(connection, ident)
    card, former = storable(persona.card), _card(connection, ident)
    if former and card != former:
        connection.execute("INSERT INTO persona_revisions (persona, replaced, card) VALUES (?, ?, ?)", (ident, time.time(), former))
        connection.execute(
            "DELETE FROM persona_revisions WHERE persona = ?1 AND id NOT IN"
            " (SELECT id FROM persona_revisions WHERE persona = ?1 ORDER BY id DESC LIMIT ?2)",
            (ident, KEPT_REVISIONS),
        )
    if card:
        connection.execute("INSERT OR REPLACE INTO persona_cards (persona, card) VALUES (?, ?)", (ident, card))
    else:
        connection.execute("DELETE FROM persona_cards WHERE persona = ?", (ident,))
    columns = {**_columns(persona), "updated": time.time()}
    if persona.builtin:  # what it was made from is not forgotten when a card does not say so
        columns["builtin"] = storable(persona.builtin)
    names = ", ".join(f"{name} = ?" for name in columns)
    connection.execute(f"UPDATE personas SET {names} WHERE id = ?", (*columns.values(), ident))  # noqa: S608  names from above
    return _get_row(connection, ident)


def _touch(connection: sqlite3.Connection, ident: int) -> None:
    connection.execute("UPDATE personas SET used = ? WHERE id = ?", (time.time(), ident))


class Personas:
    """Every method answers at once, with a future, as the store's do."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def all(self) -> Future[list[PersonaRow]]:
        """Return every persona that is not deleted, the last used first, then the newest; without their cards."""
        return self._reader.submit(
            lambda connection: [_row(row) for row in connection.execute(f"{_ROWS} WHERE deleted IS NULL ORDER BY used DESC, id DESC")]
        )

    def latest(self, count: int) -> Future[list[PersonaRow]]:
        """Return the first of ``all``."""
        return self._reader.submit(
            lambda connection: [
                _row(row) for row in connection.execute(f"{_ROWS} WHERE deleted IS NULL ORDER BY used DESC, id DESC LIMIT ?", (count,))
            ]
        )

    def get(self, persona: int) -> Future[Persona]:
        """Return one with its card, deleted ones too: conversations go on with them. Fails with MISSING."""
        return self._reader.submit(lambda connection: _get(connection, persona))

    def get_many(self, personas: Sequence[int]) -> Future[list[Persona]]:
        """Return those that exist, in the order asked for, deleted ones too."""
        return self._reader.submit(lambda connection: _existing(connection, personas))

    def add(self, persona: NewPersona) -> Future[PersonaRow]:
        """Add one."""
        return self._writer.submit(lambda connection: _add(connection, persona))

    def add_many(self, personas: Sequence[NewPersona]) -> Future[list[PersonaRow]]:
        """Add several in one transaction; give at most some fifty at a time."""
        return self._writer.submit(lambda connection: [_add(connection, persona) for persona in personas])

    def seed(self, built_in: Mapping[str, NewPersona]) -> Future[list[PersonaRow]]:
        """Add the built-in ones, by key, that were never there, with an empty card; return what was added."""
        return self._writer.submit(lambda connection: _seed(connection, built_in))

    def update(self, persona: int, changes: NewPersona) -> Future[PersonaRow]:
        """Put another card in its place, with what is derived from it; the former card is kept (``revisions``). Fails with MISSING."""
        return self._writer.submit(lambda connection: _update(connection, persona, changes))

    def revisions(self, persona: int) -> Future[list[str]]:
        """Return the former cards, the newest first, at most twenty."""
        return self._reader.submit(
            lambda connection: [
                card for (card,) in connection.execute("SELECT card FROM persona_revisions WHERE persona = ? ORDER BY id DESC", (persona,))
            ]
        )

    def reset(self, persona: int, built_in: NewPersona) -> Future[PersonaRow]:
        """Make a changed built-in one what it was; its card becomes a revision."""
        return self._writer.submit(lambda connection: _update(connection, persona, structs.replace(built_in, card="")))

    def touch(self, persona: int) -> Future[None]:
        """Note that a conversation was begun with it."""
        return self._writer.submit(lambda connection: _touch(connection, persona))

    def delete(self, personas: Sequence[int]) -> Future[None]:
        """Take them off the gallery; their conversations stay."""
        return self._writer.submit(lambda connection: trash.delete(connection, "personas", personas))

    def restore(self, personas: Sequence[int]) -> Future[list[PersonaRow]]:
        """Put deleted ones back."""
        return self._writer.submit(
            lambda connection: [_get_row(connection, ident) for ident in trash.restore(connection, "personas", personas)]
        )

    def pictures(self) -> Future[set[str]]:
        """Return the pictures that are still named by a persona or a profile; the others may be cleared away."""
        return self._reader.submit(lambda connection: {picture for (picture,) in connection.execute(_PICTURES)})
