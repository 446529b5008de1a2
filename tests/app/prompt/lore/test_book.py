"""Books as JSON: what is read of them, and edits that lose nothing."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.app.prompt.lore.lorebooks import book, called, entry, told

from zhiyin.prompt.lore.activation import LoreSettings, activate
from zhiyin.prompt.lore.book import LOGICS, MAX_CONTENT, MAX_ENTRIES, MAX_KEYS, POSITIONS, empty_book, read_book, read_entry
from zhiyin.prompt.macros import MacroValues

junk = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
FIELDS = (
    "name", "comment", "keys", "secondary_keys", "selective", "content", "enabled", "constant", "insertion_order", "priority",
    "position", "case_sensitive", "use_regex", "extensions", "id",
)  # fmt: skip
EXTENSIONS = (
    "selectiveLogic", "position", "depth", "role", "probability", "useProbability", "scan_depth", "match_whole_words", "case_sensitive",
    "exclude_recursion", "prevent_recursion", "delay_until_recursion", "group", "group_weight", "group_override", "sticky", "cooldown",
    "delay", "ignore_budget", "zhiyin",
)  # fmt: skip
lying = st.fixed_dictionaries(
    {}, optional={**dict.fromkeys(FIELDS, junk), "extensions": st.dictionaries(st.sampled_from(EXTENSIONS), junk, max_size=8)}
)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.lists(lying | junk, max_size=4), st.dictionaries(st.sampled_from(["name", "scan_depth", "token_budget", "recursive_scanning"]), junk)
)
def test_types_may_lie_everywhere(entries: list[Any], fields: dict[str, Any]) -> None:
    raw = {**fields, "entries": entries}
    kept = copy.deepcopy(raw)
    made = read_book(raw)
    activate([made], told("moon"), LoreSettings(recursive=True), seed=1, turn=1, counts=len, values=MacroValues())
    for each in made.entries:
        assert read_entry(made.changed_entry(each.index, probability=50, logic="not_any")["entries"][each.index]).logic == "not_any"
    assert repr(raw) == repr(kept)


def test_entries_that_are_none_keep_the_places_of_the_others() -> None:
    made = read_book({"entries": [None, entry("a"), "x", entry("b")]})
    assert [each.index for each in made.entries] == [1, 3]
    assert read_book({"entries": {"a": 1}}).entries == ()
    assert read_book({}).entries == ()


def test_what_is_too_much_is_not_read() -> None:
    made = read_book(book(*(entry("a") for _ in range(MAX_ENTRIES + 5))))
    assert len(made.entries) == MAX_ENTRIES
    big = read_entry(entry(*("k" for _ in range(5000)), content="x" * (MAX_CONTENT + 5), insertion_order=10**400))
    assert (len(big.keys), len(big.content), big.order) == (MAX_KEYS, MAX_CONTENT, 1e9)


def test_keys_may_be_one_string() -> None:
    assert read_entry({"keys": "a, b ,,c"}).keys == ("a", "b", "c")


CHANGES = {
    "name": "n", "comment": "c", "keys": ("a", "b"), "secondary_keys": ("c",), "selective": True, "enabled": False, "constant": True,
    "probability": 30.0, "order": 7.0, "priority": 3.0, "position": "in_chat", "depth": 9, "role": "assistant", "case_sensitive": True,
    "whole_words": True, "use_regex": True, "scan_depth": 5, "exclude_recursion": True, "prevent_recursion": True,
    "delay_until_recursion": 2,
    "group": "g", "group_override": True, "group_weight": 4, "sticky": 1, "cooldown": 2, "delay": 3, "ignore_budget": True,
    "logic": "and_all",
    "source": "@@depth 2\ntext",
}  # fmt: skip


@pytest.mark.parametrize("extensions", [{}, {"selectiveLogic": 0, "display_index": 3, "useProbability": False, "odd": [1]}])
@pytest.mark.parametrize("field", CHANGES)
def test_every_field_can_be_changed_and_the_rest_stays(field: str, extensions: dict[str, Any]) -> None:
    raw = book(entry("x"), entry("y", extensions=extensions, odd={"kept": 1}, id=4), odd=2)
    before = read_book(raw).entries[1]
    after = read_book(read_book(raw).changed_entry(1, **{field: CHANGES[field]})).entries[1]
    related = {"source": {"content", "decorators"}}.get(field, set()) | {field}
    for name in before.__struct_fields__:
        expected = CHANGES[name] if name == field else getattr(before, name)
        assert name in related - {field} or getattr(after, name) == expected, name
    made = read_book(raw).changed_entry(1, **{field: CHANGES[field]})
    assert made["odd"] == 2
    assert made["entries"][1]["odd"] == {"kept": 1}
    assert made["entries"][0] is raw["entries"][0]
    assert set(extensions) <= set(made["entries"][1]["extensions"])
    json.dumps(made)


def test_patterns_can_be_switched_off_and_on_in_books_of_sillytavern() -> None:
    raw = book(entry("a.c", use_regex=True, extensions={"selectiveLogic": 0}))
    on = read_book(raw).changed_entry(0, use_regex=True)
    assert called(on, texts=("abc",)).fired
    off = read_book(on).changed_entry(0, use_regex=False)
    assert not called(off, texts=("abc",)).fired
    ours = read_book(book(entry("a.c", use_regex=True))).changed_entry(0, logic="not_any")
    assert read_book(ours).entries[0].use_regex


def test_none_takes_a_value_away() -> None:
    raw = book(entry("a", priority=3, extensions={"scan_depth": 4}), scan_depth=3)
    made = read_book(read_book(raw).changed_entry(0, priority=None, scan_depth=None)).entries[0]
    assert (made.priority, made.scan_depth) == (None, None)
    assert "scan_depth" not in read_book(raw).changed(scan_depth=None)


def test_a_field_that_is_none_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError):
        read_book(book(entry("a"))).changed_entry(0, keyz=())


def test_entries_are_added_copied_moved_and_removed() -> None:
    raw = book(entry("a", id=1), entry("b", id=2))
    made = read_book(raw)
    added = read_book(made.added(keys=["c"], content="new", position="in_chat"))
    assert (added.entries[2].keys, added.entries[2].content, added.entries[2].position) == (("c",), "new", "in_chat")
    assert [each.keys[0] for each in read_book(made.copied(0)).entries] == ["a", "a", "b"]
    assert "id" not in made.copied(0)["entries"][1]
    assert [each.keys[0] for each in read_book(added.moved(2, 0)).entries] == ["c", "a", "b"]
    assert [each.keys[0] for each in read_book(made.removed(0)).entries] == ["b"]
    assert read_book(read_book(empty_book("x")).added()).entries[0].enabled
    assert [each["id"] for each in raw["entries"]] == [1, 2]


def test_the_book_itself_can_be_changed() -> None:
    made = read_book(read_book(book(entry("a"), odd=1)).changed(name="n", scan_depth=3, token_budget=9, recursive=True))
    assert (made.name, made.scan_depth, made.token_budget, made.recursive, made.raw["odd"]) == ("n", 3, 9, True, 1)


def test_names_of_sillytavern_and_ours_agree() -> None:
    assert LOGICS == ("and_any", "not_all", "not_any", "and_all")
    assert POSITIONS[4] == "in_chat"
    assert read_entry(entry("a", extensions={"selectiveLogic": "and_all"})).logic == "and_all"


def test_truths_and_numbers_written_as_texts_are_read_as_they_are_meant() -> None:
    raw = {"enabled": "false", "constant": "True", "selective": "no idea", "insertion_order": "7", "priority": "1.5"}
    more = {"probability": "0", "depth": "2", "exclude_recursion": "true", "useProbability": "true"}
    read = read_entry({**raw, "extensions": more})
    assert (read.enabled, read.constant, read.selective, read.order, read.priority) == (False, True, False, 7, 1.5)
    assert (read.probability, read.depth, read.exclude_recursion) == (0, 2, True)
    assert read_entry({"insertion_order": "1e999", "extensions": {"depth": "٣"}}).depth == 4
    assert read_book({"recursive_scanning": "false"}).recursive is False
