"""A real X screen in memory whose pixels can be read from outside: what is on it is what a person would see."""

import mmap
import os
import struct
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

PAINTED_COLOURS = 3  # a screen with nothing on it, or with a window's bare background, has fewer
ROWS = 60


class VirtualScreen:
    """Xvfb with its frame buffer mapped into this process."""

    def __init__(self, width: int = 1280, height: int = 800) -> None:
        self._folder = tempfile.TemporaryDirectory()
        ours, theirs = os.pipe()
        screen = ["-screen", "0", f"{width}x{height}x24", "-fbdir", self._folder.name, "-nolisten", "tcp"]
        self._server = subprocess.Popen(["Xvfb", "-displayfd", str(theirs), *screen], pass_fds=[theirs], stderr=subprocess.DEVNULL)
        os.close(theirs)
        with os.fdopen(ours) as answer:
            self.display = f":{answer.readline().strip()}"
        with (Path(self._folder.name) / "Xvfb_screen0").open("rb") as file:
            self._pixels = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        header = struct.unpack(">25I", self._pixels[:100])  # XWD: size first, then height at 5, bytes a line at 12, colours at 19
        self._height, self._line = header[5], header[12]
        self._start = header[0] + header[19] * 12

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to open its window here, and nowhere else."""
        kept = {name: value for name, value in os.environ.items() if name not in ("WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
        return {**kept, "DISPLAY": self.display, "QT_QPA_PLATFORM": "xcb"}

    def _colours(self) -> int:
        seen: set[bytes] = set()
        for row in range(0, self._height, self._height // ROWS):
            line = self._pixels[self._start + row * self._line : self._start + (row + 1) * self._line]
            seen.update(line[place : place + 4] for place in range(0, len(line), 64))
        return len(seen)

    def wait_for_paint(self, timeout: float = 60.0) -> float:
        """The time, as ``time.perf_counter`` has it, at which something with several colours was on the screen. Raises TimeoutError."""
        limit = time.perf_counter() + timeout
        while (now := time.perf_counter()) < limit:
            if self._colours() >= PAINTED_COLOURS:
                return now
            time.sleep(0.002)
        raise TimeoutError("nothing was painted")

    def wait_until_empty(self) -> None:
        """Wait until no window is left."""
        limit = time.perf_counter() + 60
        while self._colours() >= PAINTED_COLOURS:
            if time.perf_counter() > limit:
                raise TimeoutError("a window stayed")
            time.sleep(0.01)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.terminate()
        self._server.wait()
        self._pixels.close()
        self._folder.cleanup()
