"""Pieces of a prompt that is being assembled, and how they become messages with their order of dropping."""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Literal

from msgspec import Struct

from zhiyin.prompt.layout import Layout
from zhiyin_models.engine.protocol import Message

Role = Literal["system", "user", "assistant"]


class Going(IntEnum):
    """What is left out of a prompt that does not fit, first things first.

    1. Examples, block by block, the last block first.
    2. Lore of lower priority: what the room for lore that is kept (``LORE_ROOM`` of the prompt) does not hold, the lowest priority
       first, and what asks for it (``@@ignore_on_max_context``) before that.
    3. The oldest turns: a turn of the user's with the replies to it.
    4. The rest of the lore, the lowest priority first. It comes after the turns, since a long conversation always has more of those
       than fit, and would otherwise never see any lore again.

    Never left out: the system prompt, the persona, the profile, the summary, the author's note, instructions after the history, and the
    last turn of the user's with what follows it. What cannot fit with all that is refused by the engine, in words.
    """

    EXAMPLES = 0
    LOWER_LORE = 1
    TURNS = 2
    LORE = 3


class Piece(Struct, gc=False):
    """A message to be. Pieces with the same ``going`` and ``rank`` go together, lower ranks first; None never goes."""

    role: Role
    text: str
    section: str
    turn: int | None = None
    going: Going | None = None
    rank: float = 0
    key: str = ""


def laid_out(pieces: Iterable[Piece]) -> Layout:
    """Pieces as messages. Neighbours that say things as the system, are of one section and never go, become one message."""
    joined: list[Piece] = []
    for piece in pieces:
        if joined and _are_one(joined[-1], piece):
            joined[-1] = Piece(piece.role, f"{joined[-1].text}\n\n{piece.text}", piece.section)
        else:
            joined.append(piece)
    places = [None if piece.going is None else (int(piece.going), piece.rank) for piece in joined]
    order = {place: number for number, place in enumerate(sorted({place for place in places if place is not None}))}
    messages = tuple(
        Message(piece.role, piece.text, piece.section, None if place is None else order[place], piece.key)
        for piece, place in zip(joined, places, strict=True)
    )
    return Layout(messages, tuple(piece.turn for piece in joined))


def _are_one(before: Piece, piece: Piece) -> bool:
    plain = before.role == piece.role == "system" and before.turn is None and piece.turn is None
    return plain and before.section == piece.section and before.going is None and piece.going is None


def at_depth(history: Sequence[Piece], depth: int, end: int) -> int:
    """Where in the history something goes that has so many messages behind it, up to ``end``."""
    return max(0, min(len(history), end) - max(0, depth))
