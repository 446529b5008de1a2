"""Summaries of turns that no longer fit: what is asked of the model, and which of a path's summaries counts."""

from collections.abc import Sequence

from msgspec import Struct

from zhiyin.prompt.scene import SceneTurn
from zhiyin_models.engine.protocol import Message

WORDS = 250  # that a summary may have at most; characters × 2 in Chinese
MAX_TOKENS = 700  # new tokens to allow for one
ROOM = 12_000  # characters of turns that one request may carry
LEAST = 200  # characters that each turn keeps when they are cut


class Standing(Struct, frozen=True):
    """The summary that counts: what it says, the turn that holds it, and where in the path its last turn is."""

    text: str
    turn: int
    covers: int  # index into the path


def standing(turns: Sequence[SceneTurn]) -> Standing | None:
    """The newest summary of a path that says something and stands for a turn of it; a blank one is as if it were not there."""
    for index in range(len(turns) - 1, -1, -1):
        turn = turns[index]
        if turn.role != "system" or turn.covers is None or not turn.text.strip():
            continue
        covered = next((place for place in range(index - 1, -1, -1) if turns[place].id == turn.covers), None)
        if covered is not None:
            return Standing(turn.text, turn.id, covered)
    return None


def to_summarize(turns: Sequence[SceneTurn], memory_start: int | None) -> tuple[SceneTurn, ...]:
    """The turns that are forgotten and in no summary: those before ``memory_start`` (a turn's id) that nothing stands for yet.

    The last of them is what the new summary ``covers``; it takes in the one before it.
    """
    if memory_start is None:
        return ()
    end = next((place for place, turn in enumerate(turns) if turn.id == memory_start), 0)
    before = standing(turns)
    start = before.covers + 1 if before is not None else 0
    return tuple(turn for turn in turns[start:end] if turn.role != "system" and turn.text.strip())


def summary_request(
    turns: Sequence[SceneTurn], previous: str = "", *, language: str = "en", user: str = "", room: int = ROOM
) -> tuple[Message, ...]:
    """What a passing request asks the model, to summarize the turns together with what an earlier summary says.

    ``room`` bounds the characters of the turns; where they have more, the middle of long ones is left out. Give it ``MAX_TOKENS``.
    """
    chinese = language.startswith("zh")
    told = [turn for turn in turns if turn.text.strip() and turn.role != "system"]
    each = max(LEAST, room // max(1, len(told)))
    short = sum(len(turn.text) for turn in told) <= room
    names = ("用户", "助手", "：") if chinese else ("User", "Assistant", ": ")
    lines = []
    for turn in told:
        who = turn.speaker.strip() or (user or names[0] if turn.role == "user" else names[1])
        lines.append(f"{who}{names[2]}{turn.text.strip() if short else _shortened(turn.text.strip(), each)}")
    text = "\n".join(lines)[: 2 * room]
    system, before, ask = _ZH if chinese else _EN
    said = [before.format(previous=previous.strip()[:ROOM])] if previous.strip() else []
    return (
        Message("system", system.format(words=2 * WORDS if chinese else WORDS), section="system"),
        Message("user", "\n\n".join([*said, text, ask])),
    )


def _shortened(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    return f"{text[: most * 2 // 3]} … {text[-(most // 3) :]}"


_EN = (
    "You keep the record of a conversation. Write down what has happened in it so far, for somebody who has to go on from there: who takes "
    "part, names, places, facts, promises, decisions, feelings between people, and what is still open. Keep names and numbers exactly. "
    "Invent nothing, judge nothing, address nobody. Plain sentences in the past tense, no headings, at most {words} words.",
    "The record until now:\n{previous}\n\nWhat was said after that:",
    "Write the whole record anew, with the earlier part and the new one. Write nothing but the record.",
)
_ZH = (
    "你为一段对话做记录。请写下到目前为止发生了什么，让人能据此接着谈下去：有谁参与，人名、地名、事实、约定、决定、人物之间的感情，以及还没有了结的事。"
    "人名和数字要原样保留。不编造，不评论，不对任何人说话。用平实的陈述句，不用标题，不超过{words}字。",
    "此前的记录：\n{previous}\n\n在那之后说的话：",
    "请把此前的记录和新的内容合在一起，重新写成一份完整的记录。只写记录本身。",
)
