"""The cases of Llama, Mistral, Qwen, Phi-3 and GPT-2."""

import re
from operator import itemgetter
from typing import Any

import numpy as np
from tests.models.convert.families.cases import (
    LIMIT_GELU,
    Case,
    Tensor,
    Tensors,
    dropped,
    halves_swapped,
    ones,
    permuted,
    rolled,
    shifted,
    swapped,
    told,
    unpermuted,
    untold,
    untransposed,
    zeroed,
)


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
        "hidden_act": "silu",
        "rms_norm_eps": 1e-5,
        "tie_word_embeddings": False,
        "bos_token_id": 1,
        "eos_token_id": 2,
        **values,
    }


LLAMA, QWEN_MOE, PHI = "LlamaForCausalLM", "Qwen3MoeForCausalLM", "Phi3ForCausalLM"
Q, K, V = "blk.0.attn_q.weight", "blk.0.attn_k.weight", "blk.0.attn_v.weight"
GATE, UP = "blk.1.ffn_gate.weight", "blk.1.ffn_up.weight"
LONG, SHORT = [1.0 + 0.5 * i for i in range(8)], [1.0 + 0.1 * i for i in range(8)]


def with_output(tensors: Tensors) -> Tensors:
    """A tied output that is saved all the same, as in every .bin checkpoint."""
    return {**tensors, "lm_head.weight": tensors["model.embed_tokens.weight"].copy()}


def fused_experts(tensors: Tensors) -> Tensors:
    """All experts of a layer in two tensors, as Transformers 5 holds them in memory."""
    one = re.compile(r"(.*\.experts)\.(\d+)\.(\w+)_proj\.weight")
    parts: dict[str, dict[str, list[tuple[int, Tensor]]]] = {}
    fused: Tensors = {}
    for name, values in tensors.items():
        if found := one.fullmatch(name):
            parts.setdefault(found[1], {}).setdefault(found[3], []).append((int(found[2]), values))
        else:
            fused[name] = values
    for prefix, by_part in parts.items():
        gate, up, down = (np.stack([values for _, values in sorted(by_part[part], key=itemgetter(0))]) for part in ("gate", "up", "down"))
        fused[f"{prefix}.gate_up_proj"], fused[f"{prefix}.down_proj"] = np.concatenate([gate, up], axis=1), down
    return fused


def bare(tensors: Tensors) -> Tensors:
    """GPT-2 as its first checkpoints have it: no prefix, and the causal masks saved."""
    masks = {f"h.{layer}.attn.{name}": np.ones((1, 1, 64, 64), np.float32) for layer in range(2) for name in ("bias", "masked_bias")}
    return {name.removeprefix("transformer."): values for name, values in tensors.items()} | masks


