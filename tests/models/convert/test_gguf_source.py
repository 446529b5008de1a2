"""From one GGUF file to another: the file that llama.cpp's own quantization writes, and every way in which a file cannot be one."""

import os
from pathlib import Path

import numpy as np
import pytest
from tests.models import gguf_files
from tests.models.convert.library_quantize import library_quantize, tensors_of
from tests.models.convert.small_gguf import SmallModel, write_gguf

from zhiyin_models.convert.gguf_source import GGUFSource
from zhiyin_models.convert.importance_file import Importance, Sums
from zhiyin_models.convert.model_writer import ModelWriter
from zhiyin_models.convert.quant_types import BF16, F16, F32, QUANT_TYPES, ModelShape
from zhiyin_models.convert.streaming import write_files
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.work import Stop, silent

MODEL = SmallModel(layers=3, tied=True, heads=8, kv_heads=2)


def quantized(source: Path, out: Path, kind: str, importance: Importance | None = None) -> Path:
    """Our file."""
    opened = GGUFSource(source)
    plan = opened.plan(QUANT_TYPES[kind], imatrix=importance is not None)
    writer = ModelWriter(out, plan.content, plan.tensors, "fingerprint")
    writer.open()
    write_files(opened, opened.targets(), [writer], importance=importance, report=silent, stop=Stop(), unchanged=opened.check_unchanged)
    writer.publish()
    writer.forget_journal()
    opened.close()
    return out


def refused(path: Path, kind: str = "Q4_K_M") -> ModelError:
    with pytest.raises(ModelError) as caught:
        GGUFSource(path).plan(QUANT_TYPES[kind], imatrix=False)
    return caught.value


@pytest.mark.parametrize("plain", [F32, F16, BF16])
@pytest.mark.parametrize("kind", ["Q4_K_M", "Q8_0", "F16", "BF16", "F32"])
def test_the_file_is_the_one_that_the_library_writes(tmp_path: Path, plain: int, kind: str) -> None:
    source = write_gguf(tmp_path / "源.gguf", MODEL, MODEL.values(), plain)
    theirs = library_quantize(source, tmp_path / "theirs.gguf", QUANT_TYPES[kind].file_type)
    assert quantized(source, tmp_path / "ours.gguf", kind).read_bytes() == theirs.read_bytes()


def test_what_is_kept_stays_in_the_type_that_it_has(tmp_path: Path) -> None:
    model = SmallModel("gpt2", fused=True, biases=True, layers=2, kv_heads=4)
    source = write_gguf(tmp_path / "source.gguf", model, model.values(), F16, kept=BF16)
    theirs = library_quantize(source, tmp_path / "theirs.gguf", QUANT_TYPES["Q4_K_M"].file_type)
    ours = quantized(source, tmp_path / "ours.gguf", "Q4_K_M")
    assert tensors_of(ours)["position_embd.weight"][0] == BF16
    assert ours.read_bytes() == theirs.read_bytes()


def test_experts_are_read_one_at_a_time_and_large_tensors_by_rows(tmp_path: Path) -> None:
    model = SmallModel("qwen3moe", experts=8, layers=2)
    source = write_gguf(tmp_path / "source.gguf", model, model.values())
    theirs = library_quantize(source, tmp_path / "theirs.gguf", QUANT_TYPES["Q4_K_M"].file_type)
    assert quantized(source, tmp_path / "ours.gguf", "Q4_K_M").read_bytes() == theirs.read_bytes()
    opened = GGUFSource(source)
    assert opened.shape == ModelShape("qwen3moe", 2, 4, 2, 8)
    targets = {target.name: target for target in opened.targets()}
    assert len(targets["blk.0.ffn_up_exps.weight"].pieces) == 8
    weights = model.values()
    for name, target in targets.items():
        made = np.concatenate([piece.make(opened).reshape(-1) for piece in target.pieces])
        assert np.array_equal(made, weights[name].reshape(-1)), name
    wide = SmallModel(layers=1, columns=1 << 14, rows=1030)
    path = write_gguf(tmp_path / "wide.gguf", wide, {"blk.0.attn_q.weight": np.zeros((1030, 1 << 14), np.float32)})
    assert [piece.read.stop for target in GGUFSource(path).targets() for piece in target.pieces if piece.read] == [1024, 1030]


