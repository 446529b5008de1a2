"""Inline tokens to spans: equal neighbours joined, bare addresses made links, and very long text cut into slices."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from zhiyin.markup.blocks import BOLD, BREAK, CODE, ITALIC, MATH, STRIKE, Inline, Span

if TYPE_CHECKING:  # what needs no parser shall not load it
    from markdown_it.token import Token

SLICE = 4_000
"""Characters in one paragraph at most; longer ones are cut, for laying out a line grows with the length of its paragraph."""
RUN = 2_000
"""Characters without any place to break a line; longer runs are cut."""
_MARKS = {"strong": BOLD, "em": ITALIC, "s": STRIKE}
_ADDRESS = re.compile(r"https?://[^\s<>\"'`，。；：！？、（）【】《》「」“”]+", re.IGNORECASE)
_TRAILING = ".,;:!?*_~'\")]}"


def normalize(text: str) -> str:
    """Line ends as newlines, and no NUL: what the parser counts lines of."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")


def build_spans(tokens: "Sequence[Token]") -> Inline:
    """The spans of a paragraph's inline tokens."""
    found: list[Span] = []
    marks, link = 0, ""
    for token in tokens:
        kind = token.type
        if kind in {"text", "text_special"}:
            _add(found, token.content, marks, link)
        elif kind in {"softbreak", "hardbreak"}:
            _add(found, BREAK, marks, link)
        elif kind == "code_inline":
            _add(found, token.content, marks | CODE, link)
        elif kind == "math_inline":
            _add(found, token.content.replace("\n", " "), marks | MATH, link)
        elif kind == "link_open":
            link = str(token.attrGet("href") or "")
        elif kind == "link_close":
            link = ""
        elif kind == "image":
            address = str(token.attrGet("src") or "")
            _add(found, token.content.strip() or address, marks, link or address)
        elif kind.endswith("_open"):
            marks |= _MARKS.get(kind[:-5], 0)
        elif kind.endswith("_close"):
            marks &= ~_MARKS.get(kind[:-6], 0)
    return link_addresses(found)


def _add(found: list[Span], text: str, marks: int, link: str) -> None:
    if not text:
        return
    if found and found[-1].marks == marks and found[-1].link == link and not marks & (CODE | MATH):
        found[-1] = Span(found[-1].text + text, marks, link)
    else:
        found.append(Span(text, marks, link))


def link_addresses(spans: Sequence[Span]) -> Inline:
    """Make addresses written out in the text links."""
    return tuple(_linked(spans)) if any("://" in span.text for span in spans) else tuple(spans)


def _linked(spans: Sequence[Span]) -> Iterator[Span]:
    for span in spans:
        if span.link or span.marks & (CODE | MATH) or "://" not in span.text:
            yield span
            continue
        done = 0
        for match in _ADDRESS.finditer(span.text):
            address = _without_trailing(match.group())
            if len(address) <= len("https://"):
                continue
            if match.start() > done:
                yield Span(span.text[done : match.start()], span.marks)
            yield Span(address, span.marks, address)
            done = match.start() + len(address)
        if done < len(span.text):
            yield Span(span.text[done:], span.marks)


def _without_trailing(address: str) -> str:
    """An address without the punctuation of the sentence around it; a bracket stays where it closes one of its own."""
    end = len(address)
    unmatched = address.count(")") - address.count("(")
    while end and address[end - 1] in _TRAILING:
        if address[end - 1] == ")":
            if unmatched <= 0:
                break
            unmatched -= 1
        end -= 1
    return address[:end]


def slices(spans: Inline) -> list[Inline]:
    """Spans in pieces of at most ``SLICE`` characters and no run beyond ``RUN``, cut at a line break or a space where there is one."""
    if sum(len(span.text) for span in spans) <= RUN:
        return [spans]
    pieces: list[Inline] = []
    piece: list[Span] = []
    room = SLICE
    for span in spans:
        rest = span.text
        while rest:
            cut = _cut(rest, room)
            if cut:
                piece.append(Span(rest[:cut], span.marks, span.link))
                rest, room = rest[cut:], room - cut
            if rest:
                pieces.append(tuple(piece))
                piece, room = [], SLICE
    pieces.append(tuple(piece))
    return [_without_last_break(piece) for piece in pieces if piece]


def _cut(text: str, room: int) -> int:
    """How many characters to take: all when they fit, else up to the best place to break."""
    window = text[:room]
    if len(text) <= room and _longest_run(window) <= RUN:
        return len(text)
    for breaks in (BREAK, "。！？；…", " \t，、"):
        place = max(window.rfind(mark) for mark in breaks)
        if place >= room // 4:
            return place + 1
    return min(room, RUN)


def _longest_run(text: str) -> int:
    return max(map(len, text.split()), default=0) if text.isascii() else 0


def _without_last_break(piece: Inline) -> Inline:
    last = piece[-1]
    if not last.text.endswith(BREAK):
        return piece
    text = last.text.removesuffix(BREAK)
    return (*piece[:-1], Span(text, last.marks, last.link)) if text or len(piece) == 1 else piece[:-1]
