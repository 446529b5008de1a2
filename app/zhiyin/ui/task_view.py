"""One task: what is filled in and chosen at the left, what the model makes of it at the right."""

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from zhiyin.ui.form_row import soft_label
from zhiyin.ui.icons import icon
from zhiyin.ui.notice_label import NoticeLabel
from zhiyin.ui.task_examples import TaskExamples
from zhiyin.ui.task_fields import TaskFields
from zhiyin.ui.task_options import TaskOptions
from zhiyin.ui.task_results import TaskResults
from zhiyin.ui.task_values import RunPhase, TaskForm, TaskInputs
from zhiyin.ui.theme import STEP, theme_signals
from zhiyin.ui.tokens import SCROLL_BAR_WIDTH
from zhiyin.ui.wording import Wording, worded

SIDE_BY_SIDE = 780
LEAST_WIDTH = 340
FORM_WIDTH, WIDE_FORM = 340, 400


class TaskView(QWidget):
    """The form and the answers; where there is room for one of them only, two tabs."""

    run_requested = Signal()
    stop_requested = Signal()
    prompt_requested = Signal()
    inputs_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wide: bool | None = None
        self._phase: RunPhase = "idle"
        self._notice: tuple[Wording, str] = ("", "info")
        self.summary = soft_label(self)
        self.fields = TaskFields(self)
        self.examples = TaskExamples(self)
        self.options = TaskOptions(self)
        self.results = TaskResults(self)
        self.notice = NoticeLabel("", self)
        self.run_button = QPushButton(self)
        self.run_button.setProperty("kind", "primary")
        self.stop_button = QPushButton(self)
        self.prompt_button = QPushButton(self)
        self.prompt_button.setProperty("kind", "quiet")
        for button in (self.run_button, self.stop_button, self.prompt_button):
            button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.stop_button.hide()
        self.form_tab, self.answers_tab = QPushButton(self), QPushButton(self)
        self._tabs = QButtonGroup(self)
        for tab in (self.form_tab, self.answers_tab):
            tab.setCheckable(True)
            tab.setProperty("kind", "tab")
            tab.setCursor(Qt.CursorShape.PointingHandCursor)
            self._tabs.addButton(tab)
        self.form_tab.setChecked(True)
        self._lay_out()
        self._connect()
        self.retranslateUi()

    def _lay_out(self) -> None:
        sheet = QWidget()
        form = QVBoxLayout(sheet)
        form.setContentsMargins(5 * STEP, STEP, 5 * STEP - SCROLL_BAR_WIDTH // 2, 4 * STEP)
        form.setSpacing(5 * STEP)
        form.addWidget(self.summary)
        form.addWidget(self.fields)
        form.addWidget(_line(sheet))
        form.addWidget(self.examples)
        form.addWidget(_line(sheet))
        form.addWidget(self.options)
        form.addStretch(1)
        self.area = QScrollArea(self)
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(sheet)
        buttons = QHBoxLayout()
        buttons.setSpacing(2 * STEP)
        buttons.addWidget(self.run_button)
        buttons.addWidget(self.stop_button)
        buttons.addWidget(self.prompt_button)
        buttons.addStretch(1)
        self._foot = QWidget(self)
        foot = QVBoxLayout(self._foot)
        foot.setContentsMargins(5 * STEP, 2 * STEP, 5 * STEP, 3 * STEP)
        foot.setSpacing(2 * STEP)
        foot.addWidget(self.notice)
        foot.addLayout(buttons)
        self._left = QWidget(self)
        self._column = QVBoxLayout(self._left)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self.area, 1)
        self._between = _line(self, upright=True)
        body = QHBoxLayout()
        body.setSpacing(0)
        body.addWidget(self._left)
        body.addWidget(self._between)
        body.addWidget(self.results, 1)
        tabs = QHBoxLayout()
        tabs.setContentsMargins(4 * STEP, 0, 4 * STEP, 2 * STEP)
        tabs.setSpacing(STEP)
        tabs.addWidget(self.form_tab)
        tabs.addWidget(self.answers_tab)
        tabs.addStretch(1)
        self._whole = QVBoxLayout(self)
        self._whole.setContentsMargins(0, 0, 0, 0)
        self._whole.setSpacing(0)
        self._whole.addLayout(tabs)
        self._whole.addLayout(body, 1)

    def _connect(self) -> None:
        self.run_button.clicked.connect(self._run)
        self.stop_button.clicked.connect(self.stop_requested)
        self.prompt_button.clicked.connect(self.prompt_requested)
        for part in (self.fields.changed, self.examples.ticked_changed, self.options.changed):
            part.connect(self.inputs_changed)
        self._tabs.buttonClicked.connect(self._show_tab)
        run = QShortcut(QKeySequence("Ctrl+Return"), self)
        run.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        run.activated.connect(self._run)
        theme_signals().changed.connect(self._draw)
        self._draw()

    # ------------------------------------------------------------ values

    def set_task(self, form: TaskForm, inputs: TaskInputs, *, keep_answers: bool = False) -> None:
        """Show a task with what was last filled in."""
        self.summary.setText(form.summary)
        self.summary.setVisible(bool(form.summary.strip()))
        self.fields.set_fields(form.fields, inputs.values)
        self.examples.set_examples(form.examples, inputs.ticked)
        self.options.set_values(
            reasoning=inputs.reasoning,
            samples=inputs.samples,
            temperature=inputs.temperature,
            seed=inputs.seed,
            max_tokens=inputs.max_tokens,
        )
        self.set_notice("")
        if not keep_answers:
            self.results.set_count(0)
            self.results.set_status("")
            self.area.verticalScrollBar().setValue(0)
            self.form_tab.setChecked(True)
        self._fold()

    def inputs(self) -> TaskInputs:
        """What is filled in and chosen."""
        return TaskInputs(
            values=self.fields.values(),
            ticked=self.examples.ticked(),
            reasoning=self.options.reasoning.isChecked(),
            samples=self.options.samples.value(),
            temperature=round(self.options.temperature.value(), 3),
            seed=self.options.chosen_seed(),
            max_tokens=self.options.length.value(),
        )

    def set_phase(self, phase: RunPhase) -> None:
        """How far the run is."""
        self._phase = phase
        self.run_button.setVisible(phase == "idle")
        self.stop_button.setVisible(phase != "idle")
        words: dict[RunPhase, Wording] = {
            "waiting": lambda: self.tr("A reply is being written in a conversation. This begins when it is done."),
            "loading": lambda: self.tr("Loading the model…"),
            "reading": lambda: self.tr("Reading…"),
        }
        self.results.set_status(words.get(phase, ""))

    def set_notice(self, words: Wording, kind: str = "info") -> None:
        """Say something above the buttons; "" takes it away."""
        self._notice = (words, kind)
        self.notice.set_text(worded(words), kind)

    def focus_field(self, key: str = "") -> None:
        """Write in one of the fields."""
        self.form_tab.setChecked(True)
        self._fold()
        self.fields.focus(key)

    def show_answers(self) -> None:
        """Where both have no room, the answers."""
        self.answers_tab.setChecked(True)
        self._fold()

    # ------------------------------------------------------------ inner

    def _run(self) -> None:
        if self._phase == "idle":
            self.set_notice("")
            self.run_requested.emit()

    def minimumSizeHint(self) -> QSize:
        """As narrow as a phone: what stands side by side now gives way when the window shrinks."""
        return QSize(LEAST_WIDTH, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Side by side, or one at a time."""
        super().resizeEvent(event)
        self._fold()

    def _show_tab(self, tab: QAbstractButton) -> None:
        tab.setFocus()
        self._fold()

    def _fold(self) -> None:
        wide = self.width() >= SIDE_BY_SIDE
        if wide != self._wide:  # the buttons are below the form, or below both
            self._wide = wide
            (self._column if wide else self._whole).addWidget(self._foot)
        for tab in (self.form_tab, self.answers_tab):
            tab.setVisible(not wide)
        self._between.setVisible(wide)
        if wide:
            self._left.setFixedWidth(WIDE_FORM if self.width() >= 2 * WIDE_FORM + 120 else FORM_WIDTH)
        else:
            self._left.setMinimumWidth(0)
            self._left.setMaximumWidth(16_777_215)
        self._left.setVisible(wide or self.form_tab.isChecked())
        self.results.setVisible(wide or self.answers_tab.isChecked())

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.run_button.setText(self.tr("Run"))
        self.run_button.setToolTip(QKeySequence("Ctrl+Return").toString(QKeySequence.SequenceFormat.NativeText))
        self.stop_button.setText(self.tr("Stop"))
        self.prompt_button.setText(self.tr("Show the prompt"))
        self.form_tab.setText(self.tr("Task"))
        self.answers_tab.setText(self.tr("Answers"))
        self.notice.set_text(worded(self._notice[0]), self._notice[1])

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def _draw(self) -> None:
        self.run_button.setIcon(icon("play", 16, "on.accent"))
        self.stop_button.setIcon(icon("stop-fill", 16, "accent"))
        self.prompt_button.setIcon(icon("eye", 16))


def _line(parent: QWidget, *, upright: bool = False) -> QFrame:
    line = QFrame(parent)
    line.setProperty("line", True)
    line.setFixedWidth(1) if upright else line.setFixedHeight(1)
    return line
