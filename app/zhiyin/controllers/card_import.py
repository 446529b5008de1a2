"""Cards that come: one is shown before it is taken in, many are taken in with their progress on show; what was refused is said."""

import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal

from zhiyin import i18n
from zhiyin.controllers.card_words import on_show
from zhiyin.controllers.persona_cards import new_persona
from zhiyin.errors import describe
from zhiyin.prompt.cards.card import Card
from zhiyin.prompt.errors import CardError, CardFailure
from zhiyin.services.cards import CardFailed, CardRead, CardService
from zhiyin.services.delivery import Delivery
from zhiyin.store.records import NewPersona, PersonaRow
from zhiyin.store.store import Store
from zhiyin.ui.persona_values import CANCEL, CHAT, REPLACE, ImportState, Refused
from zhiyin.ui.persona_view import PersonaView

ONE_CARD = re.compile(r"\.(?:png|apng|charx|json)$", re.IGNORECASE)
BATCH = 40  # cards that are added in one transaction
SHOW_MS = 100  # between two looks at the progress
GUESSED_AFTER = 1.0  # seconds
MOST_SAID = 200  # refusals
MOST_COMPARED = 20  # personas of the same name that a card is compared with


class _OnShow(NamedTuple):
    """A card that waits for an answer."""

    read: CardRead
    card: Card
    there: bool
    namesake: PersonaRow | None


class _Run:
    """An import of many."""

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = list(paths)
        self.ticket = 0
        self.began = time.monotonic()
        self.done = self.total = 0
        self.rows: list[PersonaRow] = []
        self.known = 0
        self.books: list[str] = []
        self.failed: list[CardFailed] = []
        self.read: list[CardRead] = []  # not in the store yet
        self.adding = False
        self.over = False  # all files are read
        self.cancelled = False

    def state(self) -> ImportState:
        """How far it is, in the language of the moment."""
        running = not self.over or self.adding or bool(self.read)
        passed = time.monotonic() - self.began
        left = (self.total - self.done) * passed / self.done if self.done and passed > GUESSED_AFTER else None
        return ImportState(
            self.done,
            self.total,
            len(self.rows),
            self.known,
            len(self.books),
            tuple(Refused(failed.path, describe(failed.failure.code, failed.failure.args)) for failed in self.failed[:MOST_SAID]),
            len(self.failed),
            left,
            running,
            self.cancelled,
        )


