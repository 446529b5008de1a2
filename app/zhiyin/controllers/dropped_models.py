"""Model files that are dropped on the window or opened: used where they lie, or copied into the models folder."""

import re
from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, Signal

from zhiyin.controllers.models import ModelsController
from zhiyin.services.delivery import Delivery
from zhiyin.ui.main_window import UNDO_SECONDS, MainWindow
from zhiyin_models.errors import Failure, ModelError
from zhiyin_models.library.gguf import split_paths
from zhiyin_models.library.installed import InstalledModel, Library

Choice = Literal["ask", "place", "copy"]
PROJECTOR = re.compile(r"mm-?proj", re.IGNORECASE)


class DroppedModels(QObject):
    """Asks in the window, once for all that was dropped together, unless the answer was to be remembered."""

    added = Signal(object, object)  # list[InstalledModel], list[Failure]: of several that are used in place
    copies_wanted = Signal(object)  # list[str]: the first file of each model
    remembered = Signal(str)  # Choice

    def __init__(
        self,
        window: MainWindow,
        *,
        models: ModelsController,
        library: Library,
        background: Executor,
        delivery: Delivery,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._bar = window.drop_bar
        self._models = models
        self._library = library
        self._background = background
        self._delivery = delivery
        self._choice: Choice = "ask"
        window.models_dropped.connect(self.take)
        self._bar.chosen.connect(self._chosen)

    def set_choice(self, choice: Choice) -> None:
        """What is to be done without asking."""
        self._choice = choice

    def end(self) -> None:
        """Ask nothing any more."""
        self._bar.close_bar()

    def take(self, paths: Sequence[str]) -> None:
        """Ask about these, or do what was chosen once for all."""
        firsts = first_files(paths)
        if self._choice == "ask":
            self._bar.offer(firsts)
            return
        self._do(self._choice, firsts)
        self._window.toast.show_message(
            self._place_words if self._choice == "place" else self._copy_words,
            lambda: self.tr("Ask next time"),
            UNDO_SECONDS,
            act=lambda: self.remembered.emit("ask"),
        )

    def _place_words(self) -> str:
        return self.tr("Used in place, as chosen before.")

    def _copy_words(self) -> str:
        return self.tr("Copied into the models folder, as chosen before.")

    def _chosen(self, paths: list[str], copy: bool, remember: bool) -> None:  # noqa: FBT001 - a signal's values
        choice: Choice = "copy" if copy else "place"
        if remember:
            self.remembered.emit(choice)
        self._do(choice, paths)

    def _do(self, choice: Choice, paths: list[str]) -> None:
        if choice == "copy":
            self.copies_wanted.emit(paths)
            return
        chat = [path for path in paths if not PROJECTOR.search(Path(path).name)] or paths  # a projector is found by its model
        if len(chat) == 1:
            self._models.add(Path(chat[0]))
        else:
            self._delivery.deliver(self._background.submit(_add_all, self._library, chat), lambda done: self.added.emit(*done))


def first_files(paths: Sequence[str]) -> list[str]:
    """Each model's first file, once: a split set is one model, whichever of its parts were dropped."""
    return list(dict.fromkeys(str(split_paths(Path(path))[0]) for path in paths))


def _add_all(library: Library, paths: list[str]) -> tuple[list[InstalledModel], list[Failure]]:
    models, failures = [], []
    for path in paths:
        try:
            models.append(library.add(path))
        except ModelError as error:
            failures.append(error.failure)
    return models, failures
