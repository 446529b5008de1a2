"""Answers of a task become a conversation: one, whatever is pressed and how often; again when it was deleted; none when the store fails."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from zhiyin.controllers.task_keeping import Ran, TaskKeeping
from zhiyin.paths import Paths
from zhiyin.prompt.tasks.fill import fill
from zhiyin.prompt.tasks.template import Field, Task
from zhiyin.services.delivery import Delivery
from zhiyin.store.errors import StoreError
from zhiyin.store.store import Store
from zhiyin_models.engine.protocol import Sampling

TASK = Task(name="Echo", instruction="Repeat.", fields=(Field("text"),), input_format="{text}")
RAN = Ran(TASK, fill(TASK, {"text": "a\nb"}), Sampling(), "small")
TEXTS = [(0, "first"), (2, "third")]


class Keeping:
    """Answers on a page, and what was heard."""

    def __init__(self, qtbot: QtBot, store: Store, background: ThreadPoolExecutor) -> None:
        self.qtbot, self.store = qtbot, store
        self.delivery = Delivery()
        self.part = TaskKeeping(store=store, background=background, delivery=self.delivery)
        self.heard: list[tuple[str, object]] = []
        for name in ("made", "kept", "shown", "trouble"):
            getattr(self.part, name).connect(self._hear(name))
        self.part.lost.connect(lambda: self.heard.append(("lost", None)))

    def _hear(self, name: str) -> Callable[[object], None]:
        return lambda value: self.heard.append((name, value))

    def until(self, *names: str) -> None:
        self.qtbot.waitUntil(lambda: [name for name, _ in self.heard] == list(names), timeout=10_000)
        self.heard.clear()

    def listed(self) -> list[int]:
        return [conversation.id for conversation in self.store.conversations().result()]


@pytest.fixture
def keeping(qtbot: QtBot, tmp_path: Path) -> Iterator[Keeping]:
    with Store.open(tmp_path) as store, ThreadPoolExecutor(2) as background:
        made = Keeping(qtbot, store, background)
        yield made
        made.delivery.close()


def test_three_quick_ones_make_one_conversation(keeping: Keeping) -> None:
    for _ in range(3):
        keeping.part.keep(RAN, TEXTS, 2)
    keeping.until("made", "kept")
    (ident,) = keeping.listed()
    view = keeping.store.conversation(ident).result()
    assert [turn.text for turn in view.turns] == ["a\nb", "third"]
    assert (view.conversation.title, view.conversation.model) == ("Echo · a", "small")
    keeping.part.keep(RAN, TEXTS, 0)
    keeping.until("kept")
    assert keeping.listed() == [ident]
    assert keeping.store.conversation(ident).result().turns[1].text == "first"
    keeping.part.keep(RAN, TEXTS, 1)  # an answer without a text
    keeping.part.show()
    keeping.until("shown")
    keeping.part.forget()
    keeping.part.show()
    keeping.part.keep(RAN, TEXTS, 0)
    keeping.until("made", "kept")
    assert len(keeping.listed()) == 2


def test_a_deleted_conversation_is_gone(keeping: Keeping) -> None:
    keeping.store.create_conversation(title="older").result()
    keeping.part.keep(RAN, TEXTS, 0)
    keeping.until("made", "kept")
    first, other = keeping.listed()
    keeping.store.delete_conversation(first).result()
    keeping.part.keep(RAN, TEXTS, 2)
    keeping.until("made", "kept")
    second = keeping.listed()[0]
    assert second not in (first, other)
    keeping.store.delete_conversation(second).result()
    keeping.part.show()
    keeping.until("lost")
    keeping.part.keep(RAN, TEXTS, 2)
    keeping.until("made", "kept")
    assert len(keeping.listed()) == 2


def test_a_store_that_fails_halfway_leaves_no_empty_conversation(keeping: Keeping, tmp_path: Path) -> None:
    file = Paths(tmp_path).database
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TRIGGER no BEFORE INSERT ON turns WHEN NEW.role = 'assistant' BEGIN SELECT RAISE(ABORT, 'no'); END")
        connection.commit()
        keeping.part.keep(RAN, TEXTS, 0)
        keeping.qtbot.waitUntil(lambda: bool(keeping.heard), timeout=10_000)
        ((name, error),) = keeping.heard
        assert name == "trouble"
        assert isinstance(error, StoreError)
        assert keeping.listed() == []
        connection.execute("DROP TRIGGER no")
        connection.commit()
    keeping.heard.clear()
    keeping.part.keep(RAN, TEXTS, 0)
    keeping.until("made", "kept")
    assert len(keeping.listed()) == 1
