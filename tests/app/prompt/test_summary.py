"""Summaries: what is asked, and of which turns."""

import pytest

from zhiyin.prompt.scene import SceneTurn
from zhiyin.prompt.summary import MAX_TOKENS, MOST_READ, finished_text, standing, summary_request, to_summarize
from zhiyin.prompt.token_counts import TokenCounts

TURNS = (
    SceneTurn(1, "user", "I am Ann.", speaker="Ann"),
    SceneTurn(2, "assistant", "I am Li Bai.", 1, "Li Bai"),
    SceneTurn(3, "user", ""),
    SceneTurn(4, "user", "Where to?"),
    SceneTurn(5, "assistant", "The river.", 1),
    SceneTurn(6, "user", "Now?"),
)


def test_what_is_forgotten_and_in_no_summary_yet_is_summarized() -> None:
    assert [turn.id for turn in to_summarize(TURNS, 4)] == [1, 2]
    assert to_summarize(TURNS, None) == ()
    later = (*TURNS[:4], SceneTurn(9, "system", "They met.", covers=2), *TURNS[4:])
    assert [turn.id for turn in to_summarize(later, 6)] == [4, 5]
    blank = (*TURNS[:4], SceneTurn(9, "system", " ", covers=2), *TURNS[4:])
    assert [turn.id for turn in to_summarize(blank, 6)] == [1, 2, 4, 5]
    assert standing(blank) is None
    older = (*later, SceneTurn(10, "system", "", covers=5))
    found = standing(older)
    assert found is not None
    assert (found.text, found.turn, found.covers) == ("They met.", 9, 1)


def test_a_request_names_who_said_what_and_carries_the_earlier_summary() -> None:
    request = summary_request(TURNS, "They met.", context=4096)
    system, user = request.messages
    assert (request.covers, request.max_tokens) == (6, MAX_TOKENS)
    assert "at most 250 words" in system.content
    assert user.content.startswith(
        "The record until now:\nThey met.\n\nWhat was said after that:\n\nAnn: I am Ann.\nLi Bai: I am Li Bai.\nUser:"
    )
    chinese = summary_request(TURNS, context=4096, language="zh").messages
    assert "不超过500字" in chinese[0].content
    assert "用户：Where to?\n助手：The river." in chinese[1].content
    assert "此前的记录：" not in chinese[1].content


@pytest.mark.parametrize("context", [512, 2048, 4096, 131_072])
def test_a_summary_covers_no_turn_that_it_never_saw(context: int) -> None:
    counts = TokenCounts()
    turns = [SceneTurn(number, "user", f"turn {number}: " + "the river runs on. " * 12) for number in range(1, 1001)]
    left, previous = turns, "They met."
    for _ in range(3):
        request = summary_request(left, previous, context=context, count=counts.of)
        text = request.messages[1].content
        seen = [turn for turn in left if turn.text.strip() in text]
        assert seen and seen == left[: len(seen)]
        assert request.covers == seen[-1].id
        tokens = sum(counts.of(message.content) for message in request.messages)
        assert tokens + request.max_tokens <= context
        assert tokens <= MOST_READ + 500
        left = left[len(seen) :]
    assert left


def test_a_request_is_bounded_and_braces_are_text() -> None:
    long = [SceneTurn(number, "user", f"{{x}}{number} " + "y" * 50_000 + " end") for number in range(1, 30)]
    request = summary_request(long, "{previous} " * 100_000, context=4096)
    text = request.messages[1].content
    assert TokenCounts().of(text) < 4096 - MAX_TOKENS
    assert request.covers == 1  # alone it is more than there is room for: its beginning and its end are told
    assert "{x}1 " in text
    assert " end" in text
    assert "{previous}" in text
    assert summary_request([SceneTurn(1, "user", "雪" * 9)], context=0).covers == 1


def test_thinking_is_neither_quoted_nor_kept() -> None:
    turns = [
        SceneTurn(1, "assistant", "<think>secret plan</think>Hello."),
        SceneTurn(2, "assistant", "Yes.<think>never closed"),
        SceneTurn(3, "assistant", "began in the prompt</think>No."),
        SceneTurn(4, "assistant", "<think>only thought</think>"),
    ]
    request = summary_request(turns, "<think>hm</think>They met.", context=4096)
    assert request.covers == 4
    assert "Assistant: Hello.\nAssistant: Yes.\nAssistant: No.\n\n" in request.messages[1].content
    assert "The record until now:\nThey met.\n" in request.messages[1].content
    assert finished_text("<think>a. b.</think>\n\nThey met.", "end") == "They met."
    assert finished_text("<think>They may have met. So", "length") == ""


def test_what_ran_out_of_tokens_ends_with_a_whole_sentence() -> None:
    assert finished_text("They met. They drank 2.5 cups and th", "length") == "They met."
    assert finished_text("二人相遇。李白说：“走吧。”他们往", "length") == "二人相遇。李白说：“走吧。”"
    assert finished_text("no sentence at all", "length") == ""
    assert finished_text("no full stop", "end") == "no full stop"
