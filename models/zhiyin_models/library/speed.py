"""How fast this computer runs models: measured once, kept, and told of other models from their size.

Decoding one token reads every weight that takes part and the keys and values so far, so that its speed is nearly that of the memory. What
is kept is bytes a second (``speed.json`` in the data directory), from which the tokens a second of any model follow.
"""

import contextlib
import queue
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from zhiyin_models.engine.client import EngineClient
from zhiyin_models.engine.protocol import (
    FINAL,
    Device,
    DeviceList,
    Devices,
    Event,
    Failed,
    Finished,
    Generate,
    Load,
    Loaded,
    Message,
    ModelInfo,
    Request,
    Sampling,
    Stats,
    Text,
)
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.hub.values import Shape
from zhiyin_models.jobs.protocol import MeasureSpeed, Outcome
from zhiyin_models.library.fit import CELLS, kv_cache, weights
from zhiyin_models.library.gguf import read_metadata
from zhiyin_models.library.installed import human_name
from zhiyin_models.library.shapes import shape_of
from zhiyin_models.private_file import replace_private
from zhiyin_models.work import Pace, Report, Stage, Stop

FILE = "speed.json"
MAX_BYTES = 64 << 10
FASTEST = 1e14  # bytes a second; more is no measurement
CONTEXT = 1024
WARM_UP = 8  # tokens that are not counted
TOKENS = 64  # of each run
RUNS = 3
FEWEST = 8  # generated tokens that say anything about speed
QUESTION = "Tell a long story about an old man, a river and the mountains. Write as much as you can."
POLL_SECONDS = 0.05  # between two looks at whether to stop


class Speed(Struct, frozen=True):
    """What was measured. A rate that was not is 0."""

    bytes_per_second: float = 0.0  # read by decoding on the processor
    gpu_bytes_per_second: float = 0.0  # with all layers on GPUs
    device: str = ""  # the processor
    measured: float = 0.0  # the last time: seconds since 1970
    model: str = ""  # with which
    bytes_read: float = 0.0  # by the model that the processor was measured with, for one token
    gpu_device: str = ""
    gpu_bytes_read: float = 0.0


def bytes_per_token(size: int, shape: Shape, context: int) -> float:
    """What is read for one token after ``context`` others: the weights that take part, and their keys and values."""
    share = shape.active / shape.parameters if 0 < shape.active < shape.parameters else 1.0
    return size * share + kv_cache(shape, CELLS) / CELLS * max(0, context)


def read_speed(data_dir: Path) -> Speed | None:
    """What is known of this computer; None when nothing was measured or the file is damaged."""
    with contextlib.suppress(OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError), (data_dir / FILE).open("rb") as file:
        speed = msgspec.json.decode(file.read(MAX_BYTES), type=Speed)
        rates = (speed.bytes_per_second, speed.gpu_bytes_per_second)
        if all(0 <= rate < FASTEST for rate in rates) and any(rates):
            return speed
    return None


def write_speed(data_dir: Path, speed: Speed) -> None:
    """Replace what is known in one step. Raises OSError."""
    data_dir.mkdir(parents=True, exist_ok=True)
    replace_private(data_dir / FILE, msgspec.json.format(msgspec.json.encode(speed), indent=1))


