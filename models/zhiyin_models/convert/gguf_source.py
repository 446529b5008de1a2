"""A GGUF file, or set of files, as a source of tensors, with its metadata as it lies in the file: what becomes another GGUF file."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from zhiyin_models.convert.header import Entry, entry, head
from zhiyin_models.convert.plan import QUANTIZATION_VERSION, FilePlan
from zhiyin_models.convert.quant_types import PLAIN, ModelShape, QuantType, choose_types, kept_type, loader_order
from zhiyin_models.convert.source_files import NotPlainError, SourceFile, shown, unreadable
from zhiyin_models.convert.tensors import Matrix, Piece, Read, Shape, Target, TensorInfo
from zhiyin_models.convert.weight_file import Values, rows_of
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.library.gguf import GGUFFile, Tensor, read_metadata

PIECE = 1 << 24  # values that are read and quantized at a time; an expert is never divided
MAX_METADATA = 1 << 28  # bytes that are copied
# What is true of the file that is read, not of the one that is written.
LEFT_OUT = frozenset(
    {
        *("general.file_type", "general.quantization_version", "general.alignment"),
        *("split.no", "split.count", "split.tensors.count"),
    }
)


@dataclass(frozen=True, slots=True)
class _Place:
    """A tensor, and where it lies."""

    info: TensorInfo
    type: int
    file: SourceFile
    offset: int


class GGUFSource:
    """The tensors of a GGUF model under their GGUF names; F32, F16 and BF16 can be read.

    Raises ModelError: what ``read_metadata`` and ``GGUFFile.check_complete`` raise, MODEL_NOT_CHAT for a file that holds no model, and
    MODEL_DAMAGED.
    """

    def __init__(self, path: Path) -> None:
        self.file: GGUFFile = read_metadata(path)
        if self.file.kind != "model" or not self.file.architecture:
            self.file.check_chat()
        self.file.check_complete()
        self._files: list[SourceFile] = []
        self._places: dict[str, _Place] = {}
        try:
            for part in self.file.parts:
                opened = _opened(part.path, part.size)
                self._files.append(opened)
                for tensor in part.tensors:
                    self._place(tensor, opened, part.data_offset)
        except BaseException:
            self.close()
            raise
        self.tensors: Mapping[str, TensorInfo] = {name: place.info for name, place in self._places.items()}

    def _place(self, tensor: Tensor, file: SourceFile, data: int) -> None:
        if tensor.name in self._places or not prod(tensor.shape):
            detail = f"{tensor.name[:64]} appears twice" if tensor.name in self._places else f"{tensor.name[:64]} is empty"
            raise ModelError(Code.MODEL_DAMAGED, path=shown(file.path), detail=detail)
        info = TensorInfo(tensor.name, tuple(reversed(tensor.shape)), tensor.type_name)
        self._places[tensor.name] = _Place(info, tensor.type, file, data + tensor.offset)

    @property
    def shape(self) -> ModelShape:
        """What the choice of types looks at."""
        arch = self.file.architecture
        heads = next(iter(self.file.numbers(f"{arch}.attention.head_count")), 0)
        kv_heads = next(iter(self.file.numbers(f"{arch}.attention.head_count_kv")), heads)
        return ModelShape(arch, self.file.layers, heads, kv_heads, self.file.of_architecture("expert_count"))

    def read(self, name: str, start: int = 0, stop: int | None = None) -> Matrix:
        """A tensor in F32, or its rows (first axis) from ``start`` to ``stop``.

        Raises KeyError, and ModelError ALREADY_QUANTIZED, TENSOR_TYPE, TENSOR_NOT_FINITE, SOURCE_CHANGED, SOURCE_UNREADABLE.
        """
        place = self._places[name]
        if place.type not in PLAIN:
            raise self._no_values(place)
        shape = place.info.shape
        rows = rows_of(shape, start, stop)
        out: Matrix = np.empty(prod(rows.shape), np.float32)
        values = Values(place.file, place.info)
        values.read(out, place.offset + rows.start * prod(shape[1:]) * values.item)
        return out.reshape(rows.shape)

    def entries(self) -> list[Entry]:
        """The metadata as they lie in the (first) file, but for what is true of that file alone."""
        first, file = self.file.parts[0], self._files[0]
        kept = {key: span for key, span in first.spans.items() if key not in LEFT_OUT}
        if sum(span.stop - span.start for span in kept.values()) > MAX_METADATA:
            raise ModelError(Code.MODEL_DAMAGED, path=shown(file.path), detail=f"more than {MAX_METADATA >> 20} MB of metadata")
        return [Entry(key, span.type, file.bytes_at(span.start, span.stop - span.start)) for key, span in kept.items()]

    def targets(self) -> tuple[Target, ...]:
        """Every tensor as it is, in llama.cpp's order; large ones by rows, experts one at a time."""
        return tuple(
            Target(name, place.info.shape, _pieces(name, place.info.shape))
            for name, place in sorted(self._places.items(), key=lambda item: loader_order(item[0]))
        )

    def plan(self, kind: QuantType, *, imatrix: bool) -> FilePlan:
        """The file in this type. Raises ModelError ALREADY_QUANTIZED, TENSOR_TYPE, TYPE_NEEDS_IMATRIX."""
        names = sorted(self._places, key=loader_order)
        for name in names:
            if self._places[name].type not in PLAIN:
                raise self._no_values(self._places[name])
        tensors = [(name, self._places[name].info.shape) for name in names]
        types = choose_types(kind, self.shape, tensors, imatrix=imatrix, present=[self._places[name].type for name in names])
        last = [entry("general.quantization_version", QUANTIZATION_VERSION), entry("general.file_type", kind.file_type)]
        listed = [(name, shape, chosen) for (name, shape), chosen in zip(tensors, types, strict=True)]
        content, placed = head([*self.entries(), *last], listed)
        return FilePlan(kind, content, placed)

    def fingerprint(self) -> str:
        """Differs when any of the files differs, as they were when they were opened."""
        digest = hashlib.sha256()
        for file in self._files:
            digest.update(repr((shown(file.path), *file.stamp)).encode())
        return digest.hexdigest()

    def check_unchanged(self) -> None:
        """Raises ModelError SOURCE_CHANGED if a file is no longer what it was when it was opened."""
        for file in self._files:
            file.check_unchanged()

    def close(self) -> None:
        """Let the files go."""
        for file in self._files:
            file.close()

    def _no_values(self, place: _Place) -> ModelError:
        if kept_type(place.info.name, place.info.shape) is None:
            return ModelError(Code.ALREADY_QUANTIZED, path=shown(self.file.path), name=self.file.quant)
        return ModelError(Code.TENSOR_TYPE, name=place.info.name, detail=place.info.dtype)


def _pieces(name: str, shape: Shape) -> tuple[Piece, ...]:
    columns = prod(shape[1:])
    step = 1 if len(shape) > 2 else shape[0] if len(shape) == 1 else max(1, PIECE // columns)
    return tuple(Piece(Read(name, shape, start, min(start + step, shape[0]))) for start in range(0, shape[0], step))


def _opened(path: Path, size: int) -> SourceFile:
    """A part whose header was read. Raises ModelError MODEL_MISSING, SOURCE_UNREADABLE, SOURCE_CHANGED."""
    try:
        file = SourceFile(path)
    except (FileNotFoundError, NotADirectoryError):
        raise ModelError(Code.MODEL_MISSING, path=shown(path)) from None
    except (OSError, ValueError, NotPlainError) as error:
        raise unreadable(path, error) from error
    if file.size != size:
        file.close()
        raise ModelError(Code.SOURCE_CHANGED, path=shown(path))
    return file
