"""What is changed of the sources is kept: the newest last, in whatever order the threads get to it, and a disk that refuses is said."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from pytestqt.qtbot import QtBot

from zhiyin.controllers.sources import SourcesController
from zhiyin.services.delivery import Delivery
from zhiyin.services.hub import HubService
from zhiyin.ui.sources_form import SourcesForm
from zhiyin_models.hub.settings import HubSettings, read_hub_settings


class AnyOrder(Executor):
    """Does what was submitted when it is told to."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()

        def do() -> None:
            try:
                future.set_result(fn(*args, **kwargs))
            except Exception as error:
                future.set_exception(error)

        self.waiting.append(do)
        return future


class Sources:
    """A form with what stands behind it."""

    def __init__(self, qtbot: QtBot, data_dir: Path) -> None:
        self.form = SourcesForm()
        qtbot.addWidget(self.form)
        self.background, self.delivery, self.hub = AnyOrder(), Delivery(), HubService(data_dir)
        self.controller = SourcesController(
            self.form, hub=self.hub, background=self.background, delivery=self.delivery, data_dir=data_dir, parent=self.delivery
        )
        self.form.set_settings(HubSettings())
        self.told: list[HubSettings] = []
        self.controller.changed.connect(self.told.append)


@pytest.fixture
def sources(qtbot: QtBot, tmp_path: Path) -> Iterator[Sources]:
    made = Sources(qtbot, tmp_path / "data")
    yield made
    made.hub.close()
    made.delivery.close()


def test_the_newest_is_kept_whichever_thread_comes_first(sources: Sources, qtbot: QtBot, tmp_path: Path) -> None:
    for offline in (True, False, True):
        sources.form.changed.emit(replace(HubSettings(), offline=offline))
    for write in reversed(sources.background.waiting):
        write()
    qtbot.waitUntil(lambda: len(sources.told) == 3)
    assert read_hub_settings(tmp_path / "data").offline


def test_a_disk_that_refuses_is_said_of_the_settings(sources: Sources, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"no folder")
    notice = sources.form.content().notice
    sources.form.changed.emit(replace(HubSettings(), offline=True))
    (write,) = sources.background.waiting
    write()
    qtbot.waitUntil(lambda: "settings cannot be written" in notice.text())
    assert sources.told == []
