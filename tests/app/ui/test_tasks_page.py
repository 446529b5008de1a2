"""The page of tasks alone: gallery and keys, fields, examples, answers in columns, the editor, widths, languages, themes."""

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QPlainTextEdit
from pytestqt.qtbot import QtBot

from zhiyin import i18n
from zhiyin.ui.form_controls import ChoiceBox
from zhiyin.ui.icons import icon_path
from zhiyin.ui.task_dialogs import ExampleDialog, PromptDialog, TaskFileDialog
from zhiyin.ui.task_gallery import CARD_ROLE
from zhiyin.ui.task_values import (
    DELETE,
    DUPLICATE,
    ICONS,
    REVERT,
    SampleState,
    SentPart,
    TaskCard,
    TaskExample,
    TaskField,
    TaskForm,
    TaskInputs,
)
from zhiyin.ui.tasks_page import TasksPage
from zhiyin.ui.theme import apply_theme

CARDS = (
    TaskCard("own:3", "诗 <b>of mine</b>", "my own", "pen-nib", own=True),
    TaskCard("translation", "Translation", "from one language into another", "translate", changed=True),
    TaskCard("free", "Free task", "whatever you like " * 30, "no-such-icon"),
)
FORM = TaskForm(
    name="Translation",
    summary="<i>plain</i>",
    instruction="Into {language}.",
    input_format="{text}\n{language}",
    output_label="Translation:",
    fields=(
        TaskField("text", "Text", "text", placeholder="a\nb", extra={"mask": 1}),
        TaskField("language", "Into", "choice", choices=("French", "Chinese"), default="Chinese"),
        TaskField("note", "Note", "line", optional=True, default="x\ny"),
    ),
    examples=(
        TaskExample({"text": "rain", "language": "French"}, "pluie", extra={"by": "me"}),
        TaskExample({"text": "sun", "language": "French"}, "soleil"),
        TaskExample({"text": "wind", "language": "French"}, "vent"),
    ),
    extra={"future": 1},
)
INPUTS = TaskInputs({"text": "snow", "language": "French", "note": ""}, (0, 2), samples=2, temperature=0.3, seed=5, max_tokens=99)


@pytest.fixture
def page(qtbot: QtBot) -> TasksPage:
    made = TasksPage()
    qtbot.addWidget(made)
    made.set_tasks(CARDS)
    made.resize(1000, 760)
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def task(page: TasksPage) -> TasksPage:
    page.open_task(CARDS[1], FORM, INPUTS)
    return page


def test_nothing_is_built_before_it_is_shown(qtbot: QtBot) -> None:
    page = TasksPage()
    qtbot.addWidget(page)
    page.set_tasks(CARDS)
    assert page._content is None
    page.show()
    assert len(page.gallery.rows.cards()) == 3


def test_every_sign_exists() -> None:
    for name in ICONS:
        icon_path(name)


def test_search_and_keys_lead_to_a_task(page: TasksPage, qtbot: QtBot) -> None:
    gallery = page.gallery
    gallery.search.setText("LANGUAGE one")
    assert [card.ident for card in gallery.rows.cards()] == ["translation"]
    with qtbot.waitSignal(page.task_chosen) as chosen:
        qtbot.keyClick(gallery.search, Qt.Key.Key_Return)
    assert chosen.args == ["translation"]
    gallery.search.setText("<b>nothing</b>")
    assert gallery.nothing.isVisible()
    assert "<b>" in gallery.nothing.text()
    qtbot.keyClick(gallery.search, Qt.Key.Key_Escape)
    assert gallery.search.text() == ""
    qtbot.keyClick(gallery.search, Qt.Key.Key_Down)
    qtbot.keyClick(gallery.view, Qt.Key.Key_Right)
    assert gallery.view.currentIndex().data(CARD_ROLE).ident == "translation"
    with qtbot.waitSignal(page.task_chosen) as chosen:
        qtbot.keyClick(gallery.view, Qt.Key.Key_Enter)
    assert chosen.args == ["translation"]
    page.set_tasks(CARDS[1:])
    assert gallery.view.current() == "translation"
    for width in (1400, 640, 430):
        page.resize(width, 700)
        assert gallery.new_button.isVisible() != gallery.new_icon.isVisible()
        assert not page.grab().isNull()


