"""The entries of a vocabulary on their way into a GGUF file: each with its text, score and type, none of them twice."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from zhiyin_models.convert.tensors import Metadata
from zhiyin_models.errors import Code, ModelError

LARGEST = 1 << 22  # entries; the largest vocabularies have some 260,000
LONGEST = 1 << 15  # characters of one entry
ADDED_SCORE = -1000.0  # what llama.cpp's users expect of a token that no training gave a score
SHOWN = 60  # characters of a token that an error shows


class TokenType(IntEnum):
    """What an entry is (llama.cpp's ``llama_token_type``)."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5
    BYTE = 6


@dataclass(frozen=True, slots=True)
class Added:
    """A token that is cut out of the text before the rest is tokenized."""

    id: int
    text: str
    special: bool = True
    strips_left: bool = False
    strips_right: bool = False
    single_word: bool = False
    normalized: bool = False


@dataclass(slots=True)
class Entries:
    """A vocabulary's entries by id. Raises ModelError TOKENIZER_BAD for what cannot be; ``path`` is the file to name then."""

    path: str
    tokens: list[str] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    types: list[TokenType] = field(default_factory=list)

    def append(self, text: str, score: float, kind: TokenType) -> None:
        """The next id's entry."""
        if len(self.tokens) >= LARGEST or len(text) > LONGEST:
            raise self.bad("it is too large")
        if not math.isfinite(score):
            raise self.bad(f"the score of {text[:SHOWN]!r} is {score}")
        self.tokens.append(text)
        self.scores.append(score)
        self.types.append(kind)

    def add(self, added: Added, rows: int) -> None:
        """Put an added token where it belongs; ids between it and the vocabulary stay empty until ``fill``."""
        if not 0 <= added.id < min(rows, LARGEST) or not added.text or len(added.text) > LONGEST:
            raise self.bad(f"the token {added.text[:SHOWN]!r} has the id {added.id}, of {rows}")
        kind = TokenType.CONTROL if added.special else TokenType.USER_DEFINED
        while len(self.tokens) <= added.id:
            self.append("", ADDED_SCORE, TokenType.UNUSED)
        if self.tokens[added.id] != added.text or self.types[added.id] not in (TokenType.UNKNOWN, TokenType.BYTE):
            self.scores[added.id] = ADDED_SCORE
            self.types[added.id] = kind
        self.tokens[added.id] = added.text

    def fill(self, rows: int) -> None:
        """Make ``rows`` entries of it, each with a text of its own, as llama.cpp requires."""
        if len(self.tokens) > rows:
            raise self.bad(f"it has {len(self.tokens)} tokens, and the model has rows for {rows}")
        while len(self.tokens) < rows:
            self.append("", ADDED_SCORE, TokenType.UNUSED)
        try:
            "".join(self.tokens).encode()
        except UnicodeEncodeError as error:
            raise self.bad("a token is no text") from error
        seen: dict[str, int] = {}
        for place, text in enumerate(self.tokens):
            if text and "\0" not in text:
                first = seen.setdefault(text, place)
                if first != place:
                    raise self.bad(f"the token {text[:SHOWN]!r} is both {first} and {place}")
        for place, text in enumerate(self.tokens):
            if not text or "\0" in text:  # the library reads a text up to its first NUL
                name = f"[PAD{place}]"
                while name in seen:
                    name = f"[{name}]"
                seen[name] = place
                self.tokens[place], self.types[place] = name, TokenType.UNUSED

    def ids(self) -> dict[str, int]:
        """Ids by text."""
        return {text: place for place, text in enumerate(self.tokens)}

    def metadata(self, *, scores: bool = True) -> Metadata:
        """As GGUF names them."""
        values: Metadata = {"tokenizer.ggml.tokens": self.tokens, "tokenizer.ggml.token_type": [int(kind) for kind in self.types]}
        if scores:
            values["tokenizer.ggml.scores"] = self.scores
        return values

    def bad(self, detail: str) -> ModelError:
        """The error that says what is wrong with the file."""
        return ModelError(Code.TOKENIZER_BAD, path=self.path, detail=detail)


def merge_added(*lists: Mapping[int, Added]) -> dict[int, Added]:
    """Added tokens by id; of two that share an id or a text, the one from the earlier list stays."""
    merged: dict[int, Added] = {}
    texts: set[str] = set()
    for one in lists:
        for place, added in one.items():
            if place not in merged and added.text not in texts:
                merged[place] = added
                texts.add(added.text)
    return dict(sorted(merged.items()))
