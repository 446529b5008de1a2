"""Trains small tokenizers of every kind, puts them into checkpoint folders, and writes vocabularies as GGUF files."""

import io
import json
import random
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import sentencepiece
from tests.models.convert.checkpoint_files import write_checkpoint
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from zhiyin_models.convert.checkpoint import Checkpoint
from zhiyin_models.convert.tokenizers import corpus
from zhiyin_models.convert.tokenizers.proof import prove
from zhiyin_models.convert.tokenizers.vocabulary import Vocabulary, read_vocabulary
from zhiyin_models.errors import Failure
from zhiyin_models.work import Stop, silent

TEXT = [text for text in corpus.TEXTS for _ in range(3)]
CHAT = ("<s>", "</s>", "<|im_start|>", "<|im_end|>")


def training_text() -> list[str]:
    """Lines of the corpus and shuffled words of them."""
    words = [word for text in corpus.TEXTS for word in text.split()]
    shuffled = random.Random(5)
    return [*TEXT, *(" ".join(shuffled.sample(words, 12)) for _ in range(300))]


def byte_level(
    pre_tokenizer: Mapping[str, Any], *, size: int = 700, added: Sequence[str] = CHAT, lines: Sequence[str] = (), **model: Any
) -> dict[str, Any]:
    """The content of a tokenizer.json: byte pairs trained behind a pre-tokenizer, special tokens first."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = _loaded(pre_tokenizer)
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=list(added), initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(lines or training_text(), trainer)
    content: dict[str, Any] = json.loads(tokenizer.to_str())
    content["model"] |= model
    return content


def _loaded(section: Mapping[str, Any]) -> Any:
    empty = {"version": "1.0", "added_tokens": [], "pre_tokenizer": section, "model": {"type": "BPE", "vocab": {}, "merges": []}}
    return Tokenizer.from_str(json.dumps(empty)).pre_tokenizer


def sentencepiece_model(kind: str, *, size: int = 1000, **options: Any) -> bytes:
    """A trained tokenizer.model, "bpe" or "unigram"."""
    written = io.BytesIO()
    settings: dict[str, Any] = {"normalization_rule_name": "identity", "remove_extra_whitespaces": False, "character_coverage": 0.99}
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(training_text()),
        model_writer=written,
        model_type=kind,
        vocab_size=size,
        hard_vocab_limit=False,
        minloglevel=4,
        num_threads=1,
        **(settings | options),
    )
    return written.getvalue()


def folder_of(folder: Path, files: Mapping[str, Any], config: Mapping[str, Any] | None = None) -> Path:
    """A checkpoint folder with these tokenizer files (bytes as they are, anything else as JSON)."""
    values = {"architectures": ["LlamaForCausalLM"], "bos_token_id": 0, "eos_token_id": 1} | dict(config or {})
    write_checkpoint(folder, values, {"a": np.zeros((2, 2), np.float32)})
    for name, content in files.items():
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        (folder / name).write_bytes(data)
    return folder


def vocabulary_of(folder: Path, rows: int, hints: Mapping[str, object] | None = None, template: str = "") -> Vocabulary:
    """What ``read_vocabulary`` makes of a folder."""
    with Checkpoint.open(folder) as checkpoint:
        return read_vocabulary(checkpoint, rows, hints or {}, template)


def write_vocabulary(vocabulary: Vocabulary, path: Path, **changed: Any) -> Path:
    """A GGUF file with the vocabulary and no tensors; ``changed`` overrides keys ("pre" stands for tokenizer.ggml.pre)."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(64)
    writer.add_embedding_length(32)
    writer.add_block_count(1)
    writer.add_head_count(1)
    writer.add_feed_forward_length(32)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(vocabulary.size)
    for key, value in (vocabulary.metadata | {f"tokenizer.ggml.{key}": value for key, value in changed.items()}).items():
        if isinstance(value, bool):
            writer.add_bool(key, value)
        elif isinstance(value, int):
            writer.add_uint32(key, value)
        elif isinstance(value, str):
            writer.add_string(key, value)
        else:
            writer.add_array(key, value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return path


def proven(vocabulary: Vocabulary, folder: Path, **changed: Any) -> tuple[Failure, ...]:
    """The notices of a proof over the vocabulary as it is, or with planted errors."""
    return prove(write_vocabulary(vocabulary, folder / "vocabulary.gguf", **changed), vocabulary, silent, Stop())


def varint(value: int) -> bytes:
    """As protocol buffers write it."""
    written = b""
    value &= (1 << 64) - 1
    while value > 127:
        written += bytes([value & 127 | 128])
        value >>= 7
    return written + bytes([value])


def message(number: int, content: bytes) -> bytes:
    """A field of bytes."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def piece(text: str, score: float, kind: int = 1) -> bytes:
    """A piece that can be put behind a trained model."""
    return message(1, message(1, text.encode()) + varint(2 << 3 | 5) + struct.pack("<f", score) + varint(3 << 3) + varint(kind))
