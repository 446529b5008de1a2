"""What each decorator does to the entry it stands in, and what stays in force from earlier replies."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.app.prompt.lore.lorebooks import book, called, entry, indexes

from zhiyin.prompt.lore.activation import LoreSettings

FEW = settings(max_examples=25, deadline=None, derandomize=True)
small = st.integers(0, 8)


def chat(replies: int, last: str = "moon") -> tuple[str, ...]:
    """A conversation with so many replies, in which only the last message says anything."""
    return (*("quiet",) * (2 * replies), last)


def fires(content: str, texts: tuple[str, ...], **more: object) -> bool:
    raw = book(entry("moon", content=content, **{key: value for key, value in more.items() if key == "extensions"}))
    return bool(called(raw, texts=texts, **{key: value for key, value in more.items() if key != "extensions"}).fired)


@FEW
@given(small, small)
def test_activate_only_after(after: int, replies: int) -> None:
    assert fires(f"@@activate_only_after {after}\nlore", chat(replies)) == (replies >= after)


@FEW
@given(st.integers(1, 5), small)
def test_activate_only_every(every: int, replies: int) -> None:
    assert fires(f"@@activate_only_every {every}\nlore", chat(replies)) == (replies % every == 0)


def test_replies_can_be_more_than_there_are_messages() -> None:
    assert not fires("@@activate_only_after 10\nlore", chat(2))
    assert fires("@@activate_only_after 10\nlore", chat(2), replies=10)


@FEW
@given(st.integers(0, 6), st.integers(1, 6))
def test_keep_activate_after_match(when: int, later: int) -> None:
    texts = [*("quiet",) * 2 * when, "moon", "reply", *("quiet",) * (2 * later - 1)]
    raw = book(entry("moon", content="@@keep_activate_after_match\nlore"), entry("moon"))
    result = called(raw, texts=tuple(texts), settings=LoreSettings(scan_depth=1))
    assert indexes(result) == [0]
    assert result.fired[0].reason.key == "@@keep_activate_after_match"
    assert not called(raw, texts=("quiet", "reply", "quiet")).fired


@FEW
@given(st.integers(0, 6), st.integers(0, 4))
def test_dont_activate_after_match(when: int, quiet: int) -> None:
    first = [*("quiet",) * 2 * when, "moon"]
    assert fires("@@dont_activate_after_match\nlore", tuple(first))
    later = [*first, "reply", *("quiet",) * 2 * quiet, "moon"]
    assert not fires("@@dont_activate_after_match\nlore", tuple(later))
    assert fires("lore", tuple(later))


@FEW
@given(st.integers(0, 20))
def test_depth(depth: int) -> None:
    fired = called(book(entry("moon", content=f"@@depth {depth}\nlore"))).fired[0]
    assert (fired.position, fired.depth) == ("in_chat", depth)


@FEW
@given(st.integers(0, 9), st.integers(0, 4))
def test_reverse_depth(depth: int, replies: int) -> None:
    fired = called(book(entry("moon", content=f"@@reverse_depth {depth}\nlore")), texts=chat(replies)).fired[0]
    assert (fired.position, fired.depth) == ("in_chat", max(0, 2 * replies + 1 - depth))
    both = called(book(entry("moon", content=f"@@reverse_depth {depth}\n@@depth 1\nlore"))).fired[0]
    assert both.depth == 1


@FEW
@given(st.sampled_from(["instruct_depth", "reverse_instruct_depth", "instruct_scan_depth", "is_user_icon"]), st.integers(0, 9))
def test_what_is_not_for_chats_changes_nothing(name: str, value: int) -> None:
    fired = called(book(entry("moon", content=f"@@{name} {value}\nlore"))).fired[0]
    assert (fired.position, fired.text) == ("after_char", "lore")


@FEW
@given(st.sampled_from(["system", "user", "assistant"]))
def test_role(role: str) -> None:
    assert called(book(entry("moon", content=f"@@role {role}\nlore", extensions={"role": 1}))).fired[0].role == role


@FEW
@given(st.integers(0, 6), st.integers(0, 3))
def test_scan_depth(depth: int, ago: int) -> None:
    texts = ("moon", *("quiet",) * 2 * ago)
    assert fires(f"@@scan_depth {depth}\nlore", texts) == (depth > 2 * ago)


@FEW
@given(st.integers(0, 4), st.none() | st.integers(0, 4))
def test_is_greeting(wanted: int, shown: int | None) -> None:
    assert fires(f"@@is_greeting {wanted}\nlore", ("moon",), greeting=shown) == (shown == wanted)


@FEW
@given(st.sampled_from(["after_desc", "before_desc", "personality", "scenario"]))
def test_position(place: str) -> None:
    assert called(book(entry("moon", content=f"@@depth 3\n@@position {place}\nlore"))).fired[0].position == place


def test_ignore_on_max_context() -> None:
    assert fires("@@ignore_on_max_context\nlore", ("moon",))
    assert not fires("@@ignore_on_max_context\nlore", ("moon",), context_full=True)


@FEW
@given(st.sets(st.sampled_from("abcd")))
def test_additional_keys_ask_for_one_of_each_line(there: set[str]) -> None:
    content = "@@additional_keys ka, kb\n@@additional_keys kc, kd\nlore"
    wanted = bool(there & {"a", "b"}) and bool(there & {"c", "d"})
    text = " ".join(f"k{name}" for name in there)
    assert fires(content, (f"moon {text}",)) == wanted
    assert bool(called(book(entry(constant=True, content=content)), texts=(text,)).fired) == wanted


@FEW
@given(st.sets(st.sampled_from("abcd")))
def test_exclude_keys(there: set[str]) -> None:
    assert fires("@@exclude_keys ka,kb\nlore", ("moon " + " ".join(f"k{name}" for name in there),)) == (not there & {"a", "b"})


def test_keys_of_decorators_are_patterns_where_keys_are() -> None:
    raw = book(entry("m.+n", content="@@additional_keys s[aeiou]n\n@@exclude_keys s\nlore", use_regex=True))
    assert called(raw, texts=("the sun",)).fired
    assert called(raw, texts=("the moon, less",)).fired
    assert not called(raw, texts=("stars",)).fired


def test_activate_holds_in_any_case_and_over_dont_activate() -> None:
    assert not fires("@@dont_activate\nlore", ("moon",))
    everything = "@@dont_activate\n@@activate\n@@activate_only_after 99\n@@exclude_keys quiet\nlore"
    assert fires(everything, ("quiet",), extensions={"probability": 0, "useProbability": True})


def test_disable_ui_prompt_is_told() -> None:
    raw = book(
        entry("moon", content="@@disable_ui_prompt system_prompt\nlore"),
        entry("sun", content="@@disable_ui_prompt post_history_instructions\nx"),
    )
    assert called(raw).disabled == ("system_prompt",)
    assert called(raw, texts=("moon and sun",)).disabled == ("post_history_instructions", "system_prompt")


@FEW
@given(st.integers(0, 6), st.integers(0, 6), st.integers(1, 6))
def test_sticky_and_cooldown_count_messages(sticky: int, cooldown: int, rounds: int) -> None:
    """The key is said once at the start, and again in the last message."""
    extensions = {"sticky": sticky, "cooldown": cooldown}
    texts = ("moon", "reply", *("quiet", "reply") * (rounds - 1), "quiet")
    passed = 2 * rounds  # messages since it was called up
    one = LoreSettings(scan_depth=1)
    assert fires("lore", texts, extensions=extensions, settings=one) == (passed < sticky)
    again = (*texts[:-1], "moon")
    assert fires("lore", again, extensions=extensions, settings=one) == (passed < sticky or passed >= sticky + cooldown)


def test_delay_wants_so_many_messages() -> None:
    assert not fires("lore", chat(1), extensions={"delay": 4})
    assert fires("lore", chat(2), extensions={"delay": 4})


def test_what_happened_before_is_the_same_when_laid_out_again() -> None:
    raw = book(
        *(
            entry("moon", content="@@keep_activate_after_match\nlore", extensions={"probability": 50, "useProbability": True})
            for _ in range(30)
        )
    )
    texts = ("moon", "reply", "quiet", "reply", "quiet")
    kept = indexes(called(raw, texts=texts, turn=2, settings=LoreSettings(scan_depth=1)))
    before = indexes(called(raw, texts=texts[:1], turn=0))
    assert kept == before
    assert 0 < len(kept) < 30
