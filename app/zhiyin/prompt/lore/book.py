"""A lorebook as typed values over the JSON it came as, and edits that leave everything else in that JSON as it was.

Fields are those of the Character Card V3 specification ("Lorebook"); ``extensions`` is read as SillyTavern writes it. Nothing is
trusted: what has a wrong type counts as missing, and numbers and lengths have bounds. Numbers, "true" and "false" that were written as
texts are read as they are meant.
"""

import re
import threading
from collections import OrderedDict
from math import isfinite
from typing import Any, Literal, TypeVar, cast, get_args

from msgspec import Struct

from zhiyin.prompt.decorators import Decorators, Role, split

T = TypeVar("T")
Logic = Literal["and_any", "not_all", "not_any", "and_all"]
Position = Literal[
    "before_char", "after_char", "before_note", "after_note", "in_chat", "before_examples", "after_examples",
    "before_desc", "after_desc", "personality", "scenario",
]  # fmt: skip

MAX_ENTRIES = 10_000
MAX_KEYS = 1000
"""Of one entry."""
MAX_ALL_KEYS = 100_000
MAX_KEY = 1000
"""Characters."""
MAX_CONTENT = 1024 * 1024
"""Characters of one entry."""
MAX_DEPTH = 10_000

LOGICS: tuple[Logic, ...] = get_args(Logic)
"""In the order of SillyTavern's ``selectiveLogic``."""
POSITIONS: tuple[Position, ...] = get_args(Position)
"""The first seven in the order of SillyTavern's ``position``; the rest come from ``@@position`` alone."""
ROLES: tuple[Role, ...] = get_args(Role)
"""In the order of SillyTavern's ``role``."""
_ST_POSITIONS = POSITIONS[:7]
_ST_MARKS = ("selectiveLogic", "display_index", "useProbability")
_KEPT_BOOKS = 32
_NUMBER = re.compile(r"[+-]?\d{1,12}(?:\.\d{0,12})?", re.ASCII)


class Entry(Struct, frozen=True, gc=False):
    """An entry. ``index`` is its place in the raw list; ``source`` is the content as it is edited, with its decorators."""

    index: int
    name: str
    comment: str
    keys: tuple[str, ...]
    secondary_keys: tuple[str, ...]
    selective: bool  # whether the secondary keys count
    logic: Logic
    content: str
    source: str
    decorators: Decorators
    enabled: bool
    constant: bool
    probability: float  # percent
    order: float  # lower = earlier in the prompt
    priority: float | None  # lower = dropped first
    position: Position
    depth: int  # messages from the end, where the position is in_chat
    role: Role
    case_sensitive: bool | None  # None = as the settings say
    whole_words: bool | None
    use_regex: bool  # every key is a pattern; ``/pattern/flags`` is one in any case
    scan_depth: int | None  # messages; None = as the book says
    exclude_recursion: bool  # other entries do not call it up
    prevent_recursion: bool  # it calls up no others
    delay_until_recursion: int  # only other entries call it up; higher levels later; 0 = not so
    group: str  # of those with a group in common only one is sent; names between commas
    group_override: bool  # the highest order wins instead of chance
    group_weight: int
    sticky: int  # messages that it stays
    cooldown: int  # messages that it then keeps away
    delay: int  # messages that there have to be
    ignore_budget: bool

    @property
    def title(self) -> str:
        """What to call it in a list: its name, else its comment, else its first key."""
        return self.name or self.comment or (self.keys[0] if self.keys else "")


class Book(Struct, frozen=True, eq=False, dict=True):
    """A lorebook. ``raw`` is the whole JSON object and must never be changed in place: edits give a new one."""

    raw: dict[str, Any]
    name: str
    description: str
    scan_depth: int | None
    token_budget: int | None
    recursive: bool | None  # None = as the settings say
    entries: tuple[Entry, ...]

    def changed(self, **fields: Any) -> dict[str, Any]:
        """The raw book with ``name``, ``description``, ``scan_depth``, ``token_budget`` or ``recursive`` set; None takes one away."""
        raw = dict(self.raw)
        for field, value in fields.items():
            _set(raw, "recursive_scanning" if field == "recursive" else field, value)
        return raw

    def changed_entry(self, index: int, **fields: Any) -> dict[str, Any]:
        """The raw book with fields of one entry set, named as in ``Entry``; ``content`` is set with its decorators. IndexError."""
        return self._with(lambda entries: [*entries[:index], _changed(entries[index], fields), *entries[index + 1 :]])

    def added(self, **fields: Any) -> dict[str, Any]:
        """The raw book with an entry more, at its end."""
        raw = {"keys": [], "content": "", "extensions": {}, "enabled": True, "insertion_order": 100, "use_regex": False}
        return self._with(lambda entries: [*entries, _changed({**raw, "constant": False}, fields)])

    def copied(self, index: int) -> dict[str, Any]:
        """The raw book with an entry twice, the copy below it."""
        return self._with(lambda entries: [*entries[: index + 1], _without_id(entries[index]), *entries[index + 1 :]])

    def removed(self, index: int) -> dict[str, Any]:
        """The raw book without an entry."""
        return self._with(lambda entries: entries[:index] + entries[index + 1 :])

    def moved(self, index: int, to: int) -> dict[str, Any]:
        """The raw book with an entry at another place in its list."""

        def order(entries: list[Any]) -> list[Any]:
            rest = entries[:index] + entries[index + 1 :]
            return [*rest[:to], entries[index], *rest[to:]]

        return self._with(order)

    def _with(self, edit: Any) -> dict[str, Any]:
        entries = self.raw.get("entries")
        return {**self.raw, "entries": edit(entries if isinstance(entries, list) else [])}


