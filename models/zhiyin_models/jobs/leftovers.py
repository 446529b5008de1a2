"""What a killed job leaves beside its outputs, so that it can be resumed, and how that is taken away when it will not be."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from zhiyin_models.errors import ModelError
from zhiyin_models.hub.file_names import local_name
from zhiyin_models.jobs.protocol import Convert, CopyModel, Download, MoveModels, Quantize, Task

PART = ".part"  # the file as far as it is written
JOURNAL = ".part.json"  # how far that is, and from what
LOCK = ".part.lock"  # held by the process that writes it
REFERENCE = ".reference.gguf"


def written_by(task: Task) -> Iterator[Path]:
    """The files that a task writes bit by bit."""
    if isinstance(task, Convert | Quantize):
        yield from (Path(output.path) for output in task.outputs)
        if isinstance(task, Convert) and task.evaluate and task.outputs:
            yield reference_path(Path(task.outputs[0].path))
    if isinstance(task, Download):
        for file in task.files:
            name = ""
            with contextlib.suppress(ModelError):
                name = local_name(file.path)
            if name and Path(task.folder, name).parent.is_dir():
                yield Path(task.folder, name)
    if isinstance(task, CopyModel | MoveModels):
        from zhiyin_models.library.moving import unfinished  # noqa: PLC0415 - it knows the names of this module

        yield from unfinished(task)


def reference_path(output: Path) -> Path:
    """Where the reference of an evaluation is written, beside the first output; removed at the end."""
    return output.with_name(f".{output.stem}{REFERENCE}")


def remove_leftovers(task: Task) -> None:
    """Take away what a killed run of the task left unfinished. Finished files stay, and what somebody else writes or wrote."""
    for path in written_by(task):
        with contextlib.suppress(OSError, Timeout), FileLock(_beside(path, LOCK), timeout=0):
            if _beside(path, JOURNAL).exists():  # without one it is none of ours
                _beside(path, PART).unlink(missing_ok=True)
                if path.name.endswith(REFERENCE):
                    path.unlink(missing_ok=True)
                _beside(path, JOURNAL).unlink(missing_ok=True)
            _beside(path, LOCK).unlink(missing_ok=True)
    if isinstance(task, Download):
        _remove_empty(task)


def _remove_empty(task: Download) -> None:
    """The folders that were made for the files of a download, as far as nothing is in them."""
    folder = Path(task.folder)
    found = {parent for path in written_by(task) for parent in path.parents if parent.is_relative_to(folder)}
    for place in sorted(found, key=lambda one: len(one.parts), reverse=True):
        if place != folder or task.purpose == "model":  # a folder that a person chose stays
            with contextlib.suppress(OSError):
                place.rmdir()


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
