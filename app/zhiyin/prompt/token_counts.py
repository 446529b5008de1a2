"""How many tokens texts have: exactly where the engine has counted them, by estimate elsewhere."""

import math
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MAX_KEPT = 32_768
"""Counts that are kept, about 6 MB; those not asked for longest go first."""
WIDE = 1.0  # tokens for a Chinese, Japanese or Korean character, at most, in vocabularies that know the language (0.6 to 1)
NARROW = 0.3  # tokens for any other: English prose has 0.22 to 0.25, code and numbers more
ENOUGH = 500  # tokens counted before estimates follow what was counted
CAUTION = 1.05
BOUNDS = (0.5, 6.0)  # an estimate is corrected by no more than this


@dataclass
class _Seen:
    """What the engine counted beside what would have been estimated."""

    counted: float = 0.0
    estimated: float = 0.0

    @property
    def factor(self) -> float:
        if self.estimated < ENOUGH:
            return 1.0
        return min(max(CAUTION * self.counted / self.estimated, BOUNDS[0]), BOUNDS[1])


class TokenCounts:
    """Counts by model and text; may be used from several threads.

    An estimate is meant to be no less than the truth, and follows what was counted: a vocabulary that hardly knows Chinese has two or
    three tokens for each character.
    """

    def __init__(self, most: int = MAX_KEPT) -> None:
        self._most = most
        self._model = ""
        self._known: OrderedDict[tuple[str, int, int], int] = OrderedDict()
        self._seen: dict[tuple[str, bool], _Seen] = {}
        self._lock = threading.Lock()

    def use(self, model: str) -> None:
        """Count for the model with this fingerprint from now on; what was counted for others is kept."""
        with self._lock:
            self._model = model

    def of(self, text: str) -> int:
        """Tokens of a text, special tokens taken as text."""
        with self._lock:
            key = self._key(text)
            known = self._known.get(key)
            if known is None:
                return self._estimate(text)
            self._known.move_to_end(key)
            return known

    def learn(self, texts: Sequence[str], counts: Sequence[int]) -> None:
        """Take over what the engine counted. A zero for a text that is not empty says that it was not counted."""
        with self._lock:
            for text, count in zip(texts, counts, strict=False):
                if not text or count <= 0:
                    continue
                key = self._key(text)
                if key not in self._known:
                    wide, narrow = _raw(text)
                    seen = self._seen.setdefault((self._model, wide > narrow), _Seen())
                    seen.counted += count
                    seen.estimated += wide + narrow
                self._known[key] = count
                self._known.move_to_end(key)
            while len(self._known) > self._most:
                self._known.popitem(last=False)

    def missing(self, texts: Iterable[str]) -> list[str]:
        """Those of the texts that the engine has not counted, each once."""
        with self._lock:
            return [text for text in dict.fromkeys(texts) if text and self._key(text) not in self._known]

    def _key(self, text: str) -> tuple[str, int, int]:
        return self._model, len(text), hash(text)

    def _estimate(self, text: str) -> int:
        wide, narrow = _raw(text)
        seen = self._seen.get((self._model, wide > narrow))
        return math.ceil((wide + narrow) * (seen.factor if seen is not None else 1.0))


def _raw(text: str) -> tuple[float, float]:
    """Tokens that the wide and the narrow characters may have; from the length in UTF-8, in which wide ones take three bytes."""
    wide = 0 if text.isascii() else (len(text.encode("utf-8", "replace")) - len(text)) / 2
    return WIDE * wide, NARROW * max(0.0, len(text) - wide)
