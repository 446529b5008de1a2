"""What a golden case is: a tiny checkpoint of one family, and mistakes that its proof must notice."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Tensor: TypeAlias = NDArray[np.float32]
Tensors: TypeAlias = dict[str, Tensor]
# Changes what is about to be written to the GGUF file: its metadata, and its tensors by name.
Mistake: TypeAlias = Callable[[dict[str, Any], Tensors], None]

LIMIT = 2e-3  # error ÷ std
LIMIT_GELU = 4e-3  # llama.cpp's GELU is a table of F16


@dataclass(frozen=True)
class Case:
    """A tiny checkpoint: its config.json, how its values are made, and what must be noticed.

    ``config`` is as on the hub, with ``architectures``. Transformers says which tensors there are (the golden file holds their names and
    shapes), unless ``tensors`` does. ``scales`` multiply the values of tensors whose names contain the key.
    """

    name: str
    config: Mapping[str, Any]
    mistakes: Mapping[str, Mistake]
    limit: float = LIMIT
    seed: int = 1
    length: int = 24  # tokens
    scales: Mapping[str, float] = field(default_factory=dict)
    centred: tuple[str, ...] = ()  # one-dimensional weights that are around 0 and not around 1: parts of their names
    rename: Callable[[Tensors], Tensors] | None = (
        None  # the same checkpoint as somebody else stores it: for the converter, not for Transformers
    )
    reference: str = ""  # where Transformers has no such class: the function in make_golden.py that computes the logits


# ---- mistakes


def unpermuted(name: str, heads: int, rotated: int | None = None) -> Mistake:
    """The rows of a Q or K projection stay as Transformers has them."""

    def mistake(_: dict[str, Any], tensors: Tensors) -> None:
        values = tensors[name]
        head = len(values) // heads
        turned = head if rotated is None else rotated
        order = np.concatenate([np.arange(turned).reshape(turned // 2, 2).T.reshape(-1), np.arange(turned, head)])
        tensors[name] = values.reshape(heads, head, -1)[:, order].reshape(values.shape)

    return mistake


def permuted(name: str, heads: int) -> Mistake:
    """The rows of a Q or K projection become neighbours, for a family that does not want it."""

    def mistake(_: dict[str, Any], tensors: Tensors) -> None:
        values = tensors[name]
        head = len(values) // heads
        order = np.arange(head).reshape(2, head // 2).T.reshape(-1)
        tensors[name] = values.reshape(heads, head, -1)[:, order].reshape(values.shape)

    return mistake


def swapped(one: str, other: str) -> Mistake:
    """Two tensors under each other's names."""

    def mistake(_: dict[str, Any], tensors: Tensors) -> None:
        tensors[one], tensors[other] = tensors[other], tensors[one]

    return mistake


def halves_swapped(name: str) -> Mistake:
    """The two halves of a fused projection in the wrong order."""

    def mistake(_: dict[str, Any], tensors: Tensors) -> None:
        tensors[name] = np.roll(tensors[name], tensors[name].shape[0] // 2, axis=0)

    return mistake


def rolled(name: str) -> Mistake:
    """Every row, or every expert, in its neighbour's place."""

    def mistake(_: dict[str, Any], tensors: Tensors) -> None:
        tensors[name] = np.roll(tensors[name], 1, axis=0)

    return mistake


def zeroed(name: str) -> Mistake:
    """A bias is forgotten."""

    def mistake(_: dict[str, Any], tensors: Tensors) -> None:
        tensors[name] = np.zeros_like(tensors[name])

    return mistake


def ones(name: str) -> Mistake:
    """A norm's weight, or the factors of the rotary frequencies, are forgotten."""

    def mistake(_: dict[str, Any], tensors: Tensors) -> None:
        tensors[name] = np.ones_like(tensors[name])

    return mistake


def shifted(name: str, by: float) -> Mistake:
    """A wrong constant is added, or the right one is not."""

    def mistake(_: dict[str, Any], tensors: Tensors) -> None:
        tensors[name] = tensors[name] + np.float32(by)

    return mistake


def untransposed(name: str) -> Mistake:
    """A square matrix stays as it was stored."""

    def mistake(_: dict[str, Any], tensors: Tensors) -> None:
        tensors[name] = np.ascontiguousarray(tensors[name].T)

    return mistake


def told(key: str, value: Any) -> Mistake:
    """A wrong value in the metadata."""

    def mistake(metadata: dict[str, Any], _: Tensors) -> None:
        assert metadata.get(key) != value
        metadata[key] = value

    return mistake


def untold(key: str) -> Mistake:
    """A value is missing from the metadata."""

    def mistake(metadata: dict[str, Any], _: Tensors) -> None:
        del metadata[key]

    return mistake


def dropped(name: str) -> Mistake:
    """An optional tensor is forgotten."""

    def mistake(_: dict[str, Any], tensors: Tensors) -> None:
        del tensors[name]

    return mistake
