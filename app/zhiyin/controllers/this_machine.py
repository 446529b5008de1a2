"""What a model has to fit into: the memory of this computer, the GPUs that the engine told of, and how fast it was measured to be."""

import logging
import sys
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from zhiyin.services.delivery import Delivery
from zhiyin.services.engine import EngineService
from zhiyin.ui.discover_values import UNKNOWN, Fit, Verdict
from zhiyin_models.engine.client import EngineClient
from zhiyin_models.engine.protocol import DeviceList, Event, ModelInfo
from zhiyin_models.hub.values import Shape
from zhiyin_models.library.speed import Speed, read_speed
from zhiyin_models.library.verdict import Gpu, Judgement, Machine, gpus_of, judge, this_machine

log = logging.getLogger(__name__)

USUAL_CONTEXT = 8192
VERDICTS: dict[str, Verdict] = {"gpu": "gpu", "partly": "partly", "cpu": "cpu", "no": "no"}


class ThisMachine(QObject):
    """Looked at again with every ``refresh``; GPUs are known from the first model on that was loaded."""

    changed = Signal()

    def __init__(
        self, engine: EngineService, *, background: Executor, delivery: Delivery, data_dir: Path, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._engine = engine
        self._background = background
        self._delivery = delivery
        self._data_dir = data_dir
        self._gpus: tuple[Gpu, ...] = ()
        self._asked = False
        self._alone = ThreadPoolExecutor(1, "devices")  # an engine takes its time to start
        self.machine: Machine | None = None
        self.speed: Speed | None = None
        engine.loaded.connect(self._on_loaded)

    def refresh(self) -> None:
        """Look at the memory and the kept measurement; ``changed`` follows."""
        gpus, freed = self._gpus, self._freed()

        def look() -> tuple[Machine, Speed | None]:
            return this_machine(gpus, freed=freed), read_speed(self._data_dir)

        self._delivery.deliver(self._background.submit(look), self._take)

    def fit(self, size: int, shape: Shape, context: int = USUAL_CONTEXT) -> Fit:
        """How a model of so many bytes (-1: not known) would do here; unknown where nothing is known of it."""
        if self.machine is None or (size <= 0 and shape.parameters <= 0):
            return UNKNOWN
        return fit_of(judge(size, shape, context, self.machine, self.speed), guessed=shape.guessed or size <= 0)

    def look_for_gpus(self) -> None:
        """Ask an engine without a model which GPUs it could use: once, and only where there may be any; ``changed`` follows."""
        if self._asked or not may_have_gpu():
            return
        self._asked = True
        self._delivery.deliver(self._alone.submit(_devices), self._on_devices, lambda error: log.info("no devices: %s", error))

    def end(self) -> None:
        """Wait for the engine that is being asked, if one is."""
        self._alone.shutdown(wait=True, cancel_futures=True)

    def _take(self, found: tuple[Machine, Speed | None]) -> None:
        self.machine, self.speed = found
        self.changed.emit()

    def _freed(self) -> int:
        """What a loaded model holds beside its file's pages, which count as free."""
        model = self._engine.model
        return sum(share.kv + share.compute for share in model.shares if share.device == "CPU") if model is not None else 0

    def _on_loaded(self, _model: ModelInfo) -> None:
        self._asked = True
        self._engine.devices(self._on_devices)

    def _on_devices(self, event: Event) -> None:
        if not isinstance(event, DeviceList):
            return
        model = self._engine.model
        held = {share.device: share.weights + share.kv + share.compute for share in model.shares} if model is not None else {}
        free = [
            replace(device, memory_free=min(device.memory_total, device.memory_free + held.get(device.name, 0))) for device in event.devices
        ]
        gpus = gpus_of(free)
        if gpus != self._gpus:
            self._gpus = gpus
            if self.machine is not None:
                self.refresh()


def may_have_gpu() -> bool:
    """Whether looking for one is worth an engine: on Linux a card that can compute has a file in /dev."""
    devices = Path("/dev")
    return sys.platform != "linux" or (devices / "nvidiactl").exists() or any((devices / "dri").glob("renderD*"))


def _devices() -> DeviceList:
    with EngineClient() as client:
        return client.devices()


def fit_of(found: Judgement, *, guessed: bool = False) -> Fit:
    """A judgement as the window shows it."""
    verdict = VERDICTS[found.verdict]
    return Fit(verdict, found.need, found.tokens_per_second, guessed, found.context if verdict == "no" else 0)
