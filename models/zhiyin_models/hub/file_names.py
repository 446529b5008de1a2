"""What a file of a repository is called on this disk: safe on Linux, macOS and Windows, whatever the hub says. Light."""

import hashlib
import re
import unicodedata
from pathlib import Path

from zhiyin_models.errors import Code, ModelError

MAX_BYTES = 200  # of one component: room for our endings within the 255 of most file systems
MAX_LEVELS = 4
MAX_PATH = 4096  # characters that are looked at
SHOWN = 120  # characters of a bad name that are repeated
FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f\x7f]')
DRIVE = re.compile(r"[A-Za-z]:")
# What a name is known by is at its end: the part's number in a set, then the kind of file.
ENDING = re.compile(r"(?:-\d{5}-of-\d{5})?(?:\.[A-Za-z0-9]{1,12})?$")
OURS = (".part", ".part.json", ".part.lock")
DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$"} | {f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"}


def local_name(path: str) -> str:
    """A path of a repository as a relative path with slashes that is safe on every system; a name that is safe already stays itself.

    What would lead out of the folder is refused, the rest is mended: reserved names, characters that a file system or a person cannot
    see, endings that Windows drops, and what is too long or too deep. Raises ModelError FILE_NAME_BAD.
    """
    parts = re.split(r"[/\\]", path)
    if len(path) > MAX_PATH or path.startswith(("/", "\\")) or DRIVE.match(path) or "\0" in path or ".." in (one.strip() for one in parts):
        raise _bad(path)
    names = [_component(part) for part in parts if part.strip(" .")]
    if not names or not parts[-1].strip(" ."):
        raise _bad(path)
    if len(names) > MAX_LEVELS:
        names = [*names[: MAX_LEVELS - 2], _component("_".join(names[MAX_LEVELS - 2 : -1])), names[-1]]
    return "/".join(names)


def repository_folder(models_dir: Path, repository: str) -> Path:
    """Where the files of a repository (owner/name) are kept. Raises ModelError FILE_NAME_BAD."""
    name = local_name(repository)
    if name.count("/") > 1:
        raise _bad(repository)
    return models_dir / name


def _component(text: str) -> str:
    """One name, mended; mending it again changes nothing."""
    name = unicodedata.normalize("NFC", FORBIDDEN.sub("_", text))
    name = "".join(character if character.isprintable() else "_" for character in name)  # a right-to-left mark can hide what a file is
    name = _shortened(name.strip().rstrip(" ."))
    if name.startswith(".") or name.partition(".")[0].strip().casefold() in DEVICES:  # hidden files are nobody's models
        name = "_" + _shortened(name, MAX_BYTES - 1)
    if name.casefold().endswith(OURS):
        name = _shortened(name, MAX_BYTES - 1) + "_"
    return name or "_"


def _shortened(name: str, limit: int = MAX_BYTES) -> str:
    """At most so many bytes: the beginning, a mark of the whole (the same for all parts of a set), and the ending."""
    if len(name.encode()) <= limit:
        return name
    found = ENDING.search(name)
    ending = found[0] if found else ""
    stem = name[: len(name) - len(ending)]
    mark = "~" + hashlib.sha256(stem.encode()).hexdigest()[:8]
    room = limit - len((mark + ending).encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(" .") + mark + ending


def _bad(path: str) -> ModelError:
    visible = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in path[:SHOWN])
    return ModelError(Code.FILE_NAME_BAD, name=visible)
