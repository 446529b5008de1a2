"""Connects the view of installed models to the library: details, names, notes, checks, the trash, the models folder, dropped files."""

from concurrent.futures import Executor

from PySide6.QtCore import QObject, Signal

from zhiyin.controllers.models import ModelsController
from zhiyin.services.delivery import Delivery
from zhiyin.services.jobs import JobService
from zhiyin.ui.main_window import MainWindow
from zhiyin_models.library.installed import Library


class LibraryController(QObject):
    """What can be done about the models that are here. ``jobs`` are those of the library (``paths.downloads``)."""

    chat_wanted = Signal(str)  # a model's name

    def __init__(
        self,
        window: MainWindow,
        *,
        models: ModelsController,
        library: Library,
        jobs: JobService,
        background: Executor,
        delivery: Delivery,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._view = window.models_page.library
        self._models = models
        self._library = library
        self._jobs = jobs
        self._background = background
        self._delivery = delivery

    def retranslate(self) -> None:
        """Put what was put into words into the language of the moment."""

    def end(self) -> None:
        """Leave nothing unsaved."""
