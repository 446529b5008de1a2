"""Reading PEFT adapters: what they may be called, what is refused, and files that lie."""

import json
import os
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.models.convert.families.gguf_writing import MemorySource
from tests.models.convert.peft_files import pair, write_adapter

from zhiyin_models.convert.lora import Adapter
from zhiyin_models.convert.merging import Merged
from zhiyin_models.convert.name_pattern import NamePattern
from zhiyin_models.convert.safetensors_file import SafetensorsFile
from zhiyin_models.convert.tensors import TensorInfo
from zhiyin_models.errors import Code, ModelError

ADAPTERS = Path(__file__).parent / "adapters"
LIBAI = Path(__file__).parent / "data" / "lora-libai"
Q = "model.layers.0.self_attn.q_proj"
BASE = MemorySource({f"{Q}.weight": np.zeros((6, 4), np.float32), "model.norm.weight": np.ones(4, np.float32)})


def refused(folder: Path, tensors: Mapping[str, TensorInfo] | None = None, weight: float = 1.0) -> Code:
    """The code that an adapter is refused with, when it is opened or held against a base."""
    with pytest.raises(ModelError) as error:
        Adapter.open(folder, weight).report(BASE.tensors if tensors is None else tensors)
    assert error.value.failure.args
    return error.value.code


def written(folder: Path, tensors: Mapping[str, Any] | None = None, **config: object) -> Path:
    return write_adapter(folder, pair(Q, 6, 4) if tensors is None else tensors, **config)


def test_a_real_adapter_says_what_it_is() -> None:
    adapter = Adapter.open(LIBAI)
    shapes = {"q": (576, 576), "v": (192, 576)}
    names = {f"model.layers.{layer}.self_attn.{one}_proj.weight": shapes[one] for layer in range(30) for one in shapes}
    report = adapter.report({name: TensorInfo(name, shape, "BF16") for name, shape in names.items()})
    assert (report.kind, report.rank, report.alpha, report.tensors, report.alone) == ("LoRA", 8, 16.0, 60, True)
    assert report.base == "HuggingFaceTB/SmolLM2-135M-Instruct"
    assert adapter.pairs["model.layers.3.self_attn.v_proj"].scale == 2


@pytest.mark.parametrize(("name", "kind", "alone"), [("rslora", "rsLoRA", True), ("dora", "DoRA", False), ("saved", "LoRA", False)])
def test_kinds(name: str, kind: str, alone: bool) -> None:
    report = Adapter.open(ADAPTERS / name).report(SafetensorsFile.open(ADAPTERS / "untied.safetensors").tensors)
    assert (report.kind, report.alone) == (kind, alone)


@pytest.mark.parametrize("prefix", ["base_model.model.", "base_model.", "", "base_model.model.model.", "base_model.model.transformer."])
def test_prefixes_of_names(prefix: str, tmp_path: Path) -> None:
    module = Q if prefix.endswith(("base_model.", "base_model.model.")) or not prefix else Q.removeprefix("model.")
    base = BASE if "transformer" not in prefix else MemorySource({f"{Q.removeprefix('model.')}.weight": np.zeros((6, 4), np.float32)})
    adapter = Adapter.open(written(tmp_path, pair(module, 6, 4, prefix=prefix)))
    (name,) = base.tensors.keys() - {"model.norm.weight"}
    assert np.abs(Merged(base, [adapter]).read(name)).max() > 0


def test_the_file_or_its_folder_may_be_named(tmp_path: Path) -> None:
    folder = written(tmp_path / "李白 的")
    one, other = Adapter.open(folder), Adapter.open(folder / "adapter_model.safetensors")
    assert one.path == other.path == folder
    assert one.fingerprint() == other.fingerprint()


def test_a_change_of_the_files_is_noticed(tmp_path: Path) -> None:
    adapter = Adapter.open(written(tmp_path))
    before = adapter.fingerprint()
    adapter.check_unchanged()
    written(tmp_path, lora_alpha=5)
    assert Adapter.open(tmp_path).fingerprint() != before
    with pytest.raises(ModelError) as error:
        adapter.check_unchanged()
    assert error.value.code == Code.SOURCE_CHANGED


