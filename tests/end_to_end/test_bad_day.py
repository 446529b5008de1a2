"""The bad day: each ends in one clear sentence in the window, and nothing that was there is lost."""

import os
import resource
import shutil
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
from tests.end_to_end.conftest import Driver
from tests.models import gguf_files

from zhiyin.paths import Paths
from zhiyin.services.engine import EngineState
from zhiyin.store.schema import VERSION
from zhiyin.store.store import Store
from zhiyin_models.library.installed import Library

Open = Callable[..., Driver]

LOOPING = "{% for a in range(100000) %}{% for b in range(100000) %}{{ a }}{% endfor %}{% endfor %}"
GROWING = "{% set ns = namespace(s='ab') %}{% for i in range(64) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ ns.s }}"


def test_a_model_file_that_went_away(open_app: Open, data_dir: Path, tmp_path: Path, starter: Path) -> None:
    model = tmp_path / "gone.gguf"
    shutil.copy(starter, model)
    Paths(data_dir).create()
    Library(data_dir).add(model)
    model.unlink()
    app = open_app(data_dir)
    app.until(lambda: app.session is not None and app.session.models.models)
    app.session.models.load(app.session.models.models[0].name)
    app.says("gone.gguf", "not there")


def test_a_damaged_list_of_models_is_told(open_app: Open, data_dir: Path) -> None:
    Paths(data_dir).create()
    (data_dir / "library.json").write_bytes(b'{"version": 2, "entries": [' + bytes(64))
    app = open_app(data_dir)
    app.says("library.json.damaged-1")


NO_MODELS = (
    (lambda path: path.write_bytes(b"this is no model" * 100), ("is not a GGUF model",)),
    (lambda path: path.write_bytes(b""), ("is not a GGUF model",)),
    (gguf_files.starter_truncated, ("incomplete",)),
    (gguf_files.starter_of_architecture, ("frobnicator",)),
)


def test_a_file_that_is_no_model_is_refused_by_name(app: Driver, tmp_path: Path) -> None:
    good = app.short(4).session.models.current
    for number, (make, words) in enumerate(NO_MODELS):
        bad = tmp_path / f"bad-{number}.gguf"
        make(bad)
        app.window.models_dropped.emit([str(bad)])
        app.window.drop_bar.place_button.click()
        app.says(bad.name, *words)
        app.session.view.choose_model(good)  # and the good one still works
        app.ready()
        assert app.ask("Hello")


def test_a_model_bigger_than_memory_is_refused_before_it_is_loaded(open_app: Open, data_dir: Path, tmp_path: Path) -> None:
    huge = tmp_path / "huge.gguf"
    gguf_files.write_small(huge, {"llama.context_length": 1 << 20, "llama.block_count": 2000, "llama.attention.head_count_kv": 4096})
    Paths(data_dir).create()
    app = open_app(data_dir)
    app.until(lambda: app.session is not None)
    app.session.change_settings(msgspec.structs.replace(app.session.settings, context=1 << 20))
    app.window.models_dropped.emit([str(huge)])
    app.window.drop_bar.place_button.click()
    app.says("huge.gguf", "memory")


def test_a_hostile_template_ends_in_a_sentence(open_app: Open, data_dir: Path, tmp_path: Path) -> None:
    Paths(data_dir).create()
    templates = (LOOPING, GROWING, "{{ raise_exception('no, never') }}", "{{ undefined_thing.attribute.more }}")
    files = [tmp_path / f"hostile-{number}.gguf" for number in range(len(templates))]
    for file, template in zip(files, templates, strict=True):
        gguf_files.starter_with_template(file, template, data="zeros")
    names = [Library(data_dir).add(file).name for file in files]
    app = open_app(data_dir).ready()
    for name in names:
        app.chat.new()
        app.until(lambda: not app.chat.turns)
        app.session.view.choose_model(name)
        app.until(lambda name=name: app.session.models.current == name)
        app.ready()
        app.say("Hello")
        app.until(lambda: app.chat.turns and app.chat.turns[-1].failure is not None)
        app.says("template")
        assert app.chat.turns[0].text == "Hello"
        assert app.session.engine.state is EngineState.READY


def test_a_message_longer_than_the_context_is_refused_with_by_how_much(app: Driver) -> None:
    app.session.change_settings(msgspec.structs.replace(app.session.settings, context=512))
    app.session.models.load(app.session.models.current)
    app.ready()
    app.say("word " * 2000)
    app.says("too many", "Shorten it")
    failure = app.chat.turns[-1].failure
    assert failure.args["tokens"] - failure.args["limit"] == failure.args["over"] > 1000
    assert len(app.chat.turns[0].text) >= 9_999  # nothing was cut


