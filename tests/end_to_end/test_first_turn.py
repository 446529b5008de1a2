"""The main job: type, be answered, find it again."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

from PySide6.QtGui import QGuiApplication
from tests.end_to_end.conftest import Driver

from zhiyin.services.engine import EngineState
from zhiyin.store.records import Status


def test_a_typed_question_is_answered_and_kept(app: Driver, open_app: Callable[..., Driver], with_starter: Path) -> None:
    reply = app.ask("What is the capital of France?")
    assert "Paris" in reply
    assert app.chat.conversation.system_prompt  # on show in the panel, where it can be changed
    assert [turn.role for turn in app.chat.turns] == ["user", "assistant"]
    assert app.chat.turns[1].status is Status.COMPLETE
    assert app.chat.turns[1].stats.generated_tokens > 0
    assert app.chat.conversation.title.startswith("What is the capital")
    app.zhiyin.close()
    again = open_app(with_starter).ready()
    again.until(lambda: len(again.chat.turns) == 2)
    assert again.chat.turns[1].text == reply


def test_the_second_turn_reuses_the_first(app: Driver) -> None:
    app.ask("Tell me about the sea.")
    app.ask("And the mountains?")
    stats = app.chat.turns[-1].stats
    assert stats.reused_tokens > stats.prompt_tokens // 2


def test_the_transcript_shows_each_piece_once_while_it_streams(app: Driver) -> None:
    app.short(0)
    app.say("Write a very long story about a river.")
    for tokens in (1, 4, 9):
        app.until(lambda least=tokens: app.session.replies.busy and app.session.replies.jobs_of(app.chat.id)[0].tokens >= least)
        job = app.session.replies.jobs_of(app.chat.id)[0]
        app.window.transcript.copy_turn(job.reply)
        assert QGuiApplication.clipboard().text() == job.text
    app.chat.stop()
    app.idle()


def test_stop_keeps_what_was_written(app: Driver) -> None:
    app.short(0)
    app.say("Write a very long story about a river.")
    app.until(lambda: app.session.replies.busy and app.session.replies.jobs_of(app.chat.id)[0].tokens > 3)
    app.window.composer.stop_button.click()
    app.idle()
    turn = app.chat.turns[-1]
    assert turn.status is Status.STOPPED
    assert turn.text
    app.short(8)
    app.chat.continue_reply(turn.id)
    app.until(lambda: app.chat.turns[-1].status is Status.COMPLETE)
    assert app.chat.turns[-1].text.startswith(turn.text)
    assert len(app.chat.turns[-1].text) > len(turn.text)


def test_alternatives_and_edits_lose_nothing(app: Driver) -> None:
    first = app.ask("Name a colour.")
    app.chat.regenerate(app.chat.turns[-1].id)
    app.until(lambda: len(app.chat.turns) == 2 and len(app.chat.turns[1].sibling_ids) == 2)
    app.idle()
    app.chat.show_alternative(app.chat.turns[1].id, -1)
    app.until(lambda: app.chat.turns[1].id == app.chat.turns[1].sibling_ids[0])
    assert app.chat.turns[1].text == first
    app.chat.edit_and_resend(app.chat.turns[0].id, "Name an animal.")
    app.until(lambda: app.chat.turns[0].text == "Name an animal." and len(app.chat.turns) == 2)
    app.idle()
    app.chat.show_alternative(app.chat.turns[0].id, -1)
    app.until(lambda: app.chat.turns[0].text == "Name a colour.")
    assert app.chat.turns[1].text == first
    app.chat.edit_reply(app.chat.turns[1].id, "Blue.")
    app.until(lambda: app.chat.turns[1].text == "Blue.")
    assert app.chat.turns[1].edited


def test_another_conversation_waits_its_turn_and_can_be_cancelled(app: Driver) -> None:
    app.short(0)
    app.say("Write a very long story about the moon.")
    app.until(lambda: app.session.replies.busy and app.session.replies.jobs_of(app.chat.id)[0].tokens > 3)
    first = app.chat.id
    app.window.conversations.new_requested.emit()
    app.say("Hello")
    app.until(lambda: len(app.chat.turns) == 2)
    second = app.chat.id
    assert second != first
    assert app.session.replies.jobs_of(second)[0].state == "queued"
    app.window.transcript.cancel_queued.emit(app.chat.turns[1].id)
    app.until(lambda: len(app.chat.turns) == 1)
    for job in app.session.replies.jobs_of(first):  # the model may have come to its end by itself
        app.session.replies.cancel(job.reply)
    app.until(lambda: not app.session.replies.busy)


def test_a_killed_engine_costs_only_the_rest_of_the_reply(app: Driver) -> None:
    app.short(0)
    app.say("Write a very long story about the moon.")
    app.until(lambda: app.session.replies.busy and app.session.replies.jobs_of(app.chat.id)[0].tokens > 3)
    os.kill(app.session.engine.pid, signal.SIGKILL)
    app.idle()
    turn = app.chat.turns[-1]
    assert turn.status is Status.INTERRUPTED
    assert turn.text
    assert turn.failure.args["reason"] == "SIGKILL"
    assert app.session.engine.state is EngineState.EMPTY
    assert any("SIGKILL" in text for text in app.window.banner.texts())
    app.window.transcript.error_action.emit(turn.id, "reload")
    app.until(lambda: app.session.engine.state is EngineState.READY)
    app.short(4)
    assert app.ask("Go on.")


def test_delete_can_be_undone(app: Driver) -> None:
    app.ask("Remember me.")
    conversation = app.chat.id
    app.window.header.delete_requested.emit()
    app.until(lambda: app.chat.id != conversation)
    app.window.toast.button.click()
    app.until(lambda: app.chat.id == conversation and len(app.chat.turns) == 2)


def test_first_run_offers_the_starter_and_answers(open_app: Callable[..., Driver], data_dir: Path) -> None:
    app = open_app(data_dir)
    app.until(lambda: app.window.pages.currentWidget() is app.window.first_run)
    app.window.first_run.use_starter.emit()
    app.ready().short(4)
    app.until(lambda: app.window.pages.currentWidget() is app.window.chat)
    assert app.ask("Hello")


def test_a_conversation_whose_model_is_gone_says_so_and_offers_another(app: Driver) -> None:
    app.ask("Hi")
    app.chat.update(model="lost-model")
    app.until(lambda: app.chat.conversation.model == "lost-model")
    conversation = app.chat.id
    app.chat.new()
    app.chat.open(conversation)
    app.until(lambda: any("lost-model" in text for text in app.window.banner.texts()))
    other = app.session.models.models[0].name
    app.window.banner.action.emit(f"use:{other}")
    app.until(lambda: app.chat.conversation.model == other)
