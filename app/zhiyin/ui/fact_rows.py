"""Pairs of a soft name and what it is, one below the other; those without a value are not shown."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from zhiyin.ui.form_row import soft_label
from zhiyin.ui.long_lines import break_long_words
from zhiyin.ui.theme import STEP, ui_font

POINTS = 9.5


class FactRows(QWidget):
    """Values can be selected and copied."""

    def __init__(self, parent: QWidget | None = None, *, name_width: int = 22 * STEP) -> None:
        super().__init__(parent)
        self._name_width = name_width
        self._pairs: list[tuple[QLabel, QLabel]] = []
        self._shown: tuple[tuple[str, str], ...] = ()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(3 * STEP)
        self._grid.setVerticalSpacing(STEP)
        self._grid.setColumnStretch(1, 1)

    def set_rows(self, rows: Sequence[tuple[str, str]]) -> None:
        """Show these; labels that are there are used again."""
        shown = tuple((name, value) for name, value in rows if value)
        if shown == self._shown:
            return
        self._shown = shown
        while len(self._pairs) < len(shown):
            self._add_pair()
        for number, (name, value) in enumerate(self._pairs):
            said = shown[number] if number < len(shown) else None
            for label in (name, value):
                label.setVisible(said is not None)
            if said is not None:
                name.setText(said[0])
                value.setText(break_long_words(said[1]))
                value.setAccessibleName(f"{said[0]}: {said[1]}")

    def rows(self) -> tuple[tuple[str, str], ...]:
        """What is shown."""
        return self._shown

    def _add_pair(self) -> None:
        name, value = soft_label(self), QLabel(self)
        name.setWordWrap(True)
        name.setFixedWidth(self._name_width)
        value.setFont(ui_font(POINTS))
        value.setTextFormat(Qt.TextFormat.PlainText)
        value.setWordWrap(True)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        place = len(self._pairs)
        top = Qt.AlignmentFlag.AlignTop
        self._grid.addWidget(name, place, 0, top)
        self._grid.addWidget(value, place, 1, top)
        self._pairs.append((name, value))
