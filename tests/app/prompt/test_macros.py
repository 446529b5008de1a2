"""Macros: one property each, and texts that were written to do harm."""

from hypothesis import given, settings
from hypothesis import strategies as st

from zhiyin.prompt.macros import (
    MAX_DICE,
    MAX_GROWTH,
    MAX_MACROS,
    MAX_MARKS,
    MAX_ROLLED,
    MacroValues,
    expand,
    hidden_keys,
    replace_original,
    split_list,
)

FEW = settings(max_examples=30, deadline=None, derandomize=True)
VALUES = MacroValues(char="李白", user="小舟", seed=7, turn=3)
plain = st.text(st.characters(codec="utf-8", exclude_characters="{}<>,\\:\r\n"), max_size=20).map(str.strip)
words = plain.filter(bool)
names = st.builds(MacroValues, char=words, user=words, seed=st.integers(0, 10**12), turn=st.integers(0, 10**6))
spelled = st.sampled_from([str.lower, str.upper, str.title])


@FEW
@given(plain, plain, names, spelled)
def test_char_and_user_in_any_case_and_in_the_older_spelling(before: str, after: str, values: MacroValues, spell: object) -> None:
    assert callable(spell)
    for written, name in (
        ("{{char}}", values.char),
        ("<bot>", values.char),
        ("<char>", values.char),
        ("{{user}}", values.user),
        ("<user>", values.user),
    ):
        assert expand(f"{before}{spell(written)}{after}", values) == f"{before}{name}{after}"
    assert expand("{{ char }}", values) == values.char


@FEW
@given(st.lists(words, min_size=1, max_size=6), names, st.integers(0, 50))
def test_random_is_one_of_its_values_and_the_same_for_the_same_reply(choices: list[str], values: MacroValues, position: int) -> None:
    text = "{{random:" + ",".join(choices) + "}}"
    result = expand(text, values, position=position)
    assert result in choices
    assert expand(text, values, position=position) == result


def test_random_and_roll_change_from_reply_to_reply_and_pick_does_not() -> None:
    def over_turns(text: str) -> set[str]:
        return {expand(text, MacroValues(seed=7, turn=turn)) for turn in range(60)}

    assert over_turns("{{random:a,b,c}}") == {"a", "b", "c"}
    assert over_turns("{{roll:4}}") == {"1", "2", "3", "4"}
    assert len(over_turns("{{pick:a,b,c}}")) == 1
    assert {expand("{{pick:a,b,c}}", MacroValues(seed=seed)) for seed in range(60)} == {"a", "b", "c"}
    assert {expand("{{pick:a,b,c}}", VALUES, position=place) for place in range(60)} == {"a", "b", "c"}


@FEW
@given(st.lists(words, min_size=1, max_size=6), names)
def test_pick_is_one_of_its_values_whatever_the_reply(choices: list[str], values: MacroValues) -> None:
    for text in ("{{pick:" + ",".join(choices) + "}}", "{{pick::" + "::".join(choices) + "}}"):
        result = expand(text, values)
        assert result in choices
        assert expand(text, MacroValues(values.char, values.user, values.seed, values.turn + 1)) == result


@FEW
@given(st.integers(1, 10**9), names, st.sampled_from(["", "d", "D", "1d"]))
def test_a_roll_is_within_its_sides(sides: int, values: MacroValues, before: str) -> None:
    assert 1 <= int(expand("{{roll:" + before + str(sides) + "}}", values)) <= sides


def test_several_dice_and_an_addition() -> None:
    rolls = {int(expand("{{roll:2d6+3}}", MacroValues(turn=turn))) for turn in range(300)}
    assert rolls == set(range(5, 16))
    for wrong in ("{{roll:0}}", "{{roll}}", "{{roll:-1}}", "{{roll:9999d6}}", "{{roll:d99999999999}}", "{{roll:²}}"):
        assert expand(wrong, VALUES) == wrong


@FEW
@given(plain, st.sampled_from(["{{// %s}}", "{{//%s}}", "{{comment: %s}}", "{{hidden_key:%s}}", "{{Hidden_Key: %s}}"]))
def test_what_is_not_to_be_sent_is_taken_out(text: str, form: str) -> None:
    assert expand("a" + form % text + "b", VALUES) == "ab"


