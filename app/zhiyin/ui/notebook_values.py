"""What the notebook's page shows and asks for, as values.

Places in the text count UTF-16 units, as Qt's documents do. The text is as it stands in the editor, where very long lines are broken
for display (``long_lines``).
"""

from dataclasses import dataclass, field
from typing import Literal

from msgspec import Struct

from zhiyin_models.engine.protocol import Sampling

Method = Literal["sampling", "greedy", "beams"]
MOST_TEXT = 300_000  # characters
MOST_BEAMS = 8


class Candidate(Struct, frozen=True, array_like=True):
    """A token that could have come, and how likely it was."""

    text: str
    probability: float


class Span(Struct, frozen=True, array_like=True):
    """A stretch that the model wrote, one token where its candidates are known; a token of no length is not kept."""

    start: int
    end: int
    probability: float | None = None
    candidates: tuple[Candidate, ...] = ()


class NotebookText(Struct, frozen=True, omit_defaults=True):
    """The text and what of it the model wrote, in order and without overlaps."""

    text: str = ""
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """What the model wrote next."""

    text: str
    probability: float | None = None
    candidates: tuple[Candidate, ...] = ()


class NotebookOptions(Struct, frozen=True, omit_defaults=True):
    """How the text is continued."""

    method: Method = "sampling"
    beams: int = 4
    results: int = 1
    max_tokens: int = 64
    max_total: int = 0  # 0 = the context
    sampling: Sampling = Sampling()
    stop: tuple[str, ...] = ()
    probabilities: bool = True


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several continuations; ``score`` is the mean log probability of its tokens, where that is known."""

    text: str
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """What the page says of its work."""

    state: Literal["idle", "waiting", "loading", "reading", "writing", "searching"] = "idle"
    model: str = ""  # that is being loaded
    fraction: float = 0.0  # of what is being loaded or read
    tokens: int | None = None  # of the text
    limit: int = 0  # most tokens that the text may have; 0 = not known
    speed: float = 0.0  # tokens a second, of the last continuation
    choices: tuple[Choice, ...] = field(default=())
    chosen: int = 0
    undo: bool = False
    redo: bool = False


def length(text: str) -> int:
    """UTF-16 units."""
    return len(text) + sum(character > "\uffff" for character in text)


def with_piece(before: NotebookText, piece: Piece) -> NotebookText:
    """The text with a piece behind it."""
    start = length(before.text)
    span = Span(start, start + length(piece.text), piece.probability, piece.candidates)
    return NotebookText(before.text + piece.text, (*before.spans, span) if piece.text else before.spans)


def cut(before: NotebookText, place: int) -> NotebookText:
    """The text up to a place, without the spans that reach over it."""
    head = before.text.encode("utf-16-le", "surrogatepass")[: 2 * place].decode("utf-16-le", "replace")
    return NotebookText(head, tuple(span for span in before.spans if span.end <= place))