def test_what_is_filled_in_is_announced_and_given_back(task: TasksPage, qtbot: QtBot) -> None:
    view = task.view
    assert task.inputs() == INPUTS
    assert view.summary.textFormat() == Qt.TextFormat.PlainText
    with qtbot.waitSignal(task.inputs_changed):
        qtbot.keyClicks(view.fields.controls["text"], "!")
    with qtbot.waitSignal(task.inputs_changed):
        view.examples.rows[2].box.click()
    with qtbot.waitSignal(task.inputs_changed):
        view.options.samples.buttons[3].click()
    with qtbot.waitSignal(task.inputs_changed):
        view.options.seed.setText("9999999999")
    assert task.inputs() == replace(INPUTS, values={**INPUTS.values, "text": "!snow"}, ticked=(0,), samples=4, seed=2**32 - 2)
    assert isinstance(view.fields.controls["language"], ChoiceBox)
    assert view.examples.count.text() == "one-shot"
    with qtbot.assertNotEmitted(task.inputs_changed):
        task.open_task(CARDS[1], FORM, INPUTS)


def test_a_very_long_text_is_taken_and_given_back_whole(task: TasksPage) -> None:
    long = "x" * 30_000
    task.view.fields.set_values({"text": long})
    assert task.inputs().values["text"] == long
    control = task.view.fields.controls["text"]
    assert isinstance(control, QPlainTextEdit)
    assert max(len(line) for line in control.toPlainText().split("\n")) <= 1001


def test_examples_are_added_moved_edited_and_taken_out(task: TasksPage, qtbot: QtBot) -> None:
    examples = task.view.examples
    with qtbot.waitSignal(task.examples_changed) as changed:
        examples.shift(2, -1)
    assert [example.output for example in changed.args[0]] == ["pluie", "vent", "soleil"]
    assert changed.args[1] == (0, 1)
    examples.shift(0, -1)
    assert [example.output for example in examples.examples()] == ["pluie", "vent", "soleil"]
    examples.rows[0].edit_button.click()
    dialog = task.findChild(ExampleDialog)
    assert dialog.output_name.text() == "Translation"
    dialog.fields.set_values({"text": "RAIN", "language": "Chinese", "note": ""})
    dialog.output.set_text("雨")
    with qtbot.waitSignal(task.examples_changed) as changed:
        dialog.save_button.click()
    assert changed.args[0][0] == TaskExample({"text": "RAIN", "language": "Chinese", "note": ""}, "雨", extra={"by": "me"})
    examples.add_button.click()
    fresh = next(found for found in task.findChildren(ExampleDialog) if found is not dialog)
    assert not fresh.save_button.isEnabled()
    fresh.output.set_text("neige")
    fresh.save_button.click()
    assert (len(examples.examples()), examples.ticked()) == (4, (0, 1, 3))
    assert examples.examples()[3].values["text"] == "snow"  # what is filled in is where one begins
    with qtbot.waitSignal(task.example_removed) as removed:
        examples.remove(1)
    assert [example.output for example in removed.args[0]] == ["雨", "soleil", "neige"]
    assert removed.args[1] == (0, 2)


def test_answers_stand_in_columns_and_stream(task: TasksPage, qtbot: QtBot, qapp: QApplication) -> None:
    results = task.view.results
    task.begin_samples([SampleState(place, 7 + place) for place in range(4)])
    assert not results.nothing.isVisible()
    task.resize(1500, 760)
    qapp.processEvents()
    assert len({column.y() for column in results.columns}) == 1
    task.resize(1000, 760)
    qapp.processEvents()
    places = {(column.x(), column.y()) for column in results.columns}
    assert len({x for x, _ in places}) == len({y for _, y in places}) == 2
    for text in ("Hel", "Hello <b>wor", "Hello <b>world</b>\n" + "z" * 5_000):
        task.set_sample(SampleState(1, 8, text, phase="writing", tokens=3))
    column = results.columns[1]
    assert column.answer.text() == "Hello <b>world</b>\n" + "z" * 5_000
    assert not column.keep_button.isEnabled()
    task.set_sample(SampleState(1, 8, "", "I think <i>so</i>", thinking=True, phase="writing"))
    assert column.fold.text() == "Thinking…"
    column.fold.click()
    assert column.thought.isVisible()
    assert column.thought.text() == "I think <i>so</i>"
    task.set_sample(SampleState(1, 8, "42", "I think <i>so</i>", phase="limit", tokens=9, speed=12.5))
    assert column.answer.text() == "42"
    assert column.caption.text() == "At the longest answer · 9 tokens · 12.5 tok/s"
    column.copy_button.click()
    assert QGuiApplication.clipboard().text() == "42"
    with qtbot.waitSignal(task.keep_requested) as kept:
        column.keep_button.click()
    assert kept.args == [1]
    task.set_kept(1)
    assert (column.keep_button.text(), results.columns[0].keep_button.text()) == ("Kept", "Keep")
    with qtbot.waitSignal(task.conversation_requested):
        results.kept_bar.button.click()
    task.set_sample(SampleState(9, 1, "out of range"))


