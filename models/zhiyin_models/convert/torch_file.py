"""A PyTorch weight file (``pytorch_model.bin``), read without PyTorch: a zip file of one pickle and the values of each storage.

Nothing in it is run: see ``tensor_pickle``. The layout is torch/serialization.py's, since PyTorch 1.6.
"""

from math import prod
from pathlib import Path

import numpy as np

from zhiyin_models.convert.source_files import SourceFile, shown
from zhiyin_models.convert.tensor_pickle import RefusedError, View, load
from zhiyin_models.convert.tensors import Matrix, Shape, TensorInfo
from zhiyin_models.convert.weight_file import ITEM_SIZES, MAX_TENSORS, SLAB, Values, damaged, is_name, open_weights, rows_of
from zhiyin_models.convert.zip_entries import Entry, zip_entries
from zhiyin_models.errors import Code, ModelError

MAX_PICKLE = 64 << 20  # bytes
FAR = 4096  # bytes between values, from which on they are read one by one
MOST_REPEATED = 1 << 24  # values of a view that has more of them than its storage
WRAPPERS = ("state_dict", "model_state_dict", "module", "model")  # what trainers put a state dict in


class TorchFile:
    """An open PyTorch weight file. See ``weight_file.WeightFile``."""

    def __init__(self, file: SourceFile, views: dict[str, View], entries: dict[str, Entry]) -> None:
        self.file, self._views, self._entries = file, views, entries
        self.tensors = {name: TensorInfo(name, view.shape, view.dtype) for name, view in views.items()}
        self.close = file.close

    @classmethod
    def open(cls, path: Path) -> "TorchFile":
        """Reads and checks the archive's directory and the pickle.

        Raises ModelError SHARD_MISSING, SHARD_TRUNCATED, SHARD_DAMAGED, PICKLE_REFUSED, SOURCE_UNREADABLE, SOURCE_CHANGED.
        """
        file = open_weights(path)
        try:
            return cls(file, *_contents(file))
        except BaseException:
            file.close()
            raise

    def read(self, name: str, start: int = 0, stop: int | None = None) -> Matrix:
        """A tensor in F32, or its rows from ``start`` to ``stop``.

        Raises ModelError TENSOR_TYPE, TENSOR_NOT_FINITE, SOURCE_CHANGED, SOURCE_UNREADABLE; KeyError; IndexError.
        """
        info, view = self.tensors[name], self._views[name]
        values = Values(self.file, info)
        rows = rows_of(info.shape, start, stop)
        out = np.empty(rows.shape, np.float32)
        if not out.size:
            return out
        offset = view.offset + (rows.start * view.strides[0] if view.strides else 0)
        order = sorted((axis for axis in range(out.ndim) if rows.shape[axis] > 1), key=lambda axis: -view.strides[axis])
        strides = tuple(view.strides[axis] for axis in order)
        single = tuple(axis for axis in range(out.ndim) if rows.shape[axis] == 1)
        place = self._entries[view.storage.key].place
        _gather(values, out.squeeze(single).transpose(_ranks(order)), strides, place + offset * values.item)
        return out


def _ranks(order: list[int]) -> tuple[int, ...]:
    """Axes of a larger array as those of one that has only them."""
    present = sorted(order)
    return tuple(present.index(axis) for axis in order)


