"""PNG files as containers of text: chunks are read with their lengths and checksums doubted, and written without touching the picture.

Source: "Portable Network Graphics (PNG) Specification", third edition (tEXt, zTXt, iTXt, acTL).
"""

import re
import struct
import zlib
from collections.abc import Iterable, Sequence
from functools import cache

from msgspec import Struct

from zhiyin.prompt.cards.json_text import MAX_TEXT
from zhiyin.prompt.cards.mending import Mend, Mended
from zhiyin.prompt.errors import CardCode, CardDetail, CardError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_CHUNKS = 100_000
MAX_ENCODED = MAX_TEXT // 3 * 4 + 1024 * 1024  # base64 of the longest text, with room for line breaks
MAX_INFLATED = 2 * MAX_ENCODED  # of all chunks: a card in both forms
MAX_TEXTS = 1100  # chunks of ours
MAX_KEYWORD = 1024  # bytes; the format allows 79, but paths are longer
CARD_WORDS = ("ccv3", "chara")
ASSET_WORD = "chara-ext-asset_"  # what RisuAI puts before the path of a file that a card brings along
TEXT_TYPES = (b"tEXt", b"zTXt", b"iTXt")
TYPE = re.compile(rb"[A-Za-z]{4}")
GREY = 0xB8


class TextChunk(Struct, frozen=True):
    """A text chunk of ours: its keyword (``ccv3``, ``chara``, or ``ASSET_WORD`` and a key), and its text, inflated within bounds."""

    keyword: str
    text: bytes
    failure: CardCode | None = None  # its text cannot be had


class PngFile(Struct, frozen=True):
    """A PNG file taken apart: the picture without the chunks of ours, byte for byte, and those chunks."""

    picture: bytes
    texts: tuple[TextChunk, ...]
    animated: bool
    mended: tuple[Mended, ...] = ()
    cut: bool = False  # its last chunk breaks off, or says a wrong length: what stood from there on is not known


def is_png(data: bytes) -> bool:
    """Whether it begins as a PNG does."""
    return data.startswith(SIGNATURE)


def read_png(data: bytes) -> PngFile:
    """Take a PNG apart. What is damaged is put right as far as possible: checksums, a missing end, what follows it.

    Raises CardError DAMAGED or UNSAFE.
    """
    reading = _Reading(data)
    reading.run()
    return PngFile(b"".join(reading.kept), tuple(reading.texts), reading.animated, tuple(reading.mended.values()), reading.cut)


class _Reading:
    """One pass over the chunks."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.kept: list[bytes | memoryview] = [SIGNATURE]
        self.texts: list[TextChunk] = []
        self.animated = False
        self.cut = False
        self.mended: dict[Mend, Mended] = {}
        self._inflated = 0

    def run(self) -> None:
        view, place, ended = memoryview(self.data), len(SIGNATURE), False
        for _ in range(MAX_CHUNKS):
            if ended or len(view) - place < 12:
                break
            length, kind = struct.unpack_from(">I4s", view, place)
            end = place + 12 + length
            if end > len(view) or not TYPE.fullmatch(kind):
                break  # the length lies, or what follows was cut off
            self._take(kind, view[place : place + 8 + length], view[end - 4 : end])
            place, ended = end, kind == b"IEND"
        else:
            raise CardError(CardCode.UNSAFE, path="", detail=CardDetail.CHUNKS)
        if not ended:
            self._note(Mend.TRUNCATED)
            self.cut = place < len(view)
            self.kept.append(chunk(b"IEND", b""))
        elif place < len(view):
            self._note(Mend.TRAILING, size=len(view) - place)

    def _take(self, kind: bytes, head: memoryview, checksum: memoryview) -> None:
        right = struct.pack(">I", zlib.crc32(head[4:]))
        if right != checksum:
            self._note(Mend.CHECKSUM)
        if kind in TEXT_TYPES and self._is_ours(kind, bytes(head[8:])):
            return
        self.animated |= kind == b"acTL"
        self.kept += [head, right]

    def _is_ours(self, kind: bytes, body: bytes) -> bool:
        end = body.find(b"\0", 0, MAX_KEYWORD)
        keyword = _keyword(body[: max(end, 0)])
        lower = keyword.lower()
        if lower not in CARD_WORDS and not lower.startswith(ASSET_WORD):
            return False
        if len(self.texts) >= MAX_TEXTS:
            return True
        rest = body[end + 1 :]
        name = lower if lower in CARD_WORDS else ASSET_WORD + keyword[len(ASSET_WORD) :].removeprefix(":")
        try:
            self.texts.append(TextChunk(name, self._text(kind, rest)))
        except CardError as error:
            self.texts.append(TextChunk(name, b"", error.code))
        return True

    def _text(self, kind: bytes, rest: bytes) -> bytes:
        """The text of a chunk after its keyword. Raises CardError."""
        if kind == b"tEXt":
            return rest
        if kind == b"zTXt":
            return self._inflate(rest[1:])
        packed, rest = rest[:1] == b"\1", rest[2:]
        _language, _, rest = rest.partition(b"\0")
        _translated, _, rest = rest.partition(b"\0")
        return self._inflate(rest) if packed else rest

    def _inflate(self, packed: bytes) -> bytes:
        """The text, as long as it and all before it are within bounds: a few bytes can claim to be gigabytes."""
        room = MAX_INFLATED - self._inflated
        inflater = zlib.decompressobj()
        try:
            text = inflater.decompress(packed, min(MAX_ENCODED, room) + 1 if room > 0 else 1)
        except zlib.error as error:
            raise CardError(CardCode.DAMAGED, path="", detail=CardDetail.PACKING) from error
        self._inflated += len(text)
        if len(text) > min(MAX_ENCODED, room):
            raise CardError(CardCode.TOO_LARGE, path="", size=MAX_TEXT)
        if not inflater.eof:
            self._note(Mend.TRUNCATED)
        return text

    def _note(self, code: Mend, **args: int) -> None:
        self.mended.setdefault(code, Mended(code, dict(args)))


def chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk with its length and checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_texts(picture: bytes, texts: Sequence[tuple[str, bytes]]) -> bytes:
    """The picture with tEXt chunks before its end; ``picture`` is one that ``read_png`` gave, and the texts are Latin-1."""
    return b"".join([picture.removesuffix(END), *_chunks(texts), END])


def _chunks(texts: Iterable[tuple[str, bytes]]) -> Iterable[bytes]:
    for keyword, text in texts:
        yield chunk(b"tEXt", keyword.encode() + b"\0" + text)


def _keyword(word: bytes) -> str:
    try:
        return word.decode().strip()
    except UnicodeDecodeError:
        return word.decode("latin-1").strip()


@cache
def plain_picture(width: int = 400, height: int = 600) -> bytes:
    """A picture for a card that has none: a plain grey one."""
    rows = (b"\0" + bytes([GREY]) * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + END


END = chunk(b"IEND", b"")
