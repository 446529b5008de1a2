"""Small files that tell what somebody has and does: replaced in one step, and readable by nobody else."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def replace_private(path: Path, content: bytes) -> None:
    """Give a file new contents, which are on the disk before they have its name. Several may do so at once: one of them wins.

    Raises OSError.
    """
    number, name = tempfile.mkstemp(suffix=".part", prefix=f".{path.name}.", dir=path.parent)  # 0600, whatever the umask
    part = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
