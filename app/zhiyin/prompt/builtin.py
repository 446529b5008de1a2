"""The personas that come with the app: cards in Chinese and English, read when they are asked for."""

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct

from zhiyin.prompt.cards.card import Card
from zhiyin.resources import asset_path

Language = Literal["zh", "en"]

KEYS = (
    "libai", "dufu", "sushi", "interviewer", "tactful", "translator", "rewriter", "reading", "storyteller",
    "codetutor", "debate", "interviewcoach", "doctorvisit", "languagepartner", "gamemaster", "editor", "studyplanner", "assistant",
)  # fmt: skip
"""In the order of the gallery."""


class BuiltIn(Struct, frozen=True):
    """A persona of the app. ``color`` is a role of the theme, ``picture`` an asset: as the window names pictures."""

    key: str
    card: Card
    seal: str
    color: str
    picture: str


class _BuiltIns(Mapping[str, BuiltIn]):
    """Reads a card at its first use."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._read: dict[str, BuiltIn] = {}

    def __getitem__(self, key: str) -> BuiltIn:
        if key not in self._read:
            if key not in KEYS:
                raise KeyError(key)
            card = Card.from_json(asset_path(f"personas/{key}.{self._language}.json").read_bytes())
            self._read[key] = BuiltIn(key, card, card.seal, card.color, f"asset:personas/{key}.svg")
        return self._read[key]

    def __iter__(self) -> Iterator[str]:
        return iter(KEYS)

    def __len__(self) -> int:
        return len(KEYS)


_LANGUAGES: dict[Language, _BuiltIns] = {"zh": _BuiltIns("zh"), "en": _BuiltIns("en")}


def built_in(language: Language) -> Mapping[str, BuiltIn]:
    """The built-in personas by key, in the gallery's order."""
    return _LANGUAGES[language]
