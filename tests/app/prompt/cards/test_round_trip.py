"""Whatever a card holds comes back from every kind of file: unknown fields, extensions, the order of keys, numbers of any size."""

import json
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.app.prompt.cards.card_files import picture

from zhiyin.prompt.cards.card import Card
from zhiyin.prompt.cards.fields import LISTS, ONLY_V2, ONLY_V3, REQUIRED, SPECS, TEXTS
from zhiyin.prompt.cards.reading import CardFile, read_card
from zhiyin.prompt.cards.writing import write_charx, write_json, write_png
from zhiyin_models.child.wire import without_surrogates

PICTURE = picture()
ROUND_TRIPS, BATCH = 2000, 20

whatever = st.characters(codec=None, categories=None)  # surrogates and control characters too
texts = st.text(whatever, max_size=12)
numbers = st.one_of(
    st.integers(-(10**40), 10**40), st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([0.1, -0.0, 1e308, 5e-324, 2**63])
)
leaves = st.one_of(st.none(), st.booleans(), numbers, texts)
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6)
unknown = st.dictionaries(texts.map(lambda text: "x_" + text), values, max_size=3)


def fields(version: int) -> st.SearchStrategy[dict[str, Any]]:
    """Known fields, some of them missing, in any order, among unknown ones."""
    own = [*REQUIRED[version], *({2: ["character_book"], 3: ["character_book", *ONLY_V3]}.get(version, []))]
    kinds: dict[str, st.SearchStrategy[Any]] = {
        **dict.fromkeys(TEXTS, texts),
        **dict.fromkeys(LISTS, st.lists(texts, max_size=2)),
        "assets": st.lists(st.fixed_dictionaries({"type": texts, "uri": texts}), max_size=1),
        "extensions": unknown,
        "character_book": st.fixed_dictionaries({"entries": st.lists(unknown, max_size=1), "extensions": unknown}),
        "creator_notes_multilingual": st.dictionaries(texts, texts, max_size=1),
        "creation_date": st.integers(0, 2**40),
        "modification_date": st.integers(0, 2**40),
    }
    known = st.lists(st.sampled_from(own), unique=True, max_size=6).flatmap(
        lambda names: st.fixed_dictionaries({name: kinds[name] for name in names})
    )
    named = st.text(st.characters(codec="utf-8", exclude_categories=("Z", "C")), min_size=1, max_size=6)
    return st.builds(lambda first, name, rest: {**first, "name": name, "first_mes": "", **rest}, known, named, unknown)


def wrapped(version: int) -> st.SearchStrategy[dict[str, Any]]:
    if version == 1:
        return fields(1)
    spec, number = SPECS[version]
    return st.builds(lambda beside, data: {**beside, "spec": spec, "spec_version": number, "data": data}, unknown, fields(version))


cards = st.sampled_from([1, 2, 3]).flatmap(wrapped)


def exact(value: Any) -> str:
    """The text that says all: the order of keys, the sign of zero, whether a number is whole; without lone surrogates."""
    return without_surrogates(json.dumps(value, ensure_ascii=False))


def through(file: bytes, container: str) -> CardFile:
    found = read_card(None, file)
    assert found.container == container
    return found


class Chance:
    """Cards from a seed: many times faster than from strategies, and as nasty."""

    NASTY = (
        "",
        "月",
        "\ud800",
        "\udc00x",
        "\ud83d\ude00",
        "\0",
        "\u2028",
        "<script>",
        "\\",
        '"',
        "😀",
        "\x7f",
        "\ufeff",
        "{{char}}",
        "é\u0301",
        "\r\n",
    )
    NUMBERS = (0, -1, 10**40, 2**63, 0.1, -0.0, 1e308, 5e-324, 1.0, 3.141592653589793, True, None)

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def text(self) -> str:
        return "".join(self.random.choices(self.NASTY, k=self.random.randrange(4)))

    def value(self, depth: int = 3) -> Any:
        kind = self.random.randrange(4 if depth else 2)
        if kind == 0:
            return self.random.choice(self.NUMBERS)
        if kind == 1:
            return self.text()
        inner = [self.value(depth - 1) for _ in range(self.random.randrange(4))]
        return inner if kind == 2 else {self.text(): value for value in inner}

    def field(self, name: str) -> Any:
        if name in TEXTS:
            return self.text()
        if name in ("creation_date", "modification_date"):
            return self.random.randrange(2**40)
        if name in LISTS:
            return [{"type": "icon", "uri": self.text()}] if name == "assets" else [self.text() for _ in range(self.random.randrange(3))]
        return {"x_" + self.text(): self.value() for _ in range(2)}

    def card(self) -> dict[str, Any]:
        version = self.random.choice((1, 2, 3))
        own = [*REQUIRED[version], *({2: ["character_book"], 3: ["character_book", *ONLY_V3]}.get(version, []))]
        names = self.random.sample(own, self.random.randrange(len(own)))
        data = {name: self.field(name) for name in names} | {"name": "n" + self.text(), "first_mes": ""}
        data |= {"x_" + self.text(): self.value() for _ in range(self.random.randrange(4))}
        if version == 1:
            return data
        spec, number = SPECS[version]
        return {"x_" + self.text(): self.value(), "spec": spec, "spec_version": number, "data": data}


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(cards)
def test_a_card_comes_back_whole_from_png_json_and_archives(raw: dict[str, Any]) -> None:
    check_round_trip(raw)


@settings(max_examples=ROUND_TRIPS // BATCH, derandomize=True, deadline=None, database=None)
@given(st.integers(0, 2**64))
def test_two_thousand_cards_come_back_whole(seed: int) -> None:
    for number in range(BATCH):
        check_round_trip(Chance(seed + number).card())


def check_round_trip(raw: dict[str, Any]) -> None:
    card = Card.from_json(json.dumps(raw))  # escapes, also of lone surrogates
    wanted, version = exact(card.raw), card.version
    assert wanted == exact(json.loads(exact(raw)))  # two keys can be one without their surrogates
    assert exact(Card.from_json(card.to_json()).raw) == wanted
    assert exact(through(write_json(card, version), "json").card.raw) == wanted
    png = through(write_png(card, PICTURE, versions=(version,)), "png")
    assert exact(png.card.raw) == wanted
    assert png.picture == PICTURE
    newest = card.as_version(3)
    assert through(write_png(card, None), "png").card.raw == newest.raw
    archive = through(write_charx(card, None, {"assets/a.bin": b"\0"}), "charx")
    assert exact(archive.card.raw) == exact(newest.raw)
    assert archive.assets == {"assets/a.bin": b"\0"}
    back = {2: newest.as_version(2), 3: card.as_version(2).as_version(3)}.get(version)
    if back is not None:  # required fields may have been added
        assert list(back.body)[: len(card.body)] == list(card.body)
        assert back.body.keys() - card.body.keys() <= REQUIRED[3].keys()
        assert exact({**back.raw, "data": {name: back.body[name] for name in card.body}}) == wanted
    elif not raw.keys() & {*ONLY_V2, *ONLY_V3}:
        flat = newest.as_version(1).raw
        assert {**flat, **card.raw} == flat
