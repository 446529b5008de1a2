"""Finds the keys of a book in texts: plain keys of the whole book in about one pass, patterns with a limit on their time.

Texts are cut into short pieces, and only keys that begin with a piece that is there are looked for, so the cost follows the text and not
the book. Chinese has no borders between words: keys with such characters are found anywhere, and a foreign word between them is a
whole word.
"""

import re
import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator, KeysView, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from zhiyin.prompt.lore.book import Book, Entry
from zhiyin.prompt.macros import MacroValues, expand

if TYPE_CHECKING:
    import regex

KEPT_NAMES = 4
PATTERN_SECONDS = 0.005
"""The longest search of one pattern in one text."""
ALL_SECONDS = 0.025
"""The longest search of all patterns in one activation."""
COMPILE_SECONDS = 0.1
"""The longest preparation of patterns in one activation; the next goes on with the rest."""
STRIKES = 2
"""After so many searches that ran out of time a pattern of this book is not tried again."""
MAX_TEXT = 200_000
"""Characters of one text that are looked through."""
MAX_PATTERN_TEXT = 50_000
FEW_KEYS = 24
"""So few keys are faster to look for one by one."""
KEPT_CHARACTERS = 8_000_000
"""Of texts in which was found what they hold; a conversation's are found in once."""
MAX_WEIGHT = 2000
"""Of a pattern, see ``weight``."""
MAX_NESTING = 20
"""Groups within groups."""
_PIECE = 4

