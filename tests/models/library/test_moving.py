"""Copying and moving models: whole or not at all, and never lost, whenever it ends."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.models.gguf_files import write_small, write_split

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.jobs.leftovers import remove_leftovers
from zhiyin_models.jobs.protocol import CopyModel, MoveModels
from zhiyin_models.jobs.tasks import run
from zhiyin_models.library.gguf import read_metadata
from zhiyin_models.library.installed import Library
from zhiyin_models.library.moving import copy_model, move_models
from zhiyin_models.work import Progress, Stage, Stop, StoppedError, silent

LARGE = 12 << 20  # bytes: some blocks

KILLED = """
import os, signal, sys
from pathlib import Path
from zhiyin_models.jobs.protocol import CopyModel
from zhiyin_models.library.moving import copy_model
from zhiyin_models.work import Stop

def report(progress):
    if progress.done:
        os.kill(os.getpid(), signal.SIGKILL)

copy_model(CopyModel(sys.argv[1], sys.argv[2]), report, Stop())
"""

FULL = """
import resource, sys
from zhiyin_models.errors import ModelError
from zhiyin_models.jobs.protocol import CopyModel, MoveModels
from zhiyin_models.jobs.tasks import run
from zhiyin_models.work import Stop, silent

resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, 4 << 20))  # the system refuses more just as a full disk does
for task in (CopyModel(*sys.argv[1:3]), MoveModels(*sys.argv[3:5])):
    try:
        run(task, silent, Stop())
        print("done")
    except ModelError as error:
        print(error.code)