def empty_book(name: str = "") -> dict[str, Any]:
    """The raw form of a new book."""
    return {"name": name, "extensions": {}, "entries": []}


_read: OrderedDict[int, tuple[dict[str, Any], Book]] = OrderedDict()
_reading = threading.Lock()


def read_book(raw: dict[str, Any]) -> Book:
    """What the JSON of a book says; entries that are no objects are passed over. Never raises.

    The same object gives the same book, with everything that was prepared for finding its keys, as long as it is among the last 32.
    """
    with _reading:
        known = _read.get(id(raw))
        if known is not None and known[0] is raw:
            _read.move_to_end(id(raw))
            return known[1]
    book = _book(raw)
    with _reading:
        _read[id(raw)] = (raw, book)
        while len(_read) > _KEPT_BOOKS:
            _read.popitem(last=False)
    return book


def _book(raw: dict[str, Any]) -> Book:
    entries = raw.get("entries")
    read: list[Entry] = []
    keys_left = MAX_ALL_KEYS
    for index, value in enumerate(entries if isinstance(entries, list) else []):
        if len(read) == MAX_ENTRIES or keys_left <= 0:
            break
        if isinstance(value, dict):
            entry = read_entry(value, index)
            keys_left -= len(entry.keys) + len(entry.secondary_keys)
            read.append(entry)
    return Book(
        raw=raw,
        name=_text(raw.get("name")),
        description=_text(raw.get("description")),
        scan_depth=_whole(raw.get("scan_depth"), None, MAX_DEPTH),
        token_budget=_whole(raw.get("token_budget"), None, 10_000_000),
        recursive=_choice(raw.get("recursive_scanning")),
        entries=tuple(read),
    )


def read_entry(raw: dict[str, Any], index: int = 0) -> Entry:
    """One entry of a book's list."""
    extensions = raw.get("extensions")
    more: dict[str, Any] = extensions if isinstance(extensions, dict) else {}
    source = _text(raw.get("content"))[:MAX_CONTENT]
    decorators, content = split(source)
    level = more.get("delay_until_recursion")
    chancy = _flag(more.get("useProbability"), default=True)
    probability = _number(more.get("probability"), 100.0) if chancy else 100.0
    return Entry(
        index=index,
        name=_text(raw.get("name"))[:MAX_KEY],
        comment=_text(raw.get("comment")),
        keys=_keys(raw.get("keys")),
        secondary_keys=_keys(raw.get("secondary_keys")),
        selective=_flag(raw.get("selective")),
        logic=cast("Logic", _named(more.get("selectiveLogic"), LOGICS, LOGICS[0])),
        content=content,
        source=source,
        decorators=decorators,
        enabled=_flag(raw.get("enabled"), default=True),
        constant=_flag(raw.get("constant")),
        probability=min(100.0, max(0.0, probability)),
        order=_number(raw.get("insertion_order"), 100.0),
        priority=_number(raw.get("priority"), None),
        position=_position(raw, more),
        depth=_whole(more.get("depth"), 4, MAX_DEPTH),
        role=cast("Role", _named(more.get("role"), ROLES, ROLES[0])),
        case_sensitive=_choice(raw.get("case_sensitive"), more.get("case_sensitive")),
        whole_words=_choice(more.get("match_whole_words")),
        use_regex=_patterns(raw, more),
        scan_depth=_whole(more.get("scan_depth"), None, MAX_DEPTH),
        exclude_recursion=_flag(more.get("exclude_recursion")),
        prevent_recursion=_flag(more.get("prevent_recursion")),
        delay_until_recursion=1 if _meant(level) is True else _whole(level, 0, 100),
        group=_text(more.get("group"))[:MAX_KEY],
        group_override=_flag(more.get("group_override")),
        group_weight=_whole(more.get("group_weight"), 100, 1_000_000),
        sticky=_whole(more.get("sticky"), 0, MAX_DEPTH),
        cooldown=_whole(more.get("cooldown"), 0, MAX_DEPTH),
        delay=_whole(more.get("delay"), 0, MAX_DEPTH),
        ignore_budget=_flag(more.get("ignore_budget")),
    )


