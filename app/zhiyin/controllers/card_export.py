"""Cards that go: what an older version would lose is said first, then each is written by the process that reads cards."""

import os
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from zhiyin import i18n
from zhiyin.controllers.card_words import field_names
from zhiyin.controllers.persona_cards import card_of
from zhiyin.errors import describe
from zhiyin.prompt.cards.card import Card
from zhiyin.prompt.errors import CardError
from zhiyin.services.cards import CardFailed, CardService, CardWritten
from zhiyin.services.delivery import Delivery
from zhiyin.store.store import Store
from zhiyin.ui.main_window import UNDO_SECONDS, MainWindow
from zhiyin.ui.persona_values import JSON1, JSON2, SUFFIXES
from zhiyin.ui.persona_view import file_name
from zhiyin.ui.pictures import drawn_png

DATES = ("creation_date", "modification_date")  # nobody misses them
VERSIONS = {JSON1: 1, JSON2: 2}


class _Going(NamedTuple):
    """A card to be written."""

    name: str
    card: Card
    picture: str
    png: bytes  # what stands in for a picture


class CardExport(QObject):
    """Asks where, warns, writes."""

    trouble = Signal(object)

    def __init__(
        self,
        window: MainWindow,
        *,
        store: Store,
        cards: Callable[[], CardService],
        background: Executor,
        delivery: Delivery,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._view = window.personas_page.personas
        self._store = store
        self._cards = cards
        self._background = background
        self._delivery = delivery
        self._view.export_wanted.connect(self._look)
        self._view.export_placed.connect(self._place)

    def _look(self, form: str, personas: list[int]) -> None:
        if personas:
            reading = self._background.submit(self._read, personas, draw=False)
            self._delivery.deliver(reading, partial(self._warn, form, personas), self._on_error)

    def _warn(self, form: str, personas: list[int], going: list[_Going]) -> None:
        """Say what the version has no place for, and ask."""
        if not going:
            return
        version = VERSIONS.get(form)
        lost = [field for each in going for field in each.card.lost_in(version) if field not in DATES] if version is not None else []
        choose = partial(self._view.choose_export, form, personas, going[0].name)
        if not lost:
            choose()
            return

        def words() -> str:
            if version == 1:
                return self.tr("Version 1 has no place for: {fields}.").format(fields=field_names(lost))
            return self.tr("Version 2 keeps these, but other programs may not use them: {fields}.").format(fields=field_names(lost))

        self._view.set_notice(words, "warning", (lambda: self.tr("Export all the same"), choose))

    def _read(self, personas: list[int], *, draw: bool) -> list[_Going]:
        """In the background."""
        going = []
        for persona in self._store.personas.get_many(personas).result():
            card, picture = card_of(persona, i18n.language())
            drawn = not picture or picture.startswith("asset:")
            row = persona.row
            png = drawn_png(picture, card.seal or row.seal, card.color or row.color) if draw and drawn else b""
            going.append(_Going(card.name or row.name, card, "" if drawn else picture, png))
        return going

    def _place(self, form: str, personas: list[int], path: str) -> None:
        """Write one to a file, several into a folder."""

        def ready() -> list[tuple[_Going, str]]:
            going = self._read(personas, draw=not form.startswith("json"))
            if len(personas) == 1:
                return [(each, path) for each in going]
            return list(zip(going, free_names(path, [each.name for each in going], SUFFIXES[form]), strict=True))

        self._delivery.deliver(self._background.submit(ready), partial(self._write, form), self._on_error)

    def _write(self, form: str, going: list[tuple[_Going, str]]) -> None:
        left = len(going)
        failed: list[CardFailed] = []

        def written(answer: CardWritten | CardFailed) -> None:
            nonlocal left
            left -= 1
            if isinstance(answer, CardFailed):
                failed.append(answer)
            if left == 0:
                self._over([path for _each, path in going], failed)

        for each, path in going:
            self._cards().write(each.card.to_json(), each.picture, path, form, written, png=each.png)  # type: ignore[arg-type]

    def _over(self, paths: list[str], failed: list[CardFailed]) -> None:
        if failed:
            failure = failed[0].failure
            self._view.set_notice(lambda: describe(failure.code, failure.args), "error")
            return
        folder = os.path.dirname(paths[0])  # noqa: PTH120 - of a text, the disk is not asked

        def words() -> str:
            if len(paths) == 1:
                return self.tr("Exported: {name}").format(name=os.path.basename(paths[0])[:60])  # noqa: PTH119 - the same
            return self.tr("Cards exported: {count}").format(count=len(paths))

        self._window.toast.show_message(
            words, lambda: self.tr("Show"), UNDO_SECONDS, act=lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(folder))
        )

    def _on_error(self, error: BaseException) -> None:
        if isinstance(error, CardError):
            failure = error.failure
            self._view.set_notice(lambda: describe(failure.code, failure.args), "error")
        else:
            self.trouble.emit(error)


def free_names(folder: str, names: list[str], suffix: str) -> list[str]:
    """A path in the folder for each name, none of which is there or given twice."""
    taken: set[str] = set()
    paths = []
    for name in names:
        number = 1
        path = Path(folder) / file_name(name, suffix)
        while str(path).casefold() in taken or path.exists():
            number += 1
            path = Path(folder) / file_name(f"{name[:50]} {number}", suffix)
        taken.add(str(path).casefold())
        paths.append(str(path))
    return paths
