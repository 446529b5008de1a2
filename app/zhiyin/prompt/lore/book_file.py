"""Standalone lorebooks as files: the specification's ``lorebook_v3``, a bare V2 book, SillyTavern's world info, the book of a card."""

import json
from enum import StrEnum
from typing import Any, NamedTuple

from msgspec import Struct

from zhiyin.prompt.cards.json_text import MAX_TEXT, parse
from zhiyin.prompt.cards.mending import Mended
from zhiyin.prompt.errors import CardCode, CardDetail, CardError
from zhiyin.prompt.lore.book import MAX_CONTENT, MAX_ENTRIES, MAX_KEYS
from zhiyin_models.errors import Argument

MAX_FILE = MAX_TEXT
"""Bytes."""


class BookMend(StrEnum):
    """What was done to a file so that it could be taken."""

    WORLD_INFO = "world_info"  # was written by SillyTavern, and is a lorebook now
    FROM_CARD = "from_card"  # is the book of a card
    TOO_MANY_ENTRIES = "too_many_entries"  # count, kept
    NOT_ENTRIES = "not_entries"  # count: were no objects
    TOO_LONG = "too_long"  # count: of entries whose text was cut
    TOO_MANY_KEYS = "too_many_keys"  # count: of entries


class BookMended(Struct, frozen=True):
    """A mend with its arguments."""

    code: BookMend
    args: dict[str, Argument] = {}


class BookFile(NamedTuple):
    """A book that was read: its JSON (the ``data`` of a lorebook_v3), its name, and what was mended."""

    raw: dict[str, Any]
    name: str
    mended: tuple[BookMended | Mended, ...]


def read_book_file(data: bytes, path: str = "") -> BookFile:
    """Read a book of any of the known forms; what the file says beyond them is kept.

    Raises CardError: TOO_LARGE, or BOOK_BAD with what is wrong.
    """
    if len(data) > MAX_FILE:
        raise CardError(CardCode.TOO_LARGE, path=path, size=MAX_FILE)
    try:
        parsed = parse(data)
    except CardError as error:
        if error.code == CardCode.TOO_LARGE:
            raise CardError(CardCode.TOO_LARGE, path=path, size=MAX_FILE) from error
        deep = {"detail": CardDetail.DEEP} if error.code == CardCode.TOO_DEEP else {}
        raise CardError(CardCode.BOOK_BAD, **{**error.failure.args, **deep, "path": path}) from error
    value = parsed.value
    if not isinstance(value, dict):
        raise CardError(CardCode.BOOK_BAD, path=path, detail=CardDetail.NOT_OBJECT)
    mended: list[BookMended] = []
    raw = _found(value, mended)
    if raw is None:
        raise CardError(CardCode.BOOK_BAD, path=path, detail=CardDetail.NO_ENTRIES)
    raw = _bounded(raw, mended)
    name = raw.get("name")
    return BookFile(raw, name.strip()[:200] if isinstance(name, str) else "", (*parsed.mended, *mended))


def write_book_file(raw: dict[str, Any]) -> bytes:
    """The file form of a book: ``lorebook_v3``, UTF-8, indented."""
    data = {**raw, "extensions": raw.get("extensions", {}), "entries": raw.get("entries", [])}
    text = json.dumps({"spec": "lorebook_v3", "data": data}, ensure_ascii=False, indent=2)
    return text.encode("utf-8", "backslashreplace")


def _found(value: dict[str, Any], mended: list[BookMended]) -> dict[str, Any] | None:
    """The book in what a file holds, with its entries as a list."""
    data = value.get("data")
    inner = data if isinstance(data, dict) else {}
    for holder in (inner, value):
        book = holder.get("character_book")
        if isinstance(book, dict):
            mended.append(BookMended(BookMend.FROM_CARD))
            return _listed(book, mended)
    return _listed(inner if "entries" in inner else value, mended)


