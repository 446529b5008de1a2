"""The quantizers of the llama.cpp that is installed, on all cores: their bytes do not depend on how the rows are shared out.

Source: ggml.h, ``ggml_quantize_chunk`` and ``ggml_type_traits``. All is checked here, since ggml ends the process over a wrong size.
"""

import ctypes
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from math import prod
from pathlib import Path
from typing import Any, TypeAlias

import llama_cpp.llama_cpp as low
import numpy as np
from numpy.typing import NDArray

from zhiyin_models.convert.quant_types import BF16, F16, F32, Q8_0, tensor_bytes
from zhiyin_models.convert.tensors import Matrix, Shape
from zhiyin_models.engine.devices import logical_cores
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.library.ggml_types import TENSOR_TYPES
from zhiyin_models.work import Stop, StoppedError

Bytes: TypeAlias = NDArray[np.uint8]

SLAB = 1 << 15  # values at a time: the slowest quantizer takes about 15 ms
FAST_SLAB = 1 << 20
FAST = frozenset({F32, F16, BF16, Q8_0})  # where nothing is searched for
QUANTIZERS = frozenset({F32, F16, BF16, 2, 3, 6, 7, 8, 10, 11, 12, 13, 14, 20, 23})  # that need no importance matrix
READABLE = QUANTIZERS | {16, 17, 18, 19, 21, 22, 29, 34, 35, 39}  # that can be turned into F32


class _Traits(ctypes.Structure):
    """``ggml_type_traits``."""

    _fields_ = (
        ("type_name", ctypes.c_char_p),
        ("block", ctypes.c_int64),
        ("interleave", ctypes.c_int64),
        ("size", ctypes.c_size_t),
        ("is_quantized", ctypes.c_bool),
        ("to_float", ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)),
        ("from_float", ctypes.c_void_p),
    )


