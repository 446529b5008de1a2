"""The view of downloads: what it says of each, what can be pressed and when, and how the order is changed."""

import msgspec
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from zhiyin import i18n
from zhiyin.controllers.download_presentation import Course, download_item, past_item, summary_of
from zhiyin.controllers.download_queue import other_source, shares
from zhiyin.ui.download_card import CANCEL, DOWN, PAUSE, RESUME, UP, DownloadCard, DownloadItem
from zhiyin.ui.download_history import (
    AT_FIRST,
    CHAT,
    CONVERT,
    OTHER_SOURCE,
    PAGE,
    REMOVE,
    RETRY,
    SETTINGS,
    SHOW,
    PastItem,
    PastRow,
)
from zhiyin.ui.downloads_content import DownloadsContent, Summary
from zhiyin.ui.downloads_view import DownloadsView
from zhiyin_models.errors import Code, Failure
from zhiyin_models.hub.settings import SOURCES, Source
from zhiyin_models.hub.values import RemoteFile
from zhiyin_models.jobs.protocol import Download, JobState, Outcome, Output, Status
from zhiyin_models.work import Progress, Stage

MB, GB = 1 << 20, 1 << 30
TASK = Download(
    "Hugging Face", "huggingface", "Qwen/Qwen3-4B", "c" * 40, (RemoteFile("Qwen3-4B-Q4_K_M.gguf", 2 * GB),), "/m", "/d", name="Qwen3-4B"
)  # fmt: skip


@pytest.fixture
def view(qtbot: QtBot) -> DownloadsView:
    made = DownloadsView()
    qtbot.addWidget(made)
    made.resize(760, 900)
    made.show()
    return made


def item(identity: str = "1", status: Status = Status.RUNNING, **more: object) -> DownloadItem:
    return DownloadItem(identity, f"model {identity}", "Q4_K_M", "Hugging Face", status, **more)  # type: ignore[arg-type]


def queue(view: DownloadsView, *items: DownloadItem, qtbot: QtBot | None = None) -> DownloadsContent:
    view.set_queue(items, summary_of(items, 0, offline=False))
    content = view.content()
    if qtbot is not None:
        qtbot.waitUntil(content.isVisible)
    return content


def card(content: DownloadsContent, identity: str = "1") -> DownloadCard:
    return content.queue.cards()[identity]


def offered(widget: DownloadCard | PastRow) -> set[str]:
    return {name for name, button in widget.buttons.items() if not button.isHidden()}


def waiting(*names: str) -> list[DownloadItem]:
    return [item(name, Status.QUEUED, total=MB, place=place, places=len(names)) for place, name in enumerate(names, 1)]


# ---------------------------------------------------------------- what is under way


def test_nothing_is_built_before_it_is_seen_and_an_empty_page_leads_to_something(qtbot: QtBot) -> None:
    made = DownloadsView()
    qtbot.addWidget(made)
    made.set_queue([item()], Summary(running=1))
    assert made.findChildren(DownloadCard) == []
    made.set_queue([], Summary())
    made.show()
    content = made.content()
    qtbot.waitUntil(content.empty.isVisible)
    with qtbot.waitSignal(made.discover_requested):
        content.discover_button.click()
    made.set_past([PastItem("1", "x", Status.FINISHED)])
    assert not content.empty.isVisible()


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (item(stage=Stage.DOWNLOAD, done=GB, total=4 * GB, speed=MB, left=300.0), "25% · about 5 min left · 1.0 MB/s · 1.0 GB of 4.0 GB"),
        (item(stage=Stage.DOWNLOAD, done=GB, total=-1, speed=10 * MB), "1.0 GB · 10.0 MB/s"),
        (item(), "Starting…"),
        (item(stage=Stage.WAIT, left=12.3, done=GB, total=2 * GB), "Waiting for the network · next try in 12 s · 50% · 1.0 GB of 2.0 GB"),
        (item(stage=Stage.HASH, checked=0.5, done=GB, total=GB), "Checking · 50%"),
        (item(status=Status.QUEUED), "Waits for its turn"),
        (item(status=Status.QUEUED, held=True), "Waits: offline mode is on"),
        (item(status=Status.PAUSED, done=GB, total=2 * GB), "Paused · 50% · 1.0 GB of 2.0 GB"),
        (item(status=Status.INTERRUPTED), "Interrupted"),
        (item(elsewhere=True), "Another program is downloading it"),
    ],
)  # fmt: skip
def test_a_card_says_how_it_stands(view: DownloadsView, shown: DownloadItem, words: str) -> None:
    one = card(queue(view, shown))
    assert one.state.text() == words
    assert one.accessibleName() == f"model 1, {words}"


