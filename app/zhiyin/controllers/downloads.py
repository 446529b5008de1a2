"""The queue of downloads: whose turn it is, what is shown of each, and what can be done about it."""

import logging
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from zhiyin.controllers.download_presentation import Course, download_item, page_of, past_item, summary_of
from zhiyin.controllers.download_queue import DownloadQueue, Removal, download_of, is_away, other_source, shares
from zhiyin.controllers.models import ModelsController
from zhiyin.errors import describe
from zhiyin.services.delivery import Delivery
from zhiyin.services.jobs import JobService
from zhiyin.ui.download_card import CANCEL, PAUSE, RESUME
from zhiyin.ui.download_history import CHAT, CONVERT, OTHER_SOURCE, PAGE, REMOVE, RETRY, SETTINGS, SHOW
from zhiyin.ui.downloads_content import Summary
from zhiyin.ui.main_window import UNDO_SECONDS, MainWindow
from zhiyin_models.errors import Code, Failure
from zhiyin_models.hub.settings import HubSettings, Source, read_hub_settings
from zhiyin_models.jobs.protocol import Download, JobState, Status, Task

log = logging.getLogger(__name__)

SHOW_MS = 200  # between two pictures of what runs
SHARE_MS = 2000  # between two divisions of the speed limit
AWAY_MS = 300_000  # until what failed of the network is tried again
ELSEWHERE_MS = 3000  # between two looks at what another program is at work on
FAILED_KEY = "download-refused"


