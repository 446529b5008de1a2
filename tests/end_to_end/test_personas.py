"""Personas in the window: made, typed into, copied, deleted and brought back; cards dropped, looked at, taken in, exported."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QObject, QPointF, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QDragEnterEvent, QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from tests.app.prompt.cards.card_files import card as sample
from tests.app.prompt.cards.card_files import picture
from tests.end_to_end.conftest import Driver

from zhiyin import i18n
from zhiyin.prompt.builtin import KEYS
from zhiyin.prompt.cards.card import Card
from zhiyin.prompt.cards.reading import read_card
from zhiyin.prompt.cards.writing import write_png
from zhiyin.store.records import NewPersona
from zhiyin.store.store import Store
from zhiyin.ui.persona_values import CHAT, DELETE, DUPLICATE, EDIT, IMPORT, JOIN, JSON1, JSON3, PNG, REPLACE, RESET, PersonaItem
from zhiyin.ui.persona_view import PersonaView
from zhiyin.ui.pictures import pictures

Open = Callable[..., Driver]


class Page:
    """What a person does on the page."""

    def __init__(self, app: Driver) -> None:
        self.app = app
        app.until(lambda: app.session is not None)
        app.window.show_personas("personas")
        app.until(self.view.isVisible)

    @property
    def view(self) -> PersonaView:
        return self.app.window.personas_page.personas

    @property
    def own(self) -> list[PersonaItem]:
        return [item for item in self.view.items() if not item.builtin]

    def names(self) -> list[str]:
        return sorted(item.name for item in self.own)

    def until_names(self, *names: str) -> None:
        self.app.until(lambda: self.names() == sorted(names))

    def choose(self, *names: str) -> None:
        self.view.choose([item.id for item in self.own if item.name in names])

    def act(self, action: str, *names: str) -> None:
        self.choose(*names)
        self.view.gallery().acted.emit(action)

    def edit(self, name: str) -> None:
        self.act(EDIT, name)
        self.app.until(lambda: self.view.editing and self.view.editor().lines["name"].text() == name)

    def make(self, name: str) -> None:
        self.view.gallery().new_button.click()
        self.app.until(lambda: self.view.editing)
        line = self.view.editor().lines["name"]
        line.selectAll()
        QTest.keyClicks(line, name)
        QTest.keyClick(line, Qt.Key.Key_Escape)
        assert not self.view.editing
        self.app.until(lambda: name in self.names())

    def edit_text(self, notes: str) -> None:
        """Leave the preview, and change the one persona there is."""
        self.view.preview().leave()
        self.edit(self.own[0].name)
        self.view.editor().long["creator_notes"].field.setPlainText(notes)
        self.view.show_gallery()
        self.app.until(lambda: self.own[0].summary == notes)

    def drop(self, *files: Path) -> None:
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
        where, action, button, none = QPointF(300, 300), Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        enter = QDragEnterEvent(where.toPoint(), action, data, button, none)
        QApplication.sendEvent(self.app.window, enter)
        assert enter.isAccepted()
        QApplication.sendEvent(self.app.window, QDropEvent(where, action, data, button, none))

    def previewed(self) -> None:
        self.app.until(lambda: self.view.previewing and self.view.preview().card() is not None)

    def press(self, action: str) -> None:
        self.view.preview().buttons[action].click()

    def export(self, form: str, target: Path, *names: str) -> None:
        wanted = [item.id for item in self.own if item.name in names]
        self.view.export_placed.emit(form, wanted, str(target))

    def exported(self, name: str) -> bool:
        return self.toast() == f"Exported: {name}"

    def says(self, words: str) -> bool:
        return words in self.view.notice()

    def toast(self) -> str:
        return self.app.window.toast.label.text() if self.app.window.toast.isVisible() else ""


class Opened(QObject):
    """Stands where the file manager would."""

    def __init__(self) -> None:
        super().__init__()
        self.folders: list[str] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.folders.append(url.toLocalFile())


def stored(data_dir: Path) -> dict[str, Card]:
    """The user's own personas as the store has them."""
    with Store.open(data_dir) as store:
        rows = [row for row in store.personas.all().result() if row.own]
        return {persona.row.name: Card.from_json(persona.card) for persona in store.personas.get_many([row.id for row in rows]).result()}


