"""The files of one conversion: which types they are in, whether the disks have room for them, and that nothing half-written stays."""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from zhiyin_models.convert.model_writer import ModelWriter
from zhiyin_models.convert.plan import FilePlan
from zhiyin_models.convert.quant_types import QUANT_TYPES, QuantType
from zhiyin_models.convert.streaming import fingerprint_of
from zhiyin_models.disk import refusal
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.jobs.protocol import Output

SPARE = 64 << 20  # bytes of the disk that are left free
LONGEST_STAMPED = 1 << 30  # bytes of an importance matrix


def output_kinds(outputs: Sequence[Output]) -> list[QuantType]:
    """The type of each output. Raises ModelError TYPE_UNKNOWN, and OUTPUT_BUSY where two have one name."""
    for output in outputs:
        if output.type not in QUANT_TYPES:
            raise ModelError(Code.TYPE_UNKNOWN, name=output.type, detail=", ".join(QUANT_TYPES))
    paths = [str(Path(output.path).absolute()) for output in outputs]
    twice = next((path for path in paths if paths.count(path) > 1), None)
    if twice is not None:
        raise ModelError(Code.OUTPUT_BUSY, path=twice)
    return [QUANT_TYPES[output.type] for output in outputs]


def writers_for(outputs: Sequence[Output], plans: Sequence[FilePlan], source: str, imatrix: str) -> list[ModelWriter]:
    """A writer for each output, none of them open. ``source`` and the content of the file ``imatrix`` decide over what can be resumed.

    Raises ModelError DISK_SMALL, OUTPUT_UNWRITABLE.
    """
    stamp = _stamp(imatrix)
    writers = [
        ModelWriter(Path(output.path).absolute(), plan.content, plan.tensors, fingerprint_of(plan, source, stamp))
        for output, plan in zip(outputs, plans, strict=True)
    ]
    check_disk(writers)
    return writers


def check_disk(writers: Sequence[ModelWriter]) -> None:
    """Raises ModelError DISK_SMALL when the outputs on one disk do not fit there, what is written of them already counted."""
    needs: dict[int, tuple[Path, int]] = {}
    for writer in writers:
        try:
            if writer.path.exists():  # it is either finished or somebody else's
                continue
            folder = next(place for place in writer.path.parents if place.exists())
            disk = folder.stat().st_dev
            needs[disk] = (folder, needs.get(disk, (folder, 0))[1] + max(0, writer.size - _written(writer.part)))
        except OSError as error:
            raise refusal(writer.path, error) from error
    for folder, need in needs.values():
        try:
            free = shutil.disk_usage(folder).free
        except OSError as error:
            raise refusal(folder, error) from error
        if need + SPARE > free:
            raise ModelError(Code.DISK_SMALL, path=str(folder), need=need + SPARE, free=free)


def _written(part: Path) -> int:
    """Bytes of a part that the disk has already given: its size says nothing, for it has holes."""
    if not part.exists():
        return 0
    status = part.stat()
    return min(status.st_size, getattr(status, "st_blocks", 1 << 40) * 512)


@contextlib.contextmanager
def writing(writers: Sequence[ModelWriter]) -> Iterator[None]:
    """Open all writers; if anything goes wrong within, nothing unfinished of them stays."""
    begun: list[ModelWriter] = []
    try:
        for writer in writers:
            writer.open()
            begun.append(writer)
        yield
    except BaseException:
        for writer in begun:
            if writer.published:
                writer.forget_journal()
            else:
                writer.abandon()
        raise


def _stamp(path: str) -> str:
    """Stands for a file's content."""
    if not path:
        return ""
    try:
        with Path(path).open("rb") as file:
            if os.fstat(file.fileno()).st_size > LONGEST_STAMPED:
                raise ModelError(Code.IMATRIX_BAD, path=path, detail="too large")
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(Code.IMATRIX_BAD, path=path, detail=error.strerror or str(error)) from error
