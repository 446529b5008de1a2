"""Who takes part in a conversation: values that the store keeps, the prompt reads and the window shows."""

from typing import Any, Literal

import msgspec

Speaking = Literal["order", "mention", "model", "user"]
Cards = Literal["separate", "joined"]
LorePlace = Literal["near_end", "as_card"]


class Member(msgspec.Struct, frozen=True, omit_defaults=True):
    """A persona in a conversation; one that is muted says nothing until it is asked to."""

    persona: int
    muted: bool = False


class AuthorNote(msgspec.Struct, frozen=True, omit_defaults=True):
    """A text put in again and again, to steer the conversation."""

    text: str = ""
    position: Literal["after_scenario", "in_chat"] = "in_chat"
    depth: int = 4  # messages from the end; 0 = the very end
    every: int = 1  # of the user's turns; 0 = never
    role: Literal["system", "user", "assistant"] = "system"


class Setup(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a conversation is played. Without members the app's plain assistant answers."""

    members: tuple[Member, ...] = ()
    speaking: Speaking = "order"  # who speaks next, when there are several
    cards: Cards = "separate"  # what the model sees of a group: the speaker's card, or all of them
    note: AuthorNote = AuthorNote()
    books: tuple[int, ...] = ()  # standalone lorebooks, besides those of the cards
    profile: int | None = None  # who the user is here; None = the default profile
    summarize: bool = False  # write a summary of what no longer fits
    lore_place: LorePlace = "near_end"  # lore that comes and goes: near the end keeps the cache, as_card is to the letter

    @property
    def group(self) -> bool:
        """Whether several personas take part."""
        return len(self.members) > 1


def read_setup(text: str | None) -> Setup:
    """What a JSON column holds; the plain setup when it is empty or was written by a version that meant something else by it."""
    if not text:
        return Setup()
    try:
        return msgspec.json.decode(text, type=Setup)
    except msgspec.DecodeError:
        return Setup()


def write_setup(setup: Setup) -> str | None:
    """What goes into the JSON column; None for the plain setup."""
    return None if setup == Setup() else msgspec.json.encode(setup).decode()


def decode_note(value: Any) -> AuthorNote:
    """A note from JSON values; the empty one when they are none."""
    try:
        return msgspec.convert(value, AuthorNote)
    except msgspec.ValidationError:
        return AuthorNote()
