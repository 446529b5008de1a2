"""The engine as the window has it: a real process with the starter model, its events on the window's thread."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from zhiyin.services.engine import EngineService, EngineState
from zhiyin_models.engine.protocol import (
    FINAL,
    Complete,
    Counted,
    Event,
    Failed,
    Finished,
    Generate,
    Load,
    Message,
    PromptText,
    Render,
    Rendered,
    Sampling,
    Text,
)
from zhiyin_models.errors import Code

LONGEST_MS = 60_000
GREEDY = Sampling(temperature=0)


@pytest.fixture(scope="module")
def loaded(starter: Path, tmp_path_factory: pytest.TempPathFactory, qapp: object) -> Iterator[EngineService]:
    del qapp
    one = EngineService(tmp_path_factory.mktemp("logs") / "engine.log")
    one.load("starter", lambda id_: Load(id=id_, path=str(starter), context=512, threads=1))
    yield one
    one.close()


@pytest.fixture
def service(loaded: EngineService, qtbot: QtBot) -> EngineService:
    qtbot.waitUntil(lambda: loaded.state is EngineState.READY, timeout=LONGEST_MS)
    return loaded


def ended(qtbot: QtBot, events: list[Event]) -> list[Event]:
    qtbot.waitUntil(lambda: bool(events) and isinstance(events[-1], FINAL), timeout=LONGEST_MS)
    return events


def test_several_continuations_stay_apart_and_keep_their_candidates(service: EngineService, qtbot: QtBot) -> None:
    events: list[Event] = []
    sampling = Sampling(temperature=1.5, seed=2)
    service.complete(
        lambda id_: Complete(id=id_, session="", text="Once upon", sampling=sampling, max_tokens=8, n=2, n_probs=3), events.append
    )
    finished = ended(qtbot, events)[-1]
    assert isinstance(finished, Finished)
    pieces = [event for event in events if isinstance(event, Text)]
    for index in range(2):
        mine = [piece for piece in pieces if piece.index == index]
        chosen = [next(one.text for one in found if one.chosen) for piece in mine for found in piece.probabilities]
        assert len(chosen) == sum(piece.tokens for piece in mine) == 8
        assert "".join(chosen) == "".join(piece.text for piece in mine)
    assert finished.stats.generated_tokens == 16


def test_texts_are_counted_and_prompts_are_rendered(service: EngineService, qtbot: QtBot) -> None:
    counted: list[Event] = []
    service.count(["one two three", ""], counted.append)
    answer = ended(qtbot, counted)[0]
    assert isinstance(answer, Counted)
    assert answer.tokens == (3, 0)
    messages = (Message("user", "Hello"),)
    rendered: list[Event] = []
    service.render(lambda id_: Render(id=id_, messages=messages), rendered.append)
    prompt = ended(qtbot, rendered)[0]
    assert isinstance(prompt, Rendered)
    sent: list[Event] = []
    service.generate(
        lambda id_: Generate(id=id_, session="", messages=messages, sampling=GREEDY, max_tokens=2, tell_prompt=True), sent.append
    )
    (told,) = (event for event in ended(qtbot, sent) if isinstance(event, PromptText))
    assert (told.text, told.tokens) == (prompt.text, (1,))


def test_nothing_is_asked_of_an_engine_without_a_model(tmp_path: Path, qtbot: QtBot) -> None:
    del qtbot
    empty = EngineService(tmp_path / "engine.log")
    events: list[Event] = []
    assert empty.complete(lambda id_: Complete(id=id_, session="", text=""), events.append) is None
    assert empty.count([""], events.append) is None
    assert empty.render(lambda id_: Render(id=id_, messages=()), events.append) is None
    assert [event.code for event in events if isinstance(event, Failed)] == [Code.MODEL_NONE_LOADED] * 3
    empty.close()
