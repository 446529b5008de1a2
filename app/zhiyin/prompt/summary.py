"""Summaries of turns that no longer fit: what is asked of the model, and which of a path's summaries counts."""

import re
from collections.abc import Callable, Sequence

from msgspec import Struct

from zhiyin.prompt.scene import SceneTurn
from zhiyin.prompt.token_counts import TokenCounts
from zhiyin_models.engine.protocol import Message

WORDS = 250  # that a summary may have at most; characters × 2 in Chinese
MAX_TOKENS = 700  # new tokens to allow for one
FRAME = 64  # tokens of the chat template, and some to spare
MOST_READ = 8_000  # tokens of turns in one request, however large the context: the rest waits for the next reply
LEAST_READ = 120
PER_LINE = 8  # tokens of a speaker's name and the line break
_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_SENTENCE_END = re.compile(r"[。！？!?][”’」』）)\"']*|…+[”’」』）)\"']*|\.[”’)\"']*(?=\s|\Z)")


class Standing(Struct, frozen=True):
    """The summary that counts: what it says, the turn that holds it, and where in the path its last turn is."""

    text: str
    turn: int
    covers: int  # index into the path


class Request(Struct, frozen=True):
    """What is asked of the model, and for which turns it can answer: up to ``covers`` (a turn's id), and no further."""

    messages: tuple[Message, ...]
    covers: int
    max_tokens: int


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

    ``summary_request`` says up to which of them the new summary reaches; it takes in the one before it.
    """
    if memory_start is None:
        return ()
    end = next((place for place, turn in enumerate(turns) if turn.id == memory_start), 0)
    before = standing(turns)
    start = before.covers + 1 if before is not None else 0
    return tuple(turn for turn in turns[start:end] if turn.role != "system" and turn.text.strip())


def summary_request(
    turns: Sequence[SceneTurn],
    previous: str = "",
    *,
    context: int,
    count: Callable[[str], int] | None = None,
    language: str = "en",
    user: str = "",
) -> Request:
    """What a passing request asks the model: to summarize the oldest of the turns together with what an earlier summary says.

    As many turns are taken as a context of so many tokens has room for, beside the answer; ``count`` estimates the tokens of a text. Only
    the first is ever shortened, where it alone has more, so that each request gets further. ``turns`` has at least one.
    """
    count = count or TokenCounts().of
    chinese = language.startswith("zh")
    max_tokens = max(1, min(MAX_TOKENS, context // 3))
    system, before, ask = _ZH if chinese else _EN
    frame = FRAME + sum(count(text) for text in (system, before, ask))
    room = max(LEAST_READ, min(MOST_READ, context - max_tokens - frame))
    earlier = _within(without_thinking(previous), room // 2, count)
    room -= count(earlier)
    lines: list[str] = []
    covers = turns[0].id
    for turn in turns:
        line = _line(turn, chinese=chinese, user=user)
        needed = count(line) + PER_LINE if line else 0
        if needed > room:
            if lines:
                break
            line, needed = _within(line, max(1, room - PER_LINE), count), room
        if line:
            lines.append(line)
        room -= needed
        covers = turn.id
    said = [before.format(previous=earlier)] if earlier else []
    messages = (
        Message("system", system.format(words=2 * WORDS if chinese else WORDS), section="system"),
        Message("user", "\n\n".join([*said, "\n".join(lines), ask])),
    )
    return Request(messages, covers, max_tokens)


def without_thinking(text: str) -> str:
    """A text without its blocks of thinking, also one that was never closed, or that began in the prompt."""
    before, closed, after = text.partition("</think>")
    if closed and "<think>" not in before:
        text = after
    return _THINKING.sub("", text).strip()


def finished_text(text: str, reason: str) -> str:
    """What of an answer may be kept as a summary: no thinking, and where it ran out of tokens, no half sentence. "" for nothing."""
    text = without_thinking(text)
    if reason != "length":
        return text
    ends = [found.end() for found in _SENTENCE_END.finditer(text)]
    return text[: ends[-1]].strip() if ends else ""


def _line(turn: SceneTurn, *, chinese: bool, user: str) -> str:
    text = without_thinking(turn.text)
    if not text or turn.role == "system":
        return ""
    names = ("用户", "助手", "：") if chinese else ("User", "Assistant", ": ")
    who = turn.speaker.strip() or (user or names[0] if turn.role == "user" else names[1])
    return f"{who}{names[2]}{text}"


def _within(text: str, room: int, count: Callable[[str], int]) -> str:
    """A text of at most so many tokens: of a longer one the beginning and the end."""
    needed = count(text)
    while needed > room and len(text) > 12:
        most = max(8, min(len(text) - 1, len(text) * room // needed) - 4)
        text = f"{text[: most * 2 // 3]} … {text[-(most // 3) :]}"
        needed = count(text)
    return text


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
