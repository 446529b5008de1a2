"""Colours of code: spans that cover it, plain where that is safer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhiyin.markup.highlight import LARGEST, ROLES, highlight


def roles(language: str, code: str) -> dict[str, str]:
    found: dict[str, str] = {}
    place = 0
    for length, role in highlight(language, code):
        found.setdefault(role, code[place : place + length])
        place += length
    assert place == len(code)
    return found


def test_python() -> None:
    found = roles("python", "def moon(x: int) -> str:\n    return 'home'  # 思故乡\n")
    assert found["keyword"] == "def"
    assert found["name"] == "moon"
    assert found["string"] == "'home'"
    assert found["comment"] == "# 思故乡"
    assert set(found) <= {*ROLES, ""}


@pytest.mark.parametrize("language", ["py", "Rust", "c++", "js", "json", "bash", "diff", "sql", "kt"])
def test_names_by_which_languages_are_asked_for(language: str) -> None:
    assert sum(length for length, _ in highlight(language, "+ x 1 'a' # b\n")) == len("+ x 1 'a' # b\n")
    assert any(role for _, role in highlight(language, "+ x 1 'a' # b\n"))


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("", "def x"),
        ("nosuch", "def x"),
        ("python", "x" * (LARGEST + 1)),
        ("python", "y" * 6_000),
        ("c", "(" * 400),
        ("c", " " * 400 + "x"),
    ],
)
def test_plain_where_it_is_safer(language: str, code: str) -> None:
    assert highlight(language, code) == [(len(code), "")]


def test_out_of_time_is_plain() -> None:
    code = "x = 1\n" * 1000
    assert highlight("python", code, seconds=0) == [(len(code), "")]


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["python", "c", "html", "json", "bash", "rust", "markdown", "yaml"]), st.text(max_size=200))
def test_spans_cover_any_code(language: str, code: str) -> None:
    assert sum(length for length, _ in highlight(language, code)) == len(code)
