"""From the state of a download to what its card or row shows, and how it went meanwhile."""

import time
from collections.abc import Sequence

from zhiyin.controllers.download_queue import download_of
from zhiyin.controllers.job_presentation import job_title
from zhiyin.errors import describe
from zhiyin.ui.download_card import DownloadItem
from zhiyin.ui.download_history import CHAT, CONVERT, OTHER_SOURCE, PAGE, RETRY, SETTINGS, SHOW, PastItem
from zhiyin.ui.downloads_content import Summary
from zhiyin_models.errors import Code
from zhiyin_models.hub.grouping import quant_of
from zhiyin_models.hub.settings import Source
from zhiyin_models.jobs.protocol import Download, JobState, Status
from zhiyin_models.work import Progress, Stage

MOST_SPEEDS = 120
LEAST_STEP = 1 / 400  # of the whole between two speeds that are kept

ASKS_FOR_SETTINGS = frozenset(
    {
        *(Code.HUB_GATED, Code.HUB_TOKEN_NEEDED, Code.HUB_TOKEN_REFUSED, Code.HUB_OFFLINE, Code.HUB_NO_SOURCE),
        *(Code.NETWORK_PROXY, Code.NETWORK_UNREACHABLE),
    }
)
ASKS_FOR_ANOTHER_SOURCE = frozenset(
    {
        *(Code.NETWORK_UNREACHABLE, Code.NETWORK_STALLED, Code.NETWORK_CERTIFICATE, Code.NETWORK_REDIRECTS),
        *(Code.HUB_SERVER, Code.HUB_BUSY, Code.HUB_ANSWER_BAD, Code.HUB_NOT_FOUND),
        *(Code.CHECKSUM_DIFFERS, Code.FILE_CHANGED, Code.FILE_LENGTH),
    }
)


class Course:
    """How a download goes: bytes there, and how fast it was at each part of the way."""

    def __init__(self, task: Download) -> None:
        sizes = [file.size for file in task.files]
        self.total = sum(sizes) if all(size >= 0 for size in sizes) else -1
        self.done = 0
        self.speeds: list[tuple[float, float]] = []  # up to which part of the whole, and bytes a second
        self._from: float | None = None  # the part that was there when its process was begun
        self.heard = 0.0  # when the last progress came, as time.monotonic has it
        self.progress: Progress | None = None

    def take(self, progress: Progress | None, *, live: bool) -> None:
        """Learn from a report; ``live`` when it was made just now."""
        if progress is None or progress is self.progress:
            return
        self.progress, self.heard = progress, time.monotonic()
        if progress.stage != Stage.DOWNLOAD:
            return
        if progress.total > 0:
            self.total = int(progress.total)
        self.done = int(progress.done)
        if live and self.total > 0:
            fraction = min(1.0, self.done / self.total)
            self._from = fraction if self._from is None else self._from
            if progress.speed is not None:
                self._note(fraction, progress.speed)

    def _note(self, fraction: float, speed: float) -> None:
        if not self.speeds:
            self.speeds.append((self._from or 0.0, speed))
        if fraction - self.speeds[-1][0] >= LEAST_STEP:
            self.speeds.append((fraction, speed))
        if len(self.speeds) > MOST_SPEEDS:  # coarser from now on
            self.speeds = [*self.speeds[:-1:2], self.speeds[-1]]

    def begin_anew(self) -> None:
        """Its process was begun again: what went before has no speed that is still known."""
        self.speeds = []
        self.progress = self._from = None


def download_item(state: JobState, status: Status, course: Course, *, elsewhere: bool, held: bool, place: int, places: int) -> DownloadItem:
    """What the card of a download that is under way shows."""
    task = download_of(state)
    progress = course.progress if status == Status.RUNNING else None
    left = progress.left if progress is not None else None
    if progress is not None and left is not None and progress.stage == Stage.WAIT:
        left = max(0.0, left - (time.monotonic() - course.heard))
    checking = progress is not None and progress.stage == Stage.HASH and progress.total > 0
    return DownloadItem(
        id=state.id,
        title=job_title(task),
        detail=quant_of(task.files[0].path) if task.files and task.purpose == "model" else "",
        source=source_name(task),
        status=status,
        elsewhere=elsewhere,
        held=held,
        stage=progress.stage if progress is not None else None,
        done=course.done,
        total=course.total,
        checked=progress.done / progress.total if progress is not None and checking else 0.0,
        speed=progress.speed if progress is not None else None,
        left=left,
        file=progress.detail if progress is not None else "",
        note=describe(state.failure.code, state.failure.args) if state.failure is not None and status != Status.RUNNING else "",
        speeds=tuple(course.speeds),
        place=place,
        places=places,
    )


def past_item(state: JobState, course: Course, other: Source | None) -> PastItem:
    """What the row of a download that is over shows."""
    task, outcome, failure = download_of(state), state.outcome, state.failure
    begun = state.begun or state.created
    code = failure.code if failure is not None else None
    actions: Sequence[str] = ()
    if state.status == Status.FINISHED:
        actions = (CONVERT if task.purpose == "checkpoint" else CHAT, SHOW)
    elif state.status == Status.FAILED:
        offered = (
            (RETRY, True),
            (OTHER_SOURCE, code in ASKS_FOR_ANOTHER_SOURCE and other is not None),
            (PAGE, page_of(state) != ""),
            (SETTINGS, code in ASKS_FOR_SETTINGS),
        )
        actions = [name for name, is_offered in offered if is_offered]
    else:
        actions = (RETRY,)
    return PastItem(
        id=state.id,
        title=job_title(task),
        status=state.status,
        detail=quant_of(task.files[0].path) if task.files and task.purpose == "model" else "",
        size=course.total,
        ended=state.ended or state.created,
        seconds=state.spent + max(0.0, (state.ended or begun) - begun),
        failure=describe(failure.code, failure.args) if failure is not None else "",
        notices=tuple(describe(notice.code, notice.args) for notice in outcome.notices) if outcome is not None else (),
        actions=tuple(actions),
        other_source=other.name if other is not None else "",
    )


def summary_of(items: Sequence[DownloadItem], limit: int, *, offline: bool) -> Summary:
    """All that are under way together."""
    active = [item for item in items if item.status in (Status.RUNNING, Status.QUEUED) and not item.elsewhere]
    running = [item for item in active if item.status == Status.RUNNING]
    speed = sum(item.speed or 0.0 for item in running)
    rest = sum(max(0, item.total - item.done) for item in active)
    total = sum(max(0, item.total) for item in active)
    return Summary(
        running=len(running),
        waiting=len(active) - len(running),
        paused=sum(item.status in (Status.PAUSED, Status.INTERRUPTED) for item in items),
        speed=speed,
        left=rest / speed if speed > 0 and all(item.total > 0 for item in active) else None,
        fraction=min(1.0, sum(item.done for item in active) / total) if total > 0 else 0.0,
        limit=limit,
        offline=offline,
    )


def source_name(task: Download) -> str:
    """Where it comes from: a source of the settings, or the host of a plain address."""
    return task.repository.split("//", 1)[-1].split("/", 1)[0].rpartition("@")[2] if task.kind == "url" else task.source


def page_of(state: JobState) -> str:
    """The page where a licence is accepted, when that is what a download failed of; "" otherwise."""
    failure = state.failure
    if failure is None or failure.code not in (Code.HUB_GATED, Code.HUB_TOKEN_NEEDED):
        return ""
    address = str(failure.args.get("address", ""))
    return address if address.startswith(("http://", "https://")) else ""
