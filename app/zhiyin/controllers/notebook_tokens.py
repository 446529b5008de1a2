"""From the engine's pieces to the notebook's: which letters came of which token, and what else the token might have been."""

import codecs
import re
from collections import deque
from collections.abc import Sequence

from zhiyin.ui.notebook_values import Candidate, Piece
from zhiyin_models.engine.protocol import TokenProbability

BYTE = re.compile(r"<0x([0-9A-F]{2})>")
SHOWN = 10  # candidates kept


class Alignment:
    """Takes pieces of one continuation, whose text may come later than its tokens, and hands out what belongs together."""

    def __init__(self) -> None:
        self._text = ""
        self._tokens: deque[tuple[TokenProbability, ...]] = deque()
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._open: list[tuple[TokenProbability, ...]] = []  # tokens of a character that is not whole
        self._said = ""  # of the tokens that were decoded, not yet met in the text

    def feed(self, text: str, probabilities: Sequence[tuple[TokenProbability, ...]]) -> list[Piece]:
        """The pieces that are certain now."""
        self._text += text
        self._tokens.extend(probabilities)
        pieces = []
        while self._tokens or self._said:
            if not self._said and not self._next():
                continue
            if self._text.startswith(self._said):
                pieces.append(self._piece(self._said))
            elif self._said.startswith(self._text):
                break  # the rest is still to come, or is cut by a stop string
            else:
                self._said, self._open = "", []  # a token that is not shown
        if not self._tokens and not self._said and not self._open:
            pieces += self._rest()
        return pieces

    def finish(self) -> list[Piece]:
        """What is left."""
        return [self._piece(self._text)] if self._text and self._said else self._rest()

    def _next(self) -> bool:
        """Take one more token; whether something is said by it."""
        candidates = self._tokens.popleft()
        self._open.append(candidates)
        self._said = self._decode(_bytes(_chosen(candidates)))
        return bool(self._said)

    def _piece(self, text: str) -> Piece:
        probability = 1.0
        for candidates in self._open:
            probability *= next((one.probability for one in candidates if one.chosen), 1.0)
        shown = tuple(Candidate(one.text, one.probability) for one in self._open[0][:SHOWN]) if len(self._open) == 1 else ()
        self._text = self._text[len(text) :]
        self._said, self._open = "", []
        return Piece(text, probability, shown)

    def _rest(self) -> list[Piece]:
        text, self._text = self._text, ""
        return [Piece(text)] if text else []


def _chosen(candidates: Sequence[TokenProbability]) -> str:
    return next((one.text for one in candidates if one.chosen), "")


def _bytes(text: str) -> bytes:
    """What a token's readable text stands for."""
    parts = BYTE.split(text)
    return b"".join(bytes([int(part, 16)]) if index % 2 else part.encode("utf-8", "replace") for index, part in enumerate(parts))
