"""The queue of downloads: whose turn it is, what is shown of each, and the settings of sources and speed."""

from concurrent.futures import Executor
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from zhiyin.controllers.models import ModelsController
from zhiyin.services.delivery import Delivery
from zhiyin.services.jobs import JobService
from zhiyin.ui.main_window import MainWindow
from zhiyin_models.jobs.protocol import Download, JobState


class DownloadsController(QObject):
    """Begins what waits, in order; pauses, resumes, cancels. ``jobs`` are those of the library (``paths.downloads``)."""

    chat_wanted = Signal(str)  # a model's name
    convert_wanted = Signal(str)  # the folder of a checkpoint that was fetched
    running_changed = Signal(int, float)  # how many run or wait, and how far they are together
    ended = Signal(object)  # JobState of a download that was done or failed

    def __init__(
        self,
        window: MainWindow,
        *,
        models: ModelsController,
        jobs: JobService,
        background: Executor,
        delivery: Delivery,
        data_dir: Path,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._view = window.models_page.downloads
        self._models = models
        self._service = jobs
        self._background = background
        self._delivery = delivery
        self._data_dir = data_dir
        self._jobs: dict[str, JobState] = {}

    def open(self) -> None:
        """Read what is known of earlier downloads; those that were interrupted go on."""
        self._service.open()

    def add(self, download: Download) -> None:
        """Put a download behind the others."""
        self._service.enqueue(download)

    @property
    def running(self) -> int:
        """How many run, or are about to."""
        return 0

    def retranslate(self) -> None:
        """Put what was put into words into the language of the moment."""

    def end(self) -> None:
        """End what runs; it goes on at the next start."""
        self._service.close()
