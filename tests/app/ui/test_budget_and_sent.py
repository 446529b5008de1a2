"""The budget of a prompt in words and colours, and the dialog that shows what was sent."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from zhiyin import i18n
from zhiyin.ui.budget_bar import BudgetBar
from zhiyin.ui.prompt_sections import left_out_words, section_color
from zhiyin.ui.sent_dialog import SHOWN, SentDialog, SentPart
from zhiyin.ui.theme import apply_theme

SECTIONS = {"history": 2_100, "system": 180, "persona": 900, "lore": 640, "mine": 20}


@pytest.fixture
def bar(qtbot: QtBot) -> BudgetBar:
    made = BudgetBar()
    qtbot.addWidget(made)
    made.resize(640, made.height())
    made.set_budget(SECTIONS, 6_144, 8_192, {}, "exact")
    made.show()
    return made


def strip(bar: BudgetBar) -> QWidget:
    return bar._strip


def test_every_token_of_the_context_has_its_segment(bar: BudgetBar) -> None:
    assert bar.parts() == [
        ("system", 180),
        ("persona", 900),
        ("lore", 640),
        ("history", 2_100),
        ("mine", 20),
        ("free", 6_144 - 3_840),
        ("reserve", 2_048),
    ]
    assert sum(tokens for _, tokens in bar.parts()) == 8_192
    strip(bar).clearFocus()
    image = strip(bar).grab().toImage()
    scale = image.devicePixelRatio()
    row = [QColor(image.pixel(x, int(4 * scale))).name() for x in range(image.width())]
    painted = [row.index(section_color(section).name()) for section in ("system", "persona", "lore", "history")]
    assert painted == sorted(painted)
    share = row.count(section_color("history").name()) / len(row)
    assert abs(share - 2_100 / 8_192) < 0.02


def test_it_says_what_was_left_out(bar: BudgetBar) -> None:
    assert bar.words() == "3,840 of 6,144 tokens"
    bar.set_budget(SECTIONS, 6_144, 8_192, {"lore": 3, "history": 12, "examples": 1, "mine": 2, "note": 0}, "estimate")
    assert bar.words() == "about 3,840 of 6,144 tokens · left out: 12 turns, 3 lore entries, 1 example, 2 × mine"
    assert bar.words(short=True).startswith("≈ 3,840 / 6,144 · left out: 12 turns")
    assert "left out: 12 turns" in strip(bar).toolTip()
    bar.set_budget(SECTIONS, 3_000, 8_192, {}, "estimate")
    assert bar.words() == "about 3,840 of 3,000 tokens · 840 too many"
    assert sum(tokens for _, tokens in bar.parts()) == 8_192
    assert left_out_words({"history": 1, "lore": 1}) == "left out: 1 turn, 1 lore entry"


def test_where_nothing_is_known_nothing_is_shown(bar: BudgetBar) -> None:
    bar.set_budget({}, 0, 0, {}, "none")
    assert bar.isHidden()
    bar.set_budget(SECTIONS, 0, 0, {}, "exact")
    assert bar.isHidden()
    bar.set_budget({"system": -5, "free": 7}, 100, 200, {}, "exact")
    assert not bar.isHidden()
    assert bar.parts() == [("free", 100), ("reserve", 100)]


def test_the_legend_opens_by_mouse_and_keys(bar: BudgetBar, qtbot: QtBot) -> None:
    closed = bar.sizeHint().height()
    was_open = []
    QTest.mouseClick(strip(bar), Qt.MouseButton.LeftButton)
    was_open.append(bar.expanded)
    assert bar.sizeHint().height() > closed + 20
    with qtbot.waitSignal(bar.details_requested):
        bar.details.click()
    for key in (Qt.Key.Key_Space, Qt.Key.Key_Return):
        QTest.keyClick(strip(bar), key)
        was_open.append(bar.expanded)
    bar.set_budget(SECTIONS, 6_144, 8_192, {"history": 12}, "exact")  # another budget does not close it
    assert [*was_open, bar.expanded] == [True, False, True, True]


@pytest.mark.parametrize("width", [430, 1180])
def test_no_part_of_the_legend_is_cut_off(bar: BudgetBar, width: int) -> None:
    bar.set_expanded(True)
    bar.resize(width, bar.sizeHint().height())
    legend = bar._legend
    assert max(row for _, row in legend.places(legend.width())) == round(legend.height() / 20) - 1
    for (left, _), (_, words) in zip(legend.places(legend.width()), legend._parts, strict=True):
        assert left + 12 + legend.fontMetrics().horizontalAdvance(words) <= legend.width()


def test_it_follows_language_and_theme(bar: BudgetBar, qapp: QApplication) -> None:
    before = strip(bar).grab().toImage()
    apply_theme(qapp, "dark")
    assert strip(bar).grab().toImage() != before
    i18n.install(qapp, "zh_CN")
    qapp.processEvents()
    assert "tokens" not in bar.words()
    assert "history" not in strip(bar).accessibleDescription()


PARTS = (
    SentPart("system", "persona", "You are Li Bai.", 5),
    SentPart("user", "history", "long ago", 2, dropped=True),
    SentPart("user", "history", "<b>now</b>\nsecond line", 4),
)
TEXT = "<|system|>You are Li Bai.<|user|><b>now</b>"


@pytest.fixture
def over(qtbot: QtBot) -> Iterator[QWidget]:
    """What dialogs lie over: they delete themselves when they are closed."""
    made = QWidget()
    qtbot.addWidget(made)
    yield made
    QGuiApplication.clipboard().clear()


def test_each_message_with_its_section_role_and_tokens(over: QWidget) -> None:
    dialog = SentDialog(TEXT, PARTS, prompt_tokens=9, limit=6_144, context=8_192, parent=over)
    dialog.show()
    assert dialog._facts.text() == "9 tokens · room for 6,144 · the context holds 8,192 · left out: 1 turn"
    model = dialog.list.model()
    assert [model.index(row, 0).data() for row in range(model.rowCount())] == [
        "persona · system · 5 tokens: You are Li Bai.",
        "history · user · 2 tokens · left out: long ago",
        "history · user · 4 tokens: <b>now</b> second line",
    ]
    dialog.list.setCurrentIndex(model.index(2, 0))
    assert dialog.message.toPlainText() == "<b>now</b>\nsecond line"  # as it is, never as markup
    assert dialog.message.isReadOnly()


def test_what_was_left_out_is_struck_through(over: QWidget) -> None:
    def ink(dropped: bool) -> int:
        dialog = SentDialog("", [SentPart("user", "history", "wwwwwwwwwwwwww", 2, dropped=dropped)], parent=over)
        dialog.show()
        rect = dialog.list.visualRect(dialog.list.model().index(0, 0))
        image = dialog.list.viewport().grab(rect).toImage()
        # the middle of the first words, where the stroke is: between letters there is ground without it
        ground = image.pixel(image.width() - 6, image.height() - 12)
        rows = [sum(image.pixel(x, y) != ground for x in range(20, 100)) for y in range(image.height() // 2, image.height() - 6)]
        return max(rows)

    assert ink(dropped=True) == 80
    assert ink(dropped=False) < 80


def test_the_exact_text_can_be_selected_and_copied(over: QWidget, qtbot: QtBot) -> None:
    dialog = SentDialog(TEXT, PARTS, parent=over)
    dialog.show()
    assert dialog.windowTitle() == "What was sent"
    assert SentDialog(TEXT, PARTS, coming=True, parent=over).windowTitle() == "What would be sent now"
    dialog.tabs["text"].click()
    assert dialog.pages.currentWidget() is dialog.exact
    assert dialog.exact.text() == TEXT
    assert dialog.exact.isReadOnly()
    with qtbot.waitSignal(dialog.copied) as told:
        dialog.copy_button.click()
    assert told.args == [TEXT]
    assert QGuiApplication.clipboard().text() == TEXT
    assert dialog.copy_button.text() == "Copied"


def test_a_text_that_is_not_known_leaves_the_messages(over: QWidget) -> None:
    dialog = SentDialog("", PARTS, parent=over)
    assert dialog.tabs["text"].isHidden()
    assert dialog.whole() == "system:\nYou are Li Bai.\n\nuser:\n<b>now</b>\nsecond line"
    only_text = SentDialog(TEXT, (), parent=over)
    assert only_text.pages.currentWidget() is only_text.exact
    assert SentDialog("", (), parent=over).whole() == ""


def test_a_huge_prompt_opens_and_is_copied_whole(over: QWidget) -> None:
    text = "没有换行的很长的一段" * (SHOWN // 10 + 5)
    dialog = SentDialog(text, [SentPart("user", "history", "turn " * 100, 100)] * 5_000, parent=over)
    dialog.show()
    assert dialog.list.model().rowCount() == 5_000
    dialog.tabs["text"].click()
    assert not dialog._cut.isHidden()
    assert dialog.exact.text() == text[:SHOWN]
    assert dialog.whole() == text


def test_no_tooltip_is_taken_for_markup(bar: BudgetBar) -> None:
    bar.set_budget({"<b>x</b>": 5}, 100, 200, {}, "exact")
    assert "&lt;b&gt;x&lt;/b&gt;" in strip(bar).toolTip()
