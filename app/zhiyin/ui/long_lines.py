"""Breaks very long lines for display and mends them again: Qt lays out a line of a million characters in minutes, a thousand lines at once.

A break is a word joiner before the line feed. The joiner is invisible, means "no break here", and stays in place through editing and undo.
"""

import re
import unicodedata

BREAK = "\u2060\n"
LONGEST = 1000  # characters in a displayed line
_LONG = re.compile(rf"[^\n]{{{LONGEST + 1},}}")
_LONG_WORD = re.compile(r"[!-~\u00a1-\u024f]{33,}")
_PIECE = re.compile(r"(.{1,31}[/\\_.-]|.{32})(?=.)")
_CLINGING = frozenset("\u200d\ufe0e\ufe0f\u2060")


def break_long_words(text: str) -> str:
    """The text with places to wrap (zero-width spaces) in words of more than 32 letters: a path must not widen what it is shown in."""
    return _LONG_WORD.sub(lambda word: _PIECE.sub("\\1\u200b", word.group()), text)


def break_long_lines(text: str) -> str:
    """The text with breaks in lines of more than a thousand characters, at white space where there is some."""
    return _LONG.sub(lambda line: _broken(line.group()), text)


def mend_long_lines(text: str) -> str:
    """The text as it was before ``break_long_lines``."""
    return text.replace(BREAK, "")


def _broken(line: str) -> str:
    pieces = []
    start = 0
    while len(line) - start > LONGEST:
        end = line.rfind(" ", start + LONGEST // 2, start + LONGEST) + 1 or start + LONGEST
        while end < len(line) and (line[end] in _CLINGING or line[end - 1] in _CLINGING or unicodedata.combining(line[end])):
            end += 1
        pieces.append(line[start:end])
        start = end
    return BREAK.join([*pieces, line[start:]])
