"""Personas, lorebooks, profiles, tasks, the notebook and ratings: what stands behind their pages, connected with the conversations."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QPixmap

from zhiyin.controllers.books import BooksController
from zhiyin.controllers.budget import BudgetController
from zhiyin.controllers.cast_views import CastViews
from zhiyin.controllers.drops import DropsController
from zhiyin.controllers.notebook import NotebookController
from zhiyin.controllers.personas import PersonasController
from zhiyin.controllers.playing import PlayingController
from zhiyin.controllers.profiles import ProfilesController
from zhiyin.controllers.ratings import RatingsController
from zhiyin.controllers.summaries import SummaryController
from zhiyin.controllers.surely import surely
from zhiyin.controllers.tasks import TasksController
from zhiyin.ui.main_window import MainWindow
from zhiyin.ui.pictures import pictures

if TYPE_CHECKING:
    from zhiyin.controllers.session import Session

RECENT = 6  # turns


class RolePlay(QObject):
    """Lives as long as the session that it is a part of."""

    def __init__(self, session: "Session", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        zhiyin = session.zhiyin
        window, background, store, delivery = zhiyin.window, zhiyin.background, session.store, session.delivery
        self.personas = PersonasController(
            window, store=store, background=background, delivery=delivery, data_dir=zhiyin.paths.data_dir, parent=self
        )
        self.books = BooksController(window, store=store, background=background, delivery=delivery, parent=self)
        self.profiles = ProfilesController(window, store=store, background=background, delivery=delivery, parent=self)
        self.tasks = TasksController(
            window,
            store=store,
            engine=session.engine,
            models=session.models,
            replies=session.replies,
            background=background,
            delivery=delivery,
            parent=self,
        )
        self.notebook = NotebookController(
            window,
            store=store,
            engine=session.engine,
            models=session.models,
            replies=session.replies,
            background=background,
            delivery=delivery,
            parent=self,
        )
        self.playing = PlayingController(
            store=store,
            chat=session.chat,
            composer=window.composer,
            cast=session.cast,
            background=background,
            delivery=delivery,
            parent=self,
        )
        self.summaries = SummaryController(
            store=store,
            replies=session.replies,
            engine=session.engine,
            delivery=delivery,
            counts=session.answering.counts,
            parent=self,
        )
        self.cast_views = CastViews(
            window,
            store=store,
            chat=session.chat,
            cast=session.cast,
            answering=session.answering,
            playing=self.playing,
            replies=session.replies,
            delivery=delivery,
            parent=self,
        )
        self.budget = BudgetController(
            window,
            store=store,
            chat=session.chat,
            cast=session.cast,
            answering=session.answering,
            replies=session.replies,
            models=session.models,
            engine=session.engine,
            delivery=delivery,
            parent=self,
        )
        self.ratings = RatingsController(window.transcript, store=store, delivery=delivery, parent=self)
        self.drops = DropsController(window, tasks=self.tasks, books=self.books, background=background, delivery=delivery, parent=self)
        self._connect(window)
        self._pages = (self.personas, self.books, self.profiles, self.tasks, self.notebook)
        for page in self._pages:
            page.trouble.connect(session.view.show_trouble)
        self.tasks.kept.connect(lambda _conversation: session.conversations.load())
        for asking in (self.tasks, self.notebook):
            asking.chat_wanted.connect(session.show_conversation)

    def _connect(self, window: MainWindow) -> None:
        """What the pages of personas, the conversations and the ratings say to each other."""
        session = self._session
        self.personas.chat_wanted.connect(self.playing.start_with)
        self.personas.join_wanted.connect(lambda personas: self.playing.join(*personas))
        self.personas.group_wanted.connect(lambda personas: self.playing.start_with(*personas))
        self.personas.change_wanted.connect(self.playing.change_to)
        self.personas.changed.connect(session.cast.forget_personas)
        self.books.changed.connect(session.cast.forget_books)
        self.books.changed.connect(self.cast_views.read_books)
        window.chat.cast.open_requested.connect(self.personas.show)
        window.panel.persona_opened.connect(self.personas.show)
        self.profiles.changed.connect(session.cast.read_profiles)
        self.playing.shown.connect(window.show_home)
        window.empty_state.persona_chosen.connect(self.playing.start_with)
        session.chat.opened.connect(self._suggest)
        self.personas.changed.connect(self._suggest)
        self.playing.abandoned.connect(session.conversations.delete)
        self.summaries.written.connect(self._on_summary)
        for playing in (self.playing, self.summaries):
            playing.trouble.connect(session.view.show_trouble)
        self.personas.books_found.connect(self.books.import_files)
        self.personas.lore_wanted.connect(self.books.edit_card_book)
        self.books.persona_changed.connect(self.personas.card_changed)
        self.books.persona_wanted.connect(self.personas.show)
        self.books.use_wanted.connect(self.playing.use_book)
        self.books.set_recent(self._recent)
        self.books.set_counts(session.answering.counts)
        self.profiles.set_cards(self.personas.cards)
        self.ratings.set_page(window.settings_page)
        self.ratings.rated.connect(session.chat.replace)
        self.ratings.trouble.connect(session.view.show_trouble)
        window.transcript.picture_of = _picture_of
        pictures().arrived.connect(window.transcript.refresh_pictures)

    def open(self) -> None:
        """Fetch what there is."""
        self._session.cast.read_profiles()
        self.cast_views.read_books()
        for page in self._pages:
            page.open()

    def retranslate(self) -> None:
        """Put everything into the language of the moment."""
        for page in self._pages:
            page.retranslate()

    def end(self) -> None:
        """Leave nothing unsaved and nobody running."""
        for page in (*self._pages, self.summaries, self.budget):
            surely(page.end)

    def _suggest(self, _what: object = None) -> None:
        """Where nothing has been said yet, show who could answer."""
        if self._session.chat.conversation is None:
            self.playing.suggest(self._session.zhiyin.window.empty_state)

    def _recent(self) -> list[tuple[str, str, str]]:
        """The last turns on the screen, as (role, name, text): what a lorebook is tried on."""
        return [(turn.role, turn.speaker, turn.text) for turn in self._session.chat.turns[-RECENT:] if turn.role != "system"]

    def _on_summary(self, conversation: int) -> None:
        if conversation == self._session.chat.id and not self._session.chat.is_busy():
            self._session.chat.reload()


def _picture_of(picture: str, size: int) -> QPixmap | None:
    """A persona's picture for the transcript; its seal stands there until the picture is read."""
    return pictures().found(picture, size)
