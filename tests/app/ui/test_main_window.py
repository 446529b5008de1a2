"""The window: folding sides, keys, pages, state, and how little it takes to open."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QMenu, QWidget
from pytestqt.qtbot import QtBot

from zhiyin.ui.conversation_list import ConversationItem
from zhiyin.ui.main_window import MainWindow
from zhiyin.ui.theme import apply_theme
from zhiyin.ui.tokens import NARROW_WIDTH, PANEL_WIDTH, READING_WIDTH, SIDEBAR_WIDTH

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    made = MainWindow()
    qtbot.addWidget(made)
    made.resize(1100, 700)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    made.conversations.set_conversations([ConversationItem(number, f"title {number}", 1000.0 - number) for number in (1, 2, 3)])
    yield made
    made.hide()


def sides(window: MainWindow) -> tuple[bool, bool]:
    return window.sidebar.isVisible(), window.panel.isVisible()


def test_the_reading_column_is_centred_and_no_wider_than_it_should_be(window: MainWindow) -> None:
    for width in (1100, 1600, 700):
        window.resize(width, 700)
        QApplication.processEvents()
        composer = window.composer
        left = composer.mapTo(window.chat, QPoint(0, 0)).x()
        right = window.chat.width() - left - composer.width()
        assert composer.width() <= READING_WIDTH + 32
        assert abs(left - right) <= 12


def test_ctrl_b_and_ctrl_dot_fold_the_sides(window: MainWindow, qtbot: QtBot) -> None:
    assert sides(window) == (True, False)
    qtbot.keyClick(window.composer.editor, Qt.Key.Key_B, CTRL)
    assert sides(window) == (False, False)
    qtbot.keyClick(window.composer.editor, Qt.Key.Key_Period, CTRL)
    assert sides(window) == (False, True)
    qtbot.keyClick(window.composer.editor, Qt.Key.Key_B, CTRL)
    assert sides(window) == (True, False) or sides(window) == (True, True)


def test_wide_sides_stand_beside_the_chat_and_narrow_ones_lie_over_it(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(1400, 700)
    window.toggle_panel()
    assert window.pages.geometry().left() == SIDEBAR_WIDTH and window.pages.width() == 1400 - SIDEBAR_WIDTH - PANEL_WIDTH
    window.resize(NARROW_WIDTH, 700)
    QApplication.processEvents()
    assert sides(window) == (False, False) and window.pages.width() == NARROW_WIDTH
    window.toggle_sidebar()
    assert sides(window) == (True, False) and window.pages.width() == NARROW_WIDTH
    window.toggle_panel()
    assert sides(window) == (False, True)
    beside = QPoint(20, 300)
    qtbot.mouseClick(window.childAt(beside), Qt.MouseButton.LeftButton)
    assert sides(window) == (False, False)
    window.toggle_sidebar()
    window.resize(1400, 700)
    QApplication.processEvents()
    assert sides(window) == (True, True)


def test_choosing_in_a_narrow_window_closes_the_list(window: MainWindow) -> None:
    window.resize(640, 700)
    QApplication.processEvents()
    window.toggle_sidebar()
    window.conversations.select(1)
    window.conversations.step(1)
    assert sides(window) == (False, False)


def test_keys_reach_what_they_say(window: MainWindow, qtbot: QtBot) -> None:
    heard: list[str] = []
    window.conversations.new_requested.connect(lambda: heard.append("new"))
    window.conversations.selected.connect(lambda number: heard.append(f"open {number}"))
    window.conversations.select(2)
    editor = window.composer.editor
    qtbot.keyClick(editor, Qt.Key.Key_N, CTRL)
    qtbot.keyClick(editor, Qt.Key.Key_Down, CTRL)
    qtbot.keyClick(editor, Qt.Key.Key_Up, CTRL)
    qtbot.keyClick(editor, Qt.Key.Key_Up, CTRL)
    assert heard == ["new", "open 3", "open 2", "open 1"]
    qtbot.keyClick(editor, Qt.Key.Key_Comma, CTRL)
    assert window.pages.currentWidget() is window.settings_page
    qtbot.keyClick(window, Qt.Key.Key_L, CTRL)
    assert window.pages.currentWidget() is window.chat and editor.hasFocus()


def test_every_shortcut_is_used_once(window: MainWindow) -> None:
    keys = [action.shortcut().toString() for action in window.actions()]
    assert len(keys) == len(set(keys)) == 13 and "" not in keys
    assert all(action.text() for action in window.actions())


def test_f2_renames_in_the_list_or_in_the_header(window: MainWindow, qtbot: QtBot) -> None:
    window.conversations.select(2)
    qtbot.keyClick(window.composer.editor, Qt.Key.Key_F2)
    editor = window.conversations.view.findChild(QLineEdit)
    assert isinstance(editor, QLineEdit) and editor.text() == "title 2"
    qtbot.keyClick(editor, Qt.Key.Key_Escape)
    window.toggle_sidebar()
    window.header.set_title("title 2")
    titles: list[str] = []
    window.header.title_edited.connect(titles.append)
    qtbot.keyClick(window.composer.editor, Qt.Key.Key_F2)
    field = window.header.title_editor
    assert field.isVisible()
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert not field.isVisible() and titles == []
    qtbot.keyClick(window, Qt.Key.Key_F2)
    field.setText(" other ")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert titles == ["other"] and not field.isVisible() and window.header.title.text() == "title 2"


def test_escape_closes_an_overlay_then_settings_then_stops(window: MainWindow, qtbot: QtBot) -> None:
    stops: list[bool] = []
    window.composer.stop_requested.connect(lambda: stops.append(True))
    window.composer.set_busy(True)
    window.resize(640, 700)
    QApplication.processEvents()
    window.toggle_sidebar()
    qtbot.keyClick(window.conversations.view, Qt.Key.Key_Escape)
    assert sides(window) == (False, False) and stops == []
    window.show_settings()
    qtbot.keyClick(window.settings_page.form().prompt, Qt.Key.Key_Escape)
    assert window.pages.currentWidget() is window.chat and stops == []
    qtbot.keyClick(window.composer.editor, Qt.Key.Key_Escape)
    assert stops == [True]
    qtbot.keyClick(window.transcript, Qt.Key.Key_Escape)
    assert stops == [True, True]


def test_deleting_offers_the_way_back(window: MainWindow, qtbot: QtBot) -> None:
    heard: list[tuple[str, int]] = []
    window.conversations.delete.connect(lambda number: heard.append(("delete", number)))
    window.conversations.undo_delete.connect(lambda number: heard.append(("undo", number)))
    window.conversations.select(2)
    qtbot.keyClick(window.conversations.view, Qt.Key.Key_Delete)
    assert window.toast.isVisible()
    toast = window.toast.geometry()
    assert toast.bottom() < window.composer.mapTo(window.pages, QPoint(0, 0)).y()
    qtbot.mouseClick(window.toast.button, Qt.MouseButton.LeftButton)
    assert heard == [("delete", 2), ("undo", 2)]


def test_what_is_deleted_in_a_row_comes_back_together(window: MainWindow, qtbot: QtBot) -> None:
    undone: list[int] = []
    window.conversations.undo_delete.connect(undone.append)
    for number in (1, 3):
        window.conversations.delete.emit(number)
    assert "2" in window.toast.label.text()
    qtbot.mouseClick(window.toast.button, Qt.MouseButton.LeftButton)
    assert undone == [3, 1]
    window.conversations.delete.emit(2)
    window.toast.expired.emit()
    window.conversations.delete.emit(1)
    qtbot.mouseClick(window.toast.button, Qt.MouseButton.LeftButton)
    assert undone == [3, 1, 1]


def test_without_a_model_the_first_page_is_home_and_messages_are_seen_everywhere(window: MainWindow) -> None:
    window.set_first_run(True)
    assert window.pages.currentWidget() is window.first_run
    window.banner.show_message("The disk is full.", "error")
    for page, go in ((window.first_run, window.show_home), (window.settings_page, window.show_settings)):
        go()
        QApplication.processEvents()
        assert window.pages.currentWidget() is page and window.banner.isVisible() and page.isAncestorOf(window.banner)
    window.set_first_run(False)
    assert window.pages.currentWidget() is window.settings_page
    window.show_home()
    assert window.pages.currentWidget() is window.chat and window.chat.isAncestorOf(window.banner)


def test_the_panel_belongs_to_the_chat(window: MainWindow) -> None:
    window.resize(1400, 700)
    window.toggle_panel()
    window.show_settings()
    assert not window.panel.isVisible()
    window.toggle_panel()
    assert not window.panel.isVisible()
    window.show_home()
    assert window.panel.isVisible()


def test_an_empty_conversation_shows_its_state(window: MainWindow) -> None:
    window.show_empty(True)
    assert window.empty_state.isVisible() and not window.transcript.isVisible()
    window.show_empty(False)
    assert window.transcript.isVisible()


def test_state_is_kept_and_nonsense_is_refused(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(790, 640)
    window.toggle_sidebar()
    window.toggle_panel()
    state = window.save_state()
    other = MainWindow()
    qtbot.addWidget(other)
    assert other.restore_state(state)
    other.show()
    assert other.sides.state() == (False, True) and other.size() == window.size()
    for bad in (b"", b"\x01", b"\x02\x01\x01" + state[3:], state[:20], state[:-1], os.urandom(60)):
        assert not MainWindow().restore_state(bad)


def drop(window: MainWindow, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    where, action, button, none = QPointF(300, 300), Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(where.toPoint(), action, data, button, none)
    QApplication.sendEvent(window, enter)
    if enter.isAccepted():
        QApplication.sendEvent(window, QDropEvent(where, action, data, button, none))


def test_models_can_be_dropped_together_and_other_files_cannot(window: MainWindow, tmp_path: Path) -> None:
    dropped: list[list[str]] = []
    window.models_dropped.connect(dropped.append)
    drop(window, tmp_path / "notes.txt")
    drop(window, tmp_path / "Qwen 模型.GGUF", tmp_path / "notes.txt", tmp_path / "b.gguf")
    assert dropped == [[str(tmp_path / "Qwen 模型.GGUF"), str(tmp_path / "b.gguf")]]


def test_a_checkpoint_and_a_model_dropped_together_are_both_taken(window: MainWindow, tmp_path: Path) -> None:
    models: list[list[str]] = []
    others: list[tuple[list[str], str]] = []
    window.models_dropped.connect(models.append)
    window.files_dropped.connect(lambda paths, place: others.append((paths, place)))
    drop(window, tmp_path / "checkpoint", tmp_path / "b.gguf")
    assert (models, others) == ([[str(tmp_path / "b.gguf")]], [([str(tmp_path / "checkpoint")], "")])
    window.show_conversion()
    drop(window, tmp_path / "c.gguf")  # on the page for checkpoints as well
    assert (models[1:], len(others)) == ([[str(tmp_path / "c.gguf")]], 1)
    for show, place in ((window.show_conversion, "conversion"), (window.show_personas, "personas"), (window.show_tasks, "tasks")):
        show()
        drop(window, tmp_path / "card.json", tmp_path / "notes.txt", tmp_path / "folder")
        kept = ("card.json", "notes.txt", "folder") if place == "conversion" else ("card.json", "folder")
        assert others[-1] == ([str(tmp_path / name) for name in kept], place)


def test_closing_saves_what_waits(window: MainWindow, qtbot: QtBot) -> None:
    heard: list[str] = []
    window.composer.draft_changed.connect(heard.append)
    window.closing.connect(lambda: heard.append("closing"))
    qtbot.keyClicks(window.composer.editor, "half a thou")
    window.close()
    assert heard == ["half a thou", "closing"]


@pytest.mark.parametrize("choice", ["light", "dark", "contrast"])
def test_every_page_is_painted_in_every_theme(window: MainWindow, qapp: QApplication, choice: str) -> None:
    window.resize(1400, 800)
    window.toggle_panel()
    window.header.set_title("与李白饮酒")
    window.header.set_seal("李")
    window.header.set_device("GPU 36/36")
    window.footer.set_context(3120, 2980, 8192)
    apply_theme(qapp, "dark" if choice == "dark" else "light", contrast=choice == "contrast")
    grounds = set()
    for go in (window.show_home, window.show_settings, lambda: window.set_first_run(True)):
        go()
        QApplication.processEvents()
        image = window.grab().toImage()
        assert len({image.pixel(x, y) for x in range(0, 1400, 7) for y in range(0, 800, 7)}) > 8
        grounds.add(image.pixelColor(700, 120).lightness() // 64)
    assert grounds == ({0} if choice == "dark" else {3})


def test_everything_that_can_be_focused_has_a_name(window: MainWindow) -> None:
    window.resize(1400, 800)
    window.toggle_panel()
    window.settings_page.form()
    window.toast.show_message("Deleted", "Undo", 60)
    nameless = [
        (type(widget).__name__, type(widget.parent()).__name__)
        for widget in window.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not (widget.accessibleName() or widget.property("text"))
        and widget.objectName() != "qt_spinbox_lineedit"
        and not isinstance(widget.window(), QComboBox | QMenu)
        and not isinstance(widget.parent().parent() if widget.parent() else None, QComboBox)
        and not widget.focusProxy()
    ]
    assert nameless == []


def test_opening_the_window_loads_nothing_heavy(root: Path) -> None:
    code = """
import sys
from PySide6.QtWidgets import QApplication
app = QApplication([])
from zhiyin import i18n
from zhiyin.ui.main_window import MainWindow
from zhiyin.ui.theme import apply_theme
i18n.install(app, "zh_CN")
apply_theme(app)
window = MainWindow()
window.show()
app.processEvents()
heavy = {"qtawesome", "numpy", "llama_cpp", "jinja2", "pygments", "PySide6.QtSvg", "PySide6.QtNetwork", "sqlite_utils", "sqlite3"}
print(sorted(heavy & set(sys.modules)), window.panel._content, window.settings_page._form)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root / "app"), str(root / "models")])}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert ran.stdout.strip() == "[] None None"
