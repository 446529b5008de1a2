"""The tree of turns, as SQL. Every function takes the connection of a transaction that is already open."""

import json
import sqlite3
import time
from collections.abc import Sequence

from zhiyin.store import conversations
from zhiyin.store.errors import StoreCode, StoreError
from zhiyin.store.records import Conversation, ConversationView, Revision, Status, Turn
from zhiyin.store.rows import TURN_ROWS, UNRATED, Rating, storable, to_json, turn
from zhiyin_models.engine.protocol import Stats
from zhiyin_models.errors import Failure

UNFINISHED = (Status.GROWING, Status.QUEUED)
_PATH = f"{TURN_ROWS} WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"  # noqa: S608  constants only


def _siblings(connection: sqlite3.Connection, conversation: int, parent: int | None, role: str) -> tuple[int, ...]:
    rows = connection.execute(
        "SELECT id FROM turns WHERE conversation = ? AND parent IS ? AND role = ? ORDER BY id", (conversation, parent, role)
    )
    return tuple(row[0] for row in rows)


def get(connection: sqlite3.Connection, turn_id: int) -> Turn:
    """Return one turn. Raises StoreError MISSING."""
    row = connection.execute(f"{TURN_ROWS} WHERE id = ?", (turn_id,)).fetchone()
    if row is None:
        raise StoreError(StoreCode.MISSING, what="turn", id=turn_id)
    rating = connection.execute("SELECT thumb, rank, remark FROM ratings WHERE turn = ?", (turn_id,)).fetchone()
    return turn(row, rating or UNRATED, _siblings(connection, row[1], row[2], row[3]))


def _in_conversation(connection: sqlite3.Connection, conversation: int, turn_id: int) -> None:
    found = connection.execute("SELECT conversation FROM turns WHERE id = ?", (turn_id,)).fetchone()
    if found is None or found[0] != conversation:
        raise StoreError(StoreCode.MISSING, what="turn", id=turn_id)


def _insert(
    connection: sqlite3.Connection,
    place: tuple[int, int | None, str],
    text: str,
    status: Status,
    *,
    model: str = "",
    fingerprint: str = "",
    persona: int | None = None,
    speaker: str = "",
    covers: int | None = None,
) -> int:
    """Add a turn at (conversation, parent, role) and make it the conversation's leaf. Raises StoreError MISSING."""
    conversation, parent, role = place
    if parent is not None:
        _in_conversation(connection, conversation, parent)
    now = time.time()
    finished = None if status in UNFINISHED else now
    changed = connection.execute(
        "UPDATE conversations SET updated = ?, turn_count = turn_count + 1 WHERE id = ?", (now, conversation)
    ).rowcount
    if not changed:
        raise StoreError(StoreCode.MISSING, what="conversation", id=conversation)
    inserted = connection.execute(
        "INSERT INTO turns (conversation, parent, role, text, status, created, finished, model, fingerprint, persona, speaker, covers)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            conversation,
            parent,
            role,
            storable(text),
            status.value,
            now,
            finished,
            storable(model),
            fingerprint,
            persona,
            storable(speaker),
            covers,
        ),
    ).lastrowid
    assert inserted is not None  # noqa: S101  an INSERT has one
    connection.execute("UPDATE conversations SET leaf = ? WHERE id = ?", (inserted, conversation))
    return inserted


def add_user(connection: sqlite3.Connection, conversation: int, parent: int | None, text: str, speaker: str = "") -> Turn:
    """Add what the user said; the draft is thereby sent, and the first turn gives the conversation its title."""
    added = _insert(connection, (conversation, parent, "user"), text, Status.COMPLETE, speaker=speaker)
    connection.execute("UPDATE conversations SET draft = '' WHERE id = ? AND draft <> ''", (conversation,))
    conversations.title_from(connection, conversation, storable(text))
    return get(connection, added)


