"""Conversations, as SQL. Every function takes the connection of a transaction that is already open."""

import re
import sqlite3
import time
import unicodedata
from collections.abc import Mapping

from msgspec import UNSET, Struct, UnsetType, structs

from zhiyin.roles import Setup, write_setup
from zhiyin.store.errors import StoreCode, StoreError
from zhiyin.store.records import Conversation
from zhiyin.store.rows import CONVERSATION_ROWS, conversation, delete_large, storable, to_json
from zhiyin_models.engine.protocol import Sampling

KEPT_DAYS = 30  # how long a deleted conversation can be brought back
TITLE_WIDTH = 48  # columns; a Chinese character takes two
_MARKUP = re.compile(r"^[#>*\-+`\s]+")
PURGE_STEP = 200  # turns in one transaction


class Changes(Struct, frozen=True):
    """The fields of a conversation that the app may set; UNSET leaves one as it is."""

    title: str | UnsetType = UNSET
    auto_title: bool | UnsetType = UNSET
    model: str | UnsetType = UNSET
    system_prompt: str | UnsetType | None = UNSET
    sampling: Sampling | UnsetType | None = UNSET
    draft: str | UnsetType = UNSET
    memory_start: int | UnsetType | None = UNSET
    setup: Setup | UnsetType = UNSET

    def columns(self) -> dict[str, str | int | None]:
        """Return column → what goes into it. A title set by hand is no longer taken from the first words."""
        columns: dict[str, str | int | None] = {}
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if value is UNSET:
                continue
            if isinstance(value, Setup):
                text = storable(value.note.text)  # the only text in it
                value = write_setup(structs.replace(value, note=structs.replace(value.note, text=text)))
            columns[name] = storable(value) if isinstance(value, str) else to_json(value) if name == "sampling" else value
        if "title" in columns:
            columns.setdefault("auto_title", False)
        return columns


def _columns_width(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def first_words(text: str) -> str:
    """Return a title: the beginning of the first line that says something, at most TITLE_WIDTH columns wide."""
    words = ""
    for line in text.splitlines():
        words = " ".join(_MARKUP.sub("", line).split())
        if words:
            break
    words = "".join(character for character in words if character.isprintable())
    width = 0
    for index, character in enumerate(words):
        width += _columns_width(character)
        if width > TITLE_WIDTH:
            cut = words[:index]
            at_space = cut.rfind(" ")
            # not in the middle of a word, unless that would leave hardly anything (or there are no spaces, as in Chinese)
            return (cut[:at_space] if at_space > len(cut) // 2 and character != " " else cut).rstrip() + "…"
    return words


def get(connection: sqlite3.Connection, ident: int) -> Conversation:
    """Return one conversation, deleted ones too. Raises StoreError MISSING."""
    row = connection.execute(f"{CONVERSATION_ROWS} WHERE c.id = ?", (ident,)).fetchone()
    if row is None:
        raise StoreError(StoreCode.MISSING, what="conversation", id=ident)
    return conversation(row)


def listed(connection: sqlite3.Connection, limit: int, before: Conversation | None) -> list[Conversation]:
    """Return the newest first, those after ``before`` in that order."""
    if before is None:
        rows = connection.execute(f"{CONVERSATION_ROWS} WHERE c.deleted IS NULL ORDER BY c.updated DESC, c.id DESC LIMIT ?", (limit,))
    else:
        rows = connection.execute(
            f"{CONVERSATION_ROWS} WHERE c.deleted IS NULL AND (c.updated, c.id) < (?, ?) ORDER BY c.updated DESC, c.id DESC LIMIT ?",
            (before.updated, before.id, limit),
        )
    return [conversation(row) for row in rows]


def create(connection: sqlite3.Connection, changes: Changes) -> Conversation:
    """Add a conversation without turns."""
    now = time.time()
    columns: Mapping[str, object] = {"created": now, "updated": now, **changes.columns()}
    marks = ", ".join("?" * len(columns))
    ident = connection.execute(
        f"INSERT INTO conversations ({', '.join(columns)}) VALUES ({marks})",  # noqa: S608  names come from the struct above
        tuple(columns.values()),
    ).lastrowid
    assert ident is not None  # noqa: S101  an INSERT has one
    return get(connection, ident)


def update(connection: sqlite3.Connection, ident: int, changes: Changes) -> Conversation:
    """Set fields; its place in the list stays. Raises StoreError MISSING."""
    columns = changes.columns()
    if columns:
        names = ", ".join(f"{name} = ?" for name in columns)
        connection.execute(
            f"UPDATE conversations SET {names} WHERE id = ?",  # noqa: S608  names come from the struct above
            (*columns.values(), ident),
        )
    return get(connection, ident)


def title_from(connection: sqlite3.Connection, ident: int, text: str) -> None:
    """Give a conversation that has no title yet the first words of its first turn."""
    row = connection.execute("SELECT auto_title, title, turn_count FROM conversations WHERE id = ?", (ident,)).fetchone()
    if row[0] and (not row[1] or row[2] == 1):
        connection.execute("UPDATE conversations SET title = ? WHERE id = ?", (first_words(text), ident))


def set_draft(connection: sqlite3.Connection, ident: int, text: str) -> None:
    """Keep what stands in the composer. A conversation that is gone has no draft."""
    connection.execute("UPDATE conversations SET draft = ? WHERE id = ? AND draft <> ?", (storable(text), ident, storable(text)))


def delete(connection: sqlite3.Connection, ident: int) -> None:
    """Take it off the list; it can be restored for KEPT_DAYS. Replies still growing in it go on. Raises StoreError MISSING."""
    get(connection, ident)
    connection.execute("UPDATE conversations SET deleted = ? WHERE id = ? AND deleted IS NULL", (time.time(), ident))


def restore(connection: sqlite3.Connection, ident: int) -> Conversation:
    """Put it back on the list where it was. Raises StoreError MISSING, also when purging may have begun."""
    since = time.time() - KEPT_DAYS * 86400
    changed = connection.execute(
        "UPDATE conversations SET deleted = NULL WHERE id = ? AND (deleted IS NULL OR deleted >= ?)", (ident, since)
    ).rowcount
    if not changed:
        raise StoreError(StoreCode.MISSING, what="conversation", id=ident)
    return get(connection, ident)


def purge(connection: sqlite3.Connection, now: float) -> bool:
    """Remove a little of what was deleted more than KEPT_DAYS ago; return whether there may be more."""
    row = connection.execute(
        "SELECT id FROM conversations WHERE deleted IS NOT NULL AND deleted < ? LIMIT 1", (now - KEPT_DAYS * 86400,)
    ).fetchone()
    if row is None:
        return False
    if delete_large(connection, "sent", ("turn", "contents"), "conversation = ?", row[0]):
        return True
    # children first: the youngest turns have none
    removed = connection.execute(
        "DELETE FROM turns WHERE id IN (SELECT id FROM turns WHERE conversation = ? ORDER BY id DESC LIMIT ?)", (row[0], PURGE_STEP)
    ).rowcount
    if removed < PURGE_STEP:
        connection.execute("DELETE FROM conversations WHERE id = ?", (row[0],))
    return True
