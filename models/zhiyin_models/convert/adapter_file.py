"""A PEFT adapter as a GGUF adapter, which llama.cpp adds to a model while it runs.

Such a file holds only pairs of matrices under the names of the model's own tensors, so the pairs go the way that the weights went: rows of
B are taken as those of the weight, a transposed weight exchanges A and B. llama.cpp multiplies each product by alpha / rank with one alpha
for the file; where that is not the scale, B bears the difference. Source: llama.cpp's llama-adapter.cpp, and ``build_lora_mm`` in
llama-graph.cpp.
"""

import errno
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zhiyin_models.convert.adapter_match import Change, changes
from zhiyin_models.convert.header import entry, head, padded
from zhiyin_models.convert.lora import Adapter
from zhiyin_models.convert.source_files import shown
from zhiyin_models.convert.tensors import Matrix, Metadata, Piece, Shape, Target, TensorSource
from zhiyin_models.errors import Code, ModelError

F32 = 0  # ggml's number
EMBEDDINGS, OUTPUT = "token_embd.weight", "output.weight"
LOOKED_UP = frozenset({"position_embd.weight", "token_types.weight"})  # llama.cpp would pass over an adapter of theirs


@dataclass(frozen=True, slots=True, eq=False)
class _Product:
    """``scale`` · left @ right is added to a weight, or to a part of it: left (rows, rank), right (rank, columns)."""

    left: Matrix
    right: Matrix
    scale: float

    @property
    def rank(self) -> int:
        return int(self.left.shape[1])


def export_adapter(adapter: Adapter, targets: Iterable[Target], architecture: str, source: TensorSource, out: Path) -> None:
    """Write the adapter, at its weight, for models that are made of these targets; ``source`` is the base without any adapter.

    Raises ModelError ADAPTER_OTHER_BASE, ADAPTER_NOT_ALONE (what no pair of matrices can say), TENSOR_NOT_FINITE, OUTPUT_UNWRITABLE,
    DISK_FULL.
    """
    found = changes(adapter, source.tensors)
    for change in found.values():
        if change.reason:
            raise _not_alone(adapter, change.reason)
    targets = list(targets)
    names = {target.name for target in targets}
    products: dict[str, tuple[_Product, ...]] = {}
    used: set[str] = set()
    for target in targets:
        read = [piece.read.name for piece in target.pieces if piece.read is not None and piece.read.name in found]
        if read:
            if target.name in LOOKED_UP or (target.name == EMBEDDINGS and OUTPUT not in names):
                raise _not_alone(adapter, read[0])
            products[target.name] = _of_target(adapter, target, found)
            used.update(read)
    for name in found.keys() - used:
        raise _not_alone(adapter, f"{name} is no tensor of the model")
    alpha = _common_alpha(products.values())
    tensors: dict[str, Matrix] = {}
    for name, stack in products.items():
        tensors |= _matrices(name, stack, alpha)
    for name, values in tensors.items():
        if not np.isfinite(values).all():
            raise ModelError(Code.TENSOR_NOT_FINITE, name=name)
    metadata: Metadata = {
        "general.type": "adapter",
        "general.architecture": architecture,
        "general.name": shown(adapter.path.absolute().name) or "adapter",
        "adapter.type": "lora",
        "adapter.lora.alpha": alpha,
    }
    _write(out, metadata, tensors)


def _of_target(adapter: Adapter, target: Target, found: Mapping[str, Change]) -> tuple[_Product, ...]:
    """The target's products: one for all its rows, or one for each expert."""
    parts = [_of_piece(adapter, piece, found) for piece in target.pieces]
    if len(target.shape) == 3:
        if len(parts) != target.shape[0]:
            raise _not_alone(adapter, target.name)
        return tuple(part or _nothing(target.shape[1:]) for part in parts)
    if len(parts) == 1 and parts[0] is not None:
        return (parts[0],)
    return (_joined(adapter, target, parts),)


