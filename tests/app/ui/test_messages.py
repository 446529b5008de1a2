"""The banner, the undo notice, the context meter, the first-run page and the empty state."""

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPointF, Qt
from PySide6.QtGui import QColor, QEnterEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from zhiyin import i18n
from zhiyin.ui.banner import MOST, Banner
from zhiyin.ui.context_meter import BAR_WIDTH, ContextMeter
from zhiyin.ui.empty_state import EmptyState
from zhiyin.ui.first_run_page import FirstRunPage
from zhiyin.ui.theme import theme
from zhiyin.ui.toast import UndoToast

# ---------------------------------------------------------------- banner


@pytest.fixture
def banner(qtbot: QtBot) -> Banner:
    widget = Banner()
    qtbot.addWidget(widget)
    widget.resize(600, 40)
    return widget


def test_a_message_appears_and_its_action_is_announced(banner: Banner, qtbot: QtBot) -> None:
    heard: list[str] = []
    banner.action.connect(heard.append)
    assert not banner.isVisible()
    banner.show_message("The engine ended.", "error", [("reload", "Load again"), ("other", "Choose another")])
    assert banner.isVisible()
    (message,) = banner.messages()
    assert [button.text() for button in message.buttons] == ["Load again", "Choose another"]
    qtbot.mouseClick(message.buttons[1], Qt.MouseButton.LeftButton)
    assert heard == ["other"] and not banner.isVisible()


def test_a_message_can_be_closed(banner: Banner, qtbot: QtBot) -> None:
    banner.show_message("one", key="k")
    qtbot.mouseClick(banner.messages()[0].close_button, Qt.MouseButton.LeftButton)
    assert banner.texts() == [] and not banner.isVisible()


def test_words_given_as_functions_follow_the_language(banner: Banner, qapp: QApplication) -> None:
    banner.show_message(
        lambda: QCoreApplication.translate("_Message", "Close"), actions=[("x", lambda: QCoreApplication.translate("Composer", "Send"))]
    )
    banner.show_message("as it is", actions=[("y", "this too")])
    i18n.install(qapp, "zh_CN")
    qapp.processEvents()
    said, fixed = banner.messages()
    assert (said.label.text(), said.accessibleName()) == ("关闭", "关闭")
    assert [button.text() for button in (*said.buttons, *fixed.buttons)] == ["发送", "this too"]
    assert banner.texts()[1] == "as it is"
    banner.dismiss("Close")
    assert banner.texts() == ["as it is"]


def test_an_undo_notice_follows_the_language(toast: UndoToast, qapp: QApplication) -> None:
    toast.show_message(lambda: QCoreApplication.translate("MainWindow", "Conversation deleted"), "Undo")
    before = toast.remaining()
    i18n.install(qapp, "zh_CN")
    qapp.processEvents()
    assert toast.label.text() == QCoreApplication.translate("MainWindow", "Conversation deleted") != "Conversation deleted"
    assert toast.accessibleName() == toast.label.text()
    assert 0 < toast.remaining() <= before


def test_at_most_three_and_equal_ones_do_not_pile_up(banner: Banner) -> None:
    for text in ("a", "b", "a", "c", "d"):
        banner.show_message(text)
    assert MOST == 3 and banner.texts() == ["a", "c", "d"]
    banner.show_message("new words", "warning", key="c")
    assert banner.texts() == ["a", "d", "new words"]
    banner.dismiss("a")
    banner.dismiss("not there")
    assert banner.texts() == ["d", "new words"]
    banner.clear()
    assert not banner.isVisible()


def test_of_two_messages_with_the_same_action_the_pressed_one_goes(banner: Banner, qtbot: QtBot) -> None:
    banner.show_message("first", actions=[("reload", "Load again")])
    banner.show_message("second", actions=[("reload", "Load again")])
    qtbot.mouseClick(banner.messages()[1].buttons[0], Qt.MouseButton.LeftButton)
    assert banner.texts() == ["first"]


def test_text_is_never_markup(banner: Banner) -> None:
    banner.show_message("<img src='file:///etc/passwd'><b>x</b>" * 20, "warning")
    assert banner.messages()[0].label.textFormat() == Qt.TextFormat.PlainText
    assert not banner.grab().isNull()


