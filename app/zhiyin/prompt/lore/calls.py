"""One look-up at work: entries called up by messages, by other entries, by what they were before, and those that chance leaves."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b

from msgspec import Struct

from zhiyin.prompt.decorators import NONE
from zhiyin.prompt.lore.book import Book, Entry
from zhiyin.prompt.lore.matching import ALL_SECONDS, COMPILE_SECONDS, Clock, Scan, key_index
from zhiyin.prompt.lore.values import MAX_RECURSION, LoreSettings, Owner, Reason, ScannedMessage
from zhiyin.prompt.macros import expand, hidden_keys

MAX_SCANNED = 200_000
"""Characters of messages that are looked through, newest first."""
MAX_SCANNED_LORE = 100_000
"""Characters of entries that are looked through for other entries, of all books together; but at least a fifth of it in each."""
MAX_MACROS = 20_000
"""Braces in the entries of one look-up whose macros are replaced; the entries behind them are sent as they are written."""
MAX_GROUPS = 8
"""Of one entry."""
HISTORY_MESSAGES = 1000
"""How far back is looked for what an entry did before."""
MAX_LOOKS = 2500
"""Earlier replies that are judged, of all entries together; what is beyond counts as not called up."""


class Situation(Struct, frozen=True):
    """What the conditions of entries ask for besides the messages."""

    replies: int = 0
    context_full: bool = False


class Side:
    """A book within one call."""

    def __init__(self, number: int, book: Book, owner: Owner, settings: LoreSettings) -> None:
        index = key_index(book, owner.moving, case_sensitive=settings.case_sensitive, whole_words=settings.whole_words)
        self.number = number
        self.owner = owner
        self.book = book
        self.index = index
        self.clock = Clock()
        self.recursive = settings.recursive if book.recursive is None else book.recursive
        self.default_depth = settings.scan_depth if book.scan_depth is None else book.scan_depth
        self.depths = [self._depth(entry) for entry in book.entries]
        self.scan: Scan
        self.called: dict[int, tuple[int, int]] = {}  # keys found in entries, and in which
        self.lore: list[tuple[str, tuple[int, int]]] = []  # the texts of entries, for patterns

    def _depth(self, entry: Entry) -> int:
        wanted = entry.decorators.scan_depth
        wanted = entry.scan_depth if wanted is None else wanted
        return self.default_depth if wanted is None else wanted


class Call:
    """One activation at work."""

    def __init__(
        self,
        books: Sequence[Book],
        messages: Sequence[ScannedMessage],
        settings: LoreSettings,
        *,
        seed: int,
        turn: int,
        owners: Sequence[Owner],
    ) -> None:
        self.messages = messages
        self.settings = settings
        self.seed = seed
        self.turn = turn
        self.count = len(messages)
        self.situation = Situation()
        self.points = [at for at, message in enumerate(messages) if message.role == "assistant"]
        self.replies = len(self.points)
        self.fired: dict[tuple[int, int], Reason] = {}
        self.texts: dict[tuple[int, int], str] = {}
        self._refused: set[tuple[int, int]] = set()
        self._groups: set[str] = set()
        self._looks = MAX_LOOKS
        self._macros = MAX_MACROS
        self.sides = self._sides(books, owners)

    def _sides(self, books: Sequence[Book], owners: Sequence[Owner]) -> list[Side]:
        settings = self.settings
        sides = [Side(number, book, owner, settings) for number, (book, owner) in enumerate(zip(books, owners, strict=True))]
        texts = [f"{message.name}: {message.text}" if settings.names else message.text for message in self.messages]
        for side in sides:
            side.clock.search, side.clock.compile = ALL_SECONDS / len(sides), COMPILE_SECONDS / len(sides)
            side.scan = Scan(side.index, texts, self._first(side, texts), side.clock)
        return sides

    def _first(self, side: Side, texts: Sequence[str]) -> int:
        """The oldest message that has to be looked at, for the deepest entry or for what entries did before."""
        deepest = max(side.depths, default=0)
        if any(_remembers(entry) for entry in side.book.entries):
            deepest = max(deepest, HISTORY_MESSAGES)
        left = MAX_SCANNED
        first = self.count
        while first > max(0, self.count - deepest) and left > 0:
            first -= 1
            left -= len(texts[first])
        return first

    def run(self) -> None:
        """Messages first, then what the entries that were called up say, as far as the books allow it."""
        new = self._settle((side, entry) for side in self.sides for entry in self._candidates(side))
        levels = sorted({entry.delay_until_recursion for side in self.sides if side.recursive for entry in side.book.entries} - {0})
        level = 0
        scanned = MAX_SCANNED_LORE // min(5, max(1, sum(side.recursive for side in self.sides)))
        for _ in range(min(self.settings.max_recursion, MAX_RECURSION)):
            scanned = self._read_lore(new, scanned)
            if not new and not levels:
                break
            if levels and (not new or not level):
                level = levels.pop(0)
            new = self._settle((side, entry) for side in self.sides if side.recursive for entry in self._called(side, level))
            if not new and not levels:
                break

    def _candidates(self, side: Side) -> list[int]:
        """Entries that may be called up by the messages."""
        index = side.index
        numbers = {
            number
            for number, entry in enumerate(side.book.entries)
            if entry.constant or entry.decorators.activate or (_remembers(entry) and not index.rules[number].never)
        }
        for key in side.scan.since(self.count - max(side.depths, default=0)):
            numbers.update(index.entries_of.get(key, ()))
        for key in index.patterns:
            numbers.update(index.entries_of.get(key, ()))
        return sorted(number for number in numbers if not side.book.entries[number].delay_until_recursion)

    def _called(self, side: Side, level: int) -> list[int]:
        """Entries that may be called up by entries; those that wait for that may be called up by messages as well."""
        index = side.index
        numbers: set[int] = set()
        for key in side.called:
            numbers.update(index.entries_of.get(key, ()))
        if side.lore:
            for key in index.patterns:
                numbers.update(index.entries_of.get(key, ()))
        entries = side.book.entries
        waiting = {number for number, entry in enumerate(entries) if 0 < entry.delay_until_recursion <= level} if level else set()
        return sorted(
            number
            for number in numbers | waiting
            if not entries[number].exclude_recursion and entries[number].delay_until_recursion <= level
        )

    def _settle(self, candidates: Iterable[tuple[Side, int]]) -> list[tuple[Side, int]]:
        """Takes those that are called up, one of each group."""
        new: list[tuple[Side, int, Reason]] = []
        for side, number in candidates:
            place = (side.number, number)
            if place in self.fired or place in self._refused:
                continue
            reason = self._reason(side, number)
            if reason is not None:
                new.append((side, number, reason))
        for side, number, reason in self._one_of_each_group(new):
            self.fired[side.number, number] = reason
            entry = side.book.entries[number]
            self.texts[side.number, number] = self._text(side, entry)
        return [(side, number) for side, number, _ in new if (side.number, number) in self.fired]

    def _text(self, side: Side, entry: Entry) -> str:
        """What an entry says, its macros replaced while there are not far too many."""
        content = entry.content[: self.settings.longest]
        marks = content.count("{{") + content.count("<")
        if marks > self._macros:
            return content
        self._macros -= marks
        return expand(content, side.owner.moving, position=(side.number + 1) * 100_003 + entry.index)

    def _one_of_each_group(self, new: list[tuple[Side, int, Reason]]) -> list[tuple[Side, int, Reason]]:
        grouped: dict[str, list[tuple[Side, int, Reason]]] = {}
        for candidate in new:
            entry = candidate[0].book.entries[candidate[1]]
            for name in {name.strip() for name in entry.group.split(",")[:MAX_GROUPS]} - {""} if entry.group else ():
                grouped.setdefault(name, []).append(candidate)
        lost: set[tuple[int, int]] = set()
        for name in sorted(grouped):
            running = [candidate for candidate in grouped[name] if (candidate[0].number, candidate[1]) not in lost]
            if not running:
                continue
            winner = None if name in self._groups else self._winner(name, running)
            lost.update((side.number, number) for side, number, _ in running if (side.number, number) != winner)
            self._groups.add(name)
        self._refused |= lost
        return [candidate for candidate in new if (candidate[0].number, candidate[1]) not in lost]

    def _winner(self, name: str, running: list[tuple[Side, int, Reason]]) -> tuple[int, int]:
        staying = [candidate for candidate in running if candidate[2].kind == "sticky"]
        ordered = [candidate for candidate in running if candidate[0].book.entries[candidate[1]].group_override]
        if staying or ordered:
            side, number, _ = max(
                staying or ordered, key=lambda found: (found[0].book.entries[found[1]].order, -found[0].number, -found[1])
            )
            return side.number, number
        weights = [candidate[0].book.entries[candidate[1]].group_weight for candidate in running]
        drawn = self._chance("group", self.turn, name) * sum(weights)
        for (side, number, _), weight in zip(running, weights, strict=True):
            drawn -= weight
            if drawn < 0:
                return side.number, number
        return running[0][0].number, running[0][1]

    def _reason(self, side: Side, number: int) -> Reason | None:
        """Why an entry is there now, or None. Switched off wins over everything, then the decorators that hold in any case."""
        entry = side.book.entries[number]
        decorators = entry.decorators
        if side.index.rules[number].never or (decorators.dont_activate and not decorators.activate):
            return None
        if decorators.activate:
            return Reason("decorator", "@@activate")
        allowed, reason = self._by_history(side, number) if _remembers(entry) else (True, None)
        if not allowed or (reason is not None and reason.kind == "decorator"):
            return reason
        if not self._gates(side, entry, self.situation.replies, self.count):
            return None
        if reason is None:
            reason = self._match(side, number, self.count, now=True)
            if reason is not None and not self._lucky(side, entry, self.turn):
                self._refused.add((side.number, number))
                reason = None
        return reason

    def _by_history(self, side: Side, number: int) -> tuple[bool, Reason | None]:
        """Whether what an entry did before allows it to be called up, and whether it is there because of that."""
        decorators = side.book.entries[number].decorators
        before, stays_until, away_until = self._before(side, number)
        if before and decorators.dont_activate_after_match:
            return False, None
        if before and decorators.keep_activate_after_match:
            return True, Reason("decorator", "@@keep_activate_after_match")
        if self.count < stays_until:
            return True, Reason("sticky")
        return self.count >= away_until, None

    def _gates(self, side: Side, entry: Entry, replies: int, count: int) -> bool:
        """Whether the conditions hold that have nothing to do with keys."""
        decorators = entry.decorators
        if decorators == NONE:
            return count >= entry.delay
        after, every, greeting = decorators.activate_only_after, decorators.activate_only_every, decorators.is_greeting
        situation = self.situation
        return (
            count >= entry.delay
            and (after is None or replies >= after)
            and (every is None or replies % every == 0)
            and (greeting is None or greeting == side.owner.greeting)
            and not (decorators.ignore_on_max_context and situation.context_full)
        )

    def _match(self, side: Side, number: int, end: int, *, now: bool) -> Reason | None:
        """Whether the keys of an entry are in the messages before ``end``, or now also in entries that were called up."""
        entry = side.book.entries[number]
        rule = side.index.rules[number]
        start = max(0, end - side.depths[number])
        lore = now and side.recursive and bool(self.fired)

        def there(key: int) -> bool:
            return side.scan.newest(key, start, end) >= 0 or (lore and self._in_lore(side, key) is not None)

        if any(map(there, rule.excluded)) or not all(any(map(there, group)) for group in rule.additional):
            return None
        if entry.constant and not entry.use_regex:
            return Reason("constant")
        if entry.use_regex and side.index.wrong(number, side.clock):
            return None
        reason = self._primary(side, rule.primary, start, end, lore=lore)
        if reason is None or (rule.secondary and not _agree(entry, map(there, rule.secondary))):
            return None
        return reason

    def _primary(self, side: Side, keys: tuple[int, ...], start: int, end: int, *, lore: bool) -> Reason | None:
        newest, found = -1, -1
        for key in keys:
            at = side.scan.newest(key, start, end)
            if at > newest:
                newest, found = at, key
        if found >= 0:
            return Reason("regex" if found in side.index.patterns else "key", side.index.texts[found], newest)
        for key in keys if lore else ():
            source = self._in_lore(side, key)
            if source is not None:
                return Reason("recursion", side.index.texts[key], source=source)
        return None

    def _in_lore(self, side: Side, key: int) -> tuple[int, int] | None:
        """The entry whose content holds a key."""
        if key not in side.index.patterns:
            return side.called.get(key)
        return next((source for text, source in side.lore if side.index.pattern(key, text, side.clock)), None)

    def _read_lore(self, new: list[tuple[Side, int]], left: int) -> int:
        """Makes the texts of entries something that is looked through; returns how many characters of them still may be."""
        for side, number in new:
            entry = side.book.entries[number]
            if not side.recursive or entry.prevent_recursion or left <= 0:
                continue
            place = (side.number, entry.index)
            text = "\n".join((self.texts[side.number, number], *hidden_keys(entry.content[: self.settings.longest])))[:left]
            left -= len(text)
            for other in self.sides:
                if other.recursive:
                    other.lore.append((text, place))
                    for key in other.index.plain(text):
                        other.called.setdefault(key, place)
        return left

    def _before(self, side: Side, number: int) -> tuple[bool, int, int]:
        """Whether an entry was called up by an earlier reply, up to which message it stays, and up to which it keeps away."""
        entry = side.book.entries[number]
        once = not entry.sticky and not entry.cooldown
        before, stays_until, away_until = False, 0, 0
        for point in self._possible(side, number) if self._looks > 0 else ():
            end = self.points[point]
            if end < max(stays_until, away_until):
                continue
            if self._looks <= 0:
                break
            self._looks -= 1
            replies = self.situation.replies - (len(self.points) - point)
            if not self._gates(side, entry, replies, end) or not self._lucky(side, entry, self.turn - (len(self.points) - point)):
                continue
            if self._match(side, number, end, now=False) is None:
                continue
            before = True
            stays_until = end + entry.sticky
            away_until = stays_until + entry.cooldown if entry.cooldown else 0
            if once:
                break
        return before, stays_until, away_until

    def _possible(self, side: Side, number: int) -> list[int]:
        """The earlier replies for which a key of the entry was within its reach, by their place in ``points``."""
        oldest = bisect_left(self.points, self.count - HISTORY_MESSAGES)
        entry = side.book.entries[number]
        keys = side.index.rules[number].primary
        if entry.constant or any(key in side.index.patterns for key in keys):
            return list(range(oldest, len(self.points)))
        depth = side.depths[number]
        found: set[int] = set()
        for key in keys:
            for at in side.scan.places.get(key, ()):
                found.update(range(bisect_right(self.points, at), bisect_right(self.points, at + depth)))
                if len(found) > MAX_LOOKS:
                    break
        return sorted(point for point in found if point >= oldest)

    def _lucky(self, side: Side, entry: Entry, turn: int) -> bool:
        if entry.probability >= 100:
            return True
        return self._chance("entry", turn, f"{side.number}/{entry.index}") * 100 < entry.probability

    def _chance(self, kind: str, turn: int, name: str) -> float:
        """A number from 0 to below 1 that is always the same for the same reply."""
        source = f"{kind}\0{self.seed}\0{turn}\0{name}".encode("utf-8", "surrogatepass")
        return int.from_bytes(blake2b(source, digest_size=6).digest()) / 2**48


def _remembers(entry: Entry) -> bool:
    """Whether what it does now depends on what it did before."""
    decorators = entry.decorators
    return bool(entry.sticky or entry.cooldown or decorators.keep_activate_after_match or decorators.dont_activate_after_match)


def _agree(entry: Entry, there: Iterator[bool]) -> bool:
    """Whether the secondary keys are as the entry's logic wants them."""
    if entry.logic == "and_any":
        return any(there)
    if entry.logic == "and_all":
        return all(there)
    return not any(there) if entry.logic == "not_any" else not all(there)
