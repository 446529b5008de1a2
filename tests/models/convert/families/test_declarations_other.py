"""What Gemma, GLM, ChatGLM, InternLM2 and Baichuan make of configurations, beside their logits."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.models.convert.families.all_cases import CASES
from tests.models.convert.families.cases import Tensors
from tests.models.convert.families.generated import tensors_of
from tests.models.convert.families.gguf_writing import MemorySource, made
from tests.models.convert.families.golden import read_golden

from zhiyin_models.convert.configuration import Configuration
from zhiyin_models.convert.families.chatglm import CHATGLM3_HINTS, GLM4_HINTS
from zhiyin_models.convert.families.family import Family
from zhiyin_models.convert.plan import open_family, targets_of
from zhiyin_models.convert.tensors import Piece, Read, TensorInfo
from zhiyin_models.errors import Code, ModelError

Shapes = dict[str, tuple[int, ...]]
BY_NAME = {case.name: case for case in CASES}
VISION: Shapes = {"vision_tower.vision_model.post_layernorm.weight": (8,), "multi_modal_projector.mm_soft_emb_norm.weight": (8,)}

ROOM: Shapes = {f"any.{number}": (1,) for number in range(64)}  # no checkpoint has more layers than tensors


def infos(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, TensorInfo]:
    return {name: TensorInfo(name, shape, "F32") for name, shape in shapes.items()}


def open_config(config: Mapping[str, Any], shapes: Shapes) -> Family:
    return open_family(Configuration(config), config["architectures"][0], infos(shapes))


def open_case(name: str, changes: Mapping[str, Any] | None = None, shapes: Shapes | None = None) -> Family:
    """The family of a case, with changes to its configuration."""
    return open_config({**BY_NAME[name].config, **(changes or {})}, shapes or read_golden(BY_NAME[name]).shapes)


def without(name: str, *keys: str) -> dict[str, Any]:
    return {key: value for key, value in BY_NAME[name].config.items() if key not in keys}


@pytest.mark.parametrize(
    ("case", "changes", "named"),
    [
        ("gemma2", {"hidden_activation": "gelu"}, "hidden_activation"),
        ("gemma2", {"tie_word_embeddings": False}, "tie_word_embeddings"),
        ("gemma2", {"query_pre_attn_scalar": 256}, "query_pre_attn_scalar"),
        ("gemma2", {"attn_logit_softcapping": None}, "attn_logit_softcapping"),
        ("gemma2", {"final_logit_softcapping": 0}, "final_logit_softcapping"),
        ("gemma2", {"sliding_window": None}, "sliding_window"),
        ("gemma2", {"sliding_window": 0}, "sliding_window"),
        ("gemma2", {"attention_bias": True}, "attention_bias"),
        ("gemma2", {"layer_types": ["sliding_attention"]}, "layer_types"),
        ("gemma2", {"layer_types": ["sliding_attention", "chunked_attention"]}, "layer_types"),
        ("gemma2", {"layer_types": "full"}, "layer_types"),
        ("gemma3", {"attn_logit_softcapping": 50.0}, "attn_logit_softcapping"),
        ("gemma3", {"use_bidirectional_attention": True}, "use_bidirectional_attention"),
        ("gemma3", {"sliding_window_pattern": 0}, "sliding_window_pattern"),
        ("gemma3", {"rope_scaling": {"rope_type": "yarn", "factor": 4.0}}, "rope_scaling"),
        ("gemma3", {"rope_local_base_freq": 0}, "rope_local_base_freq"),
        ("gemma3", {"rope_parameters": {"rope_theta": 1e6}}, "rope_parameters"),
        ("gemma3", {"rope_parameters": {"sliding_attention": {"rope_type": "linear", "factor": 2.0}}}, "rope_parameters"),
        ("gemma3", {"rope_parameters": {"sliding_attention": 1}}, "sliding_attention"),
        ("glm", {"head_dim": 8}, "head_dim"),
        ("glm", {"partial_rotary_factor": 0.1}, "partial_rotary_factor"),
        ("glm4", {"hidden_act": "gelu"}, "hidden_act"),
        ("chatglm3", {"num_layers": 0}, "num_layers"),
        ("chatglm3", {"ffn_hidden_size": "96"}, "ffn_hidden_size"),
        ("chatglm3", {"multi_query_group_num": 3}, "multi_query_group_num"),
        ("chatglm3", {"multi_query_attention": "yes"}, "multi_query_attention"),
        ("chatglm3", {"kv_channels": 32}, "kv_channels"),
        ("chatglm3", {"rope_ratio": float("nan")}, "rope_ratio"),
        ("chatglm3", {"rope_ratio": 16}, "rope_ratio"),  # ChatGLM2-6B-32k's, which means something else
        ("chatglm3", {"rmsnorm": False}, "rmsnorm"),
        ("chatglm3", {"post_layer_norm": False}, "post_layer_norm"),
        ("chatglm3", {"apply_residual_connection_post_layernorm": True}, "apply_residual_connection_post_layernorm"),
        ("chatglm3", {"add_bias_linear": True}, "add_bias_linear"),
        ("chatglm3", {"quantization_bit": 4}, "quantization_bit"),
        ("internlm2", {"bias": True}, "bias"),
        ("internlm2", {"num_key_value_heads": 4}, "num_key_value_heads"),
        ("internlm2", {"rope_scaling": {"type": "yarn", "factor": 2.0}}, "rope_type"),
        ("baichuan2-7b", {"rope_scaling": {"type": "dynamic", "factor": 2.0}}, "rope_type"),
        ("baichuan2-7b", {"num_hidden_layers": 31}, "num_hidden_layers"),
        ("baichuan2-7b", {"num_key_value_heads": 2}, "num_key_value_heads"),
        ("baichuan2-13b", {"model_max_length": None}, "max_position_embeddings"),
    ],
)
def test_what_llama_cpp_cannot_do_is_refused_by_name(case: str, changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ModelError) as caught:
        open_case(case, changes).metadata()
    assert caught.value.code is Code.CONFIG_BAD
    assert caught.value.failure.args["name"] == named


def test_biases_are_internlm2s_default() -> None:
    with pytest.raises(ModelError) as caught:
        open_config(without("internlm2", "bias"), read_golden(BY_NAME["internlm2"]).shapes)
    assert caught.value.failure.args["name"] == "bias"


@pytest.mark.parametrize(
    ("case", "left_out", "wanted"),
    [
        ("gemma2", ("max_position_embeddings", "rms_norm_eps"), {"context_length": 8192, "attention.layer_norm_rms_epsilon": 1e-6}),
        ("glm", ("max_position_embeddings", "rms_norm_eps"), {"context_length": 131072, "attention.layer_norm_rms_epsilon": 1.5625e-7}),
        ("chatglm3", ("seq_length", "layernorm_epsilon"), {"context_length": 2048, "attention.layer_norm_rms_epsilon": 1e-5}),
        ("internlm2", ("max_position_embeddings",), {"context_length": 2048}),
    ],
)
def test_what_is_left_out_is_what_the_models_code_takes(case: str, left_out: tuple[str, ...], wanted: dict[str, float]) -> None:
    family = open_config(without(case, *left_out), read_golden(BY_NAME[case]).shapes)
    assert {key: family.metadata()[f"{family.architecture}.{key}"] for key in wanted} == wanted


@pytest.mark.parametrize(
    ("case", "extra"),
    [
        ("gemma2", "lm_head.weight"),  # tied, and saved nevertheless
        ("chatglm3", "transformer.rotary_pos_emb.inv_freq"),
        ("baichuan2-7b", "model.layers.0.self_attn.rotary_emb.inv_freq"),
    ],
)
def test_what_is_known_to_be_of_no_use_is_left_behind(case: str, extra: str) -> None:
    shapes = {**read_golden(BY_NAME[case]).shapes, extra: (8,)}
    assert targets_of(open_case(case, None, shapes), infos(shapes))


@pytest.mark.parametrize("extra", ["transformer.prefix_encoder.embedding.weight", "transformer.vision.patch_embedding.cls_embedding"])
def test_a_trained_prefix_or_an_eye_is_not_left_behind(extra: str) -> None:
    shapes = {**read_golden(BY_NAME["chatglm3"]).shapes, extra: (8, 8)}
    with pytest.raises(ModelError) as caught:
        targets_of(open_case("chatglm3", None, shapes), infos(shapes))
    assert caught.value.code is Code.TENSOR_EXTRA


# ---- Gemma


def with_vision(spelling: str, head: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Gemma 3 with vision, around the text part of a case: its configuration, and a checkpoint's tensors."""
    case = BY_NAME["gemma3-layers"]
    text = {key: value for key, value in case.config.items() if key not in ("architectures", "tie_word_embeddings")}
    config = {"architectures": ["Gemma3ForConditionalGeneration"], "tie_word_embeddings": False, "text_config": text, "vision_config": {}}
    tensors: Tensors = {}
    for name, values in tensors_of(case, read_golden(case).shapes).items():
        tensors[head if name == "lm_head.weight" else spelling + name.removeprefix("model.")] = values
    prefix = "model." if spelling.startswith("model.") else ""
    return config, tensors | {prefix + name: np.zeros(shape, np.float32) for name, shape in VISION.items()}


