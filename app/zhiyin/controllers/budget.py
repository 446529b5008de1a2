"""What the next prompt would hold, by section: estimated while the user writes, counted by the engine when it is free."""

from collections import Counter
from collections.abc import Callable, Mapping

import msgspec
from PySide6.QtCore import QObject, QTimer

from zhiyin.controllers.answering import Answering
from zhiyin.controllers.cast import Cast, CastController
from zhiyin.controllers.chat import ChatController
from zhiyin.controllers.models import ModelsController
from zhiyin.controllers.replies import ReplyRunner
from zhiyin.prompt.assembly import Assembly
from zhiyin.prompt.scene import SceneTurn
from zhiyin.services.delivery import Delivery
from zhiyin.services.engine import EngineService
from zhiyin.store.records import Conversation, Sent
from zhiyin.store.store import Store
from zhiyin.ui.budget_bar import BudgetBar
from zhiyin.ui.main_window import MainWindow
from zhiyin.ui.sent_dialog import SentDialog, SentPart
from zhiyin_models.engine.protocol import Counted, Event, FitReport, Message, Render, Rendered

PAUSE_MS = 400


class BudgetController(QObject):
    """Keeps the bar under the composer true, and shows what was sent for a reply."""

    def __init__(
        self,
        window: MainWindow,
        *,
        store: Store,
        chat: ChatController,
        cast: CastController,
        answering: Answering,
        replies: ReplyRunner,
        models: ModelsController,
        engine: EngineService,
        delivery: Delivery,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._store = store
        self._chat = chat
        self._cast = cast
        self._answering = answering
        self._replies = replies
        self._models = models
        self._engine = engine
        self._delivery = delivery
        self._wanted = 0  # the newest question; answers to older ones are not shown
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self.refresh)
        self._bar.shown_changed.connect(window.footer.set_compact)
        for signal in (chat.turns_changed, chat.opened, chat.changed, cast.arrived, engine.loaded, window.composer.editor.textChanged):
            signal.connect(self._soon)
        window.chat.budget.details_requested.connect(self.show_next)
        window.transcript.sent_requested.connect(self.show_sent)

    def _soon(self, *_: object) -> None:
        self._wanted += 1
        self._timer.start()

    @property
    def _bar(self) -> BudgetBar:
        return self._window.chat.budget

    def end(self) -> None:
        """Ask no more."""
        self._timer.stop()
        self._wanted += 1

    # ------------------------------------------------------------ the bar

    def refresh(self) -> None:
        """Lay out what would be sent now, and show how much of the context it takes."""
        if self._replies.busy and self._chat.is_busy():
            return  # the figures of the reply itself are on their way
        self._ask(self._show_estimate)

    def _ask(self, then: Callable[[Assembly], None]) -> None:
        conversation = self._chat.conversation or Conversation(0, "", True, 0, 0, setup=self._chat.setup)
        draft = self._window.composer.text()
        if not self._chat.turns and not draft.strip() and not conversation.setup.members:
            self._bar.set_budget({}, 0, 0, {}, "none")
            return
        self._wanted += 1
        wanted = self._wanted

        def gathered(cast: Cast) -> None:
            speakers = [actor.persona for actor in cast.actors if not actor.muted]
            scene = self._answering.scene(conversation, self._chat.turns, cast, speakers[0] if speakers else None)
            last = scene.turns[-1] if scene.turns else None
            if draft.strip() or last is None or last.role != "user":
                scene = msgspec.structs.replace(scene, turns=(*scene.turns, SceneTurn(-1, "user", draft.strip() or "…")))
            self._delivery.deliver(self._answering.assembling(scene), lambda assembly: then(assembly) if wanted == self._wanted else None)

        self._cast.gather(conversation.setup, gathered)

    def _show_estimate(self, assembly: Assembly) -> None:
        loaded = self._engine.model
        context = loaded.context if loaded is not None else 0
        self._bar.set_budget(assembly.estimate, context, context, _left_out(assembly), "estimate")
        if not self._ready() or self._replies.busy:
            return
        wanted = self._wanted

        def counted(event: Event) -> None:
            if isinstance(event, Rendered) and wanted == self._wanted:
                dropped = Counter(_left_out(assembly))
                dropped.update(_dropped(assembly.layout.messages, event.fit.dropped))
                self._bar.set_budget(event.fit.sections, event.fit.limit, event.fit.context, dropped, "exact")

        messages = assembly.layout.messages
        self._engine.render(lambda number: Render(id=number, messages=messages), counted)

    # ------------------------------------------------------------ what is and was sent

    def show_next(self) -> None:
        """Open what would be sent now."""
        self._ask(self._render_next)

    def _render_next(self, assembly: Assembly) -> None:
        messages = assembly.layout.messages
        texts = tuple(message.content for message in messages)
        if not self._ready():
            counts = self._answering.counts
            self._open("", [_part(message, counts.of(message.content)) for message in messages], None, coming=True)
            return

        def rendered(event: Event) -> None:
            text, fit = (event.text, event.fit) if isinstance(event, Rendered) else ("", None)
            gone = set(fit.dropped) if fit is not None else set()

            def counted(event: Event) -> None:
                tokens = event.tokens if isinstance(event, Counted) else (0,) * len(texts)
                parts = [
                    _part(message, count, dropped=at in gone) for at, (message, count) in enumerate(zip(messages, tokens, strict=True))
                ]
                self._open(text, parts, fit, coming=True)

            self._engine.count(texts, counted)

        self._engine.render(lambda number: Render(id=number, messages=messages), rendered)

    def show_sent(self, turn: int) -> None:
        """Open what was sent for a reply."""

        def read(sent: Sent | None) -> None:
            if sent is None:
                self._window.banner.show_message(self._forgotten, "info", key="sent")
                return
            parts = [SentPart(one.role, one.section, one.text, one.tokens, one.dropped) for one in sent.messages]
            self._open(sent.text, parts, sent.fit)

        self._delivery.deliver(self._store.sent.get(turn), read)

    def _forgotten(self) -> str:
        return self.tr("What was sent for this reply is not kept any more; of each conversation the last two hundred are.")

    def _ready(self) -> bool:
        """Whether the engine can count for the model that answers here."""
        return self._engine.model is not None and self._models.current == self._chat.model

    def _open(self, text: str, parts: list[SentPart], fit: FitReport | None, *, coming: bool = False) -> None:
        figures = (fit.prompt_tokens, fit.limit, fit.context) if fit is not None else (0, 0, 0)
        dialog = SentDialog(text, parts, prompt_tokens=figures[0], limit=figures[1], context=figures[2], coming=coming, parent=self._window)
        dialog.open()


def _part(message: Message, tokens: int, *, dropped: bool = False) -> SentPart:
    return SentPart(message.role, message.section, message.content, tokens, dropped)


def _left_out(assembly: Assembly) -> Mapping[str, int]:
    """How many of each section were not even laid out."""
    counts = {"history": len(assembly.left_out), "lore": len(assembly.over_budget)}
    return {section: count for section, count in counts.items() if count}


def _dropped(messages: tuple[Message, ...], indices: tuple[int, ...]) -> Counter[str]:
    return Counter(messages[index].section for index in indices if index < len(messages))