def test_an_importance_matrix_is_used(tmp_path: Path) -> None:
    weights = MODEL.values()
    source = write_gguf(tmp_path / "source.gguf", MODEL, weights)
    random = np.random.default_rng(2)
    means = {name: random.gamma(1, 1, (1, 256)).astype(np.float32) for name in weights if "ffn" in name or "attn_v" in name}
    importance = Importance({name: Sums(values * 4, np.array([4], np.float32)) for name, values in means.items()})
    theirs = library_quantize(source, tmp_path / "theirs.gguf", QUANT_TYPES["Q4_0"].file_type, means)
    assert tensors_of(quantized(source, tmp_path / "ours.gguf", "Q4_0", importance)) == tensors_of(theirs)


def test_a_set_of_files_becomes_one_file(tmp_path: Path) -> None:
    weights = MODEL.values()
    whole = write_gguf(tmp_path / "whole.gguf", MODEL, weights)
    write_gguf(tmp_path / "set.gguf", MODEL, weights, split=len(weights) // 2 + 1)
    assert (
        quantized(tmp_path / "set-00002-of-00002.gguf", tmp_path / "ours.gguf", "Q5_K_S").read_bytes()
        == library_quantize(whole, tmp_path / "theirs.gguf", QUANT_TYPES["Q5_K_S"].file_type).read_bytes()
    )
    (tmp_path / "set-00002-of-00002.gguf").unlink()
    assert refused(tmp_path / "set-00001-of-00002.gguf").code == Code.MODEL_SPLIT_MISSING


def test_a_quantized_file_is_not_quantized_again() -> None:
    error = refused(gguf_files.starter_path())
    assert (error.code, error.failure.args["name"]) == (Code.ALREADY_QUANTIZED, "Q4_1")


def test_weights_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    weights = MODEL.values()
    weights["blk.1.attn_q.weight"][2, 3] = np.nan
    source = write_gguf(tmp_path / "source.gguf", MODEL, weights)
    with pytest.raises(ModelError) as caught:
        quantized(source, tmp_path / "ours.gguf", "Q4_K_M")
    assert (caught.value.code, caught.value.failure.args["name"]) == (Code.TENSOR_NOT_FINITE, "blk.1.attn_q.weight")
    assert not (tmp_path / "ours.gguf").exists()


def test_what_holds_no_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "odd.gguf"
    path.write_bytes(b"nothing of the sort")
    assert refused(path).code == Code.MODEL_NOT_GGUF
    assert refused(tmp_path / "absent.gguf").code == Code.MODEL_MISSING
    table = [gguf_files.Tensor("blk.0.attn_q.weight", (4, 4), 0)]
    path.write_bytes(gguf_files.header({"general.architecture": "llama", "general.type": "adapter"}, table) + bytes(64))
    assert refused(path).code == Code.MODEL_NOT_CHAT
    path.write_bytes(gguf_files.header({"general.architecture": "llama"}, table) + bytes(60))
    assert refused(path).code == Code.MODEL_TRUNCATED
    path.write_bytes(gguf_files.header({"general.architecture": "llama"}, [table[0]._replace(shape=(4, 0))]))
    assert refused(path).code == Code.MODEL_DAMAGED
    path.write_bytes(gguf_files.header({"general.architecture": "llama"}, [table[0]._replace(kind=26)]) + bytes(64))  # I32
    assert refused(path).code == Code.ALREADY_QUANTIZED
    path.write_bytes(gguf_files.header({"general.architecture": "llama"}, [table[0]._replace(name="ids", kind=26)]) + bytes(64))
    assert refused(path).code == Code.TENSOR_TYPE


def test_a_layer_that_the_model_does_not_have_is_refused(tmp_path: Path) -> None:
    model = SmallModel("qwen3moe", experts=16, layers=2)
    weights = model.values()
    weights["blk.9.ffn_down_exps.weight"] = weights.pop("blk.1.ffn_down_exps.weight")
    error = refused(write_gguf(tmp_path / "source.gguf", model, weights))
    assert (error.code, error.failure.args["name"]) == (Code.TENSOR_EXTRA, "blk.9.ffn_down_exps.weight")


def test_a_file_that_changes_meanwhile_is_noticed(tmp_path: Path) -> None:
    source = write_gguf(tmp_path / "source.gguf", MODEL, MODEL.values())
    opened = GGUFSource(source)
    before = opened.fingerprint()
    assert GGUFSource(source).fingerprint() == before
    os.utime(source, ns=(1, 1))
    with pytest.raises(ModelError) as caught:
        opened.check_unchanged()
    assert caught.value.code == Code.SOURCE_CHANGED
    assert GGUFSource(source).fingerprint() != before
