"""The profiles and the author's note alone: values in, signals out."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from zhiyin import i18n
from zhiyin.ui.author_note_form import AuthorNoteForm
from zhiyin.ui.profile_values import ProfileItem
from zhiyin.ui.profiles_content import SIDE_BY_SIDE
from zhiyin.ui.profiles_view import ProfilesView

ITEMS = (ProfileItem(1, "子美", "杜甫的朋友", default=True), ProfileItem(2, "Ann <b>", "A translator"))


@pytest.fixture
def view(qtbot: QtBot) -> ProfilesView:
    made = ProfilesView()
    qtbot.addWidget(made)
    made.set_items(ITEMS)
    made.resize(900, 600)
    made.show()
    return made


def test_what_is_typed_is_told_once_and_survives_a_list(view: ProfilesView, qtbot: QtBot) -> None:
    form = view.content().form
    assert (form.name.text(), form.default.isChecked()) == ("子美", True)
    told: list[ProfileItem] = []
    view.changed.connect(told.append)
    form.name.setFocus()
    QTest.keyClicks(form.name, "!")
    form.description.setPlainText("诗人")
    view.set_items(ITEMS)  # a list that was read before
    assert (form.name.text(), form.description.toPlainText()) == ("子美!", "诗人")
    assert not told
    qtbot.waitUntil(lambda: told == [replace(ITEMS[0], name="子美!", description="诗人")])


def test_choosing_another_keeps_the_first(view: ProfilesView) -> None:
    told: list[ProfileItem] = []
    view.changed.connect(told.append)
    view.content().form.description.setPlainText("改")
    view.content().list.setCurrentRow(1)
    assert told == [replace(ITEMS[0], description="改")]
    assert view.content().form.name.text() == "Ann <b>"
    view.content().form.description.setPlainText("x")
    view.hide()
    assert told[-1] == replace(ITEMS[1], description="x")


def test_default_picture_and_delete(view: ProfilesView) -> None:
    defaults: list[int] = []
    deleted: list[int] = []
    told: list[ProfileItem] = []
    view.default_wanted.connect(defaults.append)
    view.delete_requested.connect(deleted.append)
    view.changed.connect(told.append)
    form = view.content().form
    form.default.click()
    view.choose(2)
    form.default.click()
    assert defaults == [0, 2]
    assert not form.seal_button.isVisible()
    view.set_picture(2, "a" * 64)
    assert told == [replace(ITEMS[1], picture="a" * 64)]
    form.seal_button.click()
    assert told[-1] == ITEMS[1]
    view.content().list.setFocus()
    QTest.keyClick(view.content().list, Qt.Key.Key_Delete)
    assert deleted == [2]
    view.set_items(ITEMS[:1])
    assert view.chosen_profile() == 1


def test_nobody_yet_narrow_and_in_chinese(view: ProfilesView, qapp: QApplication) -> None:
    view.set_items(())
    assert not view.content().list.isVisible()
    assert not view.content().form.name.isVisible()
    view.set_items(ITEMS)
    view.resize(SIDE_BY_SIDE - 1, 700)
    assert view.content().form.y() > view.content().list.y()
    i18n.install(qapp, "zh_CN")
    qapp.processEvents()
    assert view.content().form.name.placeholderText() == "别人怎么称呼你"


def test_the_author_s_note(qtbot: QtBot) -> None:
    form = AuthorNoteForm()
    qtbot.addWidget(form)
    form.show()
    told: list[dict[str, object]] = []
    form.changed.connect(told.append)
    assert not form.rows["depth"].isVisible()
    form.set_values({"text": "下雨了", "depth": 2, "every": 3, "role": "user", "position": "in_chat"})
    assert form.rows["depth"].isVisible()
    assert not told
    form.text.setPlainText("下雪了")
    qtbot.waitUntil(lambda: len(told) == 1)
    assert told[0] == {"text": "下雪了", "position": "in_chat", "depth": 2, "every": 3, "role": "user"}
    form.position.setCurrentIndex(1)
    assert told[-1]["position"] == "after_scenario"
    assert not form.rows["depth"].isVisible()
    form.every_box.setValue(0)
    assert (told[-1]["every"], form.every_box.text()) == (0, "never")
    form.set_values({})
    assert form.values()["text"] == ""
    assert len(told) == 3


@pytest.mark.parametrize("width", [430, 1180])
def test_without_a_profile_the_button_stands_below_the_sentence(view: ProfilesView, width: int) -> None:
    view.set_items(())
    view.resize(width, 700)
    QApplication.processEvents()
    content = view.content()
    below = content.explanation.mapTo(view, content.explanation.rect().bottomLeft()).y()
    assert 0 < content.new_button.mapTo(view, content.new_button.rect().topLeft()).y() - below < 40
