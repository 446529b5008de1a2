"""What the view of personas shows and gives back, as values: rows of the gallery, the form of one, a card that may be taken in."""

import re
from dataclasses import dataclass
from enum import StrEnum

from zhiyin.ui import foreign_text
from zhiyin.ui.tokens import SEALS
from zhiyin_models.engine.protocol import Sampling

CHAT, JOIN, CHANGE, EDIT, DUPLICATE, DELETE, RESET = "chat", "join", "change", "edit", "duplicate", "delete", "reset"
IMPORT, REPLACE, CANCEL = "import", "replace", "cancel"  # what is done with a card on show
PNG, JSON1, JSON2, JSON3, CHARX = "png3", "json1", "json2", "json3", "charx"  # formats of an exported card
FORMATS = (PNG, JSON3, JSON2, JSON1, CHARX)
SUFFIXES = {PNG: ".png", JSON1: ".json", JSON2: ".json", JSON3: ".json", CHARX: ".charx"}
SEAL_COLORS = ("accent", "jade", "ochre", "slate", "ink", *SEALS)

one_line = foreign_text.one_line
COUNTED = 20_000  # characters; the rest of a text is taken to be like its beginning
_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef]")


class Order(StrEnum):
    """How personas are sorted."""

    USED = "used"
    NAME = "name"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class PersonaItem:
    """A persona in the gallery, in the language of the moment."""

    id: int
    name: str
    summary: str = ""
    tags: tuple[str, ...] = ()
    creator: str = ""
    seal: str = ""
    color: str = ""
    picture: str = ""
    builtin: bool = False
    changed: bool = False  # a built-in one that the user has edited
    created: float = 0.0
    used: float = 0.0
    searched: str = ""  # ``searched_text`` of it, when it was made where nobody waits


@dataclass(frozen=True, slots=True)
class PersonaFields:
    """What the form of a persona holds."""

    name: str = ""
    nickname: str = ""
    tags: tuple[str, ...] = ()
    description: str = ""
    personality: str = ""
    scenario: str = ""
    first_message: str = ""
    alternate_greetings: tuple[str, ...] = ()
    group_only_greetings: tuple[str, ...] = ()
    example_dialogue: str = ""
    system_prompt: str = ""
    post_history_instructions: str = ""
    creator_notes: str = ""
    creator: str = ""
    character_version: str = ""
    seal: str = ""
    color: str = ""
    picture: str = ""
    sampling: Sampling | None = None  # None = as the app or the conversation has it


@dataclass(frozen=True, slots=True)
class Edited:
    """A persona in the form, with what is said about it there but not typed."""

    id: int
    fields: PersonaFields
    builtin: bool = False
    changed: bool = False
    lore_entries: int = 0
    seal: str = ""  # stands where the form has none
    color: str = ""  # the same


@dataclass(frozen=True, slots=True)
class CardOnShow:
    """A card as it is shown before it is taken in. Every text is foreign."""

    path: str
    name: str
    picture: str = ""
    seal: str = ""
    color: str = ""
    creator: str = ""
    character_version: str = ""
    notes: str = ""
    description: str = ""
    first_message: str = ""
    tags: tuple[str, ...] = ()
    greetings: int = 0
    lore_entries: int = 0
    assets: tuple[str, ...] = ()
    version: str = ""
    container: str = ""
    size: int = 0
    mended: tuple[str, ...] = ()  # in words
    there: bool = False  # the same card is in the gallery
    namesake: str = ""  # another one of this name is in the gallery


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that was not taken in, and why, in words."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class ImportState:
    """How far many cards have come. ``seconds_left`` is None while it cannot be told."""

    done: int = 0
    total: int = 0
    taken: int = 0
    known: int = 0  # were there already
    books: int = 0
    refused: tuple[Refused, ...] = ()  # the first ones
    refused_count: int = 0
    seconds_left: float | None = None
    running: bool = True
    cancelled: bool = False


def searched_text(name: str, creator: str, summary: str, tags: tuple[str, ...]) -> str:
    """What words are looked for in, case folded."""
    return "\n".join((name, creator, summary, *tags)).casefold()


def estimated_tokens(text: str) -> int:
    """Roughly how many tokens a text takes: a Chinese character is a little less than one, four Latin letters are one."""
    looked_at = text[:COUNTED]
    if not looked_at:
        return 0
    wide = len(_WIDE.findall(looked_at))
    return round((wide * 0.75 + (len(looked_at) - wide) / 4) * len(text) / len(looked_at))
