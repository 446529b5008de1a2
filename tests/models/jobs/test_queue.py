"""Jobs that wait, are paused, change places and go on, with real downloads from a real server; and whose turn it is."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from tests.hub_server import Generated, HubServer, Throttle
from tests.models.jobs.conftest import Watched

from zhiyin_models.child.child_process import GROUP_NICE
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.hub.settings import HubSettings, Source, write_hub_settings
from zhiyin_models.hub.values import RemoteFile
from zhiyin_models.jobs.protocol import Download, JobState, Status
from zhiyin_models.jobs.turns import between, due

Watch = Callable[[], Watched]
MB = 1 << 20
SIZE = 4 * MB
NAME = "model-Q4_K_M.gguf"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubServer]:
    with HubServer(tmp_path / "hub") as server:
        server.add_repository("test/model", {NAME: Generated(SIZE)})
        yield server


def download(hub: HubServer, folder: Path, *, size: int = SIZE, speed_limit: int = 0) -> Download:
    sources = (Source("Test", "huggingface", hub.address),)
    write_hub_settings(folder, HubSettings(sources=sources, proxy="", speed_limit=speed_limit))
    revision = hub.repository("test/model").commits[-1].sha
    file = RemoteFile(NAME, size, hub.sha256("test/model", NAME))
    return Download("Test", "huggingface", "test/model", revision, (file,), str(folder / "models"), str(folder))


def is_over(state: JobState) -> bool:
    return state.status != Status.RUNNING


def is_under_way(state: JobState) -> bool:
    return state.progress is not None and 0 < state.progress.done < SIZE


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def asked_from(hub: HubServer) -> list[int]:
    ranges = [request.headers.get("range", "bytes=0-") for request in hub.requests if request.host == "files"]
    return [int(asked.removeprefix("bytes=").split("-")[0]) for asked in ranges]


def state(name: str, status: Status, position: float) -> JobState:
    return JobState(name, Download("", "url", "", "", (), "", ""), status, 0.0, position=position)


# ---------------------------------------------------------------- whose turn it is


def test_what_waits_begins_in_order_as_far_as_there_is_room() -> None:
    waiting = [state("c", Status.QUEUED, 3), state("a", Status.QUEUED, 1), state("b", Status.QUEUED, 2)]
    assert due(waiting, 2) == ["a", "b"]
    busy = [*waiting, state("r", Status.RUNNING, 9), state("p", Status.PAUSED, 0), state("f", Status.FINISHED, 0)]
    assert due(busy, 2) == ["a"]
    assert due([*busy, state("s", Status.RUNNING, 0)], 2) == []
    assert due(waiting, 0) == ["a"]  # never none at all


def test_a_place_between_two_others() -> None:
    queue = [state("a", Status.QUEUED, 1), state("b", Status.QUEUED, 2)]
    assert between(queue, 0) < 1
    assert 1 < between(queue, 1) < 2
    assert between(queue, 2) > 2
    assert between([], 0) == between([], 0)


# ---------------------------------------------------------------- with processes


def test_a_queue_is_kept_in_its_order(hub: HubServer, watch: Watch, tmp_path: Path) -> None:
    one = watch()
    task = download(hub, tmp_path)
    first, second, third = (one.jobs.enqueue(task) for _ in range(3))
    assert [state.status for state in (first, second, third)] == [Status.QUEUED] * 3
    assert first.position < second.position < third.position
    one.jobs.change(third.id, position=between([first, second], 0))
    one.jobs.change(first.id, status=Status.PAUSED)
    known = sorted(watch().jobs.open(), key=lambda state: state.position)
    assert [(state.id, state.status) for state in known] == [
        (third.id, Status.QUEUED),
        (first.id, Status.PAUSED),
        (second.id, Status.QUEUED),
    ]
    assert due(known, 5) == [third.id, second.id]
    other = Source("Other", "huggingface", hub.address)
    changed = one.jobs.change(second.id, task=Download(**{**_fields(task), "source": other.name}))
    assert changed.task != task
    with pytest.raises(ModelError) as caught:
        one.jobs.change("nothing", status=Status.QUEUED)
    assert caught.value.code == Code.JOB_MISSING


def _fields(task: Download) -> dict[str, object]:
    return {name: getattr(task, name) for name in task.__struct_fields__}


def test_a_paused_download_goes_on_with_what_it_has(hub: HubServer, watch: Watch, tmp_path: Path) -> None:
    hub.misbehave("*.gguf", Throttle(MB), times=1)
    one = watch()
    begun = one.jobs.enqueue(download(hub, tmp_path))
    one.jobs.resume(begun.id)
    one.wait(is_under_way)
    assert one.jobs.change(begun.id, status=Status.QUEUED, position=77.0).status == Status.RUNNING  # only its place is another one
    one.jobs.pause(begun.id)
    paused = one.wait(is_over)
    assert (paused.status, paused.position) == (Status.PAUSED, 77.0)
    assert f"{NAME}.part" in files(tmp_path / "models")
    assert watch().jobs.open() == [paused]
    two = watch()
    two.jobs.resume(begun.id)
    last = two.wait(is_over)
    assert last.status == Status.FINISHED, last.failure
    assert asked_from(hub)[0] == 0
    assert min(asked_from(hub)[1:]) > 0
    assert last.spent > 0
    assert last.position == 77.0
    assert (tmp_path / "models" / NAME).read_bytes() == Generated(SIZE).read()


def test_a_pause_is_heard_while_the_process_begins(hub: HubServer, watch: Watch, tmp_path: Path) -> None:
    hub.misbehave("*.gguf", Throttle(MB))
    one = watch()
    begun = one.jobs.enqueue(download(hub, tmp_path))
    answers: list[JobState] = []
    starting = threading.Thread(target=lambda: answers.append(one.jobs.resume(begun.id)))
    starting.start()
    while not one.jobs.running:
        assert starting.is_alive() or answers
    one.jobs.pause(begun.id)
    starting.join()
    if answers[0].status == Status.RUNNING:
        one.wait(is_over)
    assert [state.status for state in watch().jobs.open()] == [Status.PAUSED]


def test_a_job_is_behind_the_window_for_the_scheduler_too(hub: HubServer, watch: Watch, tmp_path: Path) -> None:
    hub.misbehave("*.gguf", Throttle(MB))
    one = watch()
    one.jobs.start(download(hub, tmp_path))
    one.wait(is_under_way)
    (process,) = (child for child in psutil.Process().children() if "zhiyin_models.jobs" in child.cmdline())
    group = Path(f"/proc/{process.pid}/autogroup")  # where the system has such groups, a process's own priority counts only within its own
    assert not group.exists() or group.read_text(encoding="ascii").split()[-1] == str(GROUP_NICE)


def test_closing_keeps_what_a_download_has(hub: HubServer, watch: Watch, tmp_path: Path) -> None:
    hub.misbehave("*.gguf", Throttle(MB), times=1)
    one = watch()
    one.jobs.start(download(hub, tmp_path))
    one.wait(is_under_way)
    one.jobs.close()
    two = watch()
    (left,) = two.jobs.open()
    assert left.status == Status.INTERRUPTED
    two.jobs.resume(left.id)
    assert two.wait(is_over).status == Status.FINISHED
    assert min(asked_from(hub)[1:]) > 0


def test_a_limit_is_heard_while_it_runs(hub: HubServer, watch: Watch, tmp_path: Path) -> None:
    one = watch()
    begun = one.jobs.start(download(hub, tmp_path, speed_limit=20_000))  # three and a half minutes
    one.wait(is_under_way)
    one.jobs.limit(begun.id, 1 << 30, 2)
    assert one.wait(is_over).status == Status.FINISHED
    one.jobs.limit(begun.id, 1, 1)  # nobody is there to hear it


def test_a_disk_that_is_too_small_pauses_a_download(hub: HubServer, watch: Watch, tmp_path: Path) -> None:
    one = watch()
    begun = one.jobs.start(download(hub, tmp_path, size=1 << 55))
    last = one.wait(is_over)
    assert last.status == Status.PAUSED
    assert last.failure is not None
    assert last.failure.code == Code.DISK_SMALL
    assert watch().jobs.open() == [last]
    assert one.jobs.change(begun.id, status=Status.QUEUED).failure is None


def test_one_that_waits_can_be_abandoned_and_begun_anew(hub: HubServer, watch: Watch, tmp_path: Path) -> None:
    hub.misbehave("*.gguf", Throttle(MB), times=1)
    one = watch()
    begun = one.jobs.start(download(hub, tmp_path))
    one.wait(is_under_way)
    with pytest.raises(ModelError):
        one.jobs.abandon(begun.id)  # it runs
    one.jobs.pause(begun.id)
    one.wait(is_over)
    assert files(tmp_path / "models")
    assert one.jobs.abandon(begun.id).status == Status.CANCELLED
    assert files(tmp_path / "models") == []
    two = watch()
    two.jobs.resume(begun.id)
    assert two.wait(is_over).status == Status.FINISHED
    with pytest.raises(ModelError):
        two.jobs.abandon(begun.id)


def test_a_cancelled_download_leaves_nothing(hub: HubServer, watch: Watch, tmp_path: Path) -> None:
    hub.misbehave("*.gguf", Throttle(MB))
    one = watch()
    begun = one.jobs.start(download(hub, tmp_path))
    one.wait(is_under_way)
    one.jobs.cancel(begun.id)
    assert one.wait(is_over).status == Status.CANCELLED
    assert files(tmp_path / "models") == []
