"""Writes small models that llama.cpp runs: two layers of random weights over a vocabulary of bytes, dense or with experts."""

import ctypes
from collections.abc import Mapping
from pathlib import Path

import gguf
import numpy as np
from llama_cpp import llama_cpp
from numpy.typing import NDArray

WIDTH, HEADS, INNER, LAYERS, EXPERTS, USED = 64, 2, 128, 2, 4, 2
BYTES = 3  # the token of byte 0
LETTERS = "▁etaoinshrdlu"
VOCABULARY = 3 + 256 + len(LETTERS)
EPSILON = 1e-5

Weights = dict[str, NDArray[np.float32]]


def random_weights(seed: int = 1, *, experts: bool = False) -> Weights:
    """F32 weights by GGUF name, large enough for a distribution that is not flat."""
    random = np.random.default_rng(seed)

    def matrix(*shape: int) -> NDArray[np.float32]:
        return random.normal(0, 1.4 / np.sqrt(shape[-1]), shape).astype(np.float32)

    weights: Weights = {
        "token_embd.weight": random.normal(0, 1, (VOCABULARY, WIDTH)).astype(np.float32),
        "output_norm.weight": np.ones(WIDTH, np.float32),
        "output.weight": 2 * matrix(VOCABULARY, WIDTH),
    }
    for layer in range(LAYERS):
        name = f"blk.{layer}"
        scale = np.exp(random.normal(0, 1, WIDTH)).astype(np.float32)  # some columns matter more than others
        weights |= {f"{name}.attn_norm.weight": scale, f"{name}.ffn_norm.weight": scale}
        weights |= {f"{name}.attn_{part}.weight": matrix(WIDTH, WIDTH) for part in ("q", "k", "v", "output")}
        if experts:
            weights[f"{name}.ffn_gate_inp.weight"] = matrix(EXPERTS, WIDTH)
            for part, shape in (("gate", (INNER, WIDTH)), ("up", (INNER, WIDTH)), ("down", (WIDTH, INNER))):
                weights[f"{name}.ffn_{part}_exps.weight"] = matrix(EXPERTS, *shape)
        else:
            weights[f"{name}.ffn_gate.weight"] = matrix(INNER, WIDTH)
            weights[f"{name}.ffn_up.weight"] = matrix(INNER, WIDTH)
            weights[f"{name}.ffn_down.weight"] = matrix(WIDTH, INNER)
    return weights


def write_model(path: Path, weights: Mapping[str, NDArray[np.float32]], *, context: int = 512, letters: str = LETTERS) -> Path:
    """A llama of these weights in F32."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(path.stem)
    writer.add_context_length(context)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    if any("exps" in name for name in weights):
        writer.add_expert_count(EXPERTS)
        writer.add_expert_used_count(USED)
    writer.add_file_type(0)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *letters])
    writer.add_token_scores([0.0] * 259 + [-1.0] * len(letters))
    writer.add_token_types([2, 3, 3] + [6] * 256 + [1] * len(letters))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(True)
    for name, values in weights.items():
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def quantized(path: Path, out: Path, file_type: int) -> Path:
    """Through llama.cpp's own quantizer; 2 is Q4_0, 7 is Q8_0 (llama_ftype)."""
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype, parameters.nthread = file_type, 1
    assert llama_cpp.llama_model_quantize(str(path).encode(), str(out).encode(), ctypes.byref(parameters)) == 0
    return out


def normalised(rows: NDArray[np.float32], scale: NDArray[np.float32]) -> NDArray[np.float64]:
    """RMS norm, as what flows into the first layer's Q, K and V."""
    values = rows.astype(np.float64)
    result: NDArray[np.float64] = values / np.sqrt((values**2).mean(axis=-1, keepdims=True) + EPSILON) * scale
    return result