@pytest.mark.parametrize(
    ("spelling", "head"), [("language_model.model.", "language_model.lm_head.weight"), ("model.language_model.", "lm_head.weight")]
)
def test_the_text_part_of_gemma_3_with_vision_is_gemma_3(spelling: str, head: str) -> None:
    config, tensors = with_vision(spelling, head)
    case = BY_NAME["gemma3-layers"]
    alone = MemorySource(tensors_of(case, read_golden(case).shapes))
    plain, seeing = (
        open_case(case.name),
        open_family(Configuration(config), "Gemma3ForConditionalGeneration", MemorySource(tensors).tensors),
    )
    assert seeing.metadata() == plain.metadata()
    wanted, written = made(plain, alone), made(seeing, MemorySource(tensors))
    assert written.keys() == wanted.keys()
    assert all(np.array_equal(written[name], values) for name, values in wanted.items())


def test_a_configuration_that_says_only_how_it_differs() -> None:
    """As google/gemma-3-4b-it has it."""
    text = {"hidden_size": 2560, "intermediate_size": 10240, "model_type": "gemma3_text", "num_hidden_layers": 34, "sliding_window": 1024}
    text["rope_scaling"] = {"factor": 8.0, "rope_type": "linear"}
    config = {"architectures": ["Gemma3ForConditionalGeneration"], "text_config": text}
    family = open_config(config, {"language_model.model.embed_tokens.weight": (262208, 2560), **ROOM})
    assert family.metadata() == {
        "gemma3.vocab_size": 262208,
        "gemma3.block_count": 34,
        "gemma3.context_length": 131072,
        "gemma3.embedding_length": 2560,
        "gemma3.feed_forward_length": 10240,
        "gemma3.attention.head_count": 8,
        "gemma3.attention.head_count_kv": 4,
        "gemma3.attention.key_length": 256,
        "gemma3.attention.value_length": 256,
        "gemma3.attention.layer_norm_rms_epsilon": 1e-6,
        "gemma3.attention.sliding_window": 1024,
        "gemma3.rope.dimension_count": 256,
        "gemma3.rope.freq_base": 1e6,
        "gemma3.rope.freq_base_swa": 1e4,
        "gemma3.rope.scaling.type": "linear",
        "gemma3.rope.scaling.factor": 8.0,
    }
    assert "output.weight" not in {target.name for target in family.targets()}


