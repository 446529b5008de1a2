"""What a killed job leaves beside its outputs, so that it can be resumed, and how that is taken away when it will not be."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from zhiyin_models.jobs.protocol import Calibrate, Convert, ExportAdapter, Quantize, Task

PART = ".part"  # the file as far as it is written
JOURNAL = ".part.json"  # how far that is, and from what


def written_by(task: Task) -> Iterator[Path]:
    """The files that a task writes."""
    if isinstance(task, Convert | Quantize):
        yield from (Path(output.path) for output in task.outputs)
        if isinstance(task, Convert) and task.evaluate and task.outputs:
            yield reference_path(Path(task.outputs[0].path))
    elif isinstance(task, Calibrate | ExportAdapter):
        yield Path(task.output)


def reference_path(output: Path) -> Path:
    """Where the reference of an evaluation is written, beside the first output; removed at the end."""
    return output.with_name(f".{output.stem}.reference.gguf")


def remove_leftovers(task: Task) -> None:
    """Take away everything unfinished that the task may have left; finished files stay."""
    for path in written_by(task):
        for suffix in (PART, JOURNAL, f"{PART}.lock"):
            with contextlib.suppress(OSError):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
        if path.name.startswith(".") and path.name.endswith(".reference.gguf"):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
