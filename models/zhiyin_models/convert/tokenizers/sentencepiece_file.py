"""A SentencePiece model file, parsed by hand: the library ends the process over some broken files, so it is shown checked ones only.

The format: sentencepiece_model.proto of the SentencePiece project; protocol buffers' wire format.
"""

import struct
from dataclasses import dataclass, field

import numpy as np

from zhiyin_models.convert.tokenizers.entries import LARGEST, LONGEST, Entries, TokenType

LARGEST_FILE = 64 << 20  # bytes
UNIGRAM, BYTE_PAIRS = 1, 2  # TrainerSpec.ModelType
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types
# ModelProto and its parts, by field number
PIECES, TRAINER, NORMALIZER, DENORMALIZER = 1, 2, 3, 5
PIECE, SCORE, TYPE = 1, 2, 3
MODEL_TYPE, SUFFIX, BYTE_FALLBACK, UNK, BOS, EOS, PAD = 3, 24, 35, 40, 41, 42, 43
CHARSMAP, DUMMY_PREFIX, EXTRA_WHITESPACE, ESCAPE = 2, 3, 4, 5
KNOWN_TYPES = frozenset(int(kind) for kind in TokenType)

Value = int | bytes | float


@dataclass(slots=True)
class SentencePieceFile:
    """What a model file says: its pieces as entries, and how text is prepared for them."""

    entries: Entries
    kind: int  # UNIGRAM or BYTE_PAIRS
    byte_fallback: bool
    add_prefix: bool
    merge_spaces: bool
    space_behind: bool  # a word ends with its space instead of beginning with it
    charsmap: bytes
    special: dict[str, int] = field(default_factory=dict)  # unk, bos, eos, pad


def parse(data: bytes, path: str) -> SentencePieceFile:
    """Raises ModelError TOKENIZER_BAD."""
    entries = Entries(path)
    sections: dict[int, dict[int, Value]] = {}
    if len(data) > LARGEST_FILE:
        raise entries.bad("it is too large")
    try:
        for number, value in _fields(data):
            if number == PIECES and isinstance(value, bytes):
                _piece(entries, value)
            elif number in (TRAINER, NORMALIZER, DENORMALIZER) and isinstance(value, bytes):
                sections.setdefault(number, {}).update(_fields(value))
    except (ValueError, IndexError, struct.error) as error:
        raise entries.bad(f"it is no SentencePiece model: {error}") from error
    if not entries.tokens or len(entries.tokens) > LARGEST:
        raise entries.bad("it has no pieces")
    return _described(entries, sections.get(TRAINER, {}), sections.get(NORMALIZER, {}), sections.get(DENORMALIZER, {}))


def _described(
    entries: Entries, trainer: dict[int, Value], normalizer: dict[int, Value], denormalizer: dict[int, Value]
) -> SentencePieceFile:
    def number(values: dict[int, Value], key: int, default: int) -> int:
        value = values.get(key, default)
        return value if isinstance(value, int) else default

    charsmap = normalizer.get(CHARSMAP, b"")
    if not isinstance(charsmap, bytes) or denormalizer.get(CHARSMAP):
        raise entries.bad("its normaliser is not known")
    check_charsmap(entries, charsmap)
    if not number(normalizer, ESCAPE, 1):
        raise entries.bad("it does not escape spaces")
    special: dict[str, int] = {}
    for name, key, default in (("unk", UNK, 0), ("bos", BOS, 1), ("eos", EOS, 2), ("pad", PAD, -1)):
        place = _signed(number(trainer, key, default))
        if 0 <= place < len(entries.tokens):
            special[name] = place
    unknown = [place for place, kind in enumerate(entries.types) if kind == TokenType.UNKNOWN]
    if len(unknown) != 1:
        raise entries.bad(f"it has {len(unknown)} unknown tokens instead of one")
    special["unk"] = unknown[0]
    if len(set(entries.tokens)) != len(entries.tokens):
        raise entries.bad("it has a piece twice")
    if not all(entries.tokens):
        raise entries.bad("it has an empty piece")
    return SentencePieceFile(
        entries,
        kind=number(trainer, MODEL_TYPE, UNIGRAM),
        byte_fallback=bool(number(trainer, BYTE_FALLBACK, 0)) or TokenType.BYTE in entries.types,
        add_prefix=bool(number(normalizer, DUMMY_PREFIX, 1)),
        merge_spaces=bool(number(normalizer, EXTRA_WHITESPACE, 1)),
        space_behind=bool(number(trainer, SUFFIX, 0)),
        charsmap=charsmap,
        special=special,
    )


def check_charsmap(entries: Entries, charsmap: bytes) -> None:
    """No step through the normaliser's table (a double array of 32-bit units, then strings that end with NUL) leaves it."""
    if not charsmap:
        return
    size = struct.unpack_from("<I", charsmap)[0] if len(charsmap) >= 4 else 0
    if not size or size % 4 or 4 + size >= len(charsmap) or charsmap[-1]:
        raise entries.bad("its normaliser is damaged")
    units = np.frombuffer(charsmap, "<u4", size // 4, 4).astype(np.int64)
    nodes = units < 1 << 31
    steps = (units >> 10) << ((units & 512) >> 6)
    farthest = (np.arange(len(units)) ^ steps) | 255
    strings = (units & ((1 << 31) - 1))[~nodes]
    if (farthest[nodes] >= len(units)).any() or (strings >= len(charsmap) - 4 - size).any():
        raise entries.bad("its normaliser is damaged")


def _piece(entries: Entries, data: bytes) -> None:
    text, score, kind = "", 0.0, int(TokenType.NORMAL)
    for number, value in _fields(data):
        if number == PIECE and isinstance(value, bytes):
            text = value[: 4 * LONGEST].decode()
        elif number == SCORE and isinstance(value, float):
            score = value
        elif number == TYPE and isinstance(value, int):
            kind = value
    if kind not in KNOWN_TYPES:
        raise ValueError(f"type {kind}")
    entries.append(text, score, TokenType(kind))


def _fields(data: bytes) -> list[tuple[int, Value]]:
    """A message's fields in their order. Raises ValueError, IndexError, struct.error."""
    found: list[tuple[int, Value]] = []
    place, end = 0, len(data)
    while place < end:
        key, place = _varint(data, place)
        wire = key & 7
        value: Value
        if wire == BYTES:
            size, place = _varint(data, place)
            if size > end - place:
                raise ValueError("it is cut off")
            value = data[place : place + size]
            place += size
        elif wire == VARINT:
            value, place = _varint(data, place)
        elif wire == FIXED32:
            value = float(struct.unpack_from("<f", data, place)[0])
            place += 4
        elif wire == FIXED64:
            value = int(struct.unpack_from("<Q", data, place)[0])
            place += 8
        else:
            raise ValueError(f"wire type {wire}")
        found.append((key >> 3, value))
    return found


def _varint(data: bytes, place: int) -> tuple[int, int]:
    byte = data[place]
    if byte < 128:
        return byte, place + 1
    value, shift = byte & 127, 7
    while byte >= 128:
        place += 1
        byte = data[place]
        value |= (byte & 127) << shift
        shift += 7
        if shift > 70:
            raise ValueError("a number is too long")
    return value, place + 1


def _signed(value: int) -> int:
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >= 1 << 63 else value
