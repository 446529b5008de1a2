"""What a user wrote, as it was written: only fenced code is set apart."""

import re

from zhiyin.markup.blocks import Block, CodeBlock, Paragraph, Span
from zhiyin.markup.spans import link_addresses, normalize, slices

_FENCE = re.compile(r"^(`{3,}|~{3,})[ \t]*([^\s`]*)[^\n`]*\n(.*?)(?:^\1[`~]*[ \t]*$|\Z)\n?", re.MULTILINE | re.DOTALL)


def literal_blocks(text: str) -> tuple[Block, ...]:
    """The blocks of a text in which no character has a meaning but the fences of code; addresses are links."""
    found: list[Block] = []
    text = normalize(text)
    done = 0
    for match in _FENCE.finditer(text):
        _add_text(found, text[done : match.start()])
        found.append(CodeBlock(match.group(2), match.group(3).removesuffix("\n")))
        done = match.end()
    _add_text(found, text[done:])
    return tuple(found)


def _add_text(found: list[Block], text: str) -> None:
    text = text.rstrip().lstrip("\n")
    if text:
        found.extend(Paragraph(piece, continued=number > 0) for number, piece in enumerate(slices(link_addresses((Span(text),)))))
