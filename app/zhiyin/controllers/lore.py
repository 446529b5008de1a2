"""A lorebook in the editor: shown, tried, kept as it is typed, and never written over what came from elsewhere meanwhile."""

import logging
import re
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from zhiyin.controllers.lore_document import LoreDocument, Removed
from zhiyin.controllers.lore_trial import LoreTrial
from zhiyin.prompt.cards.json_text import dump, parse
from zhiyin.services.delivery import Delivery
from zhiyin.ui.lore_editor import LoreEditor
from zhiyin.ui.lore_model import entry_title
from zhiyin.ui.main_window import UNDO_SECONDS
from zhiyin.ui.toast import UndoToast

log = logging.getLogger(__name__)
SAVE_MS = 800  # after the last key


class BookSource(Protocol):
    """Where a book is kept."""

    @property
    def char(self) -> str:
        """What {{char}} is in it; "" where nobody in particular."""

    def read(self) -> "Future[Any]":
        """Ask for what is there."""

    def book_in(self, answer: Any) -> str | None:
        """The book's JSON in such an answer; None when it is gone. Not for the window's thread."""

    def write(self, answer: Any, book: dict[str, Any], text: str, entries: int) -> Callable[[], "Future[Any]"]:
        """What keeps the book, given what was read just before. Not for the window's thread; what it returns may be called there."""


@dataclass(slots=True)
class _Open:
    """The book in the editor."""

    source: BookSource
    document: LoreDocument
    base: str  # what was read, or written last
    saved: int = 0  # the revision that is kept
    removed: list[Removed] = field(default_factory=list)  # what the toast can bring back


