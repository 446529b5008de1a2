"""What was deleted and can be brought back: personas, profiles, books and tasks, as SQL on an open transaction."""

import sqlite3
import time
from collections.abc import Sequence
from typing import Literal, get_args

from zhiyin.store.conversations import KEPT_DAYS
from zhiyin.store.rows import delete_large

Table = Literal["personas", "profiles", "books", "tasks"]
TABLES: tuple[Table, ...] = get_args(Table)
PURGE_STEP = 50  # rows in one transaction

# Conversations go on with deleted personas and profiles, so those that one still names stay.
_SETUP = "CASE WHEN json_valid(conversations.setup) THEN conversations.setup END"
_NAMED = f"SELECT json_extract(member.value, '$.persona') FROM conversations, json_each({_SETUP}, '$.members') AS member"  # noqa: S608
_CHOSEN = f"SELECT json_extract({_SETUP}, '$.profile') AS chosen FROM conversations WHERE chosen IS NOT NULL"  # noqa: S608  constants only
_KEPT: dict[Table, str] = {"personas": f" AND id NOT IN ({_NAMED})", "profiles": f" AND id NOT IN ({_CHOSEN})", "books": "", "tasks": ""}


def delete(connection: sqlite3.Connection, table: Table, idents: Sequence[int]) -> None:
    """Take rows off the lists; those deleted before keep their day."""
    now = time.time()
    connection.executemany(
        f"UPDATE {table} SET deleted = ? WHERE id = ? AND deleted IS NULL",  # noqa: S608  a name from above
        [(now, ident) for ident in idents],
    )


def restore(connection: sqlite3.Connection, table: Table, idents: Sequence[int]) -> list[int]:
    """Put rows back; return those that are there. What was deleted longer ago than KEPT_DAYS may be going, and counts as gone."""
    since = time.time() - KEPT_DAYS * 86400
    found = []
    for ident in idents:
        changed = connection.execute(
            f"UPDATE {table} SET deleted = NULL WHERE id = ? AND (deleted IS NULL OR deleted >= ?)",  # noqa: S608  a name from above
            (ident, since),
        ).rowcount
        if changed:
            found.append(ident)
    return found


def purge(connection: sqlite3.Connection, table: Table, now: float) -> bool:
    """Remove a little of what was deleted more than KEPT_DAYS ago; return whether there may be more."""
    since = now - KEPT_DAYS * 86400
    if table == "personas":  # their cards first, a little at a time
        gone = f"persona IN (SELECT id FROM personas WHERE deleted IS NOT NULL AND deleted < ?{_KEPT[table]})"  # noqa: S608
        if delete_large(connection, "persona_revisions", ("id", "card"), gone, since):
            return True
        if delete_large(connection, "persona_cards", ("persona", "card"), gone, since):
            return True
    removed = connection.execute(
        f"DELETE FROM {table} WHERE id IN"  # noqa: S608  names and conditions from above
        f" (SELECT id FROM {table} WHERE deleted IS NOT NULL AND deleted < ?{_KEPT[table]} LIMIT {PURGE_STEP})",
        (since,),
    ).rowcount
    return removed == PURGE_STEP
