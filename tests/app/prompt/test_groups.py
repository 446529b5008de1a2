"""Who speaks next, who is mentioned, and names before what is said."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhiyin.prompt.groups import AskModel, AskUser, mentioned, next_speakers, one_line, read_choice, spoken, strip_name, user_name
from zhiyin.prompt.scene import Actor, Player, SceneTurn
from zhiyin.roles import Setup, Speaking


def actor(persona: int, name: str, nickname: str = "", *, muted: bool = False) -> Actor:
    return Actor(persona, {"spec": "chara_card_v3", "data": {"name": name, "nickname": nickname}}, muted)


BAI, FU, HOLMES = actor(1, "李白", "青莲居士"), actor(2, "杜甫"), actor(3, "Sherlock Holmes")
ALL = (BAI, FU, HOLMES)


def said(*personas: int) -> list[SceneTurn]:
    return [SceneTurn(0, "user", "hi"), *(SceneTurn(n, "assistant", "…", who) for n, who in enumerate(personas, 1))]


def test_by_order_it_is_the_one_after_the_last_who_is_not_muted() -> None:
    setup = Setup(speaking="order")
    assert next_speakers(setup, ALL, said(), "hi") == [1]
    assert next_speakers(setup, ALL, said(1), "hi") == [2]
    assert next_speakers(setup, ALL, said(1, 2, 3), "hi") == [1]
    assert next_speakers(setup, ALL, said(2, 99), "hi") == [3]
    quiet = (BAI, actor(2, "杜甫", muted=True), HOLMES)
    assert next_speakers(setup, quiet, said(1), "hi") == [3]
    assert next_speakers(setup, [BAI], said(1), "hi") == [1]
    assert next_speakers(setup, [actor(1, "李白", muted=True)], said(), "hi") == AskUser()


def test_those_who_are_mentioned_answer_in_turn_and_without_a_mention_it_goes_by_order() -> None:
    setup = Setup(speaking="mention")
    assert next_speakers(setup, ALL, said(1), "杜甫先说，然后请青莲居士说") == [2, 1]
    assert next_speakers(setup, ALL, said(1), "nobody") == [2]
    assert next_speakers(setup, (BAI, actor(2, "杜甫", muted=True)), said(), "问问杜甫") == [2]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("我想听李白说说", [1]),
        ("sherlock, please", [3]),
        ("HOLMES and 李白", [3, 1]),
        ("unsherlocked", []),
        ("Holmes, Holmes, and Sherlock Holmes", [3]),
        ("", []),
    ],
)
def test_names_are_found_with_borders_where_the_script_has_them(text: str, found: list[int]) -> None:
    assert mentioned(text, ALL) == found


def test_longer_names_count_before_those_that_they_contain_and_shared_words_for_nobody() -> None:
    two = (actor(1, "李白"), actor(2, "李白玉"))
    assert mentioned("李白玉来了", two) == [2]
    assert mentioned("李白玉和李白", two) == [2, 1]
    sisters = (actor(1, "Anna Bronte"), actor(2, "Emily Bronte"))
    assert mentioned("Bronte?", sisters) == []
    assert mentioned("Emily?", sisters) == [2]


def test_the_model_is_asked_in_the_language_of_the_talk_and_its_answer_read() -> None:
    asked = next_speakers(Setup(speaking="model"), ALL, said(1), "下一个谁说？")
    assert isinstance(asked, AskModel)
    assert asked.otherwise == 2
    assert "青莲居士、杜甫、Sherlock Holmes" in asked.messages[0].content
    assert "青莲居士：…" in asked.messages[1].content
    english = next_speakers(Setup(speaking="model"), (HOLMES, actor(4, "Watson", muted=True), actor(5, "Moran")), said(), "Who did it?")
    assert isinstance(english, AskModel)
    assert "Watson" not in english.messages[0].content
    assert "Choose from: Sherlock Holmes, Moran." in english.messages[0].content
    assert next_speakers(Setup(speaking="model"), (HOLMES, actor(4, "Watson", muted=True)), said(), "?") == [3]
    assert read_choice("<think>Maybe 李白 or 杜甫</think>\n杜甫。", ALL) == 2
    assert read_choice("**Sherlock Holmes**", ALL) == 3
    assert read_choice("I cannot say", ALL) is None
    assert read_choice("杜甫", (BAI, actor(2, "杜甫", muted=True))) is None


def asked_of_the_model(turns: list[SceneTurn], text: str) -> str:
    asked = next_speakers(Setup(speaking="model"), (HOLMES, actor(5, "Moran")), turns, text)
    assert isinstance(asked, AskModel)
    return asked.messages[1].content


def test_the_question_has_no_empty_line_of_the_user_s_and_one_name_for_them() -> None:
    turns = [SceneTurn(1, "user", "Well?", speaker="A"), SceneTurn(2, "assistant", "No.", 3)]
    assert asked_of_the_model(turns, "").split("\n\n")[0] == "A: Well?\nSherlock Holmes: No."
    assert asked_of_the_model(turns, "Who then?").split("\n\n")[0].endswith("\nA: Who then?")
    assert asked_of_the_model(turns, "No.").split("\n\n")[0] == "A: Well?\nSherlock Holmes: No."
    assert asked_of_the_model(turns[1:], "Who then?").split("\n\n")[0].endswith("\nUser: Who then?")


@pytest.mark.parametrize("thought", ["<think>Moran did it</think>", "<think>a</think> <think>Moran"])
def test_what_was_thought_is_not_quoted(thought: str) -> None:
    turns = [SceneTurn(1, "user", "Well?"), SceneTurn(2, "assistant", f"No.\n\n{thought}", 3), SceneTurn(3, "assistant", thought, 3)]
    assert asked_of_the_model(turns, "").split("\n\n")[0] == "User: Well?\nSherlock Holmes: No."
    assert spoken(f"Yes {thought}") == "Yes"


@pytest.mark.parametrize(
    ("text", "found"),
    [("will you come?", []), ("Will, come!", [1]), ("WILL!", [1]), ("I hope so", []), ("ask Hope", [2]), ("ask fergus", [2])],
)
def test_a_name_that_is_a_common_word_counts_only_when_written_as_a_name(text: str, found: list[int]) -> None:
    both = (actor(1, "Will"), actor(2, "Hope Fergus"))
    assert mentioned(text, both) == found
    assert read_choice("will", both) == 1


def test_a_name_is_read_no_further_than_it_is_shown() -> None:
    assert one_line(" a\n b" + "x" * 10_000_000) == "a b" + "x" * 77
    assert strip_name("x" * 80 + ": hi", ["x" * 10_000]) == "hi"


def test_without_a_profile_the_user_has_one_name_everywhere() -> None:
    assert [user_name(Player(), language) for language in ("zh", "en")] == ["用户", "User"]
    assert user_name(Player(" Ann\nB "), "en") == "Ann B"


def test_the_user_decides() -> None:
    assert next_speakers(Setup(speaking="user"), ALL, said(), "杜甫?") == AskUser()
    assert next_speakers(Setup(speaking="user"), [BAI], said(), "hi") == [1]


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Li Bai: Wine!", "Wine!"),
        ("\n**Li Bai:** Wine!", "Wine!"),
        ("[li bai]： Wine!", "Wine!"),
        ("Li Bai:\nWine!", "Wine!"),
        ("Li Bai says: Wine!", "Li Bai says: Wine!"),
        ("  Wine, Li Bai: more", "  Wine, Li Bai: more"),
        ("Li Bai", "Li Bai"),
        ("Du Fu: No.", "Du Fu: No."),
    ],
)
def test_a_leading_name_is_taken_away_once(text: str, rest: str) -> None:
    assert strip_name(text, ("Li Bai", "")) == rest


@settings(deadline=None, max_examples=80, derandomize=True)
@given(
    st.lists(st.text(max_size=8), min_size=1, max_size=4),
    st.lists(st.booleans(), min_size=4, max_size=4),
    st.sampled_from(["order", "mention", "model", "user"]),
    st.text(max_size=20),
)
def test_somebody_who_may_speak_is_always_found(names: list[str], muted: list[bool], speaking: Speaking, text: str) -> None:
    actors = [actor(number, name, muted=muted[number]) for number, name in enumerate(names)]
    choice = next_speakers(Setup(speaking=speaking), actors, said(0), text)
    if isinstance(choice, AskModel):
        assert not muted[choice.otherwise]
    elif not isinstance(choice, AskUser):
        assert choice
        assert len(set(choice)) == len(choice)
        assert set(choice) <= set(range(len(names)))
    strip_name(text, names)
