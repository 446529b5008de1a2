"""Assembling prompts: how long it takes where there is very much to assemble from, and how much of them the engine need not decode again.

The chat is lore-heavy: in each of its 20 turns the user speaks of other things that the lorebook knows, so that what is called up changes
all the time. The replies are the starter model's own, whatever they say.
"""

import random
import statistics
import time
from typing import Any

from msgspec import structs
from tests.bench.figures import CONTEXT, THREADS, at_least, at_most, noted, starter

from zhiyin.prompt.assembly import Assembly, assemble
from zhiyin.prompt.lore.book import read_book
from zhiyin.prompt.scene import Actor, Player, Scene, SceneTurn
from zhiyin.prompt.token_counts import TokenCounts
from zhiyin.roles import AuthorNote, LorePlace, Member, Setup
from zhiyin_models.engine.client import EngineClient
from zhiyin_models.engine.protocol import Finished, Forget, Sampling, Text

TURNS = 20
REPLY = 160  # tokens
TRIALS = 15
WORDS = ("river", "garden", "lamp", "paper", "winter", "teacher", "bridge", "music", "stone", "letter", "window", "morning", "forest")
PLACES = (
    "harbour", "lighthouse", "mill", "orchard", "chapel", "market", "library", "tannery", "bakery", "smithy", "inn", "ferry", "tower",
    "well", "meadow", "quarry", "stable", "brewery", "cellar", "archive", "theatre", "gate", "wall", "canal", "bathhouse", "granary",
    "school", "forge", "shrine", "cemetery",
)  # fmt: skip


def prose(words: int, seed: int) -> str:
    """So many words that mean nothing."""
    chooser = random.Random(seed)
    return " ".join(chooser.choice(WORDS) for _ in range(words))


def book(entries: int, keys: tuple[str, ...] = ()) -> dict[str, Any]:
    """A lorebook whose entries are called up by one word each."""
    names = keys or tuple(f"place{number}" for number in range(entries))
    return {
        "name": "The town",
        "extensions": {},
        "entries": [
            {
                "keys": [name, f"the old {name}"],
                "content": f"The {name} of the town: {prose(70, number)}.",
                "extensions": {},
                "enabled": True,
                "insertion_order": number,
                "priority": number % 7,
            }
            for number, name in enumerate(names)
        ],
    }


def card() -> dict[str, Any]:
    """A keeper of a town, with a book of its own of two texts that are always there."""
    own = book(2, ("mayor", "weather"))
    for entry in own["entries"]:
        entry["constant"] = True
    data = {
        "name": "Mira",
        "description": f"{{{{char}}}} keeps the records of a small town and knows every house in it. {prose(450, 11)}",
        "personality": "patient, curious, fond of small facts",
        "scenario": "{{user}} walks through the town with {{char}}.",
        "mes_example": "<START>\n{{user}}: Who lives here?\n{{char}}: A clockmaker, and her cat.\n<START>\n{{char}}: Mind the step.",
        "character_book": own,
    }
    return {"spec": "chara_card_v3", "spec_version": "3.0", "data": data}


def long_scene() -> Scene:
    """5,000 turns and 2,000 entries."""
    chooser = random.Random(5)
    turns = tuple(
        SceneTurn(
            number, "assistant" if number % 2 else "user", f"{prose(60, number)} place{chooser.randrange(2000)}", 1 if number % 2 else None
        )
        for number in range(1, 5000)
    )
    turns = (*turns, SceneTurn(5000, "user", "And place7, place8 and place1999?"))
    return Scene(1, turns, (Actor(1, card()),), 1, Player("Ann", "A visitor."), Setup((Member(1),)), (book(2000),), context=CONTEXT)


