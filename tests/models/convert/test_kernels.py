"""The quantizers: the same bytes however the rows are shared out, a stop within a slab, and a Python error for all that does not fit."""

import threading

import numpy as np
import pytest
from tests.models.convert.library_quantize import ggml_quantize

from zhiyin_models.convert.kernels import QUANTIZERS, READABLE, Kernels
from zhiyin_models.convert.quant_types import BF16, F16, F32, IQ4_NL, IQ4_XS, Q4_0, Q4_K, Q6_K, Q8_0, QUANT_TYPES, tensor_bytes
from zhiyin_models.convert.tensors import Matrix
from zhiyin_models.engine.devices import logical_cores
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.library.ggml_types import TENSOR_TYPES
from zhiyin_models.work import Stop, StoppedError


@pytest.fixture(scope="module")
def kernels() -> Kernels:
    return Kernels(3)


def weights(rows: int, columns: int, seed: int = 0) -> Matrix:
    return np.random.default_rng(seed).standard_normal((rows, columns), np.float32)


def packed(kernels: Kernels, values: Matrix, kind: int, importance: Matrix | None = None) -> bytes:
    out = bytearray(tensor_bytes(kind, values.shape))
    kernels.quantize(values, kind, memoryview(out), importance)
    return bytes(out)


@pytest.mark.parametrize("kind", sorted(QUANTIZERS))
def test_rows_shared_among_threads_give_the_bytes_of_one_call(kernels: Kernels, kind: int) -> None:
    values = weights(301, 512)
    for importance in (None, np.abs(weights(1, 512, 1))):
        assert packed(kernels, values, kind, importance) == ggml_quantize(values, kind, importance)


def test_each_expert_has_its_own_importance(kernels: Kernels) -> None:
    values, importance = weights(3 * 70, 512), np.abs(weights(3, 512, 1))
    parts = [ggml_quantize(values[start : start + 70], Q4_K, importance[start // 70][None, :]) for start in (0, 70, 140)]
    assert packed(kernels, values, Q4_K, importance) == b"".join(parts)
    assert packed(kernels, values[:70], Q4_K, importance[0]) == parts[0]


@pytest.mark.parametrize("name", QUANT_TYPES)
def test_what_is_read_back_is_close(kernels: Kernels, name: str) -> None:
    kind = QUANT_TYPES[name].tensor_type
    values = weights(9, 512)
    again = kernels.dequantize(packed(kernels, values, kind), kind, values.shape)
    assert np.sqrt(np.mean((again - values) ** 2)) < {"Q2_K": 0.4, "Q3_K_M": 0.2}.get(name, 0.1)
    assert np.array_equal(again, values) == (kind == F32)


def test_every_type_is_packed_as_the_table_says(kernels: Kernels) -> None:
    for kind in READABLE:
        known = TENSOR_TYPES[kind]
        assert kernels.dequantize(bytes(known.size * 6), kind, (3, 2, known.block)).shape == (3, 2, known.block)


def test_half_precision_rounds_as_numpy_does(kernels: Kernels) -> None:
    bits = np.random.default_rng(1).integers(0, 1 << 32, 1 << 18, np.uint32)
    values = bits.view(np.float32)
    values = values[np.isfinite(values) & (np.abs(values) < 65000)][None, :]
    with np.errstate(over="ignore"):
        assert packed(kernels, np.ascontiguousarray(values), F16) == values.astype(np.float16).tobytes()
    upper = np.ascontiguousarray(values).view(np.uint32)
    rounded = ((upper + (0x7FFF + ((upper >> 16) & 1))) >> 16).astype(np.uint16)
    assert packed(kernels, np.ascontiguousarray(values), BF16) == rounded.tobytes()


def test_what_does_not_fit_is_an_error_and_not_a_crash(kernels: Kernels) -> None:
    values, out = weights(4, 256), bytearray(tensor_bytes(Q4_K, (4, 256)))
    for wrong, kind, target in (
        (values.astype(np.float64), Q4_K, out),
        (values[:, ::2], Q4_0, out),
        (values.reshape(-1), Q4_K, out),
        (values.reshape(2, 2, 256), Q4_K, out),
        (values.T, Q4_K, out),
        (weights(4, 255), Q4_K, out),
        (np.empty((4, 0), np.float32), F32, bytearray()),
        (values, Q4_K, out[:-1]),
        (values, Q4_K, bytes(out)),
        (values, Q6_K, out),
        (values, 16, out),
        (values, 999, out),
        (values, -1, out),
    ):
        with pytest.raises(ValueError):
            kernels.quantize(wrong, kind, memoryview(target))
    for importance in (weights(1, 255), weights(3, 256), np.full((1, 256), np.nan, np.float32), np.full((1, 256), -1, np.float32)):
        with pytest.raises(ValueError, match="importance"):
            kernels.quantize(values, Q4_K, memoryview(out), importance)
    for data, kind, shape in ((bytes(out), Q4_K, (5, 256)), (bytes(out), 999, (4, 256)), (bytes(18), Q4_0, (1, 33)), (b"", F32, ())):
        with pytest.raises(ValueError):
            kernels.dequantize(data, kind, shape)


def test_no_rows_are_nothing_to_do(kernels: Kernels) -> None:
    kernels.quantize(np.empty((0, 256), np.float32), Q4_K, bytearray())


@pytest.mark.parametrize("kind", [F16, Q4_0, Q8_0, Q4_K, IQ4_NL])
def test_values_that_a_type_cannot_hold_are_noticed(kernels: Kernels, kind: int) -> None:
    values = weights(600, 256)
    values[431, 7] = 3e38
    with pytest.raises(ModelError) as caught:
        kernels.quantize(values, kind, bytearray(tensor_bytes(kind, values.shape)), name="blk.0.attn_q.weight")
    assert (caught.value.code, caught.value.failure.args["name"]) == (Code.TENSOR_NOT_FINITE, "blk.0.attn_q.weight")


def test_a_stop_ends_the_work(kernels: Kernels) -> None:
    values = weights(1 << 12, 1 << 12)
    out = bytearray(tensor_bytes(IQ4_XS, values.shape))
    stop = Stop()
    stop.ask()
    with pytest.raises(StoppedError):
        kernels.quantize(values, IQ4_XS, out, None, stop)
    assert not any(out[:1000])
    stop = Stop()
    threading.Timer(0.02, stop.ask).start()
    with pytest.raises(StoppedError):
        kernels.quantize(values, IQ4_XS, out, None, stop)
    done = np.frombuffer(out, np.uint8).reshape(len(values), -1).any(axis=1).sum()
    assert done < len(values)  # it ended before its end


def test_all_threads_that_are_allowed_are_used() -> None:
    kernels = Kernels()
    assert kernels.threads == logical_cores() >= 1
    kernels.close()
