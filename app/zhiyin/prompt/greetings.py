"""First messages of a persona: alternatives of the first turn."""

from zhiyin.prompt.cards.card import Card
from zhiyin.prompt.macros import MacroValues, expand

MAX_GREETINGS = 200


def greetings(card: Card, values: MacroValues, *, group: bool = False) -> tuple[str, ...]:
    """The texts that a conversation may begin with, macros replaced: the first message, its alternates, and in groups those for groups.

    In a group those that are only for groups come first, as the card's author wants one of them there. Blank ones are left out.
    """
    own = (card.first_message, *card.alternate_greetings)
    texts = (*card.group_only_greetings, *own) if group else own
    told = (expand(text, values, position=place) for place, text in enumerate(texts[:MAX_GREETINGS]))
    return tuple(text for text in told if text.strip())