def _gather(values: Values, out: Matrix, strides: tuple[int, ...], place: int) -> None:
    """Fill ``out``, whose axes are in the order in which the values lie in the file, in runs that are as long as can be."""
    if out.ndim == 1 and strides[0] != 1:
        _pick(values, out, strides[0], place)
        return
    if _is_dense(out.shape, strides):
        if out.flags.c_contiguous:
            values.read(out.reshape(-1), place)
            return
        if out.size * values.item <= SLAB:
            run = np.empty(out.size, np.float32)
            values.read(run, place)
            out[...] = run.reshape(out.shape)
            return
        step = max(1, SLAB // (strides[0] * values.item))
    else:
        step = 1
    for start in range(0, out.shape[0], step):
        part, where = out[start : start + step], place + start * strides[0] * values.item
        if step == 1:
            _gather(values, part[0], strides[1:], where)
        else:
            _gather(values, part, strides, where)


def _pick(values: Values, out: Matrix, stride: int, place: int) -> None:
    """Fill ``out`` with every ``stride``-th value: together with those between them, where these are few."""
    if not stride:
        values.read(out[:1], place)
        out[1:] = out[0]
        return
    step = SLAB // (stride * values.item) if stride * values.item <= FAR else 1
    for start in range(0, len(out), step):
        part = out[start : start + step]
        run = np.empty((len(part) - 1) * stride + 1, np.float32)
        values.read(run, place + start * stride * values.item)
        part[:] = run[::stride]


def _is_dense(shape: Shape, strides: tuple[int, ...]) -> bool:
    expected = 1
    for count, stride in zip(reversed(shape), reversed(strides), strict=True):
        if count > 1 and stride != expected:
            return False
        expected *= count
    return True


def _contents(file: SourceFile) -> tuple[dict[str, View], dict[str, Entry]]:
    path = file.path
    if file.size < 4:
        raise ModelError(Code.SHARD_TRUNCATED, path=shown(path), expected=4, actual=file.size)
    start = file.bytes_at(0, 4)
    if start[:1] == b"\x80":
        raise ModelError(Code.PICKLE_REFUSED, path=shown(path), name="pickle (PyTorch < 1.6)")
    if start != b"PK\3\4":
        raise damaged(path, "neither safetensors nor PyTorch")
    entries = zip_entries(file)
    roots = [name.removesuffix("data.pkl") for name in entries if name.endswith("/data.pkl") and name.count("/") == 1]
    if len(roots) != 1:
        raise damaged(path, "not an archive of PyTorch")
    root = roots[0]
    if root + "constants.pkl" in entries or any(name.startswith(root + "code/") for name in entries):
        raise ModelError(Code.PICKLE_REFUSED, path=shown(path), name="TorchScript")
    for name, entry in entries.items():
        if not entry.stored:
            raise damaged(path, f"{name[:64]} is compressed")
    order = entries.get(root + "byteorder")
    if order is not None and (order.size > 16 or file.bytes_at(order.place, order.size).strip() != b"little"):
        raise damaged(path, "big-endian")
    pickled = entries[root + "data.pkl"]
    if pickled.size > MAX_PICKLE:
        raise damaged(path, f"a pickle of {pickled.size} bytes")
    try:
        value = load(file.bytes_at(pickled.place, pickled.size))
    except RefusedError as error:
        raise ModelError(Code.PICKLE_REFUSED, path=shown(path), name=shown(str(error)[:200])) from None
    except ValueError as error:
        raise damaged(path, str(error)) from None
    views = _state_dict(path, value)
    storages = {name.removeprefix(root + "data/"): entry for name, entry in entries.items() if name.startswith(root + "data/")}
    for name, view in views.items():
        _check_view(path, name, view, storages)
    return views, storages


def _state_dict(path: Path, value: object) -> dict[str, View]:
    """The tensors of the state dict, which a trainer may have put into something larger."""
    for wrapper in WRAPPERS:
        if isinstance(value, dict) and isinstance(value.get(wrapper), dict):
            value = value[wrapper]
    if not isinstance(value, dict):
        raise damaged(path, "no state dict")
    views = {name: view for name, view in value.items() if isinstance(view, View)}
    if not views or len(views) > MAX_TENSORS:
        raise damaged(path, f"{len(views)} tensors")
    for name in views:
        if not is_name(name):
            raise damaged(path, f"a tensor named {str(name)[:64]!r}")
    return views


def _check_view(path: Path, name: str, view: View, storages: dict[str, Entry]) -> None:
    """Every value that the view reaches lies in the bytes of its storage."""
    entry = storages.get(view.storage.key)
    if entry is None:
        raise damaged(path, f"the values of {name[:64]} are missing")
    item = ITEM_SIZES[view.dtype]
    if view.storage.length * ITEM_SIZES.get(view.storage.dtype, 1) > entry.size:
        raise damaged(path, f"the values of {name[:64]} are cut short")
    reach = view.offset + sum((count - 1) * stride for count, stride in zip(view.shape, view.strides, strict=True)) + 1
    if 0 not in view.shape and reach * item > entry.size:
        raise damaged(path, f"tensor {name[:64]} reaches past its values")
    if prod(view.shape) > max(entry.size // item, MOST_REPEATED):
        raise damaged(path, f"tensor {name[:64]} repeats its values too often")
