"""The editor of lorebooks alone: entries, keys, the form, what would fire, widths, languages; values in, signals out."""

from typing import Any

import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from zhiyin import i18n
from zhiyin.ui.lore_editor import SIDE_BY_SIDE, LoreEditor
from zhiyin.ui.lore_keys_field import KeysField, split_keys
from zhiyin.ui.lore_list import SWITCH_ROOM
from zhiyin.ui.lore_live import MOST_ROWS, reason_text
from zhiyin.ui.lore_values import BookSettings, FiredEntry, LoreEntry, LorePreview, label_of

CITY = LoreEntry(1, "长安", ("长安", "西京"), content="一百零八坊", order=10)
MOON = LoreEntry(2, "", ("明月",), ("酒",), logic="and_all", content="故人", probability=60)
RULE = LoreEntry(3, "规矩", content="半文半白", constant=True)
YEAR = LoreEntry(4, "年份", ("/天宝[元一]{1,2}/",), use_regex=True, enabled=False, priority=7, scan_depth=9, position="in_chat")
ENTRIES = (CITY, MOON, RULE, YEAR)


@pytest.fixture
def editor(qtbot: QtBot) -> LoreEditor:
    made = LoreEditor()
    qtbot.addWidget(made)
    made.set_book(BookSettings("旧事", "唐"), ENTRIES)
    made.resize(900, 900)
    made.show()
    return made


def heard(editor: LoreEditor) -> list[tuple[int, dict[str, Any]]]:
    said: list[tuple[int, dict[str, Any]]] = []
    editor.entry_changed.connect(lambda ident, fields: said.append((ident, fields)))
    return said


def write(field: QWidget, text: str) -> None:
    for character in text:
        event = QInputMethodEvent()
        event.setCommitString(character)
        QApplication.sendEvent(field, event)


# ---------------------------------------------------------------- keys


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("李白, Li Bai，诗仙、太白\n谪仙", ("李白", "Li Bai", "诗仙", "太白", "谪仙")),
        (r"a\,b, c", ("a,b", "c")),
        ("/x{1,3}, y/i", ("/x{1,3}, y/i",)),
        (" ,，, ", ()),
    ],
)
def test_keys_are_apart_at_commas_of_either_kind(text: str, keys: tuple[str, ...]) -> None:
    assert split_keys(text) == keys


def test_a_key_is_one_at_a_comma_and_can_be_taken_up_again(qtbot: QtBot) -> None:
    field = KeysField()
    qtbot.addWidget(field)
    field.resize(300, 40)
    field.show()
    told: list[tuple[str, ...]] = []
    field.changed.connect(told.append)
    field.set_keys(("甲,乙", "丙"))
    assert not told
    write(field.editor, "丁，")
    assert (told[-1], field.editor.text()) == (("甲,乙", "丙", "丁"), "")
    write(field.editor, "戊")
    assert told[-1] == ("甲,乙", "丙", "丁", "戊")  # nothing waits for a comma
    QTest.keyClick(field.editor, Qt.Key.Key_Return)
    QTest.keyClick(field.editor, Qt.Key.Key_Backspace)
    assert field.editor.text() == "戊"
    field.commit()
    # a key with a comma in it stays one when it is typed on at
    QTest.mouseClick(field, Qt.MouseButton.LeftButton, pos=QPoint(20, 16))
    assert field.editor.text() == "甲,乙"
    write(field.editor, "!")
    QTest.keyClick(field.editor, Qt.Key.Key_Return)
    assert field.keys() == ("丙", "丁", "戊", "甲,乙!")
    field.remove(0)
    assert told[-1] == ("丁", "戊", "甲,乙!")
    field.set_keys(tuple(f"key {number}" for number in range(5000)))
    assert len(field.keys()) == 5000
    assert field.height() < 3000


# ---------------------------------------------------------------- the list


def test_a_row_says_everything_in_words(editor: LoreEditor) -> None:
    rows = editor.list.rows
    said = [rows.index_of(ident).data(Qt.ItemDataRole.AccessibleTextRole) for ident in rows.shown()]
    assert said == ["长安", "明月, 60 %", "规矩, always there", "年份, switched off, regular expressions"]
    assert label_of(LoreEntry(9, content="  a\nb")) == "a b"
    editor.set_preview(LorePreview((FiredEntry(1, "长安", "key"), FiredEntry(2, "明月", "key", over_budget=True))))
    assert [rows.fired(ident) for ident in (1, 2)] == [True, False]


