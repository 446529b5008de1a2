"""GGUF adapters: with one beside the base, llama.cpp must compute what it computes with the merged model."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.models.convert.families.all_cases import CASES
from tests.models.convert.families.cases import Case, Tensor
from tests.models.convert.families.generated import tensors_of, tokens_of
from tests.models.convert.families.gguf_writing import MemorySource, write_gguf
from tests.models.convert.families.golden import read_golden
from tests.models.convert.families.logits_of_gguf import logits_of_gguf
from tests.models.convert.peft_files import pair, write_adapter

from zhiyin_models.convert.adapter_file import export_adapter
from zhiyin_models.convert.configuration import Configuration
from zhiyin_models.convert.families.family import Family
from zhiyin_models.convert.lora import Adapter
from zhiyin_models.convert.merging import Merged
from zhiyin_models.convert.plan import supported
from zhiyin_models.convert.safetensors_file import SafetensorsFile
from zhiyin_models.convert.tensors import Piece, Read, Target
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.library.gguf import read_metadata

ADAPTERS = Path(__file__).parent / "adapters"
# Rows that change places; fused and split projections; transposed matrices; experts; embeddings that are no output.
FAMILIES = ("llama", "internlm2", "phi3", "gpt2", "qwen3_moe", "baichuan2-7b", "chatglm3", "gemma3")
UNUSED = re.compile(r"(norm|ln_\w)\b|wpe|router")
EMBEDDINGS = ("embed_tokens", "wte", "tok_embeddings", "word_embeddings")


def opened(name: str) -> tuple[Case, Family, MemorySource, int]:
    """A tiny checkpoint of a family, and its vocabulary's size."""
    (case,) = (case for case in CASES if case.name == name)
    golden = read_golden(case)
    tensors = tensors_of(case, golden.shapes)
    source = MemorySource(case.rename(tensors) if case.rename else tensors)
    return case, family_of(case, source), source, golden.logits.shape[1]


def family_of(case: Case, source: Merged | MemorySource) -> Family:
    """The family that a source's configuration names."""
    config = Configuration(case.config)
    return supported()[case.config["architectures"][0]](
        source.configuration(config) if isinstance(source, Merged) else config, source.tensors
    )


def layers(source: MemorySource, *, transposed: bool, embeddings: bool) -> dict[str, Tensor]:
    """A pair of matrices for every matrix of a checkpoint."""
    found: dict[str, Tensor] = {}
    for name, info in source.tensors.items():
        module = name.removesuffix(".weight")
        if len(info.shape) != 2 or UNUSED.search(name):
            continue
        rows, columns = info.shape
        if module.endswith(EMBEDDINGS):
            if embeddings:
                a, b = pair(module, columns, rows).values()
                found |= {f"base_model.model.{module}.lora_embedding_A": a, f"base_model.model.{module}.lora_embedding_B": b}
        elif transposed and "lm_head" not in name:
            found |= pair(module, columns, rows)
        else:
            found |= pair(module, rows, columns)
    return {name: values * np.float32(0.2) for name, values in found.items()}


