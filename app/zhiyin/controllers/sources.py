"""Where models come from and how they are fetched: shows it in the settings and keeps what is changed."""

import threading
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from zhiyin.errors import describe
from zhiyin.services.delivery import Delivery
from zhiyin.services.hub import HubService
from zhiyin.ui.source_list import Health
from zhiyin.ui.sources_form import SourcesForm
from zhiyin.ui.wording import Wording, worded
from zhiyin_models.child.wire import Failed
from zhiyin_models.errors import Argument, Code, Failure
from zhiyin_models.hub.protocol import Answer, Checked, TokenSaved, TokensHeld
from zhiyin_models.hub.settings import FILE, HubSettings, environment_endpoint, read_hub_settings, write_hub_settings
from zhiyin_models.hub.values import SourceHealth


class SourcesController(QObject):
    """Connects the form to ``hub.json`` and, for tokens and health, to the hub process: the window itself never asks the network."""

    changed = Signal(object)  # HubSettings, as they are kept now

    def __init__(
        self,
        form: SourcesForm,
        *,
        hub: HubService,
        background: Executor,
        delivery: Delivery,
        data_dir: Path,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._form = form
        self._hub = hub
        self._background = background
        self._delivery = delivery
        self._data_dir = data_dir
        self._health: dict[str, tuple[float, Failure | None]] = {}
        self._checking = False
        self._notice: Wording = ""
        self._kind = "info"
        self._writes = 0  # changes that are not on the disk yet
        self._newest = HubSettings()  # of them
        self._lock = threading.Lock()  # the background has several threads
        form.opened.connect(self._on_opened)
        form.changed.connect(self._keep)
        form.token_given.connect(self._give_token)
        form.check_requested.connect(self._check)

    def go_online(self) -> None:
        """Switch offline mode off."""

        def switch(settings: HubSettings) -> None:
            now = self._form.settings() if self._writes else settings
            self._form.set_settings(replace(now, offline=False))
            self._keep(self._form.settings())

        self._delivery.deliver(self._background.submit(read_hub_settings, self._data_dir), switch)

    def retranslate(self) -> None:
        """Put what was put into words into the language of the moment."""
        if self._health or self._notice:
            self._show_health()
            self._show_notice()

    # ------------------------------------------------------------ settings

    def _on_opened(self) -> None:
        if self._writes == 0:
            self._delivery.deliver(self._background.submit(read_hub_settings, self._data_dir), self._show)
        self._ask_for_tokens()

    def _show(self, settings: HubSettings) -> None:
        if self._writes == 0:
            self._form.set_settings(settings)
            self._show_health()

    def _keep(self, settings: HubSettings) -> None:
        """Write what was changed, the newest last; what came from the environment stays there."""
        endpoint = environment_endpoint()
        own = tuple(source for source in settings.sources if not (source.name == "HF_ENDPOINT" and source.address == endpoint))
        self._writes += 1
        self._newest = replace(settings, sources=own)

        def write() -> None:
            with self._lock:
                write_hub_settings(self._data_dir, self._newest)

        def written(_none: None) -> None:
            self._writes -= 1
            self.changed.emit(settings)

        def refused(error: BaseException) -> None:
            self._writes -= 1
            detail = str(error.strerror if isinstance(error, OSError) and error.strerror else error)
            self._notice, self._kind = partial(self._unwritten_words, detail), "error"
            self._show_notice()

        self._delivery.deliver(self._background.submit(write), written, refused)

    def _unwritten_words(self, detail: str) -> str:
        words = self.tr("The settings cannot be written to {path} ({detail}). Check its permissions and the disk.")
        return words.format(path=self._data_dir / FILE, detail=detail)

    # ------------------------------------------------------------ tokens and health

    def _ask_for_tokens(self) -> None:
        def told(answer: Answer) -> None:
            if isinstance(answer, TokensHeld):
                self._form.set_tokens(answer.sources)

        self._hub.ask(lambda client, hear: client.has_tokens(hear), told)

    def _give_token(self, source: str, token: str) -> None:
        def told(answer: Answer) -> None:
            if isinstance(answer, TokenSaved):
                self._say(answer.notice)
            elif isinstance(answer, Failed):
                self._say(Failure(answer.code, answer.args), "error")
            self._ask_for_tokens()

        self._say(None)
        self._hub.ask(lambda client, hear: client.save_token(source, token, hear), told)

    def _check(self) -> None:
        def told(answer: Answer) -> None:
            self._checking = False
            self._health = {}
            if isinstance(answer, Checked):
                self._health = {one.name: (one.milliseconds, self._failure_of(one)) for one in answer.health}
            elif isinstance(answer, Failed):
                self._say(Failure(answer.code, answer.args), "error")
            self._show_health()

        self._checking = True
        self._health = {source.name: (0.0, None) for source in self._form.settings().sources}
        self._show_health()
        self._hub.ask(lambda client, hear: client.check_sources(hear), told)

    def _failure_of(self, health: SourceHealth) -> Failure | None:
        if health.problem not in {*Code}:
            return None
        source = self._form.settings().source(health.name)
        args: dict[str, Argument] = {"address": source.address if source is not None else health.name}
        for part in health.detail.split(", "):
            name, _, value = part.partition("=")
            args[name] = value
        return Failure(Code(health.problem), args)

    # ------------------------------------------------------------ showing

    def _say(self, failure: Failure | None, kind: str = "info") -> None:
        self._notice = partial(describe, failure.code, failure.args) if failure is not None else ""
        self._kind = kind
        self._show_notice()

    def _show_notice(self) -> None:
        self._form.set_notice(worded(self._notice), self._kind)

    def _show_health(self) -> None:
        said = {name: Health(milliseconds, _sentence(failure)) for name, (milliseconds, failure) in self._health.items()}
        self._form.set_health(said, checking=self._checking)


def _sentence(failure: Failure | None) -> str:
    return describe(failure.code, failure.args) if failure is not None else ""
