"""From what the library knows of its models to what its view shows: rows, facts of a file, jobs."""

from PySide6.QtCore import QCoreApplication

from zhiyin.controllers.job_presentation import job_title
from zhiyin.errors import describe
from zhiyin.ui.library_job_row import progress_text
from zhiyin.ui.library_model import FoundItem, LibraryItem
from zhiyin.ui.library_values import FileFacts, LibraryJob
from zhiyin_models.errors import Code
from zhiyin_models.jobs.protocol import JobState, Status, Verify
from zhiyin_models.library.details import ModelDetails
from zhiyin_models.library.elsewhere import Found
from zhiyin_models.library.installed import InstalledModel


def problem_text(model: InstalledModel) -> str:
    """Why a file cannot be used, and what can be done; "" when it can."""
    if model.problem is None:
        return ""
    said = {
        Code.MODEL_TRUNCATED: QCoreApplication.translate("LibraryList", "The file is incomplete. Download or copy it again."),
        Code.MODEL_DAMAGED: QCoreApplication.translate("LibraryList", "The file is damaged. Download or copy it again."),
        Code.MODEL_SPLIT_MISSING: QCoreApplication.translate("LibraryList", "Parts of it are missing. Put all its files into one folder."),
        Code.MODEL_NOT_CHAT: QCoreApplication.translate("LibraryList", "It is not a model that can chat."),
        Code.MODEL_NOT_GGUF: QCoreApplication.translate("LibraryList", "It is not a GGUF model."),
        Code.MODEL_GGUF_VERSION: QCoreApplication.translate("LibraryList", "Its GGUF version is not supported. Download a newer file."),
        Code.MODEL_UNREADABLE: QCoreApplication.translate("LibraryList", "The file cannot be read. Check its permissions and the disk."),
    }
    return said.get(model.problem) or describe(model.problem, {"path": model.path})


def library_item(model: InstalledModel, *, loaded: bool = False, update: bool = False, check: JobState | None = None) -> LibraryItem:
    """The row of an installed model; ``check`` is the job that reads its files again."""
    busy = ""
    if check is not None and check.status == Status.RUNNING:
        busy = QCoreApplication.translate("LibraryList", "Checking…")
        if check.progress is not None and check.progress.total > 0:
            busy = f"{busy} {progress_text(check.progress)}"
    return LibraryItem(model, "" if model.missing else problem_text(model), loaded, update, busy)


def found_item(found: Found) -> FoundItem:
    """The row of a model of another app."""
    return FoundItem(found.app, found.path, found.name, found.size)


def file_facts(details: ModelDetails) -> FileFacts:
    """What the side shows of a file."""
    return FileFacts(
        metadata=details.rows,
        left_out=details.left_out,
        tensors=tuple((tensor.type, tensor.count, tensor.size) for tensor in details.tensors),
        template=details.template,
        layers=details.layers,
        vocabulary=details.vocabulary,
        parts=len(details.parts),
    )


def library_job(state: JobState, *, cancelling: bool = False) -> LibraryJob:
    """The line of a copy, a move or a check."""
    said = ""
    if state.failure is not None:
        said = describe(state.failure.code, state.failure.args)
    elif state.status == Status.FINISHED:
        notices = state.outcome.notices if state.outcome is not None else ()
        said = " ".join(describe(notice.code, notice.args) for notice in notices)
        if not said and isinstance(state.task, Verify):
            said = QCoreApplication.translate("LibraryList", "The file is what it should be.")
    return LibraryJob(
        id=state.id,
        title=job_title(state.task),
        status=state.status,
        path=state.task.model if isinstance(state.task, Verify) else "",
        progress=state.progress,
        cancelling=cancelling and state.status == Status.RUNNING,
        said=said,
    )
