"""A safetensors file: its header, read without believing it, and its tensors' values.

Format: https://github.com/huggingface/safetensors#format: the header's length in 8 bytes, the header in JSON, the values.
"""

from math import prod
from pathlib import Path
from typing import NamedTuple

import numpy as np

from zhiyin_models.convert.source_files import SourceFile, parse_json, shown
from zhiyin_models.convert.tensors import Matrix, TensorInfo
from zhiyin_models.convert.weight_file import ITEM_SIZES, MAX_TENSORS, MAX_VALUES, Values, damaged, is_name, is_shape, open_weights, rows_of
from zhiyin_models.errors import Code, ModelError

MAX_HEADER = 100_000_000  # bytes, as the format has it
MAX_MARKS = 1 << 22  # commas and brackets in the header


class Span(NamedTuple):
    """Where a tensor's values lie, in bytes from the start of the file."""

    begin: int
    end: int


class SafetensorsFile:
    """An open safetensors file. See ``weight_file.WeightFile``."""

    def __init__(self, file: SourceFile, tensors: dict[str, TensorInfo], spans: dict[str, Span]) -> None:
        self.file, self.tensors, self._spans = file, tensors, spans
        self.close = file.close

    @classmethod
    def open(cls, path: Path) -> "SafetensorsFile":
        """Reads and checks the header.

        Raises ModelError SHARD_MISSING, SHARD_TRUNCATED, SHARD_DAMAGED, SOURCE_UNREADABLE, SOURCE_CHANGED.
        """
        file = open_weights(path)
        try:
            return cls(file, *_header(file))
        except BaseException:
            file.close()
            raise

    def read(self, name: str, start: int = 0, stop: int | None = None) -> Matrix:
        """A tensor in F32, or its rows from ``start`` to ``stop``.

        Raises ModelError TENSOR_TYPE, TENSOR_NOT_FINITE, SOURCE_CHANGED, SOURCE_UNREADABLE; KeyError; IndexError.
        """
        info, span = self.tensors[name], self._spans[name]
        values = Values(self.file, info)
        rows = rows_of(info.shape, start, stop)
        out = np.empty(rows.shape, np.float32)
        row = (span.end - span.begin) // max(info.shape[0], 1) if info.shape else 0
        values.read(out.reshape(-1), span.begin + rows.start * row)
        return out


def _header(file: SourceFile) -> tuple[dict[str, TensorInfo], dict[str, Span]]:
    path = file.path
    if file.size < 8:
        raise ModelError(Code.SHARD_TRUNCATED, path=shown(path), expected=8, actual=file.size)
    length = int.from_bytes(file.bytes_at(0, 8), "little")
    if not 2 <= length <= MAX_HEADER:
        raise damaged(path, f"a header of {length} bytes")
    if 8 + length > file.size:
        raise ModelError(Code.SHARD_TRUNCATED, path=shown(path), expected=8 + length, actual=file.size)
    try:
        header = parse_json(file.bytes_at(8, length), unique=True, most=MAX_MARKS)
    except ValueError as error:
        raise damaged(path, str(error)) from None
    if not isinstance(header, dict):
        raise damaged(path, "the header is no object")
    header.pop("__metadata__", None)
    if len(header) > MAX_TENSORS:
        raise damaged(path, f"{len(header)} tensors")
    tensors: dict[str, TensorInfo] = {}
    spans: dict[str, Span] = {}
    for name, entry in header.items():
        tensors[name], spans[name] = _entry(path, name, entry, 8 + length)
    _check_places(file, spans)
    return tensors, spans


def _entry(path: Path, name: str, entry: object, data: int) -> tuple[TensorInfo, Span]:
    """One tensor of the header; ``data`` is where the values begin."""
    if not is_name(name):
        raise damaged(path, f"a tensor named {name[:64]!r}")
    if not isinstance(entry, dict):
        raise damaged(path, f"tensor {name[:64]} is not described")
    kind, shape, offsets = entry.get("dtype"), entry.get("shape"), entry.get("data_offsets")
    if not isinstance(kind, str) or not kind.isascii() or not 0 < len(kind) <= 32 or not isinstance(shape, list) or not is_shape(shape):
        raise damaged(path, f"tensor {name[:64]} has an impossible type or shape")
    if (
        not isinstance(offsets, list)
        or len(offsets) != 2
        or not is_shape(offsets[:1])
        or not is_shape(offsets[1:])
        or offsets[0] > offsets[1]
    ):
        raise damaged(path, f"tensor {name[:64]} has an impossible place")
    info = TensorInfo(name, tuple(shape), kind)
    if kind in ITEM_SIZES and prod(shape) * ITEM_SIZES[kind] != offsets[1] - offsets[0]:
        raise damaged(path, f"tensor {name[:64]} has {offsets[1] - offsets[0]} bytes, which is not what its shape takes")
    return info, Span(data + offsets[0], data + offsets[1])


def _check_places(file: SourceFile, spans: dict[str, Span]) -> None:
    """Every tensor within the file, and none upon another."""
    end = max((span.end for span in spans.values()), default=0)
    if end > MAX_VALUES:
        raise damaged(file.path, "an impossible length")
    if end > file.size:
        raise ModelError(Code.SHARD_TRUNCATED, path=shown(file.path), expected=end, actual=file.size)
    last = 0
    for span, name in sorted((span, name) for name, span in spans.items()):
        if span.begin < last and span.begin < span.end:
            raise damaged(file.path, f"tensor {name[:64]} lies upon another")
        last = max(last, span.end)
