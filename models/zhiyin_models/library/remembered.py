"""What the library remembers, brought up to what the files are now. Jobs that move and verify models stand on this."""

import os
import time
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import msgspec
from platformdirs import user_data_dir

from zhiyin_models.errors import Code, Failure, ModelError
from zhiyin_models.library.describing import Descriptions, refresh, take_over
from zhiyin_models.library.entries import Entry
from zhiyin_models.library.naming import name_uniquely
from zhiyin_models.library.scanning import Scan, is_inside, scan, stamp_of
from zhiyin_models.library.state_file import StateFile
from zhiyin_models.work import Pace, Report, Stage, silent

Change = Callable[[list[Entry]], None]


def data_dir() -> Path:
    """Where Zhiyin keeps its data: ``$ZHIYIN_DATA_DIR``, or the user's own data directory."""
    chosen = os.environ.get("ZHIYIN_DATA_DIR")
    return Path(chosen).absolute() if chosen else Path(user_data_dir("zhiyin", appauthor=False))


class Remembered:
    """The entries of one data directory. Several processes may use it at once."""

    keep_every = 1.0  # seconds of reading files, so that no more is lost when that is broken off

    def __init__(
        self, directory: str | Path | None = None, *, on_notice: Callable[[Failure], None] | None = None, report: Report = silent
    ) -> None:
        self.directory = Path(directory).absolute() if directory is not None else data_dir()
        self._state = StateFile(self.directory, on_notice)
        self._descriptions = Descriptions()
        self._report = report

    def take_notices(self) -> tuple[Failure, ...]:
        """What the user should hear of and nobody was told yet, where there was no ``on_notice``: LIBRARY_DAMAGED."""
        waiting = self._state.notices
        return tuple(waiting.pop(0) for _ in range(len(waiting)))

    @property
    def models_directory(self) -> Path:
        """The folder whose models are the library's own: ``models`` in the data directory, unless the user chose another."""
        return self._state.folder() or self.directory / "models"

    def kept_in(self, folder: Path) -> list[Entry]:
        """Everything that is remembered of files which really lie in a folder, listed or not, by path."""
        inside = os.path.join(folder, "")  # noqa: PTH118
        entries = [entry for entry in self._present() if entry.model.path.startswith(inside) and not entry.model.missing]
        return sorted((entry for entry in entries if is_inside(Path(entry.model.path), folder)), key=lambda entry: entry.model.path)

    def plan_move(self, path: str, target: str) -> None:
        """A model is about to be moved: should its first file be gone, it is at ``target``. "" ends the plan."""

        def change(entries: list[Entry]) -> None:
            entry = entry_of(entries, path)
            if entry is not None:
                entry.moving = target

        self._change(change, look=False)

    def relocate(self, path: str, target: str) -> None:
        """A model has been moved to ``target``, and nothing else of it changed."""

        def change(entries: list[Entry]) -> None:
            entry = entry_of(entries, path)
            if entry is None:  # somebody looked meanwhile, and found it there
                return
            entries[:] = [one for one in entries if one is entry or one.model.path != target]
            entry.model = msgspec.structs.replace(entry.model, path=target)
            entry.moving = ""
            entry.size, entry.modified = stamp_of(target) or entry.stamp

        self._change(change, look=False)

    def checksums(self, path: str) -> dict[str, str]:
        """The SHA-256 of each of a model's files that is known, by its name. Raises MODEL_UNKNOWN_NAME."""
        entry = known_entry(self._present(), path)
        origin = entry.model.origin.sha256 if entry.model.origin is not None else {}
        return entry.checksums | {PurePosixPath(name).name: value for name, value in origin.items() if value}

    def record_check(self, path: str, found: dict[str, str], *, right: bool = True) -> None:
        """A model's files were read and are right now, or not; ``found`` are checksums to compare with from now on.

        Raises MODEL_UNKNOWN_NAME.
        """

        def change(entries: list[Entry]) -> None:
            entry = known_entry(entries, path)
            entry.model = msgspec.structs.replace(entry.model, checked=time.time() if right else 0.0)
            entry.checksums |= found

        self._change(change, look=False)

    def _owns(self, path: str) -> bool:
        folder = self.models_directory
        return Path(path).is_relative_to(folder) and is_inside(Path(path), folder)

    def _present(self) -> list[Entry]:
        """The entries as the files are now, remembered where that can be. Files are read without keeping others waiting."""
        remembered, damaged = self._state.load()
        found = self._scan()
        self._read_unread(remembered, found)
        entries, changed = self._refreshed(remembered, found)
        if not changed and not damaged:
            return entries
        try:
            with self._state.locked():
                remembered, damaged = self._state.load(keep_aside=True)
                entries, changed = self._refreshed(remembered, self._scan())
                if changed or damaged:
                    self._state.write(entries)
        except OSError:  # read-only, or held by a process that hangs: look without remembering
            return entries
        return entries

    def _scan(self) -> Scan:
        return scan(str(self.models_directory))

    def _refreshed(self, entries: list[Entry], found: Scan) -> tuple[list[Entry], bool]:
        inside = os.path.join(self.models_directory, "")  # noqa: PTH118
        return refresh(entries, found, lambda path: path.startswith(inside), self._descriptions.of)

    def _read_unread(self, entries: list[Entry], found: Scan) -> None:
        """Read the files in the models folder of which nothing is known; where that takes long, keep what was read in between."""
        stamps = {entry.model.path: entry.stamp for entry in entries}
        unread = sorted(path for path, stamp in found.stamps.items() if stamps.get(path) != stamp)
        pace = Pace(Stage.READ, len(unread), self._report)
        read: list[str] = []
        kept, keeps = time.monotonic(), True
        for number, path in enumerate(unread, 1):
            self._descriptions.of(path, found.stamps[path])
            read.append(path)
            if keeps and time.monotonic() - kept >= self.keep_every:
                keeps = self._keep(read, found)
                kept = time.monotonic()
                read.clear()
            pace.at(number, path)

    def _keep(self, read: list[str], found: Scan) -> bool:
        """Remember what these files say; False where nothing can be remembered."""
        try:
            with self._state.locked():
                entries, _ = self._state.load(keep_aside=True)
                take_over(entries, read, found, self._descriptions.of)
                self._state.write(entries)
        except OSError:
            return False
        return True

    def _change(self, change: Change, *, look: bool = True) -> list[Entry]:
        """Do something to the entries and remember it; ``look`` at the files first, without keeping others waiting meanwhile."""
        if look:
            self._present()
        with self._state.changing():
            entries = self._state.read(keep_aside=True)
            change(entries)
            name_uniquely(entries)
            self._state.write(entries)
        return entries


def entry_of(entries: list[Entry], path: str) -> Entry | None:
    """The entry of the model whose first file this is."""
    return next((entry for entry in entries if entry.model.path == path), None)


def known_entry(entries: list[Entry], path: str) -> Entry:
    """The entry of a model that is in the list. Raises ModelError MODEL_UNKNOWN_NAME."""
    entry = entry_of(entries, path)
    if entry is None or not entry.listed:
        raise ModelError(Code.MODEL_UNKNOWN_NAME, name=path)
    return entry
