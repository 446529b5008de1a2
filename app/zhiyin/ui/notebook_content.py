"""What is on the notebook's page: the sheet, the choices and figures below it, and the side with the settings."""

from PySide6.QtCore import QEvent, QRect, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from zhiyin.ui.amounts import count_text, number_text, percent_text
from zhiyin.ui.notebook_choices import ChoiceStrip
from zhiyin.ui.notebook_editor import NotebookEditor
from zhiyin.ui.notebook_form import NotebookForm
from zhiyin.ui.notebook_popover import CandidatePopover
from zhiyin.ui.notebook_values import NotebookOptions, Progress, Span
from zhiyin.ui.reading_column import reading_column
from zhiyin.ui.theme import STEP
from zhiyin.ui.tokens import PANEL_WIDTH

LEAST_BESIDE = 760  # pixels: with less, the side lies over the sheet
MARGIN_BESIDE_OVERLAY = 48


class NotebookContent(QWidget):
    """Laid out by hand: the side folds away, and lies over the sheet where there is no room beside it."""

    continue_requested = Signal()
    stop_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._progress = Progress()
        self._side_open = True
        self._overlay = False
        self.sheet = QWidget(self)
        self.editor = NotebookEditor(self.sheet)
        self.choices = ChoiceStrip(self.sheet)
        self.figures = QLabel(self.sheet)
        self.figures.setProperty("tone", "soft")
        self.figures.setTextFormat(Qt.TextFormat.PlainText)
        self.figures.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.bar = QProgressBar(self.sheet)
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.stop_button = QPushButton(self.sheet)
        self.continue_button = QPushButton(self.sheet)
        self.continue_button.setProperty("kind", "primary")
        for button in (self.stop_button, self.continue_button):
            button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.form = NotebookForm(self)
        self.popover = CandidatePopover(self)
        self._lay_out()
        self.continue_button.clicked.connect(self.continue_requested)
        self.stop_button.clicked.connect(self.stop_requested)
        self.popover.left.connect(self.editor.setFocus)
        self.editor.pointed.connect(self._point)
        self.editor.asked.connect(self._ask)
        self.editor.edited.connect(self.popover.hide)
        self.editor.verticalScrollBar().valueChanged.connect(self.popover.hide)
        self.retranslateUi()
        self.show_progress(self._progress)

    def _lay_out(self) -> None:
        foot = QWidget(self.sheet)
        row = QHBoxLayout(foot)
        row.setContentsMargins(5 * STEP + 1, 0, 3 * STEP, 0)
        row.setSpacing(2 * STEP)
        row.addWidget(self.figures, 1)
        row.addWidget(self.stop_button)
        row.addWidget(self.continue_button)
        line = QFrame(self.sheet)
        line.setProperty("line", True)
        line.setFixedHeight(1)
        column = QVBoxLayout(self.sheet)
        column.setContentsMargins(0, 0, 0, 3 * STEP)
        column.setSpacing(2 * STEP)
        column.addLayout(reading_column(self.editor), 1)
        column.addLayout(reading_column(self.choices))
        column.addWidget(line)
        column.addLayout(reading_column(self.bar))
        column.addLayout(reading_column(foot))

    # ------------------------------------------------------------ what is shown

    def show_progress(self, progress: Progress) -> None:
        """Show how far the work is, and what can be done now."""
        self._progress = progress
        busy = progress.state != "idle"
        self.editor.setReadOnly(busy)
        self.continue_button.setVisible(not busy)
        self.stop_button.setVisible(busy)
        fraction = progress.fraction if progress.state in ("loading", "reading") else 0.0
        policy = self.bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.bar.setSizePolicy(policy)
        self.bar.setVisible(progress.state in ("loading", "reading"))
        self.bar.setValue(round(fraction * 1000))
        self.choices.show_choices(progress.choices, progress.chosen)
        self.popover.set_may_choose(not busy)
        self._say()

    def show_options(self, options: NotebookOptions) -> None:
        """Show how the text is continued."""
        self.form.set_value(options)
        self.editor.set_tinted(options.probabilities)

    def _say(self) -> None:
        progress = self._progress
        parts = {
            "waiting": [self.tr("Waits until the reply in a conversation is finished…")],
            "loading": [self.tr("Loading {model}…").format(model=progress.model), percent_text(progress.fraction)],
            "reading": [self.tr("Reading…"), percent_text(progress.fraction)],
            "writing": [self.tr("Writing…")],
            "searching": [self.tr("Searching…")],
            "idle": [],
        }[progress.state]
        if progress.tokens is not None:
            count = count_text(progress.tokens)
            if progress.limit:
                parts.append(self.tr("{count} of {limit} tokens").format(count=count, limit=count_text(progress.limit)))
            else:
                parts.append(self.tr("{count} tokens").format(count=count))
        if progress.speed and progress.state == "idle":
            parts.append(self.tr("{speed} tokens/s").format(speed=number_text(progress.speed, 3)))
        self.figures.setText(" · ".join(parts))
        self.figures.setAccessibleName(self.figures.text())

    # ------------------------------------------------------------ tokens

    def _where(self, rect: QRect) -> QRect:
        return QRect(self.editor.viewport().mapTo(self, rect.topLeft()), rect.size())

    def _point(self, span: Span | None, rect: QRect) -> None:
        if span is None or not span.candidates:
            self.popover.leave()
        else:
            self.popover.show_span(span, self._token(span), self._where(rect))

    def _ask(self, span: Span, rect: QRect) -> None:
        if span.candidates:
            self.popover.show_span(span, self._token(span), self._where(rect), focus=True)

    def _token(self, span: Span) -> str:
        return self.editor.text_of(span)

    # ------------------------------------------------------------ the side

    def side_shown(self) -> bool:
        """Whether the settings can be seen."""
        return self._side_open if self._beside() else self._overlay

    def show_side(self, shown: bool) -> None:  # noqa: FBT001 - a state, as in Qt's setters
        """Unfold or fold the settings."""
        if self._beside():
            self._side_open = shown
        else:
            self._overlay = shown
        self._arrange()

    def _beside(self) -> bool:
        return self.width() >= LEAST_BESIDE

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange anew; what lay over the sheet folds when it gets its own place."""
        super().resizeEvent(event)
        if self._beside():
            self._overlay = False
        self.popover.hide()
        self._arrange()

    def _arrange(self) -> None:
        width, height = self.width(), self.height()
        shown, beside = self.side_shown(), self._beside()
        side = min(PANEL_WIDTH, width - MARGIN_BESIDE_OVERLAY)
        self.sheet.setGeometry(0, 0, width - side if shown and beside else width, height)
        self.form.setGeometry(width - side, 0, side, height)
        self.form.setVisible(shown)
        if shown:
            self.form.raise_()
        self.popover.raise_()

    # ------------------------------------------------------------ words

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.editor.set_placeholder(self.tr("Begin a text here, and let the model go on."))
        self.editor.setAccessibleName(self.tr("Text"))
        self.continue_button.setText(self.tr("Continue"))
        self.continue_button.setToolTip(self.tr("Continue the text (Ctrl+Enter)"))
        self.stop_button.setText(self.tr("Stop"))
        self.choices.retranslateUi()
        self._say()

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def close_overlay(self) -> bool:
        """Fold what lies over the sheet; whether there was anything."""
        if self.popover.isVisible():
            self.popover.hide()
            self.editor.setFocus()
            return True
        if self._overlay and not self._beside():
            self.show_side(False)
            return True
        return False
