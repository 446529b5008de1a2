"""The list groups by day, marks states, renames in place, deletes on request and stays quick with ten thousand conversations."""

from datetime import datetime, time, timedelta

import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from zhiyin.ui.conversation_list import ConversationItem, ConversationList
from zhiyin.ui.conversation_model import ConversationModel, Group, GroupRole, ItemRole

DAY = 86_400.0


def noon(days_ago: int) -> float:
    today = datetime.now().astimezone()
    return (datetime.combine(today.date(), time(0, 0, 1), today.tzinfo) - timedelta(days=days_ago)).timestamp()


def items(*ages: int) -> list[ConversationItem]:
    return [ConversationItem(number + 1, f"title {number + 1}", noon(age)) for number, age in enumerate(ages)]


def rows(model: ConversationModel) -> list[Group | int]:
    found: list[Group | int] = []
    for row in range(model.rowCount()):
        item = model.index(row).data(ItemRole)
        found.append(model.index(row).data(GroupRole) if item is None else item.id)
    return found


@pytest.fixture
def listing(qtbot: QtBot) -> ConversationList:
    widget = ConversationList()
    qtbot.addWidget(widget)
    widget.resize(240, 400)
    widget.show()
    return widget


def test_groups_follow_the_calendar(listing: ConversationList) -> None:
    listing.set_conversations(items(0, 1, 2, 7, 8, 400))
    assert rows(listing.model) == [Group.TODAY, 1, Group.YESTERDAY, 2, Group.LAST_WEEK, 3, 4, Group.EARLIER, 5, 6]


def test_the_first_second_of_a_day_belongs_to_it(listing: ConversationList) -> None:
    today = datetime.now().astimezone()
    midnight = datetime.combine(today.date(), time(), today.tzinfo).timestamp()
    listing.set_conversations([ConversationItem(1, "a", midnight), ConversationItem(2, "b", midnight - 0.001)])
    assert rows(listing.model) == [Group.TODAY, 1, Group.YESTERDAY, 2]


def test_newest_first_and_the_future_counts_as_today(listing: ConversationList) -> None:
    listing.set_conversations(
        [ConversationItem(1, "a", noon(3)), ConversationItem(2, "b", noon(0) + 10 * DAY), ConversationItem(3, "c", noon(0))]
    )
    assert rows(listing.model) == [Group.TODAY, 2, 3, Group.LAST_WEEK, 1]


def test_an_empty_list_is_empty(listing: ConversationList) -> None:
    listing.set_conversations([])
    assert rows(listing.model) == []
    listing.step(1)


def test_choosing_announces_once_and_headings_cannot_be_chosen(listing: ConversationList, qtbot: QtBot) -> None:
    chosen: list[int] = []
    listing.selected.connect(chosen.append)
    listing.set_conversations(items(0, 1))
    view = listing.view
    for row in (0, 1, 3):
        point = view.visualRect(listing.model.index(row)).center()
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=point)
    assert chosen == [1, 2]
    listing.select(1)
    assert chosen == [1, 2] and listing.chosen() == 1


def test_the_keyboard_steps_over_headings(listing: ConversationList, qtbot: QtBot) -> None:
    listing.set_conversations(items(0, 1, 2))
    listing.select(1)
    chosen: list[int] = []
    listing.selected.connect(chosen.append)
    listing.view.setFocus()
    qtbot.keyClick(listing.view, Qt.Key.Key_Down)
    qtbot.keyClick(listing.view, Qt.Key.Key_Down)
    assert chosen[-1] == 2 or chosen[-1] == 3
    listing.select(1)
    listing.step(1)
    listing.step(1)
    listing.step(1)
    assert listing.chosen() == 3
    listing.step(-1)
    assert listing.chosen() == 2


def test_updates_keep_the_choice_and_announce_nothing(listing: ConversationList) -> None:
    chosen: list[int] = []
    listing.selected.connect(chosen.append)
    listing.set_conversations(items(0, 1, 2))
    listing.select(2)
    listing.update_item(ConversationItem(2, "title 2", noon(1), running=True))
    listing.update_item(ConversationItem(3, "moved up", noon(0) + 5))
    listing.update_item(ConversationItem(9, "new", noon(0) + 9))
    assert rows(listing.model) == [Group.TODAY, 9, 3, 1, Group.YESTERDAY, 2]
    listing.set_conversations([item for item in listing.model.items() if item.id != 1])
    assert listing.chosen() == 2 and chosen == []
    assert listing.model.item_at(listing.view.currentIndex()) == ConversationItem(2, "title 2", noon(1), running=True)


