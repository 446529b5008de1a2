"""The window as a whole: languages, light and dark, two starts, what is remembered."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from tests.end_to_end.conftest import Driver

from zhiyin.store.records import Status
from zhiyin.ui import theme
from zhiyin_models.engine.protocol import Sampling

Open = Callable[..., Driver]
ROOT = Path(__file__).resolve().parents[2]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "app", ROOT / "models")))}


def test_a_second_start_raises_the_first_window_and_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "zhiyin", "--data-dir", str(tmp_path / "data")]
    address = tmp_path / "data" / "instance.address"
    with subprocess.Popen(command, env=environment(), stderr=subprocess.DEVNULL) as first:
        try:
            deadline = time.monotonic() + 60
            while not address.exists() and time.monotonic() < deadline:
                first.poll()
            second = subprocess.run(command, env=environment(), capture_output=True, timeout=60, check=False)
            assert second.returncode == 0
            assert first.poll() is None
            other = subprocess.Popen(
                [*command[:-1], str(tmp_path / "other")], env=environment(), stderr=subprocess.DEVNULL
            )  # another data directory is another app
            try:
                while not (tmp_path / "other" / "instance.address").exists() and time.monotonic() < deadline:
                    assert other.poll() is None
            finally:
                other.kill()
                other.wait()
        finally:
            first.kill()


def test_without_a_display_it_says_so_in_one_sentence() -> None:
    bare = {name: value for name, value in environment().items() if name not in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY")}
    for language, words in (("en_GB.UTF-8", "no display"), ("zh_CN.UTF-8", "没有图形界面")):
        said = subprocess.run(
            [sys.executable, "-m", "zhiyin"],
            env={**bare, "LC_ALL": language},
            capture_output=True,
            timeout=60,
            check=False,
            encoding="utf-8",
        )
        assert said.returncode == 1
        assert words in said.stderr
        assert said.stderr.count("\n") == 1


def test_the_language_changes_at_run_time_everywhere(app: Driver) -> None:
    app.ask("Hello")
    app.zhiyin.change_appearance(language="zh_CN")
    app.until(lambda: app.window.conversations.new_button.text() == "新对话")
    assert app.window.composer.editor.placeholderText() == "写点什么……"
    app.zhiyin.change_appearance(language="en")
    app.until(lambda: app.window.conversations.new_button.text() == "New conversation")


def test_light_and_dark_change_at_run_time(open_app: Open, data_dir: Path) -> None:
    app = open_app(data_dir)
    app.until(lambda: app.session is not None)
    app.zhiyin.change_appearance(theme="dark")
    assert theme.theme().dark
    app.zhiyin.change_appearance(theme="light")
    assert not theme.theme().dark


def test_enter_sends_and_shift_enter_breaks(app: Driver) -> None:
    editor = app.window.composer.editor
    QTest.keyClicks(editor, "one")
    QTest.keyClick(editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClicks(editor, "two")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    app.until(lambda: len(app.chat.turns) == 2)
    assert app.chat.turns[0].text == "one\ntwo"
    app.idle()


def test_escape_stops(app: Driver) -> None:
    app.short(0)
    app.say("Write a very long story about a mountain.")
    app.until(lambda: app.session.replies.busy and app.session.replies.jobs_of(app.chat.id)[0].tokens > 2)
    QTest.keyClick(app.window.composer.editor, Qt.Key.Key_Escape)
    app.idle()
    assert app.chat.turns[-1].status is Status.STOPPED


def test_the_panel_and_the_defaults_decide_what_is_sent(app: Driver) -> None:
    settings = msgspec.structs.replace(app.session.settings, system_prompt="You are a pirate.", sampling=Sampling(temperature=0.0, seed=3))
    app.session.change_settings(settings)
    app.ask("Hello")
    stats = app.chat.turns[-1].stats
    assert stats.fit.sections["system"] > 0
    assert stats.sampling.temperature == 0.0
    app.window.panel.changed.emit("", Sampling(temperature=0.5, seed=4))
    app.until(lambda: app.chat.conversation.sampling is not None)
    app.ask("Hello again")
    stats = app.chat.turns[-1].stats
    assert stats.fit.sections.get("system", 0) == 0
    assert (stats.sampling.temperature, stats.seed) == (0.5, 4)


def test_drafts_are_kept_per_conversation(open_app: Open, with_starter: Path, app: Driver) -> None:
    app.ask("First")
    first = app.chat.id
    app.window.composer.editor.setPlainText("half a thought")
    app.chat.new()
    app.window.composer.editor.setPlainText("another one")
    app.chat.open(first)
    app.until(lambda: app.chat.id == first and app.window.composer.text() == "half a thought")
    app.zhiyin.close()
    again = open_app(with_starter)
    again.until(lambda: again.session is not None and again.window.composer.text() == "half a thought")
    again.chat.new()
    again.until(lambda: again.window.composer.text() == "another one")


def test_the_model_is_unloaded_and_loaded_again_when_it_is_needed(app: Driver) -> None:
    app.ask("Hello")
    app.session.models.unload()
    assert app.session.engine.pid is None
    assert app.ask("Hello again")
    assert app.session.engine.pid is not None
