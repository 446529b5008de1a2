"""What the model thought might come next: log probabilities over the whole vocabulary, before any sampler."""

import ctypes
import math
from typing import Any

from llama_cpp import llama_cpp

from zhiyin_models.engine.protocol import TokenProbability
from zhiyin_models.engine.vocabulary import Vocabulary


class Candidates:
    """One row of logits as log probabilities (float64, one per token of the vocabulary)."""

    def __init__(self, context: Any, row: int, vocabulary: Vocabulary) -> None:
        import numpy as np  # noqa: PLC0415 - a quarter of a second that only such requests need

        pointer = llama_cpp.llama_get_logits_ith(context, row)
        logits = np.ctypeslib.as_array(ctypes.cast(pointer, ctypes.POINTER(ctypes.c_float)), (vocabulary.size,)).astype(np.float64)
        logits -= logits.max()
        self._vocabulary = vocabulary
        self._logs = logits - np.log(np.exp(logits).sum())
        self._best: dict[int, list[tuple[int, float]]] = {}  # by count

    def best(self, count: int) -> list[tuple[int, float]]:
        """The likeliest tokens with their log probabilities, likeliest first; among equals, the lowest token, as a greedy sampler."""
        import numpy as np  # noqa: PLC0415

        if count not in self._best:
            most = min(count, self._vocabulary.size)
            found = np.sort(np.argpartition(self._logs, -most)[-most:])
            found = found[np.argsort(-self._logs[found], kind="stable")]
            self._best[count] = [(int(token), float(self._logs[token])) for token in found]
        return self._best[count]

    def told(self, count: int, chosen: int) -> tuple[TokenProbability, ...]:
        """The likeliest tokens, likeliest first, the one that was chosen marked among them, or behind them if it is none of them."""
        found = self.best(count)
        if all(token != chosen for token, _ in found):
            found = [*found, (chosen, float(self._logs[chosen]))]
        return tuple(self._one(token, log, chosen=token == chosen) for token, log in found)

    def _one(self, token: int, log: float, *, chosen: bool) -> TokenProbability:
        return TokenProbability(token, self._vocabulary.readable(token), math.exp(log), chosen)
