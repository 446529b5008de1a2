"""Connects the view of installed models to the library: details, names, notes, checks, the trash, the models folder."""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from zhiyin.controllers.dropped_models import DroppedModels
from zhiyin.controllers.library_jobs import LibraryJobs
from zhiyin.controllers.library_presentation import file_facts, found_item, library_item, library_job
from zhiyin.controllers.models import ModelsController
from zhiyin.errors import describe
from zhiyin.services.delivery import Delivery
from zhiyin.services.jobs import JobService
from zhiyin.settings import AppSettings
from zhiyin.ui.library_model import LibraryItem
from zhiyin.ui.library_values import CHAT, REMOVE, REVEAL, UPDATE, USE, VERIFY, Disk, FileFacts
from zhiyin.ui.main_window import UNDO_SECONDS, MainWindow
from zhiyin.ui.wording import Wording, worded
from zhiyin_models.errors import Code, Failure, ModelError
from zhiyin_models.jobs.protocol import CopyModel, JobState, MoveModels, Status, Task, Verify
from zhiyin_models.library.details import ModelDetails
from zhiyin_models.library.elsewhere import Found, find_elsewhere
from zhiyin_models.library.installed import InstalledModel, Library

log = logging.getLogger(__name__)
T = TypeVar("T")
LOOK_AGAIN = 30.0  # seconds after which other apps are looked into again when the page is opened
LOOK = "library:look"
COPIED_KEY = "library-copied"


