"""The proof sees what is wrong with a vocabulary, ends with whatever its process does, and leaves nothing behind."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from tests.models.convert.starter_checkpoint import metadata_of
from tests.models.convert.tokenizers.made_tokenizers import (
    byte_level,
    folder_of,
    proven,
    sentencepiece_model,
    vocabulary_of,
    write_vocabulary,
)

from zhiyin_models.convert.tokenizers import corpus
from zhiyin_models.convert.tokenizers import pre_tokenizers as known
from zhiyin_models.convert.tokenizers.proof import prove
from zhiyin_models.convert.tokenizers.vocabulary import Vocabulary
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.work import Progress, Stage, Stop, StoppedError, silent


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    content = byte_level(known.definition(known.LLAMA_3), ignore_merges=True)
    return vocabulary_of(folder_of(tmp_path_factory.mktemp("llama") / "m", {"tokenizer.json": content}), 720)


@pytest.fixture(scope="session")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    data = sentencepiece_model("bpe", byte_fallback=True, user_defined_symbols=["\t", "<sep>"])
    config = {"added_tokens_decoder": {"1000": {"content": "<|user|>", "special": True}, "1001": {"content": "<think>", "special": False}}}
    folder = folder_of(tmp_path_factory.mktemp("pieces") / "m", {"tokenizer.model": data, "tokenizer_config.json": config})
    return vocabulary_of(folder, 1010)


def difference(vocabulary: Vocabulary, folder: Path, **changed: Any) -> dict[str, Any]:
    with pytest.raises(ModelError) as caught:
        proven(vocabulary, folder, **changed)
    assert caught.value.code == Code.TOKENIZER_DIFFERS
    assert caught.value.failure.args["wanted"] != caught.value.failure.args["given"]
    return caught.value.failure.args


def changed(values: Any, **places: Any) -> list[Any]:
    return [places.get(f"at{place}", value) for place, value in enumerate(values)]


@pytest.mark.parametrize("pre", ["gpt-2", "qwen2", "smollm", "deepseek-v3", "tekken", "default"])
def test_the_wrong_pre_tokenizer_is_seen(llama: Vocabulary, tmp_path: Path, pre: str) -> None:
    assert proven(llama, tmp_path) == ()
    difference(llama, tmp_path, pre=pre)


def test_the_first_difference_is_shown_with_its_tokens(llama: Vocabulary, tmp_path: Path) -> None:
    shown = difference(llama, tmp_path, pre="qwen2")
    assert any(letter.isdigit() for letter in shown["detail"])
    assert shown["detail"] in corpus.TEXTS
    assert "'" in shown["wanted"]


def test_a_missing_merge_is_seen(llama: Vocabulary, tmp_path: Path) -> None:
    merges = llama.metadata["tokenizer.ggml.merges"]
    assert isinstance(merges, list)
    difference(llama, tmp_path, merges=merges[20:])
    difference(llama, tmp_path, merges=merges[::-1])


def test_an_added_token_that_is_none_is_seen(llama: Vocabulary, pieces: Vocabulary, tmp_path: Path) -> None:
    assert "<|im_start|>" in difference(llama, tmp_path, token_type=changed(llama.types, at2=1))["detail"]
    assert "<|user|>" in difference(pieces, tmp_path, token_type=changed(pieces.types, at1000=5))["detail"]
    assert "<think>" in difference(pieces, tmp_path, tokens=changed(pieces.tokens, at1001="<thinking>"))["detail"]


def test_a_token_in_anothers_place_is_seen(llama: Vocabulary, tmp_path: Path) -> None:
    tokens = llama.tokens
    difference(llama, tmp_path, tokens=changed(tokens, at600=tokens[601], at601=tokens[600]))


def test_scores_in_the_wrong_order_are_seen(pieces: Vocabulary, tmp_path: Path) -> None:
    assert [notice.code for notice in proven(pieces, tmp_path)] == [Code.TOKENIZER_SPACES]
    scores = pieces.metadata["tokenizer.ggml.scores"]
    assert isinstance(scores, list)
    difference(pieces, tmp_path, scores=[-float(score) for score in scores if isinstance(score, float)])


def test_a_lost_tab_and_a_lost_space_are_seen(pieces: Vocabulary, tmp_path: Path) -> None:
    tab = pieces.tokens.index("\t")
    difference(pieces, tmp_path, tokens=changed(pieces.tokens, **{f"at{tab}": "[tab]"}))
    difference(pieces, tmp_path, add_space_prefix=False)


def test_a_unigram_written_as_byte_pairs_is_seen(tmp_path: Path) -> None:
    vocabulary = vocabulary_of(folder_of(tmp_path / "m", {"tokenizer.model": sentencepiece_model("unigram", size=900)}), 900)
    with pytest.raises(ModelError) as caught:
        proven(vocabulary, tmp_path, model="llama")
    assert caught.value.code in (Code.TOKENIZER_DIFFERS, Code.TOKENIZER_BAD)  # without bytes, the library may end its process


@pytest.mark.parametrize(
    "broken",
    [{"pre": "no such name"}, {"model": "no such model"}, {"tokens": ["a"] * 720}, {"token_type": [1]}, {"merges": [1, 2]}],
)
def test_a_vocabulary_that_the_library_cannot_read_is_one_sentence(llama: Vocabulary, tmp_path: Path, broken: Any) -> None:
    with pytest.raises(ModelError) as caught:
        proven(llama, tmp_path, **broken)
    assert caught.value.code == Code.TOKENIZER_BAD
    assert str(caught.value.failure.args["detail"]).startswith("llama.cpp: ")


def test_a_file_that_is_no_model_is_one_sentence(llama: Vocabulary, tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.gguf", tmp_path / "text.gguf"):
        (tmp_path / "text.gguf").write_text("hello")
        with pytest.raises(ModelError) as caught:
            prove(path, llama, silent, Stop())
        assert caught.value.code == Code.TOKENIZER_BAD


def test_progress_is_told_and_a_stop_is_heard(llama: Vocabulary, tmp_path: Path) -> None:
    path = write_vocabulary(llama, tmp_path / "词汇.gguf")
    told: list[Progress] = []
    prove(path, llama, told.append, Stop())
    assert {one.stage for one in told} == {Stage.PROVE}
    assert told[-1].done == told[-1].total > 100
    stop = Stop()
    threads = threading.active_count()
    with pytest.raises(StoppedError):
        prove(path, llama, lambda _: stop.ask(), stop)
    assert threading.active_count() == threads


def test_the_corpus_holds_what_a_tokenizer_may_trip_over() -> None:
    every = "".join(corpus.TEXTS)
    assert all(
        one in every
        for one in ("\t", "\r\n", "  ", "\n\n", "\u200d", "e\u0301", "é", "龍", "안", "ع", "ह", "ส", "я", "な", "𠮷", "https://")
    )
    added = [f"<{number}>" for number in range(1000)]
    texts = corpus.texts(added)
    assert all(any(f"{token}" in text for text in texts) for token in added)
    assert {"<0>", "before<499>after <499> end"} <= set(texts)
    assert len(texts) == len(set(texts)) < 3000
    assert json.dumps(texts)


def test_the_starters_own_vocabulary(starter: Path, tmp_path: Path) -> None:
    """A real one: its tokenizer.json becomes what is in its GGUF file."""
    inside = metadata_of(starter)
    merges, types, tokens = (inside[f"tokenizer.ggml.{name}"] for name in ("merges", "token_type", "tokens"))
    assert isinstance(merges, list)
    assert isinstance(types, list)
    assert isinstance(tokens, list)
    added = [
        {"id": place, "content": text, "special": True} for place, (text, kind) in enumerate(zip(tokens, types, strict=True)) if kind == 3
    ]
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    digits = {"type": "Digits", "individual_digits": True}
    content = {
        "version": "1.0",
        "added_tokens": [one | flags for one in added],
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [digits, known.byte_level(use_regex=True)]},
        "model": {"type": "BPE", "vocab": {text: place for place, text in enumerate(tokens)}, "merges": merges},
    }
    config = {"eos_token": "<|im_end|>", "bos_token": "<|im_start|>", "chat_template": inside["tokenizer.chat_template"]}
    folder = folder_of(tmp_path / "模型", {"tokenizer.json": content, "tokenizer_config.json": config})
    vocabulary = vocabulary_of(folder, len(tokens))
    for name in ("model", "pre", "tokens", "token_type", "merges", "bos_token_id", "eos_token_id"):
        assert vocabulary.metadata[f"tokenizer.ggml.{name}"] == inside[f"tokenizer.ggml.{name}"]
    assert vocabulary.metadata["tokenizer.chat_template"] == inside["tokenizer.chat_template"]
    assert proven(vocabulary, tmp_path) == ()
    assert prove(starter, vocabulary, silent, Stop()) == ()
