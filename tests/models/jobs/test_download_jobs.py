"""Downloads as jobs in real processes: paused, resumed, hurried, cancelled, and waiting for room on the disk."""

import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from tests.hub_server import HubServer
from tests.models.hub.fetched import CONTENT, NAME, REPOSITORY, offer, sources
from tests.models.jobs.conftest import Watched

from zhiyin_models.errors import Code
from zhiyin_models.hub.settings import HubSettings, write_hub_settings
from zhiyin_models.hub.values import RemoteFile
from zhiyin_models.jobs.protocol import Download, JobState, Status, failed_status
from zhiyin_models.work import Stage

Watch = Callable[[], Watched]
SLOW = 2_000_000  # bytes a second: some seconds pass before it could be over


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer() as server:
        offer(server)
        yield server


@pytest.fixture
def task(hub: HubServer, tmp_path: Path) -> Download:
    data_dir = tmp_path / "数据"
    write_hub_settings(data_dir, HubSettings(sources=sources(hub), proxy="", speed_limit=SLOW))
    commit = hub.repository(REPOSITORY).commits[-1]
    files = (RemoteFile(NAME, CONTENT.size, commit.files[NAME].sha256),)
    return Download("hub 0", "huggingface", REPOSITORY, commit.sha, files, str(tmp_path / "模型"), str(data_dir), "checkpoint")


def is_over(state: JobState) -> bool:
    return state.status != Status.RUNNING


def is_on_its_way(state: JobState) -> bool:
    at = state.progress
    return at is not None and at.stage == Stage.DOWNLOAD and 1_500_000 < at.done < at.total


def left(task: Download) -> list[str]:
    folder = Path(task.folder)
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_paused_download_goes_on_and_can_be_hurried(task: Download, watch: Watch) -> None:
    one = watch()
    begun = one.jobs.start(task)
    one.wait(is_on_its_way)
    one.jobs.pause(begun.id)
    assert one.wait(is_over).status == Status.PAUSED
    assert left(task)[:2] == [f"{NAME}.part", f"{NAME}.part.json"]
    two = watch()
    two.jobs.resume(begun.id)
    first = two.wait(lambda state: state.progress is not None and state.progress.stage == Stage.DOWNLOAD).progress
    assert first is not None
    assert first.done >= 500_000
    two.jobs.limit(begun.id, 0, 2)
    last = two.wait(is_over)
    assert last.status == Status.FINISHED, last.failure
    assert left(task) == [NAME]
    assert (Path(task.folder) / NAME).read_bytes() == CONTENT.read()


def test_a_cancelled_download_leaves_nothing(task: Download, watch: Watch) -> None:
    one = watch()
    begun = one.jobs.start(task)
    one.wait(is_on_its_way)
    one.jobs.cancel(begun.id)
    assert one.wait(is_over).status == Status.CANCELLED
    assert left(task) == []


def test_two_jobs_of_one_file_do_not_take_it_from_each_other(task: Download, watch: Watch) -> None:
    one = watch()
    first = one.jobs.start(task)
    one.wait(is_on_its_way)
    one.jobs.limit(first.id, 1000, 1)  # it is still at work when the second one comes
    second = one.jobs.start(task)
    refused = one.wait(lambda state: state.id == second.id and is_over(state))
    assert refused.failure is not None
    assert refused.failure.code == Code.OUTPUT_BUSY
    one.jobs.pause(first.id)
    one.wait(lambda state: state.id == first.id and is_over(state))
    one.jobs.abandon(second.id)
    one.jobs.forget(second.id)
    assert left(task) == [f"{NAME}.part", f"{NAME}.part.json"]
    one.jobs.forget(first.id)
    assert left(task) == []


def test_a_job_is_nobody_elses_to_read(task: Download, watch: Watch, tmp_path: Path) -> None:
    secret = msgspec.structs.replace(task, kind="url", repository="http://me:secret@127.0.0.1:9/m.gguf?Signature=secret")
    state = watch().jobs.enqueue(secret)
    place = tmp_path / "jobs" / state.id
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert stat.S_IMODE((place / "state.json").stat().st_mode) == 0o600


def test_whatever_says_that_there_is_no_room_is_waited_for(task: Download) -> None:
    for code in (Code.DISK_SMALL, Code.DOWNLOAD_DISK_FULL):
        assert failed_status(task, code) == Status.PAUSED


def test_a_download_without_room_waits_for_it(task: Download, watch: Watch) -> None:
    one = watch()
    huge = (msgspec.structs.replace(task.files[0], size=1 << 60),)
    one.jobs.start(msgspec.structs.replace(task, files=huge))
    last = one.wait(is_over)
    assert last.status == Status.PAUSED
    assert last.failure is not None
    assert last.failure.code == Code.DISK_SMALL
