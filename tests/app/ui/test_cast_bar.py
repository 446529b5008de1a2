"""The bar above the composer: who takes part, whose turn it is, what fits."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from zhiyin import i18n
from zhiyin.ui.cast_bar import CastBar
from zhiyin.ui.cast_values import CastView, MemberView
from zhiyin.ui.theme import apply_theme

MEMBERS = (MemberView(1, "李白"), MemberView(2, "Du <b>Fu</b> & son", muted=True), MemberView(3, "Ann"))


def picture_of(_picture: str, size: int, _seal: str, color: str) -> QPixmap:
    pixmap = QPixmap(size, size)
    pixmap.fill(QColor(color or "#3E5C86"))
    return pixmap


@pytest.fixture
def bar(qtbot: QtBot) -> CastBar:
    made = CastBar(picture_of)
    qtbot.addWidget(made)
    made.resize(680, 40)
    return made


def shown(bar: CastBar) -> list[int]:
    return [chip.member.persona for chip in bar.chips if not chip.isHidden()]


def test_without_personas_there_is_no_bar(bar: CastBar) -> None:
    assert bar.isHidden()
    bar.set_cast(CastView(MEMBERS))
    assert not bar.isHidden()
    bar.set_cast(CastView())
    assert bar.isHidden()


def test_a_click_lets_somebody_speak_and_says_whose_turn_it_is(bar: CastBar) -> None:
    asked: list[int] = []
    bar.speak_requested.connect(asked.append)
    bar.set_cast(CastView(MEMBERS, following=3, speaking=1))
    QTest.mouseClick(bar.chips[2], Qt.MouseButton.LeftButton)
    QTest.keyClick(bar.chips[1], Qt.Key.Key_Space)
    assert asked == [3, 2]
    assert [chip.accessibleName() for chip in bar.chips] == ["李白 is speaking", "Du <b>Fu</b> & son is muted", "Ann speaks next"]
    assert "<b>" not in bar.chips[1].toolTip()
    assert bar.question.isHidden()


def test_where_the_user_decides_it_asks(bar: CastBar) -> None:
    bar.set_cast(CastView(MEMBERS, asking=True))
    assert not bar.question.isHidden()
    assert [chip.following for chip in bar.chips] == [True, False, True]
    assert bar.chips[0].toolTip().startswith("Who speaks next?")


def test_the_menu_mutes_opens_and_removes(bar: CastBar, qtbot: QtBot) -> None:
    bar.set_cast(CastView(MEMBERS))
    told: list[object] = []
    bar.mute_changed.connect(lambda persona, muted: told.append((persona, muted)))
    bar.open_requested.connect(told.append)
    bar.remove_requested.connect(told.append)
    bar.speak_requested.connect(told.append)
    for member in MEMBERS[:2]:
        for action in bar.menu_for(member, bar).actions():
            if not action.isSeparator():
                action.trigger()
    assert told == [1, (1, True), 1, 1, 2, (2, False), 2, 2]
    with qtbot.waitSignal(bar.add_requested):
        bar.add_button.click()


@pytest.mark.parametrize(("width", "compact", "count", "more"), [(680, False, 3, False), (190, True, 3, False), (120, True, 1, True)])
def test_names_give_way_to_pictures_and_then_to_a_menu(bar: CastBar, width: int, compact: bool, count: int, more: bool) -> None:
    bar.set_cast(CastView(MEMBERS))
    bar.resize(width, 40)
    bar.show()
    QApplication.processEvents()
    assert {chip.compact for chip in bar.chips} == {compact}
    assert shown(bar) == [1, 2, 3][:count]
    assert bar.more.isHidden() is not more
    right = max(widget.geometry().right() for widget in (bar.add_button, *bar.chips) if not widget.isHidden())
    assert right < width


def test_the_same_members_keep_their_chips_and_others_get_new_ones(bar: CastBar) -> None:
    bar.set_cast(CastView(MEMBERS))
    before = list(bar.chips)
    bar.set_cast(CastView(MEMBERS, following=1))
    assert bar.chips == before
    bar.set_cast(CastView(MEMBERS[1:]))
    assert [chip.member.persona for chip in bar.chips] == [2, 3]


def test_it_speaks_the_language_and_paints_in_each_look(bar: CastBar, qapp: QApplication) -> None:
    bar.set_cast(CastView(MEMBERS, following=1))
    bar.show()
    bright = bar.grab().toImage().pixelColor(bar.width() - 2, 20)
    i18n.install(qapp, "zh_CN")
    qapp.processEvents()
    assert bar.chips[0].accessibleName() == "接下来由李白说话"
    apply_theme(qapp, "dark")
    assert bar.grab().toImage().pixelColor(bar.width() - 2, 20).lightness() < bright.lightness()