class CardImport(QObject):
    """Asks the process that reads cards, and puts what was wanted into the store."""

    added = Signal(object)  # list[PersonaRow]
    replaced = Signal(object, object)  # PersonaRow, NewPersona: what it was before
    chat_wanted = Signal(int)
    books_found = Signal(object)  # list[str]: files that hold a lorebook
    ended = Signal(object)  # list[PersonaRow]: of many, all that were taken in, and there is nothing else to be said
    left = Signal()  # nothing is on show any more
    trouble = Signal(object)

    def __init__(
        self,
        view: PersonaView,
        *,
        store: Store,
        cards: Callable[[], CardService],
        background: Executor,
        delivery: Delivery,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._view = view
        self._store = store
        self._cards = cards
        self._background = background
        self._delivery = delivery
        self._reading = 0  # the ticket of the one that is being read for its preview
        self._shown: _OnShow | None = None
        self._answered = False  # what was wanted is on its way to the store
        self._run: _Run | None = None
        self._queue: list[list[str]] = []  # dropped while others are on show
        self._timer = QTimer(self)
        self._timer.setInterval(SHOW_MS)
        self._timer.timeout.connect(self._show_progress)
        view.preview_answered.connect(self._answer)
        view.import_cancelled.connect(self.cancel)
        view.preview_closed.connect(self._close)

    def take(self, paths: Sequence[str]) -> None:
        """Files and folders that were dropped or chosen."""
        if not paths:
            return
        if self._reading or self._shown is not None or self._run is not None:
            self._queue.append(list(paths))
        elif len(paths) == 1 and ONE_CARD.search(paths[0]):
            self._read_one(paths[0])
        else:
            self._read_many(paths)

    def retranslate(self) -> None:
        """What is on show in the language of the moment."""
        if self._shown is not None:
            self._show_card()
        elif self._run is not None:
            self._view.show_import(self._run.state())

    # ------------------------------------------------------------ one

    def _read_one(self, path: str) -> None:
        self._view.show_reading(path)
        self._reading = self._cards().read(path, self._on_read)

    def _on_read(self, answer: CardRead | CardFailed) -> None:
        if isinstance(answer, CardFailed):
            self._refuse(answer.failure)
        elif answer.book:
            self._leave()
            self.books_found.emit([answer.path])
        else:
            looking = self._background.submit(self._look_up, answer)
            self._delivery.deliver(looking, partial(self._on_looked_up, self._reading), self._on_error)

    def _look_up(self, read: CardRead) -> _OnShow:
        """In the background: whether the card is here already."""
        card = Card.from_json(read.card_json)
        name = new_persona(card).name
        rows = [row for row in self._store.personas.all().result() if row.name == name][:MOST_COMPARED]
        same = [
            persona.row for persona in self._store.personas.get_many([row.id for row in rows]).result() if persona.card == read.card_json
        ]
        return _OnShow(read, card, bool(same), next(iter((*same, *rows)), None))

    def _on_looked_up(self, ticket: int, shown: _OnShow) -> None:
        if ticket != self._reading:
            return  # cancelled meanwhile
        self._shown = shown
        self._show_card()

    def _show_card(self) -> None:
        shown = self._shown
        if shown is not None:
            namesake = shown.namesake.name if shown.namesake is not None else ""
            self._view.show_card(on_show(shown.read, shown.card, i18n.language(), there=shown.there, namesake=namesake))

    def _answer(self, action: str) -> None:
        if self._answered:
            return  # pressed twice
        shown, ticket = self._shown, self._reading
        if action == CANCEL or shown is None:
            if ticket:
                self._cards().cancel(ticket)
            self._leave()
            return
        self._answered = True
        picture = shown.read.picture_key if shown.read.picture else ""
        if action == REPLACE and shown.namesake is not None:
            future = self._background.submit(self._replace, shown.namesake, shown.card, picture)
            self._delivery.deliver(future, self._on_replaced, self._on_error)
        else:
            adding = self._background.submit(lambda: self._store.personas.add(new_persona(shown.card, picture)).result())
            self._delivery.deliver(adding, partial(self._on_added, chat=action == CHAT), self._on_error)

    def _on_added(self, row: PersonaRow, *, chat: bool) -> None:
        self.added.emit([row])
        self._leave()
        self._view.choose([row.id])
        if chat:
            self.chat_wanted.emit(row.id)

    def _replace(self, row: PersonaRow, card: Card, picture: str) -> tuple[PersonaRow, NewPersona]:
        """In the background."""
        personas = self._store.personas
        before = personas.get(row.id).result()
        former = NewPersona(before.card, row.name, row.tags, row.creator, row.summary, row.seal, row.color, row.picture, row.builtin)
        return personas.update(row.id, new_persona(card, picture or row.picture, builtin=row.builtin)).result(), former

    def _on_replaced(self, replaced: tuple[PersonaRow, NewPersona]) -> None:
        row, former = replaced
        self.replaced.emit(row, former)
        self._leave()
        self._view.choose([row.id])

    def _refuse(self, failure: CardFailure) -> None:
        self._leave()
        self._view.set_notice(lambda: describe(failure.code, failure.args), "error")

    def _on_error(self, error: BaseException) -> None:
        if isinstance(error, CardError):
            self._refuse(error.failure)
        else:
            self._leave()
            self.trouble.emit(error)

    def _leave(self) -> None:
        """Back to the gallery, or on to what was dropped meanwhile."""
        self._shown, self._reading, self._answered = None, 0, False
        self._view.show_gallery()
        self.left.emit()
        if self._queue:
            QTimer.singleShot(0, self, lambda: self.take(self._queue.pop(0)) if self._queue else None)

    # ------------------------------------------------------------ many

    def _read_many(self, paths: Sequence[str]) -> None:
        self._run = run = _Run(paths)
        self._view.show_import(run.state())
        run.ticket = self._cards().import_files(paths, self._on_card, self._on_progress, self._on_end)
        self._timer.start()

    def cancel(self) -> None:
        """Read no more; what is read already is taken in."""
        run = self._run
        if run is not None and not run.over:
            run.cancelled = True
            self._cards().cancel(run.ticket)
            self._on_end()
            self._show_progress()

    def _on_card(self, answer: CardRead | CardFailed) -> None:
        run = self._run
        if run is None:
            return
        if isinstance(answer, CardFailed):
            run.failed.append(answer)
        elif answer.book:
            run.books.append(answer.path)
        else:
            run.read.append(answer)
            if len(run.read) >= BATCH:
                self._add_next()

    def _on_progress(self, done: int, total: int) -> None:
        if self._run is not None:
            self._run.done, self._run.total = done, total

    def _on_end(self) -> None:
        if self._run is not None:
            self._run.over = True
            self._add_next()

    def _add_next(self) -> None:
        run = self._run
        if run is None or run.adding:
            return
        if not run.read:
            if run.over:
                self._finish(run)
            return
        batch, run.read = run.read[:BATCH], run.read[BATCH:]
        run.adding = True
        self._delivery.deliver(self._background.submit(self._add, batch), self._on_batch, self._on_batch_error)

    def _add(self, batch: list[CardRead]) -> tuple[list[PersonaRow], int, list[CardFailed]]:
        """In the background: those that are not here yet; of two of one kind in a batch the first."""
        fresh: dict[str, NewPersona] = {}
        failed: list[CardFailed] = []
        for read in batch:
            try:
                card = Card.from_json(read.card_json)
            except CardError as error:
                failed.append(CardFailed(read.id, read.path, error.failure))
                continue
            fresh.setdefault(read.card_json, new_persona(card, read.picture_key if read.picture else ""))
        names = {made.name for made in fresh.values()}
        personas = self._store.personas
        rows = [row.id for row in personas.all().result() if row.name in names and row.own]
        for start in range(0, len(rows), BATCH):
            for persona in personas.get_many(rows[start : start + BATCH]).result():
                fresh.pop(persona.card, None)
        added = personas.add_many(list(fresh.values())).result() if fresh else []
        return added, len(batch) - len(failed) - len(added), failed

    def _on_batch(self, result: tuple[list[PersonaRow], int, list[CardFailed]]) -> None:
        run = self._run
        if run is None:
            return
        rows, known, failed = result
        run.adding = False
        run.rows += rows
        run.known += known
        run.failed += failed
        if rows:
            self.added.emit(rows)
        if run.over or len(run.read) >= BATCH:
            self._add_next()

    def _on_batch_error(self, error: BaseException) -> None:
        """The store failed: the rest would fail as well."""
        run = self._run
        if run is None:
            return
        if not run.over:
            self._cards().cancel(run.ticket)
        run.read, run.adding, run.over, run.cancelled = [], False, True, True
        self._finish(run)
        self.trouble.emit(error)

    def _show_progress(self) -> None:
        if self._run is not None:
            self._view.show_import(self._run.state())

    def _finish(self, run: _Run) -> None:
        self._timer.stop()
        if run.books:
            self.books_found.emit(run.books)
        if run.failed or run.known or run.cancelled or (run.books and run.rows) or not (run.rows or run.books):
            self._view.show_import(replace(run.state(), running=False))
        else:
            self._close()

    def _close(self) -> None:
        run, self._run = self._run, None
        self._leave()
        if run is not None and run.rows:
            self._view.choose([run.rows[0].id])
            self.ended.emit(run.rows)

    def end(self) -> None:
        """Nothing is read from now on."""
        self._timer.stop()
        self._queue.clear()
        self._run = None
