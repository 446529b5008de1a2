"""What lies in the models folder: names, sizes and times, and nothing is opened."""

import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from zhiyin_models.library.gguf import split_names

MAX_FILES = 100_000  # looked at
MAX_DEPTH = 12  # folders in folders

Stamp = tuple[int, int]  # bytes of all parts, and when the latest was written (nanoseconds)


class Scan(NamedTuple):
    """The first file of each model, by path; ``complete`` is False when the folder could not be read to its end."""

    stamps: dict[str, Stamp]
    complete: bool


def scan(folder: str) -> Scan:
    """Every model under a folder.

    Links to folders are not followed, broken links and what is no file are left out, and so are hidden files, which are somebody's work,
    and names that are not UTF-8, which no list can hold.
    """
    stamps: dict[str, Stamp] = {}
    pending = [(folder, 0)]
    seen = 0
    complete = True
    while pending:
        place, depth = pending.pop()
        files: dict[str, Stamp] = {}
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    seen += 1
                    if seen > MAX_FILES:
                        return Scan(stamps, complete=False)
                    name = entry.name
                    if name[0] == ".":
                        continue
                    if name[-5:].lower() == ".gguf":
                        stamp = _stamp_of_file(entry)
                        if stamp is not None:
                            files[name] = stamp
                            continue
                    if depth < MAX_DEPTH and _is_folder(entry):
                        pending.append((entry.path, depth + 1))
        except OSError:
            complete = False
        for name, stamp in files.items():
            names = split_names(name)
            if names[0] == name and _is_text(place + name):
                stamps[os.path.join(place, name)] = _together([files[part] for part in names if part in files]) if len(names) > 1 else stamp  # noqa: PTH118
    return Scan(stamps, complete)


def stamp_of(path: str) -> Stamp | None:
    """The stamp of one model anywhere; None when its first file is not there."""
    found = []
    place, name = os.path.split(path)
    for number, part in enumerate(split_names(name)):
        try:
            status = os.stat(os.path.join(place, part))  # noqa: PTH116, PTH118 - thousands of times at each start
        except (OSError, ValueError):
            if number == 0:
                return None
            continue
        found.append((status.st_size, status.st_mtime_ns))
    return _together(found)


def _together(stamps: list[Stamp]) -> Stamp:
    return sum(size for size, _ in stamps), max(modified for _, modified in stamps)


def _stamp_of_file(entry: "os.DirEntry[str]") -> Stamp | None:
    with suppress(OSError):
        if entry.is_file():
            status = entry.stat()
            return status.st_size, status.st_mtime_ns
    return None


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_inside(path: Path, folder: Path) -> bool:
    """Whether a file really lies under a folder, whatever links its path goes through (but the file itself may be a link)."""
    try:
        return path.parent.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):
        return False
