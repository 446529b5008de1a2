"""Summaries of what no longer fits: written by the model when it is free, kept as turns that can be read and changed."""

import logging

from PySide6.QtCore import QObject, Signal

from zhiyin.controllers.answering import scene_turn
from zhiyin.controllers.replies import ReplyJob, ReplyRunner, fit_of
from zhiyin.i18n import language
from zhiyin.prompt.summary import finished_text, standing, summary_request, to_summarize
from zhiyin.prompt.token_counts import TokenCounts
from zhiyin.services.delivery import Delivery
from zhiyin.services.engine import EngineService
from zhiyin.store.records import ConversationView, Turn
from zhiyin.store.store import Store
from zhiyin_models.engine.protocol import Event, Failed, Finished, Generate, Sampling, Text
from zhiyin_models.errors import Code, ModelError

log = logging.getLogger(__name__)

LEAST_TURNS = 4  # a summary of less is not worth a reading of the prompt
SMALLEST_SHARE = 0.2  # of the context, when the engine goes on finding a request too long
TOLD_ELSEWHERE = (Code.ENGINE_DIED, Code.ENGINE_SILENT)


class SummaryController(QObject):
    """One summary at a time, and only while no reply runs or waits: a reply that is asked for meanwhile comes first."""

    written = Signal(int)  # conversation
    trouble = Signal(object)  # an exception, to be put into words

    def __init__(
        self,
        *,
        store: Store,
        replies: ReplyRunner,
        engine: EngineService,
        delivery: Delivery,
        counts: TokenCounts | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._replies = replies
        self._engine = engine
        self._delivery = delivery
        self._counts = counts or TokenCounts()
        self._request: int | None = None
        self._failed: set[tuple[int, int]] = set()  # conversation, covers: what the loaded model could not summarize
        self._shares: dict[int, float] = {}  # of the context, by conversation, where less was too much
        self._told: set[int] = set()  # conversations
        engine.loaded.connect(self._on_loaded)
        replies.ended.connect(self._on_ended)
        replies.queued.connect(lambda _job: self._give_way())

    def _give_way(self) -> None:
        if self._request is not None:
            self._engine.stop(self._request)

    @property
    def busy(self) -> bool:
        """Whether a summary is being written."""
        return self._request is not None

    def end(self) -> None:
        """Write no more."""
        self._give_way()
        self._request = None

    def _on_loaded(self, _model: object) -> None:
        """Another model may manage what this one did not."""
        self._failed.clear()
        self._shares.clear()

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
        model = self._engine.model
        if len(fresh) < LEAST_TURNS or model is None:
            return
        conversation, leaf = view.conversation.id, view.turns[-1].id
        request = summary_request(
            fresh,
            before.text if before is not None else "",
            context=int(model.context * self._shares.get(conversation, 1.0)),
            count=self._counts.of,
            language="zh" if language() == "zh_CN" else "en",
        )
        if (conversation, request.covers) in self._failed:
            return
        pieces: list[str] = []

        def heard(event: Event) -> None:
            if isinstance(event, Text):
                pieces.append(event.text)
            elif isinstance(event, Finished):
                self._request = None
                if event.reason != "stopped":
                    self._keep(conversation, leaf, finished_text("".join(pieces), event.reason), request.covers)
            elif isinstance(event, Failed):
                self._request = None
                self._on_failed(conversation, request.covers, event)

        self._request = self._engine.generate(
            lambda number: Generate(
                id=number,
                session="",
                messages=request.messages,
                sampling=Sampling(temperature=0.2),
                max_tokens=request.max_tokens,
                priority=-1,
            ),
            heard,
        )

    def _keep(self, conversation: int, leaf: int, text: str, covers: int) -> None:
        if not text:
            log.warning("the model wrote no summary of conversation %d up to turn %d", conversation, covers)
            self._failed.add((conversation, covers))
            return
        adding = self._store.add_summary(conversation, leaf, text, covers)
        self._delivery.deliver(adding, lambda _turn: self.written.emit(conversation), self.trouble.emit)

    def _on_failed(self, conversation: int, covers: int, event: Failed) -> None:
        """Not again after each reply: another time with less, if it was too long, and otherwise with another model."""
        log.warning("no summary of conversation %d: %s %s", conversation, event.code, event.args)
        share = self._shares.get(conversation, 1.0) / 2
        if event.code == Code.MESSAGE_TOO_LONG and share > SMALLEST_SHARE:
            self._shares[conversation] = share
            return
        self._failed.add((conversation, covers))
        if conversation not in self._told and event.code not in TOLD_ELSEWHERE:
            self._told.add(conversation)
            self.trouble.emit(ModelError(event.code, **event.args))
