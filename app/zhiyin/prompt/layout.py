"""Lays out what is sent for a reply: the system prompt, then the turns of the path, each with its place in the order of dropping."""

from collections.abc import Sequence
from typing import Literal, Protocol

from msgspec import Struct

from zhiyin_models.engine.protocol import FitReport, Message


class StoredTurn(Protocol):
    """What the layout reads of a stored turn; ``role`` is user or assistant."""

    @property
    def id(self) -> int:
        """Identifies it."""

    @property
    def role(self) -> str:
        """Who said it."""

    @property
    def text(self) -> str:
        """What was said."""


class Layout(Struct, frozen=True):
    """Messages in order, and beside each the id of the turn it came from (None for what no turn holds)."""

    messages: tuple[Message, ...]
    turns: tuple[int | None, ...]

    def memory_start(self, fit: FitReport | None, left_out: Sequence[int] = ()) -> int | None:
        """The first turn that the engine kept, or None when it kept all of them; ``left_out`` were not even laid out."""
        dropped = set(fit.dropped) if fit is not None else set()
        said = [(index, turn) for index, turn in enumerate(self.turns) if turn is not None and self.messages[index].section == "history"]
        if not left_out and not any(index in dropped for index, _ in said):
            return None
        return next((turn for index, turn in said if index not in dropped), None)


def lay_out(turns: Sequence[StoredTurn], *, system_prompt: str = "") -> Layout:
    """Lay out a path of turns that ends with the turn to be answered, or with the reply to be continued.

    A user's turn and the replies to it form one group; groups are dropped oldest first, the last group and the system prompt never.
    Replies without text (failed, or stopped at once) are left out: templates refuse empty turns, and they say nothing. The user's turns
    that then stand side by side are sent as one.
    """
    messages: list[Message] = []
    ids: list[int | None] = []
    if system_prompt.strip():
        messages.append(Message(role="system", content=system_prompt, section="system"))
        ids.append(None)
    told = _joined([turn for turn in turns if turn.text.strip()])
    last = sum(role == "user" for role, _, _ in told[1:])
    group = 0
    for index, (role, text, turn) in enumerate(told):
        if role == "user" and index:
            group += 1
        messages.append(Message(role=role, content=text, section="history", drop=group if group < last else None, key=f"turn {turn}"))
        ids.append(turn)
    return Layout(tuple(messages), tuple(ids))


def _joined(turns: Sequence[StoredTurn]) -> list[tuple[Literal["user", "assistant"], str, int]]:
    """Role, text and first turn's id; neighbours of one role become one, as templates that insist on alternation need."""
    told: list[tuple[Literal["user", "assistant"], str, int]] = []
    for turn in turns:
        role: Literal["user", "assistant"] = "user" if turn.role == "user" else "assistant"
        if told and told[-1][0] == role:
            told[-1] = (role, f"{told[-1][1]}\n\n{turn.text}", told[-1][2])
        else:
            told.append((role, turn.text, turn.id))
    return told
