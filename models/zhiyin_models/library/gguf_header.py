"""The header of one GGUF file: its metadata and its tensor table, read without believing either.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and 3, little-endian. Every count and length is checked
against the file's size before anything is allocated; long arrays (the vocabulary) are skipped.
"""

import struct
from dataclasses import dataclass, field
from hashlib import sha1
from io import BytesIO
from math import prod
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import BinaryIO, NamedTuple

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.library.ggml_types import TENSOR_TYPES

MOST_VERSIONS = 100  # a number above is no version that will come, but damage
MAX_KEYS = 1 << 16
MAX_TENSORS = 1 << 17
MAX_KEY = 1 << 16  # bytes
MAX_STRING = 16 << 20  # bytes, one value
MAX_KEPT = 64 << 20  # bytes, all values together
MAX_ITEMS = 1 << 22  # strings and nested arrays that are walked over one by one
MAX_NESTING = 4  # arrays of arrays
KEPT_NUMBERS = 4096  # shorter arrays are kept: heads per layer, sections of a rotary embedding …
KEPT_STRINGS = 64  # languages, tags
WINDOW = 2 << 20  # bytes read at a time
MANY_STRINGS = 4096  # of one array, from which on it is remembered
LONGEST_KNOWN = 8 << 20  # bytes of an array that is remembered
MOST_KNOWN = 64  # arrays that are remembered
HEAD = 64  # bytes of an array by which it is looked up

STRING, ARRAY = 8, 9
NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
ELEMENTS = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "bool", "string", "array", "uint64", "int64", "float64")


class ArrayStub(NamedTuple):
    """An array that was skipped; ``offset`` is where its first element lies in the file."""

    element: str
    length: int
    offset: int


Scalar = int | float | bool | str
Value = Scalar | tuple[Scalar, ...] | ArrayStub


class Span(NamedTuple):
    """Where a value lies in the file, with the number of its type: from ``start`` up to ``stop``."""

    type: int
    start: int
    stop: int


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
    spans: dict[str, Span] = field(default_factory=dict)  # of the metadata

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


def read_part(path: Path) -> Part:
    """The header of one file. Raises ModelError: see ``gguf.read_metadata``."""
    try:
        status = path.stat()
        if not S_ISREG(status.st_mode):  # opening a pipe would wait for ever
            if S_ISDIR(status.st_mode):
                raise ModelError(Code.MODEL_IS_FOLDER, path=str(path))
            raise ModelError(Code.MODEL_UNREADABLE, path=str(path), detail="not a regular file")
        with path.open("rb", buffering=0) as file:
            return _Reader(path, file, status.st_size).part()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ModelError(Code.MODEL_MISSING, path=str(path)) from error
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise ModelError(Code.MODEL_UNREADABLE, path=str(path), detail=getattr(error, "strerror", None) or str(error)) from error


def read_beginning(content: bytes) -> dict[str, Value]:
    """The metadata in the first bytes of a file, as far as they go; of an array that goes on behind them, at least its length.

    Raises ModelError MODEL_NOT_GGUF, MODEL_GGUF_VERSION, MODEL_DAMAGED.
    """
    return _Reader(Path(), BytesIO(content), len(content)).beginning()


