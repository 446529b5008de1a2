"""How fast this computer runs models: measured once, kept, and told of other models from their size."""

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.jobs.protocol import MeasureSpeed, Outcome
from zhiyin_models.work import Report, Stop


def measure_speed(task: MeasureSpeed, report: Report, stop: Stop) -> Outcome:
    """Do a ``MeasureSpeed``. Raises ModelError, StoppedError."""
    raise ModelError(Code.MODEL_MISSING, path=task.model)