def add_reply(
    connection: sqlite3.Connection,
    conversation: int,
    parent: int | None,
    text: str,
    status: Status,
    *,
    model: str,
    fingerprint: str,
    persona: int | None = None,
    speaker: str = "",
) -> Turn:
    """Add a reply: one more alternative when its parent has replies already."""
    place = (conversation, parent, "assistant")
    added = _insert(connection, place, text, status, model=model, fingerprint=fingerprint, persona=persona, speaker=speaker)
    return get(connection, added)


def add_replies(
    connection: sqlite3.Connection,
    conversation: int,
    parent: int | None,
    texts: Sequence[str],
    *,
    model: str,
    persona: int | None,
    speaker: str,
) -> Turn:
    """Add finished replies side by side and show the first of them."""
    place = (conversation, parent, "assistant")
    added = [_insert(connection, place, text, Status.COMPLETE, model=model, persona=persona, speaker=speaker) for text in texts]
    connection.execute("UPDATE conversations SET leaf = ? WHERE id = ?", (added[0], conversation))
    return get(connection, added[0])


def add_summary(connection: sqlite3.Connection, conversation: int, parent: int, text: str, covers: int) -> Turn:
    """Add a summary of the path up to ``covers``, which is ``parent`` or above it. Raises StoreError MISSING."""
    _in_conversation(connection, conversation, covers)
    return get(connection, _insert(connection, (conversation, parent, "system"), text, Status.COMPLETE, covers=covers))


def add_edited(connection: sqlite3.Connection, turn_id: int, text: str) -> Turn:
    """Add an alternative of a user's turn with a new text."""
    old = get(connection, turn_id)
    place = (old.conversation, old.parent, old.role)
    added = _insert(connection, place, text, Status.COMPLETE, persona=old.persona, speaker=old.speaker, covers=old.covers)
    return get(connection, added)


def grow(connection: sqlite3.Connection, turn_id: int, text: str) -> None:
    """Put down the text so far. A reply that is finished, or gone with its conversation, is left alone."""
    connection.execute(
        "UPDATE turns SET text = ?, status = ? WHERE id = ? AND status IN ('growing', 'queued')",
        (storable(text), Status.GROWING.value, turn_id),
    )


def finish(
    connection: sqlite3.Connection, turn_id: int, text: str, status: Status, *, reason: str, stats: Stats | None, failure: Failure | None
) -> Turn:
    """Put down the whole reply, how it ended and its figures."""
    now = time.time()
    connection.execute(
        "UPDATE turns SET text = ?, status = ?, reason = ?, stats = ?, failure = ?, finished = ? WHERE id = ?",
        (storable(text), status.value, reason, to_json(stats), to_json(failure), now, turn_id),
    )
    done = get(connection, turn_id)
    connection.execute("UPDATE conversations SET updated = ? WHERE id = ?", (now, done.conversation))
    return done


def reopen(connection: sqlite3.Connection, turn_id: int, status: Status) -> Turn:
    """Let a cut reply grow again where it ends: its text stays."""
    connection.execute(
        "UPDATE turns SET status = ?, reason = '', failure = NULL, finished = NULL WHERE id = ? AND role = 'assistant'",
        (status.value, turn_id),
    )
    return get(connection, turn_id)


def edit(connection: sqlite3.Connection, turn_id: int, text: str) -> Turn:
    """Change a turn in place; the former text becomes a revision. Raises StoreError MISSING, GROWING."""
    old = get(connection, turn_id)
    text = storable(text)
    if old.status in UNFINISHED:
        raise StoreError(StoreCode.GROWING, id=turn_id)
    if old.text == text:
        return old
    connection.execute("INSERT INTO revisions (turn, replaced, text) VALUES (?, ?, ?)", (turn_id, time.time(), old.text))
    connection.execute("UPDATE turns SET text = ?, edited = 1 WHERE id = ?", (text, turn_id))
    return get(connection, turn_id)


def revisions(connection: sqlite3.Connection, turn_id: int) -> list[Revision]:
    """Return the former texts, the first one first."""
    rows = connection.execute("SELECT text, replaced FROM revisions WHERE turn = ? ORDER BY id", (turn_id,))
    return [Revision(text, replaced) for text, replaced in rows]


