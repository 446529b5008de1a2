"""What lies in a folder that was picked, and in the one to be written to. Blocks: not for the window's thread."""

import errno
import os
import shutil
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from zhiyin_models.convert.source_files import NotPlainError, SourceFile
from zhiyin_models.errors import Code, Failure, ModelError
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


def look_at_all(paths: Sequence[str]) -> list[Found]:
    """Say what was picked at once; files of one folder are that folder, and files that belong to nothing are left out beside one."""
    folders: dict[Path, None] = {}
    others: list[Path] = []
    for name in paths:
        path = Path(name)
        try:
            file = path.is_file()
        except (OSError, ValueError):
            file = False
        if not file:
            folders[path] = None
        elif path.suffix.lower() in PARTS:
            folders[path.parent] = None
        else:
            others.append(path)
    return [look_at(path) for path in folders or others[:1]]


def look_at(path: Path) -> Found:
    """Say what a folder is. Never raises."""
    try:
        if not path.exists():
            return Found("nothing", str(path), failure=Failure(Code.SOURCE_MISSING, {"path": str(path)}))
        names = {entry.name for entry in os.scandir(path)} if path.is_dir() else set()
        if "adapter_config.json" in names and "config.json" not in names:
            with closing(SourceFile(path / "adapter_config.json")) as file:
                return Found("adapter", str(path), _base_in(file.bytes_at(0, min(file.size, MAX_CONFIG))))
        if "config.json" in names:
            SourceFile(path / "config.json").close()
            return Found("checkpoint", str(path))
    except (OSError, ValueError) as error:
        detail = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        return Found("nothing", str(path), failure=Failure(Code.SOURCE_UNREADABLE, {"path": str(path), "detail": detail}))
    except ModelError as error:
        return Found("nothing", str(path), failure=error.failure)
    except NotPlainError:
        pass  # a folder, a pipe or a device is no configuration
    return Found("nothing", str(path), failure=Failure(Code.SOURCE_NOT_CHECKPOINT, {"path": str(path)}))


def _base_in(text: bytes) -> str:
    """The base as the adapter's configuration names it, "" when it does not."""
    try:
        config = msgspec.json.decode(text, type=_AdapterConfig)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
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
