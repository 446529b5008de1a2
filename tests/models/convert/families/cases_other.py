"""The cases of Gemma, GLM, ChatGLM, InternLM2 and Baichuan."""

from typing import Any

import numpy as np
from tests.models.convert.families.cases import (
    LIMIT_GELU,
    Case,
    Mistake,
    Tensors,
    halves_swapped,
    permuted,
    shifted,
    swapped,
    told,
    unpermuted,
    untold,
    zeroed,
)

Q, K = "blk.0.attn_q.weight", "blk.0.attn_k.weight"
GATE, UP = "blk.1.ffn_gate.weight", "blk.1.ffn_up.weight"


def config(architecture: str, kind: str, **values: Any) -> dict[str, Any]:
    """A small configuration with the names that most families use."""
    return {
        "architectures": [architecture],
        "model_type": kind,
        "vocab_size": 288,
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
        "rms_norm_eps": 1e-5,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 2,
        **values,
    }


def gemma(architecture: str, kind: str, **values: Any) -> dict[str, Any]:
    """What Gemma's generations have in common: heads wider than the hidden size has room for, and a window shorter than the text."""
    shared = {
        "head_dim": 32,
        "query_pre_attn_scalar": 32,
        "sliding_window": 8,
        "hidden_activation": "gelu_pytorch_tanh",
        "rms_norm_eps": 1e-6,
    }
    return config(architecture, kind, **(shared | values))


def chatglm(**values: Any) -> dict[str, Any]:
    """ChatGLM's own names."""
    return {
        "architectures": ["ChatGLMModel"],
        "model_type": "chatglm",
        "add_bias_linear": False,
        "add_qkv_bias": True,
        "apply_query_key_layer_scaling": True,
        "apply_residual_connection_post_layernorm": False,
        "eos_token_id": 2,
        "ffn_hidden_size": 96,
        "hidden_size": 64,
        "kv_channels": 16,
        "layernorm_epsilon": 1e-5,
        "multi_query_attention": True,
        "multi_query_group_num": 2,
        "num_attention_heads": 4,
        "num_layers": 2,
        "original_rope": True,
        "pad_token_id": 0,
        "padded_vocab_size": 288,
        "post_layer_norm": True,
        "rmsnorm": True,
        "seq_length": 512,
        "tie_word_embeddings": False,
        "vocab_size": 288,
        **values,
    }


def not_by_groups(name: str) -> Mistake:
    """V is read as the last rows of the fused projection, and not as the last of each group: its heads are others."""

    def mistake(_: dict[str, Any], tensors: Tensors) -> None:
        values = tensors[name]
        tensors[name] = values.reshape(2, -1, values.shape[1])[::-1].reshape(values.shape)

    return mistake


def as_stored(name: str) -> Mistake:
    """The output's rows keep lengths that the model divides by."""

    def mistake(_: dict[str, Any], tensors: Tensors) -> None:
        values = tensors[name]
        tensors[name] = np.where(values[:, :1] > 0, values, values * np.float32(1.5))

    return mistake


def normalised(name: str) -> Mistake:
    """The output of the first generation is divided as the second's is."""

    def mistake(_: dict[str, Any], tensors: Tensors) -> None:
        tensors[name] = tensors[name] / np.linalg.norm(tensors[name], axis=1, keepdims=True)

    return mistake


GEMMA3_TWO_BASES = {"rope_theta": 1000000.0, "rope_local_base_freq": 10000.0, "rope_scaling": {"rope_type": "linear", "factor": 8.0}}
BAICHUAN = {"num_key_value_heads": None, "hidden_act": "silu", "tie_word_embeddings": False, "z_loss_weight": 0, "rms_norm_eps": 1e-6}

