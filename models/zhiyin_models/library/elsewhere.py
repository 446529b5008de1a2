"""Models that other apps on this computer have already fetched, to be used where they lie.

Where they are: https://lmstudio.ai/docs/app/advanced/import-model, https://docs.ollama.com/faq, https://docs.gpt4all.io (settings),
https://jan.ai/docs/desktop/data-folder, and huggingface_hub's guide to its cache. What the apps wrote is looked at with bounds on
time, depth and number, and believed no more than anything else from outside.
"""

import os
import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path

import msgspec
from msgspec import Struct

from zhiyin_models.errors import ModelError
from zhiyin_models.library.entries import Origin
from zhiyin_models.library.gguf import is_sendable, read_metadata, split_paths
from zhiyin_models.library.naming import human_name, one_line

SECONDS = 10.0  # for everything
MAX_DEPTH = 6  # folders in folders
MAX_SEEN = 50_000  # names looked at, of each app
MAX_FOUND = 500
MAX_TEXT = 1 << 20  # bytes of a manifest or of settings

MODEL_LAYER = "application/vnd.ollama.image.model"
ADAPTER_LAYER = "application/vnd.ollama.image.adapter"
SHA256 = re.compile(r"[0-9a-f]{64}")
REGISTRY, LIBRARY = "registry.ollama.ai", "library"  # what Ollama does not say in a name


class Found(Struct, frozen=True):
    """A model of another app: ``Library.add(found.path, origin=found.origin, name=found.name)`` uses it in place."""

    app: str  # "LM Studio", "Ollama", "GPT4All", "Jan", "Hugging Face cache"
    path: str
    name: str
    size: int  # bytes of all its files
    origin: Origin


class _Candidate(Struct, frozen=True):
    path: Path
    name: str
    repository: str = ""
    revision: str = ""
    sha256: dict[str, str] = {}


def find_elsewhere(home: Path | None = None, *, environment: Mapping[str, str] | None = None, known: Iterable[str] = ()) -> list[Found]:
    """Every chat model of other apps that can be read, by app and name, without those whose paths are ``known``.

    ``home`` and ``environment`` are the user's own unless given. Never fails; takes up to ten seconds on a slow disk.
    """
    if environment is None:
        environment = os.environ if home is None else {}
    places = _Places(Path.home() if home is None else home, environment, whole_computer=home is None)
    seen = {_real(Path(path)) for path in known}
    found: list[Found] = []
    for app, search in APPS.items():
        for candidate in search(places):
            if time.monotonic() > places.until or len(found) >= MAX_FOUND:
                return sorted(found, key=lambda one: (one.app, one.name.casefold()))
            real = _real(candidate.path)
            if real not in seen and (model := _checked(app, candidate)) is not None:
                found.append(model)
                seen.add(real)
    return sorted(found, key=lambda one: (one.app, one.name.casefold()))


def _checked(app: str, candidate: _Candidate) -> Found | None:
    """What is found, if it is a whole chat model."""
    try:
        file = read_metadata(candidate.path)
        file.check_chat()
        file.check_complete()
    except ModelError:
        return None
    origin = Origin(app, candidate.repository, candidate.revision, candidate.sha256)
    return Found(app, str(file.path), one_line(candidate.name) or human_name(file.path), file.size, origin)


