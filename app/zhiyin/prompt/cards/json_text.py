"""JSON written by strangers: bounded in size, depth and number before anything is done with it, and whole afterwards."""

import json
import math
from decimal import Decimal, InvalidOperation
from typing import Any

from msgspec import Struct

from zhiyin.prompt.cards.mending import Mend, Mended
from zhiyin.prompt.errors import CardCode, CardDetail, CardError
from zhiyin_models.child.wire import without_surrogates

MAX_TEXT = 8 * 1024 * 1024  # bytes of a card's JSON
MAX_DEPTH = 100  # objects and lists within each other
MAX_CONTAINERS = 200_000  # objects and lists; the largest books have some ten thousand
MAX_DIGITS = 1000
REPLACED_AT_MOST = 0.01  # of the text, so that what is nearly UTF-8 counts as UTF-8

BOMS = ((b"\xff\xfe\x00\x00", "utf-32-le"), (b"\x00\x00\xfe\xff", "utf-32-be"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


class Parsed(Struct, frozen=True):
    """A JSON value, with notes on what had to be put right."""

    value: Any
    mended: tuple[Mended, ...] = ()


def decode(data: bytes) -> tuple[str, tuple[Mended, ...]]:
    """The text of a file or chunk: UTF-8 with or without a mark, UTF-16, UTF-32, GB 18030; else what can be read of it.

    Raises CardError TOO_LARGE.
    """
    if len(data) > MAX_TEXT:
        raise CardError(CardCode.TOO_LARGE, path="", size=MAX_TEXT)
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    try:
        if not _is_wide(data):
            return data.decode("utf-8"), ()
    except UnicodeDecodeError:
        pass
    note = (Mended(Mend.ENCODING),)
    for mark, encoding in BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace"), note
    if _is_wide(data):
        return data.decode(json.detect_encoding(data), "replace"), note
    text = data.decode("utf-8", "replace")
    if text.count("\ufffd") <= REPLACED_AT_MOST * len(text):
        return text, note
    try:
        return data.decode("gb18030"), note
    except UnicodeDecodeError:
        return text, note


def _is_wide(data: bytes) -> bool:
    """Whether it looks like UTF-16 or UTF-32: JSON begins with ASCII, and has no zero bytes in UTF-8."""
    return data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:4]


def parse(text: str | bytes) -> Parsed:
    """The value of a JSON text. Raises CardError DAMAGED, TOO_LARGE or TOO_DEEP.

    Lone surrogates become U+FFFD; of what an object says twice the last counts. Whole numbers stay whole, others are the nearest double;
    what JSON does not know (NaN, Infinity) becomes null, and a number of more than a thousand digits its text.
    """
    notes: tuple[Mended, ...] = ()
    if isinstance(text, bytes):
        text, notes = decode(text)
    elif len(text) > MAX_TEXT:
        raise CardError(CardCode.TOO_LARGE, path="", size=MAX_TEXT)
    numbers = _Numbers()
    keys = _Keys()
    decoder = json.JSONDecoder(
        parse_float=numbers.real,
        parse_int=numbers.whole,
        parse_constant=numbers.constant,
        object_pairs_hook=keys.made,
        strict=False,
    )
    start = len(text) - len(text.lstrip(" \t\r\n\ufeff\0"))
    try:
        value, end = decoder.raw_decode(text, start)
    except RecursionError:
        raise CardError(CardCode.TOO_DEEP, path="") from None
    except ValueError as error:
        place = error.pos if isinstance(error, json.JSONDecodeError) else 0
        raise CardError(CardCode.DAMAGED, path="", detail=CardDetail.JSON, line=text.count("\n", 0, place) + 1) from error
    if text[end:].strip(" \t\r\n\0"):
        notes += (Mended(Mend.JSON_EXTRA),)
    if numbers.replaced:
        notes += (Mended(Mend.NUMBERS, {"count": numbers.replaced}),)
    if keys.twice:
        notes += (Mended(Mend.KEYS_TWICE, {"name": keys.first[:80], "count": keys.twice}),)
    letters = _Letters()
    value = _checked(value, text, letters)
    if letters.replaced:
        notes += (Mended(Mend.LETTERS, {"count": letters.replaced}),)
    return Parsed(value, notes)


def dump(value: Any, indent: int | None = None) -> str:
    """The JSON text of a value, free of surrogates. Raises ValueError for NaN."""
    separators = (",", ": ") if indent else (",", ":")
    return without_lone(json.dumps(value, ensure_ascii=False, indent=indent, separators=separators, allow_nan=False))


def without_lone(text: str) -> str:
    """The text with surrogate pairs joined and lone surrogates replaced."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return without_surrogates(text)
    return text


class _Numbers:
    """Makes Python's numbers of JSON's, and counts those that cannot be."""

    def __init__(self) -> None:
        self.replaced = 0

    def whole(self, digits: str) -> Any:
        if len(digits) <= MAX_DIGITS:
            return int(digits)
        self.replaced += 1
        return digits

    def real(self, digits: str) -> Any:
        value = float(digits)
        if math.isfinite(value):
            return value
        try:  # 1e400 is a whole number, and Python's have no end
            exact = Decimal(digits)
            if exact.adjusted() < MAX_DIGITS and exact == exact.to_integral_value():
                return int(exact)
        except InvalidOperation:
            pass
        self.replaced += 1
        return digits

    def constant(self, _name: str) -> None:
        self.replaced += 1


class _Keys:
    """Makes objects, and counts the keys that stand in one twice."""

    def __init__(self) -> None:
        self.twice = 0
        self.first = ""

    def made(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) < len(pairs):
            self.twice += len(pairs) - len(value)
            if not self.first:
                seen: set[str] = set()
                self.first = without_lone(next(key for key, _ in pairs if key in seen or seen.add(key)))  # type: ignore[func-returns-value]
        return value


class _Letters:
    """Frees texts of surrogates, and counts the texts in which one was lone."""

    def __init__(self) -> None:
        self.replaced = 0

    def cleaned(self, text: str) -> str:
        clean = without_lone(text)
        self.replaced += clean.count("\ufffd") > text.count("\ufffd")
        return clean


def _checked(value: Any, text: str, letters: _Letters) -> Any:
    """The value, with its depth and its number of containers within the bounds and no surrogates in its strings."""
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _measure(value)
    return _cleaned(value, letters) if "\\ud" in text or "\\uD" in text or without_lone(text) is not text else value


def _measure(value: Any) -> None:
    level, count, depth = [value], 0, 0
    while level:
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                count += 1
                inner.extend(child for child in item.values() if isinstance(child, dict | list))
            elif isinstance(item, list):
                count += 1
                inner.extend(child for child in item if isinstance(child, dict | list))
        depth += 1
        level = inner
        if depth > MAX_DEPTH + 1:
            raise CardError(CardCode.TOO_DEEP, path="")
    if count > MAX_CONTAINERS:
        raise CardError(CardCode.TOO_LARGE, path="", size=MAX_TEXT)


def _cleaned(value: Any, letters: _Letters) -> Any:
    """The same value with every string free of surrogates; its depth is known to be bounded."""
    if isinstance(value, str):
        return letters.cleaned(value)
    if isinstance(value, dict):
        return {letters.cleaned(key): _cleaned(item, letters) for key, item in value.items()}
    if isinstance(value, list):
        return [_cleaned(item, letters) for item in value]
    return value