class LibraryController(QObject):
    """What can be done about the models that are here. ``jobs`` are those of the library (``paths.downloads``)."""

    chat_wanted = Signal(str)  # a model's name
    update_wanted = Signal(object)  # InstalledModel of which ``set_updates`` told
    running_changed = Signal(int)  # how many copies, moves and checks run
    moving_changed = Signal(bool)  # whether models are on their way to another folder
    drops_remembered = Signal(str)  # "ask", "place" or "copy": what is to be done with model files that are dropped

    def __init__(
        self,
        window: MainWindow,
        *,
        models: ModelsController,
        library: Library,
        jobs: JobService,
        background: Executor,
        delivery: Delivery,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._view = window.models_page.library
        self._models = models
        self._library = library
        self._background = background
        self._delivery = delivery
        self._jobs = LibraryJobs(jobs, self)
        self._dropped = DroppedModels(window, models=models, library=library, background=background, delivery=delivery, parent=self)
        self._updates: frozenset[str] = frozenset()
        self._found: list[Found] = []
        self._looked = -LOOK_AGAIN  # when other apps were last looked into
        self._trashed: list[tuple[str, str]] = []  # tokens and names of what the toast can bring back
        self._notice: tuple[Wording, str] = ("", "info")
        self._moving = False
        self._connect()

    def _connect(self) -> None:
        view, models, dropped = self._view, self._models, self._dropped
        view.opened.connect(self._on_opened)
        view.acted.connect(self._act)
        view.renamed.connect(self._rename)
        view.notes_changed.connect(self._keep_notes)
        view.facts_wanted.connect(self._read_facts)
        view.use_all_requested.connect(self._use_all)
        view.job_acted.connect(self._jobs.act)
        view.discover_requested.connect(self._discover)
        view.files_chosen.connect(self._dropped.take)
        view.folder_chosen.connect(self._move)
        view.located.connect(self._relocate)
        models.listed.connect(lambda _models: self._show())
        models.memory_changed.connect(self._show)
        self._jobs.changed.connect(self._show_jobs)
        self._jobs.ended.connect(self._on_ended)
        self._jobs.refused.connect(self._on_refused)
        dropped.added.connect(self._on_added)
        dropped.copies_wanted.connect(self._copy)
        dropped.remembered.connect(self.drops_remembered)
        self._window.banner.action.connect(self._on_banner)

    def open(self) -> None:
        """What was left of an earlier run is finished: files whose undo is over go to the trash."""
        self._submit(self._library.empty_trash, self._on_emptied)

    def set_settings(self, settings: AppSettings) -> None:
        """Take over what is to be done with dropped models."""
        self._dropped.set_choice(settings.dropped_models)

    def set_updates(self, paths: Iterable[str]) -> None:
        """Of which models there are newer revisions."""
        self._updates = frozenset(paths)
        self._show()

    @property
    def running(self) -> int:
        """How many copies, moves and checks run."""
        return self._jobs.running

    def retranslate(self) -> None:
        """Put what was put into words into the language of the moment."""
        self._show()
        self._show_jobs()
        self._say(*self._notice)

    def end(self) -> None:
        """Leave nothing unsaved; what was removed goes to the trash now."""
        self._view.flush()
        self._dropped.end()
        self._jobs.end()
        self._view.set_found([])
        self._view.set_jobs([])
        if self._trashed:
            self._window.toast.dismiss()

    # ------------------------------------------------------------ showing

    def _show(self) -> None:
        models = self._models.models
        self._view.set_items([self._item(model) for model in models])
        here = {model.path for model in models}
        self._view.set_found([found_item(found) for found in self._found if found.path not in here])

    def _item(self, model: InstalledModel) -> LibraryItem:
        return library_item(
            model,
            loaded=model.name == self._models.current,
            update=model.path in self._updates and not model.missing,
            check=self._jobs.check_of(model.path),
        )

    def _show_jobs(self) -> None:
        states = self._jobs.states()
        self._view.set_jobs([library_job(state, cancelling=self._jobs.is_cancelling(state.id)) for state in states])
        for state in states:
            model = self._model(state.task.model) if isinstance(state.task, Verify) else None
            if model is not None:
                self._view.update_item(self._item(model))
        self.running_changed.emit(self.running)
        if self._moving != self._jobs.moving:
            self._moving = self._jobs.moving
            self.moving_changed.emit(self._moving)

    def _say(self, text: Wording, kind: str = "info") -> None:
        self._notice = (text, kind)
        self._view.set_notice(worded(text), kind)

    def _say_failure(self, failure: Failure) -> None:
        self._say(partial(describe, failure.code, failure.args), "error")

    def _on_opened(self) -> None:
        self._say("")
        self._models.refresh()
        self._look_at_disk()
        now = time.monotonic()
        if now - self._looked >= LOOK_AGAIN:
            self._looked = now
            known = [model.path for model in self._models.models]
            self._submit(lambda: find_elsewhere(known=known), self._on_found)

    def _look_at_disk(self) -> None:
        def look() -> Disk:
            return Disk(str(self._library.models_directory), self._library.total_size(), self._library.free_space())

        self._submit(look, self._view.set_disk)

    def _on_found(self, found: list[Found]) -> None:
        self._found = found
        self._show()

    # ------------------------------------------------------------ one model

    def _model(self, path: str) -> InstalledModel | None:
        return next((model for model in self._models.models if model.path == path), None)

    def _act(self, action: str, path: str) -> None:
        self._say("")
        if action == USE:
            self._use([found for found in self._found if found.path == path])
            return
        model = self._model(path)
        if model is None:
            return
        acts: dict[str, Callable[[InstalledModel], object]] = {
            CHAT: lambda model: self.chat_wanted.emit(model.name),
            VERIFY: lambda model: self._jobs.start(Verify(model.path, str(self._library.directory))),
            REVEAL: lambda model: self._reveal(model.path),
            REMOVE: self._remove,
            UPDATE: self.update_wanted.emit,
        }
        acts[action](model)

    def _read_facts(self, path: str) -> None:
        def read(details: ModelDetails) -> None:
            self._view.set_facts(path, file_facts(details))

        def refused(error: BaseException) -> None:
            if isinstance(error, ModelError):
                self._view.set_facts(path, FileFacts(trouble=describe(error.failure.code, error.failure.args)))
            else:
                log.error("the details of a model", exc_info=error)

        self._delivery.deliver(self._background.submit(self._library.details, path), read, refused)

    def _rename(self, path: str, name: str) -> None:
        model = self._model(path)
        if model is None:
            return
        self._say("")

        def renamed(fresh: InstalledModel) -> None:
            self._models.rename(model.name, fresh.name)
            self._models.refresh()

        self._submit(lambda: self._library.rename(path, name), renamed)

    def _keep_notes(self, path: str, text: str) -> None:
        self._submit(lambda: self._library.set_notes(path, text), lambda _model: self._models.refresh())

    def _reveal(self, path: str) -> None:
        self._submit(partial(_nearest_folder, Path(path)), lambda folder: QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))))

    def _relocate(self, path: str, now: str) -> None:
        def done(model: InstalledModel) -> None:
            self._models.refresh(lambda: self._view.choose(model.path))

        self._submit(lambda: self._library.locate(path, now), done)

    # ------------------------------------------------------------ taking away

    def _remove(self, model: InstalledModel) -> None:
        if model.name == self._models.current and not self._models.busy:
            self._models.unload()

        def gone(token: str) -> None:
            trashed = [*self._trashed, (token, model.name)]
            self._trashed = []  # a toast that is still there is replaced, not over
            self._window.toast.show_message(
                partial(self._removed_words, model, len(trashed)), lambda: self.tr("Undo"), UNDO_SECONDS, act=self._undo, gone=self._bury
            )
            self._trashed = trashed
            self._models.refresh()

        self._submit(lambda: self._library.trash(model.path), gone)

    def _removed_words(self, model: InstalledModel, count: int) -> str:
        if count > 1:
            return self.tr("Models taken out: {count}").format(count=count)
        if model.missing:
            return self.tr("“{name}” is taken out.").format(name=model.name[:40])
        if not model.owned:
            return self.tr("“{name}” is taken out; its file stays.").format(name=model.name[:40])
        return self.tr("“{name}” goes to the trash.").format(name=model.name[:40])

    def _undo(self) -> None:
        trashed, self._trashed = self._trashed, []

        def restore() -> list[InstalledModel]:
            return [self._library.restore(token) for token, _name in reversed(trashed)]

        def restored(models: list[InstalledModel]) -> None:
            self._models.refresh(lambda: self._view.choose(models[-1].path))

        self._submit(restore, restored)

    def _bury(self) -> None:
        """The time for an undo is over."""
        trashed, self._trashed = self._trashed, []

        def bury() -> tuple[Failure, ...]:
            return tuple(failure for token, _name in trashed for failure in self._library.empty_trash(token))

        if trashed:
            self._submit(bury, self._on_emptied)

    def _on_emptied(self, failures: Sequence[Failure]) -> None:
        if failures:
            self._say_failure(failures[0])
            self._models.refresh()
        if self._view.isVisible():
            self._look_at_disk()

    # ------------------------------------------------------------ models of other apps

    def _use_all(self) -> None:
        self._use(self._found)

    def _discover(self) -> None:
        self._window.show_models("discover")

    def _use(self, wanted: Iterable[Found]) -> None:
        here = {model.path for model in self._models.models}
        found = [one for one in wanted if one.path not in here]

        def used(done: tuple[list[InstalledModel], list[Failure]]) -> None:
            models, failures = done
            self._models.refresh(lambda: self._view.choose(models[0].path) if models else None)
            if failures:
                self._say_failure(failures[0])

        self._submit(partial(_add_found, self._library, found), used)

    # ------------------------------------------------------------ jobs

    def _on_added(self, models: list[InstalledModel], failures: list[Failure]) -> None:
        """Several were dropped, to be used in place."""
        self._window.show_models("library")
        self._models.refresh(lambda: self._view.choose(models[0].path) if models else None)
        if failures:
            self._say_failure(failures[0])
        elif models:
            self._say(partial(self._added_words, len(models)), "good")

    def _added_words(self, count: int) -> str:
        return self.tr("{count} models are in the library now.").format(count=count)

    def _copy(self, paths: list[str]) -> None:
        if self._jobs.moving:  # nobody knows yet where they belong
            self._window.show_models("library")
            self._say(lambda: self.tr("The models are being moved. Drop the file again when that is done."), "warning")
            return

        def copy(folder: Path) -> None:
            for path in paths:
                self._jobs.start(CopyModel(path, str(folder)))

        self._window.show_models("library")
        self._submit(lambda: self._library.models_directory, copy)

    def _move(self, folder: str) -> None:
        self._say("")
        if not self._jobs.moving:
            self._jobs.start(MoveModels(str(self._library.directory), folder))

    def _on_ended(self, state: JobState) -> None:
        if state.status == Status.CANCELLED and isinstance(state.task, Verify):
            return
        self._look_at_disk()
        if state.status == Status.FINISHED and isinstance(state.task, CopyModel):
            self._jobs.act(state.id, "dismiss")
            path = state.outcome.outputs[0].path if state.outcome is not None and state.outcome.outputs else ""
            self._models.refresh(lambda: self._copied(path))
        else:
            self._models.refresh()

    def _copied(self, path: str) -> None:
        model = self._model(path)
        if model is None:
            return
        said = partial(self._copied_words, model.name)
        if self._view.isVisible():
            self._view.choose(path)
            self._say(said, "good")
        else:
            self._window.banner.show_message(said, "info", [(LOOK, lambda: self.tr("Look"))], key=COPIED_KEY)

    def _copied_words(self, name: str) -> str:
        return self.tr("“{name}” is in the models folder now.").format(name=name)

    def _on_banner(self, action: str) -> None:
        if action == LOOK:
            self._window.show_models("library")

    def _on_refused(self, _task: Task, failure: Failure) -> None:
        self._say_failure(failure)

    # ------------------------------------------------------------ beside the window

    def _submit(
        self, act: Callable[[], T], then: Callable[[T], object] | None = None, otherwise: Callable[[BaseException], None] | None = None
    ) -> None:
        def arrived(result: T) -> None:
            if then is not None:
                then(result)

        self._delivery.deliver(self._background.submit(act), arrived, otherwise or self._on_error)

    def _on_error(self, error: BaseException) -> None:
        if isinstance(error, ModelError):
            self._say_failure(error.failure)
        else:
            log.error("the library failed", exc_info=error)
            self._say_failure(Failure(Code.LIBRARY_UNWRITABLE, {"path": str(self._library.directory), "detail": str(error)}))


def _nearest_folder(path: Path) -> Path:
    """The folder of a file, or the nearest one above it that is there."""
    return next((folder for folder in path.parents if folder.is_dir()), path.parent)


def _add_found(library: Library, found: Iterable[Found]) -> tuple[list[InstalledModel], list[Failure]]:
    models, failures = [], []
    for one in found:
        try:
            models.append(library.add(one.path, origin=one.origin, name=one.name))
        except ModelError as error:
            failures.append(error.failure)
    return models, failures
