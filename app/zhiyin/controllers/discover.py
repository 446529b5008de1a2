"""Connects the search of hubs and the catalogue to the hub process, and sends what is chosen to the downloads or the sidecar."""

from concurrent.futures import Executor
from pathlib import Path

from PySide6.QtCore import QObject

from zhiyin.controllers.downloads import DownloadsController
from zhiyin.controllers.models import ModelsController
from zhiyin.services.delivery import Delivery
from zhiyin.ui.main_window import MainWindow
from zhiyin_models.library.installed import Library


class DiscoverController(QObject):
    """Searches; shows what a repository has and how it fits; and the first page's offers."""

    def __init__(
        self,
        window: MainWindow,
        *,
        models: ModelsController,
        library: Library,
        downloads: DownloadsController,
        background: Executor,
        delivery: Delivery,
        data_dir: Path,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._view = window.models_page.discover
        self._models = models
        self._library = library
        self._downloads = downloads
        self._background = background
        self._delivery = delivery
        self._data_dir = data_dir

    def retranslate(self) -> None:
        """Put what was put into words into the language of the moment."""

    def end(self) -> None:
        """End the hub process."""