class _Places:
    """Where apps keep things, on Linux, macOS and Windows: all are asked for, for only this system's are there."""

    def __init__(self, home: Path, environment: Mapping[str, str], *, whole_computer: bool) -> None:
        self.until = time.monotonic() + SECONDS
        self.home = home
        self.environment = environment
        self.whole_computer = whole_computer

    def named(self, variable: str) -> list[Path]:
        """The folder that a variable names."""
        value = self.environment.get(variable, "")
        return [Path(value).expanduser()] if value and "\0" not in value else []

    def data(self, *names: str) -> list[Path]:
        """Folders of these names where apps keep data."""
        home = self.home
        roots = [*self.named("XDG_DATA_HOME"), home / ".local" / "share", home / "Library" / "Application Support"]
        roots += [*self.named("APPDATA"), home / "AppData" / "Roaming", *self.named("LOCALAPPDATA"), home / "AppData" / "Local"]
        return [root.joinpath(*names) for root in roots]

    def settings(self, *names: str) -> list[Path]:
        """Folders of these names where apps keep settings."""
        return [root.joinpath(*names) for root in (*self.named("XDG_CONFIG_HOME"), self.home / ".config")] + self.data(*names)

    def models_under(self, folders: Iterable[Path], *, depth: int = MAX_DEPTH) -> Iterator[tuple[Path, Path]]:
        """Each folder with each model under it: the first file of a set, and no projector."""
        for folder in _once(folders):
            for path in self.files(folder, lambda name: name.lower().endswith(".gguf"), depth=depth):
                if split_paths(path)[0] == path:
                    yield folder, path

    def files(self, folder: Path, wanted: Callable[[str], bool], *, depth: int = MAX_DEPTH) -> Iterator[Path]:
        """The files under a folder, in order. Links are followed, for apps and their users make them, but no folder is visited twice."""
        visited: set[tuple[int, int]] = set()
        pending = [(folder, 0)]
        seen = 0
        while pending and time.monotonic() < self.until:
            place, level = pending.pop()
            try:
                status = place.stat()
                key = (status.st_dev, status.st_ino)
                if key in visited and status.st_ino:
                    continue
                visited.add(key)
                with os.scandir(place) as entries:
                    listed = sorted(islice(entries, MAX_SEEN), key=lambda entry: entry.name)
            except (OSError, ValueError):
                continue
            for entry in listed:
                seen += 1
                if seen > MAX_SEEN:
                    return
                with suppress(OSError):
                    if entry.is_dir():
                        if level + 1 < depth:
                            pending.append((Path(entry.path), level + 1))
                    elif wanted(entry.name) and not entry.name.startswith(".") and is_sendable(Path(entry.path)) and entry.is_file():
                        yield Path(entry.path)


# ---------------------------------------------------------------- the apps


def _lm_studio(places: _Places) -> Iterator[_Candidate]:
    home = places.home
    roots = [home / ".lmstudio", home / ".cache" / "lm-studio"]
    pointer = _line(_text(home / ".lmstudio-home-pointer"))
    if pointer is not None:
        roots.insert(0, pointer)
    folders = [root / "models" for root in roots]
    for root in (*roots, *places.settings("LM Studio")):
        chosen = _setting(root / "settings.json", "downloadsFolder")
        folders += [chosen] if chosen is not None else []
    for folder, path in places.models_under(folders):
        between = path.relative_to(folder).parts[:-1]
        yield _Candidate(path, human_name(path), "/".join(between) if len(between) == 2 else "")


def _ollama(places: _Places) -> Iterator[_Candidate]:
    folders = [*places.named("OLLAMA_MODELS"), places.home / ".ollama" / "models"]
    if places.whole_computer:
        folders.append(Path("/usr/share/ollama/.ollama/models"))  # where its Linux service keeps them
    for folder in _once(folders):
        manifests = folder / "manifests"
        for manifest in places.files(manifests, lambda _: True):
            parts = manifest.relative_to(manifests).parts
            digest = _model_digest(manifest) if len(parts) == 4 else ""
            if digest:
                host, namespace, model, tag = parts
                name = f"{model}:{tag}"
                if host != REGISTRY:
                    name = f"{host}/{namespace}/{name}"
                elif namespace != LIBRARY:
                    name = f"{namespace}/{name}"
                blob = folder / "blobs" / f"sha256-{digest}"
                yield _Candidate(blob, name, name, "", {blob.name: digest})


def _model_digest(manifest: Path) -> str:
    """The checksum of the model that a manifest names; "" where there is none, or where an adapter belongs to it."""
    layers = _fields(_json(manifest)).get("layers")
    described = [_fields(layer) for layer in layers[:64]] if isinstance(layers, list) else []
    if any(layer.get("mediaType") == ADAPTER_LAYER for layer in described):
        return ""
    for layer in described:
        digest = layer.get("digest")
        if layer.get("mediaType") == MODEL_LAYER and isinstance(digest, str):
            plain = digest.removeprefix("sha256:")
            return plain if SHA256.fullmatch(plain) else ""
    return ""


def _gpt4all(places: _Places) -> Iterator[_Candidate]:
    folders = [*places.data("nomic.ai", "GPT4All"), places.home / ".cache" / "gpt4all"]
    for settings in places.settings("nomic.ai"):
        match = re.search(r"^modelPath=(.*)$", _text(settings / "GPT4All.ini"), re.MULTILINE)
        chosen = _line(_from_ini(match[1])) if match else None
        folders += [chosen] if chosen is not None else []
    for _, path in places.models_under(folders, depth=1):
        yield _Candidate(path, human_name(path))


