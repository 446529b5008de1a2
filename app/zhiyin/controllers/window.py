"""What stands around the transcript: header, footer, panel, banner, and which page is on show."""

import logging
from functools import partial
from pathlib import Path

from PySide6.QtCore import QLocale, QObject, Signal

from zhiyin.controllers.cast import CastController
from zhiyin.controllers.chat import ChatController
from zhiyin.controllers.conversations import ConversationsController
from zhiyin.controllers.models import ModelsController
from zhiyin.controllers.presentation import CHOOSE_MODEL, CONTINUE, PERSONA_SEAL, RELOAD, SETTINGS
from zhiyin.controllers.replies import ReplyJob, ReplyRunner
from zhiyin.errors import describe
from zhiyin.prompt.errors import CardError
from zhiyin.services.engine import EngineService, EngineState
from zhiyin.settings import AppSettings
from zhiyin.store.errors import StoreCode, StoreError
from zhiyin.store.records import Conversation
from zhiyin.ui.conversation_panel import PanelDefaults
from zhiyin.ui.main_window import MainWindow
from zhiyin.ui.model_chooser import ModelItem
from zhiyin.ui.model_file_dialog import ModelFileDialog
from zhiyin.ui.wording import Wording
from zhiyin_models.engine.protocol import ModelInfo, Notice, Sampling
from zhiyin_models.errors import Code, Failure, ModelError
from zhiyin_models.library.installed import InstalledModel

log = logging.getLogger(__name__)

MODEL_KEY = "model"  # the banner's messages about the model in memory replace each other
GONE_KEY = "model-gone"
STORE_KEY = "store"


