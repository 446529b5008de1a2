"""Counts of tokens: exact where the engine counted, careful elsewhere."""

import pytest

from zhiyin.prompt.token_counts import TokenCounts


def test_what_was_counted_is_exact_for_the_model_that_counted_it() -> None:
    counts = TokenCounts()
    counts.use("one")
    counts.learn(["hello world", "left out", ""], [2, 0, 0])
    assert counts.of("hello world") == 2
    assert counts.missing(["hello world", "left out", "left out", ""]) == ["left out"]
    counts.use("other")
    assert counts.of("hello world") > 2
    counts.use("one")
    assert counts.of("hello world") == 2


@pytest.mark.parametrize(("text", "least", "most"), [("", 0, 0), ("a" * 400, 100, 140), ("静夜思" * 100, 300, 300), ("é" * 100, 30, 80)])
def test_an_estimate_is_no_less_than_what_vocabularies_need(text: str, least: int, most: int) -> None:
    assert least <= TokenCounts().of(text) <= most


def test_estimates_follow_a_vocabulary_that_needs_more_for_one_script() -> None:
    counts = TokenCounts()
    counts.learn([f"{number}" + "静夜思床前明月光" * 20 for number in range(5)], [400] * 5)
    assert 250 <= counts.of("疑是地上霜" * 20) <= 300
    assert counts.of("word " * 100) == TokenCounts().of("word " * 100)


def test_what_was_not_asked_for_longest_is_forgotten() -> None:
    counts = TokenCounts(most=2)
    counts.learn(["aaaa", "bbbb"], [50, 50])
    assert counts.of("aaaa") == 50
    counts.learn(["cccc"], [50])
    assert counts.missing(["aaaa", "bbbb", "cccc"]) == ["bbbb"]


def test_text_that_no_encoding_takes_is_estimated_all_the_same() -> None:
    assert TokenCounts().of("\ud800" * 10) > 0
