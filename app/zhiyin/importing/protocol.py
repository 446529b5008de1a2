"""What the process that reads cards is asked and what it answers. Light: only values."""

import os
from pathlib import PurePath
from typing import Literal, TypeAlias

from msgspec import Struct

from zhiyin.prompt.cards.mending import Mended
from zhiyin.prompt.errors import CardFailure
from zhiyin_models.child.wire import Failed, Hello, Ping, Pong

__all__ = ["Failed", "Hello", "Ping", "Pong"]  # every child knows these

VERSION = 1

Format = Literal["png2", "png3", "json1", "json2", "json3", "charx"]
Container = Literal["png", "apng", "json", "charx"]
UNDECODED = "\0"  # begins a path whose name is no proper text; no path holds it


class ReadCard(Struct, frozen=True, tag="read_card"):
    """Read a file: ``CardRead`` or ``CardFailed``. Its picture is kept in the picture folder."""

    id: int
    path: str


class ListCards(Struct, frozen=True, tag="list_cards"):
    """Look for files that may be cards in folders, and in the folders in them: ``Listed``, several times. Files stand for themselves."""

    id: int
    paths: tuple[str, ...]


class WriteCard(Struct, frozen=True, tag="write_card"):
    """Write a card file: ``CardWritten`` or ``CardFailed``. ``picture`` is a key of the picture folder, ``png`` stands in for it."""

    id: int
    card_json: str
    path: str
    format: Format
    picture: str = ""
    png: bytes = b""


class MakePicture(Struct, frozen=True, tag="make_picture"):
    """Take an image into the picture folder: ``PictureMade`` or ``CardFailed``."""

    id: int
    path: str


class ClearPictures(Struct, frozen=True, tag="clear_pictures"):
    """Delete the pictures that are none of these and not of the last hour: ``PicturesCleared``.

    ``keep_assets`` are the keys of the files that came with cards (``assets`` in our part of their extensions); None keeps all of them.
    """

    id: int
    keep: tuple[str, ...]
    keep_assets: tuple[str, ...] | None = None


class Forget(Struct, frozen=True, tag="forget"):
    """These requests are not wanted any more; what has not begun never will."""

    id: int
    requests: tuple[int, ...]


class AssetInfo(Struct, frozen=True):
    """A file that a card names or brings along; ``size`` is 0 where it is not in the file."""

    uri: str
    type: str
    name: str
    size: int = 0


class CardRead(Struct, frozen=True, tag="card_read"):
    """A file that was read: a card, or a lorebook (``book``, the JSON of the file as it is)."""

    id: int
    path: str
    card_json: str = ""
    container: Container = "json"
    picture: str = ""  # path of the stored picture, "" without one
    thumbnail: str = ""  # path, a small square PNG
    mended: tuple[Mended, ...] = ()
    size: int = 0  # bytes of the file
    assets: tuple[AssetInfo, ...] = ()
    book: str = ""

    @property
    def picture_key(self) -> str:
        """What the store calls the picture: the sha256 of its file."""
        return PurePath(self.picture).stem


class CardFailed(Struct, frozen=True, tag="card_failed"):
    """A request that ended badly, and why."""

    id: int
    path: str
    failure: CardFailure


class Listed(Struct, frozen=True, tag="listed"):
    """Some of the files; ``last`` says that there are no more, ``cut`` that there are more than are looked at."""

    id: int
    paths: tuple[str, ...]
    last: bool = False
    cut: bool = False


class CardWritten(Struct, frozen=True, tag="card_written"):
    """The answer to ``WriteCard``."""

    id: int
    path: str
    size: int
    mended: tuple[Mended, ...] = ()  # what could not be written along


class PictureMade(Struct, frozen=True, tag="picture_made"):
    """The answer to ``MakePicture``: paths of the picture and of its small form."""

    id: int
    picture: str
    thumbnail: str
    width: int = 0
    height: int = 0

    @property
    def picture_key(self) -> str:
        """What the store calls the picture: the sha256 of its file."""
        return PurePath(self.picture).stem


class PicturesCleared(Struct, frozen=True, tag="pictures_cleared"):
    """The answer to ``ClearPictures``: how many files are gone."""

    id: int
    count: int


Question: TypeAlias = ReadCard | ListCards | WriteCard | MakePicture | ClearPictures
Request: TypeAlias = Question | Forget | Ping
Answer: TypeAlias = CardRead | CardFailed | Listed | CardWritten | PictureMade | PicturesCleared
Event: TypeAlias = Hello | Answer | Failed | Pong


def path_to_wire(path: str) -> str:
    """A path as a line can hold it, also one that is no proper text."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return UNDECODED + os.fsencode(path).hex()
    return path


def path_from_wire(text: str) -> str:
    """The path that ``path_to_wire`` was given."""
    return os.fsdecode(bytes.fromhex(text[1:])) if text.startswith(UNDECODED) else text
