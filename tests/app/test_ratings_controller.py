"""Ratings from the transcript into a real store, and out of it into a file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from zhiyin.controllers.presentation import turn_view
from zhiyin.controllers.ratings import RatingsController
from zhiyin.services.delivery import Delivery
from zhiyin.store import Status, Store, StoreCode, Turn
from zhiyin.ui.ranking_dialog import RankingDialog
from zhiyin.ui.settings_page import SettingsPage
from zhiyin.ui.transcript.view import TranscriptView


class Rated:
    """A transcript with a question and two replies, and what the controller told."""

    def __init__(self, store: Store, view: TranscriptView) -> None:
        self.store, self.view = store, view
        self.delivery = Delivery()
        self.controller = RatingsController(view, store=store, delivery=self.delivery)
        self.told: list[Turn] = []
        self.trouble: list[Any] = []
        self.controller.rated.connect(self.told.append)
        self.controller.rated.connect(lambda turn: view.update_turn(turn_view(turn)))
        self.controller.trouble.connect(self.trouble.append)
        made = store.create_conversation().result()
        asked = store.add_user_turn(made.id, None, "q").result()
        self.replies = store.add_replies(made.id, asked.id, ["one", "two"]).result().sibling_ids
        self.conversation = made.id
        view.set_turns([turn_view(turn) for turn in store.conversation(made.id).result().turns])


@pytest.fixture
def rated(tmp_path: Path, qtbot: QtBot) -> Iterator[Rated]:
    view = TranscriptView()
    qtbot.addWidget(view)
    view.resize(640, 480)
    view.show()
    with Store.open(tmp_path / "data", maintenance_delay=1e9) as store:
        made = Rated(store, view)
        yield made
        made.delivery.close()
    view.clear()


def test_a_thumb_and_a_note_are_stored_and_shown(rated: Rated, qtbot: QtBot) -> None:
    first, _ = rated.replies
    rated.view.act(first, "good")
    qtbot.waitUntil(lambda: len(rated.told) == 1)
    rated.view.remark_edited.emit(first, "wise")
    qtbot.waitUntil(lambda: len(rated.told) == 2)
    kept = rated.store.conversation(rated.conversation).result().turns[-1]
    assert (kept.thumb, kept.remark) == (1, "wise")
    shown = rated.view.stack.entries[-1].turn
    assert (shown.thumb, shown.remark) == (1, "wise")
    rated.view.rated.emit(99, 1)
    qtbot.waitUntil(lambda: bool(rated.trouble))
    assert rated.trouble[0].code is StoreCode.MISSING


def test_alternatives_are_ranked_in_a_dialog(rated: Rated, qtbot: QtBot) -> None:
    first, second = rated.replies

    def dialog() -> RankingDialog:
        rated.view.act(first, "rank")
        qtbot.waitUntil(lambda: any(found.isVisible() for found in rated.view.window().findChildren(RankingDialog)))
        return next(found for found in rated.view.window().findChildren(RankingDialog) if found.isVisible())

    opened = dialog()
    opened.move_by(1)
    opened.remark.set_text("shorter")
    opened.keep.click()
    qtbot.waitUntil(lambda: len(rated.told) == 2)
    ranks = {turn.id: (turn.rank, turn.remark) for turn in rated.store.ratings.alternatives(first).result()}
    assert ranks == {first: (2, ""), second: (1, "shorter")}
    again = dialog()
    assert (again.order(), again.remark.text()) == ([second, first], "shorter")
    again.clear.click()
    qtbot.waitUntil(lambda: len(rated.told) == 4)
    assert [turn.rank for turn in rated.store.ratings.alternatives(first).result()] == [None, None]


def test_ratings_are_counted_and_exported(rated: Rated, tmp_path: Path, qtbot: QtBot) -> None:
    first, second = rated.replies
    page = SettingsPage()
    qtbot.addWidget(page)
    rated.controller.set_page(page)
    rated.store.ratings.rank([second, first]).result()
    page.show()
    qtbot.waitUntil(page.form().export_ratings.isEnabled)
    page.form().export_ratings.click()
    export = rated.controller.export
    assert export is not None
    words: list[str] = []

    def said() -> bool:
        words[:] = [export.dialog._state.text()]
        return bool(words[0])

    path = tmp_path / "out.jsonl"
    export.dialog.export_requested.emit("dpo", str(path), False)
    qtbot.waitUntil(said)
    assert words == ["1 records from 1 conversations were written."]
    assert json.loads(path.read_text(encoding="utf-8"))["chosen"] == [{"role": "assistant", "content": "two"}]
    export.dialog.export_requested.emit("kto", str(tmp_path / "none.jsonl"), False)
    qtbot.waitUntil(lambda: said() and "nothing to export" in words[0])
    export.dialog.export_requested.emit("sft", str(tmp_path / "nowhere" / "x.jsonl"), False)
    qtbot.waitUntil(lambda: said() and "nothing" not in words[0] and "records" not in words[0])
    export.dialog.reject()


def test_greetings_are_left_out_of_the_file_where_the_dialog_says_so(rated: Rated, tmp_path: Path, qtbot: QtBot) -> None:
    made = rated.store.create_conversation().result()
    greeting = rated.store.add_replies(made.id, None, ["Hello."]).result()
    question = rated.store.add_user_turn(made.id, greeting.id, "q").result()
    reply = rated.store.add_reply(made.id, question.id, model="m", text="a", status=Status.COMPLETE).result()
    rated.store.ratings.rate(reply.id, 1).result()
    rated.controller.ask_export()
    export = rated.controller.export
    assert export is not None
    dialog = export.dialog
    assert not dialog.no_greetings.isChecked()
    dialog.choices["kto"].click()
    roles = []
    for path in (tmp_path / "with.jsonl", tmp_path / "without.jsonl"):
        dialog.export_button.click()
        (chooser,) = [found for found in dialog.findChildren(QFileDialog) if found.isVisible()]
        chooser.fileSelected.emit(str(path))
        chooser.reject()
        qtbot.waitUntil(path.exists)
        qtbot.waitUntil(dialog.export_button.isEnabled)
        roles.append([message["role"] for message in json.loads(path.read_text(encoding="utf-8"))["prompt"]])
        dialog.no_greetings.click()
    assert roles == [["assistant", "user"], ["user"]]
    dialog.reject()