class LoreController(QObject):
    """Connects a ``LoreEditor`` to one book at a time."""

    saved = Signal()  # the book is kept, and is another now
    outdone = Signal(object, str)  # the book (dict) as it was typed, its name: what is kept is from elsewhere by now
    gone = Signal()  # the book is not there any more
    trouble = Signal(object)

    def __init__(
        self, editor: LoreEditor, toast: UndoToast, *, background: Executor, delivery: Delivery, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._editor = editor
        self._toast = toast
        self._background = background
        self._delivery = delivery
        self._open: _Open | None = None
        self._wanted: BookSource | None = None  # of what is open, or on its way
        self._asked = 0  # counts what was opened, so that a late answer opens nothing
        self._saving = False
        self.trial = LoreTrial(editor.live, editor.set_preview, background=background, delivery=delivery, parent=self)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(SAVE_MS)
        self._pause.timeout.connect(self.save)
        self._connect()

    def _connect(self) -> None:
        editor = self._editor
        editor.entry_changed.connect(self._change)
        editor.settings_changed.connect(self._change_settings)
        editor.add_requested.connect(self._add)
        editor.duplicate_requested.connect(self._duplicate)
        editor.delete_requested.connect(self._delete)
        editor.moved.connect(self._move)
        self.trial.trouble.connect(self.trouble)

    # ------------------------------------------------------------ open and close

    @property
    def source(self) -> BookSource | None:
        """Where the book is kept that is in the editor, or on its way there."""
        return self._wanted

    @property
    def document(self) -> LoreDocument | None:
        """The book in the editor."""
        return self._open.document if self._open is not None else None

    @property
    def unsaved(self) -> bool:
        """Whether something is not kept yet."""
        return self._open is not None and (self._open.document.revision != self._open.saved or self._saving)

    def open(self, source: BookSource) -> None:
        """Show the book of a source; what was open is kept first."""
        self.close()
        self._editor.clear()
        self._wanted = source
        self._read(source)

    def _read(self, source: BookSource) -> None:
        self._asked += 1
        asked = self._asked

        def read(answer: Any) -> None:
            self._delivery.deliver(self._background.submit(_decoded, source, answer), shown, self.trouble.emit)

        def shown(found: "tuple[LoreDocument, str] | None") -> None:
            if asked != self._asked:
                return
            if found is None:
                self.close()
                self.gone.emit()
                return
            document, text = found
            self._open = _Open(source, document, text)
            self.trial.set_book(document.snapshot, source.char)
            self._editor.set_book(document.settings(), document.entries())
            self.trial.offer_recent()

        self._delivery.deliver(source.read(), read, self.trouble.emit)

    def refresh(self) -> None:
        """Show what is kept, where it is another by now and nothing is waiting to be kept."""
        opened = self._open
        if opened is None or self.unsaved:
            return
        asked = self._asked

        def read(answer: Any) -> None:
            self._delivery.deliver(self._background.submit(opened.source.book_in, answer), compared, self.trouble.emit)

        def compared(text: str | None) -> None:
            if asked == self._asked and opened is self._open and not self.unsaved and text != opened.base:
                self._read(opened.source)

        self._delivery.deliver(opened.source.read(), read, self.trouble.emit)
        self.trial.offer_recent()

    def close(self) -> None:
        """Keep what is open, and have nothing open."""
        self._asked += 1
        self.flush()
        if self._open is not None and self._open.removed:
            self._toast.dismiss()
        self._open = self._wanted = None
        self.trial.set_book(None)

    def flush(self) -> None:
        """Keep now what would be kept soon."""
        self._editor.flush()
        self.save()

    def end(self) -> None:
        """Keep what is open before the store closes. Blocks."""
        self._editor.flush()
        self._pause.stop()
        opened = self._open
        self._open = None
        if opened is None or (opened.document.revision == opened.saved and not self._saving):
            return
        answer = opened.source.read().result()
        step = _composed(opened.source, answer, opened.document.raw(), opened.document.count, opened.base)
        if isinstance(step, _Write):
            step.write().result()
        elif step is None:
            log.warning("a lorebook was changed elsewhere while it was being written")

    # ------------------------------------------------------------ keeping

    def save(self) -> None:
        """Keep the book, if it is another than the one that is kept; what is typed meanwhile is kept afterwards."""
        self._pause.stop()
        opened = self._open
        if opened is None or self._saving or opened.document.revision == opened.saved:
            return
        self._saving = True
        revision, raw, count = opened.document.revision, opened.document.raw(), opened.document.count

        def read(answer: Any) -> None:
            compose = partial(_composed, opened.source, answer, raw, count, opened.base)
            self._delivery.deliver(self._background.submit(compose), composed, failed)

        def composed(step: "_Write | None") -> None:
            if step is None:
                self._saving = False
                self._on_outdone(opened, raw)
                return
            self._delivery.deliver(step.write(), partial(written, step.text), failed)

        def written(text: str, _row: object) -> None:
            self._saving = False
            opened.base, opened.saved = text, revision
            self.saved.emit()
            if opened.document.revision != opened.saved:
                self._save_rest(opened)

        def failed(error: BaseException) -> None:
            self._saving = False
            self.trouble.emit(error)

        self._delivery.deliver(opened.source.read(), read, failed)

    def _save_rest(self, opened: _Open) -> None:
        """What was typed while the book was being kept; also when another one is open by now."""
        current = self._open
        if opened is current:
            self._pause.start()
            return
        self._open = opened
        self.save()
        self._open = current

    def _on_outdone(self, opened: _Open, raw: dict[str, Any]) -> None:
        opened.saved = opened.document.revision
        self.outdone.emit(raw, opened.document.name)
        if opened is self._open:
            self._read(opened.source)

    def _edited(self) -> None:
        self._pause.start()

    # ------------------------------------------------------------ edits

    def _change(self, ident: int, fields: dict[str, Any]) -> None:
        if self._open is not None:
            self._open.document.change(ident, fields)
            self._edited()
            if not fields.keys().isdisjoint({"keys", "secondary_keys", "use_regex"}):
                self._check()

    def _change_settings(self, fields: dict[str, Any]) -> None:
        if self._open is not None:
            self._open.document.change_settings(fields)
            self._edited()

    def _add(self, after: int) -> None:
        if self._open is not None:
            self._insert(self._open.document, self._open.document.add(after))

    def _duplicate(self, ident: int) -> None:
        if self._open is not None:
            self._insert(self._open.document, self._open.document.duplicate(ident))

    def _insert(self, document: LoreDocument, ident: int) -> None:
        entry, place = document.entry(ident), document.place_of(ident)
        if entry is not None and place is not None:
            self._editor.insert_entry(place, entry)
            self._edited()

    def _move(self, place: int, before: int) -> None:
        """The editor's rows have moved already."""
        if self._open is None:
            return
        order = [entry.ident for entry in self._editor.entries()]
        now = before - (before > place)
        self._open.document.move(order[now], order[now + 1] if now + 1 < len(order) else None)
        self._edited()

    def _delete(self, idents: list[int]) -> None:
        opened = self._open
        if opened is None or not idents:
            return
        names = [entry_title(entry) for ident in idents if (entry := opened.document.entry(ident)) is not None]
        removed = opened.document.remove(idents)
        if not removed:
            return
        self._editor.remove_entries(idents)
        self._edited()
        earlier, opened.removed = opened.removed, []  # a toast that is still there is replaced, not over
        count = len(removed) + sum(len(each) for each in earlier)
        self._toast.show_message(
            partial(self._deleted_words, names[0] if names else "", count),
            lambda: self.tr("Undo"),
            UNDO_SECONDS,
            act=partial(self._undo, opened),
            gone=opened.removed.clear,
        )
        opened.removed[:] = [*earlier, removed]

    def _deleted_words(self, name: str, count: int) -> str:
        if count > 1:
            return self.tr("Entries deleted: {count}").format(count=count)
        return self.tr("“{name}” is deleted.").format(name=name[:40])

    def _undo(self, opened: _Open) -> None:
        if opened is not self._open:
            return
        last = 0
        for removed in reversed(opened.removed):
            opened.document.restore(removed)
            last = removed[0][1]
        opened.removed.clear()
        self._editor.set_book(opened.document.settings(), opened.document.entries(), chosen=last)
        self._edited()

    # ------------------------------------------------------------ patterns

    def _check(self) -> None:
        """Say which patterns are none."""
        entry = self._editor.form.entry()
        if entry is None:
            return
        keys = (*entry.keys, *entry.secondary_keys)

        def checked(problem: tuple[str, str] | None) -> None:
            words = ""
            if problem is not None:
                words = self.tr("“{key}” is no regular expression ({detail}); the entry waits for nothing.").format(
                    key=problem[0][:60], detail=problem[1]
                )
            self._editor.set_problems({entry.ident: words} if words else {})

        if not entry.use_regex and not any(key.startswith("/") for key in keys):
            checked(None)
            return
        self._delivery.deliver(self._background.submit(wrong_pattern, keys, entry.use_regex), checked, self.trouble.emit)


@dataclass(frozen=True, slots=True)
class _Write:
    """A book that may be kept."""

    text: str
    write: Callable[[], "Future[Any]"]


def _decoded(source: BookSource, answer: Any) -> tuple[LoreDocument, str] | None:
    text = source.book_in(answer)
    if text is None:
        return None
    value = parse(text).value if text else {}
    return LoreDocument(value if isinstance(value, dict) else {}), text


def _composed(source: BookSource, answer: Any, raw: dict[str, Any], count: int, base: str) -> _Write | None:
    """What keeps a book; None where what is kept is not what the edits began from."""
    if source.book_in(answer) != base:
        return None
    text = dump(raw)
    return _Write(text, source.write(answer, raw, text, count))


def wrong_pattern(keys: tuple[str, ...], all_patterns: bool) -> tuple[str, str] | None:  # noqa: FBT001 - for an executor
    """The first key that is meant as a pattern and is none, with what is wrong with it."""
    import regex  # noqa: PLC0415 - most books have none, and it is slow to import

    for key in keys[:1000]:
        delimited = re.fullmatch(r"/((?:[^/\\]|\\.)+)/([a-z]*)", key, re.DOTALL)
        if delimited is None and not all_patterns:
            continue
        try:
            regex.compile(delimited[1] if delimited else key)
        except regex.error as error:
            return key, str(error)
        except (ValueError, OverflowError, RecursionError, MemoryError) as error:
            return key, type(error).__name__
    return None