_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fff\u3005-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Scripts that put no spaces between words, or that join particles to them: Thai, Lao, Burmese, Khmer, Chinese, Japanese, Korean."""
_DELIMITED = re.compile(r"/((?:[^/\\]|\\.)+)/([dgimsuvy]*)", re.DOTALL)
_CLASS = re.compile(r"\[\^?\]?(?:[^\]\\]|\\.)*\]", re.DOTALL)
_COUNTED = re.compile(r"\{(\d*)(,?)(\d*)\}")
_FUZZY = re.compile(r"\{[^{}]*[dies][^{}]*\}|\(\?(?:R|&|P>|\d|[+-]\d)|\\[LG]<")
_LITERAL = re.compile(r"[\w\s,:;!'\"-]+")


_WIDE = re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]")
_NARROW = {wide: wide - 0xFEE0 for first, last in ((0xFF10, 0xFF19), (0xFF21, 0xFF3A), (0xFF41, 0xFF5A)) for wide in range(first, last + 1)}


class PlainKey(Struct, frozen=True):
    """A key that is simply contained."""

    text: str
    case_sensitive: bool
    whole: bool


class PatternKey(Struct, frozen=True):
    """A key that is a pattern."""

    source: str
    flags: str


class Rule(Struct, frozen=True, gc=False):
    """What an entry asks for, as numbers of keys. ``never``: it is switched off, or there is nothing to send."""

    primary: tuple[int, ...]
    secondary: tuple[int, ...]
    additional: tuple[tuple[int, ...], ...]
    excluded: tuple[int, ...]
    never: bool


class Clock:
    """The time that patterns have left in one activation, and which of them ran out of it."""

    def __init__(self) -> None:
        self.search = ALL_SECONDS
        self.compile = COMPILE_SECONDS
        self.slow: set[int] = set()  # numbers of keys of the index that is being searched


class KeyIndex:
    """The keys of one book, with the names in them filled in."""

    def __init__(self, book: Book, values: MacroValues, *, case_sensitive: bool, whole_words: bool) -> None:
        self._names = values
        self._defaults = (case_sensitive, whole_words)
        self._numbers: dict[PlainKey | PatternKey, int] = {}
        self._keys: list[PlainKey | PatternKey] = []
        self.texts: list[str] = []
        self.rules = tuple(self._rule(entry) for entry in book.entries)
        self.entries_of: dict[int, list[int]] = {}
        for number, rule in enumerate(self.rules):
            for key in rule.primary:
                self.entries_of.setdefault(key, []).append(number)
        self.patterns = {number for number, key in enumerate(self._keys) if isinstance(key, PatternKey)}
        self._plain = [(number, key) for number, key in enumerate(self._keys) if isinstance(key, PlainKey)]
        self._pieces: dict[int, dict[str, list[tuple[int, PlainKey, str]]]] = {}
        for number, plain in self._plain:
            folded = plain.text.lower()
            piece = folded[:_PIECE]
            self._pieces.setdefault(len(piece), {}).setdefault(piece, []).append((number, plain, folded))
        self._kept = 0
        self._found: dict[str, tuple[int, ...]] = {}
        self._compiled: dict[int, regex.Pattern[str] | None] = {}
        self._heavy: set[int] = set()
        self._strikes: dict[int, int] = {}
        self._searched: dict[tuple[int, str], bool] = {}

    def plain(self, text: str) -> tuple[int, ...]:
        """The plain keys that are in a text."""
        found = self._found.get(text)
        if found is None:
            found = tuple(self._find(_narrowed(text[:MAX_TEXT])))
            self._make_room(len(text))
            self._found[text] = found
        return found

    def pattern(self, key: int, text: str, clock: Clock) -> bool:
        """Whether a pattern is in a text; no, when it takes too long, and the clock says so."""
        known = self._searched.get((key, text))
        if known is not None:
            return known
        if key in clock.slow:
            return False
        pattern = self._compiled_pattern(key, clock)
        if pattern is None:
            return False
        if self._strikes.get(key, 0) >= STRIKES or clock.search <= 0:
            clock.slow.add(key)
            return False
        began = time.perf_counter()
        try:
            found = pattern.search(text[-MAX_PATTERN_TEXT:], timeout=min(PATTERN_SECONDS, clock.search)) is not None
        except (TimeoutError, MemoryError, RecursionError):
            clock.slow.add(key)
            self._strikes[key] = self._strikes.get(key, 0) + 1
            return False
        finally:
            clock.search -= time.perf_counter() - began
        self._make_room(len(text))
        self._searched[key, text] = found
        return found

    def _make_room(self, characters: int) -> None:
        """Forgets what was found when it is about more text than is worth keeping."""
        self._kept += characters + 100
        if self._kept > KEPT_CHARACTERS:
            self._found.clear()
            self._searched.clear()
            self._kept = characters + 100

    def _compiled_pattern(self, key: int, clock: Clock) -> "regex.Pattern[str] | None":
        if key in self._compiled:
            return self._compiled[key]
        if clock.compile <= 0:
            clock.slow.add(key)
            return None
        source = self._keys[key]
        if not isinstance(source, PatternKey) or key in self._heavy:
            clock.slow.add(key)
            return None
        if weight(source.source) > MAX_WEIGHT:
            self._heavy.add(key)
            return self._compiled_pattern(key, clock)
        began = time.perf_counter()
        self._compiled[key] = compiled = _compile(source)
        clock.compile -= time.perf_counter() - began
        return compiled

    def users_of(self, keys: set[int]) -> list[int]:
        """The entries that one of these keys matters to."""
        return [
            number
            for number, rule in enumerate(self.rules)
            if not keys.isdisjoint(rule.primary)
            or any(not keys.isdisjoint(group) for group in (rule.secondary, rule.excluded, *rule.additional))
        ]

    def wrong(self, entry: int, clock: Clock) -> bool:
        """Whether one of the patterns of an entry is none, which rules the entry out."""
        rule = self.rules[entry]
        wanted = [key for key in rule.primary if key in self.patterns]
        return any(self._compiled_pattern(key, clock) is None and key not in clock.slow for key in wanted)

    def _find(self, text: str) -> Iterator[int]:
        folded = text.lower()
        if len(self._plain) <= FEW_KEYS:
            for number, key in self._plain:
                if key.text.lower() in folded and _sure(key, text, folded):
                    yield number
            return
        for size, pieces in self._pieces.items():
            for piece in _present(folded, size, pieces.keys()):
                for number, key, wanted in pieces[piece]:
                    if (len(wanted) == size or wanted in folded) and _sure(key, text, folded):
                        yield number

    def _rule(self, entry: Entry) -> Rule:
        decorators = entry.decorators
        primary = [self._number(entry, key) for key in entry.keys]
        secondary = [self._number(entry, key) for key in entry.secondary_keys] if entry.selective and not entry.use_regex else []
        groups = [[self._number(entry, key) for key in group] for group in decorators.additional_keys]
        excluded = [] if entry.use_regex else [self._number(entry, key) for key in decorators.exclude_keys]
        if entry.use_regex:  # V3: further patterns are further ways to match
            primary += [key for group in groups for key in group]
            groups = []
        return Rule(
            tuple(primary),
            tuple(secondary),
            tuple(map(tuple, groups)),
            tuple(excluded),
            never=not entry.enabled or not entry.content.strip(),
        )

    def _number(self, entry: Entry, text: str) -> int:
        """The number of a key in this index."""
        key = self._key(entry, text)
        number = self._numbers.setdefault(key, len(self._keys))
        if number == len(self._keys):
            self._keys.append(key)
            self.texts.append(text)
        return number

    def _key(self, entry: Entry, text: str) -> PlainKey | PatternKey:
        sensitive = self._defaults[0] if entry.case_sensitive is None else entry.case_sensitive
        delimited = _DELIMITED.fullmatch(text)
        if delimited is not None or entry.use_regex:
            source, flags = (delimited[1].replace("\\/", "/"), delimited[2]) if delimited else (text, "" if sensitive else "i")
            if not _LITERAL.fullmatch(source):
                return self._pattern_key(source, flags)
            return PlainKey(_narrowed(source), "i" not in flags, whole=False)
        filled = _narrowed(expand(text, self._names)).strip()
        whole = self._defaults[1] if entry.whole_words is None else entry.whole_words
        return PlainKey(filled or text, sensitive, whole=whole and not _UNSPACED.search(filled))

    def _pattern_key(self, source: str, flags: str) -> PatternKey:
        names = MacroValues(char=re.escape(self._names.char), user=re.escape(self._names.user))
        filled = expand(source, names) if "{{" in source else source
        return PatternKey(filled.replace("[^]", r"[\s\S]"), "".join(sorted(set(flags) & set("ims"))))


def _narrowed(text: str) -> str:
    """A text with letters and digits of full width as ordinary ones."""
    return text.translate(_NARROW) if not text.isascii() and _WIDE.search(text) else text


def _compile(key: PatternKey) -> "regex.Pattern[str] | None":
    """The pattern, or None for one that is wrong."""
    import regex  # noqa: PLC0415 - most books have none, and it is slow to import

    flags = (regex.IGNORECASE if "i" in key.flags else 0) | (regex.MULTILINE if "m" in key.flags else 0)
    try:
        return regex.compile(key.source, flags | (regex.DOTALL if "s" in key.flags else 0))
    except (regex.error, ValueError, TypeError, OverflowError, RecursionError, MemoryError, KeyError, IndexError, AttributeError):
        return None


_CHUNK = 4096
_SLICES = {size: [slice(at, at + size) for at in range(_CHUNK)] for size in range(1, _PIECE + 1)}


def _present(text: str, size: int, pieces: KeysView[str]) -> set[str]:
    """Which of the pieces of one size are in a text; the loop over its places is one of C's."""
    found: set[str] = set()
    for start in range(0, len(text) - size + 1, _CHUNK):
        part = text[start : start + _CHUNK + size - 1]
        found |= pieces & map(part.__getitem__, _SLICES[size][: len(part) - size + 1])
    return found