def _from_ini(value: str) -> str:
    """A value as Qt writes it into an INI file."""
    plain = value.strip().strip('"')
    return re.sub(r"\\(?:x([0-9a-fA-F]{1,4})|(.))", lambda match: chr(int(match[1], 16)) if match[1] else match[2], plain)


def _jan(places: _Places) -> Iterator[_Candidate]:
    folders = [*places.named("JAN_DATA_FOLDER"), places.home / "jan"]
    for root in places.settings("Jan"):
        chosen = _setting(root / "settings.json", "data_folder")
        folders += [chosen] if chosen is not None else []
        folders.append(root / "data")
    for folder in _once(folders):
        for models in (folder / "llamacpp" / "models", folder / "models"):
            for _, path in places.models_under([models]):
                yield _Candidate(path, path.parent.name if path.stem.lower() == "model" else human_name(path))
            for description in places.files(models, lambda name: name == "model.yml"):  # of models that were imported where they lay
                match = re.search(r"^model_path:\s*(.+?)\s*$", _text(description), re.MULTILINE)
                chosen = _line(match[1].strip("'\"")) if match else None
                if chosen is not None:
                    yield _Candidate(chosen, description.parent.name)


def _hugging_face(places: _Places) -> Iterator[_Candidate]:
    folders = [*places.named("HF_HUB_CACHE"), *places.named("HUGGINGFACE_HUB_CACHE")]
    folders += [home / "hub" for home in places.named("HF_HOME")]
    folders += [cache / "huggingface" / "hub" for cache in (*places.named("XDG_CACHE_HOME"), places.home / ".cache")]
    for folder in _once(folders):
        for repository in sorted(_names(folder)):
            if repository.startswith("models--"):
                yield from _cached(places, folder / repository)


def _cached(places: _Places, repository: Path) -> Iterator[_Candidate]:
    """The models of one repository of the cache; the revision that ``main`` stands for comes first."""
    newest = _text(repository / "refs" / "main").strip()
    identity = repository.name.removeprefix("models--").replace("--", "/")
    for revision in sorted(_names(repository / "snapshots"), key=lambda name: (name != newest, name)):
        for _, path in places.models_under([repository / "snapshots" / revision]):
            sums = {part.name: blob for part in split_paths(path) if SHA256.fullmatch(blob := Path(_real(part)).name)}
            yield _Candidate(path, human_name(path), identity, revision, sums)


APPS: dict[str, Callable[[_Places], Iterator[_Candidate]]] = {
    "LM Studio": _lm_studio,
    "Ollama": _ollama,
    "GPT4All": _gpt4all,
    "Jan": _jan,
    "Hugging Face cache": _hugging_face,
}


def _names(folder: Path) -> Collection[str]:
    try:
        return [path.name for path in islice(folder.iterdir(), MAX_SEEN)]
    except (OSError, ValueError):
        return []


def _once(folders: Iterable[Path]) -> Iterator[Path]:
    """The folders without those that come again."""
    seen = set()
    for folder in folders:
        real = _real(folder)
        if real not in seen:
            seen.add(real)
            yield folder


def _real(path: Path) -> str:
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return str(path)


# ---------------------------------------------------------------- what apps wrote down


def _text(path: Path) -> str:
    """The beginning of a text file; "" when it cannot be read."""
    try:
        if not path.is_file():  # opening a pipe would wait for ever
            return ""
        with path.open("rb") as file:
            return file.read(MAX_TEXT).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""


def _json(path: Path) -> object:
    try:
        value: object = msgspec.json.decode(_text(path).encode())
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return value


def _fields(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _setting(path: Path, key: str) -> Path | None:
    """The folder that a file of settings names."""
    value = _fields(_json(path)).get(key)
    return _line(value) if isinstance(value, str) else None


def _line(text: str) -> Path | None:
    """The absolute path that is written somewhere; None for anything else."""
    first = (text.strip().splitlines() or [""])[0]
    if not first or "\0" in first or len(first) > 4096:
        return None
    path = Path(first)
    return path if path.is_absolute() and is_sendable(path) else None
