"""Fetches the files of one model: ranges, resuming, checksums, and one step into the library."""

import shutil
import time
from pathlib import Path

from zhiyin_models.disk import refusal
from zhiyin_models.errors import Code, Failure, ModelError
from zhiyin_models.hub.addresses import file_address, is_web, shown, shown_site
from zhiyin_models.hub.connection import PATIENCE, Connection, Patience
from zhiyin_models.hub.content import asked_for
from zhiyin_models.hub.file_names import local_name
from zhiyin_models.hub.hashing import file_sha256
from zhiyin_models.hub.part_file import PartFile
from zhiyin_models.hub.places import Place
from zhiyin_models.hub.settings import HubSettings, Source, read_hub_settings
from zhiyin_models.hub.speed_limit import SpeedLimit
from zhiyin_models.hub.transfer import Transfer
from zhiyin_models.hub.values import RemoteFile
from zhiyin_models.jobs.protocol import Download, Outcome, Output
from zhiyin_models.library.installed import Library, Origin
from zhiyin_models.work import Pace, Progress, Report, Stage, Stop, Tuning

RESERVE = 64 << 20  # bytes of the disk that are left alone
TOLD_EVERY = 0.1  # seconds


def download(
    task: Download, report: Report, stop: Stop, tuning: Tuning, patience: Patience = PATIENCE, *, reserve: int = RESERVE
) -> Outcome:
    """Do a ``Download``. What is there stays when it fails or is stopped, and the next run goes on with it.

    ``reserve``: bytes of the disk that are left alone.
    Raises ModelError, StoppedError.
    """
    settings = read_hub_settings(Path(task.data_dir))
    run = _Run(task, settings, report, stop, tuning=tuning, patience=patience, reserve=reserve)
    try:
        return run.carry_out()
    finally:
        run.close()


class _File:
    """One file of the task, and where it goes."""

    def __init__(self, task: Download, remote: RemoteFile, path: Path) -> None:
        self.remote, self.path = remote, path
        self.part = PartFile(path, asked_for(task, remote))
        self.sha256 = ""  # of what is there, once it is right