class WindowController(QObject):
    """Shows the state of the conversation, the model and the store around the transcript."""

    damaged = Signal(object)  # StoreError: the store cannot be used on

    def __init__(
        self,
        window: MainWindow,
        *,
        chat: ChatController,
        cast: CastController,
        conversations: ConversationsController,
        models: ModelsController,
        replies: ReplyRunner,
        engine: EngineService,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._chat = chat
        self._cast = cast
        self._conversations = conversations
        self._models = models
        self._replies = replies
        self._engine = engine
        self._settings = AppSettings()
        self._listed = False
        self._connect_window()
        self._connect_state()

    def _connect_window(self) -> None:
        window = self._window
        header = window.header
        header.set_seal(PERSONA_SEAL)
        header.seal_clicked.connect(window.show_personas)
        header.title_edited.connect(self._conversations.rename_current)
        header.delete_requested.connect(self._delete_current)
        header.unload_requested.connect(self._models.unload)
        chooser = header.model_chooser
        chooser.chosen.connect(self.choose_model)
        chooser.open_file_requested.connect(self._ask_for_file)
        chooser.unload_requested.connect(self._models.unload)
        chooser.cancel_requested.connect(self._engine.cancel_load)
        window.panel.changed.connect(self._panel_changed)
        window.banner.action.connect(self._act)
        window.transcript.error_action.connect(self._act_on_turn)
        window.first_run.use_starter.connect(self._models.add_starter)
        window.first_run.open_file.connect(self._ask_for_file)
        window.first_run.cancel_requested.connect(self._engine.cancel_load)

    def _connect_state(self) -> None:
        window = self._window
        self._chat.leaving.connect(self._window.panel.flush)
        self._chat.opened.connect(self._on_opened)
        self._chat.changed.connect(self._on_conversation_changed)
        self._chat.turns_changed.connect(self._show_footer)
        self._chat.turns_changed.connect(lambda: window.show_empty(not self._chat.turns))
        self._chat.turns_changed.connect(self._show_persona)
        self._chat.trouble.connect(self.show_trouble)
        self._cast.trouble.connect(self.show_trouble)
        self._cast.arrived.connect(self._show_persona)
        self._replies.unsaved.connect(self.show_trouble)
        self._replies.saved.connect(lambda: self._window.banner.dismiss(STORE_KEY))
        self._replies.changed.connect(self._on_job)
        self._replies.ended.connect(self._on_ended)
        self._models.listed.connect(self._on_listed)
        self._models.failed.connect(self._show_failure)
        self._models.added.connect(lambda model: self.choose_model(model.name))
        self._models.loading.connect(self._on_loading)
        self._models.starter_found.connect(self._on_starter)
        self._engine.load_progressed.connect(self._on_load_progress)
        self._engine.loaded.connect(self._on_loaded)
        self._engine.load_cancelled.connect(self._show_model)
        self._engine.state_changed.connect(lambda _state: self._show_model())
        self._engine.noticed.connect(self._on_notice)
        self._models.noticed.connect(self._on_notice)
        self._engine.died.connect(self._on_died)

    def set_settings(self, settings: AppSettings) -> None:
        """Take over the app-wide defaults."""
        self._settings = settings
        self._show_panel()

    def retranslate(self) -> None:
        """Put what was put into words into the language of the moment."""
        self._on_listed(self._models.models)
        self._show_title()
        self._show_footer()

    # ------------------------------------------------------------ the conversation

    def _on_opened(self, conversation: Conversation | None) -> None:
        self._show_title()
        self._show_panel()
        self._show_model()
        self._show_footer()
        self._check_model(conversation)

    def _on_conversation_changed(self, conversation: Conversation) -> None:
        if conversation.id == self._chat.id:
            self._show_title()
            self._show_model()

    def _show_persona(self) -> None:
        """Who answers, above the transcript and in its place while it is empty."""
        members = self._chat.setup.members
        look = self._cast.look(members[0].persona) if members else None
        header, empty = self._window.header, self._window.empty_state
        if look is None:
            header.set_seal(PERSONA_SEAL, name=self.tr("Choose who answers"))
            empty.set_seal(PERSONA_SEAL)
            return
        seal = look.seal or look.name[:1]
        header.set_seal(seal, look.color, picture=look.picture, name=look.name)
        empty.set_seal(seal, look.color, picture=look.picture, name=look.name)

    def _show_title(self) -> None:
        conversation = self._chat.conversation
        title = conversation.title if conversation is not None else ""
        self._window.header.set_title(title or self.tr("New conversation"), editable=conversation is not None)

    def _delete_current(self) -> None:
        if self._chat.id is not None:
            self._window.conversations.delete.emit(self._chat.id)  # the same way as from the list, with the same way back

    def _show_panel(self) -> None:
        defaults = PanelDefaults(self._settings.system_prompt, self._settings.sampling)
        self._window.panel.set_values(self._chat.system_prompt, defaults, self._chat.sampling)

    def _panel_changed(self, system_prompt: str | None, sampling: Sampling | None) -> None:
        self._chat.update(system_prompt=system_prompt, sampling=sampling)

    # ------------------------------------------------------------ the model

    def choose_model(self, name: str) -> None:
        """Let a model answer in this conversation, and load it; while a reply runs it waits for its turn in the queue."""
        self._window.banner.dismiss(GONE_KEY)
        self._window.banner.dismiss(MODEL_KEY)
        self._chat.update(model=name)
        if not self._replies.busy:
            self._models.load(name)

    def _on_listed(self, models: list[InstalledModel]) -> None:
        self._listed = True
        self._window.header.model_chooser.set_models(
            [ModelItem(name=model.name, path=str(model.path), detail=self._detail(model), missing=model.missing) for model in models]
        )
        self._window.set_first_run(not models)
        if not models:
            self._models.look_for_starter()
        self._show_model()
        self._check_model(self._chat.conversation)

    def _detail(self, model: InstalledModel) -> str:
        size = QLocale().formattedDataSize(model.size, 1, QLocale.DataSizeFormat.DataSizeTraditionalFormat)
        return " · ".join(part for part in (size, model.quant) if part)

    def _check_model(self, conversation: Conversation | None) -> None:
        """Say so when the model of this conversation is gone, and offer another."""
        self._window.banner.dismiss(GONE_KEY)
        if conversation is None or not conversation.model or not self._listed:
            return
        model = self._models.find(conversation.model)
        if model is not None and not model.missing:
            return
        gone = conversation.model
        actions: list[tuple[str, Wording]] = [(CHOOSE_MODEL, lambda: self.tr("Choose a model"))]
        other = self._other_model(gone)
        if other:
            actions.insert(0, (f"use:{other}", lambda: self.tr("Use {name}").format(name=other)))

        def text() -> str:
            return self.tr("The model of this conversation, {name}, is not there any more.").format(name=gone)

        self._window.banner.show_message(text, "warning", actions, key=GONE_KEY)

    def _other_model(self, gone: str) -> str:
        there = [model.name for model in self._models.models if not model.missing and model.problem is None and model.name != gone]
        return self._models.current if self._models.current in there else there[0] if there else ""

    def _on_starter(self, found: bool, size: int) -> None:  # noqa: FBT001 - a signal's value
        shown = QLocale().formattedDataSize(size, 1, QLocale.DataSizeFormat.DataSizeTraditionalFormat)
        self._window.first_run.set_starter(found, shown if found else "")

    def _ask_for_file(self) -> None:
        dialog = ModelFileDialog(self._window)
        dialog.chosen.connect(self._add_file)
        dialog.open()

    def _add_file(self, path: str) -> None:
        self._models.add(Path(path))

    def _on_loading(self, name: str) -> None:
        self._window.banner.dismiss(MODEL_KEY)
        self._window.header.model_chooser.set_loading(0.0, name)

    def _on_load_progress(self, fraction: float) -> None:
        self._window.header.model_chooser.set_loading(fraction)
        self._window.first_run.set_loading(fraction)

    def _on_loaded(self, _model: ModelInfo) -> None:
        self._show_model()
        self._show_footer()

    def _show_model(self) -> None:
        loading = self._engine.state is EngineState.LOADING
        header = self._window.header
        if not loading:
            header.model_chooser.set_loading(None)
        loaded = self._engine.model
        name = self._chat.model
        here = loaded is not None and name == self._models.current
        known = self._models.find(name)
        header.model_chooser.set_current(name, self._detail(known) if known is not None else "", loaded=here)
        header.set_model_loaded(loaded is not None)
        header.set_device(*self._device_text(loaded) if here and loaded is not None else ("", ""))
        self._show_composer()

    def _show_composer(self) -> None:
        able = bool(self._chat.model) or bool(self._models.models)
        hint = "" if able else self.tr("Choose a model first")
        self._window.composer.set_enabled_state(able, hint)

    def _device_text(self, model: ModelInfo) -> tuple[str, str]:
        text = f"GPU {model.gpu_layers}/{model.layers}" if model.gpu_layers else "CPU"
        locale = QLocale()
        rows = [
            self.tr("{device}: {layers} layers, {memory}").format(
                device=share.device,
                layers=share.layers,
                memory=locale.formattedDataSize(
                    share.weights + share.kv + share.compute, 1, QLocale.DataSizeFormat.DataSizeTraditionalFormat
                ),
            )
            for share in model.shares
        ]
        rows.append(self.tr("{threads} threads").format(threads=model.threads))
        return text, "\n".join(rows)

    # ------------------------------------------------------------ the footer

    def _show_footer(self) -> None:
        meter = self._window.footer
        stats = next((turn.stats for turn in reversed(self._chat.turns) if turn.stats is not None), None)
        if stats is None:
            meter.clear()
            loaded = self._engine.model
            if loaded is not None:
                meter.set_context(0, 0, loaded.context)
            return
        meter.clear_prefill()
        dropped = stats.fit.dropped_turns if stats.fit is not None else 0
        meter.set_context(stats.context_used, stats.reused_tokens, stats.context, dropped)
        meter.set_speed(stats.tokens_per_second, stats.first_token_seconds)

    def _on_job(self, job: ReplyJob) -> None:
        if job.conversation != self._chat.id:
            return
        if job.state == "prefill":
            self._window.footer.set_prefill(job.prefill_done, job.prefill_total)
        else:
            self._window.footer.clear_prefill()

    def _on_ended(self, job: ReplyJob) -> None:
        for notice in job.notices:
            if notice.code is not Code.CONTEXT_DROPPED:  # the transcript's line and the meter say that one
                self._on_notice(notice)

    # ------------------------------------------------------------ what went wrong

    def _on_notice(self, notice: Notice | Failure) -> None:
        self._window.banner.show_message(partial(describe, notice.code, notice.args), "info", key=notice.code)

    def _on_died(self, failure: Failure) -> None:
        self._window.banner.show_message(
            partial(describe, failure.code, failure.args),
            "error",
            [(RELOAD, lambda: self.tr("Load again"))],
            key=MODEL_KEY,
        )
        self._show_model()

    def _show_failure(self, failure: Failure) -> None:
        self._window.header.model_chooser.set_loading(None)
        self._window.first_run.set_loading(None)
        self._window.banner.show_message(
            partial(describe, failure.code, failure.args),
            "error",
            [(CHOOSE_MODEL, lambda: self.tr("Choose a model"))] if self._models.models else [],
            key=MODEL_KEY,
        )
        if not self._models.models:
            self._window.first_run.show_error(describe(failure.code, failure.args))
        self._show_model()

    def show_trouble(self, error: BaseException) -> None:
        """Say what the store, or anything else, could not do."""
        if isinstance(error, StoreError) and error.code is StoreCode.DAMAGED:
            self.damaged.emit(error)
            return
        if isinstance(error, StoreError | ModelError | CardError):
            text = partial(describe, error.failure.code, error.failure.args)
        else:
            log.error("unexpected", exc_info=error)
            text = partial(self._unexpected, str(error))
        self._window.banner.show_message(text, "error", key=STORE_KEY)

    def _unexpected(self, detail: str) -> str:
        return self.tr("Something went wrong ({detail}). The log has more.").format(detail=detail)

    def _act_on_turn(self, turn: int, action: str) -> None:
        if action == CONTINUE:
            self._chat.continue_reply(turn)
        else:
            self._act(action)

    def _act(self, action: str) -> None:
        if action == RELOAD:
            if self._chat.model:
                self._models.load(self._chat.model)
        elif action == CHOOSE_MODEL:
            self._window.header.model_chooser.open_popup()
        elif action == SETTINGS:
            self._window.show_settings()
        elif action.startswith("use:"):
            self.choose_model(action.removeprefix("use:"))
