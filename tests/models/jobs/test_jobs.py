"""Jobs in real processes, which are really killed: what is on the disk afterwards, and what the list says."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from tests.models.jobs.conftest import Watched

from zhiyin_models.convert.pipeline import convert
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.jobs.client import LOWEST, Jobs
from zhiyin_models.jobs.protocol import Convert, Inspect, JobState, Output, Status
from zhiyin_models.work import Stage, Stop, silent

Watch = Callable[[], Watched]
LONG = "Q4_K_M"  # long enough to be met halfway


def is_over(state: JobState) -> bool:
    return state.status != Status.RUNNING


def is_halfway(state: JobState) -> bool:
    at = state.progress
    return at is not None and at.stage == Stage.CONVERT and 0.3 * at.total < at.done < at.total


def conversion(checkpoint: Path, folder: Path, kind: str = LONG) -> Convert:
    return Convert(str(checkpoint), (Output(kind, str(folder / "模型.gguf")),))


def job_process() -> psutil.Process:
    (process,) = (child for child in psutil.Process().children() if "zhiyin_models.jobs" in child.cmdline())
    return process


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_job_is_done_at_the_lowest_priority_and_remembered(checkpoint: Path, watch: Watch, tmp_path: Path) -> None:
    one = watch()
    begun = one.jobs.start(conversion(checkpoint, tmp_path / "out", "Q8_0"))
    assert job_process().nice() == LOWEST
    last = one.wait(is_over)
    assert last.status == Status.FINISHED, last.failure
    assert last.outcome is not None
    assert files(tmp_path / "out") == ["模型.gguf"]
    (state,) = watch().jobs.open()
    assert state == last
    assert state.id == begun.id
    one.jobs.forget(state.id)
    assert watch().jobs.open() == []
    assert files(tmp_path / "out") == ["模型.gguf"]


def test_a_killed_job_is_resumed_and_its_file_is_the_same(checkpoint: Path, watch: Watch, tmp_path: Path) -> None:
    one = watch()
    begun = one.jobs.start(conversion(checkpoint, tmp_path / "out"))
    one.wait(is_halfway)
    os.kill(job_process().pid, signal.SIGKILL)
    last = one.wait(is_over)
    assert last.status == Status.INTERRUPTED
    assert last.failure is not None
    assert last.failure.code == Code.JOB_DIED
    assert last.failure.args["reason"] == "SIGKILL"
    assert "模型.gguf" not in files(tmp_path / "out")
    assert [state.status for state in watch().jobs.open()] == [Status.INTERRUPTED]
    two = watch()
    two.jobs.resume(begun.id)
    first = two.wait(lambda state: state.progress is not None and state.progress.stage == Stage.CONVERT).progress
    assert first is not None
    assert first.done > 0.2 * first.total
    assert two.wait(is_over).status == Status.FINISHED
    assert files(tmp_path / "out") == ["模型.gguf"]
    convert(conversion(checkpoint, tmp_path / "again"), silent, Stop())
    assert (tmp_path / "out" / "模型.gguf").read_bytes() == (tmp_path / "again" / "模型.gguf").read_bytes()


def test_a_killed_job_that_is_not_wanted_any_more_leaves_nothing(checkpoint: Path, watch: Watch, tmp_path: Path) -> None:
    one = watch()
    begun = one.jobs.start(conversion(checkpoint, tmp_path / "out"))
    one.wait(is_halfway)
    os.kill(job_process().pid, signal.SIGKILL)
    one.wait(is_over)
    assert files(tmp_path / "out")
    one.jobs.forget(begun.id)
    assert files(tmp_path / "out") == []
    assert files(tmp_path / "jobs") == []


def test_a_job_that_came_too_late_takes_nothing_of_the_first_with_it(checkpoint: Path, watch: Watch, tmp_path: Path) -> None:
    one, two = watch(), watch()
    one.jobs.start(conversion(checkpoint, tmp_path / "out"))
    one.wait(is_halfway)
    late = two.jobs.start(conversion(checkpoint, tmp_path / "out"))
    last = two.wait(is_over)
    assert last.failure is not None
    assert last.failure.code in {Code.OUTPUT_BUSY, Code.OUTPUT_EXISTS}
    two.jobs.forget(late.id)
    assert one.wait(is_over).status == Status.FINISHED
    assert files(tmp_path / "out") == ["模型.gguf"]


def test_a_job_that_runs_or_is_done_is_not_begun_again(checkpoint: Path, watch: Watch, tmp_path: Path) -> None:
    one, two = watch(), watch()
    begun = one.jobs.start(conversion(checkpoint, tmp_path / "out", "Q4_0"))
    one.wait(lambda state: state.progress is not None)
    for jobs in (one.jobs, two.jobs):
        with pytest.raises(ModelError) as caught:
            jobs.resume(begun.id)
        assert caught.value.code == Code.JOB_MISSING
    one.wait(is_over)
    with pytest.raises(ModelError):
        two.jobs.resume(begun.id)


def test_a_cancelled_job_leaves_nothing(checkpoint: Path, watch: Watch, tmp_path: Path) -> None:
    one = watch()
    begun = one.jobs.start(conversion(checkpoint, tmp_path / "out"))
    one.wait(is_halfway)
    one.jobs.cancel(begun.id)
    assert one.wait(is_over).status == Status.CANCELLED
    assert files(tmp_path / "out") == []
    assert [state.status for state in watch().jobs.open()] == [Status.CANCELLED]


def test_a_job_that_is_cancelled_at_once_writes_nothing(checkpoint: Path, watch: Watch, tmp_path: Path) -> None:
    one = watch()
    begun = one.jobs.start(conversion(checkpoint, tmp_path / "out"))
    one.jobs.cancel(begun.id)
    assert one.wait(is_over).status == Status.CANCELLED
    assert files(tmp_path / "out") == []


def test_a_job_that_does_not_hear_is_killed_when_it_is_cancelled(checkpoint: Path, watch: Watch, tmp_path: Path) -> None:
    one = watch()
    begun = one.jobs.start(conversion(checkpoint, tmp_path / "out"))
    one.wait(is_halfway)
    os.kill(job_process().pid, signal.SIGSTOP)
    one.jobs.cancel(begun.id)
    assert one.wait(is_over).status == Status.CANCELLED
    assert files(tmp_path / "out") == []


def test_closing_interrupts_what_another_start_goes_on_with(checkpoint: Path, watch: Watch, tmp_path: Path) -> None:
    one = watch()
    begun = one.jobs.start(conversion(checkpoint, tmp_path / "out"))
    one.wait(is_halfway)
    assert [state.status for state in watch().jobs.open()] == [Status.RUNNING]  # another app's: it is not ours to touch
    one.jobs.close()
    two = watch()
    assert [state.status for state in two.jobs.open()] == [Status.INTERRUPTED]
    two.jobs.resume(begun.id)
    two.wait(is_halfway)
    two.jobs.cancel(begun.id)
    assert two.wait(is_over).status == Status.CANCELLED
    assert files(tmp_path / "out") == []


def test_what_cannot_be_done_is_said_and_remembered(watch: Watch, tmp_path: Path) -> None:
    one = watch()
    one.jobs.start(conversion(tmp_path / "nowhere", tmp_path / "out"))
    last = one.wait(is_over)
    assert last.status == Status.FAILED
    assert last.failure is not None
    assert last.failure.code == Code.SOURCE_MISSING
    assert watch().jobs.open() == [last]


def test_an_inspection_leaves_no_trace(checkpoint: Path, watch: Watch, tmp_path: Path) -> None:
    one = watch()
    one.jobs.start(Inspect(str(checkpoint)))
    last = one.wait(is_over)
    assert last.outcome is not None
    found = last.outcome.inspection
    assert found is not None
    assert (found.architecture, found.family, found.layers, found.dtype) == ("LlamaForCausalLM", "llama", 30, "BF16")
    assert found.parameters == 134_515_008
    four = next(one for one in found.types if one.type == "Q4_K_M")
    wide = next(one for one in found.types if one.type == "F16")
    assert four.file < wide.file < found.size * 1.05
    assert four.memory[0] < four.memory[1] < four.memory[2]
    assert files(tmp_path / "jobs") == []


def test_a_folder_that_cannot_be_read_is_kept_and_passed_over(watch: Watch, tmp_path: Path) -> None:
    for name, content in (("empty", None), ("broken", "{"), ("other", '{"id":"x"}'), ("deep", "[" * 100_000)):
        (tmp_path / "jobs" / name).mkdir(parents=True)
        if content is not None:
            (tmp_path / "jobs" / name / "state.json").write_text(content)
    (tmp_path / "jobs" / "file").write_text("")
    one = watch()
    assert one.jobs.open() == []
    with pytest.raises(ModelError) as caught:
        one.jobs.resume("broken")
    assert caught.value.code == Code.JOB_MISSING
    assert files(tmp_path / "jobs") == ["broken", "deep", "empty", "file", "other"]


def test_no_thread_and_no_process_is_left(watch: Watch, tmp_path: Path) -> None:
    before = threading.active_count()
    one = watch()
    one.jobs.start(Inspect(str(tmp_path)))
    one.wait(is_over)
    one.jobs.close()
    for thread in threading.enumerate():
        if thread.name.startswith("job"):
            thread.join(10)
    assert threading.active_count() == before
    assert not [child for child in psutil.Process().children() if "zhiyin_models.jobs" in child.cmdline()]


def test_after_the_end_nothing_is_started(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path / "jobs", lambda _: None)
    jobs.close()
    with pytest.raises(ModelError):
        jobs.start(Inspect(str(tmp_path)))
