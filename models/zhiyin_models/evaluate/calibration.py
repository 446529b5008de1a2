"""Computes an importance matrix: which columns of each weight matter, seen while the model reads texts such as those it will be used on."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from zhiyin_models.convert.importance_file import Importance, Sums
from zhiyin_models.convert.model_writer import check_new
from zhiyin_models.disk import refusal
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.evaluate.activations import Activations
from zhiyin_models.evaluate.measured_model import MeasuredModel, OpenVocabulary, batch_size, open_file, stopping
from zhiyin_models.library.gguf import GGUFFile
from zhiyin_models.work import Pace, Report, Stage, Stop, StoppedError

LEAST_CHUNKS = 2  # as llama.cpp's tool asks for


def calibrate(model: Path, texts: Sequence[str], out: Path, report: Report, stop: Stop, *, chunks: int = 0, context: int = 512) -> None:
    """Let the model read the texts, one behind the other in chunks of ``context`` tokens (so many; 0: all), and write the matrix.

    Control tokens written in a text count as such: the texts may be conversations as the model's template renders them. ``out`` is
    llama.cpp's GGUF file; nothing that is there already is replaced.

    Raises StoppedError, and ModelError MODEL_…, TEXT_TOO_SHORT, OUTPUT_EXISTS, OUTPUT_UNWRITABLE, DISK_FULL.
    """
    _check_writable(out)
    file = open_file(model)
    with OpenVocabulary(file, stop) as opened:
        context = max(1, min(context, opened.trained_context or context))
        vocabulary = opened.vocabulary
        tokens = list(_tokens(opened, texts, chunks * context))
        first = vocabulary.with_beginning(tokens[:1])[:1] if tokens else []
        adds = vocabulary.adds_bos
        batch = batch_size(vocabulary.size, most=512)
    count = len(tokens) // context
    if count < LEAST_CHUNKS:
        raise ModelError(Code.TEXT_TOO_SHORT, tokens=len(tokens), wanted=LEAST_CHUNKS * context)
    count = min(count, chunks or count)
    parts = [tokens[start : start + context] for start in range(0, count * context, context)]
    seen = _read(file, [first + part[1:] if adds else part for part in parts], batch, report, stop)
    entries = {
        name: Sums(one.sums.astype(np.float32), one.counts.astype(np.float32)) for name, one in seen.found.items() if one.counts.any()
    }
    if not entries:
        raise ModelError(Code.MODEL_DAMAGED, path=str(model), detail="no weights")
    Importance(entries, chunks=count, chunk_size=context).write(out)


def _tokens(opened: OpenVocabulary, texts: Sequence[str], most: int) -> Iterator[int]:
    taken = 0
    for text in texts:
        for piece in opened.tokenize(text, special=True):
            yield from piece
            taken += len(piece)
            if most and taken >= max(most, LEAST_CHUNKS):
                return


def _read(file: GGUFFile, chunks: Sequence[Sequence[int]], batch: int, report: Report, stop: Stop) -> Activations:
    seen = Activations()
    context = len(chunks[0])
    pace = Pace(Stage.CALIBRATE, len(chunks) * context, report)
    with stopping(stop) as flag, MeasuredModel(file, context=context, batch=batch, flag=flag, stop=stop, callback=seen.callback) as model:
        for number, chunk in enumerate(chunks):
            model.clear()
            for start in range(0, context, batch):
                pace.at(number * context + start)
                seen.begin_batch()
                _decode(model, chunk[start : start + batch], start, seen, stop)
        pace.at(len(chunks) * context)
    return seen


def _decode(model: MeasuredModel, tokens: Sequence[int], place: int, seen: Activations, stop: Stop) -> None:
    """With logits for every token: the last layer leaves out what is not asked for."""
    try:
        model.decode(tokens, place, place, place + len(tokens))
    except StoppedError:
        stop.check()
    if seen.not_finite:
        raise ModelError(Code.MODEL_DAMAGED, path=str(model.file.path), detail=f"NaN: {seen.not_finite}")
    if seen.failure is not None:
        raise seen.failure


def _check_writable(out: Path) -> None:
    """Before the work rather than behind it. Raises OUTPUT_EXISTS, OUTPUT_UNWRITABLE."""
    check_new(out)
    try:
        with tempfile.TemporaryFile(dir=out.absolute().parent):
            pass
    except OSError as error:
        raise refusal(out, error) from error
