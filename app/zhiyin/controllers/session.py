"""What lives as long as the store is open: the engine, the controllers, the settings."""

import logging
from typing import TYPE_CHECKING, Literal

import msgspec
from PySide6.QtCore import QEvent, QObject

from zhiyin.controllers.answering import Answering
from zhiyin.controllers.cast import CastController
from zhiyin.controllers.chat import NEW_DRAFT_KEY, ChatController
from zhiyin.controllers.conversations import ConversationsController
from zhiyin.controllers.conversion import ConversionController
from zhiyin.controllers.discover import DiscoverController
from zhiyin.controllers.downloads import DownloadsController
from zhiyin.controllers.leaving import LeavingController
from zhiyin.controllers.library import LibraryController
from zhiyin.controllers.models import ModelsController
from zhiyin.controllers.replies import ReplyRunner
from zhiyin.controllers.role_play import RolePlay
from zhiyin.controllers.settings import SettingsController
from zhiyin.controllers.sources import SourcesController
from zhiyin.controllers.surely import surely
from zhiyin.controllers.window import WindowController
from zhiyin.services.delivery import Delivery
from zhiyin.services.engine import EngineService
from zhiyin.services.jobs import JobService
from zhiyin.settings import SETTINGS_KEY, AppSettings, decode_settings
from zhiyin.store.records import Conversation
from zhiyin.store.store import Store
from zhiyin_models.engine.protocol import ModelInfo
from zhiyin_models.library.installed import Library

if TYPE_CHECKING:
    from zhiyin.application import Zhiyin

log = logging.getLogger(__name__)


