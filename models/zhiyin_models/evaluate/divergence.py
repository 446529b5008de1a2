"""How two models' distributions over the next token differ, and how well each foresees the text; in F32, in blocks of bounded memory."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zhiyin_models.evaluate.measured_model import Logits

BLOCK_BYTES = 8 << 20  # of logits that are worked on at once; some six times as much is in use
FLOOR = np.float32(-1e4)  # a logit so far under the greatest is a probability of 0, and -inf cannot be calculated with

Values = NDArray[np.float64]


class NotFiniteError(Exception):
    """A model's logits are NaN or infinite; the attribute says whose."""

    def __init__(self, *, of_reference: bool) -> None:
        super().__init__("logits are not finite")
        self.of_reference = of_reference


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """One value a token. Losses are −ln p of the token that came, divergences are KL(reference‖model), both in nats."""

    loss: Values
    reference_loss: Values
    divergence: Values
    agrees: NDArray[np.bool_]


def score(model: Logits, reference: Logits | None, following: NDArray[np.intp]) -> Scores:
    """Compare logits of shape (tokens, vocabulary); ``following``: which token came behind each.

    Without a reference everything but the loss is empty. Raises NotFiniteError.
    """
    count, vocabulary = model.shape
    compared = count if reference is not None else 0
    scores = Scores(np.empty(count), np.empty(compared), np.empty(compared), np.empty(compared, np.bool_))
    rows = max(1, BLOCK_BYTES // (4 * vocabulary))
    for start in range(0, count, rows):
        block = slice(start, start + rows)
        ours = _Block(model[block], following[block], of_reference=False)
        scores.loss[block] = ours.loss
        if reference is not None:
            theirs = _Block(reference[block], following[block], of_reference=True)
            scores.reference_loss[block] = theirs.loss
            scores.divergence[block] = _divergence(theirs, ours)
            scores.agrees[block] = ours.top == theirs.top
    return scores


class _Block:
    """Some rows of logits, relative to the greatest of each row."""

    def __init__(self, logits: Logits, following: NDArray[np.intp], *, of_reference: bool) -> None:
        index = np.arange(len(logits))
        self.top = logits.argmax(axis=1)
        with np.errstate(invalid="ignore"):
            self.relative = logits - logits[index, self.top][:, None]
        np.maximum(self.relative, FLOOR, out=self.relative)
        self.weights = np.exp(self.relative)
        self.total = self.weights.sum(axis=1)
        if not np.isfinite(self.total).all():
            raise NotFiniteError(of_reference=of_reference)
        self.log_total: Values = np.log(self.total, dtype=np.float64)
        self.loss: Values = self.log_total - self.relative[index, following]


def _divergence(reference: _Block, model: _Block) -> Values:
    np.subtract(reference.relative, model.relative, out=reference.relative)
    np.multiply(reference.relative, reference.weights, out=reference.relative)
    mean = reference.relative.sum(axis=1) / reference.total
    divergence: Values = mean - (reference.log_total - model.log_total)
    return np.maximum(divergence, 0.0)  # rounding can bring what is 0 a little below it
