"""The window's figures: how soon it is there, how much memory it takes, and whether it stays alive under load."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
from tests.bench.figures import at_most, noted
from tests.bench.virtual_screen import VirtualScreen

from zhiyin.paths import Paths
from zhiyin_models.library.installed import Library

STARTS = 6
IDLE = 5.0  # seconds
MEGABYTE = 1_000_000


def data_directory(folder: Path) -> Path:
    """A data directory as ``make run`` leaves it: the starter model in the library, no conversation."""
    Paths(folder).create()
    Library(folder).add_starter()
    return folder


def start(screen: VirtualScreen, folder: Path) -> subprocess.Popen[bytes]:
    """Start the app as a person does."""
    command = [sys.executable, "-m", "zhiyin", "--data-dir", str(folder), "--lang", "en"]
    return subprocess.Popen(command, env=screen.environment, stderr=subprocess.DEVNULL)


def first_paint(screen: VirtualScreen, folder: Path) -> list[dict[str, Any]]:
    """Seconds from starting the process until the window is on the screen; the first start, which warms the disk's cache, is left out."""
    seconds = []
    for _ in range(STARTS):
        started = time.perf_counter()
        process = start(screen, folder)
        seconds.append(screen.wait_for_paint() - started)
        time.sleep(1.0)  # an app that is still opening its store is not what people close
        process.terminate()
        process.wait()
        screen.wait_until_empty()
    return [
        noted("start to first paint, first time", seconds[0], "s"),
        at_most("start to first paint, median", statistics.median(seconds[1:]), 1.0, "s"),
    ]


def memory(screen: VirtualScreen, folder: Path) -> list[dict[str, Any]]:
    """Resident memory after five idle seconds with the model loaded: the window's process, and its engine apart."""
    process = start(screen, folder)
    screen.wait_for_paint()
    gui = psutil.Process(process.pid)
    limit = time.monotonic() + 60
    while time.monotonic() < limit and not any(child.memory_info().rss > 100 * MEGABYTE for child in gui.children()):
        time.sleep(0.1)
    time.sleep(IDLE)
    window = gui.memory_info().rss / MEGABYTE
    engine = sum(child.memory_info().rss for child in gui.children(recursive=True)) / MEGABYTE
    process.terminate()
    process.wait()
    screen.wait_until_empty()
    return [at_most("memory of the window's process, idle", window, 130, "MB"), noted("memory of the engine, starter loaded", engine, "MB")]


def heartbeat(screen: VirtualScreen, folder: Path) -> list[dict[str, Any]]:
    """Gaps of a 10 ms heartbeat in the event loop while models load and while replies stream at full speed."""
    command = [sys.executable, "-m", "tests.bench.heartbeat", str(folder)]
    result = subprocess.run(command, env=screen.environment, stdout=subprocess.PIPE, check=True, timeout=300)
    figures = []
    for phase, gaps in json.loads(result.stdout.splitlines()[-1]).items():
        figures.append(at_most(f"event loop while {phase}, longest gap", max(gaps), 50, "ms"))
        figures.append(at_most(f"event loop while {phase}, 99 % of gaps", statistics.quantiles(gaps, n=100)[98], 16, "ms"))
    return figures


def run() -> list[dict[str, Any]]:
    """All of the window's figures, in about two minutes."""
    with tempfile.TemporaryDirectory() as folder, VirtualScreen() as screen:
        directory = data_directory(Path(folder))
        return first_paint(screen, directory) + memory(screen, directory) + heartbeat(screen, directory)
