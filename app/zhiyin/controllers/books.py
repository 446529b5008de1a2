"""The lorebooks, connected: the list of standalone ones, files that come and go, and the editor of one or of a card's own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from zhiyin import i18n
from zhiyin.controllers.book_sources import CardBook, StandaloneBook
from zhiyin.errors import describe
from zhiyin.prompt.cards.json_text import dump
from zhiyin.prompt.cards.mending import Mended
from zhiyin.prompt.errors import CardError, CardFailure
from zhiyin.prompt.token_counts import TokenCounts
from zhiyin.services.delivery import Delivery
from zhiyin.store.records import Book, BookRow, Persona
from zhiyin.store.store import Store
from zhiyin.ui.books_values import BookItem
from zhiyin.ui.foreign_text import isolated, one_line
from zhiyin.ui.main_window import UNDO_SECONDS, MainWindow
from zhiyin.ui.wording import Wording, worded
from zhiyin_models.errors import Failure

if TYPE_CHECKING:
    from zhiyin.controllers.book_files import ReadBook
    from zhiyin.controllers.lore import LoreController
    from zhiyin.controllers.lore_trial import Recent
    from zhiyin.prompt.lore.book_file import BookMended
    from zhiyin.ui.lore_editor import LoreEditor

MOST_FILES = 200  # imported at once


class BooksController(QObject):
    """Fills the view of lorebooks."""

    changed = Signal()  # what there is, or what stands in one
    persona_changed = Signal(int)  # the book in this persona's card is another now
    use_wanted = Signal(int)  # this standalone book is to be told from in the open conversation
    persona_wanted = Signal(int)  # back from the book in its card
    trouble = Signal(object)  # an exception, to be put into words

    def __init__(
        self, window: MainWindow, *, store: Store, background: Executor, delivery: Delivery, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._view = window.personas_page.books
        self._store = store
        self._background = background
        self._delivery = delivery
        self._lore: LoreController | None = None
        self._recent: Recent | None = None
        self._counts: TokenCounts | None = None
        self._rows: list[BookRow] = []
        self._wanted = 0  # the book to be opened as soon as it is listed
        self._persona: int | None = None  # whose card's book is in the editor, or is on its way there
        self._notice: tuple[Wording, str] = ("", "info")
        self._ended = False
        self._connect()

    def _connect(self) -> None:
        view = self._view
        view.preparing.connect(self._prepare)
        view.built.connect(self._on_built)
        view.opened.connect(self._on_opened)
        view.left.connect(self.flush)
        view.chosen.connect(self._choose)
        view.new_requested.connect(self._add)
        view.files_chosen.connect(self.import_files)
        view.export_chosen.connect(self._export)
        view.duplicate_requested.connect(self._duplicate)
        view.delete_requested.connect(self._delete)
        view.use_requested.connect(self._use)
        view.card_left.connect(self._leave_card)
        if view.is_built:
            self._on_built(view.editor)

    def open(self) -> None:
        """List what there is."""
        self._list()

    def retranslate(self) -> None:
        """Put everything into the language of the moment."""
        self._say(*self._notice)

    def end(self) -> None:
        """Leave nothing unsaved."""
        self._ended = True
        for book, name in self._lore.end() if self._lore is not None else ():
            title = self._outdone_title(name)
            self._store.books.add(title, dump({**book, "name": title}), len(book["entries"])).result()

    def flush(self) -> None:
        """Keep now what would be kept soon."""
        if self._lore is not None and not self._ended:
            self._lore.flush()

    def set_recent(self, recent: Recent | None) -> None:
        """Where the last turns of the open conversation come from: (role, name, text) each, the oldest first."""
        self._recent = recent
        if self._lore is not None:
            self._lore.trial.set_recent(recent)

    def set_counts(self, counts: TokenCounts) -> None:
        """Token counts that follow what the engine counted."""
        self._counts = counts
        if self._lore is not None:
            self._lore.trial.set_counts(counts)

    def rows(self) -> list[BookRow]:
        """The standalone books, by name."""
        return list(self._rows)

    # ------------------------------------------------------------ showing

    def _prepare(self) -> None:
        """Read the code that will be needed, in a turn of its own."""
        import zhiyin.controllers.lore  # noqa: F401, PLC0415 - with the widgets, when they are first shown

    def _on_built(self, editor: LoreEditor) -> None:
        from zhiyin.controllers.lore import LoreController  # noqa: PLC0415 - with the widgets, when they are first shown

        self._lore = lore = LoreController(editor, self._window.toast, background=self._background, delivery=self._delivery, parent=self)
        lore.trial.set_recent(self._recent)
        if self._counts is not None:
            lore.trial.set_counts(self._counts)
        lore.saved.connect(self._on_saved)
        lore.outdone.connect(self._on_outdone)
        lore.gone.connect(self._on_gone)
        lore.trouble.connect(self._refused)

    def _on_opened(self) -> None:
        if self._ended:
            return
        self._list()
        if self._lore is not None:
            self._lore.refresh()

    def _list(self, then: Callable[[], None] | None = None) -> None:
        def listed(rows: list[BookRow]) -> None:
            self._rows = rows
            self._view.set_items([BookItem(row.id, row.name, row.entries) for row in rows])
            if then is not None:
                then()
            self._show()

        self._delivery.deliver(self._store.books.all(), listed, self.trouble.emit)

    def _show(self) -> None:
        """Have the chosen book in the editor; where none is chosen, the first."""
        if self._persona is not None or self._lore is None:
            return
        known = {row.id for row in self._rows}
        current = self._lore.source.ident if isinstance(self._lore.source, StandaloneBook) else 0
        wanted = next((ident for ident in (self._wanted, current, self._rows[0].id if self._rows else 0) if ident in known), 0)
        self._wanted = 0
        if self._view.chosen_book() != wanted:
            self._view.choose(wanted)
        if wanted and wanted != current:
            self._lore.open(StandaloneBook(self._store, wanted))
        elif not wanted:
            self._lore.close()

    def _choose(self, ident: int) -> None:
        self._say("")
        if self._lore is not None:
            self._lore.open(StandaloneBook(self._store, ident))

    def _say(self, text: Wording, kind: str = "info") -> None:
        self._notice = (text, kind)
        self._view.set_notice(worded(text), kind)

    def _say_failure(self, failure: CardFailure | Failure) -> None:
        self._say(partial(describe, failure.code, failure.args), "error")

    # ------------------------------------------------------------ a card's own book

    def edit_card_book(self, persona: int) -> None:
        """Show the editor on the book in a persona's card; one that has none gets it with the first entry."""
        self._window.show_personas("books")
        self._view.content()
        if self._lore is None or self._persona == persona:
            return
        self._say("")
        self._persona = persona

        def found(stored: Persona) -> None:
            if self._persona == persona and self._lore is not None:
                self._view.show_card(stored.row.name)
                self._lore.open(CardBook(self._store, persona, stored.row.name, i18n.language()))

        self._delivery.deliver(self._store.personas.get(persona), found, self._card_refused)

    def _card_refused(self, error: BaseException) -> None:
        self._forget_card()
        self._refused(error)

    def _leave_card(self) -> None:
        persona = self._persona
        self._forget_card()
        self._window.show_personas("personas")
        if persona is not None:
            self.persona_wanted.emit(persona)

    def _forget_card(self) -> None:
        self._persona = None
        self._view.show_card(None)
        if self._lore is not None:
            self._lore.close()
        self._list()

    # ------------------------------------------------------------ what the editor tells

    def _on_saved(self) -> None:
        self._list()
        if self._persona is not None:
            self.persona_changed.emit(self._persona)
        self.changed.emit()

    def _on_outdone(self, book: dict[str, Any], name: str) -> None:
        """Somebody else changed the book: what was typed becomes one of its own."""
        title = self._outdone_title(name)

        def kept(row: BookRow) -> None:
            self._say(
                lambda: self.tr("This lorebook was changed elsewhere meanwhile. What you typed is kept as “{name}”.").format(
                    name=_said(row.name)
                ),
                "warning",
            )
            self._list()
            self.changed.emit()

        count = len(book["entries"])
        self._after(self._background.submit(dump, {**book, "name": title}), lambda text: self._keep(title, text, count, kept))

    def _outdone_title(self, name: str) -> str:
        return self.tr("{name} (typed meanwhile)").format(name=name)

    def _on_gone(self) -> None:
        if self._persona is not None:
            self._forget_card()
        else:
            self._list()

    # ------------------------------------------------------------ books come and go

    def _after(self, future: Future[Any], then: Callable[[Any], None]) -> None:
        self._delivery.deliver(future, then, self._refused)

    def _refused(self, error: BaseException) -> None:
        if isinstance(error, CardError):
            self._say_failure(error.failure)
        else:
            self.trouble.emit(error)

    def _keep(self, name: str, text: str, entries: int, then: Callable[[BookRow], None]) -> None:
        self._after(self._store.books.add(name, text, entries), then)

    def _open_new(self, row: BookRow) -> None:
        self._wanted = row.id
        self._list()
        self.changed.emit()

    def _add(self) -> None:
        self._say("")
        name = self.tr("New lorebook")
        self._keep(name, dump({"name": name, "extensions": {}, "entries": []}), 0, self._open_new)

    def _use(self, ident: int) -> None:
        """What was just typed goes along."""
        self.flush()
        self.use_wanted.emit(ident)

    def _duplicate(self, ident: int) -> None:
        self._say("")
        self.flush()
        source = self._lore.document if self._lore is not None else None
        if source is None or not ident:
            return
        name = self.tr("{name} (copy)").format(name=source.name)
        raw = {**source.raw(), "name": name}
        self._after(self._background.submit(dump, raw), lambda text: self._keep(name, text, source.count, self._open_new))

    def _delete(self, ident: int) -> None:
        row = next((row for row in self._rows if row.id == ident), None)
        if row is None:
            return
        self._say("")
        if self._lore is not None:
            self._lore.close()

        def undo() -> None:
            self._after(self._store.books.restore(ident), self._open_new)

        def gone(_done: None) -> None:
            self._window.toast.show_message(
                lambda: self.tr("“{name}” is deleted.").format(name=_said(row.name)), lambda: self.tr("Undo"), UNDO_SECONDS, act=undo
            )
            self._list()
            self.changed.emit()

        self._after(self._store.books.delete(ident), gone)

    # ------------------------------------------------------------ files

    def import_files(self, paths: list[str]) -> None:
        """Add the books in files; what is none is said."""
        self._window.show_personas("books")
        self._say("")
        self._after(self._background.submit(_read, list(paths)[:MOST_FILES]), self._on_read)

    def _on_read(self, found: tuple[list[ReadBook], list[CardFailure]]) -> None:
        books, failures = found
        if failures:
            self._say_failure(failures[0])
        elif books:
            mended = [mend for book in books for mend in book.mended]
            self._say(partial(self._imported_words, books, mended), "info" if mended else "good")
        for number, book in enumerate(books):
            self._keep(book.name, book.text, book.entries, self._open_new if number == 0 else lambda _row: self._list())

    def _imported_words(self, books: list[ReadBook], mended: list[BookMended | Mended]) -> str:
        """What came, and what had to be put right."""
        if len(books) == 1:
            said = self.tr("“{name}” is imported.").format(name=_said(books[0].name))
        else:
            said = self.tr("{count} lorebooks are imported.").format(count=len(books))
        return " ".join((said, *dict.fromkeys(self._mended_words(mend) for mend in mended)))

    def _mended_words(self, mend: BookMended | Mended) -> str:
        if isinstance(mend, Mended):
            from zhiyin.controllers.card_words import mended_text  # noqa: PLC0415 - with all about cards, for a file that is odd

            return mended_text(mend)
        words = {
            "world_info": self.tr("SillyTavern's world info has become a lorebook."),
            "from_card": self.tr("It is the lorebook of a card; the card itself was not taken in."),
            "too_many_entries": self.tr("Of {count} entries, the first {kept} are kept."),
            "not_entries": self.tr("{count} entries could not be read and were left out."),
            "too_long": self.tr("{count} entries were too long and were cut."),
            "too_many_keys": self.tr("{count} entries had too many keys; the first ones are kept."),
        }
        return words.get(str(mend.code), "").format(**mend.args)

    def _export(self, ident: int, path: str) -> None:
        """Into a file; of the book in the editor, what stands there."""

        def read(books: list[Book]) -> None:
            if books:
                write(books[0].book)

        def write(book: str | dict[str, Any]) -> None:
            self._after(self._background.submit(_write, book, path), written)

        def written(_done: None) -> None:
            self._say(lambda: self.tr("The lorebook is in {file} now.").format(file=isolated(one_line(Path(path).name, 100))), "good")

        self.flush()
        lore = self._lore
        if lore is not None and lore.document is not None and isinstance(lore.source, StandaloneBook) and lore.source.ident == ident:
            write(lore.document.raw())
        else:
            self._after(self._store.books.get_many([ident]), read)


def _said(name: str) -> str:
    """A name in a sentence."""
    return isolated(one_line(name, 40))


def _read(paths: list[str]) -> tuple[list[ReadBook], list[CardFailure]]:
    from zhiyin.controllers.book_files import read_files  # noqa: PLC0415 - only for files

    return read_files(paths)


def _write(book: str | dict[str, Any], path: str) -> None:
    from zhiyin.controllers.book_files import write_file  # noqa: PLC0415 - the same

    write_file(book, path)
