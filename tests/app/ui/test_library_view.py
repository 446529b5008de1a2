"""The view of installed models alone: rows, search and order, details, jobs, keys, widths, languages."""

import time

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from zhiyin import i18n
from zhiyin.ui.drop_bar import DropBar
from zhiyin.ui.library_job_row import LibraryJobRow
from zhiyin.ui.library_model import FoundItem, LibraryItem, Order, natural
from zhiyin.ui.library_values import (
    CANCEL,
    CHAT,
    DISMISS,
    LOCATE,
    REMOVE,
    RENAME,
    RESUME,
    REVEAL,
    UPDATE,
    USE,
    VERIFY,
    Disk,
    FileFacts,
    LibraryJob,
)
from zhiyin.ui.library_view import LibraryView
from zhiyin.ui.model_words import context_text, day_text, languages_text
from zhiyin.ui.theme import apply_theme
from zhiyin.ui.toast import UndoToast
from zhiyin_models.jobs.protocol import Status
from zhiyin_models.library.installed import InstalledModel, Origin
from zhiyin_models.work import Progress, Stage

GB = 1 << 30
DAY = 86_400
QWEN = InstalledModel(
    "Qwen3-4B", "/m/Qwen3-4B-Q4_K_M.gguf", 2 * GB, "qwen3", "Q4_K_M", 4_020_000_000, 32_768, languages=("zh", "en"), licence="apache-2.0",
    last_used=time.time() - 3 * DAY, notes="写诗", owned=True,
    origin=Origin("Hugging Face", "Qwen/Qwen3-4B-GGUF", "0123456789abcdef", {"a": "b"}),
)  # fmt: skip
LLAMA = InstalledModel("Llama-14B <b>", "/m/llama.gguf", 8 * GB, "llama", "Q8_0", 14_000_000_000, 8192, last_used=time.time(), owned=True)
GONE = InstalledModel("Gone-1B", "/usb/gone.gguf", GB, "llama", "F16", 1_000_000_000, missing=True)
BERT = InstalledModel("bge-m3", "/m/bge.gguf", GB // 2, "bert", owned=True)
ITEMS = (LibraryItem(QWEN, update=True), LibraryItem(LLAMA, loaded=True), LibraryItem(GONE), LibraryItem(BERT, why="It cannot chat."))
FOUND = (FoundItem("Ollama", "/o/blob", "gemma3:4b", 3 * GB), FoundItem("Jan", "/j/phi.gguf", "phi", GB))
FACTS = FileFacts((("general.architecture", "qwen3"),), 7, (("Q4_K", 200, GB), ("F32", 90, 1 << 20)), "{{ <b>x</b> }}", 36, 151_936, 2)


@pytest.fixture
def view(qtbot: QtBot) -> LibraryView:
    made = LibraryView()
    qtbot.addWidget(made)
    made.set_items(ITEMS)
    made.resize(1000, 700)
    made.show()
    return made


def heard(view: LibraryView) -> list[tuple[str, str]]:
    said: list[tuple[str, str]] = []
    view.acted.connect(lambda action, path: said.append((action, path)))
    return said


def rows(view: LibraryView) -> list[str]:
    return view.content().list.rows.shown()


def visible(view: LibraryView) -> set[str]:
    details = view.content().details
    buttons = {**details.buttons, **details.icon_buttons}
    return {name for name, button in buttons.items() if button.isVisible()}


# ---------------------------------------------------------------- the list


def test_a_row_says_everything_in_words(view: LibraryView) -> None:
    model = view.content().list.rows
    said = {path: model.index_of(path).data(Qt.ItemDataRole.AccessibleTextRole) for path in rows(view)}
    parts = (
        "Qwen3-4B",
        "4.02B · Q4_K_M · 32K · Chinese, English · apache-2.0 · Hugging Face",
        "2.0 GB",
        "3 days ago",
        "an update is available",
    )
    assert said[QWEN.path] == ", ".join(parts)
    assert said[LLAMA.path].endswith("today, in memory")
    assert said[GONE.path] == "Gone-1B, The file is not there any more"
    assert "It cannot chat." in said[BERT.path]
    assert model.index_of(LLAMA.path).data(Qt.ItemDataRole.ToolTipRole) == "/m/llama.gguf"


def test_search_looks_at_everything_that_is_known(view: LibraryView, qtbot: QtBot) -> None:
    view.set_found(FOUND)
    search = view.content().search
    for text, expected in (
        ("qwen", [QWEN.path]),
        ("写诗", [QWEN.path]),
        ("chinese q4", [QWEN.path]),
        ("apache", [QWEN.path]),
        ("usb", [GONE.path]),
        ("ollama", ["/o/blob"]),
        ("llama 8192", []),
    ):
        search.setText(text)
        assert rows(view) == expected, text
    assert view.content().nothing.label.text() == "No model fits “llama 8192”."
    assert not view.content().nothing.discover_button.isVisible()
    qtbot.keyClick(search, Qt.Key.Key_Escape)
    assert len(rows(view)) == 6


def test_models_are_sorted_by_what_is_chosen_and_numbers_count(view: LibraryView) -> None:
    sort = view.content().sort
    orders = {}
    for order in Order:
        sort.setCurrentIndex(sort.findData(order))
        orders[order] = [path for path in rows(view) if path != BERT.path]
    assert orders[Order.NAME] == [GONE.path, LLAMA.path, QWEN.path]
    assert orders[Order.USED] == [LLAMA.path, QWEN.path, GONE.path]
    assert orders[Order.SIZE] == orders[Order.PARAMETERS] == [LLAMA.path, QWEN.path, GONE.path]
    assert sorted(["q-14B", "Q-4B", "q", "10", "q-4B-2"], key=natural) == ["10", "q", "Q-4B", "q-4B-2", "q-14B"]


def test_what_is_marked_stays_when_the_list_is_told_anew(view: LibraryView) -> None:
    said = heard(view)
    view.choose(QWEN.path)
    view.set_items([*ITEMS, LibraryItem(InstalledModel("Aa", "/m/aa.gguf", 1))])
    view.content().sort.setCurrentIndex(2)
    assert view.chosen() == QWEN.path
    view.set_items([item for item in ITEMS if item.model.path != QWEN.path])
    assert view.chosen() == LLAMA.path  # the one in memory
    assert said == []


def test_thousands_of_rows_cost_little(view: LibraryView) -> None:
    many = [
        LibraryItem(
            InstalledModel(f"Model {number}", f"/m/{number}.gguf", number * GB, "llama", "Q4_K_M", number * 10**9, 4096, owned=True)
        )
        for number in range(2000)
    ]
    view.set_items(many)
    listing = view.content().list
    before = len(listing.findChildren(QWidget))
    listing.verticalScrollBar().setValue(listing.verticalScrollBar().maximum())
    listing.grab()
    assert len(listing.findChildren(QWidget)) == before
    assert view.content().amount.text().startswith("2000 models")
    view.update_item(LibraryItem(many[7].model, busy="Checking… 5%"))
    assert listing.rows.at("/m/7.gguf") == view.items()[7]
    listing.verticalScrollBar().setValue(5000)
    view.set_items([LibraryItem(QWEN), *many])  # what is seen stays where it is
    assert listing.verticalScrollBar().value() == 5000
    view.content().sort.setCurrentIndex(1)
    assert listing.viewport().rect().contains(listing.visualRect(listing.rows.index_of(view.chosen())))


# ---------------------------------------------------------------- keys and the pointer


def test_keys_do_what_they_should(view: LibraryView, qtbot: QtBot) -> None:
    said = heard(view)
    renamed: list[tuple[str, str]] = []
    view.renamed.connect(lambda path, name: renamed.append((path, name)))
    listing = view.content().list
    assert listing.hasFocus()
    view.choose(GONE.path)
    qtbot.keyClick(listing, Qt.Key.Key_Down)
    assert view.chosen() == LLAMA.path
    qtbot.keyClick(listing, Qt.Key.Key_Return)
    qtbot.keyClick(listing, Qt.Key.Key_Delete)
    assert said == [(CHAT, LLAMA.path), (REMOVE, LLAMA.path)]
    qtbot.keyClick(listing, Qt.Key.Key_F2)
    editor = listing.findChild(QLineEdit)
    assert isinstance(editor, QLineEdit)
    assert editor.text() == LLAMA.name
    editor.setText("  羊驼  ")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: listing.findChild(QLineEdit) is None)
    assert renamed == [(LLAMA.path, "羊驼")]
    qtbot.keyClick(listing, Qt.Key.Key_Slash)
    assert view.content().search.hasFocus()
    listing.setFocus()
    qtbot.keyClick(listing, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert view.content().search.hasFocus()
    qtbot.keyClicks(view.content().search, "qwen")
    qtbot.keyClick(view.content().search, Qt.Key.Key_Down)
    assert listing.hasFocus()
    assert view.chosen() == QWEN.path


def test_a_list_that_is_told_anew_does_not_take_the_editor_away(view: LibraryView, qtbot: QtBot) -> None:
    view.choose(QWEN.path)
    view.rename_chosen()
    listing = view.content().list
    editor = listing.findChild(QLineEdit)
    assert isinstance(editor, QLineEdit)
    editor.setText("half a na")
    more = LibraryItem(InstalledModel("Aa", "/m/aa.gguf", 1))
    view.set_items([more, *ITEMS])
    view.set_found(FOUND)
    assert listing.findChild(QLineEdit) is editor
    assert editor.text() == "half a na"
    qtbot.keyClick(editor, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: len(rows(view)) == 7)
    assert view.chosen() == QWEN.path


def test_what_cannot_chat_is_not_chatted_with(view: LibraryView, qtbot: QtBot) -> None:
    said = heard(view)
    for path in (GONE.path, BERT.path):
        view.choose(path)
        qtbot.keyClick(view.content().list, Qt.Key.Key_Return)
    assert said == []
    view.set_found(FOUND)
    view.choose("/o/blob")
    qtbot.keyClick(view.content().list, Qt.Key.Key_Return)
    assert said == [(USE, "/o/blob")]


# ---------------------------------------------------------------- the details


def test_what_can_be_done_depends_on_the_model(view: LibraryView) -> None:
    always = {RENAME, VERIFY, REVEAL, REMOVE}
    view.choose(QWEN.path)
    assert visible(view) == {CHAT, UPDATE, *always}
    view.choose(GONE.path)
    assert visible(view) == {LOCATE, *always}
    assert not view.content().details.icon_buttons[VERIFY].isEnabled()
    assert "disk" in view.content().details.message.text()
    view.choose(BERT.path)
    assert visible(view) == always
    assert view.content().details.message.text() == "It cannot chat."
    view.set_found(FOUND)
    view.choose("/o/blob")
    assert visible(view) == {USE}
    assert view.content().details.use_all_button.text() == "Use all (2)"


def test_the_file_says_what_it_is(view: LibraryView) -> None:
    wanted: list[str] = []
    view.facts_wanted.connect(wanted.append)
    view.choose(QWEN.path)
    assert wanted == [QWEN.path]
    view.set_facts(LLAMA.path, FileFacts(layers=99))  # too late: another is shown by now
    view.set_facts(QWEN.path, FACTS)
    details = view.content().details
    facts = dict(details.rows.rows())
    assert facts["Size"] == "2.0 GB in 2 files"
    assert (facts["Layers"], facts["Vocabulary"], facts["Context"]) == ("36", "151,936", "32,768 tokens (32K)")
    assert (facts["Repository"], facts["Revision"], facts["Checksum"]) == (
        "Qwen/Qwen3-4B-GGUF",
        "0123456789ab",
        "known, not checked again yet",
    )
    assert details.tensors.rows() == (("Q4_K", "200 · 1.0 GB"), ("F32", "90 · 1.0 MB"))
    assert not details.template.isVisible()
    details.template_fold.click()
    assert (details.template.isVisible(), details.template.toPlainText()) == (True, "{{ <b>x</b> }}")
    assert details.metadata_fold.text() == "Metadata (8)"
    details.metadata_fold.click()
    assert details.metadata.toPlainText() == "general.architecture: qwen3\n…"
    view.choose(LLAMA.path)
    assert not details.template_fold.isVisible()
    wanted.clear()
    view.set_items([LibraryItem(replace(LLAMA, size=9 * GB)), *ITEMS[2:]])  # another file by the same name
    assert wanted == [LLAMA.path]
    assert details.title.text() == "Llama-14B <b>"


def test_notes_are_told_a_moment_after_the_last_key_and_never_lost(view: LibraryView, qtbot: QtBot) -> None:
    told: list[tuple[str, str]] = []
    view.notes_changed.connect(lambda path, text: told.append((path, text)))
    view.choose(QWEN.path)
    notes = view.content().details.notes
    assert notes.text() == "写诗"
    notes.setPlainText("写诗，也写词")
    qtbot.waitUntil(lambda: told == [(QWEN.path, "写诗，也写词")])
    notes.setPlainText("a")
    view.set_items([LibraryItem(QWEN, update=True), *ITEMS[1:]])
    assert notes.text() == "a"
    view.choose(LLAMA.path)
    assert told[-1] == (QWEN.path, "a")
    assert notes.text() == ""
    notes.setPlainText("b")
    view.hide()
    assert told[-1] == (LLAMA.path, "b")


# ---------------------------------------------------------------- jobs


def test_copies_stand_above_and_a_check_stands_at_its_model(view: LibraryView) -> None:
    acted: list[tuple[str, str]] = []
    view.job_acted.connect(lambda job, action: acted.append((job, action)))
    view.choose(QWEN.path)
    halfway = Progress(Stage.COPY, GB, 2 * GB, 40.0, speed=100 << 20)
    view.set_jobs([LibraryJob("1", "Copy of x", Status.RUNNING, progress=halfway), LibraryJob("2", "Check", Status.RUNNING, QWEN.path)])
    (copy,) = view.content().jobs.values()
    assert copy.state.text() == "50% · 100.0 MB/s · less than a minute left"
    check = view.content().details.job_row()
    assert check is not None
    assert check.state.text() == "Starting…"
    assert not view.content().details.icon_buttons[VERIFY].isEnabled()
    copy.buttons[CANCEL].click()
    check.buttons[CANCEL].click()
    view.set_jobs(
        [LibraryJob("1", "Copy of x", Status.RUNNING, cancelling=True), LibraryJob("2", "Check", Status.FAILED, QWEN.path, said="No.")]
    )
    assert (copy.state.text(), copy.buttons[CANCEL].isEnabled()) == ("Cancelling…", False)
    assert (check.message.text(), check.buttons[RESUME].text()) == ("No.", "Try again")
    check.buttons[RESUME].click()
    check.dismiss_button.click()
    assert acted == [("1", CANCEL), ("2", CANCEL), ("2", RESUME), ("2", DISMISS)]
    view.choose(LLAMA.path)
    assert view.content().details.job_row() is None
    view.set_jobs([])
    assert view.content().jobs == {}


def test_a_job_that_is_over_says_how(qtbot: QtBot) -> None:
    row = LibraryJobRow(LibraryJob("1", "Move", Status.INTERRUPTED))
    qtbot.addWidget(row)
    row.show()
    assert (row.message.text(), row.buttons[RESUME].isVisible(), row.bar.isVisible()) == ("It was interrupted.", True, False)
    row.set_job(LibraryJob("1", "Move", Status.FINISHED))
    assert (row.message.text(), row.buttons[RESUME].isVisible(), row.dismiss_button.isVisible()) == ("Done.", False, True)


# ---------------------------------------------------------------- the frame


@pytest.mark.parametrize(("width", "beside"), [(1000, True), (640, False), (430, False)])
def test_details_stand_beside_the_list_or_below_it(view: LibraryView, qtbot: QtBot, width: int, beside: bool) -> None:
    view.resize(width, 760)
    QApplication.processEvents()
    listing, details = view.content().list, view.content().details
    assert details.isVisible() == beside
    qtbot.mouseClick(listing.viewport(), Qt.MouseButton.LeftButton, pos=listing.visualRect(listing.rows.index_of(QWEN.path)).center())
    QApplication.processEvents()
    assert details.isVisible()
    place = details.mapTo(view, QPoint())
    assert (place.x() > listing.mapTo(view, QPoint()).x() + 200) == beside
    assert details.width() <= width
    assert listing.viewport().rect().contains(listing.visualRect(listing.currentIndex()))
    assert listing.height() > 150
    for widget in view.findChildren(QWidget):
        if widget.isVisible() and not details.isAncestorOf(widget) and not listing.isAncestorOf(widget):
            assert widget.mapTo(view, QPoint(widget.width(), 0)).x() <= width, widget
    if not beside:
        details.close_button.click()
        assert not details.isVisible()


def test_the_folder_gives_way_before_what_is_free(view: LibraryView, qtbot: QtBot) -> None:
    view.resize(430, 700)
    view.set_items(ITEMS)
    view.set_disk(Disk("/home/somebody/a long way/to the folder of/all those models/that are here", 0, 500 * GB))
    content = view.content()
    qtbot.waitUntil(lambda: content.folder.width() < content.folder.sizeHint().width())
    assert content.amount.width() >= content.amount.sizeHint().width()
    button = content.folder_button
    assert content.folder.geometry().left() > content.amount.geometry().right()
    assert button.mapTo(view, QPoint(button.width(), 0)).x() <= 430


def test_an_empty_library_says_what_to_do(view: LibraryView, qtbot: QtBot) -> None:
    view.set_items([])
    view.set_disk(Disk("/home/<x>/models", 0, 5 * GB))
    content = view.content()
    assert not content.list.isVisible() and not content.details.isVisible()
    assert "Drop a GGUF file" in content.nothing.label.text()
    assert content.amount.text() == "0 models · 0 bytes · 5.0 GB free"
    with qtbot.waitSignal(view.discover_requested):
        content.nothing.discover_button.click()
    view.set_found(FOUND)
    assert content.list.isVisible()
    assert content.found.label.text() == "Found on this computer: 2 models of Ollama, Jan"
    with qtbot.waitSignal(view.use_all_requested):
        content.found.all_button.click()
    content.found.show_button.click()
    assert view.chosen() == "/o/blob"
    assert not content.found.isVisible()


@pytest.mark.parametrize("look", ["light", "dark", "contrast"])
def test_it_is_painted_in_every_theme_and_every_control_has_a_name(view: LibraryView, qapp: QApplication, look: str) -> None:
    view.set_found(FOUND)
    view.set_facts(view.chosen(), FACTS)
    apply_theme(qapp, "dark" if look == "dark" else "light", contrast=look == "contrast")
    image = view.content().list.grab().toImage()
    assert len({image.pixel(x, y) for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}) > 8
    nameless = [
        widget
        for widget in view.findChildren(QWidget)
        if widget.isVisible()
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not (widget.accessibleName() or widget.property("text"))
    ]
    assert nameless == []


def test_it_speaks_chinese(view: LibraryView, qapp: QApplication) -> None:
    view.set_found(FOUND)
    view.choose(QWEN.path)
    i18n.install(qapp, "zh_CN")
    qapp.processEvents()
    content = view.content()
    assert content.search.placeholderText() == "搜索"
    assert content.details.buttons[CHAT].text() == "对话"
    assert "3 天前" in content.list.rows.index_of(QWEN.path).data(Qt.ItemDataRole.AccessibleTextRole)
    assert content.list.rows.heading_index().data() == "在这台电脑上找到的"
    assert content.amount.text().startswith("4 个模型")


def test_short_words_for_long_things() -> None:
    assert [context_text(tokens) for tokens in (0, 128, 8192, 131_072, 1 << 20, 40_960, 1500)] == [
        "",
        "128",
        "8K",
        "128K",
        "1M",
        "40K",
        "1.5K",
    ]
    assert languages_text(("zh-CN", "en", "tlh", "de", "fr")) == "Chinese, English, tlh +2"
    assert [day_text(moment) for moment in (0, -5, 1e30)] == ["", "", ""]
    assert day_text(time.time() + 9 * DAY) == "today"


# ---------------------------------------------------------------- what lies over the page


def test_the_bar_asks_once_for_all_that_was_dropped(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    bar = DropBar(parent)
    parent.resize(430, 700)
    parent.show()
    parent.activateWindow()
    qtbot.waitUntil(parent.isActiveWindow)
    chosen: list[tuple[list[str], bool, bool]] = []
    bar.chosen.connect(lambda paths, copy, remember: chosen.append((paths, copy, remember)))
    bar.offer(["/a/" + "x" * 150 + ".gguf"])
    assert bar.place_button.hasFocus()
    assert bar.geometry().right() < 430
    assert bar.copy_button.mapTo(parent, QPoint(bar.copy_button.width(), 0)).x() < 430
    bar.offer(["/b.gguf", "/a/" + "x" * 150 + ".gguf"])
    assert bar.label.text() == "What is to be done with these 2 models?"
    bar.remember.setChecked(True)
    qtbot.keyClick(bar.remember, Qt.Key.Key_Return)
    bar.offer(["/c.gguf"])
    assert not bar.remember.isChecked()
    qtbot.keyClick(bar.copy_button, Qt.Key.Key_Return)
    bar.offer(["/d.gguf"])
    qtbot.keyClick(bar.place_button, Qt.Key.Key_Escape)
    assert chosen == [(["/a/" + "x" * 150 + ".gguf", "/b.gguf"], False, True), (["/c.gguf"], True, False)]
    assert not bar.isVisible()


def test_a_notice_with_functions_of_its_own_tells_nobody_else(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    toast = UndoToast(parent)
    said: list[str] = []
    toast.action.connect(lambda: said.append("action"))
    toast.expired.connect(lambda: said.append("expired"))
    toast.show_message("a", "Undo", 60)
    toast.show_message("b", "Undo", 60, act=lambda: said.append("act"), gone=lambda: said.append("gone"))
    toast.show_message("c", "Undo", 60, act=lambda: said.append("act"))
    toast.button.click()
    toast.show_message("d", "Undo", 60)
    toast.button.click()
    assert said == ["expired", "gone", "act", "action"]
