"""What can be done with the turns while a reply is being written, and that nothing typed is lost."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget
from pytestqt.qtbot import QtBot

from zhiyin.ui.icons import icon
from zhiyin.ui.transcript.editor import TurnEditor
from zhiyin.ui.transcript.rows import ActionRow, NoteRow
from zhiyin.ui.transcript.turn import State, TurnView
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


def user(number: int, text: str = "a question") -> TurnView:
    return TurnView(number, "user", text, name="You")


def reply(number: int, text: str = "an answer", state: State = "complete", **more: object) -> TurnView:
    return TurnView(number, "assistant", text, name="Zhiyin", state=state, **more)  # type: ignore[arg-type]


def buttons(view: TranscriptView, kind: type[QWidget]) -> dict[str, QAbstractButton]:
    rows = [row for row in view.viewport().findChildren(kind) if not row.isHidden()]
    return {b.objectName(): b for row in rows for b in row.findChildren(QAbstractButton) if not b.isHidden()}


def edit(view: TranscriptView, turn: int) -> TurnEditor:
    view.act(turn, "edit")
    editor = view.attachments.editor
    assert editor is not None
    return editor


def picture(shown: QAbstractButton) -> QImage:
    return shown.icon().pixmap(16, 16).toImage()


# ---------------------------------------------------------------- while a reply is being written


@pytest.mark.parametrize(
    ("last", "kind", "wait", "stay"),
    [
        (reply(2, alternative=(2, 3)), ActionRow, {"previous", "next", "regenerate"}, {"copy", "edit"}),
        (reply(2, "cut", actions=frozenset({"continue"})), ActionRow, {"continue", "regenerate"}, {"copy", "edit"}),
        (reply(2, "cut", "failed", error="It died.", actions=frozenset({"reload"})), NoteRow, {"continue", "regenerate"}, {"reload"}),
    ],
)
def test_what_needs_another_reply_waits_and_says_why(
    view: TranscriptView, last: TurnView, kind: type[QWidget], wait: set[str], stay: set[str]
) -> None:
    view.set_turns([user(1), last])
    view.set_busy(True)
    shown = buttons(view, kind)
    assert set(shown) == wait | stay
    assert {name for name, each in shown.items() if not each.isEnabled()} == wait
    assert {shown[name].toolTip() for name in wait} == {"A reply is being written in this conversation."}
    view.update_turn(last)
    assert not any(buttons(view, kind)[name].isEnabled() for name in wait)
    view.set_busy(False)
    assert all(each.isEnabled() for each in buttons(view, kind).values())
    assert "A reply is being written in this conversation." not in {each.toolTip() for each in buttons(view, kind).values()}


def test_the_focus_leaves_what_has_to_wait(view: TranscriptView, qtbot: QtBot) -> None:
    view.activateWindow()
    qtbot.waitUntil(view.isActiveWindow)
    view.set_turns([user(1), reply(2)])
    buttons(view, ActionRow)["regenerate"].setFocus()
    assert buttons(view, ActionRow)["regenerate"].hasFocus()
    view.set_busy(True)
    assert view.hasFocus()


def test_an_edited_question_waits_with_its_text(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_turns([user(1, "old"), reply(2), user(3)])
    view.append_turn(reply(4, "", "growing"))
    view.set_busy(True)
    editor = edit(view, 1)
    qtbot.keyClicks(editor.field, "er")
    with qtbot.assertNotEmitted(view.edit_user):
        qtbot.keyClick(editor.field, Qt.Key.Key_Return)
    assert view.attachments.editor is editor and editor.field.text() == "older"
    assert any("once it has ended" in label.text() for label in editor.findChildren(QLabel))
    view.append_text(4, "words")
    view.update_turn(reply(4, "words"))
    view.set_turns([user(1, "old"), reply(2), user(3), reply(4, "words")])
    assert view.attachments.editor is editor and editor.field.text() == "older"
    view.set_busy(False)
    assert not any("once it has ended" in label.text() for label in editor.findChildren(QLabel))
    with qtbot.waitSignal(view.edit_user) as caught:
        qtbot.keyClick(editor.field, Qt.Key.Key_Return)
    assert caught.args == [1, "older"]


def test_a_reply_that_goes_on_while_it_is_edited_waits_too(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_turns([user(1), reply(2, "old", "stopped"), user(3), reply(4, "other")])
    editor = edit(view, 2)
    qtbot.keyClicks(editor.field, "er")
    view.set_busy(True)
    view.update_turn(reply(2, "old", "growing"))
    with qtbot.assertNotEmitted(view.edit_reply):
        qtbot.keyClick(editor.field, Qt.Key.Key_Return)
    assert editor.field.text() == "older"
    view.update_turn(reply(2, "old and new"))
    with qtbot.waitSignal(view.edit_reply):
        qtbot.keyClick(editor.field, Qt.Key.Key_Return)


# ---------------------------------------------------------------- nothing typed is lost


def test_what_was_typed_comes_back_after_another_conversation(view: TranscriptView, qtbot: QtBot) -> None:
    here, there = [user(1, "old"), reply(2)], [user(11), reply(12)]
    view.set_turns(here)
    qtbot.keyClicks(edit(view, 1).field, "er")
    view.set_turns(there)
    assert view.attachments.editor is None
    assert edit(view, 11).field.text() == "a question"
    view.set_turns(here)
    editor = edit(view, 1)
    assert editor.field.text() == "older"
    qtbot.keyClick(editor.field, Qt.Key.Key_Escape)
    assert edit(view, 1).field.text() == "old"


def test_what_was_typed_comes_back_after_another_turn_was_edited_or_shown(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_turns([user(1, "old"), reply(2), user(3), reply(4)])
    qtbot.keyClicks(edit(view, 3).field, "!")
    assert edit(view, 1).field.text() == "old"
    view.set_turns([user(1, "old"), reply(2)])
    assert view.attachments.editor is not None
    qtbot.keyClicks(edit(view, 1).field, "er")
    view.set_turns([user(9, "new"), reply(2)])
    assert view.attachments.editor is None
    view.set_turns([user(1, "old"), reply(2), user(3), reply(4)])
    assert edit(view, 3).field.text() == "a question!"
    assert edit(view, 1).field.text() == "older"


def test_what_was_sent_does_not_come_back(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_turns([user(1, "old"), reply(2)])
    editor = edit(view, 1)
    qtbot.keyClicks(editor.field, "er")
    qtbot.keyClick(editor.field, Qt.Key.Key_Return)
    assert edit(view, 1).field.text() == "old"


def test_a_turn_of_one_very_long_line_is_edited_and_kept(view: TranscriptView, qtbot: QtBot) -> None:
    text = "字" * 300_000
    view.set_turns([user(1, text), reply(2)])
    editor = edit(view, 1)
    assert editor.field.document().blockCount() >= 300
    editor.field.selectAll()
    editor.field.copy()
    assert QGuiApplication.clipboard().text() == text
    editor.field.paste()
    with qtbot.waitSignal(view.edit_user) as caught:
        qtbot.keyClick(editor.field, Qt.Key.Key_Return)
    assert caught.args == [1, text]


# ---------------------------------------------------------------- going on


def test_a_question_without_a_reply_can_be_answered(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_turns([user(1), reply(2), user(3)])
    qtbot.waitUntil(lambda: "answer" in buttons(view, ActionRow))
    view.set_busy(True)
    assert "answer" not in buttons(view, ActionRow)
    view.set_busy(False)
    offered = buttons(view, ActionRow)["answer"]
    assert offered.text() == "Answer"
    with qtbot.waitSignal(view.regenerate) as caught:
        qtbot.mouseClick(offered, Qt.MouseButton.LeftButton)
    assert caught.args == [3]
    view.append_turn(reply(4, "", "growing"))
    view.attachments.hover(3)
    assert set(buttons(view, ActionRow)) == {"copy", "edit"}


def test_an_answer_is_not_offered_while_the_reply_is_on_its_way(view: TranscriptView) -> None:
    view.set_turns([user(1), reply(2)])
    view.append_turn(user(3))
    assert "answer" not in buttons(view, ActionRow)


@pytest.mark.parametrize(("state", "kind"), [("complete", ActionRow), ("stopped", NoteRow), ("interrupted", NoteRow), ("failed", NoteRow)])
def test_a_reply_cut_by_length_is_continued_from_one_place(view: TranscriptView, qtbot: QtBot, state: State, kind: type[QWidget]) -> None:
    view.set_turns([user(1), reply(2, "cut", state, actions=frozenset({"continue", "regenerate"}))])
    found = [each for row in (ActionRow, NoteRow) for name, each in buttons(view, row).items() if name == "continue"]
    assert [each.text() for each in found] == ["Continue"]
    assert list(buttons(view, kind)).count("continue") == list(buttons(view, kind)).count("regenerate") == 1
    with qtbot.waitSignal(view.continue_reply) as caught:
        qtbot.mouseClick(found[0], Qt.MouseButton.LeftButton)
    assert caught.args == [2]
    view.update_turn(reply(2, "cut", "growing", error="x", actions=frozenset({"continue"})))
    assert "continue" not in {**buttons(view, ActionRow), **buttons(view, NoteRow)}


# ---------------------------------------------------------------- copying


def test_copying_is_confirmed_for_a_moment(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_turns([user(1), reply(2)])
    copy = buttons(view, ActionRow)["copy"]
    usual, check = picture(copy), icon("check", 16).pixmap(16, 16).toImage()
    qtbot.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert picture(copy) == check != usual and copy.toolTip() == "Copied"
    qtbot.waitUntil(lambda: picture(copy) == usual and copy.toolTip() == "Copy", timeout=10_000)


def test_what_is_offered_beside_an_error_is_named(view: TranscriptView, qtbot: QtBot) -> None:
    offered = frozenset({"reload", "choose_model", "settings"})
    view.set_turns([user(1), reply(2, "", "failed", error="The message is too long.", actions=offered)])
    shown = buttons(view, NoteRow)
    assert {name: shown[name].text() for name in offered} == {
        "reload": "Load the model again",
        "choose_model": "Choose a model",
        "settings": "Settings",
    }
    with qtbot.waitSignal(view.error_action) as caught:
        qtbot.mouseClick(shown["settings"], Qt.MouseButton.LeftButton)
    assert caught.args == [2, "settings"]
