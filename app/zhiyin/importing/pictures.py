"""The picture folder: originals by the sha256 of their bytes, each with a small square beside it. Decodes, so only ever in a child."""

import hashlib
import struct
from collections.abc import Collection
from pathlib import Path

from msgspec import Struct
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRect, Qt
from PySide6.QtGui import QImage, QImageReader

from zhiyin.importing.files import clear_folder, is_key, write_file
from zhiyin.prompt.cards.png_text import is_png, read_png
from zhiyin.prompt.errors import CardCode, CardDetail, CardError

FOLDER = "pictures"
SMALL = ".thumb.png"
SIDE = 192  # px of the small square: 96 on a dense screen, and twice as fast to write as 256
MAX_SIDE = 16_384  # px
MAX_PIXELS = 64_000_000
MAX_MEMORY = 320  # MiB that one picture may take while it is decoded
LARGEST = 2048  # px, of what is made a PNG
FACE = 0.15  # of what is cut off a tall picture, above: faces are near the top
FAST = 88  # quality as Qt counts it: of a PNG, how little time is spent on packing it
KINDS = {b"png": "png", b"jpeg": "jpeg", b"jpg": "jpeg", b"webp": "webp", b"gif": "gif", b"bmp": "bmp"}


class Stored(Struct, frozen=True):
    """A picture in the folder."""

    key: str
    picture: Path
    thumbnail: Path
    width: int = 0
    height: int = 0


class PictureFolder:
    """Takes pictures in, and gives them out again by their keys."""

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / FOLDER
        QImageReader.setAllocationLimit(MAX_MEMORY)

    def take(self, data: bytes, *, bare: bool = False) -> Stored:
        """Keep a picture: a PNG byte for byte, without the chunks of a card; any other kind as a PNG of what it shows.

        ``bare`` says that there are no such chunks in it. Raises CardError PICTURE_BAD for what cannot be decoded, OSError for the disk.
        """
        data = read_png(data).picture if is_png(data) and not bare else data
        if is_png(data) and len(data) > 24:
            stored = self._stored(data, *struct.unpack_from(">II", data, 16))
            if _is_whole(stored, len(data)):
                return stored
            image = decode(data)
        else:
            image = decode(data)
            data = _encoded(_within(image, LARGEST))
            stored = self._stored(data, image.width(), image.height())
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_file(stored.thumbnail, _encoded(_square(image)), durable=False)
        write_file(stored.picture, data, durable=False)
        return stored

    def original(self, key: str) -> bytes | None:
        """The bytes of a picture, None when there is none of this key. Raises OSError."""
        path = self.folder / f"{key}.png"
        return path.read_bytes() if is_key(key) and path.is_file() else None

    def clear(self, keep: Collection[str]) -> int:
        """Delete what is neither named nor young; returns how many files. Raises OSError."""
        return clear_folder(self.folder, (".png", SMALL), keep)

    def _stored(self, data: bytes, width: int, height: int) -> Stored:
        key = hashlib.sha256(data).hexdigest()
        return Stored(key, self.folder / f"{key}.png", self.folder / f"{key}{SMALL}", width, height)


def _is_whole(stored: Stored, size: int) -> bool:
    """Whether a picture is there already, and not cut short by a loss of power; it is young again then."""
    try:
        if stored.picture.stat().st_size != size or not stored.thumbnail.stat().st_size:
            return False
        stored.picture.touch()
        stored.thumbnail.touch()
    except OSError:
        return False
    return True


def decode(data: bytes) -> QImage:
    """What a picture shows. Raises CardError PICTURE_BAD."""
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    reader.setDecideFormatFromContent(True)
    kind = bytes(reader.format().data())
    size = reader.size()
    if kind not in KINDS or not size.isValid():
        raise CardError(CardCode.PICTURE_BAD, path="", detail=CardDetail.PICTURE_KIND)
    if max(size.width(), size.height()) > MAX_SIDE or size.width() * size.height() > MAX_PIXELS:
        raise CardError(CardCode.PICTURE_BAD, path="", detail=f"{size.width()} × {size.height()}")
    reader.setAutoTransform(True)
    image = reader.read()
    if image.isNull():
        raise CardError(CardCode.PICTURE_BAD, path="", detail=CardDetail.PICTURE_DAMAGED)
    return image


def _within(image: QImage, side: int) -> QImage:
    if max(image.width(), image.height()) <= side:
        return image
    return image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)


def _square(image: QImage) -> QImage:
    """The part of a picture that stands for it: the middle of a wide one, near the top of a tall one."""
    side = min(image.width(), image.height())
    left = (image.width() - side) // 2
    top = round((image.height() - side) * FACE)
    part = image.copy(QRect(left, top, side, side)) if image.width() != image.height() else image
    if side <= SIDE:
        return part
    if side > 4 * SIDE:  # two steps: the first is rough and fast
        part = part.scaled(2 * SIDE, 2 * SIDE, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.FastTransformation)
    return part.scaled(SIDE, SIDE, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)


def _encoded(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not image.save(buffer, "PNG", FAST):  # type: ignore[call-overload]
        raise CardError(CardCode.PICTURE_BAD, path="", detail=CardDetail.PICTURE_DAMAGED)
    return bytes(buffer.data().data())