class Session(QObject):
    """Connects the window to an open store."""

    def __init__(self, zhiyin: "Zhiyin", store: Store) -> None:
        super().__init__(zhiyin)
        window = zhiyin.window
        self.delivery = delivery = Delivery(self)  # its own: what was asked of a closed store is answered to nobody
        self.zhiyin = zhiyin
        self.store = store
        self.settings = AppSettings()
        self._typed = ""
        self.engine = EngineService(zhiyin.paths.logs / "engine.log", silence=zhiyin.silence, parent=self)
        self.library = Library(zhiyin.paths.data_dir)
        self.models = ModelsController(self.library, self.engine, zhiyin.background, delivery, parent=self)
        self.replies = ReplyRunner(self.engine, store, delivery, parent=self)
        self.cast = CastController(store=store, background=zhiyin.background, delivery=delivery, parent=self)
        self.answering = Answering(
            store=store,
            cast=self.cast,
            replies=self.replies,
            models=self.models,
            engine=self.engine,
            background=zhiyin.background,
            delivery=delivery,
            parent=self,
        )
        self.chat = ChatController(
            window.transcript,
            window.composer,
            store=store,
            replies=self.replies,
            models=self.models,
            cast=self.cast,
            answering=self.answering,
            delivery=delivery,
            parent=self,
        )
        self.conversations = ConversationsController(
            window.conversations, store=store, chat=self.chat, replies=self.replies, delivery=delivery, parent=self
        )
        self.view = WindowController(
            window,
            chat=self.chat,
            cast=self.cast,
            conversations=self.conversations,
            models=self.models,
            replies=self.replies,
            engine=self.engine,
            parent=self,
        )
        self.conversion = ConversionController(
            window.conversion_page,
            jobs=JobService(zhiyin.paths.jobs, parent=self),
            models=self.models,
            background=zhiyin.background,
            delivery=delivery,
            folder=lambda: self.library.models_directory,
            parent=self,
        )
        self._make_library(zhiyin)
        parts = self.role_play = RolePlay(self, parent=self)
        self.personas, self.books, self.profiles = parts.personas, parts.books, parts.profiles
        self.tasks, self.notebook, self.ratings = parts.tasks, parts.notebook, parts.ratings
        self.playing, self.budget, self.summaries = parts.playing, parts.budget, parts.summaries
        self.leaving = LeavingController(window, self.conversion, self.downloads, others=(self.library_page,), parent=self)
        self.settings_page = SettingsController(zhiyin, self, parent=self)
        self.models.set_busy_check(lambda: self.replies.busy)
        self.replies.model_wanted.connect(self.models.load)
        self.engine.loaded.connect(self._on_loaded)
        delivery.failed.connect(self.view.show_trouble)
        self.view.damaged.connect(zhiyin.store_failed)
        self.leaving.quit_wanted.connect(zhiyin.quit)
        self.conversion.chat_wanted.connect(self._chat_with)
        window.folders_dropped.connect(self.conversion.pick_all)
        window.installEventFilter(self)

    def _make_library(self, zhiyin: "Zhiyin") -> None:
        """What stands behind the page of models."""
        window, background = zhiyin.window, zhiyin.background
        jobs = JobService(zhiyin.paths.downloads, parent=self)
        data_dir = zhiyin.paths.data_dir
        models, delivery = self.models, self.delivery
        self.library_page = LibraryController(
            window, models=models, library=self.library, jobs=jobs, background=background, delivery=delivery, parent=self
        )
        self.downloads = DownloadsController(
            window, models=models, jobs=jobs, background=background, delivery=delivery, data_dir=data_dir, parent=self
        )
        self.discover = DiscoverController(
            window,
            models=models,
            library=self.library,
            downloads=self.downloads,
            engine=self.engine,
            jobs=jobs,
            background=background,
            delivery=delivery,
            data_dir=data_dir,
            parent=self,
        )
        self.sources = SourcesController(
            window.settings_page.sources,
            hub=self.discover.hubs.hub,
            background=background,
            delivery=delivery,
            data_dir=data_dir,
            parent=self,
        )
        self.sources.changed.connect(self.downloads.set_hub_settings)
        self.sources.changed.connect(lambda _settings: self.discover.hubs.refresh())
        self.library_page.moving_changed.connect(self._on_moving)
        self.downloads.online_wanted.connect(self.sources.go_online)
        self.library_page.chat_wanted.connect(self._chat_with)
        self.library_page.drops_remembered.connect(self._remember_drops)
        self.downloads.chat_wanted.connect(self._chat_with)
        self.downloads.convert_wanted.connect(self._convert)
        self.discover.chat_wanted.connect(self._chat_with)
        self.discover.convert_wanted.connect(self._convert)
        self.discover.updates_found.connect(self.library_page.set_updates)
        self.library_page.update_wanted.connect(self.discover.show_origin)

    # ------------------------------------------------------------ begin and end

    def begin(self, typed: str = "") -> None:
        """Read the settings, the library and the list; then show the last conversation and load the last model.

        ``typed`` was written while there was no store: it joins the draft of what is shown first.
        """
        if typed:
            self._typed = typed
            self.zhiyin.window.composer.set_draft(typed)  # not announced as the draft of a conversation that it may not belong to
            self.chat.opened.connect(self._join_typed)
        self.conversion.open()
        self.library_page.open()
        self.downloads.open()
        self.role_play.open()
        self.delivery.deliver(self.store.get_setting(SETTINGS_KEY), self._on_settings, self.view.show_trouble)

    def _on_settings(self, value: object) -> None:
        self.apply_settings(decode_settings(value))
        self.chat.read_new_draft()
        self.conversations.load(self._on_list)
        self.models.refresh(self._on_library)
        self.delivery.deliver(self.store.damage, self.zhiyin.store_failed)

    def _join_typed(self) -> None:
        self.chat.opened.disconnect(self._join_typed)
        composer = self.zhiyin.window.composer
        draft, typed, self._typed = composer.text(), self._typed, ""
        if (whole := joined(draft, typed)) != draft:
            composer.set_draft(whole)
            composer.draft_changed.emit(whole)

    def _flush_draft(self) -> None:
        composer = self.zhiyin.window.composer
        if self._typed:
            keep_typed(self.store, composer.text())
            composer.set_draft(composer.text())
        composer.flush_draft()

    def _on_list(self, conversations: list[Conversation]) -> None:
        last = self.zhiyin.appearance.last_conversation
        if self.chat.conversation is None:
            if any(conversation.id == last for conversation in conversations):
                self.chat.open(last)
            else:
                self.chat.new()
        self.zhiyin.window.composer.setFocus()

    def _on_library(self) -> None:
        name = self.models.default
        if self.settings.load_last_model and name and not self.models.current:
            known = self.models.find(name)
            if known is not None and not known.missing:
                self.models.load(name)

    def end(self) -> None:
        """Leave nothing unsaved and nobody running."""
        window = self.zhiyin.window
        window.removeEventFilter(self)
        for flush in (window.panel.flush, window.settings_page.flush, self._flush_draft):
            surely(flush)
        for end in (
            self.role_play.end,
            self.leaving.end,
            self.discover.end,
            self.library_page.end,
            self.downloads.end,
            self.conversion.end,
            self.chat.end,
            self.replies.end_all,
            self.engine.close,
            self.delivery.close,
            self.store.close,
        ):
            surely(end)

    # ------------------------------------------------------------ settings

    def apply_settings(self, settings: AppSettings) -> None:
        """Take over settings everywhere."""
        self.settings = settings
        for controller in (self.models, self.chat, self.view, self.library_page):
            controller.set_settings(settings)
        self.settings_page.show_values()

    def change_settings(self, settings: AppSettings) -> None:
        """Take over and keep what the user chose."""
        if settings != self.settings:
            self.apply_settings(settings)
            self.delivery.deliver(self.store.set_setting(SETTINGS_KEY, msgspec.to_builtins(settings)), None, self.view.show_trouble)

    def _on_loaded(self, _model: ModelInfo) -> None:
        if self.models.current and self.models.current != self.settings.last_model:
            self.change_settings(msgspec.structs.replace(self.settings, last_model=self.models.current))

    def _on_moving(self, moving: bool) -> None:  # noqa: FBT001 - as it is said
        """Downloads wait while the models folder changes, and go on in the new one."""
        self.downloads.hold(moving)
        if not moving:
            self.discover.hubs.refresh()

    def _remember_drops(self, choice: Literal["ask", "place", "copy"]) -> None:
        self.change_settings(msgspec.structs.replace(self.settings, dropped_models=choice))

    def _chat_with(self, name: str) -> None:
        """Begin a conversation with a model that has just been made."""
        self.chat.new()
        self.view.choose_model(name)
        self.zhiyin.window.show_home()

    def show_conversation(self, conversation: int) -> None:
        """Show what was kept as a conversation."""
        self.conversations.load()
        self.chat.open(conversation)
        self.chat.reload()  # another alternative may have been kept there meanwhile
        self.zhiyin.window.show_home()

    def _convert(self, folder: str) -> None:
        """Take a checkpoint that has just been fetched to the sidecar."""
        self.zhiyin.window.show_conversion()
        self.conversion.pick(folder)

    # ------------------------------------------------------------ language

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """When the language changes, what was put into words is put into the new one's."""
        if event.type() == QEvent.Type.LanguageChange and watched is self.zhiyin.window:
            self.view.retranslate()
            self.cast.retranslate()
            self.chat.retranslate()
            self.conversion.retranslate()
            self.library_page.retranslate()
            self.downloads.retranslate()
            self.sources.retranslate()
            self.discover.retranslate()
            self.role_play.retranslate()
        return super().eventFilter(watched, event)


def joined(draft: str, typed: str) -> str:
    """A draft with what was typed while it was not on the screen; a text that begins as the draft does is its continuation."""
    if not draft or typed.startswith(draft):
        return typed
    return draft if draft.startswith(typed) else f"{draft}\n{typed}"


def keep_typed(store: Store, typed: str) -> None:
    """Keep what was typed in a window that showed no conversation yet, as the draft of a new one. Blocks."""
    if typed:
        store.set_setting(NEW_DRAFT_KEY, joined(str(store.get_setting(NEW_DRAFT_KEY, "").result()), typed)).result()
