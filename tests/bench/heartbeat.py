"""The whole app with a heartbeat of 10 ms in its event loop: ``python -m tests.bench.heartbeat DATA_DIR``.

Loads the starter model five times and lets it write two long replies; prints, as JSON, the gaps between beats in milliseconds while loading
and while streaming.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from zhiyin.application import Zhiyin
from zhiyin.paths import Paths
from zhiyin.services.engine import EngineState
from zhiyin_models.engine.protocol import Sampling

BEAT = 10  # milliseconds
LOADS = 5
REPLY = 250  # tokens
QUESTIONS = ("Write a very long story about a river, with a list and a table.", "Explain at length how to sort in Python, with code.")

Steps = Iterator[Callable[[], bool]]


class Heartbeat(QObject):
    """Beats, and walks through steps: each waits for something, looked for at every beat."""

    def __init__(self, zhiyin: Zhiyin) -> None:
        super().__init__()
        self.zhiyin = zhiyin
        self.gaps: dict[str, list[float]] = {"loading": [], "streaming": []}
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
                self.zhiyin.window.close()
            else:
                self._done = following

    def _walk(self) -> Steps:
        yield lambda: self.zhiyin.session is not None
        session = self.zhiyin.session
        yield lambda: session.engine.state is EngineState.READY
        name = session.models.current
        for _ in range(LOADS):
            session.models.unload()
            yield lambda: session.engine.state is EngineState.EMPTY
            self._phase = "loading"
            session.models.load(name)
            yield lambda: session.engine.state is EngineState.READY
            self._phase = ""
        settings = msgspec.structs.replace(session.settings, max_tokens=REPLY, sampling=Sampling(seed=7), threads=2)
        session.change_settings(settings)
        for question in QUESTIONS:
            self.zhiyin.window.composer.editor.setPlainText(question)
            self.zhiyin.window.composer.send_button.click()
            yield lambda: session.replies.busy and session.replies.jobs_of(session.chat.id)[0].tokens > 0
            self._phase = "streaming"
            yield lambda: not session.replies.busy
            self._phase = ""
            yield lambda: session.chat.turns[-1].finished is not None  # stored: only then does the composer send again


def main() -> int:
    """Run to the end and print the gaps."""
    app = QApplication(sys.argv[:1])
    paths = Paths(Path(sys.argv[1]))
    paths.create()
    zhiyin = Zhiyin(app, paths, language="en")
    heartbeat = Heartbeat(zhiyin)
    zhiyin.start()
    code = app.exec()
    zhiyin.close()
    sys.stdout.write(json.dumps(heartbeat.gaps) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