def _of_piece(adapter: Adapter, piece: Piece, found: Mapping[str, Change]) -> _Product | None:
    """What is added to a piece, in its final order of rows; a constant that the piece adds takes no part in it."""
    change = found.get(piece.read.name) if piece.read is not None else None
    if change is None or change.pair is None or piece.read is None:
        return None
    if piece.unit or piece.within is not None:  # the weight is more than its base and what is added
        raise _not_alone(adapter, change.name)
    pair = change.pair
    a, b = adapter.read(pair.a), adapter.read(pair.b)
    left, right = (a.T, b.T) if change.by_columns else (b, a)
    left = left[piece.read.start : piece.read.stop]
    if piece.take is not None:
        left = left[piece.take]
    if piece.transpose:
        left, right = right.T, left.T
    return _Product(left, right, adapter.weight * pair.scale)


def _nothing(shape: Shape) -> _Product:
    return _Product(np.zeros((shape[0], 1), np.float32), np.zeros((1, shape[1]), np.float32), 0.0)


def _joined(adapter: Adapter, target: Target, parts: Sequence[_Product | None]) -> _Product:
    """One product for rows that come from several tensors: each part's columns of the left factor meet only its rows of the right."""
    rows = [_piece_rows(piece) for piece in target.pieces]
    if sum(rows) != target.shape[0]:
        raise _not_alone(adapter, target.name)
    there = [part for part in parts if part is not None]
    scale = there[0].scale
    left = np.zeros((target.shape[0], sum(part.rank for part in there)), np.float32)
    row = column = 0
    for part, count in zip(parts, rows, strict=True):
        if part is not None:
            factor = np.float32(part.scale / scale) if scale else np.float32(0)
            left[row : row + count, column : column + part.rank] = part.left * factor
            column += part.rank
        row += count
    return _Product(left, np.concatenate([part.right for part in there]), scale)


def _piece_rows(piece: Piece) -> int:
    if piece.read is None:
        return 0 if piece.constant is None else len(piece.constant)
    if piece.transpose:
        return piece.read.shape[1]
    if piece.take is not None:
        return len(piece.take)
    return len(range(*slice(piece.read.start, piece.read.stop).indices(piece.read.shape[0])))


def _common_alpha(products: Iterable[Sequence[_Product]]) -> float:
    """The alpha that is right for most; never 0, which llama.cpp takes for "no alpha"."""
    wanted = Counter(part.scale * part.rank for stack in products for part in stack if part.scale)
    return wanted.most_common(1)[0][0] if wanted else 1.0


def _matrices(name: str, stack: Sequence[_Product], alpha: float) -> dict[str, Matrix]:
    """A target's pair of matrices as llama.cpp wants them."""
    rank = max(part.rank for part in stack)
    with np.errstate(all="ignore"):  # what does not stay finite is said afterwards, by name
        left = np.stack([_widened(part.left * np.float32(part.scale * rank / alpha), 1, rank) for part in stack])
    right = np.stack([_widened(part.right, 0, rank) for part in stack])
    if len(stack) == 1:
        left, right = left[0], right[0]
    if name == EMBEDDINGS:  # rows of the left factor are looked up by token, so it is A here
        return {f"{name}.lora_a": left, f"{name}.lora_b": np.ascontiguousarray(right.T)}
    return {f"{name}.lora_a": right, f"{name}.lora_b": left}


def _widened(values: Matrix, axis: int, rank: int) -> Matrix:
    missing = rank - values.shape[axis]
    return np.pad(values, [(0, missing if axis == place else 0) for place in (0, 1)]) if missing else values


def _not_alone(adapter: Adapter, detail: str) -> ModelError:
    return ModelError(Code.ADAPTER_NOT_ALONE, path=shown(adapter.path), detail=shown(detail)[:160])


def _write(out: Path, metadata: Metadata, tensors: Mapping[str, Matrix]) -> None:
    """Under another name first, so that there is never half a file under the final one."""
    content, placed = head(
        [entry(key, value) for key, value in metadata.items()], [(name, one.shape, F32) for name, one in tensors.items()]
    )
    part = out.with_name(out.name + ".part")
    try:
        try:
            with part.open("wb") as file:
                file.write(content)
                for place in placed:
                    file.write(np.ascontiguousarray(tensors[place.name], "<f4").data)
                    file.write(b"\0" * (padded(place.size) - place.size))
                file.flush()
                os.fsync(file.fileno())
            part.replace(out)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        if getattr(error, "errno", 0) in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
            raise ModelError(Code.DISK_FULL, path=shown(out)) from error
        raise ModelError(Code.OUTPUT_UNWRITABLE, path=shown(out), detail=getattr(error, "strerror", None) or str(error)) from error