class Kernels:
    """Turns F32 rows into blocks and back. ``threads``: all that this process may use, if 0. May be used from one thread at a time."""

    def __init__(self, threads: int = 0) -> None:
        self.threads = threads if threads > 0 else logical_cores()
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="quantize")
        self._library = _library()

    def quantize(
        self,
        values: Matrix,
        ggml_type: int,
        out: memoryview | Bytes,
        importance: Matrix | None = None,
        stop: Stop | None = None,
        *,
        name: str = "",
    ) -> None:
        """Write the rows (rows, columns) into ``out``, as many bytes as ``tensor_bytes`` says.

        ``importance``: a weight for each column, (columns,) or (experts, columns); then the rows are the experts', one after the other.
        Raises ValueError for what does not fit together, StoppedError, and ModelError TENSOR_NOT_FINITE (with ``name``) for values that
        the type cannot hold; ``out`` then holds anything.
        """
        rows, columns = _rows(values)
        target = _writable(out)
        if ggml_type not in QUANTIZERS:
            raise ValueError(f"no quantizer for type {ggml_type}")
        if target.nbytes != tensor_bytes(ggml_type, (rows, columns)):
            raise ValueError(f"{target.nbytes} bytes for {rows} × {columns} values in {TENSOR_TYPES[ggml_type].name}")
        weights = _weights(importance, rows, columns)
        per_expert = rows // weights.shape[0] if weights is not None else rows
        size = tensor_bytes(ggml_type, (1, columns))
        source, place = values.ctypes.data, target.ctypes.data

        def slab(first: int, count: int) -> bool:
            expert = None if weights is None else weights.ctypes.data + first // per_expert * columns * 4
            to = place + first * size
            self._library.ggml_quantize_chunk(ggml_type, source + first * columns * 4, to, 0, count, columns, expert)
            return bool(self._library.ggml_validate_row_data(ggml_type, to, count * size))

        step = max(1, (FAST_SLAB if ggml_type in FAST else SLAB) // columns)
        if not self._share(slab, rows, step, per_expert, stop):
            raise ModelError(Code.TENSOR_NOT_FINITE, name=name)

    def dequantize(self, data: memoryview | Bytes | bytes, ggml_type: int, shape: Shape, stop: Stop | None = None) -> Matrix:
        """The values of a tensor of this type and shape. Raises ValueError for what does not fit together, StoppedError."""
        if ggml_type not in READABLE:
            raise ValueError(f"type {ggml_type} cannot be read")
        source = np.frombuffer(data, np.uint8)
        if source.nbytes != tensor_bytes(ggml_type, shape):
            raise ValueError(f"{source.nbytes} bytes for {shape} in {TENSOR_TYPES[ggml_type].name}")
        if ggml_type == F32:
            return source.view(np.float32).reshape(shape).copy()
        values = np.empty(shape, np.float32)
        columns = shape[-1]
        size = tensor_bytes(ggml_type, (1, columns))
        convert = _traits(ggml_type).to_float
        origin, place = source.ctypes.data, values.ctypes.data

        def slab(first: int, count: int) -> bool:
            convert(origin + first * size, place + first * columns * 4, count * columns)
            return True

        rows = prod(shape[:-1])
        self._share(slab, rows, max(1, FAST_SLAB // max(columns, 1)), rows, stop)
        return values

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()

    def _share(self, slab: Callable[[int, int], bool], rows: int, step: int, border: int, stop: Stop | None) -> bool:
        """Have every row done, ``step`` at a time and never across a multiple of ``border``; whether all went well."""
        lock = threading.Lock()
        place = 0
        well = True

        def work() -> None:
            nonlocal place, well
            while True:
                with lock:
                    first = place
                    count = min(step, rows - first, border - first % border) if first < rows else 0
                    place += count
                if count <= 0 or not well or (stop is not None and stop.asked):
                    return
                if not slab(first, count):
                    well = False

        if stop is not None:
            stop.check()
        workers = min(self.threads, -(-rows // step))
        if workers > 1:
            for running in [self._pool.submit(work) for _ in range(workers)]:
                running.result()
        else:
            work()
        if stop is not None and stop.asked:
            raise StoppedError
        return well


def _rows(values: Matrix) -> tuple[int, int]:
    """How many rows of how many columns there are. Raises ValueError if they cannot be handed to C."""
    if values.ndim != 2 or values.dtype != np.float32 or not values.flags.c_contiguous or not values.shape[1]:
        raise ValueError(f"{values.dtype} of shape {values.shape}, not F32 rows one after the other")
    return values.shape[0], values.shape[1]


def _writable(out: memoryview | Bytes) -> Bytes:
    target = np.frombuffer(out, np.uint8)
    if not target.flags.writeable:
        raise ValueError("the bytes cannot be written")
    return target


def _weights(importance: Matrix | None, rows: int, columns: int) -> Matrix | None:
    """The importance as (experts, columns). Raises ValueError if it does not fit the rows, or holds what would end in NaN."""
    if importance is None:
        return None
    weights = np.ascontiguousarray(np.atleast_2d(importance), np.float32)
    if weights.ndim != 2 or weights.shape[1] != columns or not weights.shape[0] or rows % weights.shape[0]:
        raise ValueError(f"importance of shape {importance.shape} for {rows} × {columns} values")
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError("importance that is no finite weight")
    return weights


@cache
def _library() -> Any:
    """The ggml that llama.cpp uses: its functions are found through libllama where the system looks into what that was linked with."""
    library = low._lib
    if not hasattr(library, "ggml_quantize_chunk"):
        library = ctypes.CDLL(str(_shared_library()))
    library.ggml_quantize_chunk.restype = ctypes.c_size_t
    library.ggml_quantize_chunk.argtypes = [
        *(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p),
        *(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p),
    ]
    library.ggml_validate_row_data.restype = ctypes.c_bool
    library.ggml_validate_row_data.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t]
    library.ggml_get_type_traits.restype = ctypes.POINTER(_Traits)
    library.ggml_get_type_traits.argtypes = [ctypes.c_int]
    return library


@cache
def _traits(ggml_type: int) -> Any:
    """How ggml packs a type. Raises RuntimeError if that is not what our table says: another version of the library."""
    traits = _library().ggml_get_type_traits(ggml_type).contents
    known = TENSOR_TYPES[ggml_type]
    if (traits.block, traits.size) != (known.block, known.size):
        raise RuntimeError(f"{known.name} has blocks of {traits.block} values in {traits.size} bytes")
    return traits


def _shared_library() -> Path:
    folder = Path(str(low.__file__)).parent / "lib"
    name = {"win32": "ggml-base.dll", "darwin": "libggml-base.dylib"}.get(sys.platform, "libggml-base.so")
    return folder / name
