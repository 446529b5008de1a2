"""Importance matrices: for each column of a weight, the mean square of what flows into it. Quantizers take more care of what matters more.

Formats: llama.cpp's tools/imatrix (GGUF: ``NAME.in_sum2`` and ``NAME.counts`` for each weight) and the older one that has no header.
"""

import contextlib
import os
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from zhiyin_models.convert.header import entry, head, padded
from zhiyin_models.convert.quant_types import F32, kept_type
from zhiyin_models.convert.source_files import NotPlainError, SourceFile, shown
from zhiyin_models.convert.tensors import Matrix, Shape
from zhiyin_models.disk import refusal
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.jobs.leftovers import PART
from zhiyin_models.library.gguf_header import Part, Tensor, read_part

SUMS, COUNTS = ".in_sum2", ".counts"
MAX_ENTRIES = 1 << 17
MAX_NAME = 1 << 10  # bytes
MAX_GROUPS = 1 << 14  # experts of a tensor
SLAB = 1 << 20  # values that are looked at together
LARGEST = np.float32(3e38)  # of what a quantizer can weigh with
UNEXAMINED = frozenset({"token_embd.weight", "per_layer_token_embd.weight"})  # rows are looked up, nothing flows in


@dataclass(frozen=True, slots=True)
class Sums:
    """What was seen by one weight: sums of squares (experts, columns), and the tokens that each expert saw (experts,)."""

    sums: Matrix
    counts: Matrix

    @property
    def size(self) -> int:
        """How many sums there are."""
        return self.sums.size


@dataclass(frozen=True, slots=True)
class _Stored:
    """The same, in a file: the sums are read when they are asked for."""

    file: "_File"
    offset: int
    size: int
    counts: Matrix

    @property
    def sums(self) -> Matrix:
        """Along one axis. Raises ModelError."""
        return self.file.values(self.offset, self.size)


