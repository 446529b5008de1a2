"""What is particular about writing large files: why a disk refuses, what outlives a power cut."""

import contextlib
import errno
import os
from functools import cache
from pathlib import Path

import psutil

from zhiyin_models.errors import Code, ModelError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def refusal(path: Path, error: OSError) -> ModelError:
    """Why a file cannot be written, in a code."""
    if error.errno in FULL:
        return ModelError(Code.DISK_FULL, path=str(path))
    return ModelError(Code.OUTPUT_UNWRITABLE, path=str(path), detail=error.strerror or str(error))


@cache
def boot() -> str:
    """Which start of the computer this is."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    return str(round(psutil.boot_time()))


def sync_folder(folder: Path) -> None:
    """Put the names of a folder's files on the disk."""
    with contextlib.suppress(OSError):  # not on every system
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
