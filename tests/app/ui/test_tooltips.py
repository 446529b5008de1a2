"""Tooltips show data letter by letter, whatever it looks like."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocumentFragment
from PySide6.QtWidgets import QListView, QWidget
from pytestqt.qtbot import QtBot

from zhiyin.ui.chat_header import ChatHeader
from zhiyin.ui.conversation_model import ConversationItem, ConversationModel
from zhiyin.ui.elided_label import ElidedLabel
from zhiyin.ui.model_chooser import ModelChooser, ModelItem
from zhiyin.ui.tooltip import plain_tooltip
from zhiyin.ui.transcript.rows import ActionRow
from zhiyin.ui.transcript.turn import TurnView

HOSTILE = "<h1>5 < 6</h1> <img src='file:///x.png'> &lt;b&gt;"


def read(tooltip: str) -> str:
    """What a reader sees of it."""
    return QTextDocumentFragment.fromHtml(tooltip).toPlainText()


def test_what_looks_like_markup_is_shown_as_it_is() -> None:
    assert read(plain_tooltip(HOSTILE)) == HOSTILE
    assert read(plain_tooltip("&lt;b&gt;")) == "&lt;b&gt;"
    assert plain_tooltip("Qwen 0.5B Q4_K_M") == "Qwen 0.5B Q4_K_M"


def test_titles_models_and_devices_are_shown_as_they_are(qtbot: QtBot) -> None:
    whole = QWidget()
    qtbot.addWidget(whole)
    label = ElidedLabel(HOSTILE, whole)
    label.resize(60, 20)
    label.grab()
    header = ChatHeader(whole)
    header.set_device(HOSTILE, HOSTILE)
    header.model_chooser.set_current(HOSTILE)
    row = ActionRow(TurnView(1, "assistant", "x", caption=HOSTILE), whole)
    model = ConversationModel(whole)
    model.set_items([ConversationItem(1, HOSTILE, 0.0)])
    of_title = model.data(model.index_of(1), Qt.ItemDataRole.ToolTipRole)
    captions = [child.toolTip() for child in row.findChildren(QWidget) if "5" in child.toolTip()]
    assert [read(tip) for tip in (label.toolTip(), header.device.toolTip(), of_title, *captions)] == [HOSTILE] * 4
    assert header.device.textFormat() == Qt.TextFormat.PlainText


def test_paths_of_models_are_shown_as_they_are(qtbot: QtBot) -> None:
    chooser = ModelChooser()
    qtbot.addWidget(chooser)
    chooser.set_models([ModelItem("name", HOSTILE)])
    chooser.open_popup()
    popup = chooser.popup()
    assert popup is not None
    (listed,) = popup.findChildren(QListView)
    assert read(listed.model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole)) == HOSTILE
    popup.hide()
