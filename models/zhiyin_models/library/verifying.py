"""Reads a model's files again and compares their checksums."""

from pathlib import Path

from zhiyin_models.errors import Code, Failure, ModelError
from zhiyin_models.jobs.protocol import Outcome, Verify
from zhiyin_models.library.file_copy import checksum
from zhiyin_models.library.gguf import read_metadata, split_paths
from zhiyin_models.library.installed import Library
from zhiyin_models.library.scanning import stamp_of
from zhiyin_models.work import Report, Stop


def verify(task: Verify, report: Report, stop: Stop) -> Outcome:
    """Do a ``Verify``: every part, and the projector when something is known of it.

    A file of which nothing was known has its checksum kept, with the notice VERIFY_KEPT. Raises StoppedError and ModelError:
    MODEL_UNKNOWN_NAME (the library does not know it), MODEL_MISSING, VERIFY_DIFFERS, SOURCE_CHANGED, and, where something was not known,
    what ``read_metadata`` and ``check_complete`` raise of a file that cannot be whole.
    """
    library = Library(task.data_dir)
    known = library.checksums(task.model)
    paths = list(split_paths(Path(task.model)))
    projector = next((model.projector for model in library.models() if model.path == task.model), "")
    if Path(projector).name in known:
        paths.append(Path(projector))
    stamp = stamp_of(task.model)
    found: dict[str, str] = {}
    for path in paths:
        found[path.name] = checksum(path, report, stop)
        if path.name in known and found[path.name] != known[path.name].lower():
            library.record_check(task.model, {}, right=False)
            raise ModelError(Code.VERIFY_DIFFERS, path=str(path))
    new = [path for path in paths if path.name not in known]
    if new:
        read_metadata(task.model).check_complete()
    if stamp_of(task.model) != stamp:
        raise ModelError(Code.SOURCE_CHANGED, path=task.model)
    library.record_check(task.model, {path.name: found[path.name] for path in new})
    return Outcome(notices=library.take_notices() + tuple(Failure(Code.VERIFY_KEPT, {"path": str(path)}) for path in new))
