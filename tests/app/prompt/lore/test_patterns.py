"""Keys that are patterns: how they are written, and those that were written to stop the app."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.app.prompt.lore.lorebooks import book, called, entry, indexes

from zhiyin.prompt.lore.activation import LoreSettings
from zhiyin.prompt.lore.book import read_book
from zhiyin.prompt.lore.matching import ALL_SECONDS, MAX_WEIGHT, Clock, KeyIndex, weight
from zhiyin.prompt.macros import MacroValues

ST = {"selectiveLogic": 0, "display_index": 1}  # what SillyTavern leaves in the entries it writes


def test_patterns_of_the_specification_and_of_sillytavern() -> None:
    assert called(book(entry(r"mo+n\b", use_regex=True)), texts=("the mooon",)).fired[0].reason.kind == "regex"
    assert called(book(entry(r"/MO+N/i")), texts=("the mooon",)).fired
    assert not called(book(entry(r"/MO+N/")), texts=("the mooon",)).fired
    assert called(book(entry(r"/^b$/m")), texts=("a\nb\nc",)).fired
    assert called(book(entry(r"/a\/b[^]c/")), texts=("a/b\nc",)).fired
    assert not called(book(entry("m.on", use_regex=True, case_sensitive=True)), texts=("MOON",)).fired


def test_plain_keys_stay_plain_where_sillytavern_says_patterns() -> None:
    raw = book(entry("a.c", use_regex=True, extensions=ST, constant=False), entry(use_regex=True, constant=True, extensions=ST))
    assert indexes(called(raw, texts=("abc",))) == [1]
    assert indexes(called(raw, texts=("a.c",))) == [0, 1]


def test_with_patterns_constant_and_secondary_keys_do_not_count() -> None:
    assert not called(book(entry("x+", use_regex=True, constant=True)), texts=("moon",)).fired
    assert called(book(entry("mo+n", use_regex=True, selective=True, secondary_keys=["sun"])), texts=("moon",)).fired


@pytest.mark.parametrize("wrong", ["(", "[a", "*a(", "(?P<x", "a{2,1}(", "(?<=a*b)(", "\\"])
def test_a_wrong_pattern_rules_the_entry_out(wrong: str) -> None:
    result = called(book(entry("mo+n", wrong, use_regex=True), entry("moon")), texts=("moon",))
    assert indexes(result) == [1]


def test_a_wrong_pattern_among_plain_keys_is_only_one_key_less() -> None:
    assert called(book(entry("moon", "/(/")), texts=("moon",)).fired
    assert not called(book(entry("sun", "/(/")), texts=("moon /(/",)).fired


def test_names_in_patterns_are_taken_to_the_letter() -> None:
    raw = book(entry("/{{user}} (sings|sang)/"))
    assert called(raw, texts=("a.b sings",), values=MacroValues("x", "a.b")).fired
    assert not called(raw, texts=("axb sings",), values=MacroValues("x", "a.b")).fired


@pytest.mark.parametrize(
    "bomb",
    [
        r"(?:(?:(?:a?){100}){100}){1000}",
        r"a{1000000000}",
        r"(?:a{0,65535}){0,65535}",
        "(?:" * 60 + "a" + "+)" * 60,
        "(" * 499 + ")" * 499,
        r"(?:foo){e<=50}",
        r"(?R)?a",
        r"(a)(?1)(?&x)",
        r"\L<words>",
    ],
)
def test_patterns_that_take_too_much_to_prepare_are_told_and_not_prepared(bomb: str) -> None:
    assert weight(bomb[:1000]) > MAX_WEIGHT
    result = called(book(entry(bomb, use_regex=True), entry("moon")), texts=("moon " + "a" * 500,))
    assert (indexes(result), result.slow) == ([1], ((0, 0),))


def test_ordinary_patterns_are_light() -> None:
    for pattern in (r"(?:foo|bar)\s+\w{2,40}", r"\b(李白|杜甫)[^。]{0,200}月", "(a+)+b", "[" + "x" * 900 + "]+", r"(?<!\w)(?i:go)(?=!)"):
        assert weight(pattern) <= MAX_WEIGHT


def test_searches_without_end_are_ended_told_and_given_up() -> None:
    """Without limits each of these patterns runs for longer than a test may."""
    raw = book(*(entry(rf"(a+)+\1[bc]{{0,{at}}}[xy]", use_regex=True) for at in range(60)), entry("moon"))
    results = [called(raw, texts=("a" * 3000, "a" * 4000, "a" * 5000 + " moon"), settings=LoreSettings(scan_depth=3)) for _ in range(3)]
    assert all(result.fired[-1].index == 60 for result in results)
    assert all(len(result.slow) > 50 for result in results)


def test_patterns_share_one_limit_of_time() -> None:
    index = KeyIndex(read_book(book(entry("mo+n", use_regex=True))), MacroValues(), case_sensitive=False, whole_words=False)
    clock = Clock()
    assert index.pattern(0, "moon", clock)
    assert 0 < clock.search < ALL_SECONDS
    clock.search = 0
    assert not index.pattern(0, "moooon", clock)
    assert clock.slow == {0}


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(["(", ")", "[", "]", "a", "{", "5", "}", ",", "*", "+", "?", "|", "\\", "^", "/", "i", "."]), max_size=25))
def test_no_pattern_raises(parts: list[str]) -> None:
    called(book(entry("".join(parts), f"/{''.join(parts)}/i", use_regex=True)), texts=("aaa aaa",))
    weight("".join(parts))


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.randoms(use_true_random=False), st.integers(1, 80), st.booleans())
def test_many_keys_are_found_as_one_by_one(chance: random.Random, count: int, sensitive: bool) -> None:
    """Few keys are looked for in turn and many by their beginnings: both find what ``in`` finds."""
    alphabet = "abAB月白 "
    keys = ["".join(chance.choice(alphabet) for _ in range(chance.randint(1, 7))).strip() or "a" for _ in range(count)]
    text = "".join(chance.choice(alphabet) for _ in range(300))
    raw = book(*(entry(key, case_sensitive=sensitive) for key in keys))
    found = indexes(called(raw, texts=(text,), settings=LoreSettings(token_budget=9999)))
    assert found == [at for at, key in enumerate(keys) if (key in text if sensitive else key.lower() in text.lower())]


def test_long_texts_are_read_across_their_pieces() -> None:
    raw = book(*(entry(f"key{at}") for at in range(50)), entry("needle"), entry("针"))
    for before in (4090, 4093, 4096, 8190):
        assert indexes(called(raw, texts=("." * before + "needle" + "。" * 5000 + "针",))) == [50, 51]


def test_a_message_without_end_is_read_up_to_a_bound() -> None:
    raw = book(entry("needle"), entry("start"))
    assert indexes(called(raw, texts=("start" + "x" * 3_000_000 + "needle",))) == [1]


def test_the_same_book_is_prepared_once_and_other_names_prepare_it_anew() -> None:
    raw = book(entry("{{user}}"))
    assert read_book(raw) is read_book(raw)
    assert called(raw, texts=("小舟",)).fired
    assert not called(raw, texts=("小舟",), values=MacroValues("李白", "b")).fired
    assert called(raw, texts=("小舟",)).fired
    excluding = book(entry("moon", content="@@exclude_keys {{char}}\nlore"))
    assert called(excluding, texts=("moon",)).fired
    assert not called(excluding, texts=("moon 李白",)).fired
    assert called(excluding, texts=("moon 李白",), values=MacroValues("b", "c")).fired
