"""Connects the search of hubs and the catalogue to the hub process, and sends what is chosen to the downloads or the sidecar."""

from concurrent.futures import Executor
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from zhiyin.controllers.address import AddressController
from zhiyin.controllers.catalogue import Catalogue
from zhiyin.controllers.downloads import DownloadsController
from zhiyin.controllers.hub_details import HubDetails, Wanted
from zhiyin.controllers.hub_search import HubSearch
from zhiyin.controllers.hubs import Hubs
from zhiyin.controllers.models import ModelsController
from zhiyin.controllers.offers import OffersController
from zhiyin.controllers.updates import UpdatesController
from zhiyin.services.delivery import Delivery
from zhiyin.services.engine import EngineService
from zhiyin.services.jobs import JobService
from zhiyin.ui.main_window import MainWindow
from zhiyin_models.errors import Failure
from zhiyin_models.hub.values import Repository
from zhiyin_models.jobs.protocol import JobState
from zhiyin_models.library.installed import InstalledModel, Library


class DiscoverController(QObject):
    """Searches; shows what a repository has and how it fits; and the first page's offers. ``jobs`` are those of the library."""

    chat_wanted = Signal(str)  # a model's name
    convert_wanted = Signal(str)  # the folder of a checkpoint
    updates_found = Signal(object)  # set[str]: the paths of installed models that have something newer at their source

    def __init__(
        self,
        window: MainWindow,
        *,
        models: ModelsController,
        library: Library,
        downloads: DownloadsController,
        engine: EngineService,
        jobs: JobService,
        background: Executor,
        delivery: Delivery,
        data_dir: Path,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._view = view = window.models_page.discover
        self.hubs = hubs = Hubs(
            engine=engine,
            jobs=jobs,
            models=models,
            library=library,
            downloads=downloads,
            background=background,
            delivery=delivery,
            data_dir=data_dir,
            parent=self,
        )
        self.catalogue = Catalogue(hubs, self)
        self.search = HubSearch(view, hubs, self.catalogue, self)
        self.details = HubDetails(view, hubs, self)
        self.address = AddressController(view, hubs, self)
        self.offers = OffersController(window.first_run, hubs, self.catalogue, self)
        self.updates = UpdatesController(hubs, self)
        self._connect()

    def _connect(self) -> None:
        view, window = self._view, self._window
        view.opened.connect(self._open)
        view.repository_chosen.connect(self._choose)
        view.repository_named.connect(self._choose_named)
        view.cancel_requested.connect(self._cancel)
        view.retry_requested.connect(self._again)
        view.measure_requested.connect(self.hubs.measure)
        view.settings_requested.connect(self._show_sources)
        window.first_run.more_requested.connect(partial(window.show_models, "discover"))
        view.downloads_requested.connect(partial(window.show_models, "downloads"))
        window.models_page.library.opened.connect(self.updates.look)
        self.updates.found.connect(self.updates_found)
        self.details.chat_wanted.connect(self.chat_wanted)
        self.details.convert_wanted.connect(self.convert_wanted)
        self.offers.chat_wanted.connect(self.chat_wanted)
        self.hubs.ended.connect(self._on_ended)
        self.hubs.measure_failed.connect(self._on_measure_failed)

    def _open(self) -> None:
        self.catalogue.load()
        self.hubs.refresh()

    def _show_sources(self) -> None:
        self._window.show_settings()
        self._window.settings_page.show_sources()

    def _choose(self, repository: Repository) -> None:
        self.details.open(self.catalogue.wanted(repository) or Wanted(repository))

    def _choose_named(self, identity: str) -> None:
        source = self.details.details.repository.source if self.details.details is not None else ""
        self.details.open(Wanted(Repository(source, identity)))

    def show_origin(self, model: InstalledModel) -> None:
        """Where an installed model came from, with what there is now."""
        if model.origin is not None:
            self._window.show_models("discover")
            self.details.open(Wanted(Repository(model.origin.source, model.origin.repository)))

    def _cancel(self) -> None:
        page = self._view.page
        (self.details if page == "details" else self.address if page == "address" else self.search).cancel()

    def _again(self) -> None:
        (self.details if self._view.page == "details" else self.search).again()

    def _on_ended(self, _state: JobState) -> None:
        self.details.look_again()

    def _on_measure_failed(self, failure: Failure) -> None:
        if self._view.page == "details":
            self.details.refuse(failure)
        else:
            self.search.refuse(failure)

    def retranslate(self) -> None:
        """Put what was put into words into the language of the moment."""
        self.catalogue.retranslate()
        self.offers.retranslate()
        for part in (self.search, self.details, self.address):
            part.show()

    def end(self) -> None:
        """End the hub process."""
        self.hubs.end()
