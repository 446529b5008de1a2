"""The head of a GGUF file: its metadata, and where each tensor lies. Format: ggml/docs/gguf.md of llama.cpp, version 3."""

import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from zhiyin_models.convert.tensors import Shape, Value
from zhiyin_models.library.ggml_types import TENSOR_TYPES

MAGIC = b"GGUF"
VERSION = 3
ALIGNMENT = 32
UINT8, UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY, UINT64 = 0, 4, 5, 6, 7, 8, 9, 10
NUMBERS: dict[int, str] = {UINT8: "<u1", UINT32: "<u4", INT32: "<i4", FLOAT32: "<f4", BOOL: "?", UINT64: "<u8"}


class Entry(NamedTuple):
    """A key with its value as it lies in the file: ``data`` is what follows the value's type."""

    key: str
    type: int
    data: bytes


class Placed(NamedTuple):
    """A tensor of the file: where its data begin, counted from the beginning of the file, and how many bytes they are."""

    name: str
    shape: Shape  # rows first
    type: int
    offset: int
    size: int


def entry(key: str, value: Value) -> Entry:
    """A key with its value in the type that goes with the value. Raises ValueError for what has no type."""
    kind, data = _encoded(value)
    return Entry(key, kind, data)


def head(entries: Sequence[Entry], tensors: Iterable[tuple[str, Shape, int]]) -> tuple[bytes, tuple[Placed, ...]]:
    """The bytes before the first tensor, padding included, and where each tensor will lie; the file ends with the last one's padding."""
    listed = list(tensors)
    parts = [MAGIC, struct.pack("<IQQ", VERSION, len(listed), len(entries))]
    for one in entries:
        parts += [_string(one.key), struct.pack("<I", one.type), one.data]
    offset = 0
    places: list[tuple[int, int]] = []
    for name, shape, kind in listed:
        packed = TENSOR_TYPES[kind]
        size = int(np.prod(shape, dtype=np.int64)) // packed.block * packed.size
        parts += [_string(name), struct.pack(f"<I{len(shape)}QIQ", len(shape), *reversed(shape), kind, offset)]
        places.append((offset, size))
        offset += padded(size)
    content = b"".join(parts)
    content += b"\0" * (padded(len(content)) - len(content))
    placed = tuple(
        Placed(name, shape, kind, len(content) + start, size) for (name, shape, kind), (start, size) in zip(listed, places, strict=True)
    )
    return content, placed


def padded(size: int) -> int:
    """Bytes up to the next alignment."""
    return -(-size // ALIGNMENT) * ALIGNMENT


def _encoded(value: Value) -> tuple[int, bytes]:
    if isinstance(value, bool):
        return BOOL, struct.pack("<?", value)
    if isinstance(value, int):
        return (UINT32, struct.pack("<I", value)) if value < 1 << 32 else (UINT64, struct.pack("<Q", value))
    if isinstance(value, float):
        return FLOAT32, struct.pack("<f", value)
    if isinstance(value, str):
        return STRING, _string(value)
    return ARRAY, _array(value)


def _array(values: bytes | list[str] | list[int] | list[float] | list[bool]) -> bytes:
    if isinstance(values, bytes):
        return struct.pack("<IQ", UINT8, len(values)) + values
    first = values[0] if values else 0
    if isinstance(first, str):
        return b"".join([struct.pack("<IQ", STRING, len(values)), *(_string(str(item)) for item in values)])
    kind = BOOL if isinstance(first, bool) else FLOAT32 if any(isinstance(item, float) for item in values) else INT32
    return struct.pack("<IQ", kind, len(values)) + np.asarray(values, NUMBERS[kind]).tobytes()


def _string(text: str) -> bytes:
    raw = text.encode("utf-8", "surrogateescape")
    return struct.pack("<Q", len(raw)) + raw