@pytest.mark.parametrize(
    ("shown", "buttons"),
    [
        (item(), {PAUSE, CANCEL}),
        (item(status=Status.PAUSED, place=1, places=1), {RESUME, CANCEL}),
        (item(status=Status.QUEUED, place=2, places=3), {UP, DOWN, PAUSE, CANCEL}),
        (item(status=Status.QUEUED, place=1, places=3), {DOWN, PAUSE, CANCEL}),
        (item(elsewhere=True), set()),
    ],
)
def test_a_card_offers_what_can_be_done(view: DownloadsView, shown: DownloadItem, buttons: set[str]) -> None:
    assert offered(card(queue(view, shown))) == buttons


def test_why_it_does_not_go_on_is_said(view: DownloadsView) -> None:
    one = card(queue(view, item(status=Status.PAUSED, note="The disk is full.")))
    assert one.note.text() == "The disk is full."
    assert not one.note.isHidden()


def test_everything_can_be_done_with_the_keyboard(view: DownloadsView, qtbot: QtBot) -> None:
    content = queue(view, *waiting("a", "b", "c"), qtbot=qtbot)
    moved: list[tuple[str, int]] = []
    acted: list[tuple[str, str]] = []
    view.moved.connect(lambda identity, place: moved.append((identity, place)))
    view.acted.connect(lambda identity, action: acted.append((identity, action)))
    second = card(content, "b")
    second.setFocus()
    qtbot.keyClick(second, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    qtbot.keyClick(second, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    qtbot.keyClick(second, Qt.Key.Key_Space)
    qtbot.keyClick(second, Qt.Key.Key_Delete)
    assert moved == [("b", 0), ("b", 2)]
    assert acted == [("b", PAUSE), ("b", CANCEL)]
    queue(view, *waiting("a", "c"))
    QApplication.processEvents()
    assert card(content, "c").hasFocus()  # the keyboard is not lost with the card
    for one in content.queue.cards().values():
        for button in one.findChildren(QToolButton):
            assert button.accessibleName()


def test_a_card_is_dragged_to_another_place(view: DownloadsView, qtbot: QtBot) -> None:
    content = queue(view, item("r"), *waiting("a", "b", "c"), qtbot=qtbot)
    qtbot.waitUntil(lambda: card(content, "c").geometry().top() > card(content, "b").geometry().top() > 0)
    moved: list[tuple[str, int]] = []
    view.moved.connect(lambda identity, place: moved.append((identity, place)))

    def drag(identity: str, to: int) -> None:
        handle = card(content, identity).handle
        target = handle.mapFrom(content.queue, QPoint(20, to))
        qtbot.mousePress(handle, Qt.MouseButton.LeftButton)
        qtbot.mouseMove(handle, target)
        qtbot.mouseRelease(handle, Qt.MouseButton.LeftButton, pos=target)

    drag("a", content.queue.height() - 1)
    drag("c", 0)  # above what runs: it becomes the first of those that wait
    drag("b", card(content, "b").geometry().center().y())
    assert moved == [("a", 2), ("c", 0)]
    assert card(content, "r").handle.isHidden()


def test_the_summary_speaks_of_all_together(view: DownloadsView, qtbot: QtBot) -> None:
    items = [
        item("1", stage=Stage.DOWNLOAD, done=GB, total=2 * GB, speed=10 * MB),
        item("2", Status.QUEUED, total=2 * GB),
        item("3", Status.PAUSED),
    ]
    summary = summary_of(items, 20 * MB, offline=False)
    assert (summary.running, summary.waiting, summary.paused, summary.fraction) == (1, 1, 1, 0.25)
    assert summary.left == pytest.approx(3 * GB / (10 * MB))
    view.set_queue(items, summary)
    content = view.content()
    assert content.words.text() == "1 running · 1 waiting · 1 paused · 10.0 MB/s · about 5 min left · at most 20.0 MB/s"
    for button, signal in ((content.pause_button, view.pause_all_requested), (content.resume_button, view.resume_all_requested)):
        with qtbot.waitSignal(signal):
            button.click()
    view.set_queue(items, Summary(offline=True))
    with qtbot.waitSignal(view.online_requested):
        content.online_button.click()


# ---------------------------------------------------------------- what is over


def test_a_row_says_how_it_went_and_what_can_be_done(view: DownloadsView, qtbot: QtBot) -> None:
    done = PastItem("1", "Qwen", Status.FINISHED, "Q4_K_M", GB, 1_700_000_000, 100.0, actions=(CHAT, SHOW), notices=("Another stood in.",))
    failed = PastItem(
        "2", "Llama", Status.FAILED, failure="It wants a token.", actions=(RETRY, OTHER_SOURCE, SETTINGS), other_source="ModelScope"
    )
    view.set_past([done, failed])
    rows = view.content().history.rows()
    assert rows["1"].words.text().endswith(" · 2 min · 10.2 MB/s")
    assert rows["1"].words.text().startswith("Q4_K_M · 1.0 GB · 11/1")
    assert rows["1"].notices.text() == "Another stood in."
    assert offered(rows["1"]) == {CHAT, SHOW}
    assert rows["2"].failure.text() == "It wants a token."
    assert rows["2"].buttons[OTHER_SOURCE].text() == "Try ModelScope"
    assert rows["2"].accessibleDescription() == "It wants a token."
    with qtbot.waitSignal(view.acted) as heard:
        rows["2"].buttons[SETTINGS].click()
    assert heard.args == ["2", SETTINGS]
    with qtbot.waitSignal(view.acted) as heard:
        rows["2"].remove_button.click()
    assert heard.args == ["2", REMOVE]
    with qtbot.waitSignal(view.clear_requested):
        view.content().history.clear_button.click()


def test_a_long_history_is_built_bit_by_bit(view: DownloadsView) -> None:
    view.set_past([PastItem(str(number), "x", Status.FINISHED) for number in range(60)])
    history = view.content().history
    assert len(history.rows()) == AT_FIRST
    history.more_button.click()
    history.more_button.click()
    assert len(history.rows()) == 60
    assert history.more_button.isHidden()


# ---------------------------------------------------------------- from states to words


def a_state(status: Status, **more: object) -> JobState:
    return JobState("1", TASK, status, 1000.0, **more)  # type: ignore[arg-type]


def shown(state: JobState, course: Course) -> DownloadItem:
    return download_item(state, state.status, course, elsewhere=False, held=False, place=0, places=0)


def test_the_course_of_a_download_is_remembered() -> None:
    course = Course(TASK)
    assert (course.done, course.total) == (0, 2 * GB)
    for part in range(1, 101):
        course.take(Progress(Stage.DOWNLOAD, part * GB / 100, GB, 1.0, speed=part * MB), live=True)
    assert course.total == GB
    assert course.speeds[0][0] == pytest.approx(0.01)
    assert course.speeds[-1] == (1.0, 100 * MB)
    for part in range(1, 5000):
        course.take(Progress(Stage.DOWNLOAD, part * GB / 5000, GB, 1.0, speed=MB), live=True)
    assert len(course.speeds) <= 120
    course.take(Progress(Stage.HASH, 1, 4), live=True)
    running = shown(a_state(Status.RUNNING), course)
    assert (running.checked, running.stage) == (0.25, Stage.HASH)
    assert running.fraction > 0.99  # what is there is there
    course.begin_anew()
    assert shown(a_state(Status.RUNNING), course).stage is None
    assert shown(a_state(Status.RUNNING), course).detail == "Q4_K_M"


@pytest.mark.parametrize(
    ("code", "args", "actions"),
    [
        (Code.HUB_GATED, {"name": "x", "address": "https://huggingface.co/x"}, (RETRY, PAGE, SETTINGS)),
        (Code.HUB_GATED, {"name": "x", "address": "file:///etc/passwd"}, (RETRY, SETTINGS)),  # only what a browser may open
        (Code.CHECKSUM_DIFFERS, {"name": "x", "address": "y"}, (RETRY, OTHER_SOURCE)),
        (Code.NETWORK_PROXY, {"address": "x", "detail": "y"}, (RETRY, SETTINGS)),
        (Code.OUTPUT_EXISTS, {"path": "x"}, (RETRY,)),
    ],
)
def test_what_helps_depends_on_what_went_wrong(code: Code, args: dict[str, str], actions: tuple[str, ...]) -> None:
    state = a_state(Status.FAILED, failure=Failure(code, dict(args)))
    found = past_item(state, Course(TASK), other_source(TASK, SOURCES))
    assert found.actions == actions
    assert found.failure
    assert found.other_source == "HF-Mirror"


def test_a_finished_one_is_offered_for_what_it_is() -> None:
    outcome = Outcome(
        (Output("gguf", "/m/x.gguf"),), notices=(Failure(Code.SOURCE_SWITCHED, {"name": "n", "address": "a", "detail": "d"}),)
    )
    state = a_state(Status.FINISHED, begun=1100.0, ended=1160.0, spent=40.0, outcome=outcome)
    found = past_item(state, Course(TASK), None)
    assert (found.actions, found.seconds, found.ended) == ((CHAT, SHOW), 100.0, 1160.0)
    assert "another source stood in" in found.notices[0]
    checkpoint = msgspec.structs.replace(state, task=msgspec.structs.replace(TASK, purpose="checkpoint"))
    assert past_item(checkpoint, Course(TASK), None).actions == (CONVERT, SHOW)


def test_a_speed_limit_is_shared_and_what_one_cannot_use_goes_to_the_others() -> None:
    assert shares(0, {"a": 1.0, "b": None}, {}) == {"a": 0, "b": 0}
    assert shares(100, {}, {}) == {}
    assert shares(1000, {"a": None, "b": None}, {}) == {"a": 500, "b": 500}
    assert shares(1000, {"a": 100.0, "b": 490.0}, {"a": 500, "b": 500}) == {"a": 150, "b": 850}
    assert shares(1000, {"a": 150.0, "b": 850.0}, {"a": 150, "b": 850}) == {"a": 500, "b": 500}  # it wants more again
    assert shares(1, {"a": None, "b": None}, {}) == {"a": 1, "b": 1}


def test_another_source_is_the_next_of_the_same_kind() -> None:
    mirror = Source("m", "huggingface", "https://m")
    assert other_source(TASK, (*SOURCES, mirror)) == SOURCES[1]
    assert other_source(msgspec.structs.replace(TASK, source="HF-Mirror"), (*SOURCES, mirror)) == mirror
    assert other_source(msgspec.structs.replace(TASK, source="m"), (*SOURCES, mirror)) == SOURCES[0]
    assert other_source(TASK, SOURCES[:1]) is None


# ---------------------------------------------------------------- language and width


def test_it_follows_the_language_and_fits_a_narrow_window(view: DownloadsView, qtbot: QtBot, qapp: QApplication) -> None:
    long = [
        item(status, status, stage=Stage.DOWNLOAD, done=GB, total=4 * GB, speed=MB, left=5000.0, place=2, places=4) for status in Status
    ]
    past = [PastItem(str(n), "x" * 80, s, failure="y" * 300, actions=(RETRY, PAGE, SETTINGS)) for n, s in enumerate(Status)]
    content = queue(view, *long, qtbot=qtbot)
    view.set_past(past)
    view.resize(430, 900)
    QApplication.processEvents()
    assert content.widget().minimumSizeHint().width() <= 430
    i18n.install(qapp, "zh_CN")
    QApplication.processEvents()
    assert content.heading.text() == "正在进行"
    assert card(content, Status.PAUSED).state.text().startswith("已暂停")
    assert content.widget().minimumSizeHint().width() <= 430
    for widget in content.findChildren(QWidget):
        assert "Paused" not in widget.accessibleName()
