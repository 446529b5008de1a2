"""A loaded model's vocabulary: text to tokens and back, byte by byte. Safe to use from several threads."""

import ctypes
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from llama_cpp import llama_cpp

UNKNOWN, CONTROL, USER_DEFINED, RSTRIP = 1 << 0, 1 << 3, 1 << 4, 1 << 8  # llama_token_attr
SENTENCEPIECE, BYTE_PAIRS = 1, 2  # llama_vocab_type
SHORT_PIECE = 64  # bytes; longer ones take a second call
REMEMBERED = 4096  # texts whose number of tokens is kept
CHUNK = 1 << 14  # bytes tokenized at once where a stop is looked for in between


def to_bytes(text: str) -> bytes:
    """UTF-8, lone surrogates replaced."""
    return text.encode("utf-8", "replace")


class Vocabulary:
    """The vocabulary of one model; valid as long as the model is loaded."""

    def __init__(self, model: Any) -> None:
        self._vocab = llama_cpp.llama_model_get_vocab(model)
        self.pointer = self._vocab
        self.size: int = llama_cpp.llama_vocab_n_tokens(self._vocab)
        self.type: int = llama_cpp.llama_vocab_type(self._vocab)
        self.bos: int = llama_cpp.llama_vocab_bos(self._vocab)
        self.eos: int = llama_cpp.llama_vocab_eos(self._vocab)
        self.adds_bos: bool = bool(llama_cpp.llama_vocab_get_add_bos(self._vocab)) and self.bos >= 0
        attributes = [llama_cpp.llama_vocab_get_attr(self._vocab, token) for token in range(self.size)]
        self.special = frozenset(token for token, value in enumerate(attributes) if value & (UNKNOWN | CONTROL | USER_DEFINED))
        self.user_defined = frozenset(token for token, value in enumerate(attributes) if value & USER_DEFINED)
        self.strips_right = frozenset(token for token in self.special if attributes[token] & RSTRIP)
        self.end_of_generation = frozenset(token for token in range(self.size) if llama_cpp.llama_vocab_is_eog(self._vocab, token))
        self._shown: dict[int, bytes] = {}
        self._written: dict[int, bytes] = {}
        self._counts: dict[tuple[str, bool], int] = {}

    @property
    def splits_words(self) -> bool:
        """Whether text is cut into words before it is cut into tokens, so that a word's tokens do not depend on its neighbours."""
        return self.type == BYTE_PAIRS

    @cached_property
    def special_text(self) -> re.Pattern[bytes]:
        """Matches the text of any token that is cut out of a prompt before the rest is tokenized."""
        return self._text_of(self.special)

    @cached_property
    def user_defined_text(self) -> re.Pattern[bytes]:
        """The same for plain text, in which control tokens are text like any other."""
        return self._text_of(self.user_defined)

    def _text_of(self, tokens: Iterable[int]) -> re.Pattern[bytes]:
        texts = sorted({text for token in tokens if (text := self.written(token))}, key=len, reverse=True)
        return re.compile(b"|".join(map(re.escape, texts)) or b"(?!)")

    def tokenize(self, text: bytes, *, special: bool) -> list[int]:
        """Tokens of the text, nothing added; with ``special``, the text of a control token becomes that token."""
        room = len(text) + 16
        while True:
            tokens = (ctypes.c_int32 * room)()
            count: int = llama_cpp.llama_tokenize(self._vocab, text, len(text), tokens, room, False, special)
            if count >= 0:
                return tokens[:count]
            room = -count

    def shown(self, token: int) -> bytes:
        """What a reader sees of a token, of any length: nothing for control tokens."""
        piece = self._shown.get(token)
        if piece is None:
            piece = self._shown[token] = self._piece(token, special=False)
        return piece

    def written(self, token: int) -> bytes:
        """The text that stands for a token in a prompt, control tokens included."""
        piece = self._written.get(token)
        if piece is None:
            piece = self._written[token] = self._piece(token, special=True)
        return piece

    def name(self, token: int) -> str:
        """The text of a special token for a template to write; "" when the vocabulary has none."""
        return self.written(token).decode("utf-8", "replace") if token >= 0 else ""

    def _piece(self, token: int, *, special: bool) -> bytes:
        room = SHORT_PIECE
        while True:
            buffer = ctypes.create_string_buffer(room)
            count: int = llama_cpp.llama_token_to_piece(self._vocab, token, buffer, room, 0, special)
            if count >= 0:
                return buffer.raw[:count]
            room = -count

    def count(self, text: str, check: Callable[[], None] | None = None) -> int:
        """Tokens of a text on its own, special tokens taken as text; with ``check``, long texts are counted as in ``count_roughly``."""
        key = text, check is not None and len(text) > CHUNK
        known = self._counts.get(key)
        if known is None:
            content = to_bytes(text)
            known = self.count_roughly(content, check, special=False) if check else len(self.tokenize(content, special=False))
            if len(self._counts) >= REMEMBERED:
                self._counts = {}
            self._counts[key] = known
        return known

    def count_roughly(self, text: bytes, check: Callable[[], None], *, special: bool = True) -> int:
        """Tokens of a text, a few too many at the seams of its chunks; ``check`` is called before each and may raise."""
        total = 0
        for chunk in _chunks(text):
            check()
            total += len(self.tokenize(chunk, special=special))
        return total

    def readable(self, token: int) -> str:
        """The token as text; bytes that are no UTF-8 by themselves appear as <0xNN>."""
        return self.written(token).decode("utf-8", "surrogateescape").translate(ESCAPED)

    def prompt(self, text: bytes, *, special: bool = True) -> list[int]:
        """Tokens of a rendered prompt, or of a plain text, with the model's beginning token in front unless the template wrote it.

        A plain text of nothing still begins, with the beginning or the end token: something has to be decoded.
        """
        tokens = self.with_beginning(self.tokenize(text, special=special))
        return tokens if tokens or special else [token for token in (self.bos, self.eos) if token >= 0][:1]

    def with_beginning(self, tokens: list[int]) -> list[int]:
        """The same tokens behind the model's beginning token, where the model wants one and it is not there."""
        return [self.bos, *tokens] if self.adds_bos and tokens[:1] != [self.bos] else tokens

    def offsets(self, tokens: Sequence[int], text: bytes, start: int = 0) -> list[int]:
        """Where in the text each token begins; -1 where a tokenizer that rewrites text (spaces, Unicode forms) hides it."""
        places: list[int] = []
        lost = False
        place = start
        for index, token in enumerate(tokens):
            piece = self.written(token)
            if index == 0 and start == 0 and token == self.bos and not text.startswith(piece):
                places.append(0)  # added in front, not written by the template
            elif not lost and text.startswith(piece, place):
                places.append(place)
                place += len(piece)
            elif not lost and piece[:1] == b" " and text.startswith(piece[1:], place):
                places.append(place)
                place += len(piece) - 1
            elif token in self.special and (found := text.find(piece, place)) >= 0:
                lost = False
                places.append(found)
                place = found + len(piece)
            else:
                lost = True
                places.append(-1)
        return places


def _chunks(text: bytes) -> Iterator[bytes]:
    """The text in pieces that end before a space or a line break where there is one, else before a whole character."""
    place = 0
    while len(text) - place > CHUNK:
        end = max(text.rfind(b" ", place + CHUNK // 2, place + CHUNK), text.rfind(b"\n", place + CHUNK // 2, place + CHUNK))
        if end < 0:
            end = place + CHUNK
            while end > place + CHUNK - 4 and text[end] & 0xC0 == 0x80:
                end -= 1
        yield text[place:end]
        place = end
    yield text[place:]


ESCAPED = {0xDC00 + byte: f"<0x{byte:02X}>" for byte in range(128, 256)}
