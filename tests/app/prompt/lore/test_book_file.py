"""Standalone books: every form that is read, and files that are none."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.app.prompt.lore.lorebooks import book, called, entry

from zhiyin.prompt.cards.mending import Mend
from zhiyin.prompt.errors import CardCode, CardError
from zhiyin.prompt.lore.book import MAX_CONTENT, MAX_ENTRIES, read_book
from zhiyin.prompt.lore.book_file import MAX_FILE, BookMend, read_book_file, write_book_file


def as_file(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def test_the_specifications_form_comes_back_as_it_was() -> None:
    raw = book(entry("月", content="@@depth 3\n月亮", odd={"a": [1]}), name="月", odd=None, scan_depth=4)
    written = write_book_file(raw)
    assert json.loads(written)["spec"] == "lorebook_v3"
    assert read_book_file(written) == (raw, "月", ())


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    st.dictionaries(st.text(max_size=6).filter(lambda key: key not in ("entries", "character_book")), values, max_size=4),
    st.lists(st.dictionaries(st.text(), values, max_size=4), max_size=4),
)
def test_whatever_a_book_holds_comes_back(fields: dict[str, Any], entries: list[dict[str, Any]]) -> None:
    raw = {**fields, "extensions": {}, "entries": entries}
    read = read_book_file(write_book_file(raw))
    assert read.raw == raw
    assert list(read.raw) == list(raw)


def test_a_bare_book_of_version_two_and_the_book_of_a_card() -> None:
    raw = book(entry("a"), name=" n ")
    assert read_book_file(b"\xef\xbb\xbf" + as_file(raw)) == (raw, "n", ())
    card = read_book_file(as_file({"spec": "chara_card_v2", "data": {"name": "c", "character_book": raw}}))
    assert card.raw == raw
    assert card.mended[0].code == BookMend.FROM_CARD


def test_world_info_becomes_a_lorebook_that_behaves_as_before() -> None:
    world = {
        "name": "w",
        "entries": {
            "0": {
                "uid": 0, "key": ["moon"], "keysecondary": ["sun"], "comment": "c", "content": "lore", "constant": False, "selective": True,
                "selectiveLogic": 2, "order": 7, "position": 4, "depth": 2, "role": 1, "disable": False, "probability": 100,
                "useProbability": True, "excludeRecursion": True, "sticky": 2, "strange": {"kept": 1}, "caseSensitive": True,
            },
            "1": {"key": ["off"], "content": "x", "disable": True},
        },
    }  # fmt: skip
    read = read_book_file(as_file(world))
    assert (read.name, read.mended[0].code) == ("w", BookMend.WORLD_INFO)
    first, second = read_book(read.raw).entries
    assert (first.keys, first.secondary_keys, first.logic, first.order) == (("moon",), ("sun",), "not_any", 7)
    assert (first.position, first.depth, first.role, first.sticky, first.case_sensitive) == ("in_chat", 2, "user", 2, True)
    assert first.exclude_recursion
    assert not second.enabled
    assert read.raw["entries"][0]["extensions"]["strange"] == {"kept": 1}
    assert called(read.raw, texts=("moon",)).fired
    assert not called(read.raw, texts=("moon and sun",)).fired
    assert read_book_file(write_book_file(read.raw)).raw == read.raw


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"[]",
        b"3",
        b'{"a": 1}',
        b'{"entries": 3}',
        b"[" * 200_000,
        b'{"data": []}',
    ],
)
def test_what_is_no_book_is_refused_in_one_sentence(wrong: bytes) -> None:
    with pytest.raises(CardError) as caught:
        read_book_file(wrong, "x.json")
    assert caught.value.code == CardCode.BOOK_BAD
    assert caught.value.failure.args["path"] == "x.json"


def test_a_file_without_end_is_refused_unread() -> None:
    with pytest.raises(CardError) as caught:
        read_book_file(b" " * (MAX_FILE + 1))
    assert caught.value.code == CardCode.TOO_LARGE


def test_what_is_too_much_is_cut_and_told() -> None:
    many = read_book_file(as_file({"entries": [{"keys": ["a"]}] * (MAX_ENTRIES + 2) + [None]}))
    assert [(mend.code, mend.args) for mend in many.mended] == [
        (BookMend.NOT_ENTRIES, {"count": 1}),
        (BookMend.TOO_MANY_ENTRIES, {"count": MAX_ENTRIES + 2, "kept": MAX_ENTRIES}),
    ]
    long = read_book_file(as_file({"entries": [{"keys": ["k"] * 2000, "content": "x" * (MAX_CONTENT + 1)}]}))
    assert [mend.code for mend in long.mended] == [BookMend.TOO_LONG, BookMend.TOO_MANY_KEYS]
    assert len(long.raw["entries"][0]["content"]) == MAX_CONTENT


def test_numbers_that_json_does_not_know_and_half_characters() -> None:
    read = read_book_file(b'{"entries": [{"keys": ["\\ud800"], "content": "x", "insertion_order": NaN}], "scan_depth": Infinity}')
    assert read_book(read.raw).scan_depth is None
    assert read_book_file(write_book_file(read.raw)).raw["entries"]
    assert {mend.code for mend in read.mended} == {Mend.NUMBERS, Mend.LETTERS}
    huge = read_book_file(b'{"entries": [{"keys": ["a"], "insertion_order": 1e999}]}')
    assert json.loads(write_book_file(huge.raw), parse_constant=pytest.fail)["data"]["entries"]


@pytest.mark.parametrize("encoding", ["utf-16", "gb18030"])
def test_books_in_other_encodings_are_read(encoding: str) -> None:
    raw = book(entry("月", content="月光如水照缁衣"), name="月")
    read = read_book_file(json.dumps(raw, ensure_ascii=False).encode(encoding))
    assert (read.raw, [mend.code for mend in read.mended]) == (raw, [Mend.ENCODING])
