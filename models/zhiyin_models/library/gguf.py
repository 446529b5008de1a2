"""What a GGUF file says about itself, read without loading it and without believing it.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and 3, little-endian. Every count and length is checked
against the file's size before anything is allocated; long arrays (the vocabulary) are skipped.
"""

import re
import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO, NamedTuple

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.library.ggml_types import FILE_TYPES, GUESSED, TENSOR_TYPES

MAX_KEYS = 1 << 16
MAX_TENSORS = 1 << 17
MAX_KEY = 1 << 16  # bytes
MAX_STRING = 16 << 20  # bytes, one value
MAX_KEPT = 64 << 20  # bytes, all values together
MAX_ITEMS = 1 << 22  # strings and nested arrays that are walked over one by one
MAX_NESTING = 4  # arrays of arrays
MAX_SPLITS = 1000
KEPT_NUMBERS = 4096  # shorter arrays are kept: heads per layer, sections of a rotary embedding …
KEPT_STRINGS = 64  # languages, tags
WINDOW = 2 << 20  # bytes read at a time

STRING, ARRAY = 8, 9
NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
ELEMENTS = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "bool", "string", "array", "uint64", "int64", "float64")
SPLIT_NAME = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf", re.IGNORECASE | re.DOTALL)

# What reads text but does not write any: encoders, projectors of pictures and sound, and codecs.
NOT_CHAT = frozenset(
    {
        *("bert", "modern-bert", "nomic-bert", "nomic-bert-moe", "neo-bert", "jina-bert-v2", "jina-bert-v3", "eurobert"),
        *("gemma-embedding", "llama-embed", "t5encoder", "clip", "mmproj", "wavtokenizer-dec"),
    }
)


class ArrayStub(NamedTuple):
    """An array that was skipped; ``offset`` is where its first element lies in the file."""

    element: str
    length: int
    offset: int


Scalar = int | float | bool | str
Value = Scalar | tuple[Scalar, ...] | ArrayStub


class Tensor(NamedTuple):
    """One entry of the tensor table; ``offset`` counts from the start of the part's tensor data, ``nbytes`` is 0 for an unknown type."""

    name: str
    shape: tuple[int, ...]
    type: int
    offset: int
    nbytes: int

    @property
    def type_name(self) -> str:
        """Q4_K, F32 …"""
        known = TENSOR_TYPES.get(self.type)
        return known.name if known else f"type {self.type}"


