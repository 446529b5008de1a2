"""What is asked for a summary: a real store and a real engine process with the starter model, whose context is small."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from zhiyin.controllers.replies import ReplyJob, ReplyRunner
from zhiyin.controllers.summaries import SummaryController
from zhiyin.prompt.layout import Layout
from zhiyin.prompt.token_counts import TokenCounts
from zhiyin.roles import Setup
from zhiyin.services.delivery import Delivery
from zhiyin.services.engine import EngineService, EngineState
from zhiyin.store.records import ConversationView, Status
from zhiyin.store.store import Store
from zhiyin_models.engine.protocol import Load, Message, Sampling
from zhiyin_models.errors import Code

LONGEST_MS = 60_000
PAIRS = 6


@pytest.fixture(scope="module")
def engine(starter: Path, tmp_path_factory: pytest.TempPathFactory, qapp: object) -> Iterator[EngineService]:
    del qapp
    one = EngineService(tmp_path_factory.mktemp("logs") / "engine.log")
    one.load("starter", lambda id_: Load(id=id_, path=str(starter), context=512, threads=2))
    yield one
    one.close()


class Reckless(TokenCounts):
    """Takes every text to be short."""

    def of(self, text: str) -> int:
        return min(1, len(text))


class Scene:
    """A conversation of which all but the last turn is forgotten."""

    def __init__(self, qtbot: QtBot, engine: EngineService, folder: Path, counts: TokenCounts) -> None:
        self.qtbot, self.delivery, self.store = qtbot, Delivery(), Store.open(folder, maintenance_delay=1e9)
        self.replies = ReplyRunner(engine, self.store, self.delivery)
        self.controller = SummaryController(store=self.store, replies=self.replies, engine=engine, delivery=self.delivery, counts=counts)
        self.written: list[int] = []
        self.troubles: list[Code] = []
        self.controller.written.connect(self.written.append)
        self.controller.trouble.connect(lambda error: self.troubles.append(error.code))
        qtbot.waitUntil(lambda: engine.state is EngineState.READY, timeout=LONGEST_MS)
        self.conversation = self.store.create_conversation(setup=Setup(summarize=True)).result(10).id
        parent: int | None = None
        for _ in range(PAIRS):
            user = self.store.add_user_turn(self.conversation, parent, "tell me of the river and the boats. " * 9).result(10)
            reply = self.store.add_reply(
                self.conversation, user.id, model="m", status=Status.COMPLETE, text="The river runs to the sea."
            ).result(10)
            parent = reply.id

    def view(self) -> ConversationView:
        return self.store.conversation(self.conversation).result(10)

    def end_a_reply(self) -> None:
        """As when the last reply has just ended; returns when the controller has heard of it."""
        turns = self.view().turns
        last = turns[-1]
        left_out = tuple(turn.id for turn in turns[:-1])
        layout = Layout((Message("assistant", last.text, section="history"),), (last.id,))
        self.replies.ended.emit(ReplyJob(self.conversation, last.id, "m", layout, Sampling(), left_out=left_out), last)
        heard: list[ConversationView] = []
        self.delivery.deliver(self.store.conversation(self.conversation), heard.append)
        self.qtbot.waitUntil(lambda: bool(heard), timeout=LONGEST_MS)

    def close(self) -> None:
        self.controller.end()
        self.delivery.close()
        self.store.close()


def test_what_the_model_cannot_do_is_told_once_and_not_asked_again(
    qtbot: QtBot, engine: EngineService, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    scene = Scene(qtbot, engine, tmp_path, Reckless())
    with caplog.at_level(logging.WARNING, "zhiyin.controllers.summaries"):
        for tries in (1, 2, 3):  # with all of the context, with half of it, with a quarter
            scene.end_a_reply()
            qtbot.waitUntil(lambda tries=tries: len(caplog.records) >= tries, timeout=LONGEST_MS)  # type: ignore[misc]
        for _ in range(2):
            scene.end_a_reply()
            assert scene.controller.busy is False
    assert len(caplog.records) == 3
    assert scene.troubles == [Code.MESSAGE_TOO_LONG]
    assert scene.written == []
    scene.close()