@pytest.mark.parametrize("name", FAMILIES)
def test_beside_the_base_it_does_what_it_does_within(name: str, tmp_path: Path) -> None:
    case, family, base, vocabulary = opened(name)
    tied = not any(target.name == "output.weight" for target in family.targets())
    tensors = layers(base, transposed=name == "gpt2", embeddings=not tied)
    tensors = {key: values for key, values in tensors.items() if not (name.startswith("baichuan2") and "lm_head" in key)}
    options: dict[str, object] = {"fan_in_fan_out": name == "gpt2", "use_rslora": True, "alpha_pattern": {r".*\.0\..*": 7}}
    adapter = Adapter.open(write_adapter(tmp_path / "peft", tensors, **options), 0.8)
    merged = Merged(base, [adapter])
    assert adapter.report(base.tensors).alone
    write_gguf(tmp_path / "base.gguf", family, base)
    write_gguf(tmp_path / "merged.gguf", family_of(case, merged), merged)
    export_adapter(adapter, family.targets(), family.architecture, base, tmp_path / "adapter.gguf")
    tokens = tokens_of(case, vocabulary)
    wanted = logits_of_gguf(tmp_path / "merged.gguf", tokens)
    given = logits_of_gguf(tmp_path / "base.gguf", tokens, tmp_path / "adapter.gguf")
    before = logits_of_gguf(tmp_path / "base.gguf", tokens)
    assert np.abs(wanted - before).max() > 0.1 * wanted.std()
    np.testing.assert_allclose(given, wanted, atol=case.limit * wanted.std())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["adapter.gguf", "base.gguf", "merged.gguf", "peft"]


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    _, family, base, _ = opened("llama")
    adapter = Adapter.open(write_adapter(tmp_path / "诗人", pair("model.layers.0.mlp.down_proj", *base.tensors[DOWN].shape), lora_alpha=6))
    export_adapter(adapter, family.targets(), family.architecture, base, tmp_path / "a.gguf")
    file = read_metadata(tmp_path / "a.gguf")
    file.check_complete()
    assert file.metadata == {
        "general.type": "adapter",
        "general.architecture": "llama",
        "general.name": "诗人",
        "adapter.type": "lora",
        "adapter.lora.alpha": 6.0,
    }
    assert {tensor.name for tensor in file.tensors()} == {"blk.0.ffn_down.weight.lora_a", "blk.0.ffn_down.weight.lora_b"}


DOWN = "model.layers.0.mlp.down_proj.weight"


def test_rows_from_several_tensors_meet_only_their_own_factors(tmp_path: Path) -> None:
    base = MemorySource({f"layers.0.{one}.weight": np.zeros((rows, 6), np.float32) for one, rows in (("q", 4), ("k", 2), ("v", 2))})
    tensors = pair("layers.0.q", 4, 6, 2) | pair("layers.0.v", 2, 6, 3)
    options: dict[str, object] = {"rank_pattern": {"v": 3}, "alpha_pattern": {"v": 9}}
    adapter = Adapter.open(write_adapter(tmp_path / "peft", tensors, **options))
    pieces = tuple(Piece(Read(f"layers.0.{one}.weight", base.tensors[f"layers.0.{one}.weight"].shape)) for one in "qkv")
    pieces = (replace(pieces[0], take=np.array([1, 0, 3, 2])), *pieces[1:])
    export_adapter(adapter, [Target("blk.0.attn_qkv.weight", (8, 6), pieces)], "llama", base, tmp_path / "a.gguf")
    merged = Merged(base, [adapter])
    np.testing.assert_allclose(
        delta(tmp_path / "a.gguf")["blk.0.attn_qkv.weight"], np.concatenate([piece.make(merged) for piece in pieces]), rtol=1e-5, atol=1e-5
    )


def delta(path: Path) -> Mapping[str, Tensor]:
    """What llama.cpp adds, by its own rule: alpha / rank · B @ A."""
    file = read_metadata(path)
    alpha = file.metadata["adapter.lora.alpha"]
    assert isinstance(alpha, float)
    content = path.read_bytes()
    held = {
        tensor.name: np.frombuffer(content, "<f4", int(np.prod(tensor.shape)), file.data_offset + tensor.offset).reshape(tensor.shape[::-1])
        for tensor in file.tensors()
    }
    names = {name[: -len(".lora_a")] for name in held}
    return {name: alpha / held[f"{name}.lora_b"].shape[1] * held[f"{name}.lora_b"] @ held[f"{name}.lora_a"] for name in names}


