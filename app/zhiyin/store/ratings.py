"""What the user thinks of replies."""

import sqlite3
import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Literal

from zhiyin.store.errors import StoreCode, StoreError
from zhiyin.store.reader import Reader
from zhiyin.store.records import RatingCounts, Turn
from zhiyin.store.rows import storable
from zhiyin.store.turns import get
from zhiyin.store.writer import Writer

_COUNTS = """SELECT count(*) FILTER (WHERE thumb > 0), count(*) FILTER (WHERE thumb < 0), count(rank), count(nullif(remark, ''))
    FROM ratings JOIN turns ON turns.id = ratings.turn JOIN conversations ON conversations.id = turns.conversation
    WHERE conversations.deleted IS NULL"""


def _reply(connection: sqlite3.Connection, ident: int) -> Turn:
    turn = get(connection, ident)
    if turn.role != "assistant":
        raise StoreError(StoreCode.MISSING, what="reply", id=ident)
    return turn


def _put(connection: sqlite3.Connection, turn: Turn, thumb: int, rank: int | None, remark: str, *judged: Literal["thumb", "rank"]) -> None:
    """Keep what is thought of a reply; nothing at all leaves no row. What was judged just now was judged of the present text."""
    if not (thumb or rank is not None or remark):
        connection.execute("DELETE FROM ratings WHERE turn = ?", (turn.id,))
        return
    before = connection.execute("SELECT thumb_edits, rank_edits FROM ratings WHERE turn = ?", (turn.id,)).fetchone() or (0, 0)
    edits = connection.execute("SELECT count(*) FROM revisions WHERE turn = ?", (turn.id,)).fetchone()[0]
    of_thumb, of_rank = (edits if what in judged else kept for what, kept in zip(("thumb", "rank"), before, strict=True))
    connection.execute(
        "INSERT OR REPLACE INTO ratings (turn, thumb, rank, remark, changed, thumb_edits, rank_edits) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (turn.id, thumb, rank, storable(remark), time.time(), of_thumb, of_rank),
    )


def _rate(connection: sqlite3.Connection, ident: int, thumb: int, remark: str | None) -> Turn:
    turn = _reply(connection, ident)
    _put(connection, turn, thumb, turn.rank, turn.remark if remark is None else remark, "thumb")
    return get(connection, ident)


def _note(connection: sqlite3.Connection, ident: int, text: str) -> Turn:
    turn = _reply(connection, ident)
    _put(connection, turn, turn.thumb, turn.rank, text)
    return get(connection, ident)


def _rank(connection: sqlite3.Connection, idents: Sequence[int], remark: str | None) -> list[Turn]:
    turns = [_reply(connection, ident) for ident in idents]
    for turn in turns:
        if turn.sibling_ids != turns[0].sibling_ids:
            raise StoreError(StoreCode.MISSING, what="reply", id=turn.id)
    for place, turn in enumerate(turns, 1):
        _put(connection, turn, turn.thumb, place, turn.remark if remark is None or place > 1 else remark, "rank")
    for ident in set(turns[0].sibling_ids if turns else ()).difference(idents):
        _unrank(connection, get(connection, ident))
    return [get(connection, ident) for ident in idents]


def _unrank(connection: sqlite3.Connection, turn: Turn) -> None:
    if turn.rank is not None:
        _put(connection, turn, turn.thumb, None, turn.remark)


def _clear_ranks(connection: sqlite3.Connection, ident: int) -> None:
    for sibling in _reply(connection, ident).sibling_ids:
        _unrank(connection, get(connection, sibling))


class Ratings:
    """Every method answers at once, with a future, as the store's do."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def rate(self, turn: int, thumb: int, remark: str | None = None) -> Future[Turn]:
        """Say 1 (good), -1 (bad) or 0 (nothing) of a reply; None leaves the remark as it is. Fails with MISSING."""
        if thumb not in (-1, 0, 1):
            raise ValueError(f"a thumb is -1, 0 or 1, not {thumb}")
        return self._writer.submit(lambda connection: _rate(connection, turn, thumb, remark))

    def remark(self, turn: int, text: str) -> Future[Turn]:
        """Note something about a reply; "" takes it back. Fails with MISSING."""
        return self._writer.submit(lambda connection: _note(connection, turn, text))

    def rank(self, turns: Sequence[int], remark: str | None = None) -> Future[list[Turn]]:
        """Put siblings in order, the best first; siblings not named lose their rank. Fails with MISSING.

        The remark is kept with the best one.
        """
        turns = tuple(dict.fromkeys(turns))
        return self._writer.submit(lambda connection: _rank(connection, turns, remark))

    def clear_ranks(self, turn: int) -> Future[None]:
        """Take the ranks of a reply and its siblings away. Fails with MISSING."""
        return self._writer.submit(lambda connection: _clear_ranks(connection, turn))

    def alternatives(self, turn: int) -> Future[list[Turn]]:
        """Return a reply and its siblings with their texts, oldest first."""
        return self._reader.submit(lambda connection: [get(connection, ident) for ident in _reply(connection, turn).sibling_ids])

    def counts(self) -> Future[RatingCounts]:
        """Return how much was rated in conversations that are not deleted."""
        return self._reader.submit(lambda connection: RatingCounts(*connection.execute(_COUNTS).fetchone()))