class DownloadsController(QObject):
    """Begins what waits, in order; pauses, resumes, cancels. ``jobs`` are those of the library (``paths.downloads``)."""

    chat_wanted = Signal(str)  # a model's name
    convert_wanted = Signal(str)  # the folder of a checkpoint that was fetched
    running_changed = Signal(int, float)  # how many run or wait, and how far they are together
    ended = Signal(object)  # JobState of a download that was done, failed, or waits for room on the disk
    jobs_changed = Signal()  # a download was added, ended, or stands otherwise than before
    online_wanted = Signal()  # offline mode is to be switched off

    def __init__(
        self,
        window: MainWindow,
        *,
        models: ModelsController,
        jobs: JobService,
        background: Executor,
        delivery: Delivery,
        data_dir: Path,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._view = window.models_page.downloads
        self._models = models
        self._service = jobs
        self._background = background
        self._delivery = delivery
        self._data_dir = data_dir
        self._queue = DownloadQueue(jobs)
        self._courses: dict[str, Course] = {}
        self._settings: HubSettings | None = None  # not read yet
        self._given: dict[str, int] = {}  # the part of the speed limit that each has
        self._undoable: list[str] = []
        self._held = False  # the models folder is changing
        self._adding: list[Download] = []
        self._unwanted: list[Download] = []  # of them, those that were cancelled before they were in the queue
        self._shown_timer = self._timer(SHOW_MS, self._show_queue)
        self._share_timer = self._timer(SHARE_MS, self._share)
        self._elsewhere_timer = self._timer(ELSEWHERE_MS, jobs.open)
        self._away_timer = self._timer(AWAY_MS, self._try_again)
        self._connect()

    def _timer(self, milliseconds: int, then: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(then)
        return timer

    def _connect(self) -> None:
        view, service = self._view, self._service
        view.acted.connect(self._act)
        view.moved.connect(self._move)
        view.pause_all_requested.connect(self.pause_all)
        view.resume_all_requested.connect(self.resume_all)
        view.clear_requested.connect(self._clear_past)
        view.online_requested.connect(self.online_wanted)
        view.discover_requested.connect(lambda: self._window.show_models("discover"))
        view.opened.connect(self._show)
        service.listed.connect(self._on_listed)
        service.changed.connect(self._on_changed)
        service.failed.connect(self._on_failed)

    def open(self) -> None:
        """Read what is known of earlier downloads; those that were interrupted go on."""
        self._delivery.deliver(self._background.submit(read_hub_settings, self._data_dir), self.set_hub_settings)
        self._service.open()

    def end(self) -> None:
        """End what runs; it goes on at the next start."""
        for timer in (self._shown_timer, self._share_timer, self._elsewhere_timer, self._away_timer):
            timer.stop()
        self._settings = None
        self._queue.end()
        self._view.set_queue([], Summary())
        self._view.set_past([])
        self._window.models_page.set_active_downloads(0)
        self._window.sidebar.set_download_progress(None)
        self._service.close()

    # ------------------------------------------------------------ for others

    def add(self, download: Download) -> None:
        """Put a download behind the others; one that is there already goes on instead."""
        same = next((state for state in self._queue.states.values() if _is_same(state.task, download)), None)
        if same is not None and same.status != Status.FINISHED:
            self._queue.restore(same.id)
            self._undoable = [identity for identity in self._undoable if identity != same.id]
            self._queue.renew(same.id, download)
            self._advance()
            self._show_past()
        elif not any(_is_same(one, download) for one in self._adding):
            self._adding.append(download)
            self._service.enqueue(download)
        else:
            self._unwanted = [one for one in self._unwanted if not _is_same(one, download)]

    def cancel(self, download: Download) -> None:
        """Take a download away as its card does, with a way back; one that is not in the queue yet as soon as it is."""
        self._unwanted += [one for one in self._adding if _is_same(one, download) and one not in self._unwanted]
        known = [state.id for state in self._queue.states.values() if _is_same(state.task, download)]
        known = [identity for identity in known if self._queue.can_be_cancelled(identity)]
        if known:
            self._take_away(known, "abandon")
            self._advance()
            self._show_past()

    @property
    def jobs(self) -> tuple[JobState, ...]:
        """All that are known, each as it stands in the user's eyes: first what is under way, in order, then what is over."""
        under_way = [msgspec.structs.replace(state, status=self._queue.status(state.id)) for state in self._queue.under_way()]
        return (*under_way, *self._queue.past())

    @property
    def running(self) -> int:
        """How many run, or will by themselves: also those that failed of the network and are tried again."""
        away = sum(is_away(state) for state in self._queue.past()) if self._away_timer.isActive() else 0
        return self._active + away

    @property
    def _active(self) -> int:
        if self._settings is not None and self._settings.offline:
            return len(self._queue.at_work())
        wanted = (Status.RUNNING, Status.QUEUED)
        under_way = [state for state in self._queue.under_way() if not self._queue.is_elsewhere(state.id)]
        return sum(self._queue.status(state.id) in wanted for state in under_way) + len(self._adding) - len(self._unwanted)

    def set_hub_settings(self, settings: HubSettings) -> None:
        """Take over how many run at a time, how fast, and whether anything may go out at all."""
        before, self._settings = self._settings, settings
        if settings.offline:
            self._queue.hold_back()
        self._share_timer.stop()
        if before is not None and (before.speed_limit, before.connections) != (settings.speed_limit, settings.connections):
            self._given = {}
        self._advance()
        self._show_past()

    def hold(self, held: bool) -> None:  # noqa: FBT001 - a state, as in Qt's setters
        """Let everything wait for as long as the models folder changes; then it goes on where it is now."""
        self._held = held
        if held:
            self._queue.hold_back()
            self._show()
        else:
            self._service.open()

    def pause_all(self) -> None:
        """Let everything wait for the user."""
        for state in self._queue.under_way():
            self._queue.pause(state.id)
        self._advance()

    def resume_all(self) -> None:
        """Let everything go on, in order."""
        for state in self._queue.under_way():
            self._queue.resume(state.id)
        self._advance()

    def retranslate(self) -> None:
        """Put what was put into words into the language of the moment."""
        self._show()

    # ------------------------------------------------------------ what is heard

    def _on_listed(self, states: list[JobState]) -> None:
        before = {identity for identity in self._queue.states if self._queue.is_elsewhere(identity)}
        self._queue.take(states)
        after = [identity for identity in before if identity in self._queue.states and not self._queue.is_elsewhere(identity)]
        if any(self._queue.states[identity].status == Status.FINISHED for identity in after):
            self._models.refresh()
        if any(self._queue.is_elsewhere(identity) for identity in self._queue.states):
            self._elsewhere_timer.start()
        self._advance()
        self._show_past()

    def _on_changed(self, state: JobState) -> None:
        if not isinstance(state.task, Download):
            return
        if state.task in self._adding:
            self._adding.remove(state.task)
        known = self._queue.states.get(state.id)
        has_ended = self._queue.hear(state)
        if state.task in self._unwanted:
            self._unwanted.remove(state.task)
            self._take_away([state.id], "abandon")
        begins = state.status == Status.RUNNING and state.progress is None
        if begins and state.id in self._courses:
            self._courses[state.id].begin_anew()
        if has_ended and self._queue.is_elsewhere(state.id):
            self._elsewhere_timer.start()
        elif has_ended:
            self._on_ended(state)
        if has_ended or begins or known is None or known.status != state.status:
            self._advance()
            self._show_past()
        elif not self._shown_timer.isActive():
            self._shown_timer.start()

    def _on_ended(self, state: JobState) -> None:
        self._given.pop(state.id, None)
        if state.status == Status.FINISHED:
            self._models.refresh()
        if is_away(state) and not self._away_timer.isActive():
            self._away_timer.start()
        waits_for_room = state.status == Status.PAUSED and state.failure is not None
        if state.status in (Status.FINISHED, Status.FAILED) or waits_for_room:
            self.ended.emit(state)

    def _try_again(self) -> None:
        self._queue.try_again()
        self._advance()
        self._show_past()

    def _on_failed(self, key: Task | str, failure: Failure) -> None:
        """A download could not be kept or begun."""
        if isinstance(key, str):
            self._queue.refuse(key, failure)
            self._advance()
            self._show_past()
        elif key in self._adding:
            self._adding.remove(key)
            self._unwanted = [one for one in self._unwanted if one != key]
            self._window.banner.show_message(partial(describe, failure.code, failure.args), "error", key=FAILED_KEY)
            self._show_queue()

    def _advance(self) -> None:
        """Begin what is due, and show how everything stands."""
        if self._settings is not None and not self._settings.offline and not self._held:
            self._queue.begin_due(self._settings.concurrency)
        self._share()
        self._show_queue()
        self.jobs_changed.emit()

    def _share(self) -> None:
        """Divide the speed limit among those that run."""
        running = self._queue.at_work()
        if self._settings is None or not running:
            self._given = {}
            return
        reports = {identity: self._queue.states[identity].progress for identity in running}
        speeds = {identity: report.speed if report is not None else None for identity, report in reports.items()}
        parts = shares(self._settings.speed_limit, speeds, self._given)
        for identity, part in parts.items():
            if self._given.get(identity) != part and reports[identity] is not None:
                self._given[identity] = part
                self._service.limit(identity, part, self._settings.connections)
        if not self._share_timer.isActive() and (self._settings.speed_limit or len(self._given) < len(running)):
            self._share_timer.start()

    # ------------------------------------------------------------ what is asked for

    def _act(self, identity: str, action: str) -> None:
        state = self._queue.states.get(identity)
        if state is None:
            return
        acts: dict[str, Callable[[JobState], None]] = {
            PAUSE: lambda state: self._queue.pause(state.id),
            RESUME: lambda state: self._queue.resume(state.id),
            RETRY: lambda state: self._queue.resume(state.id),
            CANCEL: lambda state: self._take_away([state.id], "abandon"),
            REMOVE: lambda state: self._take_away([state.id], "forget"),
            OTHER_SOURCE: self._use_other_source,
            CHAT: self._chat,
            CONVERT: self._convert,
            SHOW: self._show_folder,
            PAGE: lambda state: _open(QUrl(page_of(state))),
            SETTINGS: lambda _state: self._show_settings(),
        }
        acts[action](state)
        self._advance()
        self._show_past()

    def _move(self, identity: str, place: int) -> None:
        self._queue.move(identity, place)
        self._show_queue()

    def _use_other_source(self, state: JobState) -> None:
        other = self._other_source(state)
        if other is not None:
            self._queue.renew(state.id, msgspec.structs.replace(download_of(state), source=other.name))

    def _other_source(self, state: JobState) -> Source | None:
        return other_source(download_of(state), self._settings.sources) if self._settings is not None else None

    def _chat(self, state: JobState) -> None:
        path = state.outcome.outputs[0].path if state.outcome is not None and state.outcome.outputs else ""

        def listed() -> None:
            model = next((model for model in self._models.models if model.path == path and not model.missing), None)
            if model is not None:
                self.chat_wanted.emit(model.name)
            else:
                said = partial(describe, Code.MODEL_MISSING, {"path": path})
                self._window.banner.show_message(said, "error", key=FAILED_KEY)

        self._models.refresh(listed)

    def _convert(self, state: JobState) -> None:
        self.convert_wanted.emit(download_of(state).folder)

    def _show_settings(self) -> None:
        self._window.show_settings()
        self._window.settings_page.show_sources()

    def _show_folder(self, state: JobState) -> None:
        if state.outcome is not None and state.outcome.outputs:
            _open(QUrl.fromLocalFile(str(Path(state.outcome.outputs[0].path).parent)))
        else:
            _open(QUrl.fromLocalFile(download_of(state).folder))

    # ------------------------------------------------------------ taking away, with a way back

    def _clear_past(self) -> None:
        self._take_away([state.id for state in self._queue.past()], "forget")
        self._show_past()

    def _take_away(self, identities: list[str], removal: Removal) -> None:
        gone = [*self._undoable, *identities]
        self._undoable = []  # a notice that is still there expires now, and another's may
        for identity in identities:
            self._queue.hide(identity, removal)
        words = partial(self._gone_words, removal, len(gone))
        self._window.toast.show_message(words, lambda: self.tr("Undo"), UNDO_SECONDS, act=self._undo, gone=self._cannot_undo)
        self._undoable = gone

    def _gone_words(self, removal: Removal, count: int) -> str:
        if count > 1:
            return self.tr("Downloads taken away: {count}").format(count=count)
        return self.tr("Download cancelled") if removal == "abandon" else self.tr("Taken out of the list")

    def _undo(self) -> None:
        undoable, self._undoable = self._undoable, []
        for identity in undoable:
            if self._queue.restore(identity) and self._settings is not None:
                self._queue.make_room(identity, self._settings.concurrency)
        if undoable:
            self._advance()
            self._show_past()

    def _cannot_undo(self) -> None:
        undoable, self._undoable = self._undoable, []
        for identity in undoable:
            self._queue.remove(identity)

    # ------------------------------------------------------------ showing

    def _course(self, state: JobState) -> Course:
        course = self._courses.get(state.id)
        if course is None:
            course = self._courses[state.id] = Course(download_of(state))
            course.take(state.progress, live=False)
        course.take(state.progress, live=self._queue.is_at_work(state.id))
        return course

    def _show(self) -> None:
        self._show_queue()
        self._show_past()

    def _show_queue(self) -> None:
        queue = self._queue
        offline = self._settings is not None and self._settings.offline
        under_way = queue.under_way()
        waiting = [state.id for state in queue.waiting()]
        items = [
            download_item(
                state,
                queue.status(state.id),
                self._course(state),
                elsewhere=queue.is_elsewhere(state.id),
                held=offline,
                place=waiting.index(state.id) + 1 if state.id in waiting else 0,
                places=len(waiting),
            )
            for state in under_way
        ]
        limit = self._settings.speed_limit if self._settings is not None else 0
        summary = summary_of(items, limit, offline=offline)
        self._view.set_queue(items, summary)
        self._window.models_page.set_active_downloads(summary.running + summary.waiting)
        self._window.sidebar.set_download_progress(summary.fraction if self._active else None)
        self.running_changed.emit(self.running, summary.fraction)
        if queue.busy and not self._shown_timer.isActive():
            self._shown_timer.start()  # seconds until the next try are counted here

    def _show_past(self) -> None:
        self._view.set_past([past_item(state, self._course(state), self._other_source(state)) for state in self._queue.past()])


def _is_same(task: Task, other: Download) -> bool:
    """Whether both fetch the same files to the same place."""
    if not isinstance(task, Download):
        return False
    if {file.path for file in task.files} != {file.path for file in other.files}:
        return False
    return (task.repository, task.revision, task.folder) == (other.repository, other.revision, other.folder)


def _open(address: QUrl) -> None:
    if not address.isEmpty():
        QDesktopServices.openUrl(address)
