"""What the editor of a lorebook shows, as values: an entry, a book's settings, and what would fire in a text."""

from dataclasses import dataclass
from typing import Literal

Logic = Literal["and_any", "not_all", "not_any", "and_all"]
LOGICS: tuple[Logic, ...] = ("and_any", "not_all", "not_any", "and_all")
Why = Literal["key", "regex", "constant", "decorator", "recursion", "sticky"]
LONGEST_LABEL = 120


@dataclass(frozen=True, slots=True)
class LoreEntry:
    """One entry; ``ident`` is the editor's own name for it and stays when others come, go and move."""

    ident: int
    name: str = ""
    keys: tuple[str, ...] = ()
    secondary_keys: tuple[str, ...] = ()
    logic: str = "and_any"
    content: str = ""  # with its decorators, as it stands in the file
    enabled: bool = True
    constant: bool = False
    use_regex: bool = False
    case_sensitive: bool = False
    whole_words: bool = False
    probability: int = 100  # per cent
    order: int = 100  # lower stands higher in the prompt
    priority: int | None = None  # lower is dropped first; None = as the order
    position: str = "before_char"
    depth: int = 4  # messages from the end, where the position is in the chat
    role: str = "system"
    scan_depth: int | None = None  # messages; None = as the book says
    exclude_recursion: bool = False  # other lore does not trigger it
    prevent_recursion: bool = False  # it triggers no other lore
    delay_until_recursion: bool = False  # only other lore triggers it


@dataclass(frozen=True, slots=True)
class BookSettings:
    """What holds for a whole book; None = as the app has it."""

    name: str = ""
    description: str = ""
    scan_depth: int | None = None  # messages
    token_budget: int | None = None
    recursive: bool | None = None


@dataclass(frozen=True, slots=True)
class FiredEntry:
    """An entry that would be inserted, or would be if there were room or luck."""

    ident: int
    label: str
    why: Why
    key: str = ""  # what was found: a key, a pattern, or the entry that named it
    turn: int = 0  # in which turn of the text, from 1; 0 = in none
    tokens: int = 0
    over_budget: bool = False
    probability: int = 100
    unlucky: bool = False  # it was triggered, and chance said no


@dataclass(frozen=True, slots=True)
class LorePreview:
    """What a text would call up, in the order of insertion."""

    entries: tuple[FiredEntry, ...] = ()
    tokens: int = 0  # of what is inserted
    budget: int = 0  # 0 = none
    slow: tuple[tuple[int, str], ...] = ()  # entries whose pattern ran out of time, with what they are called
    matches: tuple[tuple[int, int], ...] = ()  # where in the text keys were found: begin, end


def label_of(entry: LoreEntry) -> str:
    """What an entry is called in a list: its name, else its keys, else how it begins; "" for an empty one."""
    text = entry.name or ", ".join(entry.keys[:8]) or entry.content[:LONGEST_LABEL]
    return " ".join(text[:LONGEST_LABEL].split())
