"""Adapters merged into a base, against what PEFT makes of the same files (``make_adapter_golden.py``)."""

import json
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.models.convert.peft_files import write_adapter

from zhiyin_models.convert.configuration import Configuration
from zhiyin_models.convert.lora import Adapter
from zhiyin_models.convert.merging import SLAB, Merged
from zhiyin_models.convert.safetensors_file import SafetensorsFile
from zhiyin_models.convert.tensors import Matrix, TensorInfo
from zhiyin_models.errors import Code, ModelError

ADAPTERS = Path(__file__).parent / "adapters"
CASES: dict[str, tuple[str, dict[str, float]]] = {
    "lora": ("untied", {"lora": 1}),
    "rslora": ("untied", {"rslora": 1}),
    "patterns": ("untied", {"patterns": 1}),
    "dora": ("untied", {"dora": 1}),
    "gpt2": ("gpt2", {"gpt2": 1}),
    "gpt2_dora": ("gpt2", {"gpt2_dora": 1}),
    "bias_all": ("gpt2", {"bias_all": 1}),
    "lora_bias": ("gpt2", {"lora_bias": 1}),
    "saved": ("untied", {"saved": 1}),
    "embedding": ("untied", {"embedding": 1}),
    "embedding_dora": ("untied", {"embedding_dora": 1}),
    "grown": ("untied", {"grown": 1}),
    "grown_tied": ("tied", {"grown_tied": 1}),
    "tokens": ("tied", {"tokens": 1}),
    "output": ("tied", {"output": 1}),
    "together": ("untied", {"lora": 0.7, "second": -0.4, "rslora": 1.5}),
    "lora_dora": ("untied", {"lora": 0.7, "dora": 0.6}),
}


def merged(base: str, adapters: Mapping[str, float]) -> Merged:
    """Adapters at their weights, over one of the bases."""
    opened = [Adapter.open(ADAPTERS / name, weight) for name, weight in adapters.items()]
    return Merged(SafetensorsFile.open(ADAPTERS / f"{base}.safetensors"), opened)


@pytest.fixture(scope="module")
def golden() -> dict[str, dict[str, Matrix]]:
    """By case and tensor."""
    found: dict[str, dict[str, Matrix]] = {}
    with np.load(ADAPTERS / "merged.npz") as archive:
        for key in archive.files:
            case, _, name = key.partition("/")
            found.setdefault(case, {})[name] = archive[key]
    return found


@pytest.mark.parametrize("case", CASES)
def test_every_tensor_is_what_peft_makes_of_it(case: str, golden: dict[str, dict[str, Matrix]]) -> None:
    base, adapters = CASES[case]
    source, before = merged(base, adapters), SafetensorsFile.open(ADAPTERS / f"{base}.safetensors")
    wanted = dict(golden[case])
    if base == "tied" and "model.embed_tokens.weight" in wanted:
        shared = wanted.pop("lm_head.weight")  # PEFT lists it twice
        assert np.array_equal(shared, wanted["model.embed_tokens.weight"])
    assert len(wanted) > 0
    for name, info in source.tensors.items():
        values = source.read(name)
        assert values.shape == info.shape
        if name in wanted:
            np.testing.assert_allclose(values, wanted.pop(name), rtol=2e-6, atol=2e-6, err_msg=name)
        else:
            assert np.array_equal(values, before.read(name)), name
    assert not wanted


@pytest.mark.parametrize("case", ["patterns", "dora", "gpt2", "gpt2_dora", "bias_all", "lora_bias", "grown", "tokens", "lora_dora"])
def test_a_run_of_rows_is_the_same_as_those_rows_of_the_whole(case: str) -> None:
    base, adapters = CASES[case]
    whole = merged(base, adapters)
    runs = merged(base, adapters)
    for name, info in whole.tensors.items():
        wanted = whole.read(name)
        for start in range(0, info.shape[0], 5):
            np.testing.assert_allclose(
                runs.read(name, start, min(start + 5, info.shape[0])), wanted[start : start + 5], rtol=1e-6, atol=1e-6
            )


def test_names_with_the_adapters_own_name_in_a_pickle_mean_the_same() -> None:
    new, old = merged("untied", {"lora": 1}), merged("untied", {"lora_old": 1})
    for name in new.tensors:
        assert np.array_equal(new.read(name), old.read(name))


