"""Which installed models have something newer at their source: asked once a day at most, when the library is looked at."""

import contextlib
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import msgspec
from msgspec import Struct
from PySide6.QtCore import QObject, Signal

from zhiyin.controllers.hubs import Hubs
from zhiyin_models.hub.protocol import Answer, Described, NewestFound
from zhiyin_models.hub.values import Details
from zhiyin_models.library.installed import InstalledModel, Origin

FILE = "updates.json"
MAX_BYTES = 1 << 20
DAY = 86_400.0
MOST_ASKED = 200  # repositories at once
MOST_DESCRIBED = 20  # of those with a newer revision, each day


class Known(Struct, frozen=True):
    """What was found the last time: files of newer revisions, by path of the model, with the checksums that were compared."""

    asked: float = 0.0  # seconds since 1970
    newer: dict[str, str] = {}  # the path of a model → the revision that has another file


def read_known(data_dir: Path) -> Known:
    """What was kept; nothing when it cannot be read."""
    with contextlib.suppress(OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError), (data_dir / FILE).open("rb") as file:
        return msgspec.json.decode(file.read(MAX_BYTES), type=Known)
    return Known()


def write_known(data_dir: Path, known: Known) -> None:
    """Keep it; a disk that is full costs only this."""
    part = data_dir / f"{FILE}.part"
    with contextlib.suppress(OSError):
        part.write_bytes(msgspec.json.encode(known))
        part.replace(data_dir / FILE)


class UpdatesController(QObject):
    """A newer revision is an update only when it has another file of the same name: most only change a README."""

    found = Signal(object)  # set[str]: the paths of models that have one

    def __init__(self, hubs: Hubs, parent: QObject | None = None, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__(parent)
        self._hubs = hubs
        self._clock = clock
        self._known: Known | None = None
        self._asking = False
        self._to_ask: deque[tuple[str, str]] = deque()
        self._details: dict[tuple[str, str], Details] = {}
        hubs.models.listed.connect(lambda _models: self._show())

    def look(self) -> None:
        """Read what is known, and ask when that is older than a day."""
        hubs = self._hubs
        hubs.refresh()
        hubs.delivery.deliver(hubs.background.submit(read_known, hubs.data_dir), self._on_known)

    def _on_known(self, known: Known) -> None:
        self._known = known
        self._show()
        age = self._clock() - known.asked
        if self._asking or self._hubs.settings.offline or 0 <= age < DAY:
            return
        pairs = list(dict.fromkeys(_place(origin) for _, origin in self._with_origin()))[:MOST_ASKED]
        if pairs:
            self._asking = True
            self._hubs.hub.newest(pairs, lambda answer: self._on_newest(pairs, answer))

    def _on_newest(self, pairs: list[tuple[str, str]], answer: Answer) -> None:
        if not isinstance(answer, NewestFound):
            self._asking = False  # at the next look it is asked again
            return
        newest = {pair: revision for pair, revision in zip(pairs, answer.revisions, strict=False) if revision}
        changed = {_place(origin) for _, origin in self._with_origin() if newest.get(_place(origin), origin.revision) != origin.revision}
        self._to_ask = deque([pair for pair in pairs if pair in changed][:MOST_DESCRIBED])
        self._details = {}
        self._describe_next()

    def _describe_next(self) -> None:
        if self._to_ask:
            source, repository = pair = self._to_ask.popleft()
            self._hubs.hub.describe(repository, lambda answer: self._on_described(pair, answer), source=source)
            return
        newer = {
            model.path: details.revision
            for model, origin in self._with_origin()
            if (details := self._details.get(_place(origin))) is not None and has_update(origin, details)
        }
        self._asking = False
        self._known = known = Known(self._clock(), newer)
        self._hubs.background.submit(write_known, self._hubs.data_dir, known)
        self._show()

    def _on_described(self, pair: tuple[str, str], answer: Answer) -> None:
        if isinstance(answer, Described):
            self._details[pair] = answer.details
        self._describe_next()

    def _with_origin(self) -> list[tuple[InstalledModel, Origin]]:
        """Models of which a source and a revision are known."""
        names = {source.name for source in self._hubs.settings.sources if source.enabled}
        return [
            (model, model.origin)
            for model in self._hubs.installed
            if model.origin is not None and model.origin.source in names and model.origin.repository and model.origin.revision
        ]

    def _show(self) -> None:
        if self._known is None:
            return
        newer = self._known.newer
        paths = {
            model.path
            for model in self._hubs.installed
            if model.path in newer and model.origin is not None and model.origin.revision != newer[model.path]
        }
        self.found.emit(paths)


def _place(origin: Origin) -> tuple[str, str]:
    return origin.source, origin.repository


def has_update(origin: Origin, details: Details) -> bool:
    """Whether a revision has other files of the names that were fetched."""
    files = [*details.checkpoint]
    for variant in details.variants:
        files += [*variant.files, *variant.projectors]
    there = {PurePosixPath(file.path).name: file.sha256 for file in files if file.sha256}
    return any(there.get(name, known) != known for name, known in origin.sha256.items() if known)
