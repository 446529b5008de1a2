"""Which entries of which books a conversation calls up now, and why.

The rules are those of the Character Card V3 specification, with SillyTavern's additions where a book carries them. Nothing is
remembered from one call to the next: what an entry did before is worked out from the messages, and chance comes from the conversation's
number and the number of the reply. The same reply laid out again gets the same lore.
"""

from collections.abc import Callable, Sequence

from zhiyin.prompt.lore.book import Book, Entry, Position
from zhiyin.prompt.lore.calls import Call, Situation
from zhiyin.prompt.lore.values import Activation, Fired, Kind, LoreSettings, Owner, Reason, ScannedMessage
from zhiyin.prompt.macros import MacroValues

__all__ = ["Activation", "Fired", "Kind", "LoreSettings", "Reason", "ScannedMessage", "activate"]


def activate(
    books: Sequence[Book],
    messages: Sequence[ScannedMessage],
    settings: LoreSettings,
    *,
    seed: int,
    turn: int,
    counts: Callable[[str], int],
    values: MacroValues,
    owners: Sequence[Owner] = (),
    greeting: int | None = None,
    replies: int | None = None,
    context_full: bool = False,
) -> Activation:
    """Look the books' keys up in the newest of the messages before the reply (oldest first).

    ``turn`` numbers the reply that is laid out; ``greeting`` is which first message is shown (None = none of them); ``owners`` says it and
    what macros become for each book, instead of ``greeting`` and ``values``, where the books are not all the same's; ``replies`` counts
    the assistant's messages when ``messages`` are not all of them; with ``context_full`` entries that ask for it stay away.
    """
    owners = owners or [Owner(values, values, greeting)] * len(books)
    call = Call(books, messages, settings, seed=seed, turn=turn, owners=owners)
    call.situation = Situation(call.replies if replies is None else replies, context_full)
    call.run()
    return _fit(call, counts)


def _fit(call: Call, counts: Callable[[str], int]) -> Activation:
    """Fill the budgets with what matters most, and put it in the prompt's order; what two books say alike in one place is sent once."""
    fired = [_fired(call, book, number, counts) for book, number in call.fired if call.texts[book, number].strip()]
    left = {side.number: side.book.token_budget for side in call.sides}
    total = call.settings.token_budget
    kept, over = [], []
    said: dict[tuple[str, Position, int], int] = {}
    for one in sorted(fired, key=_importance):
        same = (one.text.strip(), one.position, one.depth)
        if said.get(same, one.book) != one.book:
            continue
        own = left[one.book]
        if not one.entry.ignore_budget:
            if one.tokens > total or (own is not None and one.tokens > own):
                over.append(one)
                continue
            total -= one.tokens
            left[one.book] = None if own is None else own - one.tokens
        said.setdefault(same, one.book)
        kept.append(one)
    slow = {
        (side.number, side.book.entries[number].index)
        for side in call.sides
        if side.clock.slow
        for number in side.index.users_of(side.clock.slow)
    }
    disabled = {one.entry.decorators.disable_ui_prompt for one in kept} - {None}
    return Activation(
        fired=tuple(sorted(kept, key=_place)),
        over_budget=tuple(sorted(over, key=_place)),
        slow=tuple(sorted(slow)),
        disabled=tuple(sorted(str(prompt) for prompt in disabled)),
    )


def _importance(fired: Fired) -> tuple[object, ...]:
    """What is dropped last comes first: what has to be there, what was spoken of, then priority, else order."""
    entry = fired.entry
    always = entry.constant or entry.decorators.activate
    rank = entry.order if entry.priority is None else entry.priority
    return (
        not entry.ignore_budget,
        entry.decorators.ignore_on_max_context,
        not always,
        fired.reason.kind == "recursion",
        -rank,
        fired.book,
        fired.index,
    )


def _place(fired: Fired) -> tuple[float, int, int]:
    return fired.entry.order, fired.book, fired.index


def _fired(call: Call, book: int, number: int, counts: Callable[[str], int]) -> Fired:
    entry = call.sides[book].book.entries[number]
    text = call.texts[book, number]
    position, depth = _target(entry, call.count)
    return Fired(
        book=book,
        index=entry.index,
        entry=entry,
        reason=call.fired[book, number],
        tokens=counts(text),
        text=text,
        position=position,
        depth=depth,
        role=entry.decorators.role or entry.role,
    )


def _target(entry: Entry, messages: int) -> tuple[Position, int]:
    """Where it goes. ``@@reverse_depth`` counts from the first message: in a chat that is a depth as well, whatever the
    specification's copied sentence says."""
    decorators = entry.decorators
    if decorators.position is not None:
        return decorators.position, 0
    if decorators.depth is not None:
        return "in_chat", decorators.depth
    if decorators.reverse_depth is not None:
        return "in_chat", max(0, messages - decorators.reverse_depth)
    return entry.position, entry.depth
