"""A vocabulary that does not cut text into words first (SentencePiece): a prompt is put together at special tokens only."""

import struct
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.models import gguf_files
from tests.models.engine.reference import Reference

from zhiyin_models.engine.session import Session, plan
from zhiyin_models.engine.vocabulary import SENTENCEPIECE, Vocabulary

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE = 1, 2, 3, 4, 6  # llama_token_type
WORDS = ("▁", "a", "b", "c", "ab", "▁a", "▁b", "▁ab", "abc", "▁abc", "▁▁", "\n")
TOKENS = [
    *(("<unk>", UNKNOWN), ("<s>", CONTROL), ("</s>", CONTROL), ("[INST]", CONTROL), ("<n>", USER_DEFINED), ("<n><n>", USER_DEFINED)),
    *((f"<0x{byte:02X}>", BYTE) for byte in range(256)),
    *((word, NORMAL) for word in WORDS),
]
TEXTS = st.lists(st.sampled_from(("a", "b", "abc", " ", "  ", "\n", "[INST]", "<n>", "琴", "</s>")), max_size=12).map("".join)


def array(kind: int, form: str, values: list[float] | list[int]) -> gguf_files.Raw:
    return gguf_files.Raw(gguf_files.ARRAY, struct.pack(f"<IQ{len(values)}{form}", kind, len(values), *values))


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vocabulary]:
    """A vocabulary of some 270 tokens."""
    metadata: dict[str, gguf_files.Value] = {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": [token for token, _ in TOKENS],
        "tokenizer.ggml.scores": array(6, "f", [float(len(token)) for token, _ in TOKENS]),
        "tokenizer.ggml.token_type": array(5, "i", [kind for _, kind in TOKENS]),
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.unknown_token_id": 0,
        "llama.feed_forward_length": 16,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "llama.rope.dimension_count": 4,
        "llama.vocab_size": len(TOKENS),
    }
    path = gguf_files.write_small(tmp_path_factory.mktemp("pieces") / "pieces.gguf", metadata)
    with Reference(path, vocabulary_only=True) as model:
        yield Vocabulary(model.model)


def session_of(text: str, vocabulary: Vocabulary) -> Session:
    session, prompt = Session("x"), plan(Session("x"), text.encode(), vocabulary)
    session.tokens, session.starts, session.text = list(prompt.tokens), list(prompt.starts), bytearray(prompt.text)
    session.sampled_from = len(session.tokens)
    return session


def test_the_vocabulary_is_of_that_kind(vocabulary: Vocabulary) -> None:
    assert vocabulary.type == SENTENCEPIECE
    assert not vocabulary.splits_words
    assert vocabulary.prompt(b"ab")[0] == vocabulary.bos
    assert len(vocabulary.tokenize("琴".encode(), special=False)) == 4  # the space in front, and the bytes


@given(TEXTS, TEXTS, TEXTS, TEXTS)
@settings(max_examples=300, deadline=None)
def test_after_any_edit_the_tokens_are_those_of_the_whole_text(vocabulary: Vocabulary, head: str, old: str, new: str, tail: str) -> None:
    session = session_of(head + old + tail, vocabulary)
    text = (head + new + tail).encode()
    assert plan(session, text, vocabulary).tokens == vocabulary.prompt(text)


def test_what_is_before_a_special_token_is_kept_and_a_reply_keeps_its_tokens(vocabulary: Vocabulary) -> None:
    session = session_of("[INST] abc abc[INST]", vocabulary)
    prompt = len(session.tokens)
    for token in vocabulary.tokenize(b"a", special=False) + vocabulary.tokenize(b"bc", special=False):
        session.append(token, vocabulary.shown(token))
    following = plan(session, bytes(session.text) + b"</s>[INST] b[INST]", vocabulary)
    assert following.kept == len(session.tokens) > prompt
