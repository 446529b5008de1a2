"""The composer sends on Enter, never under an input method's composing; it grows, keeps drafts and takes huge pastes."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, Qt
from PySide6.QtGui import QClipboard, QGuiApplication, QInputMethodEvent
from pytestqt.qtbot import QtBot

from zhiyin.ui.composer import Composer
from zhiyin.ui.long_lines import LONGEST, break_long_lines, mend_long_lines


@pytest.fixture
def composer(qtbot: QtBot) -> Iterator[Composer]:
    widget = Composer()
    qtbot.addWidget(widget)
    widget.resize(600, widget.sizeHint().height())
    widget.show()
    widget.sent = []  # type: ignore[attr-defined]  # what was submitted, for the tests
    widget.submitted.connect(widget.sent.append)  # type: ignore[attr-defined]  # the same
    yield widget
    widget.hide()


def sent(composer: Composer) -> list[str]:
    return composer.sent  # type: ignore[attr-defined, no-any-return]  # set by the fixture


def compose(composer: Composer, preedit: str, commit: str = "") -> None:
    event = QInputMethodEvent(preedit, [])
    event.setCommitString(commit)
    QCoreApplication.sendEvent(composer.editor, event)


def paste(composer: Composer, text: str) -> None:
    data = QMimeData()
    data.setText(text)
    composer.editor.insertFromMimeData(data)


def test_enter_sends_as_written_and_empties(composer: Composer, qtbot: QtBot) -> None:
    qtbot.keyClicks(composer.editor, "  hello ")
    qtbot.keyClick(composer.editor, Qt.Key.Key_Return)
    assert sent(composer) == ["  hello "]
    assert composer.text() == ""


def test_the_keypad_sends_too(composer: Composer, qtbot: QtBot) -> None:
    qtbot.keyClicks(composer.editor, "1")
    qtbot.keyClick(composer.editor, Qt.Key.Key_Enter, Qt.KeyboardModifier.KeypadModifier)
    assert sent(composer) == ["1"]


def test_shift_enter_breaks_the_line(composer: Composer, qtbot: QtBot) -> None:
    qtbot.keyClicks(composer.editor, "a")
    qtbot.keyClick(composer.editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClicks(composer.editor, "b")
    assert sent(composer) == []
    qtbot.keyClick(composer.editor, Qt.Key.Key_Return)
    assert sent(composer) == ["a\nb"]


def test_enter_belongs_to_the_input_method_while_it_composes(composer: Composer, qtbot: QtBot) -> None:
    compose(composer, "ni hao")
    qtbot.keyClick(composer.editor, Qt.Key.Key_Return)
    assert sent(composer) == []
    compose(composer, "", "你好")
    assert composer.text() == "你好"
    qtbot.keyClick(composer.editor, Qt.Key.Key_Return)
    assert sent(composer) == ["你好"]


def test_a_cancelled_composition_leaves_enter_free(composer: Composer, qtbot: QtBot) -> None:
    qtbot.keyClicks(composer.editor, "x")
    compose(composer, "ni")
    compose(composer, "")
    qtbot.keyClick(composer.editor, Qt.Key.Key_Return)
    assert sent(composer) == ["x"]


def test_composing_ends_with_the_focus(composer: Composer, qtbot: QtBot) -> None:
    qtbot.keyClicks(composer.editor, "x")
    compose(composer, "ni")
    composer.editor.clearFocus()
    QCoreApplication.sendEvent(composer.editor, QEvent(QEvent.Type.FocusOut)) if composer.editor.hasFocus() else None
    compose(composer, "")
    qtbot.keyClick(composer.editor, Qt.Key.Key_Return)
    assert sent(composer) == ["x"]


@pytest.mark.parametrize("text", ["", "   ", "\n\n", "\u3000"])
def test_nothing_is_not_sent(composer: Composer, qtbot: QtBot, text: str) -> None:
    composer.set_draft(text)
    assert not composer.send_button.isEnabled()
    qtbot.keyClick(composer.editor, Qt.Key.Key_Return)
    assert sent(composer) == []


def test_while_busy_stop_takes_the_place_of_send(composer: Composer, qtbot: QtBot) -> None:
    stops: list[bool] = []
    composer.stop_requested.connect(lambda: stops.append(True))
    composer.set_draft("next")
    composer.stop()
    assert stops == []
    composer.set_busy(True)
    assert composer.stop_button.isVisible() and not composer.send_button.isVisible()
    qtbot.keyClick(composer.editor, Qt.Key.Key_Return)
    assert sent(composer) == [] and composer.text() == "next"
    qtbot.mouseClick(composer.stop_button, Qt.MouseButton.LeftButton)
    assert stops == [True]
    composer.set_busy(False)
    qtbot.mouseClick(composer.send_button, Qt.MouseButton.LeftButton)
    assert sent(composer) == ["next"]


def test_when_sending_is_impossible_it_says_why_and_one_can_still_write(composer: Composer, qtbot: QtBot) -> None:
    composer.set_enabled_state(False, "Choose a model first")
    assert composer.editor.placeholderText() == "Choose a model first"
    qtbot.keyClicks(composer.editor, "a thought")
    qtbot.keyClick(composer.editor, Qt.Key.Key_Return)
    assert sent(composer) == [] and composer.text() == "a thought"
    composer.set_enabled_state(True)
    assert "…" in composer.editor.placeholderText()
    qtbot.keyClick(composer.editor, Qt.Key.Key_Return)
    assert sent(composer) == ["a thought"]


def test_a_draft_is_announced_once_after_a_pause_and_not_when_set(composer: Composer, qtbot: QtBot) -> None:
    drafts: list[str] = []
    composer.draft_changed.connect(drafts.append)
    composer.set_draft("kept")
    with qtbot.waitSignal(composer.draft_changed, timeout=5000):
        qtbot.keyClicks(composer.editor, " and more")
    assert drafts == ["kept and more"]


def test_a_waiting_draft_can_be_flushed_and_goes_with_sending(composer: Composer, qtbot: QtBot) -> None:
    drafts: list[str] = []
    composer.draft_changed.connect(drafts.append)
    qtbot.keyClicks(composer.editor, "abc")
    composer.flush_draft()
    assert drafts == ["abc"]
    qtbot.keyClicks(composer.editor, "d")
    qtbot.keyClick(composer.editor, Qt.Key.Key_Return)
    composer.flush_draft()
    assert drafts == ["abc"] and sent(composer) == ["abcd"]


def test_it_grows_to_ten_lines_and_no_further(composer: Composer) -> None:
    heights = []
    for lines in (1, 2, 10, 11, 200):
        composer.set_draft("\n".join("line" for _ in range(lines)))
        heights.append(composer.editor.height())
    line = composer.editor.fontMetrics().lineSpacing()
    assert heights[1] - heights[0] == line
    assert heights[2] - heights[0] == 9 * line
    assert heights[2] == heights[3] == heights[4]
    composer.set_draft("")
    assert composer.editor.height() == heights[0]


def test_wrapped_lines_count_too(composer: Composer, qtbot: QtBot) -> None:
    one = composer.editor.height()
    composer.set_draft("word " * 60)
    qtbot.waitUntil(lambda: composer.editor.height() > one)


@pytest.mark.parametrize(
    "text", ["x" * 1_000_000, "床前明月光" * 200_000, "word " * 200_000, "a line\n" * 2_000], ids=["unbroken", "han", "words", "lines"]
)
def test_a_huge_paste_arrives_whole(composer: Composer, qtbot: QtBot, text: str) -> None:
    paste(composer, text)
    blocks = composer.editor.document()
    assert max(len(blocks.findBlockByNumber(number).text()) for number in range(min(50, blocks.blockCount()))) <= LONGEST + 1
    qtbot.keyClick(composer.editor, Qt.Key.Key_Return)
    assert sent(composer) == [text]


def test_breaks_for_display_survive_undo_and_are_not_copied(composer: Composer) -> None:
    text = "y" * 5000
    paste(composer, text)
    composer.editor.selectAll()
    composer.editor.cut()
    assert composer.text() == ""
    assert QGuiApplication.clipboard().text(QClipboard.Mode.Clipboard) == text
    composer.editor.undo()
    assert composer.text() == text


def test_marks_stay_with_their_letters_when_a_line_is_broken() -> None:
    text = "e\u0301" * 1500 + "👩\u200d🚀" * 1500
    broken = break_long_lines(text)
    assert mend_long_lines(broken) == text
    assert "\n" in broken
    assert all(not piece.startswith(("\u0301", "\u200d", "🚀")) for piece in broken.split("\n"))


def test_only_plain_text_is_pasted(composer: Composer) -> None:
    data = QMimeData()
    data.setHtml("<b>bold</b><img src='file:///etc/passwd'>")
    data.setText("bold")
    composer.editor.insertFromMimeData(data)
    assert composer.text() == "bold"
    picture = QMimeData()
    picture.setData("image/png", b"not a picture")
    composer.editor.insertFromMimeData(picture)
    assert composer.text() == "bold"


def test_lone_surrogates_and_odd_characters_do_no_harm(composer: Composer, qtbot: QtBot) -> None:
    composer.set_draft("a\u2028b\u0000c")
    qtbot.keyClick(composer.editor, Qt.Key.Key_Return)
    assert len(sent(composer)) == 1 and sent(composer)[0].startswith("a")
