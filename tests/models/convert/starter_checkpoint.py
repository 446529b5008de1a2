"""A Hugging Face checkpoint made from the starter model: real weights and a real tokenizer, as a fine-tuner would publish them."""

import json
import struct
from pathlib import Path

import gguf
import numpy as np
from gguf.quants import dequantize
from numpy.typing import NDArray
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from zhiyin_models.library.gguf import GGUFFile, read_metadata

NAMES = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
FORMATS = {4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q"}
STRING, ARRAY = 8, 9
CONTROL = 3


def metadata_of(path: Path) -> dict[str, object]:
    """Every value of a GGUF file that we trust, arrays included."""
    raw = path.read_bytes()[: 8 << 20]
    count = struct.unpack_from("<Q", raw, 16)[0]
    place = 24

    def text() -> str:
        nonlocal place
        length = struct.unpack_from("<Q", raw, place)[0]
        place += 8 + length
        return raw[place - length : place].decode()

    def value(kind: int) -> object:
        nonlocal place
        if kind == STRING:
            return text()
        if kind == ARRAY:
            inner, length = struct.unpack_from("<IQ", raw, place)
            place += 12
            return [value(inner) for _ in range(length)]
        place += SIZES[kind]
        return struct.unpack_from(FORMATS[kind], raw, place - SIZES[kind])[0]

    found: dict[str, object] = {}
    for _ in range(count):
        key = text()
        place += 4
        found[key] = value(struct.unpack_from("<I", raw, place - 4)[0])
    return found


def make(starter: Path, folder: Path) -> Path:
    """Write the checkpoint into a new folder: config.json, tokenizer.json, tokenizer_config.json, model.safetensors (BF16)."""
    folder.mkdir(parents=True)
    metadata, described = metadata_of(starter), read_metadata(starter)
    heads = (described.heads, described.kv_heads)
    tensors = dict(_tensor(starter, described, tensor.name, heads) for tensor in described.tensors())
    _write_weights(folder / "model.safetensors", tensors)
    tokens = metadata["tokenizer.ggml.tokens"]
    assert isinstance(tokens, list)
    bos, eos = int(str(metadata["tokenizer.ggml.bos_token_id"])), int(str(metadata["tokenizer.ggml.eos_token_id"]))
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_act": "silu",
        "hidden_size": described.embedding,
        "intermediate_size": metadata["llama.feed_forward_length"],
        "num_hidden_layers": described.layers,
        "num_attention_heads": heads[0],
        "num_key_value_heads": heads[1],
        "rms_norm_eps": metadata["llama.attention.layer_norm_rms_epsilon"],
        "rope_theta": metadata["llama.rope.freq_base"],
        "max_position_embeddings": described.trained_context,
        "vocab_size": len(tokens),
        "tie_word_embeddings": True,
        "bos_token_id": bos,
        "eos_token_id": eos,
        "torch_dtype": "bfloat16",
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1), "utf-8")
    _write_tokenizer(folder, metadata, tokens, (tokens[bos], tokens[eos]))
    return folder


def linked(checkpoint: Path, folder: Path) -> Path:
    """The same checkpoint in another folder, at no cost."""
    folder.mkdir()
    for file in checkpoint.iterdir():
        (folder / file.name).hardlink_to(file)
    return folder


def _tensor(path: Path, described: GGUFFile, name: str, heads: tuple[int, int]) -> tuple[str, NDArray[np.float32]]:
    tensor = next(one for one in described.tensors() if one.name == name)
    rows, columns = (*reversed(tensor.shape), 0)[:2]
    raw = np.fromfile(path, np.uint8, tensor.nbytes, offset=described.data_offset + tensor.offset)
    kind = gguf.GGMLQuantizationType[tensor.type_name]
    packed = raw.view(np.float32) if kind == gguf.GGMLQuantizationType.F32 else raw.reshape(rows, -1)
    values = np.asarray(dequantize(packed, kind), np.float32).reshape([size for size in (rows, columns) if size])
    parts = name.split(".")
    if parts[0] != "blk":
        return f"{NAMES[parts[0]]}.weight", values
    if parts[2] in ("attn_q", "attn_k"):
        count = heads[parts[2] == "attn_k"]
        values = values.reshape(count, rows // count // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)
    return f"model.layers.{parts[1]}.{NAMES[parts[2]]}.weight", values


def _write_weights(path: Path, tensors: dict[str, NDArray[np.float32]]) -> None:
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name in sorted(tensors):
        size = tensors[name].size * 2
        header[name] = {"dtype": "BF16", "shape": list(tensors[name].shape), "data_offsets": [offset, offset + size]}
        offset += size
    content = json.dumps(header).encode()
    content += b" " * (-len(content) % 8)
    with path.open("wb") as file:
        file.write(len(content).to_bytes(8, "little") + content)
        for name in sorted(tensors):
            bits = np.ascontiguousarray(tensors[name]).view(np.uint32)
            file.write(((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2").tobytes())


def _write_tokenizer(folder: Path, metadata: dict[str, object], tokens: list[str], ends: tuple[str, str]) -> None:
    merges, types = metadata["tokenizer.ggml.merges"], metadata["tokenizer.ggml.token_type"]
    assert isinstance(merges, list)
    assert isinstance(types, list)
    pairs = [(left, right) for left, _, right in (merge.partition(" ") for merge in merges)]
    tokenizer = Tokenizer(models.BPE(vocab={token: number for number, token in enumerate(tokens)}, merges=pairs))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    special = [token for token, kind in zip(tokens, types, strict=True) if kind == CONTROL]
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    tokenizer.save(str(folder / "tokenizer.json"))
    values = {
        "tokenizer_class": "GPT2Tokenizer",
        "bos_token": ends[0],
        "eos_token": ends[1],
        "chat_template": metadata["tokenizer.chat_template"],
        "model_max_length": 2048,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(values, indent=1), "utf-8")
