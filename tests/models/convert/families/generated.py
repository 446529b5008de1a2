"""Tiny checkpoints from a seed, the same everywhere: from the raw bits of a seeded generator, which no version of NumPy changes."""

import hashlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from tests.models.convert.families.cases import Case, Tensor, Tensors


def uniform(seed: str, shape: tuple[int, ...]) -> Tensor:
    """Values between −1 and 1 with 24 bits each."""
    state = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:16], "little")
    raw = np.random.PCG64(state).random_raw(int(np.prod(shape)))
    return ((raw >> np.uint64(40)).astype(np.float32) / np.float32(1 << 23) - np.float32(1)).reshape(shape)


def tokens_of(case: Case, vocabulary: int) -> NDArray[np.int64]:
    """The text that the logits are of."""
    return ((uniform(f"{case.seed} text", (case.length,)) + 1) / 2 * vocabulary).astype(np.int64)


def tensors_of(case: Case, shapes: Mapping[str, tuple[int, ...]]) -> Tensors:
    """The checkpoint's values: matrices that keep a vector's length about as it is, norms around 1, biases around 0."""
    return {name: _values(case, name, shape) for name, shape in shapes.items()}


def _values(case: Case, name: str, shape: tuple[int, ...]) -> Tensor:
    values = uniform(f"{case.seed} {name}", shape)
    for part, factor in case.scales.items():
        if part in name:
            values *= np.float32(factor)
    if len(shape) > 1:
        return values * np.float32(np.sqrt(3 / shape[-1])) if "emb" not in name and "wte" not in name else values
    if name.endswith("bias") or any(part in name for part in case.centred):
        return values * np.float32(0.5)
    return values * np.float32(0.5) + np.float32(1)
