"""From a folder to a model to chat with: inspects, starts jobs, shows how they go, and hands the result to the library."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from zhiyin.controllers.checkpoints import Found, Room, look_at_all, room_in
from zhiyin.controllers.job_presentation import adapter_detail, job_view, output_names
from zhiyin.controllers.models import ModelsController
from zhiyin.errors import describe
from zhiyin.services.delivery import Delivery
from zhiyin.services.jobs import JobService
from zhiyin.ui.adapter_list import AdapterItem
from zhiyin.ui.conversion_form import UNQUANTIZED, Choice, Place, file_name
from zhiyin.ui.conversion_page import ConversionPage, PageState
from zhiyin.ui.job_card import CANCEL, CHAT, DISCARD, REMOVE, RESUME, RETRY, SHOW
from zhiyin.ui.wording import Wording, worded
from zhiyin_models.convert.inspection import AdapterReport, Inspection
from zhiyin_models.errors import Code, Failure
from zhiyin_models.jobs.protocol import AdapterChoice, Convert, Inspect, JobState, Output, Status, Task

log = logging.getLogger(__name__)

ROOM_DELAY_MS = 150  # after the last change of a choice
ELSEWHERE_MS = 3000  # between two looks at jobs that another process is at work on


class ConversionController(QObject):
    """Connects the page to the jobs. The checkpoint in hand is one folder with its adapters."""

    ended = Signal(object)  # JobState of a job that has just been done, failed or been interrupted
    left_over = Signal(object)  # JobState of a job that was interrupted the last time
    running_changed = Signal(int, float)  # how many jobs of this window run, and how far the first of them is (0 to 1)
    chat_wanted = Signal(str)  # the name of a model in the library

    def __init__(
        self,
        page: ConversionPage,
        *,
        jobs: JobService,
        models: ModelsController,
        background: Executor,
        delivery: Delivery,
        folder: Callable[[], Path],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._page = page
        self._service = jobs
        self._models = models
        self._background = background
        self._delivery = delivery
        self._ask_folder = folder  # the library's own; asking may wait for the disk
        self._folder = Path()  # as the last look found it: nothing can begin before
        self._jobs: dict[str, JobState] = {}
        self._ours: set[str] = set()  # jobs whose process is this window's
        self._cancelling: set[str] = set()
        self._forgotten: set[str] = set()  # a list may have been read before
        self._source = ""
        self._adapters: dict[str, float] = {}
        self._reports: dict[str, AdapterReport] = {}
        self._inspection: Inspection | None = None
        self._looking: Inspect | None = None  # what is being inspected
        self._looking_id = ""
        self._message: Wording = ""
        self._message_kind = "info"
        self._trouble: Wording = ""
        self._start_failed = False  # the trouble is that of a start
        self._starting: Convert | None = None  # what is in hand, as it is to be converted
        self._on_the_way: list[Task] = []  # jobs whose processes have not answered yet
        self._picks = self._answered = self._rooms = 0  # what is found for an older pick or room than the last is dropped
        self._room_timer = QTimer(self)
        self._room_timer.setSingleShot(True)
        self._room_timer.setInterval(ROOM_DELAY_MS)
        self._room_timer.timeout.connect(self._look_for_room)
        self._elsewhere_timer = QTimer(self)
        self._elsewhere_timer.setSingleShot(True)
        self._elsewhere_timer.setInterval(ELSEWHERE_MS)
        self._elsewhere_timer.timeout.connect(self.open)
        self._connect()

    def _connect(self) -> None:
        page, service = self._page, self._service
        page.folder_chosen.connect(self.pick)
        page.adapter_chosen.connect(self.pick)
        page.adapter_removed.connect(self._remove_adapter)
        page.adapter_weighed.connect(self._weigh_adapter)
        page.inspection_cancelled.connect(self.let_go)
        page.closed.connect(self.let_go)
        page.changed.connect(self._on_choice)
        page.opened.connect(self._room_timer.start)
        page.convert_requested.connect(self._convert)
        page.acted.connect(self._act)
        service.listed.connect(self._on_listed)
        service.changed.connect(self._on_changed)
        service.failed.connect(self._on_failed)

    def open(self) -> None:
        """Find the jobs of earlier times."""
        self._service.open()

    def end(self) -> None:
        """End what runs; it goes on at the next start."""
        self._inspection = None
        self._room_timer.stop()
        self._elsewhere_timer.stop()
        self._page.set_jobs([])
        self._page.set_state(PageState())
        self._service.close()

    @property
    def running(self) -> int:
        """How many jobs of this window run, or are about to."""
        at_work = sum(1 for identity, state in self._jobs.items() if identity in self._ours and state.status == Status.RUNNING)
        return at_work + len(self._on_the_way)

    def retranslate(self) -> None:
        """Put what was put into words into the language of the moment."""
        self._show()
        self._show_jobs()

    def _fraction(self) -> float:
        """How far the step of the first running job is."""
        for state in self._jobs.values():
            if state.id in self._ours and state.status == Status.RUNNING and state.progress is not None and state.progress.total > 0:
                return min(1.0, max(0.0, state.progress.done / state.progress.total))
        return 0.0

    # ------------------------------------------------------------ the checkpoint in hand

    def pick(self, path: str) -> None:
        """Take a folder that was chosen."""
        self.pick_all([path])

    def pick_all(self, paths: Sequence[str]) -> None:
        """Take what was chosen or dropped at once: a checkpoint in place of the one in hand, adapters to go with it."""
        self._picks += 1
        pick = self._picks

        def found(what: list[Found]) -> None:
            if pick > self._answered:
                self._answered = pick
                self._take(what)

        self._delivery.deliver(self._background.submit(look_at_all, tuple(paths)), found)

    def let_go(self) -> None:
        """Put the checkpoint down, and stop looking at it and at what was picked."""
        self._answered = self._picks
        self._message = ""
        self._put_down()

    def _put_down(self) -> None:
        self._stop_looking()
        self._source, self._adapters, self._reports, self._inspection = "", {}, {}, None
        self._trouble = ""
        self._starting = None
        self._show()

    def _take(self, found: list[Found]) -> None:
        """The checkpoint first, so that the adapters picked with it join it; what is neither changes nothing."""
        self._message = ""
        checkpoint = next((one for one in found if one.kind == "checkpoint"), None)
        adapters = [one for one in found if one.kind == "adapter"]
        if checkpoint is not None:
            if self._source:
                self._adapters = {}
            self._source, self._inspection, self._reports = checkpoint.path, None, {}
        for adapter in adapters:
            self._adapters.setdefault(adapter.path, 1.0)
            if not self._source:
                self._message, self._message_kind = partial(self._base_wanted, adapter), "info"
        refused = next((one.failure for one in found if one.failure is not None), None)
        if refused is not None:
            self._say(refused)
        if checkpoint is not None or adapters:
            self._starting = None  # a job that is on its way begins without it
        if self._source and (checkpoint is not None or adapters):
            self._inspect()
        else:
            self._show()

    def _base_wanted(self, found: Found) -> str:
        name = Path(found.path).name
        if found.base:
            said = self.tr("“{name}” is an adapter. Now choose the folder of the model that it was trained on: {base}.")
            return said.format(name=name, base=found.base)
        return self.tr("“{name}” is an adapter. Now choose the folder of the model that it was trained on.").format(name=name)

    def _say(self, failure: Failure) -> None:
        self._message, self._message_kind = partial(describe, failure.code, failure.args), "error"

    def _remove_adapter(self, path: str) -> None:
        self._adapters.pop(path, None)
        self._reports.pop(path, None)
        self._trouble = ""
        self._inspect()

    def _weigh_adapter(self, path: str, weight: float) -> None:
        if path in self._adapters:
            self._adapters[path] = weight
            self._show()

    def _choices(self) -> tuple[AdapterChoice, ...]:
        return tuple(AdapterChoice(path, weight) for path, weight in self._adapters.items())

    # ------------------------------------------------------------ inspecting

    def _inspect(self) -> None:
        self._stop_looking()
        self._trouble = ""
        self._looking = Inspect(self._source, self._choices())
        self._service.start(self._looking)
        self._show()

    def _stop_looking(self) -> None:
        if self._looking_id:
            self._service.cancel(self._looking_id)
        self._looking, self._looking_id = None, ""

    def _on_inspection(self, state: JobState) -> None:
        if self._looking is None or state.task != self._looking:
            if state.status == Status.RUNNING:  # put down before it had begun
                self._service.cancel(state.id)
            return
        if state.status == Status.RUNNING:
            self._looking_id = state.id
            return
        self._looking, self._looking_id = None, ""
        if state.outcome is not None and state.outcome.inspection is not None:
            self._inspection = state.outcome.inspection
            self._reports = {report.path: report for report in self._inspection.adapters}
            self._show()
            self._room_timer.start()
        else:
            self._not_inspected(state.failure or Failure(Code.JOB_FAILED, {"detail": state.status}))

    def _not_inspected(self, failure: Failure) -> None:
        if self._inspection is not None:  # it was good before the last adapter
            self._trouble = partial(describe, failure.code, failure.args)
        elif self._adapters and failure.code.startswith("adapter."):  # the base may well be good without them
            self._adapters = {}
            self._say(failure)
            self._inspect()
        else:
            self._source = ""
            self._say(failure)
        self._show()

    # ------------------------------------------------------------ room

    def _on_choice(self) -> None:
        """Another name or type: what was found for the former one does not count, and what it failed of may be gone."""
        self._rooms += 1
        self._room_timer.start()
        if self._start_failed:
            self._start_failed, self._trouble = False, ""
            self._show()

    def _look_for_room(self) -> None:
        if self._inspection is None:
            return
        choice = self._page.choice()
        names = tuple(file_name(choice.name, kind) for kind in choice.types)
        self._rooms += 1
        look = self._rooms

        def look_there() -> tuple[Path, Room]:
            folder = self._ask_folder()
            return folder, room_in(folder, names)

        def found(there: tuple[Path, Room]) -> None:
            if look == self._rooms and self._inspection is not None:
                self._folder, room = there
                busy = {name for state in self._jobs.values() if state.status in (Status.RUNNING, Status.INTERRUPTED)
                        for name in output_names(state.task)}  # fmt: skip
                self._page.set_free_memory(room.memory)
                self._page.set_place(Place(str(self._folder), room.disk, room.taken | (busy & set(names))))

        self._delivery.deliver(self._background.submit(look_there), found)

    # ------------------------------------------------------------ converting

    def _convert(self, choice: Choice) -> None:
        if self._inspection is None or self._starting is not None:
            return
        outputs = tuple(Output(kind, str(self._folder / file_name(choice.name, kind))) for kind in choice.types)
        self._starting = Convert(
            self._source,
            outputs,
            adapters=self._choices(),
            template=choice.template,
            imatrix=choice.imatrix,
            evaluate=choice.evaluate and not UNQUANTIZED.issuperset(choice.types),
            smoke=self.tr("Who are you?"),
        )
        self._on_the_way.append(self._starting)
        self._message = ""
        self._service.start(self._starting)
        self._show()
        self._show_jobs()

    def _on_failed(self, key: Task | str, failure: Failure) -> None:
        """A process could not be started."""
        if isinstance(key, Inspect):
            if key == self._looking:
                self._looking, self._looking_id = None, ""
                self._not_inspected(failure)
        elif isinstance(key, str):
            known = self._jobs.get(key)
            if known is not None:
                self._jobs[key] = msgspec.structs.replace(known, status=Status.FAILED, failure=failure)
                self._show_jobs()
        else:
            self._not_begun(key, failure)

    def _not_begun(self, task: Task, failure: Failure) -> None:
        self._arrived(task)
        if task == self._starting:
            self._starting = None
            self._trouble, self._start_failed = partial(describe, failure.code, failure.args), True
        else:  # something else is in hand by now
            self._say(failure)
        self._show()
        self._show_jobs()

    def _arrived(self, task: Task) -> None:
        if task in self._on_the_way:
            self._on_the_way.remove(task)

    # ------------------------------------------------------------ jobs

    def _on_listed(self, states: list[JobState]) -> None:
        waited_for = {identity for identity, state in self._jobs.items() if self._is_elsewhere(state)}
        for identity in waited_for:
            del self._jobs[identity]
        new = [state for state in states if state.id not in self._jobs and state.id not in self._forgotten]
        for state in new:
            if state.status == Status.CANCELLED:
                self._service.forget(state.id)
            elif not isinstance(state.task, Inspect):
                self._jobs[state.id] = state
        self._show_jobs()
        interrupted = next((state for state in new if state.status == Status.INTERRUPTED), None)
        if interrupted is not None:
            self.left_over.emit(interrupted)
        if any(state.id in waited_for and state.status == Status.FINISHED for state in new):
            self._models.refresh()
        if any(self._is_elsewhere(state) for state in self._jobs.values()):
            self._elsewhere_timer.start()

    def _is_elsewhere(self, state: JobState) -> bool:
        """Whether another process is at work on it: it is neither seen how far it is, nor can it be cancelled from here."""
        return state.status == Status.RUNNING and state.id not in self._ours

    def _on_changed(self, state: JobState) -> None:
        if isinstance(state.task, Inspect):
            self._on_inspection(state)
            return
        if state.id not in self._jobs and state.id in self._ours:
            return  # forgotten meanwhile
        self._ours.add(state.id)
        if state.id not in self._jobs:
            self._arrived(state.task)
        self._jobs[state.id] = state
        if self._starting is not None and state.task == self._starting:
            self._put_down()
        if state.status != Status.RUNNING:
            self._cancelling.discard(state.id)
            self._ended(state)
        self._show_jobs()

    def _ended(self, state: JobState) -> None:
        if state.status == Status.CANCELLED:
            self._forget(state.id)
        elif state.status == Status.FINISHED:
            self._models.refresh()
        if state.status in (Status.FINISHED, Status.FAILED, Status.INTERRUPTED):
            self.ended.emit(state)
        self._room_timer.start()

    def _forget(self, identity: str) -> None:
        self._jobs.pop(identity, None)
        self._forgotten.add(identity)
        self._service.forget(identity)
        self._show_jobs()

    def _act(self, identity: str, action: str) -> None:
        state = self._jobs.get(identity)
        if state is None:
            return
        acts: dict[str, Callable[[JobState], None]] = {
            CANCEL: self._cancel,
            RESUME: self._resume,
            RETRY: self._resume,
            DISCARD: lambda state: self._forget(state.id),
            REMOVE: lambda state: self._forget(state.id),
            CHAT: self._chat,
            SHOW: self._show_folder,
        }
        acts[action](state)

    def _cancel(self, state: JobState) -> None:
        self._cancelling.add(state.id)
        self._service.cancel(state.id)
        self._show_jobs()

    def _resume(self, state: JobState) -> None:
        self._ours.add(state.id)
        self._jobs[state.id] = msgspec.structs.replace(state, status=Status.RUNNING, progress=None, failure=None)
        self._service.resume(state.id)
        self._show_jobs()

    def _chat(self, state: JobState) -> None:
        path = state.outcome.outputs[0].path if state.outcome is not None and state.outcome.outputs else ""

        def listed() -> None:
            model = next((model for model in self._models.models if model.path == path and not model.missing), None)
            if model is None:
                self._message, self._message_kind = partial(describe, Code.MODEL_MISSING, {"path": path}), "error"
                self._show()
            else:
                self.chat_wanted.emit(model.name)

        self._models.refresh(listed)

    def _show_folder(self, state: JobState) -> None:
        if state.outcome is not None and state.outcome.outputs:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(state.outcome.outputs[0].path).parent)))

    # ------------------------------------------------------------ showing

    def _show(self) -> None:
        items = tuple(
            AdapterItem(path, Path(path).name, weight, adapter_detail(self._reports.get(path))) for path, weight in self._adapters.items()
        )
        notices = self._inspection.notices if self._inspection is not None else ()
        looking = self._looking.source if self._looking is not None else ""
        self._page.set_state(
            PageState(
                looking=looking or (self._source if self._starting is not None else ""),
                message=worded(self._message),
                message_kind=self._message_kind,
                inspection=self._inspection,
                notices=tuple(describe(notice.code, notice.args) for notice in notices),
                adapters=items,
                trouble=worded(self._trouble),
            )
        )

    def _show_jobs(self) -> None:
        shown = [state for state in self._jobs.values() if not self._is_elsewhere(state)]
        ordered = sorted(shown, key=lambda state: (-state.created, state.id))
        self._page.set_jobs([job_view(state, cancelling=state.id in self._cancelling) for state in ordered])
        self.running_changed.emit(self.running, self._fraction())