UNSUPPORTED: dict[str, dict[str, object]] = {
    "IA3": {"peft_type": "IA3"},
    "LOHA": {"peft_type": "LOHA"},
    "PROMPT_TUNING": {"peft_type": "PROMPT_TUNING"},
    "VERA": {"peft_type": "VERA"},
    "task_type SEQ_CLS": {"task_type": "SEQ_CLS"},
    "alora_invocation_tokens": {"alora_invocation_tokens": [1, 2]},
    "use_qalora": {"use_qalora": True},
    "layer_replication": {"layer_replication": [[0, 2]]},
    "target_parameters": {"target_parameters": ["mlp.experts.gate_up_proj"]},
    "init_lora_weights pissa_niter_4": {"init_lora_weights": "pissa_niter_4"},
    "init_lora_weights loftq": {"init_lora_weights": "loftq"},
    "lora_bias with use_dora": {"lora_bias": True, "use_dora": True},
    "rank_pattern (a+)+": {"rank_pattern": {"(a+)+": 3}},
}


@pytest.mark.parametrize("words", UNSUPPORTED)
def test_other_kinds_and_options_are_refused_by_name(words: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError) as error:
        Adapter.open(written(tmp_path, **UNSUPPORTED[words]))
    assert error.value.code == Code.ADAPTER_UNSUPPORTED
    assert error.value.failure.args["detail"] == words


LIES: dict[str, tuple[dict[str, object], Code]] = {
    "no kind": ({"peft_type": None}, Code.CONFIG_BAD),
    "the kind is a number": ({"peft_type": 3}, Code.CONFIG_BAD),
    "rank 0": ({"r": 0}, Code.CONFIG_BAD),
    "rank -2": ({"r": -2}, Code.CONFIG_BAD),
    "rank is a text": ({"r": "2"}, Code.CONFIG_BAD),
    "rank is true": ({"r": True}, Code.CONFIG_BAD),
    "another rank": ({"r": 4}, Code.ADAPTER_BAD),
    "a huge rank": ({"r": 2**31 - 1}, Code.ADAPTER_BAD),
    "a rank beyond all": ({"r": 2**80}, Code.CONFIG_BAD),
    "alpha is no number": ({"lora_alpha": float("nan")}, Code.CONFIG_BAD),
    "alpha is endless": ({"lora_alpha": float("inf")}, Code.CONFIG_BAD),
    "alpha is a text": ({"lora_alpha": "16"}, Code.CONFIG_BAD),
    "no alpha": ({"lora_alpha": None}, Code.CONFIG_BAD),
    "dora is a number": ({"use_dora": 1}, Code.CONFIG_BAD),
    "dora without lengths": ({"use_dora": True}, Code.ADAPTER_BAD),
    "patterns are a list": ({"rank_pattern": [1]}, Code.CONFIG_BAD),
    "a pattern's rank is a text": ({"rank_pattern": {"q_proj": "2"}}, Code.CONFIG_BAD),
    "a pattern's rank differs": ({"rank_pattern": {"q_proj": 3}}, Code.ADAPTER_BAD),
    "a pattern's alpha is endless": ({"alpha_pattern": {"q_proj": float("inf")}}, Code.CONFIG_BAD),
    "a pattern is broken": ({"alpha_pattern": {"(": 1}}, Code.ADAPTER_UNSUPPORTED),
    "tokens are words": ({"trainable_token_indices": ["a"]}, Code.CONFIG_BAD),
    "tokens below 0": ({"trainable_token_indices": [-1]}, Code.CONFIG_BAD),
    "tokens of what": ({"trainable_token_indices": {"embed_tokens": 3}}, Code.CONFIG_BAD),
    "the base is a number": ({"base_model_name_or_path": 3}, Code.CONFIG_BAD),
}


@pytest.mark.parametrize("words", LIES)
def test_a_configuration_that_lies(words: str, tmp_path: Path) -> None:
    config, code = LIES[words]
    assert refused(written(tmp_path, **config)) == code


def tensor(*shape: int) -> Any:
    return np.ones(shape, np.float32)


