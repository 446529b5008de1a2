"""What lore is looked up with, and what comes of it, as values."""

from typing import Literal

from msgspec import Struct

from zhiyin.prompt.decorators import Role
from zhiyin.prompt.lore.book import Entry, Position
from zhiyin.prompt.macros import MacroValues

MAX_RECURSION = 8
"""Rounds in which entries call up entries."""

Kind = Literal["key", "regex", "constant", "decorator", "recursion", "sticky"]


class ScannedMessage(Struct, frozen=True, gc=False):
    """A message of the conversation, as it is looked through."""

    role: str
    name: str
    text: str


class LoreSettings(Struct, frozen=True):
    """What holds where a book does not say."""

    scan_depth: int = 2  # messages
    token_budget: int = 2048
    recursive: bool = False
    max_recursion: int = MAX_RECURSION
    case_sensitive: bool = False
    whole_words: bool = False
    names: bool = False  # whether who speaks counts as said
    longest: int = 64_000  # characters of one entry that are read


class Owner(Struct, frozen=True):
    """Whose a book is, where the books of one call differ in it."""

    staying: MacroValues  # in texts that stay where they are
    moving: MacroValues  # in its keys and in what it says now
    greeting: int | None = None  # which first message is shown; None = none, or none that is known


class Reason(Struct, frozen=True, gc=False):
    """Why an entry is there: the key as it is written in the book, and the place of the newest message with it, or -1."""

    kind: Kind
    key: str = ""
    message: int = -1
    source: tuple[int, int] | None = None  # book and entry whose content called it up


class Fired(Struct, frozen=True):
    """An entry that is called up. ``book`` is its place among the books, ``index`` in the book's raw list; ``text`` is what is sent."""

    book: int
    index: int
    entry: Entry
    reason: Reason
    tokens: int
    text: str
    position: Position
    depth: int  # messages from the end, where the position is in_chat
    role: Role


class Activation(Struct, frozen=True):
    """What is to be sent, in the order of the prompt, and what was left out; ``slow`` names patterns that took too long."""

    fired: tuple[Fired, ...] = ()
    over_budget: tuple[Fired, ...] = ()
    slow: tuple[tuple[int, int], ...] = ()  # book, entry
    disabled: tuple[str, ...] = ()  # prompts that entries switch off: system_prompt, post_history_instructions
