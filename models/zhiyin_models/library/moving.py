"""Copies and moves model files, with progress."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from zhiyin_models.errors import Code, Failure, ModelError
from zhiyin_models.hub.file_names import local_name
from zhiyin_models.jobs.protocol import CopyModel, MoveModels, Outcome, Output
from zhiyin_models.library.entries import Entry
from zhiyin_models.library.file_copy import FileCopy, check_room, checksum, copy_together, saying
from zhiyin_models.library.gguf import GGUFFile, read_metadata, split_paths
from zhiyin_models.library.installed import Library, checked_folder
from zhiyin_models.library.moving_downloads import UnfinishedDownloads
from zhiyin_models.library.state_file import StateFile
from zhiyin_models.library.trash import remove_empty_folders
from zhiyin_models.work import Pace, Report, Stage, Stop


def copy_model(task: CopyModel, report: Report, stop: Stop) -> Outcome:
    """Do a ``CopyModel``: all parts of a set, which get their names together at the end. What is there already and the same is left.

    Raises StoppedError and ModelError: what ``read_metadata`` and ``check_complete`` raise, FOLDER_BAD, DISK_SMALL, DISK_FULL,
    OUTPUT_EXISTS (something else has a name), OUTPUT_BUSY, OUTPUT_UNWRITABLE.
    """
    file = read_metadata(Path(task.source))
    file.check_complete()
    folder = checked_folder(Path(task.folder))
    targets = copied_paths(file, folder, task.name)
    copies = [FileCopy(part.path, target) for part, target in zip(file.parts, targets, strict=True)]
    check_room(folder, sum(copy.size for copy in copies if not copy.target.exists()))
    pace = Pace(Stage.COPY, sum(copy.size for copy in copies), report)
    copy_together(list(reversed(copies)), report, stop, pace)  # the first file last: it is what a library looks for
    return Outcome(outputs=tuple(Output("gguf", str(target)) for target in targets))


def copied_paths(file: GGUFFile, folder: Path, name: str = "") -> tuple[Path, ...]:
    """What the files of a model will be called in a folder; ``name`` (without an ending) is for files of no name of their own."""
    if len(file.parts) > 1 or (file.path.suffix.lower() == ".gguf" and not name):
        return tuple(folder / part.path.name for part in file.parts)
    return (folder / local_name(f"{name or file.name}.gguf".replace("/", "-").replace("\\", "-")),)


def unfinished(task: CopyModel | MoveModels) -> Iterator[Path]:
    """The files that a killed run may have left half-written, by the names that they would have got."""
    if isinstance(task, CopyModel):
        with suppress(ModelError):
            yield from copied_paths(read_metadata(Path(task.source)), Path(task.folder), task.name)
    else:
        for entry in StateFile(Path(task.data_dir)).read():
            if entry.moving:
                yield from (path for path in split_paths(Path(entry.moving)) if path.parent.is_dir())


# ---------------------------------------------------------------- the models folder


def move_models(task: MoveModels, report: Report, stop: Stop) -> Outcome:
    """Do a ``MoveModels``, model by model: whenever it ends, each model is whole in one place, and is listed there.

    Unfinished downloads are moved as well, and go on in the new folder; those that run are waited for.

    On one file system files are only renamed. On another they are copied, compared, and then removed here. Raises StoppedError and
    ModelError: FOLDER_BAD, DISK_SMALL, DISK_FULL, OUTPUT_EXISTS, OUTPUT_UNWRITABLE, LIBRARY_BUSY, LIBRARY_UNWRITABLE.
    """
    library = Library(task.data_dir)
    folder = checked_folder(Path(task.folder))
    old = library.models_directory
    if folder == old or (old.exists() and folder.samefile(old)):
        return Outcome()
    if folder.resolve().is_relative_to(old.resolve()) or old.resolve().is_relative_to(folder.resolve()):
        raise ModelError(Code.FOLDER_BAD, path=str(folder), detail="one folder lies in the other")
    try:
        with FileLock(library.directory / "moving.lock", timeout=0):
            return _Move(library, old, folder, report, stop).run()
    except Timeout as error:
        raise ModelError(Code.LIBRARY_BUSY, path=str(library.directory)) from error


class _Move:
    """One move from the models folder ``old`` to ``folder``."""

    def __init__(self, library: Library, old: Path, folder: Path, report: Report, stop: Stop) -> None:
        self._library, self._old, self._folder = library, old, folder
        self._report, self._stop = report, stop
        self._notices: list[Failure] = []
        self._done = 0

    def run(self) -> Outcome:
        for entry in self._library.kept_in(self._folder):
            self._finish(Path(entry.model.path))
        entries = self._library.kept_in(self._old)
        downloads = UnfinishedDownloads(self._library.directory, self._old, self._folder)
        downloads.wait(self._stop)
        begun = downloads.size()
        check_room(self._folder, 0 if self._one_disk() else begun + sum(self._left(entry) for entry in entries))
        pace = Pace(Stage.COPY, begun + sum(entry.size for entry in entries), self._report)
        moved: set[str] = set()
        while entries:
            for entry in entries:
                self._stop.check()
                moved.add(entry.model.path)
                self._move(entry, pace)
            entries = [entry for entry in self._library.kept_in(self._old) if entry.model.path not in moved]  # come meanwhile

        def advance(count: int, name: str) -> None:
            self._done += count
            pace.at(self._done, name)

        downloads.take_along(advance, self._stop)
        self._library.set_folder(self._folder)
        return Outcome(notices=tuple(self._notices))

    def _one_disk(self) -> bool:
        try:
            return self._old.stat().st_dev == self._folder.stat().st_dev
        except OSError:
            return False

    def _left(self, entry: Entry) -> int:
        """Bytes of a model that are not at their new place yet."""
        total = 0
        for path in split_paths(Path(entry.model.path)):
            with suppress(OSError):
                total += path.stat().st_size if not self._target(path).exists() else 0
        return total

    def _target(self, path: Path) -> Path:
        return self._folder / path.relative_to(self._old)

    def _move(self, entry: Entry, pace: Pace) -> None:
        first = Path(entry.model.path)
        target = self._target(first)
        made: list[Path] = []
        self._library.plan_move(str(first), str(target))
        try:
            if first.is_symlink():
                self._move_link(first, target)
                made.append(target)
            else:
                made += self._link(first) or self._copy(first, pace)
            with saying(first):
                first.unlink()  # from here on the model is at its new place: the list knows where it was going
        except BaseException:
            if os.path.lexists(first):  # else what was made is all there is of it
                for path in made:
                    with suppress(OSError):
                        path.unlink()
                with suppress(ModelError):
                    self._library.plan_move(str(first), "")
            raise
        self._library.relocate(str(first), str(target))
        self._remove_others(target)
        remove_empty_folders(first.parent, self._old)
        self._done += entry.size
        pace.at(self._done, first.name)

    def _parts(self, first: Path) -> list[Path]:
        """The files of a model that are there, its first last: it is what a library looks for."""
        return [path for path in reversed(split_paths(first)) if path.exists()]

    def _copy(self, first: Path, pace: Pace) -> list[Path]:
        copies = [FileCopy(path, self._target(path)) for path in self._parts(first)]
        copy_together(copies, self._report, self._stop, pace, self._done)
        return [copy.target for copy in copies if copy.made]

    def _link(self, first: Path) -> list[Path]:
        """Give the files of a model their new names beside the old ones; nothing where that cannot be."""
        linked: list[Path] = []
        try:
            for path in self._parts(first):
                target = self._target(path)
                target.parent.mkdir(parents=True, exist_ok=True)
                if not (target.exists() and target.samefile(path)):  # a run that was ended just then had made it
                    os.link(path, target)
                linked.append(target)
        except OSError:  # another disk, one that knows no links, or a name that is taken: copying tells which
            for target in linked:
                target.unlink(missing_ok=True)
            return []
        return linked

    def _move_link(self, link: Path, target: Path) -> None:
        """Make the link anew; one to a model that moves along follows it."""
        with saying(target):
            if os.path.lexists(target):
                raise ModelError(Code.OUTPUT_EXISTS, path=str(target))
            end = Path(os.path.normpath(link.parent / link.readlink()))
            if end.is_relative_to(self._old):
                end = self._target(end)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(end)

    def _remove_others(self, target: Path) -> None:
        """Remove the other parts of a set that is at its new place."""
        for path in split_paths(target)[1:]:
            original = self._old / path.relative_to(self._folder)
            if original.exists() and path.exists():
                try:
                    original.unlink()
                except OSError as error:
                    detail = error.strerror or str(error)
                    self._notices.append(Failure(Code.TRASH_FAILED, {"path": str(original), "detail": detail}))

    def _finish(self, target: Path) -> None:
        """Remove what a run left here that was ended right after a set had changed its place."""
        if (self._old / target.relative_to(self._folder)).exists():
            return  # that is another model
        for path in split_paths(target)[1:]:
            original = self._old / path.relative_to(self._folder)
            if original.exists() and path.exists() and (original.samefile(path) or self._is_equal(original, path)):
                with suppress(OSError):
                    original.unlink()

    def _is_equal(self, path: Path, other: Path) -> bool:
        if path.stat().st_size != other.stat().st_size:
            return False
        return checksum(path, self._report, self._stop) == checksum(other, self._report, self._stop)
