"""Notes that are put in again and again: the user's, and a card's own."""

from collections.abc import Sequence
from typing import get_args

from zhiyin.prompt.persona import NOTE, Part
from zhiyin.prompt.pieces import Piece, Role
from zhiyin.prompt.scene import SceneTurn
from zhiyin.roles import AuthorNote

CARD_DEPTH = 4  # messages from the end, where a card says nothing that can be read
MAX_DEPTH = 10_000


def of_card(part: Part) -> tuple[int, Piece] | None:
    """A character's note with its depth in messages from the end: what SillyTavern keeps as ``depth_prompt`` in a card's extensions."""
    value = part.card.extensions.get("depth_prompt")
    if not isinstance(value, dict) or not isinstance(value.get("prompt"), str):
        return None
    text = part.moving_text(value["prompt"], NOTE)
    depth, role = value.get("depth"), value.get("role")
    if isinstance(depth, str) and depth.isascii() and depth.isdigit():
        depth = int(depth[:5])
    known = isinstance(depth, int) and not isinstance(depth, bool)
    place = min(MAX_DEPTH, max(0, depth)) if known and isinstance(depth, int) else CARD_DEPTH
    speaker: Role = next((name for name in get_args(Role) if name == role), "system")
    return (place, Piece(speaker, text, "note")) if text else None


def is_due(note: AuthorNote, turns: Sequence[SceneTurn]) -> bool:
    """Whether the note goes into this prompt: with each ``every``-th turn of the user's, the first time with that many."""
    if not note.text.strip() or note.every <= 0:
        return False
    said = sum(turn.role == "user" for turn in turns) if note.every > 1 else 0
    return said % note.every == 0 and (note.every == 1 or said > 0)
