"""Whose turn it is in a queue of jobs. Without Qt, and without a disk: only what is known of them."""

from collections.abc import Iterable

from zhiyin_models.jobs.protocol import JobState, Status


def due(states: Iterable[JobState], at_a_time: int) -> list[str]:
    """The waiting jobs to begin now, in order, so that at most so many run."""
    known = list(states)
    room = max(1, at_a_time) - sum(state.status == Status.RUNNING for state in known)
    waiting = sorted((state for state in known if state.status == Status.QUEUED), key=lambda state: (state.position, state.created))
    return [state.id for state in waiting[: max(0, room)]]


def between(ordered: list[JobState], index: int) -> float:
    """A position for a job that is put before ``ordered[index]`` (at the end: behind all), among the others of its queue."""
    before = ordered[index - 1].position if index > 0 else None
    after = ordered[index].position if index < len(ordered) else None
    if before is None:
        return (after or 0.0) - 1.0
    return before + 1.0 if after is None else (before + after) / 2
