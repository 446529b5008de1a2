"""How much room words take in a terminal, and how they are made to fit."""

import unicodedata
from collections.abc import Sequence

BETWEEN = 2  # columns between the cells of a table
LEAST = 24  # columns of a shortened cell that still say something


def width(words: str) -> int:
    """Columns in a terminal: Chinese characters take two, combining marks none."""
    return sum(0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in words)


def shortened(words: str, room: int) -> str:
    """At most so many columns: the beginning and the end, which tell file names apart."""
    if width(words) <= room:
        return words
    head, tail = words[: max(0, room // 3)], words
    while tail and width(head) + 1 + width(tail) > room:
        tail = tail[1:]
    while head and width(head) + 1 + width(tail) > room:
        head = head[:-1]
    return f"{head}…{tail}" if room > 0 else ""


def fitted(rows: Sequence[Sequence[str]], room: int, spare: Sequence[int], short: int) -> list[list[str]]:
    """The rows of a table without as many columns as have to go for it to fit, and with the column ``short`` shortened.

    Those that have nothing below their heading go first, then the ``spare`` ones.
    """
    widths = [max(width(cell) for cell in column) for column in zip(*rows, strict=True)]
    kept = list(range(len(widths)))
    empty = [place for place in kept if not any(row[place] for row in rows[1:])]
    spared = [*empty, *(place for place in spare if place not in empty)]

    def beside() -> int:
        return sum(widths[place] + BETWEEN for place in kept if place != short)

    def least() -> int:
        return beside() + min(widths[short], LEAST) if short in kept else beside() - BETWEEN

    while spared and least() > room:
        kept.remove(spared.pop(0))
    if short in kept:
        rest = max(LEAST, room - beside())
        rows = [[shortened(cell, rest) if place == short else cell for place, cell in enumerate(row)] for row in rows]
    return [[row[place] for place in kept] for row in rows]
