"""The page of the tasks, connected."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from zhiyin.controllers.models import ModelsController
from zhiyin.controllers.replies import ReplyRunner
from zhiyin.controllers.task_editing import TaskEditing
from zhiyin.controllers.task_forms import example_of, form_of, shown
from zhiyin.controllers.task_keeping import Ran, TaskKeeping
from zhiyin.controllers.task_list import OWN, TaskList
from zhiyin.controllers.task_run import Asked, TaskRun
from zhiyin.errors import describe
from zhiyin.prompt.tasks.fill import Filled, fill, missing
from zhiyin.prompt.tasks.inputs import Inputs, read_inputs, write_inputs
from zhiyin.prompt.tasks.reading import read_task_file
from zhiyin.prompt.tasks.template import Task
from zhiyin.prompt.tasks.writing import write_task_file
from zhiyin.services.delivery import Delivery
from zhiyin.services.engine import DEATHS, EngineService
from zhiyin.store.store import Store
from zhiyin.ui.main_window import MainWindow
from zhiyin.ui.task_values import DELETE, DUPLICATE, REVERT, SentPart, TaskExample, TaskInputs
from zhiyin.ui.wording import Wording
from zhiyin_models.engine.protocol import Notice
from zhiyin_models.errors import Failure

T = TypeVar("T")

NO_MODEL_KEY = "tasks:no-model"
MODELS = "tasks:models"
KEEP_MS = 800  # after the last key, what is filled in is kept


class TasksController(QObject):
    """Asks the engine for what the page wants; a reply that runs or waits in a conversation comes first."""

    chat_wanted = Signal(int)  # conversation: what was kept is to be shown there
    kept = Signal(int)  # conversation: it is new in the list
    trouble = Signal(object)  # an exception, to be put into words

    def __init__(
        self,
        window: MainWindow,
        *,
        store: Store,
        engine: EngineService,
        models: ModelsController,
        replies: ReplyRunner,
        background: Executor,
        delivery: Delivery,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._page = window.tasks_page
        self._store = store
        self._models = models
        self._background = background
        self._delivery = delivery
        self._list = TaskList(store, background, delivery, self)
        self._ident = ""  # of the task that is open: a built-in one's key, or "own:" and a number
        self._task: Task | None = None
        self._opening = ""  # what was last asked to be shown
        self._ran: Ran | None = None
        self._inputs: TaskInputs | None = None  # filled in and not kept yet
        self._run = TaskRun(engine, models, replies, self)
        self._keeping = TaskKeeping(store=store, background=background, delivery=delivery, parent=self)
        self._editing = TaskEditing(
            window, self._list, store=store, delivery=delivery, open_task=self.open_task, close_task=self._close_task, parent=self
        )
        self._keep = QTimer(self)
        self._keep.setSingleShot(True)
        self._keep.setInterval(KEEP_MS)
        self._keep.timeout.connect(self._keep_inputs)
        self._connect()

    def _connect(self) -> None:
        page, run = self._page, self._run
        page.opened.connect(self._list.load)
        self._list.changed.connect(self._show_tasks)
        self._list.trouble.connect(self.trouble)
        page.task_chosen.connect(self.open_task)
        page.task_closed.connect(self._close_task)
        page.import_chosen.connect(self.import_task)
        page.export_chosen.connect(self.export_task)
        page.acted.connect(self._act)
        self._editing.saved.connect(self._save)
        self._editing.trouble.connect(self.trouble)
        page.examples_changed.connect(self._on_examples)
        page.example_removed.connect(self._on_example_removed)
        page.inputs_changed.connect(self._on_inputs)
        page.run_requested.connect(self.run)
        page.stop_requested.connect(run.stop)
        page.prompt_requested.connect(self._show_prompt)
        page.keep_requested.connect(self.keep)
        page.conversation_requested.connect(self._keeping.show)
        self._keeping.made.connect(self.kept)
        self._keeping.kept.connect(page.set_kept)
        self._keeping.shown.connect(self.chat_wanted)
        self._keeping.lost.connect(self._on_lost)
        self._keeping.trouble.connect(self.trouble)
        run.phase_changed.connect(page.set_phase)
        run.begun.connect(lambda: page.begin_samples([run.state(sample.index) for sample in run.samples]))
        run.grew.connect(lambda index: page.set_sample(run.state(index)))
        run.noticed.connect(self._on_notice)
        run.ended.connect(self._on_ended)
        self._window.banner.action.connect(self._on_banner)

    # ------------------------------------------------------------ begin and end

    def open(self) -> None:
        """Nothing is needed before the page is shown; it may be on show already."""
        if self._page.isVisible():
            self._list.load()

    def retranslate(self) -> None:
        """Put the gallery into the language of the moment; a task that is open stays as it is."""
        self._editing.flush()
        if self._list.wanted:
            self._list.read_built_in()

    def end(self) -> None:
        """Leave nothing unsaved and nothing running."""
        self._run.stop()
        self._keep_inputs()
        self._editing.flush()
        self._page.show_gallery()

    @property
    def running(self) -> bool:
        """Whether a task is being run."""
        return self._run.phase != "idle"

    # ------------------------------------------------------------ the gallery

    def _show_tasks(self) -> None:
        if cards := self._list.cards():
            self._page.set_tasks(cards)

    # ------------------------------------------------------------ one task

    def open_task(self, ident: str, then: Callable[[], object] | None = None) -> None:
        """Show a task with what was last filled in."""
        self._keep_inputs()
        self._run.stop()
        self._opening = ident

        def arrived(kept: object) -> None:
            task = self._list.find(ident)  # as it is by now
            if task is None or self._opening != ident:
                return
            self._editing.flush()
            self._ident, self._task = ident, task
            self._forget_run()
            self._page.open_task(self._list.card(ident), form_of(task), shown(read_inputs(kept, task)))
            if then is not None:
                then()

        self._submit(self._store.get_setting(f"task:{ident}"), arrived)

    def _close_task(self) -> None:
        self._keep_inputs()
        self._editing.flush()
        self._run.stop()
        self._forget_run()
        self._ident, self._task, self._opening = "", None, ""
        self._page.show_gallery()

    def _forget_run(self) -> None:
        self._ran = None
        self._keeping.forget()

    def _on_inputs(self) -> None:
        if self._task is not None:
            self._inputs = self._page.inputs()
            self._keep.start()

    def _keep_inputs(self) -> None:
        self._keep.stop()
        inputs, self._inputs = self._inputs, None
        if inputs is not None and self._ident:
            kept = write_inputs(msgspec.convert(inputs, Inputs, from_attributes=True))
            self._submit(self._store.set_setting(f"task:{self._ident}", kept))

    # ------------------------------------------------------------ changing tasks

    def _save(self, ident: str, task: Task) -> None:
        def stored(task: Task) -> None:
            self._editing.drop(ident)
            if self._ident == ident:
                self._task = task
                self._reopen(task)

        self._list.put(ident, task, stored)

    def _add(self, task: Task) -> None:
        """One more of the user's own, and open it."""
        self._list.add(task, self.open_task)

    def _put(self, ident: str, task: Task, then: Callable[[], object]) -> None:
        def stored(task: Task) -> None:
            if self._ident == ident:
                self._task = task
                then()

        self._list.put(ident, task, stored)

    def _reopen(self, task: Task) -> None:
        inputs = read_inputs(msgspec.to_builtins(self._page.inputs()), task)
        self._page.open_task(self._list.card(self._ident), form_of(task), shown(inputs), keep_answers=True)

    def _act(self, action: str, ident: str) -> None:
        task = self._task if ident == self._ident else self._list.find(ident)
        if task is None:
            return
        if action == DUPLICATE:
            self._keep_inputs()
            self._add(msgspec.structs.replace(task, name=self.tr("{name} (copy)").format(name=task.name[:180])))
        elif action == REVERT:
            self._remove(ident, task, lambda: self.tr("“{name}” is as it was at first.").format(name=task.name[:40]))
        elif action == DELETE and ident.startswith(OWN):
            self._remove(ident, task, lambda: self.tr("“{name}” is deleted.").format(name=task.name[:40]))

    def _remove(self, ident: str, task: Task, words: Wording) -> None:
        row = self._list.row(ident)
        if row is None:
            return
        self._keep_inputs()
        draft = self._editing.drop(ident)

        def removed() -> None:
            self._close_task()
            if row.builtin:
                self.open_task(row.builtin)
            self._window.toast.show_message(words, lambda: self.tr("Undo"), act=restore)

        def restore() -> None:
            self._editing.put_back(ident, draft)
            self._list.restore(row, task, lambda: self.open_task(ident))

        self._list.remove(row, removed)

    # ------------------------------------------------------------ examples

    def _on_examples(self, examples: tuple[TaskExample, ...], _ticked: tuple[int, ...]) -> None:
        if self._task is None:
            return
        self._on_inputs()
        task = msgspec.structs.replace(self._task, examples=tuple(example_of(example) for example in examples))
        self._task = task
        self._put(self._ident, task, lambda: self._page.set_form(self._list.card(self._ident), form_of(task)))

    def _on_example_removed(
        self,
        examples: tuple[TaskExample, ...],
        ticked: tuple[int, ...],
        gone: int,
        was_ticked: bool,  # noqa: FBT001 - a signal's value
    ) -> None:
        before, ident = self._task, self._ident
        if before is None:
            return
        self._on_examples(examples, ticked)
        others = (place + (place >= gone) for place in ticked)
        places = tuple(sorted((gone, *others) if was_ticked else others))

        def restore() -> None:
            if self._ident != ident:  # it is not on show any more
                self._put(ident, before, lambda: self._reopen(before))  # should it be on show again by then
                return
            self._task = before
            self._page.view.examples.set_examples(form_of(before).examples, places)
            self._on_examples(form_of(before).examples, places)

        self._window.toast.show_message(lambda: self.tr("The example is deleted."), lambda: self.tr("Undo"), act=restore)

    # ------------------------------------------------------------ files

    def take(self, paths: Sequence[str]) -> None:
        """Import files that were dropped, and show the page."""
        self._window.show_tasks()
        for path in paths:
            self.import_task(path)

    def import_task(self, path: str) -> None:
        """Take a task from a file into the user's own, and open it."""
        self._submit(self._background.submit(read_task_file, Path(path)), self._imported)

    def _imported(self, task: Task) -> None:
        name = task.name or self.tr("Imported task")
        self._add(msgspec.structs.replace(task, name=name))

    def export_task(self, ident: str, path: str) -> None:
        """Write a task into a file."""
        task = self._list.find(ident)
        if task is None:
            return

        def written(_: None) -> None:
            self._page.set_notice(lambda: self.tr("Exported as {name}.").format(name=Path(path).name), "good")

        self._submit(self._background.submit(write_task_file, task, Path(path)), written)

    # ------------------------------------------------------------ running

    def run(self) -> None:
        """Ask for the answers."""
        task = self._task
        if task is None or self.running:
            return
        inputs = self._page.inputs()
        open_ones = missing(task, inputs.values)
        if open_ones:
            field = task.field(open_ones[0])
            name = field.name if field is not None else ""
            self._page.set_notice(lambda: self.tr("Fill in “{name}” first.").format(name=name), "warning")
            self._page.view.focus_field(open_ones[0])
            return
        model = self._models.default
        if not model or self._models.find(model) is None:
            self._window.banner.show_message(
                lambda: self.tr("There is no model yet. Get one first."),
                "warning",
                [(MODELS, lambda: self.tr("To the models"))],
                key=NO_MODEL_KEY,
            )
            return
        self._window.banner.dismiss(NO_MODEL_KEY)
        self._inputs = inputs
        self._keep_inputs()
        filled = self._filled(task, inputs)
        sampling = msgspec.structs.replace(task.sampling, temperature=inputs.temperature, seed=inputs.seed)
        self._forget_run()
        self._ran = Ran(task, filled, sampling)
        self._run.start(Asked(filled, sampling, inputs.samples, inputs.max_tokens, task.stop), model)

    def _filled(self, task: Task, inputs: TaskInputs) -> Filled:
        examples = [task.examples[place] for place in inputs.ticked if place < len(task.examples)]
        return fill(task, inputs.values, examples=examples, reasoning=inputs.reasoning)

    def _show_prompt(self) -> None:
        if self._task is not None:
            filled = self._filled(self._task, self._page.inputs())
            self._page.show_prompt(
                [SentPart(message.role, message.content, example=message.section == "examples") for message in filled.messages]
            )

    def _on_notice(self, notice: Notice) -> None:
        self._page.set_notice(partial(describe, notice.code, notice.args), "warning")

    def _on_ended(self, failure: Failure | None) -> None:
        if failure is not None and failure.code not in DEATHS:  # of those the window's banner tells
            self._page.set_notice(partial(describe, failure.code, failure.args), "error")

    def _on_banner(self, action: str) -> None:
        if action == MODELS:
            self._window.show_models("discover")

    # ------------------------------------------------------------ keeping

    def keep(self, index: int) -> None:
        """Make a conversation of the answers, with this one on show."""
        if self._ran is not None and not self.running:
            texts = [(sample.index, text) for sample in self._run.samples if (text := sample.text.strip())]
            ran = msgspec.structs.replace(self._ran, model=self._models.present_name(self._run.model))
            self._keeping.keep(ran, texts, index)

    def _on_lost(self) -> None:
        self._page.set_kept(None)
        self._page.set_notice(lambda: self.tr("That conversation was deleted. Keep the answer again, and there is another one."), "warning")

    # ------------------------------------------------------------ beside the window

    def _submit(self, future: "Future[T]", then: Callable[[T], object] | None = None) -> None:
        def arrived(result: T) -> None:
            if then is not None:
                then(result)

        self._delivery.deliver(future, arrived, self.trouble.emit)
