"""Names and other short texts of cards, books and conversations, made fit to stand in a line of the app's own words."""

import re

_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
_ISOLATES = re.compile("[\u2066-\u2069]")
_TURNING = re.compile(
    "[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]"
)


def one_line(text: str, longest: int = 300) -> str:
    """The beginning of a text without line breaks and without control characters, which fonts show as boxes."""
    return " ".join(_CONTROLS.sub("", text[: 2 * longest]).split())[:longest]


def isolated(text: str) -> str:
    """A text that cannot turn the words beside it around: in a first strong isolate, where it has anything that is written from the right.

    Its own isolates are taken out, as one that it closes too often would let out what follows (Unicode Standard Annex 9).
    """
    return f"\u2068{_ISOLATES.sub('', text)}\u2069" if _TURNING.search(text) else text
