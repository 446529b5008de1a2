"""The notebook with the real window, store and engine."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import msgspec
from PySide6.QtCore import Qt
from tests.end_to_end.conftest import Driver

from zhiyin.controllers.notebook import KEY
from zhiyin.services.engine import EngineState
from zhiyin.ui.notebook_content import NotebookContent
from zhiyin.ui.notebook_values import NotebookOptions
from zhiyin_models.engine.protocol import Sampling

FOX = "The fox looked at the moon and"
GREEDY = NotebookOptions(method="greedy", max_tokens=6, sampling=Sampling(temperature=0, seed=1))


def opened(app: Driver, options: NotebookOptions = GREEDY) -> NotebookContent:
    """The page, with these options chosen in its form."""
    app.window.show_notebook()
    content = app.window.notebook_page.content()
    app.until(lambda: app.session.notebook._read)
    content.form.set_value(options)
    content.form.changed.emit(options)
    return content


def write(content: NotebookContent, text: str) -> None:
    content.editor.selectAll()
    content.editor.insertPlainText(text)


def go_on(app: Driver, content: NotebookContent) -> str:
    """Press the button and wait for the end; returns the text."""
    content.continue_button.click()
    app.until(lambda: app.session.notebook._run is None)
    return content.editor.text()


def test_a_text_is_continued_undone_and_found_again(app: Driver, open_app: Callable[..., Driver], with_starter: Path) -> None:
    content = opened(app)
    write(content, FOX)
    first = go_on(app, content)
    assert first.startswith(FOX)
    assert len(first) > len(FOX)
    assert len(content.editor.shown().spans) == 6
    app.until(lambda: " of " in content.figures.text() and "tokens/s" in content.figures.text())
    second = go_on(app, content)
    assert second.startswith(first)
    app.window.notebook_page.undo_button.click()
    assert content.editor.text() == first
    app.window.notebook_page.undo_button.click()
    assert content.editor.text() == FOX
    app.window.notebook_page.redo_button.click()
    assert content.editor.text() == first
    app.zhiyin.close()
    again = open_app(with_starter)
    again.until(lambda: again.session is not None)  # what was written needs no model
    content = opened(again)
    assert content.editor.text() == first
    assert len(content.editor.shown().spans) == 6
    again.qtbot.keyClick(content.editor, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert content.editor.text() == FOX
    again.window.notebook_page.redo_button.click()
    again.window.notebook_page.redo_button.click()
    assert content.editor.text() == second


def test_another_token_or_beam_is_taken_and_too_long_a_text_refused(app: Driver) -> None:
    content = opened(app)
    write(content, FOX)
    whole = go_on(app, content)
    span = content.editor.shown().spans[3]
    content.editor.pointed.emit(span, content.editor.rect_of(span))
    assert len(content.popover.rows) == 10
    other = next(row for row in content.popover.rows if row.usable)
    head = whole[: span.start] + other.candidate.text
    other.click()
    app.until(lambda: app.session.notebook._run is None)
    assert content.editor.text().startswith(head)
    assert len(content.editor.text()) > len(head)
    for expected in (head, whole, FOX):
        app.window.notebook_page.undo_button.click()
        assert content.editor.text() == expected

    content = opened(app, msgspec.structs.replace(GREEDY, method="beams", beams=3, results=2))
    best = go_on(app, content)
    assert len(content.choices.rows) == 2
    content.choices.rows[1].click()
    taken = content.editor.text()
    assert taken.startswith(FOX)
    assert taken != best
    assert content.choices.rows[1].isChecked()
    app.window.notebook_page.undo_button.click()
    assert content.editor.text() == best
    assert not content.choices.isVisible()

    content = opened(app, msgspec.structs.replace(GREEDY, max_total=20))
    write(content, "word " * 30)
    content.continue_button.click()
    app.until(lambda: any("at most 19" in text for text in app.window.banner.texts()))
    assert content.editor.text() == "word " * 30
    app.until(lambda: "30 of 20 tokens" in content.figures.text() or "31 of 20 tokens" in content.figures.text())


def test_a_reply_comes_first_and_a_stop_keeps_what_was_written(app: Driver) -> None:
    content = opened(app, msgspec.structs.replace(GREEDY, max_tokens=0))
    write(content, FOX)
    app.short(20)
    app.say("Tell me about the sea.")
    app.until(lambda: app.session.replies.busy)
    content.continue_button.click()
    app.until(lambda: "Waits" in content.figures.text())
    assert content.editor.text() == FOX
    app.until(lambda: len(content.editor.text()) > len(FOX) + 10)
    assert not app.session.replies.busy
    assert content.editor.isReadOnly()
    content.stop_button.click()
    app.until(lambda: app.session.notebook._run is None)
    assert content.editor.text().startswith(FOX)
    assert not content.editor.isReadOnly()
    assert not app.window.banner.texts()


def test_a_model_that_is_not_there_or_goes_leaves_the_text(app: Driver) -> None:
    app.session.models.unload()
    content = opened(app, msgspec.structs.replace(GREEDY, max_tokens=0))
    write(content, FOX)
    content.continue_button.click()
    (message,) = app.window.banner.messages()
    assert message.key == KEY
    message.buttons[0].click()
    app.until(lambda: len(content.editor.text()) > len(FOX) + 10)
    app.session.models.unload()
    app.until(lambda: app.session.notebook._run is None)
    assert [message.key for message in app.window.banner.messages()] == [KEY]
    written = content.editor.text()
    assert written.startswith(FOX)

    content.continue_button.click()
    app.window.banner.messages()[0].buttons[0].click()
    app.until(lambda: len(content.editor.text()) > len(written) + 10)
    os.kill(app.session.engine.pid, signal.SIGKILL)
    app.until(lambda: app.session.notebook._run is None)
    assert content.editor.text().startswith(written)
    app.until(lambda: len(app.window.banner.texts()) == 1)
    assert app.session.engine.state is EngineState.EMPTY
    assert app.window.banner.messages()[0].key != KEY  # the window says it, once
