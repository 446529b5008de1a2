"""What is sent, and in which order it may be dropped."""

from msgspec import Struct

from zhiyin.prompt.layout import lay_out
from zhiyin_models.engine.protocol import FitReport


class Turn(Struct):
    id: int
    role: str
    text: str


PATH = [
    Turn(1, "user", "one"),
    Turn(2, "assistant", "first"),
    Turn(3, "user", "two"),
    Turn(4, "assistant", ""),
    Turn(5, "user", "three"),
]


def test_a_turn_and_its_reply_are_dropped_together_and_the_last_group_never() -> None:
    layout = lay_out(PATH, system_prompt="be brief")
    assert [(m.role, m.content, m.drop) for m in layout.messages] == [
        ("system", "be brief", None),
        ("user", "one", 0),
        ("assistant", "first", 0),
        ("user", "two\n\nthree", None),
    ]
    assert layout.turns == (None, 1, 2, 3)


def test_groups_go_oldest_first() -> None:
    path = [Turn(n, "user" if n % 2 else "assistant", f"t{n}") for n in range(1, 8)]
    assert [m.drop for m in lay_out(path).messages] == [0, 0, 1, 1, 2, 2, None]


def test_no_system_message_without_a_prompt() -> None:
    assert all(m.role != "system" for m in lay_out(PATH, system_prompt="  ").messages)


def test_a_reply_to_be_continued_stays_with_its_turn() -> None:
    layout = lay_out(PATH[:2])
    assert [m.drop for m in layout.messages] == [None, None]


def test_memory_begins_at_the_first_turn_that_was_kept() -> None:
    layout = lay_out(PATH, system_prompt="be brief")
    kept_all = FitReport(prompt_tokens=9, limit=99, context=128)
    assert layout.memory_start(kept_all) is None
    assert layout.memory_start(FitReport(prompt_tokens=9, limit=9, context=16, dropped=(1, 2), dropped_turns=1)) == 3
