"""Names that come from elsewhere, in a line of the app's own words."""

import pytest

from zhiyin.ui.foreign_text import isolated, one_line


def test_a_name_is_one_line_without_controls() -> None:
    assert one_line("new\x00line\n\x1b[31m\u2028 长 名\x85字\x7f") == "newline [31m 长 名 字"
    assert one_line("x" * 1000, 7) == "x" * 7


@pytest.mark.parametrize("name", ["Mei", "李白 <b>", "Café “x”", "🦙"])
def test_most_names_stay_what_they_are(name: str) -> None:
    assert isolated(name) == name


@pytest.mark.parametrize(("name", "inside"), [("\u202eevil", "\u202eevil"), ("\u2069\u202eout\u2068", "\u202eout"), ("שלום", "שלום")])
def test_what_turns_a_line_around_stays_inside(name: str, inside: str) -> None:
    assert isolated(name) == f"\u2068{inside}\u2069"
