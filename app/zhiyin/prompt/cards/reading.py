"""Reads a card file of any kind: PNG, APNG, JSON, CHARX. Nothing that is in it is believed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NoReturn

from msgspec import Struct

from zhiyin.prompt.cards.base64_text import decode_base64
from zhiyin.prompt.cards.card import Card
from zhiyin.prompt.cards.charx import asset_name, is_archive, read_archive
from zhiyin.prompt.cards.json_text import MAX_TEXT, parse
from zhiyin.prompt.cards.mending import Mend, Mended
from zhiyin.prompt.cards.png_text import ASSET_WORD, CARD_WORDS, PngFile, is_png, read_png
from zhiyin.prompt.cards.recognition import differences, look_over, recognise, renamed
from zhiyin.prompt.errors import CardCode, CardDetail, CardError

MAX_FILE = 64 * 1024 * 1024  # bytes
MAX_TRIES = 4  # chunks of one kind that are looked at
MAX_PNG_ASSETS = 64 * 1024 * 1024  # bytes of all
PNG_ASSET = "__asset:"  # how RisuAI names what lies in a chunk of the picture
DATA_URI = "data:"
Container = Literal["png", "apng", "json", "charx"]


class CardFile(Struct, frozen=True):
    """What a file held: a card, or a lorebook (``book``, the JSON as it is; the card is empty then)."""

    card: Card
    container: Container
    picture: bytes | None = None  # the PNG without the chunks of the card; of an archive its icon, of whatever kind
    assets: dict[str, bytes] = {}
    mended: tuple[Mended, ...] = ()
    book: dict[str, Any] | None = None


def read_card(path: Path | None, data: bytes) -> CardFile:
    """What a file holds; ``path`` gives it a name where it has none, and is what a failure is about.

    Raises CardError EMPTY, NONE, DAMAGED, TOO_LARGE, TOO_DEEP or UNSAFE.
    """
    name = path.name if path is not None else ""
    try:
        if not data:
            raise CardError(CardCode.EMPTY, path="")
        if len(data) > MAX_FILE:
            raise CardError(CardCode.TOO_LARGE, path="", size=MAX_FILE)
        found = _read(data)
    except CardError as error:
        raise CardError(error.code, **{**error.failure.args, "path": name}) from error
    if found.book is not None:
        return found
    card, notes = look_over(found.card, path.stem if path is not None else "")
    return CardFile(card, found.container, found.picture or _inline_icon(card), found.assets, found.mended + notes)


def _read(data: bytes) -> CardFile:
    if is_png(data):
        return _from_png(read_png(data))
    if is_archive(data):
        return _from_archive(data)
    return _from_json(data)


# ------------------------------------------------------------------ JSON


def _from_json(data: bytes) -> CardFile:
    if data[:64].translate(None, b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")[:1] not in (b"{", b"["):
        raise CardError(CardCode.NONE, path="")
    parsed = parse(data)
    kind = recognise(parsed.value)
    if kind == "book":
        return CardFile(Card({}), "json", mended=parsed.mended, book=parsed.value)
    if kind != "card":
        raise CardError(CardCode.NONE, path="")
    raw, notes = renamed(parsed.value)
    return CardFile(Card(raw), "json", mended=parsed.mended + notes)


# ------------------------------------------------------------------ PNG


def _from_png(png: PngFile) -> CardFile:
    newer, older = (_card_of(png, word) for word in CARD_WORDS)
    card = newer.card or older.card
    if card is None:
        raise (
            newer.failure
            or older.failure
            or (CardError(CardCode.DAMAGED, path="", detail=CardDetail.CUT) if png.cut else CardError(CardCode.NONE, path=""))
        )
    mended = png.mended + (newer if newer.card else older).mended
    if newer.card and older.card:
        mended += differences(newer.card, older.card)
    elif newer.failure or older.failure:
        mended += (Mended(Mend.SECOND_DAMAGED),)
    assets, notes = _png_assets(png)
    return CardFile(card, "apng" if png.animated else "png", png.picture, assets, mended + notes)


class _Tried(Struct):
    """What the chunks of one keyword gave."""

    card: Card | None = None
    mended: tuple[Mended, ...] = ()
    failure: CardError | None = None


def _card_of(png: PngFile, word: str) -> _Tried:
    """The first card that can be read among the chunks with a keyword."""
    chunks = [one for one in png.texts if one.keyword == word]
    several = (Mended(Mend.SEVERAL),) if len(chunks) > 1 and len({one.text for one in chunks}) > 1 else ()
    failure: CardError | None = None
    for one in chunks[:MAX_TRIES]:
        try:
            if one.failure is not None:
                _fail(one.failure)
            card, mended = _decoded(one.text)
        except CardError as error:
            failure = failure or error
        else:
            return _Tried(card, mended + several)
    return _Tried(failure=failure)


def _fail(code: CardCode) -> NoReturn:
    if code == CardCode.TOO_LARGE:
        raise CardError(code, path="", size=MAX_TEXT)
    raise CardError(code, path="", detail=CardDetail.PACKING)


def _decoded(text: bytes) -> tuple[Card, tuple[Mended, ...]]:
    """The card in the text of a chunk. Raises CardError."""
    data, odd = decode_base64(text)
    if not data.strip():
        raise CardError(CardCode.DAMAGED, path="", detail=CardDetail.PACKING)
    parsed = parse(data)
    if recognise(parsed.value, embedded=True) != "card":
        raise CardError(CardCode.NONE, path="")
    raw, notes = renamed(parsed.value)
    return Card(raw), ((Mended(Mend.BASE64),) if odd else ()) + parsed.mended + notes


def _png_assets(png: PngFile) -> tuple[dict[str, bytes], tuple[Mended, ...]]:
    assets: dict[str, bytes] = {}
    dropped = ""
    room = MAX_PNG_ASSETS
    count = 0
    for one in png.texts:
        if not one.keyword.startswith(ASSET_WORD):
            continue
        key = one.keyword[len(ASSET_WORD) :]
        content = b"" if one.failure is not None else decode_base64(one.text)[0]
        if not key or not content or len(content) > room:
            dropped, count = dropped or key, count + 1
            continue
        assets[key] = content
        room -= len(content)
    return assets, (Mended(Mend.ASSET_DROPPED, {"name": dropped[:80], "count": count}),) if count else ()


# ------------------------------------------------------------------ archives


def _from_archive(data: bytes) -> CardFile:
    archive = read_archive(data)
    parsed = parse(archive.card)
    if recognise(parsed.value, embedded=True) != "card":
        raise CardError(CardCode.NONE, path="")
    raw, notes = renamed(parsed.value)
    card = Card(raw)
    return CardFile(card, "charx", icon_of(card, archive.assets), archive.assets, archive.mended + parsed.mended + notes)


def icon_of(card: Card, assets: Mapping[str, bytes]) -> bytes | None:
    """The file that a card names as its picture: the icon called "main", else its first."""
    return assets.get(icon_key(card, assets))


def icon_key(card: Card, assets: Mapping[str, bytes]) -> str:
    """The name of that file among these, "" where there is none."""
    icons = [asset for asset in card.assets if asset.get("type") == "icon"]
    keys = (asset_key(asset.get("uri")) for asset in sorted(icons, key=lambda asset: asset.get("name") != "main"))
    return next((key for key in keys if assets.get(key)), "")


def without_icon(card: Card, assets: Mapping[str, bytes]) -> tuple[Card, dict[str, bytes]]:
    """The card and its files without that file, for another picture to take its place."""
    key = icon_key(card, assets)
    if not key:
        return card, dict(assets)
    others = [asset for asset in card.body["assets"] if not isinstance(asset, dict) or asset_key(asset.get("uri")) != key]
    changed = Card({**card.raw, "data": {**card.body, "assets": others}} if card.version > 1 else {**card.raw, "assets": others})
    return changed, {name: content for name, content in assets.items() if name != key}


def asset_key(uri: object) -> str:
    """The name under which ``CardFile.assets`` holds what a URI stands for, "" for what is not in the file."""
    if isinstance(uri, str) and uri.startswith(PNG_ASSET):
        return uri[len(PNG_ASSET) :]
    return asset_name(uri)


def _inline_icon(card: Card) -> bytes | None:
    """The picture that a card carries in its own text."""
    for asset in card.assets:
        uri = asset.get("uri")
        if asset.get("type") == "icon" and isinstance(uri, str) and uri.startswith(DATA_URI + "image/"):
            head, _, text = uri.partition(",")
            if head.endswith(";base64"):
                return decode_base64(text.encode("ascii", "ignore"))[0] or None
    return None