def weight(source: str) -> int:
    """How much there is to prepare and to search for: counted repeats are laid out one beside the other, and multiply when nested.

    Approximate matching, calls of groups and deep nesting, which no book needs, weigh more than anything.
    """
    if _FUZZY.search(source):
        return MAX_WEIGHT + 1
    groups = [0]
    last = at = 0
    while at < len(source):
        character = source[at]
        counted = _COUNTED.match(source, at) if character == "{" else None
        if counted is not None:
            times = max(1, int(counted[1][:6] or 0), int(counted[3][:6] or 0))
            groups[-1] += last * (times - 1)
            last *= times
            at = counted.end()
            continue
        at = _class_end(source, at) if character == "[" else at + (2 if character == "\\" else 1)
        if character == "(":
            groups.append(0)
            last = 0
        elif character == ")" and len(groups) > 1:
            last = groups.pop() + 1
            groups[-1] += last
        elif character in "*+?":  # compiled twice: the first time round and the others
            groups[-1] += last
            last *= 2
        elif character != "|":
            last = 1
            groups[-1] += 1
        if len(groups) > MAX_NESTING:
            return MAX_WEIGHT + 1
    return sum(groups)


def _class_end(source: str, at: int) -> int:
    """Behind the ``]`` of a class of characters."""
    match = _CLASS.match(source, at)
    return match.end() if match else len(source)