@pytest.mark.parametrize("width", [380, 600, 900])
def test_nothing_is_cut_off_at_any_width(qtbot: QtBot, width: int) -> None:
    page = FirstRunPage()
    qtbot.addWidget(page)
    banner = Banner()
    page.banner_slot.take(banner)
    page.resize(width, 800)
    page.show()
    banner.show_message(
        "A sentence that goes on for quite a while, about a model with a long name. " * 2,
        "error",
        [("a", "Use another one"), ("b", "Choose a model")],
    )
    (message,) = banner.messages()
    qtbot.waitUntil(lambda: message.label.height() >= message.label.heightForWidth(message.label.width()))
    for button in message.buttons:
        assert button.width() >= button.sizeHint().width() and message.rect().contains(button.geometry())


# ---------------------------------------------------------------- undo


@pytest.fixture
def toast(qtbot: QtBot) -> UndoToast:
    over = QWidget()
    qtbot.addWidget(over)
    over.resize(500, 400)
    over.show()
    return UndoToast(over)


def pointer_over(toast: UndoToast) -> None:
    at = QPointF(5, 5)
    QApplication.sendEvent(toast, QEnterEvent(at, at, toast.mapToGlobal(at)))


def test_the_action_is_offered_and_then_gone(toast: UndoToast, qtbot: QtBot) -> None:
    heard: list[str] = []
    toast.action.connect(lambda: heard.append("undo"))
    toast.expired.connect(lambda: heard.append("expired"))
    toast.show_message("Deleted", "Undo", 60)
    assert toast.isVisible() and toast.remaining() > 0
    qtbot.mouseClick(toast.button, Qt.MouseButton.LeftButton)
    assert heard == ["undo"] and not toast.isVisible() and toast.remaining() < 0


def test_it_leaves_by_itself(toast: UndoToast, qtbot: QtBot) -> None:
    with qtbot.waitSignal(toast.expired, timeout=5000):
        toast.show_message("Deleted", "Undo", 0.01)
    assert not toast.isVisible()


def test_it_waits_under_the_pointer(toast: UndoToast) -> None:
    toast.show_message("Deleted", "Undo", 60)
    pointer_over(toast)
    assert toast.isVisible() and toast.remaining() == -1
    QApplication.sendEvent(toast, QEvent(QEvent.Type.Leave))
    assert toast.remaining() > 0
    toast.hide()


def test_a_second_notice_expires_the_first(toast: UndoToast) -> None:
    expired: list[str] = []
    toast.show_message("first", "Undo", 60)
    toast.expired.connect(lambda: expired.append(toast.label.text()))
    toast.show_message("second", "Undo", 60)
    assert expired == ["first"] and toast.label.text() == "second" and toast.isVisible()
    toast.hide()


def test_it_stays_inside_and_above_what_lies_below(toast: UndoToast, qtbot: QtBot) -> None:
    toast.set_clearance(100)
    toast.show_message("x" * 300, "Undo", 60)
    over = toast.parentWidget()
    assert over is not None
    for width in (500, 240):
        over.resize(width, 400)
        qtbot.waitUntil(lambda wide=width: toast.width() <= wide)  # type: ignore[misc]  # the width of this turn
        assert over.rect().contains(toast.geometry()) and toast.geometry().bottom() < 300
    toast.hide()


# ---------------------------------------------------------------- context meter


@pytest.fixture
def meter(qtbot: QtBot) -> ContextMeter:
    widget = ContextMeter()
    qtbot.addWidget(widget)
    widget.resize(700, widget.height())
    widget.show()
    return widget


