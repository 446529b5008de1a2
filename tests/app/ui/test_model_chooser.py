"""The chooser shows the model, its loading and the library; it asks and never chooses by itself."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QListView, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from zhiyin.ui.model_chooser import ModelChooser, ModelItem

MODELS = [ModelItem("Small", "/m/small.gguf", "135M · Q4_K_M"), ModelItem("Gone", "/m/gone.gguf", "4B · Q8_0", missing=True)]


@pytest.fixture
def chooser(qtbot: QtBot) -> ModelChooser:
    widget = ModelChooser()
    qtbot.addWidget(widget)
    widget.resize(320, 40)
    widget.show()
    widget.set_models(MODELS)
    return widget


def popup(chooser: ModelChooser) -> QWidget:
    chooser.open_popup()
    found = chooser.popup()
    assert found is not None and found.isVisible()
    return found


def test_choosing_is_announced_and_changes_nothing_yet(chooser: ModelChooser, qtbot: QtBot) -> None:
    chosen: list[str] = []
    chooser.chosen.connect(chosen.append)
    chooser.set_current("Small")
    window = popup(chooser)
    view = window.findChild(QListView)
    assert isinstance(view, QListView)
    rect = view.visualRect(view.model().index(1, 0))
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert chosen == ["Gone"] and chooser.current() == "Small" and not window.isVisible()


def test_the_keyboard_chooses_too(chooser: ModelChooser, qtbot: QtBot) -> None:
    chosen: list[str] = []
    chooser.chosen.connect(chosen.append)
    chooser.set_current("Small")
    view = popup(chooser).findChild(QListView)
    assert isinstance(view, QListView)
    qtbot.keyClick(view, Qt.Key.Key_Down)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert chosen == ["Gone"]


def test_opening_a_file_converting_and_unloading(chooser: ModelChooser, qtbot: QtBot) -> None:
    heard: list[str] = []
    chooser.open_file_requested.connect(lambda: heard.append("open"))
    chooser.conversion_requested.connect(lambda: heard.append("convert"))
    chooser.unload_requested.connect(lambda: heard.append("unload"))
    for loaded, offers in ((False, ["open", "convert"]), (True, ["open", "convert", "unload"])):
        chooser.set_current("Small", loaded=loaded)
        for place in range(len(offers)):
            buttons = [button for button in popup(chooser).findChildren(QPushButton) if button.isVisible()]
            assert len(buttons) == len(offers)
            qtbot.mouseClick(buttons[place], Qt.MouseButton.LeftButton)
    assert heard == ["open", "convert", "open", "convert", "unload"]


def test_loading_shows_percent_and_can_be_cancelled_without_moving(chooser: ModelChooser, qtbot: QtBot) -> None:
    heard: list[bool] = []
    chooser.cancel_requested.connect(lambda: heard.append(True))
    chooser.set_loading(0.0, "Small")
    widths = set()
    for fraction in (0.0, 0.09, 0.5, 1.0, 7.0, -1.0):
        chooser.set_loading(fraction)
        widths.add(chooser.button.sizeHint().width())
    assert len(widths) == 1
    chooser.set_loading(0.42)
    assert "42%" in chooser.button.accessibleName() and "Small" in chooser.button.accessibleName()
    qtbot.mouseClick(chooser.cancel_button, Qt.MouseButton.LeftButton)
    assert heard == [True]
    chooser.set_loading(None)
    assert not chooser.cancel_button.isVisible() and "%" not in chooser.button.accessibleName()


def test_a_missing_model_says_so(chooser: ModelChooser) -> None:
    chooser.set_current("Gone", loaded=False)
    assert "missing" in chooser.button.accessibleName()
    chooser.set_models([ModelItem("Gone", "/m/gone.gguf", "4B · Q8_0")])
    assert "Q8_0" in chooser.button.accessibleName()


def test_no_model_invites_to_choose(chooser: ModelChooser) -> None:
    chooser.set_current("")
    assert chooser.button.accessibleName() == "Choose a model"


def test_hostile_names_are_shown_as_they_are(chooser: ModelChooser) -> None:
    names = ["<b>x</b>", "a" * 5000, "line\nbreak", ""]
    chooser.set_models([ModelItem(name, f"/{number}", "") for number, name in enumerate(names)])
    for name in names:
        chooser.set_current(name)
        assert not chooser.grab().isNull()
    window = popup(chooser)
    assert not window.grab().isNull()
    assert window.mapToGlobal(QPoint(0, 0)).x() >= window.screen().availableGeometry().left()
    window.hide()
