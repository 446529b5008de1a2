"""What both kinds of weight file share: typed values at a place in a file, which become F32 slab by slab, and are all finite.

The file is read, not mapped: pages of a map that were touched count as the process's memory, and a file that is cut short meanwhile would
end the process.
"""

import threading
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from zhiyin_models.convert.source_files import NotPlainError, SourceFile, shown, unreadable
from zhiyin_models.convert.tensors import Matrix, Shape, TensorInfo
from zhiyin_models.errors import Code, ModelError

SLAB = 1 << 19  # bytes read at a time: they and what becomes of them stay in the processor's cache
MAX_TENSORS = 1 << 18  # of one file
MAX_NAME = 1024  # characters
MAX_DIMENSIONS = 16
MAX_VALUES = 1 << 50

# Bytes of one value, as safetensors names the types.
ITEM_SIZES: Mapping[str, int] = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 1),
    **dict.fromkeys(("U16", "I16", "F16", "BF16"), 2),
    **dict.fromkeys(("U32", "I32", "F32"), 4),
    **dict.fromkeys(("U64", "I64", "F64", "C64"), 8),
}
READABLE: Mapping[str, np.dtype[np.generic]] = {
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<u2"),  # as its bits
    "BF16": np.dtype("<u2"),
    "F64": np.dtype("<f8"),
}


class WeightFile(Protocol):
    """One file of weights: what is in it, and its values."""

    @property
    def file(self) -> SourceFile:
        """The open file."""
        ...

    @property
    def tensors(self) -> Mapping[str, TensorInfo]:
        """Everything in the file, by name."""
        ...

    def read(self, name: str, start: int = 0, stop: int | None = None) -> Matrix:
        """A tensor in F32, or its rows from ``start`` to ``stop``. Raises ModelError, KeyError."""
        ...

    def close(self) -> None:
        """Let the file go."""
        ...


def open_weights(path: Path) -> SourceFile:
    """A weight file. Raises ModelError SHARD_MISSING, SHARD_DAMAGED (not a plain file), SOURCE_UNREADABLE."""
    try:
        return SourceFile(path)
    except (FileNotFoundError, NotADirectoryError):
        raise ModelError(Code.SHARD_MISSING, path=shown(path)) from None
    except NotPlainError:
        raise damaged(path, "not a regular file") from None
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error


def damaged(path: Path, detail: str) -> ModelError:
    """What is wrong with a weight file."""
    return ModelError(Code.SHARD_DAMAGED, path=shown(path), detail=shown(detail))


def is_name(name: object) -> bool:
    """Whether a tensor can be called so: some text that can cross borders."""
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME:
        return False
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_shape(shape: object) -> bool:
    """Whether a list or tuple can be a tensor's shape."""
    return (
        isinstance(shape, list | tuple)
        and len(shape) <= MAX_DIMENSIONS
        and all(type(one) is int and 0 <= one <= MAX_VALUES for one in shape)
        and prod(filter(None, shape)) <= MAX_VALUES  # numpy refuses large axes beside an empty one, too
    )


class Rows(NamedTuple):
    """Which rows of a tensor are meant, and the shape of the result."""

    start: int
    stop: int
    shape: Shape


def rows_of(shape: Shape, start: int, stop: int | None) -> Rows:
    """Rows ``start`` to ``stop`` along the first axis; a scalar has one. Raises IndexError where there are no such rows."""
    count = shape[0] if shape else 1
    stop = count if stop is None else stop
    if not 0 <= start <= stop <= count:
        raise IndexError(f"rows {start} to {stop} of {count}")
    return Rows(start, stop, (stop - start, *shape[1:]) if shape else ())


class Values:
    """Reads runs of one tensor's values as F32."""

    _buffers = threading.local()

    def __init__(self, file: SourceFile, info: TensorInfo) -> None:
        """Raises ModelError TENSOR_TYPE for a type that holds no weights."""
        self._file, self._name, self._kind = file, info.name, info.dtype
        if info.dtype not in READABLE:
            raise ModelError(Code.TENSOR_TYPE, name=info.name, detail=info.dtype)
        self._stored = READABLE[info.dtype]
        self.item = self._stored.itemsize

    def read(self, out: Matrix, place: int) -> None:
        """Fill ``out`` (one axis, contiguous) with the values that begin at a place of the file. Raises ModelError TENSOR_NOT_FINITE …"""
        step = SLAB // self.item
        buffer = self._buffer()
        for start in range(0, len(out), step):
            part = out[start : start + step]
            if self._kind == "F32":
                self._file.read_into(part.data.cast("B"), place + start * 4)
                finite = bool(np.isfinite(part).all())
            else:
                raw = buffer[: len(part) * self.item]
                self._file.read_into(raw.data, place + start * self.item)
                finite = _widen(raw.view(self._stored), self._kind, part)
            if not finite:
                raise ModelError(Code.TENSOR_NOT_FINITE, name=self._name)

    def _buffer(self) -> NDArray[np.uint8]:
        """The thread's own."""
        if not hasattr(self._buffers, "slab"):
            self._buffers.slab = np.empty(SLAB, np.uint8)
        slab: NDArray[np.uint8] = self._buffers.slab
        return slab


def _widen(raw: NDArray[Any], kind: str, out: Matrix) -> bool:
    """Values as F32; whether all are finite, judged by the bits as far as they go."""
    if kind == "F64":
        with np.errstate(over="ignore"):
            out[:] = raw
        return bool(np.isfinite(out).all())
    bits = out.view(np.uint32)
    if kind == "BF16":
        np.left_shift(raw, 16, out=bits, dtype=np.uint32, casting="unsafe")
        return _below(raw, 0x7F80)
    # The sign is spread over the upper bits, of which one remains; the exponent lacks 112, which the product makes good.
    np.left_shift(raw.view(np.int16), 13, out=bits.view(np.int32), dtype=np.int32, casting="unsafe")
    bits &= np.uint32(0x8FFFE000)
    out *= np.float32(2.0**112)
    return _below(raw, 0x7C00)


def _below(bits: NDArray[Any], limit: int) -> bool:
    """Whether all values of 16 bits are less than ``limit`` but for their signs: the greatest is found without a copy."""
    return int(bits.view(np.int16).max(initial=0)) < limit and int(bits.view(np.uint16).max(initial=0)) < 0x8000 + limit
