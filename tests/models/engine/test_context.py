"""A context that is full: what is dropped, what is refused, and what is moved out of the way."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.models.engine.asking import ask, talk

from zhiyin_models.engine.client import EngineClient
from zhiyin_models.errors import Code

CONTEXT = 256


@pytest.fixture(scope="module")
def small(starter: Path) -> Iterator[EngineClient]:
    """An engine with a context of 256 tokens."""
    with EngineClient() as client:
        client.load(starter, context=CONTEXT, threads=1)
        yield client


def test_the_oldest_turns_are_dropped_whole_and_the_system_prompt_never(small: EngineClient) -> None:
    contents = ["The weather is fine today, is it not, my old friend?"] * 13
    reply = ask(small, "long", talk(*contents), max_tokens=20)
    fit = reply.fit
    assert fit.dropped == tuple(range(1, 2 * fit.dropped_turns + 1))
    assert fit.dropped_turns > 3
    assert fit.prompt_tokens <= fit.limit == CONTEXT - 20
    assert sum(fit.sections.values()) == fit.prompt_tokens
    assert fit.sections["system"] > 0
    assert reply.notices() == [Code.CONTEXT_DROPPED]

    again = ask(small, "long", talk(*contents[:12], contents[12], reply.text, "Yes?"), max_tokens=20)
    assert again.fit.dropped == fit.dropped  # stays away, so that the cache stays good
    assert again.notices() == []
    assert again.stats.reused_tokens >= reply.stats.context_used - 1


def test_a_message_that_cannot_fit_is_refused_with_by_how_much(small: EngineClient) -> None:
    failed = ask(small, "refused", talk("hello", "hi", "word " * 400)).failed
    assert failed.code is Code.MESSAGE_TOO_LONG
    assert failed.args["over"] == int(failed.args["tokens"]) - int(failed.args["limit"]) > 0
    assert int(failed.args["limit"]) < CONTEXT
    assert ask(small, "refused", talk("hello"), max_tokens=3).finished.reason == "length"


def test_a_reply_that_reaches_the_end_of_the_context_says_so(small: EngineClient) -> None:
    reply = ask(small, "full", talk("Count: " + " ".join(map(str, range(50))), " ".join(map(str, range(50)))), open_reply=True)
    assert reply.finished.reason == "context_full"
    assert reply.stats.context_used == CONTEXT


def test_a_conversation_that_others_pushed_out_comes_back_without_a_prefill(small: EngineClient) -> None:
    words = "This is a sentence of some length about nothing at all. "
    first = ask(small, "pushed", talk(words * 10), max_tokens=5)
    for number in range(3):
        ask(small, f"pushing {number}", talk(f"{number} " + words * 9), max_tokens=5)
    ask(small, "", talk("passing " + words * 9), max_tokens=5)
    second = ask(small, "pushed", talk(words * 10, first.text, "Really?"), max_tokens=5)
    assert second.stats.reused_tokens >= first.stats.context_used - 1
    alone = ask(small, "alone", talk(words * 10), max_tokens=5)
    assert alone.text == first.text


def test_replies_that_together_fill_the_context_end_with_it(small: EngineClient) -> None:
    reply = ask(small, "", talk("Count: 1 2 3 4", "1 2 3 4 5 6 7"), open_reply=True, n=4)
    assert set(reply.finished.reasons) <= {"context_full", "end"}
    assert ask(small, "", talk("hello"), max_tokens=2).finished.reason == "length"
