"""The transcript on real widgets: what is shown, what stays in its place, and what its actions say."""

from collections.abc import Iterator

import pytest
import shiboken6
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QGuiApplication, QImage, QInputMethodEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from zhiyin import i18n
from zhiyin.markup.parse import parse
from zhiyin.ui.theme import apply_theme, theme
from zhiyin.ui.transcript.code_box import CodeBox
from zhiyin.ui.transcript.rows import ActionRow, NoteRow
from zhiyin.ui.transcript.turn import State, TurnView
from zhiyin.ui.transcript.view import TranscriptView

MARKDOWN = """# Title

Some **bold** text with a [link](https://example.org/page) and `code`.

```python
def moon(frost: int) -> str:  # a comment that is certainly much longer than the column is wide, so that the code scrolls sideways
    return "home"
```

1. one
2. two
   - nested

| a | b |
|---|--:|
| 1 | 2 |

> quoted
"""


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
    return TurnView(number, "assistant", text, name="Zhiyin", seal="知", state=state, **more)  # type: ignore[arg-type]


def conversation(count: int) -> list[TurnView]:
    return [reply(number, f"{MARKDOWN}\n\nreply {number}") if number % 2 else user(number) for number in range(count)]


def settle(view: TranscriptView, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: all((body := view.stack.entries[index].body) is not None and body.settled for index in view.visible()))


def button(view: TranscriptView, kind: type[QWidget], name: str) -> QAbstractButton:
    for row in view.viewport().findChildren(kind):
        found = row.findChild(QAbstractButton, name)
        if not row.isHidden() and isinstance(found, QAbstractButton) and not found.isHidden():
            return found
    raise AssertionError(f"no button {name}")


def names(view: TranscriptView, kind: type[QWidget]) -> list[str]:
    rows = [row for row in view.viewport().findChildren(kind) if not row.isHidden()]
    return [b.objectName() for row in rows for b in row.findChildren(QAbstractButton) if not b.isHidden()]


def ink(image: QImage) -> int:
    """Pixels that are not the ground."""
    ground = theme().color("paper").rgb()
    return sum(image.pixel(x, y) != ground for y in range(0, image.height(), 3) for x in range(0, image.width(), 3))


# ---------------------------------------------------------------- showing