def _patterns(raw: dict[str, Any], more: dict[str, Any]) -> bool:
    """Whether plain keys are patterns. SillyTavern writes ``use_regex`` for every entry and means only ``/pattern/``."""
    ours = more.get("zhiyin")
    if isinstance(ours, dict) and isinstance(ours.get("use_regex"), bool):
        return cast("bool", ours["use_regex"])
    return _flag(raw.get("use_regex")) and not any(mark in more for mark in _ST_MARKS)


def _position(raw: dict[str, Any], more: dict[str, Any]) -> Position:
    plain: Position = "before_char" if raw.get("position") == "before_char" else "after_char"
    number = more.get("position")
    if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < len(_ST_POSITIONS):
        return _ST_POSITIONS[number]
    return plain


_EXTENSIONS = {
    "scan_depth": "scan_depth",
    "depth": "depth",
    "whole_words": "match_whole_words",
    **{name: name for name in ("exclude_recursion", "prevent_recursion", "delay_until_recursion", "ignore_budget")},
    **{name: name for name in ("group", "group_override", "group_weight", "sticky", "cooldown", "delay")},
}
_PLAIN = {
    **{name: name for name in ("name", "comment", "selective", "content", "enabled", "constant", "priority", "case_sensitive")},
    "source": "content",
    "order": "insertion_order",
}


def _changed(value: Any, fields: dict[str, Any]) -> dict[str, Any]:
    raw = dict(value) if isinstance(value, dict) else {}
    more = dict(raw["extensions"]) if isinstance(raw.get("extensions"), dict) else {}
    patterns = bool(fields.get("use_regex", _patterns(raw, more)))
    for field, new in fields.items():
        _change(raw, more, field, new)
    raw["extensions"] = more
    if _patterns(raw, more) != patterns:
        ours = more.get("zhiyin")
        more["zhiyin"] = {**(ours if isinstance(ours, dict) else {}), "use_regex": patterns}
    return raw


def _change(raw: dict[str, Any], more: dict[str, Any], field: str, new: Any) -> None:
    if field in _PLAIN:
        _set(raw, _PLAIN[field], new)
        if field == "case_sensitive" and "case_sensitive" in more:
            _set(more, "case_sensitive", new)
    elif field in ("keys", "secondary_keys"):
        raw[field] = list(new)
    elif field in _EXTENSIONS:
        _set(more, _EXTENSIONS[field], new)
    elif field == "logic":
        more["selectiveLogic"] = LOGICS.index(new)
    elif field == "role":
        more["role"] = ROLES.index(new)
    elif field == "probability":
        more.update(probability=new, useProbability=True)
    elif field == "position":
        number = _ST_POSITIONS.index(new)
        raw["position"] = "before_char" if number == 0 else "after_char"
        more["position"] = number
    elif field == "use_regex":
        raw["use_regex"] = new
    else:
        raise TypeError(field)


def _without_id(value: Any) -> Any:
    return {key: kept for key, kept in value.items() if key != "id"} if isinstance(value, dict) else value


def _set(target: dict[str, Any], key: str, value: Any) -> None:
    if value is None:
        target.pop(key, None)
    else:
        target[key] = value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _keys(value: Any) -> tuple[str, ...]:
    """A list of keys; one string is read as SillyTavern's field of keys between commas."""
    if isinstance(value, str):
        value = value[: MAX_KEY * 10].split(",")
    if not isinstance(value, list):
        return ()
    return tuple(key.strip()[:MAX_KEY] for key in value[:MAX_KEYS] if isinstance(key, str) and key.strip())


_TRUTHS = {"true": True, "false": False, "1": True, "0": False}


def _meant(value: Any) -> bool | None:
    """A truth value, or the text that stands for one; None for anything else."""
    if isinstance(value, str):
        return _TRUTHS.get(value[:8].strip().lower())
    return value if isinstance(value, bool) else None


def _flag(value: Any, *, default: bool = False) -> bool:
    meant = _meant(value)
    return default if meant is None else meant


def _choice(*values: Any) -> bool | None:
    return next((meant for value in values if (meant := _meant(value)) is not None), None)


def _number(value: Any, default: T) -> float | T:
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return default
    if isinstance(value, int):
        return float(max(-(10**9), min(10**9, value)))
    return max(-1e9, min(1e9, value)) if isfinite(value) else default


def _whole(value: Any, default: T, highest: int) -> int | T:
    number = _number(value, None)
    return default if number is None else max(0, min(highest, int(number)))


def _named(value: Any, names: tuple[str, ...], default: str) -> str:
    """A name by SillyTavern's number for it, or as it is."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(names):
        return names[value]
    return value if isinstance(value, str) and value in names else default
