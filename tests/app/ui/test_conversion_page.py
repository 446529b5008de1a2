"""The page of conversions: what it says of a checkpoint, when it lets one begin, and what can be done about a job."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QTextDocumentFragment
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from zhiyin import i18n
from zhiyin.ui import amounts
from zhiyin.ui.adapter_list import AdapterItem
from zhiyin.ui.conversion_form import Choice, ConversionForm, Place
from zhiyin.ui.conversion_page import ConversionPage, PageState
from zhiyin.ui.job_card import CANCEL, CHAT, DISCARD, REMOVE, RESUME, RETRY, SHOW, JobCard, JobView
from zhiyin.ui.theme import apply_theme, ui_font
from zhiyin.ui.type_table import column_size
from zhiyin_models.convert.inspection import CONTEXTS, Inspection, TypeEstimate
from zhiyin_models.jobs.protocol import Output, Status
from zhiyin_models.work import Progress, Stage

MB = 1 << 20
BITS = {"F32": 32.0, "BF16": 16.0, "Q8_0": 8.5, "Q6_K": 6.5, "Q5_K_M": 5.7, "Q4_K_M": 4.8, "Q4_0": 4.5, "Q2_K": 3.0}
TYPES = tuple(
    TypeEstimate(kind, int(100 * MB * bits), tuple(int(100 * MB * bits) + context * 1000 for context in CONTEXTS),
                 {"Q4_K_M": 0.0535, "Q8_0": 0.0004}.get(kind))
    for kind, bits in BITS.items()
)  # fmt: skip
FOUND = Inspection(
    path="/checkpoints/<b>小模型</b>", name="小模型", architecture="Qwen2ForCausalLM", family="qwen2", parameters=494_032_768, dtype="BF16",
    size=988 * MB, layers=24, context=32_768, vocabulary=151_936, tokenizer="BPE", pre="qwen2", template="", types=TYPES,
)  # fmt: skip
ROOMY = Place("/data/models", 100_000 * MB)
STAGES = (Stage.CONVERT, Stage.PROVE, Stage.EVALUATE, Stage.SMOKE)


@pytest.fixture
def page(qtbot: QtBot) -> ConversionPage:
    made = ConversionPage()
    qtbot.addWidget(made)
    made.resize(900, 800)
    made.show()
    return made


@pytest.fixture
def form(page: ConversionPage) -> ConversionForm:
    """With a checkpoint in hand, and room for it."""
    page.set_state(PageState(inspection=FOUND))
    page.set_place(ROOMY)
    return page.content().form


def tick(form: ConversionForm, *types: str) -> None:
    for row in form.table.rows():
        row.setChecked(row.text() in types or row.accessibleName().split(",")[0] in types)


def job(status: Status = Status.RUNNING, progress: Progress | None = None, **more: object) -> JobView:
    return JobView("7", "小模型 → Q4_K_M", status, STAGES, progress, **more)  # type: ignore[arg-type]


def shown(card: JobCard) -> set[str]:
    buttons = {name for name, button in card.buttons.items() if button.isVisible()}
    return buttons | ({REMOVE} if card.remove_button.isVisible() else set())


# ---------------------------------------------------------------- the checkpoint


def test_an_empty_page_offers_a_folder_and_an_inspection_takes_its_place(page: ConversionPage) -> None:
    content = page.content()
    assert content.drop_area.isVisible()
    assert content.drop_area.height() > 500
    page.set_state(PageState(looking="/checkpoints/x"))
    assert (content.drop_area.isVisible(), content.looking.isVisible()) == (False, True)
    page.set_state(PageState(inspection=FOUND))
    assert (content.looking.isVisible(), content.form.isVisible()) == (False, True)
    page.set_state(PageState(message="No.", message_kind="error"))
    assert (content.drop_area.isVisible(), content.form.isVisible(), content.message.text()) == (True, False, "No.")


def test_an_inspection_is_said_in_facts(form: ConversionForm) -> None:
    said = {widget.accessibleName() for widget in form.card.findChildren(QWidget)}
    for fact in ("Architecture: Qwen2ForCausalLM", "Parameters: 494M", "Weights: BF16 · 988.0 MB", "Trained context: 32,768 tokens"):
        assert fact in said
    assert "Chat template: none; ChatML is used" in said
    assert form.card.path.text() == FOUND.path


def test_the_recommended_type_is_ticked_and_others_can_be(form: ConversionForm, qtbot: QtBot) -> None:
    assert form.choice() == Choice("小模型", ("Q4_K_M",), evaluate=True)
    rows = {row.accessibleName().split(",")[0]: row for row in form.table.rows()}
    assert not rows["Q2_K"].isVisible()
    form.table.all_button.click()
    assert all(row.isVisible() for row in rows.values())
    rows["Q4_K_M"].setFocus()
    qtbot.keyClick(rows["Q4_K_M"], Qt.Key.Key_Down)
    assert rows["Q4_0"].hasFocus()
    qtbot.keyClick(rows["Q4_0"], Qt.Key.Key_Space)
    qtbot.mouseClick(rows["Q8_0"], Qt.MouseButton.LeftButton, pos=rows["Q8_0"].rect().center())
    assert form.choice().types == ("Q4_K_M", "Q8_0", "Q4_0")
    form.table.all_button.click()
    assert rows["Q4_0"].isVisible()  # what is ticked is never hidden
    assert not rows["Q2_K"].isVisible()


@pytest.mark.parametrize(
    ("types", "asked"),
    [
        (("BF16", "Q4_K_M", "Q2_K"), ("Q4_K_M", "BF16", "Q2_K")),
        (("F32", "Q8_0", "Q5_K_M"), ("Q5_K_M", "F32", "Q8_0")),
        (("BF16",), ("BF16",)),
    ],
)
def test_what_is_chatted_with_is_asked_for_first(form: ConversionForm, types: Sequence[str], asked: Sequence[str]) -> None:
    tick(form, *types)
    assert form.choice().types == asked


def test_a_row_says_size_memory_loss_and_whether_it_fits(form: ConversionForm, page: ConversionPage) -> None:
    page.set_free_memory(960 * MB)
    said = {row.accessibleName().split(", ")[0]: row.accessibleName() for row in form.table.rows()}
    assert said["Q4_K_M"].startswith("Q4_K_M, file 480.0 MB, 482.0 MB of memory with 2048 tokens")
    assert said["Q4_K_M"].endswith("loss +5.3%, recommended, fits") or said["Q4_K_M"].endswith("loss +5.4%, recommended, fits")
    assert "loss +0.04%" in said["Q8_0"]
    assert "loss —" in said["Q6_K"]
    assert said["Q2_K"].endswith("fits")
    assert said["BF16"].endswith("too large")
    page.set_free_memory(853 * MB)  # enough for Q8_0 with 2,048 tokens, not with 8,192
    assert next(row for row in form.table.rows() if row.accessibleName().startswith("Q8_0")).accessibleName().endswith("tight")


@pytest.mark.parametrize(
    ("types", "name", "place", "words"),
    [
        ((), "x", ROOMY, "Tick at least one type"),
        (("Q8_0",), "", ROOMY, "a name"),
        (("Q8_0",), "../x", ROOMY, "no slashes"),
        (("Q8_0",), "字" * 75, ROOMY, "The name is too long."),
        (("Q8_0", "Q4_K_M"), "x", Place("/data/models", 100_000 * MB, frozenset({"x-Q4_K_M.gguf"})), "x-Q4_K_M.gguf is there already"),
        (("Q8_0", "Q4_K_M"), "x", Place("/data/models", 1329 * MB), "needs 1.3 GB"),
    ],
)
def test_what_is_in_the_way_is_said_before_anything_begins(
    form: ConversionForm, types: Sequence[str], name: str, place: Place, words: str
) -> None:
    tick(form, *types)
    form.name.clear()
    form.name.insert(name)
    form.set_place(place)
    assert words in form.note.text()
    assert not form.convert_button.isEnabled()


def test_a_name_is_as_long_as_its_longest_file_can_be(form: ConversionForm, tmp_path: Path) -> None:
    form.name.clear()
    form.name.insert("字" * 74)  # 222 bytes; 33 are added
    form.set_place(ROOMY)
    assert form.convert_button.isEnabled()
    (tmp_path / f".{form.choice().name}-Q4_K_M.reference.gguf.part.json").touch()
    form.name.insert("y")
    form.set_place(ROOMY)
    assert form.note.text() == "The name is too long."
    with pytest.raises(OSError, match="too long"):
        (tmp_path / f".{form.choice().name}-Q4_K_M.reference.gguf.part.json").touch()


def test_a_name_that_was_found_is_cut_to_what_files_can_have(form: ConversionForm, page: ConversionPage) -> None:
    page.set_state(PageState(inspection=replace(FOUND, path="/long", name="名字" * 50)))
    page.set_place(ROOMY)
    assert form.choice().name == ("名字" * 50)[:74]
    assert form.convert_button.isEnabled()


def test_the_loss_is_measured_where_the_disk_has_room_for_the_reference(form: ConversionForm, page: ConversionPage, qtbot: QtBot) -> None:
    assert form.evaluate.isChecked()
    assert form.need() == (480 + 1600) * MB
    hints = {label.text() for label in form.findChildren(QLabel)}
    assert "Compares it with the checkpoint on Chinese and English text. Takes 1.6 GB more of disk until it is done." in hints
    page.set_place(Place("/data/models", 2000 * MB))
    assert not form.evaluate.isChecked()
    assert form.need() == 480 * MB
    assert form.convert_button.isEnabled()
    page.set_place(ROOMY)
    assert form.evaluate.isChecked()
    with qtbot.waitSignal(page.convert_requested) as heard:
        form.convert_button.click()
    assert heard.args == [Choice("小模型", ("Q4_K_M",), evaluate=True)]


def test_what_was_said_about_measuring_stays_said(form: ConversionForm, page: ConversionPage) -> None:
    form.evaluate.click()
    page.set_place(ROOMY)
    assert not form.choice().evaluate
    form.evaluate.click()
    page.set_place(Place("/data/models", 2000 * MB))
    assert form.choice().evaluate
    assert "This needs 2.0 GB" in form.note.text()
    assert not form.convert_button.isEnabled()
    page.set_state(PageState(inspection=replace(FOUND, path="/other")))
    page.set_place(Place("/data/models", 2000 * MB))
    assert not form.choice().evaluate  # of another checkpoint nothing was said


def test_no_second_file_is_written_to_measure_against(form: ConversionForm) -> None:
    tick(form, "BF16", "Q4_K_M")
    assert form.need() == (480 + 1600) * MB  # one BF16
    assert "Compares it with the checkpoint on Chinese and English text." in {label.text() for label in form.findChildren(QLabel)}
    tick(form, "BF16")
    assert form.need() == 1600 * MB


def test_nothing_begins_before_the_place_was_looked_at_for_what_is_chosen_now(form: ConversionForm, page: ConversionPage) -> None:
    for change in (
        lambda: form.name.insert("x"),
        lambda: tick(form, "Q8_0"),
        lambda: page.set_state(PageState(inspection=FOUND, notices=("Looked at again.",))),
    ):
        assert form.convert_button.isEnabled()
        change()
        assert not form.convert_button.isEnabled()
        page.set_place(ROOMY)
    assert form.choice().types == ("Q8_0",)


@pytest.mark.parametrize("again", [FOUND, None])
def test_another_checkpoint_begins_anew_and_so_does_one_that_was_put_down(
    form: ConversionForm, page: ConversionPage, again: Inspection | None
) -> None:
    form.imatrix.choose("/data/a.imatrix")
    form.template.choose("/data/a.jinja")
    form.name.insert("x")
    tick(form, "Q8_0")
    page.set_place(ROOMY)
    if again is not None:
        page.set_state(PageState(looking=FOUND.path))  # picked again
    page.set_state(PageState(inspection=again or replace(FOUND, path="/other")))
    assert form.choice() == Choice("小模型", ("Q4_K_M",), evaluate=True)
    assert not form.convert_button.isEnabled()
    page.set_place(ROOMY)
    assert form.convert_button.isEnabled()


def test_it_is_said_what_is_waited_for(form: ConversionForm, page: ConversionPage) -> None:
    page.set_state(PageState(inspection=FOUND, looking=FOUND.path))
    assert form.note.text() == "Looking at the checkpoint…"
    page.set_state(PageState(inspection=FOUND))
    form.convert_button.click()
    page.set_state(PageState(inspection=FOUND, looking=FOUND.path))
    assert form.note.text() == "Starting…"
    assert not form.convert_button.isEnabled()
    page.set_state(PageState(inspection=FOUND, trouble="It could not be started."))
    assert form.note.text() == "It could not be started."
    page.set_state(PageState(inspection=FOUND, looking=FOUND.path))
    assert form.note.text() == "Looking at the checkpoint…"


def test_a_file_can_be_chosen_and_taken_back(form: ConversionForm, page: ConversionPage) -> None:
    heard: list[Choice] = []
    page.changed.connect(lambda: heard.append(page.choice()))
    form.imatrix.choose("/data/小模型.imatrix")
    assert form.imatrix.label.text() == "小模型.imatrix"
    form.imatrix.clear_button.click()
    assert [choice.imatrix for choice in heard] == ["/data/小模型.imatrix", ""]


def test_adapters_can_be_weighed_and_taken_out(form: ConversionForm, page: ConversionPage, qtbot: QtBot) -> None:
    page.set_state(PageState(inspection=FOUND, adapters=(AdapterItem("/a", "<i>a</i>", 1.0, "LoRA"), AdapterItem("/b", "b", 0.5))))
    first, second = form.adapters.rows()
    assert QTextDocumentFragment.fromHtml(first.remove_button.toolTip()).toPlainText() == "Take out <i>a</i>"
    with qtbot.waitSignal(page.adapter_weighed) as heard:
        second.weight.setValue(0.8)
    assert heard.args == ["/b", 0.8]
    with qtbot.waitSignal(page.adapter_removed) as gone:
        first.remove_button.click()
    assert gone.args == ["/a"]
    tick(form, "Q8_0")
    page.set_state(PageState(inspection=FOUND, adapters=(AdapterItem("/b", "b", 0.8),), trouble="It belongs to another base."))
    assert len(form.adapters.rows()) == 1
    assert form.choice().types == ("Q8_0",)  # what was chosen stays
    assert form.note.text() == "It belongs to another base."
    assert not form.convert_button.isEnabled()


# ---------------------------------------------------------------- jobs


@pytest.mark.parametrize(
    ("view", "buttons", "words"),
    [
        (job(), {CANCEL}, "Starting…"),
        (job(progress=Progress(Stage.CONVERT, 42, 100, 200.0, "blk.1")), {CANCEL}, "42% · about 3 min left for this step"),
        (job(progress=Progress(Stage.SMOKE, 1, 2, 5.0)), {CANCEL}, "50% · a few seconds left"),
        (job(progress=Progress(Stage.CONVERT, 9, 10, 5.0), cancelling=True), {CANCEL}, "Cancelling…"),
        (job(Status.INTERRUPTED), {RESUME, DISCARD}, "interrupted"),
        (job(Status.FAILED, failure="The disk is full."), {RETRY, REMOVE}, "The disk is full."),
        (job(Status.FINISHED, outputs=(Output("Q8_0", "/m"),), can_chat=True, seconds=75), {CHAT, SHOW, REMOVE}, "Finished in 1 min."),
    ],
)
def test_a_job_says_how_far_it_is_and_offers_what_can_be_done(page: ConversionPage, view: JobView, buttons: set[str], words: str) -> None:
    heard: list[tuple[str, str]] = []
    page.acted.connect(lambda identity, action: heard.append((identity, action)))
    page.set_jobs([view])
    (card,) = page.content().jobs.cards().values()
    assert shown(card) == buttons
    assert words in f"{card.state.text()} {card.message.text()}"
    assert card.buttons[CANCEL].isEnabled() == (not view.cancelling)
    for name in buttons - {REMOVE}:
        card.buttons[name].click()
    assert heard == [("7", name) for name in buttons - {REMOVE} if name != CANCEL or not view.cancelling]


def test_cards_are_kept_while_their_jobs_are(page: ConversionPage) -> None:
    page.set_jobs([job()])
    (card,) = page.content().jobs.cards().values()
    page.set_jobs([JobView("8", "b", Status.RUNNING), job(progress=Progress(Stage.CONVERT, 1, 2))])
    assert page.content().jobs.cards()["7"] is card
    assert card.bar.value() == 500
    page.set_jobs([JobView("8", "b", Status.RUNNING)])
    assert page.content().jobs.cards().keys() == {"8"}
    page.set_jobs([])
    assert not page.content().jobs.isVisible()


def test_numbers_and_times_are_readable() -> None:
    assert [amounts.parameters_text(count) for count in (134_515_008, 7_241_732_096, 70_000_000_000, 999)] == [
        "134.5M",
        "7.24B",
        "70B",
        "999",
    ]
    assert [amounts.number_text(value) for value in (0.0, 14.2367, 1234.1, 0.0248, 0.000123)] == [
        "0",
        "14.2",
        "1,234",
        "0.0248",
        "0.000123",
    ]
    times = [amounts.time_left_text(seconds) for seconds in (None, 3, 40, 200, 4000, float("inf"), float("nan"))]
    assert times == ["", "a few seconds left", "less than a minute left", "about 3 min left", "about 1 h 7 min left", "", ""]


# ---------------------------------------------------------------- looks


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_the_heading_of_memory_stands_above_memory_only(
    form: ConversionForm, page: ConversionPage, qapp: QApplication, language: str
) -> None:
    i18n.install(qapp, language)
    page.set_free_memory(853 * MB)
    shown = []
    for width in (430, 900):
        page.resize(width, 800)
        QApplication.processEvents()
        header = form.table.header
        area, text = header.group()
        left, wide = header.places["file"]
        assert area.left() > left + wide
        assert QFontMetrics(ui_font(9.0)).horizontalAdvance(text) <= area.width()
        shown.append(text)
    assert shown == ({"en": ["Memory", "Memory with a context of"], "zh_CN": ["内存", "各上下文长度所需内存"]})[language]


def test_a_column_counts_in_gb_from_1000_mb() -> None:
    assert [column_size(size) for size in (999 * MB, int(999.96 * MB), int(1012.1 * MB), 1024 * MB, 1536 * MB)] == [
        "999.0 MB",
        "1.0 GB",
        "1.0 GB",
        "1.0 GB",
        "1.5 GB",
    ]


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("theme", ["light", "contrast"])
def test_nothing_is_wider_than_the_window(page: ConversionPage, qapp: QApplication, language: str, theme: str) -> None:
    i18n.install(qapp, language)
    apply_theme(qapp, "dark" if theme == "light" else "light", contrast=theme == "contrast")
    long = "很长的名字" * 30 + "x" * 300
    adapters = (AdapterItem("/" + long, long, 1.0, long),)
    page.set_state(PageState(inspection=Inspection(**{**{name: getattr(FOUND, name) for name in FOUND.__struct_fields__}, "name": long}),
                             notices=(long,), adapters=adapters, trouble=long))  # fmt: skip
    page.set_free_memory(853 * MB)
    page.set_jobs([JobView(str(number), long, status, STAGES, Progress(Stage.CONVERT, 1, 2, 5, long), failure=long, answer=long)
                   for number, status in enumerate(Status)])  # fmt: skip
    content = page.content()
    content.form.table.all_button.click()
    for width in (420, 640, 1100):
        page.resize(width, 700)
        QApplication.processEvents()
        assert content.width() <= content.area.viewport().width()
        assert not page.grab().isNull()
        for row in content.form.table.rows():
            assert row.width() <= content.width()
