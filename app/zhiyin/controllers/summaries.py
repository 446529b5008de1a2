"""Summaries of what no longer fits: written by the model when it is free, kept as turns that can be read and changed."""

from PySide6.QtCore import QObject, Signal

from zhiyin.controllers.answering import scene_turn
from zhiyin.controllers.replies import ReplyJob, ReplyRunner, fit_of
from zhiyin.i18n import language
from zhiyin.prompt.summary import standing, summary_request, to_summarize
from zhiyin.services.delivery import Delivery
from zhiyin.services.engine import EngineService
from zhiyin.store.records import ConversationView, Turn
from zhiyin.store.store import Store
from zhiyin_models.engine.protocol import Event, Failed, Finished, Generate, Sampling, Text

LEAST_TURNS = 4  # a summary of less is not worth a reading of the prompt
SUMMARY_TOKENS = 400


class SummaryController(QObject):
    """One summary at a time, and only while no reply runs or waits: a reply that is asked for meanwhile comes first."""

    written = Signal(int)  # conversation
    trouble = Signal(object)  # an exception, to be put into words

    def __init__(
        self, *, store: Store, replies: ReplyRunner, engine: EngineService, delivery: Delivery, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._replies = replies
        self._engine = engine
        self._delivery = delivery
        self._request: int | None = None
        replies.ended.connect(self._on_ended)
        replies.queued.connect(lambda _job: self._give_way())

    def _give_way(self) -> None:
        if self._request is not None:
            self._engine.stop(self._request)

    def end(self) -> None:
        """Write no more."""
        self._give_way()
        self._request = None

    def _on_ended(self, job: ReplyJob, turn: Turn) -> None:
        start = job.layout.memory_start(fit_of(turn.stats), job.left_out)
        if start is None or self._request is not None or self._replies.busy:
            return

        def viewed(view: ConversationView) -> None:
            if view.conversation.setup.summarize and not self._replies.busy and view.conversation.leaf == turn.id:
                self._write(view, start)

        self._delivery.deliver(self._store.conversation(turn.conversation), viewed, self.trouble.emit)

    def _write(self, view: ConversationView, start: int) -> None:
        turns = [scene_turn(turn) for turn in view.turns]
        fresh, before = to_summarize(turns, start), standing(turns)
        if len(fresh) < LEAST_TURNS:
            return
        spoken = "zh" if language() == "zh_CN" else "en"
        messages = summary_request(fresh, before.text if before is not None else "", language=spoken)
        conversation, leaf, covers = view.conversation.id, view.turns[-1].id, fresh[-1].id
        pieces: list[str] = []

        def heard(event: Event) -> None:
            if isinstance(event, Text):
                pieces.append(event.text)
            elif isinstance(event, Finished | Failed):
                self._request = None
                text = "".join(pieces).strip()
                if isinstance(event, Finished) and event.reason != "stopped" and text:
                    adding = self._store.add_summary(conversation, leaf, text, covers)
                    self._delivery.deliver(adding, lambda _turn: self.written.emit(conversation), self.trouble.emit)

        self._request = self._engine.generate(
            lambda number: Generate(
                id=number, session="", messages=messages, sampling=Sampling(temperature=0.2), max_tokens=SUMMARY_TOKENS, priority=-1
            ),
            heard,
        )
