r"""Formulas in Markdown: ``$x$``, ``$$x$$``, ``\(x\)`` and ``\[x\]``, as rules for markdown-it.

A display formula holds no blank line (TeX forbids it), so whether one is closed is decided within its own paragraph: text
that streams in never turns finished blocks into a formula afterwards.
"""

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

_LONGEST = 4_000
"""Characters searched for the end of a formula in running text."""
_MOST_LINES = 200
_CLOSING = {"$$": "$$", "\\[": "\\]"}


def use_formulas(md: MarkdownIt) -> None:
    """Teach a parser formulas; they come as ``math_inline`` and ``math_block`` tokens with the TeX source as content."""
    md.inline.ruler.before("escape", "math_inline", _inline)
    md.block.ruler.before("fence", "math_block", _block, {"alt": ["paragraph", "blockquote", "list"]})


def _inline(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - markdown-it's signature
    source, start = state.src, state.pos
    if source[start] == "$":
        opening = "$$" if source.startswith("$$", start) else "$"
        closing = opening
    elif source.startswith(("\\(", "\\["), start):
        opening = source[start : start + 2]
        closing = "\\)" if opening == "\\(" else "\\]"
    else:
        return False
    begin = start + len(opening)
    most = min(state.posMax, begin + _LONGEST)
    end = _closing_dollar(source, begin, most) if opening == "$" else source.find(closing, begin, most)
    content = source[begin:end].strip() if end > begin else ""
    if not content:
        if opening != "$$":
            return False
        if not silent:  # an empty or open "$$" stays text, and its second half opens nothing
            state.pending += opening
        state.pos = begin
        return True
    if not silent:
        state.push("math_inline", "math", 0).content = content
    state.pos = end + len(closing)
    return True


def _closing_dollar(source: str, begin: int, most: int) -> int:
    """Where a single-dollar formula ends, or -1: prices ("$5 and $6") are none."""
    if begin >= most or source[begin].isspace():
        return -1
    end = source.find("$", begin, most)
    while end > 0 and source[end - 1] == "\\":
        end = source.find("$", end + 1, most)
    if end < 0 or source[end - 1].isspace() or source[end + 1 : end + 2].isdigit():
        return -1
    return end


def _block(state: StateBlock, first: int, last: int, silent: bool) -> bool:  # noqa: FBT001 - markdown-it's signature
    if state.is_code_block(first):
        return False
    line = _line(state, first)
    closing = _CLOSING.get(line[:2])
    if closing is None:
        return False
    end = _closing_line(state, first, last, closing)
    if end is None:
        return False
    body = [line[2:], *(_line(state, number) for number in range(first + 1, end + 1))]
    content = "\n".join(body).rstrip()[: -len(closing)].strip()
    if not content or closing in content:
        return False
    if not silent:
        token = state.push("math_block", "math", 0)
        token.content, token.map, token.block = content, [first, end + 1], True
        state.line = end + 1
    return True


def _closing_line(state: StateBlock, first: int, last: int, closing: str) -> int | None:
    """The line that ends a display formula. What was searched in vain is remembered: a thousand openings cost one search."""
    searched = state.env.setdefault("formula", {})
    key = closing, state.blkIndent
    vain_first, vain_last = searched.get(key, (0, 0))
    most = min(last, first + _MOST_LINES)
    number = first
    while number < most:
        if vain_first < number < vain_last:
            number = vain_last
            continue
        if number > first and (state.isEmpty(number) or state.sCount[number] < state.blkIndent):
            break
        line = _line(state, number)
        if (line[2:] if number == first else line).rstrip().endswith(closing):
            return number
        number += 1
    searched[key] = (first, max(first, min(number, most)))
    return None


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]
