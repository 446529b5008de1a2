"""A middle with a side at the left and one at the right that fold away, and lie over the middle when there is no room beside it."""

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from zhiyin.ui.theme import theme
from zhiyin.ui.tokens import NARROW_WIDTH, PANEL_WIDTH, SIDEBAR_WIDTH

LEAST_MIDDLE = 480
MARGIN_BESIDE_OVERLAY = 48


class FoldingSides(QWidget):
    """Lays the three out by hand: what is shown beside the middle in a wide window is remembered apart from what lies over a narrow one."""

    changed = Signal()

    def __init__(self, left: QWidget, middle: QWidget, right: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.left, self.middle, self.right = left, middle, right
        self._scrim = _Scrim(self)
        for widget in (middle, self._scrim, left, right):
            widget.setParent(self)
        self._left_open = True
        self._right_open = False
        self._right_allowed = True
        self._overlay: QWidget | None = None
        self._scrim.pressed.connect(self.close_overlay)
        right.hide()

    def left_shown(self) -> bool:
        """Whether the left side can be seen."""
        return self._left_open if self._left_fits() else self._overlay is self.left

    def right_shown(self) -> bool:
        """Whether the right side can be seen."""
        return self._right_allowed and (self._right_open if self._right_fits() else self._overlay is self.right)

    def show_left(self, shown: bool) -> None:  # noqa: FBT001 - a state, as in Qt's setters
        """Unfold or fold the left side, over the middle when the window is narrow."""
        if self._left_fits():
            self._left_open = shown
        else:
            self._overlay = self.left if shown else None
        self._arrange()

    def show_right(self, shown: bool) -> None:  # noqa: FBT001 - the same
        """Unfold or fold the right side, over the middle when there is no room beside it."""
        if self._right_fits():
            self._right_open = shown
        else:
            self._overlay = self.right if shown else None
        self._arrange()

    def allow_right(self, allowed: bool) -> None:  # noqa: FBT001 - the same
        """Whether what is in the middle has a right side at all; the side's own state is kept."""
        self._right_allowed = allowed
        if self._overlay is self.right:
            self._overlay = None
        self._arrange()

    def close_overlay(self) -> bool:
        """Fold what lies over the middle; whether there was anything."""
        was_open = self._overlay is not None
        self._overlay = None
        self._arrange()
        return was_open

    def state(self) -> tuple[bool, bool]:
        """Whether left and right are unfolded in a wide window."""
        return self._left_open, self._right_open

    def set_state(self, left: bool, right: bool) -> None:  # noqa: FBT001 - the same
        """As ``state`` gave it."""
        self._left_open, self._right_open = left, right
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange anew; what lay over the middle folds when it gets its own place."""
        super().resizeEvent(event)
        if (self._overlay is self.left and self._left_fits()) or (self._overlay is self.right and self._right_fits()):
            self._overlay = None
        self._arrange()

    def _left_fits(self) -> bool:
        return self.width() > NARROW_WIDTH

    def _right_fits(self) -> bool:
        taken = SIDEBAR_WIDTH if self._left_fits() and self._left_open else 0
        return self._left_fits() and self.width() - taken - PANEL_WIDTH >= LEAST_MIDDLE

    def _arrange(self) -> None:
        width, height = self.width(), self.height()
        left_beside = self._left_fits() and self._left_open
        right_beside = self._right_fits() and self._right_open and self._right_allowed
        start = SIDEBAR_WIDTH if left_beside else 0
        end = width - (PANEL_WIDTH if right_beside else 0)
        self.middle.setGeometry(start, 0, max(0, end - start), height)
        left_width = min(SIDEBAR_WIDTH, width - MARGIN_BESIDE_OVERLAY)
        right_width = min(PANEL_WIDTH, width - MARGIN_BESIDE_OVERLAY)
        self.left.setGeometry(0, 0, left_width, height)
        self.right.setGeometry(width - right_width, 0, right_width, height)
        self.left.setVisible(left_beside or self._overlay is self.left)
        self.right.setVisible(right_beside or self._overlay is self.right)
        self._scrim.setGeometry(self.rect())
        self._scrim.setVisible(self._overlay is not None)
        if self._overlay is not None:
            self._scrim.raise_()
            self._overlay.raise_()
        self.changed.emit()


class _Scrim(QWidget):
    """Dims the middle below an overlay; a press closes it."""

    pressed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.hide()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self.pressed.emit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        color = QColor(theme().color("ink" if not theme().dark else "paper"))
        color.setAlphaF(0.28 if not theme().dark else 0.6)
        painter = QPainter(self)
        painter.fillRect(self.rect(), color)
        painter.end()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self.update()
