"""Which tasks there are: those that come along, in the language of the moment, and the user's."""

import logging
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import TypeVar

import msgspec
from PySide6.QtCore import QObject, Signal

from zhiyin import i18n
from zhiyin.prompt.errors import CardError
from zhiyin.prompt.tasks.builtin import Language, built_in
from zhiyin.prompt.tasks.reading import read_task
from zhiyin.prompt.tasks.template import Task
from zhiyin.prompt.tasks.writing import write_task
from zhiyin.services.delivery import Delivery
from zhiyin.store.records import StoredTask
from zhiyin.store.store import Store
from zhiyin.ui.task_values import TaskCard

log = logging.getLogger(__name__)
T = TypeVar("T")

OWN = "own:"


class TaskList(QObject):
    """Tasks by their identities: a built-in one's key, or "own:" and a number."""

    changed = Signal()
    trouble = Signal(object)  # an exception

    def __init__(self, store: Store, background: Executor, delivery: Delivery, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._background = background
        self._delivery = delivery
        self._language: Language | None = None  # of ``_built_in``
        self._built_in: dict[str, Task] = {}
        self._stored: dict[int, tuple[StoredTask, Task]] = {}
        self._adding: dict[str, tuple[Task, Callable[[Task], None]] | None] = {}  # being added, and what is to be stored then

    def load(self) -> None:
        """Read all of them, the first time that they are wanted."""
        if self._language is None:
            self.read_built_in()
            self._submit(self._store.tasks.all(), self._on_stored)

    @property
    def wanted(self) -> bool:
        """Whether they were ever asked for."""
        return self._language is not None

    def read_built_in(self) -> None:
        """Those that come along, in the language of the moment."""
        language: Language = "zh" if i18n.language().startswith("zh") else "en"

        def arrived(tasks: dict[str, Task]) -> None:
            if language == self._language:
                self._built_in = tasks
                self.changed.emit()

        self._language = language
        self._submit(self._background.submit(built_in, language), arrived)

    def _on_stored(self, rows: list[StoredTask]) -> None:
        for row in rows:
            try:
                self._stored[row.id] = (row, read_task(row.task))
            except CardError:  # of another version, or damaged: it stays in the store
                log.warning("the task %d cannot be read", row.id, exc_info=True)
        self.changed.emit()

    # ------------------------------------------------------------ looking

    def cards(self) -> list[TaskCard]:
        """All of them for the gallery: the user's first, the newest on top; nothing before the built-in ones are read."""
        if not self._built_in:
            return []
        own = [f"{OWN}{ident}" for ident, (row, _) in self._stored.items() if row.builtin not in self._built_in]
        return [self.card(ident) for ident in (*reversed(own), *self._built_in)]

    def find(self, ident: str) -> Task | None:
        """A task; a built-in one as the user changed it."""
        row = self.row(ident)
        return self._stored[row.id][1] if row is not None else self._built_in.get(ident)

    def row(self, ident: str) -> StoredTask | None:
        """What is stored of a task: the user's own, or what stands in the place of a built-in one (the newest, should there be several)."""
        if ident.startswith(OWN):
            pair = self._stored.get(int(ident.removeprefix(OWN)))
            return pair[0] if pair is not None else None
        return next((row for row, _ in reversed(self._stored.values()) if row.builtin == ident), None)

    def card(self, ident: str) -> TaskCard:
        """One for the gallery."""
        task = self.find(ident) or Task()
        own = ident.startswith(OWN)
        return TaskCard(ident, task.name, task.summary, task.icon, own=own, changed=not own and self.row(ident) is not None)

    # ------------------------------------------------------------ changing

    def add(self, task: Task, then: Callable[[str], object]) -> None:
        """One more of the user's own; ``then`` hears its identity."""

        def added(row: StoredTask) -> None:
            self._stored[row.id] = (row, task)
            self.changed.emit()
            then(f"{OWN}{row.id}")

        self._submit(self._store.tasks.add(write_task(msgspec.structs.replace(task, key=""))), added)

    def put(self, ident: str, task: Task, then: Callable[[Task], None]) -> None:
        """Put a changed task in the place of what it was; a built-in one is replaced by the user's, of which there is one."""
        if ident in self._adding:
            self._adding[ident] = task, then
            return
        text, known = write_task(task), self.row(ident)
        if known is not None:
            future = self._store.tasks.update(known.id, text)
        else:
            self._adding[ident] = None
            future = self._store.tasks.add(text, "" if ident.startswith(OWN) else ident)

        def stored(row: StoredTask) -> None:
            waiting = self._adding.pop(ident, None)
            self._stored[row.id] = (row, task)
            self.changed.emit()
            if waiting is not None:
                self.put(ident, *waiting)
            else:
                then(task)

        def failed(error: BaseException) -> None:
            self._adding.pop(ident, None)
            self.trouble.emit(error)

        self._delivery.deliver(future, stored, failed)

    def remove(self, row: StoredTask, then: Callable[[], object]) -> None:
        """Take what is stored off the list."""

        def removed(_: None) -> None:
            self._stored.pop(row.id, None)
            self.changed.emit()
            then()

        self._submit(self._store.tasks.delete(row.id), removed)

    def restore(self, row: StoredTask, task: Task, then: Callable[[], object]) -> None:
        """Put it back where it was."""

        def restored(_: StoredTask) -> None:
            self._stored[row.id] = (row, task)
            self._stored = dict(sorted(self._stored.items()))
            self.changed.emit()
            then()

        self._submit(self._store.tasks.restore(row.id), restored)

    def _submit(self, future: "Future[T]", then: Callable[[T], None]) -> None:
        self._delivery.deliver(future, then, self.trouble.emit)