class _Known:
    """Long arrays of texts by their count and first bytes, with their length and checksum: files of a family have the same vocabulary.

    To compare a checksum takes a tenth of the time in which the texts are walked over one by one.
    """

    arrays: dict[tuple[int, bytes], tuple[int, bytes]] = {}  # noqa: RUF012 - of the whole process

    @classmethod
    def remember(cls, key: tuple[int, bytes], length: int, checksum: bytes) -> None:
        while len(cls.arrays) >= MOST_KNOWN:
            cls.arrays.pop(next(iter(cls.arrays), key), None)
        cls.arrays[key] = (length, checksum)


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
        self.version = 0

    def beginning(self) -> dict[str, Value]:
        """What there is of the metadata."""
        metadata: dict[str, Value] = {}
        try:
            _, key_count = self.start()
            for _ in range(key_count):
                key = self.string(MAX_KEY)
                kind, start = self.number("I"), self.place
                if kind == ARRAY:
                    element, count = self.number("I"), self.number("Q")
                    if element < len(ELEMENTS):
                        metadata[key] = ArrayStub(ELEMENTS[element], count, self.place)
                    self.place = start
                metadata[key] = self.value(kind, key)
        except ModelError as error:
            if error.code != Code.MODEL_TRUNCATED:
                raise
        return metadata

    def part(self) -> Part:
        """The whole header."""
        tensor_count, key_count = self.start()
        metadata: dict[str, Value] = {}
        spans: dict[str, Span] = {}
        for _ in range(key_count):
            key = self.string(MAX_KEY)
            if key in metadata:
                raise self.damaged(f"{key[:64]} appears twice")
            kind, start = self.number("I"), self.place
            metadata[key] = self.value(kind, key)
            spans[key] = Span(kind, start, self.place)
        alignment = metadata.get("general.alignment", 32)
        if not isinstance(alignment, int) or not 1 <= alignment <= 1 << 20 or alignment & (alignment - 1):
            raise self.damaged("general.alignment is no power of two")
        tensors = tuple(self.tensor(alignment) for _ in range(tensor_count))
        if len({tensor.name for tensor in tensors}) != tensor_count:
            raise self.damaged("a tensor appears twice")
        if sum(prod(tensor.shape) for tensor in tensors) >= 1 << 60:
            raise self.damaged("an impossible number of weights")
        data = -(-self.place // alignment) * alignment
        return Part(self.path, self.version, self.size, alignment, data, metadata, tensors, spans)

    def start(self) -> tuple[int, int]:
        """How many tensors and keys there are; what comes before is checked."""
        if self.size < 4 or self.take(4) != b"GGUF":
            raise ModelError(Code.MODEL_NOT_GGUF, path=str(self.path))
        version = self.version = self.number("I")
        if version not in (2, 3):
            big_endian = not version & 0xFFFF
            if not big_endian and version > MOST_VERSIONS:
                raise self.damaged(f"version {version}")
            shown: int | str = f"{int.from_bytes(version.to_bytes(4, 'little'), 'big')} (big-endian)" if big_endian else version
            raise ModelError(Code.MODEL_GGUF_VERSION, path=str(self.path), version=shown)
        tensor_count, key_count = self.number("Q"), self.number("Q")
        if key_count > MAX_KEYS or tensor_count > MAX_TENSORS:
            raise self.damaged(f"{key_count} keys, {tensor_count} tensors")
        return tensor_count, key_count

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
            self.skip_texts(count)
            return
        for _ in range(count):
            self.skip(self.number("I"), self.number("Q"), depth + 1)

    def skip_texts(self, count: int) -> None:
        """Go past an array of texts: at once where it was seen before, in this file or another."""
        if count < MANY_STRINGS:
            self.skip_strings(count)
            return
        start = self.place
        key = (count, self.take(HEAD))
        length, checksum = _Known.arrays.get(key, (0, b""))
        if length and start + length <= self.size and self.checksum(start, length) == checksum:
            self.place = start + length
            return
        self.place = start
        self.skip_strings(count)
        length = self.place - start
        if length <= LONGEST_KNOWN:
            _Known.remember(key, length, self.checksum(start, length))

    def checksum(self, start: int, length: int) -> bytes:
        """Of a piece of the file."""
        place, self.place = self.place, start
        first = self.need(length)
        self.place = place
        return sha1(memoryview(self.window)[first : first + length], usedforsecurity=False).digest()

    def skip_strings(self, count: int) -> None:
        """The one loop that is long in every file: a vocabulary has 100,000 strings and more."""
        length_at = struct.Struct("<Q").unpack_from
        while count:
            start = place = self.need(8)
            window = self.window
            last = len(window) - 8
            walked = count
            for number in range(count):
                if place > last:
                    walked = number
                    break
                place += 8 + length_at(window, place)[0]
            count -= walked
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
