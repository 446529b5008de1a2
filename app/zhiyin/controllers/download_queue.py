"""Downloads with what the user wants of each: whose turn it is, and what has to be told to the processes. Knows no widget."""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Literal

from msgspec.structs import replace

from zhiyin.services.jobs import JobService
from zhiyin_models.errors import Code, Failure
from zhiyin_models.hub.settings import Source
from zhiyin_models.jobs.protocol import Download, JobState, Status
from zhiyin_models.jobs.turns import between, due

Removal = Literal["abandon", "forget"]
OVER = frozenset({Status.FINISHED, Status.FAILED, Status.CANCELLED})
AWAY = frozenset({Code.NETWORK_UNREACHABLE, Code.NETWORK_STALLED, Code.HUB_SERVER, Code.HUB_BUSY})  # what may be over by itself
MOST_KEPT = 200  # finished and cancelled ones that are remembered


class DownloadQueue:
    """The downloads among the jobs of a service; those of other kinds are passed over.

    What the user wants is shown at once and told to the service. A job on the disk is changed only while no process works on it, and is
    begun only when every change was answered, so an answer is never taken for the end of a process.
    """

    def __init__(self, service: JobService) -> None:
        self.states: dict[str, JobState] = {}
        self._service = service
        self._at_work: set[str] = set()  # begun here, and not ended yet
        self._wishes: dict[str, Status] = {}  # QUEUED or PAUSED, until it is so
        self._unanswered: Counter[str] = Counter()  # changes
        self._hidden: dict[
            str, tuple[Status, Removal]
        ] = {}  # taken away, as long as that can be undone: how it stood, what is to become of it
        self._doomed: set[str] = set()  # of them, those that are to go when their process has ended
        self._gone: set[str] = set()  # a list may have been read before
        self._reached: dict[str, float] = {}  # bytes when its process last died

    # ------------------------------------------------------------ what there is

    def status(self, identity: str) -> Status:
        """How a download stands in the user's eyes."""
        return self._wishes.get(identity, self.states[identity].status)

    def is_at_work(self, identity: str) -> bool:
        """Whether its process was begun here and goes on."""
        return identity in self._at_work and identity not in self._wishes

    def is_elsewhere(self, identity: str) -> bool:
        """Whether another program is at work on it."""
        return self.states[identity].status == Status.RUNNING and identity not in self._at_work

    def can_be_cancelled(self, identity: str) -> bool:
        """Whether it is on its way from here, or is asked for once more and about to be."""
        return self.status(identity) not in OVER and identity not in self._hidden and not self.is_elsewhere(identity)

    def under_way(self) -> list[JobState]:
        """What runs, then what waits or is paused, both in order."""
        shown = [state for state in self.states.values() if state.status not in OVER and state.id not in self._hidden]
        return sorted(shown, key=lambda state: (self.status(state.id) != Status.RUNNING, state.position, state.created))

    def waiting(self) -> list[JobState]:
        """What can be given another place, in order."""
        return [state for state in self.under_way() if self.status(state.id) != Status.RUNNING]

    def past(self) -> list[JobState]:
        """What is over, the latest first."""
        shown = [state for state in self.states.values() if state.status in OVER and state.id not in self._hidden]
        return sorted(shown, key=lambda state: (-(state.ended or state.created), state.id))

    def at_work(self) -> list[str]:
        """The downloads whose processes are to go on."""
        return [identity for identity in self._at_work if identity not in self._wishes and identity not in self._hidden]

    @property
    def busy(self) -> bool:
        """Whether a process that was begun here has not ended yet."""
        return bool(self._at_work)

    # ------------------------------------------------------------ what is heard

    def take(self, states: Iterable[JobState]) -> None:
        """Take over a list that was read from the disk; what was interrupted, or failed of the network, waits for its turn."""
        for state in states:
            if not isinstance(state.task, Download) or state.id in self._gone:
                continue
            if state.id in self.states and not self.is_elsewhere(state.id):
                if state.id not in self._at_work:
                    self.states[state.id] = replace(self.states[state.id], task=state.task)  # it may have moved
                continue
            self.states[state.id] = state
            if state.status == Status.INTERRUPTED or is_away(state):
                self._change(state.id, Status.QUEUED)
        kept = [state.id for state in self.past() if state.status != Status.FAILED]
        for identity in kept[MOST_KEPT:]:
            self._forget(identity)

    def hear(self, state: JobState) -> bool:
        """Take over what was said of a job; whether a process of a download has just ended."""
        identity = state.id
        if not isinstance(state.task, Download) or identity in self._gone:
            return False
        if self._unanswered[identity]:
            self._answered(identity)
            self.states[identity] = state
            if self._wishes.get(identity) == state.status:
                del self._wishes[identity]
            if state.status == Status.CANCELLED:
                self._hidden.pop(identity, None)
            return False
        if state.status == Status.RUNNING:
            self._at_work.add(identity)
        self.states[identity] = state
        if state.status == Status.RUNNING or identity not in self._at_work:
            return False
        self._at_work.discard(identity)
        if state.status == Status.FAILED and state.failure is not None and state.failure.code == Code.OUTPUT_BUSY:
            self.states[identity] = replace(state, status=Status.RUNNING, failure=None)  # another program was quicker: it is at work on it
        self._settle(state)
        return True

    def refuse(self, identity: str, failure: Failure) -> None:
        """A change or a start was refused."""
        if identity not in self.states:
            return
        if self._unanswered[identity]:
            self._answered(identity)
            self._wishes.pop(identity, None)
            self._hidden.pop(identity, None)
        elif identity in self._at_work:
            self._at_work.discard(identity)
            self.states[identity] = replace(self.states[identity], status=Status.FAILED, failure=failure)
        if failure.code == Code.JOB_MISSING:  # another program has it, or took it away
            del self.states[identity]
            self._hidden.pop(identity, None)
            self._doomed.discard(identity)
            self._service.open()
        elif identity in self._doomed:
            self._doomed.discard(identity)
            self._take_away(identity)

    def _answered(self, identity: str) -> None:
        self._unanswered[identity] -= 1
        if not self._unanswered[identity]:
            del self._unanswered[identity]

    def _settle(self, state: JobState) -> None:
        """A process has ended: what the user wanted meanwhile is done now."""
        identity = state.id
        wish = self._wishes.pop(identity, None)
        if identity in self._doomed:
            self._doomed.discard(identity)
            self._take_away(identity)
        elif state.status == Status.PAUSED and wish == Status.QUEUED:
            self._change(identity, Status.QUEUED)
        elif state.status == Status.INTERRUPTED:
            reached = state.progress.done if state.progress is not None else 0.0
            if wish == Status.PAUSED:
                self._change(identity, Status.PAUSED)
            elif wish == Status.QUEUED or reached > self._reached.get(identity, 0.0):  # one that dies without getting on is left
                self._change(identity, Status.QUEUED)
            self._reached[identity] = reached

    # ------------------------------------------------------------ what is wanted

    def begin_due(self, at_a_time: int) -> None:
        """Begin what is due."""
        wanted = [replace(state, status=self._standing(state)) for state in self.states.values() if state.id not in self._hidden]
        for identity in due(wanted, at_a_time):
            if not self._unanswered[identity] and identity not in self._wishes:
                self._at_work.add(identity)
                self.states[identity] = replace(self.states[identity], status=Status.RUNNING, failure=None)
                self._service.resume(identity)

    def _standing(self, state: JobState) -> Status:
        return Status.RUNNING if state.id in self._at_work else self.status(state.id)

    def pause(self, identity: str) -> None:
        """Let it wait for the user."""
        if identity in self._at_work:
            if self._wishes.get(identity) is None:
                self._service.pause(identity)
            self._wishes[identity] = Status.PAUSED
        elif self.status(identity) in (Status.QUEUED, Status.INTERRUPTED) and not self.is_elsewhere(identity):
            self._change(identity, Status.PAUSED)

    def resume(self, identity: str) -> None:
        """Let it wait for its turn; also one that failed or was cancelled."""
        if identity in self._at_work:
            if identity in self._wishes:
                self._wishes[identity] = Status.QUEUED
        elif self.status(identity) not in (Status.QUEUED, Status.FINISHED) and not self.is_elsewhere(identity):
            self._reached.pop(identity, None)
            self._change(identity, Status.QUEUED)

    def try_again(self) -> None:
        """Let those that failed of the network wait for their turn once more."""
        for state in self.past():
            if is_away(state):
                self.resume(state.id)

    def hold_back(self) -> None:
        """End every process and let it wait for its turn."""
        for identity in self.at_work():
            self._service.pause(identity)
            self._wishes[identity] = Status.QUEUED

    def move(self, identity: str, place: int) -> None:
        """Put one that waits at that place among those that wait."""
        others = [state for state in self.waiting() if state.id != identity]
        position = between(others, max(0, min(place, len(others))))
        state = self.states.get(identity)
        if state is None or identity in self._at_work or self.is_elsewhere(identity):
            return
        self.states[identity] = replace(state, position=position)
        self._unanswered[identity] += 1
        self._service.change(identity, position=position)

    def renew(self, identity: str, task: Download) -> None:
        """Fetch the rest of it as this says: from another source, or under another name."""
        if identity in self._at_work or self.is_elsewhere(identity):
            self.resume(identity)
            return
        self._reached.pop(identity, None)
        self._wishes[identity] = Status.QUEUED
        self._unanswered[identity] += 1
        self._service.change(identity, status=Status.QUEUED, task=task)

    def hide(self, identity: str, removal: Removal) -> None:
        """Take it away so that it can be brought back; ``remove`` then deletes what it left ("abandon"), or the entry too ("forget")."""
        self._hidden[identity] = self.status(identity), removal
        if identity in self._at_work:
            self.pause(identity)

    def restore(self, identity: str) -> bool:
        """Bring back what was hidden, as it stood; whether it ran."""
        if identity not in self._hidden or identity not in self.states:
            return False
        before, _ = self._hidden.pop(identity)
        self._doomed.discard(identity)
        if before in (Status.RUNNING, Status.QUEUED):
            self.resume(identity)
        return before == Status.RUNNING

    def make_room(self, identity: str, at_a_time: int) -> None:
        """What was begun in the place of one that is back waits once more, behind it."""
        place = self.states[identity].position
        running = sorted(self.at_work(), key=lambda one: self.states[one].position)
        if len(running) >= at_a_time and self.states[running[-1]].position > place:
            self._service.pause(running[-1])
            self._wishes[running[-1]] = Status.QUEUED

    def remove(self, identity: str) -> None:
        """The way back is gone."""
        if identity not in self._hidden or identity not in self.states:
            return
        if identity in self._at_work:
            self._doomed.add(identity)
        else:
            self._take_away(identity)

    def end(self) -> None:
        """Take away what is hidden, before the service is closed."""
        for identity in [identity for identity in self._hidden if identity in self.states]:
            if identity in self._at_work:
                self._service.cancel(identity)
            self._take_away(identity)

    def _take_away(self, identity: str) -> None:
        if self._hidden[identity][1] == "forget":
            self._forget(identity)
        else:
            self._unanswered[identity] += 1
            self._service.abandon(identity)

    def _forget(self, identity: str) -> None:
        self.states.pop(identity, None)
        self._hidden.pop(identity, None)
        self._gone.add(identity)
        self._service.forget(identity)

    def _change(self, identity: str, status: Status) -> None:
        self._wishes[identity] = status
        self._unanswered[identity] += 1
        self._service.change(identity, status=status)


