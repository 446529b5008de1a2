"""Unfinished downloads when the models folder changes: nothing that was fetched is lost, and nothing of somebody else's is taken."""

from pathlib import Path

import msgspec
import pytest

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.hub.values import RemoteFile
from zhiyin_models.jobs.folder import JobFolder
from zhiyin_models.jobs.protocol import Download, JobState, MoveModels, Status
from zhiyin_models.library.installed import Library
from zhiyin_models.library.moving import move_models
from zhiyin_models.library.moving_downloads import UnfinishedDownloads
from zhiyin_models.work import Progress, Stop, silent

NAME = "deep/Model-Q4_K_M.gguf"
CONTENT = b"GGUF" + bytes(3 << 20) + b"end of what is there"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "data")


def begin(library: Library, identity: str, status: Status = Status.PAUSED, *, folder: Path | None = None) -> tuple[JobFolder, Path]:
    """A download that has something; its job, and the file that it is to become."""
    place = folder or library.models_directory / "owner" / identity
    task = Download("Test", "huggingface", f"owner/{identity}", "c" * 40, (RemoteFile(NAME, 9 << 20),), str(place), str(library.directory))
    job = JobFolder(library.directory / "downloads" / identity)
    job.write(JobState(identity, task, status, 1.0))
    path = place / NAME
    path.parent.mkdir(parents=True)
    Path(f"{path}.part").write_bytes(CONTENT)
    Path(f"{path}.part.json").write_text(identity)
    return job, path


def folder_of(job: JobFolder) -> Path:
    state = job.read()
    assert state is not None
    assert isinstance(state.task, Download)
    return Path(state.task.folder)


def test_what_is_there_goes_along_to_any_disk(library: Library, tmp_path: Path, other_disk: Path) -> None:
    jobs = {status: begin(library, status.value, status)[0] for status in (Status.PAUSED, Status.QUEUED, Status.FAILED, Status.RUNNING)}
    outside, kept = begin(library, "outside", folder=tmp_path / "elsewhere")
    folder = other_disk / "新"
    told: list[Progress] = []
    move_models(MoveModels(str(library.directory), str(folder)), told.append, Stop())
    for status, job in jobs.items():
        place = folder / "owner" / status.value
        assert folder_of(job) == place
        state = job.read()
        assert state is not None
        assert state.status == status
        assert Path(f"{place / NAME}.part").read_bytes() == CONTENT
        assert Path(f"{place / NAME}.part.json").read_text() == status.value
    assert not list(library.directory.rglob("*.part*"))
    assert not list(other_disk.rglob("*.moving"))
    assert (folder_of(outside), Path(f"{kept}.part").exists()) == (tmp_path / "elsewhere", True)
    assert told[-1].done == told[-1].total


def test_what_somebody_else_has_there_stays(library: Library, tmp_path: Path) -> None:
    job, path = begin(library, "mine")
    folder = tmp_path / "new"
    other = folder / "owner" / "mine" / f"{NAME}.part"
    other.parent.mkdir(parents=True)
    other.write_bytes(b"somebody's")
    move_models(MoveModels(str(library.directory), str(folder)), silent, Stop())
    assert other.read_bytes() == b"somebody's"
    assert not other.with_name(f"{other.name}.json").exists()
    assert folder_of(job) == folder / "owner" / "mine"
    assert Path(f"{path}.part").exists()


def test_a_download_of_another_program_is_waited_for(library: Library, tmp_path: Path) -> None:
    job, _path = begin(library, "busy")
    downloads = UnfinishedDownloads(library.directory, library.models_directory, tmp_path / "new")
    holder = JobFolder(job.path)
    assert holder.take()
    with pytest.raises(ModelError) as refused:
        downloads.wait(Stop(), patience=0.0)
    assert refused.value.code == Code.LIBRARY_BUSY
    holder.release()
    downloads.wait(Stop())

    state = job.read()
    assert state is not None
    now = (job.path / "state.json").stat().st_mtime
    job.write(msgspec.structs.replace(state, status=Status.RUNNING, begun=now))  # its process has no lock yet
    with pytest.raises(ModelError):
        downloads.wait(Stop(), patience=0.0)
    job.write(msgspec.structs.replace(state, status=Status.RUNNING, begun=now - 60))
    downloads.wait(Stop())
