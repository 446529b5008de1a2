"""A first answer of a model, in a process of its own."""

from pathlib import Path

import pytest
from tests.models.gguf_files import starter_of_architecture

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.evaluate.smoke import answer
from zhiyin_models.work import Stop, StoppedError


def test_the_starter_answers_the_same_each_time(starter: Path) -> None:
    first, second = (answer(starter, "Say hello.", Stop(), tokens=8) for _ in range(2))
    assert first == second != ""


def test_a_model_that_cannot_be_loaded_says_why(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        answer(starter_of_architecture(tmp_path / "odd.gguf"), "Say hello.", Stop())
    assert caught.value.code == Code.MODEL_UNKNOWN_ARCHITECTURE
    with pytest.raises(ModelError) as caught:
        answer(tmp_path / "absent.gguf", "Say hello.", Stop())
    assert caught.value.code == Code.MODEL_MISSING


def test_a_stop_is_noticed_before_an_answer(starter: Path) -> None:
    stop = Stop()
    stop.ask()
    with pytest.raises(StoppedError):
        answer(starter, "Say hello.", stop)
