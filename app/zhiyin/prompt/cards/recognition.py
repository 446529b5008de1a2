"""Whether a JSON value is a card, a lorebook or neither, and what is odd about a card."""

import re
from typing import Any, Literal

from zhiyin.prompt.cards.card import Card
from zhiyin.prompt.cards.fields import LISTS, NUMBERS, OBJECTS, ONLY_V2, ONLY_V3, REQUIRED, SPECS, TEXTS, V1
from zhiyin.prompt.cards.mending import Mend, Mended

Kind = Literal["card", "book", ""]

TELLING = {"first_mes", "mes_example", "personality", "scenario"}  # many JSON files have a name and a description
KNOWN = {*V1, *ONLY_V2, *ONLY_V3, "spec", "spec_version"}
# Pygmalion's names for what V1 calls otherwise
BEFORE_V1 = {
    "char_name": "name",
    "char_persona": "description",
    "world_scenario": "scenario",
    "char_greeting": "first_mes",
    "example_dialogue": "mes_example",
}
ENTRY = {"keys", "key", "content", "keysecondary", "secondary_keys"}
VERSION = re.compile(r"\d{1,4}(?:\.\d{1,4})?")
LONGEST_LIST = 300  # characters of names of fields in a note


def recognise(value: Any, *, embedded: bool = False) -> Kind:
    """What a JSON value is. ``embedded`` says that it lay where a card is to be expected, so that less is asked of it."""
    if not isinstance(value, dict):
        return ""
    spec, data = value.get("spec"), value.get("data")
    if isinstance(spec, str) and spec.startswith("lorebook") and isinstance(data, dict):
        return "book"
    if isinstance(data, dict) and (isinstance(spec, str) or V1.keys() & data.keys()):
        return "card" if V1.keys() & data.keys() or str(spec).startswith("chara_card") else ""
    keys = value.keys()
    if TELLING & keys or BEFORE_V1.keys() & keys >= {"char_name"}:
        return "card"
    if _has_entries(value):
        return "book"
    few = bool(keys & {"name", "description"}) and (embedded or keys <= KNOWN)
    return "card" if few else ""


def _has_entries(value: dict[str, Any]) -> bool:
    entries = value.get("entries")
    if isinstance(entries, dict):
        entries = list(entries.values())
    return isinstance(entries, list) and all(isinstance(entry, dict) and ENTRY & entry.keys() for entry in entries[:20])


def renamed(value: dict[str, Any]) -> tuple[dict[str, Any], tuple[Mended, ...]]:
    """The object with the fields of V1 added where it has those of a format before."""
    if value.keys() & TELLING or "char_name" not in value or isinstance(value.get("data"), dict):
        return value, ()
    added = {new: value[old] for old, new in BEFORE_V1.items() if old in value and new not in value}
    return {**value, **added}, (Mended(Mend.OLD_FORMAT),)


def look_over(card: Card, stem: str) -> tuple[Card, tuple[Mended, ...]]:
    """The card with a name, and notes on what is odd about it; ``stem`` is its file's name."""
    notes = list(_spec_notes(card))
    if not card.name.strip():
        given = card.body.get("name")
        name = str(given) if isinstance(given, int | float) and not isinstance(given, bool) else card.nickname.strip() or stem
        card = _named(card, name[:200] or "?")
        notes.append(Mended(Mend.NO_NAME, {"name": name[:80]}))
    missing = [field for field in REQUIRED[card.version] if card.body.get(field) is None]
    if missing:
        notes.append(Mended(Mend.MISSING_FIELDS, {"fields": _listed(missing)}))
    wrong = [field for field in (*TEXTS, *LISTS, *OBJECTS, *NUMBERS) if not _fits(field, card.body.get(field))]
    if wrong:
        notes.append(Mended(Mend.WRONG_TYPES, {"fields": _listed(wrong)}))
    return card, tuple(notes)


def differences(first: Card, second: Card) -> tuple[Mended, ...]:
    """A note on the fields of V1 and V2 in which two cards of one file differ."""
    fields = [field for field, empty in REQUIRED[2].items() if field != "extensions" and _differ(first, second, field, empty)]
    return (Mended(Mend.DISAGREE, {"fields": _listed(fields)}),) if fields else ()


def _differ(first: Card, second: Card, field: str, empty: Any) -> bool:
    # what V1 has no place for cannot disagree
    if second.version == 1 and field not in second.body:
        return False
    return bool((first.body.get(field) or empty) != (second.body.get(field) or empty))


def _named(card: Card, name: str) -> Card:
    """The card with a name, and nothing else changed."""
    if card.version == 1:
        return Card({**card.raw, "name": name})
    return Card({**card.raw, "data": {**card.body, "name": name}})


def _spec_notes(card: Card) -> tuple[Mended, ...]:
    if card.version == 1:
        return ()
    spec, number = card.raw.get("spec"), card.raw.get("spec_version")
    if spec is not None and spec not in (SPECS[2][0], SPECS[3][0]):
        later = isinstance(spec, str) and re.fullmatch(r"chara_card_v\d{1,3}", spec)
        return (Mended(Mend.NEWER_SPEC if later else Mend.UNKNOWN_SPEC, {"name": str(spec)[:40]}),)
    found = VERSION.match(number) if isinstance(number, str) else None
    told = float(found[0]) if found else number
    if isinstance(told, int | float) and told > float(SPECS[card.version][1]):
        return (Mended(Mend.NEWER_SPEC, {"name": str(number)[:40]}),)
    return ()


def _fits(field: str, value: Any) -> bool:
    if value is None:
        return True
    if field in TEXTS:
        return isinstance(value, str)
    if field in OBJECTS:
        return isinstance(value, dict)
    if field in NUMBERS:
        return isinstance(value, int | float) and not isinstance(value, bool)
    inner = dict if field == "assets" else str
    return isinstance(value, list) and all(isinstance(item, inner) for item in value)


def _listed(fields: list[str]) -> str:
    return ", ".join(fields)[:LONGEST_LIST]
