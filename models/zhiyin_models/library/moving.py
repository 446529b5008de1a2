"""Copies and moves model files, with progress."""

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.jobs.protocol import CopyModel, MoveModels, Outcome
from zhiyin_models.work import Report, Stop


def copy_model(task: CopyModel, report: Report, stop: Stop) -> Outcome:
    """Do a ``CopyModel``. Raises ModelError, StoppedError."""
    raise ModelError(Code.FOLDER_BAD, path=task.folder, detail="")


def move_models(task: MoveModels, report: Report, stop: Stop) -> Outcome:
    """Do a ``MoveModels``. Raises ModelError, StoppedError."""
    raise ModelError(Code.FOLDER_BAD, path=task.folder, detail="")
