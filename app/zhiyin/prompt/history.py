"""The turns of a path as pieces of a prompt: who says what under which role, and only as much as could ever fit."""

from collections.abc import Callable, Sequence

from msgspec import Struct, structs

from zhiyin.prompt.groups import one_line, spoken
from zhiyin.prompt.pieces import Going, Piece, Role
from zhiyin.prompt.scene import SceneTurn
from zhiyin.prompt.summary import Standing

GENEROUS = 2.0  # times what fits is laid out, since estimates may be too high
STEP = 16  # groups: the window of a long path moves by so many at once


class Voices(Struct, frozen=True):
    """How the turns of a conversation are told to the one who speaks next."""

    speaker: int | None  # whose replies are the assistant's own
    names: dict[int, str]  # of the personas
    user: str
    other: str  # who spoke as nobody: the plain assistant
    several: bool  # names stand before what others say
    joined: bool = False  # the model plays all of them: every reply is the assistant's, with its name before it


class History(Struct, frozen=True):
    """Pieces in order. ``end`` is the index behind the last one that is answered: a reply that is to be continued lies behind it."""

    pieces: list[Piece]
    end: int
    left_out: tuple[int, ...]  # turns before the window
    summarized: tuple[int, ...]  # turns that the summary stands for
    last: int  # index of the message that is answered, which what moves goes before
    tokens: int = 0  # of what is laid out


def tell(
    turns: Sequence[SceneTurn],
    voices: Voices,
    summary: Standing | None,
    *,
    room: int,
    count: Callable[[str], int],
    continued: bool = False,
) -> History:
    """Lay out the turns of a path behind its summary.

    Turns without text (replies that failed, were stopped at once, or of others are thinking alone) are left out: templates refuse them, and
    they say nothing. What one and the same said then side by side becomes one message. A turn of the user's and the replies to it go
    together; the last of these groups never goes. ``room`` is the most tokens that the history may have: where a path has far more, its
    beginning is not laid out. ``continued``: the last turn is a reply that is to be continued.
    """
    start = summary.covers + 1 if summary is not None else 0
    summarized = tuple(turn.id for turn in turns[:start] if turn.role != "system" and turn.text.strip())
    heard = (_heard(turn, voices) for turn in turns[start:] if turn.role != "system")
    told = [turn for turn in heard if turn.text.strip()]
    groups = _groups(told)
    first = _window(groups, room, count)
    left_out = tuple(turn.id for group in groups[:first] for turn in group)
    pieces: list[Piece] = []
    for number, group in enumerate(groups[first:], first):
        going = Going.TURNS if number < len(groups) - 1 else None
        for piece in _said(group, voices):
            piece.going, piece.rank = going, number
            pieces.append(piece)
    end = len(pieces)
    if continued and pieces:
        end -= 1
    return History(pieces, end, left_out, summarized, max(0, end - 1), sum(count(piece.text) for piece in pieces))


def _heard(turn: SceneTurn, voices: Voices) -> SceneTurn:
    """A turn as the one who speaks next hears it: what others only thought is not heard."""
    own = not voices.several or turn.role != "assistant" or turn.persona == voices.speaker
    return turn if own or "<think>" not in turn.text else structs.replace(turn, text=spoken(turn.text))


def _groups(turns: Sequence[SceneTurn]) -> list[list[SceneTurn]]:
    """Turns of the user's with the replies to them; a greeting is a group of its own."""
    groups: list[list[SceneTurn]] = []
    for turn in turns:
        if not groups or (turn.role == "user" and groups[-1][-1].role != "user"):
            groups.append([])
        groups[-1].append(turn)
    return groups


def _window(groups: Sequence[Sequence[SceneTurn]], room: int, count: Callable[[str], int]) -> int:
    """The first group that is laid out."""
    total = 0.0
    for number in range(len(groups) - 1, -1, -1):
        total += sum(count(turn.text) for turn in groups[number])
        if total > GENEROUS * room:
            return number - number % STEP
    return 0


def _said(group: Sequence[SceneTurn], voices: Voices) -> list[Piece]:
    pieces: list[Piece] = []
    before: tuple[str, int | None] | None = None
    for turn in group:
        role, name = _voice(turn, voices)
        who = (turn.role, turn.persona if voices.several else None)
        if who == before:
            pieces[-1].text += f"\n\n{turn.text}"
        else:
            pieces.append(Piece(role, f"{name}: {turn.text}" if name else turn.text, "history", turn.id, key=f"turn {turn.id}"))
        before = who
    return pieces


def _voice(turn: SceneTurn, voices: Voices) -> tuple[Role, str]:
    """Under which role a turn is told, and the name before it."""
    if turn.role == "user":
        return "user", (one_line(turn.speaker) or voices.user) if voices.several else ""
    if not voices.several or (turn.persona == voices.speaker and not voices.joined):
        return "assistant", ""
    known = voices.names.get(turn.persona) if turn.persona is not None else None
    return "assistant" if voices.joined else "user", known or one_line(turn.speaker) or voices.other
