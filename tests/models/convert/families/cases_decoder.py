"""The cases of Llama, Mistral, Qwen, Phi-3 and GPT-2."""

from typing import Any

from tests.models.convert.families.cases import Case, swapped, told, unpermuted


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


LLAMA = "LlamaForCausalLM"
Q, K = "blk.0.attn_q.weight", "blk.0.attn_k.weight"

CASES: tuple[Case, ...] = (
    Case(
        "llama",
        config(LLAMA, "llama", rope_theta=10000.0),
        {
            "Q stays as it is": unpermuted(Q, 4),
            "K stays as it is": unpermuted(K, 2),
            "gate and up swapped": swapped("blk.1.ffn_gate.weight", "blk.1.ffn_up.weight"),
            "another rope base": told("llama.rope.freq_base", 500000.0),
        },
    ),
)
