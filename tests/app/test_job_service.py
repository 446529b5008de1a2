"""Jobs as the window has them: what is pressed while a job is on its way to begin."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from tests.hub_server import Generated, HubServer, Throttle

from zhiyin.services.jobs import JobService
from zhiyin_models.hub.settings import HubSettings, write_hub_settings
from zhiyin_models.hub.values import RemoteFile
from zhiyin_models.jobs.protocol import Convert, Download, JobState, Output, Status

LONGEST_MS = 60_000


@pytest.fixture
def service(tmp_path: Path, qtbot: QtBot) -> Iterator[JobService]:
    del qtbot  # the application
    one = JobService(tmp_path / "jobs")
    yield one
    one.close()


def test_a_cancel_right_after_a_resume_is_heard(service: JobService, checkpoint: Path, tmp_path: Path, qtbot: QtBot) -> None:
    told: list[JobState] = []
    service.changed.connect(told.append)
    service.start(Convert(str(checkpoint), (Output("Q4_K_M", str(tmp_path / "out" / "a.gguf")),)))
    qtbot.waitUntil(lambda: any(state.progress is not None for state in told), timeout=LONGEST_MS)
    service.cancel(told[0].id)
    qtbot.waitUntil(lambda: told[-1].status == Status.CANCELLED, timeout=LONGEST_MS)
    told.clear()
    identity = service._jobs.open()[0].id
    service.resume(identity)
    service.cancel(identity)
    qtbot.waitUntil(lambda: bool(told) and told[-1].status == Status.CANCELLED, timeout=LONGEST_MS)
    assert not list((tmp_path / "out").glob("*"))


def test_a_pause_right_after_a_resume_is_heard(service: JobService, tmp_path: Path, qtbot: QtBot) -> None:
    told: list[JobState] = []
    service.changed.connect(told.append)
    with HubServer(tmp_path / "hub") as hub:
        hub.misbehave("*.gguf", Throttle(100_000))
        address = hub.add_file("a.gguf", Generated(3_000_000))
        write_hub_settings(tmp_path, HubSettings(proxy=""))
        files = (RemoteFile("a.gguf", 3_000_000),)
        service.enqueue(Download("url", "url", address, "", files, str(tmp_path / "models"), str(tmp_path)))
        qtbot.waitUntil(lambda: bool(told) and told[-1].status == Status.QUEUED, timeout=LONGEST_MS)
        service.resume(told[0].id)
        service.pause(told[0].id)
        qtbot.waitUntil(lambda: told[-1].status == Status.PAUSED, timeout=LONGEST_MS)
        service.abandon(told[0].id)
        qtbot.waitUntil(lambda: told[-1].status == Status.CANCELLED, timeout=LONGEST_MS)