A, B = f"base_model.model.{Q}.lora_A.weight", f"base_model.model.{Q}.lora_B.weight"
ODD: dict[str, tuple[dict[str, Any], Code]] = {
    "nothing": ({}, Code.ADAPTER_BAD),
    "A without B": ({A: tensor(2, 4)}, Code.ADAPTER_BAD),
    "B without A": ({B: tensor(6, 2)}, Code.ADAPTER_BAD),
    "ranks that differ": ({A: tensor(2, 4), B: tensor(6, 3)}, Code.ADAPTER_BAD),
    "no columns": ({A: tensor(2, 0), B: tensor(6, 2)}, Code.ADAPTER_BAD),
    "one dimension": ({A: tensor(8), B: tensor(6, 2)}, Code.ADAPTER_UNSUPPORTED),
    "a convolution": ({A: tensor(2, 4, 1, 1), B: tensor(6, 2, 1, 1)}, Code.ADAPTER_UNSUPPORTED),
    "twice": ({A: tensor(2, 4), B: tensor(6, 2), A.replace("A.w", "A.default.w"): tensor(2, 4)}, Code.ADAPTER_BAD),
    "under two names": (pair(Q, 6, 4) | pair(Q.removeprefix("model."), 6, 4), Code.ADAPTER_BAD),
    "other rows": (pair(Q, 7, 4), Code.ADAPTER_OTHER_BASE),
    "other columns": (pair(Q, 6, 5), Code.ADAPTER_OTHER_BASE),
    "no such layer": (pair(Q.replace("0", "9"), 6, 4), Code.ADAPTER_OTHER_BASE),
    "a layer for a vector": (pair("model.norm", 4, 1), Code.ADAPTER_OTHER_BASE),
    "another kind of factors": (pair(Q, 6, 4) | {f"base_model.model.{Q}.hada_w1_a": tensor(2, 2)}, Code.ADAPTER_UNSUPPORTED),
    "a diagonal": (pair(Q, 6, 4) | {f"base_model.model.{Q}.lora_diag": tensor(2)}, Code.ADAPTER_UNSUPPORTED),
    "a classification head": (pair(Q, 6, 4) | {"base_model.model.score.weight": tensor(2, 4)}, Code.ADAPTER_UNSUPPORTED),
    "lengths without dora": (pair(Q, 6, 4) | {f"base_model.model.{Q}.lora_magnitude_vector": tensor(6)}, Code.ADAPTER_BAD),
    "a bias without lora_bias": (pair(Q, 6, 4) | {f"base_model.model.{Q}.lora_B.bias": tensor(6)}, Code.ADAPTER_BAD),
    "a whole tensor of another shape": (pair(Q, 6, 4) | {"base_model.model.model.norm.weight": tensor(5)}, Code.ADAPTER_OTHER_BASE),
    "a whole tensor of nothing": (pair(Q, 6, 4) | {"base_model.model.model.other.weight": tensor(5)}, Code.ADAPTER_OTHER_BASE),
    "tokens that nobody named": (
        {"base_model.model.model.embed_tokens.token_adapter.trainable_tokens_delta": tensor(2, 4)},
        Code.ADAPTER_BAD,
    ),
}


@pytest.mark.parametrize("words", ODD)
def test_tensors_that_do_not_fit(words: str, tmp_path: Path) -> None:
    tensors, code = ODD[words]
    assert refused(written(tmp_path, tensors)) == code


@pytest.mark.parametrize(("indices", "code"), [([0, 1], None), ([0], Code.ADAPTER_BAD), ([0, 5], Code.ADAPTER_OTHER_BASE)])
def test_tokens_must_be_within_the_embeddings(indices: list[int], code: Code | None, tmp_path: Path) -> None:
    base = MemorySource({"model.embed_tokens.weight": tensor(5, 4)})
    name = "base_model.model.model.embed_tokens.token_adapter.trainable_tokens_delta"
    folder = written(tmp_path, {name: tensor(2, 4)}, trainable_token_indices={"embed_tokens": indices})
    if code is None:
        assert Adapter.open(folder).report(base.tensors).tensors == 1
    else:
        assert refused(folder, base.tensors) == code


def test_a_bias_where_the_base_has_none(tmp_path: Path) -> None:
    tensors = pair(Q, 6, 4) | {f"base_model.model.{Q}.lora_B.bias": tensor(6)}
    assert refused(written(tmp_path, tensors, lora_bias=True)) == Code.ADAPTER_UNSUPPORTED


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_none(value: float, tmp_path: Path) -> None:
    tensors = pair(Q, 6, 4)
    tensors[B][3, 1] = value
    source = Merged(BASE, [Adapter.open(written(tmp_path, tensors))])
    with pytest.raises(ModelError) as error:
        source.read(f"{Q}.weight")
    assert error.value.code == Code.TENSOR_NOT_FINITE


def test_lengths_of_nothing_are_not_divided_by(tmp_path: Path) -> None:
    tensors = {A: tensor(2, 4), B: np.zeros((6, 2), np.float32), f"base_model.model.{Q}.lora_magnitude_vector": tensor(6)}
    source = Merged(BASE, [Adapter.open(written(tmp_path, tensors, use_dora=True))])  # whose weights are all 0
    with pytest.raises(ModelError) as error:
        source.read(f"{Q}.weight")
    assert error.value.code == Code.TENSOR_NOT_FINITE


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), 1e9])
def test_weights_that_make_no_sense(weight: float, tmp_path: Path) -> None:
    assert refused(written(tmp_path), weight=weight) == Code.ADAPTER_BAD


