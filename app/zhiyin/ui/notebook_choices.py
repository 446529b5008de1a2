"""Several continuations beneath the text: one press puts another in place."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from zhiyin.ui.amounts import number_text
from zhiyin.ui.notebook_popover import visible
from zhiyin.ui.notebook_values import Choice
from zhiyin.ui.theme import STEP
from zhiyin.ui.tooltip import plain_tooltip

MOST_HEIGHT = 150
LONGEST = 400  # characters of one that are looked at
WORTH_LEAVING_OUT = 16
INDENT = 3 * STEP + 1  # with a row's own, in line with the text


class ChoiceStrip(QScrollArea):
    """Hidden while there is nothing to choose."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: list[_Row] = []
        self.heading = QLabel(self)
        self.heading.setProperty("tone", "section")
        self.heading.setIndent(2 * STEP)
        inner = QWidget(self)
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(INDENT, 0, INDENT, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self.heading)
        self.setWidget(inner)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self._shown: tuple[tuple[Choice, ...], int] = ((), 0)
        self.hide()

    def show_choices(self, choices: tuple[Choice, ...], chosen: int) -> None:
        """Show these, one of them in place."""
        if (choices, chosen) == self._shown:
            return
        self._shown = choices, chosen
        for row in self.rows:
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        same = _same_beginning([choice.text for choice in choices])
        self.rows = [_Row(choice, same, self) for choice in choices]
        for index, row in enumerate(self.rows):
            row.setChecked(index == chosen)
            row.clicked.connect(lambda _checked=False, at=index: self._press(at))
            self._column.addWidget(row)
        height = self._column.sizeHint().height() + 2
        self.setFixedHeight(min(MOST_HEIGHT, height))
        self.setVisible(len(choices) > 1)
        self.retranslateUi()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.heading.setText(self.tr("Continuations"))

    def _press(self, index: int) -> None:
        for at, row in enumerate(self.rows):
            row.setChecked(at == self._shown[1])  # until it is in place
        if index != self._shown[1]:
            self.chosen.emit(index)


def _same_beginning(texts: list[str]) -> int:
    """Characters that all of them begin with, up to the beginning of a word, as far as they are worth leaving out."""
    first, last = min(texts, default=""), max(texts, default="")
    size = next((place for place, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    same = first[:size]
    place = max(same.rfind(" "), same.rfind("\n")) if same.isascii() else len(same)
    return place if place > WORTH_LEAVING_OUT else 0


class _Row(QPushButton):
    def __init__(self, choice: Choice, same: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("kind", "row")
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._words = ("…" if same else "") + visible(choice.text[same : same + LONGEST]).replace("␣", " ")
        self._score = "" if choice.score is None else number_text(choice.score, 3)
        self.setToolTip(plain_tooltip(choice.text[:LONGEST]))
        self.setAccessibleName(self._words)
        self.toggled.connect(self._fit)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        score = ("✓   " if self.isChecked() else "     ") + (f"{self._score}   " if self._score else "")
        room = max(40, self.width() - 6 * STEP - self.fontMetrics().horizontalAdvance(score))
        words = self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, room)
        self.setText((score + words).replace("&", "&&"))
