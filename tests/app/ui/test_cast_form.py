"""The section of the panel that says who takes part and how: a setup in, a whole setup out."""

import pytest
from PySide6.QtGui import QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from zhiyin import i18n
from zhiyin.roles import AuthorNote, Member, Setup
from zhiyin.ui.cast_form import CastForm
from zhiyin.ui.cast_values import CastKnown, MemberView, Named
from zhiyin.ui.conversation_panel import ConversationPanel, PanelDefaults
from zhiyin.ui.tokens import PANEL_WIDTH

MEMBERS = (MemberView(1, "李白"), MemberView(2, "Du <b>Fu</b>"))
KNOWN = CastKnown(MEMBERS, (Named(5, "Ann"), Named(6, "Bob & co")), "Ann", (Named(8, "The town"), Named(9, "长安")))
GROUP = Setup((Member(1), Member(2)), speaking="mention", profile=6, books=(9,))


def picture_of(_picture: str, size: int, _seal: str, _color: str) -> QPixmap:
    pixmap = QPixmap(size, size)
    pixmap.fill("#3E5C86")
    return pixmap


@pytest.fixture
def form(qtbot: QtBot) -> CastForm:
    made = CastForm(picture_of)
    qtbot.addWidget(made)
    made.resize(264, 1000)
    made.show()
    return made


def told(form: CastForm) -> list[Setup]:
    changes: list[Setup] = []
    form.changed.connect(changes.append)
    return changes


def test_what_is_shown_is_announced_by_nobody(form: CastForm) -> None:
    changes = told(form)
    for setup in (GROUP, Setup(), Setup((Member(3),), cards="joined", lore_place="as_card", profile=77, books=(55,)), GROUP):
        form.set_values(setup, KNOWN)
        assert form.setup() == setup
    form.flush()
    assert changes == []
    assert form.speaking.currentData() == "mention"
    assert form.profile.currentText() == "Bob & co"


def test_members_are_muted_moved_and_removed(form: CastForm) -> None:
    form.set_values(GROUP, KNOWN)
    changes = told(form)
    form.members.rows[0].mute_button.click()
    form.members.rows[0].down_button.click()
    form.members.rows[1].muted_button.click()
    form.members.rows[0].remove_button.click()
    assert [setup.members for setup in changes] == [
        (Member(1, muted=True), Member(2)),
        (Member(2), Member(1, muted=True)),
        (Member(2), Member(1)),
        (Member(1),),
    ]
    assert [setup.books for setup in changes] == [(9,)] * 4
    assert form.rows["speaking"].isHidden()
    assert not form.members.rows[0].up_button.isVisible()


def test_how_it_is_played_is_chosen(form: CastForm) -> None:
    form.set_values(GROUP, KNOWN)
    changes = told(form)
    form.speaking.setCurrentIndex(form.speaking.findData("user"))
    form.cards.setCurrentIndex(form.cards.findData("joined"))
    form.profile.setCurrentIndex(0)
    form.place.setCurrentIndex(form.place.findData("as_card"))
    form.summarize.click()
    assert len(changes) == 5
    assert changes[-1] == Setup(GROUP.members, speaking="user", cards="joined", books=(9,), summarize=True, lore_place="as_card")
    assert "whole prompt" in form.place_hint.text()


def test_books_are_added_from_a_menu_and_taken_away(form: CastForm) -> None:
    form.set_values(GROUP, KNOWN)
    changes = told(form)
    actions = form.book_menu().actions()
    assert [action.text() for action in actions] == ["The town"]
    actions[0].trigger()
    assert not form.book_button.isEnabled()
    form.books.removed.emit(9)
    assert [setup.books for setup in changes] == [(9, 8), (8,)]
    assert len(form.books.lines) == 1


def test_a_note_is_part_of_the_setup_and_waits_for_nobody_when_flushed(form: CastForm) -> None:
    form.set_values(GROUP, KNOWN)
    changes = told(form)
    form.note.text.setFocus()
    QTest.keyClicks(form.note.text, "Rain")
    form.flush()
    assert changes[-1].note == AuthorNote("Rain")
    assert changes[-1].members == GROUP.members


def test_what_comes_late_takes_nothing_back(form: CastForm) -> None:
    form.set_values(GROUP, KNOWN)
    form.summarize.click()
    form.set_values(GROUP, KNOWN)  # shown again before the change was stored
    assert form.setup().summarize
    assert form.summarize.isChecked()
    form.note.text.setFocus()
    QTest.keyClicks(form.note.text, "Rain")
    stored = form.setup()
    form.set_values(stored, KNOWN)  # while somebody types
    assert form.note.text.text() == "Rain"
    form.flush()
    assert form.setup().note.text == "Rain"
    form.set_values(stored, KNOWN)  # another conversation that is set up so
    assert form.note.text.text() == ""


def test_what_is_not_plain_is_open_and_the_rest_is_folded(form: CastForm) -> None:
    form.set_values(Setup((Member(1),)), KNOWN)
    assert form.more.isHidden()
    form.set_values(Setup((Member(1),), books=(8,)), KNOWN)
    assert not form.more.isHidden()
    form.fold.click()
    form.set_values(Setup((Member(1),), books=(9,)), KNOWN)
    assert form.more.isHidden()


def test_without_books_and_profiles_it_leads_to_where_they_are_made(form: CastForm, qtbot: QtBot) -> None:
    form.set_values(Setup(), CastKnown())
    form.fold.click()
    assert not form.books_link.isHidden()
    assert form.book_button.isHidden()
    with qtbot.waitSignals([form.books_requested, form.profiles_requested, form.add_requested]):
        form.books_link.click()
        form.profiles_link.click()
        form.add_button.click()


def test_names_of_strangers_are_text(form: CastForm) -> None:
    form.set_values(GROUP, KNOWN)
    row = form.members.rows[1]
    assert row.name.text() == "Du <b>Fu</b>"
    assert "<b>" not in row.remove_button.toolTip()


def test_the_panel_passes_it_on_and_is_no_wider_for_it(qtbot: QtBot, qapp: QApplication) -> None:
    panel = ConversationPanel()
    qtbot.addWidget(panel)
    changes: list[Setup] = []
    panel.cast_changed.connect(changes.append)
    panel.set_values(None, PanelDefaults(), None)
    panel.set_cast(GROUP, KNOWN)
    panel.set_picture_of(picture_of)
    panel.resize(PANEL_WIDTH, 900)
    panel.show()
    cast = panel.content().cast
    for language in ("en", "zh_CN"):
        i18n.install(qapp, language)
        QApplication.processEvents()
        assert cast.minimumSizeHint().width() <= PANEL_WIDTH - 32
        assert cast.geometry().right() < PANEL_WIDTH
    assert cast.title.text() == "参与者"
    cast.note.text.setFocus()
    QTest.keyClicks(cast.note.text, "x")
    panel.flush()
    assert changes[-1].note.text == "x"
    cast.members.rows[0].remove_button.click()
    assert changes[-1].members == (Member(2),)
