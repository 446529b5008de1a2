"""A text that streams in ends, and at each moment is, what parsing it whole gives."""

import hypothesis.strategies as st
from hypothesis import example, given, settings

from zhiyin.markup.open_text import OpenText
from zhiyin.markup.parse import parse

BLOCK_STARTS = ["- ", "* ", "+ ", "1. ", "2. ", "3) ", "> ", "# ", "## ", "```", "```py", "~~~", "| a | b |", "|--|--|", "---", "===", "$$"]
INLINES = [
    "a",
    "b c",
    "词",
    "，",
    "`",
    "|",
    "--",
    "-",
    "=",
    "$",
    "\\(x\\)",
    "**",
    "*",
    "_",
    "~~",
    "***",
    "[x](http://y.z)",
    "![i](u)",
    "<b>",
]
SPACES = ["\n", "\n", "\n\n", " ", "  ", "    ", "\r", "\r\n", "\t", "\u3000"]
OTHERS = ["[ ] ", "[x] ", "\0", "&amp;", "\\", "https://e.org/a.", "\\[", "\\]"]
PIECES = st.sampled_from([*BLOCK_STARTS, *INLINES, *SPACES, *OTHERS])
TEXTS = st.lists(PIECES, max_size=40).map("".join)


@settings(max_examples=400, deadline=None)
@example("para\n| a |\n|--", [3])
@example("- a\n- | b |\n|---|---|\n", [4, 9])
@example("- a\n- b\n\n-x", [8, 10, 11])
@example("|a|\n|--|\n|1|\n|2|\n\n\npara", [12, 16, 18])
@example("para\n$$\nx\n$$y", [10, 12])
@given(TEXTS, st.lists(st.integers(0, 120), max_size=12))
def test_streaming_equals_parsing_whole(text: str, cuts: list[int]) -> None:
    stream = OpenText()
    done = 0
    for cut in sorted({min(cut, len(text)) for cut in cuts}):
        stream.append(text[done:cut])
        done = cut
        stream.refresh()
        so_far = text[:done].removesuffix("\r")
        assert tuple(stream.blocks) == parse(so_far)
    stream.append(text[done:])
    stream.finish()
    assert tuple(stream.blocks) == parse(text)


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_streaming_by_characters(text: str) -> None:
    stream = OpenText()
    for character in text:
        stream.append(character)
        first = stream.refresh()
        assert first <= len(stream.blocks)
    stream.finish()
    assert tuple(stream.blocks) == parse(text)