@pytest.mark.parametrize("weight", [0.0, -0.5])
def test_any_weight_is_in_the_file(weight: float, tmp_path: Path) -> None:
    _, family, base, _ = opened("llama")
    folder = write_adapter(tmp_path / "peft", pair(DOWN.removesuffix(".weight"), *base.tensors[DOWN].shape))
    adapter = Adapter.open(folder, weight)
    export_adapter(adapter, family.targets(), family.architecture, base, tmp_path / "a.gguf")
    wanted = Merged(base, [adapter]).read(DOWN) - base.read(DOWN)
    np.testing.assert_allclose(delta(tmp_path / "a.gguf")["blk.0.ffn_down.weight"], wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("adapter", "base", "words"),
    [
        ("dora", "untied", "DoRA"),
        ("saved", "untied", "modules_to_save"),
        ("bias_all", "gpt2", "bias"),
        ("lora_bias", "gpt2", "lora_bias"),
        ("tokens", "tied", "trainable_token_indices"),
        ("output", "tied", "lm_head"),
    ],
)
def test_what_no_pair_of_matrices_can_say_is_refused_and_nothing_is_written(adapter: str, base: str, words: str, tmp_path: Path) -> None:
    source = SafetensorsFile.open(ADAPTERS / f"{base}.safetensors")
    opened_adapter = Adapter.open(ADAPTERS / adapter)
    assert not opened_adapter.report(source.tensors).alone
    with pytest.raises(ModelError) as error:
        export_adapter(opened_adapter, [], "llama", source, tmp_path / "a.gguf")
    assert error.value.code == Code.ADAPTER_NOT_ALONE
    assert words in str(error.value.failure.args["detail"])
    assert not list(tmp_path.iterdir())


def test_embeddings_that_are_the_output_too_are_refused(tmp_path: Path) -> None:
    _, family, base, _ = opened("llama_tied")
    name = "model.embed_tokens"
    rows, columns = base.tensors[f"{name}.weight"].shape
    a, b = pair(name, columns, rows).values()
    folder = write_adapter(tmp_path / "peft", {f"{name}.lora_embedding_A": a, f"{name}.lora_embedding_B": b})
    with pytest.raises(ModelError) as error:
        export_adapter(Adapter.open(folder), family.targets(), family.architecture, base, tmp_path / "a.gguf")
    assert error.value.code == Code.ADAPTER_NOT_ALONE


def test_an_output_whose_rows_are_brought_to_length_one_is_refused(tmp_path: Path) -> None:
    _, family, base, _ = opened("baichuan2-7b")
    folder = write_adapter(tmp_path / "peft", pair("lm_head", *base.tensors["lm_head.weight"].shape))
    with pytest.raises(ModelError) as error:
        export_adapter(Adapter.open(folder), family.targets(), family.architecture, base, tmp_path / "a.gguf")
    assert error.value.code == Code.ADAPTER_NOT_ALONE


def test_a_folder_that_is_not_there_leaves_nothing_behind(tmp_path: Path) -> None:
    _, family, base, _ = opened("llama")
    adapter = Adapter.open(write_adapter(tmp_path / "peft", pair(DOWN.removesuffix(".weight"), *base.tensors[DOWN].shape)))
    with pytest.raises(ModelError) as error:
        export_adapter(adapter, family.targets(), family.architecture, base, tmp_path / "none" / "a.gguf")
    assert error.value.code == Code.OUTPUT_UNWRITABLE
    (tmp_path / "a.gguf").mkdir()
    with pytest.raises(ModelError) as error:
        export_adapter(adapter, family.targets(), family.architecture, base, tmp_path / "a.gguf")
    assert error.value.code == Code.OUTPUT_UNWRITABLE
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.gguf", "peft"]


def test_numbers_that_do_not_stay_finite_are_refused(tmp_path: Path) -> None:
    _, family, base, _ = opened("llama")
    other = DOWN.replace("0", "1")
    tensors = pair(DOWN.removesuffix(".weight"), *base.tensors[DOWN].shape) | pair(other.removesuffix(".weight"), *base.tensors[DOWN].shape)
    tensors = {name: values * np.float32(1e36) if "1.mlp.down_proj.lora_B" in name else values for name, values in tensors.items()}
    adapter = Adapter.open(write_adapter(tmp_path / "peft", tensors, alpha_pattern={r"layers\.1\..*": 1e6}))
    with pytest.raises(ModelError) as error:
        Merged(base, [adapter]).read(other)
    assert (error.value.code, error.value.failure.args) == (Code.TENSOR_NOT_FINITE, {"name": other})
    with pytest.raises(ModelError) as error:
        export_adapter(adapter, family.targets(), family.architecture, base, tmp_path / "a.gguf")
    assert error.value.code == Code.TENSOR_NOT_FINITE
    assert not (tmp_path / "a.gguf").exists()
