"""Keeps lorebooks that are being written in: in order, never over what came from elsewhere meanwhile, and to the last word."""

import logging
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal

from zhiyin.controllers.lore_document import LoreDocument, Removed
from zhiyin.prompt.cards.json_text import dump, parse
from zhiyin.services.delivery import Delivery

log = logging.getLogger(__name__)
Outdone = tuple[dict[str, Any], str]  # a book as it was typed, its name


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


@dataclass(slots=True, eq=False)
class OpenBook:
    """A book that is, or was a moment ago, in the editor."""

    source: BookSource
    document: LoreDocument
    base: str  # what was read, or written last
    saved: int = 0  # the revision that is kept
    saving: bool = False
    writing: str = ""  # what is being written at this moment
    removed: list[Removed] = field(default_factory=list)  # what the toast can bring back

    @property
    def unsaved(self) -> bool:
        """Whether something is not kept yet."""
        return self.saving or self.document.revision != self.saved


class BookKeeper(QObject):
    """One write of a book at a time; what is typed meanwhile follows it."""

    saved = Signal(object)  # OpenBook
    outdone = Signal(object, object)  # OpenBook, what was typed into it (dict): what is kept is from elsewhere by now
    settled = Signal()  # nothing is being written
    trouble = Signal(object)

    def __init__(self, *, background: Executor, delivery: Delivery, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._delivery = delivery
        self._unkept: list[OpenBook] = []

    @property
    def busy(self) -> bool:
        """Whether something is being written."""
        return any(book.saving for book in self._unkept)

    def keep(self, book: OpenBook) -> None:
        """Write a book, if it is another than the one that is kept."""
        if book.saving or not book.unsaved:
            return
        if book not in self._unkept:
            self._unkept.append(book)
        book.saving = True
        revision, raw, count = book.document.revision, book.document.raw(), book.document.count

        def read(answer: Any) -> None:
            self._delivery.deliver(self._background.submit(_composed, book, answer, raw, count), composed, failed)

        def composed(step: "_Write | None") -> None:
            if step is None:
                self._settle(book, book.document.revision)
                self.outdone.emit(book, book.document.raw())
                return
            book.writing = step.text
            self._delivery.deliver(step.write(), partial(written, step.text), failed)

        def written(text: str, _row: object) -> None:
            book.base = text
            self._settle(book, revision)
            self.saved.emit(book)

        def failed(error: BaseException) -> None:
            book.saving = False
            self.trouble.emit(error)
            self.settled.emit()

        self._delivery.deliver(book.source.read(), read, failed)

    def _settle(self, book: OpenBook, revision: int) -> None:
        book.saving, book.saved = False, revision
        if book.unsaved:
            self.keep(book)  # before anybody hears that nothing is being written
        else:
            self._unkept.remove(book)
        if not self.busy:
            self.settled.emit()

    def end(self, book: OpenBook | None) -> list[Outdone]:
        """Write all that is not kept, this book too, before the store closes; returns what was changed elsewhere. Blocks."""
        if book is not None and book.unsaved and book not in self._unkept:
            self._unkept.append(book)
        outdone: list[Outdone] = []
        for each in self._unkept:
            raw = each.document.raw()
            try:
                step = _composed(each, each.source.read().result(), raw, each.document.count)
                if step is None:
                    outdone.append((raw, each.document.name))
                else:
                    step.write().result()
            except Exception:
                log.exception("the lorebook “%s” could not be kept", each.document.name[:60])
        self._unkept.clear()
        return outdone


@dataclass(frozen=True, slots=True)
class _Write:
    """A book that may be kept."""

    text: str
    write: Callable[[], "Future[Any]"]


def _composed(book: OpenBook, answer: Any, raw: dict[str, Any], count: int) -> _Write | None:
    """What keeps a book; None where what is kept is not what the edits began from."""
    if book.source.book_in(answer) not in (book.base, book.writing or book.base):
        return None
    text = dump(raw)
    return _Write(text, book.source.write(answer, raw, text, count))


def decoded(source: BookSource, answer: Any) -> OpenBook | None:
    """The book in what a source answered, or None. Raises CardError for what is no book."""
    text = source.book_in(answer)
    if text is None:
        return None
    value = parse(text).value if text else {}
    return OpenBook(source, LoreDocument(value if isinstance(value, dict) else {}), text)
