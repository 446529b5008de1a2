"""Downloads in the window, from a real hub on the loopback address: a queue of several, and what happens to it on a bad day."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import psutil
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from tests.end_to_end.conftest import Driver
from tests.hub_server import TOKEN, Forbidden, Generated, HubServer, Throttle

from zhiyin.controllers.leaving import LeavingController
from zhiyin.ui.download_card import CANCEL, PAUSE, RESUME, UP, DownloadCard
from zhiyin.ui.download_history import CHAT, PAGE, RETRY, SETTINGS, SHOW
from zhiyin_models.errors import Code, Failure
from zhiyin_models.hub.settings import HubSettings, Source, read_hub_settings, write_hub_settings
from zhiyin_models.hub.values import RemoteFile
from zhiyin_models.jobs.folder import JobFolder
from zhiyin_models.jobs.protocol import Download, JobState, Status

Open = Callable[..., Driver]
KB = 1 << 10


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubServer]:
    with HubServer(tmp_path / "hub") as server:
        yield server


class Fetching:
    """What a person does on the page of downloads."""

    def __init__(self, app: Driver, hub: HubServer) -> None:
        self.app, self.hub = app, hub
        app.until(lambda: app.session is not None)
        self.downloads = app.session.downloads
        self.view = app.window.models_page.downloads

    def add(self, name: str, size: int, *, pace: int = 0, **about: object) -> None:
        """Put a model of that size into the queue; ``pace`` slows the server down."""
        task = self.task(name, size, **about)
        if pace:
            self.hub.misbehave(f"*{name}*", Throttle(pace))
        self.downloads.add(task)

    def task(self, name: str, size: int, **about: object) -> Download:
        """The download of a model that is at the hub now."""
        file = f"{name}-Q4_K_M.gguf"
        repository = self.hub.add_repository(f"test/{name}", {file: Generated(min(size, 4000 * KB), seed=len(name))}, **about)
        paths, remote = self.app.zhiyin.paths, RemoteFile(file, size, self.hub.sha256(repository.id, file))
        folder, revision = str(paths.models / "test" / name), repository.commits[-1].sha
        return Download("Test", "huggingface", repository.id, revision, (remote,), folder, str(paths.data_dir), name=name)

    def card(self, name: str) -> DownloadCard:
        found: list[DownloadCard] = []

        def there() -> bool:
            found[:] = [card for card in self.view.content().queue.cards().values() if card.item().title == name]
            return bool(found)

        self.app.until(there)
        return found[0]

    def press(self, name: str, action: str) -> None:
        self.card(name).buttons[action].click()

    def statuses(self) -> dict[str, Status]:
        return {item.title: item.status for item in self.view.items()} | {item.title: item.status for item in self.view.past()}

    def until(self, **wanted: Status) -> None:
        self.app.until(lambda: wanted.items() <= self.statuses().items())

    def until_under_way(self, name: str) -> None:
        self.app.until(lambda: self.card(name).item().done > 0)


def settings_for(hub: HubServer, data_dir: Path, **more: object) -> None:
    sources = (Source("Test", "huggingface", hub.address),)
    write_hub_settings(data_dir, HubSettings(sources=sources, proxy="", **more))  # type: ignore[arg-type]


def asked_from(hub: HubServer, name: str) -> list[int]:
    """Where in a file each request for its bytes began."""
    ranges = [request.headers.get("range", "bytes=0-") for request in hub.requests if request.host == "files" and name in request.path]
    return [int(asked.removeprefix("bytes=").split("-")[0]) for asked in ranges]


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def parts(data_dir: Path) -> list[str]:
    return sorted(path.name for path in (data_dir / "models").rglob("*.part*"))


def job_processes() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):  # it ended meanwhile
            if "zhiyin_models.jobs" in child.cmdline():
                found.append(child)
    return found


def test_a_queue_of_several(open_app: Open, data_dir: Path, hub: HubServer) -> None:
    settings_for(hub, data_dir, concurrency=1)
    app = open_app(data_dir)
    fetching = Fetching(app, hub)
    window = app.window
    window.show_models("downloads")
    content = fetching.view.content()
    app.until(content.empty.isVisible)
    fetching.add("first", 2000 * KB, pace=700 * KB)
    fetching.add("second", 300 * KB)
    fetching.add("third", 300 * KB)
    fetching.until(first=Status.RUNNING, second=Status.QUEUED, third=Status.QUEUED)
    assert not content.empty.isVisible()
    fetching.until_under_way("first")
    assert window.models_page.tabs["downloads"].text() == "Downloads · 3"
    assert window.sidebar.models_button.text().startswith("Models · ")

    fetching.press("third", UP)
    assert [item.title for item in fetching.view.items()] == ["first", "third", "second"]
    fetching.press("first", PAUSE)
    assert fetching.statuses()["first"] == Status.PAUSED  # at once; its process ends a little later
    fetching.until(second=Status.FINISHED, third=Status.FINISHED)
    assert [item.title for item in fetching.view.past()] == ["second", "third"]
    there = fetching.card("first").item().done
    assert there > 0
    fetching.press("first", RESUME)
    fetching.until(first=Status.RUNNING)
    app.until(lambda: fetching.card("first").item().done > there)

    (process,) = job_processes()
    os.kill(process.pid, signal.SIGKILL)
    app.until(lambda: fetching.statuses().get("first") == Status.FINISHED)  # it goes on by itself
    assert asked_from(hub, "first")[0] == 0
    assert asked_from(hub, "first")[-1] > 0
    assert (data_dir / "models/test/first/first-Q4_K_M.gguf").read_bytes() == Generated(2000 * KB, seed=5).read()
    assert window.models_page.tabs["downloads"].text() == "Downloads"
    assert window.sidebar.models_button.text() == "Models"
    rows = content.history.rows()
    assert all(row.buttons[CHAT].isVisible() and row.buttons[SHOW].isVisible() for row in rows.values())
    content.history.clear_button.click()
    assert content.empty.isVisible()
    window.toast.button.click()
    assert len(fetching.view.past()) == 3
    content.history.clear_button.click()
    window.toast.hide()
    window.toast._expire()
    app.until(lambda: files(data_dir / "downloads") == [])


def test_what_is_cancelled_can_be_brought_back_until_the_notice_is_gone(open_app: Open, data_dir: Path, hub: HubServer) -> None:
    settings_for(hub, data_dir)
    app = open_app(data_dir)
    fetching = Fetching(app, hub)
    app.window.show_models("downloads")
    fetching.add("slow", 3000 * KB, pace=300 * KB)
    fetching.until_under_way("slow")
    fetching.press("slow", CANCEL)
    assert fetching.view.items() == ()
    app.until(lambda: not job_processes())
    assert parts(data_dir)
    app.window.toast.button.click()
    fetching.until(slow=Status.RUNNING)
    fetching.until_under_way("slow")
    fetching.press("slow", CANCEL)
    app.window.toast._expire()
    fetching.until(slow=Status.CANCELLED)
    assert parts(data_dir) == []

    fetching.add("gone", 3000 * KB, pace=300 * KB)
    fetching.until_under_way("gone")
    fetching.press("gone", CANCEL)
    app.zhiyin.close()  # before the notice is gone: nobody can bring it back any more
    assert parts(data_dir) == []


def test_what_is_asked_for_again_while_its_process_is_ending_runs(open_app: Open, data_dir: Path, hub: HubServer) -> None:
    settings_for(hub, data_dir)
    app = open_app(data_dir)
    fetching = Fetching(app, hub)
    app.window.show_models("downloads")
    task = fetching.task("twice", 2000 * KB)
    hub.misbehave("*twice*", Throttle(700 * KB))
    fetching.downloads.add(task)
    fetching.until_under_way("twice")
    fetching.press("twice", CANCEL)
    app.window.toast.dismiss()
    fetching.downloads.add(task)
    fetching.until(twice=Status.FINISHED)
    assert asked_from(hub, "twice")[-1] > 0


def test_the_models_folder_changes_meanwhile(open_app: Open, data_dir: Path, tmp_path: Path, hub: HubServer) -> None:
    settings_for(hub, data_dir, concurrency=1)
    app = open_app(data_dir)
    fetching = Fetching(app, hub)
    fetching.add("running", 2000 * KB, pace=700 * KB)
    fetching.add("paused", 2000 * KB, pace=700 * KB)
    fetching.add("waiting", 300 * KB)
    fetching.until_under_way("running")
    fetching.press("paused", PAUSE)
    new = tmp_path / "新"
    library = app.window.models_page.library
    app.window.show_models("library")
    library.folder_chosen.emit(str(new))
    app.until(lambda: library.content().folder.text() == str(new))
    fetching.until(running=Status.FINISHED, waiting=Status.FINISHED, paused=Status.PAUSED)
    fetching.press("paused", RESUME)
    fetching.until(paused=Status.FINISHED)
    assert asked_from(hub, "running")[-1] > 0  # from where it was
    assert files(data_dir / "models") == []
    assert not list(tmp_path.rglob("*.part*"))
    app.until(lambda: len(library.items()) == 3)
    assert all(item.model.owned and item.model.path.startswith(str(new)) for item in library.items())


def test_what_another_app_is_just_beginning_stays_its_own(open_app: Open, data_dir: Path, hub: HubServer) -> None:
    settings_for(hub, data_dir)
    fetching = Fetching(open_app(data_dir), hub)
    folders = {name: JobFolder(data_dir / "downloads" / name) for name in ("begun", "quicker")}
    states = {name: JobState(name, fetching.task(name, 300 * KB), Status.QUEUED, 1.0) for name in folders}
    fetching.app.zhiyin.close()
    states["begun"] = msgspec.structs.replace(states["begun"], status=Status.RUNNING, begun=time.time())  # and has no lock yet
    for name, folder in folders.items():
        folder.write(states[name])

    def take() -> None:
        while (state := folders["quicker"].read()) is None or state.status != Status.RUNNING:
            pass
        assert folders["quicker"].take()

    other = threading.Thread(target=take)
    other.start()
    again = Fetching(open_app(data_dir), hub)
    again.app.until(lambda: not other.is_alive())
    other.join()
    again.app.window.show_models("downloads")
    again.app.until(lambda: {item.title for item in again.view.items() if item.elsewhere} == {"begun", "quicker"})
    assert asked_from(hub, "") == []
    assert again.view.past() == ()
    folders["quicker"].release()
    for name, folder in folders.items():  # their processes have died
        folder.write(msgspec.structs.replace(states[name], status=Status.RUNNING, begun=2.0))
    again.until(begun=Status.FINISHED, quicker=Status.FINISHED)


def test_what_is_brought_back_has_its_place_again(open_app: Open, data_dir: Path, hub: HubServer) -> None:
    settings_for(hub, data_dir, concurrency=1)
    app = open_app(data_dir)
    fetching = Fetching(app, hub)
    app.window.show_models("downloads")
    fetching.add("first", 3000 * KB, pace=300 * KB)
    fetching.add("second", 3000 * KB, pace=300 * KB)
    fetching.until_under_way("first")
    fetching.press("first", CANCEL)
    fetching.until_under_way("second")
    app.window.toast.button.click()
    fetching.until(first=Status.RUNNING, second=Status.QUEUED)

    # of the network, and tried again by itself
    lost = Failure(Code.NETWORK_UNREACHABLE, {"address": hub.address, "detail": "no route"})
    timer = fetching.downloads._away_timer
    (first,) = (state for state in fetching.downloads.jobs if state.status == Status.RUNNING)
    fetching.downloads.pause_all()
    app.until(lambda: not job_processes() and fetching.downloads.running == 0)
    for identity in ("one", "two"):
        failed = msgspec.structs.replace(first, id=identity, status=Status.RUNNING, failure=None)
        fetching.downloads._service.changed.emit(failed)
        fetching.downloads._service.changed.emit(msgspec.structs.replace(failed, status=Status.FAILED, failure=lost))
        if identity == "one":
            before = timer.timerId()
    assert timer.timerId() == before  # the second does not put off the first
    assert fetching.downloads.running == 2
    assert not app.session.leaving.may_leave(quitting=True)


@pytest.mark.qt_log_ignore("systemTrayWindowChanged", extend=True)  # the platform of these tests has no tray
def test_downloads_go_on_at_the_next_start(open_app: Open, data_dir: Path, hub: HubServer, qapp: QApplication) -> None:
    settings_for(hub, data_dir)
    app = open_app(data_dir)
    fetching = Fetching(app, hub)
    fetching.add("long", 2000 * KB, pace=700 * KB)
    fetching.add("paused", 2000 * KB, pace=700 * KB)
    fetching.until_under_way("long")
    fetching.until_under_way("paused")
    fetching.press("paused", PAUSE)
    leaving = LeavingController(app.window, app.session.conversion, app.session.downloads, has_tray=lambda: True)
    app.window.close()
    assert leaving.in_tray
    leaving.come_back()
    leaving.end()
    app.window.set_leave_check(app.session.leaving.may_leave)
    app.window.close()
    (question,) = app.window.banner.messages()
    assert question.label.text().startswith("Models are being downloaded.")
    QTimer.singleShot(0, question.buttons[0].click)
    assert qapp.exec() == 0
    assert not job_processes()
    before = {name: sum(file.stat().st_blocks for file in (data_dir / f"models/test/{name}").glob("*.part")) for name in ("long", "paused")}
    assert all(before.values())

    lost = Failure(Code.NETWORK_UNREACHABLE, {"address": hub.address, "detail": "no route"})
    JobFolder(data_dir / "downloads" / "lost").write(JobState("lost", fetching.task("lost", 100 * KB), Status.FAILED, 1.0, failure=lost))

    again = Fetching(open_app(data_dir), hub)
    again.until(long=Status.RUNNING, paused=Status.PAUSED)
    again.until(long=Status.FINISHED, lost=Status.FINISHED)  # the network may be back
    again.app.says("2 downloads are done.")
    again.app.window.banner.messages()[0].buttons[0].click()
    assert again.view.isVisible()
    assert again.app.window.banner.texts() == []
    assert again.statuses()["paused"] == Status.PAUSED
    assert min(asked_from(hub, "long")[-1:]) > 0


def test_what_goes_wrong_is_said_with_what_to_do(open_app: Open, data_dir: Path, hub: HubServer) -> None:
    settings_for(hub, data_dir, concurrency=3)
    app = open_app(data_dir)
    fetching = Fetching(app, hub)
    app.window.show_models("downloads")
    hub.misbehave("*gated*", Forbidden(403))
    fetching.add("gated", 300 * KB)
    fetching.add("huge", 1 << 55)
    fetching.until(gated=Status.FAILED, huge=Status.PAUSED)
    (failed,) = fetching.view.past()
    assert "accept" in failed.failure
    assert {RETRY, SETTINGS, PAGE} <= set(failed.actions)
    note = fetching.card("huge").item().note
    assert "Free some space" in note
    fetching.press("huge", CANCEL)

    fetching.add("held", 3000 * KB, pace=300 * KB)
    fetching.until_under_way("held")
    offline = msgspec.structs.replace(read_hub_settings(data_dir), offline=True)
    app.session.downloads.set_hub_settings(offline)
    fetching.until(held=Status.QUEUED)
    app.until(lambda: not job_processes())
    content = fetching.view.content()
    assert content.offline_note.isVisible()
    assert "offline" in fetching.card("held").state.text()
    app.session.downloads.set_hub_settings(msgspec.structs.replace(offline, offline=False))
    fetching.until(held=Status.RUNNING)
    app.zhiyin.close()  # while it runs


def test_a_token_given_in_the_settings_opens_what_is_gated(open_app: Open, data_dir: Path, hub: HubServer) -> None:
    source = Source("Test", "huggingface", hub.address, official=True)
    write_hub_settings(data_dir, HubSettings(sources=(source,), proxy=""))
    app = open_app(data_dir)
    fetching = Fetching(app, hub)
    app.window.show_models("downloads")
    fetching.add("gated", 300 * KB, gated="manual")
    hub.accepted.add("test/gated")
    fetching.until(gated=Status.FAILED)
    (row,) = fetching.view.content().history.rows().values()
    row.buttons[SETTINGS].click()
    form = app.window.settings_page.sources
    assert app.window.pages.currentWidget() is app.window.settings_page
    content = form.content()
    app.until(lambda: "Test" in content.sources.rows())
    content.address.setText("http://127.0.0.1:9")  # where nobody listens
    content.add_button.click()
    content.concurrency.setValue(4)
    app.until(lambda: read_hub_settings(data_dir).concurrency == 4)
    content.check_button.click()
    rows = content.sources.rows()
    app.until(content.check_button.isEnabled)
    assert rows["Test"].dot.words().endswith(" ms")
    assert "127.0.0.1:9 cannot be reached" in rows["127.0.0.1:9"].trouble.text()
    rows["Test"].token_button.click()
    rows["Test"].token.setText(TOKEN)
    rows["Test"].token_button.click()
    app.until(lambda: rows["Test"].token_state.text() == "A token is kept")
    app.window.show_models("downloads")
    row.buttons[RETRY].click()
    fetching.until(gated=Status.FINISHED)
    authorised = {request.host for request in hub.requests if "authorization" in request.headers}
    assert authorised == {"hub"}  # and never the host that has the bytes
    assert TOKEN not in (data_dir / "hub.json").read_text()
