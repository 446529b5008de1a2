"""CHARX archives: a card with the files that belong to it. Nothing is ever unpacked to a disk.

Source: the specification "character-card-spec-v3" (CHARX); archives may follow a JPEG, as RisuAI writes them.
"""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping

from msgspec import Struct

from zhiyin.prompt.cards.json_text import MAX_TEXT
from zhiyin.prompt.cards.mending import Mend, Mended
from zhiyin.prompt.errors import CardCode, CardDetail, CardError

CARD = "card.json"
SCHEME = "embeded://"  # spelled so in the specification
SCHEMES = (SCHEME, "embedded://")
MAX_DIRECTORY = 1024 * 1024  # bytes of the list of names
MAX_ASSETS = 1000
MAX_ASSET = 32 * 1024 * 1024  # bytes of one
MAX_ASSETS_SIZE = 128 * 1024 * 1024  # bytes of all
MAX_INFLATED = 256 * 1024 * 1024  # bytes of all that are unpacked, kept or not
MAX_NAME = 512
END_SIZE, LOCATOR_SIZE, LONGEST_COMMENT = 22, 20, 65_535
FIRST_DATE = (1980, 1, 1, 0, 0, 0)  # the same card gives the same bytes
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, NotImplementedError, struct.error, OverflowError)


class Archive(Struct, frozen=True):
    """What is in an archive: the card's JSON, and the other files by their names."""

    card: bytes
    assets: dict[str, bytes]
    mended: tuple[Mended, ...] = ()


def is_archive(data: bytes) -> bool:
    """Whether it is a zip archive, or a JPEG with one behind it."""
    return data.startswith((b"PK\3\4", b"PK\5\6")) or (data.startswith(b"\xff\xd8\xff") and _end(data) >= 0)


def read_archive(data: bytes) -> Archive:
    """The card and the files beside it; those that are damaged, too large or badly named are left out with a note.

    Raises CardError DAMAGED, UNSAFE, TOO_LARGE or NONE.
    """
    _check_directory(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _read(archive)
    except BROKEN as error:
        raise CardError(CardCode.DAMAGED, path="", detail=CardDetail.ARCHIVE) from error


def write_archive(card: bytes, assets: Mapping[str, bytes]) -> bytes:
    """The bytes of an archive: the card at its root, then the files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {CARD: card, **assets}.items():
            info = zipfile.ZipInfo(name, FIRST_DATE)
            # pictures and sounds are packed already
            info.compress_type = zipfile.ZIP_DEFLATED if name.endswith((".json", ".txt")) else zipfile.ZIP_STORED
            archive.writestr(info, content)
    return out.getvalue()


def asset_name(uri: object) -> str:
    """The name in the archive that a URI of an asset stands for, "" for another kind of URI."""
    if not isinstance(uri, str):
        return ""
    return next((uri[len(scheme) :].lstrip("/") for scheme in SCHEMES if uri.startswith(scheme)), "")


def is_safe(name: str) -> bool:
    """Whether a name stays inside the archive whoever unpacks it, on any system."""
    if not name or len(name) > MAX_NAME or name.startswith("/") or "\\" in name or ":" in name:
        return False
    return not any(ord(character) < 32 for character in name) and not {"..", "."} & set(name.split("/"))


def _end(data: bytes) -> int:
    """Where the record at the end of the list of names is, or -1."""
    return data.rfind(b"PK\5\6", max(0, len(data) - END_SIZE - LONGEST_COMMENT))


def _check_directory(data: bytes) -> None:
    """Look at the size of the list before anybody reads it: a list can be as large as the file."""
    end = _end(data)
    if end < 0 or len(data) - end < END_SIZE:
        raise CardError(CardCode.DAMAGED, path="", detail=CardDetail.ARCHIVE_CUT)
    (size,) = struct.unpack_from("<I", data, end + 12)
    if data[max(0, end - LOCATOR_SIZE) : end].startswith(b"PK\6\7"):
        raise CardError(CardCode.UNSAFE, path="", detail=CardDetail.ARCHIVE_HUGE)
    if size > MAX_DIRECTORY:
        raise CardError(CardCode.UNSAFE, path="", detail=CardDetail.ARCHIVE_HUGE)


def _read(archive: zipfile.ZipFile) -> Archive:
    infos: dict[str, zipfile.ZipInfo] = {}
    twice: list[str] = []
    for info in archive.infolist():
        name = info.filename.removeprefix("./")
        if name in infos:
            twice.append(name)
        infos[name] = info
    card = infos.pop(CARD, None)
    if card is None:
        raise CardError(CardCode.NONE, path="")
    if (card.flag_bits & 1) or card.file_size > MAX_TEXT:
        code = CardCode.UNSAFE if card.flag_bits & 1 else CardCode.TOO_LARGE
        raise CardError(code, path="", **({"detail": CardDetail.ARCHIVE_LOCKED} if card.flag_bits & 1 else {"size": MAX_TEXT}))
    text = _content(archive, card, MAX_TEXT)
    if text is None:
        raise CardError(CardCode.TOO_LARGE, path="", size=MAX_TEXT)
    mended = [Mended(Mend.DUPLICATE, {"name": name[:80]}) for name in twice[:1]]
    assets, dropped = _assets(archive, infos)
    if dropped:
        mended.append(Mended(Mend.ASSET_DROPPED, {"name": dropped[0][:80], "count": len(dropped)}))
    return Archive(text, assets, tuple(mended))


def _assets(archive: zipfile.ZipFile, infos: Mapping[str, zipfile.ZipInfo]) -> tuple[dict[str, bytes], list[str]]:
    """The files beside the card, and the names of those that were left out."""
    assets: dict[str, bytes] = {}
    dropped: list[str] = []
    room, work = MAX_ASSETS_SIZE, MAX_INFLATED
    for name, info in infos.items():
        if info.is_dir():
            continue
        kind = stat.S_IFMT(info.external_attr >> 16)
        content = None
        sound = is_safe(name) and kind in (0, stat.S_IFREG) and not info.flag_bits & 1
        if sound and len(assets) < MAX_ASSETS and info.file_size <= min(MAX_ASSET, room, work):  # no more is unpacked than is said there
            try:
                content = _content(archive, info, info.file_size)
            except BROKEN:
                content = None
            work -= info.file_size
        if content is None:
            dropped.append(name)
            continue
        assets[name] = content
        room -= len(content)
    return assets, dropped


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> bytes | None:
    """What a file in the archive really holds, None for more than the limit, whatever its header says."""
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise NotImplementedError(f"method {info.compress_type}")
    with archive.open(info) as member:
        content = member.read(limit + 1)
    return content if len(content) <= limit else None
