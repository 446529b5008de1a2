"""The library in the window: models dropped, looked at, renamed, noted, checked, removed and brought back, found elsewhere, moved."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QObject, QPointF, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from tests.end_to_end.conftest import Driver
from tests.models.gguf_files import rewrite_starter, write_small, write_split

from zhiyin.paths import Paths
from zhiyin.services.engine import EngineState
from zhiyin.ui.library_model import FoundItem, LibraryItem
from zhiyin.ui.library_values import CANCEL, REMOVE, REVEAL, VERIFY
from zhiyin.ui.library_view import LibraryView
from zhiyin_models.jobs.protocol import Status
from zhiyin_models.library.installed import Library

Open = Callable[..., Driver]


class Page:
    """What a person does on the page."""

    def __init__(self, app: Driver) -> None:
        self.app = app
        app.until(lambda: app.session is not None)
        app.window.show_models("library")

    @property
    def view(self) -> LibraryView:
        return self.app.window.models_page.library

    @property
    def listing(self):
        return self.view.content().list

    @property
    def details(self):
        return self.view.content().details

    def names(self) -> list[str]:
        return [item.model.name for item in self.view.items()]

    def path(self, name: str) -> str:
        return next(item.model.path for item in self.view.items() if item.model.name == name)

    def item(self, name: str) -> LibraryItem:
        return next(item for item in self.view.items() if item.model.name == name)

    def choose(self, name: str) -> None:
        self.app.until(lambda: name in self.names())
        self.view.choose(self.path(name))

    def until_names(self, *names: str) -> None:
        self.app.until(lambda: sorted(self.names()) == sorted(names))

    def press(self, action: str) -> None:
        buttons = {**self.details.buttons, **self.details.icon_buttons}
        buttons[action].click()

    def drop(self, *files: Path) -> None:
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
        where, action, button, none = QPointF(300, 300), Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        enter = QDragEnterEvent(where.toPoint(), action, data, button, none)
        QApplication.sendEvent(self.app.window, enter)
        assert enter.isAccepted()
        QApplication.sendEvent(self.app.window, QDropEvent(where, action, data, button, none))


class Opened(QObject):
    """Stands where the file manager would."""

    def __init__(self) -> None:
        super().__init__()
        self.folders: list[str] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.folders.append(url.toLocalFile())


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.gguf"))


def home_with(monkeypatch: pytest.MonkeyPatch, home: Path) -> Path:
    """A home where LM Studio has a model."""
    monkeypatch.setenv("HOME", str(home))
    folder = home / ".lmstudio" / "models" / "maker" / "Tiny-GGUF"
    folder.mkdir(parents=True)
    return write_small(folder / "Tiny-Q8_0.gguf")


def test_a_day_with_the_library(open_app: Open, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = home_with(monkeypatch, tmp_path / "home")
    Paths(data_dir).create()
    models = data_dir / "models"
    write_small(models / "Alpha-F32.gguf", {"general.file_type": 0, "general.languages": ["zh", "en"]})
    write_small(models / "Broken.gguf", data=0)
    there = tmp_path / "杂"
    there.mkdir()
    gone = write_small(there / "Gone.gguf")
    Library(data_dir).add(gone)
    gone.rename(there / "moved.gguf")
    app = open_app(data_dir)
    page = Page(app)

    # what is there, and what is wrong with it
    page.until_names("Alpha", "Broken", "Gone")
    assert page.item("Gone").model.missing
    assert "incomplete" in page.item("Broken").why
    app.until(lambda: str(models) in page.view.content().folder.text())
    assert "3 models" in page.view.content().amount.text()

    # the details are read from the file
    page.choose("Alpha")
    app.until(page.details.metadata_fold.isVisible)
    rows = dict(page.details.rows.rows())
    assert (rows["Architecture"], rows["Quant type"], rows["Checksum"]) == ("llama", "F32", "not known yet")
    assert "messages" in page.details.template.toPlainText()
    assert ("F32", "2 · 160 bytes") in page.details.tensors.rows()

    # notes, a name, a check
    page.details.notes.setPlainText("好用")
    page.listing.setFocus()
    QTest.keyClick(app.window, Qt.Key.Key_F2)
    editor = page.listing.findChild(QLineEdit)
    assert isinstance(editor, QLineEdit)
    editor.setText("broken")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    app.until(lambda: "“broken”" in page.view.notice())
    app.until(lambda: page.listing.findChild(QLineEdit) is None)
    page.view.renamed.emit(page.path("Alpha"), "阿尔法")
    page.until_names("阿尔法", "Broken", "Gone")
    assert page.view.chosen() == str(models / "Alpha-F32.gguf")
    app.until(lambda: page.item("阿尔法").model.notes == "好用")
    page.press(VERIFY)
    app.until(lambda: (row := page.details.job_row()) is not None and row.job().status == Status.FINISHED)
    app.until(lambda: "right" in dict(page.details.rows.rows())["Checksum"])

    # a search, by what is noted
    page.view.content().search.setText("好")
    assert page.listing.rows.shown()[:1] == [page.path("阿尔法")]
    page.view.content().search.clear()

    # the file manager, without waiting for it
    opened = Opened()
    QDesktopServices.setUrlHandler("file", opened, "open")
    page.press(REVEAL)
    app.until(lambda: opened.folders)
    QDesktopServices.unsetUrlHandler("file")
    assert opened.folders == [str(models)]

    # what is gone is found again, with its name and notes
    page.view.located.emit(page.path("Gone"), str(there / "moved.gguf"))
    app.until(lambda: page.path("Gone") == str(there / "moved.gguf"))
    page.until_names("阿尔法", "Broken", "Gone")

    # removed, brought back, removed for good: the file of another folder stays
    page.choose("Gone")
    page.press(REMOVE)
    page.until_names("阿尔法", "Broken")
    page.choose("Broken")
    page.press(REMOVE)
    page.until_names("阿尔法")
    assert app.window.toast.label.text() == "Models taken out: 2"
    app.window.toast.button.click()
    page.until_names("阿尔法", "Broken", "Gone")
    page.choose("Gone")
    QTest.keyClick(page.listing, Qt.Key.Key_Delete)
    page.until_names("阿尔法", "Broken")
    app.window.toast.dismiss()
    assert (there / "moved.gguf").exists()
    page.choose("Broken")
    QTest.keyClick(page.listing, Qt.Key.Key_Delete)
    page.until_names("阿尔法")
    assert (models / "Broken.gguf").exists()
    app.window.toast.dismiss()
    app.until(lambda: not (models / "Broken.gguf").exists())

    # a model of another app, in place
    app.until(page.listing.rows.found)
    (found,) = page.listing.rows.found()
    assert found == FoundItem("LM Studio", str(elsewhere), "Tiny", elsewhere.stat().st_size)
    page.view.content().found.all_button.click()
    page.until_names("阿尔法", "Tiny")
    assert page.listing.rows.found() == ()
    assert page.item("Tiny").model.path == str(elsewhere)

    # dropped: a set and a file, copied
    parts = write_split(there, "Split")
    single = write_small(there / "Single.gguf")
    app.window.show_home()
    page.drop(parts[1], parts[2], single)
    assert app.window.drop_bar.paths() == [str(parts[0]), str(single)]
    app.window.drop_bar.copy_button.click()
    assert page.view.isVisible()
    page.until_names("阿尔法", "Tiny", "Split", "Single")
    app.until(lambda: not page.view.content().jobs)
    assert {"Single.gguf", *(part.name for part in parts)} <= set(files(models))

    # another models folder: everything moves, and conversions go there
    app.window.models_page.library.folder_chosen.emit(str(tmp_path / "新"))
    app.until(lambda: page.view.content().folder.text() == str(tmp_path / "新"))
    app.until(lambda: page.path("Split") == str(tmp_path / "新" / parts[0].name))
    assert files(models) == []
    assert app.session.library.models_directory == tmp_path / "新"
    assert page.item("阿尔法").model.notes == "好用"

    # a folder that cannot be is refused in its line, which can be taken away
    (done,) = page.view.content().jobs.values()
    assert done.message.text() == "Done."
    page.view.folder_chosen.emit(str(tmp_path / "新" / "deeper"))
    app.until(lambda: any(row.job().status == Status.FAILED for row in page.view.content().jobs.values()))
    failed = next(row for row in page.view.content().jobs.values() if row.job().status == Status.FAILED)
    assert "cannot be used" in failed.message.text()
    for row in (done, failed):
        row.dismiss_button.click()
    assert page.view.content().jobs == {}


def test_dropped_files_are_used_in_place_by_enter_and_from_then_on(open_app: Open, with_starter: Path, tmp_path: Path) -> None:
    app = open_app(with_starter).ready().short(4)
    page = Page(app)
    first = app.session.models.current
    assert page.item(first).loaded
    app.until(lambda: page.item(first).model.last_used)  # it was just loaded
    other = rewrite_starter(tmp_path / "other.gguf", data="zeros")
    app.window.show_home()
    page.drop(other)
    app.window.drop_bar.remember.setChecked(True)
    QTest.keyClick(app.window.drop_bar.place_button, Qt.Key.Key_Return)
    app.until(lambda: app.session.models.current == "other")
    app.ready()
    assert app.session.settings.dropped_models == "place"

    # renamed while it is in memory: the conversation goes on with it
    page = Page(app)
    page.choose("other")
    page.view.renamed.emit(str(other), "李白")
    page.until_names(first, "李白")
    assert (app.session.models.current, app.chat.model) == ("李白", "李白")
    app.window.show_home()
    app.ask("Again")
    assert app.chat.turns[-1].failure is None
    assert app.session.engine.asked_for == "other"  # it was not loaded again

    # remembered, and asked again after all
    others = [write_small(tmp_path / f"{name}.gguf") for name in ("one", "two")]
    page.drop(*others)
    page.until_names(first, "李白", "one", "two")
    app.window.toast.button.click()
    app.until(lambda: app.session.settings.dropped_models == "ask")
    page.drop(others[0])
    assert app.window.drop_bar.paths() == [str(others[0])]
    QTest.keyClick(app.window.drop_bar, Qt.Key.Key_Escape)
    assert app.window.drop_bar.paths() == []

    # Enter in the list begins a conversation
    page = Page(app)
    page.choose(first)
    QTest.keyClick(page.listing, Qt.Key.Key_Return)
    app.until(lambda: app.session.models.current == first)
    assert app.window.pages.currentWidget() is app.window.chat
    app.ready()

    # the model in memory is taken out and let go, and Undo brings it back
    page = Page(app)
    page.choose(first)
    page.press(REMOVE)
    page.until_names("李白", "one", "two")
    app.until(lambda: app.session.engine.state is EngineState.EMPTY)
    app.window.toast.button.click()
    page.until_names(first, "李白", "one", "two")


def test_a_copy_can_be_cancelled_and_leaves_nothing(open_app: Open, data_dir: Path, tmp_path: Path) -> None:
    Paths(data_dir).create()
    large = write_small(tmp_path / "large.gguf")
    os.truncate(large, 1 << 30)
    app = open_app(data_dir)
    page = Page(app)
    page.drop(large)
    app.window.drop_bar.copy_button.click()
    app.until(lambda: page.view.content().jobs)
    (row,) = page.view.content().jobs.values()
    row.buttons[CANCEL].click()
    app.until(lambda: not page.view.content().jobs)
    assert page.names() == []
    assert list((data_dir / "models").iterdir()) == []


def test_copies_go_one_after_the_other_and_on_after_a_restart(open_app: Open, data_dir: Path, tmp_path: Path) -> None:
    Paths(data_dir).create()
    large = [write_small(tmp_path / f"large-{name}.gguf") for name in "ab"]
    for path in large:
        os.truncate(path, 1 << 26)
    app = open_app(data_dir)
    page = Page(app)
    page.drop(*large)
    app.window.drop_bar.copy_button.click()
    app.until(lambda: len(page.view.content().jobs) == 2)
    first, second = page.view.content().jobs.values()
    assert (first.job().status, second.job().status) == (Status.RUNNING, Status.QUEUED)
    assert second.state.text() == "Waiting…"
    app.window.close()
    assert any("still at work" in text for text in app.window.banner.texts())
    app.zhiyin.close()
    assert not (data_dir / "models" / "large-b.gguf").exists()
    page = Page(open_app(data_dir))
    page.until_names("large-a", "large-b")
    page.app.until(lambda: not page.view.content().jobs)
    assert sorted(path.name for path in (data_dir / "models").iterdir()) == ["large-a.gguf", "large-b.gguf"]
