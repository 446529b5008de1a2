"""What lies in a folder that was picked, and in the one to be written to. Blocks: not for the window's thread."""

import errno
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from zhiyin_models.errors import Code, Failure
from zhiyin_models.library.fit import memory_available

PARTS = frozenset({".safetensors", ".bin", ".json", ".model", ".jinja"})
"""Files of a checkpoint: who drops one means its folder."""
MAX_CONFIG = 1 << 20  # bytes of adapter_config.json that are read


@dataclass(frozen=True, slots=True)
class Found:
    """A folder, and whether it is a checkpoint or an adapter (with the base that it names)."""

    kind: Literal["checkpoint", "adapter", "nothing"]
    path: str
    base: str = ""
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes free on the disk and in memory, and which of the asked names are taken."""

    disk: int
    memory: int
    taken: frozenset[str]


class _AdapterConfig(msgspec.Struct):
    base_model_name_or_path: str | None = None


def look_at(path: Path) -> Found:
    """Say what a path is. Never raises."""
    try:
        if path.is_file() and path.suffix.lower() in PARTS:
            path = path.parent
        if not path.exists():
            return Found("nothing", str(path), failure=Failure(Code.SOURCE_MISSING, {"path": str(path)}))
        names = {entry.name for entry in os.scandir(path)} if path.is_dir() else set()
        if "adapter_config.json" in names and "config.json" not in names:
            return Found("adapter", str(path), _base_of(path))
    except (OSError, ValueError) as error:
        detail = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        return Found("nothing", str(path), failure=Failure(Code.SOURCE_UNREADABLE, {"path": str(path), "detail": detail}))
    if "config.json" in names:
        return Found("checkpoint", str(path))
    return Found("nothing", str(path), failure=Failure(Code.SOURCE_NOT_CHECKPOINT, {"path": str(path)}))


def _base_of(folder: Path) -> str:
    """The base as the adapter names it, "" when it does not."""
    try:
        with (folder / "adapter_config.json").open("rb") as file:
            config = msgspec.json.decode(file.read(MAX_CONFIG), type=_AdapterConfig)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return config.base_model_name_or_path or ""


def room_in(folder: Path, names: tuple[str, ...]) -> Room:
    """What is free where these files would be written. Never raises."""
    try:
        disk = shutil.disk_usage(folder).free
    except OSError:
        disk = 0
    taken = set()
    for name in names:
        try:
            (folder / name).lstat()
            taken.add(name)
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                taken.add(name)
        except ValueError:
            taken.add(name)
    return Room(disk, memory_available(), frozenset(taken))
