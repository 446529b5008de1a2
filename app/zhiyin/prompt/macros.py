"""Macros in the texts of cards and lorebooks: ``{{char}}``, ``{{random:a,b}}`` and their kin.

What they do is set by the Character Card V3 specification ("Curly Braced Syntaxes"), ``<BOT>`` and ``<USER>`` by V1. Nothing here looks at
a clock or at chance: the same text with the same values gives the same result, so that a prompt laid out again is the same prompt and
the engine's cache is kept. What is put in is never read for macros again.
"""

import re
from collections.abc import Callable
from hashlib import blake2b, shake_128
from itertools import islice

from msgspec import Struct

MAX_DEPTH = 16
"""Macros inside macros; what is deeper stays as it was written."""
MAX_GROWTH = 64 * 1024
"""Characters that names and repeated macros may add, beyond four times the text."""
MAX_MACROS = 2000
"""Of one text; what is behind them stays as it was written."""
MAX_MARKS = 4 * MAX_MACROS
"""Braces of one text that are looked at, whether they are a macro's or not."""
MAX_ROLLED = 5000
"""Dice of one text."""
MAX_DICE = 100
"""Of one roll."""
MAX_SIDES = 1_000_000_000

_MARK = re.compile(r"\{\{(?!\{)|\}\}|<(?:bot|char|user)>", re.IGNORECASE)
_ORIGINAL = re.compile(r"\{\{\s*original\s*\}\}", re.IGNORECASE)
_TRIM = re.compile(r"\{\{\s*trim\s*\}\}", re.IGNORECASE)
_CALL = re.compile(r"//|([a-z_]+)(?=[ \t]*:|[ \t]|$)", re.IGNORECASE)
_DICE = re.compile(r"(\d{0,3})d(\d{1,10})(?:([+-])(\d{1,10}))?", re.IGNORECASE)


class MacroValues(Struct, frozen=True):
    """What macros become. ``pick`` is stable in a conversation, ``random`` and ``roll`` change from reply to reply."""

    char: str = ""
    user: str = ""
    seed: int = 0  # of the conversation
    turn: int = 0  # counts the replies; the same when the same reply is laid out again


def expand(text: str, values: MacroValues, *, position: int = 0) -> str:
    """The text with its macros replaced; unknown ones stay. Never raises.

    ``position`` tells texts of one prompt apart, so that the same ``{{pick}}`` in two of them may differ. The result is longer than the
    text by at most ``MAX_GROWTH`` characters or three times its length.
    """
    if "{{" not in text and "<" not in text:
        return text
    return _Expansion(values, position, max(3 * len(text), MAX_GROWTH)).of(_trimmed(text))


def hidden_keys(text: str) -> tuple[str, ...]:
    """What the text's ``{{hidden_key:…}}`` hold: not sent, but read when lore is looked up in lore."""
    if "{{" not in text:
        return ()
    expansion = _Expansion(MacroValues(), 0, MAX_GROWTH)
    expansion.of(text)
    return tuple(expansion.hidden)


def replace_original(text: str, original: str) -> str:
    """``{{original}}`` becomes what the text stands in for; a second one becomes nothing, so that no card can make a prompt grow."""
    left = [original]
    return _ORIGINAL.sub(lambda _: left.pop() if left else "", text)


def _trimmed(text: str) -> str:
    """``{{trim}}`` takes the line breaks around it away."""
    parts = _TRIM.split(text)
    if len(parts) == 1:
        return text
    last = len(parts) - 1
    ends = (part if n == last else part.rstrip("\r\n") for n, part in enumerate(parts))
    return "".join(part if n == 0 else part.lstrip("\r\n") for n, part in enumerate(ends))


