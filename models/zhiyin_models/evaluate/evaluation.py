"""Measures a model on texts, alone or beside its reference: perplexity, divergence, agreement and speed.

The texts are cut into chunks as in llama.cpp's perplexity tool, so that figures can be compared: of each chunk of 512 tokens the first half
is only context, and the first token is the model's beginning token where it has one.
"""

import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from math import exp
from pathlib import Path

import numpy as np

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.evaluate.divergence import NotFiniteError, Scores, score
from zhiyin_models.evaluate.measured_model import MeasuredModel, OpenVocabulary, batch_size, open_file, stopping
from zhiyin_models.evaluate.report import Evaluation, TextScore
from zhiyin_models.evaluate.texts import default_texts, read_text, text_name
from zhiyin_models.library.gguf import GGUFFile
from zhiyin_models.work import Pace, Report, Stage, Stop

__all__ = ["default_texts", "evaluate"]

CONTEXT = 512
SPEED_TOKENS, SPEED_TURN = 64, 8  # tokens of each model, and how many before it is the other's turn
SPEED_WEIGHT = 10  # a token on its own takes as long as so many in a batch


@dataclass(frozen=True, slots=True)
class _Chunks:
    """A text as tokens: whole chunks, what is left over is not used."""

    name: str
    chunks: tuple[tuple[int, ...], ...]


def evaluate(model: Path, reference: Path | None, texts: Sequence[Path], report: Report, stop: Stop, *, tokens: int = 0) -> Evaluation:
    """Measure a model on text files; of each at most ``tokens`` tokens are used (0: all), in whole chunks but at least one.

    Raises StoppedError, and ModelError MODEL_…, TEXT_UNREADABLE, TEXT_TOO_SHORT, REFERENCE_OTHER.
    """
    file = open_file(model)
    reference_file = open_file(reference) if reference is not None else None
    contents = [(text_name(path), read_text(path)) for path in texts]
    with ExitStack() as stack:
        flag = stack.enter_context(stopping(stop))
        files = [file] if reference_file is None else [file, reference_file]
        context, vocabulary, cut = _cut(files, contents, tokens, stop)
        batch = batch_size(vocabulary)
        models = [stack.enter_context(MeasuredModel(one, context=context, batch=batch, flag=flag, stop=stop)) for one in files]
        pace = Pace(Stage.EVALUATE, _work(cut, context, len(models)), report)
        found = _Measuring(models, context, pace).run(cut)
        speeds = _speeds(models, cut[0].chunks[0], context, stop)
        pace.at(_work(cut, context, len(models)))
    return _evaluation(file, reference_file, found, speeds)


def _work(cut: Sequence[_Chunks], context: int, models: int) -> float:
    return models * (sum(len(text.chunks) for text in cut) * context + SPEED_WEIGHT * SPEED_TOKENS)


def _cut(files: Sequence[GGUFFile], contents: Sequence[tuple[str, str]], limit: int, stop: Stop) -> tuple[int, int, list[_Chunks]]:
    """The chunks' length, the vocabulary's size, and the texts in chunks; both models must see the same tokens."""
    with ExitStack() as stack:
        opened = [stack.enter_context(OpenVocabulary(file, stop)) for file in files]
        ours, other = opened[0], opened[1] if len(opened) > 1 else None
        unlike = ModelError(Code.REFERENCE_OTHER, path=str(files[-1].path))
        if other is not None and not ours.same_as(other):
            raise unlike
        context = min(CONTEXT, *(one.trained_context or CONTEXT for one in opened), CONTEXT)
        cut = []
        for name, content in contents:
            most = max(context, limit) if limit else 0
            tokens = _tokens(ours, content, most)
            if other is not None and tokens != _tokens(other, content, most):
                raise unlike
            count = min(len(tokens), most or len(tokens)) // context
            if not count:
                raise ModelError(Code.TEXT_TOO_SHORT, tokens=len(tokens), wanted=context)
            parts = [tokens[start : start + context] for start in range(0, count * context, context)]
            cut.append(_Chunks(name, tuple(tuple(ours.vocabulary.with_beginning(part[:1])[:1] + part[1:]) for part in parts)))
        return context, ours.vocabulary.size, cut


def _tokens(vocabulary: OpenVocabulary, text: str, most: int) -> list[int]:
    tokens: list[int] = []
    for piece in vocabulary.tokenize(text):
        tokens += piece
        if most and len(tokens) >= most:
            break
    return tokens