def test_a_day_with_personas(open_app: Open, data_dir: Path) -> None:
    app = open_app(data_dir)
    page = Page(app)
    changed: list[set[int]] = []
    app.session.personas.changed.connect(changed.append)
    page.make("Ada")
    page.make("Kenji")
    page.edit("Ada")
    editor = page.view.editor()
    editor.long["description"].field.insertPlainText("Teaches.")
    editor.folds["greetings"].setChecked(True)
    editor.lists["alternate_greetings"].add_button.click()
    editor.lists["alternate_greetings"].fields[0].field.insertPlainText("Hello.")
    page.view.show_gallery()
    app.until(lambda: any(item.summary == "Teaches." for item in page.own))
    page.act(DUPLICATE, "Ada", "Kenji")
    page.until_names("Ada", "Ada (copy)", "Kenji", "Kenji (copy)")
    assert len(page.view.chosen()) == 2
    page.view.gallery().foot.delete_button.click()
    page.until_names("Ada", "Kenji")
    assert page.toast() == "Personas deleted: 2"
    page.act(DELETE, "Kenji")
    page.until_names("Ada")
    assert page.toast() == "Personas deleted: 3"  # one undo brings back what went in a row
    app.window.toast.button.click()
    page.until_names("Ada", "Ada (copy)", "Kenji", "Kenji (copy)")
    page.act(DELETE, "Ada (copy)", "Kenji (copy)")
    page.until_names("Ada", "Kenji")
    app.window.toast.dismiss()
    page.act(DELETE, "Kenji")
    page.until_names("Ada")
    assert page.toast() == "“Kenji” is deleted; its conversations stay."
    app.window.toast.button.click()
    page.until_names("Ada", "Kenji")
    kenji = next(item.id for item in page.own if item.name == "Kenji")
    page.act(DELETE, "Kenji")
    page.until_names("Ada")
    app.window.toast.dismiss()
    app.session.personas.show(kenji)  # from a conversation with it
    app.until(lambda: page.says("“Kenji” is deleted."))
    assert not page.view.editing
    page.view.answer_button().click()
    app.until(lambda: page.view.editing == kenji)
    page.view.show_gallery()
    page.until_names("Ada", "Kenji")
    chats: list[int] = []
    joins: list[list[int]] = []
    app.session.personas.chat_wanted.connect(chats.append)
    app.session.personas.join_wanted.connect(joins.append)
    ada = next(item.id for item in page.own if item.name == "Ada")
    page.act(JOIN, "Ada")
    page.act(CHAT, "Ada")
    assert (chats, joins) == ([ada], [[ada]])
    assert {ada} in changed
    app.zhiyin.close()
    kept = stored(data_dir)
    assert kept.keys() == {"Ada", "Kenji"}
    assert kept["Ada"].alternate_greetings == ("Hello.",)


def test_what_is_typed_last_is_kept_when_the_app_ends(open_app: Open, data_dir: Path) -> None:
    page = Page(open_app(data_dir))
    page.view.gallery().new_button.click()
    page.app.until(lambda: page.view.editing)
    page.view.show_gallery()
    page.until_names()  # a new one that nobody typed into is not kept
    page.view.gallery().new_button.click()
    page.app.until(lambda: page.view.editing)
    page.view.files_chosen.emit([str(data_dir / "no such card.json")])
    page.app.until(partial(page.says, "no such card.json"))
    page.until_names()
    page.make("Ada")
    page.edit("Ada")
    for number in range(3):
        page.view.editor().long["scenario"].field.insertPlainText(f"night {number} ")
        page.view.flush()
    page.view.editor().long["personality"].field.insertPlainText("brave")
    page.app.zhiyin.close()
    kept = stored(data_dir)
    assert kept.keys() == {"Ada"}
    ada = kept["Ada"]
    assert (ada.scenario, ada.personality) == ("night 0 night 1 night 2 ", "brave")


