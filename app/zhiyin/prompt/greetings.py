"""First messages of a persona: alternatives of the first turn."""

from collections.abc import Iterator

from zhiyin.prompt.cards.card import Card
from zhiyin.prompt.macros import MacroValues, expand

MAX_GREETINGS = 200
MAX_GREETING = 64_000
"""Characters of one."""


def greetings(card: Card, values: MacroValues, *, group: bool = False) -> tuple[str, ...]:
    """The texts that a conversation may begin with, macros replaced: the first message, its alternates, and in groups those for groups.

    In a group those that are only for groups come first, as the card's author wants one of them there. Blank ones are left out.
    """
    together = (_expanded(text, values, MAX_GREETINGS + place) for place, text in enumerate(card.group_only_greetings[:MAX_GREETINGS]))
    texts = (*together, *_own(card, values)) if group else tuple(_own(card, values))
    return tuple(text for text in texts if text.strip())[:MAX_GREETINGS]


def shown_greeting(card: Card, values: MacroValues, text: str) -> int | None:
    """Which first message a text is, as ``@@is_greeting`` counts them: 0 the first, 1 the first alternate; None when it is none of them.

    ``values`` are those of the moment when it was shown; where a name has become another since, it is not found.
    """
    wanted = text.strip()
    return next((place for place, told in enumerate(_own(card, values)) if wanted and told.strip() == wanted), None)


def _own(card: Card, values: MacroValues) -> Iterator[str]:
    """The first message and its alternates, blank ones as well, so that their places are those in the card."""
    texts = (card.first_message, *card.alternate_greetings)[:MAX_GREETINGS]
    return (_expanded(text, values, place) for place, text in enumerate(texts))


def _expanded(text: str, values: MacroValues, position: int) -> str:
    return expand(text[:MAX_GREETING], values, position=position)
