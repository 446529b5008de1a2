"""Ratings on real widgets: thumbs and notes in the transcript, the order of alternatives, summaries, and pictures beside names."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from zhiyin import i18n
from zhiyin.ui.ranking_dialog import Alternative, RankingDialog
from zhiyin.ui.settings_page import SettingsPage
from zhiyin.ui.theme import theme
from zhiyin.ui.training_dialog import TrainingDialog
from zhiyin.ui.transcript.rating import RemarkPopup
from zhiyin.ui.transcript.rows import ActionRow
from zhiyin.ui.transcript.stack import FOOTER, NAME
from zhiyin.ui.transcript.turn import TurnView
from zhiyin.ui.transcript.view import TranscriptView


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[TranscriptView]:
    made = TranscriptView()
    qtbot.addWidget(made)
    made.resize(800, 600)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.clear()


def reply(number: int, text: str = "an answer", **more: object) -> TurnView:
    return TurnView(number, "assistant", text, name="Li Bai", seal="李", rateable=True, **more)  # type: ignore[arg-type]


SUMMARY = TurnView(2, "summary", "They **met**.\n\nThey drank.", name="Summary of earlier turns")


def buttons(view: TranscriptView) -> dict[str, QAbstractButton]:
    """Those of the row that is shown."""
    rows = [row for row in view.viewport().findChildren(ActionRow) if not row.isHidden()]
    return {button.objectName(): button for row in rows for button in row.findChildren(QAbstractButton) if not button.isHidden()}


def popup(kind: type[QMenu] | type[RemarkPopup]) -> QMenu | RemarkPopup:
    (found,) = [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, kind) and widget.isVisible()]
    return found


def grab(view: TranscriptView) -> QImage:
    return view.viewport().grab().toImage()


def test_a_thumb_says_what_is_thought_and_shows_it_only_when_it_is_stored(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_turns([reply(1)])
    assert {"good", "bad"} <= buttons(view).keys()
    assert "remark" not in buttons(view)
    for name, thumb in (("good", 1), ("bad", -1)):
        with qtbot.waitSignal(view.rated) as told:
            buttons(view)[name].click()
        assert told.args == [1, thumb]
        assert not buttons(view)[name].isChecked()
    view.update_turn(reply(1, thumb=1, remark="wise"))
    assert (buttons(view)["good"].isChecked(), buttons(view)["bad"].isChecked()) == (True, False)
    assert buttons(view)["remark"].toolTip() == "wise"
    with qtbot.waitSignal(view.rated) as told:
        buttons(view)["good"].click()
    assert told.args == [1, 0]  # the same thumb again takes it back
    view.set_turns([TurnView(3, "user", "hello", name="You")])
    assert not {"good", "bad", "more", "fold"} & buttons(view).keys()


def test_a_rating_is_seen_without_pointing_at_it(view: TranscriptView) -> None:
    def jade(turn: TurnView) -> int:
        view.set_turns([turn, TurnView(9, "user", "thanks", name="You")])
        view.attachments.hover(-1)
        assert not view.attachments.has_row(turn.id)
        image, wanted = grab(view), theme().color("jade").rgb()
        return sum(image.pixel(x, y) == wanted for x in range(image.width()) for y in range(140))

    assert jade(reply(1)) == 0
    assert jade(reply(1, thumb=1, alternative=(2, 3), rank=1)) > 20


def test_the_menu_offers_what_can_be_done(view: TranscriptView, qtbot: QtBot) -> None:
    def offered(turn: TurnView) -> list[str]:
        view.set_turns([turn])
        buttons(view)["more"].click()
        menu = popup(QMenu)
        assert isinstance(menu, QMenu)
        words = [action.text() for action in menu.actions()]
        menu.close()
        return words

    assert offered(reply(1)) == ["Note on the rating …"]
    assert offered(reply(2, alternative=(1, 2), has_sent=True)) == ["Rank the alternatives …", "Note on the rating …", "Show what was sent"]
    for action, signal in (("rank", view.rank_requested), ("sent", view.sent_requested)):
        with qtbot.waitSignal(signal) as told:
            view.act(2, action)
        assert told.args == [2]


def test_a_note_is_kept_however_its_field_is_left_but_by_escape(view: TranscriptView) -> None:
    view.set_turns([reply(1, thumb=-1, remark="too long")])
    told: list[tuple[int, str]] = []
    view.remark_edited.connect(lambda turn, text: told.append((turn, text)))

    def write(text: str, leave: Callable[[RemarkPopup], object]) -> None:
        buttons(view)["remark"].click()
        field = popup(RemarkPopup)
        assert isinstance(field, RemarkPopup)
        assert field.field.text() == "too long"
        field.field.selectAll()
        QTest.keyClicks(field.field, text)
        leave(field)

    write("lost", lambda field: QTest.keyClick(field.field, Qt.Key.Key_Escape))
    assert told == []
    write("vague", lambda field: QTest.keyClick(field.field, Qt.Key.Key_Return))
    write("wrong", lambda field: field.close())
    write("too long", lambda field: field.close())  # nothing changed
    assert told == [(1, "vague"), (1, "wrong")]


def test_a_summary_is_folded_until_it_is_opened(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_turns([reply(1), SUMMARY, TurnView(3, "user", "go on", name="You")])
    folded = view.turn_rect(1)
    assert folded.height() < NAME + FOOTER + 20
    place = folded.topLeft() + QPoint(60, 24)
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert view.turn_rect(1).height() > folded.height() + 30
    qtbot.waitUntil(lambda: view.stack.entries[1].body is not None and len(view.stack.entries[1].body.boxes) == 2)  # Markdown
    view.update_turn(TurnView(2, "summary", "They met and parted.", name="Summary of earlier turns"))
    assert not view.stack.entries[1].folded  # editing it does not fold it
    view.attachments.hover(2)
    assert {"fold", "copy", "edit"} <= buttons(view).keys()
    assert not {"good", "regenerate", "more"} & buttons(view).keys()
    buttons(view)["fold"].click()
    assert view.turn_rect(1).height() == folded.height()


def test_a_summary_is_edited_as_a_reply_is(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_turns([reply(1), SUMMARY])
    view.act(2, "edit")
    editor = view.attachments.editor
    assert editor is not None
    assert editor.geometry().height() > 80
    assert editor.field.text() == SUMMARY.text
    editor.field.set_text("They met.")
    with qtbot.waitSignal(view.edit_reply) as told:
        QTest.keyClick(editor.field, Qt.Key.Key_Return)
    assert told.args == [2, "They met."]


def test_a_picture_takes_the_seals_place_and_a_colour_the_accents(view: TranscriptView) -> None:
    def colours(turn: TurnView) -> set[int]:
        view.set_turns([turn])
        image, rect = grab(view), view.turn_rect(0)
        return {image.pixel(rect.left() + x, rect.top() + 14 + y) for x in range(20) for y in range(22)}

    picture = QPixmap(40, 40)
    picture.fill(QColor("#123456"))
    wanted: list[tuple[str, int]] = []

    def picture_of(name: str, size: int) -> QPixmap | None:
        wanted.append((name, size))
        return picture if name == "there" else None

    assert QColor("#3f7566").rgb() in colours(reply(1, color="jade"))
    assert QColor("#654321").rgb() in colours(reply(2, color="#654321", picture="there"))  # nobody can give a picture yet
    view.picture_of = picture_of
    assert QColor("#123456").rgb() in colours(reply(3, picture="there"))
    assert QColor("#654321").rgb() in colours(reply(4, color="#654321", picture="gone"))
    assert {("there", 20), ("gone", 20)} <= set(wanted)


ALTERNATIVES = [Alternative(10, 1, "first", model="m"), Alternative(11, 2, "second " * 200, thumb=1), Alternative(12, 3, "third")]


@pytest.fixture
def over(qtbot: QtBot) -> QWidget:
    """What dialogs lie over: they delete themselves when they are closed."""
    made = QWidget()
    qtbot.addWidget(made)
    return made


@pytest.fixture
def ranking(over: QWidget) -> RankingDialog:
    dialog = RankingDialog(ALTERNATIVES, parent=over)
    dialog.show()
    return dialog


def test_alternatives_are_put_in_order_by_arrows_and_by_dragging(ranking: RankingDialog, qtbot: QtBot) -> None:
    assert ranking.order() == [10, 11, 12]
    assert not ranking.up.isEnabled()
    ranking.down.click()
    assert ranking.order() == [11, 10, 12]
    ranking.list.setCurrentRow(2)
    assert ranking.text.text() == "third"
    assert not ranking.down.isEnabled()
    ranking.up.click()
    assert ranking.order() == [11, 12, 10]
    model = ranking.list.model()
    assert model.moveRow(ranking.list.rootIndex(), 0, ranking.list.rootIndex(), 3)  # what a drag within the list does
    assert ranking.order() == [12, 10, 11]
    ranking.list.setCurrentRow(2)
    assert ranking.text.text() == "second " * 200  # all of it can be read
    ranking.remark.set_text(" it rhymes ")
    with qtbot.waitSignal(ranking.ranked) as told:
        ranking.keep.click()
    assert told.args == [[12, 10, 11], "it rhymes"]


def test_an_order_that_there_was_is_shown_and_can_be_removed(over: QWidget, ranking: RankingDialog, qtbot: QtBot) -> None:
    dialog = RankingDialog([Alternative(1, 1, "a"), Alternative(2, 2, "b", rank=2), Alternative(3, 3, "c", rank=1)], "why", over)
    assert (dialog.order(), dialog.remark.text()) == ([3, 2, 1], "why")
    with qtbot.waitSignal(dialog.cleared):
        dialog.clear.click()
    assert ranking.clear.isHidden()


def test_the_dialogs_speak_the_language_of_the_moment(ranking: RankingDialog, over: QWidget, qapp: QApplication) -> None:
    training = TrainingDialog(over)
    before = ranking.keep.text(), training.export_button.text(), training.choices["dpo"].text()
    i18n.install(qapp, "zh_CN")
    qapp.processEvents()
    assert not set(before) & {ranking.keep.text(), training.export_button.text(), training.choices["dpo"].text()}


def test_an_export_says_how_far_it_is_and_what_became_of_it(over: QWidget, qtbot: QtBot) -> None:
    dialog = TrainingDialog(over)
    dialog.show()
    dialog.choices["kto"].click()
    assert dialog.kind() == "kto"
    dialog.set_progress(3, 10)
    assert not dialog.export_button.isEnabled()
    with qtbot.waitSignal(dialog.cancel_requested):
        dialog.close_button.click()
    dialog = TrainingDialog(over)
    dialog.set_progress(1, 1)
    dialog.set_result("<b>done</b>", good=True)
    assert dialog.export_button.isEnabled()
    assert "<b>done</b>" in [label.text() for label in dialog.findChildren(type(dialog._state))]  # as it is, never as markup


def test_the_settings_say_how_much_was_rated(qtbot: QtBot) -> None:
    page = SettingsPage()
    qtbot.addWidget(page)
    with qtbot.waitSignal(page.shown):
        page.show()
    form = page.form()
    assert not form.export_ratings.isEnabled()
    page.set_rating_counts(0, 0, 0)
    assert not form.export_ratings.isEnabled()
    assert "Nothing is rated" in form.rating_counts.text()
    page.set_rating_counts(1_200, 3, 4)
    assert form.rating_counts.text() == "Good: 1,200 · bad: 3 · in order: 4"
    with qtbot.waitSignal(page.export_ratings_requested):
        form.export_ratings.click()


def test_what_a_reply_says_is_never_taken_for_markup(over: QWidget) -> None:
    dialog = RankingDialog([Alternative(1, 1, "<b>bold</b>"), Alternative(2, 2, "x")], parent=over)
    assert dialog.text.text() == "<b>bold</b>"
    assert dialog.list.item(0).text() == "1: <b>bold</b>"