def bar(meter: ContextMeter) -> dict[str, int]:
    """Pixels of each role along the middle of the bar."""
    image = meter.grab().toImage()
    colors = [image.pixelColor(x, meter.height() // 2) for x in range(BAR_WIDTH)]
    return {role: colors.count(QColor(theme().color(role))) for role in ("jade", "ink.soft", "line", "accent", "ochre")}


def test_it_says_used_reused_and_total(meter: ContextMeter) -> None:
    meter.set_context(3120, 2980, 8192)
    meter.set_speed(61.34, 0.21)
    assert meter.words() == "context 3,120 / 8,192 · reused 2,980"
    assert meter.speed_words() == "61 tokens/s · first token 0.2 s"
    assert "3,120" in meter.accessibleName() and meter.toolTip()


def test_the_bar_shows_the_shares(meter: ContextMeter) -> None:
    meter.set_context(4096, 2048, 8192)
    shares = bar(meter)
    assert abs(shares["jade"] - BAR_WIDTH / 4) <= 3
    assert abs(shares["ink.soft"] - BAR_WIDTH / 4) <= 3
    assert abs(shares["line"] - BAR_WIDTH / 2) <= 3
    meter.set_context(8000, 0, 8192)
    assert bar(meter)["ochre"] > BAR_WIDTH * 0.9


def test_the_prompt_being_read_takes_its_place(meter: ContextMeter) -> None:
    meter.set_context(100, 0, 8192)
    meter.set_prefill(1000, 4000)
    assert meter.words() == "reading the prompt 1,000 / 4,000"
    assert abs(bar(meter)["accent"] - BAR_WIDTH / 4) <= 3
    meter.clear_prefill()
    assert meter.words().startswith("context")
    meter.set_prefill(0, 0)
    assert meter.words().startswith("context")


def test_left_out_turns_are_said(meter: ContextMeter) -> None:
    meter.set_context(8000, 10, 8192, 4)
    assert "turns left out: 4" in meter.words() and "no longer fit" in meter.toolTip()


@pytest.mark.parametrize("numbers", [(0, 0, 0), (9000, 9999, 8192), (-5, -1, 100), (10, 20, -3)])
def test_odd_numbers_do_no_harm(meter: ContextMeter, numbers: tuple[int, int, int]) -> None:
    meter.set_context(*numbers)
    assert not meter.grab().isNull()
    meter.clear()
    assert meter.words() == "" and meter.speed_words() == ""


def test_narrow_room_keeps_the_context_and_drops_the_speed(meter: ContextMeter) -> None:
    meter.set_context(3120, 2980, 8192)
    meter.set_speed(61, 0.2)
    meter.resize(300, meter.height())
    image = meter.grab().toImage()
    assert image.pixelColor(299, meter.height() // 2) == image.pixelColor(299, 0)


# ---------------------------------------------------------------- first run, empty state


def test_first_run_offers_the_starter_only_when_it_is_there(qtbot: QtBot) -> None:
    page = FirstRunPage()
    qtbot.addWidget(page)
    page.resize(700, 600)
    page.show()
    heard: list[str] = []
    page.use_starter.connect(lambda: heard.append("starter"))
    page.open_file.connect(lambda: heard.append("file"))
    page.cancel_requested.connect(lambda: heard.append("cancel"))
    assert not page.starter_button.isVisible() and page.open_button.isVisible()
    page.set_starter(True, "101 MB")
    assert "101 MB" in page.starter_button.text()
    qtbot.mouseClick(page.starter_button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(page.open_button, Qt.MouseButton.LeftButton)
    seal_at = page.seal.mapTo(page, page.seal.rect().topLeft())
    page.set_loading(0.4)
    assert "40%" in page.state.text() and page.progress.value() == 400 and not page.starter_button.isVisible()
    page.grab()
    assert page.seal.mapTo(page, page.seal.rect().topLeft()) == seal_at
    qtbot.mouseClick(page.cancel_button, Qt.MouseButton.LeftButton)
    page.show_error("x.gguf is not a GGUF model.")
    assert page.state.text() == "x.gguf is not a GGUF model." and page.starter_button.isVisible() and not page.progress.isVisible()
    page.set_loading(0.0)
    page.set_loading(None)
    assert not page.state.isVisible()
    assert heard == ["starter", "file", "cancel"]


def test_the_empty_state_shows_a_seal_and_a_line(qtbot: QtBot) -> None:
    empty = EmptyState()
    qtbot.addWidget(empty)
    empty.resize(400, 300)
    empty.show()
    empty.set_seal("李")
    assert empty.line() == empty.accessibleName() != ""
    image = empty.grab().toImage()
    red = sum(image.pixelColor(x, y).red() > 150 > image.pixelColor(x, y).green() + 60 for x in range(150, 250) for y in range(40, 160))
    assert red > 800


def test_beside_the_budget_the_meter_tells_of_the_last_prompt_alone(meter: ContextMeter) -> None:
    meter.set_compact(True)
    meter.set_context(0, 0, 8192)
    assert meter.words() == ""
    meter.set_context(3120, 2980, 8192)
    assert "8,192" not in meter.words() and "3,120" in meter.words() and "2,980" in meter.words()
    meter.set_compact(False)
    assert "8,192" in meter.words()
