"""Decorators as they are read: one property each. What they do is tested with the lore they stand in."""

from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from zhiyin.prompt.decorators import MAX_KEYS, MAX_NUMBER, NONE, Decorators, Place, Prompt, Role, split

FEW = settings(max_examples=25, deadline=None, derandomize=True)
content = (
    st.text(st.characters(codec="utf-8"), max_size=40)
    .filter(lambda text: not text.lstrip().startswith("@@"))
    .map(lambda text: text.lstrip("\r\n"))
)
key = st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=8)
NUMBERS = (
    "activate_only_after", "activate_only_every", "depth", "instruct_depth", "reverse_depth", "reverse_instruct_depth",
    "scan_depth", "instruct_scan_depth", "is_greeting",
)  # fmt: skip
FLAGS = ("keep_activate_after_match", "dont_activate_after_match", "ignore_on_max_context", "activate", "dont_activate")


@FEW
@given(st.sampled_from(NUMBERS), st.integers(1, MAX_NUMBER), content)
def test_numbers(name: str, number: int, rest: str) -> None:
    assert split(f"@@{name} {number}\n{rest}") == (Decorators(**{name: number}), rest)


@FEW
@given(st.sampled_from(NUMBERS), st.sampled_from(["", "four", "1e9", "nan", "４", "--1", "4 5", "9" * 400]), content)
def test_a_number_that_is_none_is_passed_over(name: str, wrong: str, rest: str) -> None:
    assert split(f"@@{name} {wrong}\n{rest}") == (NONE, rest)


def test_below_zero_is_the_very_end_and_every_nought_is_nothing() -> None:
    assert split("@@depth -3\nx")[0].depth == 0
    assert split("@@activate_only_every 0\nx")[0].activate_only_every is None


@FEW
@given(st.sampled_from(FLAGS), content)
def test_flags(name: str, rest: str) -> None:
    assert split(f"@@{name}\n{rest}") == (Decorators(**{name: True}), rest)
    assert split(f"@@{name} false\n{rest}") == (NONE, rest)


@FEW
@given(st.sampled_from(get_args(Role)), st.sampled_from(get_args(Place)), st.sampled_from(get_args(Prompt)), content)
def test_role_place_and_prompt_are_of_what_there_is(role: str, place: str, prompt: str, rest: str) -> None:
    text = f"@@role {role.upper()}\n@@position {place}\n@@disable_ui_prompt {prompt}\n"
    assert split(text + rest) == (Decorators(role=role, position=place, disable_ui_prompt=prompt), rest)  # type: ignore[arg-type]
    assert split(f"@@role {place}\n@@position {prompt}\n@@disable_ui_prompt {role}\n{rest}") == (NONE, rest)


@FEW
@given(st.lists(st.lists(key, min_size=1, max_size=4), min_size=1, max_size=3), content)
def test_every_line_of_additional_keys_is_a_group_and_of_excluded_ones_more_of_the_same(groups: list[list[str]], rest: str) -> None:
    more = "".join(f"@@additional_keys {', '.join(group)}\n@@exclude_keys {','.join(group)}\n" for group in groups)
    read, left = split(more + rest)
    assert read.additional_keys == tuple(map(tuple, groups))
    assert read.exclude_keys == tuple(key for group in groups for key in group)
    assert left == rest


def test_keys_can_hold_commas_and_are_counted() -> None:
    assert split("@@exclude_keys a\\,b, c\nx")[0].exclude_keys == ("a,b", "c")
    assert len(split("@@exclude_keys " + ",".join("k" * 5000) + "\nx")[0].exclude_keys) == MAX_KEYS


def test_a_users_picture_is_read_and_has_no_effect() -> None:
    assert split("@@is_user_icon smiling\n@@@depth 2\nx")[0] == Decorators(is_user_icon="smiling", depth=2)


@FEW
@given(st.lists(st.sampled_from(["@@@agn_only 1", "@@@risu 2", "@@@depth x"]), max_size=8), content)
def test_a_fallback_is_taken_when_nothing_before_it_was_understood(unknown: list[str], rest: str) -> None:
    lines = "\n".join(["@@someone_elses 4", *unknown, "@@@depth 5", "@@@role user", "@@scan_depth 3", "@@@depth 9"])
    assert split(f"{lines}\n{rest}") == (Decorators(depth=5, scan_depth=3), rest)


def test_fallbacks_of_what_is_not_for_chats_count() -> None:
    assert split("@@instruct_depth 9\n@@@depth 3\nx")[0].depth == 3
    assert split("@@depth 3\n@@@instruct_depth 9\nx")[0].instruct_depth is None


def test_the_first_of_a_name_counts() -> None:
    assert split("@@depth 1\n@@depth 2\nx")[0].depth == 1


def test_only_leading_lines_are_decorators_and_the_line_breaks_around_them_go() -> None:
    assert split("\n@@depth 1\r\n\n@@role user\n\n\nHello\n@@depth 9\n") == (Decorators(depth=1, role="user"), "Hello\n@@depth 9\n")
    assert split("@@dont_activate") == (Decorators(dont_activate=True), "")
    assert split("@@ spaced\nx") == (NONE, "@@ spaced\nx")


@FEW
@given(st.lists(st.sampled_from(["@@", "@@@", "depth", "role", " ", "\n", "5", "user", ",", "\r", "a"]), max_size=30))
def test_nothing_written_raises(parts: list[str]) -> None:
    read, rest = split("".join(parts))
    assert isinstance(read, Decorators)
    assert "".join(parts).endswith(rest)


def test_many_lines_cost_little() -> None:
    assert split("@@depth 1\n" * 100_000 + "x") == (Decorators(depth=1), "x")
