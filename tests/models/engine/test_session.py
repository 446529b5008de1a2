"""Matching a prompt with what a session has, against the real vocabulary."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from llama_cpp import llama_cpp
from tests.models import gguf_files
from tests.models.engine.reference import Reference

from zhiyin_models.engine.session import Plan, Session, measure, plan
from zhiyin_models.engine.vocabulary import CHUNK, Vocabulary

WORDS = (
    *("Hello", "world", " ", "  ", "\n", "\n\n", " \n", "<|im_end|>", "<|im_start|>", "user\n", "你好", "，世界", "🦙", "don't", "123"),
    *(".", "...", "!\n", "\t", "é", "\r\n", " a", " the fox", " x=1;", "  def f():", "<|im_", "|>"),
)
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=25).map("".join)


@pytest.fixture(scope="module")
def vocabulary(starter: Path) -> Iterator[Vocabulary]:
    with Reference(starter, vocabulary_only=True) as model:
        yield Vocabulary(model.model)


def session_of(text: str, vocabulary: Vocabulary, *, plain: bool = False) -> Session:
    session = Session("x")
    keep(session, plan(session, text.encode(), vocabulary, plain=plain))
    return session


def keep(session: Session, prompt: Plan) -> None:
    session.tokens, session.starts, session.text = list(prompt.tokens), list(prompt.starts), bytearray(prompt.text)
    session.sampled_from, session.plain = len(session.tokens), prompt.plain


@given(TEXTS, TEXTS, TEXTS, TEXTS)
@example("Hello", "\n\n", "<|im_start|>", "a")
@example("a", " \n", "你好", "<|im_end|>")
@settings(max_examples=300, deadline=None)
def test_after_any_edit_the_tokens_are_those_of_the_whole_text(vocabulary: Vocabulary, head: str, old: str, new: str, tail: str) -> None:
    session = session_of(head + old + tail, vocabulary)
    text = (head + new + tail).encode()
    prompt = plan(session, text, vocabulary)
    assert prompt.tokens == vocabulary.tokenize(text, special=True)
    assert prompt.starts == vocabulary.offsets(prompt.tokens, text)
    assert prompt.tokens[: prompt.kept] == session.tokens[: prompt.kept]


@given(TEXTS, st.tuples(TEXTS, TEXTS), TEXTS, st.booleans())
@settings(max_examples=150, deadline=None)
def test_a_plain_text_is_cut_as_plain_text_whatever_was_there(
    vocabulary: Vocabulary, head: str, edit: tuple[str, str], tail: str, was_plain: bool
) -> None:
    old, new = edit
    session = session_of(head + old + tail, vocabulary, plain=was_plain)
    text = (head + new + tail).encode()
    prompt = plan(session, text, vocabulary, plain=True)
    assert prompt.tokens == vocabulary.tokenize(text, special=False)
    assert prompt.tokens[: prompt.kept] == session.tokens[: prompt.kept]


def test_a_control_token_that_was_sampled_is_not_the_text_that_stands_for_it(vocabulary: Vocabulary) -> None:
    session = session_of("one", vocabulary, plain=True)
    control = vocabulary.tokenize(b"<|im_start|>", special=True)[0]
    session.append(control, vocabulary.written(control))
    text = b"one<|im_start|>"
    assert plan(session, text, vocabulary, plain=True).tokens == vocabulary.tokenize(text, special=False)


def test_an_edit_in_a_long_message_keeps_what_is_before_it(vocabulary: Vocabulary) -> None:
    words = " ".join(f"word{number}" for number in range(300))
    session = session_of(f"<|im_start|>user\n{words} old end<|im_end|>\n", vocabulary)
    prompt = plan(session, f"<|im_start|>user\n{words} new end<|im_end|>\n".encode(), vocabulary)
    assert prompt.kept >= len(session.tokens) - 6


def test_chinese_paragraphs_are_kept_up_to_the_one_that_changes(vocabulary: Vocabulary) -> None:
    session = session_of("<|im_start|>user\n" + "床前明月光，疑是地上霜。\n" * 20 + "举头望明月<|im_end|>\n", vocabulary)
    prompt = plan(session, ("<|im_start|>user\n" + "床前明月光，疑是地上霜。\n" * 20 + "低头思故乡<|im_end|>\n").encode(), vocabulary)
    assert prompt.kept >= len(session.tokens) - 40


def test_a_reply_keeps_the_tokens_it_was_sampled_with(vocabulary: Vocabulary) -> None:
    session = session_of("<|im_start|>assistant\n", vocabulary)
    prompt = len(session.tokens)
    for token in (
        vocabulary.tokenize(b"Hel", special=False)
        + vocabulary.tokenize(b"lo wor", special=False)
        + vocabulary.tokenize(b"ld", special=False)
    ):
        session.append(token, vocabulary.shown(token))
    sampled = session.tokens[prompt:]
    text = b"<|im_start|>assistant\nHello world<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
    assert vocabulary.tokenize(text, special=True)[prompt : prompt + len(sampled)] != sampled
    following = plan(session, text, vocabulary)
    assert following.kept == len(session.tokens)
    assert following.tokens[prompt:][: len(sampled)] == sampled
    keep(session, following)
    longer = plan(session, text + b"<|im_start|>assistant\nOh<|im_end|>\n", vocabulary)
    assert longer.tokens[prompt:][: len(sampled)] == sampled
    assert longer.kept == len(session.tokens)


def test_a_reply_that_is_continued_is_kept_whole_and_one_that_was_cut_by_hand_is_not(vocabulary: Vocabulary) -> None:
    session = session_of("<|im_start|>assistant\n", vocabulary)
    for token in vocabulary.tokenize(b"One two three", special=False):
        session.append(token, vocabulary.shown(token))
    assert plan(session, b"<|im_start|>assistant\nOne two three", vocabulary).tokens == session.tokens
    assert plan(session, b"<|im_start|>assistant\nOne two", vocabulary).tokens == session.tokens[:-1]
    assert plan(session, b"<|im_start|>assistant\nOne t", vocabulary).tokens == vocabulary.tokenize(
        b"<|im_start|>assistant\nOne t", special=True
    )


def test_half_a_character_at_the_end_of_a_reply_does_not_disturb_the_next_turn(vocabulary: Vocabulary) -> None:
    session = session_of("<|im_start|>assistant\n", vocabulary)
    for token in vocabulary.tokenize("🦙".encode(), special=False)[:-1]:
        session.append(token, vocabulary.shown(token))
    text = b"<|im_start|>assistant\n<|im_end|>\n"
    assert plan(session, text, vocabulary).tokens == vocabulary.tokenize(text, special=True)


def test_pieces_of_any_length(vocabulary: Vocabulary) -> None:
    longest = max(range(vocabulary.size), key=lambda token: len(vocabulary.written(token)))
    assert len(vocabulary.written(longest)) > 64
    assert vocabulary.tokenize(vocabulary.shown(longest), special=False) == [longest]
    assert vocabulary.readable(vocabulary.tokenize("🦙".encode(), special=False)[-1]).startswith("<0x")


def test_control_tokens_are_written_but_not_shown(vocabulary: Vocabulary) -> None:
    (token,) = vocabulary.tokenize(b"<|im_end|>", special=True)
    assert token in vocabulary.end_of_generation
    assert (vocabulary.written(token), vocabulary.shown(token)) == (b"<|im_end|>", b"")
    assert len(vocabulary.tokenize(b"<|im_end|>", special=False)) > 1
    assert vocabulary.count("<|im_end|>") > 1


def test_a_null_character_is_text_like_any_other(vocabulary: Vocabulary) -> None:
    tokens = vocabulary.tokenize(b"a\0b", special=True)
    assert b"".join(map(vocabulary.written, tokens)) == b"a\0b"


class EnoughError(Exception):
    """Raised by a check that wants no more."""


def test_a_text_far_too_long_is_counted_in_chunks_that_can_be_stopped(vocabulary: Vocabulary) -> None:
    for text in ("The fox jumps over the lazy dog. " * 8000, "琴瑟和鸣" * 20000, "x" * 200_000):
        content = text.encode()
        looks: list[int] = []
        found, tokens = measure(Session("x"), content, vocabulary, 2000, lambda looks=looks: looks.append(1))  # type: ignore[misc]
        assert found.tokens == []
        assert len(looks) >= len(content) // CHUNK
        exact = len(vocabulary.tokenize(content, special=True))
        assert exact <= tokens <= exact + 4 * len(looks)

        def enough(looks: list[int] = looks) -> None:
            looks.pop()
            if len(looks) < 3:
                raise EnoughError

        with pytest.raises(EnoughError):
            measure(Session("x"), content, vocabulary, 2000, enough)
    fitting = ("word " * 1500).encode()
    assert measure(Session("x"), fitting, vocabulary, 2000, lambda: None)[0] == plan(Session("x"), fitting, vocabulary)


def test_a_special_token_that_becomes_a_longer_one_is_tokenized_again(vocabulary: Vocabulary, tmp_path: Path) -> None:
    texts = [llama_cpp.llama_vocab_get_text(vocabulary.pointer, token).decode() for token in range(vocabulary.size)]
    one, two = sorted(vocabulary.special - vocabulary.end_of_generation)[-2:]
    texts[one], texts[two] = "<¶>", "<¶><¶>"
    path = gguf_files.rewrite_starter(tmp_path / "marks.gguf", change={"tokenizer.ggml.tokens": texts}, data="zeros")
    with Reference(path, vocabulary_only=True) as model:
        marks = Vocabulary(model.model)
        session = session_of("a<¶>b", marks)
        assert session.tokens[1] == one
        text = "a<¶><¶>b".encode()
        assert plan(session, text, marks).tokens == marks.tokenize(text, special=True)
        assert plan(session, "a<¶>c".encode(), marks).kept == 2


def test_a_control_token_that_was_sampled_is_not_kept_in_a_prompt_without_it(vocabulary: Vocabulary) -> None:
    session = session_of("<|im_start|>assistant\n", vocabulary)
    (control,) = vocabulary.tokenize(b"<|im_start|>", special=True)
    for token in (*vocabulary.tokenize(b"Well", special=False), control, *vocabulary.tokenize(b" so", special=False)):
        session.append(token, vocabulary.shown(token) or vocabulary.written(token))
    text = b"<|im_start|>assistant\nWell so<|im_end|>\n"
    assert control not in plan(session, text, vocabulary).tokens[1:]
