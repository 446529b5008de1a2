"""The words between a checkpoint, a family and the writer: what is read, what becomes of it, and under which name it is written.

Shapes are as numpy and safetensors have them, rows first: ``(out, in)`` for a linear layer. GGUF names dimensions in the other order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Matrix: TypeAlias = NDArray[np.float32]
Shape: TypeAlias = tuple[int, ...]
# A whole number is written as UINT32, a fraction as FLOAT32, a list of whole numbers as INT32, a list of fractions as FLOAT32, bytes as
# UINT8; a flag as BOOL and words as STRING.
Value: TypeAlias = bool | int | float | str | bytes | list[str] | list[int] | list[float] | list[bool]
Metadata: TypeAlias = dict[str, Value]


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """A tensor of a checkpoint: its shape, and how its values are stored ("F32", "F16", "BF16", …, as safetensors names them)."""

    name: str
    shape: Shape
    dtype: str


class TensorSource(Protocol):
    """Where tensors are read from: a checkpoint, or one with adapters merged into it. Values arrive in F32, and belong to the caller."""

    @property
    def tensors(self) -> Mapping[str, TensorInfo]:
        """Everything that there is, by name."""
        ...

    def read(self, name: str, start: int = 0, stop: int | None = None) -> Matrix:
        """A tensor, or its rows (first axis) from ``start`` to ``stop``; C-contiguous. Raises ModelError, KeyError."""
        ...


@dataclass(frozen=True, slots=True)
class Read:
    """A tensor of the checkpoint, or a run of its rows, with the whole shape that it must have."""

    name: str
    shape: Shape
    start: int = 0
    stop: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A run of rows of a target, from one read; or a constant. In this order: rows are taken, the matrix is transposed, ``add`` is added,
    each row is brought to length 1 where ``unit`` says so, and all axes but the last are counted as rows.
    """

    read: Read | None = None
    take: NDArray[np.intp] | None = None  # which rows, in the order in which they are written
    transpose: bool = False
    add: float = 0.0
    constant: Matrix | None = None
    unit: bool = False  # each row of length 1, as some models make their output at run time: not linear, so no adapter follows
    within: tuple[int, int] | None = None  # of a stack of matrices (experts in one tensor): from which row to which of each

    def make(self, source: TensorSource) -> Matrix:
        """The piece's values. Raises ModelError."""
        if self.read is None:
            return np.zeros((0,), np.float32) if self.constant is None else self.constant
        values = self.shaped(source.read(self.read.name, self.read.start, self.read.stop))
        if self.add:
            values += np.float32(self.add)
        return _unit_rows(values) if self.unit else values

    def shaped(self, values: Matrix) -> Matrix:
        """What was read, with its rows taken and its axes in their order, but nothing added."""
        if self.take is not None:
            values = values[self.take]
        if self.within is not None:
            values = np.ascontiguousarray(values[:, self.within[0] : self.within[1]])
        if self.transpose:
            values = np.ascontiguousarray(values.T)
        return values


@dataclass(frozen=True, slots=True)
class Target:
    """A tensor of the GGUF file: its pieces follow each other along the first axis (the experts of a layer: one piece each)."""

    name: str
    shape: Shape
    pieces: tuple[Piece, ...]


def _unit_rows(values: Matrix) -> Matrix:
    """Rows divided by their Euclidean length, in place; as torch's ``normalize`` has it, none is divided by less than 1e-12."""
    length = np.sqrt(np.einsum("...i,...i->...", values, values))
    values /= np.maximum(length, np.float32(1e-12))[..., None]
    return values


def rotary_rows(heads: int, head: int, rotated: int | None = None) -> NDArray[np.intp]:
    """The rows of a Q or K projection in llama.cpp's order: each head's halves (as Transformers rotates them) become neighbours.

    ``heads`` of ``head`` rows each, of which the first ``rotated`` take part in the rotation (all, if None).
    """
    rotated = head if rotated is None else rotated
    turned = np.arange(rotated).reshape(2, rotated // 2).T.reshape(-1)
    order = np.concatenate([turned, np.arange(rotated, head)])
    rows: NDArray[np.intp] = (np.arange(heads, dtype=np.intp)[:, None] * head + order[None, :]).reshape(-1)
    return rows