"""


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


def refusal(act: Callable[[], object]) -> ModelError:
    with pytest.raises(ModelError) as caught:
        act()
    return caught.value


def copying(source: Path, folder: Path, name: str = "") -> Callable[[], object]:
    return lambda: copy_model(CopyModel(str(source), str(folder), name), silent, Stop())


def moving(library: Library, folder: Path) -> Callable[[], object]:
    return lambda: move_models(MoveModels(str(library.directory), str(folder)), silent, Stop())


# ---------------------------------------------------------------- copies


def test_a_copy_is_the_same_and_tells_how_far_it_is(tmp_path: Path, other_disk: Path) -> None:
    source = write_small(tmp_path / "知音.gguf", data=LARGE)
    told: list[Progress] = []
    outcome = run(CopyModel(str(source), str(other_disk / "models")), told.append, Stop())
    target = other_disk / "models" / "知音.gguf"
    assert [output.path for output in outcome.outputs] == [str(target)]
    assert target.read_bytes() == source.read_bytes()
    assert target.stat().st_mtime_ns == source.stat().st_mtime_ns
    copied = [progress for progress in told if progress.stage == Stage.COPY]
    assert copied[-1].done == copied[-1].total == source.stat().st_size
    assert {progress.stage for progress in told} == {Stage.COPY, Stage.HASH}
    assert names(other_disk) == ["models/知音.gguf"]


def test_all_parts_of_a_set_are_copied_whichever_is_named(tmp_path: Path) -> None:
    paths = write_split(tmp_path, "Large")
    outcome = copy_model(CopyModel(str(paths[1]), str(tmp_path / "to")), silent, Stop())
    assert names(tmp_path / "to") == [path.name for path in paths]
    assert outcome.outputs[0].path == str(tmp_path / "to" / paths[0].name)
    paths[2].unlink()
    assert refusal(copying(paths[0], tmp_path / "other")).code == Code.MODEL_SPLIT_MISSING
    assert not (tmp_path / "other").exists()


def test_a_file_without_an_ending_gets_a_name(tmp_path: Path) -> None:
    blob = write_small(tmp_path / f"sha256-{'0' * 64}", {"general.name": "Own ../name"})
    copying(blob, tmp_path / "to", "hf.co/owner/model:Q4_K_M")()
    copying(blob, tmp_path / "to")()
    assert names(tmp_path / "to") == ["Own ..-name.gguf", "hf.co-owner-model_Q4_K_M.gguf"]


def test_nothing_is_replaced_and_the_same_is_left_alone(tmp_path: Path) -> None:
    source = write_small(tmp_path / "a.gguf")
    copying(source, tmp_path / "to")()
    there = tmp_path / "to" / "a.gguf"
    before = there.stat()
    copying(source, tmp_path / "to")()
    assert there.stat().st_ino == before.st_ino
    content = there.read_bytes()
    for other in (content[:-1], content[:-1] + b"x"):
        there.write_bytes(other)
        assert refusal(copying(source, tmp_path / "to")).code == Code.OUTPUT_EXISTS
        assert there.read_bytes() == other
    there.unlink()
    (tmp_path / "to" / "a.gguf.part").write_text("somebody's")
    assert refusal(copying(source, tmp_path / "to")).code == Code.OUTPUT_EXISTS
    assert names(tmp_path / "to") == ["a.gguf.part"]


def test_a_stopped_copy_leaves_nothing(tmp_path: Path) -> None:
    paths = write_split(tmp_path, "Large")
    for stage in (Stage.COPY, Stage.HASH):
        stop = Stop()

        def report(progress: Progress, stage: Stage = stage, stop: Stop = stop) -> None:
            if progress.stage == stage:
                stop.ask()

        with pytest.raises(StoppedError):
            copy_model(CopyModel(str(paths[0]), str(tmp_path / "to")), report, stop)
        assert names(tmp_path / "to") == []


def test_a_copy_that_cannot_be_says_why(tmp_path: Path) -> None:
    source = write_small(tmp_path / "a.gguf")
    (tmp_path / "file").write_text("")
    assert refusal(copying(source, tmp_path / "file")).code == Code.FOLDER_BAD
    assert refusal(copying(tmp_path / "absent.gguf", tmp_path)).code == Code.MODEL_MISSING
    huge = write_small(tmp_path / "huge.gguf")
    os.truncate(huge, 1 << 43)  # it has holes; a copy would not
    error = refusal(copying(huge, tmp_path / "to"))
    assert error.code == Code.DISK_SMALL
    assert int(error.failure.args["need"]) > 1 << 43
    assert names(tmp_path / "to") == []


def test_a_disk_that_is_full_in_the_middle_is_said_and_costs_nothing(library: Library, tmp_path: Path, other_disk: Path) -> None:
    source = write_small(library.models_directory / "a.gguf", data=LARGE)
    write_small(library.models_directory / "b.gguf")
    folders = (str(tmp_path / "copy"), str(library.directory), str(other_disk / "move"))
    ran = subprocess.run([sys.executable, "-c", FULL, str(source), *folders], capture_output=True, text=True, check=True)
    said = ran.stdout.split()
    assert said[0] == Code.DISK_FULL
    assert said[1] == (Code.DISK_FULL if other_disk.stat().st_dev != tmp_path.stat().st_dev else "done")
    assert names(tmp_path / "copy") == []
    assert [(model.name, model.missing, model.problem) for model in library.models()] == [("a", False, None), ("b", False, None)]
    assert not list(other_disk.rglob("*.part*"))


def test_a_killed_copy_goes_on_or_leaves_nothing(tmp_path: Path) -> None:
    source = write_small(tmp_path / "a.gguf", data=LARGE)
    task = CopyModel(str(source), str(tmp_path / "to"))
    for given_up in (True, False):
        killed = subprocess.run([sys.executable, "-c", KILLED, task.source, task.folder], check=False)
        assert killed.returncode < 0
        assert "a.gguf.part" in names(tmp_path / "to")
        assert "a.gguf" not in names(tmp_path / "to")
        if given_up:
            remove_leftovers(task)
            assert names(tmp_path / "to") == []
    with (tmp_path / "to" / "a.gguf.part").open("r+b") as part:
        part.write(b"what a power cut left")
    error = refusal(copying(source, tmp_path / "to"))  # what was there is not trusted
    assert (error.code, names(tmp_path / "to")) == (Code.OUTPUT_UNWRITABLE, [])
    copying(source, tmp_path / "to")()
    assert (tmp_path / "to" / "a.gguf").read_bytes() == source.read_bytes()


# ---------------------------------------------------------------- the models folder


def test_a_move_takes_everything_along_that_is_known(library: Library, other_disk: Path, tmp_path: Path) -> None:
    models = library.models_directory
    (models / "owner" / "name").mkdir(parents=True)
    path = write_small(models / "owner" / "name" / "Model-Q8_0.gguf")
    write_small(models / "owner" / "name" / "mmproj-Model-F16.gguf", {"general.architecture": "clip"})
    paths = write_split(models, "Large")
    (models / "notes.txt").write_text("mine")
    beside = library.add(write_small(tmp_path / "Beside.gguf"))
    library.rename(path, "知音")
    library.set_notes(path, "好")
    before = {model.name: model for model in library.models()}
    sums = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in (path, *paths)}

    moving(library, other_disk / "新")()

    assert library.models_directory == other_disk / "新" == Library(library.directory).models_directory
    after = {model.name: model for model in Library(library.directory).models()}
    assert after.keys() == before.keys() == {"Beside", "Large", "知音"}
    assert after["Beside"] == beside
    moved = after["知音"]
    assert (moved.path, moved.notes, moved.owned) == (str(other_disk / "新/owner/name/Model-Q8_0.gguf"), "好", True)
    assert moved.projector == str(other_disk / "新/owner/name/mmproj-Model-F16.gguf")
    for name, digest in sums.items():
        (file,) = (other_disk / "新").rglob(name)
        assert hashlib.sha256(file.read_bytes()).hexdigest() == digest
    assert names(models) == ["notes.txt"]
    assert not (models / "owner").exists()
    assert library.kept_in(models) == []


def test_links_move_as_links(library: Library, tmp_path: Path) -> None:
    models = library.models_directory
    outside = write_small(tmp_path / "outside.gguf")
    write_small(models / "real.gguf")
    (models / "out.gguf").symlink_to(outside)
    (models / "in.gguf").symlink_to("real.gguf")
    moving(library, tmp_path / "new")()
    assert (tmp_path / "new" / "out.gguf").readlink() == outside
    assert (tmp_path / "new" / "in.gguf").readlink() == tmp_path / "new" / "real.gguf"
    assert not any(model.missing or model.problem for model in library.models())
    assert outside.exists()
    assert names(models) == []


def test_a_name_that_is_taken_stops_the_move_and_nothing_is_lost(library: Library, other_disk: Path) -> None:
    write_small(library.models_directory / "a.gguf")
    mine = write_small(library.models_directory / "b.gguf", data=300)
    write_small(other_disk / "b.gguf", {"general.name": "another"})
    error = refusal(moving(library, other_disk))
    assert (error.code, error.failure.args["path"]) == (Code.OUTPUT_EXISTS, str(other_disk / "b.gguf"))
    assert [(model.path, model.missing, model.owned) for model in library.models()] == [
        (str(other_disk / "a.gguf"), False, False),
        (str(mine), False, True),
    ]
    (other_disk / "b.gguf").unlink()
    moving(library, other_disk)()
    assert [(model.path, model.owned) for model in library.models()] == [(str(other_disk / name), True) for name in ("a.gguf", "b.gguf")]


def test_another_model_of_the_same_name_is_never_taken_for_a_leftover(library: Library, other_disk: Path) -> None:
    library.add(write_small(other_disk / "same.gguf", {"llama.context_length": 1}))
    write_small(library.models_directory / "same.gguf", {"llama.context_length": 2})
    library.models()
    assert refusal(moving(library, other_disk)).code == Code.OUTPUT_EXISTS
    assert sorted(model.trained_context for model in library.models()) == [1, 2]


def test_a_set_that_is_in_both_folders_is_not_taken_apart(library: Library, other_disk: Path) -> None:
    paths = write_split(library.models_directory, "Large")
    library.add(write_split(other_disk, "Large")[0])
    write_small(library.models_directory / "A.gguf")
    write_small(other_disk / "A.gguf", {"general.name": "another"})
    assert refusal(moving(library, other_disk)).code == Code.OUTPUT_EXISTS
    assert all(path.exists() for path in paths)
    (other_disk / "A.gguf").unlink()
    moving(library, other_disk)()
    assert [Path(model.path).name for model in library.models()] == ["A.gguf", paths[0].name]
    assert names(library.models_directory) == ["A.gguf", *(path.name for path in paths)]


def test_a_stopped_move_leaves_each_model_in_one_place(library: Library, other_disk: Path) -> None:
    for name in ("a", "b", "c"):
        write_small(library.models_directory / f"{name}.gguf", data=LARGE)
    stop = Stop()

    def report(progress: Progress) -> None:
        if progress.detail.startswith("b.gguf") or 0 < progress.done < progress.total:
            stop.ask()

    with pytest.raises(StoppedError):
        move_models(MoveModels(str(library.directory), str(other_disk)), report, stop)
    found = library.models()
    assert [model.name for model in found] == ["a", "b", "c"]
    assert not any(model.missing or model.problem for model in found)
    assert len([path for folder in (library.models_directory, other_disk) for path in names(folder)]) == 3


@pytest.mark.parametrize("inside", ["models/deeper", "."])
def test_a_folder_within_the_other_is_refused(library: Library, inside: str) -> None:
    write_small(library.models_directory / "a.gguf")
    assert refusal(moving(library, library.directory / inside)).code == Code.FOLDER_BAD
    assert library.models()[0].owned
    moving(library, library.models_directory)()
    (library.directory / "link").symlink_to(library.models_directory, target_is_directory=True)
    moving(library, library.directory / "link")()
    assert library.models()[0].path == str(library.models_directory / "a.gguf")


@pytest.mark.parametrize("disk", ["same", "other"])
def test_a_move_may_be_killed_at_any_step(tmp_path: Path, other_disk: Path, disk: str) -> None:
    targets = tmp_path / "targets" if disk == "same" else other_disk
    command = [sys.executable, "-m", "tests.models.library.killed_moves", str(tmp_path), str(targets), "9"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    result = json.loads(ran.stdout)
    assert result["wrong"] == []
    assert result["killed"] >= 10


def test_a_moved_model_can_be_read_at_its_new_place(library: Library, other_disk: Path) -> None:
    path = write_small(library.models_directory / "a.gguf")
    moving(library, other_disk)()
    assert library.find(path.name).path == str(other_disk / "a.gguf")
    assert read_metadata(library.find("a").path).is_chat
