"""The last fit: which messages go so that the rendered prompt leaves room for a reply.

Template overhead is not additive, so the exact count is always that of the whole rendered text; the counts of single messages only
choose what goes. When something must go, more goes than needed (down to three quarters of the limit), and what went stays away on the
following turns: otherwise every turn would shift the whole prompt, and no prefix of it would stay in the KV cache.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from zhiyin_models.engine.protocol import FitReport, Message
from zhiyin_models.errors import Code, ModelError

RELAXED = 0.75  # of the limit: how far dropping goes once it must begin
LEAST_REPLY = 64  # tokens kept free when a single message fills the context
TEMPLATE = "template"
HISTORY = "history"  # the section of turns; examples and lore that go are no turns

T = TypeVar("T")
Identity = tuple[tuple[int | str, int], ...]  # (key, or index where it has none; hash) of messages left out


@dataclass(frozen=True)
class Prompt(Generic[T]):
    """A prompt that fits. ``plan`` is what ``measure`` gave for it; ``dropped`` is to be handed back on the session's next request."""

    text: str
    plan: T
    report: FitReport
    dropped: Identity
    newly_dropped: bool


def reserve(max_tokens: int, context: int) -> int:
    """Tokens kept free for the reply: what was asked for, at most a quarter of the context."""
    quarter = max(1, context // 4)
    return min(max_tokens or quarter, quarter)


def fit(
    messages: Sequence[Message],
    *,
    context: int,
    max_tokens: int,
    render: Callable[[Sequence[Message]], str],
    measure: Callable[[str], tuple[T, int]],
    count: Callable[[str], int],
    dropped: Identity = (),
) -> Prompt[T]:
    """Render the messages, leaving out groups in their order until the prompt fits.

    ``measure`` gives the tokens of a rendered text (and anything to keep about it), ``count`` those of one message's content.
    The group of the last message is never dropped. Raises MESSAGE_TOO_LONG with what cannot be made to fit.
    """
    limit = max(1, context - reserve(max_tokens, context))
    groups = _groups(messages)
    gone = _still_gone(messages, dropped, groups)
    text = render(_without(messages, gone))
    plan, total = measure(text)
    if gone and total <= limit:
        whole = total + sum(count(messages[index].content) for index in gone)
        if whole <= limit * RELAXED:  # a larger context, or shorter messages: everything is back
            gone = set()
            text = render(messages)
            plan, total = measure(text)
    before = set(gone)
    left = [group for group in groups if not gone.issuperset(group)]
    target = limit * RELAXED
    while total > limit and left:
        estimate = total
        while left and estimate > target:
            group = left.pop(0)
            gone.update(group)
            estimate -= sum(count(messages[index].content) for index in group)
        text = render(_without(messages, gone))
        plan, total = measure(text)
    if total > limit:
        limit = max(limit, context - min(max_tokens or LEAST_REPLY, LEAST_REPLY, max(1, context // 8)))
        if total > limit:
            raise ModelError(Code.MESSAGE_TOO_LONG, tokens=total, limit=limit, over=total - limit)
    report = FitReport(
        prompt_tokens=total,
        limit=limit,
        context=context,
        sections=_sections(messages, gone, total, count),
        dropped=tuple(sorted(gone)),
        dropped_turns=sum(gone.issuperset(group) and messages[group[0]].section == HISTORY for group in groups),
    )
    return Prompt(text, plan, report, _identity(messages, gone), newly_dropped=bool(gone - before))


def _groups(messages: Sequence[Message]) -> list[tuple[int, ...]]:
    """Indices of messages that go together, in the order of going."""
    by_order: dict[int, list[int]] = {}
    for index, message in enumerate(messages):
        if message.drop is not None:
            by_order.setdefault(message.drop, []).append(index)
    last = len(messages) - 1
    return [tuple(group) for _, group in sorted(by_order.items()) if last not in group]


def _without(messages: Sequence[Message], gone: set[int]) -> list[Message]:
    return [message for index, message in enumerate(messages) if index not in gone]


def _named(messages: Sequence[Message], index: int) -> tuple[int | str, int]:
    return messages[index].key or index, hash((messages[index].role, messages[index].content))


def _identity(messages: Sequence[Message], gone: set[int]) -> Identity:
    return tuple(_named(messages, index) for index in sorted(gone))


def _still_gone(messages: Sequence[Message], dropped: Identity, groups: Sequence[tuple[int, ...]]) -> set[int]:
    """What was left out last time and still forms whole groups: messages with a key wherever they are, all others only where they were."""

    def whole(gone: set[int]) -> set[int]:
        return {index for group in groups if gone.issuperset(group) for index in group}

    names = set(dropped)
    keyed = {index for index, message in enumerate(messages) if message.key and _named(messages, index) in names} if names else set()
    places = tuple((place, content) for place, content in dropped if isinstance(place, int))
    placed = {place for place, _ in places if place < len(messages) and not messages[place].key}
    gone = whole(keyed | placed)
    return gone if _identity(messages, placed) == places and gone.issuperset(placed) else whole(keyed)


def _sections(messages: Sequence[Message], gone: set[int], total: int, count: Callable[[str], int]) -> dict[str, int]:
    sections: dict[str, int] = {}
    for index, message in enumerate(messages):
        if index not in gone:
            sections[message.section] = sections.get(message.section, 0) + count(message.content)
    sections[TEMPLATE] = max(0, total - sum(sections.values()))
    return sections
