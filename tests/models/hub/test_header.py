"""The first bytes of a remote model, read without believing them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.models import gguf_files

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.hub.header import completed, shape_of_config
from zhiyin_models.hub.values import RemoteFile, Repository, Shape
from zhiyin_models.library.gguf_header import ArrayStub, read_beginning

METADATA: dict[str, gguf_files.Value] = {
    "general.architecture": "llama",
    "llama.block_count": 22,
    "llama.attention.head_count_kv": [4] * 22,
    "tokenizer.ggml.tokens": ["字"] * 300,
    "general.name": "end",
}
WHOLE = gguf_files.header(METADATA)


def test_every_beginning_tells_what_it_holds() -> None:
    known: list[int] = []
    for length in range(24, len(WHOLE)):
        metadata = read_beginning(WHOLE[:length])
        assert metadata.get("general.architecture", "llama") == "llama"
        assert metadata.get("tokenizer.ggml.tokens", ArrayStub("string", 300, 0))[1] == 300
        known.append(len(metadata))
    assert known == sorted(known)
    assert (known[0], known[-1]) == (0, 5)


@given(place=st.integers(0, len(WHOLE) - 1), wrong=st.binary(min_size=1, max_size=12), length=st.integers(0, len(WHOLE)))
def test_bytes_that_were_changed_are_read_or_refused(place: int, wrong: bytes, length: int) -> None:
    content = (WHOLE[:place] + wrong + WHOLE[place + len(wrong) :])[:length]
    try:
        read_beginning(content)
    except ModelError as error:
        assert error.code in (Code.MODEL_DAMAGED, Code.MODEL_GGUF_VERSION, Code.MODEL_NOT_GGUF)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"num_hidden_layers": "28", "hidden_size": 3584, "num_attention_heads": 28}',
        b'{"num_hidden_layers": 1e400, "hidden_size": 3584, "num_attention_heads": 28}',
        b'{"num_hidden_layers": -3, "hidden_size": 3584, "num_attention_heads": 28}',
        b'{"text_config": 5}',
    ],
)
def test_a_config_that_says_nothing(content: bytes) -> None:
    assert shape_of_config(content) is None


def test_a_config_in_other_words_and_of_a_model_that_sees() -> None:
    old = shape_of_config(b'{"n_layer": 12, "n_embd": 768, "n_head": 12, "n_positions": 1024, "vocab_size": 50257}')
    assert old == Shape(0, 12, 768, 12, 12, 64, 64, 50257, 1024)
    inner = b'{"model_type": "gemma3_text", "num_hidden_layers": 34, "hidden_size": 2560, "num_attention_heads": 8, "head_dim": 256}'
    seeing = shape_of_config(b'{"model_type": "gemma3", "text_config": ' + inner + b"}")
    assert seeing is not None
    assert (seeing.layers, seeing.key_length, seeing.architecture) == (34, 256, "gemma3_text")


def test_what_the_hub_knows_completes_a_shape_and_stands_for_none() -> None:
    repository = Repository("Hub", "o/Qwen3-30B-A3B-GGUF", parameters=30_532_122_624, architecture="qwen3moe", trained_context=40_960)
    read = completed(Shape(layers=48, embedding=2048, vocabulary=151_936), repository, None)
    assert (read.parameters, read.active, read.layers, read.trained_context, read.guessed) == (30_532_122_624, 3 * 10**9, 48, 40_960, False)
    guessed = completed(None, Repository("Hub", "o/name"), RemoteFile("a.gguf", 4_870_000_000))
    assert guessed.guessed
    assert 7 * 10**9 < guessed.parameters < 9 * 10**9
