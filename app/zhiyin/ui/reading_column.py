"""The centred column that the transcript, the composer and messages share."""

from PySide6.QtWidgets import QHBoxLayout, QWidget

from zhiyin.ui.theme import STEP
from zhiyin.ui.tokens import READING_WIDTH, SCROLL_BAR_WIDTH

SIDE_MARGIN = 2 * STEP


def reading_column(widget: QWidget | None = None, *, inset: int = 0) -> QHBoxLayout:
    """A layout that keeps a widget in the centred reading column."""
    layout = QHBoxLayout()
    right = SIDE_MARGIN + inset + SCROLL_BAR_WIDTH  # in line with the transcript, whose scroll bar takes this from its width
    layout.setContentsMargins(SIDE_MARGIN + inset, 0, right, 0)
    layout.addStretch(1)
    if widget is not None:
        fill_reading_column(layout, widget, inset=inset)
    layout.addStretch(1)
    return layout


def fill_reading_column(layout: QHBoxLayout, widget: QWidget, *, inset: int = 0) -> None:
    """Put a widget into a column that was made without one."""
    widget.setMaximumWidth(READING_WIDTH + 8 * STEP - 2 * inset)
    layout.insertWidget(1, widget, 1000)
