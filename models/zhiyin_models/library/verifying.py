"""Reads a model's files again and compares their checksums."""

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.jobs.protocol import Outcome, Verify
from zhiyin_models.work import Report, Stop


def verify(task: Verify, report: Report, stop: Stop) -> Outcome:
    """Do a ``Verify``. Raises ModelError, StoppedError."""
    raise ModelError(Code.MODEL_MISSING, path=task.model)