def is_away(state: JobState) -> bool:
    """Whether it failed of the network or of a server, after waiting for long."""
    return state.status == Status.FAILED and state.failure is not None and state.failure.code in AWAY


def download_of(state: JobState) -> Download:
    """The task of a job that is known to be a download."""
    if not isinstance(state.task, Download):
        raise TypeError(state.id)
    return state.task


def shares(limit: int, speeds: dict[str, float | None], given: dict[str, int]) -> dict[str, int]:
    """A limit divided among downloads: equal parts, but what one cannot use goes to the others. ``given`` is what each has now.

    Bytes a second; 0 is no limit, so every part is at least 1.
    """
    if limit <= 0 or not speeds:
        return dict.fromkeys(speeds, 0)
    left = float(limit)
    parts: dict[str, int] = {}
    modest = {name: speed * 1.5 for name, speed in speeds.items() if speed is not None and speed < 0.7 * given.get(name, 0)}
    for name in sorted(speeds, key=lambda name: modest.get(name, float("inf"))):
        parts[name] = max(1, int(min(left / (len(speeds) - len(parts)), modest.get(name, float("inf")))))
        left -= parts[name]
    return parts


def other_source(task: Download, sources: Collection[Source]) -> Source | None:
    """The next source of the same kind, after the one of a download."""
    same = [source for source in sources if source.enabled and source.kind == task.kind]
    names = [source.name for source in same]
    at = names.index(task.source) + 1 if task.source in names else 0
    return next((source for source in (*same[at:], *same[:at]) if source.name != task.source), None)
