"""From stored turns to what the transcript shows: names, captions, sentences."""

from collections.abc import Callable, Iterable, Mapping

from PySide6.QtCore import QCoreApplication, QLocale

from zhiyin.controllers.cast import Look
from zhiyin.controllers.replies import ReplyJob
from zhiyin.errors import describe
from zhiyin.store.records import Status, Turn
from zhiyin.ui.transcript.turn import Role, State, TurnView
from zhiyin_models.errors import Code

STATES: Mapping[Status, State] = {
    Status.COMPLETE: "complete",
    Status.GROWING: "growing",
    Status.QUEUED: "queued",
    Status.STOPPED: "stopped",
    Status.INTERRUPTED: "interrupted",
    Status.FAILED: "failed",
}
ROLES: Mapping[str, Role] = {"user": "user", "assistant": "assistant", "system": "summary"}
RELOAD = "reload"
CHOOSE_MODEL = "choose_model"
SETTINGS = "settings"
CONTINUE = "continue"
RELOADABLE = frozenset({"engine.died", "engine.silent", "engine.decode_failed", "engine.failed", "model.none_loaded"})


def persona_name() -> str:
    """Who answers where no persona was chosen."""
    return QCoreApplication.translate("Presentation", "Zhiyin")


PERSONA_SEAL = "知"


def seconds_text(seconds: float) -> str:
    """Seconds as a caption shows them."""
    return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"


def caption(turn: Turn) -> str:
    """The quiet line under a finished reply: its speed and how long the first token took."""
    stats = turn.stats
    if stats is None or not stats.generated_tokens:
        return ""
    parts = [
        QCoreApplication.translate("Presentation", "{speed} tok/s").format(speed=QLocale().toString(stats.tokens_per_second, "f", 1)),
        seconds_text(stats.first_token_seconds),
    ]
    if turn.model:
        parts.append(turn.model)
    return " · ".join(parts)


def progress(job: ReplyJob) -> str:
    """What a reply without words is waiting for."""
    if job.state == "queued":
        return QCoreApplication.translate("Presentation", "Waiting for another reply")
    if job.state == "loading":
        return QCoreApplication.translate("Presentation", "Loading the model")
    if job.state == "prefill" and job.prefill_total:
        percent = 100 * job.prefill_done // job.prefill_total
        return QCoreApplication.translate("Presentation", "Reading the conversation: {percent} %").format(percent=percent)
    return ""


CUT = ("length", "context_full")


def cut_sentence(reason: str) -> str:
    """Why a reply ends before its end."""
    if reason == "length":
        return QCoreApplication.translate("Presentation", "Cut: the reply reached its greatest length.")
    return QCoreApplication.translate("Presentation", "Cut: the context is full.")


def turn_view(turn: Turn, *, job: ReplyJob | None = None, memory_start: int | None = None, look: Look | None = None) -> TurnView:
    """What the transcript shows of a turn; a running job knows more of its reply than the store does. ``look`` is the speaker's."""
    name, look = speaker_name(turn, look), look or Look()
    siblings = turn.sibling_ids or (turn.id,)
    status, text, line = turn.status, turn.text, caption(turn)
    if job is not None:
        text, line = job.text, progress(job)
        status = Status.QUEUED if job.state in ("queued", "loading") else Status.GROWING
    error, actions = "", frozenset[str]()
    if turn.failure is not None and job is None:
        error = describe(turn.failure.code, turn.failure.args)
        if turn.failure.code in RELOADABLE:
            actions = frozenset({RELOAD})
        elif turn.failure.code == Code.MESSAGE_TOO_LONG:
            actions = frozenset({SETTINGS})
        elif turn.failure.code.startswith("model."):
            actions = frozenset({CHOOSE_MODEL})
    elif turn.reason in CUT and job is None:
        error, actions = cut_sentence(turn.reason), frozenset({CONTINUE})
    return TurnView(
        id=turn.id,
        role=ROLES.get(turn.role, "assistant"),
        name=name,
        seal=seal_of(turn, look),
        text=text,
        state=STATES[status],
        alternative=(siblings.index(turn.id) + 1 if turn.id in siblings else 1, len(siblings)),
        caption=line,
        error=error,
        actions=actions,
        memory_starts_here=memory_start == turn.id,
        color=look.color,
        picture=look.picture,
        thumb=turn.thumb,
        rank=turn.rank,
        renewable=turn.parent is not None,
        rateable=turn.role == "assistant" and job is None and bool(turn.text),
        has_sent=turn.role == "assistant" and job is None and turn.stats is not None,
        remark=turn.remark,
    )


def turn_views(
    turns: Iterable[Turn], jobs: dict[int, ReplyJob], memory_start: int | None, look: Callable[[Turn], Look | None]
) -> list[TurnView]:
    """What the transcript shows of a path."""
    return [turn_view(turn, job=jobs.get(turn.id), memory_start=memory_start, look=look(turn)) for turn in turns]


def speaker_name(turn: Turn, look: Look | None) -> str:
    """Who said it."""
    if turn.role == "user":
        return turn.speaker or QCoreApplication.translate("Presentation", "You")
    if turn.role == "system":
        return QCoreApplication.translate("Presentation", "Summary of earlier turns")
    if turn.persona is None:
        return persona_name()
    return (look.name if look is not None else "") or turn.speaker or persona_name()


def seal_of(turn: Turn, look: Look) -> str:
    """The one character beside the name."""
    if turn.role != "assistant":
        return ""
    if turn.persona is None:
        return PERSONA_SEAL
    return look.seal or (look.name or turn.speaker or PERSONA_SEAL)[:1]
