"""What the transcript shows of one turn: a value, made by those who know the store and the engine."""

from typing import Literal

from msgspec import Struct

Role = Literal["user", "assistant", "notice", "summary"]
State = Literal["complete", "growing", "queued", "stopped", "interrupted", "failed"]


class TurnView(Struct, frozen=True, gc=False):
    """One turn as shown. ``alternative`` is (which, of how many), counted from 1; ``error`` a sentence with ``actions`` beside it.

    ``caption`` is a quiet line: figures under a finished reply, what is waited for while one is queued or has no words yet.
    """

    id: int
    role: Role
    text: str
    name: str = ""
    seal: str = ""  # one character
    state: State = "complete"
    alternative: tuple[int, int] = (1, 1)
    caption: str = ""
    error: str = ""
    actions: frozenset[str] = frozenset()  # ids of what is offered beside the error: "reload", "choose_model" …
    memory_starts_here: bool = False
    color: str = ""  # of the seal: a role of the theme or #RRGGBB; "" = the accent
    picture: str = ""  # in the seal's place: "", a sha256 in the picture folder, or "asset:" and a name
    thumb: int = 0  # 1, -1, or 0: not rated
    rank: int | None = None  # among the alternatives, 1 = the best
    renewable: bool = True  # another alternative can be written
    rateable: bool = False  # it is a finished reply
    has_sent: bool = False  # what was sent for it can be shown
    remark: str = ""  # the user's note on the rating
