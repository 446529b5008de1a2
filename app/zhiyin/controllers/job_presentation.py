"""From the state of a job to what its card shows: a title, the steps, sentences."""

from pathlib import Path

from PySide6.QtCore import QCoreApplication

from zhiyin.errors import describe
from zhiyin.ui.amounts import count_text
from zhiyin.ui.job_card import JobView
from zhiyin_models.convert.inspection import AdapterReport
from zhiyin_models.errors import Failure
from zhiyin_models.jobs.protocol import (
    Calibrate,
    Convert,
    CopyModel,
    Download,
    Evaluate,
    ExportAdapter,
    Inspect,
    JobState,
    LibraryTask,
    MoveModels,
    Output,
    Quantize,
    Status,
    Task,
    Verify,
)
from zhiyin_models.work import Stage


def job_view(state: JobState, *, cancelling: bool = False) -> JobView:
    """What the card of a job shows."""
    outcome, task = state.outcome, state.task
    outputs = outcome.outputs if outcome is not None else ()
    return JobView(
        id=state.id,
        title=job_title(task),
        status=state.status,
        stages=job_stages(task),
        progress=state.progress,
        cancelling=cancelling and state.status == Status.RUNNING,
        failure=_sentence(state.failure) if state.failure is not None else "",
        notices=tuple(_sentence(notice) for notice in outcome.notices) if outcome is not None else (),
        outputs=outputs,
        evaluations=outcome.evaluations if outcome is not None else (),
        prompt=task.smoke if isinstance(task, Convert) else "",
        answer=outcome.answer.strip() if outcome is not None else "",
        seconds=max(0.0, (state.ended or state.created) - (state.begun or state.created)),
        can_chat=isinstance(task, Convert | Quantize) and bool(outputs),
    )


def job_title(task: Task) -> str:
    """What a job does, in one line."""
    match task:
        case Convert() | Quantize():
            return f"{_model_name(task.outputs)} → {', '.join(output.type for output in task.outputs)}"
        case Calibrate():
            return QCoreApplication.translate("Presentation", "Importance matrix of {name}").format(name=Path(task.model).name)
        case Evaluate():
            return QCoreApplication.translate("Presentation", "Evaluation of {name}").format(name=Path(task.model).name)
        case ExportAdapter():
            return QCoreApplication.translate("Presentation", "Adapter {name}").format(name=Path(task.output).name)
        case Inspect():
            return QCoreApplication.translate("Presentation", "Inspection of {name}").format(name=Path(task.source).name)
        case _:
            return library_job_title(task)


def library_job_title(task: Download | LibraryTask) -> str:
    """What a job for the library does, in one line."""
    match task:
        case Download():
            return task.name or task.repository
        case CopyModel():
            return QCoreApplication.translate("Presentation", "Copy of {name}").format(name=Path(task.source).name)
        case Verify():
            return QCoreApplication.translate("Presentation", "Check of {name}").format(name=Path(task.model).name)
        case MoveModels():
            return QCoreApplication.translate("Presentation", "Move of the models to {path}").format(path=task.folder)
        case _:
            return QCoreApplication.translate("Presentation", "Speed of this computer")


def _model_name(outputs: tuple[Output, ...]) -> str:
    if not outputs:
        return ""
    first = outputs[0]
    return Path(first.path).stem.removesuffix(f"-{first.type}")


def job_stages(task: Task) -> tuple[Stage, ...]:
    """The steps that a job goes through."""
    match task:
        case Convert():
            measuring = (Stage.EVALUATE,) if task.evaluate else ()
            trying = (Stage.SMOKE,) if task.smoke else ()
            return (Stage.READ, Stage.PROVE, Stage.CONVERT, *measuring, *trying)
        case Quantize():
            return (Stage.READ, Stage.CONVERT)
        case Calibrate():
            return (Stage.CALIBRATE,)
        case Evaluate():
            return (Stage.EVALUATE,)
        case _:
            return ()


def output_names(task: Task) -> tuple[str, ...]:
    """The names of the files that a job writes."""
    return tuple(Path(output.path).name for output in task.outputs) if isinstance(task, Convert | Quantize) else ()


def adapter_detail(report: AdapterReport | None) -> str:
    """What an adapter is, in one line; "" before it was looked at."""
    if report is None:
        return ""
    parts = [
        report.kind,
        QCoreApplication.translate("Presentation", "rank {rank}").format(rank=report.rank),
        f"alpha {report.alpha:g}",
        QCoreApplication.translate("Presentation", "{count} tensors").format(count=count_text(report.tensors)),
    ]
    return " · ".join(part for part in (*parts, report.base) if part)


def _sentence(failure: Failure) -> str:
    return describe(failure.code, failure.args)
