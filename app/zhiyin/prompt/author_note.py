"""The author's note: a text of the user's that is put in again and again."""

from collections.abc import Sequence

from zhiyin.prompt.scene import SceneTurn
from zhiyin.roles import AuthorNote


def is_due(note: AuthorNote, turns: Sequence[SceneTurn]) -> bool:
    """Whether the note goes into this prompt: with each ``every``-th turn of the user's, the first time with that many."""
    if not note.text.strip() or note.every <= 0:
        return False
    said = sum(turn.role == "user" for turn in turns) if note.every > 1 else 0
    return said % note.every == 0 and (note.every == 1 or said > 0)
