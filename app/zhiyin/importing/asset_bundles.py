"""The files that came with cards (expressions, backgrounds, sounds), kept so that a card can be exported as it came."""

import contextlib
import hashlib
import io
import shutil
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path

from zhiyin.importing.files import clear_folder, is_key, write_file
from zhiyin.importing.pictures import FOLDER
from zhiyin.prompt.cards.charx import BROKEN, FIRST_DATE

ENDING = ".assets.zip"
FREE = 1024**3  # bytes that are to stay free on the disk


class AssetBundles:
    """Archives in the picture folder, by the sha256 of their bytes."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / FOLDER

    def keep(self, assets: Mapping[str, bytes]) -> str:
        """Keep these files; returns their key. Raises OSError, also when the disk would be nearly full then."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
            for name, content in assets.items():
                archive.writestr(zipfile.ZipInfo(name, FIRST_DATE), content)
        data = out.getvalue()
        key = hashlib.sha256(data).hexdigest()
        path = self._folder / f"{key}{ENDING}"
        if path.is_file():
            with contextlib.suppress(OSError):
                path.touch()  # young again
            return key
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if shutil.disk_usage(self._folder).free < len(data) + FREE:
            raise OSError(28, "No space left on device")
        write_file(path, data, durable=False)
        return key

    def files(self, key: str) -> dict[str, bytes]:
        """The files of a key; none where they are gone. Raises OSError."""
        path = self._folder / f"{key}{ENDING}"
        if not is_key(key) or not path.is_file():
            return {}
        try:
            with zipfile.ZipFile(path) as archive:
                return {info.filename: archive.read(info) for info in archive.infolist()}
        except BROKEN:
            return {}

    def clear(self, keep: Collection[str]) -> int:
        """Delete what is neither named nor young; returns how many. Raises OSError."""
        return clear_folder(self._folder, (ENDING,), keep)
