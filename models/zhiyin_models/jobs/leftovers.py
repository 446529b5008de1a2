"""What a killed job leaves beside its outputs, so that it can be resumed, and how that is taken away when it will not be."""

import contextlib
from collections.abc import Iterable, Iterator
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
            path = _target(task, file.path)
            if path is not None and path.parent.is_dir():
                yield path
    if isinstance(task, CopyModel | MoveModels):
        from zhiyin_models.library.moving import unfinished  # noqa: PLC0415 - it knows the names of this module

        yield from unfinished(task)


def reference_path(output: Path) -> Path:
    """Where the reference of an evaluation is written, beside the first output; removed at the end."""
    return output.with_name(f".{output.stem}{REFERENCE}")


def remove_leftovers(task: Task, others: Iterable[Task] = ()) -> None:
    """Take away what a killed run of the task left unfinished. Finished files stay, and what somebody else writes or wrote.

    ``others`` are unfinished tasks that may go on with what is there: what one of them writes as well stays.
    """
    shared = {path for other in others for path in written_by(other)}
    for path in written_by(task):
        if path in shared:
            continue
        with contextlib.suppress(OSError, Timeout), FileLock(_beside(path, LOCK), timeout=0):
            if _beside(path, JOURNAL).exists() and _is_of(task, path):  # without one it is none of ours
                _beside(path, PART).unlink(missing_ok=True)
                if path.name.endswith(REFERENCE):
                    path.unlink(missing_ok=True)
                _beside(path, JOURNAL).unlink(missing_ok=True)
            _beside(path, LOCK).unlink(missing_ok=True)
    if isinstance(task, Download):
        _remove_empty(task)


def _is_of(task: Task, path: Path) -> bool:
    """Whether what a journal tells of is what the task wants: another download may want the same name for something else."""
    if not isinstance(task, Download):
        return True
    from zhiyin_models.hub.content import asked_for  # noqa: PLC0415 - they know the names of this module
    from zhiyin_models.hub.part_file import left_of  # noqa: PLC0415

    return any(left_of(path, asked_for(task, file)) for file in task.files if _target(task, file.path) == path)


def _remove_empty(task: Download) -> None:
    """The folders that a download made for its files, as far as nothing is in them; one that a person chose stays."""
    from zhiyin_models.library.installed import Library  # noqa: PLC0415 - it is looked for only here

    inside = {Path(task.folder)} | ({Library(task.data_dir).models_directory} if task.purpose == "model" else set())
    found = {parent for path in written_by(task) for parent in path.parents if not inside.isdisjoint(parent.parents)}
    for place in sorted(found, key=lambda one: len(one.parts), reverse=True):
        with contextlib.suppress(OSError):
            place.rmdir()


def _target(task: Download, name: str) -> Path | None:
    """Where a file of a download goes; None where it cannot have a name."""
    with contextlib.suppress(ModelError):
        return Path(task.folder, local_name(name))
    return None


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
