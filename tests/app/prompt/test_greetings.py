"""First messages of a persona."""

from zhiyin.prompt.cards.card import Card
from zhiyin.prompt.greetings import MAX_GREETINGS, greetings
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
