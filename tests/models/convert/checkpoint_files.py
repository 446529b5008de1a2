"""Writes checkpoints with numpy alone: as other tools write them, and as nobody should."""

import json
import pickle
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
KINDS = {"float32": "F32", "float16": "F16", "float64": "F64", "int64": "I64", "int32": "I32", "int8": "I8", "uint8": "U8", "bool": "BOOL"}


def to_bf16(values: Array) -> NDArray[np.uint16]:
    """The bits, rounded to nearest even as torch rounds."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    rounded: NDArray[np.uint16] = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    return np.where(np.isnan(values), np.uint16(0x7FC0), rounded).astype(np.uint16)


def encode(values: Array, dtype: str) -> tuple[str, bytes]:
    """A tensor's type and bytes: floating values in the dtype that was asked for, others in their own."""
    kind = KINDS[str(values.dtype)]
    if not kind.startswith("F"):
        return kind, np.ascontiguousarray(values).tobytes()
    if dtype == "BF16":
        return dtype, to_bf16(values).tobytes()
    kind = dtype or kind
    return kind, np.ascontiguousarray(values, {"F32": "<f4", "F16": "<f2", "F64": "<f8"}[kind]).tobytes()


def write_safetensors(path: Path, tensors: Mapping[str, Array], dtype: str = "BF16") -> Path:
    """Floating tensors are stored in ``dtype`` ("" for their own), whole numbers as they are."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    blobs = []
    place = 0
    for name, values in tensors.items():
        kind, data = encode(values, dtype)
        header[name] = {"dtype": kind, "shape": list(values.shape), "data_offsets": [place, place + len(data)]}
        place += len(data)
        blobs.append(data)
    return write_header(path, header, b"".join(blobs))


def write_header(path: Path, header: object, data: bytes = b"") -> Path:
    """A safetensors file with any header: an object, or bytes as they are."""
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    path.write_bytes(struct.pack("<Q", len(head)) + head + data)
    return path


def write_checkpoint(
    folder: Path, config: Mapping[str, Any], tensors: Mapping[str, Array], shards: int = 1, dtype: str = "BF16", *, torch: bool = False
) -> Path:
    """A whole folder but for the tokenizer. ``torch``: in PyTorch's format instead of safetensors."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    stem, ending = ("pytorch_model", ".bin") if torch else ("model", ".safetensors")

    def write(name: str, part: Mapping[str, Array]) -> None:
        if torch:
            write_torch_bin(folder / name, part, dtype)
        else:
            write_safetensors(folder / name, part, dtype)

    if shards == 1:
        write(stem + ending, tensors)
        return folder
    places: dict[str, str] = {}
    for number in range(shards):
        name = f"{stem}-{number + 1:05}-of-{shards:05}{ending}"
        part = {key: tensors[key] for key in list(tensors)[number::shards]}
        write(name, part)
        places |= dict.fromkeys(part, name)
    index = {"metadata": {"total_size": sum(values.nbytes for values in tensors.values())}, "weight_map": places}
    (folder / f"{stem}{ending}.index.json").write_text(json.dumps(index), "utf-8")
    return folder


STORAGES = {
    "F32": "FloatStorage",
    "F16": "HalfStorage",
    "BF16": "BFloat16Storage",
    "F64": "DoubleStorage",
    "I64": "LongStorage",
    "I32": "IntStorage",
    "I8": "CharStorage",
    "U8": "ByteStorage",
    "BOOL": "BoolStorage",
}


def name_of(module: str, name: str) -> bytes:
    """The opcode that asks for something to be imported."""
    return f"c{module}\n{name}\n".encode()


def word(text: str) -> bytes:
    """The opcode of a string."""
    data = text.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def whole(number: int) -> bytes:
    """The opcode of a whole number."""
    return b"J" + struct.pack("<i", number) if number < 1 << 31 else pickle.dumps(number, 2)[2:-1]


def sizes(numbers: Sequence[int]) -> bytes:
    """A tuple of whole numbers."""
    return b"(" + b"".join(whole(number) for number in numbers) + b"t"


def tensor_opcodes(key: str, kind: str, numel: int, shape: Sequence[int], strides: Sequence[int], *, offset: int = 0) -> bytes:
    """What torch writes for a tensor: a view of the storage ``data/key``."""
    storage = b"(" + word("storage") + name_of("torch", STORAGES[kind]) + word(key) + word("cpu") + whole(numel) + b"tQ"
    hooks = name_of("collections", "OrderedDict") + b")R"
    arguments = b"(" + storage + whole(offset) + sizes(shape) + sizes(strides) + b"\x89" + hooks + b"t"
    return name_of("torch._utils", "_rebuild_tensor_v2") + arguments + b"R"


def dict_opcodes(items: Mapping[str, bytes]) -> bytes:
    """An OrderedDict of what the opcodes make."""
    return name_of("collections", "OrderedDict") + b")R(" + b"".join(word(key) + made for key, made in items.items()) + b"u"


def write_torch_bin(path: Path, tensors: Mapping[str, Array], dtype: str = "BF16") -> Path:
    """What ``torch.save(state_dict)`` writes."""
    items: dict[str, bytes] = {}
    blobs: dict[str, bytes] = {}
    for number, (name, values) in enumerate(tensors.items()):
        kind, data = encode(values, dtype)
        strides = [int(np.prod(values.shape[axis + 1 :], dtype=np.int64)) for axis in range(values.ndim)]
        items[name] = tensor_opcodes(str(number), kind, values.size, values.shape, strides)
        blobs[str(number)] = data
    return write_archive(path, b"\x80\x02" + dict_opcodes(items) + b".", blobs)


def write_archive(path: Path, program: bytes, storages: Mapping[str, bytes], order: bytes = b"little") -> Path:
    """A zip file as torch lays it out: nothing compressed, and values aligned to 64 bytes."""
    root = path.stem
    entries = {"data.pkl": program, "byteorder": order, **{f"data/{key}": data for key, data in storages.items()}, "version": b"3\n"}
    return write_zip(path, {f"{root}/{name}": data for name, data in entries.items()})


def write_zip(path: Path, entries: Mapping[str, bytes]) -> Path:
    """Stored entries, each padded through its extra field."""
    directory = b""
    with path.open("wb") as file:
        for name, data in entries.items():
            start, title = file.tell(), name.encode()
            padding = -(start + 30 + len(title) + 4) % 64
            extra = b"FB" + struct.pack("<H", padding) + b"Z" * padding
            fields = (0, 0, 0, 0, zlib.crc32(data), len(data), len(data), len(title))
            file.write(b"PK\3\4" + struct.pack("<HHHHHIIIHH", 20, *fields, len(extra)) + title + extra + data)
            directory += b"PK\1\2" + struct.pack("<HHHHHHIIIHHHHHII", 20, 20, *fields, 0, 0, 0, 0, 0, start) + title
        start = file.tell()
        end = struct.pack("<HHHHIIH", 0, 0, len(entries), len(entries), len(directory), start, 0)
        file.write(directory + b"PK\5\6" + end)
    return path
