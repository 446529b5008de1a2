"""A model card: README.md, with a block of metadata before its text. Light.

The block is YAML; what is needed of it is a few lists of words, so only those shapes are understood: ``key: value``, ``key: [a, b]``, and
``key:`` with lines of ``- value`` under it. Anything else in it is passed over.
"""

import re
from typing import NamedTuple

MAX_CARD = 2 << 20  # bytes
MAX_TEXT = 512 << 10  # characters of it that are kept
MAX_METADATA = 64 << 10  # characters
MAX_VALUES = 200
MAX_VALUE = 200
FENCE = re.compile(r"\A\ufeff?---[ \t]*\r?\n(?P<metadata>.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
LINE = re.compile(r"(?P<key>[A-Za-z_][\w-]{0,63}):(?:[ \t]+(?P<value>.*))?")
ITEM = re.compile(r"[ \t]*-[ \t]+(?P<value>.*)")


class Card(NamedTuple):
    """The text without the metadata, and the metadata as lists of words."""

    text: str
    metadata: dict[str, tuple[str, ...]]

    def one(self, key: str) -> str:
        """The first value, or ""."""
        return next(iter(self.metadata.get(key, ())), "")


def read_card(content: bytes) -> Card:
    """Take a README apart. Never raises: what cannot be understood is text."""
    whole = content[:MAX_CARD].decode("utf-8", "replace")
    head = whole[: MAX_METADATA + 16]
    match = FENCE.match(head)
    if match is None:
        return Card(whole[:MAX_TEXT], {})
    return Card(whole[match.end() :].lstrip("\r\n")[:MAX_TEXT], _metadata(match["metadata"]))


def _metadata(block: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    values: list[str] | None = None
    for line in block.splitlines():
        match = LINE.fullmatch(line)
        if match is not None:
            values = found.setdefault(match["key"], []) if len(found) < MAX_VALUES else None
            if values is not None:
                values += _values(match["value"] or "")
        elif values is not None and len(values) < MAX_VALUES and (item := ITEM.fullmatch(line)) is not None:
            values += _values(item["value"])
    return {key: tuple(one for one in items[:MAX_VALUES] if one) for key, items in found.items()}


def _values(text: str) -> list[str]:
    plain = text.strip()
    if plain.startswith("[") and plain.endswith("]"):
        return [_word(part) for part in plain[1:-1].split(",")[:MAX_VALUES]]
    return [_word(plain)] if plain and plain[0] not in "|>{&*!#" else []


def _word(text: str) -> str:
    plain = text.strip()
    if len(plain) > 1 and plain[0] == plain[-1] and plain[0] in "'\"":
        return plain[1:-1][:MAX_VALUE]
    return re.split(r"\s#", plain, maxsplit=1)[0].rstrip()[:MAX_VALUE]