def test_search_hides_and_what_is_written_stays(editor: LoreEditor) -> None:
    editor.search.setText("故人")
    assert editor.list.rows.shown() == [2]
    assert "1 of 4" in editor.count.text()
    editor.list.rows.moveRow(QModelIndex(), 0, QModelIndex(), 1)
    assert [entry.ident for entry in editor.entries()] == [1, 2, 3, 4]
    editor.open_entry(3)  # as when it is chosen among what would fire
    assert editor.search.text() == ""
    assert editor.form.name.text() == "规矩"


def test_switch_move_delete_duplicate(editor: LoreEditor) -> None:
    said = heard(editor)
    moved: list[tuple[int, int]] = []
    deleted: list[list[int]] = []
    copied: list[int] = []
    editor.moved.connect(lambda place, before: moved.append((place, before)))
    editor.delete_requested.connect(deleted.append)
    editor.duplicate_requested.connect(copied.append)
    listing = editor.list
    row = listing.visualRect(listing.rows.index_of(1))
    QTest.mouseClick(listing.viewport(), Qt.MouseButton.LeftButton, pos=row.topLeft() + QPoint(SWITCH_ROOM // 2, row.height() // 2))
    assert said == [(1, {"enabled": False})]
    assert not editor.form.enabled.isChecked()  # the same entry is in the form
    listing.setFocus()
    QTest.keyClick(listing, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert moved == [(0, 2)]
    assert [entry.ident for entry in editor.entries()] == [2, 1, 3, 4]
    QTest.keyClick(listing, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert moved[-1] == (1, 0)
    QTest.keyClick(listing, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(listing, Qt.Key.Key_Delete)
    assert deleted == [[1, 2]]
    editor.remove_entries([1, 2])
    assert (editor.form.name.text(), editor.count.text()) == ("规矩", "2 entries")
    editor.form.duplicate_button.click()
    assert copied == [3]
    editor.remove_entries([3, 4])
    assert editor.nothing.isVisible()


# ---------------------------------------------------------------- the form


def test_every_field_is_told_by_its_name(editor: LoreEditor) -> None:
    said = heard(editor)
    editor.open_entry(4)
    form = editor.form
    for fold in (form.place_fold, form.match_fold, form.recursion_fold):
        fold.setChecked(True)
    assert form.rows["depth"].isVisible()
    assert form.numbers["priority"].value() == 7
    write(form.name, "x")
    form.content.setPlainText("@@depth 1\n天宝元年")
    form.keys.editor.setText("a,b")
    form.keys.commit()
    form.secondary_keys.editor.setText("c")
    form.secondary_keys.commit()
    form.logic.setCurrentIndex(2)
    form.enabled.click()
    form.switches["case_sensitive"].click()
    form.numbers["order"].setValue(5)
    form.numbers["scan_depth"].setValue(-1)
    form.numbers["priority"].setValue(form.numbers["priority"].minimum())
    form.position.setCurrentIndex(0)
    form.role.setCurrentIndex(1)
    assert not form.rows["depth"].isVisible()
    form.switches["delay_until_recursion"].click()
    assert [fields for _ident, fields in said] == [
        {"name": "年份x"},
        {"content": "@@depth 1\n天宝元年"},
        {"keys": ("/天宝[元一]{1,2}/", "a,b")},  # patterns are not split
        {"secondary_keys": ("c",)},
        {"logic": "not_any"},
        {"enabled": True},
        {"case_sensitive": True},
        {"order": 5},
        {"scan_depth": None},
        {"priority": None},
        {"position": "before_char"},
        {"role": "user"},
        {"delay_until_recursion": True},
    ]
    assert {ident for ident, _fields in said} == {4}
    assert editor.entries()[3] == form.entry()


def test_a_key_that_is_being_typed_goes_to_its_own_entry(editor: LoreEditor) -> None:
    said = heard(editor)
    write(editor.form.keys.editor, "帝都")
    editor.open_entry(2)
    assert said[-1] == (1, {"keys": ("长安", "西京", "帝都")})
    assert editor.form.keys.keys() == ("明月",)
    assert editor.form.keys.editor.text() == ""


def test_what_the_editor_does_not_know_stays(editor: LoreEditor) -> None:
    editor.set_book(BookSettings(), (LoreEntry(1, "x", position="scenario", logic="xor"),))
    said = heard(editor)
    assert (editor.form.position.currentData(), editor.form.logic.currentData()) == ("scenario", "xor")
    write(editor.form.name, "y")
    assert set(said[0][1]) == {"name"}


def test_settings_and_wrong_patterns(editor: LoreEditor) -> None:
    changed: list[dict[str, Any]] = []
    editor.settings_changed.connect(changed.append)
    editor.settings_button.click()
    form = editor.book_form
    assert form.name.text() == "旧事"
    write(form.name, "!")
    form.token_budget.setValue(512)
    form.scan_depth.setValue(4)
    form.scan_depth.setValue(-1)
    form.recursive.setCurrentIndex(2)
    assert [*changed[1:]] == [{"token_budget": 512}, {"scan_depth": 4}, {"scan_depth": None}, {"recursive": False}]
    editor.open_entry(4)
    assert not editor.settings_button.isChecked()
    editor.set_problems({4: "no pattern"})
    assert editor.form.key_problem.text() == "no pattern"
    editor.open_entry(1)
    assert not editor.form.key_problem.isVisible()
    editor.open_entry(4)
    assert editor.form.key_problem.isVisible()


# ---------------------------------------------------------------- what would fire


def test_what_would_fire(editor: LoreEditor, qtbot: QtBot) -> None:
    wanted: list[str] = []
    editor.preview_wanted.connect(wanted.append)
    live = editor.live
    live.set_recent(there=True)
    assert not live.recent_button.isVisible()
    live.fold.click()
    assert live.recent_button.isVisible()
    write(live.text, "长安的明月")
    assert not wanted
    qtbot.waitUntil(lambda: wanted == ["长安的明月"])
    fired = (
        FiredEntry(3, "规矩", "constant", tokens=21),
        FiredEntry(1, "<b>长安", "key", "长安", 1, 38),
        FiredEntry(2, "明月", "key", "明月", 1, 17, probability=60, unlucky=True),
        FiredEntry(4, "年份", "regex", "/天宝/", 2, 30, over_budget=True),
    )
    editor.set_preview(LorePreview(fired, 59, 64, ((4, "年份"),), ((0, 2), (3, 5), (90, 99))))
    assert [reason_text(each) for each in fired] == [
        "always there",
        "“长安” in turn 1",
        "“明月” in turn 1 · 60 %: not this time",
        "pattern /天宝/ in turn 2 · no room",
    ]
    assert live.amount.text() == "2 entries · 59 of 64 tokens"
    assert "年份" in live.slow.text()
    assert [mark.cursor.selectedText() for mark in live.text.extraSelections()] == ["长安", "明月"]
    live.list.itemClicked.emit(live.list.item(3))
    assert editor.form.name.text() == "年份"
    editor.set_preview(LorePreview(tuple(FiredEntry(n, str(n), "constant") for n in range(MOST_ROWS + 50))))
    assert live.list.count() == MOST_ROWS
    assert f"the first {MOST_ROWS}" in live.amount.text()
    editor.set_preview(LorePreview())
    assert live.nothing.isVisible()


def test_narrow_shows_one_after_the_other(editor: LoreEditor, qapp: QApplication) -> None:
    editor.resize(SIDE_BY_SIDE - 1, 700)
    assert editor.list.isVisible()
    assert not editor.form.isVisible()
    editor.open_entry(2)
    assert not editor.list.isVisible()
    assert editor.form.isVisible()
    editor.live.fold.click()
    assert not editor.form.isVisible()
    editor.live.opened.emit(1)
    assert editor.form.isVisible()
    i18n.install(qapp, "zh_CN")
    qapp.processEvents()
    assert editor.back_button.text() == "条目"
    assert editor.form.place_fold.text() == "位置与概率 · 角色设定之前 · 顺序 10"
    editor.back_button.click()
    assert editor.list.isVisible()


@pytest.mark.parametrize("width", [430, 900])
def test_an_empty_book_says_how_to_begin(editor: LoreEditor, width: int) -> None:
    editor.resize(width, 700)
    editor.set_book(BookSettings("new"), ())
    wanted: list[int] = []
    editor.add_requested.connect(wanted.append)
    (shown,) = (each for each in (editor.nothing, editor.nothing_here) if each.isVisible())
    assert shown.label.isVisible()
    assert shown.label.mapTo(shown, QPoint()).x() >= 16
    shown.add_button.click()
    assert wanted == [0]
    editor.insert_entry(0, CITY)
    editor.show_list()
    assert editor.list.isVisible()
    assert not editor.nothing_here.isVisible()
    editor.clear()  # the next book is on its way: nothing is known of it
    assert not editor.nothing.label.isVisible()
    assert not editor.nothing_here.label.isVisible()
