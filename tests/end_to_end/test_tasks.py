"""Tasks with the real engine: run, compared, kept; stopped, killed, waiting its turn; saved, exported, imported, undone."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.end_to_end.conftest import Driver

from zhiyin import i18n
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


def test_answers_side_by_side_and_the_best_becomes_a_conversation(app: Driver) -> None:
    tasks = Tasks(app).open("rewriting", text="The cat sat on the mat and then it slept.")
    tasks.page.view.examples.rows[2].box.setChecked(False)
    tasks.chosen(samples=3, seed=40).run().ended()
    states = [column.state() for column in tasks.columns]
    assert [state.seed for state in states] == [40, 41, 42]
    assert all(state.answer and state.tokens for state in states)
    assert len({state.answer for state in states}) > 1
    assert all(state.phase in ("done", "limit") for state in states)
    tasks.columns[1].keep_button.click()
    app.until(tasks.page.view.results.kept_bar.isVisible)
    tasks.page.view.results.kept_bar.button.click()
    app.until(lambda: app.window.pages.currentWidget() is app.window.chat and len(app.chat.turns) == 2)
    question, reply = app.chat.turns
    assert question.text.startswith("Text: The cat sat on the mat")
    assert reply.text == states[1].answer
    assert len(reply.sibling_ids) == 3
    system = app.chat.conversation.system_prompt
    assert system.startswith("Rewrite the text as asked.")
    assert "### Example 2" in system
    assert "### Example 3" not in system
    assert app.chat.conversation.title.startswith("Rewriting · ")
    app.window.show_tasks()
    tasks.columns[2].keep_button.click()
    app.until(lambda: app.session.store.conversation(app.chat.id).result().turns[1].text == states[2].answer)


def test_one_seed_is_the_same_answer_twice(app: Driver) -> None:
    tasks = Tasks(app).open("continuation", opening="The lighthouse went dark.").chosen(samples=2, seed=7).run().ended()
    first = [column.state().answer for column in tasks.columns]
    tasks.chosen(samples=1, seed=8).run().ended()
    assert tasks.columns[0].state().answer == first[1]


def test_stop_keeps_what_was_written_and_a_killed_engine_too(app: Driver) -> None:
    tasks = Tasks(app).open("essay", title="The river").chosen(samples=2, tokens=0).run()
    tasks.writing()
    began = time.monotonic()
    tasks.page.view.stop_button.click()
    assert time.monotonic() - began < 5  # at once; the answer of the engine is not waited for
    assert not tasks.controller.running
    kept = [column.state().answer for column in tasks.columns]
    assert {column.state().phase for column in tasks.columns} == {"stopped"}
    tasks.columns[0].keep_button.click()
    app.until(lambda: tasks.page.view.results.kept_bar.isVisible() or not kept[0])
    tasks.run()
    tasks.writing()
    os.kill(app.session.engine.pid, signal.SIGKILL)
    tasks.ended()
    assert any(column.state().answer for column in tasks.columns)
    assert all(column.state().phase == "cut" for column in tasks.columns)
    assert "What was written is kept" in tasks.notice
    tasks.chosen(tokens=4).run().ended()  # it is loaded again
    assert tasks.columns[0].state().phase in ("done", "limit")


def test_a_reply_of_a_conversation_comes_first(app: Driver) -> None:
    app.short(0)
    app.say("Write a very long story about a river.")
    app.until(lambda: app.session.replies.busy and app.session.replies.jobs_of(app.chat.id)[0].tokens > 3)
    tasks = Tasks(app).open("couplet", first="The ferry lights go out at ten,").chosen().run()
    assert "reply is being written" in tasks.page.view.results.status.text()
    assert tasks.columns[0].state().phase == "waiting"
    app.window.composer.stop_button.click()
    tasks.ended()
    assert tasks.columns[0].state().answer


def test_thinking_is_apart_from_the_answer_and_the_prompt_is_shown_as_sent(app: Driver) -> None:
    tasks = Tasks(app).open("classification", text="I love it!")
    tasks.page.view.options.reasoning.setChecked(True)
    tasks.page.view.prompt_button.click()
    dialog = tasks.page.findChild(__import__("zhiyin.ui.task_dialogs", fromlist=["PromptDialog"]).PromptDialog)
    texts = [text.text() for text in dialog.texts]
    assert "“Answer:”" in texts[0]
    assert any(text.endswith("Answer: praise") for text in texts)
    assert texts[-1].endswith("Text: I love it!")
    dialog.accept()
    tasks.chosen(tokens=80, temperature=0.0).run().ended()
    state = tasks.columns[0].state()
    assert state.answer
    assert "Answer:" not in state.answer or not state.reasoning


def test_own_tasks_examples_files_and_the_way_back(
    app: Driver, open_app: Callable[..., Driver], tmp_path: Path, with_starter: Path
) -> None:
    tasks = Tasks(app).open("translation", text="Good night", language="French")
    page, examples = tasks.page, tasks.page.view.examples
    examples.put(-1, TaskExample({"text": "tea", "language": "French"}, "thé"))
    app.until(lambda: next(card for card in page.tasks() if card.ident == "translation").changed)
    examples.remove(0)
    assert [example.output for example in examples.examples()][-1] == "thé"
    app.window.toast.button.click()
    app.until(lambda: len(examples.examples()) == 4)
    place = tmp_path / "翻译.json"
    page.export_chosen.emit("translation", str(place))
    app.until(place.exists)
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
    again = Tasks(open_app(with_starter).ready())
    assert [card.name for card in again.page.tasks() if card.own] == ["My French (copy)", "My French"]
    again.open(own)
    assert again.page.view.fields.values()["source_text"] == "Hello"
    broken = tmp_path / "broken.json"
    broken.write_text('{"instruction": 3}', encoding="utf-8")
    again.page.import_chosen.emit(str(broken))
    again.app.says("broken.json", "cannot be read as a task")


def test_without_a_model_the_way_to_one_is_shown(open_app: Callable[..., Driver], data_dir: Path) -> None:
    app = open_app(data_dir)
    app.until(lambda: app.session is not None)
    tasks = Tasks(app).open("poem")
    tasks.run()
    assert "Fill in “Subject”" in tasks.notice
    tasks.open("poem", subject="frost").run()
    app.says("no model yet")
    app.window.banner.action.emit("tasks:models")
    assert app.window.pages.currentWidget() is app.window.models_page


def test_another_language_relabels_the_gallery_and_leaves_what_is_open(app: Driver) -> None:
    tasks = Tasks(app).open("summary", text="a b c")
    i18n.install(app.zhiyin.app, "zh_CN")
    app.until(lambda: any(card.name == "摘要" for card in tasks.page.tasks()))
    assert tasks.page.view.fields.values()["text"] == "a b c"
    assert tasks.page.heading.text() == "Summary"
    i18n.install(app.zhiyin.app, "en")
    app.until(lambda: any(card.name == "Summary" for card in tasks.page.tasks()))
