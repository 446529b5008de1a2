"""The view of hubs: what it says of repositories and how they fit, what it announces, narrow windows, both languages."""

import time
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QComboBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from zhiyin import i18n
from zhiyin.markup.cards import card_text
from zhiyin.resources import asset_path
from zhiyin.ui.discover_content import DiscoverContent
from zhiyin.ui.discover_values import BEST, CHOSEN, AddressState, DetailsState, Fit, ListState, Offer, RepositoryRow, VariantRow
from zhiyin.ui.discover_view import DiscoverView
from zhiyin.ui.discover_words import age_words, fit_words, need_words, row_facts, row_verdict, short_count, speed_words
from zhiyin.ui.first_run_page import DownloadState, FirstRunPage
from zhiyin.ui.model_card import ModelCard
from zhiyin.ui.theme import apply_theme
from zhiyin_models.hub.values import Details, RemoteFile, Repository, SearchQuery, Sort, Variant

GB = 1 << 30
NOW = time.time()


def repository(name: str = "owner/Some-Model-GGUF", **about: object) -> Repository:
    return Repository("Test hub", name, "gguf", **about)  # type: ignore[arg-type]


def variant(quant: str, size: int = GB, parts: int = 1, projectors: tuple[RemoteFile, ...] = ()) -> Variant:
    return Variant(f"m-{quant}", quant, tuple(RemoteFile(f"m-{quant}-{part}.gguf", size // parts) for part in range(parts)), projectors)


EYE = RemoteFile("mmproj-F16.gguf", GB)
VARIANTS = tuple(
    variant(quant, parts=3 if quant == "F16" else 1, projectors=(EYE,))
    for quant in ("Q2_K", "IQ3_M", "Q4_K_M", "Q5_1", "Q6_K", "Q8_0", "F16")
)
CARD = "# Heading\n\nWords with a [link](https://example.com/one).\n\n```python\nprint(1)\n```\n"
DETAILS = Details(repository(), "c0ffee", VARIANTS, card=CARD, page="https://example.com/page", base=("owner/Base",))
ROWS = tuple(VariantRow(one, Fit("cpu", 2 * GB, 12.34), recommended=one.quant == "Q4_K_M") for one in VARIANTS)
STATE = DetailsState(DETAILS.repository, details=DETAILS, card=CARD, variants=ROWS, contexts=(2048, 8192, 32_768), context=8192)


@pytest.fixture
def view(qtbot: QtBot) -> DiscoverView:
    made = DiscoverView()
    qtbot.addWidget(made)
    made.resize(900, 700)
    made.show()
    return made


@pytest.fixture
def content(view: DiscoverView) -> DiscoverContent:
    return view.content()


# ---------------------------------------------------------------- words


def test_how_it_fits_is_said_in_words_and_no_speed_is_made_up() -> None:
    assert [fit_words(Fit(verdict)) for verdict in ("gpu", "partly", "cpu", "no", "")] == [
        "fits on the GPU", "partly on the GPU", "runs on the CPU", "does not fit", "",
    ]  # fmt: skip
    assert speed_words(Fit("cpu", GB, 12.34)) == "about 12 tokens/s"
    assert speed_words(Fit("cpu", GB, None)) == speed_words(Fit("no", GB, 3.0)) == ""
    assert need_words(Fit("cpu", GB)) == "1.0 GB of memory"
    assert need_words(Fit("cpu", GB, guessed=True)) == "about 1.0 GB of memory"
    assert need_words(Fit("no", GB, room=4096)) == "1.0 GB of memory · would fit with 4,096 tokens"


def test_a_row_says_what_is_known_and_nothing_else() -> None:
    full = repository(
        parameters=7_000_000_000, downloads=1_234_567, likes=999, updated=NOW - 3 * 86_400, licence="mit", languages=("zh", "xx")
    )
    assert row_facts(RepositoryRow(full)) == "7B · 1.2M downloads · 999 likes · updated 3 days ago · mit · Chinese, xx"
    assert row_facts(RepositoryRow(repository())) == ""
    assert row_facts(RepositoryRow(replace_gated(full))).startswith("licence to be accepted")
    assert row_verdict(RepositoryRow(full, fit=Fit("gpu", GB, 50.0, guessed=True))) == "Q4: fits on the GPU · about 50 tokens/s"
    assert row_verdict(RepositoryRow(full, fit=Fit("gpu"), installed=True)) == "on this computer"
    assert [short_count(count) for count in (0, 999, 1500, 99_999, 2_000_000)] == ["0", "999", "1.5k", "100k", "2M"]
    assert age_words(NOW) == "updated today"
    assert (age_words(0), age_words(float("nan")), age_words(1e300)) == ("", "", "")


def replace_gated(one: Repository) -> Repository:
    return Repository(one.source, one.id, one.kind, gated="auto")


# ---------------------------------------------------------------- the list


def test_the_catalogue_stands_under_headings_and_is_chosen_by_key(view: DiscoverView, content: DiscoverContent, qtbot: QtBot) -> None:
    rows = (
        RepositoryRow(repository("a/Best"), BEST, "The best", "Good for all.", "Q4_K_M", GB, Fit("gpu")),
        RepositoryRow(repository("a/Other"), CHOSEN, "Another", "Good for some.", "Q4_K_M", GB, Fit("no")),
    )
    view.set_list(ListState(rows))
    shown = [content.list.rows.index(row).data() for row in range(content.list.rows.rowCount())]
    assert shown == ["Best for this computer", "The best", "More models worth a look", "Another"]
    content.search.field.setFocus()
    qtbot.keyClick(content.search.field, Qt.Key.Key_Down)
    assert content.list.hasFocus()
    qtbot.keyClick(content.list, Qt.Key.Key_Down)  # over the heading
    with qtbot.waitSignal(view.repository_chosen) as chosen:
        qtbot.keyClick(content.list, Qt.Key.Key_Return)
    assert chosen.args[0].id == "a/Other"
    spoken = content.list.rows.index(1).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "The best, Good for all., Q4_K_M 1.0 GB, fits on the GPU"


def test_more_is_asked_for_at_the_end_and_what_was_shown_stays(view: DiscoverView, content: DiscoverContent, qtbot: QtBot) -> None:
    rows = tuple(RepositoryRow(repository(f"a/{number}")) for number in range(40))
    view.set_list(ListState(rows, searching=True, more=True))
    asked: list[bool] = []
    view.more_requested.connect(lambda: asked.append(True))
    content.list.setCurrentIndex(content.list.rows.index(3))
    bar = content.list.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    assert not asked
    bar.setValue(bar.maximum())
    assert asked
    place = bar.value()
    view.set_list(ListState((*rows, *(RepositoryRow(repository(f"b/{number}")) for number in range(20))), searching=True))
    assert (content.list.currentIndex().row(), bar.value(), content.list.count()) == (3, place, 60)
    asked.clear()
    bar.setValue(bar.maximum())
    assert not asked  # there is no more


def test_a_search_says_what_it_does(view: DiscoverView, content: DiscoverContent) -> None:
    view.set_list(ListState(searching=True, busy=True))
    assert (content.status.text(), content.bar.isVisible(), content.cancel_button.isVisible()) == ("Searching…", True, True)
    view.set_list(ListState(searching=True))
    assert content.empty.isVisible()
    view.set_list(ListState(searching=True, message="No network.", message_kind="error"))
    assert (content.empty.isVisible(), content.message.text(), content.retry_button.isVisible()) == (False, "No network.", True)
    view.set_list(ListState((RepositoryRow(repository()),), searching=True, source="Test hub"))
    assert content.status.text() == "Found at Test hub"
    view.set_list(ListState(speed_known=False, can_measure=True))
    assert content.measure_button.isVisible()
    view.set_list(ListState(speed_known=False, can_measure=False))
    assert not content.measure_button.isVisible()  # without a model there is nothing to measure with


def test_words_and_filters_become_one_query(view: DiscoverView, content: DiscoverContent, qtbot: QtBot) -> None:
    asked: list[tuple[SearchQuery, str]] = []
    view.search_requested.connect(lambda query, source: asked.append((query, source)))
    search = content.search
    view.set_sources(["One", "Two"])
    qtbot.keyClicks(search.field, "  qwen ")
    assert not asked  # after a pause
    qtbot.waitUntil(lambda: len(asked) == 1)
    assert asked[-1] == (SearchQuery(text="qwen"), "")
    search.filter_button.click()
    assert search.filters.isVisible()
    search.sort.setCurrentIndex(1)
    search.language.setCurrentIndex(search.language.findData("zh"))
    search.parameters.setCurrentIndex(2)
    search.kind.setCurrentIndex(1)
    search.source.setCurrentIndex(2)
    qtbot.keyClicks(search.author, "Qwen")
    qtbot.keyClick(search.author, Qt.Key.Key_Return)
    wanted = SearchQuery(
        "qwen", "Qwen", language="zh", kind="checkpoint", sort=Sort.DOWNLOADS, least_parameters=10**9, most_parameters=4 * 10**9
    )
    assert asked[-1] == (wanted, "Two")
    assert search.filter_button.text() == "Filters · 6"
    view.set_sources(["Two", "Three"])
    assert search.chosen_source() == "Two"
    search.clear()
    assert asked[-1] == (SearchQuery(), "")
    count = len(asked)
    qtbot.keyClick(search.field, Qt.Key.Key_Return)  # asks again, even for the same
    assert len(asked) == count + 1


def test_where_there_is_little_room_the_words_have_it_only_while_there_are_some(view: DiscoverView, content: DiscoverContent) -> None:
    view.resize(430, 700)
    QApplication.processEvents()
    assert content.search.address_button.isVisible()
    content.search.field.setText("words")
    assert not content.search.address_button.isVisible()
    content.search.field.clear()
    assert content.search.address_button.isVisible()


def test_what_there_is_stands_at_the_top(view: DiscoverView, content: DiscoverContent) -> None:
    for state in (ListState(searching=True, busy=True), ListState(searching=True, message="No.", message_kind="error"), ListState()):
        view.set_list(state)
        view.grab()
        assert content.search.geometry().bottom() < 100
        assert content.message.geometry().top() < 200


def test_counts_are_short_in_either_way(qapp: QApplication) -> None:
    i18n.install(qapp, "zh_CN")
    assert [short_count(count) for count in (999, 12_345, 1_234_567, 123_456_789)] == ["999", "1.2万", "123万", "1.2亿"]
    assert row_facts(RepositoryRow(repository(downloads=99_000, likes=35))).startswith("9.9万次下载 · 35 ")


def test_esc_gives_up_what_is_asked_then_goes_back_then_is_the_windows(view: DiscoverView, content: DiscoverContent, qtbot: QtBot) -> None:
    heard: list[str] = []
    view.cancel_requested.connect(lambda: heard.append("cancel"))
    view.details_closed.connect(lambda: heard.append("close"))
    view.set_details(replace(STATE, busy=True))
    qtbot.keyClick(content.details.back_button, Qt.Key.Key_Escape)
    view.set_details(STATE)
    qtbot.keyClick(content.details.back_button, Qt.Key.Key_Escape)
    assert (heard, view.page) == (["cancel", "close"], "list")
    view.set_list(ListState(searching=True, busy=True))
    qtbot.keyClick(content.search.field, Qt.Key.Key_Escape)
    assert heard[-1] == "cancel"


# ---------------------------------------------------------------- one repository


def test_variants_say_size_parts_fit_and_speed(view: DiscoverView, content: DiscoverContent) -> None:
    view.set_details(STATE)
    items = {item.row().variant.quant: item for item in content.details.table.items()}
    assert items["Q4_K_M"].isVisible()
    assert not items["IQ3_M"].isVisible()
    content.details.table.all_button.click()
    assert all(item.isVisible() for item in items.values())
    assert items["Q4_K_M"].button.accessibleName() == (
        "Download, Q4_K_M, 1.0 GB · recommended, runs on the CPU, 2.0 GB of memory · about 12 tokens/s"
    )
    assert "3 parts" in items["F16"].about.text()
    view.set_details(replace(STATE, variants=tuple(replace(row, title=row.variant.name) for row in ROWS)))
    assert items["F16"].quant.text() == "m-F16"  # the quant type alone would not tell it from another


def test_many_variants_come_one_after_the_other(view: DiscoverView, content: DiscoverContent, qtbot: QtBot) -> None:
    table = content.details.table
    rows = tuple(VariantRow(variant(f"Q4_K_M-{number}"), recommended=number == 119) for number in range(120))
    view.set_details(replace(STATE, variants=rows))
    assert 0 < len(table.items()) < 60
    assert table.all_button.text() == "Show all 120"
    view.set_details(replace(STATE, variants=tuple(replace(row, state="queued") for row in rows[:119]) + rows[119:]))
    qtbot.waitUntil(lambda: len(table.items()) == 120)
    assert [item.row().variant.quant for item in table.items()] == [row.variant.quant for row in rows]
    assert {item.row().state for item in table.items()[:119]} == {"queued"}
    assert all(item.isVisible() for item in table.items())
    with qtbot.waitSignal(view.download_requested) as asked:
        table.items()[119].button.click()
    assert asked.args[0] == 119
    view.set_details(replace(STATE, variants=rows))
    qtbot.waitUntil(lambda: sum(item.isVisible() for item in table.items()) == 1)
    table.all_button.click()
    assert sum(item.isVisible() for item in table.items()) < 60
    qtbot.waitUntil(lambda: all(item.isVisible() for item in table.items()))
    view.set_details(replace(STATE, variants=tuple(replace(row, fit=Fit("no", GB)) for row in rows)))
    view.set_details(STATE)  # another one, while the first is still being brought up to date
    QApplication.processEvents()
    assert [item.row().variant for item in table.items()] == list(VARIANTS)


def test_what_is_pressed_is_announced_with_the_projector(view: DiscoverView, content: DiscoverContent, qtbot: QtBot) -> None:
    view.set_details(STATE)
    items = content.details.table.items()
    with qtbot.waitSignal(view.download_requested) as asked:
        items[2].button.click()
    assert asked.args == [2, ""]  # without a projector unless it is chosen
    content.details.projector.setCurrentIndex(1)
    with qtbot.waitSignal(view.download_requested) as asked:
        items[2].button.click()
    assert asked.args == [2, EYE.path]
    with qtbot.waitSignal(view.context_chosen) as chosen:
        content.details.context.setCurrentIndex(2)
    assert chosen.args == [32_768]
    assert content.details.page_button.isVisible()
    with qtbot.waitSignal(view.page_requested) as page:
        content.details.page_button.click()
    assert page.args == [DETAILS.page]
    with qtbot.waitSignal(view.repository_named) as named:
        next(button for button in content.details.bases.findChildren(QPushButton) if button.text() == "owner/Base").click()
    assert named.args == ["owner/Base"]


def test_states_of_downloads_change_the_button_and_keep_the_row(view: DiscoverView, content: DiscoverContent, qtbot: QtBot) -> None:
    view.set_details(STATE)
    item = content.details.table.items()[2]
    for state, text, enabled in (
        ("asking", "Download", False),
        ("queued", "Show downloads", True),
        ("running", "Show downloads", True),
        ("newer", "Download", True),
        ("installed", "Chat with it", True),
    ):
        rows = tuple(replace(row, state=state, fraction=0.456) if row.recommended else row for row in ROWS)
        view.set_details(replace(STATE, variants=rows))
        assert content.details.table.items()[2] is item
        assert (item.button.text(), item.button.isEnabled()) == (text, enabled)
        assert ("downloading 45%" in item.about.text()) == (state == "running")
    with qtbot.waitSignal(view.chat_requested) as asked:
        item.button.click()
    assert asked.args == [2]


@pytest.mark.parametrize(
    ("gated", "private", "words"), [("auto", False, "accept"), ("manual", False, "ask for access"), ("", True, "private")]
)
def test_a_gate_is_explained_with_the_two_ways_through(view: DiscoverView, qtbot: QtBot, gated: str, private: bool, words: str) -> None:
    locked = repository(gated=gated, private=private)
    view.set_details(DetailsState(locked, details=Details(locked, "c0ffee", page="https://example.com/p")))
    details = view.content().details
    assert words in details.gate.text()
    with qtbot.waitSignals([view.page_requested, view.settings_requested]):
        details.gate_page_button.click()
        details.gate_settings_button.click()
    assert "nothing in it" in details.nothing.text()


def test_a_checkpoint_is_offered_to_the_sidecar(view: DiscoverView, qtbot: QtBot) -> None:
    held = Details(repository("a/Base"), "c0ffee", checkpoint=(RemoteFile("config.json", 100), RemoteFile("model.safetensors", GB)))
    view.set_details(DetailsState(held.repository, details=held))
    details = view.content().details
    assert (details.checkpoint_row.hint.text(), details.checkpoint_button.text()) == ("2 files · 1.0 GB", "Fetch for conversion")
    assert not details.context_row.isVisible()
    with qtbot.waitSignal(view.checkpoint_requested):
        details.checkpoint_button.click()
    view.set_details(DetailsState(held.repository, details=held, checkpoint="running", checkpoint_fraction=0.5))
    assert details.checkpoint_button.text() == "Show downloads"
    view.set_details(DetailsState(held.repository, details=held, checkpoint="installed"))
    assert details.checkpoint_button.text() == "Convert it…"


def test_a_failed_question_can_be_asked_again(view: DiscoverView, qtbot: QtBot) -> None:
    view.set_details(DetailsState(repository(), busy=True))
    details = view.content().details
    assert (details.busy.isVisible(), details.retry_button.isVisible()) == (True, False)
    view.set_details(DetailsState(repository(), message="No.", message_kind="error"))
    with qtbot.waitSignal(view.retry_requested):
        details.retry_button.click()


def test_keys_scroll_what_is_read(view: DiscoverView, content: DiscoverContent, qtbot: QtBot) -> None:
    view.set_details(replace(STATE, card=CARD * 20))
    qtbot.waitUntil(lambda: content.details.card.settled)
    bar = content.details.area.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 500)
    places = []
    for key in (Qt.Key.Key_PageDown, Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_Home):
        qtbot.keyClick(content.details.back_button, key)
        places.append(bar.value())
    assert 0 < places[0] < places[1] == bar.maximum() > places[2] > places[3] == 0


# ---------------------------------------------------------------- the card


def test_a_card_is_painted_and_its_links_are_told(qtbot: QtBot) -> None:
    card = ModelCard()
    qtbot.addWidget(card)
    card.resize(500, 100)
    card.set_text(CARD)
    card.show()
    qtbot.waitUntil(lambda: card.settled)
    assert card.plain() == "Heading\n\nWords with a link.\n\nprint(1)"
    assert card.height() == card.sizeHint().height() > 100
    ((link, place),) = card.links()
    with qtbot.waitSignal(card.link_activated) as heard:
        qtbot.mouseClick(card, Qt.MouseButton.LeftButton, pos=place)
    assert heard.args == [link] == ["https://example.com/one"]
    with qtbot.assertNotEmitted(card.link_activated):
        qtbot.mouseClick(card, Qt.MouseButton.LeftButton, pos=QPoint(2, 2))
    card.set_text(f"{CARD}\n\nMany more words than have room in a narrow line.")
    qtbot.waitUntil(lambda: card.settled)
    before = card.height()
    card.resize(120, card.height())
    qtbot.waitUntil(lambda: card.settled and card.height() > before)


LINKED = """Words with [one](https://example.com/1) and [**two** of
them](https://example.com/2).

PARAGRAPHS

| a | b |
|---|---|
| x | [three](https://example.com/3) |
"""


def test_links_of_a_card_are_reached_and_followed_by_key(view: DiscoverView, content: DiscoverContent, qtbot: QtBot) -> None:
    view.set_details(replace(STATE, card=LINKED.replace("PARAGRAPHS", "Words.\n\n" * 80)))
    card, area = content.details.card, content.details.area
    qtbot.waitUntil(lambda: card.settled and area.verticalScrollBar().maximum() > 500)
    assert [link for link, _ in card.links()] == [f"https://example.com/{number}" for number in (1, 2, 3)]
    for link, place in card.links():
        with qtbot.waitSignal(card.link_activated) as heard:
            qtbot.mouseClick(card, Qt.MouseButton.LeftButton, pos=place)
        assert heard.args == [link]
    before = content.details.table.all_button
    before.setFocus()
    followed: list[str] = []
    view.page_requested.connect(followed.append)
    for _ in range(3):
        qtbot.keyClick(QApplication.focusWidget() or view, Qt.Key.Key_Tab)
        assert QApplication.focusWidget() is card
        assert card.visibleRegion().boundingRect().contains(card.inputMethodQuery(Qt.InputMethodQuery.ImCursorRectangle).center())
        qtbot.keyClick(card, Qt.Key.Key_Return)
    assert followed == [f"https://example.com/{number}" for number in (1, 2, 3)]
    qtbot.keyClick(card, Qt.Key.Key_Backtab)
    qtbot.keyClick(card, Qt.Key.Key_Enter)
    assert followed[-1] == "https://example.com/2"
    at = area.verticalScrollBar().value()
    qtbot.keyClick(card, Qt.Key.Key_Down)
    assert area.verticalScrollBar().value() > at
    for _ in range(2):
        qtbot.keyClick(card, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is not card


def test_html_of_a_card_becomes_markdown_and_pictures_go() -> None:
    html = (
        "---\nlicense: mit\n---\n<!-- hidden -->\n<style>p {}</style><div align='center'>\n<h2>Title</h2>\n<img src='https://x/y.png'>"
        '<a href="https://a.b/c"> <b>Docs</b> </a></div>\n[![Badge](https://x/b.svg)](https://x) keep <|im_start|> and 1 < 2 &amp; 3\n'
        "<ul><li>one<li>two</ul>\n```html\n<b>code</b>\n```\n<br/>end"
    )
    text = card_text(html)
    assert "## Title" in text
    assert "[**Docs**](https://a.b/c)" in text
    assert "keep <|im_start|> and 1 < 2 & 3" in text
    assert "- one" in text
    assert "```html\n<b>code</b>\n```" in text
    for gone in ("license", "hidden", "p {}", "img", "Badge", "<div", "<br"):
        assert gone not in text


@pytest.mark.parametrize("piece", ["<a ", "<!--", "<style>", "<a href='https://x.y'>", "![[", "```", "<b>", "</a>", "[![", "---\n", "\n"])
def test_a_hostile_card_is_bounded(piece: str) -> None:
    """Whatever is repeated, and however often, is read in one go: were it quadratic, this would take minutes."""
    assert len(card_text(piece * (400_000 // len(piece)))) <= 1_000_000


# ---------------------------------------------------------------- an address, the first page


def test_an_address_is_looked_at_then_fetched(view: DiscoverView, content: DiscoverContent, qtbot: QtBot) -> None:
    content.search.address_button.click()
    form = content.address
    assert (view.page, form.look_button.isEnabled()) == ("address", False)
    form.address.setText("https://example.com/m.gguf")
    with qtbot.waitSignal(view.address_requested) as asked:
        qtbot.keyClick(form.address, Qt.Key.Key_Return)
    assert asked.args == ["https://example.com/m.gguf"]
    view.set_address(AddressState("https://example.com/m.gguf", RemoteFile("m.gguf", GB), Fit("cpu", 2 * GB)))
    assert form.about.text() == "1.0 GB · runs on the CPU · 2.0 GB of memory"
    form.sha256.setText("abc")
    assert (form.sha_note.isVisible(), form.download_button.isEnabled()) == (True, False)
    form.sha256.setText("AB" * 32)
    with qtbot.waitSignal(view.address_download_requested) as fetched:
        form.download_button.click()
    assert fetched.args == ["ab" * 32]
    form.address.setText("https://example.com/other.gguf")
    assert not form.download_button.isVisible()  # nobody has looked at this one


def test_the_first_page_offers_what_is_best_and_shows_the_download(qtbot: QtBot) -> None:
    page = FirstRunPage()
    qtbot.addWidget(page)
    page.resize(700, 700)
    page.show()
    page.set_starter(available=True, detail="100 MB")
    page.set_offers([Offer("a", "First", "Good for all.", "Q4_K_M", GB, Fit("gpu", 2 * GB, 40.0)), Offer("b", "Second")])
    assert page.offers.items()[0].about.text() == "1.0 GB · fits on the GPU · about 40 tokens/s"
    with qtbot.waitSignal(page.offer_chosen) as chosen:
        page.offers.items()[1].button.click()
    assert chosen.args == ["b"]
    with qtbot.waitSignal(page.more_requested):
        page.offers.more_button.click()
    page.set_download(DownloadState("Second", asking=True))
    assert (page.offers.isVisible(), page.state.text()) == (False, "Asking for Second…")
    page.set_download(DownloadState("Second", fraction=0.25, left=300))
    assert (page.state.text(), page.progress.value()) == ("Downloading Second · 25% · about 5 min left", 250)
    assert page.open_button.isVisible()
    with qtbot.waitSignal(page.download_cancelled):
        page.cancel_button.click()
    page.set_download(None)
    page.show_error("It did not work.")
    assert (page.offers.isVisible(), page.state.text()) == (True, "It did not work.")


# ---------------------------------------------------------------- windows and languages


@pytest.mark.parametrize("width", [430, 640, 1180])
@pytest.mark.parametrize(("language", "look"), [("en", "light"), ("zh_CN", "dark"), ("zh_CN", "contrast")])
def test_nothing_is_wider_than_the_window(qapp: QApplication, view: DiscoverView, width: int, language: str, look: str) -> None:
    i18n.install(qapp, language)
    apply_theme(qapp, look)  # type: ignore[arg-type]
    long = repository(
        "owner-with-a-long-name/A-Model-" + "With-A-Very-Long-Name-" * 6, gated="auto", licence="x" * 200, languages=("zh",) * 40
    )
    rows = tuple(RepositoryRow(long, fit=Fit("partly", GB, 3.0)) for _ in range(3))
    view.resize(width, 700)
    view.content().search.filter_button.setChecked(True)
    view.set_list(ListState(rows, searching=True, message="A long sentence that has to be wrapped somewhere. " * 4))
    view.grab()
    details = Details(long, "c0ffee", VARIANTS, card=CARD, page="https://example.com", base=("owner/" + "Base" * 20,) * 4)
    view.set_details(replace(STATE, repository=long, details=details))
    view.grab()
    for page in (view.content().list_page, view.content().details):
        assert page.minimumSizeHint().width() <= width
    inner = view.content().details.area.widget()
    assert inner is not None
    assert inner.minimumSizeHint().width() <= view.content().details.area.viewport().width()


def test_it_changes_its_language_while_it_is_shown(qapp: QApplication, view: DiscoverView) -> None:
    locked = repository(gated="auto", downloads=5, languages=("zh",))
    held = replace_details(DETAILS, locked)
    view.set_details(replace(STATE, repository=locked, details=held, speed_known=False, can_measure=True, message="", checkpoint="running"))
    view.set_list(ListState((RepositoryRow(locked),), searching=True, source="x", speed_known=False, can_measure=True))
    view.set_address(AddressState("", RemoteFile("m.gguf"), Fit("no", 1, room=5), "running", 0.5))
    sources = ElementTree.parse(asset_path("translations/zhiyin_zh_CN.ts")).getroot().iter("source")
    english = {source.text or "" for source in sources} - {"Q4"}

    def left() -> set[str]:
        said = {text for widget in view.findChildren(QWidget) for text in (widget.accessibleName(), widget.toolTip())}
        said |= {str(widget.property("text")) for widget in view.findChildren(QWidget) if widget.property("text")}
        boxes = view.findChildren(QComboBox)
        return (said | {box.itemText(place) for box in boxes for place in range(box.count())}) & english

    assert len(left()) > 50
    i18n.install(qapp, "zh_CN")
    qapp.processEvents()
    assert left() == set()


def replace_details(details: Details, one: Repository) -> Details:
    held = (RemoteFile("config.json", 1),)
    return Details(one, details.revision, details.variants, held, details.base, details.card, details.page)


def test_everything_that_can_be_focused_has_a_name(view: DiscoverView) -> None:
    view.set_details(STATE)
    content = view.content()
    content.address.set_state(AddressState("", RemoteFile("m.gguf", 1)))
    nameless = [
        f"{type(widget).__name__} in {type(widget.parent()).__name__}"
        for widget in content.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not (widget.accessibleName() or widget.property("text"))
        and not isinstance(widget.window(), QComboBox)
        and not isinstance(widget.parent().parent() if widget.parent() else None, QComboBox)
    ]
    assert nameless == []
