"""Lorebooks as files: read and written beside the window's thread."""

import logging
import os
from pathlib import Path
from typing import Any, NamedTuple

from zhiyin.prompt.cards.json_text import dump, parse
from zhiyin.prompt.cards.mending import Mended
from zhiyin.prompt.errors import CardCode, CardDetail, CardError, CardFailure
from zhiyin.prompt.lore.book_file import BookMended, read_book_file, write_book_file

log = logging.getLogger(__name__)

MOST_BYTES = 8 * 2**20  # of a file: what takes longer to read would hold up the window


class ReadBook(NamedTuple):
    """A book from a file: its name, its JSON, how many entries, and what was put right."""

    name: str
    text: str
    entries: int
    mended: tuple[BookMended | Mended, ...]


def read_files(paths: list[str]) -> tuple[list[ReadBook], list[CardFailure]]:
    """The books in files, and what could not be read."""
    books: list[ReadBook] = []
    failures: list[CardFailure] = []
    for path in paths:
        try:
            file = Path(path)
            if not file.is_file() and file.exists():
                raise CardError(CardCode.NOT_FILE, path=path)
            if file.stat().st_size > MOST_BYTES:
                raise CardError(CardCode.TOO_LARGE, path=path, size=MOST_BYTES)
            with file.open("rb") as stream:
                read = read_book_file(stream.read(MOST_BYTES + 1), path)
            entries = read.raw.get("entries")
            count = len(entries) if isinstance(entries, list) else 0
            name = read.name or file.stem
            books.append(ReadBook(name, dump({**read.raw, "name": name}), count, read.mended))
        except CardError as error:
            failures.append(error.failure)
        except ValueError:  # a path that is none, or what cannot be written again
            log.exception("a lorebook that cannot be kept")
            failures.append(CardFailure(CardCode.BOOK_BAD, {"path": path, "detail": CardDetail.INSIDE}))
        except OSError as error:
            failures.append(CardFailure(CardCode.UNREADABLE, {"path": path, "detail": error.strerror or type(error).__name__}))
    return books, failures


def write_file(book: str | dict[str, Any], path: str) -> None:
    """Write a lorebook_v3 file whole, or not at all. Raises CardError WRITE_FAILED."""
    part = Path(f"{path}.part")
    try:
        with part.open("wb") as stream:
            stream.write(write_book_file(parse(book).value if isinstance(book, str) else book))
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise CardError(CardCode.WRITE_FAILED, path=path, detail=error.strerror or type(error).__name__) from error
