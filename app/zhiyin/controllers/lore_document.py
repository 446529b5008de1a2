"""An open lorebook: its JSON with a name of the editor's own for every entry, and edits that leave the rest of the JSON as it was."""

from collections.abc import Iterable
from typing import Any

import msgspec

from zhiyin.prompt.lore.book import Book, Entry, read_book, read_entry
from zhiyin.ui.lore_values import BookSettings, LoreEntry

MOST_ENTRIES = 10_000  # as many as are read for a prompt
Removed = tuple[tuple[int, int, Any], ...]  # place, ident, JSON


class LoreDocument:
    """Not for several threads; ``snapshot`` is what may be taken to another one."""

    def __init__(self, raw: dict[str, Any]) -> None:
        entries = raw.get("entries")
        self._raw = raw
        self._entries: list[Any] = list(entries) if isinstance(entries, list) else []
        self._idents = list(range(1, len(self._entries) + 1))
        self._next = len(self._entries) + 1
        self._read: dict[int, Entry] = {}
        self._snapshot: tuple[int, Book, tuple[int, ...]] | None = None
        self.revision = 0

    # ------------------------------------------------------------ what it says

    def raw(self) -> dict[str, Any]:
        """The whole book as JSON values; nothing in it may be changed in place."""
        return {**self._raw, "entries": list(self._entries)}

    @property
    def count(self) -> int:
        """How many entries there are."""
        return sum(1 for entry in self._entries if isinstance(entry, dict))

    @property
    def name(self) -> str:
        """What it is called."""
        name = self._raw.get("name")
        return name if isinstance(name, str) else ""

    def settings(self) -> BookSettings:
        """What holds for the whole of it."""
        book = read_book({**self._raw, "entries": []})
        return BookSettings(book.name, book.description, book.scan_depth, book.token_budget, book.recursive)

    def entries(self) -> list[LoreEntry]:
        """All entries, as the editor shows them."""
        return [lore_entry(ident, entry) for ident, entry in self._pairs()]

    def entry(self, ident: int) -> LoreEntry | None:
        """One of them."""
        place = self._place(ident)
        return None if place is None else lore_entry(ident, self._entry(place))

    def place_of(self, ident: int) -> int | None:
        """Where an entry stands among those that the editor shows."""
        shown = [known for known, _entry in self._pairs()]
        return shown.index(ident) if ident in shown else None

    def snapshot(self) -> tuple[Book, tuple[int, ...]]:
        """The book as it is read for a prompt, and the idents beside its entries."""
        kept = self._snapshot
        if kept is None or kept[0] != self.revision:  # the same object again: what was prepared for finding its keys is kept with it
            pairs = self._pairs()
            settings = read_book({**self._raw, "entries": []})
            book = msgspec.structs.replace(settings, raw=self.raw(), entries=tuple(entry for _ident, entry in pairs))
            self._snapshot = kept = (self.revision, book, tuple(ident for ident, _entry in pairs))
        return kept[1], kept[2]

    def _pairs(self) -> list[tuple[int, Entry]]:
        shown = [place for place, value in enumerate(self._entries) if isinstance(value, dict)][:MOST_ENTRIES]
        return [(self._idents[place], self._entry(place)) for place in shown]

    def _entry(self, place: int) -> Entry:
        ident = self._idents[place]
        known = self._read.get(ident)
        if known is None:
            known = read_entry(self._entries[place], place)
        elif known.index != place:
            known = msgspec.structs.replace(known, index=place)
        self._read[ident] = known
        return known

    def _place(self, ident: int) -> int | None:
        return self._idents.index(ident) if ident in self._idents else None

    # ------------------------------------------------------------ edits

    def change(self, ident: int, fields: dict[str, Any]) -> None:
        """Set fields of an entry, named as in ``LoreEntry``."""
        place = self._place(ident)
        if place is None:
            return
        raw = self._entries[place]
        self._entries[place] = _alone(raw).changed_entry(0, **_fields(raw, self._entry(place), fields))["entries"][0]
        self._touch(ident)

    def change_settings(self, fields: dict[str, Any]) -> None:
        """Set fields of the book, named as in ``BookSettings``."""
        self._raw = read_book(self._raw).changed(**fields)
        self.revision += 1

    def add(self, after: int = 0) -> int:
        """An empty entry behind another, or at the end; returns its ident. Its order follows the one before it."""
        place = self._place(after)
        order = 100 if place is None else round(self._entry(place).order)
        return self._insert(len(self._entries) if place is None else place + 1, _alone({}).added(order=order)["entries"][1])

    def duplicate(self, ident: int) -> int:
        """The same once more, below it; returns the ident of the copy, or 0."""
        place = self._place(ident)
        if place is None:
            return 0
        return self._insert(place + 1, _alone(self._entries[place]).copied(0)["entries"][1])

    def remove(self, idents: Iterable[int]) -> Removed:
        """Take entries out; ``restore`` puts them back."""
        gone = set(idents)
        removed = tuple((place, ident, self._entries[place]) for place, ident in enumerate(self._idents) if ident in gone)
        for place, ident, _raw in reversed(removed):
            del self._entries[place], self._idents[place]
            self._read.pop(ident, None)
        self.revision += 1
        return removed

    def restore(self, removed: Removed) -> None:
        """Put entries back where they were."""
        for place, ident, raw in removed:
            self._entries.insert(place, raw)  # at the end, where the book has become shorter
            self._idents.insert(place, ident)
        self.revision += 1

    def move(self, ident: int, before: int | None) -> None:
        """Put an entry before another one; None = at the end."""
        place = self._place(ident)
        if place is None or ident == before:
            return
        raw = self._entries.pop(place)
        self._idents.pop(place)
        target = None if before is None else self._place(before)
        target = len(self._entries) if target is None else target
        self._entries.insert(target, raw)
        self._idents.insert(target, ident)
        self.revision += 1

    def _insert(self, place: int, raw: Any) -> int:
        ident, self._next = self._next, self._next + 1
        self._entries.insert(place, raw)
        self._idents.insert(place, ident)
        self.revision += 1
        return ident

    def _touch(self, ident: int) -> None:
        self._read.pop(ident, None)
        self.revision += 1


