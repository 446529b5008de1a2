"""Asks what rated replies shall be exported for, and where to, and shows how far it is."""

from PySide6.QtCore import QEvent, QLocale, QStandardPaths, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from zhiyin.ui.form_row import soft_label
from zhiyin.ui.theme import STEP
from zhiyin.ui.tick_box import TickBox

KINDS = ("dpo", "kto", "sft")


def _indented(hint: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setContentsMargins(6 * STEP, 0, 0, 0)
    row.addWidget(hint)
    return row


class TrainingDialog(QDialog):
    """Chooses a way of training; ``export_requested`` carries it, the path of the file and whether greetings are left out.

    ``cancel_requested`` gives up.

    It stays open while the file is written, and says what became of it.
    """

    export_requested = Signal(str, str, bool)
    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self._counts: tuple[int, int, int] | None = None
        self._busy = False
        self._said = ""
        self._intro = soft_label(self)
        self._kinds = QButtonGroup(self)
        self.choices = {kind: QRadioButton(self) for kind in KINDS}
        self._hints = {kind: soft_label(self) for kind in KINDS}
        self.no_greetings = TickBox(self)
        self._greetings_hint = soft_label(self)
        self._bar = QProgressBar(self)
        self._bar.setTextVisible(False)
        self._state = QLabel(self)
        self._state.setTextFormat(Qt.TextFormat.PlainText)
        self._state.setWordWrap(True)
        self.close_button = QPushButton(self)
        self.export_button = QPushButton(self)
        self.export_button.setProperty("kind", "primary")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4 * STEP, 4 * STEP, 4 * STEP, 4 * STEP)
        layout.setSpacing(2 * STEP)
        layout.addWidget(self._intro)
        for kind, choice in self.choices.items():
            self._kinds.addButton(choice)
            layout.addSpacing(STEP)
            layout.addWidget(choice)
            layout.addLayout(_indented(self._hints[kind]))
        layout.addSpacing(3 * STEP)
        layout.addWidget(self.no_greetings)
        layout.addLayout(_indented(self._greetings_hint))
        layout.addStretch(1)
        layout.addWidget(self._bar)
        layout.addWidget(self._state)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        buttons.addWidget(self.export_button)
        layout.addLayout(buttons)
        self.choices["dpo"].setChecked(True)
        self.close_button.clicked.connect(self.reject)
        self.export_button.clicked.connect(self._ask_where)
        self._show()
        self.retranslateUi()
        self.setMinimumHeight(500)  # wrapped hints do not keep their heights by themselves
        self.resize(480, 520)

    def set_counts(self, good: int, bad: int, ranked: int) -> None:
        """How many replies were rated, and how."""
        self._counts = (good, bad, ranked)
        self.retranslateUi()

    def kind(self) -> str:
        """The way of training that is chosen."""
        return next(kind for kind, choice in self.choices.items() if choice.isChecked())

    def set_progress(self, done: int, total: int) -> None:
        """A file is being written."""
        self._busy = True
        self._said = ""
        self._bar.setRange(0, max(total, 1))
        self._bar.setValue(done)
        self._show()

    def set_result(self, words: str, *, good: bool) -> None:
        """What became of it, in a sentence."""
        self._busy = False
        self._said = words
        self._state.setProperty("tone", "good" if good else "error")
        self._state.style().polish(self._state)
        self._show()

    def reject(self) -> None:
        """Give up what is being written, or leave."""
        if self._busy:
            self.cancel_requested.emit()
        super().reject()

    def _ask_where(self) -> None:
        dialog = QFileDialog(self, self.tr("Export ratings"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([self.tr("JSON lines (*.jsonl)")])
        dialog.setDefaultSuffix("jsonl")
        dialog.setDirectory(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation))
        dialog.selectFile(f"zhiyin-{self.kind()}.jsonl")
        kind, no_greetings = self.kind(), self.no_greetings.isChecked()
        dialog.fileSelected.connect(lambda path: self.export_requested.emit(kind, path, no_greetings))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _show(self) -> None:
        self._bar.setVisible(self._busy)
        self._state.setVisible(bool(self._said))
        self._state.setText(self._said)
        self.export_button.setEnabled(not self._busy)
        for choice in self.choices.values():
            choice.setEnabled(not self._busy)
        self.no_greetings.setEnabled(not self._busy)
        self.close_button.setText(self.tr("Cancel") if self._busy else self.tr("Close"))

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.setWindowTitle(self.tr("Export ratings"))
        words = self.tr(
            "What you rated becomes training data: one JSON object a line, as the TRL library reads it. Nothing leaves this computer."
        )
        if self._counts is not None:
            number = QLocale().toString
            good, bad, ranked = self._counts
            words += " " + self.tr("There are {good} good replies, {bad} bad ones and {ranked} that you put in order.").format(
                good=number(good), bad=number(bad), ranked=number(ranked)
            )
        self._intro.setText(words)
        for kind, name, hint in (
            (
                "dpo",
                self.tr("Preferences (DPO)"),
                self.tr("Each better alternative beside each worse one, by your thumbs and by your order."),
            ),
            ("kto", self.tr("Single judgements (KTO)"), self.tr("Each reply that has a thumb, with what you thought of it.")),
            ("sft", self.tr("Examples (SFT)"), self.tr("Whole conversations up to a reply that you called good or put first.")),
        ):
            self.choices[kind].setText(name)
            self._hints[kind].setText(hint)
        self.no_greetings.setText(self.tr("Leave out greetings before the first question"))
        self._greetings_hint.setText(
            self.tr(
                "For models such as Gemma and Mistral, which want a question first and turns that alternate. "
                "Instructions between the turns are then given as words of the user."
            )
        )
        self.export_button.setText(self.tr("Choose a file …"))
        self._show()

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()