def _listed(book: dict[str, Any], mended: list[BookMended]) -> dict[str, Any] | None:
    entries = book.get("entries")
    if isinstance(entries, list):
        return book
    if not isinstance(entries, dict):
        return None
    mended.append(BookMended(BookMend.WORLD_INFO))
    found = [_from_world_info(entry) if isinstance(entry, dict) else entry for entry in entries.values()]
    rest = {key: kept for key, kept in book.items() if key not in ("entries", "originalData")}
    return {**rest, "extensions": rest.get("extensions", {}), "entries": found}


_FIELDS = {
    "uid": "id",
    "key": "keys",
    "keysecondary": "secondary_keys",
    "comment": "comment",
    "content": "content",
    "constant": "constant",
    "selective": "selective",
    "order": "insertion_order",
}
_EXTENSIONS = {
    "position": "position",
    "depth": "depth",
    "role": "role",
    "probability": "probability",
    "useProbability": "useProbability",
    "selectiveLogic": "selectiveLogic",
    "displayIndex": "display_index",
    "excludeRecursion": "exclude_recursion",
    "preventRecursion": "prevent_recursion",
    "delayUntilRecursion": "delay_until_recursion",
    "group": "group",
    "groupOverride": "group_override",
    "groupWeight": "group_weight",
    "useGroupScoring": "use_group_scoring",
    "scanDepth": "scan_depth",
    "caseSensitive": "case_sensitive",
    "matchWholeWords": "match_whole_words",
    "automationId": "automation_id",
    "vectorized": "vectorized",
    "sticky": "sticky",
    "cooldown": "cooldown",
    "delay": "delay",
    "ignoreBudget": "ignore_budget",
    "outletName": "outlet_name",
}


def _from_world_info(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry of SillyTavern's world info as one of a V3 book; fields that neither knows stay in its extensions."""
    given = entry.get("extensions")
    more: dict[str, Any] = dict(given) if isinstance(given, dict) else {}
    made: dict[str, Any] = {"keys": [], "content": ""}
    for key, value in entry.items():
        if key in _FIELDS:
            made[_FIELDS[key]] = value
        elif key not in ("disable", "extensions"):
            more[_EXTENSIONS.get(key, key)] = value
    more.setdefault("selectiveLogic", 0)
    made["enabled"] = entry.get("disable") is not True
    made["position"] = "before_char" if entry.get("position") == 0 else "after_char"
    made["use_regex"] = False
    made["extensions"] = more
    return made


def _bounded(raw: dict[str, Any], mended: list[BookMended]) -> dict[str, Any]:
    """A book with no more than can be looked through."""
    entries = raw["entries"]
    kept = [entry for entry in entries if isinstance(entry, dict)]
    if len(kept) < len(entries):
        mended.append(BookMended(BookMend.NOT_ENTRIES, {"count": len(entries) - len(kept)}))
    if len(kept) > MAX_ENTRIES:
        mended.append(BookMended(BookMend.TOO_MANY_ENTRIES, {"count": len(kept), "kept": MAX_ENTRIES}))
        kept = kept[:MAX_ENTRIES]
    long = many = 0
    for at, entry in enumerate(kept):
        content, changes = entry.get("content"), {}
        if isinstance(content, str) and len(content) > MAX_CONTENT:
            changes["content"], long = content[:MAX_CONTENT], long + 1
        lists = {
            key: entry[key][:MAX_KEYS]
            for key in ("keys", "secondary_keys")
            if isinstance(entry.get(key), list) and len(entry[key]) > MAX_KEYS
        }
        many += bool(lists)
        if changes or lists:
            kept[at] = {**entry, **changes, **lists}
    if long:
        mended.append(BookMended(BookMend.TOO_LONG, {"count": long}))
    if many:
        mended.append(BookMended(BookMend.TOO_MANY_KEYS, {"count": many}))
    return {**raw, "entries": kept}