def test_deleting_is_only_asked_for(listing: ConversationList, qtbot: QtBot) -> None:
    asked: list[int] = []
    listing.delete.connect(asked.append)
    listing.set_conversations(items(0, 0))
    listing.select(2)
    qtbot.keyClick(listing.view, Qt.Key.Key_Delete)
    assert asked == [2]
    assert {item.id for item in listing.model.items()} == {1, 2}


def open_editor(listing: ConversationList, conversation: int) -> QLineEdit:
    listing.edit_title(conversation)
    editor = listing.view.findChild(QLineEdit)
    assert isinstance(editor, QLineEdit)
    return editor


def end_editing(listing: ConversationList, qtbot: QtBot, key: Qt.Key) -> None:
    """Qt commits what was typed from its event loop."""
    qtbot.keyClick(listing.view.findChild(QLineEdit), key)
    qtbot.waitUntil(lambda: listing.view.findChild(QLineEdit) is None)


def test_renaming_in_place(listing: ConversationList, qtbot: QtBot) -> None:
    renamed: list[tuple[int, str]] = []
    listing.rename.connect(lambda number, title: renamed.append((number, title)))
    listing.set_conversations(items(0))
    editor = open_editor(listing, 1)
    assert editor.text() == "title 1"
    editor.setText("  与李白\t饮酒 ")
    end_editing(listing, qtbot, Qt.Key.Key_Return)
    assert renamed == [(1, "与李白 饮酒")]


@pytest.mark.parametrize("typed", ["", "   ", "title 1"])
def test_an_empty_or_equal_title_renames_nothing(listing: ConversationList, qtbot: QtBot, typed: str) -> None:
    renamed: list[str] = []
    listing.rename.connect(lambda _, title: renamed.append(title))
    listing.set_conversations(items(0))
    editor = open_editor(listing, 1)
    editor.setText(typed)
    end_editing(listing, qtbot, Qt.Key.Key_Return)
    assert renamed == []


def test_escape_leaves_the_title(listing: ConversationList, qtbot: QtBot) -> None:
    renamed: list[str] = []
    listing.rename.connect(lambda _, title: renamed.append(title))
    listing.set_conversations(items(0))
    editor = open_editor(listing, 1)
    editor.setText("other")
    end_editing(listing, qtbot, Qt.Key.Key_Escape)
    assert renamed == []


def test_the_context_menu_offers_rename_and_delete(listing: ConversationList) -> None:
    asked: list[int] = []
    listing.delete.connect(asked.append)
    listing.set_conversations(items(0))
    listing.view.customContextMenuRequested.emit(listing.view.visualRect(listing.model.index(1)).center())
    menu = QApplication.activePopupWidget()
    assert menu is not None
    actions = [action for action in menu.actions() if not action.isSeparator()]
    assert len(actions) == 2
    actions[1].trigger()
    menu.close()
    assert asked == [1]
    listing.view.customContextMenuRequested.emit(QPoint(5, 390))
    assert QApplication.activePopupWidget() is None


def test_states_are_said_in_words(listing: ConversationList) -> None:
    listing.set_conversations([ConversationItem(1, "", noon(0), running=True), ConversationItem(2, "b", noon(1), interrupted=True)])
    said = [listing.model.index(row).data(Qt.ItemDataRole.AccessibleTextRole) for row in (1, 3)]
    assert "being written" in said[0] and "New conversation" in said[0]
    assert "interrupted" in said[1]


def test_a_title_of_many_lines_is_shown_on_one(listing: ConversationList) -> None:
    listing.set_conversations([ConversationItem(1, "a\n\nb " + "x" * 100_000, noon(0))])
    shown = listing.model.index(1).data(Qt.ItemDataRole.DisplayRole)
    assert shown.startswith("a b ") and len(shown) <= 300
    assert not listing.grab().isNull()


def test_ten_thousand_conversations_ask_for_few_rows(listing: ConversationList, qtbot: QtBot) -> None:
    """Quick because only what can be seen is asked for: counted, not timed."""
    asked = 0

    class Counting(ConversationModel):
        def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
            nonlocal asked
            asked += 1
            return super().data(index, role)

    model = Counting(listing)
    listing.view.setModel(model)
    model.set_items([ConversationItem(number + 1, f"title {number}", noon(0) - number * 600) for number in range(10_000)])
    qtbot.waitUntil(lambda: listing.view.verticalScrollBar().maximum() > 100_000)
    listing.grab()
    assert 0 < asked < 2_000
    assert model.index_of(10_000).row() == model.rowCount() - 1
    listing.view.scrollToBottom()
    listing.grab()
    assert asked < 4_000
