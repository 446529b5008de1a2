"""One job: what it does and how far it is, how it ended, and what can be done about it."""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from zhiyin.ui.amounts import duration_text, percent_text, time_left_text
from zhiyin.ui.elided_label import ElidedLabel
from zhiyin.ui.evaluation_chart import EvaluationChart, evaluation_title
from zhiyin.ui.form_row import soft_label
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.long_lines import break_long_words
from zhiyin.ui.notice_label import NoticeLabel
from zhiyin.ui.stage_line import StageLine
from zhiyin.ui.theme import STEP, ui_font
from zhiyin_models.evaluate.report import Evaluation
from zhiyin_models.jobs.protocol import Output, Status
from zhiyin_models.work import Progress, Stage

SCALE = 1000
CANCEL, RESUME, RETRY, DISCARD, REMOVE, CHAT, SHOW = "cancel", "resume", "retry", "discard", "remove", "chat", "show"
LONGEST_ANSWER = 2000  # characters that are shown


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as its card shows it. ``seconds`` is how long it took, ``prompt`` what the new model was asked."""

    id: str
    title: str
    status: Status
    stages: tuple[Stage, ...] = ()
    progress: Progress | None = None
    cancelling: bool = False
    failure: str = ""
    notices: tuple[str, ...] = ()
    outputs: tuple[Output, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    prompt: str = ""
    answer: str = ""
    seconds: float = 0.0
    can_chat: bool = False


class JobCard(QFrame):
    """``acted`` carries what was pressed; nothing changes until the owner says so."""

    acted = Signal(str, str)  # the job, the action

    def __init__(self, view: JobView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        self._view = view
        self._shown: JobView | None = None
        self.title = ElidedLabel(parent=self, middle=True)
        self.title.setFont(ui_font(11.5))
        self.remove_button = IconButton("x", self, size=14)
        self.stages = StageLine(self)
        self.bar = QProgressBar(self)
        self.bar.setRange(0, SCALE)
        self.bar.setTextVisible(False)
        self.state = ElidedLabel(parent=self)
        self.state.setProperty("tone", "soft")
        self.state.setFont(ui_font(9.5))
        self.detail = ElidedLabel(parent=self, middle=True)
        self.detail.setProperty("tone", "soft")
        self.detail.setFont(ui_font(9.0))
        self.message = NoticeLabel("", self)
        self._results: list[QWidget] = []
        self.result = QVBoxLayout()
        self.result.setSpacing(3 * STEP)
        self.buttons = {name: self._button(name) for name in (CHAT, SHOW, RESUME, RETRY, DISCARD, CANCEL)}
        self._lay_out()
        self.remove_button.clicked.connect(lambda: self._act(REMOVE))
        self.set_view(view)

    def _button(self, name: str) -> QPushButton:
        button = QPushButton(self)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        if name in (CHAT, RESUME, RETRY):
            button.setProperty("kind", "primary")
        button.clicked.connect(lambda: self._act(name))
        return button

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(2 * STEP)
        top.addWidget(self.title, 1)
        top.addWidget(self.remove_button)
        words = QHBoxLayout()
        words.setSpacing(3 * STEP)
        words.addWidget(self.state)
        words.addWidget(self.detail, 1)
        words.addWidget(self.buttons[CANCEL])
        row = QHBoxLayout()
        row.setSpacing(2 * STEP)
        for name in (CHAT, SHOW, RESUME, RETRY, DISCARD):
            row.addWidget(self.buttons[name])
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(5 * STEP, 3 * STEP, 5 * STEP, 4 * STEP)
        layout.setSpacing(2 * STEP)
        layout.addLayout(top)
        layout.addWidget(self.stages)
        layout.addWidget(self.bar)
        layout.addLayout(words)
        layout.addWidget(self.message)
        layout.addLayout(self.result)
        layout.addLayout(row)

    # ------------------------------------------------------------ values

    def view(self) -> JobView:
        """What is shown."""
        return self._view

    def set_view(self, view: JobView) -> None:
        """Show this; the result is built once."""
        before, self._view = self._shown, view
        self._shown = view
        if before is None or (before.evaluations, before.answer, before.notices) != (view.evaluations, view.answer, view.notices):
            self._build_result()
        self.retranslateUi()

    def _build_result(self) -> None:
        for old in self._results:
            self.result.removeWidget(old)
            old.hide()
            old.deleteLater()
        view = self._view
        self._results = [NoticeLabel(notice, self) for notice in view.notices]
        if view.answer:
            self._results.append(_Answer(view.prompt, view.answer, self))
        self._results += [_Titled(evaluation, self) for evaluation in view.evaluations]
        for widget in self._results:
            self.result.addWidget(widget)

    def charts(self) -> list[EvaluationChart]:
        """The charts of a finished job."""
        return self.findChildren(EvaluationChart)

    # ------------------------------------------------------------ words

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        view = self._view
        running = view.status == Status.RUNNING
        title = view.title
        self.title.setText(title)
        self.setAccessibleName(title)
        self.remove_button.set_hint(self.tr("Take out of the list"))
        self.remove_button.setVisible(view.status in (Status.FINISHED, Status.FAILED, Status.CANCELLED))
        for widget in (self.stages, self.bar, self.detail, self.state):
            widget.setVisible(running)
        if running:
            self._show_progress(view.progress)
        kind, said = self._outcome()
        self.message.set_text(said, kind)
        shown = {
            CHAT: (self.tr("Chat with it"), view.status == Status.FINISHED and view.can_chat),
            SHOW: (self.tr("Show in folder"), view.status == Status.FINISHED and bool(view.outputs)),
            RESUME: (self.tr("Resume"), view.status == Status.INTERRUPTED),
            RETRY: (self.tr("Try again"), view.status == Status.FAILED),
            DISCARD: (self.tr("Discard"), view.status == Status.INTERRUPTED),
            CANCEL: (self.tr("Cancel"), running),
        }
        for name, (text, visible) in shown.items():
            self.buttons[name].setText(text)
            self.buttons[name].setVisible(visible)
        self.buttons[CANCEL].setEnabled(not view.cancelling)

    def _show_progress(self, progress: Progress | None) -> None:
        view = self._view
        self.stages.set_stages(view.stages, progress.stage if progress is not None else None)
        fraction = max(0.0, min(1.0, progress.done / progress.total)) if progress is not None and progress.total > 0 else 0.0
        self.bar.setValue(round(fraction * SCALE))
        self.bar.setAccessibleName(self.tr("Progress"))
        if view.cancelling:
            parts = [self.tr("Cancelling…")]
        elif progress is None:
            parts = [self.tr("Starting…")]
        else:
            parts = [percent_text(int(fraction * 100) / 100)]
            left = time_left_text(progress.left)
            later = view.stages[view.stages.index(progress.stage) + 1 :] if progress.stage in view.stages else ()
            if left and Stage.EVALUATE in later:
                left = self.tr("{time} for this step").format(time=left)
            parts += [left] if left else []
        self.state.setText(" · ".join(parts))
        self.detail.setText(progress.detail if progress is not None and not view.cancelling else "")

    def _outcome(self) -> tuple[str, str]:
        view = self._view
        match view.status:
            case Status.FINISHED:
                return "good", self.tr("Finished in {time}.").format(time=duration_text(view.seconds))
            case Status.FAILED:
                return "error", view.failure or self.tr("It failed.")
            case Status.INTERRUPTED:
                said = self.tr("It was interrupted, and goes on from the last whole tensor.")
                return "warning", said
            case Status.CANCELLED:
                return "info", self.tr("Cancelled; nothing of it is left.")
        return "info", ""

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def _act(self, action: str) -> None:
        self.acted.emit(self._view.id, action)


class _Answer(QFrame):
    """The first thing that a new model said."""

    def __init__(self, prompt: str, answer: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("ground", "wash")
        self.prompt = soft_label(self)
        self.prompt.setText(break_long_words(prompt))
        self.prompt.setVisible(bool(prompt))
        self.answer = QLabel(self)
        self.answer.setTextFormat(Qt.TextFormat.PlainText)
        self.answer.setWordWrap(True)
        self.answer.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.answer.setText(break_long_words(answer[:LONGEST_ANSWER]))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4 * STEP, 3 * STEP, 4 * STEP, 3 * STEP)
        layout.setSpacing(STEP)
        layout.addWidget(self.prompt)
        layout.addWidget(self.answer)


class _Titled(QWidget):
    def __init__(self, evaluation: Evaluation, parent: QWidget) -> None:
        super().__init__(parent)
        self._evaluation = evaluation
        self._title = QLabel(self)
        self._title.setProperty("tone", "section")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, STEP, 0, 0)
        layout.setSpacing(2 * STEP)
        layout.addWidget(self._title)
        layout.addWidget(EvaluationChart(evaluation, self))
        self.retranslateUi()

    def retranslateUi(self) -> None:
        self._title.setText(evaluation_title(self._evaluation))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()
