"""Blocks laid out as a flow: nested lists and quotes become leaves, each with its indent, marker, bars and the air above it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from zhiyin.markup.blocks import Block, CodeBlock, Formula, Heading, Inline, Item, ListBlock, Paragraph, Quote, Rule, Table

GUTTER = 28
"""Width that a list's marker takes, in pixels."""
BAR = 18
"""Width that a quote's bar takes."""
ROWS = 8
"""Rows of a table in one piece: a piece is laid out, kept and thrown away as a whole."""
DEEPEST_INDENT = 6
_BULLETS = "•◦▪"


@dataclass(frozen=True, slots=True)
class TableRows:
    """Some rows of a table; the first piece has the header."""

    align: tuple[str, ...]
    header: tuple[Inline, ...]
    rows: tuple[tuple[Inline, ...], ...]
    number: int  # which piece of its table
    last: bool


Leaf = Paragraph | Heading | CodeBlock | Formula | Rule | TableRows


@dataclass(frozen=True, slots=True)
class Piece:
    """A leaf and where it stands: ``indent`` in pixels, ``bars`` the places of quote bars, ``gap`` the air above in pixels."""

    leaf: Leaf
    gap: int
    indent: int = 0
    marker: str = ""
    bars: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    indent: int = 0
    bars: tuple[int, ...] = ()
    depth: int = 0
    tight: bool = False


ItemPieces = dict[int, tuple[Item, list[Piece]]]
"""Pieces of a top-level list's items by number: the items of an open list are the same objects from one moment to the next."""


def flow(block: Block, *, first: bool, kept: ItemPieces | None = None) -> Iterator[Piece]:
    """The pieces of a top-level block; ``first``: nothing stands above; ``kept`` makes a growing list cheap."""
    pieces = _list(block, _Place(), kept) if isinstance(block, ListBlock) else _flow((block,), _Place())
    for piece in pieces:
        yield replace(piece, gap=0) if first else piece
        first = False


def _flow(blocks: Iterable[Block], place: _Place) -> Iterator[Piece]:
    for block in blocks:
        match block:
            case ListBlock():
                yield from _list(block, place)
            case Quote():
                indent = place.indent + BAR if place.depth < DEEPEST_INDENT else place.indent
                bars = (*place.bars, place.indent) if indent > place.indent else place.bars
                yield from _flow(block.blocks, _Place(indent, bars, place.depth + 1))
            case Table():
                yield from _table(block, place)
            case _:
                yield Piece(block, _gap(block, place), place.indent, "", place.bars)


def _gap(leaf: Leaf, place: _Place) -> int:
    match leaf:
        case Paragraph(continued=True):
            return 0
        case Heading(level=level):
            return 28 if level <= 2 else 20
        case Rule():
            return 20
        case CodeBlock() | Formula():
            return 12
        case _:
            return 4 if place.tight else 12


def _list(block: ListBlock, place: _Place, kept: ItemPieces | None = None) -> Iterator[Piece]:
    indent = place.indent + GUTTER if place.depth < DEEPEST_INDENT else place.indent
    inner = _Place(indent, place.bars, place.depth + 1, tight=not block.loose)
    between = 10 if block.loose else 4
    for number, item in enumerate(block.items):
        known = kept.get(number) if kept is not None else None
        if known is None or known[0] is not item or (number and known[1][0].gap != between):
            pieces = list(_item(item, _marker(block, number, item, place.depth), inner))
            pieces[0] = replace(pieces[0], gap=between if number else 4 if place.tight else 10)
            known = item, pieces
            if kept is not None:
                kept[number] = known
        yield from known[1]


def _item(item: Item, marker: str, place: _Place) -> Iterator[Piece]:
    pieces = _flow(item.blocks, place)
    first = next(pieces, None)
    if first is None or first.marker:
        yield Piece(Paragraph(()), 0, place.indent, marker, place.bars)
        if first is not None:
            yield first
    else:
        yield replace(first, marker=marker)
    yield from pieces


def _marker(block: ListBlock, number: int, item: Item, depth: int) -> str:
    if item.checked is not None:
        return "☑" if item.checked else "☐"
    return _BULLETS[min(depth, len(_BULLETS) - 1)] if block.start is None else f"{block.start + number}."


def _table(block: Table, place: _Place) -> Iterator[Piece]:
    count = max(1, -(-len(block.rows) // ROWS))
    for number in range(count):
        rows = TableRows(block.align, block.header, block.rows[number * ROWS : (number + 1) * ROWS], number, number == count - 1)
        yield Piece(rows, 12 if number == 0 else 0, place.indent, "", place.bars)
