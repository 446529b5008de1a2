"""The one pass: each tensor is read once, quantized on all cores for every output, and written; nothing else touches the disk."""

import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from math import prod

import numpy as np
from llama_cpp import __version__ as llama_cpp_version
from numpy.typing import NDArray

from zhiyin_models import __version__
from zhiyin_models.convert.importance_file import Importance
from zhiyin_models.convert.kernels import Kernels
from zhiyin_models.convert.model_writer import ModelWriter
from zhiyin_models.convert.plan import FilePlan
from zhiyin_models.convert.quant_types import tensor_bytes
from zhiyin_models.convert.tensors import Matrix, Piece, Target, TensorInfo, TensorSource
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.work import Pace, Report, Stage, Stop

WRITER = "1"  # raised when the same input is written otherwise
SLAB = 16 << 20  # bytes of output that are quantized before they are written
READ_AT_ONCE = 16 << 20  # values of a tensor
RUN = 4 << 20  # values of a tensor whose rows stay in their order
READ_AHEAD = 24 << 20  # values that may be held at once, unless a single run has more


class Interruptible:
    """A source of tensors of which large ones are read in runs of rows, between which a stop is heard."""

    def __init__(self, source: TensorSource, stop: Stop) -> None:
        self._source, self._stop = source, stop

    @property
    def tensors(self) -> Mapping[str, TensorInfo]:
        """The source's."""
        return self._source.tensors

    def read(self, name: str, start: int = 0, stop: int | None = None) -> Matrix:
        """As the source reads. Raises StoppedError, and what the source raises."""
        self._stop.check()
        shape = self._source.tensors[name].shape
        end = shape[0] if shape and stop is None else stop or 0
        row = prod(shape[1:])
        if len(shape) < 2 or (end - start) * row <= READ_AT_ONCE:
            return self._source.read(name, start, stop)
        values = np.empty((end - start, *shape[1:]), np.float32)
        step = max(1, READ_AT_ONCE // row)
        for first in range(start, end, step):
            self._stop.check()
            last = min(end, first + step)
            values[first - start : last - start] = self._source.read(name, first, last)
        return values


class Stream:
    """From a source of tensors into several open writers. Raises ModelError, StoppedError."""

    def __init__(
        self,
        source: TensorSource,
        targets: Sequence[Target],
        writers: Sequence[ModelWriter],
        *,
        kernels: Kernels,
        importance: Importance | None,
        report: Report,
        stop: Stop,
    ) -> None:
        self._source, self._targets, self._writers = Interruptible(source, stop), targets, writers
        self._kernels, self._importance, self._stop = kernels, importance, stop
        self._values = [prod(target.shape) for target in targets]
        self._done = float(sum(sum(self._values[: writer.done]) for writer in writers))
        self._pace = Pace(Stage.CONVERT, float(sum(self._values)) * len(writers), report, start=self._done)

    def run(self) -> None:
        """Write every tensor that is not written yet."""
        self._pace.at(self._done)
        wanted = [index for index in range(len(self._targets)) if any(writer.done <= index for writer in self._writers)]
        with ThreadPoolExecutor(1, thread_name_prefix="read") as reader:
            runs = self._read_ahead(wanted, reader)
            for index in wanted:
                writers = [writer for writer in self._writers if writer.done <= index]
                self._write(index, self._targets[index], writers, runs)
                self._pace.at(self._done, self._targets[index].name)

    def _read_ahead(self, wanted: Sequence[int], reader: ThreadPoolExecutor) -> Iterator[Matrix]:
        """The values of every run of rows, in order. While one is quantized, the next few are read."""
        runs = deque(run for index in wanted for piece in self._targets[index].pieces for run in _runs(piece, self._targets[index]))
        waiting: deque[tuple[Future[Matrix], int]] = deque()
        held = 0
        while runs or waiting:
            while runs and (not waiting or held + runs[0][1] <= READ_AHEAD):
                run, size = runs.popleft()
                waiting.append((reader.submit(run.make, self._source), size))
                held += size
            future, size = waiting.popleft()
            values = future.result()
            del future
            yield values
            del values
            held -= size

    def _write(self, index: int, target: Target, writers: Sequence[ModelWriter], runs: Iterator[Matrix]) -> None:
        importance = self._importance.of(target.name, target.shape) if self._importance is not None else None
        starts = [writer.tensors[index].offset for writer in writers]
        for number, piece in enumerate(target.pieces):
            weights = _of_piece(importance, number, len(target.pieces))
            for _ in _runs(piece, target):
                self._stop.check()
                values = next(runs).reshape(-1, target.shape[-1])
                for place, writer in enumerate(writers):
                    kind = writer.tensors[index].type
                    starts[place] = self._quantize(values, kind, weights, writer, start=starts[place], name=target.name)
                del values
        for writer, end in zip(writers, starts, strict=True):
            tensor = writer.tensors[index]
            if end != tensor.offset + tensor.size:  # of the family's own declaration: never written as a model
                raise ModelError(Code.TENSOR_SHAPE, name=target.name, actual=str(end - tensor.offset), wanted=str(tensor.size))
            writer.finish_tensor(index)

    def _quantize(self, values: Matrix, kind: int, importance: Matrix | None, writer: ModelWriter, *, start: int, name: str) -> int:
        """Rows of one piece into one file; returns where the next piece begins."""
        rows, columns = values.shape
        row_bytes = tensor_bytes(kind, (1, columns))
        groups = 1 if importance is None else len(importance)
        rows_of_group = rows // groups
        step = max(1, min(rows_of_group, SLAB // max(1, row_bytes)))
        buffer: NDArray[np.uint8] = np.empty(step * row_bytes, np.uint8)
        for first in range(0, rows, rows_of_group):
            weights = None if importance is None else importance[first // rows_of_group][None, :]
            for row in range(first, first + rows_of_group, step):
                count = min(step, first + rows_of_group - row)
                part = buffer[: count * row_bytes]
                self._kernels.quantize(values[row : row + count], kind, part, weights, self._stop, name=name)
                writer.write(part.data, start)
                start += len(part)
                self._done += count * columns
                self._pace.at(self._done, name)
        return start


def _runs(piece: Piece, target: Target) -> list[tuple[Piece, int]]:
    """A piece in runs of rows that are read and quantized one after the other, each with how many values it has.

    What changes the place of rows is read whole, as are experts, each of which has an importance of its own.
    """
    read = piece.read
    whole = [(piece, prod(target.shape) // max(1, len(target.pieces)))]
    if read is None or piece.take is not None or piece.transpose or piece.within is not None or len(read.shape) != 2:
        return whole
    step = max(1, RUN // read.shape[1])
    stop = read.shape[0] if read.stop is None else read.stop
    if stop - read.start <= step:
        return whole
    return [
        (replace(piece, read=replace(read, start=first, stop=min(stop, first + step))), min(step, stop - first) * read.shape[1])
        for first in range(read.start, stop, step)
    ]


def _of_piece(importance: Matrix | None, number: int, pieces: int) -> Matrix | None:
    """The rows of the importance that belong to a piece: one for each expert, or one for all."""
    if importance is None or len(importance) == 1 or pieces == 1:
        return importance
    return importance[number : number + 1] if len(importance) == pieces else None


def write_files(
    source: TensorSource,
    targets: Sequence[Target],
    writers: Sequence[ModelWriter],
    *,
    importance: Importance | None,
    report: Report,
    stop: Stop,
    unchanged: Callable[[], None],
) -> None:
    """Stream into writers that are open; afterwards all is on the disk under the names of the parts. Raises ModelError, StoppedError."""
    kernels = Kernels()
    try:
        Stream(source, targets, writers, kernels=kernels, importance=importance, report=report, stop=stop).run()
    finally:
        kernels.close()
    unchanged()
    for writer in writers:
        stop.check()
        writer.complete()


def fingerprint_of(plan: FilePlan, source: str, *more: str) -> str:
    """Stands for everything that decides over a file's bytes."""
    digest = hashlib.sha256(plan.content)
    for words in (__version__, llama_cpp_version, WRITER, source, *more):
        digest.update(words.encode("utf-8", "surrogateescape") + b"\0")
    return digest.hexdigest()
