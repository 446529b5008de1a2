"""The whole app with a heartbeat of 10 ms while it downloads: ``python -m tests.bench.download_heartbeat DATA_DIR ADDRESS``.

Fetches four files at full speed from the hub at ADDRESS, with the page of downloads on show. Prints, as JSON, the gaps between beats in
milliseconds, while idle and while downloading, and how many bytes a second came.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from zhiyin.application import Zhiyin
from zhiyin.paths import Paths
from zhiyin_models.hub.settings import HubSettings, Source, write_hub_settings
from zhiyin_models.hub.values import RemoteFile
from zhiyin_models.jobs.protocol import Download, Status

BEAT = 10  # milliseconds
SETTLED, IDLE = 4.0, 4.0  # seconds
TRANSFERS = 4
SIZE = 700 << 20  # bytes of each
REPOSITORY = "bench/four"

Steps = Iterator[Callable[[], bool]]


def name(number: int) -> str:
    """A file of the hub."""
    return f"model-{number}.bin"


class Heartbeat(QObject):
    """Beats, and walks through steps: each waits for something, looked for at every beat."""

    def __init__(self, zhiyin: Zhiyin) -> None:
        super().__init__()
        self.zhiyin = zhiyin
        self.gaps: dict[str, list[float]] = {"idle": [], "downloading": []}
        self.seconds = 0.0
        self.failed = True
        self._phase = ""
        self._last = time.perf_counter()
        self._steps = self._walk()
        self._done: Callable[[], bool] = lambda: True
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start(BEAT)

    def _beat(self) -> None:
        now = time.perf_counter()
        if self._phase:
            self.gaps[self._phase].append(1000 * (now - self._last))
        self._last = now
        if self._done():
            following = next(self._steps, None)
            if following is None:
                self._timer.stop()
                self.zhiyin.quit()
            else:
                self._done = following

    def _statuses(self) -> list[Status]:
        return [state.status for state in self.zhiyin.session.downloads.jobs]

    def _walk(self) -> Steps:
        yield lambda: self.zhiyin.session is not None
        window, downloads, paths = self.zhiyin.window, self.zhiyin.session.downloads, self.zhiyin.paths
        window.show_models("downloads")
        yield window.models_page.downloads.content().isVisible
        began = time.perf_counter()
        yield lambda: time.perf_counter() - began > SETTLED
        self._phase = "idle"
        yield lambda: time.perf_counter() - began > SETTLED + IDLE
        began = time.perf_counter()
        self._phase = "downloading"
        for number in range(TRANSFERS):
            files = (RemoteFile(name(number), SIZE),)
            folder, data_dir = str(paths.models / f"{number}"), str(paths.data_dir)
            downloads.add(Download("Bench", "huggingface", REPOSITORY, "main", files, folder, data_dir, "checkpoint", name=name(number)))
        yield lambda: self._statuses().count(Status.RUNNING) == TRANSFERS
        yield lambda: self._statuses() == [Status.FINISHED] * TRANSFERS or Status.FAILED in self._statuses()
        self._phase = ""
        self.failed = Status.FAILED in self._statuses()
        self.seconds = time.perf_counter() - began


def main() -> int:
    """Run to the end and print the gaps."""
    app = QApplication(sys.argv[:1])
    paths = Paths(Path(sys.argv[1]))
    paths.create()
    source = Source("Bench", "huggingface", sys.argv[2])
    write_hub_settings(paths.data_dir, HubSettings(sources=(source,), proxy="", concurrency=TRANSFERS))
    zhiyin = Zhiyin(app, paths, language="en")
    heartbeat = Heartbeat(zhiyin)
    zhiyin.start()
    app.exec()
    failed = heartbeat._statuses() != [Status.FINISHED] * TRANSFERS if zhiyin.session is not None else True
    zhiyin.close()
    sys.stdout.write(
        json.dumps({"gaps": heartbeat.gaps, "speed": TRANSFERS * SIZE / max(heartbeat.seconds, 1e-9), "failed": failed}) + "\n"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