@pytest.mark.parametrize(("case", "base"), [("gpt2", "gpt2"), ("gpt2_dora", "gpt2"), ("lora", "untied"), ("dora", "untied")])
def test_square_layers_lie_as_their_fellows_do_whatever_the_adapter_says(case: str, base: str, tmp_path: Path) -> None:
    """PEFT notes ``fan_in_fan_out`` of the layer that came last: with an output beside GPT-2's layers, that is the wrong one."""
    shutil.copytree(ADAPTERS / case, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "adapter_config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps(config | {"fan_in_fan_out": not config["fan_in_fan_out"]}))
    right, source = merged(base, {case: 1}), Merged(SafetensorsFile.open(ADAPTERS / f"{base}.safetensors"), [Adapter.open(tmp_path)])
    for name in right.tensors:
        assert np.array_equal(source.read(name), right.read(name)), name


def test_a_weight_of_nought_changes_nothing() -> None:
    source, base = merged("untied", {"lora": 0.0}), SafetensorsFile.open(ADAPTERS / "untied.safetensors")
    assert all(np.array_equal(source.read(name), base.read(name)) for name in base.tensors)


def test_the_order_of_added_adapters_does_not_matter() -> None:
    one, other = merged("untied", {"lora": 0.7, "second": -0.4}), merged("untied", {"second": -0.4, "lora": 0.7})
    for name in one.tensors:
        np.testing.assert_allclose(one.read(name), other.read(name), rtol=1e-6, atol=1e-6)


def test_grown_embeddings_are_shown_in_their_size_and_in_the_configuration() -> None:
    source = merged("untied", {"grown": 1})
    assert source.tensors["model.embed_tokens.weight"].shape == source.tensors["lm_head.weight"].shape == (15, 8)
    config = source.configuration(Configuration({"vocab_size": 12, "hidden_size": 8}))
    assert config.integer("vocab_size") == 15
    assert config.integer("hidden_size") == 8


def test_embeddings_and_output_stay_shared_unless_the_output_is_changed_by_itself() -> None:
    config = Configuration({"vocab_size": 12, "tie_word_embeddings": True})
    together = merged("tied", {"grown_tied": 1})
    assert "lm_head.weight" not in together.tensors
    assert together.configuration(config).flag("tie_word_embeddings")
    assert together.configuration(config).integer("vocab_size") == 15
    apart = merged("tied", {"output": 1})
    assert apart.tensors["lm_head.weight"].shape == (12, 8)
    assert not apart.configuration(config).flag("tie_word_embeddings")
    assert apart.configuration(config).integer("vocab_size") == 12


def test_a_saved_output_that_equals_the_shared_embeddings_is_none_of_its_own(tmp_path: Path) -> None:
    source = merged("tied", {"saved": 1})  # its two matrices differ
    assert "lm_head.weight" in source.tensors

    values = np.random.default_rng(1).standard_normal((12, 8)).astype(np.float32)
    names = ("base_model.model.lm_head.weight", "base_model.model.model.embed_tokens.weight")
    write_adapter(tmp_path, dict.fromkeys(names, values))
    same = Merged(SafetensorsFile.open(ADAPTERS / "tied.safetensors"), [Adapter.open(tmp_path)])
    assert "lm_head.weight" not in same.tensors
    assert np.array_equal(same.read("model.embed_tokens.weight"), values)


def test_embeddings_and_output_that_were_trained_as_one_stay_one(tmp_path: Path) -> None:
    """What PEFT writes with ``ensure_weight_tying``: the output's pair is that of the embeddings, turned around."""
    generator = np.random.default_rng(2)
    a, b = (generator.standard_normal(shape).astype(np.float32) for shape in ((2, 12), (8, 2)))
    start = "base_model.model."
    tensors = {f"{start}model.embed_tokens.lora_embedding_A": a, f"{start}model.embed_tokens.lora_embedding_B": b}
    tensors |= {f"{start}lm_head.lora_A.weight": b.T, f"{start}lm_head.lora_B.weight": a.T}
    base = SafetensorsFile.open(ADAPTERS / "tied.safetensors")
    source = Merged(base, [Adapter.open(write_adapter(tmp_path / "one", tensors, r=2, lora_alpha=4))])
    assert "lm_head.weight" not in source.tensors
    name = "model.embed_tokens.weight"
    np.testing.assert_allclose(source.read(name), base.read(name) + 2 * (b @ a).T, rtol=1e-5, atol=1e-5)
    tensors[f"{start}lm_head.lora_B.weight"] = a.T * np.float32(1.01)
    assert "lm_head.weight" in Merged(base, [Adapter.open(write_adapter(tmp_path / "two", tensors, r=2, lora_alpha=4))]).tensors


def test_a_module_that_is_saved_as_its_wrapper_holds_it_too_is_the_plain_one(tmp_path: Path) -> None:
    """What PEFT 0.21 writes for resized embeddings that are trained."""
    plain, held, original = np.random.default_rng(1).standard_normal((3, 15, 8)).astype(np.float32)
    start = "base_model.model.model.embed_tokens"
    ways = [(f"{start}.modules_to_save.weight", held), (f"{start}.original_module.weight", original), (f"{start}.weight", plain)]
    for number, order in enumerate((ways, ways[::-1])):
        folder = write_adapter(tmp_path / str(number), dict(order))
        source = Merged(SafetensorsFile.open(ADAPTERS / "tied.safetensors"), [Adapter.open(folder)])
        assert np.array_equal(source.read("model.embed_tokens.weight"), plain)
    alone = write_adapter(tmp_path / "alone", {f"{start}.modules_to_save.default.weight": held})
    source = Merged(SafetensorsFile.open(ADAPTERS / "tied.safetensors"), [Adapter.open(alone)])
    assert np.array_equal(source.read("model.embed_tokens.weight"), held)
    twice = {"base_model.model.model.norm.weight": held[0], "model.norm.weight": held[0]}
    with pytest.raises(ModelError) as error:
        Adapter.open(write_adapter(tmp_path / "twice", twice))
    assert error.value.code == Code.ADAPTER_BAD


def test_a_tensor_that_one_adapter_replaces_and_another_changed_is_refused() -> None:
    with pytest.raises(ModelError) as error:
        merged("untied", {"embedding": 1, "saved": 1})
    assert error.value.code == Code.ADAPTER_UNSUPPORTED
    with pytest.raises(ModelError) as error:
        merged("untied", {"saved": 1, "grown": 1})
    assert error.value.code == Code.ADAPTER_UNSUPPORTED


def test_an_adapter_for_another_base_is_refused_with_the_tensors_name() -> None:
    with pytest.raises(ModelError) as error:
        merged("gpt2", {"lora": 1})
    assert error.value.code == Code.ADAPTER_OTHER_BASE
    assert error.value.failure.args["name"] == "model.layers.0.self_attn.q_proj.weight"


class Made:
    """A source of one large tensor that is made when it is read, and says how much of it was asked for at once."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.tensors = {"model.layers.0.self_attn.q_proj.weight": TensorInfo("model.layers.0.self_attn.q_proj.weight", shape, "F32")}
        self.shape = shape

    def read(self, name: str, start: int = 0, stop: int | None = None) -> Matrix:
        """Ones."""
        count = self.tensors[name].shape[0] if stop is None else stop - start
        return np.ones((count, self.shape[1]), np.float32)


def test_large_tensors_are_merged_in_slabs_by_several_threads(tmp_path: Path) -> None:
    rows, columns = 3 * SLAB // 512 + 7, 512
    generator = np.random.default_rng(5)
    a, b = (generator.standard_normal(shape).astype(np.float32) for shape in ((2, columns), (rows, 2)))
    name = "model.layers.0.self_attn.q_proj"
    write_adapter(tmp_path, {f"base_model.model.{name}.lora_A.weight": a, f"base_model.model.{name}.lora_B.weight": b}, r=2, lora_alpha=3)
    source = Merged(Made((rows, columns)), [Adapter.open(tmp_path, 0.5)])
    wanted: NDArray[np.float64] = 1 + 0.5 * 1.5 * (b.astype(np.float64) @ a)
    with ThreadPoolExecutor(4) as pool:
        for values in pool.map(lambda _: source.read(f"{name}.weight"), range(4)):
            np.testing.assert_allclose(values, wanted, rtol=1e-5, atol=1e-5)
