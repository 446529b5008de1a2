"""What was sent for each reply."""

import sqlite3
import time
import zlib
from concurrent.futures import Future

import msgspec
from msgspec import structs

from zhiyin.store.reader import Reader
from zhiyin.store.records import Sent
from zhiyin.store.rows import storable
from zhiyin.store.writer import Writer

KEPT = 200  # of each conversation


def _pack(sent: Sent) -> bytes:
    messages = tuple(structs.replace(message, text=storable(message.text)) for message in sent.messages)
    return zlib.compress(msgspec.json.encode(structs.replace(sent, text=storable(sent.text), messages=messages)), 1)


def _put(connection: sqlite3.Connection, turn: int, packed: bytes) -> None:
    row = connection.execute("SELECT conversation FROM turns WHERE id = ?", (turn,)).fetchone()
    if row is None:
        return
    connection.execute(
        "INSERT OR REPLACE INTO sent (turn, conversation, changed, contents) VALUES (?, ?, ?, ?)", (turn, row[0], time.time(), packed)
    )
    connection.execute(
        "DELETE FROM sent WHERE turn IN (SELECT turn FROM sent WHERE conversation = ? ORDER BY changed DESC, turn DESC LIMIT -1 OFFSET ?)",
        (row[0], KEPT),
    )


def read(connection: sqlite3.Connection, turn: int) -> Sent | None:
    """Return what was sent for a reply; None when it is not known any more."""
    row = connection.execute("SELECT contents FROM sent WHERE turn = ?", (turn,)).fetchone()
    if row is None:
        return None
    try:
        return msgspec.json.decode(zlib.decompress(row[0]), type=Sent)
    except (zlib.error, msgspec.DecodeError):  # written by a version that meant something else by it
        return None


def _known(connection: sqlite3.Connection, conversation: int) -> frozenset[int]:
    return frozenset(row[0] for row in connection.execute("SELECT turn FROM sent WHERE conversation = ?", (conversation,)))


class SentTexts:
    """Every method answers at once, with a future, as the store's do. Of each conversation the last two hundred are kept, compressed."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def put(self, sent: Sent) -> Future[None]:
        """Keep what was sent for a reply; a reply that is gone is passed over."""
        packed: list[bytes] = []

        def pack() -> None:  # a megabyte takes some ten milliseconds: neither the caller's nor a transaction's
            packed.append(_pack(sent))

        return self._writer.submit(lambda connection: _put(connection, sent.turn, packed[0]), prepare=pack)

    def known(self, conversation: int) -> Future[frozenset[int]]:
        """Return the turns of a conversation of which it is known what was sent."""
        return self._reader.submit(lambda connection: _known(connection, conversation))

    def get(self, turn: int) -> Future[Sent | None]:
        """Return what was sent for a reply; None when it is not known any more."""
        return self._reader.submit(lambda connection: read(connection, turn))
