"""What is left out when a prompt does not fit."""

import pytest

from zhiyin_models.engine.budget import Prompt, fit, reserve
from zhiyin_models.engine.protocol import Message
from zhiyin_models.errors import Code, ModelError


def written(messages: list[Message] | tuple[Message, ...]) -> str:
    return "".join(f"<{message.content}>" for message in messages)


def fitted(messages: list[Message], context: int = 400, max_tokens: int = 0, before: Prompt[None] | None = None) -> Prompt[None]:
    return fit(
        messages,
        context=context,
        max_tokens=max_tokens,
        render=written,  # type: ignore[arg-type]
        measure=lambda text: (None, len(text)),
        count=len,
        dropped=before.dropped if before else (),
    )


def turns(count: int, length: int = 18) -> list[Message]:
    """A system prompt, then turns of 2 × (length + 2) characters, then a question."""
    messages = [Message("system", "s" * 28, section="system")]
    for turn in range(count):
        messages += [Message("user", f"{turn % 10}" * length, drop=turn), Message("assistant", f"{turn % 10}" * length, drop=turn)]
    return [*messages, Message("user", "q" * 18)]


def test_what_fits_is_left_alone() -> None:
    prompt = fitted(turns(6))  # 290 of 300
    assert prompt.text == written(turns(6))
    assert (prompt.report.dropped, prompt.report.dropped_turns, prompt.newly_dropped) == ((), 0, False)
    assert prompt.report.sections == {"system": 28, "history": 12 * 18 + 18, "template": 28}
    assert sum(prompt.report.sections.values()) == prompt.report.prompt_tokens == 290
    assert prompt.report.limit == 300


def test_the_oldest_turns_go_whole_and_further_than_needed() -> None:
    messages = turns(7)  # 330 of 300
    prompt = fitted(messages)
    assert prompt.report.dropped == (1, 2, 3, 4, 5, 6)  # 330 - 3 * 40 = 210, at most three quarters of 300
    assert prompt.report.dropped_turns == 3
    assert prompt.newly_dropped
    assert prompt.text == written([messages[0], *messages[7:]])


def test_what_went_stays_away_on_the_following_turns() -> None:
    first = fitted(turns(7))
    second = fitted(turns(8), before=first)
    third = fitted(turns(9), before=second)
    assert first.report.dropped == second.report.dropped == third.report.dropped
    assert not second.newly_dropped
    fourth = fitted(turns(10), before=third)
    assert len(fourth.report.dropped) > len(third.report.dropped)
    assert fourth.newly_dropped


def test_what_went_is_back_when_everything_fits_easily_or_the_turns_are_others() -> None:
    first = fitted(turns(7))
    assert fitted(turns(7), context=1000, before=first).report.dropped == ()
    edited = turns(5)
    edited[1] = Message("user", "other", drop=0)
    assert fitted(edited, before=first).report.dropped == ()


def test_what_has_a_key_stays_away_wherever_it_then_stands() -> None:
    def keyed(messages: list[Message]) -> list[Message]:
        return [messages[0], *(Message(m.role, m.content, m.section, m.drop, f"turn {n}") for n, m in enumerate(messages[1:], 1))]

    first = fitted(keyed(turns(7)))
    assert first.report.dropped == (1, 2, 3, 4, 5, 6)
    moved = keyed(turns(8))
    moved.insert(1, Message("system", "came in between", section="lore"))
    second = fitted(moved, before=first)
    assert second.report.dropped == (2, 3, 4, 5, 6, 7)
    assert not second.newly_dropped
    later = [moved[0], *moved[4:]]  # the oldest turn is not even there any more
    assert fitted(later, before=second).report.dropped == (1, 2, 3, 4)
    moved[4] = Message("user", "edited", drop=1, key=moved[4].key)
    assert fitted(moved, before=first).report.dropped[:2] == (2, 3)
    assert 4 not in fitted([*moved[:8], *moved[-3:]], before=first).report.dropped


def test_what_has_no_key_is_back_when_it_has_moved_and_brings_nothing_else_back() -> None:
    def told(count: int) -> list[Message]:
        said = [Message(m.role, m.content, m.section, m.drop, f"turn {n}") for n, m in enumerate(turns(count))]
        return [*said[:-1], Message("system", "l" * 38, section="lore", drop=-1), said[-1]]

    first = fitted(told(7))
    assert first.report.dropped == (1, 2, 3, 4, 5, 6, 15)
    second = fitted(told(8), before=first)
    assert second.report.dropped == (1, 2, 3, 4, 5, 6)


def test_groups_go_in_their_own_order_and_none_never_goes() -> None:
    messages = [
        Message("system", "a" * 100, section="system"),
        Message("system", "b" * 100, section="lore", drop=7),
        Message("user", "c" * 100, drop=2),
        Message("user", "d" * 90),
    ]
    prompt = fitted(messages)
    assert prompt.report.dropped == (1, 2)  # 398 of 300: the third message goes first, and the second to get below 225
    messages[:3] = [
        Message("system", "a" * 90, section="system"),
        Message("system", "b" * 30, section="lore", drop=7),
        Message("user", "c" * 150, drop=2),
    ]
    assert fitted(messages).report.dropped == (2,)


def test_the_last_message_never_goes() -> None:
    messages = [Message("user", "a" * 200, drop=1), Message("user", "b" * 200, drop=0)]
    assert fitted(messages).report.dropped == (0,)


def test_the_room_for_the_reply() -> None:
    assert reserve(0, 400) == 100
    assert reserve(30, 400) == 30
    assert reserve(5000, 400) == 100


def test_a_message_alone_may_take_most_of_the_reply_s_room_but_no_more() -> None:
    prompt = fitted([Message("user", "x" * 340)])  # the limit is 300, but 50 free tokens are reply enough
    assert prompt.report.prompt_tokens == 342
    assert prompt.report.limit == 350
    with pytest.raises(ModelError) as caught:
        fitted([Message("system", "never goes"), Message("user", "a", drop=0), Message("user", "x" * 340)])
    assert caught.value.code is Code.MESSAGE_TOO_LONG
    assert caught.value.failure.args == {"tokens": 354, "limit": 350, "over": 4}


def test_only_turns_are_counted_as_turns() -> None:
    examples = [Message(role="user", content="e" * 100, section="examples", drop=number) for number in range(2)]
    prompt = fitted([*examples, Message(role="user", content="x" * 20), Message(role="user", content="y" * 150)])
    assert prompt.report.dropped == (0, 1)
    assert prompt.report.dropped_turns == 0