def assembling() -> list[dict[str, Any]]:
    """Milliseconds of assembling, with everything counted before, and the first time."""
    scene = long_scene()
    counts = TokenCounts()
    started = time.perf_counter()
    read_book(scene.books[0])
    first = assemble(scene, counts)
    opened = time.perf_counter() - started
    texts = [turn.text for turn in scene.turns]
    counts.learn(texts, [len(text) // 4 for text in texts])
    usual, again = median(scene, counts)
    endless, whole = median(structs.replace(scene, context=1_000_000), counts)
    assert {fired.index for fired in first.fired} >= {7, 8, 1999}
    assert again.left_out
    assert not whole.left_out
    return [
        noted("assembling from 5,000 turns and a book that was never read before", 1000 * opened, "ms"),
        at_most("assembling from 5,000 turns and 2,000 entries, median", usual, 50, "ms"),
        at_most("… where all of the turns fit, median", endless, 50, "ms"),
    ]


def median(scene: Scene, counts: TokenCounts) -> tuple[float, Assembly]:
    """Milliseconds of assembling a scene again and again, and what it gives."""
    spent = []
    for _ in range(TRIALS):
        started = time.perf_counter()
        assembly = assemble(scene, counts)
        spent.append(time.perf_counter() - started)
    return 1000 * statistics.median(spent), assembly


def chat(client: EngineClient, place: LorePlace, note: AuthorNote, replies: list[str]) -> tuple[float, float]:
    """What share of the prompts' tokens was reused in turns 2 to 20, and how many tokens of lore a prompt had on average.

    The model's replies are added to ``replies``; those that are there already are taken instead, and only a token is asked for.
    """
    session = f"chat {place} {note.depth if note.text else ''}"
    chooser = random.Random(3)
    setup = Setup((Member(1),), lore_place=place, note=note)
    counts, turns = TokenCounts(), [SceneTurn(1, "assistant", "Welcome to our town. Where shall we go first?", 1)]
    actors, books = (Actor(1, card()),), (book(len(PLACES), PLACES),)
    prompt = reused = lore = 0
    for number in range(TURNS):
        here, there, far = chooser.sample(PLACES, 3)
        question = f"Let us go from the {here} to the {there}. What happened at the {far} in the {chooser.choice(WORDS)} of that year?"
        turns.append(SceneTurn(2 * number + 2, "user", question))
        assembly = assemble(Scene(1, tuple(turns), actors, 1, Player("Ann"), setup, books, context=CONTEXT, reserve=REPLY), counts)
        known = number < len(replies)
        pieces: list[str] = []
        messages, sampling = assembly.layout.messages, Sampling(seed=number)
        for event in client.generate(session, messages, sampling=sampling, max_tokens=1 if known else REPLY, stop=assembly.stop):
            if isinstance(event, Text):
                pieces.append(event.text)
            final = event
        assert isinstance(final, Finished)
        if not known:
            replies.append("".join(pieces) or "…")
        turns.append(SceneTurn(2 * number + 3, "assistant", replies[number], 1))
        if number:
            prompt += final.stats.prompt_tokens
            reused += final.stats.reused_tokens
            lore += final.stats.fit.sections["lore"] if final.stats.fit is not None else 0
    client.call(lambda name: Forget(id=name, session=session))
    return reused / prompt, lore / (TURNS - 1)


def reuse() -> list[dict[str, Any]]:
    """How much of the prompts of a lore-heavy chat was in the engine's cache already."""
    replies: list[str] = []
    with EngineClient() as client:
        client.load(starter(), context=CONTEXT, threads=THREADS)
        near, tokens = chat(client, "near_end", AuthorNote(), replies)
        noting, _ = chat(client, "near_end", AuthorNote("Ann is afraid of heights.", depth=4), replies)
        literal, _ = chat(client, "as_card", AuthorNote(), replies)
    return [
        noted("20 turns with lore: lore in a prompt, on average", tokens, "tokens"),
        at_least("20 turns with lore: prompt tokens reused", 100 * near, 80, "%"),
        noted("… with an author's note four messages from the end", 100 * noting, "%"),
        noted("… with lore placed to the letter", 100 * literal, "%"),
    ]


def run() -> list[dict[str, Any]]:
    """All figures of prompts, in about three minutes."""
    return [*assembling(), *reuse()]
