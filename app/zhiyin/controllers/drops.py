"""What is dropped on the window: told by the page it is dropped on, and by a look at it in the background."""

import os
import re
import stat
from collections.abc import Sequence
from concurrent.futures import Executor
from itertools import islice
from typing import Literal

from msgspec import Struct
from PySide6.QtCore import QObject

from zhiyin.controllers.books import BooksController
from zhiyin.controllers.tasks import TasksController
from zhiyin.prompt.tasks.reading import SPEC
from zhiyin.services.delivery import Delivery
from zhiyin.ui.main_window import CARD_FILE, PART_OF_CHECKPOINT, DropPlace, MainWindow

Kind = Literal["", "task", "book", "card"]

HEAD_BYTES = 64 << 10  # of a file: what it is stands at its beginning
MOST_LOOKED_INTO = 200  # of what is dropped at once
MOST_TASKS = 64
MOST_ENTRIES = 2_000  # of a folder and those in it, together
MOST_FOLDERS = 32  # in a folder
MODEL_FILE = re.compile(r"\.safetensors$|^pytorch_model.*\.bin$|^(?:adapter_)?config\.json$", re.IGNORECASE)
TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)("?)|([{}\[\]])', re.DOTALL)  # a text that breaks off matches as well: one pass is enough
AFTER_KEY = re.compile(r'\s*:\s*(?:"((?:[^"\\]|\\.)*)")?', re.DOTALL)


class Sorted(Struct, frozen=True):
    """Which part of the app each path is for."""

    tasks: list[str] = []
    books: list[str] = []
    cards: list[str] = []  # and books among them, and folders of them
    checkpoints: list[str] = []  # or adapters


class DropsController(QObject):
    """Hands on what is dropped to the page that it is for, and shows that page."""

    def __init__(
        self,
        window: MainWindow,
        *,
        tasks: TasksController,
        books: BooksController,
        background: Executor,
        delivery: Delivery,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._tasks = tasks
        self._books = books
        self._background = background
        self._delivery = delivery
        window.files_dropped.connect(self.take)

    def take(self, paths: Sequence[str], place: DropPlace) -> None:
        """Find out what these are, which were dropped on a page, and hand them on."""
        if place == "conversion" and not any(_may_be_task(path) for path in paths):
            self._hand_on(Sorted(checkpoints=list(paths)))
        else:
            self._delivery.deliver(self._background.submit(sort_drops, tuple(paths), place), self._hand_on)

    def _hand_on(self, found: Sorted) -> None:
        if found.cards:
            self._window.show_personas()
            self._window.cards_dropped.emit(found.cards)
        if found.books:
            self._books.import_files(found.books)
        if found.tasks:
            self._tasks.take(found.tasks[:MOST_TASKS])
        if found.checkpoints:
            self._window.show_conversion()
            self._window.folders_dropped.emit(found.checkpoints)


def sort_drops(paths: Sequence[str], place: DropPlace) -> Sorted:
    """Say which part of the app each is for. Never raises. Blocks."""
    found = Sorted()
    unknown: list[str] = []
    for number, path in enumerate(paths):
        look = number < MOST_LOOKED_INTO
        kind = kind_of_file(path) if look and _may_be_task(path) else ""
        if kind == "task":
            found.tasks.append(path)
        elif place == "conversion":
            found.checkpoints.append(path)
        elif kind == "book":
            found.books.append(path)
        elif kind == "card" or (CARD_FILE.search(path) and not path.lower().endswith(".json")):
            found.cards.append(path)
        elif _may_be_task(path):
            unknown.append(path)
        elif PART_OF_CHECKPOINT.search(path) or not (place == "personas" or (look and has_cards(path))):
            found.checkpoints.append(path)
        else:
            found.cards.append(path)
    if found.cards:  # one sentence for all of them
        found.cards.extend(found.books)
        found.books.clear()
    if any(PART_OF_CHECKPOINT.search(path) for path in found.checkpoints):  # a tokenizer.json beside its model
        found.checkpoints.extend(unknown)
    else:
        (found.tasks if place == "tasks" else found.cards).extend(unknown)
    return found


def kind_of_file(path: str) -> Kind:
    """What a JSON file is, by the names in its outer object, as far as its beginning shows; "" = unknown. Never raises. Blocks."""
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return ""
            head = file.read(HEAD_BYTES)
    except (OSError, ValueError):
        return ""
    names = outer_names(head.decode("utf-8-sig", "replace"))
    spec = names.get("spec", "")
    if spec == SPEC or (not spec and "instruction" in names and ("fields" in names or "input_format" in names)):
        return "task"
    if spec.startswith("chara_card") or "first_mes" in names or "mes_example" in names or "char_name" in names:
        return "card"
    if spec.startswith("lorebook") or ("entries" in names and "data" not in names):
        return "book"
    return ""


def outer_names(text: str) -> dict[str, str]:
    """The names in the outer object of a JSON text, which may break off, each with its value where that is a string.

    >>> outer_names('{"spec": "x", "data": {"spec": "y"}, "name": "brok')
    {'spec': 'x', 'data': '', 'name': ''}
    """
    names: dict[str, str] = {}
    depth = place = 0
    while token := TOKEN.search(text, place):
        place = token.end()
        if token[3] is not None:
            depth += 1 if token[3] in "{[" else -1
            if depth <= 0:
                break
        elif not token[2]:
            break
        elif depth == 1 and (value := AFTER_KEY.match(text, place)):
            names.setdefault(token[1], value[1] or "")
            place = value.end()
    return names


def has_cards(path: str) -> bool:
    """Whether a folder, or one in it, holds what may be cards, and it is no checkpoint. Never raises. Blocks."""
    left = MOST_ENTRIES
    inner: list[str] = []
    cards = False
    try:
        with os.scandir(path) as entries:
            for entry in islice(entries, left):
                left -= 1
                if MODEL_FILE.search(entry.name):
                    return False
                cards = cards or CARD_FILE.search(entry.name) is not None
                if len(inner) < MOST_FOLDERS and entry.is_dir(follow_symlinks=False):
                    inner.append(entry.path)
        for folder in () if cards else inner:
            with os.scandir(folder) as entries:
                names = [entry.name for entry in islice(entries, left)]
            left -= len(names)
            if any(CARD_FILE.search(name) for name in names) and not any(MODEL_FILE.search(name) for name in names):
                return True
    except (OSError, ValueError):
        return cards
    return cards


def _may_be_task(path: str) -> bool:
    return path.lower().endswith(".json") and not PART_OF_CHECKPOINT.search(path)


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
