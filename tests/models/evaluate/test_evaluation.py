"""What quantization costs, measured: against what is known of small models, and against an independent calculation."""

import itertools
import math
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from llama_cpp import llama_cpp
from tests.models.engine.reference import Reference
from tests.models.evaluate.tiny_model import LETTERS, random_weights, write_model
from tests.models.gguf_files import write_small

from zhiyin_models.engine.vocabulary import to_bytes
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.evaluate.evaluation import default_texts, evaluate
from zhiyin_models.evaluate.measured_model import MeasuredModel, OpenVocabulary, open_file, pieces, stopping
from zhiyin_models.evaluate.report import Evaluation
from zhiyin_models.evaluate.texts import LARGEST, read_text
from zhiyin_models.work import Progress, Stop, StoppedError, silent

CHUNK = 512


def measured(model: Path, reference: Path | None, *texts: Path, tokens: int = 0) -> Evaluation:
    return evaluate(model, reference, texts, silent, Stop(), tokens=tokens)


def refused(model: Path, reference: Path | None, *texts: Path) -> ModelError:
    with pytest.raises(ModelError) as caught:
        measured(model, reference, *texts)
    return caught.value


def losses(path: Path, text: str, *, chunks: int) -> list[float]:
    """-ln p of each token of the second half of each chunk, in F64 from logits of the whole chunk at once."""
    found = []
    with Reference(path, context=CHUNK) as model:
        tokens = model.tokens(text)
        beginning = llama_cpp.llama_vocab_bos(model.vocab)
        if llama_cpp.llama_vocab_get_add_bos(model.vocab):
            tokens = [beginning, *tokens]
        for number in range(chunks):
            chunk = tokens[number * CHUNK : (number + 1) * CHUNK]
            chunk[0] = beginning if llama_cpp.llama_vocab_get_add_bos(model.vocab) else chunk[0]
            logits = all_logits(model, chunk).astype(np.float64)
            logits -= logits.max(axis=1, keepdims=True)
            ways = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
            found += [-float(ways[place - 1, chunk[place]]) for place in range(CHUNK // 2 + 1, CHUNK)]
    return found


def all_logits(model: Reference, chunk: list[int]) -> np.ndarray:
    llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(model.context), True)
    batch = llama_cpp.llama_batch_init(len(chunk), 0, 1)
    batch.n_tokens = len(chunk)
    for place, token in enumerate(chunk):
        batch.token[place], batch.pos[place], batch.n_seq_id[place], batch.logits[place] = token, place, 1, 1
        batch.seq_id[place][0] = 0
    assert llama_cpp.llama_decode(model.context, batch) == 0
    size = llama_cpp.llama_vocab_n_tokens(model.vocab)
    copied = np.ctypeslib.as_array(llama_cpp.llama_get_logits(model.context), (len(chunk), size)).copy()
    llama_cpp.llama_batch_free(batch)
    return copied


def test_a_model_is_no_different_from_itself(tiny: Path, text: Path) -> None:
    found = measured(tiny, tiny, text)
    assert (found.mean_divergence, found.divergence_99, found.agreement) == (0, 0, 1)
    assert set(found.divergences) == {0.0}
    assert found.perplexity == found.reference_perplexity > 1
    assert [(one.name, one.tokens) for one in found.texts] == [(text.name, 2 * (CHUNK // 2 - 1))]
    assert (found.type, found.size, found.reference_size) == ("F32", tiny.stat().st_size, tiny.stat().st_size)
    assert found.speed > 0 < found.reference_speed


def test_fewer_bits_diverge_more(tiny: Path, tiny_q8: Path, tiny_q4: Path, text: Path) -> None:
    eight, four = measured(tiny_q8, tiny, text), measured(tiny_q4, tiny, text)
    assert 0 < eight.mean_divergence < four.mean_divergence / 10
    assert eight.divergence_99 < four.divergence_99
    assert 0 < four.agreement < eight.agreement <= 1
    assert four.size < eight.size < four.reference_size
    assert len(four.divergences) == 101
    assert four.divergences == tuple(sorted(four.divergences))
    assert four.divergences[99] == four.divergence_99
    assert four.divergences[0] <= four.mean_divergence <= four.divergences[100]


def test_perplexity_is_what_another_calculation_finds(tiny: Path, text: Path) -> None:
    expected = math.exp(np.mean(losses(tiny, text.read_text("utf-8"), chunks=2)))
    assert measured(tiny, None, text).perplexity == pytest.approx(expected, rel=2e-3)  # the cache is in F16, the batches differ


def test_the_bundled_texts_have_short_names_and_alone_nothing_is_compared(tiny: Path) -> None:
    found = measured(tiny, None, *default_texts(), tokens=700)
    assert [(one.name, one.tokens) for one in found.texts] == [("zh", CHUNK // 2 - 1), ("en", CHUNK // 2 - 1)]
    assert (found.reference, found.reference_perplexity, found.mean_divergence, found.divergences) == ("", 0, 0, ())


def test_perplexity_over_all_texts_weighs_tokens(tiny: Path, text: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_bytes(b"\xef\xbb\xbf" + os.urandom(300).hex().encode())
    found = measured(tiny, None, text, other)
    weighed = sum(one.tokens * math.log(one.perplexity) for one in found.texts) / sum(one.tokens for one in found.texts)
    assert [one.tokens for one in found.texts] == [510, 255]
    assert math.log(found.perplexity) == pytest.approx(weighed)


def test_a_short_context_makes_short_chunks(tmp_path: Path, text: Path) -> None:
    model = write_model(tmp_path / "short.gguf", random_weights(), context=100)
    found = measured(model, model, text)
    count = len(text.read_bytes()) // 100
    assert found.texts[0].tokens in {49 * count, 49 * (count - 1)}  # letters take one token where bytes take more
    assert found.mean_divergence == 0


def test_progress_reaches_the_end_and_names_the_text(tiny: Path, text: Path) -> None:
    told: list[Progress] = []
    evaluate(tiny, tiny, [text], told.append, Stop())
    done = [one.done for one in told]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, told[-1].total)
    assert told[0].detail == text.name


def test_other_vocabularies_are_no_reference(tiny: Path, starter: Path, text: Path, tmp_path: Path) -> None:
    changed = write_model(tmp_path / "changed.gguf", random_weights(), letters=LETTERS.replace("d", "z"))  # none of the text's
    for reference in (changed, starter):
        failure = refused(tiny, reference, text).failure
        assert (failure.code, failure.args) == (Code.REFERENCE_OTHER, {"path": str(reference)})


def test_texts_that_cannot_be_measured(tiny: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.txt"
    short.write_text("日" * 100)
    error = refused(tiny, None, short)
    assert error.code == Code.TEXT_TOO_SHORT
    assert int(error.failure.args["tokens"]) < int(error.failure.args["wanted"]) == CHUNK
    binary, large = tmp_path / "binary.txt", tmp_path / "large.txt"
    binary.write_bytes(b"abc\xff" * 300)
    with large.open("wb") as file:
        file.truncate(LARGEST + 1)
    for bad in (binary, large, tmp_path, tmp_path / "absent.txt", tmp_path / "nul\0.txt", tmp_path / ("long" * 200)):
        assert refused(tiny, None, bad).code == Code.TEXT_UNREADABLE
    empty = tmp_path / "empty.txt"
    empty.touch()
    assert refused(tiny, None, empty).code == Code.TEXT_TOO_SHORT


def test_a_pipe_is_no_text(tiny: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert refused(tiny, None, pipe).code == Code.TEXT_UNREADABLE


def test_models_that_cannot_be_measured(tiny: Path, text: Path, tmp_path: Path) -> None:
    adapter = write_small(tmp_path / "adapter.gguf", {"general.type": "adapter"})
    encoder = write_small(tmp_path / "encoder.gguf", {"general.architecture": "bert"})
    assert refused(adapter, None, text).code == Code.MODEL_NOT_CHAT
    assert refused(tiny, encoder, text).code == Code.MODEL_NOT_CHAT
    assert refused(tmp_path / "absent.gguf", None, text).code == Code.MODEL_MISSING
    truncated = tmp_path / "truncated.gguf"
    truncated.write_bytes(tiny.read_bytes()[:-100])
    assert refused(tiny, truncated, text).code == Code.MODEL_TRUNCATED


def test_weights_that_are_no_numbers(tiny: Path, text: Path, tmp_path: Path) -> None:
    weights = random_weights()
    weights["output.weight"][5, 3] = np.nan
    bad = write_model(tmp_path / "坏.gguf", weights)
    for model, reference in ((bad, tiny), (tiny, bad)):
        failure = refused(model, reference, text).failure
        assert (failure.code, failure.args["path"]) == (Code.MODEL_DAMAGED, str(bad))


def test_a_stop_ends_the_evaluation(tiny: Path, text: Path) -> None:
    stop = Stop()
    told: list[Progress] = []

    def report(progress: Progress) -> None:
        told.append(progress)
        stop.ask()

    with pytest.raises(StoppedError):
        evaluate(tiny, tiny, [text], report, stop)
    assert told[-1].done < told[-1].total


def test_a_stop_acts_inside_a_batch(tiny: Path) -> None:
    nodes: list[int] = []
    stop = Stop()

    @llama_cpp.ggml_backend_sched_eval_callback
    def count(_node: int, ask: bool, _data: object) -> bool:
        nodes.append(int(ask))
        if len(nodes) == stop_at:
            stop.ask()
            while not flag.is_set():  # the flag follows on its own thread
                threading.Event().wait(0.001)
        return True

    stop_at = -1
    file = open_file(tiny)
    with stopping(stop) as flag, MeasuredModel(file, context=CHUNK, batch=256, flag=flag, stop=stop, callback=count) as model:
        model.decode([5] * 256, 0, 0, 256)
        whole = len(nodes)
        nodes.clear()
        model.clear()
        stop_at = 10
        with pytest.raises(StoppedError):
            model.decode([5] * 256, 0, 0, 256)
        assert stop_at <= len(nodes) < whole / 2


def test_long_texts_are_cut_at_lines_and_lose_nothing() -> None:
    lines = "".join(f"{number} 行\n" for number in range(30_000))
    cut = list(pieces(lines))
    assert len(cut) > 2
    assert "".join(cut) == lines
    assert all(one.endswith("\n") for one in cut[:-1])
    assert "".join(pieces("無" * 200_000)) == "無" * 200_000
    assert list(pieces("short")) == ["short"]


def test_a_stop_ends_the_cutting_of_a_long_text(tiny: Path) -> None:
    stop = Stop()
    with OpenVocabulary(open_file(tiny), stop) as vocabulary:
        found = vocabulary.tokenize("the sun\n" * 40_000)
        assert len(next(found)) > 1
        stop.ask()
        with pytest.raises(StoppedError):
            next(found)


def test_the_bundled_texts_are_clean() -> None:
    bundled = chinese, english = [read_text(path) for path in default_texts()]
    assert "走的人多了，也便成了路" in chinese
    assert "a truth universally acknowledged" in english
    for text in bundled:
        assert to_bytes(text).decode() == text
        assert "\r" not in text
        assert all(line == line.strip() for line in text.splitlines())
        assert all(first or second for first, second in itertools.pairwise(text.splitlines()))