def test_a_conversation_opens_at_its_end(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_turns(conversation(40))
    settle(view, qtbot)
    bar = view.verticalScrollBar()
    assert bar.value() == bar.maximum() > 0
    assert view.visible()[-1] == 39


def test_something_is_painted_in_both_themes(view: TranscriptView, qtbot: QtBot, qapp: QApplication) -> None:
    view.set_turns(conversation(2))
    settle(view, qtbot)
    light = view.grab().toImage()
    apply_theme(qapp, "dark")
    dark = view.grab().toImage()
    assert light.pixel(2, 2) != dark.pixel(2, 2)
    assert ink(dark) > 2_000


def test_only_what_is_seen_is_laid_out(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_turns(conversation(3000))
    settle(view, qtbot)
    assert sum(entry.body is not None for entry in view.stack.entries) < 20


def test_bodies_that_were_not_seen_for_long_are_let_go(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_turns(conversation(400))
    bar = view.verticalScrollBar()
    for _ in range(250):
        bar.setValue(bar.value() - 500)
    settle(view, qtbot)
    assert sum(entry.body is not None for entry in view.stack.entries) < 80


def test_scrolling_up_moves_what_is_seen_by_the_step_exactly(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_turns(conversation(200))
    settle(view, qtbot)
    bar = view.verticalScrollBar()
    for step in (60, 7, 133, 300, 60, 60, 450) * 4:
        index = view.visible()[0]
        turn = view.stack.entries[index].turn.id
        before = view.turn_rect(index).bottom()
        bar.setValue(bar.value() - step)
        assert view.turn_rect(view.stack.index(turn)).bottom() == before + step


def differing_rows(view: TranscriptView) -> int:
    """Rows in which the screen, where pictures are moved and painted in part, differs from a painting of the whole."""
    screen = view.screen().grabWindow(view.winId()).toImage()
    whole = view.grab().toImage().convertToFormat(screen.format())
    assert screen.size() == whole.size()
    across, down = range(0, screen.width() - 16, 7), range(screen.height())
    return sum(any(screen.pixel(x, y) != whole.pixel(x, y) for x in across) for y in down)


def test_what_is_moved_on_the_screen_is_what_would_be_painted(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_turns([reply(1, MARKDOWN), user(2), reply(3, MARKDOWN), reply(4, "", "growing")])
    settle(view, qtbot)
    for place in range(0, len(MARKDOWN), 40):
        view.append_text(4, MARKDOWN[place : place + 40])
        qtbot.waitUntil(lambda: differing_rows(view) <= 1)  # a hairline of antialiasing
    view.update_turn(reply(4, MARKDOWN))
    for step in (-300, -60, -7, -450, 60, 130, -1000, 900, -33):
        view.verticalScrollBar().setValue(view.verticalScrollBar().value() + step)
        qtbot.waitUntil(lambda: differing_rows(view) <= 1)


def test_a_new_width_keeps_the_turn_that_is_read(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_turns(conversation(200))
    settle(view, qtbot)
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum() // 2)
    first = view.stack.entries[view.visible()[0]].turn.id
    view.resize(500, 600)
    assert view.stack.entries[view.visible()[0]].turn.id == first
    view.resize(1200, 700)
    assert view.stack.entries[view.visible()[0]].turn.id == first


def test_a_long_message_is_parsed_to_its_end(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_turns([reply(1, (MARKDOWN + "\n") * 300)])
    settle(view, qtbot)
    body = view.stack.body(0)
    assert len(body.blocks) == 6 * 300
    assert view.verticalScrollBar().value() == view.verticalScrollBar().maximum()


# ---------------------------------------------------------------- streaming


def test_streaming_ends_in_what_opening_shows(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_turns([user(1), reply(2, "", "growing")])
    for place in range(0, len(MARKDOWN), 7):
        view.append_text(2, MARKDOWN[place : place + 7])
    view.update_turn(reply(2, MARKDOWN))
    settle(view, qtbot)
    streamed = [box.height for box in view.stack.body(1).boxes]
    view.clear()
    view.set_turns([user(1), reply(2, MARKDOWN)])
    settle(view, qtbot)
    assert [box.height for box in view.stack.body(1).boxes] == streamed
    assert view.stack.entries[1].turn.text == MARKDOWN


def test_the_view_follows_the_end_only_while_it_is_there(view: TranscriptView) -> None:
    view.set_turns([*conversation(20), reply(100, "", "growing")])
    bar = view.verticalScrollBar()
    for _ in range(30):
        view.append_text(100, "another line\n\n")
    assert bar.value() == bar.maximum()
    bar.setValue(bar.value() - 200)
    place = bar.value()
    for _ in range(30):
        view.append_text(100, "another line\n\n")
    assert bar.value() == place < bar.maximum()
    view.scroll_to_end()
    assert bar.value() == bar.maximum()


def test_finished_boxes_are_kept_while_a_reply_grows(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_turns([reply(1, "", "growing")])
    view.append_text(1, "first\n\nsecond\n\n```py\nx = 1\n")
    boxes = list(view.stack.body(0).boxes)
    view.append_text(1, "y = 2\nz")
    settle(view, qtbot)
    assert all(before is after for before, after in zip(boxes, view.stack.body(0).boxes, strict=True))
    code = view.stack.body(0).boxes[-1]
    assert isinstance(code, CodeBox)
    assert code.code.text == "x = 1\ny = 2\nz"


def test_a_table_whose_columns_change_while_it_grows_ends_as_when_opened(view: TranscriptView, qtbot: QtBot) -> None:
    rows = [f"| {'word ' * number} | {number} | {'长' * (40 - number)} |\n" for number in range(40)]
    text = "| a | b | c |\n|---|--:|---|\n" + "".join(rows)
    view.set_turns([user(1), reply(2, "", "growing")])
    for place in range(0, len(text), 90):
        view.append_text(2, text[place : place + 90])
        view.grab()
    view.update_turn(reply(2, text))
    settle(view, qtbot)
    streamed = view.viewport().grab().toImage()
    view.clear()
    view.set_turns([user(1), reply(2, text)])
    settle(view, qtbot)
    assert view.viewport().grab().toImage() == streamed


def test_a_cut_reply_goes_on(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_turns([reply(1, "- one\n- tw", "stopped")])
    settle(view, qtbot)
    view.update_turn(reply(1, "- one\n- tw", "growing"))
    view.append_text(1, "o\n- three\n\n```py\nx")
    settle(view, qtbot)
    assert view.stack.body(0).open_code
    view.update_turn(reply(1, "- one\n- two\n- three\n\n```py\nx = 1\n```\nend"))
    settle(view, qtbot)
    assert view.stack.body(0).blocks == list(parse("- one\n- two\n- three\n\n```py\nx = 1\n```\nend"))


def test_text_replaced_by_other_text(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_turns([reply(1, "one\n\ntwo\n\nthree")])
    view.update_turn(reply(1, "# other"))
    settle(view, qtbot)
    assert len(view.stack.body(0).boxes) == 1


def test_code_is_coloured(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_turns([reply(1, MARKDOWN)])
    code = next(box for box in view.stack.body(0).boxes if isinstance(box, CodeBox))
    qtbot.waitUntil(lambda: code.colored == len(code.code.text))


def test_unknown_turns_are_ignored(view: TranscriptView) -> None:
    view.set_turns([user(1)])
    view.append_text(9, "x")
    view.update_turn(user(9))
    view.append_turn(user(2))
    assert [entry.turn.id for entry in view.stack.entries] == [1, 2]


# ---------------------------------------------------------------- states and actions


@pytest.mark.parametrize(
    ("state", "text", "offered"),
    [
        ("stopped", "cut", ["continue", "regenerate"]),
        ("interrupted", "cut", ["continue", "regenerate"]),
        ("interrupted", "", ["regenerate"]),
        ("failed", "", ["reload", "regenerate"]),
        ("queued", "", ["cancel"]),
        ("complete", "whole", []),
        ("growing", "so far", []),
    ],
)
def test_sentences_and_what_is_offered_beside_them(view: TranscriptView, state: State, text: str, offered: list[str]) -> None:
    more = {"error": "The engine died.", "actions": frozenset({"reload"})} if state == "failed" else {}
    view.set_turns([user(1), reply(2, text, state, **more)])
    assert names(view, NoteRow) == offered


def test_actions_tell_what_is_wanted(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_turns([user(1), reply(2, "cut", "stopped", alternative=(2, 3), actions=frozenset({"reload"}))])
    for kind, name, signal, value in (
        (NoteRow, "continue", view.continue_reply, [2]),
        (NoteRow, "reload", view.error_action, [2, "reload"]),
        (NoteRow, "regenerate", view.regenerate, [2]),
        (ActionRow, "previous", view.alternative, [2, -1]),
        (ActionRow, "next", view.alternative, [2, 1]),
    ):
        with qtbot.waitSignal(signal) as caught:
            qtbot.mouseClick(button(view, kind, name), Qt.MouseButton.LeftButton)
        assert caught.args == value


def test_a_queued_reply_can_be_cancelled(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_turns([user(1), reply(2, "", "queued")])
    with qtbot.waitSignal(view.cancel_queued) as caught:
        qtbot.mouseClick(button(view, NoteRow, "cancel"), Qt.MouseButton.LeftButton)
    assert caught.args == [2]


def test_only_cut_replies_can_be_continued(view: TranscriptView) -> None:
    view.set_turns([reply(2)])
    assert names(view, ActionRow) == ["copy", "edit", "regenerate"]
    view.update_turn(reply(2, actions=frozenset({"continue"})))
    assert names(view, ActionRow) == ["copy", "edit", "regenerate", "continue"]
    view.update_turn(reply(2, "x", "stopped"))
    assert (names(view, NoteRow), names(view, ActionRow)) == (["continue", "regenerate"], ["copy", "edit"])


def test_copy_is_the_source_and_plain_text_is_not(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_turns([reply(1, "**bold** [l](https://a.b)")])
    copy = button(view, ActionRow, "copy")
    qtbot.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "**bold** [l](https://a.b)"
    view.copy_turn(1, plain=True)
    assert QGuiApplication.clipboard().text() == "bold l"


def test_the_mouse_brings_a_turns_actions(view: TranscriptView) -> None:
    view.set_turns([user(1), reply(2), user(3), reply(4)])
    view.attachments.hover(1)
    assert {row.turn.id for row in view.viewport().findChildren(ActionRow) if not row.isHidden()} == {1, 4}


def test_every_button_has_a_name_and_a_tooltip_in_both_languages(view: TranscriptView, qapp: QApplication) -> None:
    view.set_turns([user(1), reply(2, "cut", "stopped", alternative=(1, 2))])
    english = [b.toolTip() for b in view.viewport().findChildren(QAbstractButton) if b.objectName() and not b.isHidden()]
    assert "Copy" in english
    i18n.install(qapp, "zh_CN")
    row = next(row for row in view.viewport().findChildren(ActionRow) if not row.isHidden())
    for each in row.buttons():
        assert each.accessibleName() == each.toolTip() != ""


# ---------------------------------------------------------------- links, code, wheel


def link_place(view: TranscriptView) -> QPoint:
    for y in range(0, 400, 4):
        for x in range(view.column.left(), view.column.right(), 4):
            entry = view.entry_at(QPoint(x, y))
            body = entry.body if entry else None
            if body is None or entry is None:
                continue
            rect = view.turn_rect(0)
            number = body.box_at(y - rect.top() - entry.body_top)
            if number >= 0:
                box = body.boxes[number]
                place = QPointF(x - rect.left() - box.piece.indent, y - rect.top() - entry.body_top - body.top(number))
                if box.link_at(place):
                    return QPoint(x, y)
    raise AssertionError("no link")


def test_a_link_is_told_when_clicked(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_turns([reply(1, "Read [this page](https://example.org/page) now.")])
    view.grab()
    with qtbot.waitSignal(view.link_activated) as caught:
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=link_place(view))
    assert caught.args == ["https://example.org/page"]


def code_place(view: TranscriptView) -> tuple[CodeBox, QPoint]:
    entry = view.stack.entries[0]
    body = view.stack.body(0)
    number = next(number for number, box in enumerate(body.boxes) if isinstance(box, CodeBox))
    box = body.boxes[number]
    assert isinstance(box, CodeBox)
    return box, view.turn_rect(0).topLeft() + QPoint(40, entry.body_top + body.top(number) + 20)


def test_code_scrolls_sideways_within_its_block(view: TranscriptView, qtbot: QtBot) -> None:
    view.resize(500, 900)
    view.set_turns([reply(1, MARKDOWN)])
    settle(view, qtbot)
    view.verticalScrollBar().setValue(0)
    view.grab()
    box, place = code_place(view)
    assert box.scroll_range > 0
    before = view.verticalScrollBar().value()
    event = QWheelEvent(
        QPointF(place), QPointF(view.viewport().mapToGlobal(place)), QPoint(0, 0), QPoint(0, -240), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.ShiftModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view.viewport(), event)
    assert box.scroll_x > 0
    assert view.verticalScrollBar().value() == before


def test_code_has_a_copy_button(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_turns([reply(1, MARKDOWN)])
    settle(view, qtbot)
    view.verticalScrollBar().setValue(0)
    box, place = code_place(view)
    qtbot.mouseMove(view.viewport(), place)
    found = [b for b in view.viewport().findChildren(QAbstractButton) if b.accessibleName() == "Copy code" and not b.isHidden()]
    assert len(found) == 1
    qtbot.mouseClick(found[0], Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == box.code.text


# ---------------------------------------------------------------- editing


def test_an_edited_question_is_sent_again_with_enter(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_turns([user(1, "old"), reply(2)])
    view.act(1, "edit")
    editor = view.attachments.editor
    assert editor is not None
    editor.field.selectAll()
    qtbot.keyClicks(editor.field, "new")
    qtbot.keyClick(editor.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClicks(editor.field, "line")
    with qtbot.waitSignal(view.edit_user) as caught:
        qtbot.keyClick(editor.field, Qt.Key.Key_Return)
    assert caught.args == [1, "new\nline"]
    assert view.attachments.editor is None


def test_a_reply_is_edited_in_place_and_esc_leaves_it(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_turns([user(1), reply(2, "old")])
    height = view.stack.heights[1]
    view.act(2, "edit")
    assert view.stack.heights[1] > height
    editor = view.attachments.editor
    assert editor is not None
    qtbot.keyClick(editor.field, Qt.Key.Key_Escape)
    assert view.attachments.editor is None
    assert view.stack.heights[1] == height
    view.act(2, "edit")
    editor = view.attachments.editor
    assert editor is not None
    qtbot.keyClicks(editor.field, "er")
    with qtbot.waitSignal(view.edit_reply) as caught:
        qtbot.keyClick(editor.field, Qt.Key.Key_Return)
    assert caught.args == [2, "older"]


def test_enter_while_an_input_method_composes_accepts_nothing(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_turns([user(1, "old")])
    view.act(1, "edit")
    editor = view.attachments.editor
    assert editor is not None
    QApplication.sendEvent(editor.field, QInputMethodEvent("ni hao", []))
    with qtbot.assertNotEmitted(view.edit_user):
        qtbot.keyClick(editor.field, Qt.Key.Key_Return)


def test_a_double_click_edits_a_question(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_turns([user(1, "old"), reply(2)])
    rect = view.turn_rect(0)
    qtbot.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=rect.topLeft() + QPoint(20, view.stack.entries[0].body_top + 10))
    assert view.attachments.editor is not None
    assert view.attachments.editor.turn.id == 1


# ---------------------------------------------------------------- keys


@pytest.mark.parametrize(
    ("key", "least", "most"), [(Qt.Key.Key_PageUp, 400, 600), (Qt.Key.Key_Up, 20, 100), (Qt.Key.Key_Home, 1000, 99_999)]
)
def test_keys_scroll(view: TranscriptView, qtbot: QtBot, key: Qt.Key, least: int, most: int) -> None:
    view.set_turns(conversation(60))
    settle(view, qtbot)
    bar = view.verticalScrollBar()
    last = view.turn_rect(59).bottom()
    qtbot.keyClick(view, key)
    assert least <= view.turn_rect(59).bottom() - last <= most
    assert (bar.value() == 0) == (key == Qt.Key.Key_Home)
    qtbot.keyClick(view, Qt.Key.Key_End)
    assert bar.value() == bar.maximum()


def test_tab_goes_through_the_actions_and_on(qtbot: QtBot) -> None:
    window = QWidget()
    column = QVBoxLayout(window)
    view, after = TranscriptView(), QLineEdit()
    column.addWidget(view)
    column.addWidget(after)
    qtbot.addWidget(window)
    window.resize(800, 700)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    view.set_turns([user(1), reply(2, "cut", "stopped")])
    view.setFocus()
    seen = []
    for _ in range(12):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        focused = QApplication.focusWidget()
        if focused is after:
            break
        seen.append(focused.objectName())
    assert seen == ["copy", "edit", "continue", "regenerate", "copy", "edit"]
    assert QApplication.focusWidget() is after


# ---------------------------------------------------------------- screen readers


def test_screen_readers_find_turns_and_buttons(view: TranscriptView) -> None:
    view.set_turns([user(1, "what did he see?"), reply(2, "The moon."), reply(3, "cut", "failed", error="It died.")])
    whole = QAccessible.queryAccessibleInterface(view)
    assert whole.role() == QAccessible.Role.List
    assert whole.text(QAccessible.Text.Name) == "Conversation"
    assert [whole.child(number).text(QAccessible.Text.Name) for number in range(3)] == [
        "You: what did he see?",
        "Zhiyin: The moon.",
        "Zhiyin: cut",
    ]
    assert whole.child(2).text(QAccessible.Text.Description) == "It died."
    assert whole.child(1).parent() is whole
    assert whole.indexOfChild(whole.child(1)) == 1
    place = whole.child(1).rect().center()
    assert whole.childAt(place.x(), place.y()) is whole.child(1)
    widgets = [whole.child(number).object() for number in range(3, whole.childCount())]
    assert any(isinstance(widget, ActionRow) for widget in widgets)
    gone = whole.child(0)
    view.set_turns([reply(2), reply(3)])
    assert not gone.isValid()
    assert gone.text(QAccessible.Text.Name) == ""


@pytest.mark.usefixtures("qapp")
def test_screen_readers_outlive_the_view() -> None:
    view = TranscriptView()
    view.set_turns([user(1)])
    whole = QAccessible.queryAccessibleInterface(view)
    turn = whole.child(0)
    shiboken6.delete(view)
    assert not turn.isValid()
    assert turn.text(QAccessible.Text.Name) == ""


# ---------------------------------------------------------------- changes at run time


def test_language_theme_and_size_change_at_run_time(view: TranscriptView, qtbot: QtBot, qapp: QApplication) -> None:
    view.set_turns([*conversation(6), reply(100, "x", "stopped")])
    settle(view, qtbot)
    i18n.install(qapp, "zh_CN")
    apply_theme(qapp, "dark")
    before = view.stack.heights.total
    view.set_reading(16.0)
    settle(view, qtbot)
    assert view.stack.heights.total > before
    assert view.verticalScrollBar().value() == view.verticalScrollBar().maximum()
    view.grab()


def test_a_line_says_where_the_models_memory_begins(view: TranscriptView) -> None:
    view.set_turns([user(1), reply(2), user(3)])
    height = view.stack.heights[1]
    view.update_turn(reply(2, memory_starts_here=True))
    assert view.stack.heights[1] > height


def test_a_reply_without_words_has_room_for_the_waiting(view: TranscriptView) -> None:
    view.set_turns([user(1), reply(2, "", "growing", caption="Reading: 43 %")])
    waiting = view.stack.heights[1]
    view.append_text(2, "words")
    assert view.stack.heights[1] != waiting
