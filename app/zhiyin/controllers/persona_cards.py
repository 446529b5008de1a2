"""Between cards, rows of the store and what the view of personas shows. No Qt objects: made in the background, where nobody waits."""

import re
import zlib
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from zhiyin.markup.cards import card_text
from zhiyin.prompt.builtin import BuiltIn, built_in
from zhiyin.prompt.cards.card import Card
from zhiyin.prompt.cards.json_text import MAX_TEXT
from zhiyin.prompt.errors import CardCode, CardError
from zhiyin.store.records import NewPersona, Persona, PersonaRow
from zhiyin.ui.persona_values import Edited, PersonaFields, PersonaItem, one_line, searched_text
from zhiyin_models.engine.protocol import Sampling

COLORS = ("accent", "jade", "ochre", "slate", "ink")  # of seals whose card names none
FIELDS = {
    "name": "name",
    "nickname": "nickname",
    "tags": "tags",
    "description": "description",
    "personality": "personality",
    "scenario": "scenario",
    "first_message": "first_mes",
    "alternate_greetings": "alternate_greetings",
    "group_only_greetings": "group_only_greetings",
    "example_dialogue": "mes_example",
    "system_prompt": "system_prompt",
    "post_history_instructions": "post_history_instructions",
    "creator_notes": "creator_notes",
    "creator": "creator",
    "character_version": "character_version",
}
MOST_TAGS, LONGEST_TAG = 40, 60
LONGEST_NAME, LONGEST_SUMMARY = 200, 240
LOOKED_AT = 4_000  # characters of a text, for its summary
_COLOR = re.compile(r"[a-z.]{1,20}|#[0-9a-fA-F]{6}")
_MACRO = re.compile(r"\{\{(.{0,80}?)\}\}|<(?:BOT|USER)>", re.IGNORECASE | re.DOTALL)
_MARKUP = re.compile(r"<[^<>]{0,2000}>|!?\[([^\[\]]{0,300})\]\([^()]{0,1000}\)|[*_`#>|]+")

Language = Literal["zh", "en"]


def two_letters(language: str) -> Language:
    """The language of built-in personas for one of the window's."""
    return "zh" if language.startswith("zh") else "en"


def new_persona(card: Card, picture: str = "", *, builtin: str = "", seal: str = "", color: str = "") -> NewPersona:
    """What the store keeps of a card: the card whole, and what is derived from it, bounded.

    Raises CardError TOO_LARGE for a card that could not be read again.
    """
    name = one_line(card.name, LONGEST_NAME)
    whole = card.to_json()
    if len(whole) > MAX_TEXT:
        raise CardError(CardCode.TOO_LARGE, path=name, size=MAX_TEXT)
    color = card.color if _COLOR.fullmatch(card.color) else color
    tags = tuple(dict.fromkeys(short for tag in card.tags[:MOST_TAGS] if (short := one_line(tag, LONGEST_TAG))))
    return NewPersona(
        card=whole,
        name=name,
        tags=tags,
        creator=one_line(card.creator, LONGEST_NAME),
        summary=summary_of(card),
        seal=(card.seal or seal or one_line(card.display_name, 1))[:1].upper(),
        color=color or COLORS[zlib.crc32(name.encode("utf-8", "replace")) % len(COLORS)],
        picture=picture,
        builtin=builtin,
    )


def of_built_in(built: BuiltIn) -> NewPersona:
    """What the store keeps of a built-in one: its card stays with the app."""
    made = new_persona(built.card, built.picture, builtin=built.key, seal=built.seal, color=built.color)
    return msgspec.structs.replace(made, card="")


def summary_of(card: Card) -> str:
    """A line or two about a persona: from the creator's notes, else from what it is."""
    for text in (card.creator_notes, card.description, card.personality, card.scenario):
        plain = card_text(text[:LOOKED_AT])  # without tags, and without what stands in scripts
        plain = _MACRO.sub(lambda found: _named(found, card), plain)
        plain = _MARKUP.sub(lambda found: found[1] or "", plain)
        line = one_line(plain, LONGEST_SUMMARY)
        if any(letter.isalnum() for letter in line):
            return line
    return ""


def _named(found: re.Match[str], card: Card) -> str:
    said = (found[1] or found[0].strip("<>")).strip().casefold()
    return one_line(card.display_name, 80) if said in {"char", "bot"} else "…" if said == "user" else ""


def items_of(rows: list[PersonaRow], language: str) -> list[PersonaItem]:
    """Rows as the gallery shows them; unchanged built-in ones in the language of the moment."""
    built = built_in(two_letters(language)) if any(row.builtin and not row.own for row in rows) else {}
    return [item_of(row, built) for row in rows]


def item_of(row: PersonaRow, built: Mapping[str, BuiltIn]) -> PersonaItem:
    """One row as the gallery shows it."""
    shown: PersonaRow | NewPersona = row
    if row.builtin and not row.own and row.builtin in built:
        shown = of_built_in(built[row.builtin])
    return PersonaItem(
        id=row.id,
        name=shown.name,
        summary=shown.summary,
        tags=shown.tags,
        creator=shown.creator,
        seal=shown.seal,
        color=shown.color,
        picture=shown.picture,
        builtin=bool(row.builtin),
        changed=bool(row.builtin) and row.own,
        created=row.created,
        used=row.used,
        searched=searched_text(shown.name, shown.creator, shown.summary, shown.tags),
    )


def card_of(persona: Persona, language: str) -> tuple[Card, str]:
    """A persona's card and picture; of an unchanged built-in one those of the app. Raises CardError."""
    row = persona.row
    if not row.own:
        built = built_in(two_letters(language)).get(row.builtin)
        if built is not None:
            return built.card.with_own(seal=built.seal, color=built.color), built.picture
    return (Card.from_json(persona.card) if persona.card else Card.blank(row.name)), row.picture


def fields_of(card: Card, picture: str) -> PersonaFields:
    """What the form shows of a card."""
    values: dict[str, Any] = {name: getattr(card, name) for name in FIELDS}
    return PersonaFields(**values, seal=card.seal[:1], color=card.color, picture=picture, sampling=sampling_of(card))


def edited_of(row: PersonaRow, card: Card, picture: str) -> Edited:
    """A persona as the form shows it."""
    return Edited(row.id, fields_of(card, picture), bool(row.builtin), bool(row.builtin) and row.own, entries_in(card), row.seal, row.color)


def entries_in(card: Card) -> int:
    """How many entries its lorebook has."""
    entries = (card.book or {}).get("entries")
    return len(entries) if isinstance(entries, list | dict) else 0


def sampling_of(card: Card) -> Sampling | None:
    """The samplers that a card asks for; None where it asks for none, or for what makes no sense."""
    if card.sampling is None:
        return None
    try:
        return msgspec.convert(card.sampling, Sampling)
    except msgspec.ValidationError:
        return None


def with_fields(card: Card, fields: PersonaFields) -> Card:
    """The card with what was typed; what the form does not show, and what nobody touched, stays as it is."""
    before = fields_of(card, fields.picture)
    changes: dict[str, Any] = {}
    for name, field in FIELDS.items():
        value = getattr(fields, name)
        if value != getattr(before, name):
            changes[field] = list(value) if isinstance(value, tuple) else value
    if changes:
        card = card.changed(**changes)
    own: dict[str, Any] = {}
    if fields.seal != before.seal:
        own["seal"] = fields.seal or None
    if fields.color != before.color:
        own["color"] = fields.color or None
    if fields.sampling != before.sampling:
        own["sampling"] = None if fields.sampling is None else msgspec.to_builtins(fields.sampling)
    return card.with_own(**own) if own else card
