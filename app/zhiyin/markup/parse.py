"""Markdown to typed blocks, whole: CommonMark with tables, strikethrough, task lists and formulas.

What a model writes is untrusted: HTML is text, images are links, links lead to http, https and mailto only, and hostile input costs
bounded time. Link reference definitions are off: they would let a last line change blocks far above it. A newline is a line break,
as in every chat; verse needs it.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from zhiyin.markup.blocks import Block, CodeBlock, Formula, Heading, Item, ListBlock, Paragraph, Quote, Rule, Span, Table
from zhiyin.markup.emphasis import use_cjk_emphasis
from zhiyin.markup.math_rules import use_formulas
from zhiyin.markup.spans import build_spans, normalize, slices

INLINE_LIMIT = 8_000
"""A paragraph of more characters than this is shown as plain text: inline rules are quadratic at worst."""
DEEPEST = 14
"""Levels of nesting, two for each list and one for each quote; what is deeper is shown as text."""
LONGEST_PARAGRAPH = 200
"""Lines of a paragraph; a longer one is cut, so that a block that never ends costs bounded time."""
WIDEST_TABLE = 64
"""Columns; a wider table is shown as text."""
_SAFE = re.compile(r"(?:https?://|mailto:)[^\s]", re.IGNORECASE)
_TASK = re.compile(r"\[([ xX])\]\s")


class Parsed(NamedTuple):
    """A top-level block and the lines [first, last) it came from; ``items`` are the first lines of a list's items."""

    block: Block
    first: int
    last: int
    items: tuple[int, ...] = ()
    more: tuple[Block, ...] = ()  # the other slices of a very long paragraph


def parse(text: str) -> tuple[Block, ...]:
    """The blocks of a whole text."""
    return tuple(block for parsed in parse_lines(normalize(text)) for block in (parsed.block, *parsed.more))


def parse_lines(text: str) -> list[Parsed]:
    """The top-level blocks of a normalized text with their lines."""
    tokens = _parser().parse(text)
    found: list[Parsed] = []
    index = 0
    while index < len(tokens):
        end = _closing(tokens, index)
        first, last = tokens[index].map or (0, 0)
        blocks = _blocks(tokens, index, end)
        if blocks:
            items = _item_lines(tokens, index, end) if isinstance(blocks[0], ListBlock) else ()
            found.append(Parsed(blocks[0], first, last, items, tuple(blocks[1:])))
        index = end
    return found


@cache
def _parser() -> MarkdownIt:
    md = MarkdownIt("commonmark", {"html": False, "breaks": True})
    md.enable(["table", "strikethrough"])
    md.disable(["reference", "html_block", "html_inline", "text_join"])
    use_cjk_emphasis(md)
    use_formulas(md)
    md.block.ruler.before("table", "too_deep", _too_deep)
    md.block.ruler.at("table", _bounded_table, {"alt": ["paragraph", "reference"]})
    md.block.ruler.before("paragraph", "endless", _endless, {"alt": ["paragraph"]})
    md.core.ruler.at("inline", _bounded_inline)
    md.validateLink = _is_safe  # type: ignore[method-assign]  # markdown-it's documented way to restrict links
    return md


def _is_safe(url: str) -> bool:
    return _SAFE.match(url) is not None


def _bounded_inline(state: StateCore) -> None:
    for token in state.tokens:
        if token.type == "inline":
            token.children = []
            if len(token.content) <= INLINE_LIMIT:
                state.md.inline.parse(token.content, state.md, state.env, token.children)
            else:
                token.children.append(Token("text", "", 0, content=token.content))


def _too_deep(state: StateBlock, first: int, last: int, silent: bool) -> bool:  # noqa: FBT001 - markdown-it's signature
    """Keep as text what markdown-it would leave out for being nested too deeply."""
    if silent or state.level < DEEPEST:
        return False
    content = state.getLines(first, last, state.blkIndent, False).strip()
    state.line = last
    for kind, nesting in (("paragraph_open", 1), ("text_only", 0), ("paragraph_close", -1)):
        token = state.push(kind, "p", nesting)  # type: ignore[arg-type]  # 1, 0 or -1 as the literals say
        token.map, token.content = [first, last], content
        token.children = [Token("text", "", 0, content=content)]
    return True


