"""Importance matrices: against what must flow into the weights of small models, and as other programs read them."""

import os
from pathlib import Path

import gguf
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.models.evaluate.tiny_model import BYTES, EXPERTS, INNER, LAYERS, USED, WIDTH, normalised, random_weights, write_model

from zhiyin_models.convert.importance_file import Importance
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.evaluate.calibration import calibrate
from zhiyin_models.work import Progress, Stop, StoppedError, silent

CHUNK = 512


def digits(size: int) -> str:
    """A text in which no letter has a token of its own."""
    return "".join(str(number) + "\n" for number in range(10_000, 10_000 + size))[:size]


def spaced(text: str, count: int) -> NDArray[np.intp]:
    """The tokens as SentencePiece makes them: a space before the text, and so the token of ▁ behind the beginning."""
    space = BYTES + 256
    tokens = [1, space, *(BYTES + byte for byte in text.encode())][: count * CHUNK]
    cut = np.array(tokens).reshape(count, CHUNK)
    cut[:, 0] = 1
    return cut


def made(model: Path, out: Path, *texts: str, amount: int = 0) -> Importance:
    calibrate(model, texts, out, silent, Stop(), chunks=amount)
    return Importance.open(out)


def test_what_flows_into_the_first_layer(tmp_path: Path) -> None:
    weights = random_weights()
    model = write_model(tmp_path / "tiny.gguf", weights)
    found = made(model, tmp_path / "imatrix.gguf", digits(3 * CHUNK + 100))
    assert found.chunks == 3
    tokens = spaced(digits(3 * CHUNK + 100), 3)
    rows = normalised(weights["token_embd.weight"][tokens.reshape(-1)], weights["blk.0.attn_norm.weight"])
    expected = (rows**2).mean(axis=0)
    for part in ("q", "k", "v"):
        seen = found.of(f"blk.0.attn_{part}.weight", (WIDTH, WIDTH))
        assert seen is not None
        np.testing.assert_allclose(seen[0], expected, rtol=1e-4)


def test_every_weight_of_the_layers_is_there_and_saw_every_token(tmp_path: Path) -> None:
    model = write_model(tmp_path / "tiny.gguf", random_weights())
    out = tmp_path / "矩阵.gguf"
    calibrate(model, [digits(2 * CHUNK)], out, silent, Stop())
    tensors = {tensor.name: tensor.data for tensor in gguf.GGUFReader(out).tensors}
    parts = [*(f"attn_{part}" for part in ("q", "k", "v", "output")), *(f"ffn_{part}" for part in ("gate", "up", "down"))]
    names = {f"blk.{layer}.{part}.weight" for layer in range(LAYERS) for part in parts}
    assert set(tensors) == {f"{name}.{kind}" for name in names for kind in ("in_sum2", "counts")}
    for name in names:
        assert tensors[f"{name}.counts"].tolist() == [[2 * CHUNK]]
        assert tensors[f"{name}.in_sum2"].shape == (1, INNER if "down" in name else WIDTH)
        assert (tensors[f"{name}.in_sum2"] > 0).all()
    assert not list(tmp_path.glob("*.part"))


def test_experts_see_only_what_is_sent_to_them(tmp_path: Path) -> None:
    weights = random_weights(experts=True)
    for part in ("v", "output"):
        weights[f"blk.0.attn_{part}.weight"][:] = 0  # so that the first layer's experts read the embeddings
    model = write_model(tmp_path / "experts.gguf", weights)
    text = digits(2 * CHUNK)
    found = made(model, tmp_path / "imatrix.gguf", text)
    embedded = weights["token_embd.weight"][spaced(text, 2).reshape(-1)]
    rows = normalised(embedded, weights["blk.0.ffn_norm.weight"])
    routed = np.argsort(-(rows @ weights["blk.0.ffn_gate_inp.weight"].T), axis=1)[:, :USED]
    for part in ("gate", "up"):
        seen = found.of(f"blk.0.ffn_{part}_exps.weight", (EXPERTS, INNER, WIDTH))
        assert seen is not None
        for expert in range(EXPERTS):
            mine = rows[(routed == expert).any(axis=1)]
            assert len(mine)
            np.testing.assert_allclose(seen[expert], (mine**2).mean(axis=0), rtol=2e-3)
    seen = found.of("blk.0.ffn_down_exps.weight", (EXPERTS, WIDTH, INNER))
    assert seen is not None
    for expert in range(EXPERTS):
        mine = rows[(routed == expert).any(axis=1)]
        gate, up = (mine @ weights[f"blk.0.ffn_{part}_exps.weight"][expert].T for part in ("gate", "up"))
        np.testing.assert_allclose(seen[expert], ((gate / (1 + np.exp(-gate)) * up) ** 2).mean(axis=0), rtol=2e-3)
    tensors = {tensor.name: tensor.data for tensor in gguf.GGUFReader(tmp_path / "imatrix.gguf").tensors}
    counts = tensors["blk.0.ffn_down_exps.weight.counts"].reshape(-1)
    assert counts.tolist() == [(routed == expert).sum() for expert in range(EXPERTS)]
    assert tensors["blk.1.ffn_down_exps.weight.in_sum2"].shape == (EXPERTS, INNER)


