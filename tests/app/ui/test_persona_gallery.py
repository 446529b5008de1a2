"""The gallery of personas: searched, filtered, sorted, chosen with keys and pointer; thousands of them are painted, none is a widget."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QItemSelectionModel, QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QListView, QMenu
from pytestqt.qtbot import QtBot

from zhiyin import i18n
from zhiyin.ui.persona_model import PersonaModel, accessible_text
from zhiyin.ui.persona_values import CHAT, DELETE, EDIT, JOIN, RESET, Order, PersonaItem
from zhiyin.ui.persona_view import PersonaView, file_name

LI, DU, ADA, GUIDE = 1, 2, 3, 4
ITEMS = (
    PersonaItem(LI, "李白", "饮酒写诗的人", ("诗词", "唐"), "知音", seal="李", builtin=True, created=1, used=5),
    PersonaItem(DU, "杜甫", "忧国忧民", ("诗词", "唐"), "知音", seal="杜", created=2, used=9),
    PersonaItem(ADA, "Ada", "Teaches <b>maths</b> & more", ("tutor",), "someone", created=3),
    PersonaItem(GUIDE, "阿德 Guide", "Knows the harbour", ("sea", "tutor"), "诗词社", created=4, used=1),
)


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[PersonaView]:
    shown = PersonaView()
    qtbot.addWidget(shown)
    shown.resize(900, 600)
    shown.set_items(ITEMS)
    shown.show()
    yield shown
    shown.close()


def shown(view: PersonaView) -> list[int]:
    return view.gallery().list.rows.shown()


def test_nothing_is_built_before_it_is_seen(qtbot: QtBot) -> None:
    view = PersonaView()
    qtbot.addWidget(view)
    view.set_items(ITEMS)
    view.set_notice("")
    view.flush()
    assert not view.findChildren(QListView)
    assert not view.chosen()
    assert not view.editing


def test_the_last_used_comes_first_then_the_newest(view: PersonaView) -> None:
    assert shown(view) == [DU, LI, GUIDE, ADA]
    view.gallery().sort.setCurrentIndex(list(Order).index(Order.NEW))
    assert shown(view) == [GUIDE, ADA, DU, LI]


def test_names_sort_by_letter_and_by_sound(view: PersonaView) -> None:
    view.gallery().sort.setCurrentIndex(list(Order).index(Order.NAME))
    assert shown(view) == [ADA, GUIDE, DU, LI]  # Ada, ā, dù, lǐ


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("李", [LI]),
        ("诗词", [DU, LI, GUIDE]),  # a tag of two, a creator
        ("TUTOR sea", [GUIDE]),
        ("maths", [ADA]),
        ("ada tutor someone", [ADA]),
        ("  ", [DU, LI, GUIDE, ADA]),
        ("唐 李", [LI]),
        ("zzz", []),
    ],
)
def test_search_looks_in_name_tags_summary_and_creator(view: PersonaView, words: str, found: list[int]) -> None:
    view.gallery().search.setText(words)
    assert shown(view) == found
    assert view.gallery().list.isVisible() == bool(found)
    assert view.gallery().nothing.isVisible() != bool(found)


def test_a_search_that_grows_letter_by_letter_finds_what_a_whole_one_finds() -> None:
    slow, quick = PersonaModel(), PersonaModel()
    for model in (slow, quick):
        model.set_items(ITEMS)
    for length in range(1, len("tutor sea") + 1):
        quick.set_search("tutor sea"[:length])
        slow.set_search("")
        slow.set_search("tutor sea"[:length])
        assert quick.shown() == slow.shown()
    quick.set_search("tutor")
    assert quick.shown() == [GUIDE, ADA]  # a search that shrinks again shows more


def test_a_tag_filters_and_goes_with_its_last_persona(view: PersonaView) -> None:
    gallery = view.gallery()
    assert [gallery.tag.itemText(number) for number in range(gallery.tag.count())] == ["All tags", "tutor", "诗词", "唐", "sea"]
    gallery.tag.setCurrentIndex(gallery.tag.findData("sea"))
    assert shown(view) == [GUIDE]
    view.take_away([GUIDE])
    assert gallery.chosen_tag() == ""
    assert shown(view) == [DU, LI, ADA]


def test_what_is_chosen_stays_chosen_when_rows_change(view: PersonaView) -> None:
    view.choose([LI, ADA])
    view.put_items([replace(ITEMS[2], name="Ada L.", used=99)])
    assert set(view.chosen()) == {LI, ADA}
    assert shown(view)[0] == ADA
    view.gallery().search.setText("杜")
    assert view.chosen() == [DU]  # what fits is chosen where nothing that was chosen fits


def test_the_neighbour_is_chosen_when_one_goes(view: PersonaView) -> None:
    view.choose([LI])
    view.take_away([LI])
    assert view.chosen() == [GUIDE]
    view.gallery().list.setFocus()
    view.take_away([DU, GUIDE, ADA])
    assert view.gallery().search.hasFocus()
    assert view.chosen() == []
    assert view.gallery().nothing.isVisible()
    assert not view.gallery().foot.isVisible()


def test_keys(view: PersonaView) -> None:
    heard: list[tuple[str, list[int]]] = []
    view.acted.connect(lambda action, personas: heard.append((action, personas)))
    listing = view.gallery().list
    view.choose([DU])
    QTest.keyClick(listing, Qt.Key.Key_Right)
    assert view.chosen() == [LI]
    QTest.keyClick(listing, Qt.Key.Key_Return)
    QTest.keyClick(listing, Qt.Key.Key_F2)
    QTest.keyClick(listing, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(listing, Qt.Key.Key_Delete)
    assert heard == [(CHAT, [LI]), (EDIT, [LI]), (DELETE, [LI, GUIDE])]
    QTest.keyClicks(listing, "/")
    assert view.gallery().search.hasFocus()
    QTest.keyClicks(view.gallery().search, "ada")
    QTest.keyClick(view.gallery().search, Qt.Key.Key_Down)
    assert listing.hasFocus()
    assert view.chosen() == [ADA]
    view.gallery().search.setFocus()
    QTest.keyClick(view.gallery().search, Qt.Key.Key_Escape)
    assert view.gallery().search.text() == ""


def test_the_foot_acts_on_what_is_chosen(view: PersonaView) -> None:
    heard: list[tuple[str, list[int]]] = []
    view.acted.connect(lambda action, personas: heard.append((action, personas)))
    foot = view.gallery().foot
    view.choose([ADA])
    assert foot.name.text() == "Ada"
    for action in (CHAT, JOIN, EDIT):
        foot.buttons[action].click()
    view.choose([ADA, LI])
    assert not foot.buttons[EDIT].isVisible()
    assert foot.name.text() == "Chosen: 2"
    assert foot.buttons[CHAT].text() == "Chat as a group"
    foot.buttons[CHAT].click()
    foot.delete_button.click()
    assert heard == [(CHAT, [ADA]), (JOIN, [ADA]), (EDIT, [ADA]), (CHAT, [ADA, LI]), (DELETE, [ADA, LI])]


def menu_words(view: PersonaView) -> list[str]:
    view.gallery().show_menu(QPoint(10, 10))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    words = [action.text() for action in menu.actions() if action.text()]
    menu.close()
    return words


def test_the_menu_offers_what_can_be_done(view: PersonaView) -> None:
    view.choose([ADA])
    assert menu_words(view) == [
        *("Chat", "Let it answer in this conversation from now on", "Add to this conversation"),
        *("Edit", "Duplicate", "Export", "Delete"),
    ]
    view.put_items([replace(ITEMS[0], changed=True)])
    view.choose([LI])
    assert "Back to the original" in menu_words(view)
    view.choose([LI, ADA])
    assert menu_words(view)[:2] == ["Chat as a group", "Add to this conversation"]
    assert RESET == "reset"


def test_several_are_marked_with_the_pointer(view: PersonaView) -> None:
    listing = view.gallery().list
    rows = listing.rows
    for number, persona in enumerate((DU, GUIDE)):
        listing.selectionModel().select(
            rows.index_of(persona),
            QItemSelectionModel.SelectionFlag.ClearAndSelect if number == 0 else QItemSelectionModel.SelectionFlag.Select,
        )
    assert view.chosen() == [DU, GUIDE]


def test_a_screen_reader_hears_all_that_is_shown(view: PersonaView, qapp: QApplication) -> None:
    rows = view.gallery().list.rows
    said = rows.index_of(LI).data(Qt.ItemDataRole.AccessibleTextRole)
    assert said == "李白, 饮酒写诗的人, 诗词, 唐, built in"
    assert accessible_text(replace(ITEMS[0], changed=True)).endswith("changed by you")
    i18n.install(qapp, "zh_CN")
    assert rows.index_of(LI).data(Qt.ItemDataRole.AccessibleTextRole).endswith("内置")
    QApplication.processEvents()
    assert view.gallery().list.accessibleName() == "角色"
    assert view.gallery().new_button.accessibleName() == "新建角色"


def test_foreign_text_is_no_markup(view: PersonaView) -> None:
    hostile = PersonaItem(
        9, "<img src=x>\n\nname" * 50, "<b>" * 500 + "\0\u202e", ("<script>",) * 40, seal="<", color="url(x)", picture="../x"
    )
    view.put_items([hostile])
    view.choose([9])
    assert view.gallery().foot.name.textFormat() == Qt.TextFormat.PlainText
    tip = view.gallery().list.rows.index_of(9).data(Qt.ItemDataRole.ToolTipRole)
    assert "<b>" not in tip
    assert not view.grab().isNull()


@pytest.mark.parametrize("width", [430, 640, 1180])
def test_as_many_side_by_side_as_there_is_room_for(view: PersonaView, width: int) -> None:
    view.resize(width, 600)
    QApplication.processEvents()
    listing = view.gallery().list
    first, second = (listing.visualRect(listing.rows.index(number)) for number in (0, 1))
    assert first.top() < 40  # nothing is wrapped away from the beginning
    across = max(1, (listing.viewport().width() - 1) // listing.gridSize().width())
    assert across == {430: 1, 640: 2, 1180: 4}[width]
    assert (second.top() == first.top()) == (across > 1)


def test_five_thousand_are_searched_quickly_and_lie_in_one_list(qtbot: QtBot) -> None:
    view = PersonaView()
    qtbot.addWidget(view)
    view.resize(900, 600)
    view.set_items([PersonaItem(number, f"人 {number}", "x" * 100, ("a", "b"), created=number) for number in range(5000)])
    view.show()
    began = time.monotonic()
    view.gallery().search.setText("4999")
    assert shown(view) == [4999]
    assert time.monotonic() - began < 10  # the bench measures; here only that nothing is quadratic
    listing = view.gallery().list
    view.gallery().search.clear()
    assert listing.visualRect(listing.rows.index(4999)).intersects(QRect(0, 0, 900, 10**6))
    assert len(listing.viewport().children()) < 5


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("李白", "李白.png"),
        ("a/b\\c:*?", "a b c.png"),
        ("..", "persona.png"),
        ("CON", "_CON.png"),
        ("x" * 200, "x" * 60 + ".png"),
        ("tab\tnew\nline\0", "tab new line.png"),
    ],
)
def test_a_name_becomes_one_of_a_file_on_every_system(name: str, file: str) -> None:
    assert file_name(name, ".png") == file


def test_what_a_search_hides_is_not_acted_upon(view: PersonaView) -> None:
    heard: list[list[int]] = []
    view.acted.connect(lambda _action, personas: heard.append(personas))
    view.choose([LI, ADA, GUIDE])
    view.gallery().search.setText("tutor")
    view.gallery().foot.delete_button.click()
    assert [set(personas) for personas in heard] == [{ADA, GUIDE}]
    view.gallery().search.clear()
    assert set(view.chosen()) == {LI, ADA, GUIDE}