def _bounded_table(state: StateBlock, first: int, last: int, silent: bool) -> bool:  # noqa: FBT001 - markdown-it's signature
    if first + 1 >= last or state.src.count("|", state.bMarks[first + 1], state.eMarks[first + 1]) > WIDEST_TABLE:
        return False
    return table(state, first, last, silent)


def _endless(state: StateBlock, line: int, last: int, silent: bool) -> bool:  # noqa: FBT001, ARG001 - markdown-it's signature
    """End a paragraph that has gone on for too many lines; ``state.line`` is still its first."""
    return silent and line - state.line >= LONGEST_PARAGRAPH


def _closing(tokens: Sequence[Token], index: int) -> int:
    """Behind the token that closes the one at the index."""
    depth = 0
    while index < len(tokens):
        depth += tokens[index].nesting
        index += 1
        if depth == 0:
            break
    return index


def _item_lines(tokens: Sequence[Token], index: int, end: int) -> tuple[int, ...]:
    level = tokens[index].level + 1
    return tuple(
        token.map[0] for token in tokens[index:end] if token.type == "list_item_open" and token.level == level and token.map is not None
    )


def _blocks(tokens: Sequence[Token], index: int, end: int) -> list[Block]:
    """The blocks of tokens [index, end), children inside their parents."""
    found: list[Block] = []
    while index < end:
        token, after = tokens[index], _closing(tokens, index)
        match token.type:
            case "paragraph_open":
                spans = build_spans(tokens[index + 1].children or [])
                found.extend(Paragraph(piece, continued=number > 0) for number, piece in enumerate(slices(spans)))
            case "heading_open":
                found.append(Heading(int(token.tag[1]), build_spans(tokens[index + 1].children or [])))
            case "fence":
                found.append(CodeBlock((token.info.split() or [""])[0], token.content.removesuffix("\n")))
            case "code_block":
                found.append(CodeBlock("", token.content.removesuffix("\n")))
            case "bullet_list_open" | "ordered_list_open":
                found.append(_list(tokens, index, after))
            case "blockquote_open":
                found.append(Quote(tuple(_blocks(tokens, index + 1, after - 1))))
            case "table_open":
                found.append(_table(tokens, index, after))
            case "hr":
                found.append(Rule())
            case "math_block":
                found.append(Formula(token.content))
        index = after
    return found


def _list(tokens: Sequence[Token], index: int, end: int) -> ListBlock:
    opening = tokens[index]
    start = int(opening.attrGet("start") or 1) if opening.type == "ordered_list_open" else None
    items: list[Item] = []
    loose = False
    index += 1
    while index < end - 1:
        after = _closing(tokens, index)
        level = tokens[index].level + 1
        loose = loose or any(t.type == "paragraph_open" and t.level == level and not t.hidden for t in tokens[index + 1 : after - 1])
        items.append(_item(_blocks(tokens, index + 1, after - 1)))
        index = after
    return ListBlock(tuple(items), start, loose)


def _item(blocks: list[Block]) -> Item:
    """An item, with the box of a task taken off its text."""
    first = blocks[0] if blocks else None
    if isinstance(first, Paragraph) and first.spans and not first.spans[0].marks and (task := _TASK.match(first.spans[0].text)):
        head = first.spans[0]
        rest = head.text[task.end() :]
        spans = ((type(head)(rest, head.marks, head.link),) if rest else ()) + first.spans[1:]
        return Item((Paragraph(spans), *blocks[1:]), task.group(1) != " ")
    return Item(tuple(blocks))


def _table(tokens: Sequence[Token], index: int, end: int) -> Table:
    rows: list[tuple[tuple[Span, ...], ...]] = []
    cells: list[tuple[Span, ...]] = []
    align: list[str] = []
    for position in range(index, end):
        token = tokens[position]
        if token.type in {"th_open", "td_open"}:
            cells.append(build_spans(tokens[position + 1].children or []))
            if token.type == "th_open":
                align.append(str(token.attrGet("style") or "").removeprefix("text-align:"))
        elif token.type == "tr_close":
            while cells and not cells[-1] and rows:  # cells that markdown-it added to short rows
                cells.pop()
            rows.append(tuple(cells))
            cells = []
    return Table(tuple(align), rows[0], tuple(rows[1:]))
