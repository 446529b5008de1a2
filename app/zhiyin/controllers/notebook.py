"""The page of the notebook, connected."""

import logging
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from zhiyin.controllers.models import ModelsController
from zhiyin.controllers.notebook_history import History
from zhiyin.controllers.notebook_run import Run
from zhiyin.controllers.notebook_tokens import Alignment
from zhiyin.controllers.replies import ReplyRunner
from zhiyin.errors import describe
from zhiyin.services.delivery import Delivery
from zhiyin.services.engine import DEATHS, EngineService, EngineState
from zhiyin.store.store import Store
from zhiyin.ui.long_lines import mend_long_lines
from zhiyin.ui.main_window import MainWindow
from zhiyin.ui.notebook_values import Choice, NotebookOptions, NotebookText, Piece, Progress, Span, cut, with_piece
from zhiyin_models.engine.protocol import Counted, Event, Failed, Finished, Prefill, Text
from zhiyin_models.errors import Code, Failure

SETTING = "notebook"
LOAD = "notebook-load"
KEY = "notebook"  # of what is said in the banner
SAVE_MS = 1000
COUNT_MS = 400

log = logging.getLogger(__name__)


class NotebookController(QObject):
    """Asks the engine for what the page wants; a reply that runs or waits in a conversation comes first."""

    chat_wanted = Signal(int)  # conversation: what was kept is to be shown there
    trouble = Signal(object)  # an exception, to be put into words

    def __init__(
        self,
        window: MainWindow,
        *,
        store: Store,
        engine: EngineService,
        models: ModelsController,
        replies: ReplyRunner,
        background: Executor,
        delivery: Delivery,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._page = window.notebook_page
        self._store = store
        self._engine = engine
        self._models = models
        self._replies = replies
        self._background = background
        self._delivery = delivery
        self._history = History()
        self._options = NotebookOptions()
        self._text = NotebookText()  # as last seen in the editor
        self._progress = Progress()
        self._run: Run | None = None
        self._results: list[NotebookText] = []  # of the last continuation, when there were several
        self._read = False  # whether what was kept has come
        self._loading = ""  # the model that a continuation waits for
        self._counting = False
        self._save_timer = self._timer(SAVE_MS, self._save)
        self._count_timer = self._timer(COUNT_MS, self._count)
        self._connect()

    def _timer(self, milliseconds: int, does: object) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(does)
        return timer

    def _connect(self) -> None:
        page, engine, replies = self._page, self._engine, self._replies
        page.opened.connect(self._show_everything)
        page.edited.connect(self._edited)
        page.overfull.connect(self._overfull)
        page.continue_requested.connect(self.go_on)
        page.stop_requested.connect(self.stop)
        page.undo_requested.connect(self.undo)
        page.redo_requested.connect(self.redo)
        page.branch_requested.connect(self.branch)
        page.choice_made.connect(self.choose)
        page.options_changed.connect(self._options_changed)
        self._window.banner.action.connect(self._act)
        engine.loaded.connect(self._on_loaded)
        engine.load_progressed.connect(self._on_load_progress)
        engine.load_cancelled.connect(self._give_up)
        engine.load_failed.connect(self._give_up)
        engine.state_changed.connect(self._engine_changed)
        self._models.refused.connect(self._give_up)
        for signal in (replies.ended, replies.discarded, replies.unsaved):
            signal.connect(self._reply_over)

    # ------------------------------------------------------------ begin and end

    def open(self) -> None:
        """Fetch what was there when the app was left."""
        self._delivery.deliver(self._store.get_setting(SETTING), self._on_kept, self.trouble.emit)

    def retranslate(self) -> None:
        """Put everything into the language of the moment: the page does so by itself."""

    def end(self) -> None:
        """Leave nothing unsaved and nothing running."""
        run, self._run = self._run, None
        if run is not None and run.request is not None:
            self._engine.stop(run.request)
        self._count_timer.stop()
        if self._save_timer.isActive():
            self._save_timer.stop()
            self._save()

    def _on_kept(self, value: object) -> None:
        if self._read:
            return
        self._read = True
        if value is not None:
            self._history, self._options = History.decode(value)
            self._text = self._history.now
        if self._page.built:
            self._show_everything()

    def _show_everything(self) -> None:
        content = self._page.content()
        content.show_options(self._options)
        if self._read and not content.editor.shown().text:
            content.editor.show_text(self._text)
        self._text = content.editor.shown()  # something may have been written before what was kept came
        self._show()
        self._count_timer.start()

    def _save(self) -> None:
        if self._read:
            value = self._history.encode(self._text, self._options)
            self._delivery.deliver(self._store.set_setting(SETTING, value), None, self.trouble.emit)

    def _to_save(self) -> None:
        if not self._save_timer.isActive():
            self._save_timer.start()

    # ------------------------------------------------------------ the text

    def _edited(self) -> None:
        self._text = self._page.content().editor.shown()
        self._results = []
        self._show(choices=(), speed=0.0)
        self._to_save()
        self._count_timer.start()

    def _commit(self) -> None:
        """What was written since the last step is a step."""
        self._text = self._page.content().editor.shown()
        self._history.commit(self._text)

    def _show_text(self, text: NotebookText) -> None:
        self._text = text
        self._page.content().editor.show_text(text)
        self._to_save()
        self._count_timer.start()

    def undo(self) -> None:
        """Go back to the step before."""
        self._step(History.undo)

    def redo(self) -> None:
        """Go on to the step that was undone."""
        self._step(History.redo)

    def _step(self, move: object) -> None:
        if self._run is not None or not callable(move):
            return
        self._commit()
        self._results = []
        self._show_text(move(self._history))
        self._show(choices=(), speed=0.0)

    def branch(self, span: Span, index: int) -> None:
        """Cut the text at a token, put another candidate in its place, and go on from there."""
        if self._run is not None or not 0 <= index < len(span.candidates):
            return
        self._commit()
        candidate = span.candidates[index]
        piece = Piece(candidate.text, candidate.probability, span.candidates)
        self._show_text(with_piece(cut(self._text, span.start), piece))
        self._commit()
        self.go_on()

    def choose(self, index: int) -> None:
        """Put another of several continuations in place."""
        if self._run is None and 0 <= index < len(self._results):
            self._commit()
            self._show_text(self._results[index])
            self._commit()
            self._show(chosen=index)

    def _options_changed(self, options: NotebookOptions) -> None:
        self._options = options
        self._show(limit=self._limit())
        self._to_save()

    def _overfull(self) -> None:
        self._window.banner.show_message(
            lambda: self.tr("The notebook is full: not everything that was pasted has room."), "warning", key=KEY
        )

    # ------------------------------------------------------------ what is said

    def _show(self, **changes: object) -> None:
        self._progress = replace(self._progress, **changes)  # type: ignore[arg-type]
        pending = self._text.text != self._history.now.text
        self._progress = replace(self._progress, undo=pending or self._history.can_undo, redo=self._history.can_redo and not pending)
        if self._page.built:
            self._page.show_progress(self._progress)

    def _limit(self) -> int:
        model = self._engine.model
        context = model.context if model is not None else 0
        return min(self._options.max_total or context, context) if context else self._options.max_total

    def _count(self) -> None:
        """Ask how long the text is; what changes meanwhile is counted after."""
        if self._engine.state is not EngineState.READY or not self._page.built:
            self._show(tokens=None, limit=self._limit())
        elif self._counting:
            self._count_timer.start()
        else:
            self._counting = True
            self._engine.count([mend_long_lines(self._text.text)], self._on_counted)

    def _on_counted(self, event: Event) -> None:
        self._counting = False
        self._show(tokens=event.tokens[0] if isinstance(event, Counted) and event.tokens else None, limit=self._limit())

    def _engine_changed(self, _state: object) -> None:
        self._counting = False
        if self._page.built:
            self._count_timer.start()

    # ------------------------------------------------------------ continuing

    def go_on(self) -> None:
        """Let the model continue the text: when no reply runs, and when there is a model."""
        if self._run is not None or not self._page.built:
            return
        self._commit()
        self._results = []
        self._window.banner.dismiss(KEY)
        self._run = Run(self._text, self._options)
        self._show(choices=(), chosen=0, speed=0.0)
        self._try()

    def _try(self) -> None:
        """Begin, or say what it waits for."""
        if self._run is None or self._run.request is not None:
            return
        if self._replies.busy:
            self._show(state="waiting")
        elif self._engine.state is EngineState.READY:
            self._begin(self._run)
        elif self._engine.state is EngineState.LOADING:
            self._show(state="loading", model=self._models.current, fraction=0.0)
        else:
            self._offer_model()

    def _reply_over(self, *_about: object) -> None:
        self._try()

    def _offer_model(self) -> None:
        self._stand_still()
        name = self._models.default
        if not name:
            self._window.banner.show_message(partial(describe, Code.MODEL_NONE_LOADED, {}), "warning", key=KEY)
            return
        self._loading = name
        self._window.banner.show_message(
            lambda: self.tr("No model is loaded."), "info", [(LOAD, lambda: self.tr("Load {model}").format(model=name))], key=KEY
        )

    def _act(self, action: str) -> None:
        if action == LOAD and self._run is None and self._loading:
            self._run = Run(self._text, self._options)
            self._show(state="loading", model=self._loading, fraction=0.0)
            self._models.load(self._loading)

    def _on_loaded(self, _model: object) -> None:
        self._try()

    def _on_load_progress(self, fraction: float) -> None:
        if self._progress.state == "loading":
            self._show(fraction=fraction)

    def _give_up(self, *_why: object) -> None:
        """The model does not come; why is said elsewhere."""
        if self._run is not None and self._run.request is None and self._progress.state == "loading":
            self._stand_still()

    def _begin(self, run: Run) -> None:
        self._show(state="searching" if run.options.method == "beams" else "reading", fraction=0.0)
        run.request = self._engine.complete(run.make, lambda event: self._on_event(run, event)) or 0

    def stop(self) -> None:
        """End what runs; what was written stays."""
        run = self._run
        if run is None:
            return
        run.stopping = True
        if run.request:
            self._engine.stop(run.request)
        else:
            self._stand_still()

    def _stand_still(self) -> None:
        self._run = None
        self._show(state="idle")

    # ------------------------------------------------------------ answers

    def _on_event(self, run: Run, event: Event) -> None:
        if run is not self._run:
            return
        match event:
            case Prefill():
                fraction = event.done / event.total if event.total else 1.0
                self._show(fraction=fraction)
            case Text():
                self._models.touch()
                alignment = run.alignments.setdefault(event.index, Alignment())
                self._take(run, event.index, alignment.feed(event.text, event.probabilities))
            case Finished():
                self._finish(run, event)
            case Failed():
                self._fail(run, Failure(event.code, event.args))
            case _:
                pass

    def _take(self, run: Run, index: int, pieces: list[Piece]) -> None:
        """Write the first continuation as it comes; others are kept for the choice."""
        run.pieces.setdefault(index, []).extend(pieces)
        if index or not pieces:
            return
        self._page.content().editor.write(pieces)
        self._text = self._page.content().editor.shown()
        self._to_save()
        if not run.begun:
            run.begun = True
            self._show(state="writing")

    def _complete(self, run: Run) -> None:
        """Nothing more comes: what was held back is written, and it is a step."""
        for index, alignment in sorted(run.alignments.items()):
            self._take(run, index, alignment.finish())
        self._run = None
        self._commit()
        self._to_save()
        self._count_timer.start()

    def _finish(self, run: Run, event: Finished) -> None:
        self._complete(run)
        self._results = [self._text] + [run.result(index) for index in sorted(run.pieces) if index]
        scores = event.scores or (None,) * len(self._results)
        texts = ["".join(piece.text for piece in run.pieces[index]) for index in sorted(run.pieces)]
        choices = tuple(Choice(text, score) for text, score in zip(texts, scores, strict=False)) if len(texts) > 1 else ()
        self._show(state="idle", choices=choices, chosen=0, speed=event.stats.tokens_per_second)
        if event.reason == "stopped" and not run.stopping:
            self._window.banner.show_message(
                lambda: self.tr("The model was taken away while it wrote. What it had written is kept."), "warning", key=KEY
            )

    def _fail(self, run: Run, failure: Failure) -> None:
        self._complete(run)
        self._show(state="idle")
        if failure.code == Code.MESSAGE_TOO_LONG:
            count, limit = failure.args.get("tokens", 0), failure.args.get("limit", 0)
            self._window.banner.show_message(
                lambda: self.tr(
                    "The text has {count} tokens, and the model can go on from at most {limit}. Shorten it, or allow a greater length."
                ).format(count=count, limit=limit),
                "warning",
                key=KEY,
            )
        elif failure.code not in DEATHS:  # the window says so itself when the engine dies
            self._window.banner.show_message(partial(describe, failure.code, failure.args), "error", key=KEY)
