"""The panel and the settings show what they are given, announce what the user changes, once, and build nothing before they are seen."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QTextCursor, QValidator, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from zhiyin.ui.conversation_panel import ConversationPanel, PanelDefaults
from zhiyin.ui.form_controls import NumberBox
from zhiyin.ui.sampling_editor import MAIN, MORE, MOST_SEED, SamplingEditor
from zhiyin.ui.settings_page import SettingsPage, SettingsValues
from zhiyin_models.engine.protocol import Sampling

Change = tuple[str | None, Sampling | None]
DEFAULTS = PanelDefaults("You are kind.", Sampling(temperature=0.5))


def shown(widget: QWidget, qtbot: QtBot) -> None:
    qtbot.addWidget(widget)
    widget.resize(320, 700)
    widget.show()


@pytest.fixture
def panel(qtbot: QtBot) -> ConversationPanel:
    widget = ConversationPanel()
    shown(widget, qtbot)
    return widget


def changes(panel: ConversationPanel) -> list[Change]:
    heard: list[Change] = []
    panel.changed.connect(lambda prompt, sampling: heard.append((prompt, sampling)))
    return heard


def test_nothing_is_built_before_it_is_seen(qtbot: QtBot) -> None:
    for widget in (ConversationPanel(), SettingsPage()):
        qtbot.addWidget(widget)
        assert widget.findChildren(NumberBox) == []
        widget.show()
        assert len(widget.findChildren(NumberBox)) >= len(MAIN) + len(MORE)


def test_values_given_before_it_is_seen_are_shown(qtbot: QtBot) -> None:
    widget = ConversationPanel()
    widget.set_values("Be brief.", DEFAULTS, Sampling(top_k=7, seed=42))
    heard = changes(widget)
    shown(widget, qtbot)
    form = widget.content()
    assert form.prompt.toPlainText() == "Be brief."
    assert form.sampling.fields["top_k"].value() == 7
    assert form.sampling.seed.text() == "42"
    widget.flush()
    assert heard == []


def test_the_default_is_a_placeholder_and_its_samplers_are_shown(panel: ConversationPanel) -> None:
    panel.set_values(None, DEFAULTS, None)
    form = panel.content()
    assert form.prompt.toPlainText() == "" and form.prompt.placeholderText() == "You are kind."
    assert form.sampling.value() == DEFAULTS.sampling
    assert not form.reset_prompt.isVisible() and not form.reset_sampling.isVisible()
    panel.set_values(None, PanelDefaults(), None)
    assert form.prompt.placeholderText() == "No system prompt"


def test_typing_is_announced_once_after_a_pause(panel: ConversationPanel, qtbot: QtBot) -> None:
    panel.set_values(None, DEFAULTS, None)
    heard = changes(panel)
    with qtbot.waitSignal(panel.changed, timeout=5000):
        qtbot.keyClicks(panel.content().prompt, "Be brief.")
    assert heard == [("Be brief.", None)]
    assert panel.content().reset_prompt.isVisible()


def test_an_emptied_prompt_means_none_at_all_and_reset_means_the_default(panel: ConversationPanel, qtbot: QtBot) -> None:
    panel.set_values("x", DEFAULTS, Sampling(top_k=1))
    heard = changes(panel)
    panel.content().prompt.clear()
    panel.flush()
    assert heard == [("", Sampling(top_k=1))]
    assert panel.content().prompt.placeholderText() == "No system prompt"
    qtbot.mouseClick(panel.content().reset_prompt, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.content().reset_sampling, Qt.MouseButton.LeftButton)
    panel.flush()
    assert heard[1:] == [(None, None)]
    assert panel.content().prompt.placeholderText() == "You are kind."
    assert panel.content().sampling.value() == DEFAULTS.sampling


def test_changing_one_sampler_keeps_the_others_exactly(panel: ConversationPanel) -> None:
    odd = Sampling(temperature=0.123456, top_k=99_000, min_p=0.0123, frequency_penalty=-3.3, seed=MOST_SEED)
    panel.set_values(None, DEFAULTS, odd)
    heard = changes(panel)
    panel.content().sampling.fields["top_p"].setValue(0.5)
    panel.flush()
    ((_, sampling),) = heard
    assert sampling is not None
    assert sampling == Sampling(temperature=0.123456, top_k=99_000, min_p=0.0123, frequency_penalty=-3.3, seed=MOST_SEED, top_p=0.5)


def test_what_waits_is_announced_before_another_conversation_and_when_hidden(panel: ConversationPanel) -> None:
    panel.set_values(None, DEFAULTS, None)
    heard = changes(panel)
    panel.content().prompt.setPlainText("mine")
    panel.flush()
    panel.set_values("other", DEFAULTS, None)
    assert panel.content().prompt.toPlainText() == "other"
    panel.content().prompt.setPlainText("other!")
    panel.hide()
    assert heard == [("mine", None), ("other!", None)]


def test_what_is_being_typed_outlives_values_that_come_meanwhile(panel: ConversationPanel, qtbot: QtBot) -> None:
    panel.set_values("Be", DEFAULTS, None)
    heard = changes(panel)
    prompt = panel.content().prompt
    prompt.moveCursor(QTextCursor.MoveOperation.End)
    qtbot.keyClicks(prompt, " brief")
    panel.set_values("Be", PanelDefaults("new default"), Sampling(top_k=9))
    assert prompt.toPlainText() == "Be brief" and panel.content().sampling.fields["top_k"].value() == 9
    panel.content().sampling.fields["top_k"].setValue(5)
    panel.set_values("Be", DEFAULTS, Sampling(top_k=9))
    qtbot.keyClicks(prompt, ".")
    panel.flush()
    assert heard == [("Be brief.", Sampling(top_k=5))]
    panel.set_values("Else.", DEFAULTS, None)
    assert panel.values() == ("Else.", None) and prompt.toPlainText() == "Else."


LONG_LINE = "字" * 300_000


def test_a_prompt_of_one_very_long_line_is_shown_and_kept(panel: ConversationPanel, qtbot: QtBot) -> None:
    page = SettingsPage()
    shown(page, qtbot)
    page.set_values(SettingsValues(system_prompt=LONG_LINE))
    panel.set_values(LONG_LINE, PanelDefaults(LONG_LINE), None)
    heard = changes(panel)
    for prompt in (panel.content().prompt, page.form().prompt):
        assert prompt.document().blockCount() >= 300 and prompt.text() == LONG_LINE
        prompt.selectAll()
        prompt.copy()
        assert QGuiApplication.clipboard().text() == LONG_LINE
        prompt.clear()
        prompt.paste()
        assert prompt.document().blockCount() >= 300
    panel.content().prompt.insertPlainText("!")
    page.form().prompt.insertPlainText("!")
    panel.flush()
    page.flush()
    assert heard == [(LONG_LINE + "!", None)]
    assert page.values().system_prompt == LONG_LINE + "!"
    panel.set_values(None, PanelDefaults(LONG_LINE), None)
    assert len(panel.content().prompt.placeholderText()) < 3_000


@pytest.fixture
def editor(qtbot: QtBot) -> SamplingEditor:
    widget = SamplingEditor()
    shown(widget, qtbot)
    return widget


def test_every_sampler_has_a_field_and_a_slider(editor: SamplingEditor) -> None:
    assert set(editor.fields) == set(editor.sliders) == set(Sampling.__struct_fields__) - {"seed"}


@pytest.mark.parametrize("name", [each.field for each in (*MAIN, *MORE)])
def test_neutral_is_said_in_a_word_and_sliders_agree_with_fields(editor: SamplingEditor, name: str) -> None:
    heard: list[Sampling] = []
    editor.changed.connect(heard.append)
    each = {each.field: each for each in (*MAIN, *MORE)}[name]
    field, slider = editor.fields[name], editor.sliders[name]
    target = each.slider_most if each.neutral != each.slider_most else round((each.slider_least + each.slider_most) / 2, 3)
    field.setValue(target)
    assert getattr(heard[-1], name) == pytest.approx(target)
    field.setValue(each.neutral)
    assert field.text() == ("greedy" if name == "temperature" else "off")
    assert getattr(heard[-1], name) == each.neutral
    slider.setValue(slider.maximum() if each.neutral != each.slider_most else slider.minimum() + 1)
    assert getattr(heard[-1], name) != each.neutral
    assert field.value() == pytest.approx(getattr(heard[-1], name))
    assert isinstance(getattr(heard[-1], name), int if each.whole else float)


def test_the_word_can_be_typed_and_nonsense_cannot(editor: SamplingEditor, qtbot: QtBot) -> None:
    field = editor.fields["top_k"]
    field.selectAll()
    qtbot.keyClicks(field, "off")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert editor.value().top_k == 0
    assert field.validate("of", 2)[0] == QValidator.State.Intermediate
    assert field.validate("soup", 4)[0] == QValidator.State.Invalid
    assert editor.fields["top_p"].textFromValue(0.5) == "0.5"


@pytest.mark.parametrize(("typed", "seed"), [("7", 7), ("", None), ("9999999999", MOST_SEED), ("0", 0)])
def test_a_seed_is_a_number_or_random(editor: SamplingEditor, qtbot: QtBot, typed: str, seed: int | None) -> None:
    editor.set_value(Sampling(seed=1))
    editor.seed.clear()
    qtbot.keyClicks(editor.seed, typed)
    qtbot.keyClick(editor.seed, Qt.Key.Key_Return)
    assert editor.value().seed == seed
    qtbot.keyClicks(editor.seed, "x-")
    assert editor.seed.text().isdigit() or editor.seed.text() == ""


def test_a_passing_wheel_changes_nothing(editor: SamplingEditor) -> None:
    for control in (*editor.fields.values(), *editor.sliders.values()):
        at = QPointF(control.rect().center())
        turn = QWheelEvent(
            at,
            control.mapToGlobal(at),
            QPoint(0, -120),
            QPoint(0, -120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(control, turn)
    assert editor.value() == Sampling()


@pytest.fixture
def page(qtbot: QtBot) -> SettingsPage:
    widget = SettingsPage()
    shown(widget, qtbot)
    return widget


def test_every_setting_is_shown_and_none_announced(page: SettingsPage) -> None:
    heard: list[SettingsValues] = []
    page.changed.connect(heard.append)
    values = SettingsValues("en", "dark", 13.0, "Hi", Sampling(top_k=3), 256, False, 15, 2048, 12, 3)
    page.set_values(values)
    form = page.form()
    assert form.choices["language"].currentText() == "English"
    assert form.choices["theme"].currentData() == "dark"
    assert form.font_size.value() == 13.0
    assert form.prompt.toPlainText() == "Hi"
    assert form.sampling.value().top_k == 3
    assert not form.load_last.isChecked()
    assert {name: box.value() for name, box in form.counts.items()} == {
        "unload_after_minutes": 15,
        "max_tokens": 256,
        "context": 2048,
        "gpu_layers": 12,
        "threads": 3,
    }
    page.flush()
    assert heard == [] and page.values() == values


def test_each_change_is_a_whole_new_value(page: SettingsPage, qtbot: QtBot) -> None:
    heard: list[SettingsValues] = []
    page.changed.connect(heard.append)
    form = page.form()
    form.choices["language"].setCurrentIndex(1)
    form.choices["theme"].setCurrentIndex(3)
    form.font_size.setValue(14)
    qtbot.mouseClick(form.load_last, Qt.MouseButton.LeftButton)
    form.counts["gpu_layers"].setValue(0)
    assert heard[-1] == SettingsValues(language="zh_CN", theme="contrast", reply_font_size=14.0, load_last_model=False, gpu_layers=0)
    assert len(heard) == 5
    form.prompt.setPlainText("Be kind.")
    form.sampling.fields["temperature"].setValue(0)
    assert len(heard) == 5
    page.flush()
    assert heard[-1].system_prompt == "Be kind." and heard[-1].sampling.temperature == 0 and len(heard) == 6
    qtbot.mouseClick(form.reset_sampling, Qt.MouseButton.LeftButton)
    page.hide()
    assert heard[-1].sampling == Sampling()


def test_automatic_and_never_are_words(page: SettingsPage) -> None:
    texts = {name: box.text() for name, box in page.form().counts.items()}
    assert texts == {
        "unload_after_minutes": "never",
        "max_tokens": "no limit",
        "context": "automatic",
        "gpu_layers": "automatic",
        "threads": "automatic",
    }


def test_a_section_is_brought_into_view_before_the_page_was_ever_seen(qtbot: QtBot) -> None:
    page = SettingsPage()
    qtbot.addWidget(page)
    page.resize(700, 500)
    page.show()
    page.form().show_section("sources")
    section = page.form().findChild(QLabel, "sources")
    assert section is not None
    qtbot.waitUntil(lambda: not section.visibleRegion().isEmpty())
    QApplication.processEvents()
    assert 0 <= section.mapTo(page.form(), QPoint()).y() < 150


def test_facts_are_shown(page: SettingsPage, tmp_path: Path) -> None:
    asked: list[bool] = []
    page.open_data_directory.connect(lambda: asked.append(True))
    page.set_data_directory(str(tmp_path))
    page.set_gpu_note("Runs on the CPU.")
    page.set_version("Zhiyin 0.1.0")
    form = page.form()
    assert form.data_directory.text() == str(tmp_path)
    assert form.gpu_note.text() == "Runs on the CPU." and form.version.text() == "Zhiyin 0.1.0"
    form.open_button.click()
    assert asked == [True]


def test_a_setting_that_is_being_typed_outlives_values_that_come_meanwhile(qtbot: QtBot) -> None:
    page = SettingsPage()
    shown(page, qtbot)
    page.set_values(SettingsValues())
    heard: list[SettingsValues] = []
    page.changed.connect(heard.append)
    qtbot.keyClicks(page.form().prompt, "Be br")
    page.set_values(SettingsValues(theme="dark", sampling=Sampling(top_k=3)))
    qtbot.keyClicks(page.form().prompt, "ief.")
    page.flush()
    assert heard == [SettingsValues(theme="dark", sampling=Sampling(top_k=3), system_prompt="Be brief.")]
    page.set_values(SettingsValues(system_prompt="else"))
    assert page.form().prompt.toPlainText() == "else"
