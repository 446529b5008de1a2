"""The header: the title edited in place, the model, the device that gives way first, the menu."""

from itertools import pairwise

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from zhiyin.ui.chat_header import ChatHeader


@pytest.fixture
def header(qtbot: QtBot) -> ChatHeader:
    widget = ChatHeader()
    qtbot.addWidget(widget)
    widget.resize(900, widget.height())
    widget.show()
    widget.set_title("与李白饮酒")
    widget.model_chooser.set_current("Qwen3-4B", "2.5 GB · Q4_K_M")
    widget.set_device("GPU 36/36", "CUDA0: 36 layers")
    return widget


def test_a_click_on_the_title_edits_it_and_leaving_keeps_the_old_one(header: ChatHeader, qtbot: QtBot) -> None:
    edited: list[str] = []
    header.title_edited.connect(edited.append)
    qtbot.mouseClick(header.title, Qt.MouseButton.LeftButton)
    assert header.title_editor.isVisible() and not header.title.isVisible()
    header.title_editor.setText("something else")
    qtbot.keyClick(header.title_editor, Qt.Key.Key_Escape)
    assert edited == [] and header.title.isVisible() and header.title.text() == "与李白饮酒"


@pytest.mark.parametrize(("typed", "expected"), [("  new \t name ", ["new name"]), ("", []), ("与李白饮酒", [])])
def test_enter_announces_a_title_that_is_new(header: ChatHeader, qtbot: QtBot, typed: str, expected: list[str]) -> None:
    edited: list[str] = []
    header.title_edited.connect(edited.append)
    header.edit_title()
    header.title_editor.setText(typed)
    qtbot.keyClick(header.title_editor, Qt.Key.Key_Return)
    assert edited == expected and header.title.isVisible()


def test_without_a_conversation_there_is_nothing_to_rename_or_delete(header: ChatHeader) -> None:
    header.set_title("New conversation", editable=False)
    header.edit_title()
    assert not header.title_editor.isVisible()
    assert not header.rename_action.isEnabled() and not header.delete_action.isEnabled()


def test_the_menu_asks(header: ChatHeader) -> None:
    heard: list[str] = []
    header.delete_requested.connect(lambda: heard.append("delete"))
    header.unload_requested.connect(lambda: heard.append("unload"))
    header.set_model_loaded(True)
    header.unload_action.trigger()
    header.delete_action.trigger()
    header.set_model_loaded(False)
    header.unload_action.trigger()
    assert heard == ["unload", "delete"]


def test_in_a_narrow_window_the_device_goes_first_and_nothing_overlaps(header: ChatHeader) -> None:
    header.set_title("A very long title about everything there is under the sun, and then some")
    header.model_chooser.set_loading(0.5, "a-model-with-a-very-long-file-name-that-never-ends-8x22B-instruct")
    for width in (1400, 900, 700, 560, 420):
        header.resize(width, header.height())
        QApplication.processEvents()
        assert header.device.isVisible() == (width >= 680)
        shown = [header.sidebar_button, header.title, header.model_chooser, header.panel_button, header.menu_button]
        for left, right in pairwise(shown):
            assert left.geometry().right() < right.geometry().left()
        assert header.rect().contains(header.menu_button.geometry())
        assert header.title.width() >= 24 and header.model_chooser.cancel_button.isVisible()


def test_a_seal_is_shown_when_there_is_one(header: ChatHeader) -> None:
    header.set_seal("李")
    assert header.seal.isVisible() and not header.seal.pixmap().isNull()
    header.set_seal("")
    assert not header.seal.isVisible()
