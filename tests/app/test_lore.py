"""What stands behind the editor of lorebooks: the document, the trial of a text, and the keeping of what is typed."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from zhiyin.controllers.book_files import read_files, write_file
from zhiyin.controllers.book_keeping import BookKeeper, OpenBook
from zhiyin.controllers.book_sources import StandaloneBook
from zhiyin.controllers.lore import wrong_pattern
from zhiyin.controllers.lore_document import LoreDocument
from zhiyin.controllers.lore_preview import Trial, preview, recent_text, turns_of
from zhiyin.prompt.errors import CardCode, CardError
from zhiyin.prompt.macros import MacroValues
from zhiyin.services.delivery import Delivery
from zhiyin.store.store import Store
from zhiyin.ui.lore_values import LorePreview

ENTRIES: list[Any] = [
    {"keys": ["长安"], "content": "城", "name": "城", "future": {"x": [1]}, "extensions": {"theirs": 1}, "insertion_order": 5},
    "no entry",
    {"keys": ["明月", "moon"], "content": "@@depth 3\n月", "comment": "月", "constant": False},
    {"keys": ["/天宝\\w{1,2}/"], "content": "年", "extensions": {"probability": 0, "useProbability": True}},
]
BOOK = {"name": "旧事", "unknown": 1, "recursive_scanning": True, "entries": ENTRIES}


def test_one_bad_book_costs_no_other(tmp_path: Path) -> None:
    odd, good, bad = (tmp_path / name for name in ("odd.json", "good.json", "bad.json"))
    odd.write_bytes(b'{"entries": [{"keys": ["a"], "content": "x", "insertion_order": 1e999}]}')
    good.write_text(json.dumps({"entries": []}), encoding="utf-8")
    bad.write_bytes(b"{")
    books, failures = read_files([str(odd), str(bad), "a\0b", str(good)])
    assert [book.name for book in books] == ["odd", "good"]
    assert [failure.code for failure in failures] == [CardCode.BOOK_BAD, CardCode.BOOK_BAD]
    write_file(books[0].text, str(tmp_path / "again.json"))
    assert read_files([str(tmp_path / "again.json")])[0][0].entries == 1


# ---------------------------------------------------------------- the document


def test_edits_leave_everything_else_as_it_was() -> None:
    document = LoreDocument(BOOK)
    assert document.raw() == BOOK
    assert document.count == 3
    first, second, _third = (entry.ident for entry in document.entries())
    document.change(first, {"keys": ("长安", "a,b"), "secondary_keys": ("酒",), "priority": None})
    document.change(second, {"name": "明月", "whole_words": True})
    document.change_settings({"token_budget": 9, "recursive": None})
    raw = document.raw()
    assert raw["unknown"] == 1
    assert raw["token_budget"] == 9
    assert "recursive_scanning" not in raw
    assert raw["entries"][0]["future"] == {"x": [1]}
    assert raw["entries"][0]["extensions"]["theirs"] == 1
    assert (raw["entries"][0]["keys"], raw["entries"][0]["selective"]) == (["长安", "a,b"], True)
    assert raw["entries"][1] == "no entry"
    assert (raw["entries"][2]["name"], raw["entries"][2]["comment"]) == ("明月", "明月")
    assert document.entry(second).content == "@@depth 3\n月"
    assert BOOK["entries"] is ENTRIES
    assert "a,b" not in ENTRIES[0]["keys"]


def test_entries_come_go_and_move() -> None:
    document = LoreDocument(BOOK)
    first, second, third = (entry.ident for entry in document.entries())
    added = document.add(first)
    assert document.entry(added).order == 5
    copy = document.duplicate(second)

    def order() -> list[int]:
        return [entry.ident for entry in document.entries()]

    assert order() == [first, added, second, copy, third]
    removed = document.remove([first, second])
    assert order() == [added, copy, third]
    document.restore(removed)
    assert order() == [first, added, second, copy, third]
    document.move(third, first)
    document.move(first, None)
    assert order() == [third, added, second, copy, first]
    book, idents = document.snapshot()
    assert list(idents) == order()
    assert [document.raw()["entries"][entry.index] for entry in book.entries] == [
        entry for entry in document.raw()["entries"] if isinstance(entry, dict)
    ]
    assert document.snapshot()[0] is book  # what was prepared for it is kept
    document.change(first, {"content": "x"})
    assert document.snapshot()[0].entries[-1].content == "x"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3), max_leaves=4
)
FIELDS = ("keys", "content", "name", "extensions", "insertion_order", "priority", "enabled", "position", "secondary_keys", "selective")


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6) | JSON, max_size=4))
def test_whatever_a_book_holds_can_be_shown_and_written_in(entries: list[Any]) -> None:
    document = LoreDocument({"entries": entries})
    for entry in document.entries():
        document.change(entry.ident, {"content": "新", "order": 3})
        assert document.entry(entry.ident).content == "新"
    document.snapshot()
    assert len(document.raw()["entries"]) == len(entries)


# ---------------------------------------------------------------- the trial


def test_a_text_is_turns() -> None:
    text = "子美：月亮\n真圆\n\n  \n李白: 取酒\n\n谁: 我\n\n好"
    turns = turns_of(text, {"子美": "user", "李白": "assistant"})
    assert [(turn.role, turn.name, turn.text) for turn in turns] == [
        ("user", "子美", "月亮\n真圆"),
        ("assistant", "李白", "取酒"),
        ("assistant", "", "谁: 我"),
        ("user", "", "好"),
    ]
    assert [text[turn.begin : turn.begin + len(turn.text)] for turn in turns] == [turn.text for turn in turns]
    recent = [("user", "子美", "一\n\n\n二"), ("assistant", "李白", " 三 "), ("user", "子美", "")]
    assert recent_text(recent) == "子美：一\n二\n\n李白：三"
    assert len(recent_text([("user", "我", "字" * 3000)] * 50)) < 16_000


def tried(text: str, book: dict[str, Any] = BOOK, turn: int = 0) -> LorePreview:
    shown, idents = LoreDocument(book).snapshot()
    return preview(Trial(shown, idents, text, {}, MacroValues(), turn), len)


def test_what_a_text_calls_up() -> None:
    found = tried("长安的 Moon\n\n天宝元年，长安")
    assert [(fired.ident, fired.why, fired.key, fired.turn, fired.unlucky) for fired in found.entries] == [
        (1, "key", "长安", 2, False),
        (3, "key", "moon", 1, False),
        (4, "regex", "/天宝\\w{1,2}/", 2, True),
    ]
    assert found.tokens == 2
    assert [("长安的 Moon\n\n天宝元年，长安")[begin:end] for begin, end in found.matches] == ["Moon", "长安"]
    assert tried("").entries == ()
    small = tried("长安 moon", {**BOOK, "token_budget": 1})
    assert [fired.over_budget for fired in small.entries] == [False, True]
    assert (small.tokens, small.budget) == (1, 1)


def test_a_pattern_without_end_is_named() -> None:
    book = {"entries": [{"keys": ["(a+)+$"], "use_regex": True, "content": "x", "name": "坏"}, {"keys": ["b"], "content": "y"}]}
    found = tried("a" * 5000 + "b", book)
    assert [label for _ident, label in found.slow] == ["坏"]
    assert [fired.ident for fired in found.entries] == [2]


def test_patterns_that_are_none() -> None:
    assert wrong_pattern(("a(", "b"), True) is not None
    assert wrong_pattern(("a(", "b"), False) is None
    assert wrong_pattern(("ok", "/b[/i"), False)[0] == "/b[/i"
    assert wrong_pattern(("/a{1,2}/i", "\\w+"), True) is None


# ---------------------------------------------------------------- keeping


class Kept:
    """A book in a real store, and what keeps it."""

    def __init__(self, store: Store, background: Executor, qtbot: QtBot) -> None:
        self.store = store
        self.delivery = Delivery()
        self.keeper = BookKeeper(background=background, delivery=self.delivery)
        self.qtbot = qtbot
        self.text = json.dumps({"entries": []})
        self.ident = store.books.add("书", self.text, 0).result().id
        self.book = self.opened()

    def opened(self) -> OpenBook:
        text = self.stored()
        return OpenBook(StandaloneBook(self.store, self.ident), LoreDocument(json.loads(text)), text)

    def stored(self) -> str:
        return self.store.books.get_many([self.ident]).result()[0].book

    def names(self) -> list[str]:
        return [entry["name"] for entry in json.loads(self.stored())["entries"]]

    def write(self, name: str, book: OpenBook | None = None) -> None:
        document = (book or self.book).document
        document.change(document.add(), {"name": name})

    def until(self, holds: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(holds()), timeout=20_000)


@pytest.fixture
def kept(tmp_path: Path, qtbot: QtBot) -> Iterator[Kept]:
    with Store.open(tmp_path / "data") as store, ThreadPoolExecutor(2) as background:
        kept = Kept(store, background, qtbot)
        yield kept
        kept.delivery.close()


def test_what_is_typed_while_a_book_is_being_written_follows(kept: Kept) -> None:
    settled: list[bool] = []
    kept.keeper.settled.connect(lambda: settled.append(kept.book.unsaved))
    kept.write("一")
    kept.keeper.keep(kept.book)
    kept.write("二")  # nothing was written yet
    kept.keeper.keep(kept.book)
    assert kept.keeper.busy
    kept.until(lambda: not kept.book.unsaved)
    assert kept.names() == ["一", "二"]
    assert settled == [False]  # whoever waits to read the book again reads all of it
    assert not kept.keeper.busy
    assert kept.keeper.end(kept.book) == []


def test_the_last_word_is_kept_at_the_end(kept: Kept) -> None:
    kept.write("一")
    kept.keeper.keep(kept.book)  # is on its way, and nobody will hear of it
    kept.write("二")
    assert kept.keeper.end(None) == []
    assert kept.names() == ["一", "二"]


def test_a_write_in_flight_is_no_change_from_elsewhere(kept: Kept) -> None:
    source = Unheard(kept.store, kept.ident)
    book = OpenBook(source, LoreDocument({"entries": []}), kept.text)
    kept.write("一", book)
    kept.keeper.keep(book)
    kept.until(lambda: source.written)
    kept.write("二", book)
    source.unheard = False
    assert kept.keeper.end(book) == []
    assert kept.names() == ["一", "二"]


def test_what_came_from_elsewhere_is_not_written_over(kept: Kept) -> None:
    heard: list[tuple[OpenBook, dict[str, Any]]] = []
    kept.keeper.outdone.connect(lambda book, raw: heard.append((book, raw)))
    other = kept.opened()
    kept.write("别处", other)
    kept.keeper.keep(other)
    kept.until(lambda: not other.unsaved)
    kept.write("此处")
    kept.keeper.keep(kept.book)
    kept.until(lambda: heard)
    assert [entry["name"] for entry in heard[0][1]["entries"]] == ["此处"]
    assert kept.names() == ["别处"]
    assert not kept.book.unsaved
    kept.write("再", kept.book)
    assert [name for _raw, name in kept.keeper.end(kept.book)] == [""]
    assert kept.names() == ["别处"]


def test_a_store_that_fails_is_told_and_tried_again(kept: Kept) -> None:
    troubles: list[object] = []
    kept.keeper.trouble.connect(troubles.append)
    source = Failing(kept.store, kept.ident)
    book = OpenBook(source, LoreDocument({"entries": []}), kept.text)
    kept.write("一", book)
    kept.keeper.keep(book)
    kept.until(lambda: troubles)
    assert book.unsaved
    assert not kept.keeper.busy
    kept.keeper.keep(book)
    kept.until(lambda: not book.unsaved)
    assert kept.names() == ["一"]


class Unheard(StandaloneBook):
    """The write is on the disk, and nobody has heard of it yet."""

    unheard = True
    written = False

    def write(self, *arguments: Any) -> Callable[[], "Future[Any]"]:
        """Write, and say nothing."""
        write = super().write(*arguments)

        def quiet() -> "Future[Any]":
            done = write()
            if not self.unheard:
                return done
            done.result()
            self.written = True
            return Future()

        return quiet


class Failing(StandaloneBook):
    """The first write fails, as on a full disk."""

    failed = False

    def write(self, *arguments: Any) -> Callable[[], "Future[Any]"]:
        """Fail once."""
        if self.failed:
            return super().write(*arguments)
        self.failed = True
        future: Future[Any] = Future()
        future.set_exception(OSError(28, "No space left on device"))
        return lambda: future


# ---------------------------------------------------------------- files


def test_files_that_are_no_books(tmp_path: Path) -> None:
    good, bad, folder = tmp_path / "书.json", tmp_path / "bad.json", tmp_path / "folder.json"
    write_file({"name": "", "entries": [{"keys": ["a"], "content": "b", "x": 1}]}, str(good))
    bad.write_text("{", "utf-8")
    folder.mkdir()
    books, failures = read_files([str(good), str(bad), str(folder), str(tmp_path / "none.json")])
    assert [(book.name, book.entries) for book in books] == [("书", 1)]
    assert json.loads(books[0].text)["entries"][0]["x"] == 1
    assert [failure.code for failure in failures] == [CardCode.BOOK_BAD, CardCode.NOT_FILE, CardCode.UNREADABLE]
    with pytest.raises(CardError) as told:
        write_file({"entries": []}, str(tmp_path / "nowhere" / "x.json"))
    assert told.value.code is CardCode.WRITE_FAILED
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.json", "folder.json", "书.json"]
