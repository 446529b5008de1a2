"""A window in a process of its own, seen and driven from outside."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0  # seconds


class WindowProcess:
    """Answers ``{"banner": …, "composer": …, "turns": …}`` to every line; see window_child.py."""

    def __init__(self, data_dir: Path, prefix: tuple[str, ...] = ()) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "app", ROOT / "models")))}
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "tests.end_to_end.window_child", str(data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env=environment,
            text=True,
        )
        self.pid: int = self._line()["pid"]

    def _line(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the window ended with {self.process.wait()}"
        return json.loads(line)

    def do(self, line: str) -> Any:
        """Give one order; returns what is seen then."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self._line()

    def until(self, holds: Callable[[Any], object]) -> Any:
        """Look until this holds of what is seen."""
        deadline = time.monotonic() + PATIENCE
        while not holds(seen := self.do("look")):
            assert time.monotonic() < deadline, seen
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(0.05)
        return seen

    def until_said(self, *words: str) -> Any:
        """Look until a message of the banner has these words."""
        return self.until(lambda seen: any(all(word in text for word in words) for text in seen["banner"]))


@contextmanager
def window_process(data_dir: Path, prefix: tuple[str, ...] = ()) -> Iterator[WindowProcess]:
    """Start a window, and leave nothing of it."""
    window = WindowProcess(data_dir, prefix)
    try:
        yield window
    finally:
        if window.process.poll() is None:
            window.process.terminate()
            try:
                window.process.wait(30)
            except subprocess.TimeoutExpired:
                window.process.kill()
        window.process.communicate()
