"""Byte-level vocabularies that are not in a tokenizer.json: vocab.json with merges.txt, and tiktoken's lists of ranks."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from zhiyin_models.convert.checkpoint import Checkpoint
from zhiyin_models.convert.tokenizers.entries import LARGEST, Added
from zhiyin_models.convert.tokenizers.pre_tokenizers import QWEN_2, byte_level, definition, unsupported
from zhiyin_models.convert.tokenizers.tokenizer_config import TokenizerConfig, bad

RANK = re.compile(rb"[A-Za-z0-9+/]+={0,2} \d{1,7}\r?\n")
LONGEST_TOKEN = 256  # bytes of a tiktoken entry


def byte_characters() -> list[str]:
    """The character that stands for each byte in byte-level vocabularies (GPT-2's table)."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    characters = {byte: chr(byte) for byte in printable}
    others = (byte for byte in range(256) if byte not in characters)
    characters |= {byte: chr(256 + number) for number, byte in enumerate(others)}
    return [characters[byte] for byte in range(256)]


CHARACTERS = byte_characters()
BYTES = {character: byte for byte, character in enumerate(CHARACTERS)}


def is_tiktoken(data: bytes) -> bool:
    """Whether a tokenizer.model is a list of base64 tokens with their ranks."""
    return RANK.match(data) is not None


def from_tiktoken(
    checkpoint: Checkpoint, name: str, data: bytes, hints: Mapping[str, object], added: Mapping[int, Added]
) -> dict[str, Any]:
    """tokenizer.json's content for a list of ranks: any two neighbours that make a token are merged, the lowest rank first.

    Raises ModelError TOKENIZER_BAD, TOKENIZER_UNSUPPORTED (nothing says how words are cut).
    """
    pattern = hints.get("pattern")
    if not isinstance(pattern, str):
        raise unsupported("a tiktoken vocabulary that does not say how words are cut")
    ranks = _ranks(checkpoint, name, data)
    written = {token: "".join(CHARACTERS[byte] for byte in token) for token in ranks}
    merges: list[tuple[int, int, int, str, str]] = []
    for token, rank in ranks.items():
        for cut in range(1, len(token)):
            left, right = token[:cut], token[cut:]
            if left in ranks and right in ranks:
                merges.append((rank, ranks[left], ranks[right], written[left], written[right]))
    merges.sort()
    named = hints.get("special_tokens")
    special = dict(enumerate(named if isinstance(named, list | tuple) else (), len(ranks)))
    tokens = {place: Added(place, text) for place, text in special.items() if isinstance(text, str)} | dict(added)
    return {
        "version": "1.0",
        "added_tokens": [_added(one) for _, one in sorted(tokens.items())],
        "pre_tokenizer": definition(pattern),
        "model": {
            "type": "BPE",
            "ignore_merges": True,
            "vocab": {written[token]: rank for token, rank in ranks.items()},
            "merges": [[left, right] for *_, left, right in merges],
        },
    }


def from_merges(checkpoint: Checkpoint, config: TokenizerConfig) -> dict[str, Any] | None:
    """tokenizer.json's content for vocab.json and merges.txt, or None. Raises ModelError TOKENIZER_BAD, TOKENIZER_UNSUPPORTED."""
    vocabulary, text = checkpoint.json("vocab.json"), checkpoint.text("merges.txt")
    if vocabulary is None or text is None:
        return None
    if not isinstance(vocabulary, dict):
        raise bad(checkpoint, "vocab.json", "it is no object")
    lines = text.split("\n")
    if lines and lines[0].startswith("#version"):
        del lines[0]
    built: dict[str, Any] = {
        "version": "1.0",
        "added_tokens": [_added(one) for one in config.added.values()],
        "model": {"type": "BPE", "vocab": vocabulary, "merges": [line.rstrip("\r") for line in lines if line.strip()]},
    }
    if config.kind == "Qwen2Tokenizer":
        return built | {"normalizer": {"type": "NFC"}, "pre_tokenizer": definition(QWEN_2)}
    if config.kind in ("GPT2Tokenizer", ""):
        return built | {"pre_tokenizer": byte_level(use_regex=True)}
    raise unsupported(f"{config.kind[:60]} without tokenizer.json")


def _ranks(checkpoint: Checkpoint, name: str, data: bytes) -> dict[bytes, int]:
    ranks: dict[bytes, int] = {}
    for line in data.split(b"\n"):
        token, _, rank = line.strip().partition(b" ")
        if not token:
            continue
        try:
            ranks[base64.b64decode(token, validate=True)] = int(rank)
        except (binascii.Error, ValueError) as error:
            raise bad(checkpoint, name, f"the line {line[:40]!r}") from error
    if not 256 <= len(ranks) <= LARGEST or sorted(ranks.values()) != list(range(len(ranks))):
        raise bad(checkpoint, name, "its ranks have gaps")
    if any(bytes([byte]) not in ranks for byte in range(256)) or max(map(len, ranks)) > LONGEST_TOKEN:
        raise bad(checkpoint, name, "it lacks single bytes, or has tokens that are too long")
    return ranks


def _added(one: Added) -> dict[str, Any]:
    return {
        "id": one.id,
        "content": one.text,
        "single_word": one.single_word,
        "lstrip": one.strips_left,
        "rstrip": one.strips_right,
        "normalized": False,
        "special": one.special,
    }
