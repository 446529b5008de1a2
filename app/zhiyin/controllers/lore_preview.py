"""What a text would call up from a lorebook: the text cut into turns, and the outcome as the editor shows it; not for the GUI thread."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from zhiyin.prompt.lore.activation import Activation, Fired, LoreSettings, ScannedMessage, activate
from zhiyin.prompt.lore.book import Book
from zhiyin.prompt.macros import MacroValues
from zhiyin.ui.lore_values import FiredEntry, LorePreview, Why

MOST_TURNS = 200
MOST_MATCHES = 200
LONGEST_TURN = 4_000  # characters of a turn of the open conversation
LONGEST_TEXT = 12_000
BUDGET = 2_048  # tokens, where neither the book nor a conversation says
_TURN = re.compile(r"[^\n](?:[^\n]|\n(?!\s*\n))*")
_SPEAKER = re.compile(r"\s*([^\n:：]{1,60})[:：]\s?")


@dataclass(frozen=True, slots=True)
class Trial:
    """What is tried: a book with the editor's idents beside its entries, a text, and who speaks in it."""

    book: Book
    idents: tuple[int, ...]
    text: str
    roles: dict[str, str]  # by the names that stand before turns
    values: MacroValues
    turn: int = 0  # chance differs from turn to turn


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn of the text and where it begins."""

    role: str
    name: str
    text: str
    begin: int


def recent_text(turns: Sequence[tuple[str, str, str]]) -> str:
    """The last turns (role, name, text) as a text to try: an empty line between them, none in them."""
    blocks: list[str] = []
    room = LONGEST_TEXT
    for _role, name, text in reversed(turns[-MOST_TURNS:]):
        words = re.sub(r"\n\s*\n+", "\n", text.strip()[-LONGEST_TURN:])
        block = f"{name}：{words}" if name else words
        room -= len(block)
        if room < 0 and blocks:
            break
        if words:
            blocks.append(block)
    return "\n\n".join(reversed(blocks))


def turns_of(text: str, roles: dict[str, str]) -> list[Turn]:
    """The turns of a text, the oldest first; without a known name before them the user and the persona take turns, the user last."""
    found: list[Turn] = []
    for block in _TURN.finditer(text):
        if not block.group().strip():
            continue
        speaker = _SPEAKER.match(text, block.start(), block.end())
        name = speaker[1].strip() if speaker is not None else ""
        if speaker is not None and name in roles:
            found.append(Turn(roles[name], name, text[speaker.end() : block.end()], speaker.end()))
        else:
            found.append(Turn("", "", block.group(), block.start()))
    found = found[-MOST_TURNS:]
    last = len(found) - 1
    return [
        turn if turn.role else Turn("user" if (last - place) % 2 == 0 else "assistant", "", turn.text, turn.begin)
        for place, turn in enumerate(found)
    ]


def preview(trial: Trial, counts: Callable[[str], int]) -> LorePreview:
    """What the text would call up, in the order of insertion, then what found no room or no luck."""
    turns = turns_of(trial.text, trial.roles)
    messages = [ScannedMessage(role=turn.role, name=turn.name, text=turn.text) for turn in turns]
    settings = LoreSettings(token_budget=BUDGET)
    budget = trial.book.token_budget if trial.book.token_budget is not None else BUDGET

    def run(book: Book) -> Activation:
        return activate([book], messages, settings, seed=1, turn=trial.turn, counts=counts, values=trial.values)

    outcome = run(trial.book)
    slow = set(outcome.slow)
    if slow:  # a busy computer makes any pattern slow once
        outcome = run(trial.book)
        slow &= set(outcome.slow)
    ident_of = {entry.index: ident for entry, ident in zip(trial.book.entries, trial.idents, strict=True)}
    lucky = {fired.index for fired in (*outcome.fired, *outcome.over_budget)}
    shown = [_fired(fired, ident_of, over_budget=False) for fired in outcome.fired]
    shown += [_fired(fired, ident_of, over_budget=True) for fired in outcome.over_budget]
    if any(entry.probability < 100 and entry.index not in lucky for entry in trial.book.entries):
        again = run(_certain(trial.book))
        chances = {entry.index: entry.probability for entry in trial.book.entries}
        unlucky = [fired for fired in (*again.fired, *again.over_budget) if fired.index not in lucky and chances[fired.index] < 100]
        shown += [_fired(fired, ident_of, chance=round(chances[fired.index])) for fired in unlucky]
    titles = {entry.index: entry.title for entry in trial.book.entries}
    return LorePreview(
        entries=tuple(shown),
        tokens=sum(fired.tokens for fired in outcome.fired),
        budget=budget,
        slow=tuple((ident_of[entry], titles[entry]) for _book, entry in sorted(slow) if entry in ident_of),
        matches=_matches(turns, [*outcome.fired, *outcome.over_budget]),
    )


def _certain(book: Book) -> Book:
    """The book where chance always says yes, kept with it together with what is prepared for finding its keys."""
    kept: Book | None = book.__dict__.get("certain")
    if kept is None:
        entries = (msgspec.structs.replace(entry, probability=100.0) if entry.probability < 100 else entry for entry in book.entries)
        kept = book.__dict__["certain"] = msgspec.structs.replace(book, entries=tuple(entries))
    return kept


def _fired(fired: Fired, ident_of: dict[int, int], *, over_budget: bool = False, chance: int | None = None) -> FiredEntry:
    reason = fired.reason
    kind: Why = reason.kind
    return FiredEntry(
        ident=ident_of.get(fired.index, 0),
        label=fired.entry.title or " ".join(fired.entry.content[:60].split()),
        why=kind,
        key=reason.key,
        turn=reason.message + 1 if reason.message is not None and reason.message >= 0 else 0,
        tokens=fired.tokens,
        over_budget=over_budget,
        probability=round(fired.entry.probability) if chance is None else chance,
        unlucky=chance is not None,
    )


def _matches(turns: Sequence[Turn], fired: Sequence[Fired]) -> tuple[tuple[int, int], ...]:
    """Where the keys are that were found, as many as can be seen."""
    spans: set[tuple[int, int]] = set()
    for each in fired:
        place, key = each.reason.message, each.reason.key
        if each.reason.kind != "key" or not key or place is None or not 0 <= place < len(turns):
            continue
        turn = turns[place]
        for found in re.finditer(re.escape(key), turn.text, re.IGNORECASE):
            spans.add((turn.begin + found.start(), turn.begin + found.end()))
            if len(spans) >= MOST_MATCHES:
                return tuple(sorted(spans))
    return tuple(sorted(spans))
