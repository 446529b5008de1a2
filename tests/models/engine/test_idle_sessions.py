"""Conversations that wait: they take no part in the decoding of others, and lose nothing by it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.models.engine.asking import GREEDY, talk

from zhiyin_models.engine import protocol as p
from zhiyin_models.engine.decoding import StopFlag
from zhiyin_models.engine.generation import Generation
from zhiyin_models.engine.library_log import LibraryLog
from zhiyin_models.engine.loader import LoadedModel, Loader
from zhiyin_models.engine.session import NOWHERE, RESIDENT

LONG = talk(" ".join(f"word{number}" for number in range(200)))
SHORT = talk("Hello")
events: list[p.Event] = []


@pytest.fixture(scope="module")
def model(starter: Path) -> Iterator[LoadedModel]:
    """The starter in this process, to be looked into."""
    loader = Loader(p.Load(id=1, path=str(starter), context=2048, threads=1), log=LibraryLog(), stop=StopFlag(), send=events.append)
    loader.check(freed={})
    loaded = loader.load()
    yield loaded
    loaded.close()


def run(model: LoadedModel, session: str, messages: tuple[p.Message, ...], max_tokens: int) -> p.Stats:
    request = p.Generate(id=2, session=session, messages=messages, sampling=GREEDY, max_tokens=max_tokens)
    return Generation(request, model, events.append, arrived=0.0).run().stats


def test_a_long_idle_conversation_leaves_the_context_and_comes_back_whole(model: LoadedModel) -> None:
    sessions = model.sessions.sessions
    first = run(model, "long", LONG, 4)
    assert first.prompt_tokens > RESIDENT
    run(model, "", SHORT, 4)
    assert sessions["long"].sequence != NOWHERE  # not for a passing request that is soon over
    run(model, "short", SHORT, 4)
    assert sessions["long"].sequence == NOWHERE
    assert sessions["long"].saved is not None
    second = run(model, "long", LONG, 4)
    assert second.reused_tokens == first.prompt_tokens - 1
    assert sessions["short"].sequence != NOWHERE  # a short one is in nobody's way

    run(model, "borrower", (*LONG, p.Message("assistant", "Yes."), p.Message("user", "Well?")), 4)
    assert sessions["long"].sequence != NOWHERE  # lends what both begin with
    again = run(model, "borrower", (*LONG, p.Message("assistant", "Yes."), p.Message("user", "So?")), 4)
    assert again.reused_tokens > first.prompt_tokens
    assert sessions["long"].sequence == NOWHERE
    assert run(model, "long", LONG, 4).reused_tokens == first.prompt_tokens - 1
