"""A card: the whole JSON object as it came, with a typed view on it."""

import time
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from zhiyin.prompt.cards.fields import ONLY_V2, ONLY_V3, OWN, REQUIRED, SPECS, V1, Version
from zhiyin.prompt.cards.json_text import dump, parse
from zhiyin.prompt.errors import CardCode, CardDetail, CardError

EMPTY: tuple[Any, ...] = (None, "", [], {}, 0)
MOST_BESIDE, LONGEST_NAME = 30, 60  # names of fields that nobody knows


class Card:
    """A card that is never changed: ``changed`` gives another.

    Whatever the file says is kept in ``raw``: unknown fields, extensions, the order of keys. The properties never raise; what is missing
    or of another type is "", (), {} or 0 there. Nobody may write into ``raw``.
    """

    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw = raw

    @classmethod
    def blank(cls, name: str) -> "Card":
        """A V3 card with nothing in it but a name."""
        now = int(time.time())
        data = {field: _copy(value) for field, value in REQUIRED[3].items()} | {"name": name, "creation_date": now}
        return cls(_wrapped(3, data))

    @classmethod
    def from_json(cls, text: str | bytes) -> "Card":
        """The card of a text that ``to_json`` wrote. Raises CardError DAMAGED, TOO_LARGE or TOO_DEEP."""
        return cls(_object(parse(text).value))

    def to_json(self) -> str:
        """The whole card in one line: nothing left out, keys in their order."""
        return dump(self.raw)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Card) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash(self.to_json())

    def __repr__(self) -> str:
        return f"Card(V{self.version}, {self.name[:60]!r})"

    # -------------------------------------------------------------- where things are

    @cached_property
    def version(self) -> Version:
        """Of the format: 1 is flat; what is newer than 3 is read as 3."""
        if not isinstance(self.raw.get("data"), dict):
            return 1
        spec = self.raw.get("spec")
        if spec is None or spec == SPECS[2][0]:
            return 2
        return 3

    @cached_property
    def body(self) -> dict[str, Any]:
        """Where the fields are: the object itself in V1, its ``data`` otherwise. Nobody may write into it."""
        if self.version == 1:
            return self.raw
        data: dict[str, Any] = self.raw["data"]
        return data

    def _text(self, field: str) -> str:
        value = self.body.get(field)
        return value if isinstance(value, str) else ""

    def _texts(self, field: str) -> tuple[str, ...]:
        value = self.body.get(field)
        return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()

    def _number(self, field: str) -> int:
        value = self.body.get(field)
        return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0

    # -------------------------------------------------------------- texts

    @property
    def name(self) -> str:
        """What it is called in lists."""
        return self._text("name")

    @property
    def nickname(self) -> str:
        """What the model knows it by, where that is something else."""
        return self._text("nickname")

    @property
    def display_name(self) -> str:
        """What {{char}} becomes."""
        return self.nickname or self.name

    @property
    def description(self) -> str:
        """Who it is."""
        return self._text("description")

    @property
    def personality(self) -> str:
        """Its traits, in short."""
        return self._text("personality")

    @property
    def scenario(self) -> str:
        """Where the conversation takes place."""
        return self._text("scenario")

    @property
    def first_message(self) -> str:
        """Its greeting."""
        return self._text("first_mes")

    @property
    def example_dialogue(self) -> str:
        """Examples of how it talks, separated by <START>."""
        return self._text("mes_example")

    @property
    def creator_notes(self) -> str:
        """For people: never sent to a model."""
        return self._text("creator_notes")

    @property
    def notes_in(self) -> dict[str, str]:
        """The creator's notes by language (ISO 639-1)."""
        value = self.body.get("creator_notes_multilingual")
        return {key: text for key, text in value.items() if isinstance(text, str)} if isinstance(value, dict) else {}

    @property
    def system_prompt(self) -> str:
        """Replaces the user's, unless empty."""
        return self._text("system_prompt")

    @property
    def post_history_instructions(self) -> str:
        """Put after the conversation, unless empty."""
        return self._text("post_history_instructions")

    @property
    def creator(self) -> str:
        """Who made it."""
        return self._text("creator")

    @property
    def character_version(self) -> str:
        """Which of its creator's versions it is."""
        return self._text("character_version")

    # -------------------------------------------------------------- lists and objects

    @property
    def alternate_greetings(self) -> tuple[str, ...]:
        """Other first messages."""
        return self._texts("alternate_greetings")

    @property
    def group_only_greetings(self) -> tuple[str, ...]:
        """First messages for conversations with several personas."""
        return self._texts("group_only_greetings")

    @property
    def tags(self) -> tuple[str, ...]:
        """Words to find it by."""
        return self._texts("tags")

    @property
    def source(self) -> tuple[str, ...]:
        """Where it came from: addresses or ids."""
        return self._texts("source")

    @property
    def book(self) -> dict[str, Any] | None:
        """Its lorebook, as it came."""
        value = self.body.get("character_book")
        return value if isinstance(value, dict) else None

    @property
    def assets(self) -> tuple[dict[str, Any], ...]:
        """Pictures and other files that it names: ``{type, uri, name, ext}``."""
        value = self.body.get("assets")
        return tuple(item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()

    @property
    def extensions(self) -> dict[str, Any]:
        """What other programs keep in it."""
        value = self.body.get("extensions")
        return value if isinstance(value, dict) else {}

    @property
    def creation_date(self) -> int:
        """Seconds since 1970, or 0."""
        return self._number("creation_date")

    @property
    def modification_date(self) -> int:
        """Seconds since 1970, or 0."""
        return self._number("modification_date")

    # -------------------------------------------------------------- what we keep in it

    @property
    def own(self) -> dict[str, Any]:
        """Our part of the extensions."""
        value = self.extensions.get(OWN)
        return value if isinstance(value, dict) else {}

    @property
    def seal(self) -> str:
        """The character of its seal, "" for the first of its name."""
        value = self.own.get("seal")
        return value[:8] if isinstance(value, str) else ""

    @property
    def color(self) -> str:
        """Of its seal: a role of the theme, or #RRGGBB."""
        value = self.own.get("color")
        return value[:32] if isinstance(value, str) else ""

    @property
    def sampling(self) -> dict[str, Any] | None:
        """How replies are sampled, where it asks for something of its own."""
        value = self.own.get("sampling")
        return value if isinstance(value, dict) else None

    # -------------------------------------------------------------- other cards

    def changed(self, **fields: Any) -> "Card":
        """The card with these fields (by the names of V3) set and everything else as it is.

        A V1 card that is given what only newer versions know becomes a V3 card. Sets ``modification_date`` in V3.
        """
        card = self
        if self.version == 1 and not fields.keys() <= V1.keys():
            card = self.as_version(3)
        if card.version == 1:
            return Card({**card.raw, **fields})
        data = {**card.body, **fields}
        if card.version == 3 and "modification_date" not in fields:
            data["modification_date"] = int(time.time())
        # SillyTavern writes the fields of V1 beside the data: they must not go on saying what was
        beside = {name: value for name, value in fields.items() if name in V1 and name in card.raw}
        return Card({**card.raw, **beside, "data": data})

    def with_own(self, **values: Any) -> "Card":
        """The card with these values in our part of the extensions and nothing else changed; None takes one away."""
        own = {name: value for name, value in {**self.own, **values}.items() if value is not None}
        if own == self.own:
            return self
        extensions = {**self.extensions, OWN: own}
        if not own:
            del extensions[OWN]
        body = {**self.body, "extensions": extensions}
        return Card(body if self.version == 1 else {**self.raw, "data": body})

    def as_version(self, version: int) -> "Card":
        """The card in another version of the format; see ``lost_in``. Fields that a version requires are added empty."""
        if version == self.version:
            return self
        if version == 1:
            return Card({**_copies(V1), **{name: value for name, value in self.body.items() if name not in (*ONLY_V2, *ONLY_V3)}})
        missing = {name: value for name, value in REQUIRED[version].items() if name not in self.body}
        data = {**self.body, **_copies(missing)}
        if self.version == 1:
            return Card(_wrapped(version, data))
        spec, number = SPECS[version]
        return Card({**self.raw, "spec": spec, "spec_version": number, "data": data})

    def lost_in(self, version: int) -> tuple[str, ...]:
        """The fields with something in them that this version of the format has no place for.

        V2 keeps the fields of V3 as unknown ones: nothing is lost, but other programs may not use them. V1 has no place for what stands
        beside the data, where some programs keep something of their own.
        """
        unknown = {1: (*ONLY_V2, *ONLY_V3), 2: ONLY_V3}.get(version, ())
        if version >= self.version:
            return ()
        lost = [name for name in unknown if self.body.get(name) not in EMPTY]
        if version == 1:
            kept = {"spec", "spec_version", "data", *V1, *lost}
            beside = [name for name in self.raw if name not in kept and self.raw[name] not in (*EMPTY, self.body.get(name))]
            lost += [name[:LONGEST_NAME] for name in beside[:MOST_BESIDE]]
        return tuple(lost)


def _copy(value: Any) -> Any:
    return type(value)() if isinstance(value, list | dict) else value


def _copies(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _copy(value) for name, value in fields.items()}


def _wrapped(version: int, data: dict[str, Any]) -> dict[str, Any]:
    spec, number = SPECS[version]
    return {"spec": spec, "spec_version": number, "data": data}


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise CardError(CardCode.DAMAGED, path="card", detail=CardDetail.NOT_OBJECT)
    return value