def test_vision_without_text_is_refused() -> None:
    with pytest.raises(ModelError) as caught:
        open_config({"architectures": ["Gemma3ForConditionalGeneration"]}, {})
    assert caught.value.failure.args["name"] == "text_config"


def test_both_spellings_of_two_bases_mean_the_same() -> None:
    rope = {
        "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1000000.0},
        "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
    }
    newer = {**without("gemma3", "rope_theta", "rope_local_base_freq", "rope_scaling"), "rope_parameters": rope}
    assert open_config(newer, read_golden(BY_NAME["gemma3"]).shapes).metadata() == open_case("gemma3").metadata()


def test_without_windows_there_is_no_window() -> None:
    metadata = open_case("gemma3", {"sliding_window_pattern": 1}).metadata()
    assert not {"gemma3.attention.sliding_window", "gemma3.attention.sliding_window_pattern", "gemma3.rope.freq_base_swa"} & metadata.keys()


@pytest.mark.parametrize(("window", "told"), [(8, 8), (2**31 - 1, 512)])
def test_a_window_ends_with_the_context(window: int, told: int) -> None:
    assert open_case("gemma2", {"sliding_window": window}).metadata()["gemma2.attention.sliding_window"] == told


@pytest.mark.parametrize(("layers", "scalar"), [(46, 16), (2, 32)])
def test_the_largest_gemma_scales_attention_by_another_rule(layers: int, scalar: int) -> None:
    shapes = read_golden(BY_NAME["gemma2"]).shapes | ROOM
    assert open_case("gemma2", {"num_hidden_layers": layers, "query_pre_attn_scalar": scalar}, shapes)
    with pytest.raises(ModelError) as caught:
        open_case("gemma2", {"num_hidden_layers": layers, "query_pre_attn_scalar": 48 - scalar}, shapes)
    assert caught.value.failure.args["name"] == "query_pre_attn_scalar"