class Importance:
    """The importance of the columns of a model's weights, by the weight's name."""

    def __init__(self, entries: Mapping[str, Sums], *, datasets: Iterable[str] = (), chunks: int = 0, chunk_size: int = 512) -> None:
        self.path = Path()
        self.datasets = tuple(datasets)
        self.chunks, self.chunk_size = chunks, chunk_size  # runs of so many tokens
        self._entries: dict[str, Sums | _Stored] = dict(entries)

    @classmethod
    def open(cls, path: Path) -> "Importance":
        """A file of either format, all of it checked. Raises ModelError IMATRIX_BAD."""
        file = _File(path)
        file.read()
        made = cls({}, datasets=file.datasets, chunks=file.chunks, chunk_size=file.chunk_size)
        made.path = path
        made._entries.update(file.entries)
        return made

    @property
    def names(self) -> tuple[str, ...]:
        """The weights that it knows."""
        return tuple(sorted(self._entries))

    def of(self, name: str, shape: Shape) -> Matrix | None:
        """The importance of a weight's columns, (experts or 1, columns); None where there is none.

        Raises ModelError IMATRIX_OTHER when the weight has other columns; SOURCE_CHANGED.
        """
        found = self._fitting(name, shape)
        if found is None:
            return None
        sums, counts = found.sums.reshape(len(found.counts), -1), found.counts[:, None]
        means = np.ones_like(sums)  # an expert that saw nothing has no favourites
        np.divide(sums, counts, out=means, where=counts > 0)
        return means.reshape(prod(shape[:-2]), shape[-1])

    def check(self, tensors: Iterable[tuple[str, Shape]]) -> None:
        """Raises ModelError IMATRIX_OTHER if it cannot have been made for a model of these tensors."""
        names = [name for name, shape in tensors if self._fitting(name, shape) is not None]
        if not names:
            raise ModelError(Code.IMATRIX_OTHER, path=shown(self.path), name=next(iter(self.names), ""))

    def _fitting(self, name: str, shape: Shape) -> Sums | _Stored | None:
        found = self._entries.get(name)
        if found is None or kept_type(name, shape) is not None:
            return None
        if found.size == prod(shape[:-2]) * shape[-1] and found.size % len(found.counts) == 0:
            return found
        if name in UNEXAMINED:
            return None
        raise ModelError(Code.IMATRIX_OTHER, path=shown(self.path), name=name)

    def write(self, path: Path) -> None:
        """Write the file as llama.cpp's tools do: under its name only when it is whole.

        Raises ModelError OUTPUT_UNWRITABLE, DISK_FULL.
        """
        metadata = [
            entry("general.type", "imatrix"),
            entry("imatrix.datasets", list(self.datasets) or [""]),
            entry("imatrix.chunk_count", self.chunks),
            entry("imatrix.chunk_size", self.chunk_size),
        ]
        listed: list[tuple[str, Shape, int]] = []
        for name in self.names:
            one = self._entries[name]
            listed += [(name + SUMS, (len(one.counts), one.size // len(one.counts)), F32), (name + COUNTS, (len(one.counts), 1), F32)]
        part = path.with_name(path.name + PART)
        try:
            with part.open("wb") as file:
                content, _ = head(metadata, listed)
                file.write(content)
                for name in self.names:
                    one = self._entries[name]
                    for values in (one.sums, one.counts):
                        data = np.ascontiguousarray(values, "<f4").tobytes()
                        file.write(data + bytes(padded(len(data)) - len(data)))
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise refusal(path, error) from error


class _File:
    """An importance matrix's file. Everything raises ModelError IMATRIX_BAD."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.datasets: tuple[str, ...] = ()
        self.chunks = self.chunk_size = 0
        self.entries: dict[str, _Stored] = {}
        try:
            self._file = SourceFile(path)
        except NotPlainError:
            raise self._bad("not a regular file") from None
        except (OSError, ValueError) as error:
            raise self._bad(getattr(error, "strerror", None) or str(error)) from error

    def read(self) -> None:
        """Find every entry, and look at all values before any work is done with them: llama.cpp refuses what is not finite, too."""
        if self._file.size >= 4 and self._bytes(0, 4) == b"GGUF":
            self._read_gguf()
        else:
            self._read_legacy()
        for stored in self.entries.values():
            for start in range(0, stored.size, SLAB):
                self.values(stored.offset + start * 4, min(SLAB, stored.size - start))

    def values(self, place: int, count: int) -> Matrix:
        """Sums or counts. Raises ModelError SOURCE_CHANGED, SOURCE_UNREADABLE as well."""
        values: Matrix = np.empty(count, "<f4")
        self._file.read_into(values.data.cast("B"), place)
        if not (values >= 0).all() or values.max() > LARGEST:
            raise self._bad("values that are no sums of squares")
        return values

    def _read_gguf(self) -> None:
        try:
            part = read_part(self.path)
            part.check()
        except ModelError as error:
            raise self._bad(str(error.failure.args.get("detail", error.code))) from error
        datasets = part.metadata.get("imatrix.datasets")
        self.datasets = tuple(str(one) for one in datasets) if isinstance(datasets, tuple) else ()
        self.chunks = _whole(part.metadata.get("imatrix.chunk_count"))
        self.chunk_size = _whole(part.metadata.get("imatrix.chunk_size"))
        tensors = {tensor.name: tensor for tensor in part.tensors}
        names = {name.removesuffix(suffix) for name in tensors for suffix in (SUMS, COUNTS) if name.endswith(suffix)}
        if not names:
            raise self._bad("no importance in it")
        for name in names:
            self._add(name, part, tensors.get(name + SUMS), tensors.get(name + COUNTS))

    def _add(self, name: str, part: Part, sums: Tensor | None, counts: Tensor | None) -> None:
        if sums is None or counts is None or sums.type != F32 or counts.type != F32:
            raise self._bad(f"sums and counts of {name[:64]} do not go together")
        groups, size = prod(counts.shape), prod(sums.shape)
        if not 1 <= groups <= MAX_GROUPS or not size or size % groups:
            raise self._bad(f"{size} sums and {groups} counts for {name[:64]}")
        seen = np.floor(self.values(part.data_offset + counts.offset, groups) + np.float32(0.5))
        self.entries[name] = _Stored(self, part.data_offset + sums.offset, size, seen)

    def _read_legacy(self) -> None:
        """Whole numbers of four bytes: entries; for each, name (with its length), calls, values (with their number); calls, dataset."""
        place = 0
        entries, place = self._number(place)
        if not 1 <= entries <= MAX_ENTRIES:
            raise self._bad("no importance matrix")
        for _ in range(entries):
            length, place = self._number(place)
            if not 1 <= length <= MAX_NAME:
                raise self._bad(f"a name of {length} bytes")
            name = self._bytes(place, length).decode("utf-8", "replace")
            calls, place = self._number(place + length)
            size, place = self._number(place)
            if size < 1:
                raise self._bad(f"{size} values for {name[:64]}")
            self._room(place, size * 4)
            if name in self.entries:
                raise self._bad(f"{name[:64]} appears twice")
            self.entries[name] = _Stored(self, place, size, np.array([max(calls, 1)], np.float32))
            place += size * 4
        if place + 4 <= self._file.size:
            self.chunks, place = self._number(place)
        if place + 4 <= self._file.size:
            length, place = self._number(place)
            if 0 < length <= MAX_NAME and place + length <= self._file.size:
                self.datasets = (self._bytes(place, length).decode("utf-8", "replace"),)

    def _number(self, place: int) -> tuple[int, int]:
        """A whole number, and where the next thing lies."""
        return int(struct.unpack("<i", self._bytes(place, 4))[0]), place + 4

    def _bytes(self, place: int, count: int) -> bytes:
        self._room(place, count)
        return self._file.bytes_at(place, count)

    def _room(self, place: int, count: int) -> None:
        if place + count > self._file.size:
            raise self._bad("it ends early")

    def _bad(self, detail: str) -> ModelError:
        return ModelError(Code.IMATRIX_BAD, path=shown(self.path), detail=detail)


def _whole(value: object) -> int:
    return value if isinstance(value, int) and 0 <= value < 1 << 32 else 0
