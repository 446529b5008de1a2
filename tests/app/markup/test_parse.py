"""What a model may write, and the blocks it becomes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhiyin.markup.blocks import (
    BOLD,
    CODE,
    ITALIC,
    MATH,
    STRIKE,
    CodeBlock,
    Formula,
    Heading,
    Item,
    ListBlock,
    Paragraph,
    Quote,
    Rule,
    Span,
    Table,
    plain_text,
    span_text,
)
from zhiyin.markup.literal import literal_blocks
from zhiyin.markup.parse import INLINE_LIMIT, LONGEST_PARAGRAPH, parse
from zhiyin.markup.spans import SLICE


def spans(text: str) -> tuple[Span, ...]:
    (block,) = parse(text)
    assert isinstance(block, Paragraph)
    return block.spans


def test_every_kind_of_block() -> None:
    text = "# A *b*\n\ntext\nline\n\n```py x\ncode\n\n```\n\n- a\n- b\n\n> q\n\n| h |\n|:-:|\n| c |\n\n---\n\n$$\nx\n$$"
    assert parse(text) == (
        Heading(1, (Span("A "), Span("b", ITALIC))),
        Paragraph((Span("text\nline"),)),
        CodeBlock("py", "code\n"),
        ListBlock((Item((Paragraph((Span("a"),)),)), Item((Paragraph((Span("b"),)),)))),
        Quote((Paragraph((Span("q"),)),)),
        Table(("center",), ((Span("h"),),), (((Span("c"),),),)),
        Rule(),
        Formula("x"),
    )


def test_marks_of_spans() -> None:
    assert spans("a **b *c*** ~~d~~ `e`") == (
        Span("a "), Span("b ", BOLD), Span("c", BOLD | ITALIC), Span(" "), Span("d", STRIKE), Span(" "), Span("e", CODE),
    )  # fmt: skip


@pytest.mark.parametrize("text", ["**注意：**请看", "他说**“你好”**然后走了", "**（括号）**后", "前**「引」**后", "这是**重点。**下一句"])
def test_emphasis_beside_chinese(text: str) -> None:
    assert any(span.marks == BOLD for span in spans(text))
    assert "*" not in span_text(spans(text))


def test_underscores_in_words_stay() -> None:
    assert spans("snake_case_name and __init__x") == (Span("snake_case_name and __init__x"),)


def test_lists_nest_count_and_have_tasks() -> None:
    (block,) = parse("3. a\n\n   - [x] done\n   - [ ] open\n4. b\n")
    assert isinstance(block, ListBlock)
    assert (block.start, block.loose, len(block.items)) == (3, True, 2)
    inner = block.items[0].blocks[1]
    assert isinstance(inner, ListBlock)
    assert [(item.checked, plain_text(item.blocks)) for item in inner.items] == [(True, "done"), (False, "open")]


@pytest.mark.parametrize("text", ["<b>x</b>", "<script>alert(1)</script>", "<img src=x onerror=y>", "<!-- c -->", "<https://x.y/z"])
def test_html_is_text(text: str) -> None:
    (block,) = parse(text)
    assert isinstance(block, Paragraph)
    assert span_text(block.spans) == text


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "javascript:alert(1)", "data:x", "//host/share", "docs/a.md", "smb://h/s", "vbscript:x"]
)
def test_other_links_are_text(target: str) -> None:
    assert not any(span.link for span in spans(f"[click]({target}) ![p]({target})"))


@pytest.mark.parametrize("target", ["https://example.org/a?b=c", "http://h:80/", "mailto:a@b.c", "HTTPS://EXAMPLE.ORG"])
def test_links_that_are_let_through(target: str) -> None:
    assert [span.link for span in spans(f"[click]({target})")] == [target]


def test_images_are_links_by_their_text() -> None:
    assert spans("![a moon](https://h/m.png)") == (Span("a moon", 0, "https://h/m.png"),)
    assert spans("![](https://h/m.png)") == (Span("https://h/m.png", 0, "https://h/m.png"),)


def test_bare_addresses_are_links_without_the_sentence() -> None:
    found = [span.link for span in spans("见https://a.org/x_(y)。(http://b.org/c), https://d.org/?q=1!") if span.link]
    assert found == ["https://a.org/x_(y)", "http://b.org/c", "https://d.org/?q=1"]


@pytest.mark.parametrize(
    ("text", "formula"),
    [("so $a+b$.", "a+b"), (r"so \(a\).", "a"), ("so $$a$$ in text", "a"), ("it is $x_1$-ary", "x_1"), (r"a \[b\] c", "b")],
)
def test_formulas_in_text(text: str, formula: str) -> None:
    assert [span.text for span in spans(text) if span.marks & MATH] == [formula]


@pytest.mark.parametrize("text", ["$5 and $6", "it costs 5$ or 6$", "US$ 3", "$ x $", "a $$ b", r"\$x\$"])
def test_prices_are_no_formulas(text: str) -> None:
    assert not any(span.marks & MATH for span in spans(text))


@pytest.mark.parametrize("text", ["$$\nx = 1\n$$", "$$x = 1$$", "\\[\nx = 1\n\\]", "\\[ x = 1 \\]"])
def test_display_formulas(text: str) -> None:
    assert parse(f"before\n{text}\nafter") == (Paragraph((Span("before"),)), Formula("x = 1"), Paragraph((Span("after"),)))


def test_an_open_formula_is_text_and_swallows_nothing() -> None:
    assert len(parse("$$\nx\n\nafter")) == 2


def test_a_long_paragraph_is_cut_at_sentences() -> None:
    text = "床前明月光，疑是地上霜。" * 500
    blocks = parse(text)
    assert len(blocks) > 1
    assert all(isinstance(block, Paragraph) and len(span_text(block.spans)) <= SLICE for block in blocks)
    assert [block.continued for block in blocks if isinstance(block, Paragraph)] == [False] + [True] * (len(blocks) - 1)
    assert "".join(span_text(block.spans) for block in blocks if isinstance(block, Paragraph)) == text


def test_an_unbroken_run_is_cut() -> None:
    blocks = parse("a" * 1_000_000)
    assert max(len(span_text(block.spans)) for block in blocks if isinstance(block, Paragraph)) <= 2_000


HOSTILE = {
    "brackets": "[" * 100_000,
    "stars": "*" * 100_000,
    "quotes": ">" * 100_000,
    "spaced quotes": "> " * 50_000,
    "bullets": "- " * 50_000,
    "images": "![a](" * 20_000,
    "openers": "**a *b " * 15_000,
    "backticks": "".join("`" * length + " " for length in range(440)),
    "dollars": "$a " * 30_000,
    "formula openings": "$$\n" * 20_000,
    "bracket formula openings": "\\[\n" * 20_000,
    "fences": "```\n" * 20_000,
    "table": "|a" * 255 + "|\n" + "|-" * 255 + "|\n" + "|b\n" * 300,
    "lines": "a\n" * 30_000,
    "quote lines": "> a\n" * 15_000,
    "items": "- a\n" * 6_000,
    "deep list": "".join("  " * depth + "- a\n" for depth in range(300)),
    "deep quote": "".join(">" * depth + "a\n" for depth in range(300)),
    "brackets after an address": "http://a" + ")" * 100_000,
    "brackets within the limit": "[" * (INLINE_LIMIT - 1),
    "entities": "&" * 50_000,
    "angles": "<a@" * 30_000,
}


@pytest.mark.timeout(60)  # far below a second is usual; a blow-up takes many minutes
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_ends_soon(name: str) -> None:
    assert parse(HOSTILE[name])


def test_what_is_nested_too_deeply_is_kept_as_text() -> None:
    text = plain_text(parse("> " * 60 + "the end"))
    assert "the end" in text


def test_a_paragraph_that_never_ends_is_cut() -> None:
    blocks = parse("line\n" * (3 * LONGEST_PARAGRAPH))
    assert len(blocks) >= 3
    assert plain_text(blocks).count("line") == 3 * LONGEST_PARAGRAPH


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_parsed(text: str) -> None:
    parse(text)
    literal_blocks(text)


def test_a_users_words_stay_as_they_are() -> None:
    text = "use __init__ and *args\n  indented\n\n# not a heading <b>"
    assert literal_blocks(text) == (Paragraph((Span(text),)),)


def test_a_users_fences_are_code() -> None:
    blocks = literal_blocks("look:\n```py\nx = 1\n```\nand https://a.b/c")
    assert blocks == (
        Paragraph((Span("look:"),)),
        CodeBlock("py", "x = 1"),
        Paragraph((Span("and "), Span("https://a.b/c", 0, "https://a.b/c"))),
    )


def test_plain_text_has_no_marks() -> None:
    text = plain_text(parse("# T\n\n**b** [l](https://x.y)\n\n1. a\n2. b\n\n| h | i |\n|--|--|\n| 1 | 2 |"))
    assert text == "T\n\nb l\n\n1. a\n2. b\n\nh\ti\n1\t2"
