"""Between rows and values: columns, JSON, and text that SQLite can keep."""

import sqlite3
from typing import Any, TypeVar

import msgspec

from zhiyin.roles import read_setup
from zhiyin.store.records import Conversation, Status, Turn
from zhiyin_models.engine.protocol import Sampling, Stats
from zhiyin_models.errors import Failure

LARGE_STEP = 512 << 10  # bytes
LARGE_ROWS = 100
S = TypeVar("S", Sampling, Stats, Failure)
_STATUS = {status.value: status for status in Status}  # three times as fast as Status(text), on paths of thousands

TURN_COLUMNS = """id, conversation, parent, role, text, status, created, finished, model, fingerprint, reason, stats, failure, edited,
    persona, speaker, covers"""
TURN_ROWS = f"SELECT {TURN_COLUMNS} FROM turns"  # noqa: S608  constants only
Rating = tuple[int, int | None, str]  # thumb, rank, remark
UNRATED: Rating = (0, None, "")
CONVERSATION_COLUMNS = """c.id, c.title, c.auto_title, c.created, c.updated, c.model, c.system_prompt, c.sampling, c.leaf, c.draft,
    c.memory_start, c.turn_count, c.setup, (SELECT status FROM turns WHERE turns.id = c.leaf)"""
CONVERSATION_ROWS = f"SELECT {CONVERSATION_COLUMNS} FROM conversations AS c"  # noqa: S608  constants only


def storable(text: str) -> str:
    """Return the text with lone surrogates replaced (U+FFFD): they are no characters, and SQLite refuses them."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def to_json(value: Sampling | Stats | Failure | None) -> str | None:
    """Return what goes into a JSON column."""
    return None if value is None else msgspec.json.encode(value).decode()


def _from_json(text: str | None, kind: type[S]) -> S | None:
    """Return what a JSON column holds; None when it was written by a version that meant something else by it."""
    if text is None:
        return None
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError:
        return None


def delete_large(connection: sqlite3.Connection, table: str, columns: tuple[str, str], condition: str, argument: object) -> bool:
    """Delete rows that may be large, half a megabyte of them (some 15 ms) or one; return whether there were any.

    ``columns`` are the key and the large one; all names are constants.
    """
    key, large = columns
    rows = connection.execute(
        f"SELECT {key}, length(CAST({large} AS BLOB)) FROM {table} WHERE {condition}",  # noqa: S608
        (argument,),
    )
    keys, size = [], 0
    for ident, length in rows:
        keys.append((ident,))
        size += length
        if size > LARGE_STEP or len(keys) >= LARGE_ROWS:
            break
    rows.close()
    connection.executemany(f"DELETE FROM {table} WHERE {key} = ?", keys)  # noqa: S608
    return bool(keys)


def turn(row: sqlite3.Row | tuple[Any, ...], rating: Rating, sibling_ids: tuple[int, ...]) -> Turn:
    """Return the turn of a row of TURN_COLUMNS. By position, which is four times as fast as by name on paths of thousands."""
    ident, conversation, parent, role, text, status, created, finished, model, fingerprint, reason, stats, failure, edited, *who = row
    persona, speaker, covers = who
    thumb, rank, remark = rating
    return Turn(
        ident,
        conversation,
        parent,
        role,
        text,
        _STATUS.get(status, Status.INTERRUPTED),
        created,
        finished,
        model,
        fingerprint,
        reason,
        None if stats is None else _from_json(stats, Stats),
        None if failure is None else _from_json(failure, Failure),
        bool(edited),
        persona,
        speaker,
        covers,
        thumb,
        rank,
        remark,
        sibling_ids,
    )


def conversation(row: sqlite3.Row | tuple[Any, ...]) -> Conversation:
    """Return the conversation of a row of CONVERSATION_COLUMNS."""
    ident, title, auto_title, created, updated, model, system_prompt, sampling, leaf, draft, memory_start, turns, setup, status = row
    return Conversation(
        id=ident,
        title=title,
        auto_title=bool(auto_title),
        created=created,
        updated=updated,
        model=model,
        system_prompt=system_prompt,
        sampling=_from_json(sampling, Sampling),
        leaf=leaf if status is not None else None,
        draft=draft,
        memory_start=memory_start,
        turns=turns,
        interrupted=status == Status.INTERRUPTED,
        setup=read_setup(setup),
    )
