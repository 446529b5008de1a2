"""Watches what flows into a model's weights while it decodes: the sums of squares of every matrix product's input, column by column.

What is collected, and how, is as in llama.cpp's imatrix tool, so that both make the same file.
"""

import ctypes
from typing import Any

import numpy as np
from llama_cpp import llama_cpp
from numpy.typing import NDArray

from zhiyin_models.engine.devices import backends

MUL_MAT, MUL_MAT_ID = 29, 30  # ggml_op
F32 = 0  # ggml_type
LEAST_ROWS = 16  # products of fewer tokens belong to something else than the text
OUTPUT = "output.weight"

Sums = NDArray[np.float64]


class _Tensor(ctypes.Structure):
    """struct ggml_tensor, as far as it is looked at (ggml/include/ggml.h)."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("buffer", ctypes.c_void_p),
        ("ne", ctypes.c_int64 * 4),
        ("nb", ctypes.c_size_t * 4),
        ("op", ctypes.c_int),
        ("op_params", ctypes.c_int32 * 16),
        ("flags", ctypes.c_int32),
        ("src", ctypes.c_void_p * 10),
        ("view_src", ctypes.c_void_p),
        ("view_offs", ctypes.c_size_t),
        ("data", ctypes.c_void_p),
        ("name", ctypes.c_char * 64),
    )


class Activation:
    """What one weight has seen: sums of squares, shape (experts or 1, columns), and over how many rows each."""

    __slots__ = ("counts", "sums")

    def __init__(self, experts: int, columns: int) -> None:
        self.sums: Sums = np.zeros((experts, columns))
        self.counts: Sums = np.zeros(experts)


class Activations:
    """The callback for llama.cpp's scheduler, and what it has collected: weights by name."""

    def __init__(self, *, output: bool = False) -> None:
        self.found: dict[str, Activation] = {}
        self.failure: BaseException | None = None  # nothing can be raised through the library
        self.not_finite = ""  # the weight whose input was NaN or infinite
        self.callback = llama_cpp.ggml_backend_sched_eval_callback(self._look)
        self._output = output
        self._last: tuple[int, Sums] = (0, np.empty(0))
        self._library = backends()

    def begin_batch(self) -> None:
        """The next graph's tensors may lie where the last one's lay."""
        self._last = (0, self._last[1])

    def _look(self, pointer: Any, ask: bool, _data: Any) -> bool:  # noqa: FBT001 - the library's signature
        """Asked first whether a node's inputs are wanted, then called with them calculated; False ends the graph."""
        try:
            node = _Tensor.from_address(pointer)
            if ask:
                return node.op == MUL_MAT_ID or (node.op == MUL_MAT and self._is_wanted(node))
            self._take(node)
        except BaseException as error:
            self.failure = self.failure or error
            return False
        return True

    def _is_wanted(self, node: _Tensor) -> bool:
        inputs = _Tensor.from_address(node.src[1])
        if inputs.ne[1] < LEAST_ROWS or inputs.type != F32:
            return False
        name = _weight_name(_Tensor.from_address(node.src[0]))
        return name.startswith("blk.") or (self._output and name == OUTPUT)

    def _take(self, node: _Tensor) -> None:
        weight = _Tensor.from_address(node.src[0])
        name = _weight_name(weight)
        if node.op == MUL_MAT_ID:
            self._take_experts(name, weight.ne[2], node)
            return
        inputs = _Tensor.from_address(node.src[1])
        matrices = weight.ne[2] * weight.ne[3]
        found = self._of(name, 1, inputs.ne[0] * matrices)
        if self._last[0] != node.src[1]:  # Q, K and V have the same input, and so have gate and up
            self._last = (node.src[1], _squares(self._values(inputs), weight.ne[2], weight.ne[3]))
        self._add(name, found, slice(None), self._last[1])
        found.counts += inputs.ne[1] * inputs.ne[2] * inputs.ne[3] // matrices

    def _take_experts(self, name: str, experts: int, node: _Tensor) -> None:
        """The inputs, shape (tokens, experts used or 1, columns), count for the experts that the ids name for each token."""
        inputs, ids = _Tensor.from_address(node.src[1]), _Tensor.from_address(node.src[2])
        chosen = self._values(ids, np.int32)[0, 0]
        values = self._values(inputs)[0]
        found = self._of(name, experts, inputs.ne[0])
        token, slot = np.divmod(np.argsort(chosen, axis=None, kind="stable"), chosen.shape[1])
        in_order = chosen[token, slot]
        if len(in_order) == 0 or in_order[0] < 0 or in_order[-1] >= experts:
            raise ValueError(f"experts of {name}")
        starts = np.flatnonzero(np.diff(in_order, prepend=-1))
        used = in_order[starts]
        sums = np.add.reduceat(np.square(values[token, slot % values.shape[1]]), starts, axis=0, dtype=np.float64)
        self._add(name, found, used, sums)
        found.counts += np.bincount(in_order, minlength=experts)

    def _of(self, name: str, experts: int, columns: int) -> Activation:
        found = self.found.get(name)
        if found is None:
            found = self.found[name] = Activation(experts, columns)
        if found.sums.shape != (experts, columns):
            raise ValueError(f"the shape of {name}")
        return found

    def _add(self, name: str, found: Activation, where: Any, sums: Sums) -> None:
        if not np.isfinite(sums).all():
            self.not_finite = name
            raise ValueError(f"the input of {name} is not finite")
        found.sums[where] += sums

    def _values(self, tensor: _Tensor, dtype: type[np.float32] | type[np.int32] = np.float32) -> NDArray[Any]:
        """A tensor's values where they lie, or a copy from another device; axes as numpy has them, slowest first."""
        size = 4 + sum((count - 1) * stride for count, stride in zip(tensor.ne, tensor.nb, strict=True))
        content = ctypes.c_char * size
        if self._library.buffer_is_host(tensor.buffer):
            held = content.from_address(tensor.data)
        else:
            held = content()
            self._library.tensor_get(ctypes.addressof(tensor), ctypes.addressof(held), 0, size)
        return np.ndarray(tuple(tensor.ne)[::-1], dtype, held, strides=tuple(tensor.nb)[::-1])


def _squares(values: NDArray[np.float32], per_group: int, groups: int) -> Sums:
    """Sums over the tokens, shape (1, matrices × columns); a weight of several matrices takes its inputs in turn."""
    outer, inner, _, columns = values.shape
    total = np.zeros((groups, per_group, columns))
    for third in range(outer):
        for second in range(inner):
            rows = values[third, second]
            total[third % groups, second % per_group] += np.einsum("ij,ij->j", rows, rows)
    return total.reshape(1, -1)


def _weight_name(tensor: _Tensor) -> str:
    """The weight's own name: a copy on another device is called ``CUDA0#blk.0.attn_k.weight#0``."""
    name = str(tensor.name, "utf-8", "replace")
    parts = name.split("#")
    return parts[1] if len(parts) > 1 else name
