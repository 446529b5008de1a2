"""First messages of a persona."""

from zhiyin.prompt.cards.card import Card
from zhiyin.prompt.greetings import MAX_GREETING, MAX_GREETINGS, greetings, shown_greeting
from zhiyin.prompt.macros import MacroValues

VALUES = MacroValues(char="Li Bai", user="Ann", seed=3)


def test_alternates_follow_the_first_and_groups_have_their_own_before_them() -> None:
    data = {
        "name": "Li Bai",
        "first_mes": "{{char}} greets {{user}}.",
        "alternate_greetings": ["Wine!", "  "],
        "group_only_greetings": ["All!"],
    }
    card = Card({"spec": "chara_card_v3", "data": data})
    assert greetings(card, VALUES) == ("Li Bai greets Ann.", "Wine!")
    assert greetings(card, VALUES, group=True) == ("All!", "Li Bai greets Ann.", "Wine!")


def test_none_and_far_too_many() -> None:
    assert greetings(Card({}), VALUES) == ()
    many = Card({"spec": "chara_card_v3", "data": {"alternate_greetings": ["x"] * 5000}})
    assert len(greetings(many, VALUES)) <= MAX_GREETINGS
    long = Card({"spec": "chara_card_v3", "data": {"first_mes": "x" * 1_000_000}})
    assert len(greetings(long, VALUES)[0]) == MAX_GREETING


def test_which_greeting_a_text_is_as_decorators_count_them() -> None:
    data = {"first_mes": " ", "alternate_greetings": ["{{pick:a,b,c}} for {{user}}", "Wine!"], "group_only_greetings": ["All!"]}
    card = Card({"spec": "chara_card_v3", "data": data})
    alone, together = greetings(card, VALUES), greetings(card, VALUES, group=True)
    assert [shown_greeting(card, VALUES, text) for text in alone] == [1, 2]
    assert [shown_greeting(card, VALUES, text) for text in together] == [None, 1, 2]
    assert shown_greeting(card, VALUES, "Wine") is None
    assert shown_greeting(card, VALUES, " ") is None
