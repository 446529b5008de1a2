"""What is done with one card file: read it and keep its picture, or write one."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from zhiyin.importing.asset_bundles import AssetBundles
from zhiyin.importing.files import LONGEST_NAME, read_file, shown, write_file
from zhiyin.importing.pictures import PictureFolder, Stored
from zhiyin.importing.protocol import (
    AssetInfo,
    CardRead,
    CardWritten,
    ClearPictures,
    Format,
    MakePicture,
    PictureMade,
    PicturesCleared,
    ReadCard,
    WriteCard,
    path_from_wire,
)
from zhiyin.prompt.cards.card import Card
from zhiyin.prompt.cards.json_text import MAX_TEXT, dump
from zhiyin.prompt.cards.mending import Mend, Mended
from zhiyin.prompt.cards.png_text import is_png
from zhiyin.prompt.cards.reading import MAX_FILE, CardFile, asset_key, icon_of, read_card, without_icon
from zhiyin.prompt.cards.writing import write_charx, write_json, write_png
from zhiyin.prompt.errors import CardCode, CardError
from zhiyin_models.child import MAX_LINE

BUNDLE = "assets"  # in our part of the extensions: the key of the files that came with the card
MAX_SHOWN_ASSETS = 200
ALWAYS_FITS = 2 * 1024 * 1024  # characters: six bytes each at most
LINE_ROOM = 64 * 1024  # bytes of a line for everything but the card


class CardWork:
    """Reads and writes cards with a picture folder beside."""

    def __init__(self, data_dir: Path) -> None:
        self.pictures = PictureFolder(data_dir)
        self._bundles = AssetBundles(data_dir)

    def read(self, request: ReadCard) -> CardRead:
        """Read a card and keep its picture and the files that came with it. Raises CardError."""
        path = path_from_wire(request.path)
        data = read_file(path)
        found = read_card(Path(path), data)
        if found.book is not None:
            text = _fitting(dump(found.book), path)
            return CardRead(request.id, request.path, mended=found.mended, size=len(data), book=text)
        try:
            stored, notes = self._keep(found)
            card = found.card.with_own(assets=self._bundles.keep(found.assets)) if found.assets else found.card
        except OSError as error:
            raise CardError(CardCode.WRITE_FAILED, path=str(self.pictures.folder), detail=error.strerror or str(error)) from error
        return CardRead(
            request.id,
            request.path,
            _fitting(card.to_json(), path),
            found.container,
            str(stored.picture) if stored else "",
            str(stored.thumbnail) if stored else "",
            found.mended + notes,
            len(data),
            _infos(found),
        )

    def write(self, request: WriteCard) -> CardWritten:
        """Write a card file. Raises CardError."""
        path = path_from_wire(request.path)
        card = Card.from_json(request.card_json)
        try:
            assets, notes = self._assets_of(card)
            picture = self.pictures.original(request.picture) or (request.png if is_png(request.png) else None)
            if picture is None and request.picture:
                notes += (Mended(Mend.PICTURE_BAD),)
            if picture is not None and request.picture and self._is_another(request.picture, icon_of(card, assets)):
                card, assets = without_icon(card, assets)
            data, left_out = _written(card.with_own(assets=None), picture, assets, request.format)
            if left_out:
                notes += (Mended(Mend.ASSET_DROPPED, {"name": next(iter(assets))[:80], "count": len(assets)}),)
            write_file(Path(path), data)
        except (OSError, ValueError) as error:
            detail = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise CardError(CardCode.WRITE_FAILED, path=shown(path), detail=detail[:200]) from error
        return CardWritten(request.id, request.path, len(data), notes)

    def make_picture(self, request: MakePicture) -> PictureMade:
        """Take an image that was chosen by hand. Raises CardError."""
        path = path_from_wire(request.path)
        data = read_file(path)
        try:
            stored = self.pictures.take(data)
        except CardError as error:
            raise CardError(CardCode.PICTURE_BAD, path=shown(path), detail=str(error.failure.args.get("detail", ""))) from error
        except OSError as error:
            raise CardError(CardCode.WRITE_FAILED, path=str(self.pictures.folder), detail=error.strerror or str(error)) from error
        return PictureMade(request.id, str(stored.picture), str(stored.thumbnail), stored.width, stored.height)

    def clear(self, request: ClearPictures) -> PicturesCleared:
        """Delete what no card names any more. Raises CardError."""
        try:
            count = self.pictures.clear(frozenset(request.keep))
            if request.keep_assets is not None:
                count += self._bundles.clear(frozenset(request.keep_assets))
        except OSError as error:
            raise CardError(CardCode.WRITE_FAILED, path=str(self.pictures.folder), detail=error.strerror or str(error)) from error
        return PicturesCleared(request.id, count)

    def _keep(self, found: CardFile) -> tuple[Stored | None, tuple[Mended, ...]]:
        """The picture of a card, kept; one that cannot be shown is left out with a note. Raises OSError."""
        if not found.picture:
            return None, ()
        try:
            return self.pictures.take(found.picture, bare=found.container in ("png", "apng")), ()
        except CardError:
            return None, (Mended(Mend.PICTURE_BAD),)

    def _is_another(self, key: str, icon: bytes | None) -> bool:
        """Whether a picture is not the one that came with a card. Raises OSError."""
        if not icon:
            return False
        try:
            return self.pictures.take(icon).key != key
        except CardError:
            return True

    def _assets_of(self, card: Card) -> tuple[dict[str, bytes], tuple[Mended, ...]]:
        """The files that came with a card, as far as they are still there. Raises OSError."""
        key = card.own.get(BUNDLE)
        if not isinstance(key, str):
            return {}, ()
        assets = self._bundles.files(key)
        return assets, () if assets else (Mended(Mend.ASSET_DROPPED, {"name": "", "count": 0}),)


def _written(card: Card, picture: bytes | None, assets: Mapping[str, bytes], kind: Format) -> tuple[bytes, bool]:
    """The bytes of a card file, and whether the files that came with the card have no place in it."""
    if kind == "charx":
        return write_charx(card, picture, assets), False
    if kind == "png2":
        return write_png(card, picture, versions=(2,)), bool(assets)
    if kind == "png3":
        whole = write_png(card, picture, assets=assets)
        return (whole, False) if len(whole) <= MAX_FILE else (write_png(card, picture), True)
    return write_json(card, {"json1": 1, "json2": 2, "json3": 3}[kind]), bool(assets)


def _infos(found: CardFile) -> tuple[AssetInfo, ...]:
    """What a card names, and what is in its file without being named."""
    infos = []
    named = set()
    for asset in found.card.assets[:MAX_SHOWN_ASSETS]:
        uri, kind, name = (str(asset.get(field, ""))[:LONGEST_NAME] for field in ("uri", "type", "name"))
        key = asset_key(asset.get("uri"))
        named.add(key)
        infos.append(AssetInfo(uri, kind, name, len(found.assets.get(key, b""))))
    rest = [(name, content) for name, content in found.assets.items() if name not in named]
    return (*infos, *(AssetInfo("", "", name[:LONGEST_NAME], len(content)) for name, content in rest[:MAX_SHOWN_ASSETS]))


def _fitting(text: str, path: str) -> str:
    """The text, if it can be read again and a line of the protocol can hold it. Raises CardError TOO_LARGE."""
    if len(text) > MAX_TEXT or (len(text) > ALWAYS_FITS and len(msgspec.json.encode(text)) > MAX_LINE - LINE_ROOM):
        raise CardError(CardCode.TOO_LARGE, path=shown(path), size=MAX_TEXT)
    return text
