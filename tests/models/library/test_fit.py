import re
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from tests.models import gguf_files
from tests.models.gguf_files import Raw, Tensor, write_small

from zhiyin_models.library import fit
from zhiyin_models.library.gguf import read_metadata

MEASURE = """
import sys
from llama_cpp import Llama
Llama(sys.argv[1], n_ctx=int(sys.argv[2]), n_batch=512, type_k=int(sys.argv[3]), type_v=int(sys.argv[3]), flash_attn=sys.argv[4] == "on")
"""
MIB = 1 << 20


def measured(context: int, kv_type: int, flash_attention: str) -> dict[str, float]:
    """What llama.cpp itself says it allocates, MiB."""
    command = [sys.executable, "-c", MEASURE, str(gguf_files.starter_path()), str(context), str(kv_type), flash_attention]
    log = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    found = re.findall(r"(model|KV|compute) buffer size =\s*([\d.]+) MiB", log)
    return {name: float(size) for name, size in found}


@pytest.mark.parametrize(
    ("context", "kv_type", "number", "flash_attention"), [(8192, "f16", 1, "on"), (3000, "q8_0", 8, "on"), (8192, "f16", 1, "off")]
)
def test_the_estimate_agrees_with_what_llama_cpp_allocates(context: int, kv_type: fit.KVType, number: int, flash_attention: str) -> None:
    figures = measured(context, number, flash_attention)
    estimate = fit.estimate(read_metadata(gguf_files.starter_path()), context, kv_type, flash_attention=flash_attention == "on")
    assert estimate.weights / MIB == pytest.approx(figures["model"], abs=0.01)
    assert estimate.kv / MIB == pytest.approx(figures["KV"], abs=0.01)
    assert estimate.compute / MIB == pytest.approx(figures["compute"], rel=0.08)
    assert estimate.total == estimate.weights + estimate.kv + estimate.compute


def test_layers_may_differ_in_kv_heads(tmp_path: Path) -> None:
    metadata: dict[str, gguf_files.Value] = {
        "llama.block_count": 4,
        "llama.attention.head_count": 8,
        "llama.attention.head_count_kv": [2, 0, 4, 0],
        "llama.attention.key_length": 64,
        "llama.attention.value_length": 32,
    }
    file = read_metadata(write_small(tmp_path / "mixed.gguf", metadata))
    assert fit.kv_cache(file, 256) == 256 * (2 + 4) * (64 + 32) * 2
    assert fit.kv_cache(file, 256, "q8_0") == 256 * (2 + 4) * (64 + 32) * 34 // 32
    assert fit.kv_cache(file, 257) == fit.kv_cache(file, 512)


def test_latent_attention_keeps_only_compressed_keys(tmp_path: Path) -> None:
    metadata: dict[str, gguf_files.Value] = {
        "llama.block_count": 2,
        "llama.attention.head_count": 16,
        "llama.attention.head_count_kv": 1,
        "llama.attention.key_length": 576,
        "llama.attention.value_length": 512,
        "llama.attention.key_length_mla": 192,
    }
    assert fit.kv_cache(read_metadata(write_small(tmp_path / "latent.gguf", metadata)), 256) == 256 * 2 * 576 * 2


def test_absurd_metadata_gives_a_number_that_can_be_sent(tmp_path: Path) -> None:
    most = Raw(10, b"\xff" * 7 + b"\x00")
    keys = ("block_count", "attention.head_count", "attention.head_count_kv", "embedding_length", "attention.key_length", "vocab_size")
    absurd: dict[str, gguf_files.Value] = dict.fromkeys((f"llama.{key}" for key in keys), 0xFFFFFFFF)
    for value in (0, most):
        metadata = absurd | {"llama.attention.value_length": value, "llama.feed_forward_length": value}
        total = fit.estimate(read_metadata(write_small(tmp_path / "absurd.gguf", metadata)), 1 << 40).total
        assert 0 <= total < 1 << 63
    nothing: dict[str, gguf_files.Value] = dict.fromkeys(absurd, 0)
    assert fit.estimate(read_metadata(write_small(tmp_path / "nothing.gguf", nothing)), 512).kv == 0


def test_tensors_of_unknown_types_count_by_the_size_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "new.gguf"
    path.write_bytes(gguf_files.header({"general.architecture": "llama"}, [Tensor("a", (8,), 0, kind=99)]) + bytes(12345))
    file = read_metadata(path)
    assert fit.weights(file) == 12345
    assert file.quant == "type 99"


def test_the_largest_context_is_the_last_that_fits() -> None:
    file = read_metadata(gguf_files.starter_path())
    assert fit.largest_context(file, 1 << 40, wanted=8192) == 8192
    free = 300 * MIB
    context = fit.largest_context(file, free, wanted=8192)
    assert fit.estimate(file, context).total <= free < fit.estimate(file, context + fit.CELLS).total
    assert fit.largest_context(file, 100 * MIB, wanted=8192) == 0
    assert fit.largest_context(file, 1 << 40, wanted=100) == 100


def group(place: Path, **files: str) -> None:
    place.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (place / name.replace("__", ".")).write_text(content)


def test_a_control_group_around_the_process_bounds_memory(tmp_path: Path) -> None:
    process = tmp_path / "cgroup"
    process.write_text("0::/user/app\n")
    group(tmp_path / "v2/user/app", memory__max="max\n", memory__current="5000\n")
    group(tmp_path / "v2/user", memory__max="9000\n", memory__current="6000\n", memory__stat="anon 1\ninactive_file 500\n")
    assert fit.memory_available(process=process, groups=tmp_path / "v2") == 9000 - 6000 + 500


def test_version_one_of_control_groups_and_a_hidden_path(tmp_path: Path) -> None:
    process = tmp_path / "cgroup"
    process.write_text("5:cpu:/a\n4:memory:/docker/0123\n0::/\n")
    group(tmp_path / "v1/memory", memory__limit_in_bytes="9000\n", memory__usage_in_bytes="9500\n", memory__stat="nonsense\n\xff")
    assert fit.memory_available(process=process, groups=tmp_path / "v1") == 0
    group(tmp_path / "v1/memory", memory__limit_in_bytes="9223372036854771712\n")
    assert fit.memory_available(process=process, groups=tmp_path / "v1") > 9000


def test_without_control_groups_memory_is_what_the_system_has(tmp_path: Path) -> None:
    process = tmp_path / "cgroup"
    process.write_text("nonsense\n::\n0::/../../x\n")
    free = fit.memory_available(process=process, groups=tmp_path)
    assert 0 < free <= psutil.virtual_memory().total
    assert 0 < fit.memory_available(process=tmp_path / "absent") <= psutil.virtual_memory().total
