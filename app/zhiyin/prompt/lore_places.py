"""Where lore goes in a prompt, and in which order it is left out."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from zhiyin.prompt.lore.activation import Fired
from zhiyin.prompt.lore.book import Entry
from zhiyin.prompt.macros import MacroValues, expand
from zhiyin.prompt.persona import LORE
from zhiyin.prompt.pieces import Going, Piece
from zhiyin.roles import LorePlace

LORE_ROOM = 0.125
"""Of the prompt: lore of the highest priority up to this much is kept longer than old turns."""


@dataclass
class Placed:
    """Lore by where it goes. ``head`` is by the name of the position; depths count messages from the end, or from the beginning."""

    head: dict[str, list[Piece]] = field(default_factory=dict)
    near_end: list[Piece] = field(default_factory=list)
    from_end: list[tuple[int, Piece]] = field(default_factory=list)
    from_start: list[tuple[int, Piece]] = field(default_factory=list)
    before_note: list[Piece] = field(default_factory=list)
    after_note: list[Piece] = field(default_factory=list)

    def at(self, position: str) -> list[Piece]:
        """What goes to a position of the head."""
        return self.head.get(position, [])


def place_lore(fired: Sequence[Fired], *, staying: Sequence[MacroValues], where: LorePlace, limit: int, longest: int) -> Placed:
    """Put fired entries where they belong, in the order in which they come.

    ``staying`` is for each book what macros become in texts that stay, ``limit`` the tokens that the prompt may have, ``longest`` the
    characters of an entry that are read.

    An entry that a decorator gives a place is there to the letter, and so is one in the chat or beside the author's note. The others
    belong to the head; with ``near_end`` only those that are in every prompt go there, and what comes and goes is put before the last
    message instead: there it costs itself and the last exchange, and in the head all that follows it.

    ``@@depth 0`` is behind the last message. With ``@@role assistant`` the model then goes on from the entry's words as from its own,
    which is what authors use the two together for.
    """
    placed = Placed()
    going = _going(fired, limit)
    for number, one in enumerate(fired):
        stays = _always(one.entry)
        text = one.text.strip()
        if stays and where == "near_end":
            text = expand(one.entry.content[:longest], staying[one.book], position=LORE + one.book * 100_003 + one.index).strip()
        if text:
            tier, rank = going[number]
            _put(placed, one, Piece(one.role, text, "lore", going=tier, rank=rank), stays=stays, where=where)
    return placed


def _put(placed: Placed, one: Fired, piece: Piece, *, stays: bool, where: LorePlace) -> None:
    said, position = one.entry.decorators, one.position
    if said.reverse_depth is not None and said.depth is None and said.position is None:
        placed.from_start.append((said.reverse_depth, piece))
    elif position == "in_chat":
        placed.from_end.append((one.depth, piece))
    elif position == "before_note":
        placed.before_note.append(piece)
    elif position == "after_note":
        placed.after_note.append(piece)
    elif said.position is None and where == "near_end" and not stays:
        piece.role = said.role or "system"
        placed.near_end.append(piece)
    else:
        piece.role = said.role or "system"
        if stays:
            piece.key = f"lore {one.book} {one.index}"
        placed.head.setdefault(position, []).append(piece)


def _always(entry: Entry) -> bool:
    """Whether an entry is in every prompt of a conversation."""
    said = entry.decorators
    chance = entry.probability < 100 or entry.group or entry.sticky or entry.cooldown or entry.delay
    timed = said.activate_only_after or said.activate_only_every or said.dont_activate_after_match or said.is_greeting is not None
    return (entry.constant or said.activate) and not chance and not timed and not entry.delay_until_recursion


def _importance(fired: Fired) -> tuple[bool, bool, float, float]:
    """What has less of it is left out first: what asks for it, what comes and goes, lower priority, lower order.

    Without a priority the order is all there is.
    """
    entry = fired.entry
    priority = entry.order if entry.priority is None else entry.priority
    return not entry.decorators.ignore_on_max_context, entry.constant, priority, entry.order


def _going(fired: Sequence[Fired], limit: int) -> list[tuple[Going, float]]:
    """The place of each entry in the order of leaving out."""
    found: list[tuple[Going, float]] = [(Going.LORE, 0.0)] * len(fired)
    used = 0
    for rank, number in enumerate(sorted(range(len(fired)), key=lambda number: _importance(fired[number]), reverse=True)):
        used += fired[number].tokens
        kept = used <= LORE_ROOM * limit and not fired[number].entry.decorators.ignore_on_max_context
        found[number] = (Going.LORE if kept else Going.LOWER_LORE, float(-rank))
    return found
