"""A store that is damaged, locked, full or read-only: said in the window, with the way out, and nothing typed is lost."""

import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.app.store.test_damaged import rot
from tests.app.store.test_refusals import DISKS, OBEYING, SMALL_DISK
from tests.end_to_end.conftest import Driver
from tests.end_to_end.window_process import window_process

from zhiyin.paths import Paths
from zhiyin.store.errors import StoreCode, StoreError
from zhiyin.store.records import Status
from zhiyin.store.store import Store
from zhiyin.ui import theme
from zhiyin_models.library.installed import Library

Open = Callable[..., Driver]
GO_BACK = "Go back to the backup"


def press(app: Driver, label: str) -> None:
    """Wait for a button of the banner, and press it."""

    def buttons() -> list[object]:
        return [button for message in app.window.banner.messages() for button in message.buttons if button.text().startswith(label)]

    app.until(buttons)
    buttons()[0].click()


@pytest.fixture
def long_ago(with_starter: Path) -> Path:
    """A data directory with a long conversation and a good backup of it."""
    with Store.open(with_starter) as store:
        made = store.create_conversation(title="long ago").result(30)
        for number in range(40):
            store.add_user_turn(made.id, None, f"{number} " * 2000).result(30)
        store.backup().result(30)
    return with_starter


def kept_aside(data_dir: Path) -> list[Path]:
    return [path for path in data_dir.iterdir() if ".damaged-" in path.name and not path.name.endswith(("-wal", "-shm"))]


def test_pages_that_rotted_while_the_app_was_closed_offer_the_backup(open_app: Open, long_ago: Path) -> None:
    database = Paths(long_ago).database
    rot(database)
    damaged = database.read_bytes()
    app = open_app(long_ago)
    app.until(lambda: any("damaged" in text for text in app.window.banner.texts()))
    press(app, GO_BACK)
    app.ready()
    app.until(lambda: [item.title for item in app.window.conversations.model.items()] == ["long ago"])
    assert any("is kept as" in text for text in app.window.banner.texts())
    (kept,) = kept_aside(long_ago)
    middle = len(damaged) // 2 // 4096 * 4096
    assert kept.read_bytes()[middle : middle + 8 * 4096] == damaged[middle : middle + 8 * 4096]
    app.session.store.checked.result(60)


def test_damage_met_while_it_runs_offers_the_backup_and_ends_the_session_behind_it(
    open_app: Open, long_ago: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = open_app(long_ago).ready().short(4)
    app.until(app.session.store.checked.done)
    app.window.composer.editor.setPlainText("half a thought")
    before = app.session
    before.view.show_trouble(StoreError(StoreCode.DAMAGED, path="here", detail="a page"))
    before.view.show_trouble(StoreError(StoreCode.DAMAGED, path="here", detail="another page"))
    assert app.session is None
    assert not app.window.composer.send_button.isEnabled()
    app.until(lambda: sum("damaged" in text for text in app.window.banner.texts()) == 1)
    press(app, GO_BACK)
    app.ready().short(4)
    assert app.session is not before
    app.until(lambda: app.window.composer.text() == "half a thought")
    assert app.ask("Hello")
    process = app.session.engine.pid
    caplog.clear()
    app.window.transcript.error_action.emit(app.chat.turns[-1].id, "settings")
    assert app.window.pages.currentWidget() is app.window.settings_page
    app.window.settings_page.flush()
    app.window.show_home()
    app.window.transcript.error_action.emit(app.chat.turns[-1].id, "reload")
    app.window.header.unload_requested.emit()
    app.until(lambda: app.session.engine.pid is None)
    assert process is not None
    assert not [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")]


def test_how_the_window_looks_can_be_chosen_without_a_store(open_app: Open, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    app = open_app(tmp_path / "taken" / "data")
    app.until(lambda: any("cannot be used" in text for text in app.window.banner.texts()))
    app.window.show_settings()
    form = app.window.settings_page.form()
    for name, choice in (("theme", "dark"), ("language", "zh_CN")):
        box = form.choices[name]
        box.setCurrentIndex(box.findData(choice))
    assert theme.theme().dark
    app.until(lambda: app.window.conversations.new_button.text() == "新对话")
    app.until(lambda: any("无法使用" in text for text in app.window.banner.texts()))
    box = form.choices["theme"]
    box.setCurrentIndex(box.findData("light"))
    assert not theme.theme().dark


def test_a_store_that_opens_while_the_app_closes_is_closed(open_app: Open, with_starter: Path) -> None:
    app = open_app(with_starter)
    app.zhiyin.open_store()
    app.zhiyin.close()
    assert Paths(with_starter).database.exists()
    assert not list(with_starter.glob("zhiyin.sqlite3-*"))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("store-")]


def test_a_read_only_data_directory_is_told_in_the_window(with_starter: Path) -> None:
    with_starter.chmod(0o500)
    try:
        with window_process(with_starter, OBEYING) as window:
            seen = window.until_said("cannot be written to", "--data-dir")
            assert not seen["enabled"]
            assert window.do("type still here")["composer"] == "still here"
    finally:
        with_starter.chmod(0o700)


def test_a_database_locked_while_it_runs_gives_the_text_back(app: Driver) -> None:
    app.ask("Hello")
    holder = sqlite3.connect(app.zhiyin.paths.database, isolation_level=None)
    try:
        holder.execute("BEGIN IMMEDIATE")
        app.say("Are you there?")
        app.says("Another program is using")
        assert app.window.composer.text() == "Are you there?"
        assert len(app.chat.turns) == 2
    finally:
        holder.close()
    app.window.composer.send_button.click()
    app.until(lambda: len(app.chat.turns) == 4)
    app.idle()


@pytest.mark.parametrize("way", DISKS)
def test_a_disk_that_refuses_while_a_reply_streams_keeps_the_reply_and_the_text(tmp_path: Path, way: str) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    library = tmp_path / "library"
    Library(library).add_starter()
    setup = ('cp -r "$0" "$1/data" && shift && exec "$@"', str(library), str(disk))
    own_disk = (*SMALL_DISK, str(disk)) if way == "ballast" else ()
    refuse, allow, words = (
        (f"fill {disk}/ballast", f"free {disk}/ballast", "is full") if way == "ballast" else ("limit 4096", "limit -1", "refused")
    )
    with window_process(disk / "data", (*own_disk, "sh", "-c", *setup)) as window:
        window.until(lambda seen: seen["ready"])
        window.do("send Write a very long story about a river.")
        window.until(lambda seen: seen["written"] > 20)
        window.do(refuse)
        window.until(lambda seen: seen["written"] > 60)
        window.do("stop")
        window.until_said(words)
        window.do("send " + "And then? " * 20_000)
        seen = window.until(lambda seen: seen["composer"])
        assert seen["composer"].startswith("And then? And then?")
        assert len(seen["turns"]) == 2
        window.do(allow)
        seen = window.until(lambda seen: not seen["banner"] and seen["turns"][1][2] == Status.STOPPED)
        assert len(seen["turns"][1][1]) > 60


def test_a_folder_that_is_synchronised_is_warned_of(open_app: Open, tmp_path: Path) -> None:
    synced = tmp_path / "shared"
    (synced / ".stfolder").mkdir(parents=True)
    app = open_app(synced / "zhiyin")
    app.until(lambda: any("Syncthing" in text for text in app.window.banner.texts()))
    app.until(lambda: app.session is not None)
    assert os.access(Paths(synced / "zhiyin").database, os.W_OK)  # a warning, not a refusal
