"""Lorebooks in the window: made, written in, tried, imported, exported, deleted and brought back; and the one in a persona's card."""

import json
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from tests.end_to_end.conftest import Driver

from zhiyin.prompt.cards.card import Card
from zhiyin.store.records import NewPersona, Profile
from zhiyin.store.store import Store

Open = Callable[..., Driver]
WORLD = {
    "entries": {
        "0": {
            "uid": 0,
            "key": ["长安", "西京"],
            "content": "长安有一百零八坊。",
            "comment": "城",
            "order": 10,
            "position": 0,
            "future": [1],
        },
        "1": {"uid": 1, "key": ["明月"], "content": "月是故人。", "comment": "月", "order": 20, "position": 1},
    },
    "name": "旧唐",
}


def write(field: QWidget, text: str) -> None:
    """Type through an input method, as Chinese is."""
    for character in text:
        event = QInputMethodEvent()
        event.setCommitString(character)
        QApplication.sendEvent(field, event)


class Page:
    """What a person does on the page."""

    def __init__(self, app: Driver) -> None:
        self.app = app
        app.until(lambda: app.session is not None)
        app.window.show_personas("books")
        app.until(self.view.isVisible)

    @property
    def view(self):
        return self.app.window.personas_page.books

    @property
    def editor(self):
        return self.view.editor

    @property
    def store(self) -> Store:
        return self.app.session.store

    def names(self) -> list[str]:
        return [item.name for item in self.view.items()]

    def until_names(self, *names: str) -> None:
        self.app.until(lambda: sorted(self.names()) == sorted(names))

    def until_open(self, name: str) -> None:
        self.app.until(lambda: (shown := self.editor.book_form.settings()) is not None and shown.name == name)

    def until_entries(self, *titles: str) -> None:
        self.app.until(lambda: [entry.name for entry in self.editor.entries()] == list(titles))

    def stored(self) -> dict:
        return json.loads(self.store.books.get_many([self.view.chosen_book()]).result()[0].book)

    def until_stored(self, holds: Callable[[dict], object]) -> None:
        self.app.until(lambda: holds(self.stored()))


def test_a_book_from_nothing_to_a_file(open_app: Open, data_dir: Path, tmp_path: Path) -> None:
    app = open_app(data_dir)
    page = Page(app)
    page.view.content().nothing.new_button.click()
    page.until_open("New lorebook")
    assert page.names() == ["New lorebook"]

    # an entry, written and kept by itself
    page.editor.add_button.click()
    form = page.editor.form
    write(form.name, "Chang'an")
    write(form.keys.editor, "长安，西京,")
    write(form.content, "A city of 108 wards.")
    page.until_stored(lambda book: book["entries"] and book["entries"][0]["content"] == "A city of 108 wards.")
    assert page.stored()["entries"][0]["keys"] == ["长安", "西京"]

    # used in the conversation, with what was typed last
    used: list[int] = []
    app.session.books.use_wanted.connect(used.append)
    page.view.content().use_button.click()
    assert used == [page.view.chosen_book()]

    # what would fire now
    page.editor.live.fold.click()
    write(page.editor.live.text, "长安下雪了")
    app.until(lambda: [fired.label for fired in page.editor.live.preview().entries] == ["Chang'an"])
    assert page.editor.live.preview().entries[0].key == "长安"

    # deleted and brought back
    page.editor.form.delete_button.click()
    assert not page.editor.entries()
    app.window.toast.button.click()
    assert [entry.name for entry in page.editor.entries()] == ["Chang'an"]

    # into a file and back; what was typed a moment ago is in it
    page.editor.settings_button.click()
    page.editor.book_form.name.setFocus()
    page.editor.book_form.name.selectAll()
    write(page.editor.book_form.name, "Tang")
    file = tmp_path / "唐.json"
    page.view.export_chosen.emit(page.view.chosen_book(), str(file))
    app.until(file.exists)
    assert json.loads(file.read_text("utf-8"))["data"]["name"] == "Tang"
    page.until_names("Tang")
    page.view.delete_requested.emit(page.view.chosen_book())
    page.until_names()
    app.until(app.window.toast.isVisible)
    app.window.toast.button.click()
    page.until_names("Tang")


