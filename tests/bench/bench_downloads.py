"""Whether the window stays alive while it downloads: gaps in its event loop during four transfers at full speed from another process."""

import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.bench.download_heartbeat import REPOSITORY, SIZE, TRANSFERS, name
from tests.bench.figures import at_most, noted
from tests.bench.virtual_screen import VirtualScreen
from tests.hub_server import Generated

MEGABYTE = 1_000_000


def run() -> list[dict[str, Any]]:
    """In about half a minute."""
    with tempfile.TemporaryDirectory() as folder, VirtualScreen() as screen:
        repository = Path(folder) / "hub" / REPOSITORY
        repository.mkdir(parents=True)
        for number in range(TRANSFERS):
            Generated(SIZE, number).write(repository / name(number))
        serve = ["nice", "-n", "19", sys.executable, "-m", "tests.hub_server", str(Path(folder) / "hub")]
        # As if on another machine: in a session of its own, which is a group of its own for the scheduler, behind everything else.
        with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True, start_new_session=True) as server:
            with contextlib.suppress(OSError):
                Path(f"/proc/{server.pid}/autogroup").write_text("19", encoding="ascii")
            assert server.stdout is not None
            address = server.stdout.readline().split()[-1]
            command = [sys.executable, "-m", "tests.bench.download_heartbeat", str(Path(folder) / "data"), address]
            result = subprocess.run(command, env=screen.environment, stdout=subprocess.PIPE, check=True, timeout=300)
            server.terminate()
    found = json.loads(result.stdout.splitlines()[-1])
    gaps = found["gaps"]["downloading"]
    return [
        noted("four downloads together", found["speed"] / MEGABYTE, "MB/s"),
        noted("event loop before, longest gap", max(found["gaps"]["idle"]), "ms"),
        at_most("event loop while downloading, longest gap", max(gaps), 50, "ms"),
        noted("event loop while downloading, 99 % of gaps", statistics.quantiles(gaps, n=100)[98], "ms"),
    ]