def test_the_oldest_turns_go_first_and_a_line_shows_where_memory_begins(app: Driver) -> None:
    app.session.change_settings(msgspec.structs.replace(app.session.settings, context=512, max_tokens=8, system_prompt="Be brief."))
    app.session.models.load(app.session.models.current)
    app.ready()
    for number in range(6):
        app.ask(f"{number} " + "some words about the sea " * 20)
    app.until(lambda: app.chat.conversation.memory_start is not None)
    start = app.chat.conversation.memory_start
    assert start in [turn.id for turn in app.chat.turns[1:]]
    fit = app.chat.turns[-1].stats.fit
    assert fit.dropped_turns > 0
    assert fit.sections["system"] > 0


def test_a_model_file_deleted_while_loaded_is_told(open_app: Open, data_dir: Path, tmp_path: Path, starter: Path) -> None:
    model = tmp_path / "fleeting.gguf"
    shutil.copy(starter, model)
    Paths(data_dir).create()
    Library(data_dir).add(model)
    app = open_app(data_dir).ready().short(4)
    model.unlink()
    assert app.ask("Hello")
    app.says("fleeting.gguf", "deleted")


def test_an_engine_that_answers_nothing_is_ended_and_said_so(open_app: Open, with_starter: Path) -> None:
    app = open_app(with_starter, silence=2.0).ready().short(0)
    app.say("Tell me a very long story.")
    app.until(lambda: app.session.replies.busy and app.session.replies.jobs_of(app.chat.id)[0].tokens > 2)
    os.kill(app.session.engine.pid, signal.SIGSTOP)
    app.idle()
    app.says("did not answer")
    assert app.chat.turns[-1].text


def test_a_disk_that_takes_no_more_gives_the_text_back(app: Driver) -> None:
    app.ask("Hello")
    text = "不" * 400_000
    size = Paths(app.zhiyin.paths.data_dir).database.stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100_000, hard))
    try:
        app.say(text)
        app.says("refused")
        assert app.window.composer.text() == text
        assert len(app.chat.turns) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    app.window.composer.editor.setPlainText("short again")
    app.window.composer.send_button.click()
    app.until(lambda: len(app.chat.turns) == 4)
    app.idle()


def test_a_locked_database_is_told_and_tried_again(open_app: Open, with_starter: Path) -> None:
    Store.open(with_starter).close()
    holder = sqlite3.connect(Paths(with_starter).database, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    app = open_app(with_starter)
    app.until(lambda: any("Another program is using" in text for text in app.window.banner.texts()))
    holder.close()
    app.window.banner.action.emit("store:retry")
    app.ready()


def test_a_newer_database_is_left_alone(open_app: Open, with_starter: Path) -> None:
    Store.open(with_starter).close()
    path = Paths(with_starter).database
    with sqlite3.connect(path) as database:
        database.execute(f"PRAGMA user_version = {VERSION + 1}")
    database.close()
    before = path.read_bytes()
    app = open_app(with_starter)
    app.until(lambda: any("newer Zhiyin" in text for text in app.window.banner.texts()))
    assert path.read_bytes() == before


def test_a_damaged_database_offers_the_last_good_backup(open_app: Open, with_starter: Path) -> None:
    with Store.open(with_starter) as store:
        made = store.create_conversation(title="kept in the backup").result(30)
        store.add_user_turn(made.id, None, "hello").result(30)
        store.backup().result(30)
    path = Paths(with_starter).database
    content = bytearray(path.read_bytes())
    content[100 : len(content) // 2] = os.urandom(len(content) // 2 - 100)
    path.write_bytes(content)
    app = open_app(with_starter)
    app.until(lambda: any("damaged" in text for text in app.window.banner.texts()))
    app.window.banner.action.emit("store:restore")
    app.ready()
    app.until(lambda: [item.title for item in app.window.conversations.model.items()] == ["kept in the backup"])
    kept = [file for file in path.parent.iterdir() if file.is_file() and file.read_bytes()[:4096] == bytes(content[:4096])]
    assert kept, "the damaged file is still there"


def test_a_folder_that_cannot_be_made_is_told(open_app: Open, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    app = open_app(tmp_path / "taken" / "data")
    app.until(lambda: any("cannot be used" in text for text in app.window.banner.texts()))
    assert not app.window.composer.send_button.isEnabled()
