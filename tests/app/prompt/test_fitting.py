"""Assembled prompts in the engine's hands: what is left out of a long chat, and how rarely that moves."""

import random
from typing import Any

import pytest

from zhiyin.prompt.assembly import assemble
from zhiyin.prompt.scene import Actor, Player, Scene, SceneTurn
from zhiyin.roles import AuthorNote, LorePlace, Member, Setup
from zhiyin_models.engine.budget import Prompt, fit
from zhiyin_models.engine.protocol import Message

CONTEXT = 2048
KEYS = tuple(f"place{number}" for number in range(12))


def lorebook() -> dict[str, Any]:
    entry = {"enabled": True, "extensions": {}, "insertion_order": 1}
    entries = [{**entry, "keys": [key], "content": f"{key} " + "lore " * 30, "priority": number} for number, key in enumerate(KEYS)]
    return {"extensions": {}, "entries": entries}


def fitted(messages: tuple[Message, ...], before: Prompt[None] | None) -> Prompt[None]:
    """As the engine does it, with four characters to a token."""
    return fit(
        messages,
        context=CONTEXT,
        max_tokens=0,
        render=lambda told: "".join(f"<{message.role}>{message.content}" for message in told),
        measure=lambda text: (None, len(text) // 4),
        count=lambda text: len(text) // 4,
        dropped=before.dropped if before is not None else (),
    )


@pytest.mark.parametrize("place", ["near_end", "as_card"])
def test_a_long_chat_with_lore_forgets_its_oldest_turns_a_quarter_at_a_time_and_keeps_its_lore(place: LorePlace) -> None:
    data = {
        "name": "Mira",
        "description": "A keeper. " * 10,
        "mes_example": "<START>\n{{char}}: One.\n<START>\n{{char}}: Two.",
        "character_book": lorebook(),
    }
    actor = Actor(1, {"spec": "chara_card_v3", "data": data})
    setup = Setup((Member(1),), lore_place=place, note=AuthorNote("Rain.", depth=2))
    chooser = random.Random(7)
    turns: list[SceneTurn] = []
    before: Prompt[None] | None = None
    moved = with_lore = 0
    for number in range(60):
        turns.append(SceneTurn(2 * number, "user", f"Tell me of {chooser.choice(KEYS)} and {chooser.choice(KEYS)}."))
        assembly = assemble(Scene(1, tuple(turns), (actor,), 1, Player("Ann"), setup, context=CONTEXT))
        messages = assembly.layout.messages
        before = fitted(messages, before)
        gone = [messages[index] for index in before.report.dropped]
        moved += before.newly_dropped
        with_lore += any(message.section == "lore" for index, message in enumerate(messages) if index not in before.report.dropped)
        kept = [
            message.content for index, message in enumerate(messages) if message.section == "history" and index not in before.report.dropped
        ]
        assert [message.content for message in messages if message.section == "history"][-len(kept) :] == kept
        assert kept[-1] == turns[-1].text
        if any(message.section == "history" for message in gone):
            assert not any(message.section == "examples" for message in messages if message not in gone)
        assert not any(message.section in ("system", "persona", "note") for message in gone)
        turns.append(SceneTurn(2 * number + 1, "assistant", f"{number} " + "word " * 60, 1))
    assert with_lore == 60
    assert before is not None
    assert before.report.dropped_turns > 30 or assembly.left_out
    assert moved <= 12
