"""Downloads over loopback: 1 GB with its checksum against ``curl`` and ``sha256sum``, what a kill costs, and the memory of the process.

The server hands files to the kernel, so it takes little of the time. Both sides fetch the same file in turn, and the median of the pairs'
ratios counts.
"""

import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec
from tests.bench.figures import at_most, noted
from tests.hub_server import Generated, HubServer
from tests.models.hub.fetched import sources
from tests.models.hub.killing import Killable, killable, on_disk

from zhiyin_models.hub.settings import HubSettings, write_hub_settings
from zhiyin_models.hub.values import RemoteFile
from zhiyin_models.jobs.protocol import Download

PAIRS = 3
GB = 1 << 30
MB = 1 << 20
KILLS = 12
KILLED_SIZE = 300 * MB
REPOSITORY = "bench/model"
CONNECTIONS = 4
CHILD = """
import resource, sys, time
from pathlib import Path
import msgspec
from zhiyin_models.jobs.protocol import Download
from zhiyin_models.jobs.tasks import run
from zhiyin_models.work import Stop, silent
task = msgspec.json.decode(sys.argv[1], type=Download)
began = time.perf_counter()
run(task, silent, Stop())
print(time.perf_counter() - began)
if Path("/proc/self/status").exists():  # ru_maxrss would count the process that this one was forked from as well
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(int(line.split()[1]) * 1024)
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))
"""


def task(hub: HubServer, data_dir: Path, name: str) -> Download:
    """One file into a folder of its own."""
    write_hub_settings(data_dir, HubSettings(sources=sources(hub), proxy="", connections=CONNECTIONS))
    commit = hub.repository(REPOSITORY).commits[-1]
    files = (RemoteFile(name, commit.files[name].size, commit.files[name].sha256),)
    return Download("hub 0", "huggingface", REPOSITORY, commit.sha, files, str(data_dir / "models"), str(data_dir), "checkpoint")


def ours(hub: HubServer, folder: Path) -> tuple[float, float]:
    """Seconds of a download of 1 GB, without the start of the interpreter, and the most memory of its process."""
    one = task(hub, folder / "ours", "big.gguf")
    command = [sys.executable, "-c", CHILD, msgspec.json.encode(one).decode()]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, memory = map(float, result.stdout.split())
    shutil.rmtree(folder / "ours")
    return seconds, memory


def theirs(hub: HubServer, folder: Path) -> float:
    """Seconds of ``curl`` and then ``sha256sum``."""
    out = folder / "theirs"
    revision = hub.repository(REPOSITORY).commits[-1].sha
    address = f"{hub.address}/{REPOSITORY}/resolve/{revision}/big.gguf"
    began = time.perf_counter()
    subprocess.run(["curl", "--silent", "--fail", "--location", "--output", out, address], check=True)
    subprocess.run(["sha256sum", out], check=True, stdout=subprocess.DEVNULL)
    took = time.perf_counter() - began
    out.unlink()
    return took


def speed(hub: HubServer, folder: Path) -> list[dict[str, Any]]:
    """1 GB, both ways."""
    hub.add_repository(REPOSITORY, {"big.gguf": Generated(GB)})
    hub.sha256(REPOSITORY, "big.gguf")  # written, and in the page cache
    mine, other, memory = [], [], []
    for _ in range(PAIRS):
        other.append(theirs(hub, folder))
        seconds, most = ours(hub, folder)
        mine.append(seconds)
        memory.append(most)
    ratio = statistics.median(one / two for one, two in zip(mine, other, strict=True))
    return [
        noted("download: 1 GB from loopback with sha256", statistics.median(mine), "s"),
        noted("download: curl, then sha256sum", statistics.median(other), "s"),
        at_most("download: 1 GB with sha256 / curl and sha256sum", ratio, 0.8),
        at_most("download: memory of the process", max(memory) / MB, 100, "MB"),
    ]


def one_kill(child: Killable, hub: HubServer, folder: Path, content: bytes, rng: random.Random) -> tuple[float, float] | None:
    """Bytes that were on the disk and were fetched again, and all that the server sent twice; None when it was done before the kill."""
    one = task(hub, folder, "killed.gguf")
    hub.forget_requests()
    if child.run(one, limit=rng.choice([0, 200 * MB]), kill_after=rng.uniform(0.0, 0.4)) != "killed":
        shutil.rmtree(folder)
        return None
    there, before = on_disk(folder / "models" / "killed.gguf", content), hub.sent
    hub.forget_requests()
    if child.run(one) != "done":
        raise RuntimeError("the download did not go on")
    after = hub.sent
    shutil.rmtree(folder)
    return after - (len(content) - there), before + after - len(content)


def kills(hub: HubServer, folder: Path) -> list[dict[str, Any]]:
    """What kills at random moments cost."""
    content = Generated(KILLED_SIZE, 3)
    hub.add_repository(REPOSITORY, {"killed.gguf": content})
    rng = random.Random(os.getpid())
    with killable() as child:
        found = [one_kill(child, hub, folder / "killed", content.read(), rng) for _ in range(KILLS)]
    costs = [one for one in found if one is not None]
    per_range = CONNECTIONS * MB
    return [
        noted("download: kills at a random moment", len(costs)),
        noted("download: on the disk and fetched again after a kill, each range, worst", max(cost for cost, _ in costs) / per_range, "MB"),
        at_most("download: sent twice because of a kill, each range, worst", max(cost for _, cost in costs) / per_range, 8, "MB"),
    ]


def run() -> list[dict[str, Any]]:
    """Measure on a real disk, in a temporary folder."""
    with tempfile.TemporaryDirectory() as name, HubServer() as hub:
        folder = Path(name)
        return [*speed(hub, folder), *kills(hub, folder)]
