"""What a list shows of a card: short, in one line, and without anything that could disguise it."""

import re
import unicodedata

from msgspec import Struct

from zhiyin.prompt.cards.card import Card

NAME = 120  # characters
SUMMARY = 240
TAGS, TAG = 40, 40
MARKUP = re.compile(r"<[^<>]{0,200}>|[*_`#>|]+")
SPACES = re.compile(r"\s+")


class Listing(Struct, frozen=True):
    """The columns of a persona that are derived from its card."""

    name: str
    tags: tuple[str, ...] = ()
    creator: str = ""
    summary: str = ""
    seal: str = ""
    color: str = ""


def listing(card: Card) -> Listing:
    """What a list shows of a card."""
    tags = tuple(dict.fromkeys(filter(None, (one_line(tag, TAG) for tag in card.tags[: 4 * TAGS]))))[:TAGS]
    return Listing(one_line(card.name, NAME), tags, one_line(card.creator, NAME), _summary(card), one_line(card.seal, 2), card.color)


def one_line(text: str, limit: int) -> str:
    """The beginning of a text in one line: no control characters, and none that turn the direction of writing."""
    text = "".join(" " if unicodedata.category(character) in ("Cc", "Zl", "Zp", "Cf", "Co", "Cn", "Cs") and character != "\u200d"
                   else character for character in text[: 8 * limit])  # fmt: skip
    text = SPACES.sub(" ", text).strip()
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _summary(card: Card) -> str:
    """The creator's notes without their markup, else what describes it."""
    for text in (card.creator_notes, card.description, card.personality, card.scenario):
        line = one_line(_named(MARKUP.sub(" ", text[: 8 * SUMMARY]), card), SUMMARY)
        if line:
            return line
    return ""


def _named(text: str, card: Card) -> str:
    return re.sub(r"\{\{char\}\}", lambda _: card.display_name[:NAME], text, flags=re.IGNORECASE)
