"""A scene: everything that a prompt is assembled from, as values."""

from typing import Any

from msgspec import Struct

from zhiyin.roles import Setup


class SceneTurn(Struct, frozen=True, gc=False):
    """One turn of the path, root first; ``role`` is user, assistant, or system for a summary."""

    id: int
    role: str
    text: str
    persona: int | None = None
    speaker: str = ""
    covers: int | None = None  # of a summary: it stands for the path up to this turn


class Actor(Struct, frozen=True):
    """A persona that takes part."""

    persona: int
    card: dict[str, Any]  # whole, as ``prompt.cards.card.Card.raw``
    muted: bool = False


class Player(Struct, frozen=True):
    """Who the user is."""

    name: str = ""
    description: str = ""


class Scene(Struct, frozen=True):
    """What is to be answered, by whom, and what they know."""

    conversation: int  # seeds what has to stay the same from turn to turn
    turns: tuple[SceneTurn, ...]  # ends with the turn to be answered, or with the reply to be continued
    actors: tuple[Actor, ...] = ()
    speaker: int | None = None  # the persona that answers; None = the plain assistant
    player: Player = Player()
    setup: Setup = Setup()
    books: tuple[dict[str, Any], ...] = ()  # the ``data`` of standalone lorebooks
    system_prompt: str = ""  # the conversation's own, else the app's
    own_system_prompt: bool = False  # it was set for this conversation: it goes before a card's
    context: int = 8192  # tokens
    reserve: int = 0  # tokens kept free for the reply; 0 = a quarter of the context, as the engine does
    language: str = "en"  # of what the app itself says to the model: "zh" or "en"
    once_more: bool = False  # the last turn is the speaker's own and done, and another reply is to follow it
