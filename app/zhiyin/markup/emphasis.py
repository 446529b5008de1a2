"""Emphasis beside Chinese: CommonMark's flanking rules, read so that ``**注意：**请看`` is bold.

CommonMark counts a full stop or colon before ``**`` and a letter behind it as no end of emphasis, which is right between spaced
words and wrong in a script without spaces. The amended rules are those of markdown-cjk-friendly (tats-u): Chinese, Japanese and
Korean punctuation counts as a letter there, and such a character on the other side lets a run open or close.
"""

from markdown_it import MarkdownIt
from markdown_it.common.utils import isMdAsciiPunct, isPunctChar, isWhiteSpace
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter

_RANGES = ((0x1100, 0x11FF), (0x2E80, 0xA4CF), (0xA960, 0xA97F), (0xAC00, 0xD7FF), (0xF900, 0xFAFF), (0xFE30, 0xFE4F), (0xFF00, 0xFFEF))
_QUOTES = "“”‘’…—·"
_SUPPLEMENTARY = 0x20000


def is_cjk(character: str) -> bool:
    """Whether a character is set without spaces around it: Han, Kana, Hangul and their punctuation."""
    code = ord(character)
    return code >= _SUPPLEMENTARY or (code >= _RANGES[0][0] and any(low <= code <= high for low, high in _RANGES))


def use_cjk_emphasis(md: MarkdownIt) -> None:
    """Replace the rules for ``*``, ``_`` and ``~~``."""
    md.inline.ruler.at("emphasis", _emphasis)
    md.inline.ruler.at("strikethrough", _strikethrough)


def _emphasis(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - markdown-it's signature
    marker = state.src[state.pos]
    if silent or marker not in "*_":
        return False
    opens, closes, length = _scan(state, marker)
    for _ in range(length):
        state.push("text", "", 0).content = marker
        _delimit(state, marker, length, opens=opens, closes=closes)
    state.pos += length
    return True


def _strikethrough(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - markdown-it's signature
    if silent or state.src[state.pos] != "~":
        return False
    opens, closes, length = _scan(state, "~")
    if length < 2:
        return False
    if length % 2:
        state.push("text", "", 0).content = "~"
    for _ in range(length // 2):
        state.push("text", "", 0).content = "~~"
        _delimit(state, "~", 0, opens=opens, closes=closes)
    state.pos += length
    return True


def _delimit(state: StateInline, marker: str, length: int, *, opens: bool, closes: bool) -> None:
    state.delimiters.append(Delimiter(marker=ord(marker), length=length, token=len(state.tokens) - 1, end=-1, open=opens, close=closes))


def _scan(state: StateInline, marker: str) -> tuple[bool, bool, int]:
    """Whether the run of markers at the position can open and close, and its length."""
    source, start, end = state.src, state.pos, state.pos
    while end < state.posMax and source[end] == marker:
        end += 1
    before = source[start - 1] if start > 0 else " "
    after = source[end] if end < state.posMax else " "
    space_before, space_after = isWhiteSpace(ord(before)), isWhiteSpace(ord(after))
    cjk_before = is_cjk(before) or before in _QUOTES
    cjk_after = is_cjk(after) or after in _QUOTES
    mark_before = not cjk_before and _is_punctuation(before)
    mark_after = not cjk_after and _is_punctuation(after)
    left = not space_after and (not mark_after or space_before or mark_before or cjk_before)
    right = not space_before and (not mark_before or space_after or mark_after or cjk_after)
    if marker == "_":  # inside a word it is a letter: snake_case
        return left and (not right or _is_punctuation(before)), right and (not left or _is_punctuation(after)), end - start
    return left, right, end - start


def _is_punctuation(character: str) -> bool:
    return isMdAsciiPunct(ord(character)) or isPunctChar(character)
