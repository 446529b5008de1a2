"""Fetches the files of one model: ranges, resuming, checksums, and one step into the library."""

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.jobs.protocol import Download, Outcome
from zhiyin_models.work import Report, Stop, Tuning


def download(task: Download, report: Report, stop: Stop, tuning: Tuning) -> Outcome:
    """Do a ``Download``. Raises ModelError, StoppedError."""
    raise ModelError(Code.HUB_OFFLINE)