def test_a_card_is_looked_at_taken_in_and_given_out_again(
    open_app: Open, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    card = sample(1).changed(name="夜行者", creator_notes="English", creator_notes_multilingual={"zh": "中文说明"}, future={"kept": [1]})
    file = tmp_path / "夜 行 者.png"
    file.write_bytes(write_png(card, picture(300, 400)))
    app = open_app(data_dir)
    page = Page(app)
    app.window.show_home()
    page.drop(file)  # anywhere
    page.previewed()
    shown = page.view.preview().card()
    assert shown is not None
    assert (shown.name, shown.notes, shown.version, shown.there) == ("夜行者", "English", "V3", False)
    assert shown.greetings == bool(card.first_message) + len(card.alternate_greetings) + len(card.group_only_greetings)
    i18n.install(app.zhiyin.app, "zh_CN")
    app.until(lambda: page.view.preview().one.notes.text() == "中文说明")
    i18n.install(app.zhiyin.app, "en")
    page.press(IMPORT)
    page.until_names("夜行者")
    item = page.own[0]
    assert page.view.chosen() == [item.id]
    app.until(lambda: pictures().pixmap(item.picture, 32, seal="x").toImage() != pictures().pixmap("", 32, seal="x").toImage())

    page.drop(file)
    page.previewed()
    assert page.view.preview().one.known.text() == "This very card is here already."
    page.edit_text("changed")
    page.drop(file)
    page.previewed()
    assert page.view.preview().one.known.text() == "A persona named “夜行者” is here already. Replacing it keeps its conversations."
    page.press(REPLACE)
    page.press(REPLACE)  # twice is once
    app.until(lambda: not page.view.previewing)
    app.until(lambda: page.toast() == "“夜行者” is replaced")
    app.window.toast.button.click()
    app.until(lambda: page.own[0].summary == "changed")
    page.drop(file)
    page.previewed()
    page.press(REPLACE)
    app.until(lambda: page.own[0].summary == "English")
    page.until_names("夜行者")

    for form, name in ((PNG, "out.png"), (JSON3, "out.json")):
        page.export(form, tmp_path / name, "夜行者")
        app.until(partial(page.exported, name))
        assert read_card(tmp_path / name, (tmp_path / name).read_bytes()).card.raw["data"] == card.raw["data"]
    folders = Opened()
    QDesktopServices.setUrlHandler("file", folders, "open")  # type: ignore[arg-type]
    app.window.toast.button.click()
    QDesktopServices.unsetUrlHandler("file")
    assert folders.folders == [str(tmp_path)]
    page.view.export_wanted.emit(JSON1, [item.id])
    app.until(page.view.notice)
    assert page.view.notice().startswith("Version 1 has no place for: ")
    assert "lorebook" in page.view.notice()


def test_a_picture_is_chosen_and_a_seal_stands_in_for_none(open_app: Open, data_dir: Path, tmp_path: Path) -> None:
    page = Page(open_app(data_dir))
    page.make("Ada")
    page.make("A/da")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "Ada.png").write_bytes(b"mine")
    page.export(PNG, folder, "Ada", "A/da")
    page.app.until(lambda: page.toast() == "Cards exported: 2")
    assert sorted(path.name for path in folder.iterdir()) == ["A da.png", "Ada 2.png", "Ada.png"]
    assert (folder / "Ada.png").read_bytes() == b"mine"
    assert QImage(str(folder / "Ada 2.png")).width() == 512
    assert read_card(None, (folder / "Ada 2.png").read_bytes()).card.name == "Ada"
    page.export(PNG, tmp_path / "no" / "such" / "folder.png", "Ada")
    page.app.until(partial(page.says, "folder.png"))
    page.edit("Ada")
    (tmp_path / "bad.png").write_bytes(b"no picture")
    page.view.editor().picture_chosen.emit(page.view.editing, str(tmp_path / "bad.png"))
    page.app.until(partial(page.says, "bad.png"))
    (tmp_path / "good.png").write_bytes(picture(64, 64))
    page.view.editor().picture_chosen.emit(page.view.editing, str(tmp_path / "good.png"))
    page.app.until(lambda: any(item.picture for item in page.own))
    chosen = next(item.picture for item in page.own if item.picture)
    assert (data_dir / "pictures" / f"{chosen}.thumb.png").exists()


