"""The shell around the conversation: how the app starts and ends, and what a model in memory goes through."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QTimer
from tests.end_to_end.conftest import Driver
from tests.end_to_end.window_process import window_process

from zhiyin.services.engine import EngineState
from zhiyin.store.records import Status
from zhiyin.store.store import Store
from zhiyin_models.library.installed import Library

Open = Callable[..., Driver]
STREAMING = 3  # tokens


def stream(app: Driver) -> None:
    """Have a long reply under way."""
    app.short(0)
    app.say("Write a very long story about a river.")
    app.until(lambda: app.session.replies.busy and app.session.replies.jobs_of(app.chat.id)[0].tokens > STREAMING)


# ---------------------------------------------------------------- the end


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_closes_the_app_in_good_order(data_dir: Path, number: signal.Signals) -> None:
    with window_process(data_dir) as window:
        window.do("type half a thought")  # whether or not the store is open yet
        os.kill(window.pid, number)
        assert window.process.wait(30) == 0
    assert not list(data_dir.glob("zhiyin.sqlite3-*"))
    with Store.open(data_dir) as store:
        assert store.get_setting("new_draft").result(30) == "half a thought"


def test_a_reply_that_streams_when_the_app_is_ended_is_kept_with_the_text_typed_after_it(with_starter: Path) -> None:
    with window_process(with_starter) as window:
        window.until(lambda seen: seen["ready"])
        window.do("send Write a very long story about a river.")
        seen = window.until(lambda seen: seen["written"] > 20)
        window.do("type and then?")
        os.kill(window.pid, signal.SIGTERM)
        assert window.process.wait(30) == 0
    with Store.open(with_starter) as store:
        (made,) = store.conversations().result(30)
        turns = store.conversation(made.id).result(30).turns
    assert made.draft == "and then?"
    assert turns[1].status is Status.STOPPED
    assert len(turns[1].text) >= seen["written"]
    assert turns[1].text


def test_an_app_closed_before_its_store_is_open_ends_well(data_dir: Path) -> None:
    with window_process(data_dir) as window:
        os.kill(window.pid, signal.SIGTERM)
        assert window.process.wait(30) == 0
    assert not list(data_dir.glob("zhiyin.sqlite3-*"))


def test_a_message_sent_just_before_the_end_is_not_lost(app: Driver, open_app: Open, with_starter: Path) -> None:
    app.say("This was important.")
    app.zhiyin.close()
    again = open_app(with_starter).ready()
    again.until(lambda: again.window.composer.text() == "This was important." or [turn.text for turn in again.chat.turns][:1] != [])
    assert again.window.composer.text() or again.chat.turns[0].text == "This was important."


# ---------------------------------------------------------------- the start


def run_start(root: Path, *arguments: str, **environment: str | None) -> subprocess.CompletedProcess[str]:
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("QT_", "LC_", "LANG"))}
    variables = {**bare, **environment}
    return subprocess.run(
        ["sh", str(root / "packaging" / "start.sh"), *arguments],
        env={name: value for name, value in variables.items() if value is not None},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def test_a_display_that_nobody_serves_means_the_terminal(root: Path, tmp_path: Path) -> None:
    for language, words in (("en", "There is no display here"), ("zh", "这里没有图形显示")):
        done = run_start(root, "--data-dir", str(tmp_path / "data"), DISPLAY=":4711", ZHIYIN_LANG=language, LANG="C.UTF-8")
        assert words in done.stdout
        assert done.returncode == 0, done.stderr
    assert Library(tmp_path / "data").models()
    said = subprocess.run(
        [sys.executable, "-m", "zhiyin", "--data-dir", str(tmp_path / "data")],
        env={**{name: value for name, value in os.environ.items() if name != "QT_QPA_PLATFORM"}, "DISPLAY": ":4711", "ZHIYIN_LANG": "zh"},
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert (said.returncode, said.stderr.count("\n")) == (1, 1)
    assert "没有图形界面" in said.stderr


def test_a_display_that_is_served_is_found(x_display: str) -> None:
    bare = {name: value for name, value in os.environ.items() if name != "QT_QPA_PLATFORM"}
    for display, code in ((x_display, 0), (":4711", 1)):
        done = subprocess.run([sys.executable, "-m", "zhiyin.display"], env={**bare, "DISPLAY": display}, check=False)
        assert done.returncode == code


def test_a_data_directory_that_cannot_be_used_does_not_keep_the_window_from_starting(root: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    done = run_start(root, f"--data-dir={tmp_path / 'taken' / 'data'}", "--version", QT_QPA_PLATFORM="offscreen")
    assert done.returncode == 0
    assert done.stdout.startswith("zhiyin ")


def test_what_is_typed_before_the_store_is_open_is_kept(open_app: Open, with_starter: Path) -> None:
    app = open_app(with_starter)
    app.window.composer.editor.setPlainText("typed early")
    app.until(lambda: app.session is not None)
    app.ready()
    app.zhiyin.close()
    hasty = open_app(with_starter)
    hasty.window.composer.editor.setPlainText("and late")
    hasty.zhiyin.open_store()
    hasty.zhiyin.close()  # before anybody took over the store that it opened
    again = open_app(with_starter)
    again.until(lambda: again.window.composer.text() == "typed early\nand late")
    again.ready()


# ---------------------------------------------------------------- the model in memory


def test_a_load_can_be_cancelled(app: Driver) -> None:
    app.session.change_settings(msgspec.structs.replace(app.session.settings, context=1024))
    app.session.models.load(app.session.models.models[0].name)
    assert app.session.engine.state is EngineState.LOADING
    app.window.header.model_chooser.cancel_requested.emit()
    assert app.session.engine.state is EngineState.EMPTY
    app.until(lambda: app.session.engine.pid is None)
    assert app.window.banner.texts() == []
    assert app.ask("Hello")  # loaded again, now that it is needed
    assert app.chat.turns[-1].stats.context == 1024


def test_a_model_that_idles_is_unloaded_by_its_timer_but_never_under_a_reply(app: Driver) -> None:
    app.session.change_settings(msgspec.structs.replace(app.session.settings, unload_after_minutes=1))
    idle = app.session.models.findChild(QTimer)
    assert idle.isActive()
    assert idle.interval() == 60_000
    stream(app)
    idle.start(0)
    app.until(lambda: idle.interval() == 60_000)  # it was not unloaded, and begins anew
    assert app.session.engine.state is EngineState.READY
    app.chat.stop()
    app.idle()
    idle.start(0)
    app.until(lambda: app.session.engine.state is EngineState.EMPTY)
    app.until(lambda: app.session.engine.pid is None)


def test_another_model_chosen_while_a_reply_runs_does_not_end_it(app: Driver, tmp_path: Path, starter: Path) -> None:
    shutil.copy(starter, tmp_path / "another.gguf")
    other = Library(app.zhiyin.paths.data_dir).add(tmp_path / "another.gguf").name
    app.session.models.refresh()
    app.until(lambda: app.session.models.find(other))
    stream(app)
    process, reply = app.session.engine.pid, app.session.replies.jobs_of(app.chat.id)[0]
    app.window.header.model_chooser.chosen.emit(other)
    app.until(lambda: app.chat.model == other)
    tokens = reply.tokens
    app.until(lambda: reply.tokens > tokens)
    assert app.session.engine.pid == process
    app.chat.stop()
    app.idle()
    assert app.chat.turns[-1].status is Status.STOPPED
    app.short(4)
    assert app.ask("Hello")
    assert app.chat.turns[-1].model == other
    assert app.session.engine.model.path == str(tmp_path / "another.gguf")


def test_a_conversation_deleted_while_it_streams_can_be_brought_back_with_what_was_written(app: Driver) -> None:
    stream(app)
    conversation, reply = app.chat.id, app.session.replies.jobs_of(app.chat.id)[0]
    app.window.header.delete_requested.emit()
    app.until(lambda: app.chat.id != conversation and not app.session.replies.busy)
    assert conversation not in [item.id for item in app.window.conversations.model.items()]
    app.window.toast.button.click()
    app.until(lambda: app.chat.id == conversation and len(app.chat.turns) == 2)
    assert app.chat.turns[1].id == reply.reply
    app.until(lambda: app.chat.turns[1].status is Status.STOPPED)
    assert app.chat.turns[1].text
    app.short(4)
    assert app.ask("Hello")


def test_a_message_that_does_not_fit_leads_to_the_settings(app: Driver) -> None:
    app.session.change_settings(msgspec.structs.replace(app.session.settings, context=512))
    app.say("word " * 2000)
    app.says("too many")
    app.window.transcript.error_action.emit(app.chat.turns[-1].id, "settings")
    assert app.window.pages.currentWidget() is app.window.settings_page
