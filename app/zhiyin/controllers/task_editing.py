"""The editor of tasks, connected: what is typed is kept as a draft until it is saved or thrown away."""

from collections.abc import Callable

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from zhiyin import i18n
from zhiyin.controllers.task_forms import form_of, task_of
from zhiyin.controllers.task_list import TaskList
from zhiyin.prompt.tasks.template import Field, Task
from zhiyin.services.delivery import Delivery
from zhiyin.store.store import Store
from zhiyin.ui.main_window import MainWindow
from zhiyin.ui.task_values import TaskDraft, TaskForm

DRAFTS_KEY = "task-drafts"
NEW = "new"  # the draft of what is in no list yet
MOST_DRAFTS = 8  # the newest
MOST_CHARACTERS = 2_000_000  # of all of them as JSON
KEEP_MS = 800  # after the last key


class TaskEditing(QObject):
    """Restores a draft when the same task is edited again."""

    saved = Signal(str, object)  # a task that is in a list, as it is to be stored
    trouble = Signal(object)

    def __init__(
        self,
        window: MainWindow,
        tasks: TaskList,
        *,
        store: Store,
        delivery: Delivery,
        open_task: Callable[[str, Callable[[], object] | None], None],
        close_task: Callable[[], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._page = page = window.tasks_page
        self._list = tasks
        self._store = store
        self._delivery = delivery
        self._open_task = open_task
        self._close_task = close_task
        self._ident = ""  # of what is edited, or NEW
        self._adding = False
        self._typed = False  # since the draft was last kept
        self._loaded: bool | None = None  # None = not asked for
        self._drafts: dict[str, TaskDraft] = {}  # the newest last
        self._keep = QTimer(self)
        self._keep.setSingleShot(True)
        self._keep.setInterval(KEEP_MS)
        self._keep.timeout.connect(self.flush)
        page.opened.connect(self._load)
        page.new_requested.connect(self.edit_new)
        page.edit_begun.connect(self._on_begun)
        page.edit_changed.connect(self._on_changed)
        page.edited.connect(self._save)
        page.edit_cancelled.connect(self._on_cancelled)
        page.left.connect(self.flush)
        tasks.trouble.connect(self._on_trouble)

    def edit_new(self) -> None:
        """A task that is in no list yet."""
        chinese = i18n.language().startswith("zh")
        task = Task(
            language="zh" if chinese else "en",
            icon="sparkle",
            fields=(Field("text", "输入" if chinese else "Input"),),
            input_format="{text}",
        )
        self.flush()
        self._page.edit_task(form_of(task), new=True)

    def flush(self) -> None:
        """Keep what is typed now."""
        self._keep.stop()
        if not self._typed:
            return
        self._typed = False
        if self._page.editing and self._ident:
            draft = self._page.draft()
            if draft is None:
                self.drop(self._ident)
            else:
                self.put_back(self._ident, draft)

    def drop(self, ident: str) -> TaskDraft | None:
        """Let the draft of a task go; gives it back for ``put_back``."""
        draft = self._drafts.pop(ident, None)
        if draft is not None:
            self._store_drafts()
        return draft

    def put_back(self, ident: str, draft: TaskDraft | None) -> None:
        """Keep a draft of a task."""
        if draft is not None:
            self._drafts.pop(ident, None)
            self._drafts[ident] = draft
            self._store_drafts()

    # ------------------------------------------------------------ what the page says

    def _on_begun(self, ident: str) -> None:
        self._ident, self._typed = ident or NEW, False
        if (draft := self._drafts.get(self._ident)) is not None:
            self._page.restore_draft(draft)

    def _on_changed(self) -> None:
        self._typed = True
        self._keep.start()

    def _save(self, form: TaskForm) -> None:
        """What was edited, or is new."""
        self._page.set_notice("")
        self.flush()  # until it is in the list
        if self._ident != NEW:
            self.saved.emit(self._ident, task_of(form))
        elif not self._adding:
            self._adding = True
            self._list.add(task_of(form), self._added)

    def _added(self, ident: str) -> None:
        self._adding = False
        self.drop(NEW)
        self._ident = ""
        self._open_task(ident, None)

    def _on_trouble(self, _error: object) -> None:
        self._adding = False

    def _on_cancelled(self, draft: TaskDraft | None) -> None:
        self._keep.stop()
        ident, self._ident, self._typed = self._ident, "", False
        self.drop(ident)
        if draft is not None:
            self._window.toast.show_message(
                lambda: self.tr("Discarded."), lambda: self.tr("Undo"), act=lambda: self._bring_back(ident, draft)
            )

    def _bring_back(self, ident: str, draft: TaskDraft) -> None:
        """Into the editor again, whatever is on show now."""
        self.flush()
        self.put_back(ident, draft)
        self._window.show_tasks()
        if ident == NEW:
            self._close_task()
            self.edit_new()
        else:
            self._open_task(ident, self._page.edit_open)

    # ------------------------------------------------------------ the store

    def _load(self) -> None:
        if self._loaded is None:
            self._loaded = False
            self._delivery.deliver(self._store.get_setting(DRAFTS_KEY), self._on_loaded, self._on_not_loaded)

    def _on_loaded(self, kept: object) -> None:
        self._loaded = True
        typed = self._drafts
        self._drafts = {**_read(kept), **typed}
        if typed:
            self._store_drafts()
        draft = self._drafts.get(self._ident)
        if draft is not None and self._ident not in typed and self._page.editing and self._page.draft() is None:
            self._page.restore_draft(draft)

    def _on_not_loaded(self, error: BaseException) -> None:
        self._on_loaded(None)
        self.trouble.emit(error)

    def _store_drafts(self) -> None:
        while len(self._drafts) > MOST_DRAFTS:
            del self._drafts[next(iter(self._drafts))]
        if self._loaded:
            kept, room = {}, MOST_CHARACTERS
            for ident, draft in reversed(self._drafts.items()):
                room -= len(msgspec.json.encode(draft))
                if room >= 0:
                    kept[ident] = msgspec.to_builtins(draft)
            self._delivery.deliver(self._store.set_setting(DRAFTS_KEY, dict(reversed(kept.items()))), None, self.trouble.emit)


def _read(kept: object) -> dict[str, TaskDraft]:
    """What the store kept, as far as it is understood."""
    drafts: dict[str, TaskDraft] = {}
    for ident, draft in kept.items() if isinstance(kept, dict) else ():
        try:
            drafts[str(ident)] = msgspec.convert(draft, TaskDraft)
        except msgspec.ValidationError:  # of another version
            continue
    return drafts
