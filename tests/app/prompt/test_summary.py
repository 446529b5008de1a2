"""Summaries: what is asked, and of which turns."""

from zhiyin.prompt.scene import SceneTurn
from zhiyin.prompt.summary import ROOM, standing, summary_request, to_summarize

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
    system, user = summary_request(TURNS, "They met.")
    assert "at most 250 words" in system.content
    assert user.content.startswith(
        "The record until now:\nThey met.\n\nWhat was said after that:\n\nAnn: I am Ann.\nLi Bai: I am Li Bai.\nUser:"
    )
    chinese = summary_request(TURNS, language="zh")
    assert "不超过500字" in chinese[0].content
    assert "用户：Where to?\n助手：The river." in chinese[1].content
    assert "此前的记录：" not in chinese[1].content


def test_a_request_is_bounded_and_braces_are_text() -> None:
    long = [SceneTurn(number, "user", f"{{x}}{number} " + "y" * 5000 + " end") for number in range(30)]
    _, user = summary_request(long, "{previous} " * 10_000)
    assert len(user.content) < 4 * ROOM
    assert "{x}7 " in user.content
    assert " end" in user.content
