"""Writes card files that other programs read: PNG with both chunks, JSON of each version, CHARX."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from zhiyin.prompt.cards.card import Card
from zhiyin.prompt.cards.charx import SCHEME, asset_name, is_safe, write_archive
from zhiyin.prompt.cards.json_text import MAX_TEXT, dump
from zhiyin.prompt.cards.png_text import ASSET_WORD, plain_picture, read_png, with_texts

ICON = "assets/icon/images/main.png"
CHUNKS = {1: "chara", 2: "chara", 3: "ccv3"}


def write_png(card: Card, picture: bytes | None, *, versions: Sequence[int] = (2, 3), assets: Mapping[str, bytes] | None = None) -> bytes:
    """The picture (a PNG or APNG, kept byte for byte; a plain one where there is none) with the card in tEXt chunks before its end.

    ``assets`` go along in chunks of their own. Raises CardError for a picture that is no PNG.
    """
    texts = [(CHUNKS[version], base64.b64encode(dump(card.as_version(version).raw).encode())) for version in versions]
    texts += [(f"{ASSET_WORD}:{name}", base64.b64encode(content)) for name, content in (assets or {}).items()]
    return with_texts(read_png(picture).picture if picture else plain_picture(), texts)


write_apng = write_png  # an animated picture is one more kind of PNG


def write_json(card: Card, version: int) -> bytes:
    """The card as a JSON file of a version of the format, for people to read as well."""
    return _readable(card.as_version(version))


def write_charx(card: Card, picture: bytes | None, assets: Mapping[str, bytes]) -> bytes:
    """The card as a V3 archive with its files, and its picture (a PNG) as an icon where it names none that is among them."""
    card = card.as_version(3)
    files = {name: content for name, content in assets.items() if is_safe(name)}
    if picture and not any(asset_name(icon.get("uri")) in files for icon in _icons(card)):
        files[ICON] = picture
        card = _with_icon(card)
    return write_archive(_readable(card), files)


def _readable(card: Card) -> bytes:
    """The card with a line for each field, unless it is too long to be read again then."""
    text = (dump(card.raw, indent=2) + "\n").encode()
    return text if len(text) <= MAX_TEXT else dump(card.raw).encode()


def _icons(card: Card) -> list[dict[str, Any]]:
    return [asset for asset in card.assets if asset.get("type") == "icon"]


def _with_icon(card: Card) -> Card:
    """The card with its own picture among its assets; what stood for the picture of a PNG is that picture now."""
    icon = {"type": "icon", "uri": SCHEME + ICON, "name": "main", "ext": "png"}
    others = [asset for asset in card.assets if asset.get("type") != "icon" or asset.get("uri") not in ("ccdefault:", icon["uri"])]
    return Card({**card.raw, "data": {**card.body, "assets": [icon, *others]}})
