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

TIMES = int(os.environ.get("ZHIYIN_TORTURE", "20"))
RUNS = 8  # of one download; the last ones are left alone
COST = 4 << 20  # bytes, of all ranges together, that a kill may cost
FILES = {"m-Q4_K_M.gguf": Generated(9_000_000, 1), "mmproj-F16.gguf": Generated(600_000, 2)}
CONTENT = {name: content.read() for name, content in FILES.items()}


def fault(rng: random.Random) -> Misbehaviour:
    """Something that goes wrong."""
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
            *(NoRange(), ChangeETag("f" * 64), ChangeETag("other"), NotJSON(), RedirectLoop(), Throttle(3_000_000)),
            *((Stall(after), Silent()) if rng.random() < 0.3 else ()),
        ]
    )


def task(hub: HubServer, data_dir: Path) -> Download:
    commit = hub.repository(REPOSITORY).commits[-1]
    files = tuple(RemoteFile(name, commit.files[name].size, commit.files[name].sha256) for name in FILES)
    return Download("hub 0", "huggingface", REPOSITORY, commit.sha, files, str(data_dir / "models"), str(data_dir), "checkpoint")


def check(folder: Path) -> None:
    """Nothing wrong has a final name, and the file that a library looks for is the last to get one."""
    there = [name for name in FILES if (folder / name).exists()]
    assert all((folder / name).read_bytes() == CONTENT[name] for name in there)
    assert len(there) == len(FILES) or "m-Q4_K_M.gguf" not in there


def live_and_die(child: Killable, hubs: tuple[HubServer, HubServer], data_dir: Path, rng: random.Random) -> int:
    """One download until it is done; the number of its kills."""
    connections = rng.randrange(1, 6)
    write_hub_settings(data_dir, HubSettings(sources=sources(*hubs), proxy="", connections=connections))
    one, kills = task(hubs[0], data_dir), 0
    for number in range(RUNS):
        alone = number >= RUNS - 3
        for hub in hubs:
            hub.behave()
            for _ in range(0 if alone else rng.randrange(4)):
                hub.misbehave("*.gguf", fault(rng), times=rng.randrange(1, 4), host=rng.choice(["", "files", "hub"]))
        kill_after = None if alone or rng.random() < 0.3 else rng.random() ** 2 * 0.5
        why = child.run(one, limit=rng.choice([0, 60_000_000]), kill_after=kill_after)
        assert why not in ("bug", "lost")
        check(data_dir / "models")
        kills += why == "killed"
        if why == "done":
            assert sorted(path.name for path in (data_dir / "models").iterdir()) == sorted(FILES)
            return kills
    raise AssertionError(f"not done after {RUNS} runs, the last of which nothing disturbed: {why}")


@pytest.mark.timeout(0 if TIMES > 20 else 300)
def test_torture_downloads_are_killed_and_served_badly(hub: HubServer, mirror: HubServer, tmp_path: Path) -> None:
    hub.add_repository(REPOSITORY, FILES)
    kills = 0
    with killable() as child:
        for number in range(TIMES):
            kills += live_and_die(child, (hub, mirror), tmp_path / str(number), random.Random(number))
    assert kills >= TIMES // 4


@pytest.mark.timeout(0 if TIMES > 20 else 300)
def test_torture_a_kill_costs_little(hub: HubServer, tmp_path: Path) -> None:
    """By the server's count: the run after the kill asks for what is not on the disk, and for little more."""
    name, content = "m-Q4_K_M.gguf", CONTENT["m-Q4_K_M.gguf"]
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
