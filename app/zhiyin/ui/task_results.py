"""What the model makes of a task: answers side by side, each as it grows."""

import re

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent, QTextBlockFormat, QTextCursor, QTextOption
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from zhiyin.ui.elided_label import ElidedLabel
from zhiyin.ui.fold import Fold
from zhiyin.ui.form_row import soft_label
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.icons import icon, icon_pixmap
from zhiyin.ui.long_lines import break_long_lines, break_long_words, mend_long_lines
from zhiyin.ui.model_card import ModelCard
from zhiyin.ui.task_values import SampleState
from zhiyin.ui.theme import STEP, reading_font, theme, theme_signals, ui_font
from zhiyin.ui.wording import Wording, worded

COLUMN_WIDTH = 250  # the least that is good to read
LINE_HEIGHT = 115  # percent
LONGEST_THOUGHT = 6_000  # characters of reasoning that are shown
COPIED_MS = 1_500
MARKDOWN = re.compile(r"^(#{1,6} |```|~~~|[-*+] \S|\d{1,3}[.)] \S|> |\|.*\|)|\*\*\S|`\S", re.MULTILINE)


class AnswerText(QTextEdit):
    """Plain text as high as it needs; what grows is added at its end."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setAcceptRichText(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self.setStyleSheet("QTextEdit { background: transparent; border: none; padding: 0; }")
        self.setFont(reading_font(11))
        self.document().setDocumentMargin(0)
        self.document().setUndoRedoEnabled(False)
        self.document().documentLayout().documentSizeChanged.connect(lambda _size: self._fit())
        self._shown = ""

    def show_text(self, text: str) -> None:
        """Show this; what is there already stays as it is."""
        if text == self._shown:
            return
        if self._shown and text.startswith(self._shown):
            cursor = QTextCursor(self.document())
            cursor.movePosition(QTextCursor.MoveOperation.End)
            cursor.insertText(break_long_lines(text[len(self._shown) :]))
        else:
            self.document().clear()
            cursor = QTextCursor(self.document())
            form = QTextBlockFormat()
            form.setLineHeight(LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
            cursor.setBlockFormat(form)
            cursor.insertText(break_long_lines(text))
        self._shown = text

    def text(self) -> str:
        """What is shown."""
        return mend_long_lines(self.toPlainText())

    def wheelEvent(self, event: QEvent) -> None:
        """The page scrolls, not the text."""
        event.ignore()

    def sizeHint(self) -> QSize:
        """As high as the text."""
        return QSize(COLUMN_WIDTH, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width, another height."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        height = round(self.document().size().height()) + 2
        if height != self.height():
            self.setFixedHeight(height)


class SampleColumn(QFrame):
    """One answer with its seed, its speed, and what can be done with it."""

    keep_requested = Signal(int)

    def __init__(self, index: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self._state = SampleState(index, 0)
        self._kept = False
        self._several = True
        self.title = ElidedLabel(parent=self)
        self.title.setFont(ui_font(9.5))
        self.title.setProperty("tone", "soft")
        self.copy_button = IconButton("copy", self, size=16)
        self.keep_button = QPushButton(self)
        self.keep_button.setProperty("kind", "quiet")
        self.keep_button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.fold = Fold(self)
        self.thought = soft_label(self)
        self.thought.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.thought.hide()
        self.answer = AnswerText(self)
        self.formatted: ModelCard | None = None  # the answer as its Markdown means it, once it is whole
        self.caption = ElidedLabel(parent=self)
        self.caption.setFont(ui_font(9))
        self.caption.setProperty("tone", "soft")
        self._copied = QTimer(self)
        self._copied.setSingleShot(True)
        self._copied.setInterval(COPIED_MS)
        self._lay_out()
        self.copy_button.clicked.connect(self.copy_answer)
        self.keep_button.clicked.connect(lambda: self.keep_requested.emit(self._state.index))
        self.fold.toggled.connect(self.thought.setVisible)
        self._copied.timeout.connect(self._show)
        theme_signals().changed.connect(self._show)
        self._show()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(STEP)
        top.addWidget(self.title, 1)
        top.addWidget(self.copy_button)
        foot = QHBoxLayout()
        foot.setSpacing(STEP)
        foot.addWidget(self.caption, 1)
        foot.addWidget(self.keep_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4 * STEP, 2 * STEP, 2 * STEP, 2 * STEP)
        layout.setSpacing(STEP)
        layout.addLayout(top)
        layout.addWidget(self.fold)
        layout.addWidget(self.thought)
        layout.addSpacing(STEP)
        self._answers = QVBoxLayout()
        self._answers.addWidget(self.answer)
        layout.addLayout(self._answers)
        layout.addStretch(1)
        layout.addLayout(foot)

    def state(self) -> SampleState:
        """What is shown."""
        return self._state

    def set_state(self, state: SampleState, *, several: bool) -> None:
        """How far it has come."""
        self._state, self._several = state, several
        self._show()

    def set_kept(self, kept: bool) -> None:  # noqa: FBT001 - a state, as in Qt's setters
        """Whether it is the one that was kept."""
        self._kept = kept
        self._show()

    def copy_answer(self) -> None:
        """The answer, without the reasoning."""
        QGuiApplication.clipboard().setText(self._state.answer)
        self._copied.start()
        self._show()

    def _show(self) -> None:
        state = self._state
        seed = self.tr("seed {seed}").format(seed=state.seed)
        self.title.setText(f"{state.index + 1} · {seed}" if self._several else seed)
        self._show_answer()
        self.fold.setVisible(bool(state.reasoning))
        self.fold.set_text(self.tr("Thinking…") if state.thinking else self.tr("Reasoning"))
        shown = state.reasoning[-LONGEST_THOUGHT:]
        self.thought.setText(break_long_words(shown))
        self.thought.setVisible(bool(state.reasoning) and self.fold.isChecked())
        self.caption.setText(self._caption())
        able = bool(state.answer or state.reasoning) and state.phase not in ("waiting", "writing")
        self.keep_button.setText(self.tr("Kept") if self._kept else self.tr("Keep"))
        self.keep_button.setIcon(icon("check" if self._kept else "bookmark-simple", 16, "jade" if self._kept else "ink.soft"))
        self.keep_button.setEnabled(able and not self._kept)
        self.keep_button.setToolTip(self.tr("Make a conversation of it, with the other answers as alternatives."))
        self.copy_button.setEnabled(bool(state.answer))
        self.copy_button.set_hint(self.tr("Copied") if self._copied.isActive() else self.tr("Copy"))

    def _show_answer(self) -> None:
        """As plain text while it grows, and where nothing in it is Markdown."""
        text = self._state.answer
        whole = self._state.phase not in ("waiting", "writing")
        formatted = whole and MARKDOWN.search(text) is not None
        if formatted:
            if self.formatted is None:
                self.formatted = ModelCard(self)
                self._answers.addWidget(self.formatted)
            self.formatted.set_text(text)
        self.answer.show_text(text)
        self.answer.setVisible(bool(text) and not formatted)
        for widget in (self.answer, self.formatted):
            if widget is not None:
                widget.setAccessibleName(self.tr("Answer {number}").format(number=self._state.index + 1))
        if self.formatted is not None:
            self.formatted.setVisible(formatted)

    def _caption(self) -> str:
        state = self._state
        words = {
            "waiting": self.tr("Not begun"),
            "writing": self.tr("Writing…"),
            "limit": self.tr("At the longest answer"),
            "stopped": self.tr("Stopped"),
            "cut": self.tr("Cut off"),
        }.get(state.phase, "")
        parts = [words, self.tr("{count} tokens").format(count=state.tokens) if state.tokens else ""]
        parts.append(f"{self.locale().toString(state.speed, 'f', 1)} tok/s" if state.speed else "")
        return " · ".join(part for part in parts if part)

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._show()


class TaskResults(QWidget):
    """The answers, in as many columns as there is room for."""

    keep_requested = Signal(int)
    conversation_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.columns: list[SampleColumn] = []
        self._across = 0
        self._status: Wording = ""
        self.status = soft_label(self)
        self.kept_bar = _KeptBar(self)
        self.kept_bar.button.clicked.connect(self.conversation_requested)
        self.kept_bar.hide()
        self.nothing = _Nothing(self)
        self.area = QScrollArea(self)
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._sheet = QWidget()
        self._grid = QGridLayout(self._sheet)
        self._grid.setContentsMargins(4 * STEP, STEP, 2 * STEP, 4 * STEP)
        self._grid.setSpacing(3 * STEP)
        self.area.setWidget(self._sheet)
        self.area.hide()
        above = QVBoxLayout()
        above.setContentsMargins(4 * STEP, STEP, 4 * STEP, STEP)
        above.setSpacing(STEP)
        above.addWidget(self.status)
        above.addWidget(self.kept_bar)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(above)
        layout.addWidget(self.nothing, 1)
        layout.addWidget(self.area, 1)
        self.set_status("")

    def set_count(self, count: int) -> None:
        """Make room for so many answers; none takes all away."""
        for column in self.columns:
            self._grid.removeWidget(column)
            column.hide()
            column.deleteLater()
        self.columns = [SampleColumn(index, self._sheet) for index in range(count)]
        for column in self.columns:
            column.keep_requested.connect(self.keep_requested)
        self._across = 0
        self._arrange()
        self.area.setVisible(count > 0)
        self.nothing.setVisible(count == 0)
        self.kept_bar.hide()
        self.area.verticalScrollBar().setValue(0)

    def set_sample(self, state: SampleState) -> None:
        """How far one of them has come; where one alone is read to its end, the end stays in sight."""
        if not 0 <= state.index < len(self.columns):
            return
        bar = self.area.verticalScrollBar()
        follow = len(self.columns) == 1 and bar.maximum() > 0 and bar.value() >= bar.maximum() - 4
        self.columns[state.index].set_state(state, several=len(self.columns) > 1)
        if follow:
            QTimer.singleShot(0, bar, lambda: bar.setValue(bar.maximum()))

    def set_kept(self, index: int | None) -> None:
        """Which one was kept."""
        for column in self.columns:
            column.set_kept(column.state().index == index)
        self.kept_bar.setVisible(index is not None)

    def set_status(self, words: Wording) -> None:
        """What is being waited for; "" for nothing."""
        self._status = words
        self.status.setText(worded(words))
        self.status.setVisible(bool(self.status.text()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More or fewer columns."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        count = len(self.columns)
        across = max(1, min(count, (self.width() - 4 * STEP) // COLUMN_WIDTH))
        if across > 1 and count > across:  # 4 stand better as 2 + 2 than as 3 + 1
            across = -(-count // -(-count // across))
        if across == self._across:
            return
        self._across = across
        for place, column in enumerate(self.columns):
            self._grid.addWidget(column, place // across, place % across)
        for place in range(max(self._grid.columnCount(), across)):
            self._grid.setColumnStretch(place, 1 if place < across else 0)
        rows = -(-count // across) if count else 0
        for place in range(max(self._grid.rowCount(), rows + 1)):
            self._grid.setRowStretch(place, 1 if place == rows else 0)

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.set_status(self._status)


class _KeptBar(QWidget):
    """Says that a conversation was made, with the way there."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("ground", "wash")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._sign = QLabel(self)
        self.label = ElidedLabel(parent=self)
        self.button = QPushButton(self)
        self.button.setProperty("kind", "quiet")
        self.button.setCursor(Qt.CursorShape.PointingHandCursor)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(3 * STEP, STEP, STEP, STEP)
        layout.setSpacing(2 * STEP)
        layout.addWidget(self._sign)
        layout.addWidget(self.label, 1)
        layout.addWidget(self.button)
        theme_signals().changed.connect(self._draw)
        self.retranslateUi()
        self._draw()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.label.setText(self.tr("Kept as a conversation."))
        self.button.setText(self.tr("Show the conversation"))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def _draw(self) -> None:
        self._sign.setPixmap(icon_pixmap("check", 16, theme().color("jade")))


class _Nothing(QWidget):
    """What stands where the answers will be."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._sign = QLabel(self)
        self._sign.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.label = soft_label(self)
        self.label.setFont(ui_font(10.5))
        self.label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8 * STEP, 8 * STEP, 8 * STEP, 8 * STEP)
        layout.setSpacing(3 * STEP)
        layout.addStretch(2)
        layout.addWidget(self._sign)
        layout.addWidget(self.label)
        layout.addStretch(3)
        theme_signals().changed.connect(self._draw)
        self.retranslateUi()
        self._draw()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.label.setText(self.tr("Fill in what there is to do, then run it. The answers appear here, side by side."))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def _draw(self) -> None:
        self._sign.setPixmap(icon_pixmap("columns", 36, theme().color("ink.faint")))
