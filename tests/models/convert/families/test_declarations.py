"""What families make of configurations: both spellings, what is refused, and anything else that may come."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.models.convert.families.all_cases import CASES
from tests.models.convert.families.golden import read_golden

from zhiyin_models.convert.configuration import Configuration
from zhiyin_models.convert.families.family import Family
from zhiyin_models.convert.plan import open_family, targets_of
from zhiyin_models.convert.tensors import TensorInfo
from zhiyin_models.errors import Code, Failure, ModelError

Shapes = dict[str, tuple[int, ...]]
BY_NAME = {case.name: case for case in CASES}
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32}
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 32}
FLT_MAX = 3.4e38
LONGROPE = {"rope_type": "longrope", "long_factor": [2.0] * 8, "short_factor": [1.0] * 8}


def open_case(name: str, changes: Mapping[str, Any] | None = None, shapes: Shapes | None = None) -> Family:
    """The family of a case, with changes to its configuration; None removes a value."""
    case = BY_NAME[name]
    config = {key: value for key, value in {**case.config, **(changes or {})}.items() if value is not None}
    return open_family(Configuration(config), case.config["architectures"][0], infos(shapes or read_golden(case).shapes))


def infos(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, TensorInfo]:
    return {name: TensorInfo(name, shape, "F32") for name, shape in shapes.items()}


def rope_of(family: Family) -> dict[str, object]:
    return {key: value for key, value in family.metadata().items() if ".rope." in key}


# ---- what is refused


@pytest.mark.parametrize(
    ("case", "changes", "named"),
    [
        pytest.param("llama", {"hidden_act": "gelu"}, "hidden_act", id="another activation"),
        pytest.param("llama", {"num_hidden_layers": 100000}, "num_hidden_layers", id="too many layers"),
        pytest.param("llama", {"num_hidden_layers": 0}, "num_hidden_layers", id="no layers"),
        pytest.param("llama", {"num_hidden_layers": 2.0}, "num_hidden_layers", id="layers not whole"),
        pytest.param("llama", {"num_attention_heads": 5}, "num_key_value_heads", id="heads that do not divide"),
        pytest.param("llama", {"num_attention_heads": 6}, "num_attention_heads", id="a width that does not divide"),
        pytest.param("llama", {"head_dim": 15}, "head_dim", id="an odd head"),
        pytest.param(
            "llama", {"num_attention_heads": 16384, "num_key_value_heads": 1, "head_dim": 4096}, "head_dim", id="a huge projection"
        ),
        pytest.param("llama", {"rope_theta": 0}, "rope_theta", id="no rope base"),
        pytest.param("llama", {"rope_theta": 10**400}, "rope_theta", id="a rope base beyond floats"),
        pytest.param("llama", {"partial_rotary_factor": 0.5}, "partial_rotary_factor", id="a part of each head"),
        pytest.param("llama", {"rope_scaling": {"type": "mrope"}}, "rope_type", id="another rope"),
        pytest.param("llama", {"rope_scaling": {"type": "linear"}}, "factor", id="linear without its factor"),
        pytest.param("llama", {"rope_scaling": [1]}, "rope_scaling", id="a rope that is a list"),
        pytest.param("llama", {"rope_scaling": {**YARN, "beta_fast": 16}}, "beta_fast", id="YaRN with another beta"),
        pytest.param("llama", {"rope_scaling": {**YARN, "truncate": False}}, "truncate", id="YaRN not truncated"),
        pytest.param("llama", {"rope_scaling": {**YARN, "factor": 0.5}}, "factor", id="YaRN that shrinks"),
        pytest.param("llama", {"rope_scaling": {**LLAMA3, "high_freq_factor": 1.0}}, "high_freq_factor", id="Llama 3's factors alike"),
        pytest.param("llama", {"rope_scaling": {**LONGROPE, "long_factor": [1.0] * 7}}, "long_factor", id="too few factors"),
        pytest.param("llama", {"rope_scaling": {**LONGROPE, "short_factor": [0.0] * 8}}, "short_factor", id="a factor of zero"),
        pytest.param("qwen2", {"rope_scaling": LLAMA3}, "rope_type", id="Llama 3's rope in Qwen"),
        pytest.param("qwen2", {"head_dim": 32}, "head_dim", id="Qwen 2 with heads of another size"),
        pytest.param("qwen3", {"attention_bias": True}, "attention_bias", id="Qwen 3 with biases"),
        pytest.param("qwen2_moe", {"norm_topk_prob": True}, "norm_topk_prob", id="experts of Qwen 2 that sum to 1"),
        pytest.param("qwen2_moe", {"tie_word_embeddings": True}, "tie_word_embeddings", id="experts of Qwen 2 with a tied output"),
        pytest.param("qwen3_moe", {"norm_topk_prob": False}, "norm_topk_prob", id="experts that do not sum to 1"),
        pytest.param("qwen3_moe", {"norm_topk_prob": None}, "norm_topk_prob", id="experts that by default do not sum to 1"),
        pytest.param("qwen3_moe", {"mlp_only_layers": [0]}, "mlp_only_layers", id="dense layers among experts"),
        pytest.param("qwen3_moe", {"decoder_sparse_step": 2}, "decoder_sparse_step", id="every other layer dense"),
        pytest.param("qwen3_moe", {"num_experts_per_tok": 9}, "num_experts_per_tok", id="more experts used than there are"),
        pytest.param("qwen3_moe", {"num_experts": 1000}, "num_experts", id="more experts than tensors"),
        pytest.param("mistral", {"sliding_window": "wide"}, "sliding_window", id="a window in words"),
        pytest.param("phi3", {"rope_scaling": {"type": "linear", "factor": 2}}, "rope_type", id="another rope in Phi"),
        pytest.param("phi3", {"rope_scaling": LLAMA3}, "rope_type", id="Llama 3's rope in Phi"),
        pytest.param("gpt2", {"activation_function": "relu"}, "activation_function", id="GPT-2 with another activation"),
        pytest.param("gpt2", {"activation_function": "gelu"}, "activation_function", id="GPT-2 with the exact GELU"),
        pytest.param("gpt2", {"scale_attn_by_inverse_layer_idx": True}, "scale_attn_by_inverse_layer_idx", id="GPT-2 scaled by layer"),
        pytest.param("gpt2", {"scale_attn_weights": False}, "scale_attn_weights", id="GPT-2 not scaled"),
        pytest.param("gpt2", {"add_cross_attention": True}, "add_cross_attention", id="GPT-2 with an encoder"),
        pytest.param("gpt2", {"n_head": 5}, "n_head", id="GPT-2 with heads that do not divide"),
        pytest.param("gpt2", {"n_head": 64}, "n_head", id="GPT-2 with heads of one value"),
    ],
)
def test_what_llama_cpp_cannot_do_is_refused_by_name(case: str, changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ModelError) as caught:
        open_case(case, changes)
    assert caught.value.code is Code.CONFIG_BAD
    assert caught.value.failure.args["name"] == named


@pytest.mark.parametrize(
    ("shapes", "code"),
    [
        pytest.param({}, Code.TENSOR_MISSING, id="no embeddings"),
        pytest.param({"model.embed_tokens.weight": (288, 63)}, Code.TENSOR_SHAPE, id="embeddings of another width"),
        pytest.param({"model.embed_tokens.weight": (288,)}, Code.TENSOR_SHAPE, id="embeddings that are a list"),
        pytest.param({"model.embed_tokens.weight": ()}, Code.TENSOR_SHAPE, id="embeddings that are a number"),
        pytest.param({"model.embed_tokens.weight": (0, 64)}, Code.TENSOR_SHAPE, id="embeddings for no token"),
    ],
)
def test_embeddings_that_cannot_be(shapes: Shapes, code: Code) -> None:
    others = {name: shape for name, shape in read_golden(BY_NAME["llama"]).shapes.items() if "embed" not in name}
    with pytest.raises(ModelError) as caught:
        open_case("llama", shapes={**others, **shapes})
    assert caught.value.code is code


# ---- what tensors there must be


@pytest.mark.parametrize(
    ("case", "changes", "change", "code", "named"),
    [
        pytest.param("llama", {}, {"lm_head.weight": None}, Code.TENSOR_MISSING, "lm_head.weight", id="no output while untied"),
        pytest.param("llama", {"attention_bias": True}, {}, Code.TENSOR_MISSING, "model.layers.0.self_attn.k_proj.bias", id="no bias"),
        pytest.param("llama_biases", {"mlp_bias": False}, {}, Code.TENSOR_EXTRA, "model.layers.0.mlp.down_proj.bias", id="a bias too many"),
        pytest.param(
            "llama", {"num_hidden_layers": 1}, {}, Code.TENSOR_EXTRA, "model.layers.1.input_layernorm.weight", id="a layer too many"
        ),
        pytest.param(
            "qwen3", {"head_dim": 16}, {}, Code.TENSOR_SHAPE, "model.layers.0.self_attn.k_proj.weight", id="a head's size that lies"
        ),
        pytest.param("gpt2", {"n_positions": 65}, {}, Code.TENSOR_SHAPE, "transformer.wpe.weight", id="positions that lie"),
        pytest.param(
            "gpt2", {}, {"transformer.h.0.attn.c_attn.bias": None}, Code.TENSOR_MISSING, "transformer.h.0.attn.c_attn.bias", id="GPT-2"
        ),
        pytest.param("qwen3_moe", {"num_experts": 7}, {}, Code.TENSOR_SHAPE, "model.layers.0.mlp.gate.weight", id="experts that lie"),
    ],
)
def test_tensors_that_do_not_belong_together(case: str, changes: dict[str, Any], change: dict[str, None], code: Code, named: str) -> None:
    shapes = {name: shape for name, shape in read_golden(BY_NAME[case]).shapes.items() if name not in change}
    with pytest.raises(ModelError) as caught:
        targets_of(open_case(case, changes, shapes), infos(shapes))
    assert caught.value.code is code
    assert caught.value.failure.args["name"] == named


def test_a_tied_output_that_is_saved_is_of_no_use() -> None:
    shapes = {**read_golden(BY_NAME["llama_tied"]).shapes, "lm_head.weight": (288, 64)}
    assert "output.weight" not in {target.name for target in targets_of(open_case("llama_tied", {}, shapes), infos(shapes))}


def test_saved_tables_and_masks_are_of_no_use() -> None:
    llama = {**read_golden(BY_NAME["llama"]).shapes, "model.layers.0.self_attn.rotary_emb.inv_freq": (8,)}
    gpt2 = {**read_golden(BY_NAME["gpt2"]).shapes, "transformer.h.0.attn.bias": (1, 1, 64, 64), "transformer.h.0.attn.masked_bias": ()}
    assert targets_of(open_case("llama", {}, llama), infos(llama))
    assert targets_of(open_case("gpt2", {}, gpt2), infos(gpt2))


@pytest.mark.parametrize(
    ("case", "left_out", "key", "value"),
    [
        ("llama", "max_position_embeddings", "llama.context_length", 2048),
        ("llama", "rms_norm_eps", "llama.attention.layer_norm_rms_epsilon", 1e-6),
        ("llama", "rope_theta", "llama.rope.freq_base", 10000.0),
        ("llama", "num_key_value_heads", "llama.attention.head_count_kv", 4),
        ("mistral", "max_position_embeddings", "llama.context_length", 131072),
        ("qwen2", "max_position_embeddings", "qwen2.context_length", 32768),
        ("qwen3", "head_dim", "qwen3.attention.key_length", 128),
        ("qwen3_moe", "head_dim", "qwen3moe.attention.key_length", 16),
        ("phi3", "rms_norm_eps", "phi3.attention.layer_norm_rms_epsilon", 1e-5),
        ("gpt2", "layer_norm_epsilon", "gpt2.attention.layer_norm_epsilon", 1e-5),
        ("gpt2", "n_inner", "gpt2.feed_forward_length", 256),
    ],
)
def test_what_is_left_out_is_as_transformers_takes_it(case: str, left_out: str, key: str, value: float) -> None:
    assert open_case(case, {left_out: None}).metadata()[key] == value


def test_there_are_as_many_tokens_as_the_embeddings_have_rows() -> None:
    assert open_case("llama", {"vocab_size": 280}).metadata()["llama.vocab_size"] == 288


@pytest.mark.parametrize(
    ("case", "changes", "tokens"),
    [
        ("mistral", {"sliding_window": 256}, 256),
        ("mistral", {"sliding_window": 512}, None),  # as long as the context
        ("mistral", {"sliding_window": None}, None),
        ("phi3", {"sliding_window": 255}, 255),
        ("qwen2", {"sliding_window": 256}, None),
        ("qwen2", {"sliding_window": 256, "use_sliding_window": True}, None),  # from the third layer of two
        ("qwen2", {"sliding_window": 256, "use_sliding_window": True, "max_window_layers": 1}, 256),
    ],
)
def test_a_window_that_will_not_be_applied_is_told(case: str, changes: dict[str, Any], tokens: int | None) -> None:
    notices = open_case(case, changes).notices
    assert notices == (() if tokens is None else (Failure(Code.WINDOW_IGNORED, {"tokens": tokens}),))


# ---- rotary positions


@pytest.mark.parametrize(
    "section", [YARN, LLAMA3, {**LONGROPE, "original_max_position_embeddings": 16}, {"rope_type": "linear", "factor": 2}]
)
def test_both_spellings_mean_the_same(section: dict[str, Any]) -> None:
    older = open_case("llama", {"rope_theta": 500000.0, "rope_scaling": {**section, "type": section["rope_type"], "rope_type": None}})
    newer = open_case("llama", {"rope_theta": None, "rope_parameters": {**section, "rope_theta": 500000.0}})
    assert rope_of(older) == rope_of(newer)
    assert rope_of(older)["llama.rope.freq_base"] == 500000.0
    assert [target.name for target in older.targets()] == [target.name for target in newer.targets()]


def test_an_empty_scaling_says_nothing() -> None:
    family = open_case("llama", {"rope_theta": None, "rope_scaling": {}, "rope_parameters": {"rope_theta": 2e4}})
    assert rope_of(family) == {"llama.rope.freq_base": 2e4, "llama.rope.dimension_count": 16}


def test_the_first_names_of_longrope() -> None:
    sections = [{"type": kind, "long_factor": [2.0] * 8, "short_factor": [1.0] * 8} for kind in ("longrope", "su", "yarn")]
    families = [open_case("phi3", {"original_max_position_embeddings": 128, "rope_scaling": section}) for section in sections]
    assert rope_of(families[0]) == rope_of(families[1]) == rope_of(families[2])
    assert rope_of(families[0])["phi3.rope.scaling.type"] == "longrope"


@pytest.mark.parametrize(
    ("section", "wanted"),
    [
        (YARN, None),  # as llama.cpp computes it by itself
        ({**YARN, "attention_factor": 1.0}, 1 / 1.138629436),
        ({**YARN, "mscale": 1.0, "mscale_all_dim": 1.0}, 1 / 1.138629436),
        ({**YARN, "mscale": 2.0, "mscale_all_dim": 1.0}, 1.277258872 / 1.138629436**2),
        ({**YARN, "factor": None, "original_max_position_embeddings": 128}, None),
    ],
)
def test_yarn_says_how_attention_is_scaled(section: dict[str, Any], wanted: float | None) -> None:
    family = open_case("qwen2", {"rope_scaling": section})
    assert rope_of(family)["qwen2.rope.scaling.factor"] == 4.0
    assert rope_of(family).get("qwen2.rope.scaling.attn_factor") == (wanted and pytest.approx(wanted))


# ---- anything

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, 1, -1, 2**31, 2**63, 10**400]),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.one_of(st.integers(), st.floats(), st.text(max_size=2)), max_size=9),
    st.dictionaries(
        st.sampled_from(["rope_type", "type", "factor", "rope_theta"]), st.one_of(st.floats(), st.text(max_size=5)), max_size=3
    ),
)
KINDS = st.sampled_from(["default", "linear", "dynamic", "yarn", "llama3", "longrope", "su"])
ROPE_KEYS = [
    "factor",
    "original_max_position_embeddings",
    "attention_factor",
    "low_freq_factor",
    "high_freq_factor",
    "long_factor",
    "mscale",
]
ROPE = st.dictionaries(st.sampled_from(ROPE_KEYS), JUNK).flatmap(lambda held: KINDS.map(lambda kind: {"rope_type": kind, **held}))


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_whatever_a_configuration_says_only_model_errors_are_raised(data: st.DataObject) -> None:
    case = data.draw(st.sampled_from(CASES))
    config, shapes = dict(case.config), read_golden(case).shapes
    keys = data.draw(st.lists(st.sampled_from(sorted(config)), max_size=3))
    config.update({key: data.draw(JUNK) for key in keys})
    if data.draw(st.booleans()):
        config["rope_scaling"] = data.draw(ROPE)
    for name in data.draw(st.lists(st.sampled_from(sorted(shapes)), max_size=2)):
        shapes[name] = data.draw(st.lists(st.integers(0, 2**40), max_size=3).map(tuple))
    try:
        family = open_family(Configuration(config), case.config["architectures"][0], infos(shapes))
        metadata = family.metadata()
        targets_of(family, infos(shapes))
    except ModelError:
        return
    for key, value in metadata.items():
        assert key.startswith(f"{family.architecture}.")
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, int | float):
                assert 0 <= item < (2**32 if isinstance(item, int) else FLT_MAX)