def test_texts_that_are_no_configuration(tmp_path: Path) -> None:
    folder = written(tmp_path)
    path = folder / "adapter_config.json"
    for content in (b"", b"[" * 100_000, b"[]", b'"text"', b"\xff\xfe", b"{", b" " * (5 << 20)):
        path.write_bytes(content)
        assert refused(folder) == Code.CONFIG_BAD
    path.unlink()
    assert refused(folder) == Code.ADAPTER_BAD
    os.mkfifo(path)
    assert refused(folder) == Code.SOURCE_UNREADABLE


def test_weight_files_that_are_none(tmp_path: Path) -> None:
    folder = written(tmp_path / "a")
    path = folder / "adapter_model.safetensors"
    content = path.read_bytes()
    for size in (0, 4, 20, len(content) - 1):
        path.write_bytes(content[:size])
        assert refused(folder) in {Code.SHARD_TRUNCATED, Code.SHARD_DAMAGED}
    path.unlink()
    assert refused(folder) == Code.ADAPTER_BAD
    path.mkdir()
    assert refused(folder) == Code.SHARD_DAMAGED
    assert refused(tmp_path / "none") == Code.SOURCE_MISSING
    assert refused(tmp_path / ("x" * 5000)) == Code.SOURCE_MISSING
    assert refused(Path("a\0b")) == Code.SOURCE_MISSING


class Runs:
    """Pickled, this calls something."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch ran",)


def test_a_pickle_that_runs_something_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = written(tmp_path / "a")
    (folder / "adapter_model.safetensors").unlink()
    with zipfile.ZipFile(folder / "adapter_model.bin", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({A: Runs()}))
    assert refused(folder) == Code.PICKLE_REFUSED
    assert not (tmp_path / "ran").exists()


def test_any_damage_ends_in_one_of_our_errors(tmp_path: Path) -> None:
    generator = np.random.default_rng(3)
    base = SafetensorsFile.open(ADAPTERS / "untied.safetensors")
    for name in ("patterns", "dora", "grown"):
        for file in ("adapter_config.json", "adapter_model.safetensors"):
            content = (ADAPTERS / name / file).read_bytes()
            other = "adapter_config.json" if file.endswith("safetensors") else "adapter_model.safetensors"
            (tmp_path / other).write_bytes((ADAPTERS / name / other).read_bytes())
            for _ in range(60):
                damaged = bytearray(content)
                for place in generator.integers(0, min(len(content), 3000), generator.integers(1, 4)):
                    damaged[place] = generator.integers(0, 256)
                (tmp_path / file).write_bytes(damaged)
                try:
                    source = Merged(base, [Adapter.open(tmp_path)])
                    for tensor_name in source.tensors:
                        source.read(tensor_name)
                except ModelError as error:
                    json.dumps(error.failure.args).encode()


@pytest.mark.parametrize(
    ("pattern", "module", "fits"),
    [
        ("q_proj", Q, True),
        ("q_pro", Q, False),
        ("_proj", Q, False),
        ("self_attn.q_proj", Q, True),
        ("^self_attn.q_proj", Q, False),
        (f"^{Q}", Q, True),
        (r"layers\.\d+\.self_attn\.(q|k)_proj", Q, True),
        (r".*\.layers\.[1-9]\..*", Q, False),
        ("q_proj|v_proj", Q, True),
        (r"model.layers.(0|1|2)\..+?_proj", Q, True),
        ("", Q, False),
    ],
)
def test_patterns_fit_as_in_peft(pattern: str, module: str, fits: bool) -> None:
    assert NamePattern(pattern).fits(module) == fits


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "(a+)+",
            "(a*)*b",
            "(a|a)*",
            "(.*)?(.*)?(.*)?x",
            ".*.*.*.*x",
            "a{1,99}{1,99}",
            "((a?)+)b",
            "(?=.*)",
            r"(a)\1",
            "(?P<x>a)",
            "(",
            "[",
            "*",
        ),
        *("x" * 300, "a?" * 30 + "a" * 30, "(a|a)" * 30, "((((a+))))*", r"(a|\))*(a|a)*"),
    ],
)
def test_patterns_that_could_take_for_ever_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError):
        NamePattern(pattern)


def test_the_worst_pattern_that_is_let_through_ends(tmp_path: Path) -> None:
    module = "a." * 70 + "q"
    for pattern in (".*.*.*x", "(a|.)(a|.).*.*x", ".*a.*a.*x", ".*.*[^b]*x"):
        assert not NamePattern(pattern).fits(module)
    assert not NamePattern(".*").fits("a" * 100_000)
    assert refused(written(tmp_path, rank_pattern={f".*{number}.*.*x": 3 for number in range(20)}, r=3)) == Code.ADAPTER_BAD
