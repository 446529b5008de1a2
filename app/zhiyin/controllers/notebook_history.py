"""The steps of the notebook: each continuation and each edit between two; and the form in which they are kept."""

from dataclasses import dataclass
from itertools import pairwise

import msgspec

from zhiyin.ui.notebook_values import MOST_TEXT, NotebookOptions, NotebookText, Span

MOST_STEPS = 50
MOST_KEPT = 1_000_000  # bytes


class Change(msgspec.Struct, frozen=True, array_like=True):
    """How one text becomes another: characters that stay at both ends, and what stands between them then."""

    head: int
    tail: int
    middle: str

    @classmethod
    def between(cls, before: str, after: str) -> "Change":
        """The shortest there is."""
        most = min(len(before), len(after))
        head = _common(before, after, most)
        tail = _common(before[::-1], after[::-1], most - head)
        return cls(head, tail, after[head : len(after) - tail])

    def of(self, text: str) -> str:
        """What the text becomes. Raises ValueError for one that is too short."""
        if self.head < 0 or self.tail < 0 or self.head + self.tail > len(text):
            raise ValueError("another text")
        return text[: self.head] + self.middle + text[len(text) - self.tail :]


class Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is kept: the text, and the steps before and after it as changes, the nearest first."""

    now: NotebookText = NotebookText()
    before: tuple[Change, ...] = ()
    after: tuple[Change, ...] = ()
    options: NotebookOptions = NotebookOptions()


@dataclass(frozen=True)
class Step:
    """A text, and how one comes to it from the step before, and back."""

    text: NotebookText
    forth: Change | None = None
    back: Change | None = None


class History:
    """At most ``MOST_STEPS`` texts, one of them the present one."""

    def __init__(self, text: NotebookText | None = None) -> None:
        self._steps = [Step(text or NotebookText())]
        self._place = 0

    @property
    def now(self) -> NotebookText:
        """The present text."""
        return self._steps[self._place].text

    @property
    def can_undo(self) -> bool:
        """Whether there is a step before."""
        return self._place > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is a step after."""
        return self._place < len(self._steps) - 1

    def commit(self, text: NotebookText) -> None:
        """A step is done; what was undone is gone. The same text is no step, but may be another's work."""
        if text.text == self.now.text:
            step = self._steps[self._place]
            self._steps[self._place] = Step(text, step.forth, step.back)
            return
        del self._steps[self._place + 1 :]
        self._steps.append(_step(self.now, text))
        del self._steps[:-MOST_STEPS]
        self._place = len(self._steps) - 1

    def undo(self) -> NotebookText:
        """The step before, if there is one."""
        self._place = max(0, self._place - 1)
        return self.now

    def redo(self) -> NotebookText:
        """The step after, if there is one."""
        self._place = min(len(self._steps) - 1, self._place + 1)
        return self.now

    # ------------------------------------------------------------ kept

    def encode(self, now: NotebookText, options: NotebookOptions) -> str:
        """As JSON of at most ``MOST_KEPT`` bytes: ``now`` may be ahead of the present step.

        What has no room is left out, first the farthest steps, then what tokens might have been, then whose words they are.
        """
        back = [step.back for step in self._steps[self._place : 0 : -1] if step.back is not None]
        forth = [step.forth for step in self._steps[self._place + 1 :] if step.forth is not None]
        if now.text != self.now.text:
            back = [Change.between(now.text, self.now.text), *back]
            forth = []
        bare = NotebookText(now.text, tuple(Span(span.start, span.end, span.probability) for span in now.spans))
        for shown in (now, bare, NotebookText(now.text)):
            room = MOST_KEPT - len(msgspec.json.encode(Kept(shown, (), (), options)))
            if room > 0:
                now = shown
                break
        else:
            now, room = NotebookText(now.text), 0
        kept_back, room = _fitting(back, room)
        kept_forth, _ = _fitting(forth, room)
        return msgspec.json.encode(Kept(now, kept_back, kept_forth, options)).decode()

    @classmethod
    def decode(cls, value: object) -> "tuple[History, NotebookOptions]":
        """As ``encode`` gave it; anything else is an empty notebook."""
        if not isinstance(value, str) or len(value) > 4 * MOST_KEPT:
            return cls(), NotebookOptions()
        try:
            kept = msgspec.json.decode(value, type=Kept)
            if len(kept.now.text) > 2 * MOST_TEXT:
                return cls(), NotebookOptions()
            before, after = _walked(kept.now.text, kept.before), _walked(kept.now.text, kept.after)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return cls(), NotebookOptions()
        texts = [*map(NotebookText, reversed(before)), kept.now, *map(NotebookText, after)]
        history = cls(texts[0])
        for one, other in pairwise(texts):
            history._steps.append(_step(one, other))
        history._place = len(before)
        return history, kept.options


def _step(before: NotebookText, after: NotebookText) -> Step:
    return Step(after, Change.between(before.text, after.text), Change.between(after.text, before.text))


def _fitting(changes: list[Change], room: int) -> tuple[tuple[Change, ...], int]:
    """As many as have room, the nearest first; and the room left."""
    kept = []
    for change in changes:
        room -= len(msgspec.json.encode(change)) + 1
        if room < 0:
            break
        kept.append(change)
    return tuple(kept), max(0, room)


def _walked(text: str, changes: tuple[Change, ...]) -> list[str]:
    texts = []
    for change in changes[:MOST_STEPS]:
        text = change.of(text)
        texts.append(text)
    return texts


def _common(one: str, other: str, most: int) -> int:
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
