"""Pictures of personas: a thumbnail of a card's picture, a drawn avatar of the app's own, or a painted seal while there is neither.

Files are read and scaled in a thread of their own; the window's thread only paints what is in memory.
"""

from __future__ import annotations

import logging
import re
from collections import OrderedDict
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import ClassVar, NamedTuple

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QImage, QImageReader, QImageWriter, QPainter, QPainterPath, QPixmap

from zhiyin.resources import asset_path
from zhiyin.ui import tokens
from zhiyin.ui.seal import paint_seal, seal_color

log = logging.getLogger(__name__)
ASSET = "asset:"
THUMBNAIL = ".thumb.png"
MOST_BYTES = 24 * 2**20
MOST_WAITING = 160  # pictures; in a fast scroll the oldest have left the screen by then
MOST_MISSING = 4096
LARGEST_SIDE = 2048  # pixels of a file that is read at all
ROUNDNESS = 0.14  # of the side, as a seal's corners
_HASH = re.compile(r"[0-9a-f]{64}")
_ASSET = re.compile(r"personas/[a-z0-9_-]{1,64}\.(?:svg|png)")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_DARKEST, _LIFT = 0.18, 44  # a darker ground would vanish on the dark theme's paper
_PALEST = 0.55  # luminance of a seal's ground; on a paler one the character could not be read


class _Wanted(NamedTuple):
    picture: str
    side: int  # device pixels


class Pictures(QObject):
    """Gives a pixmap at once: the picture if it is in memory, a seal if it is not; ``arrived`` names a picture that can be had now."""

    arrived = Signal(str)
    _loaded = Signal(object, object)  # _Wanted, QImage | None; from the thread that reads

    def __init__(self, folder: Path | None = None, parent: QObject | None = None, *, most_bytes: int = MOST_BYTES) -> None:
        super().__init__(parent)
        self._folder = folder
        self._most = most_bytes
        self._held: OrderedDict[Hashable, QPixmap] = OrderedDict()
        self._bytes = 0
        self._missing: OrderedDict[_Wanted, None] = OrderedDict()
        self._asked: OrderedDict[_Wanted, None] = OrderedDict()  # the last asked for is read first
        self._lock = Lock()
        self._thread: ThreadPoolExecutor | None = None
        self._loaded.connect(self._keep_loaded, Qt.ConnectionType.QueuedConnection)

    def set_folder(self, folder: Path) -> None:
        """Where thumbnails lie: ``<sha256>.thumb.png``."""
        if folder != self._folder:
            self._folder = folder
            self.forget()

    def look_again(self) -> None:
        """Files that were not there may be there now."""
        self._missing.clear()

    def forget(self) -> None:
        """Give the memory back, and look again for what was not there."""
        with self._lock:
            self._asked.clear()
        self._missing.clear()
        self._held.clear()
        self._bytes = 0

    def close(self) -> None:
        """Read no more; waits for what is being read."""
        self.forget()
        if self._thread is not None:
            self._thread.shutdown(wait=True, cancel_futures=True)
            self._thread = None
            _Shared.reading.discard(self)

    @property
    def held_bytes(self) -> int:
        """What the pictures in memory take."""
        return self._bytes

    @property
    def waiting(self) -> int:
        """How many pictures are still to be read."""
        with self._lock:
            return len(self._asked)

    def pixmap(self, picture: str, size: int, *, seal: str = "", color: str = "", ratio: float = 0.0) -> QPixmap:
        """A square of ``size`` logical pixels, at the screen's density unless ``ratio`` is given.

        ``picture`` is "", the sha256 of a stored one, or "asset:personas/….svg"; ``seal`` and ``color`` say what stands in for it.
        """
        ratio = ratio or _screen_ratio()
        wanted = _Wanted(picture, max(1, round(size * ratio)))
        if picture:
            held = self._held.get(wanted)
            if held is not None:
                self._held.move_to_end(wanted)
                return _at(held, ratio)
            self._ask(wanted)
        return self._seal(seal[:1], color, wanted.side, ratio)

    def found(self, picture: str, size: int) -> QPixmap | None:
        """As ``pixmap``, but None while the picture is not in memory."""
        ratio = _screen_ratio()
        wanted = _Wanted(picture, max(1, round(size * ratio)))
        held = self._held.get(wanted)
        if held is None:
            self._ask(wanted)
            return None
        self._held.move_to_end(wanted)
        return _at(held, ratio)

    def _seal(self, character: str, color: str, side: int, ratio: float) -> QPixmap:
        key = (character, color, side)
        held = self._held.get(key)
        if held is None:
            held = QPixmap(QSize(side, side))
            held.fill(Qt.GlobalColor.transparent)
            painter = QPainter(held)
            paint_seal(painter, QRectF(0, 0, side, side), character, ground_color(color))
            painter.end()
            self._keep(key, held)
        else:
            self._held.move_to_end(key)
        return _at(held, ratio)

    def _keep(self, key: Hashable, pixmap: QPixmap) -> None:
        old = self._held.pop(key, None)
        self._bytes += _size_of(pixmap) - (_size_of(old) if old is not None else 0)
        self._held[key] = pixmap
        while self._bytes > self._most and len(self._held) > 1:
            _, gone = self._held.popitem(last=False)
            self._bytes -= _size_of(gone)

    # ------------------------------------------------------------ reading

    def _ask(self, wanted: _Wanted) -> None:
        if wanted in self._missing or self._path(wanted.picture) is None:
            return
        with self._lock:
            known = wanted in self._asked
            self._asked[wanted] = None
            self._asked.move_to_end(wanted)
            if len(self._asked) > MOST_WAITING:
                self._asked.popitem(last=False)
        if not known:
            if self._thread is None:
                self._thread = ThreadPoolExecutor(1, thread_name_prefix="pictures")
                _Shared.reading.add(self)  # were the thread the last to know it, Qt would see it go in the wrong thread
            self._thread.submit(self._read_next)

    def _path(self, picture: str) -> Path | None:
        """The file of a picture; what is neither a hash nor an avatar's name is none, so that no name leads elsewhere."""
        if picture.startswith(ASSET):
            name = picture.removeprefix(ASSET)
            return Path(name) if _ASSET.fullmatch(name) else None
        return self._folder / f"{picture}{THUMBNAIL}" if self._folder is not None and _HASH.fullmatch(picture) else None

    def _read_next(self) -> None:
        """In the thread: the picture that was asked for last."""
        with self._lock:
            if not self._asked:
                return
            wanted, _ = self._asked.popitem()
        path = self._path(wanted.picture)
        try:
            image = None if path is None else _read(path, wanted.side, asset=wanted.picture.startswith(ASSET))
        except Exception:
            log.exception("the picture %s", wanted.picture)
            image = None
        try:
            self._loaded.emit(wanted, image)
        except RuntimeError:  # the app has ended meanwhile
            log.debug("nobody waits for %s any more", wanted.picture)

    def _keep_loaded(self, wanted: _Wanted, image: QImage | None) -> None:
        if image is None or image.isNull():
            self._missing[wanted] = None
            if len(self._missing) > MOST_MISSING:
                self._missing.popitem(last=False)
            return
        self._keep(wanted, QPixmap.fromImage(image))
        self.arrived.emit(wanted.picture)