def _sure(key: PlainKey, text: str, folded: str) -> bool:
    """Whether a key that is in the lower-cased text is there as it was asked for."""
    if not key.case_sensitive and not key.whole:
        return True
    where, wanted = (text, key.text) if key.case_sensitive else (folded, key.text.lower())
    if not key.whole:
        return wanted in where
    at = where.find(wanted)
    while at >= 0:
        after = at + len(wanted)
        if (at == 0 or not _in_word(where[at - 1])) and (after == len(where) or not _in_word(where[after])):
            return True
        at = where.find(wanted, at + 1)
    return False


def _in_word(character: str) -> bool:
    return (character.isalnum() or character == "_") and not _UNSPACED.match(character)


class Scan:
    """Where the keys of a book are in a row of messages: their newest places in a window of it."""

    def __init__(self, index: KeyIndex, texts: Sequence[str], first: int, clock: Clock) -> None:
        self._index = index
        self._texts = texts
        self._clock = clock
        self.places: dict[int, list[int]] = {}
        for at in range(first, len(texts)):
            for key in index.plain(texts[at]):
                self.places.setdefault(key, []).append(at)

    def newest(self, key: int, start: int, end: int) -> int:
        """The newest message from ``start`` up to before ``end`` with a key in it, or -1."""
        if key in self._index.patterns:
            return next((at for at in range(end - 1, start - 1, -1) if self._index.pattern(key, self._texts[at], self._clock)), -1)
        places = self.places.get(key)
        if places is None:
            return -1
        at = bisect_left(places, end) - 1
        return places[at] if at >= 0 and places[at] >= start else -1

    def since(self, start: int) -> Iterable[int]:
        """The plain keys that are in a message from ``start`` on."""
        return (key for key, places in self.places.items() if places[-1] >= start)


def key_index(book: Book, values: MacroValues, *, case_sensitive: bool, whole_words: bool) -> KeyIndex:
    """The book's index, kept with the book; where names stand in its keys, for the last few names that were asked for."""
    state = book.__dict__
    if "named" not in state:
        state["named"] = any("{{" in key or "<" in key for entry in book.entries for key in _all_keys(entry))
    names = MacroValues(char=values.char, user=values.user) if state["named"] else MacroValues()
    asked = (names, case_sensitive, whole_words)
    kept: dict[object, KeyIndex] = state.setdefault("key_indexes", {})
    index = kept.get(asked)
    if index is None:
        index = KeyIndex(book, names, case_sensitive=case_sensitive, whole_words=whole_words)
        if len(kept) >= KEPT_NAMES:
            kept.clear()
        kept[asked] = index
    return index


def _all_keys(entry: Entry) -> Iterator[str]:
    yield from entry.keys
    yield from entry.secondary_keys
    yield from entry.decorators.exclude_keys
    for group in entry.decorators.additional_keys:
        yield from group