def test_books_of_others(open_app: Open, data_dir: Path, tmp_path: Path) -> None:
    world, wrong = tmp_path / "world.json", tmp_path / "not.json"
    world.write_text(json.dumps(WORLD), "utf-8")
    wrong.write_text("[1, 2", "utf-8")
    app = open_app(data_dir, "zh_CN")
    page = Page(app)
    app.session.books.import_files([str(world), str(wrong), str(tmp_path / "gone.json")])
    app.until(lambda: "not.json" in page.view.notice())
    page.until_open("旧唐")
    page.until_entries("城", "月")

    # unknown fields survive an edit, and the order of entries is the user's
    page.editor.list.shift(page.editor.entries()[0].ident, 1)
    page.until_entries("月", "城")
    page.editor.form.switches["constant"].click()
    page.until_stored(lambda book: book["entries"][1].get("constant") is True)
    assert "future" in json.dumps(page.stored()["entries"][1])

    # away and back while it is being kept: what is read is what was written last
    first = page.view.chosen_book()
    other = page.store.books.add("别的", json.dumps({"name": "别的", "entries": []}), 0).result().id
    page.editor.open_entry(page.editor.entries()[0].ident)
    for text in ("一", "一二"):
        page.editor.form.content.setPlainText(text)
        page.view.content().list.chosen.emit(other)
        page.view.content().list.chosen.emit(first)
        page.until_entries("月", "城")
        assert page.editor.entries()[0].content == text
    assert "别处" not in page.view.notice()
    page.until_stored(lambda book: book["entries"][0]["content"] == "一二")
    page.store.books.delete(other).result()

    # a copy is opened, and closing keeps what was just typed
    page.view.duplicate_requested.emit(page.view.chosen_book())
    page.until_open("旧唐（副本）")
    copy = page.view.chosen_book()
    page.editor.list.choose(page.editor.entries()[0].ident)
    page.editor.open_entry(page.editor.entries()[0].ident)
    page.editor.form.content.setPlainText("刚刚写的")
    app.zhiyin.close()
    with Store.open(data_dir) as store:
        assert json.loads(store.books.get_many([copy]).result()[0].book)["entries"][0]["content"] == "刚刚写的"


def test_who_the_user_is(open_app: Open, data_dir: Path, tmp_path: Path) -> None:
    app = open_app(data_dir)
    app.until(lambda: app.session is not None)
    session, view = app.session, app.window.personas_page.profiles
    session.profiles.set_cards(session.personas.cards)
    app.window.show_personas("profiles")
    view.content().new_button.click()
    app.until(lambda: [item.name for item in view.items()] == ["Me"])
    form = view.content().form
    app.until(form.name.hasSelectedText)
    write(form.name, "子美")
    write(form.description, "诗人")
    image = QImage(300, 200, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.darkCyan)
    assert image.save(str(tmp_path / "me.png"))
    view.picture_chosen.emit(view.chosen_profile(), str(tmp_path / "me.png"))
    app.until(lambda: view.items()[0].picture)

    def stored() -> Profile:
        return session.store.profiles.all().result()[0]

    app.until(lambda: (stored().name, stored().description) == ("子美", "诗人") and len(stored().picture) == 64)
    assert (data_dir / "pictures" / f"{stored().picture}.thumb.png").exists()
    assert stored().default
    view.picture_chosen.emit(view.chosen_profile(), str(tmp_path / "none.png"))
    app.until(lambda: "none.png" in view.notice())
    form.delete_button.click()
    app.until(lambda: not view.items())
    app.until(app.window.toast.isVisible)
    app.window.toast.button.click()
    app.until(lambda: [(item.name, item.default) for item in view.items()] == [("子美", True)])


def test_the_book_in_a_card(open_app: Open, data_dir: Path) -> None:
    card = Card.blank("李白").changed(description="诗人")
    with Store.open(data_dir) as store:
        persona = store.personas.add(NewPersona(card=card.to_json(), name="李白")).result().id
    app = open_app(data_dir)
    page = Page(app)
    changed: list[int] = []
    app.session.books.persona_changed.connect(changed.append)
    app.session.books.edit_card_book(persona)
    app.until(page.view.content().card_bar.isVisible)
    app.until(page.editor.add_button.isEnabled)
    page.editor.add_button.click()
    write(page.editor.form.keys.editor, "酒")
    QTest.keyClick(page.editor.form.keys.editor, Qt.Key.Key_Return)

    def book() -> dict | None:
        return Card.from_json(page.store.personas.get(persona).result().card).book

    app.until(lambda: (found := book()) and found["entries"] and found["entries"][0]["keys"] == ["酒"])
    app.until(lambda: changed == [persona])
    assert Card.from_json(page.store.personas.get(persona).result().card).description == "诗人"

    # somebody else writes into the card's book: nothing is lost, on either side
    other = Card.from_json(page.store.personas.get(persona).result().card).changed(
        character_book={"entries": [{"keys": ["月"], "content": "x"}]}
    )
    page.store.personas.update(persona, NewPersona(card=other.to_json(), name="李白")).result()
    write(page.editor.form.content, "取酒来")
    app.until(lambda: "changed elsewhere" in page.view.notice())
    app.until(lambda: [entry.keys for entry in page.editor.entries()] == [("月",)])
    assert book()["entries"][0]["keys"] == ["月"]
    rows = page.store.books.all().result()
    kept = json.loads(page.store.books.get_many([rows[0].id]).result()[0].book)
    assert kept["entries"][0]["content"] == "取酒来"