class _Expansion:
    """One pass over one text: inner macros are replaced before the ones around them."""

    def __init__(self, values: MacroValues, position: int, growth: int) -> None:
        self._values = values
        self._position = position
        self._growth = growth
        self._drawn = 0
        self._dice = MAX_ROLLED
        self.hidden: list[str] = []

    def of(self, text: str) -> str:
        open_texts: list[list[str]] = [[]]
        at = macros = 0
        for match in islice(_MARK.finditer(text), MAX_MARKS):
            if macros >= MAX_MACROS:
                break
            open_texts[-1].append(text[at : match.start()])
            at = match.end()
            mark = match[0]
            if mark == "{{" and len(open_texts) <= MAX_DEPTH:
                open_texts.append([])
            elif mark == "}}" and len(open_texts) > 1:
                macros += 1
                body = "".join(open_texts.pop())
                open_texts[-1].append(self._result(f"{{{{{body}}}}}", self._called(body)))
            elif mark[0] == "<":
                macros += 1
                name = self._values.user if mark[1] in "uU" else self._values.char
                open_texts[-1].append(self._result(mark, name))
            else:
                open_texts[-1].append(mark)
        open_texts[-1].append(text[at:])
        return "{{".join("".join(parts) for parts in open_texts)

    def _result(self, written: str, result: str | None) -> str:
        """What stands for a macro: its result, or what was written where it is none of ours or the text has grown enough."""
        if result is None:
            return written
        grown = len(result) - len(written)
        if grown > self._growth:
            return written
        self._growth -= max(0, grown)
        return result

    def _called(self, body: str) -> str | None:
        call = _CALL.match(body.strip())
        macro = _MACROS.get(call[0].lower()) if call else None
        if call is None or macro is None:
            return None
        return macro(self, body.strip()[call.end() :].lstrip(" \t"))

    def _number(self, kind: str, argument: str, *, stable: bool) -> int:
        """A number that looks random and is always the same for the same place in the same prompt."""
        return int.from_bytes(blake2b(self._source(kind, argument, stable=stable), digest_size=8).digest())

    def _source(self, kind: str, argument: str, *, stable: bool = False) -> bytes:
        """What chance is made of, another with each macro."""
        self._drawn += 1
        turn = 0 if stable else self._values.turn
        source = f"{kind}\0{self._values.seed}\0{turn}\0{self._position}\0{self._drawn}\0{argument}"
        return source.encode("utf-8", "surrogatepass")

    def char(self, argument: str) -> str | None:
        return None if argument else self._values.char

    def user(self, argument: str) -> str | None:
        return None if argument else self._values.user

    def newline(self, argument: str) -> str | None:
        return None if argument else "\n"

    def nothing(self, _argument: str) -> str:
        return ""

    def hide(self, argument: str) -> str:
        key = argument.removeprefix(":").strip(" :")
        if key:
            self.hidden.append(key)
        return ""

    def reverse(self, argument: str) -> str:
        return _value(argument)[::-1]

    def random(self, argument: str) -> str:
        choices = _choices(argument)
        return choices[self._number("random", argument, stable=False) % len(choices)]

    def pick(self, argument: str) -> str:
        choices = _choices(argument)
        return choices[self._number("pick", argument, stable=True) % len(choices)]

    def roll(self, argument: str) -> str | None:
        wanted = _value(argument).strip()
        dice = _DICE.fullmatch(f"d{wanted}" if wanted.isascii() and wanted.isdigit() else wanted)
        if dice is None:
            return None
        count, sides = int(dice[1] or 1), int(dice[2])
        if not 1 <= count <= min(MAX_DICE, self._dice) or not 1 <= sides <= MAX_SIDES:
            return None
        self._dice -= count
        drawn = shake_128(self._source("roll", wanted)).digest(8 * count)
        total = sum(1 + int.from_bytes(drawn[at : at + 8]) % sides for at in range(0, 8 * count, 8))
        extra = int(dice[4] or 0)
        return str(total - extra if dice[3] == "-" else total + extra)


_MACROS: dict[str, Callable[[_Expansion, str], str | None]] = {
    "char": _Expansion.char,
    "user": _Expansion.user,
    "random": _Expansion.random,
    "pick": _Expansion.pick,
    "roll": _Expansion.roll,
    "//": _Expansion.nothing,
    "comment": _Expansion.nothing,
    "hidden_key": _Expansion.hide,
    "reverse": _Expansion.reverse,
    "newline": _Expansion.newline,
    "noop": _Expansion.nothing,
}


def _value(argument: str) -> str:
    """An argument without the one or two colons before it."""
    return argument[2:] if argument.startswith("::") else argument.removeprefix(":")


def _choices(argument: str) -> list[str]:
    r"""What is between the commas, ``\,`` being a comma; or between double colons, as SillyTavern writes lists."""
    value = _value(argument)
    if argument.startswith("::") and "::" in value:
        return [choice.strip() for choice in value.split("::")]
    return split_list(value)


def split_list(value: str) -> list[str]:
    r"""Values between commas, without the spaces around them; ``\,`` is a comma that separates nothing."""
    return [choice.replace("\\,", ",").strip() for choice in re.split(r"(?<!\\),", value)]
