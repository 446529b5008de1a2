"""The golden files: logits that Transformers computed once, with the names and shapes of the checkpoint that they are of."""

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tests.models.convert.families.cases import Case, Tensor

FOLDER = Path(__file__).parent / "golden"


class Golden(NamedTuple):
    """Logits: (tokens, vocabulary)."""

    logits: Tensor
    shapes: dict[str, tuple[int, ...]]


def read_golden(case: Case) -> Golden:
    """What is known of a case; the shapes are the caller's own."""
    logits, shapes = _held(case.name)
    return Golden(logits, dict(shapes))


@cache
def _held(name: str) -> Golden:
    with np.load(FOLDER / f"{name}.npz", allow_pickle=False) as held:
        shapes = json.loads(str(held["shapes"]))
        return Golden(held["logits"], {name: tuple(shape) for name, shape in shapes.items()})


def write_golden(case: Case, golden: Golden) -> Path:
    """Keep it."""
    path = FOLDER / f"{case.name}.npz"
    np.savez_compressed(path, logits=golden.logits.astype(np.float32), shapes=np.array(json.dumps(golden.shapes)))
    return path
