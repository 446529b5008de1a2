"""How much room words take in a terminal, and how they are made to fit."""

import unicodedata


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
