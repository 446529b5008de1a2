"""Small files that tell what somebody has and does: replaced in one step, and readable by nobody else."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def replace_private(path: Path, content: bytes, *, locked: bool = False) -> None:
    """Give a file new contents, which are on the disk before they have its name. Raises OSError.

    Several may do so at once: one of them wins. ``locked`` says that nobody else does, so that what a kill leaves is used again.
    """
    if locked:
        part = path.with_name(f"{path.name}.part")
        number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
    else:
        number, name = tempfile.mkstemp(suffix=".part", prefix=f".{path.name}.", dir=path.parent)  # 0600, whatever the umask
        part = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            if locked:  # by an older version it may have been made for all to read
                part.chmod(0o600)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
