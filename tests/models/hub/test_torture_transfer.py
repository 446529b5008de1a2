"""Downloads that are killed at random moments, from servers that fail at random; ``make torture`` does it 500 times.

After each end, however it came: nothing wrong has a final name, and what a kill costs is little.
"""

import os
import random
from pathlib import Path

import pytest
from tests.hub_server import (
    ChangeETag,
    Cut,
    Generated,
    Hangup,
    HubServer,
    Misbehaviour,
    NoETag,
    NoLength,
    NoRange,
    NotJSON,
    RedirectLoop,
    Reset,
    Silent,
    Stall,
    Status,
    Throttle,
    WrongBytes,
    WrongLength,
    WrongRange,
)
from tests.models.hub.fetched import REPOSITORY, sources
from tests.models.hub.killing import Killable, killable, on_disk

from zhiyin_models.hub.settings import HubSettings, write_hub_settings
from zhiyin_models.hub.values import RemoteFile
from zhiyin_models.jobs.protocol import Download
from zhiyin_models.library.installed import Library

TIMES = int(os.environ.get("ZHIYIN_TORTURE", "20"))
RUNS = 8  # of one download; the last ones are left alone
COST = 4 << 20  # bytes, of all ranges together, that a kill may cost
FIRST = "m-Q4_K_M.gguf"  # what a library looks for
FILES = {FIRST: Generated(12_500_000, 1), "mmproj-F16.gguf": Generated(600_000, 2)}
CONTENT = {name: content.read() for name, content in FILES.items()}


def fault(rng: random.Random, *, known: bool) -> Misbehaviour:
    """Something that goes wrong. Where only the hub knows the checksum, it does not keep it to itself: then nobody could tell."""
    after = rng.randrange(0, 5_000_000)
    return rng.choice(
        [
            *(Cut(after), Reset(after), Cut(0), Reset(0), Hangup(), Status(rng.choice([500, 502, 503, 416, 403, 404, 408]))),
            *(
                Status(429, rng.choice([0, 1, "nonsense"])),
                WrongBytes(after),
                WrongLength(rng.choice([-9, 9])),
                WrongRange(rng.randrange(1, 99)),
            ),
            *(NoRange(), NoLength(), NoETag(), NotJSON(), RedirectLoop(), Throttle(3_000_000)),
            *((ChangeETag("f" * 64), ChangeETag("other")) if known else ()),
            *((Stall(after), Silent()) if rng.random() < 0.3 else ()),
        ]
    )


def task(hub: HubServer, data_dir: Path, *, known: bool) -> Download:
    commit = hub.repository(REPOSITORY).commits[-1]
    files = tuple(RemoteFile(name, commit.files[name].size, commit.files[name].sha256) if known else RemoteFile(name) for name in FILES)
    return Download("hub 0", "huggingface", REPOSITORY, commit.sha, files, str(data_dir / "models"), str(data_dir), "model")


def check(data_dir: Path) -> list[str]:
    """Nothing wrong has a final name, and the file that a library looks for is the last to get one. What the library has."""
    folder = data_dir / "models"
    there = [name for name in FILES if (folder / name).exists()]
    assert all((folder / name).read_bytes() == CONTENT[name] for name in there)
    assert len(there) == len(FILES) or FIRST not in there
    found = [Path(model.path).relative_to(folder).as_posix() for model in Library(data_dir).models()]
    assert set(found) <= set(there)
    return found


def live_and_die(child: Killable, hubs: tuple[HubServer, HubServer], data_dir: Path, rng: random.Random, *, known: bool) -> tuple[int, int]:
    """One download until it is done; the number of its kills, and the most ranges that one run of it asked for."""
    connections = rng.randrange(1, 6)
    write_hub_settings(data_dir, HubSettings(sources=sources(*hubs), proxy="", connections=connections))
    one, kills, most = task(hubs[0], data_dir, known=known), 0, 0
    for number in range(RUNS):
        alone = number >= RUNS - 3
        for hub in hubs:
            hub.behave()
            hub.forget_requests()
            for _ in range(0 if alone else rng.randrange(4)):
                hub.misbehave("*.gguf", fault(rng, known=known), times=rng.randrange(1, 4), host=rng.choice(["", "files", "hub"]))
        kill_after = None if alone or rng.random() < 0.3 else rng.random() ** 2 * 0.5
        why = child.run(one, limit=rng.choice([0, 60_000_000]), kill_after=kill_after)
        assert why not in ("bug", "lost")
        found = check(data_dir)
        kills += why == "killed"
        most = max(most, *(len({request.headers["range"] for request in hub.requests if "range" in request.headers}) for hub in hubs))
        if why == "done":
            assert sorted(path.name for path in (data_dir / "models").iterdir()) == sorted(FILES)
            assert FIRST in found
            return kills, most
    raise AssertionError(f"not done after {RUNS} runs, the last of which nothing disturbed: {why}")


@pytest.mark.timeout(0 if TIMES > 20 else 300)
def test_torture_downloads_are_killed_and_served_badly(hub: HubServer, mirror: HubServer, tmp_path: Path) -> None:
    hub.add_repository(REPOSITORY, FILES)
    kills, most = 0, 0
    with killable() as child:
        for number in range(TIMES):
            rng, known = random.Random(number), number % 3 != 0
            killed, ranges = live_and_die(child, (hub, mirror), tmp_path / str(number), rng, known=known)
            kills, most = kills + killed, max(most, ranges)
    assert kills >= TIMES // 4
    assert most >= 3


@pytest.mark.timeout(0 if TIMES > 20 else 300)
def test_torture_a_kill_costs_little(hub: HubServer, tmp_path: Path) -> None:
    """By the server's count: the run after the kill asks for what is not on the disk, and for little more."""
    name, content = FIRST, CONTENT[FIRST]
    hub.add_repository(REPOSITORY, {name: FILES[name]})
    rng = random.Random(5)
    killed = 0
    with killable() as child:
        for number in range(max(3, TIMES // 4)):
            data_dir = tmp_path / str(number)
            write_hub_settings(data_dir, HubSettings(sources=sources(hub), proxy="", connections=rng.randrange(1, 5)))
            one = task_of_one(hub, data_dir, name)
            if child.run(one, limit=40_000_000, kill_after=rng.uniform(0.0, 0.3)) == "killed":
                killed += 1
                there = on_disk(data_dir / "models" / name, content)
                hub.forget_requests()
                assert child.run(one) == "done"
                assert (data_dir / "models" / name).read_bytes() == content
                assert hub.sent - (len(content) - there) <= COST
    assert killed


def task_of_one(hub: HubServer, data_dir: Path, name: str) -> Download:
    content = hub.repository(REPOSITORY).commits[-1].files[name]
    files = (RemoteFile(name, content.size, content.sha256),)
    revision = hub.repository(REPOSITORY).commits[-1].sha
    return Download("hub 0", "huggingface", REPOSITORY, revision, files, str(data_dir / "models"), str(data_dir), "checkpoint")