def test_a_folder_of_cards_books_and_rubbish(open_app: Open, data_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "卡"
    (folder / "deeper").mkdir(parents=True)
    for number in range(50):
        made = sample(number, words=20).changed(name=f"P{number:02}")
        (folder / "deeper" / f"{number}.json").write_text(made.to_json(), encoding="utf-8")
    (folder / "again.json").write_text(sample(3, words=20).changed(name="P03", modification_date=0).to_json(), encoding="utf-8")
    for name in ("one", "two"):
        (folder / f"same {name}.json").write_text('{"name": "V1", "description": "", "first_mes": ""}', encoding="utf-8")
    (folder / "book.json").write_text(json.dumps({"entries": {"0": {"key": ["a"], "content": "b"}}, "name": "World"}), encoding="utf-8")
    (folder / "broken.json").write_text("{", encoding="utf-8")
    (folder / "empty.png").write_bytes(b"")
    app = open_app(data_dir)
    books: list[list[str]] = []
    app.until(lambda: app.session is not None)
    app.session.personas.books_found.connect(books.append)
    page = Page(app)
    page.drop(folder)

    def over() -> bool:
        state = page.view.preview().state() if page.view.previewing else None
        return state is not None and not state.running

    app.until(over)
    state = page.view.preview().state()
    assert state is not None
    assert (state.taken, state.known, state.books) == (52, 1, 1)
    assert sorted(Path(refused.path).name for refused in state.refused) == ["broken.json", "empty.png"]
    assert all(len(refused.why) > 20 for refused in state.refused)
    assert books == [[str(folder / "book.json")]]
    page.drop(folder / "deeper")  # comes after this one is read
    QTest.keyClick(page.view.preview(), Qt.Key.Key_Escape)
    app.until(lambda: over() and page.view.preview().state() is not state)
    again = page.view.preview().state()
    assert again is not None
    assert (again.taken, again.known) == (0, 50)
    page.view.preview().leave()
    assert len(page.own) == 52
    assert page.view.gallery().list.rows.rowCount() == len(page.view.items())


def test_an_import_is_cancelled_at_once_and_keeps_what_came(open_app: Open, data_dir: Path, tmp_path: Path) -> None:
    many = 400
    for number in range(many):
        (tmp_path / f"{number}.json").write_text(json.dumps({"name": f"P{number}", "description": "x", "first_mes": ""}), encoding="utf-8")
    page = Page(open_app(data_dir))
    page.app.session.personas.importing.added.connect(lambda _rows: page.view.preview().leave())  # Esc, when the first are there
    page.drop(tmp_path)
    page.app.until(lambda: page.view.previewing and (state := page.view.preview().state()) is not None and not state.running)
    state = page.view.preview().state()
    assert state is not None
    assert state.cancelled
    assert 5 < state.taken < many
    assert len(page.own) == state.taken


def test_what_is_no_card_is_refused_in_a_sentence(open_app: Open, data_dir: Path, tmp_path: Path) -> None:
    page = Page(open_app(data_dir))
    for number, content in enumerate((b"", b"{", b"\x89PNG\r\n\x1a\n", b'["not a card"]', b'{"name": "x", "y": ' + b"[" * 100_000)):
        file = tmp_path / f"some {number}.json"
        file.write_bytes(content)
        page.drop(file)
        page.app.until(partial(page.says, file.name))
        assert not page.view.previewing
    assert not page.own


def test_the_list_shows_what_the_store_has(open_app: Open, data_dir: Path) -> None:
    data_dir.mkdir()
    with Store.open(data_dir) as store:
        store.personas.add(NewPersona(card="{}", name="Blank")).result()
        store.personas.add(NewPersona(card='{"spec": 1, "data": []}', name="Odd")).result()
        store.personas.add(NewPersona(card="no JSON", name="Broken")).result()
    page = Page(open_app(data_dir))
    page.until_names("Blank", "Broken", "Odd")
    page.act(EDIT, "Broken")
    page.app.until(page.view.notice)  # one sentence, and the gallery stays
    assert not page.view.editing
    page.act(EDIT, "Odd")
    page.app.until(lambda: page.view.editing)


def built_in_names(page: Page) -> dict[str, str]:
    with_names = {item.id: item for item in page.view.items() if item.builtin}
    return {item.picture or str(item.id): item.name for item in with_names.values()}


def test_those_that_come_with_the_app_speak_the_language_of_the_window(open_app: Open, data_dir: Path) -> None:
    app = open_app(data_dir)
    page = Page(app)
    libai = "asset:personas/libai.svg"
    app.until(lambda: built_in_names(page).get(libai) == "Li Bai")
    assert len(built_in_names(page)) == len(KEYS) >= 16
    i18n.install(app.zhiyin.app, "zh_CN")
    app.until(lambda: built_in_names(page)[libai] == "李白")
    persona = next(item.id for item in page.view.items() if item.picture == libai)
    page.view.acted.emit(EDIT, [persona])
    app.until(lambda: page.view.editing == persona)
    page.view.editor().long["scenario"].field.selectAll()
    page.view.editor().long["scenario"].field.insertPlainText("长安")
    page.view.show_gallery()
    app.until(lambda: page.view.item(persona).changed)
    i18n.install(app.zhiyin.app, "en")
    app.until(lambda: built_in_names(page)["asset:personas/dufu.svg"] == "Du Fu")
    assert page.view.item(persona).name == "李白"  # it is the user's now
    page.view.acted.emit(RESET, [persona])
    app.until(lambda: page.view.item(persona).name == "Li Bai")
    assert page.toast() == "Back to the original"
    app.window.toast.button.click()
    app.until(lambda: page.view.item(persona).name == "李白")
    dufu = next(item.id for item in page.view.items() if item.name == "Du Fu")
    page.view.acted.emit(DELETE, [persona, dufu])
    app.until(lambda: len(built_in_names(page)) == len(KEYS) - 2)
    app.zhiyin.close()
    again = Page(open_app(data_dir))
    app.until(again.view.items)
    assert len(built_in_names(again)) == len(KEYS) - 2  # what was deleted does not come back
