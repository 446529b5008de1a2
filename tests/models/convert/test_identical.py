"""Our types and bytes against those of llama.cpp's own quantization of the same BF16 file: identical, for every type."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from tests.models.convert.library_quantize import library_quantize, tensors_of
from tests.models.convert.small_gguf import SmallModel, write_gguf

from zhiyin_models.convert.kernels import Kernels
from zhiyin_models.convert.quant_types import BF16, F16, F32, QUANT_TYPES, choose_types, loader_order, tensor_bytes
from zhiyin_models.convert.tensors import Matrix
from zhiyin_models.library.ggml_types import TENSOR_TYPES

MODELS = {
    "llama tied": SmallModel(tied=True, layers=16),
    "llama untied, four heads to one": SmallModel(heads=8, kv_heads=2, layers=17, rows=6),
    "qwen2 tied": SmallModel("qwen2", tied=True, biases=True, layers=9, inner=512),
    "qwen2 untied": SmallModel("qwen2", biases=True, layers=11, heads=14, kv_heads=2),
    "columns that 256 does not divide": SmallModel("qwen2", layers=8, columns=288, inner=96, odd=40, tied=True),
    "columns that 256 does not divide, untied": SmallModel("llama", layers=8, columns=160, inner=256),
    "eight experts": SmallModel(experts=8, layers=8, rows=3),
    "eight experts of which the layers lie apart": SmallModel("qwen3moe", experts=8, layers=12, rows=2, kv_heads=1),
    "sixteen experts": SmallModel("qwen3moe", experts=16, layers=9, rows=2),
    "fused": SmallModel("gpt2", fused=True, biases=True, layers=10, kv_heads=4),
    "falcon": SmallModel("falcon", fused=True, layers=32, rows=2, heads=8, kv_heads=8),
}
OF_70B = {
    "70B": SmallModel(layers=80, rows=2, heads=64, kv_heads=8),
    "as many layers as 70B": SmallModel(layers=80, rows=2, kv_heads=4, tied=True),
    "72B": SmallModel("qwen2", layers=80, rows=2, heads=64, kv_heads=8),
}


@pytest.fixture(scope="module")
def kernels() -> Kernels:
    return Kernels()


def ours(
    kernels: Kernels, model: SmallModel, weights: dict[str, Matrix], kind: str, importance: dict[str, Matrix] | None = None
) -> dict[str, tuple[int, bytes]]:
    """What we make of the same weights."""
    names = sorted(weights, key=loader_order)
    types = choose_types(QUANT_TYPES[kind], model.shape, [(name, weights[name].shape) for name in names], imatrix=importance is not None)
    made = {}
    for name, ggml_type in zip(names, types, strict=True):
        values = weights[name]
        out = bytearray(tensor_bytes(ggml_type, values.shape))
        weight = None if importance is None or ggml_type == F32 else importance.get(name)
        kernels.quantize(values.reshape(-1, values.shape[-1]), ggml_type, memoryview(out), weight)
        made[name] = (ggml_type, bytes(out))
    return made


def differing(theirs: dict[str, tuple[int, bytes]], mine: dict[str, tuple[int, bytes]]) -> list[str]:
    """In words, the tensors that are not the same."""
    assert list(theirs) == list(mine)
    return [
        f"{name}: {TENSOR_TYPES[theirs[name][0]].name} there, {TENSOR_TYPES[mine[name][0]].name} here"
        for name in theirs
        if theirs[name] != mine[name]
    ]


def check(kernels: Kernels, folder: Path, model: SmallModel, kinds: Iterable[str]) -> None:
    weights = model.values()
    source = write_gguf(folder / "source.gguf", model, weights)
    for kind in kinds:
        theirs = tensors_of(library_quantize(source, folder / "out.gguf", QUANT_TYPES[kind].file_type))
        assert not differing(theirs, ours(kernels, model, weights, kind)), kind


@pytest.mark.parametrize("name", MODELS)
def test_every_type_gives_the_bytes_of_the_library(kernels: Kernels, tmp_path: Path, name: str) -> None:
    check(kernels, tmp_path, MODELS[name], QUANT_TYPES)


@pytest.mark.parametrize("name", OF_70B)
def test_the_largest_models_get_more_bits_where_the_library_gives_them(kernels: Kernels, tmp_path: Path, name: str) -> None:
    check(kernels, tmp_path, OF_70B[name], ["Q2_K", "Q3_K_M", "Q4_K_M"])


@pytest.mark.parametrize("name", ["llama tied", "columns that 256 does not divide", "eight experts"])
def test_an_importance_matrix_gives_the_bytes_of_the_library(kernels: Kernels, tmp_path: Path, name: str) -> None:
    model = MODELS[name]
    weights = model.values()
    random = np.random.default_rng(5)
    importance = {
        tensor: random.gamma(0.5, 1, (values.shape[0] if values.ndim == 3 else 1, values.shape[-1])).astype(np.float32)
        for tensor, values in weights.items()
        if values.ndim > 1 and "embd" not in tensor and "blk.1." not in tensor
    }
    source = write_gguf(tmp_path / "source.gguf", model, weights)
    for kind, given in QUANT_TYPES.items():
        theirs = tensors_of(library_quantize(source, tmp_path / "out.gguf", given.file_type, importance))
        assert not differing(theirs, ours(kernels, model, weights, kind, importance)), kind


def test_what_two_slabs_share_is_the_same_as_in_one(kernels: Kernels, tmp_path: Path) -> None:
    check(kernels, tmp_path, SmallModel(layers=1, rows=300, columns=512, inner=1024), ["Q4_K_M", "Q4_0"])
    check(kernels, tmp_path, SmallModel(layers=1, rows=2200, columns=512, inner=1024), ["Q8_0", "F16"])


@pytest.mark.parametrize("plain", [F32, F16])
def test_files_of_other_plain_types_give_the_bytes_of_the_library(kernels: Kernels, tmp_path: Path, plain: int) -> None:
    model = SmallModel(layers=2, tied=True)
    weights = model.values()
    if plain == F32:
        random = np.random.default_rng(3)
        weights = {name: random.standard_normal(values.shape, np.float32) for name, values in weights.items()}
    source = write_gguf(tmp_path / "source.gguf", model, weights, plain)
    rounded = {
        name: values if plain == F32 or values.ndim == 1 else values.astype(np.float16).astype(np.float32)
        for name, values in weights.items()
    }
    for kind, given in QUANT_TYPES.items():
        theirs = tensors_of(library_quantize(source, tmp_path / "out.gguf", given.file_type))
        assert not differing(theirs, ours(kernels, model, rounded, kind)), kind


def test_bf16_stays_as_it_is(kernels: Kernels) -> None:
    every = (np.arange(1 << 16, dtype=np.uint32) << 16).view(np.float32)
    finite = np.ascontiguousarray(every[np.isfinite(every)][None, :])
    out = bytearray(2 * finite.size)
    kernels.quantize(finite, BF16, memoryview(out))
    assert np.array_equal(np.frombuffer(out, np.uint16), (finite.view(np.uint32) >> 16).astype(np.uint16)[0])
    assert np.array_equal(kernels.dequantize(out, BF16, finite.shape).view(np.uint32), finite.view(np.uint32))