class _Measuring:
    """Decodes chunk after chunk with all models side by side: no more than one batch's logits are ever kept."""

    def __init__(self, models: Sequence[MeasuredModel], context: int, pace: Pace) -> None:
        self._models = models
        self._context = context
        self._pace = pace
        self._done = 0

    def run(self, texts: Sequence[_Chunks]) -> list[tuple[str, Scores]]:
        """The scores of each text. Raises MODEL_DAMAGED where logits are no numbers."""
        found = []
        for text in texts:
            parts: list[Scores] = []
            for chunk in text.chunks:
                parts += self._chunk(chunk, text.name)
            found.append((text.name, joined(parts)))
        return found

    def _chunk(self, chunk: Sequence[int], name: str) -> list[Scores]:
        for model in self._models:
            model.clear()
        parts = []
        first, last = self._context // 2, self._context - 1
        batch = self._models[0].batch
        for start in range(0, self._context, batch):
            part = chunk[start : start + batch]
            logits = []
            for model in self._models:
                self._pace.at(self._done, name)
                logits.append(model.decode(part, start, first, last))
                self._done += len(part)
            if len(logits[0]):
                begin = max(first, start) + 1
                parts.append(self._score(logits, np.array(chunk[begin : begin + len(logits[0])], np.intp)))
        return parts

    def _score(
        self, logits: Sequence[np.ndarray[tuple[int, int], np.dtype[np.float32]]], following: np.ndarray[tuple[int], np.dtype[np.intp]]
    ) -> Scores:
        try:
            return score(logits[0], logits[1] if len(logits) > 1 else None, following)
        except NotFiniteError as error:
            path = self._models[error.of_reference].file.path
            raise ModelError(Code.MODEL_DAMAGED, path=str(path), detail="NaN") from error


def joined(parts: Sequence[Scores]) -> Scores:
    """The scores of several runs of tokens as one."""
    return Scores(
        np.concatenate([part.loss for part in parts]),
        np.concatenate([part.reference_loss for part in parts]),
        np.concatenate([part.divergence for part in parts]),
        np.concatenate([part.agrees for part in parts]),
    )


def _speeds(models: Sequence[MeasuredModel], chunk: Sequence[int], context: int, stop: Stop) -> list[float]:
    """Tokens a second of each model, decoding one token after the other; the models take turns, so that both meet the same disturbances."""
    start = min(SPEED_TOKENS, context // 2)
    for model in models:
        model.clear()
        for place in range(0, start, model.batch):
            model.decode(chunk[place : min(start, place + model.batch)], place, 0, 0)
    taken: list[list[float]] = [[] for _ in models]
    for turn in range(start, min(start + SPEED_TOKENS + SPEED_TURN, context), SPEED_TURN):
        for model, times in zip(models, taken, strict=True):
            for place in range(turn, min(turn + SPEED_TURN, context)):
                stop.check()
                began = time.perf_counter()
                model.decode(chunk[place : place + 1], place, place, place + 1)
                times.append(time.perf_counter() - began)
    return [1 / max(1e-9, statistics.median(times[SPEED_TURN:] or times)) for times in taken]  # the first turn only warms up


def _evaluation(file: GGUFFile, reference: GGUFFile | None, found: Sequence[tuple[str, Scores]], speeds: Sequence[float]) -> Evaluation:
    every = joined([scores for _, scores in found])
    compared = reference is not None
    return Evaluation(
        model=_name(file),
        reference=_name(reference) if reference is not None else "",
        type=file.quant,
        size=file.size,
        reference_size=reference.size if reference is not None else 0,
        texts=tuple(
            TextScore(name, len(scores.loss), _perplexity(scores.loss), _perplexity(scores.reference_loss) if compared else 0.0)
            for name, scores in found
        ),
        perplexity=_perplexity(every.loss),
        reference_perplexity=_perplexity(every.reference_loss) if compared else 0.0,
        mean_divergence=float(every.divergence.mean()) if compared else 0.0,
        divergence_99=float(np.percentile(every.divergence, 99)) if compared else 0.0,
        agreement=float(every.agrees.mean()) if compared else 0.0,
        speed=speeds[0],
        reference_speed=speeds[1] if compared else 0.0,
        divergences=tuple(float(value) for value in np.percentile(every.divergence, np.arange(101))) if compared else (),
    )


def _perplexity(losses: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    return exp(min(700.0, float(losses.mean())))


def _name(file: GGUFFile) -> str:
    return file.path.name