@dataclass(frozen=True)
class Part:
    """One file of a model: where its tensor data begin, and how long the file is and should be (bytes)."""

    path: Path
    version: int
    size: int
    alignment: int
    data_offset: int
    metadata: dict[str, Value]
    tensors: tuple[Tensor, ...]

    @property
    def expected_size(self) -> int:
        """Bytes that the tensor table promises."""
        return self.data_offset + max((tensor.offset + tensor.nbytes for tensor in self.tensors), default=0)

    def check(self) -> None:
        """Raise MODEL_TRUNCATED when the file ends early and MODEL_DAMAGED when the tensors do not lie one after the other."""
        place = 0
        for tensor in self.tensors:
            if tensor.type not in TENSOR_TYPES:
                break  # of a newer llama.cpp: where the next one must lie is not known
            if tensor.offset != place:
                raise ModelError(Code.MODEL_DAMAGED, path=str(self.path), detail=f"tensor {tensor.name[:64]} lies in the wrong place")
            place += -(-tensor.nbytes // self.alignment) * self.alignment
        if self.expected_size > self.size:
            raise ModelError(Code.MODEL_TRUNCATED, path=str(self.path), expected=self.expected_size, actual=self.size)


@dataclass(frozen=True)
class GGUFFile:
    """A model as its file (or the first of its files) describes it.

    Values come from the file unchecked in meaning: a number that is absent, of another type, or out of range reads as 0.
    """

    path: Path  # the first part's
    parts: tuple[Part, ...]
    missing_parts: tuple[Path, ...] = ()
    metadata: dict[str, Value] = field(default_factory=dict)

    @property
    def version(self) -> int:
        """Of the GGUF format."""
        return self.parts[0].version

    @property
    def size(self) -> int:
        """Bytes of all parts that are there."""
        return sum(part.size for part in self.parts)

    @property
    def data_offset(self) -> int:
        """Where the tensor data of the first part begin."""
        return self.parts[0].data_offset

    @property
    def tensor_count(self) -> int:
        """Tensors in all parts."""
        return sum(len(part.tensors) for part in self.parts)

    def tensors(self) -> Iterator[Tensor]:
        """Every tensor of every part, in the order of the files."""
        for part in self.parts:
            yield from part.tensors

    def text(self, key: str) -> str:
        """A string value, or ""."""
        value = self.metadata.get(key)
        return value if isinstance(value, str) else ""

    def number(self, key: str, *, limit: int = 1 << 40) -> int:
        """A whole number from 0 to limit; 0 when absent. Of an array, the largest."""
        values = self.numbers(key)
        return max((value for value in values if 0 <= value <= limit), default=0)

    def numbers(self, key: str) -> tuple[int, ...]:
        """A whole number or an array of them (one a layer), else nothing."""
        value = self.metadata.get(key)
        items: Sequence[object] = value if isinstance(value, tuple) and not isinstance(value, ArrayStub) else (value,)
        return tuple(int(item) for item in items if isinstance(item, int))

    def of_architecture(self, key: str) -> int:
        """The number under the architecture's own prefix, e.g. ``llama.block_count``."""
        return self.number(f"{self.architecture}.{key}")

    @property
    def architecture(self) -> str:
        """llama, qwen3, gemma3 …"""
        return _plain(self.text("general.architecture"), 64)

    @property
    def kind(self) -> str:
        """What the file is: model, adapter, mmproj, imatrix …"""
        return _plain(self.text("general.type"), 64) or "model"

    @property
    def name(self) -> str:
        """The name the file gives itself, else the file's own without its ending and part number."""
        return _plain(self.text("general.name"), 120) or stem(self.path)

    @cached_property
    def parameters(self) -> int:
        """Weights, counted in the shapes."""
        return sum(prod(tensor.shape) for tensor in self.tensors())

    @cached_property
    def quant(self) -> str:
        """Quant type: Q4_K_M, Q4_1, BF16 …; from the tensors when the file does not say."""
        declared = self.metadata.get("general.file_type")
        if isinstance(declared, int) and not isinstance(declared, bool) and (declared & ~GUESSED) in FILE_TYPES:
            return FILE_TYPES[declared & ~GUESSED]
        weights: Counter[str] = Counter()
        for tensor in self.tensors():
            weights[tensor.type_name] += tensor.nbytes if len(tensor.shape) > 1 else 0
        return weights.most_common(1)[0][0] if weights else ""

    @property
    def trained_context(self) -> int:
        """Tokens."""
        return self.of_architecture("context_length")

    @property
    def layers(self) -> int:
        """Repeating layers."""
        return self.of_architecture("block_count")

    @property
    def embedding(self) -> int:
        """Width of the residual stream."""
        return self.of_architecture("embedding_length")

    @property
    def heads(self) -> int:
        """Attention heads; the largest of the layers."""
        return self.of_architecture("attention.head_count")

    @property
    def kv_heads(self) -> int:
        """Key and value heads; the largest of the layers."""
        return self.of_architecture("attention.head_count_kv") or self.heads

    @property
    def key_length(self) -> int:
        """Values of one head's key."""
        return self.of_architecture("attention.key_length") or (self.embedding // self.heads if self.heads else 0)

    @property
    def value_length(self) -> int:
        """Values of one head's value."""
        return self.of_architecture("attention.value_length") or (self.embedding // self.heads if self.heads else 0)

    @property
    def vocabulary(self) -> int:
        """Entries of the tokenizer."""
        tokens = self.metadata.get("tokenizer.ggml.tokens")
        if isinstance(tokens, ArrayStub):
            return tokens.length
        return len(tokens) if isinstance(tokens, tuple) else self.of_architecture("vocab_size")

    @property
    def chat_template(self) -> str | None:
        """The Jinja source of the default chat template."""
        return self.text("tokenizer.chat_template") or None

    @property
    def is_chat(self) -> bool:
        """Whether the file holds a model that can write text; only encoders, adapters, projectors and the like are known not to."""
        return self.kind == "model" and bool(self.architecture) and self.architecture not in NOT_CHAT

    def check_chat(self) -> None:
        """Raise MODEL_NOT_CHAT for what cannot answer: an encoder, a picture projector, an adapter."""
        if not self.is_chat:
            what = self.architecture if self.kind == "model" else f"{self.kind} ({self.architecture})"
            raise ModelError(Code.MODEL_NOT_CHAT, path=str(self.path), architecture=what or "?")

    def check_complete(self) -> None:
        """Raise MODEL_SPLIT_MISSING, MODEL_TRUNCATED or MODEL_DAMAGED when the files cannot hold all the tensors they list."""
        if self.missing_parts:
            raise ModelError(Code.MODEL_SPLIT_MISSING, path=str(self.path), part=self.missing_parts[0].name)
        for part in self.parts:
            part.check()
        promised = self.number("split.tensors.count")
        if len(self.parts) > 1 and promised and promised != self.tensor_count:
            raise ModelError(Code.MODEL_DAMAGED, path=str(self.path), detail=f"{self.tensor_count} of {promised} tensors")
        if not self.tensor_count:
            raise ModelError(Code.MODEL_DAMAGED, path=str(self.path), detail="no tensors")


def read_metadata(path: str | Path) -> GGUFFile:
    """Read what a model's file says, and of a split model every part's (any part may be named).

    Raises ModelError: MODEL_MISSING, MODEL_UNREADABLE, MODEL_NOT_GGUF, MODEL_GGUF_VERSION, MODEL_TRUNCATED, MODEL_DAMAGED,
    MODEL_SPLIT_MISSING (only when the first part is gone: see ``GGUFFile.check_complete``).
    """
    path = Path(path)
    if not is_sendable(path):
        raise ModelError(Code.MODEL_UNREADABLE, path=str(path).encode("utf-8", "replace").decode(), detail="the name is not UTF-8")
    part = _read_part(path)
    count = _whole(part.metadata.get("split.count"))
    if not 1 < count <= MAX_SPLITS:
        return GGUFFile(path, (part,), metadata=part.metadata)
    paths = split_paths(path)
    if len(paths) != count:  # llama.cpp finds the parts by their names alone
        raise ModelError(Code.MODEL_SPLIT_MISSING, path=str(path), part=f"{path.stem}-00001-of-{count:05}.gguf")
    found: list[Part] = []
    missing: list[Path] = []
    for number, one in enumerate(paths):
        try:
            found.append(part if one == path else _read_part(one))
        except ModelError as error:
            if error.code != Code.MODEL_MISSING:
                raise
            if number == 0:
                raise ModelError(Code.MODEL_SPLIT_MISSING, path=str(path), part=one.name) from error
            missing.append(one)
    return GGUFFile(paths[0], tuple(found), tuple(missing), found[0].metadata)


def split_paths(path: Path) -> tuple[Path, ...]:
    """All the parts' paths when the name is that of a part (``name-00002-of-00003.gguf``), else the path alone."""
    match = SPLIT_NAME.fullmatch(path.name)
    count = int(match["count"]) if match else 0
    if match is None or not 1 <= int(match["number"]) <= count <= MAX_SPLITS:
        return (path,)
    return tuple(path.with_name(f"{match['stem']}-{number:05}-of-{count:05}.gguf") for number in range(1, count + 1))


def is_sendable(path: Path) -> bool:
    """Whether the path can be written in JSON: file systems allow names that are no text."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def stem(path: Path) -> str:
    """The file's name without ``.gguf`` and without a part number."""
    match = SPLIT_NAME.fullmatch(path.name)
    return _plain(match["stem"] if match else path.stem, 200) or path.name


def _plain(text: str, limit: int) -> str:
    """One line without control characters, at most limit characters."""
    return " ".join("".join(char if char.isprintable() else " " for char in text[: limit * 2]).split())[:limit]


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _read_part(path: Path) -> Part:
    try:
        status = path.stat()
        if not S_ISREG(status.st_mode):  # opening a pipe would wait for ever
            raise ModelError(Code.MODEL_UNREADABLE, path=str(path), detail="not a regular file")
        with path.open("rb", buffering=0) as file:
            return _Reader(path, file, status.st_size).part()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ModelError(Code.MODEL_MISSING, path=str(path)) from error
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise ModelError(Code.MODEL_UNREADABLE, path=str(path), detail=getattr(error, "strerror", None) or str(error)) from error


class _Reader:
    """Walks a file's header through a window of bytes, never past the end and never by more than it was told to keep."""

    def __init__(self, path: Path, file: BinaryIO, size: int) -> None:
        self.path = path
        self.file = file
        self.size = size
        self.place = 0  # in the file
        self.window = b""
        self.window_start = 0
        self.kept = 0
        self.items = 0

    def part(self) -> Part:
        """The whole header."""
        if self.size < 4 or self.take(4) != b"GGUF":
            raise ModelError(Code.MODEL_NOT_GGUF, path=str(self.path))
        version = self.number("I")
        if version not in (2, 3):
            big_endian = not version & 0xFFFF
            shown: int | str = f"{int.from_bytes(version.to_bytes(4, 'little'), 'big')} (big-endian)" if big_endian else version
            raise ModelError(Code.MODEL_GGUF_VERSION, path=str(self.path), version=shown)
        tensor_count, key_count = self.number("Q"), self.number("Q")
        if key_count > MAX_KEYS or tensor_count > MAX_TENSORS:
            raise self.damaged(f"{key_count} keys, {tensor_count} tensors")
        metadata: dict[str, Value] = {}
        for _ in range(key_count):
            key = self.string(MAX_KEY)
            if key in metadata:
                raise self.damaged(f"{key[:64]} appears twice")
            metadata[key] = self.value(self.number("I"), key)
        alignment = metadata.get("general.alignment", 32)
        if not isinstance(alignment, int) or not 1 <= alignment <= 1 << 20 or alignment & (alignment - 1):
            raise self.damaged("general.alignment is no power of two")
        tensors = tuple(self.tensor(alignment) for _ in range(tensor_count))
        if len({tensor.name for tensor in tensors}) != tensor_count:
            raise self.damaged("a tensor appears twice")
        if sum(prod(tensor.shape) for tensor in tensors) >= 1 << 60:
            raise self.damaged("an impossible number of weights")
        data = -(-self.place // alignment) * alignment
        return Part(self.path, version, self.size, alignment, data, metadata, tensors)

    def damaged(self, detail: str) -> ModelError:
        return ModelError(Code.MODEL_DAMAGED, path=str(self.path), detail=detail)

    def need(self, count: int) -> int:
        """Make count bytes at the present place lie in the window; where in the window they begin."""
        start = self.place - self.window_start
        if start >= 0 and start + count <= len(self.window):
            return start
        self.room(count)
        self.file.seek(self.place)
        self.window_start = self.place
        wanted = max(count, WINDOW)
        self.window = self.file.read(wanted)
        while len(self.window) < count:
            more = self.file.read(count - len(self.window))
            if not more:  # shorter than a moment ago
                raise ModelError(Code.MODEL_TRUNCATED, path=str(self.path), expected=self.place + count, actual=self.size)
            self.window += more
        return 0

    def room(self, count: int) -> None:
        """Raise unless count more bytes are in the file: MODEL_TRUNCATED, or MODEL_DAMAGED where no file could be as long."""
        if self.place + count > 1 << 50:
            raise self.damaged("an impossible length")
        if self.place + count > self.size:
            raise ModelError(Code.MODEL_TRUNCATED, path=str(self.path), expected=self.place + count, actual=self.size)

    def take(self, count: int) -> bytes:
        start = self.need(count)
        self.place += count
        return self.window[start : start + count]

    def number(self, form: str) -> int:
        return int(struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))[0])

    def string(self, limit: int) -> str:
        length = self.number("Q")
        if length > limit:
            raise self.damaged(f"a text of {length} bytes")
        self.kept += length
        if self.kept > MAX_KEPT:
            raise self.damaged(f"more than {MAX_KEPT} bytes of texts")
        return self.take(length).decode("utf-8", "replace")

    def value(self, kind: int, key: str) -> Value:
        if kind == STRING:
            return self.string(MAX_STRING)
        if kind == ARRAY:
            return self.array()
        if kind not in NUMBERS:
            raise self.damaged(f"{key[:64]} is of the unknown type {kind}")
        return self.scalars(kind, 1)[0]

    def scalars(self, kind: int, count: int) -> tuple[Scalar, ...]:
        form = f"<{count}{NUMBERS[kind]}"
        return struct.unpack(form, self.take(struct.calcsize(form)))

    def array(self) -> Value:
        kind, count = self.number("I"), self.number("Q")
        offset = self.place
        if kind in NUMBERS and count <= KEPT_NUMBERS:
            return self.scalars(kind, count)
        if kind == STRING and count <= KEPT_STRINGS:
            return tuple(self.string(MAX_STRING) for _ in range(count))
        self.skip(kind, count, 1)
        return ArrayStub(ELEMENTS[kind], count, offset)

    def skip(self, kind: int, count: int, depth: int) -> None:
        """Go past an array's elements: of strings and arrays, one by one."""
        if kind in NUMBERS:
            size = count * struct.calcsize("<" + NUMBERS[kind])
            self.room(size)
            self.place += size
            return
        self.items += count if kind == STRING else count * 16  # a nested array takes as long as so many strings
        if kind not in (STRING, ARRAY) or depth > MAX_NESTING or self.items > MAX_ITEMS:
            raise self.damaged(f"an array of {count} elements of type {kind}, {depth} deep")
        self.room(count * 8)
        if kind == STRING:
            self.skip_strings(count)
            return
        for _ in range(count):
            self.skip(self.number("I"), self.number("Q"), depth + 1)

    def skip_strings(self, count: int) -> None:
        """The one loop that is long in every file: a vocabulary has 100,000 strings and more."""
        length_at = struct.Struct("<Q").unpack_from
        while count:
            start = self.need(8)
            window = self.window
            last = len(window) - 8
            place = start
            while count and place <= last:
                place += 8 + length_at(window, place)[0]
                count -= 1
            self.place += place - start
            self.room(0)

    def tensor(self, alignment: int) -> Tensor:
        name = self.string(MAX_KEY)
        dimensions = self.number("I")
        if not 1 <= dimensions <= 4:
            raise self.damaged(f"tensor {name[:64]} has {dimensions} dimensions")
        shape = struct.unpack(f"<{dimensions}Q", self.take(8 * dimensions))
        kind, offset = self.number("I"), self.number("Q")
        known = TENSOR_TYPES.get(kind)
        values = prod(shape)
        if values >= 1 << 60 or max(shape) >= 1 << 60 or offset >= 1 << 60 or offset % alignment or (known and shape[0] % known.block):
            raise self.damaged(f"tensor {name[:64]} has an impossible shape or place")
        nbytes = values // known.block * known.size if known else 0
        return Tensor(name, shape, kind, offset, nbytes)
