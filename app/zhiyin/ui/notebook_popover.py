"""What a token might have been: each candidate with its share as a bar; one press puts it in its place."""

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from zhiyin.ui.amounts import percent_text
from zhiyin.ui.notebook_values import Candidate, Span
from zhiyin.ui.theme import STEP, theme, theme_signals, ui_font

LINGER_MS = 350  # time to come over from the token
WIDTH = 240
ROW_HEIGHT = 26
VISIBLE = {" ": "␣", "\n": "⏎", "\t": "⇥", "\r": "␍"}


def visible(text: str) -> str:
    """A token so that its spaces can be seen."""
    return "".join(VISIBLE.get(character, character if character.isprintable() else "�") for character in text)


class CandidatePopover(QFrame):
    """Lies over the page; ``chosen`` carries the span and the place of the candidate in it."""

    chosen = Signal(object, int)
    left = Signal()  # with the keyboard

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._page = parent
        self.setObjectName("popup")
        self.span: Span | None = None
        self.rows: list[CandidateRow] = []
        self._may_choose = True
        self.heading = QLabel(self)
        self.heading.setTextFormat(Qt.TextFormat.PlainText)
        self.heading.setProperty("tone", "soft")
        self.heading.setFont(ui_font(9.5))
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(STEP, STEP, STEP, STEP)
        self._column.setSpacing(0)
        self._column.addWidget(self.heading)
        self._linger = QTimer(self)
        self._linger.setSingleShot(True)
        self._linger.setInterval(LINGER_MS)
        self._linger.timeout.connect(self.hide)
        self.hide()

    def set_may_choose(self, may: bool) -> None:  # noqa: FBT001 - a state, as in Qt's setters
        """Whether another candidate can be put in now."""
        self._may_choose = may
        for row in self.rows:
            row.setEnabled(may and row.usable)

    def show_span(self, span: Span, token: str, where: QRect, *, focus: bool = False) -> None:
        """Show what a span might have been, below (or above) where it stands; ``where`` is in the parent's coordinates."""
        self._linger.stop()
        if span != self.span or not self.isVisible():
            self.span = span
            self._fill(span, token)
        self._place(where)
        self.show()
        self.raise_()
        if focus and self.rows:
            self.rows[0].setFocus(Qt.FocusReason.PopupFocusReason)

    def leave(self) -> None:
        """The pointer left the token: stay a moment."""
        if self.isVisible() and not self.underMouse():
            self._linger.start()

    def _fill(self, span: Span, token: str) -> None:
        for row in self.rows:
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        share = percent_text(span.probability or 0.0, 1)
        self.heading.setText(self.tr("“{token}” had {share}").format(token=visible(token), share=share))
        self.rows = [CandidateRow(candidate, candidate.text == token, self) for candidate in span.candidates]
        for index, row in enumerate(self.rows):
            row.setEnabled(self._may_choose and row.usable)
            row.clicked.connect(lambda _checked=False, at=index: self._choose(at))
            self._column.addWidget(row)

    def _choose(self, index: int) -> None:
        span = self.span
        self.hide()
        if span is not None:
            self.chosen.emit(span, index)

    def _place(self, where: QRect) -> None:
        parent = self._page
        self.setFixedWidth(min(WIDTH, parent.width() - 2 * STEP))
        self.adjustSize()
        left = max(STEP, min(where.left(), parent.width() - self.width() - STEP))
        below = where.bottom() + STEP
        top = below if below + self.height() <= parent.height() else max(STEP, where.top() - self.height() - STEP)
        self.move(QPoint(left, top))

    def enterEvent(self, event: QEnterEvent) -> None:
        """Stay as long as the pointer is here."""
        super().enterEvent(event)
        self._linger.stop()

    def leaveEvent(self, event: QEvent) -> None:
        """Go."""
        super().leaveEvent(event)
        self._linger.start()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down go through the candidates, Esc leaves."""
        at = next((index for index, row in enumerate(self.rows) if row.hasFocus()), 0)
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
            self.left.emit()
        elif event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up) and self.rows:
            by = 1 if event.key() == Qt.Key.Key_Down else -1
            self.rows[(at + by) % len(self.rows)].setFocus()
        else:
            super().keyPressEvent(event)


class CandidateRow(QPushButton):
    """One candidate: its text, its share as a bar and as a number."""

    def __init__(self, candidate: Candidate, is_chosen: bool, parent: QWidget) -> None:  # noqa: FBT001 - a fact about it
        super().__init__(parent)
        self.candidate = candidate
        self.usable = bool(candidate.text) and "<0x" not in candidate.text and not is_chosen
        self._is_chosen = is_chosen
        self.setProperty("kind", "row")
        self.setFixedHeight(ROW_HEIGHT)
        self.setAccessibleName(f"{visible(candidate.text)} {percent_text(candidate.probability, 1)}")
        if self.usable:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme_signals().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(WIDTH - 2 * STEP, ROW_HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The bar behind the words."""
        super().paintEvent(event)
        look = theme()
        painter = QPainter(self)
        painter.setPen(Qt.PenStyle.NoPen)
        bar = QRectF(2 * STEP, self.height() - 5, (self.width() - 4 * STEP) * min(1.0, self.candidate.probability), 2)
        painter.setBrush(look.color("slate"))
        painter.drawRoundedRect(bar, 1, 1)
        share = percent_text(self.candidate.probability, 1)
        inner = self.rect().adjusted(2 * STEP, 0, -2 * STEP, -STEP)
        font = ui_font(10)
        font.setBold(self._is_chosen)
        painter.setFont(font)
        painter.setPen(look.color("ink" if self._is_chosen or self.isEnabled() else "ink.soft"))
        width = inner.width() - painter.fontMetrics().horizontalAdvance(share) - 2 * STEP
        text = painter.fontMetrics().elidedText(visible(self.candidate.text), Qt.TextElideMode.ElideRight, width)
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        painter.setPen(look.color("ink.soft"))
        painter.drawText(inner, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, share)
        painter.end()
