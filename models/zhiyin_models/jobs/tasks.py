"""Which code does which task. The libraries of each are loaded only when it is asked for."""

import os
from pathlib import Path

from zhiyin_models.engine.host import BARRIER_SPINS
from zhiyin_models.jobs.protocol import (
    Calibrate,
    Convert,
    CopyModel,
    Download,
    Evaluate,
    ExportAdapter,
    Inspect,
    LibraryTask,
    MeasureSpeed,
    MoveModels,
    Outcome,
    Output,
    Quantize,
    SidecarTask,
    Task,
    Verify,
)
from zhiyin_models.work import Report, Stop, Tuning


def run(task: Task, report: Report, stop: Stop, tuning: Tuning | None = None) -> Outcome:
    """Do a task in this process. Raises ModelError, and StoppedError when it was asked to stop."""
    if isinstance(task, Download):
        from zhiyin_models.hub.download import download  # noqa: PLC0415

        return download(task, report, stop, tuning or Tuning())
    return _run_for_library(task, report, stop) if isinstance(task, LibraryTask) else _run_for_sidecar(task, report, stop)


def _run_for_sidecar(task: SidecarTask, report: Report, stop: Stop) -> Outcome:
    # Threads of ours share out the rows. OpenBLAS's own wait for each other: beside a busy process a 0.4 ms product took them 54 ms.
    for name, value in {"OPENBLAS_NUM_THREADS": "1", **BARRIER_SPINS}.items():
        os.environ.setdefault(name, value)
    match task:
        case Inspect():
            from zhiyin_models.convert.inspect_checkpoint import inspect_checkpoint  # noqa: PLC0415

            return Outcome(inspection=inspect_checkpoint(task))
        case Convert():
            from zhiyin_models.convert.pipeline import convert  # noqa: PLC0415

            return convert(task, report, stop)
        case Quantize():
            from zhiyin_models.convert.pipeline import quantize  # noqa: PLC0415

            return quantize(task, report, stop)
        case Calibrate():
            from zhiyin_models.evaluate.calibration import calibrate  # noqa: PLC0415
            from zhiyin_models.evaluate.texts import read_texts  # noqa: PLC0415

            texts = (*read_texts([Path(text) for text in task.texts]), *task.chats)
            calibrate(Path(task.model), texts, Path(task.output), report, stop, chunks=task.chunks)
            return Outcome(outputs=(Output("imatrix", task.output),))
        case Evaluate():
            from zhiyin_models.evaluate.evaluation import default_texts, evaluate  # noqa: PLC0415

            places = [Path(text) for text in task.texts] or default_texts()
            return Outcome(
                evaluations=(evaluate(Path(task.model), Path(task.reference) if task.reference else None, places, report, stop),)
            )
        case ExportAdapter():
            from zhiyin_models.convert.pipeline import write_adapter  # noqa: PLC0415

            return write_adapter(task, report, stop)


def _run_for_library(task: LibraryTask, report: Report, stop: Stop) -> Outcome:
    match task:
        case CopyModel():
            from zhiyin_models.library.moving import copy_model  # noqa: PLC0415

            return copy_model(task, report, stop)
        case Verify():
            from zhiyin_models.library.verifying import verify  # noqa: PLC0415

            return verify(task, report, stop)
        case MoveModels():
            from zhiyin_models.library.moving import move_models  # noqa: PLC0415

            return move_models(task, report, stop)
        case MeasureSpeed():
            from zhiyin_models.library.speed import measure_speed  # noqa: PLC0415

            return measure_speed(task, report, stop)