def discard(connection: sqlite3.Connection, turn_id: int) -> int:
    """Remove a reply of which nothing was ever written, as when it was cancelled in the queue; return its conversation.

    One that has text, or turns under it, stays, as stopped if it was under way. Raises StoreError MISSING.
    """
    old = get(connection, turn_id)
    below = connection.execute("SELECT 1 FROM turns WHERE parent = ? LIMIT 1", (turn_id,)).fetchone()
    if old.role != "assistant" or old.text or below is not None:
        if old.status in UNFINISHED:
            finish(connection, turn_id, old.text, Status.STOPPED, reason="stopped", stats=old.stats, failure=None)
        return old.conversation
    connection.execute("DELETE FROM turns WHERE id = ?", (turn_id,))
    others = [sibling for sibling in old.sibling_ids if sibling != turn_id]
    leaf = deepest(connection, old.conversation, others[-1]) if others else old.parent
    connection.execute("UPDATE conversations SET turn_count = turn_count - 1 WHERE id = ?", (old.conversation,))
    connection.execute("UPDATE conversations SET leaf = ? WHERE id = ? AND leaf = ?", (leaf, old.conversation, turn_id))
    return old.conversation


def deepest(connection: sqlite3.Connection, conversation: int, turn_id: int) -> int:
    """Return the newest turn at or under this one. Nothing is younger than its own children, so it is a leaf."""
    under = {turn_id}
    newest = turn_id
    rows = connection.execute("SELECT id, parent FROM turns WHERE conversation = ? AND id > ? ORDER BY id", (conversation, turn_id))
    for ident, parent in rows:  # parents come before their children
        if parent in under:
            under.add(ident)
            newest = ident
    return newest


def choose(connection: sqlite3.Connection, turn_id: int) -> int:
    """Show the path through this turn; return its conversation. Raises StoreError MISSING."""
    row = connection.execute("SELECT conversation FROM turns WHERE id = ?", (turn_id,)).fetchone()
    if row is None:
        raise StoreError(StoreCode.MISSING, what="turn", id=turn_id)
    conversation = int(row[0])
    connection.execute("UPDATE conversations SET leaf = ? WHERE id = ?", (deepest(connection, conversation, turn_id), conversation))
    return conversation


def view(connection: sqlite3.Connection, conversation: Conversation) -> ConversationView:
    """Return the path on show. Three queries however long it is: places from an index without texts, then ratings and the path's rows."""
    parents: dict[int, int | None] = {}
    alternatives: dict[int, list[int]] = {}  # of turns that have siblings: most have none
    last: tuple[int | None, str, int] = (None, "", 0)
    for ident, parent, role in connection.execute(
        "SELECT id, parent, role FROM turns WHERE conversation = ? ORDER BY parent, role, id", (conversation.id,)
    ):
        parents[ident] = parent
        if parent == last[0] and role == last[1]:
            alternatives[ident] = family = alternatives.setdefault(last[2], [last[2]])
            family.append(ident)
        last = (parent, role, ident)
    path: list[int] = []
    here = conversation.leaf
    while here is not None and here in parents:
        path.append(here)
        here = parents[here]
    ratings: dict[int, Rating] = {}
    if path:  # the range holds other conversations' ratings too, which are few; a join would cost every turn
        between = (path[-1], path[0])
        rated = connection.execute("SELECT turn, thumb, rank, remark FROM ratings WHERE turn BETWEEN ? AND ?", between)
        ratings = {ident: (thumb, rank, remark) for ident, thumb, rank, remark in rated}
    rows = connection.execute(_PATH, (json.dumps(path),))
    return ConversationView(
        conversation, tuple(turn(row, ratings.get(row[0], UNRATED), tuple(alternatives.get(row[0], row[:1]))) for row in rows)
    )


def mark_interrupted(connection: sqlite3.Connection) -> int:
    """Mark the replies that a crash cut short; return how many."""
    return connection.execute("UPDATE turns SET status = ? WHERE status IN ('growing', 'queued')", (Status.INTERRUPTED.value,)).rowcount