def lore_entry(ident: int, entry: Entry) -> LoreEntry:
    """An entry as the editor shows it."""
    return LoreEntry(
        ident=ident,
        name=entry.name or entry.comment,
        keys=entry.keys,
        secondary_keys=entry.secondary_keys,
        logic=entry.logic,
        content=entry.source,
        enabled=entry.enabled,
        constant=entry.constant,
        use_regex=entry.use_regex,
        case_sensitive=bool(entry.case_sensitive),
        whole_words=bool(entry.whole_words),
        probability=round(entry.probability),
        order=round(entry.order),
        priority=None if entry.priority is None else round(entry.priority),
        position=entry.position,
        depth=entry.depth,
        role=entry.role,
        scan_depth=entry.scan_depth,
        exclude_recursion=entry.exclude_recursion,
        prevent_recursion=entry.prevent_recursion,
        delay_until_recursion=entry.delay_until_recursion > 0,
    )


def _fields(raw: Any, entry: Entry, fields: dict[str, Any]) -> dict[str, Any]:
    """The editor's fields as ``Book.changed_entry`` takes them."""
    changes = dict(fields)
    if changes.get("secondary_keys") or ("logic" in changes and entry.secondary_keys):
        changes["selective"] = True
    if "name" in changes and entry.comment and (not entry.name or entry.comment == entry.name):
        changes["comment"] = changes["name"]  # what other apps show as the name
    if "name" in changes and isinstance(raw, dict) and not changes["name"]:
        changes["name"] = None
    return changes


def _alone(raw: Any) -> Book:
    """A book with one entry: what is done to an entry costs the same in a book of any size."""
    return Book({"entries": [raw]}, name="", description="", scan_depth=None, token_budget=None, recursive=None, entries=())