# ---- ChatGLM


@pytest.mark.parametrize(("rows", "hints"), [(65024, CHATGLM3_HINTS), (151552, GLM4_HINTS)])
def test_tensors_say_which_tokenizer_it_is(rows: int, hints: Mapping[str, object]) -> None:
    """Upstream goes by the hub's name, which a fine-tune has lost."""
    shapes = {**read_golden(BY_NAME["chatglm3"]).shapes, "transformer.embedding.word_embeddings.weight": (rows, 64)}
    assert open_case("chatglm3", {"_name_or_path": "/home/li/my-tune"}, shapes).tokenizer_hints == hints


def test_without_groups_every_head_has_its_own() -> None:
    family = open_case("chatglm3", {"multi_query_attention": False})
    assert family.metadata()["chatglm.attention.head_count_kv"] == 4
    assert {target.name: target.shape for target in family.targets()}["blk.0.attn_qkv.weight"] == (192, 64)


def test_both_forms_of_glm_4_are_rotated_alike() -> None:
    own, ported = open_case("glm-4-9b").metadata(), open_case("glm").metadata()
    for key in ("rope.freq_base", "rope.dimension_count", "context_length", "block_count"):
        assert own[f"chatglm.{key}"] == ported[f"chatglm.{key}"]


# ---- InternLM2, Baichuan


@pytest.mark.parametrize(
    ("case", "embeddings"), [("internlm2", "model.tok_embeddings.weight"), ("baichuan2-7b", "model.embed_tokens.weight")]
)
def test_a_tied_output_is_written_where_llama_cpp_needs_one(case: str, embeddings: str) -> None:
    output = {target.name: target for target in open_case(case, {"tie_word_embeddings": True}).targets()}["output.weight"]
    assert [piece.read and piece.read.name for piece in output.pieces] == [embeddings]


@pytest.mark.parametrize(
    ("changes", "rows", "unit"),
    [({"z_loss_weight": 0}, 64000, True), ({}, 125696, True), ({}, 64000, False), ({"z_loss_weight": None}, 64000, True)],
)
def test_only_baichuan2_normalises_its_output(changes: dict[str, Any], rows: int, unit: bool) -> None:
    shapes = {**read_golden(BY_NAME["baichuan2-7b"]).shapes, "model.embed_tokens.weight": (rows, 64)}
    family = open_config({**without("baichuan2-7b", "z_loss_weight"), **changes}, shapes)
    units = {target.name for target in family.targets() for piece in target.pieces if piece.unit}
    assert units == ({"output.weight"} if unit else set())
    assert ("chat_template" in family.tokenizer_hints) == unit


def test_rows_of_length_1() -> None:
    values = np.array([[3, 4], [0, 0], [-1e-30, 0], [1e-3, 0]], np.float32)
    piece = Piece(Read("w", (4, 2)), unit=True)
    assert np.allclose(piece.make(MemorySource({"w": values})), [[0.6, 0.8], [0, 0], [-1e-18, 0], [1, 0]], rtol=1e-6, atol=0)
    assert values[0, 0] == 3


# ---- anything

JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 2**63), st.floats(), st.text(max_size=5), st.lists(st.text(max_size=3), max_size=3)
)
NESTED = st.dictionaries(
    st.sampled_from(["full_attention", "sliding_attention", "rope_type", "factor", "rope_theta"]),
    st.one_of(JUNK, st.dictionaries(st.sampled_from(["rope_type", "factor", "rope_theta"]), JUNK, max_size=3)),
    max_size=3,
)
KEYS = ["rope_parameters", "rope_scaling", "layer_types", "sliding_window", "sliding_window_pattern", "head_dim", "rope_local_base_freq"]
SEEING, _VALUES = with_vision("model.language_model.", "lm_head.weight")
SEEN = {name: values.shape for name, values in _VALUES.items()}


@settings(max_examples=150, deadline=None)
@given(changes=st.dictionaries(st.sampled_from(KEYS), st.one_of(JUNK, NESTED), max_size=3), around=st.one_of(JUNK, st.just({})))
def test_whatever_the_text_part_says_only_model_errors_are_raised(changes: dict[str, Any], around: object) -> None:
    config = {**SEEING, "text_config": {**SEEING["text_config"], **changes}, "tie_word_embeddings": around}
    try:
        family = open_config(config, SEEN)
        family.metadata()
        targets_of(family, infos(SEEN))
    except ModelError:
        pass