class _Run:
    """One run of a task."""

    def __init__(
        self, task: Download, settings: HubSettings, report: Report, stop: Stop, *, tuning: Tuning, patience: Patience, reserve: int
    ) -> None:
        self._task, self._settings, self._report, self._stop, self._tuning = task, settings, report, stop, tuning
        self._folder, self._reserve = Path(task.folder), reserve
        self._connection = Connection(settings, token=self._token, patience=patience, stop=stop)
        if not tuning.bytes_per_second:  # nobody has said anything yet
            tuning.set(settings.speed_limit, tuning.connections)
        self._limit = SpeedLimit(lambda: tuning.bytes_per_second)
        self._files = [_File(task, remote, path) for remote, path in _targets(task)]
        self._current = self._files[0]
        self._notices: list[Failure] = []
        self._pace = Pace(Stage.DOWNLOAD, 0, report)
        self._hash_pace: Pace | None = None
        self._told_at = 0.0
        self._site = ""  # that served the file before

    def carry_out(self) -> Outcome:
        for file in self._files:
            file.part.take()
        self._accept_finished()
        self._check_room()
        self._pace = self._new_pace()
        for file in self._files:
            if not file.part.published:
                self._fetch(file)
        return self._publish()

    def close(self) -> None:
        self._connection.close()
        for file in self._files:
            file.part.release()

    # ------------------------------------------------------------ one file

    def _fetch(self, file: _File) -> None:
        self._current, self._hash_pace = file, None
        transfer = Transfer(
            file.remote.path,
            file.part,
            self._places(file.remote),
            self._connection,
            repository=self._task.repository,
            limit=self._limit,
            connections=lambda: self._tuning.connections or self._settings.connections,
            stop=self._stop,
            told=self,
            reserve=self._reserve,
        )
        try:
            file.sha256 = transfer.run()
            self._site = transfer.site
        finally:
            self._notices += [notice for notice in transfer.notices if notice not in self._notices]

    def _places(self, remote: RemoteFile) -> list[Place]:
        task = self._task
        if task.kind == "url":
            if not is_web(task.repository):
                raise ModelError(Code.ADDRESS_BAD, address=task.repository[:200])
            return [Place(task.repository, hub=False)]
        sources = self._settings.of_kind(task.kind)
        if not sources:
            raise ModelError(Code.HUB_NO_SOURCE)
        chosen = (shown_site(source.address) == self._site if self._site else source.name == task.source for source in sources)
        sources = tuple(source for _, source in sorted(zip(chosen, sources, strict=True), key=lambda pair: not pair[0]))
        return [Place(file_address(task.kind, one.address, task.repository, task.revision, remote.path)) for one in sources]

    def _token(self, source: Source) -> str:
        from zhiyin_models.hub.tokens import read_token  # noqa: PLC0415 - a keyring is only asked when a server asks us

        return read_token(source, Path(self._task.data_dir))

    # ------------------------------------------------------------ before and after

    def _accept_finished(self) -> None:
        """A file that is there already and is the same need not be fetched."""
        for file in self._files:
            if file.part.published and not file.part.content.sha256:
                continue  # nobody can tell more than that it was written here
            if not _exists(file.path):
                continue
            if not self._is_right(file):
                raise ModelError(Code.OUTPUT_EXISTS, path=str(file.path))
            file.part.published = True

    def _is_right(self, file: _File) -> bool:
        known = file.part.content
        pace = Pace(Stage.HASH, max(0, known.size), self._report)
        try:
            if not known.sha256 or not file.path.is_file() or known.size not in (-1, file.path.stat().st_size):
                return False
            file.sha256 = file_sha256(file.path, self._stop, lambda done: pace.at(done, file.remote.path))
        except OSError as error:
            raise refusal(file.path, error) from error
        return file.sha256 == known.sha256

    def _publish(self) -> Outcome:
        """Give every file its name, the first one last: it is the one that the library looks for."""
        for file in (*self._files[1:], self._files[0]):
            if not file.part.published:
                file.part.publish()
        if self._task.purpose == "model":
            self._record()
        for file in self._files:
            file.part.release(finished=True)
        kind = "gguf" if self._task.purpose == "model" else "file"
        return Outcome(outputs=tuple(Output(kind, str(file.path)) for file in self._files), notices=tuple(self._notices))

    def _record(self) -> None:
        task = self._task
        sums = {file.path.name: file.sha256 or file.part.content.sha256 for file in self._files}
        known = {name: sha256 for name, sha256 in sums.items() if sha256}
        where = shown(task.repository) if task.kind == "url" else task.repository  # without a password or a signature
        origin = Origin(task.source, where, task.revision, known, time.time(), task.licence, task.languages)
        Library(task.data_dir).record_origin(self._files[0].path, origin)  # named as any other file is

    def _check_room(self) -> None:
        need = sum(max(0, file.part.content.size - file.part.total) for file in self._files if not file.part.published)
        try:
            free = shutil.disk_usage(self._folder).free
        except OSError as error:
            raise refusal(self._folder, error) from error
        if need and free < need + self._reserve:
            raise ModelError(Code.DISK_SMALL, path=str(self._folder), need=need + self._reserve, free=free)

    # ------------------------------------------------------------ progress

    def bytes_there(self, count: int) -> None:
        now = time.monotonic()
        if now - self._told_at >= TOLD_EVERY or count == self._current.part.content.size:
            self._told_at = now
            self._pace.at(self._done(count), self._current.remote.path)

    def waiting(self, seconds: float) -> None:
        now = time.monotonic()
        if now - self._told_at < TOLD_EVERY:
            return
        self._told_at = now
        self._report(Progress(Stage.WAIT, self._done(self._current.part.total), self._total(), seconds, self._current.remote.path))

    def hashing(self, done: int, total: int) -> None:
        if self._hash_pace is None:
            self._hash_pace = Pace(Stage.HASH, total, self._report, start=done)
        self._hash_pace.at(done, self._current.remote.path)

    def size_known(self) -> None:
        self._check_room()
        self._pace = self._new_pace()

    def _new_pace(self) -> Pace:
        return Pace(Stage.DOWNLOAD, self._total(), self._report, start=self._done(self._current.part.total))

    def _done(self, current: int) -> int:
        others = sum(self._there(file) for file in self._files if file is not self._current)
        return others + (self._there(self._current) if self._current.part.published else current)

    def _there(self, file: _File) -> int:
        return max(0, file.part.content.size) if file.part.published else file.part.total

    def _total(self) -> int:
        return sum(max(0, file.part.content.size) for file in self._files)


def _targets(task: Download) -> list[tuple[RemoteFile, Path]]:
    """Every file with the path that it gets. Raises ModelError FILE_NAME_BAD, also when two would be one on some system."""
    if not task.files:
        raise ModelError(Code.HUB_NOTHING, name=task.repository, detail="-")
    found: list[tuple[RemoteFile, Path]] = []
    taken = set()
    for remote in task.files:
        name = local_name(remote.path)
        if name.casefold() in taken:
            raise ModelError(Code.FILE_NAME_BAD, name=name)
        taken.add(name.casefold())
        found.append((remote, Path(task.folder, name)))
    return found


def _exists(path: Path) -> bool:
    try:
        return path.exists() or path.is_symlink()
    except OSError as error:
        raise refusal(path, error) from error
