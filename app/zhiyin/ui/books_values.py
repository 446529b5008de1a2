"""What the view of lorebooks shows, as values."""

from dataclasses import dataclass
from typing import Literal

BookAction = Literal["new", "export", "duplicate", "delete"]


@dataclass(frozen=True, slots=True)
class BookItem:
    """A standalone lorebook in the list."""

    ident: int
    name: str
    entries: int
