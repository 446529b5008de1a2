"""Kills the whole app at random moments of streaming; nothing that was sent may be lost. ``make torture`` does it 500 times."""

import os
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from zhiyin.paths import Paths
from zhiyin.store.records import Status
from zhiyin.store.store import Store

KILLS = int(os.environ.get("ZHIYIN_TORTURE", "20"))
ROOT = Path(__file__).resolve().parents[2]
LAST_SECOND = 1.0
SLACK = 0.35  # seconds between a flush's start and its fsync on a busy disk, and between saying and hearing


def live_and_die(data_dir: Path, seed: int, rng: random.Random) -> tuple[dict[int, str], dict[int, list[tuple[float, int]]], float]:
    """Run the app until a random moment after its first text; returns what it said, and when it was killed."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "app", ROOT / "models")))}
    users: dict[int, str] = {}
    seen: dict[int, list[tuple[float, int]]] = {}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.end_to_end.torture_app", str(data_dir), str(seed)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd=ROOT,
        text=True,
    ) as process:
        assert process.stdout is not None
        deadline: float | None = None
        try:
            for line in process.stdout:
                now = time.monotonic()
                kind, _, rest = line.rstrip("\n").partition(" ")
                number, _, value = rest.partition(" ")
                if kind == "user":
                    users[int(number)] = value
                elif kind == "seen":
                    seen.setdefault(int(number), []).append((now, int(value)))
                    deadline = deadline or now + rng.uniform(0.0, 2.5)
                if deadline is not None and now >= deadline:
                    break
        finally:
            killed = time.monotonic()
            process.kill()
    return users, seen, killed


def check(data_dir: Path, users: dict[int, str], seen: dict[int, list[tuple[float, int]]], killed: float) -> None:
    """Open what is left and compare it with what was promised."""
    with Store.open(data_dir) as store:
        store.conversations().result(30)
    with sqlite3.connect(Paths(data_dir).database) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        kept = {row[0]: (row[1], row[2]) for row in database.execute("SELECT id, text, status FROM turns")}
    database.close()
    for turn, text in users.items():
        assert kept[turn][0] == text
    for reply, moments in seen.items():
        promised = max((length for when, length in moments if when <= killed - LAST_SECOND - SLACK), default=0)
        text, status = kept[reply]
        assert len(text) >= promised, f"reply {reply}: {len(text)} of {promised} characters"
        assert status in (Status.COMPLETE, Status.INTERRUPTED, Status.STOPPED)


@pytest.mark.timeout(0 if KILLS > 20 else 300)
def test_torture_the_app_is_killed_while_it_streams(with_starter: Path) -> None:
    rng = random.Random(20)
    all_users: dict[int, str] = {}
    streamed = 0
    for number in range(KILLS):
        users, seen, killed = live_and_die(with_starter, number, rng)
        assert users, "the app sent nothing"
        all_users.update(users)
        streamed += bool(seen)
        check(with_starter, all_users, seen, killed)
    assert streamed == KILLS