LLAMAS = (
    Case(
        "llama",
        config(LLAMA, "llama", rope_theta=10000.0),
        {
            "Q stays as it is": unpermuted(Q, 4),
            "K stays as it is": unpermuted(K, 2),
            "gate and up swapped": swapped(GATE, UP),
            "another rope base": told("llama.rope.freq_base", 500000.0),
            "another epsilon": told("llama.attention.layer_norm_rms_epsilon", 0.1),
            "as if tied": dropped("output.weight"),
        },
    ),
    Case(
        "llama_tied",
        config(
            LLAMA,
            "llama",
            num_attention_heads=8,
            num_key_value_heads=1,
            tie_word_embeddings=True,
            rope_parameters={"rope_type": "default", "rope_theta": 100000.0},
        ),
        {"another rope base": told("llama.rope.freq_base", 10000.0), "Q stays as it is": unpermuted(Q, 8)},
        rename=with_output,
    ),
    Case(
        "llama_biases",
        config(LLAMA, "llama", attention_bias=True, mlp_bias=True),
        {
            "the bias of Q forgotten": zeroed("blk.0.attn_q.bias"),
            "the bias of K stays as it is": unpermuted("blk.0.attn_k.bias", 2),
            "the bias after attention forgotten": zeroed("blk.1.attn_output.bias"),
            "the bias of the gate forgotten": zeroed("blk.1.ffn_gate.bias"),
            "the bias of the network forgotten": zeroed("blk.0.ffn_down.bias"),
        },
    ),
    Case(
        "llama_3",
        config(
            LLAMA,
            "llama",
            head_dim=32,
            rope_theta=500000.0,
            rope_scaling={
                "rope_type": "llama3",
                "factor": 8.0,
                "low_freq_factor": 1.0,
                "high_freq_factor": 4.0,
                "original_max_position_embeddings": 32,
            },
        ),
        {"the factors forgotten": dropped("rope_freqs.weight"), "Q stays as it is": unpermuted(Q, 4)},
    ),
    Case(
        "llama_linear",
        config(LLAMA, "llama", rope_scaling={"type": "linear", "factor": 4.0}),
        {"the scaling forgotten": untold("llama.rope.scaling.factor")},
    ),
    Case(
        "llama_dynamic",
        config(LLAMA, "llama", rope_scaling={"type": "dynamic", "factor": 2.0}),
        {"taken for linear": told("llama.rope.scaling.factor", 2.0)},
    ),
    Case(
        "llama_yarn",
        config(
            LLAMA,
            "llama",
            rope_scaling={"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32, "attention_factor": 1.5},
        ),
        {
            "taken for linear": told("llama.rope.scaling.type", "linear"),
            "the attention factor forgotten": untold("llama.rope.scaling.attn_factor"),
            "another length": told("llama.rope.scaling.original_context_length", 512),
        },
    ),
    Case(
        "llama_longrope",
        config(
            LLAMA,
            "llama",
            rope_scaling={"rope_type": "longrope", "long_factor": LONG, "short_factor": SHORT, "original_max_position_embeddings": 16},
        ),
        {
            "the short factors": swapped("rope_factors_long.weight", "rope_factors_short.weight"),
            "the attention factor forgotten": untold("llama.rope.scaling.attn_factor"),
        },
    ),
    Case(
        "mistral",
        config("MistralForCausalLM", "mistral", head_dim=24, rope_theta=1000000.0, sliding_window=4096),
        {
            "Q stays as it is": unpermuted(Q, 4),
            "another rope base": told("llama.rope.freq_base", 10000.0),
            "gate and up swapped": swapped(GATE, UP),
        },
    ),
)

GATE_EXPERTS, UP_EXPERTS, DOWN_EXPERTS = (f"blk.1.ffn_{part}_exps.weight" for part in ("gate", "up", "down"))
MIXTURE = config(
    QWEN_MOE,
    "qwen3_moe",
    head_dim=16,
    rope_theta=1000000.0,
    num_experts=8,
    num_experts_per_tok=3,
    moe_intermediate_size=32,
    decoder_sparse_step=1,
    mlp_only_layers=[],
    norm_topk_prob=True,
)
MIXTURE_MISTAKES = {
    "gate and up swapped": swapped(GATE_EXPERTS, UP_EXPERTS),
    "experts in the wrong order": rolled(DOWN_EXPERTS),
    "the router in the wrong order": rolled("blk.0.ffn_gate_inp.weight"),
    "one expert too few": told("qwen3moe.expert_used_count", 2),
    "the norm of K forgotten": ones("blk.1.attn_k_norm.weight"),
}
QWENS = (
    Case(
        "qwen2",
        config("Qwen2ForCausalLM", "qwen2", rope_theta=1000000.0, use_sliding_window=False, sliding_window=512, max_window_layers=2),
        {
            "Q permuted": permuted(Q, 4),
            "the bias of Q forgotten": zeroed("blk.0.attn_q.bias"),
            "the bias of K forgotten": zeroed("blk.0.attn_k.bias"),
            "the bias of V forgotten": zeroed("blk.0.attn_v.bias"),
        },
    ),
    Case(
        "qwen2_yarn",
        config(
            "Qwen2ForCausalLM",
            "qwen2",
            tie_word_embeddings=True,
            rope_theta=1000000.0,
            rope_scaling={"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32},
        ),
        {
            "the scaling forgotten": untold("qwen2.rope.scaling.factor"),
            "taken for linear": told("qwen2.rope.scaling.type", "linear"),
            "another length": told("qwen2.rope.scaling.original_context_length", 512),
        },
        rename=with_output,
    ),
    Case(
        "qwen3",
        config("Qwen3ForCausalLM", "qwen3", head_dim=32, rope_theta=1000000.0, attention_bias=False),
        {
            "Q permuted": permuted(Q, 4),
            "the norm of Q forgotten": ones("blk.0.attn_q_norm.weight"),
            "the norms of Q and K swapped": swapped("blk.0.attn_q_norm.weight", "blk.0.attn_k_norm.weight"),
            "another rope base": told("qwen3.rope.freq_base", 10000.0),
        },
    ),
    Case(
        "qwen3_tied",
        config(
            "Qwen3ForCausalLM", "qwen3", head_dim=16, tie_word_embeddings=True, rope_parameters={"rope_type": "default", "rope_theta": 1e6}
        ),
        {"gate and up swapped": swapped(GATE, UP)},
    ),
    Case(
        "qwen2_moe",
        config(
            "Qwen2MoeForCausalLM",
            "qwen2_moe",
            rope_theta=1000000.0,
            num_experts=6,
            num_experts_per_tok=2,
            moe_intermediate_size=32,
            shared_expert_intermediate_size=48,
            decoder_sparse_step=1,
            norm_topk_prob=False,
        ),
        {
            "the shared expert's gate another": shifted("blk.0.ffn_gate_inp_shexp.weight", 1.0),
            "the shared expert's gate and up swapped": swapped("blk.1.ffn_gate_shexp.weight", "blk.1.ffn_up_shexp.weight"),
            "experts in the wrong order": rolled(DOWN_EXPERTS),
            "the bias of Q forgotten": zeroed("blk.0.attn_q.bias"),
        },
    ),
    Case("qwen3_moe", MIXTURE, MIXTURE_MISTAKES),
    Case("qwen3_moe_fused", MIXTURE, {"gate and up swapped": swapped(GATE_EXPERTS, UP_EXPERTS)}, rename=fused_experts),
)

PHIS = (
    Case(
        "phi3",
        config(PHI, "phi3", original_max_position_embeddings=512, sliding_window=2047, pad_token_id=0),
        {
            "gate below up": halves_swapped("blk.0.ffn_up.weight"),
            "Q, K and V turned": halves_swapped("blk.0.attn_qkv.weight"),
            "another rope base": told("phi3.rope.freq_base", 1000.0),
        },
    ),
    Case(
        "phi3_short",
        config(
            PHI,
            "phi3",
            pad_token_id=0,
            original_max_position_embeddings=256,
            rope_scaling={"type": "longrope", "long_factor": LONG, "short_factor": SHORT},
        ),
        {
            "the long factors": swapped("rope_factors_long.weight", "rope_factors_short.weight"),
            "the attention factor forgotten": untold("phi3.rope.scaling.attn_factor"),
        },
    ),
    Case(
        "phi3_long",
        config(
            PHI,
            "phi3",
            pad_token_id=0,
            num_attention_heads=2,
            num_key_value_heads=1,
            partial_rotary_factor=0.5,
            tie_word_embeddings=True,
            original_max_position_embeddings=16,
            rope_scaling={"type": "longrope", "long_factor": LONG, "short_factor": SHORT},
        ),
        {
            "the short factors": swapped("rope_factors_long.weight", "rope_factors_short.weight"),
            "the factors forgotten": ones("rope_factors_long.weight"),
        },
    ),
)

GPT2 = {
    "architectures": ["GPT2LMHeadModel"],
    "model_type": "gpt2",
    "vocab_size": 288,
    "n_positions": 64,
    "n_ctx": 64,
    "n_embd": 64,
    "n_layer": 2,
    "n_head": 4,
    "layer_norm_epsilon": 1e-5,
    "activation_function": "gelu_new",
}
GPTS = (
    Case(
        "gpt2",
        GPT2,
        {
            "a matrix not transposed": untransposed("blk.0.attn_output.weight"),
            "a bias forgotten": zeroed("blk.0.attn_qkv.bias"),
            "a norm's bias forgotten": zeroed("blk.1.ffn_norm.bias"),
            "positions one off": rolled("position_embd.weight"),
        },
        limit=LIMIT_GELU,
    ),
    Case(
        "gpt2_bare",
        {**GPT2, "n_inner": 128, "tie_word_embeddings": False},
        {"as if tied": dropped("output.weight"), "a bias forgotten": zeroed("blk.1.ffn_up.bias")},
        limit=LIMIT_GELU,
        rename=bare,
    ),
)

CASES: tuple[Case, ...] = (*LLAMAS, *QWENS, *PHIS, *GPTS)
