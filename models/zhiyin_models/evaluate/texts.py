"""The texts that models are measured on and calibrated with: the bundled ones, or the user's files."""

import stat
from collections.abc import Sequence
from pathlib import Path

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.resources import asset_path

LARGEST = 64 << 20  # bytes of one text; more would take days
BUNDLED = ("zh", "en")


def default_texts() -> tuple[Path, ...]:
    """The bundled public-domain texts, Chinese first."""
    return tuple(asset_path(f"evaluation/{name}.txt") for name in BUNDLED)


def text_name(path: Path) -> str:
    """What a report calls a text: "zh" and "en" for the bundled ones, else the file's name."""
    bundled = path.stem in BUNDLED and path.absolute() in default_texts()
    return path.stem if bundled else path.name.encode("utf-8", "replace").decode()


def read_text(path: Path) -> str:
    """A text file in UTF-8, with or without a byte order mark. Raises TEXT_UNREADABLE."""
    shown = str(path).encode("utf-8", "replace").decode()
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would wait for its other end
            raise ModelError(Code.TEXT_UNREADABLE, path=shown, detail="not a file")
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise ModelError(Code.TEXT_UNREADABLE, path=shown, detail=reason or str(error)) from error
    if len(content) > LARGEST:
        raise ModelError(Code.TEXT_UNREADABLE, path=shown, detail=f"> {LARGEST >> 20} MiB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ModelError(Code.TEXT_UNREADABLE, path=shown, detail=f"byte {error.start}") from error
    return text.replace("\r\n", "\n")


def read_texts(paths: Sequence[Path]) -> tuple[str, ...]:
    """Several text files. Raises TEXT_UNREADABLE for the first that cannot be read."""
    return tuple(read_text(path) for path in paths)