def ground_color(color: str) -> QColor:
    """A seal's ground: a role of the theme (as in the light one) or #RRGGBB, made darker where white could not be read on it.

    A nearly black one is made lighter.
    """
    if color in tokens.LIGHT:
        found = seal_color(color)
    elif _COLOR.fullmatch(color):
        found = QColor(color)
    else:
        found = seal_color()
    while _luminance(found) > _PALEST:
        found = found.darker(115)
    if _luminance(found) < _DARKEST:
        found = QColor(*(min(255, part + _LIFT) for part in (found.red(), found.green(), found.blue())))
    return found


def valid_color(color: str) -> bool:
    """Whether it is a role of the theme or #RRGGBB."""
    return color in tokens.LIGHT or bool(_COLOR.fullmatch(color))


def _luminance(color: QColor) -> float:
    return 0.2126 * color.redF() + 0.7152 * color.greenF() + 0.0722 * color.blueF()


def _screen_ratio() -> float:
    app = QGuiApplication.instance()
    return app.devicePixelRatio() if isinstance(app, QGuiApplication) else 1.0


def _at(pixmap: QPixmap, ratio: float) -> QPixmap:
    """The same pixels, for a screen of this density."""
    if pixmap.devicePixelRatio() == ratio:
        return pixmap
    pixmap = QPixmap(pixmap)
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def _size_of(pixmap: QPixmap) -> int:
    return pixmap.width() * pixmap.height() * 4


def _read(path: Path, side: int, *, asset: bool) -> QImage | None:
    """A file as a square with round corners; None when there is none, or it is no picture."""
    if asset:
        path = asset_path(path.as_posix())
        if path.suffix == ".svg":
            return _round(_drawing(path, side), side)
    elif not path.is_file():
        return None
    reader = QImageReader(str(path))
    size = reader.size()
    if not size.isValid() or max(size.width(), size.height()) > LARGEST_SIDE:
        return None
    image = reader.read()
    return None if image.isNull() else _round(image, side)


def _drawing(path: Path, side: int) -> QImage:
    from PySide6.QtSvg import QSvgRenderer  # noqa: PLC0415 - only where something drawn is shown

    image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    renderer = QSvgRenderer(str(path))
    if renderer.isValid():
        painter = QPainter(image)
        renderer.render(painter, QRectF(0, 0, side, side))
        painter.end()
    return image


def _round(image: QImage, side: int) -> QImage:
    """The middle of an image, ``side`` pixels square, with a seal's corners."""
    grown = image.scaled(
        side, side, Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.TransformationMode.SmoothTransformation
    )  # never far: thumbnails are small
    result = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    frame = QPainterPath()
    frame.addRoundedRect(QRectF(0, 0, side, side), side * ROUNDNESS, side * ROUNDNESS)
    painter.setClipPath(frame)
    painter.drawImage((side - grown.width()) // 2, (side - grown.height()) // 2, grown)
    painter.end()
    return result


def drawn_png(picture: str, seal: str, color: str, side: int = 512) -> bytes:
    """A drawn avatar, or the seal that stands in for one, as a PNG file. May be called in any thread."""
    name = picture.removeprefix(ASSET)
    image = _read(Path(name), side, asset=True) if picture.startswith(ASSET) and _ASSET.fullmatch(name) else None
    if image is None:
        image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        paint_seal(painter, QRectF(0, 0, side, side), seal[:1], ground_color(color))
        painter.end()
    held = QBuffer()
    held.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(held, QByteArray(b"png")).write(image)
    return bytes(held.data().data())


class _Shared:
    """One application has one set of pictures in memory."""

    pictures: Pictures | None = None
    reading: ClassVar[set[Pictures]] = set()


def pictures() -> Pictures:
    """The pictures of this process, made when first asked for."""
    if _Shared.pictures is None:
        _Shared.pictures = Pictures()
    return _Shared.pictures


def picture_of(picture: str, size: int, seal: str, color: str) -> QPixmap:
    """A persona's picture, its seal until that is read."""
    return pictures().pixmap(picture, size, seal=seal, color=color)
