"""Between cards and what is shown of them: types that lie, texts without end, and nothing changed that nobody touched."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtWidgets import QApplication

from zhiyin import i18n
from zhiyin.controllers.card_words import FIELD_NAMES, MENDED, field_names, mended_text, notes_for, on_show
from zhiyin.controllers.persona_cards import FIELDS, fields_of, new_persona, of_built_in, sampling_of, summary_of, with_fields
from zhiyin.importing.protocol import CardRead
from zhiyin.prompt.builtin import built_in
from zhiyin.prompt.cards.card import Card
from zhiyin.prompt.cards.json_text import MAX_TEXT
from zhiyin.prompt.cards.mending import Mend, Mended
from zhiyin.prompt.errors import CardCode, CardError
from zhiyin_models.engine.protocol import Sampling

ANY: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=30) | st.just("{{char}} <b>x</b> {{user}}" * 40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = (*FIELDS.values(), "character_book", "extensions", "creator_notes_multilingual", "assets", "unknown")
BODIES = st.dictionaries(st.sampled_from(NAMES), ANY, max_size=8)
CARDS = st.one_of(
    BODIES.map(lambda body: Card({key: value for key, value in body.items() if key != "data"})),
    BODIES.map(lambda body: Card({"spec": "chara_card_v2", "spec_version": "2.0", "data": body, "name": "beside"})),
    BODIES.map(lambda body: Card({"spec": "chara_card_v3", "spec_version": "3.0", "data": body})),
)


def test_a_card_that_could_not_be_read_again_is_refused() -> None:
    with pytest.raises(CardError) as caught:
        new_persona(Card.blank("白").changed(description="x" * MAX_TEXT))
    assert (caught.value.code, caught.value.failure.args) == (CardCode.TOO_LARGE, {"path": "白", "size": MAX_TEXT})


@settings(deadline=None, max_examples=40, derandomize=True)
@given(CARDS)
def test_what_nobody_touched_is_not_written(card: Card) -> None:
    fields = fields_of(card, "p")
    assert with_fields(card, fields) is card
    changed = with_fields(card, replace(fields, scenario=fields.scenario + "!"))
    assert changed.scenario == fields.scenario + "!"
    assert replace(fields_of(changed, "p"), scenario=fields.scenario) == fields
    others = {key: value for key, value in card.body.items() if key not in ("scenario", "modification_date")}
    assert {key: value for key, value in changed.body.items() if key in others} == others


@settings(deadline=None, max_examples=40, derandomize=True)
@given(CARDS)
def test_what_is_kept_of_any_card_is_bounded(card: Card) -> None:
    made = new_persona(card, "p")
    assert Card.from_json(made.card) == card
    assert len(made.name) <= 200
    assert len(made.summary) <= 240
    assert len(made.seal) <= 3  # one character, in capitals
    assert made.color
    assert all("\n" not in tag and 0 < len(tag) <= 60 for tag in made.tags)
    shown = on_show(CardRead(1, "/x/y.png", made.card, mended=(Mended(Mend.NO_NAME),)), card, "zh_CN", there=False, namesake="")
    assert shown.seal == made.seal
    assert shown.greetings >= 0


def test_everything_typed_goes_into_the_card() -> None:
    card = Card.blank("A").changed(unknown=[1], extensions={"other": {"x": 1}})
    fields = fields_of(card, "")
    values = {name: (("x", "y") if isinstance(getattr(fields, name), tuple) else f"new {name}") for name in FIELDS}
    typed = replace(fields, **values, seal="甲", color="jade", sampling=Sampling(temperature=0.2))  # type: ignore[arg-type]
    changed = with_fields(card, typed)
    assert fields_of(changed, "") == typed
    assert changed.body["unknown"] == [1]
    assert changed.extensions["other"] == {"x": 1}
    back = with_fields(changed, replace(typed, seal="", color="", sampling=None))
    assert back.own == {}


@pytest.mark.parametrize(
    ("notes", "summary"),
    [
        ("<style>p{}</style>**Bold** [link](http://x) ![pic](http://y)\n\n# Head", "Bold link Head"),
        ("<script>alert(1)</script>", "Ada teaches …."),
        ("---\n", "Ada teaches …."),
    ],
)
def test_a_summary_is_plain(notes: str, summary: str) -> None:
    assert summary_of(Card.blank("Ada").changed(creator_notes=notes, description="{{char}} teaches {{User}}.")) == summary


@pytest.mark.parametrize("sampling", [{"temperature": "hot"}, {"top_k": []}, {"temperature": {}}])
def test_samplers_that_make_no_sense_are_none(sampling: dict[str, Any]) -> None:
    assert sampling_of(Card.blank("A").with_own(sampling=sampling)) is None


def test_notes_come_in_the_language_of_the_window() -> None:
    card = Card.blank("A").changed(creator_notes="plain", creator_notes_multilingual={"zh": "中", "pt-BR": "pt", "x": 1})
    assert notes_for(card, "zh_CN") == "中"
    assert notes_for(card, "pt_BR") == "pt"
    assert notes_for(card, "en") == "plain"
    assert notes_for(Card.blank("A").changed(creator_notes_multilingual={"fr": "le"}), "en") == "le"


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_every_mend_has_words(qapp: QApplication, language: str) -> None:
    i18n.install(qapp, language)
    assert MENDED.keys() == set(Mend)
    args: dict[str, str | int | float] = {"fields": "name, mes_example, odd", "name": "{x} <b>" + "y" * 900, "count": 3, "size": 9}
    for mend in Mend:
        said = mended_text(Mended(mend, args))
        assert 8 < len(said) < 600
        assert ("。" in said) == (language == "zh_CN")
        assert mended_text(Mended(mend))
    assert field_names(["tags", "tags", "own"]) == {"en": "tags, own", "zh_CN": "标签、own"}[language]
    assert len(field_names(FIELD_NAMES)) > 60


def test_those_that_come_with_the_app_need_no_card_in_the_store() -> None:
    for language in ("zh", "en"):
        for key, built in built_in(language).items():
            made = of_built_in(built)
            assert (made.card, made.builtin, made.picture) == ("", key, f"asset:personas/{key}.svg")
            assert made.name
            assert made.summary
