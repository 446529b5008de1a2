"""Tasks with the real engine: run, compared, kept; stopped, killed, waiting its turn; saved, exported, imported, undone."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from tests.end_to_end.conftest import Driver

from zhiyin import i18n
from zhiyin.prompt.tasks.template import Example, Field, Task
from zhiyin.prompt.tasks.writing import write_task, write_task_file
from zhiyin.ui.task_dialogs import PromptDialog
from zhiyin.ui.task_values import DELETE, DUPLICATE, REVERT, TaskExample


class Tasks:
    """What a person does on the page of tasks."""

    def __init__(self, app: Driver) -> None:
        self.app = app
        self.page = app.window.tasks_page
        app.window.show_tasks()
        app.until(lambda: len(self.page.tasks()) >= 14)

    def open(self, ident: str, **values: str) -> "Tasks":
        self.page.gallery.chosen.emit(ident)
        self.app.until(lambda: self.page.current() == ident)
        view = self.page.view
        view.fields.set_values({**view.fields.values(), **values})
        view.fields.changed.emit()
        return self

    def chosen(self, *, samples: int = 1, tokens: int = 12, seed: int = 1, temperature: float = 1.0) -> "Tasks":
        options = self.page.view.options
        options.set_values(reasoning=options.reasoning.isChecked(), samples=samples, temperature=temperature, seed=seed, max_tokens=tokens)
        options.changed.emit()
        return self

    @property
    def columns(self):
        return self.page.view.results.columns

    @property
    def controller(self):
        return self.app.session.tasks

    def shots(self, *places: int) -> "Tasks":
        for place, row in enumerate(self.page.view.examples.rows):
            row.box.setChecked(place in places)
        return self

    def run(self) -> "Tasks":
        self.page.view.run_button.click()
        return self

    def ended(self) -> "Tasks":
        self.app.until(lambda: self.columns and not self.controller.running)
        return self

    def writing(self) -> None:
        self.app.until(lambda: any(column.state().answer for column in self.columns) and self.controller.running)

    @property
    def notice(self) -> str:
        return self.page.view.notice.text()


COUPLET = Task(
    name="Couplets",
    instruction="Complete the couplet.",
    fields=(Field("first", "First line"),),
    input_format="First line: {first}",
    output_label="Second line:",
    examples=(Example({"first": "Sun"}, "Moon"), Example({"first": "Hill"}, "Lake")),
)


def test_answers_are_compared_and_kept_replies_come_first_and_nothing_that_was_written_is_lost(app: Driver) -> None:
    app.session.store.tasks.add(write_task(COUPLET)).result()
    tasks = Tasks(app)
    the_best_becomes_a_conversation(app, tasks)
    app.window.conversations.new_requested.emit()
    app.until(lambda: not app.chat.turns)
    a_reply_comes_first(app, tasks)
    neither_a_stop_nor_a_crash_loses_what_was_written(app, tasks)


def the_best_becomes_a_conversation(app: Driver, tasks: Tasks) -> None:
    tasks.open("own:1", first="The ferry lights go out,").shots(0)
    tasks.chosen(samples=2, seed=40, tokens=5).run().ended()
    states = [column.state() for column in tasks.columns]
    assert [state.seed for state in states] == [40, 41]
    assert all(state.answer and state.tokens and state.speed for state in states)
    assert states[0].answer != states[1].answer
    assert all(state.phase in ("done", "limit") for state in states)
    tasks.columns[1].keep_button.click()
    app.until(tasks.page.view.results.kept_bar.isVisible)
    tasks.page.view.results.kept_bar.button.click()
    app.until(lambda: app.window.pages.currentWidget() is app.window.chat and len(app.chat.turns) == 2)
    question, reply = app.chat.turns
    assert question.text.startswith("First line: The ferry lights")
    assert reply.text == states[1].answer
    assert len(reply.sibling_ids) == 2
    system = app.chat.conversation.system_prompt
    assert system.startswith("Complete the couplet")
    assert "### Example 1" in system
    assert "### Example 2" not in system
    assert app.chat.conversation.title.startswith("Couplets · First line: The ferry")
    app.window.show_tasks()
    tasks.columns[0].keep_button.click()
    app.until(lambda: app.session.store.conversation(app.chat.id).result().turns[1].text == states[0].answer)
    tasks.chosen(seed=41, tokens=5).run().ended()
    assert tasks.columns[0].state().answer == states[1].answer  # a seed is an answer


def a_reply_comes_first(app: Driver, tasks: Tasks) -> None:
    app.short(0)
    app.say("Write a very long story about a river.")
    app.until(lambda: app.session.replies.busy and app.session.replies.jobs_of(app.chat.id)[0].tokens > 1)
    app.window.show_tasks()
    tasks.open("free", input="2 + 2", instruction="Calculate.").shots()
    tasks.page.view.options.reasoning.setChecked(True)
    tasks.chosen(tokens=4, temperature=0.0).run()
    assert "reply is being written" in tasks.page.view.results.status.text()
    assert tasks.columns[0].state().phase == "waiting"
    app.window.composer.stop_button.click()
    tasks.ended()
    state = tasks.columns[0].state()
    assert state.answer
    assert not state.thinking


def neither_a_stop_nor_a_crash_loses_what_was_written(app: Driver, tasks: Tasks) -> None:
    tasks.open("summary", text="字" * 30_000).shots().run().ended()
    assert "Shorten it" in tasks.notice
    tasks.open("free", input="A long story.", instruction="Write.").shots()
    tasks.page.view.options.reasoning.setChecked(False)
    tasks.chosen(samples=2, tokens=0).run()
    tasks.writing()
    tasks.page.view.stop_button.click()
    assert not tasks.controller.running  # at once: the answer of the engine is not waited for
    kept = [column.state().answer for column in tasks.columns]
    assert any(kept)
    assert {column.state().phase for column in tasks.columns} == {"stopped"}
    tasks.run()
    tasks.writing()
    os.kill(app.session.engine.pid, signal.SIGKILL)
    tasks.ended()
    assert any(column.state().answer for column in tasks.columns)
    assert all(column.state().phase == "cut" for column in tasks.columns)
    app.says("SIGKILL", "What was written is kept")
    assert tasks.notice == ""  # it is said once
    tasks.chosen(tokens=2).run().ended()  # it is loaded again
    assert tasks.columns[0].state().phase in ("done", "limit")


def opened(open_app: Callable[..., Driver], data_dir: Path) -> Tasks:
    """Without a model, which costs time."""
    app = open_app(data_dir)
    app.until(lambda: app.session is not None)
    return Tasks(app)


def test_own_tasks_examples_files_and_the_way_back(open_app: Callable[..., Driver], tmp_path: Path, data_dir: Path) -> None:
    tasks = opened(open_app, data_dir)
    app = tasks.app
    tasks.open("translation", text="Good night", language="French")
    page, examples = tasks.page, tasks.page.view.examples
    examples.put(-1, TaskExample({"text": "tea", "language": "French"}, "thé"))
    examples.shift(3, -1)  # before the first change is on the disk
    examples.shift(2, 1)
    app.until(lambda: next(card for card in page.tasks() if card.ident == "translation").changed)
    examples.rows[0].box.click()
    examples.remove(0)
    assert [example.output for example in examples.examples()][-1] == "thé"
    app.window.toast.button.click()
    app.until(lambda: len(examples.examples()) == 4)
    assert examples.ticked() == (1, 2, 3)
    examples.remove(1)
    page.back_button.click()
    app.until(lambda: len(tasks.controller._list.find("translation").examples) == 3)
    app.window.toast.button.click()
    tasks.open("translation")
    app.until(lambda: len(examples.examples()) == 4)
    place = tmp_path / "翻译.json"
    page.export_chosen.emit("translation", str(place))
    app.until(place.exists)
    assert len(app.session.store.tasks.all().result()) == 1
    assert json.loads(place.read_text(encoding="utf-8"))["examples"][3]["output"] == "thé"
    page.acted.emit(REVERT, "translation")
    app.until(lambda: page.current() == "translation" and len(page.view.examples.examples()) == 3)
    page.import_chosen.emit(str(place))
    app.until(lambda: page.current().startswith("own:"))
    own = page.current()
    page.edit_button.click()
    page.editor.name.setText("My French")
    page.editor.rows[0].key.setText("source text")
    page.editor.save_button.click()
    app.until(lambda: page.heading.text() == "My French")
    assert page.view.examples.examples()[3].values["source_text"] == "tea"
    page.view.fields.set_values({"source_text": "Hello"})
    page.view.fields.changed.emit()
    page.acted.emit(DUPLICATE, own)
    app.until(lambda: page.current() not in ("", own))
    page.acted.emit(DELETE, page.current())
    app.until(lambda: page.current() == "")
    app.window.toast.button.click()
    app.until(lambda: page.current().startswith("own:"))
    app.zhiyin.close()
    again = opened(open_app, data_dir)
    assert [card.name for card in again.page.tasks() if card.own] == ["My French (copy)", "My French"]
    again.open(own)
    assert again.page.view.fields.values()["source_text"] == "Hello"
    broken = tmp_path / "broken.json"
    broken.write_text('{"instruction": 3}', encoding="utf-8")
    again.page.import_chosen.emit(str(broken))
    again.app.says("broken.json", "cannot be read as a task")


def test_what_is_typed_in_the_editor_is_kept_until_it_is_saved_or_thrown_away(open_app: Callable[..., Driver], data_dir: Path) -> None:
    tasks = opened(open_app, data_dir)
    page, toast = tasks.page, tasks.app.window.toast
    page.new_requested.emit()
    page.editor.name.setText("Precious")
    page.editor.instruction.set_text("long " * 20)
    QTest.keyClick(page, Qt.Key.Key_Escape)
    assert not page.editing
    assert toast.label.text() == "Discarded."
    toast.button.click()
    assert page.editing
    assert page.editor.name.text() == "Precious"
    tasks.open("translation")
    page.edit_button.click()
    QTest.keyClick(page, Qt.Key.Key_Escape)  # nothing was typed
    assert toast.isHidden()
    page.edit_button.click()
    page.editor.summary.setText("Whatever")
    page.editor.rows[0].key.setText("source")
    tasks.app.window.show_home()
    tasks.app.zhiyin.close()  # in the middle of it

    tasks = opened(open_app, data_dir)
    app, page, toast = tasks.app, tasks.page, tasks.app.window.toast
    tasks.open("translation")
    assert page.view.summary.text() != "Whatever"
    page.view.examples.put(-1, TaskExample({"text": "tea", "language": "French"}, "thé"))
    app.until(lambda: next(card for card in page.tasks() if card.ident == "translation").changed)
    page.edit_button.click()
    assert page.editor.summary.text() == "Whatever"
    page.editor.rows[1].key.setText("into")
    tasks.open("poem")
    tasks.open("translation")
    page.edit_button.click()
    page.editor.cancel_button.click()
    page.task_closed.emit()
    page.new_requested.emit()
    assert page.editor.name.text() == "Precious"
    toast.button.click()  # what was thrown away before
    app.until(lambda: page.editor.summary.text() == "Whatever")
    page.editor.save_button.click()
    app.until(lambda: not page.editing)
    assert page.view.summary.text() == "Whatever"
    assert page.view.examples.examples()[3].values == {"source": "tea", "into": "French"}
    page.edit_button.click()
    assert page.draft() is None
    page.go_back()
    page.task_closed.emit()
    page.new_requested.emit()
    page.editor.save_button.click()
    page.editor.save_button.click()
    app.until(lambda: page.heading.text() == "Precious")
    page.task_closed.emit()
    page.new_requested.emit()
    assert page.editor.name.text() == ""
    assert [card.name for card in page.tasks() if card.own] == ["Precious"]
    assert app.session.store.get_setting("task-drafts").result() == {}


def test_what_is_dropped_goes_where_it_belongs(open_app: Callable[..., Driver], tmp_path: Path, data_dir: Path) -> None:
    app = open_app(data_dir)
    app.until(lambda: app.session is not None)
    window = app.window
    cards = tmp_path / "cards"
    cards.mkdir()
    (cards / "a.json").write_text('{"name": "A", "description": "x", "first_mes": "y"}', encoding="utf-8")
    file, book = tmp_path / "mine.json", tmp_path / "book.json"
    write_task_file(Task(name="Mine", instruction="x", fields=(Field("text"),)), file)
    book.write_text('{"spec": "lorebook_v3", "data": {"name": "World", "entries": []}}', encoding="utf-8")
    window.show_home()
    drop(window, cards)
    app.until(lambda: window.pages.currentWidget() is window.personas_page)
    app.until(lambda: [row.name for row in app.session.store.personas.all().result()].count("A") == 1)
    for show in (window.show_home, window.show_personas, window.show_conversion, window.show_tasks):
        show()
        before = len([card for card in window.tasks_page.tasks() if card.own])
        drop(window, file)
        app.until(lambda: window.pages.currentWidget() is window.tasks_page)
        app.until(lambda wanted=before + 1: len([card for card in window.tasks_page.tasks() if card.own]) == wanted)
    drop(window, book)
    app.until(lambda: [row.name for row in app.session.store.books.all().result()] == ["World"])
    assert window.pages.currentWidget() is window.personas_page


def drop(window: QWidget, *files: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    where, action, button, none = QPointF(300, 300), Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(where.toPoint(), action, data, button, none)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(window, QDropEvent(where, action, data, button, none))


def test_without_a_model_the_way_to_one_is_shown_and_the_prompt_as_it_would_be_sent(
    open_app: Callable[..., Driver], data_dir: Path
) -> None:
    tasks = opened(open_app, data_dir)
    app = tasks.app
    tasks.open("poem").run()
    assert "Fill in “Subject”" in tasks.notice
    tasks.open("classification", text="I love it! {labels}")
    tasks.page.view.options.reasoning.setChecked(True)
    tasks.page.view.prompt_button.click()
    dialog = tasks.page.findChild(PromptDialog)
    texts = [text.text() for text in dialog.texts]
    assert "“Answer:”" in texts[0]
    assert any(text.endswith("Answer: praise") for text in texts)
    assert texts[-1].endswith("Text: I love it! {labels}")
    dialog.accept()
    tasks.run()
    app.says("no model yet")
    app.window.banner.action.emit("tasks:models")
    assert app.window.pages.currentWidget() is app.window.models_page


def test_another_language_relabels_the_gallery_and_leaves_what_is_open(open_app: Callable[..., Driver], data_dir: Path) -> None:
    app = open_app(data_dir)
    app.until(lambda: app.session is not None)
    app.session.store.tasks.add('{"instruction": ["of another version"]}').result()
    tasks = Tasks(app).open("summary", text="a b c")
    i18n.install(app.zhiyin.app, "zh_CN")
    app.until(lambda: any(card.name == "摘要" for card in tasks.page.tasks()))
    assert tasks.page.view.fields.values()["text"] == "a b c"
    assert tasks.page.heading.text() == "Summary"
    i18n.install(app.zhiyin.app, "en")
    app.until(lambda: any(card.name == "Summary" for card in tasks.page.tasks()))
