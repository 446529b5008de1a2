"""What a message is made of: typed blocks and inline spans, frozen, without any trace of the syntax they came from."""

from msgspec import Struct

BOLD = 1
ITALIC = 2
CODE = 4
STRIKE = 8
MATH = 16
BREAK = "\n"
"""A line break inside a paragraph is a newline in a span's text."""


class Span(Struct, frozen=True, gc=False):
    """A run of text of one look: ``marks`` is a sum of the constants above, ``link`` an http, https or mailto address."""

    text: str
    marks: int = 0
    link: str = ""


Inline = tuple[Span, ...]


class Paragraph(Struct, frozen=True, tag=True, gc=False):
    """Running text. ``continued``: a slice of a very long paragraph that goes on from the block before, without a gap."""

    spans: Inline
    continued: bool = False


class Heading(Struct, frozen=True, tag=True, gc=False):
    """A heading of level 1 to 6."""

    level: int
    spans: Inline


class CodeBlock(Struct, frozen=True, tag=True, gc=False):
    """Literal code without the newline at its end; ``language`` is the first word after the fence, as written."""

    language: str
    text: str


class Item(Struct, frozen=True, gc=False):
    """One item of a list; ``checked`` is None where it is no task."""

    blocks: "tuple[Block, ...]"
    checked: bool | None = None


class ListBlock(Struct, frozen=True, tag=True, gc=False):
    """A list; ``start`` is the first number of an ordered one, None for bullets. A loose list has air between its items."""

    items: tuple[Item, ...]
    start: int | None = None
    loose: bool = False


class Quote(Struct, frozen=True, tag=True, gc=False):
    """A block quotation."""

    blocks: "tuple[Block, ...]"


class Table(Struct, frozen=True, tag=True, gc=False):
    """A table; ``align`` holds "left", "right", "center" or "" per column; rows may have fewer cells than columns."""

    align: tuple[str, ...]
    header: tuple[Inline, ...]
    rows: tuple[tuple[Inline, ...], ...]


class Rule(Struct, frozen=True, tag=True, gc=False):
    """A thematic break."""


class Formula(Struct, frozen=True, tag=True, gc=False):
    """A display formula as TeX source, without its delimiters."""

    text: str


Block = Paragraph | Heading | CodeBlock | ListBlock | Quote | Table | Rule | Formula


def plain_text(blocks: tuple[Block, ...] | list[Block]) -> str:
    """The text of blocks without markup: one line a paragraph or row, a blank line between blocks."""
    return "\n\n".join(part for part in (_block_text(block) for block in blocks) if part)


def _block_text(block: Block) -> str:
    match block:
        case Paragraph(spans=spans) | Heading(spans=spans):
            return span_text(spans)
        case CodeBlock(text=text) | Formula(text=text):
            return text
        case ListBlock():
            return "\n".join(_item_text(block, number) for number in range(len(block.items)))
        case Quote():
            return plain_text(block.blocks)
        case Table():
            return "\n".join("\t".join(span_text(cell) for cell in row) for row in (block.header, *block.rows))
        case Rule():
            return "———"


def _item_text(block: ListBlock, number: int) -> str:
    item = block.items[number]
    marker = "• " if block.start is None else f"{block.start + number}. "
    if item.checked is not None:
        marker = "☑ " if item.checked else "☐ "
    return marker + plain_text(item.blocks).replace("\n\n", "\n").replace("\n", "\n  ")


def span_text(spans: Inline) -> str:
    """The text of spans, line breaks included."""
    return "".join(span.text for span in spans)