def test_markdown_is_read_as_such_once_an_answer_is_whole(task: TasksPage, qtbot: QtBot) -> None:
    task.begin_samples([SampleState(0, 1)])
    column = task.view.results.columns[0]
    task.set_sample(SampleState(0, 1, "**Ink**: 1\n\n```python\nx = 1\n```", phase="writing"))
    assert column.formatted is None
    task.set_sample(SampleState(0, 1, "**Ink**: 1\n\n```python\nx = 1\n```", phase="done"))
    assert column.formatted is not None
    qtbot.waitUntil(lambda: column.formatted.settled)
    assert column.formatted.plain() == "Ink: 1\n\nx = 1"
    assert not column.answer.isVisible()
    text = "\n\n".join(("**One** " + "long line " * 20, "two", "- three"))
    task.set_sample(SampleState(0, 1, text, phase="done"))
    qtbot.waitUntil(lambda: column.formatted.settled)
    column.formatted.resize(column.formatted.width() // 2, 400)
    column.formatted.grab()  # painted at the new width before it was laid out for it
    qtbot.waitUntil(lambda: column.formatted.settled)
    boxes, top = column.formatted._body.boxes, column.formatted._body.top
    assert [top(place) for place in (1, 2)] == [top(place) + boxes[place].height + boxes[place + 1].piece.gap for place in (0, 1)]
    column.copy_button.click()
    assert QGuiApplication.clipboard().text().startswith("**One**")
    task.set_sample(SampleState(0, 1, "first line\nsecond line", phase="done"))
    assert column.answer.isVisible()
    assert not column.formatted.isVisible()


def test_what_is_waited_for_is_said_and_can_be_stopped(task: TasksPage, qtbot: QtBot) -> None:
    view = task.view
    with qtbot.waitSignal(task.run_requested):
        qtbot.keyClick(view.fields.controls["text"], Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    task.set_phase("waiting")
    assert "reply is being written" in view.results.status.text()
    with qtbot.assertNotEmitted(task.run_requested, wait=0):
        qtbot.keyClick(view.fields.controls["text"], Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    with qtbot.waitSignal(task.stop_requested):
        view.stop_button.click()
    task.set_phase("idle")
    assert view.run_button.isVisible()
    assert not view.results.status.isVisible()


def test_where_there_is_little_room_the_form_and_the_answers_take_turns(task: TasksPage, qapp: QApplication) -> None:
    view = task.view
    task.resize(430, 700)
    qapp.processEvents()
    assert view.fields.isVisible()
    assert not view.results.isVisible()
    task.begin_samples([SampleState(0, 1)])
    task.set_phase("writing")
    assert view.results.isVisible()
    assert not view.fields.isVisible()
    assert view.stop_button.isVisible()  # it can be stopped from both
    view.focus_field("text")
    assert view.fields.isVisible()
    assert view.minimumSizeHint().width() <= 430
    task.resize(1000, 700)
    qapp.processEvents()
    assert view.fields.isVisible()
    assert view.results.isVisible()
    assert view.run_button.isVisibleTo(view) != view.stop_button.isVisibleTo(view)


def test_the_editor_changes_everything_and_loses_nothing(task: TasksPage, qtbot: QtBot) -> None:
    task.edit_button.click()
    editor = task.editor
    assert task.heading.text() == "Edit “Translation”"
    assert editor.form() == FORM
    editor.rows[0].key.setText("source {text}")
    editor.rows[1].moved.emit(editor.rows[1], -1)
    editor.rows[2].remove_button.click()
    editor.add_button.click()
    editor.rows[2].label.setText("More")
    editor.rows[2].key.setText("language")  # is taken
    editor.icon_buttons["tag"].click()
    editor.stop.setText("END | ### ")
    with qtbot.waitSignal(task.edited) as saved:
        editor.save_button.click()
    form = saved.args[0]
    assert [field.key for field in form.fields] == ["language", "source_text_", "language2"]
    assert form.fields[1].extra == {"mask": 1}
    assert form.fields[1].placeholder == "a\nb"
    assert form.input_format == "{source_text_}\n{language}"
    assert form.examples[0] == TaskExample({"source_text_": "rain", "language": "French"}, "pluie", extra={"by": "me"})
    assert (form.icon, form.stop, form.extra) == ("tag", ("END", "###"), {"future": 1})
    editor.name.setText("  ")
    assert not editor.save_button.isEnabled()


def test_esc_goes_one_level_up(task: TasksPage, qtbot: QtBot) -> None:
    task.edit_button.click()
    qtbot.keyClick(task.editor, Qt.Key.Key_Escape)
    assert not task.editing
    assert task.view.isVisible()
    with qtbot.waitSignal(task.task_closed):
        qtbot.keyClick(task.view, Qt.Key.Key_Escape)
    task.show_gallery()
    with qtbot.waitSignal(task.back_requested):
        task.back_button.click()
    task.edit_task(TaskForm(fields=(TaskField("text"),)), new=True)
    assert task.heading.text() == "New task"
    with qtbot.waitSignal(task.edit_cancelled):
        task.editor.cancel_button.click()
    assert task.gallery.isVisible()


def test_what_can_be_done_depends_on_whose_it_is(page: TasksPage, qtbot: QtBot) -> None:
    page.open_task(CARDS[1], FORM, INPUTS)
    assert page.mark.text() == "changed"
    assert [action for action, _ in page.menu_actions()][-1] == REVERT
    assert dict(page.menu_actions())[DUPLICATE] == "Save as my own"
    page.open_task(CARDS[0], FORM, INPUTS)
    assert [action for action, _ in page.menu_actions()][-1] == DELETE
    page.open_task(CARDS[2], FORM, INPUTS)
    assert not {REVERT, DELETE} & {action for action, _ in page.menu_actions()}
    with qtbot.waitSignal(page.acted) as acted:
        page._act(DUPLICATE)
    assert acted.args == [DUPLICATE, "free"]


def test_what_is_sent_and_files_have_windows_of_their_own(task: TasksPage, qtbot: QtBot) -> None:
    task.show_prompt([SentPart("system", "<b>be</b>"), SentPart("user", "x", example=True), SentPart("assistant", "y", example=True)])
    dialog = task.findChild(PromptDialog)
    assert [name.text() for name in dialog.names] == ["System", "User · example", "Assistant · example"]
    assert dialog.texts[0].text() == "<b>be</b>"
    dialog.copy_button.click()
    assert QGuiApplication.clipboard().text() == "[system]\n<b>be</b>\n\n[user]\nx\n\n[assistant]\ny"
    dialog.close_button.click()
    saving = TaskFileDialog(task, save_as="a.json")
    with qtbot.waitSignal(saving.chosen):
        saving.fileSelected.emit("a.json")
    saving.reject()


@pytest.mark.parametrize("width", [1180, 640, 430])
def test_all_of_it_is_drawn_in_both_languages_and_themes(task: TasksPage, qapp: QApplication, width: int) -> None:
    task.resize(width, 760)
    task.begin_samples([SampleState(0, 1, "a", "b", phase="done"), SampleState(1, 2)])
    task.set_kept(0)
    task.set_notice(lambda: task.tr("Edit"), "warning")
    i18n.install(qapp, "zh_CN")
    apply_theme(qapp, "dark")
    qapp.processEvents()
    assert task.view.run_button.text() == "运行"
    assert task.view.notice.text() == "编辑"
    assert task.view.results.columns[0].keep_button.text() == "已留下"
    assert not task.grab().isNull()
    task.edit_task(FORM)
    assert task.editor.save_button.text() == "保存"
    assert task.editor.rows[0].optional.text() == "可不填"
    assert not task.grab().isNull()
    assert task.minimumSizeHint().width() <= 430