def keep_speed(data_dir: Path, model: ModelInfo, stats: Stats, devices: Sequence[Device]) -> None:
    """Keep what one generation of a loaded model told, unless it tells nothing; ``devices`` are the engine's.

    It tells nothing where processor and GPU worked together, and where a model of twice the size was measured on the same device: the
    smaller a model, the more of its time goes elsewhere than into reading. Raises ModelError: LIBRARY_UNWRITABLE, and what
    ``read_metadata`` raises.
    """
    if stats.tokens_per_second <= 0 or 0 < model.gpu_layers < model.layers:
        return
    kind = "gpu_" if model.gpu_layers else ""
    device = ", ".join(device.description or device.name for device in devices if (device.kind != "cpu") == bool(kind))
    file = read_metadata(model.path)
    before = max(0, stats.context_used - stats.generated_tokens // 2)  # tokens in the cache, on average
    read = bytes_per_token(weights(file), shape_of(file), before)
    known = read_speed(data_dir) or Speed()
    if getattr(known, f"{kind}device") == device and getattr(known, f"{kind}bytes_read") > 2 * read:
        return
    found = {f"{kind}bytes_per_second": read * stats.tokens_per_second, f"{kind}device": device, f"{kind}bytes_read": read}
    speed = msgspec.structs.replace(known, measured=time.time(), model=human_name(file.path), **found)
    try:
        write_speed(data_dir, speed)
    except OSError as error:
        raise ModelError(Code.LIBRARY_UNWRITABLE, path=str(data_dir / FILE), detail=error.strerror or str(error)) from error


def measure_speed(task: MeasureSpeed, report: Report, stop: Stop) -> Outcome:
    """Do a ``MeasureSpeed``: on the processor, then on the GPUs where they hold all of the model. Raises ModelError, StoppedError."""
    stop.check()
    path = read_metadata(task.model).path
    with EngineClient() as client:
        try:
            _Measurement(client, path, Path(task.data_dir), report, stop).run()
        except BaseException:
            client.close(0)
            raise
    return Outcome()


class _Measurement:
    """One engine, asked for some short replies on each kind of device."""

    def __init__(self, client: EngineClient, path: Path, data_dir: Path, report: Report, stop: Stop) -> None:
        self._client, self._path, self._data_dir, self._report, self._stop = client, path, data_dir, report, stop
        self._done, self._pace = 0, Pace(Stage.MEASURE, WARM_UP + RUNS * TOKENS, report)

    def run(self) -> None:
        """Measure and keep. Raises ModelError, StoppedError."""
        listed = self._final(Devices)
        devices = listed.devices if isinstance(listed, DeviceList) else ()
        cards = any(device.kind in ("gpu", "igpu") for device in devices)
        if cards:
            self._pace = Pace(Stage.MEASURE, 2 * (WARM_UP + RUNS * TOKENS), self._report)
        self._measure(0, devices)
        if cards:
            self._measure(-1, devices)

    def _measure(self, layers: int, devices: Sequence[Device]) -> None:
        loaded = self._final(lambda number: Load(number, str(self._path), context=CONTEXT, gpu_layers=layers))
        if not isinstance(loaded, Loaded) or (layers and loaded.model.gpu_layers < loaded.model.layers):
            return  # not all of it has room on the cards
        self._generate(WARM_UP, 0)
        runs = [self._generate(TOKENS, number) for number in range(1, RUNS + 1)]
        runs = sorted((stats for stats in runs if stats.generated_tokens >= FEWEST), key=lambda stats: stats.tokens_per_second)
        if runs:
            keep_speed(self._data_dir, loaded.model, runs[len(runs) // 2], devices)

    def _generate(self, tokens: int, seed: int) -> Stats:
        """One reply of at most so many tokens; the number before the question keeps an earlier one from being used again."""
        before = self._done
        messages = (Message("user", f"{seed}. {QUESTION}"),)
        sampling = Sampling(seed=seed)
        last = self._final(lambda number: Generate(number, "", messages, sampling=sampling, max_tokens=tokens))
        self._done = before + tokens  # the reply may have ended earlier
        return last.stats if isinstance(last, Finished) else Stats()

    def _final(self, make: Callable[[int], Request]) -> Event:
        """The last event of a request; progress with each piece of text. Raises ModelError, StoppedError."""
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._client.submit(make, events.put)
        while True:
            self._stop.check()
            self._pace.at(self._done)
            try:
                event = events.get(timeout=POLL_SECONDS)
            except queue.Empty:
                continue
            if isinstance(event, Text):
                self._done += event.tokens
            if isinstance(event, Failed):
                raise ModelError(event.code, **event.args)
            if isinstance(event, FINAL):
                if isinstance(event, Finished) and event.reason == "stopped":
                    self._stop.check()
                return event