@FEW
@given(st.lists(words, max_size=5))
def test_hidden_keys_are_told_and_comments_are_not(keys: list[str]) -> None:
    text = "{{// no}}{{comment: no}}" + "".join("{{hidden_key:" + key + "}}" for key in keys)
    assert hidden_keys(text) == tuple(keys)


@FEW
@given(plain)
def test_reverse_turns_round_and_twice_is_as_before(text: str) -> None:
    assert expand("{{reverse:" + text + "}}", VALUES) == text[::-1]
    assert expand("{{reverse:{{reverse:" + text + "}}}}", VALUES) == text


@FEW
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\\")).map(str.strip), min_size=1, max_size=5))
def test_a_comma_can_be_meant_as_one(values: list[str]) -> None:
    assert split_list(",".join(value.replace(",", "\\,") for value in values)) == values


@FEW
@given(plain, plain)
def test_the_original_is_put_in_once_and_as_it_is(own: str, original: str) -> None:
    assert replace_original(own + "{{ORIGINAL}}", original + "\\1{{char}}") == own + original + "\\1{{char}}"
    assert replace_original("{{original}}" * 1000, "x" * 1000) == "x" * 1000


def test_macros_in_macros_and_the_harmless_ones_of_others() -> None:
    assert expand("{{random:{{char}},{{char}}}}", VALUES) == "李白"
    assert expand("{{reverse:{{user}}}} {{{char}}}", VALUES) == "舟小 {李白}"
    assert expand("a\n\n{{trim}}\nb{{newline}}c{{noop}}", VALUES) == "ab\nc"


def test_unknown_macros_and_loose_braces_stay() -> None:
    for text in ("{{time}}", "{{charming}}", "}} {{", "{{", "a {{ b", "{x}", "{{}}", "<b>", "{{char|lower}}"):
        assert expand(text, VALUES) == text


def test_what_is_put_in_is_not_read_again() -> None:
    assert expand("{{char}}", MacroValues(char="{{user}}<USER>", user="no")) == "{{user}}<USER>"


@FEW
@given(
    st.lists(
        st.sampled_from(
            ["{{", "}}", "char", "random:", "roll:", "pick::", "//", "hidden_key:", "<USER>", ",", "\\", "\n", "{{trim}}", "x", "\ud800"]
        )
    )
)
def test_nothing_written_raises_or_grows_without_end(parts: list[str]) -> None:
    text = "".join(parts)
    values = MacroValues(char="y" * 10_000, user="z" * 10_000)
    assert len(expand(text, values)) <= len(text) + max(3 * len(text), MAX_GROWTH)
    hidden_keys(text)


def test_names_cannot_blow_a_text_up_and_depth_costs_nothing() -> None:
    text = "{{char}}" * 100_000
    assert len(expand(text, MacroValues(char="x" * 5000))) <= 4 * len(text)
    assert expand("{{" * 200_000, VALUES) == "{{" * 200_000
    deep = "{{reverse:" * 5000 + "}}" * 5000
    assert len(expand(deep, VALUES)) <= len(deep)


def test_what_is_behind_so_many_macros_stays_as_it_was_written() -> None:
    for macro, result in (("{{char}}", "李白"), ("<USER>", "小舟"), ("{{random:a,a}}", "a"), ("{{noop}}", "")):
        assert expand(macro * (MAX_MACROS + 50), VALUES) == result * MAX_MACROS + macro * 50
    assert expand("{{x " * MAX_MARKS + "{{char}}", VALUES) == "{{x " * MAX_MARKS + "{{char}}"


def test_so_many_dice_are_rolled_and_no_more() -> None:
    rolled = expand("{{roll:100d6}} " * 100, VALUES).split()
    assert all(text.isdigit() for text in rolled[: MAX_ROLLED // MAX_DICE])
    assert set(rolled[MAX_ROLLED // MAX_DICE :]) == {"{{roll:100d6}}"}
    assert len(set(rolled)) > 20
