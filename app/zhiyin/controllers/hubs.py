"""What all that fetches models shares: the hub process, the settings of its sources, this computer, and what is on its way."""

import logging
from concurrent.futures import Executor
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from zhiyin.controllers.discover_presentation import Key, OnTheWay, Places, on_the_way
from zhiyin.controllers.downloads import DownloadsController
from zhiyin.controllers.models import ModelsController
from zhiyin.controllers.this_machine import ThisMachine
from zhiyin.services.delivery import Delivery
from zhiyin.services.engine import EngineService
from zhiyin.services.hub import HubService
from zhiyin.services.jobs import JobService
from zhiyin_models.errors import Failure
from zhiyin_models.hub.settings import HubSettings, read_hub_settings
from zhiyin_models.jobs.protocol import Download, JobState, MeasureSpeed, Status
from zhiyin_models.library.installed import InstalledModel, Library

log = logging.getLogger(__name__)

CALM_MS = 200  # between two announcements of what changes many times a second
SMALL_SHARE = 0.4  # of the free memory: a model of so much measures memory and not the cache
OVER = frozenset({Status.FINISHED, Status.FAILED, Status.CANCELLED, Status.INTERRUPTED})


class Hubs(QObject):
    """Values are those of the last ``refresh`` and of the signals since; ``changed`` says that some of them are others now."""

    changed = Signal()
    ended = Signal(object)  # JobState of a download that has ended
    measure_failed = Signal(object)  # Failure

    def __init__(
        self,
        *,
        engine: EngineService,
        jobs: JobService,
        models: ModelsController,
        library: Library,
        downloads: DownloadsController,
        background: Executor,
        delivery: Delivery,
        data_dir: Path,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.hub = HubService(data_dir, data_dir / "logs" / "hub.log", self)
        self.machine = ThisMachine(engine, background=background, delivery=delivery, data_dir=data_dir, parent=self)
        self.models = models
        self.settings = HubSettings()
        self.background = background
        self.delivery = delivery
        self.data_dir = data_dir
        self._jobs = jobs
        self._library = library
        self._downloads = downloads
        self._heard: dict[str, Status] = {}
        self._pending: dict[Key, Download] = {}
        self._measuring = False
        self._models_directory = library.models_directory
        self._calm = QTimer(self)
        self._calm.setSingleShot(True)
        self._calm.setInterval(CALM_MS)
        self._calm.timeout.connect(self.changed)
        self.machine.changed.connect(self.changed)
        models.listed.connect(lambda _models: self._soon())
        downloads.jobs_changed.connect(self._soon)
        jobs.changed.connect(self._on_job)
        jobs.failed.connect(self._on_refused)

    # ------------------------------------------------------------ values

    def refresh(self) -> None:
        """Look again at the settings and at this computer; ``changed`` follows."""

        def look() -> tuple[HubSettings, Path]:
            return read_hub_settings(self.data_dir), self._library.models_directory

        self.delivery.deliver(self.background.submit(look), self._take)

    def _take(self, found: tuple[HubSettings, Path]) -> None:
        self.settings, self._models_directory = found
        self.machine.refresh()

    @property
    def places(self) -> Places:
        """Where downloads go."""
        return Places(self.settings, self._models_directory, self.data_dir)

    @property
    def moving(self) -> dict[Key, OnTheWay]:
        """What is being fetched."""
        return on_the_way(self._downloads.jobs, self._pending)

    @property
    def installed(self) -> list[InstalledModel]:
        """The library, as last listed."""
        return self.models.models

    def state(self, key: Key) -> JobState | None:
        """The newest download of something; None when it was taken away, and may be brought back."""
        states = [state for state in self._downloads.jobs if _key_of(state) == key]
        return max(states, key=lambda state: state.created, default=None)

    # ------------------------------------------------------------ downloads

    def add(self, download: Download) -> Key:
        """Put a download into the queue; returns how it is known."""
        key = (download.repository.casefold(), download.files[0].path)
        waits = self.moving.get(key)
        if waits is None or waits.state == "failed":
            self._pending[key] = download
            self._downloads.add(download)
            self.changed.emit()
        return key

    def cancel(self, key: Key) -> None:
        """Give a download up, wherever it is on its way; the queue offers to bring it back."""
        state = self.state(key)
        download = self._pending.pop(key, None) or (state.task if state is not None else None)
        if isinstance(download, Download):
            self._downloads.cancel(download)

    def _on_job(self, state: JobState) -> None:
        if isinstance(state.task, MeasureSpeed):
            self._on_measured(state)
        elif isinstance(state.task, Download):
            before = self._heard.get(state.id)
            self._heard[state.id] = state.status
            self._pending.pop((state.task.repository.casefold(), state.task.files[0].path), None)
            self._soon()
            if state.status in OVER and before != state.status:
                self.ended.emit(state)

    def _on_refused(self, what: object, failure: Failure) -> None:
        """A job that could not be put into the queue, or begun."""
        if isinstance(what, Download):
            self._pending.pop((what.repository.casefold(), what.files[0].path), None)
        elif isinstance(what, MeasureSpeed):
            self._measuring = False
            self.measure_failed.emit(failure)
        self._soon()

    def _soon(self) -> None:
        if not self._calm.isActive():
            self._calm.start()

    # ------------------------------------------------------------ measuring

    @property
    def measuring(self) -> bool:
        """Whether this computer is being measured."""
        return self._measuring

    @property
    def measurable(self) -> InstalledModel | None:
        """The model to measure with: the largest that leaves room, else the smallest."""
        there = sorted((model for model in self.installed if not model.missing and model.problem is None), key=lambda model: model.size)
        free = self.machine.machine.memory_free if self.machine.machine is not None else 0
        fitting = [model for model in there if model.size <= free * SMALL_SHARE]
        return fitting[-1] if fitting else there[0] if there else None

    def measure(self) -> None:
        """Find out how fast this computer is; expected speeds follow."""
        model = self.measurable
        if model is not None and not self._measuring:
            self._measuring = True
            self._jobs.start(MeasureSpeed(model.path, str(self.data_dir)))
            self.changed.emit()

    def _on_measured(self, state: JobState) -> None:
        if state.status not in OVER:
            return
        self._measuring = False
        self._jobs.forget(state.id)
        if state.status == Status.FINISHED:
            self.machine.refresh()
        elif state.failure is not None:
            self.measure_failed.emit(state.failure)
        self._soon()

    def end(self) -> None:
        """End the hub process."""
        self._calm.stop()
        self.hub.close()
        self.machine.end()


def _key_of(state: JobState) -> Key | None:
    task = state.task
    return (task.repository.casefold(), task.files[0].path) if isinstance(task, Download) and task.files else None
