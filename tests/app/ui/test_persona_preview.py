"""A card before it is taken in, and the progress of many: all of it foreign text."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from zhiyin import i18n
from zhiyin.ui.card_preview import CardPreview
from zhiyin.ui.persona_values import CANCEL, CHAT, IMPORT, REPLACE, CardOnShow, ImportState, Refused

CARD = CardOnShow(
    path="/somewhere/夜.png",
    name="<b>夜</b>",
    seal="夜",
    creator="<i>x</i>",
    character_version="1.2",
    notes="# Read me\n\n<script>alert(1)</script>![p](http://remote/p.png) **bold** [x](javascript:alert(1))",
    description="<h1>big</h1>" + "y" * 5000,
    first_message="hi",
    tags=("<u>t</u>", "诗"),
    greetings=3,
    lore_entries=12,
    assets=("icon", "bgm"),
    version="V3",
    container="png",
    size=2048,
    mended=("One thing.", "Another."),
)


@pytest.fixture
def preview(qtbot: QtBot) -> CardPreview:
    shown = CardPreview()
    qtbot.addWidget(shown)
    shown.resize(800, 700)
    shown.show()
    return shown


def answers(preview: CardPreview) -> list[str]:
    heard: list[str] = []
    preview.answered.connect(heard.append)
    return heard


def test_a_card_is_shown_as_what_it_says(qtbot: QtBot, preview: CardPreview) -> None:
    preview.show_card(CARD)
    qtbot.waitUntil(lambda: preview.one.notes.settled)
    facts = dict(preview.one.facts.rows())
    assert facts == {
        "First messages": "3",
        "Lore entries": "12",
        "Brings along": "icon, bgm",
        "Format": "V3 · PNG · 2.0 kB",
        "File": "夜.png",
    }
    assert preview.one.maker.text() == "by <i>x</i> · version 1.2"
    assert preview.one.mended.text() == "One thing.\nAnother."
    notes = preview.one.notes.plain()
    assert "bold" in notes
    assert "alert" not in notes.replace("javascript:alert(1)", "")
    assert not preview.one.notes.links()  # no address that leads into the app, none that is fetched
    assert len(preview.one.about.text()) < 2000


def test_no_label_takes_foreign_text_for_markup(preview: CardPreview) -> None:
    preview.show_card(CARD)
    hostile = [label for label in preview.findChildren(QLabel) if "<" in label.text()]
    assert len(hostile) == 4
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in hostile)


def test_it_can_be_taken_in_talked_to_or_left(preview: CardPreview) -> None:
    heard = answers(preview)
    preview.show_card(CARD)
    assert preview.buttons[IMPORT].hasFocus()
    assert not preview.buttons[REPLACE].isVisible()
    for action in (IMPORT, CHAT, CANCEL):
        preview.buttons[action].click()
    assert heard == [IMPORT, CHAT, CANCEL]


@pytest.mark.parametrize(
    ("card", "words"),
    [
        (replace(CARD, there=True, namesake="夜"), "This very card is here already."),
        (replace(CARD, namesake="夜"), "A persona named “夜” is here already. Replacing it keeps its conversations."),
    ],
)
def test_one_that_is_here_may_replace_it(preview: CardPreview, card: CardOnShow, words: str) -> None:
    heard = answers(preview)
    preview.show_card(card)
    assert preview.one.known.text() == words
    assert preview.buttons[IMPORT].text() == "Import as another"
    assert not preview.buttons[CHAT].isVisible()
    preview.buttons[REPLACE].click()
    assert heard == [REPLACE]


def test_many_show_their_progress_and_what_was_refused(preview: CardPreview, qapp: QApplication) -> None:
    cancelled, closed = [], []
    preview.cancel_requested.connect(lambda: cancelled.append(1))
    preview.closed.connect(lambda: closed.append(1))
    preview.show_import(ImportState())
    assert preview.many.label.text() == "Looking for cards…"
    preview.show_import(ImportState(done=1200, total=5000, taken=1100, seconds_left=45.0))
    assert preview.many.label.text() == "1,200 of 5,000 files read"
    assert preview.many.left.text() == "less than a minute left"
    assert preview.many.bar.value() == 1200
    preview.buttons[CANCEL].click()
    refused = tuple(Refused(f"/x/{number}.png", f"<b>{number}</b> is no card.") for number in range(300))
    preview.show_import(ImportState(5000, 5000, 4000, 700, 2, refused, running=False, cancelled=True))
    assert preview.many.label.text() == "Personas taken in: 4,000. Already here: 700. Lorebooks: 2. Cancelled; what was taken in stays."
    assert preview.many.title.text() == "Refused: 300"
    assert preview.many.refused.text().count("\n") == 200  # the first ones, and that there are more
    assert preview.many.refused.textFormat() == Qt.TextFormat.PlainText
    assert preview.buttons[CANCEL].text() == "Done"
    i18n.install(qapp, "zh_CN")
    QApplication.processEvents()
    assert preview.many.title.text() == "未能导入：300 个"
    preview.buttons[CANCEL].click()
    assert (cancelled, closed) == ([1], [1])


def test_while_a_file_is_read_it_can_be_left(preview: CardPreview) -> None:
    heard = answers(preview)
    preview.show_reading("/somewhere/<b>x.png")
    assert preview.many.label.text() == "<b>x.png"
    preview.leave()
    assert heard == [CANCEL]


def test_a_name_of_any_length_takes_three_lines(preview: CardPreview) -> None:
    name = "长名字 of somebody\x00 " * 12
    preview.show_card(replace(CARD, name=name))
    preview.resize(430, 700)
    QApplication.processEvents()
    label = preview.one.name
    assert label.text().endswith("…")
    assert label.text().count("\n") == 2
    assert label.height() <= 3.5 * label.fontMetrics().lineSpacing()
    assert "\x00" not in label.text()
    assert label.toolTip().startswith("长名字 of somebody 长名字")
    preview.show_card(replace(CARD, name="夜"))
    assert label.text() == "夜"
    assert not label.toolTip()


def test_what_is_written_backwards_turns_nothing_else_around(preview: CardPreview) -> None:
    preview.show_card(replace(CARD, creator="\u202eevil", character_version="1.2", tags=("\u202et\x07", "诗")))
    assert preview.one.maker.text() == "by \u2068\u202eevil\u2069 · version 1.2"
    assert preview.one.tags.text() == "\u2068\u202et\u2069 · 诗"
