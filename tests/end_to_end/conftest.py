"""The whole app: a real window, a real store, a real engine process with the starter model."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from zhiyin.application import Zhiyin
from zhiyin.controllers.presentation import turn_view
from zhiyin.paths import Paths
from zhiyin.services.engine import EngineState
from zhiyin_models.engine.protocol import Sampling
from zhiyin_models.library.installed import Library

WAIT = 60_000  # milliseconds: generous, two cores may be busy


class Driver:
    """What a person does at the window, and what they wait for."""

    def __init__(self, qtbot: "QtBot | Waiter", zhiyin: Zhiyin) -> None:
        self.qtbot = qtbot
        self.zhiyin = zhiyin

    @property
    def window(self):
        return self.zhiyin.window

    @property
    def session(self):
        return self.zhiyin.session

    @property
    def chat(self):
        return self.session.chat

    def until(self, holds: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(holds()), timeout=WAIT)

    def ready(self) -> "Driver":
        self.until(lambda: self.session is not None)
        self.until(lambda: self.session.engine.state is EngineState.READY)
        return self

    def say(self, text: str) -> None:
        """Type and press Enter."""
        self.window.composer.editor.setPlainText(text)
        self.window.composer.send_button.click()

    def idle(self) -> None:
        self.until(lambda: self.chat.turns and self.chat.turns[-1].role == "assistant" and not self.session.replies.busy)
        self.until(lambda: self.chat.turns[-1].finished is not None)

    def ask(self, text: str) -> str:
        """One whole turn; returns the reply."""
        before = len(self.chat.turns)
        self.say(text)
        self.until(lambda: len(self.chat.turns) >= before + 2)
        self.idle()
        return self.chat.turns[-1].text

    def says(self, *words: str) -> None:
        """Wait until the banner or the transcript's last turn has a sentence with these words."""

        def said() -> bool:
            last = self.chat.turns[-1] if self.session is not None and self.chat.turns else None
            sentences = list(self.window.banner.texts())
            if last is not None and last.failure is not None:
                sentences.append(turn_view(last).error)
            return any(all(word in sentence for word in words) for sentence in sentences)

        self.until(said)

    def short(self, tokens: int = 12) -> "Driver":
        """Keep replies short and always the same."""
        settings = msgspec.structs.replace(self.session.settings, max_tokens=tokens, sampling=Sampling(temperature=0.0, seed=1))
        self.session.change_settings(settings)
        return self


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def with_starter(data_dir: Path) -> Path:
    """A data directory whose library holds the starter model."""
    Paths(data_dir).create()
    Library(data_dir).add_starter()
    return data_dir


@pytest.fixture
def open_app(qtbot: QtBot, qapp: QApplication) -> Iterator[Callable[..., Driver]]:
    """Opens the app on a data directory, as often as a test likes; closes what is still open."""
    opened: list[Zhiyin] = []

    def open_(directory: Path, language: str = "en", **options: float) -> Driver:
        zhiyin = Zhiyin(qapp, Paths(directory), language=language, **options)
        qtbot.addWidget(zhiyin.window)
        opened.append(zhiyin)
        zhiyin.start()
        return Driver(qtbot, zhiyin)

    yield open_
    for zhiyin in opened:
        zhiyin.close()


class Waiter:
    """Waits as qtbot does, for an app that outlives a single test."""

    def waitUntil(self, holds: Callable[[], bool], *, timeout: int) -> None:  # noqa: N802 - qtbot's name
        deadline = time.monotonic() + timeout / 1000
        while not holds():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{timeout} ms")
            QTest.qWait(10)


@pytest.fixture(scope="module")
def shared_app(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """One app with the starter model in memory for all tests of a module: each has to leave it as it can be used again."""
    data_dir = tmp_path_factory.mktemp("shared") / "data"
    Paths(data_dir).create()
    Library(data_dir).add_starter()
    zhiyin = Zhiyin(qapp, Paths(data_dir), language="en")
    zhiyin.start()
    yield Driver(Waiter(), zhiyin).ready()
    zhiyin.close()
    zhiyin.window.deleteLater()


@pytest.fixture
def app(open_app: Callable[..., Driver], with_starter: Path) -> Driver:
    """The app with the starter model in memory."""
    return open_app(with_starter).ready().short()
