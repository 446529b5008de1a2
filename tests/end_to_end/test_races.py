"""Things that happen in the middle of others: nothing is lost, and nobody waits for ever."""

import os
import shutil
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tests.end_to_end.conftest import Driver

from zhiyin.paths import Paths
from zhiyin.services.engine import EngineState
from zhiyin.store.records import Status
from zhiyin_models.library.installed import Library

Open = Callable[..., Driver]


@pytest.fixture
def two_models(with_starter: Path, tmp_path: Path, starter: Path) -> Path:
    """A library of the starter and of a copy called other."""
    shutil.copy(starter, tmp_path / "other.gguf")
    Library(with_starter).add(tmp_path / "other.gguf")
    return with_starter


def running(app: Driver) -> bool:
    return app.session.replies.busy and app.session.replies.jobs_of(app.chat.id)[0].tokens > 2


def test_another_model_chosen_while_a_reply_waits_for_its_own(open_app: Open, two_models: Path) -> None:
    app = open_app(two_models).ready().short(4)
    app.session.models.unload()
    app.say("Hello")
    app.until(lambda: len(app.chat.turns) == 2)
    waiting = app.session.replies.job(app.chat.turns[1].id)
    assert waiting is not None
    app.session.models.load("other" if waiting.model != "other" else "SmolLM2-135M-Instruct")
    app.idle()
    assert app.chat.turns[-1].text


def test_a_load_that_fails_elsewhere_costs_a_waiting_reply_nothing(open_app: Open, two_models: Path) -> None:
    app = open_app(two_models).ready().short(4)
    app.session.models.unload()
    app.say("Hello")
    app.until(lambda: len(app.chat.turns) == 2)
    app.session.models.load("no such model")
    app.idle()
    assert app.chat.turns[-1].text
    app.says("no such model")


def test_a_new_conversation_lets_go_of_a_model_that_is_removed(open_app: Open, two_models: Path) -> None:
    app = open_app(two_models).ready()
    app.chat.update(model="other")
    assert app.chat.model == "other"
    Library(two_models).remove("other")
    app.session.models.refresh()
    app.until(lambda: app.chat.model == "SmolLM2-135M-Instruct")


def test_loading_what_is_loaded_costs_nothing_and_new_settings_load_it_again(app: Driver) -> None:
    pid = app.session.engine.pid
    app.session.models.load(app.session.models.current)
    assert app.session.engine.pid == pid
    app.session.change_settings(msgspec.structs.replace(app.session.settings, context=1024))
    app.ask("Hello")
    assert app.session.engine.pid != pid
    assert app.chat.turns[-1].stats.context == 1024


def test_what_is_sent_while_a_turn_is_being_stored_stays_in_the_composer(app: Driver) -> None:
    app.ask("Hello")
    holder = sqlite3.connect(Paths(app.zhiyin.paths.data_dir).database, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    app.say("first")
    app.window.composer.editor.setPlainText("second")
    app.window.composer.editor.enter_pressed.emit()
    app.chat.send("third")
    assert app.window.composer.text() == "third\nsecond"
    holder.rollback()
    holder.close()
    app.until(lambda: len(app.chat.turns) == 4)
    app.idle()
    assert [turn.text for turn in app.chat.turns if turn.role == "user"] == ["Hello", "first"]
    assert app.window.composer.text() == "third\nsecond"


def test_a_turn_that_cannot_be_stored_goes_back_to_where_it_was_written(app: Driver) -> None:
    app.ask("Hello")
    first = app.chat.id
    holder = sqlite3.connect(Paths(app.zhiyin.paths.data_dir).database, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    app.say("not to be lost")
    app.chat.new()
    app.says("Another program is using")  # the store gives up after five seconds
    holder.rollback()
    holder.close()
    assert app.window.composer.text() == ""
    app.chat.open(first)
    app.until(lambda: app.chat.id == first and app.window.composer.text() == "not to be lost")


def test_a_killed_engine_spares_the_replies_that_wait(app: Driver) -> None:
    app.short(0)
    app.say("Write a very long story about the moon.")
    app.until(lambda: running(app))
    first = app.chat.id
    app.window.conversations.new_requested.emit()
    app.say("Hello")
    app.until(lambda: len(app.chat.turns) == 2)
    waiting = app.session.replies.job(app.chat.turns[1].id)
    waiting.max_tokens = 4
    os.kill(app.session.engine.pid, signal.SIGKILL)
    app.idle()
    assert app.chat.turns[-1].status is Status.COMPLETE
    app.chat.open(first)
    app.until(lambda: app.chat.id == first)
    assert app.chat.turns[-1].status is Status.INTERRUPTED


def test_a_reply_cut_by_its_length_can_be_continued(app: Driver) -> None:
    cut = app.ask("Write a long story about a mountain.")
    assert app.chat.turns[-1].reason == "length"
    app.chat.continue_reply(app.chat.turns[-1].id)
    app.until(lambda: len(app.chat.turns[-1].text) > len(cut) and not app.session.replies.busy)
    assert app.chat.turns[-1].text.startswith(cut)
    assert len(app.chat.turns) == 2


def test_leaving_right_after_asking_again_still_gets_an_answer(app: Driver) -> None:
    app.ask("Name a colour.")
    conversation = app.chat.id
    app.chat.edit_and_resend(app.chat.turns[0].id, "Name an animal.")
    app.chat.new()
    app.until(lambda: app.session.replies.jobs_of(conversation))
    app.until(lambda: not app.session.replies.busy)
    app.chat.open(conversation)
    app.until(lambda: len(app.chat.turns) == 2 and app.chat.turns[0].text == "Name an animal." and app.chat.turns[1].text)


def test_two_fast_regenerations_make_one_reply(app: Driver) -> None:
    app.ask("Name a colour.")
    reply = app.chat.turns[-1].id
    app.chat.regenerate(reply)
    app.chat.regenerate(reply)
    app.until(lambda: app.chat.turns[-1].id != reply and app.chat.turns[-1].finished)
    assert len(app.chat.turns[-1].sibling_ids) == 2


def test_a_turn_whose_reply_was_cancelled_can_be_answered(app: Driver) -> None:
    app.session.models.unload()
    app.say("Hello")
    app.until(lambda: len(app.chat.turns) == 2)
    app.chat.stop()
    app.until(lambda: len(app.chat.turns) == 1 and not app.session.replies.busy)
    app.chat.regenerate(app.chat.turns[0].id)
    app.until(lambda: len(app.chat.turns) == 2)
    app.idle()
    assert app.chat.turns[1].text


def test_a_conversation_whose_model_is_gone_leaves_the_loaded_one_alone(app: Driver) -> None:
    app.chat.update(model="gone")
    pid = app.session.engine.pid
    app.say("Hello")
    app.says("gone", "library")
    app.until(lambda: app.chat.turns[-1].status is Status.FAILED)
    assert app.session.engine.state is EngineState.READY
    assert app.session.engine.pid == pid
