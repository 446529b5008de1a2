"""Decorators of lore: lines such as ``@@depth 4`` before an entry's content (Character Card V3, "Decorators")."""

import re
from collections.abc import Callable
from typing import Any, Literal, get_args

from msgspec import Struct

from zhiyin.prompt.macros import split_list

Role = Literal["system", "user", "assistant"]
Place = Literal["after_desc", "before_desc", "personality", "scenario"]
Prompt = Literal["post_history_instructions", "system_prompt"]

MAX_LINES = 200
"""Decorator lines that are read; the rest is taken away unread."""
MAX_KEYS = 1000
MAX_NUMBER = 1_000_000

NOT_FOR_CHATS = frozenset({"instruct_depth", "reverse_instruct_depth", "instruct_scan_depth", "is_user_icon"})
"""Kept, but of no effect here: texts that are no chat, and pictures of the user. Their fallbacks are taken instead."""


class Decorators(Struct, frozen=True, omit_defaults=True):
    """What the lines say; None or False where they say nothing. Depths count messages, or tokens with ``instruct``, from the end."""

    activate_only_after: int | None = None  # replies in the conversation
    activate_only_every: int | None = None
    keep_activate_after_match: bool = False
    dont_activate_after_match: bool = False
    depth: int | None = None
    instruct_depth: int | None = None
    reverse_depth: int | None = None
    reverse_instruct_depth: int | None = None
    role: Role | None = None
    scan_depth: int | None = None
    instruct_scan_depth: int | None = None
    is_greeting: int | None = None  # 0 = the first message, 1 = the first alternate greeting
    position: Place | None = None
    ignore_on_max_context: bool = False
    additional_keys: tuple[tuple[str, ...], ...] = ()  # one of each group has to be there
    exclude_keys: tuple[str, ...] = ()
    is_user_icon: str | None = None
    activate: bool = False
    dont_activate: bool = False
    disable_ui_prompt: Prompt | None = None


NONE = Decorators()

_LINE = re.compile(r"\s*(@{2,3})([A-Za-z_]+)(?:[ \t]+([^\r\n]*)|[ \t]*)(?:\r?\n|\Z)")


def split(content: str) -> tuple[Decorators, str]:
    """An entry's decorators, and its content without them and without the line breaks around them. Never raises.

    Of two lines with one name the first counts, but every ``additional_keys`` and ``exclude_keys``. Unknown names and bad values are
    passed over; where a line is, the ``@@@`` lines below it are tried in turn.
    """
    if not content.lstrip().startswith("@@"):
        return NONE, content
    found: dict[str, Any] = {}
    settled = True  # whether the line that the next @@@ belongs to was understood
    at = lines = 0
    while match := _LINE.match(content, at):
        at, lines = match.end(), lines + 1
        if lines <= MAX_LINES and (match[1] == "@@" or not settled):
            settled = _read(found, match[2].lower(), (match[3] or "").strip())
    return Decorators(**found), content[at:].lstrip("\r\n") if at else content


def _read(found: dict[str, Any], name: str, value: str) -> bool:
    """Takes one line over; whether it is one that has an effect here."""
    read = _READERS.get(name)
    if read is None:
        return False
    result = read(value)
    if result is None:
        return False
    if name == "additional_keys":
        found[name] = (*found.get(name, ()), result)
    elif name == "exclude_keys":
        found[name] = (*found.get(name, ()), *result)[:MAX_KEYS]
    else:
        found.setdefault(name, result)
    return name not in NOT_FOR_CHATS


def _number(value: str) -> int | None:
    """A whole number; what is below zero means the very end, as zero does."""
    if not re.fullmatch(r"[+-]?\d{1,9}(?:\.\d{0,9})?", value, re.ASCII):
        return None
    return max(0, min(MAX_NUMBER, int(float(value))))


def _above_zero(value: str) -> int | None:
    return _number(value) or None


def _flag(value: str) -> bool | None:
    return None if value.lower() == "false" else True


def _keys(value: str) -> tuple[str, ...] | None:
    return tuple(key for key in split_list(value) if key)[:MAX_KEYS] or None


def _text(value: str) -> str | None:
    return value or None


def _one_of(words: tuple[str, ...]) -> Callable[[str], str | None]:
    return lambda value: value.lower() if value.lower() in words else None


_READERS: dict[str, Callable[[str], Any]] = {
    "activate_only_after": _number,
    "activate_only_every": _above_zero,
    "keep_activate_after_match": _flag,
    "dont_activate_after_match": _flag,
    "depth": _number,
    "instruct_depth": _number,
    "reverse_depth": _number,
    "reverse_instruct_depth": _number,
    "role": _one_of(get_args(Role)),
    "scan_depth": _number,
    "instruct_scan_depth": _number,
    "is_greeting": _number,
    "position": _one_of(get_args(Place)),
    "ignore_on_max_context": _flag,
    "additional_keys": _keys,
    "exclude_keys": _keys,
    "is_user_icon": _text,
    "activate": _flag,
    "dont_activate": _flag,
    "disable_ui_prompt": _one_of(get_args(Prompt)),
}
