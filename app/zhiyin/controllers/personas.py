"""The gallery of personas, connected: what is listed, what is done with one, and the cards that come and go."""

from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from zhiyin import i18n
from zhiyin.controllers.card_export import CardExport
from zhiyin.controllers.card_import import CardImport
from zhiyin.controllers.persona_cards import card_of, items_of, new_persona, of_built_in, two_letters
from zhiyin.controllers.persona_editing import PersonaEditing
from zhiyin.errors import describe
from zhiyin.prompt.builtin import KEYS, built_in
from zhiyin.prompt.cards.card import Card
from zhiyin.prompt.errors import CardError
from zhiyin.services.cards import CardService
from zhiyin.services.delivery import Delivery
from zhiyin.store.records import NewPersona, PersonaRow
from zhiyin.store.store import Store
from zhiyin.ui.main_window import UNDO_SECONDS, MainWindow
from zhiyin.ui.persona_values import CHANGE, CHAT, DELETE, DUPLICATE, EDIT, JOIN, RESET, PersonaItem, one_line
from zhiyin.ui.pictures import pictures

T = TypeVar("T")
SEEDED_KEY = "personas.seeded"
FOOT_HEIGHT = 52  # of the gallery: the toast stays above it


class PersonasController(QObject):
    """Fills the view of personas; others learn from its signals what was chosen there."""

    chat_wanted = Signal(int)  # persona: begin a conversation with it
    group_wanted = Signal(object)  # list[int]: personas with which a conversation is to begin
    join_wanted = Signal(object)  # list[int]: personas that are to take part in the open conversation
    change_wanted = Signal(int)  # persona: it is to answer in the open conversation from now on
    changed = Signal(object)  # set[int]: personas whose card, name or picture is another now
    books_found = Signal(object)  # list[str]: files that were dropped as cards and hold a lorebook
    lore_wanted = Signal(int)  # persona: its lorebook is to be shown
    trouble = Signal(object)  # an exception, to be put into words

    def __init__(
        self, window: MainWindow, *, store: Store, background: Executor, delivery: Delivery, data_dir: Path, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._view = window.personas_page.personas
        self._store = store
        self._background = background
        self._delivery = delivery
        self._data_dir = data_dir
        self._card_service: CardService | None = None
        self._listing = False  # the list is on its way
        self._stale = False  # and has to be asked for once more
        self._deleted: list[int] = []  # what the toast can bring back
        self._fresh = 0  # a new persona that nobody has typed into yet
        self.editing = PersonaEditing(self._view, store=store, cards=self.cards, background=background, delivery=delivery, parent=self)
        self.importing = CardImport(self._view, store=store, cards=self.cards, background=background, delivery=delivery, parent=self)
        self.exporting = CardExport(window, store=store, cards=self.cards, background=background, delivery=delivery, parent=self)
        self._connect()

    def _connect(self) -> None:
        view = self._view
        view.opened.connect(self._list)
        view.acted.connect(self._act)
        view.new_requested.connect(self._new)
        view.files_chosen.connect(self.importing.take)
        view.lore_requested.connect(lambda persona: self.editing.when_saved(lambda: self.lore_wanted.emit(persona)))
        view.edited.connect(self._typed)
        view.editor_left.connect(self._left)
        self._window.cards_dropped.connect(self._dropped)
        self.editing.saved.connect(self._on_saved)
        self.importing.added.connect(self._put)
        self.importing.replaced.connect(self._on_replaced)
        self.importing.ended.connect(self._on_imported)
        self.importing.left.connect(self._tidy)
        self.importing.chat_wanted.connect(self.chat_wanted)
        self.importing.books_found.connect(self._on_books)
        for part in (self.editing, self.importing, self.exporting):
            part.trouble.connect(self._on_error)

    def cards(self) -> CardService:
        """What reads and writes card files; its process starts with the first question."""
        if self._card_service is None:
            self._card_service = CardService(self._data_dir, self._data_dir / "logs" / "cards.log", parent=self)
        return self._card_service

    # ------------------------------------------------------------ begin and end

    def open(self) -> None:
        """Put in the built-in ones that were never there; they are listed when the page is shown."""
        pictures().set_folder(self._data_dir / "pictures")

        def seed() -> list[PersonaRow]:
            if set(KEYS) <= set(self._store.get_setting(SEEDED_KEY, []).result()):
                return []  # their cards are not read at every start
            natives = list(built_in(two_letters(i18n.language())).items())
            made = {key: of_built_in(built) for key, built in reversed(natives)}  # the newest stand first
            added = self._store.personas.seed(made).result()
            self._store.set_setting(SEEDED_KEY, list(KEYS)).result()
            return added

        self._submit(seed, self._on_seeded)

    def _on_seeded(self, rows: list[PersonaRow]) -> None:
        if rows:
            self.changed.emit({row.id for row in rows})
            if self._view.isVisible():
                self._list()

    def retranslate(self) -> None:
        """Put everything into the language of the moment, the built-in personas too."""
        self._view.flush()
        if self._view.items():
            self._list()
        self.importing.retranslate()
        editing = self._view.editing
        item = self._view.item(editing)
        if item is not None and item.builtin and not item.changed:
            self.editing.open(editing)
        builtin = {item.id for item in self._view.items() if item.builtin and not item.changed}
        if builtin:
            self.changed.emit(builtin)

    def end(self) -> None:
        """Leave nothing unsaved and nobody running."""
        self.importing.end()
        self.editing.end()
        pictures().forget()  # nothing more is read
        if self._card_service is not None:
            self._card_service.close()

    def show(self, persona: int) -> None:
        """Show the form of a persona."""
        self._window.show_personas("personas")
        self.editing.open(persona)

    def card_changed(self, persona: int) -> None:
        """Somebody else changed a card, such as the editor of its lorebook."""
        self._submit(lambda: [self._store.personas.get(persona).result().row], self._others_now)

    # ------------------------------------------------------------ the list

    def _list(self) -> None:
        self._stale = self._listing
        if self._listing:
            return  # once more when that one is here
        self._listing = True
        language = i18n.language()

        def over(items: list[PersonaItem] | None) -> None:
            self._listing = False
            if self._stale:
                self._list()
            elif items is not None:
                self._view.set_items(items)

        def failed(error: BaseException) -> None:
            self._stale = False
            over(None)
            self._on_error(error)

        self._delivery.deliver(self._background.submit(lambda: items_of(self._store.personas.all().result(), language)), over, failed)

    def _moved_on(self) -> None:
        """A list that is on its way may not know what has just been done."""
        self._stale = self._listing

    def _put(self, rows: list[PersonaRow], then: Callable[[], object] | None = None) -> None:
        """Rows that are new or others than before."""

        pictures().look_again()

        def made(items: list[PersonaItem]) -> None:
            self._moved_on()
            self._view.put_items(items)
            if then is not None:
                then()

        if any(row.builtin for row in rows):
            self._submit(lambda: items_of(rows, i18n.language()), made)
        else:
            made(items_of(rows, i18n.language()))

    # ------------------------------------------------------------ what is done with one

    def _act(self, action: str, personas: list[int]) -> None:
        first = personas[0]
        if action == CHAT and len(personas) > 1:
            self.group_wanted.emit(personas)
        elif action == CHAT:
            self.editing.when_saved(lambda: self.chat_wanted.emit(first))
        elif action == CHANGE:
            self.change_wanted.emit(first)
        elif action == JOIN:
            self.join_wanted.emit(personas)
        elif action == EDIT:
            self.editing.open(first)
        elif action == DUPLICATE:
            self._duplicate(personas)
        elif action == RESET:
            self.editing.when_saved(lambda: self._reset(personas))
        elif action == DELETE:
            self._delete(personas)

    def _new(self) -> None:
        name = self.tr("New persona")

        def added(row: PersonaRow) -> None:
            self._fresh = row.id
            self._put([row], lambda: self._view.choose([row.id]))
            self.editing.open(row.id)

        self._submit(lambda: self._store.personas.add(new_persona(Card.blank(name))).result(), added)

    def _typed(self, persona: int, _fields: object) -> None:
        if persona == self._fresh:
            self._fresh = 0

    def _left(self, persona: int) -> None:
        """A new one that nobody typed into is not kept."""
        if persona == self._fresh:
            self._fresh = 0
            self._submit(lambda: self._store.personas.delete([persona]).result())
            self._moved_on()
            self._view.take_away([persona])

    def _on_saved(self, row: PersonaRow) -> None:
        self._put([row])
        self.changed.emit({row.id})

    def _duplicate(self, personas: list[int]) -> None:
        language, words = i18n.language(), self.tr("{name} (copy)")

        def copy() -> list[PersonaRow]:
            made = []
            for persona in self._store.personas.get_many(personas).result():
                card, picture = card_of(persona, language)
                named = card.changed(name=words.format(name=card.name[:150]))
                row = persona.row
                made.append(new_persona(named, picture, seal=row.seal, color=row.color))
            return self._store.personas.add_many(made).result()

        def copied(rows: list[PersonaRow]) -> None:
            if rows:
                self._put(rows, lambda: self._view.choose([row.id for row in rows]))

        self._submit(copy, copied)

    def _reset(self, personas: list[int]) -> None:
        """Back to the original; the toast brings back what it was."""
        language = i18n.language()

        def reset() -> list[tuple[PersonaRow, NewPersona]]:
            made = []
            built = built_in(two_letters(language))
            for persona in self._store.personas.get_many(personas).result():
                row = persona.row
                if row.own and row.builtin in built:
                    former = new_persona(Card.from_json(persona.card), row.picture, builtin=row.builtin, seal=row.seal, color=row.color)
                    made.append((self._store.personas.reset(row.id, of_built_in(built[row.builtin])).result(), former))
            return made

        def done(made: list[tuple[PersonaRow, NewPersona]]) -> None:
            self._others_now([row for row, _former in made])
            if made:
                self._toast(lambda: self.tr("Back to the original"), lambda: self._bring_back([(row.id, former) for row, former in made]))

        self._submit(reset, done)

    def _bring_back(self, former: list[tuple[int, NewPersona]]) -> None:
        def update() -> list[PersonaRow]:
            return [self._store.personas.update(persona, card).result() for persona, card in former]

        self._submit(update, self._others_now)

    def _others_now(self, rows: list[PersonaRow]) -> None:
        """The store has other cards of these: show them, in the form too."""
        for row in rows:
            self.editing.forget(row.id)
        if rows:
            self._put(rows)
            self.changed.emit({row.id for row in rows})
        if self._view.editing in {row.id for row in rows}:
            self.editing.open(self._view.editing)

    def _delete(self, personas: list[int]) -> None:
        def gone(_nothing: object) -> None:
            deleted = [*self._deleted, *personas]
            self._moved_on()
            self._view.take_away(personas)
            self._toast(partial(self._deleted_words, deleted), self._undo, self._bury)  # one that is still there leaves first
            self._deleted = deleted
            self.changed.emit(set(personas))

        names = [item.name for persona in personas if (item := self._view.item(persona)) is not None]
        self._last_name = names[0] if names else ""
        self._submit(lambda: self._store.personas.delete(personas).result(), gone)

    def _deleted_words(self, deleted: list[int]) -> str:
        if len(deleted) > 1:
            return self.tr("Personas deleted: {count}").format(count=len(deleted))
        return self.tr("“{name}” is deleted; its conversations stay.").format(name=self._last_name[:40])

    def _bury(self) -> None:
        """The time for an undo is over."""
        self._deleted = []

    def _undo(self) -> None:
        deleted, self._deleted = self._deleted, []

        def restored(rows: list[PersonaRow]) -> None:
            self._put(rows, lambda: self._view.choose([row.id for row in rows]))
            self.changed.emit({row.id for row in rows})

        self._submit(lambda: self._store.personas.restore(deleted).result(), restored)

    # ------------------------------------------------------------ cards

    def _dropped(self, paths: list[str]) -> None:
        self._window.show_personas("personas")
        self.importing.take(paths)

    def _on_replaced(self, row: PersonaRow, former: NewPersona) -> None:
        self._others_now([row])
        name = one_line(row.name, 40)
        self._toast(lambda: self.tr("“{name}” is replaced").format(name=name), lambda: self._bring_back([(row.id, former)]))

    def _tidy(self) -> None:
        """Pictures of cards that were looked at and not taken in go, but not those of the last hour."""
        if self._card_service is not None:
            cards = self._card_service
            self._submit(lambda: self._store.personas.pictures().result(), lambda keep: cards.clear_pictures(keep, lambda _answer: None))

    def _on_imported(self, rows: list[PersonaRow]) -> None:
        """All of many were taken in: the toast takes them away again."""

        def words() -> str:
            return self.tr("Personas taken in: {count}").format(count=len(rows))

        self._toast(words, lambda: self._delete([row.id for row in rows]))

    def _on_books(self, paths: list[str]) -> None:
        self.books_found.emit(paths)

    # ------------------------------------------------------------ beside the window

    def _toast(self, words: Callable[[], str], act: Callable[[], object], gone: Callable[[], object] | None = None) -> None:
        self._window.toast.set_clearance(FOOT_HEIGHT)
        self._window.toast.show_message(words, lambda: self.tr("Undo"), UNDO_SECONDS, act=act, gone=gone)

    def _submit(self, act: Callable[[], T], then: Callable[[T], object] | None = None) -> None:
        def arrived(result: T) -> None:
            if then is not None:
                then(result)

        self._delivery.deliver(self._background.submit(act), arrived, self._on_error)

    def _on_error(self, error: BaseException) -> None:
        if isinstance(error, CardError):
            failure = error.failure
            self._view.set_notice(lambda: describe(failure.code, failure.args), "error")
        else:
            self.trouble.emit(error)
