"""Which stretches of the notebook's text the model wrote: they move with what is edited before them, and go when they are edited."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from zhiyin.ui.notebook_values import Piece, Span, length


class TokenSpans:
    """Spans in order, without overlaps."""

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        self._spans: list[Span] = []
        for span in spans:
            if span.start >= (self._spans[-1].end if self._spans else 0) and span.end > span.start:
                self._spans.append(span)

    def all(self) -> tuple[Span, ...]:
        """Every one of them."""
        return tuple(self._spans)

    def at(self, place: int) -> Span | None:
        """The span that has this place in it."""
        index = bisect_right(self._spans, place, key=_start) - 1
        return self._spans[index] if index >= 0 and place < self._spans[index].end else None

    def between(self, start: int, end: int) -> list[Span]:
        """Those that have something between the two places."""
        first = max(0, bisect_right(self._spans, start, key=_start) - 1)
        return [span for span in self._spans[first : bisect_left(self._spans, end, key=_start)] if span.end > start]

    def edit(self, place: int, removed: int, added: int) -> None:
        """Something was replaced: what was touched is no longer the model's."""
        by = added - removed
        kept = self._spans[: bisect_left(self._spans, place, key=_start)]
        later = self._spans[len(kept) :]
        if kept and kept[-1].end > place:
            kept.pop()
        moved = [Span(one.start + by, one.end + by, one.probability, one.candidates) for one in later if one.start >= place + removed]
        self._spans = kept + moved

    def append(self, place: int, piece: Piece) -> None:
        """The model wrote a piece at the end, which is this place. Without candidates it lengthens the stretch before it."""
        end = place + length(piece.text)
        last = self._spans[-1] if self._spans else None
        if last is not None and last.end == place and last.probability is None and piece.probability is None:
            self._spans[-1] = Span(last.start, end)
        elif end > place:
            self._spans.append(Span(place, end, piece.probability, piece.candidates))


def _start(span: Span) -> int:
    return span.start