def test_several_texts_are_read_one_behind_the_other_up_to_the_chunks_asked_for(tmp_path: Path) -> None:
    model = write_model(tmp_path / "tiny.gguf", random_weights())
    text = digits(2 * CHUNK + 50)
    apart = made(model, tmp_path / "apart.gguf", text[: CHUNK // 2], text[CHUNK // 2 :], amount=2)
    assert (apart.chunks, apart.chunk_size) == (2, CHUNK)
    other = made(model, tmp_path / "other.gguf", text, digits(9 * CHUNK), amount=2)
    assert other.chunks == 2
    seen, alone = (one.of("blk.0.attn_q.weight", (WIDTH, WIDTH)) for one in (apart, other))
    assert seen is not None
    assert alone is not None
    np.testing.assert_allclose(seen, alone, rtol=0.2)


def test_control_tokens_in_a_conversation_count_as_such(tmp_path: Path) -> None:
    weights = random_weights()
    weights["token_embd.weight"][2, 7] = 100  # </s>, in a column of its own
    model = write_model(tmp_path / "tiny.gguf", weights)
    plain = made(model, tmp_path / "plain.gguf", digits(3 * CHUNK)).of("blk.0.attn_q.weight", (WIDTH, WIDTH))
    chat = made(model, tmp_path / "chat.gguf", *[digits(200) + "</s>"] * 9).of("blk.0.attn_q.weight", (WIDTH, WIDTH))
    assert plain is not None
    assert chat is not None
    assert chat[0, 7] / chat[0].mean() > 1.2 * plain[0, 7] / plain[0].mean()


def test_progress_and_a_stop(tmp_path: Path) -> None:
    model = write_model(tmp_path / "tiny.gguf", random_weights())
    out, told, stop = tmp_path / "imatrix.gguf", list[Progress](), Stop()
    calibrate(model, [digits(3 * CHUNK)], out, told.append, Stop())
    assert (told[0].done, told[-1].done, told[-1].total) == (0, 3 * CHUNK, 3 * CHUNK)
    out.unlink()
    with pytest.raises(StoppedError):
        calibrate(model, [digits(3 * CHUNK)], out, lambda _: stop.ask(), stop)
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.gguf"]


def test_weights_that_are_no_numbers_make_no_matrix(tmp_path: Path) -> None:
    weights = random_weights()
    weights["blk.0.attn_norm.weight"][3] = np.inf
    model = write_model(tmp_path / "bad.gguf", weights)
    out = tmp_path / "imatrix.gguf"
    with pytest.raises(ModelError) as caught:
        calibrate(model, [digits(3 * CHUNK)], out, silent, Stop())
    assert caught.value.code == Code.MODEL_DAMAGED
    assert "blk.0.attn" in str(caught.value.failure.args["detail"])
    assert not out.exists()


def test_what_cannot_be_calibrated_is_said_before_the_work(tiny: Path, tmp_path: Path) -> None:
    for texts in ([], [""], [digits(CHUNK)]):
        with pytest.raises(ModelError) as caught:
            calibrate(tiny, texts, tmp_path / "imatrix.gguf", silent, Stop())
        assert caught.value.code == Code.TEXT_TOO_SHORT
    (tmp_path / "mine.txt").write_text("mine")
    for out in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(ModelError) as caught:
            calibrate(tiny, [digits(3 * CHUNK)], out, silent, Stop())
        assert caught.value.code == Code.OUTPUT_EXISTS
    assert (tmp_path / "mine.txt").read_text() == "mine"
    for out in (tmp_path / "absent" / "imatrix.gguf", Path(os.devnull) / "imatrix.gguf"):
        with pytest.raises(ModelError) as caught:
            calibrate(tiny, [digits(3 * CHUNK)], out, silent, Stop())
        assert caught.value.code == Code.OUTPUT_UNWRITABLE
    with pytest.raises(ModelError) as caught:
        calibrate(tmp_path / "absent.gguf", [digits(3 * CHUNK)], tmp_path / "imatrix.gguf", silent, Stop())
    assert caught.value.code == Code.MODEL_MISSING
