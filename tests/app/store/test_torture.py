import random
import sqlite3
import time
from pathlib import Path
from typing import Any

from tests.app.store.conftest import StartChild

from zhiyin.store import Status, Store, Turn

KILLS = 20


def all_turns(store: Store) -> dict[int, Turn]:
    found: dict[int, Turn] = {}
    for conversation in store.conversations().result():
        found.update({turn.id: turn for turn in store.conversation(conversation.id).result().turns})
    return found


def check(said: list[Any], turns: dict[int, Turn]) -> None:
    """Hold what the child said was committed against what is there."""
    for kind, ident, what in (entry for entry in said if len(entry) == 3):
        turn = turns[ident]
        if kind == "user":
            assert (turn.text, turn.status) == (what, Status.COMPLETE)
        else:
            assert len(turn.text) >= what
            assert set(turn.text) == {"月"}
            if kind == "finished":
                assert (len(turn.text), turn.status) == (what, Status.COMPLETE)
    assert all(turn.status in {Status.COMPLETE, Status.INTERRUPTED} for turn in turns.values())


def test_twenty_kills_lose_nothing_that_was_committed(data_dir: Path, start_child: StartChild) -> None:
    chance = random.Random(20261121)
    said: list[Any] = []
    interrupted = 0
    for kill in range(KILLS):
        child = start_child("writing_child.py", data_dir, kill)
        said += [child.line() for _ in range(chance.randrange(1, 60))]
        time.sleep(chance.random() * 0.02)  # somewhere within a commit, a checkpoint or a backup
        child.kill()
        said += child.rest()
        with Store.open(data_dir) as store:
            interrupted += store.interrupted
            turns = all_turns(store)
            check(said, turns)
            assert sum(turn.status is Status.INTERRUPTED for turn in turns.values()) == interrupted
            path = store.paths.database
        connection = sqlite3.connect(path)
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        connection.close()
    assert interrupted > 0
    assert sum(entry[0] == "user" for entry in said) > KILLS
