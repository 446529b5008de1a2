"""``library.json``: what the library remembers, shared by every process that uses it; and ``models-folder.json``, where the models are."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout
from msgspec import Struct

from zhiyin_models.errors import Code, Failure, ModelError
from zhiyin_models.library.entries import Entry, State
from zhiyin_models.private_file import replace_private

LOCK_SECONDS = 10.0
MAX_STATE = 64 << 20  # bytes of library.json that are read
MAX_FOLDER = 1 << 16  # bytes of models-folder.json
VERSION = 2  # 1 knew neither licence nor languages
MAX_BREAKS = 10_000  # places in a damaged list from which reading begins anew

BEGINNING = re.compile(rb'"entries"\s*:\s*\[')
NEXT = re.compile(rb"\n  \{")  # an entry as ``write`` indents it: no text and nothing deeper looks like this
BETWEEN = re.compile(rb"[ \t\r\n,]*")


class _Folder(Struct):
    path: str = ""


class StateFile:
    """The files of one data directory. What is written is on the disk, whole, before it has its name.

    ``on_damage`` hears where a damaged list was kept; without it that is left in ``notices``.
    """

    def __init__(self, directory: Path, on_damage: Callable[[Failure], None] | None = None) -> None:
        self.directory = directory
        self.path = directory / "library.json"
        self.notices: list[Failure] = []
        self._tell = on_damage or self.notices.append
        self._folder = directory / "models-folder.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from changing it. Raises OSError, and filelock.Timeout (an OSError as well) after ten seconds."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with FileLock(self.directory / "library.lock", timeout=LOCK_SECONDS):
            yield

    @contextmanager
    def changing(self) -> Iterator[None]:
        """``locked`` for what the user asked for. Raises ModelError LIBRARY_BUSY, LIBRARY_UNWRITABLE."""
        try:
            with self.locked():
                yield
        except Timeout as error:
            raise ModelError(Code.LIBRARY_BUSY, path=str(self.directory)) from error
        except OSError as error:
            raise ModelError(Code.LIBRARY_UNWRITABLE, path=str(self.directory), detail=error.strerror or str(error)) from error

    def read(self, *, keep_aside: bool = False) -> list[Entry]:
        """What is remembered; of a damaged file, the entries that can be read. ``keep_aside`` (only while locked) keeps the damaged one."""
        return self.load(keep_aside=keep_aside)[0]

    def load(self, *, keep_aside: bool = False) -> tuple[list[Entry], bool]:
        """As ``read``, and whether the file is damaged, or too new in places: then it should be written anew."""
        try:
            with self.path.open("rb") as file:
                content = file.read(MAX_STATE + 1)
        except OSError:
            return [], False
        try:
            if len(content) > MAX_STATE:
                raise msgspec.DecodeError("too long")
            state = msgspec.json.decode(content, type=State)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            if keep_aside:
                self._keep_aside()
            return _readable(content[:MAX_STATE]), True
        if state.version < VERSION:
            for entry in state.entries:  # read anew: there is more to know
                entry.modified = -1
        return state.entries, False

    def _keep_aside(self) -> None:
        for number in range(1, 1000):
            aside = self.directory / f"library.json.damaged-{number}"
            if aside.exists():
                continue
            with suppress(OSError):  # read-only: then nothing is written over it either
                self.path.replace(aside)
                self._tell(Failure(Code.LIBRARY_DAMAGED, {"path": str(aside)}))
                aside.chmod(0o600)
            return

    def write(self, entries: list[Entry]) -> None:
        """Replace what is remembered, while locked. Raises OSError."""
        replace_private(self.path, msgspec.json.format(msgspec.json.encode(State(VERSION, entries)), indent=1), locked=True)

    def folder(self) -> Path | None:
        """The models folder that the user chose; None: the usual one."""
        try:
            with self._folder.open("rb") as file:
                chosen = msgspec.json.decode(file.read(MAX_FOLDER), type=_Folder).path
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        return Path(chosen) if chosen and "\0" not in chosen and Path(chosen).is_absolute() else None

    def choose_folder(self, path: Path | None) -> None:
        """Keep a choice, while locked. Raises OSError."""
        replace_private(self._folder, msgspec.json.encode(_Folder(str(path) if path is not None else "")), locked=True)


def _readable(content: bytes) -> list[Entry]:
    """The entries of a list that is damaged, or too new, in places: all that stand between those places, and before a cut."""
    text = content.decode("latin-1")  # a byte a character: an entry that is no UTF-8 is no reason to lose the next
    decoder = json.JSONDecoder()
    beginning = BEGINNING.search(content)
    place = beginning.end() if beginning else 0
    found: dict[str, Entry] = {}
    breaks = 0
    while breaks < MAX_BREAKS:
        start = BETWEEN.match(content, place).end()  # type: ignore[union-attr] # it matches nothing as well
        try:
            _, place = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            breaks += 1
            further = NEXT.search(content, max(0, start))
            if further is None:
                break
            place = further.end() - 1
            continue
        with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            entry = msgspec.json.decode(content[start:place], type=Entry)
            found.setdefault(entry.model.path, entry)
    return list(found.values())
