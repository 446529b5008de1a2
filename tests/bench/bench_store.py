"""The store in a database of 100,000 messages and 5,000 personas: committing, opening, showing a path of 10,000 turns, the gallery."""

import contextlib
import json
import os
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.figures import at_most, noted

from zhiyin.store import NewPersona, Status, Store

MESSAGES = 100_000
PATH = 10_000
COMMITS = 400
PERSONAS = 5_000
TEXT = "月落乌啼霜满天，江枫渔火对愁眠。The moon goes down, crows cry, and the sky is full of frost. " * 5  # 465 characters


def fill(path: Path) -> None:
    """Write one conversation of PATH turns and the rest in conversations of 100, in one transaction."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN")
    first = 1
    conversation = 0
    while first <= MESSAGES:
        length = PATH if conversation == 0 else 100
        conversation += 1
        last = first + length - 1
        connection.execute(
            "INSERT INTO conversations (id, title, created, updated, leaf, turn_count) VALUES (?, ?, ?, ?, ?, ?)",
            (conversation, f"conversation {conversation}", conversation, conversation, last, length),
        )
        connection.executemany(
            "INSERT INTO turns (id, conversation, parent, role, status, created, finished, text) VALUES (?, ?, ?, ?, 'complete', ?, ?, ?)",
            (
                (ident, conversation, ident - 1 if ident > first else None, "assistant" if ident % 2 == 0 else "user", ident, ident, TEXT)
                for ident in range(first, last + 1)
            ),
        )
        first = last + 1
    connection.execute("COMMIT")
    connection.close()


def rate(path: Path) -> None:
    """Give every reply of the long path a thumb."""
    connection = sqlite3.connect(path)
    connection.execute(
        "INSERT INTO ratings (turn, thumb, changed) SELECT id, 1, 0 FROM turns WHERE conversation = 1 AND role = 'assistant'"
    )
    connection.commit()
    connection.close()


def bare_commits(folder: Path) -> float:
    """The median of the least that a commit can cost here: 8 KiB appended to a file and fsynced, in milliseconds."""
    took = []
    with (folder / "bare").open("ab", buffering=0) as file:
        for _ in range(100):
            started = time.perf_counter()
            file.write(b"\0" * 8192)
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - started) * 1000)
    return statistics.median(took)


def timed(work: Any) -> float:
    """Milliseconds that a call takes."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def commits(store: Store) -> list[float]:
    """Milliseconds of each commit of a user's turn, among replies that grow and end as in real use."""
    made = store.create_conversation().result()
    parent: int | None = None
    took = []
    for number in range(COMMITS):
        started = time.perf_counter()
        asked = store.add_user_turn(made.id, parent, f"{number} {TEXT}").result()
        took.append((time.perf_counter() - started) * 1000)
        reply = store.add_reply(made.id, asked.id, model="m").result()
        store.grow_reply(reply.id, TEXT).result()
        parent = store.finish_reply(reply.id, TEXT * 2, Status.COMPLETE, "end", None).result().id
    return sorted(took)


def gallery(store: Store) -> list[float]:
    """Milliseconds that each batch of fifty cards of 10 KB takes to be stored, until there are PERSONAS."""
    card = json.dumps({"spec": "chara_card_v3", "data": {"description": TEXT * 10}}, ensure_ascii=False)
    took = []
    for _ in range(PERSONAS // 50):
        batch = [NewPersona(card, "李白", ("诗", "唐"), "creator", TEXT[:80], "李", "slate", "ab" * 32) for _ in range(50)]
        took.append(timed(lambda personas=batch: store.personas.add_many(personas).result()))
    return sorted(took)


def run() -> list[dict[str, Any]]:
    """Measure on a real disk, in a temporary folder."""
    with tempfile.TemporaryDirectory() as name:
        data_dir = Path(name) / "data"
        Store.open(data_dir, maintenance_delay=1e9).close()
        for backup in (data_dir / "backups").iterdir():
            backup.unlink()
        fill(data_dir / "zhiyin.sqlite3")
        bare = bare_commits(Path(name))
        started = time.perf_counter()
        with contextlib.ExitStack() as closing:
            store = closing.enter_context(Store.open(data_dir, maintenance_delay=1e9))
            opened = (time.perf_counter() - started) * 1000
            took = commits(store)
            shown = min(timed(lambda: store.conversation(1).result()) for _ in range(5))
            listed = min(timed(lambda: store.conversations().result()) for _ in range(5))
            chosen = min(timed(lambda: store.choose(1).result()) for _ in range(3))
            rate(data_dir / "zhiyin.sqlite3")
            rated = min(timed(lambda: store.conversation(1).result()) for _ in range(5))
            added = gallery(store)
            personas = min(timed(lambda: store.personas.all().result()) for _ in range(5))
            backup = timed(lambda: store.backup().result())
            started = time.perf_counter()
        closed = (time.perf_counter() - started) * 1000
        size = (data_dir / "zhiyin.sqlite3").stat().st_size
    return [
        noted("store: database", size / 2**20, "MiB"),
        noted("store: write and fsync of 8 KiB on this disk, median", bare, "ms"),
        noted("store: commit of a user's turn, median", statistics.median(took), "ms"),
        at_most("store: commit of a user's turn, p95", took[int(len(took) * 0.95)], 20, "ms"),
        noted("store: commit of a user's turn, worst", took[-1], "ms"),
        noted("store: open", opened, "ms"),
        noted("store: path of 10,000 turns", shown, "ms"),
        noted("store: path of 10,000 turns, half of them rated", rated, "ms"),
        noted("store: choose at the root of 10,000 turns", chosen, "ms"),
        noted("store: newest 200 conversations", listed, "ms"),
        at_most("store: 50 cards of 10 KB, p95", added[int(len(added) * 0.95)], 50, "ms"),
        at_most("store: list of 5,000 personas", personas, 50, "ms"),
        noted("store: backup while open, checked", backup, "ms"),
        noted("store: close", closed, "ms"),
    ]
