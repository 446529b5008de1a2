"""A lorebook in the editor: shown, tried, kept as it is typed, and never written over what came from elsewhere meanwhile."""

import re
from concurrent.futures import Executor
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from zhiyin.controllers.book_keeping import BookKeeper, BookSource, OpenBook, Outdone, decoded
from zhiyin.controllers.lore_document import LoreDocument
from zhiyin.controllers.lore_trial import LoreTrial
from zhiyin.services.delivery import Delivery
from zhiyin.ui.lore_editor import LoreEditor
from zhiyin.ui.lore_model import entry_title
from zhiyin.ui.lore_values import BookSettings, LoreEntry
from zhiyin.ui.main_window import UNDO_SECONDS
from zhiyin.ui.toast import UndoToast

SAVE_MS = 800  # after the last key


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
        self._keeper = BookKeeper(background=background, delivery=delivery, parent=self)
        self._open: OpenBook | None = None
        self._wanted: BookSource | None = None  # of what is open, or on its way
        self._waiting = False  # for what is being written, before the wanted one is read
        self._asked = 0  # counts what was opened, so that a late answer opens nothing
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
        self._keeper.trouble.connect(self.trouble)
        self._keeper.saved.connect(lambda _book: self.saved.emit())
        self._keeper.outdone.connect(self._on_outdone)
        self._keeper.settled.connect(self._on_settled)

    # ------------------------------------------------------------ open and close

    @property
    def source(self) -> BookSource | None:
        """Where the book is kept that is in the editor, or on its way there."""
        return self._wanted

    @property
    def document(self) -> LoreDocument | None:
        """The book in the editor."""
        return self._open.document if self._open is not None else None

    def open(self, source: BookSource) -> None:
        """Show the book of a source; what was open is kept first."""
        self.close()
        self._editor.clear()
        self._wanted = source
        self._waiting = self._keeper.busy  # it may be the same book
        if not self._waiting:
            self._read(source)

    def _on_settled(self) -> None:
        if self._waiting and self._wanted is not None:
            self._waiting = False
            self._read(self._wanted)

    def _read(self, source: BookSource) -> None:
        self._asked += 1
        asked = self._asked

        def read(answer: Any) -> None:
            self._delivery.deliver(self._background.submit(_decoded, source, answer), shown, failed)

        def shown(found: "tuple[OpenBook, BookSettings, list[LoreEntry]] | None") -> None:
            if asked != self._asked:
                return
            if found is None:
                self.close()
                self.gone.emit()
                return
            opened, settings, entries = found
            self._open = opened
            self.trial.set_book(opened.document.snapshot, source.char)
            self._editor.set_book(settings, entries)
            self.trial.offer_recent()

        def failed(error: BaseException) -> None:
            if asked == self._asked:
                self._wanted = None
            self.trouble.emit(error)

        self._delivery.deliver(source.read(), read, failed)

    def refresh(self) -> None:
        """Show what is kept, where it is another by now and nothing is waiting to be kept."""
        opened = self._open
        if opened is None or opened.unsaved:
            return
        asked = self._asked

        def read(answer: Any) -> None:
            self._delivery.deliver(self._background.submit(opened.source.book_in, answer), compared, self.trouble.emit)

        def compared(text: str | None) -> None:
            if asked == self._asked and not opened.unsaved and text != opened.base:
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
        self._waiting = False
        self.trial.set_book(None)

    def flush(self) -> None:
        """Keep now what would be kept soon."""
        self._editor.flush()
        self.save()

    def end(self) -> list[Outdone]:
        """Keep everything before the store closes; returns what was changed elsewhere meanwhile. Blocks."""
        self._editor.flush()
        self._pause.stop()
        opened, self._open = self._open, None
        self._wanted, self._waiting = None, False
        self.trial.set_book(None)
        return self._keeper.end(opened)

    def save(self) -> None:
        """Keep the book, if it is another than the one that is kept."""
        self._pause.stop()
        if self._open is not None:
            self._keeper.keep(self._open)

    def _on_outdone(self, book: OpenBook, raw: dict[str, Any]) -> None:
        self.outdone.emit(raw, book.document.name)
        if book is self._open:
            self._read(book.source)

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

    def _undo(self, opened: OpenBook) -> None:
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


def _decoded(source: BookSource, answer: Any) -> tuple[OpenBook, BookSettings, list[LoreEntry]] | None:
    """A book with what the editor shows of it: thousands of entries take longer to read than a frame."""
    opened = decoded(source, answer)
    return None if opened is None else (opened, opened.document.settings(), opened.document.entries())


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
