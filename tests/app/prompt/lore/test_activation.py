"""What is called up: keys, logics, constants, chance, order, recursion, groups and the budget."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.app.prompt.lore.lorebooks import book, called, entry, indexes

from zhiyin.prompt.lore.activation import LoreSettings, Reason
from zhiyin.prompt.macros import MacroValues

FEW = settings(max_examples=30, deadline=None, derandomize=True)
RECURSIVE = LoreSettings(recursive=True)


def test_a_key_calls_its_entry_up_and_says_why() -> None:
    result = called(book(entry("Moon"), entry("sun")), texts=("the moon!", "Yes.", "and now?"), settings=LoreSettings(scan_depth=3))
    assert indexes(result) == [0]
    assert result.fired[0].reason == Reason("key", "Moon", 0)
    assert result.fired[0].tokens == len("lore")


def test_chinese_is_found_without_borders_and_other_words_beside_it() -> None:
    raw = book(entry("李白"), entry("Rust", extensions={"match_whole_words": True}), entry("月", extensions={"match_whole_words": True}))
    assert indexes(called(raw, texts=("昨夜与李白饮于月下，用Rust写诗",))) == [0, 1, 2]
    assert indexes(called(raw, texts=("trusty",))) == []


def test_whole_words_and_case() -> None:
    raw = book(entry("cat", extensions={"match_whole_words": True}), entry("cat"), entry("Cat", case_sensitive=True))
    assert indexes(called(raw, texts=("education",))) == [1]
    assert indexes(called(raw, texts=("A cat.",))) == [0, 1]
    assert indexes(called(raw, texts=("Cat_s Cat",))) == [0, 1, 2]
    assert indexes(called(book(entry("cat")), texts=("education",), settings=LoreSettings(whole_words=True))) == []


@FEW
@given(st.sets(st.sampled_from("xyz")), st.integers(0, 3), st.sampled_from([("x",), ("x", "y"), ("x", "y", "z")]))
def test_the_four_logics(there: set[str], logic: int, secondary: tuple[str, ...]) -> None:
    raw = book(entry("moon", selective=True, secondary_keys=list(secondary), extensions={"selectiveLogic": logic}))
    found = [key in there for key in secondary]
    wanted = [any(found), not all(found), not any(found), all(found)][logic]
    assert bool(called(raw, texts=("moon " + " ".join(there),)).fired) == wanted


def test_secondary_keys_count_only_when_they_are_meant_to() -> None:
    assert called(book(entry("moon", secondary_keys=["sun"])), texts=("moon",)).fired
    assert not called(book(entry("moon", secondary_keys=["sun"], selective=True)), texts=("moon",)).fired


def test_scan_depth_of_entry_book_and_settings() -> None:
    texts = ("moon", "a", "b", "c")
    assert not called(book(entry("moon")), texts=texts).fired
    assert called(book(entry("moon"), scan_depth=4), texts=texts).fired
    assert called(book(entry("moon", extensions={"scan_depth": 4}), scan_depth=1), texts=texts).fired
    assert called(book(entry("moon", content="@@scan_depth 4\nlore", extensions={"scan_depth": 1})), texts=texts).fired
    assert not called(book(entry("moon", extensions={"scan_depth": 0})), texts=("moon",)).fired


def test_constants_need_no_key_and_switched_off_always_wins() -> None:
    assert called(book(entry(constant=True)), texts=("x",)).fired[0].reason.kind == "constant"
    assert not called(book(entry("moon", constant=True, enabled=False, content="@@activate\nlore"))).fired
    assert not called(book(entry("moon", content="  "))).fired


def test_names_in_keys_and_contents_are_filled_in_and_who_speaks_is_read_when_asked() -> None:
    raw = book(entry("{{user}}", content="{{char}} knows {{user}}"))
    assert called(raw, texts=("ask 小舟",)).fired[0].text == "李白 knows 小舟"
    assert not called(raw, texts=("ask 小舟",), values=MacroValues("李白", "阿青")).fired
    assert not called(raw).fired
    assert called(raw, settings=LoreSettings(names=True)).fired


@FEW
@given(st.integers(0, 100), st.integers(0, 1000))
def test_chance_is_the_same_for_the_same_reply(percent: int, seed: int) -> None:
    raw = book(*(entry("moon", extensions={"probability": percent, "useProbability": True}) for _ in range(40)))
    first, again = (indexes(called(raw, seed=seed, turn=5)) for _ in range(2))
    assert first == again
    assert (len(first) == 0) if percent == 0 else (len(first) == 40) if percent == 100 else True


def test_chance_is_about_what_it_says_and_can_be_switched_off() -> None:
    raw = book(*(entry("moon", extensions={"probability": 30, "useProbability": True}) for _ in range(400)))
    assert 80 < len(called(raw, settings=LoreSettings(token_budget=9999)).fired) < 160
    assert called(book(entry("moon", extensions={"probability": 0, "useProbability": False}))).fired


@FEW
@given(st.lists(st.integers(-5, 5), max_size=12))
def test_the_lower_order_stands_earlier_and_every_entry_once(orders: list[int]) -> None:
    raw, other = (book(*(entry("moon", "moon", "oo", content=text, insertion_order=order) for order in orders)) for text in ("a", "b"))
    result = called(raw, other, texts=("moon moon", "moon"), settings=LoreSettings(recursive=True))
    assert [fired.entry.order for fired in result.fired] == sorted(orders * 2)
    assert len({(fired.book, fired.index) for fired in result.fired}) == 2 * len(orders)


def test_entries_call_up_entries_of_other_books_too() -> None:
    first, second = book(entry("moon", content="a rabbit")), book(entry("rabbit", content="ears"))
    result = called(first, second, settings=RECURSIVE)
    assert [fired.text for fired in result.fired] == ["a rabbit", "ears"]
    assert result.fired[1].reason == Reason("recursion", "rabbit", source=(0, 0))
    assert len(called(first, second).fired) == 1


def test_a_book_that_says_no_is_not_recursive_and_one_that_says_yes_is() -> None:
    entries = entry("moon", content="a rabbit"), entry("rabbit", content="ears")
    assert len(called(book(*entries, recursive_scanning=False), settings=RECURSIVE).fired) == 1
    assert len(called(book(*entries, recursive_scanning=True)).fired) == 2
    closed, open_ = book(entries[0], recursive_scanning=False), book(entries[1], recursive_scanning=True)
    assert len(called(closed, open_).fired) == 1


@pytest.mark.parametrize(
    ("field", "which", "fired"), [("exclude_recursion", 1, [0]), ("prevent_recursion", 0, [0]), ("prevent_recursion", 1, [0, 1])]
)
def test_entries_that_take_no_part_in_recursion(field: str, which: int, fired: list[int]) -> None:
    entries = [entry("moon", content="a rabbit"), entry("rabbit", content="ears")]
    entries[which]["extensions"] = {field: True}
    assert indexes(called(book(*entries), settings=RECURSIVE)) == fired


def test_entries_that_wait_for_recursion_come_level_by_level() -> None:
    raw = book(
        entry("moon", content="one"),
        entry("moon", content="two", extensions={"delay_until_recursion": True}),
        entry("two", content="three", extensions={"delay_until_recursion": 2}),
    )
    assert indexes(called(raw)) == [0]
    assert indexes(called(raw, settings=RECURSIVE)) == [0, 1, 2]
    assert indexes(called(raw, texts=("nothing",), settings=RECURSIVE)) == []


def test_lore_that_calls_itself_up_ends() -> None:
    raw = book(*(entry(f"k{at}", content=f"k{at} k{(at + 1) % 50}") for at in range(50)))
    result = called(raw, texts=("k0",), settings=LoreSettings(recursive=True, token_budget=9999))
    assert len(result.fired) == 9  # the first, and eight rounds
    assert len(called(raw, texts=("k0",), settings=LoreSettings(recursive=True, max_recursion=2)).fired) == 3


def test_hidden_keys_call_up_what_comments_do_not() -> None:
    raw = book(
        entry("moon", content="{{hidden_key:rabbit}}{{// fox}}{{comment: fox}}lore"),
        entry("rabbit", content="r"),
        entry("fox", content="f"),
    )
    assert indexes(called(raw, settings=RECURSIVE)) == [0, 1]


def test_what_leaves_nothing_to_send_is_not_sent() -> None:
    assert not called(book(entry("moon", content="{{// a note}}"))).fired


def test_of_a_group_one_is_sent() -> None:
    raw = book(*(entry("moon", extensions={"group": "weather, sky" if at else "sky"}) for at in range(5)), entry("moon"))
    winners = [indexes(called(raw, turn=turn)) for turn in range(40)]
    assert all(len(found) == 2 and found[1] == 5 for found in winners)
    assert len({found[0] for found in winners}) > 2


def test_a_groups_weights_and_its_order_when_that_is_asked_for() -> None:
    weighed = book(entry("moon", extensions={"group": "g", "group_weight": 0}), entry("moon", extensions={"group": "g", "group_weight": 9}))
    assert {indexes(called(weighed, turn=turn))[0] for turn in range(20)} == {1}
    ordered = book(*(entry("moon", insertion_order=at, extensions={"group": "g", "group_override": True}) for at in range(4)))
    assert {indexes(called(ordered, turn=turn))[0] for turn in range(20)} == {3}


@FEW
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 40)), max_size=12), st.integers(0, 120))
def test_the_budget_is_kept_and_nothing_is_lost_silently(given_entries: list[tuple[int, int]], budget: int) -> None:
    raw = book(*(entry("moon", content="x" * size, priority=priority) for priority, size in given_entries))
    result = called(raw, settings=LoreSettings(token_budget=budget))
    assert sum(fired.tokens for fired in result.fired) <= budget
    assert len(result.fired) + len(result.over_budget) == len(given_entries)
    left = budget - sum(fired.tokens for fired in result.fired)
    assert all(fired.tokens > left for fired in result.over_budget)


def test_what_is_dropped_first() -> None:
    ten = LoreSettings(token_budget=10, recursive=True)
    long = "x" * 10
    by_priority = book(
        entry("moon", content=long, priority=1, insertion_order=9), entry("moon", content=long, priority=2, insertion_order=1)
    )
    assert indexes(called(by_priority, settings=ten)) == [1]
    by_order = book(entry("moon", content=long, insertion_order=9), entry("moon", content=long, insertion_order=1))
    assert indexes(called(by_order, settings=ten)) == [0]
    constant_first = book(entry("moon", content=long, insertion_order=900), entry(content=long, constant=True))
    assert indexes(called(constant_first, settings=ten)) == [1]
    spoken_first = book(entry("moon", content="k xxxxxxx"), entry("k", content=long, insertion_order=900))
    assert indexes(called(spoken_first, settings=ten)) == [0]
    trimmed_first = book(entry("moon", content=long), entry("moon", content="@@ignore_on_max_context\n" + long, insertion_order=900))
    assert indexes(called(trimmed_first, settings=ten)) == [0]


def test_a_books_own_budget_and_entries_that_ignore_it() -> None:
    raw = book(entry("moon", content="x" * 8), entry("moon", content="y" * 8), token_budget=10)
    other = book(entry("moon", content="z" * 8), token_budget=10)
    assert len(called(raw, other).fired) == 2
    free = book(entry("moon", content="x" * 8, extensions={"ignore_budget": True}), entry("moon", content="y" * 8), token_budget=10)
    assert len(called(free).fired) == 2


def test_where_entries_go() -> None:
    places = [called(book(entry("moon", extensions={"position": at, "depth": 3, "role": 1}))).fired[0] for at in range(7)]
    assert [fired.position for fired in places] == [
        "before_char", "after_char", "before_note", "after_note", "in_chat", "before_examples", "after_examples",
    ]  # fmt: skip
    assert (places[4].depth, places[4].role) == (3, "user")
    assert called(book(entry("moon", position="before_char"))).fired[0].position == "before_char"


def test_no_books_and_no_messages() -> None:
    assert called(texts=()).fired == ()
    assert len(called(book(entry("moon"), entry(constant=True)), texts=()).fired) == 1


def test_letters_of_full_width_are_the_ordinary_ones() -> None:
    raw = book(entry("ＭＯＯＮ"), entry("sun9", content="other"))
    assert indexes(called(raw, texts=("the moon",))) == [0]
    assert indexes(called(raw, texts=("这里有ｓｕｎ９，是的",))) == [1]


def test_far_too_many_macros_are_sent_as_they_are_written() -> None:
    raw = book(*(entry("moon", content="{{char}}" * 2000 + f"{at}") for at in range(12)))
    fired = called(raw, settings=LoreSettings(token_budget=10**9), values=MacroValues(char="x")).fired
    assert [one.text.count("{{char}}") for one in fired] == [0] * 10 + [2000] * 2


def test_of_a_very_long_entry_no_more_is_read_than_could_ever_be_sent() -> None:
    fired = called(book(entry("moon", content="y" * 500_000)), settings=LoreSettings(token_budget=10**9, longest=20_000)).fired
    assert [len(one.text) for one in fired] == [20_000]