CASES: tuple[Case, ...] = (
    Case(
        "gemma2",
        gemma("Gemma2ForCausalLM", "gemma2", attn_logit_softcapping=4.0, final_logit_softcapping=20.0, rope_theta=10000.0),
        {
            "a norm without its 1": shifted("blk.0.attn_norm.weight", -1),
            "the last norm without its 1": shifted("output_norm.weight", -1),
            "no window": told("gemma2.attention.sliding_window", 512),
            "attention capped elsewhere": told("gemma2.attn_logit_softcapping", 50.0),
            "logits capped elsewhere": told("gemma2.final_logit_softcapping", 30.0),
            "gate and up swapped": swapped(GATE, UP),
            "Q permuted": permuted(Q, 4),
            "norms of attention and feed-forward swapped": swapped("blk.0.post_attention_norm.weight", "blk.0.ffn_norm.weight"),
        },
        LIMIT_GELU,
        centred=("norm",),
        scales={"self_attn.q_proj": 4.0},
    ),
    Case(
        "gemma3",
        gemma("Gemma3ForCausalLM", "gemma3_text", num_hidden_layers=6, **GEMMA3_TWO_BASES),
        {
            "a norm of Q without its 1": shifted("blk.0.attn_q_norm.weight", -1),
            "a norm without its 1": shifted("blk.5.post_ffw_norm.weight", -1),
            "no window": told("gemma3.attention.sliding_window", 512),
            "all layers windowed": told("gemma3.attention.sliding_window_pattern", 100),
            "no scaling": untold("gemma3.rope.scaling.factor"),
            "one base": told("gemma3.rope.freq_base", 10000.0),
            "K permuted": permuted(K, 2),
        },
        LIMIT_GELU,
        centred=("norm",),
    ),
    Case(
        "gemma3-layers",
        gemma(
            "Gemma3ForCausalLM",
            "gemma3_text",
            num_hidden_layers=3,
            layer_types=["full_attention", "sliding_attention", "full_attention"],
            tie_word_embeddings=False,
            final_logit_softcapping=20.0,
            rope_parameters={
                "full_attention": {"rope_type": "default", "rope_theta": 500000.0},
                "sliding_attention": {"rope_type": "default", "rope_theta": 2000.0},
            },
        ),
        {
            "windows as usual": untold("gemma3.attention.sliding_window_pattern"),
            "the window's base as usual": untold("gemma3.rope.freq_base_swa"),
            "no cap": untold("gemma3.final_logit_softcapping"),
            "output and embeddings swapped": swapped("output.weight", "token_embd.weight"),
        },
        LIMIT_GELU,
        centred=("norm",),
        scales={"lm_head": 4.0},
    ),
    Case(
        "glm",
        config(
            "GlmForCausalLM",
            "glm",
            head_dim=16,
            hidden_act="silu",
            attention_bias=True,
            partial_rotary_factor=0.5,
            rope_theta=5000000.0,
            tie_word_embeddings=False,
        ),
        {
            "gate and up swapped": halves_swapped("blk.0.ffn_up.weight"),
            "Q permuted": permuted(Q, 4),
            "all of a head rotated": told("chatglm.rope.dimension_count", 16),
            "another rope base": told("chatglm.rope.freq_base", 10000.0),
            "no bias": zeroed("blk.1.attn_v.bias"),
        },
    ),
    Case(
        "glm4",
        config(
            "Glm4ForCausalLM",
            "glm4",
            head_dim=32,
            hidden_act="silu",
            attention_bias=False,
            partial_rotary_factor=0.5,
            rope_theta=10000.0,
            tie_word_embeddings=False,
        ),
        {
            "gate and up swapped": halves_swapped("blk.0.ffn_up.weight"),
            "K permuted": permuted(K, 2),
            "all of a head rotated": told("glm4.rope.dimension_count", 32),
            "norms before and after swapped": swapped("blk.0.post_attention_norm.weight", "blk.0.ffn_norm.weight"),
            "norms after swapped": swapped("blk.1.post_attention_norm.weight", "blk.1.post_ffw_norm.weight"),
        },
    ),
    Case(
        "chatglm3",
        chatglm(),
        {
            "gate and up swapped": halves_swapped("blk.0.ffn_up.weight"),
            "all of a head rotated": told("chatglm.rope.dimension_count", 16),
            "no bias": zeroed("blk.1.attn_qkv.bias"),
            "norms swapped": swapped("blk.0.attn_norm.weight", "blk.0.ffn_norm.weight"),
        },
        reference="chatglm",
    ),
    Case(
        "glm-4-9b",
        chatglm(rope_ratio=500, multi_query_group_num=1, layernorm_epsilon=1.5625e-07, num_hidden_layers=2),
        {"another rope base": told("chatglm.rope.freq_base", 10000.0)},
        reference="chatglm",
    ),
    Case(
        "internlm2",
        config(
            "InternLM2ForCausalLM",
            "internlm2",
            hidden_size=96,
            num_attention_heads=6,
            bias=False,
            hidden_act="silu",
            rope_theta=1000000.0,
            rope_scaling={"type": "dynamic", "factor": 2.0},
            tie_word_embeddings=False,
        ),
        {
            "Q stays as it is": unpermuted(Q, 6),
            "K stays as it is": unpermuted(K, 2),
            "V not by groups": not_by_groups("blk.0.attn_v.weight"),
            "gate and up swapped": swapped(GATE, UP),
            "another rope base": told("internlm2.rope.freq_base", 10000.0),
        },
        reference="internlm2",
    ),
    Case(
        "baichuan-7b",
        config(
            "BaiChuanForCausalLM", "baichuan", num_hidden_layers=32, hidden_act="silu", tie_word_embeddings=False, num_key_value_heads=None
        ),
        {"Q stays as it is": unpermuted(Q, 4), "the output normalised": normalised("output.weight")},
        reference="baichuan1",
    ),
    Case(
        "baichuan2-7b",
        config("BaichuanForCausalLM", "baichuan", num_hidden_layers=32, **BAICHUAN),
        {
            "Q stays as it is": unpermuted(Q, 4),
            "K stays as it is": unpermuted(K, 4),
            "K and V swapped": swapped(K, "blk.0.attn_v.weight"),
            "the output as stored": as_stored("output.weight"),
            "gate and up swapped": swapped(GATE, UP),
        },
        scales={"model.norm": 3.0},
        reference="baichuan",
    ),
    Case(
        "baichuan2-13b",
        config(
            "BaichuanForCausalLM",
            "baichuan",
            num_hidden_layers=40,
            hidden_size=96,
            num_attention_heads=6,
            max_position_embeddings=None,
            model_max_length=512,
            **BAICHUAN,
        ),
        {
            "Q permuted": permuted(Q, 6),
            "K and V swapped": swapped(K, "blk.0.attn_v.weight"),
            "the output as stored": as_stored("output.weight"),
        },
        scales={"model.norm": 3.0},
        reference="baichuan",
    ),
)
