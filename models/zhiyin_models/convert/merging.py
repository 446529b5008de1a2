"""A checkpoint with adapters merged into it, tensor by tensor and slab by slab while it is read: nothing is held but what is asked for.

The adapters are merged one after the other, as PEFT's ``merge_and_unload`` does it, but in F32, to be rounded once. For each of them:

* LoRA, rsLoRA: ``weight`` · scale · B @ A is added; of several adapters this is the sum, whatever their order.
* DoRA: after adding, each output's weights are given the length that was learned for it. PEFT sets a weight other than 1 in the scale, and
  so do we: it turns the directions less or more, the lengths stay those that were learned. The length that is divided by is the base's with
  this adapter alone.
* What is replaced whole (``modules_to_save``, saved biases, single tokens' embeddings) does not depend on the weight. A tensor that one
  adapter replaces may not have been changed by one before it.

Output and input embeddings that the checkpoint shares stay shared: trained embeddings are the output's too, as they are once PEFT's merged
model is saved. Only an adapter that changes the output by itself gives it a tensor of its own; ``configuration`` says so.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from zhiyin_models.convert.adapter_config import unsupported
from zhiyin_models.convert.adapter_match import OUTPUTS, Change, changes, embedding_of
from zhiyin_models.convert.configuration import Configuration
from zhiyin_models.convert.lora import Adapter, Pair, Tokens
from zhiyin_models.convert.tensors import Matrix, TensorInfo, TensorSource
from zhiyin_models.errors import Code, ModelError

SLAB = 1 << 20  # values that are worked on at a time
# Multiplications that OpenBLAS does on one thread. Its threads wait for each other: beside busy processes a product that takes 0.4 ms on
# one thread was seen to take 54 ms on two.
ALONE, LEAST = 1 << 18, 32  # and rows of a product, if that is more
KEPT = 4  # factors of the layers that were read last, in memory

Step = tuple[Adapter, Change]


@dataclass
class _Recipe:
    """How a tensor is made: where it begins, and what is done to it."""

    base: str = ""  # a tensor of the checkpoint
    whole: Step | None = None  # or one of an adapter
    steps: list[Step] = field(default_factory=list)


class Merged:
    """A source of tensors over another one. It may be read from several threads."""

    def __init__(self, base: TensorSource, adapters: Sequence[Adapter]) -> None:
        """Raises ModelError ADAPTER_OTHER_BASE, ADAPTER_UNSUPPORTED, ADAPTER_BAD; SOURCE_… and TENSOR_… while it compares outputs."""
        self._base, self.adapters = base, tuple(adapters)
        self._recipes: dict[str, _Recipe] = {}
        self._factors: OrderedDict[tuple[int, str], Matrix] = OrderedDict()
        self._lengths: dict[tuple[int, str], Matrix] = {}
        self._lock = threading.Lock()
        self.tensors: dict[str, TensorInfo] = dict(base.tensors)
        for adapter in self.adapters:
            for change in changes(adapter, self.tensors).values():
                self._plan(adapter, change)
        self._embedding = embedding_of(self.tensors)
        self._drop_copy()

    def read(self, name: str, start: int = 0, stop: int | None = None) -> Matrix:
        """A tensor, or its rows from ``start`` to ``stop``, merged. Raises ModelError TENSOR_NOT_FINITE and its sources'; KeyError."""
        recipe = self._recipes.get(name)
        if recipe is None:
            return self._base.read(name, start, stop)
        values = self._begin(recipe, start, stop)
        if values.ndim == 1:
            self._add_biases(values, recipe, start)
            return self._finite(values, name)
        step = max(1, SLAB // max(1, values.shape[1]))
        for row in range(0, len(values), step):
            part = values[row : row + step]
            self._merge(part, recipe, start + row)
            self._finite(part, name)
        return values

    def configuration(self, config: Configuration) -> Configuration:
        """The checkpoint's configuration with what the adapters changed of it: the size of the vocabulary, and an output of its own."""
        values = dict(config.values)
        new: dict[str, object] = {}
        if self._embedding in self._recipes:
            rows = self.tensors[self._embedding].shape[0]
            if rows != self._base.tensors[self._embedding].shape[0]:
                new["vocab_size"] = rows
        if any(OUTPUTS.fullmatch(name) for name in self._recipes):
            new["tie_word_embeddings"] = False
        text = values.get("text_config")
        if isinstance(text, dict):
            values["text_config"] = text | new
        if "vocab_size" in new and "padded_vocab_size" in values:
            values["padded_vocab_size"] = new["vocab_size"]
        return Configuration(values | new, config.path)

    # -------------------------------------------------------------- once

    def _plan(self, adapter: Adapter, change: Change) -> None:
        recipe = self._recipes.setdefault(change.name, _Recipe(base=change.tied or change.name))
        if change.whole:
            if recipe.whole is not None or recipe.steps:
                raise unsupported(adapter.path, f"{change.name} is replaced, and another adapter changes it")
            recipe.whole = (adapter, change)
        if change.pair is not None or change.bias is not None or change.tokens is not None:
            recipe.steps.append((adapter, change))
        dtype = self._base.tensors[recipe.base].dtype
        self.tensors[change.name] = TensorInfo(change.name, change.shape, dtype)

    def _drop_copy(self) -> None:
        """An output that was saved beside the embeddings it is shared with, and is the same, is no output of its own."""
        for name in [name for name in self._recipes if name not in self._base.tensors]:
            info = self.tensors[name]
            if not self._embedding or info.shape != self.tensors[self._embedding].shape:
                continue
            step = max(1, SLAB // max(1, info.shape[1]))
            rows = range(0, info.shape[0], step)
            if all(_same(self._slab(name, row, step), self._slab(self._embedding, row, step)) for row in rows):
                del self._recipes[name], self.tensors[name]

    def _slab(self, name: str, row: int, step: int) -> Matrix:
        return self.read(name, row, min(row + step, self.tensors[name].shape[0]))

    # -------------------------------------------------------------- each time

    def _begin(self, recipe: _Recipe, start: int, stop: int | None) -> Matrix:
        """The rows before anything is added."""
        if recipe.whole is not None:
            adapter, change = recipe.whole
            return adapter.read(change.whole, start, stop)
        return self._base.read(recipe.base, start, stop)

    def _add_biases(self, values: Matrix, recipe: _Recipe, start: int) -> None:
        for adapter, change in recipe.steps:
            if change.bias is not None:
                added = adapter.read(change.bias.bias, start, start + len(values))
                values += np.float32(adapter.weight * change.bias.scale) * added

    def _merge(self, values: Matrix, recipe: _Recipe, start: int) -> None:
        """Merge into a slab whose first row is ``start``."""
        with np.errstate(all="ignore"):  # what does not stay finite is said afterwards, by name
            for number, (adapter, change) in enumerate(recipe.steps):
                if change.pair is not None:
                    delta = self._product(adapter, change, change.pair, start, start + len(values))
                    if change.pair.magnitude:
                        self._decompose(values, delta, recipe, number, start)
                    else:
                        values += delta
                if change.tokens is not None:
                    _put_tokens(values, adapter, change.tokens, start)

    def _product(self, adapter: Adapter, change: Change, pair: Pair, start: int, stop: int) -> Matrix:
        """weight · scale · B @ A for rows of the tensor as it is stored."""
        left: Matrix
        if change.by_columns:
            left, right = self._factor(adapter, pair.a).T[start:stop], self._factor(adapter, pair.b).T
        else:
            left, right = adapter.read(pair.b, start, stop), self._factor(adapter, pair.a)
        left = left * np.float32(adapter.weight * pair.scale)
        product: Matrix = np.empty((len(left), right.shape[1]), np.float32)
        step = max(LEAST, ALONE // (pair.rank * right.shape[1]))
        for row in range(0, len(left), step):
            np.matmul(left[row : row + step], right, out=product[row : row + step])
        return product

    def _decompose(self, values: Matrix, delta: Matrix, recipe: _Recipe, number: int, start: int) -> None:
        """DoRA: add, then give each output its learned length."""
        adapter, change, pair = _step(recipe, number)
        learned = adapter.read(pair.magnitude)
        if change.by_columns:
            values += delta
            values *= learned / self._column_lengths(recipe, number)
            return
        alone = self._begin(recipe, start, start + len(values)) if number else values.copy()
        alone += delta
        lengths = np.sqrt(np.einsum("ij,ij->i", alone, alone))
        values += delta
        values *= (learned[start : start + len(values)] / lengths)[:, None]

    def _column_lengths(self, recipe: _Recipe, number: int) -> Matrix:
        """The lengths of the columns of the base with one adapter alone: they take a pass over the whole tensor, once."""
        adapter, change, pair = _step(recipe, number)
        key = (id(adapter), change.name)
        with self._lock:
            known = self._lengths.get(key)
        if known is not None:
            return known
        rows, columns = change.shape
        squares: NDArray[np.float64] = np.zeros(columns, np.float64)
        step = max(1, SLAB // max(1, columns))
        for row in range(0, rows, step):
            stop = min(row + step, rows)
            alone = self._begin(recipe, row, stop) + self._product(adapter, change, pair, row, stop)
            squares += np.einsum("ij,ij->j", alone, alone)
        lengths: Matrix = np.sqrt(squares).astype(np.float32)
        with self._lock:
            self._lengths[key] = lengths
        return lengths

    def _factor(self, adapter: Adapter, name: str) -> Matrix:
        """One of a pair, whole; the last few are kept, since a tensor is read in many runs of rows."""
        key = (id(adapter), name)
        with self._lock:
            found = self._factors.get(key)
            if found is not None:
                self._factors.move_to_end(key)
                return found
        found = adapter.read(name)
        with self._lock:
            self._factors[key] = found
            while len(self._factors) > KEPT:
                self._factors.popitem(last=False)
        return found

    def _finite(self, values: Matrix, name: str) -> Matrix:
        if not np.isfinite(values).all():
            raise ModelError(Code.TENSOR_NOT_FINITE, name=name)
        return values


def _same(one: Matrix, other: Matrix) -> bool:
    """But for rounding: the same product may be reckoned in another order."""
    return np.allclose(one, other, rtol=1e-5, atol=1e-6)


def _step(recipe: _Recipe, number: int) -> tuple[Adapter, Change, Pair]:
    """A step that adds a product."""
    adapter, change = recipe.steps[number]
    if change.pair is None:
        raise TypeError(change.name)
    return adapter, change, change.pair


def _put_tokens(values: Matrix, adapter: Adapter, tokens: Tokens, start: int) -> None:
    """Single rows of a slab whose first row is ``start``."""
    indices = np.asarray(tokens.indices, np.int64) - start
    for place in np.flatnonzero((indices >= 0) & (indices < len(values))).tolist():
        values[indices[place]] = adapter.read(tokens.name, place, place + 1)[0]
