"""The notebook's page: the sheet and its tokens, candidates, choices, settings, and what is kept."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QMouseEvent, QTextCursor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from zhiyin import i18n
from zhiyin.controllers.notebook_history import MOST_KEPT, MOST_STEPS, Change, History, Kept
from zhiyin.controllers.notebook_tokens import Alignment
from zhiyin.ui.notebook_content import NotebookContent
from zhiyin.ui.notebook_editor import NotebookEditor
from zhiyin.ui.notebook_form import escaped, unescaped
from zhiyin.ui.notebook_page import NotebookPage
from zhiyin.ui.notebook_popover import visible
from zhiyin.ui.notebook_spans import TokenSpans
from zhiyin.ui.notebook_values import (
    MOST_TEXT,
    Candidate,
    Choice,
    NotebookOptions,
    NotebookText,
    Piece,
    Progress,
    Span,
    cut,
    length,
    with_piece,
)
from zhiyin_models.engine.protocol import TokenProbability

CANDIDATES = (Candidate(" sea", 0.5), Candidate(" sky", 0.3), Candidate("<0xE4>", 0.1))
PIECES = [Piece(" sea", 0.5, CANDIDATES), Piece("🦙你", 0.25), Piece(" end", 0.9, (Candidate(" end", 0.9),))]


@pytest.fixture
def page(qtbot: QtBot) -> NotebookPage:
    one = NotebookPage()
    qtbot.addWidget(one)
    one.resize(1000, 700)
    one.show()
    return one


@pytest.fixture
def content(page: NotebookPage) -> NotebookContent:
    return page.content()


@pytest.fixture
def editor(content: NotebookContent) -> NotebookEditor:
    content.editor.insertPlainText("The ")
    content.editor.write(PIECES)
    return content.editor


def words(editor: NotebookEditor) -> list[str]:
    """The text under each span."""
    units = editor.shown().text.encode("utf-16-le")
    return [units[2 * span.start : 2 * span.end].decode("utf-16-le") for span in editor.shown().spans]


def at(editor: NotebookEditor, place: int) -> None:
    cursor = editor.textCursor()
    cursor.setPosition(place)
    editor.setTextCursor(cursor)


# ---------------------------------------------------------------- tokens


def test_tokens_move_with_what_is_edited_before_them_and_go_when_they_are_edited(editor: NotebookEditor, qtbot: QtBot) -> None:
    assert words(editor) == [" sea", "🦙你", " end"]
    at(editor, 0)
    qtbot.keyClicks(editor, "So ")
    assert words(editor) == [" sea", "🦙你", " end"]
    at(editor, editor.document().characterCount() - 1)
    qtbot.keyClicks(editor, "ing")
    assert words(editor) == [" sea", "🦙你", " end"]  # what is written behind a token is the user's
    at(editor, len("So The  s"))
    qtbot.keyClicks(editor, "x")
    assert words(editor) == ["🦙你", " end"]
    assert editor.text() == "So The  sxea🦙你 ending"
    editor.selectAll()
    editor.insertPlainText("all new")
    assert words(editor) == []


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 6), st.sampled_from(("", "a", "aa", "🦙", "\n", "sea"))), min_size=1, max_size=6)
)
@settings(max_examples=25, deadline=None)
def test_whatever_is_edited_a_token_covers_its_own_letters(qapp: QApplication, edits: list[tuple[int, int, str]]) -> None:
    del qapp
    editor = NotebookEditor(None)  # type: ignore[arg-type]
    editor.insertPlainText("aa sea")
    editor.write(PIECES)
    for place, removed, added in edits:
        cursor = QTextCursor(editor.document())
        most = editor.document().characterCount() - 1
        cursor.setPosition(min(place, most))
        cursor.setPosition(min(place + removed, most), QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText(added)
        assert set(words(editor)) <= {piece.text for piece in PIECES}
    editor.deleteLater()


def test_stretches_without_candidates_are_one(content: NotebookContent) -> None:
    content.editor.write([Piece("one"), Piece(" two")])
    assert content.editor.shown() == NotebookText("one two", (Span(0, 7),))


def test_a_very_long_line_is_broken_for_display_only(content: NotebookContent) -> None:
    for _ in range(300):
        content.editor.write([Piece("word ", 0.5, CANDIDATES)])
    assert content.editor.document().blockCount() == 2
    assert content.editor.text() == "word " * 300
    assert set(words(content.editor)) == {"word "}


def test_only_plain_text_is_pasted_and_only_as_much_as_has_room(content: NotebookContent, qtbot: QtBot) -> None:
    data = QMimeData()
    data.setHtml("<b>bold</b>")
    data.setText("a\u00a0b")
    content.editor.insertFromMimeData(data)
    assert content.editor.text() == "a\u00a0b"
    files = QMimeData()
    files.setUrls([QUrl("file:///a.gguf")])
    assert content.editor.canInsertFromMimeData(data)
    assert not content.editor.canInsertFromMimeData(files)  # the window takes it
    data.setText("long line " * (MOST_TEXT // 8))
    with qtbot.waitSignal(content.editor.overfull):
        content.editor.insertFromMimeData(data)
    assert len(content.editor.text()) <= MOST_TEXT


def test_undo_takes_back_what_was_typed_and_then_asks_for_the_step(editor: NotebookEditor, qtbot: QtBot) -> None:
    before = editor.text()
    at(editor, 0)
    qtbot.keyClicks(editor, "Oh ")
    qtbot.keyClick(editor, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert editor.text() == before
    with qtbot.waitSignal(editor.undo_requested):
        qtbot.keyClick(editor, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    with qtbot.waitSignal(editor.continue_requested):
        qtbot.keyClick(editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)


# ---------------------------------------------------------------- candidates


def test_a_token_under_the_pointer_shows_what_it_might_have_been(page: NotebookPage, editor: NotebookEditor, qtbot: QtBot) -> None:
    content = page.content()
    place = QPointF(editor.rect_of(editor.shown().spans[0]).center())
    move = QMouseEvent(
        QEvent.Type.MouseMove, place, place, Qt.MouseButton.NoButton, Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    )
    editor.mouseMoveEvent(move)
    qtbot.waitUntil(content.popover.isVisible)
    assert [row.accessibleName() for row in content.popover.rows] == ["␣sea 50.0%", "␣sky 30.0%", "<0xE4> 10.0%"]
    assert [row.isEnabled() for row in content.popover.rows] == [False, True, False]  # it is there; it can be; it is half a character
    with qtbot.waitSignal(page.branch_requested) as told:
        qtbot.mouseClick(content.popover.rows[1], Qt.MouseButton.LeftButton)
    assert told.args == [editor.shown().spans[0], 1]
    assert not content.popover.isVisible()
    content.show_progress(Progress(state="writing"))
    editor.pointed.emit(editor.shown().spans[0], editor.rect_of(editor.shown().spans[0]))
    assert not any(row.isEnabled() for row in content.popover.rows)


def test_candidates_can_be_reached_with_the_keyboard(content: NotebookContent, editor: NotebookEditor, qtbot: QtBot) -> None:
    at(editor, 6)
    qtbot.keyClick(editor, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert content.popover.isVisible()
    qtbot.keyClick(content.popover, Qt.Key.Key_Escape)
    assert not content.popover.isVisible()


def test_spaces_of_a_token_can_be_seen() -> None:
    assert visible(" a\n\t\x00") == "␣a⏎⇥�"


# ---------------------------------------------------------------- page


def test_what_runs_can_be_stopped_and_nothing_else(page: NotebookPage, content: NotebookContent, qtbot: QtBot) -> None:
    page.show_progress(Progress(tokens=1234, limit=8192, speed=12.5, undo=True))
    assert page.undo_button.isEnabled() and not page.redo_button.isEnabled()
    assert content.figures.text() == "1,234 of 8,192 tokens · 12.5 tokens/s"
    page.show_progress(Progress(state="loading", model="Qwen", fraction=0.5, undo=True))
    assert content.editor.isReadOnly() and not page.undo_button.isEnabled()
    assert content.figures.text() == "Loading Qwen… · 50%"
    with qtbot.waitSignal(page.stop_requested):
        content.stop_button.click()
    with qtbot.waitSignal(page.stop_requested):
        qtbot.keyClick(content.editor, Qt.Key.Key_Escape)


def test_choices_show_where_they_part(page: NotebookPage, content: NotebookContent, qtbot: QtBot) -> None:
    same = "a beginning that all of them have, "
    page.show_progress(Progress(choices=(Choice(f"{same}then one", -0.5), Choice(f"{same}then & two", -1.25)), chosen=0))
    assert [row.text().split() for row in content.choices.rows] == [["✓", "-0.500", "…", "one"], ["-1.25", "…", "&&", "two"]]
    with qtbot.waitSignal(page.choice_made) as told:
        content.choices.rows[1].click()
    assert told.args == [1]
    assert content.choices.rows[0].isChecked()  # until it is in place
    page.show_progress(Progress())
    assert not content.choices.isVisible()


def test_the_settings_are_announced_whole(page: NotebookPage, content: NotebookContent) -> None:
    heard: list[NotebookOptions] = []
    page.options_changed.connect(heard.append)
    form = content.form
    form.method.setCurrentIndex(2)
    assert form.beams.isVisible() and not form.sampling.isVisible()
    form.beams.setValue(6)
    form.results.setValue(3)
    form.max_total.setValue(500)
    form.stop.setPlainText("\\n\\n\nEND\n\n")
    form.probabilities.setChecked(False)
    assert heard[-1] == NotebookOptions(method="beams", beams=6, results=3, max_total=500, stop=("\n\n", "END"), probabilities=False)
    told = len(heard)
    form.set_value(NotebookOptions())
    assert len(heard) == told
    assert form.value() == NotebookOptions()


@given(st.text(st.sampled_from("\\nt\n\ta"), max_size=8))
@settings(max_examples=40, deadline=None)
def test_a_stop_string_is_one_line_and_comes_back(text: str) -> None:
    assert "\n" not in escaped(text)
    assert unescaped(escaped(text)) == text


def test_the_side_lies_over_the_sheet_where_it_is_narrow(page: NotebookPage, content: NotebookContent, qtbot: QtBot) -> None:
    assert content.form.isVisible()
    assert content.form.x() == content.sheet.width()
    page.resize(430, 700)
    assert not content.form.isVisible()
    assert content.sheet.width() == 430
    page.side_button.click()
    assert content.form.isVisible()
    assert content.sheet.width() == 430
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    assert not content.form.isVisible()
    page.resize(1000, 700)
    assert content.form.isVisible()


def test_the_page_speaks_chinese(page: NotebookPage, content: NotebookContent, qapp: QApplication, qtbot: QtBot) -> None:
    i18n.install(qapp, "zh_CN")
    qtbot.waitUntil(lambda: content.continue_button.text() == "继续")
    assert content.form.method.itemText(2) == "束搜索"
    assert page.undo_button.accessibleName() == "撤销上一步"


# ---------------------------------------------------------------- values


def test_a_text_is_cut_before_a_token_and_grows_by_another() -> None:
    text = with_piece(with_piece(NotebookText("🦙"), Piece(" a", 0.5, CANDIDATES)), Piece(" b", 0.5))
    assert [(span.start, span.end) for span in text.spans] == [(2, 4), (4, 6)]
    assert cut(text, 4) == NotebookText("🦙 a", (text.spans[0],))
    assert length("🦙a") == 3


def test_spans_that_lie_are_left_out() -> None:
    spans = TokenSpans([Span(-4, -1), Span(3, 5), Span(4, 6), Span(7, 7), Span(8, 9)])
    assert spans.all() == (Span(3, 5), Span(8, 9))
    assert spans.at(4) == Span(3, 5)
    assert spans.at(5) is None
    assert spans.between(5, 8) == []


def told(*candidates: tuple[str, float], chosen: int = 0) -> tuple[TokenProbability, ...]:
    return tuple(TokenProbability(index, text, share, index == chosen) for index, (text, share) in enumerate(candidates))


def test_letters_find_their_tokens() -> None:
    alignment = Alignment()
    tokens = [
        told((" a", 0.5), (" b", 0.25)),
        told(("<0xE4>", 0.5)),
        told(("<0xBD><0xA0>", 0.5)),
        told(("<|im_start|>", 0.5)),
        told((" end", 1)),
    ]
    assert alignment.feed(" a", tokens[:2]) == [Piece(" a", 0.5, (Candidate(" a", 0.5), Candidate(" b", 0.25)))]
    assert alignment.feed("你", tokens[2:4]) == [Piece("你", 0.25)]
    assert alignment.feed(" e", tokens[4:]) == []  # a stop string took the rest of it, or it is still to come
    assert alignment.finish() == [Piece(" e", 1.0, (Candidate(" end", 1),))]
    assert Alignment().feed("plain", ()) == [Piece("plain")]


# ---------------------------------------------------------------- steps


@given(st.lists(st.text(st.sampled_from("ab\n🦙你"), max_size=6), min_size=1, max_size=12), st.integers(0, 12))
@settings(max_examples=40, deadline=None)
def test_steps_are_kept_whole(texts: list[str], back: int) -> None:
    history = History()
    for text in texts:
        history.commit(NotebookText(text))
    for _ in range(back):
        history.undo()
    options = NotebookOptions(stop=("\n",))
    found, kept = History.decode(history.encode(history.now, options))
    assert kept == options
    assert found.now == history.now
    assert (found.can_undo, found.can_redo) == (history.can_undo, history.can_redo)
    while history.can_undo:
        assert found.undo().text == history.undo().text
    while history.can_redo:
        assert found.redo().text == history.redo().text


def test_steps_and_what_is_kept_are_bounded() -> None:
    history = History()
    spans = tuple(Span(place, place + 1, 0.5, CANDIDATES * 4) for place in range(9000))
    for step in range(80):
        history.commit(NotebookText(str(step) * 20_000, spans))
    kept = history.encode(history.now, NotebookOptions())
    assert len(kept.encode()) <= MOST_KEPT
    found, _ = History.decode(kept)
    assert found.now.text == history.now.text
    assert found.can_undo
    assert found.now.spans[0] == Span(0, 1, 0.5)  # its candidates had no room
    undone = 0
    while history.can_undo:
        history.undo()
        undone += 1
    assert undone == MOST_STEPS - 1


def test_what_is_ahead_of_the_steps_is_kept_with_a_way_back() -> None:
    history = History()
    history.commit(NotebookText("one"))
    found, _ = History.decode(history.encode(NotebookText("one two", (Span(3, 7),)), NotebookOptions()))
    assert found.now == NotebookText("one two", (Span(3, 7),))
    assert found.undo().text == "one"


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        "",
        "[" * 100_000,
        "{}x",
        '{"now":{"text":3}}',
        msgspec.json.encode(Kept(NotebookText("a"), before=(Change(5, 5, "x"),))).decode(),
        msgspec.json.encode(Kept(NotebookText("x" * (2 * MOST_TEXT + 1)))).decode(),
    ],
)
def test_what_cannot_be_read_is_an_empty_notebook(value: object) -> None:
    history, options = History.decode(value)
    assert (history.now, options) == (NotebookText(), NotebookOptions())


def test_what_is_written_piece_by_piece_is_what_stands_in_the_sheet(editor: NotebookEditor) -> None:
    for text in ("a\r\nb", "\n", "\u2028x\u00a0", "🦙", "\u2029", "c" * 3000, "d\re"):
        editor.write([Piece(text, 0.5), Piece(text)])
        whole = editor.document().toRawText().replace("\u2029", "\n").replace("\u2028", "\n")
        assert editor.shown().text == whole
    at(editor, 0)
    editor.insertPlainText("!")
    assert editor.shown().text == f"!{whole}"
