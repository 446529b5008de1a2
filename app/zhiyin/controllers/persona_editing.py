"""The form of a persona, connected: what is typed is kept, one change after the other, and never lost."""

import logging
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import NamedTuple

from PySide6.QtCore import QObject, Signal

from zhiyin import i18n
from zhiyin.controllers.persona_cards import card_of, edited_of, new_persona, with_fields
from zhiyin.errors import describe
from zhiyin.prompt.cards.card import Card
from zhiyin.services.cards import CardFailed, CardService, PictureMade
from zhiyin.services.delivery import Delivery
from zhiyin.store.records import PersonaRow
from zhiyin.store.store import Store
from zhiyin.ui.persona_values import PersonaFields
from zhiyin.ui.persona_view import PersonaView

PATIENCE = 20.0  # seconds that the end waits for a change that is on its way to the disk
log = logging.getLogger(__name__)


class _Kept(NamedTuple):
    """A persona as the store has it."""

    row: PersonaRow
    card: Card
    picture: str


class PersonaEditing(QObject):
    """Opens the form, and keeps what is typed in it in the background."""

    saved = Signal(object)  # PersonaRow
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
        self._kept: dict[int, _Kept] = {}  # what changes are made to
        self._waiting: dict[int, PersonaFields] = {}
        self._unsaved: dict[int, PersonaFields] = {}  # the store failed
        self._saving: tuple[int, PersonaFields, Future[_Kept]] | None = None
        self._then: list[Callable[[], object]] = []
        view.edited.connect(self._edited)
        view.picture_chosen.connect(self._make_picture)

    def open(self, persona: int) -> None:
        """Show the form of a persona."""
        self.when_saved(lambda: self._delivery.deliver(self._background.submit(self._read, persona), self._show, self.trouble.emit))

    def when_saved(self, then: Callable[[], object]) -> None:
        """Call back when nothing that was typed waits any more; at once when nothing does."""
        self._view.flush()
        if self._saving is None and not self._waiting:
            then()
        else:
            self._then.append(then)

    def forget(self, persona: int) -> None:
        """The store has another card of it now."""
        self._kept.pop(persona, None)

    def end(self) -> None:
        """Keep what still waits, now."""
        self._view.flush()
        if self._saving is not None:
            persona, fields, future = self._saving
            try:
                self._kept[persona] = future.result(PATIENCE)
            except Exception:
                log.exception("a persona was not kept")
                self._waiting.setdefault(persona, fields)
        for persona, fields in {**self._unsaved, **self._waiting}.items():
            kept = self._kept.get(persona)
            if kept is not None:
                try:
                    self._keep(kept, fields)
                except Exception:
                    log.exception("a persona was not kept")

    # ------------------------------------------------------------ inner

    def _read(self, persona: int) -> _Kept:
        """In the background."""
        found = self._store.personas.get(persona).result()
        card, picture = card_of(found, i18n.language())
        return _Kept(found.row, card, picture)

    def _show(self, kept: _Kept) -> None:
        if kept.row.deleted:
            self._view.show_deleted(kept.row.name, lambda: self._restore(kept.row.id))
            return
        self._kept[kept.row.id] = kept
        edited = edited_of(kept.row, kept.card, kept.picture)
        self._view.when_editor(lambda: self._view.show_editor(edited))

    def _restore(self, persona: int) -> None:
        """Bring it back, and show its form as was asked for."""

        def restored(rows: list[PersonaRow]) -> None:
            for row in rows:
                self.saved.emit(row)
            self.open(persona)

        self._delivery.deliver(self._store.personas.restore([persona]), restored, self.trouble.emit)

    def _edited(self, persona: int, fields: PersonaFields) -> None:
        if persona in self._kept:
            self._unsaved.pop(persona, None)
            self._waiting[persona] = fields
            self._save_next()

    def _save_next(self) -> None:
        if self._saving is not None:
            return
        if not self._waiting:
            then, self._then = self._then, []
            for each in then:
                each()
            return
        persona, fields = self._waiting.popitem()
        future = self._background.submit(self._keep, self._kept[persona], fields)
        self._saving = (persona, fields, future)
        self._delivery.deliver(future, self._on_saved, self._on_unsaved)

    def _keep(self, kept: _Kept, fields: PersonaFields) -> _Kept:
        """In the background: the card with what was typed goes into the store."""
        return self._put(kept._replace(picture=fields.picture), lambda card: with_fields(card, fields))

    def _put(self, kept: _Kept, change: Callable[[Card], Card]) -> _Kept:
        card = change(kept.card)
        row = self._store.personas.update(
            kept.row.id, new_persona(card, kept.picture, builtin=kept.row.builtin, color=kept.row.color)
        ).result()
        return _Kept(row, card, kept.picture)

    def _on_saved(self, kept: _Kept) -> None:
        self._saving = None
        self._kept[kept.row.id] = kept
        self.saved.emit(kept.row)
        if self._view.editing == kept.row.id and kept.row.id not in self._waiting:
            self._view.editor().set_saved(own=kept.row.own)
        self._save_next()

    def _on_unsaved(self, error: BaseException) -> None:
        """It is still in the form, and goes along with the next change."""
        assert self._saving is not None  # noqa: S101 - it is what failed
        persona, fields, _future = self._saving
        self._saving = None
        self._then.clear()
        if persona not in self._waiting:
            self._unsaved[persona] = fields
        self.trouble.emit(error)

    def _make_picture(self, persona: int, path: str) -> None:
        def made(answer: PictureMade | CardFailed) -> None:
            if isinstance(answer, CardFailed):
                failure = answer.failure
                self._view.set_notice(lambda: describe(failure.code, failure.args), "error")
            elif self._view.editing == persona:
                self._view.set_notice("")
                self._view.editor().set_picture(persona, answer.picture_key)

        self._cards().make_picture(path, made)
