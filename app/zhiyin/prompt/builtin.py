"""The personas that come with the app, in both languages."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from zhiyin.prompt.cards.card import Card

KEYS: tuple[str, ...] = ()


class BuiltIn(Struct, frozen=True):
    """A persona as it comes with the app, in one language."""

    key: str
    card: Card
    seal: str
    color: str
    picture: str  # "asset:" and a name


def built_in(language: Literal["zh", "en"]) -> Mapping[str, BuiltIn]:  # noqa: ARG001
    """Return all of them, by key."""
    return {}
