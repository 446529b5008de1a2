"""A text in Markdown to be read: painted with the boxes of the transcript, without its turns. Pictures are never fetched."""

from threading import Thread
from time import perf_counter
from typing import Any

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from zhiyin.markup.blocks import plain_text
from zhiyin.ui.theme import theme, theme_signals
from zhiyin.ui.tokens import UI_POINT_SIZE
from zhiyin.ui.tooltip import plain_tooltip
from zhiyin.ui.transcript.body import Body
from zhiyin.ui.transcript.box import Box
from zhiyin.ui.transcript.open_reply import warm_up
from zhiyin.ui.transcript.reading import Reading

SLICE = 0.008  # seconds of parsing and laying out in one pass of the event loop
WAIT_MS = 10
TALLEST = 60_000  # pixels: some seventy screens
SPOKEN = 20_000  # characters of the accessible text


class ModelCard(QWidget):
    """As high as its text. It is parsed and laid out in slices; what has not come yet has a guessed height."""

    link_activated = Signal(str)
    link_reached = Signal(object)  # QRect: where the link lies that the keyboard came to

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        self._reading = Reading(theme(), UI_POINT_SIZE)
        self._body: Body | None = None
        self._laid = 0  # boxes from the top that are laid out
        self._pressed = ""
        self._chosen: tuple[int, int] | None = None  # the link that the keyboard is at: its box, and its number there
        self._by_key = False  # it is marked
        self._loading: Thread | None = None  # of the parser
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._work)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setSizePolicy(policy)
        theme_signals().changed.connect(self._restyle)

    def set_text(self, text: str) -> None:
        """Show a text in Markdown."""
        if text == self._text and self._body is not None:
            return
        self._text = text
        if self._loading is None:
            self._loading = warm_up()
        self._build()

    def text(self) -> str:
        """The source."""
        return self._text

    @property
    def settled(self) -> bool:
        """Whether all of it is parsed and laid out."""
        return self._body is not None and self._body.settled and self._laid >= len(self._body.boxes)

    def plain(self) -> str:
        """What is shown, without markup."""
        return plain_text(self._body.blocks) if self._body is not None else ""

    def links(self) -> list[tuple[str, QPoint]]:
        """Where links can be pressed, in their order: each with a point of it. Lays out what has any."""
        found = []
        for index, box in enumerate(self._body.boxes if self._body is not None else ()):
            if box.has_links:
                found += [(link, self._places(index, areas)[0].center().toPoint()) for link, areas in self._links_of(index)]
        return found

    def sizeHint(self) -> QSize:
        """The height of the text."""
        return QSize(200, min(TALLEST, self._body.height if self._body is not None else 0))

    def minimumSizeHint(self) -> QSize:
        """As narrow as anything around it."""
        return QSize(80, self.sizeHint().height())

    # ------------------------------------------------------------ content

    def _build(self) -> None:
        self._body = Body(self._reading, max(self.width(), 120), literal=False)
        self._body.set_text(self._text, final=True)
        self._laid = 0
        self._pressed = ""
        self._chosen = None
        self._timer.start(0)
        self._resized()

    def _work(self) -> None:
        """Parse some more, then lay out some more."""
        body = self._body
        if body is None:
            return
        if self._loading is not None and self._loading.is_alive():
            self._timer.start(WAIT_MS)
            return
        end = perf_counter() + SLICE
        if not body.settled:
            self._laid = min(self._laid, body.work(SLICE))
        while self._laid < len(body.boxes) and perf_counter() < end:
            top = body.top(self._laid)
            body.lay_out(top, top + 1, 0)
            body.boxes[self._laid].lay_out()
            self._laid += 1
        self._resized()
        if not self.settled and body.height < TALLEST:
            self._timer.start(0 if body.settled else WAIT_MS)
        else:
            self.setAccessibleDescription(self.plain()[:SPOKEN])

    def _resized(self) -> None:
        height = self.sizeHint().height()
        if height != self.height():
            self.setFixedHeight(height)
        self.update()

    def _restyle(self) -> None:
        self._reading = Reading(theme(), UI_POINT_SIZE)
        self._build()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width breaks the lines anew."""
        super().resizeEvent(event)
        if self._body is not None and event.size().width() != event.oldSize().width():
            self._body.set_width(max(event.size().width(), 120))
            self._laid = 0
            self._timer.start(0)

    # ------------------------------------------------------------ painting

    def _top(self, index: int) -> int:
        return self._body.top(index) if self._body is not None else 0

    def paintEvent(self, event: QPaintEvent) -> None:
        """What meets the region, laid out if it was not yet."""
        body = self._body
        if body is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = event.rect()
        before = body.height
        body.lay_out(area.top(), area.bottom() + 1, 0)  # a box that is first laid out by its painting would not move what is below it
        if body.height != before:
            self._timer.start(0)
        clip = QRectF(area)
        index = max(0, body.box_at(area.top() - 1))
        while index < len(body.boxes):
            box, top = body.boxes[index], body.top(index)
            if top - box.piece.gap > area.bottom():
                break
            self._paint_bars(painter, index, box, top)
            origin = QPointF(box.piece.indent, top)
            box.paint(painter, origin, clip)
            box.paint_scrollbar(painter, origin)
            index += 1
        self._paint_chosen(painter)
        painter.end()

    def _paint_chosen(self, painter: QPainter) -> None:
        if not self._by_key:
            return
        areas = self._chosen_areas() or [QRectF(self.rect())]
        painter.setPen(QPen(theme().color("accent"), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for area in areas:
            painter.drawRoundedRect(area.adjusted(-1, 1, 1, -1), 3, 3)

    def _paint_bars(self, painter: QPainter, index: int, box: Box, top: int) -> None:
        for bar in box.piece.bars:
            above = box.piece.gap if index and self._body is not None and bar in self._body.boxes[index - 1].piece.bars else 0
            painter.fillRect(QRectF(bar + 1, top - above, 2, box.height + above), self._reading.color("ink.faint"))

    # ------------------------------------------------------------ the keyboard

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: FBT001 - Qt's
        """Tab goes through the links before it goes on."""
        if self._choose(1 if forward else -1):
            self._by_key = True
            return True
        self._chosen = None
        return super().focusNextPrevChild(forward)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The first link by Tab, the last by Shift+Tab."""
        super().focusInEvent(event)
        self._by_key = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        if self._by_key:
            self._chosen = None
            self._choose(1 if event.reason() == Qt.FocusReason.TabFocusReason else -1)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """No link is marked any more."""
        super().focusOutEvent(event)
        self._by_key = False
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter follows the link; whatever is around scrolls."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and (link := self._chosen_link()[0]):
            self.link_activated.emit(link)
        else:
            super().keyPressEvent(event)

    def inputMethodQuery(self, query: Qt.InputMethodQuery) -> Any:
        """Where the chosen link lies: what is around brings that into view."""
        areas = self._chosen_areas() if query == Qt.InputMethodQuery.ImCursorRectangle else []
        return areas[0].toAlignedRect() if areas else super().inputMethodQuery(query)

    def _choose(self, step: int) -> bool:
        """Go to the next link, or the one before; False where there is none."""
        count = len(self._body.boxes) if self._body is not None else 0
        box, number = self._chosen or (-1 if step > 0 else count, 0)
        number += step
        while not 0 <= number < len(self._links_of(box)):
            box += step
            if not 0 <= box < count or self._top(box) > TALLEST:
                return False
            number = 0 if step > 0 else len(self._links_of(box)) - 1
        self._chosen = box, number
        self.link_reached.emit(self._chosen_areas()[0].toAlignedRect())
        self.update()
        return True

    def _links_of(self, index: int) -> list[tuple[str, list[QRectF]]]:
        body = self._body
        if body is None or not 0 <= index < len(body.boxes) or not body.boxes[index].has_links:
            return []
        top = body.top(index)
        body.lay_out(top, top + 1, 0)
        return body.boxes[index].link_areas()

    def _chosen_link(self) -> tuple[str, list[QRectF]]:
        box, number = self._chosen or (-1, 0)
        links = self._links_of(box)
        return links[number] if number < len(links) else ("", [])

    def _chosen_areas(self) -> list[QRectF]:
        areas = self._chosen_link()[1]
        return self._places(self._chosen[0], areas) if self._chosen is not None else areas

    def _places(self, index: int, areas: list[QRectF]) -> list[QRectF]:
        """Areas of a box where they lie in the card."""
        indent = self._body.boxes[index].piece.indent if self._body is not None else 0
        return [area.translated(indent, self._top(index)) for area in areas]

    # ------------------------------------------------------------ the mouse

    def _link(self, place: QPointF) -> str:
        body = self._body
        index = body.box_at(int(place.y())) if body is not None else -1
        if body is None or index < 0:
            return ""
        box = body.boxes[index]
        return box.link_at(place - QPointF(box.piece.indent, body.top(index)))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """A hand over links."""
        self.setCursor(Qt.CursorShape.PointingHandCursor if self._link(event.position()) else Qt.CursorShape.ArrowCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A link is followed where it is let go."""
        self._pressed = self._link(event.position()) if event.button() == Qt.MouseButton.LeftButton else ""
        if not self._pressed:
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The same link as was pressed."""
        link, self._pressed = self._pressed, ""
        if link and link == self._link(event.position()):
            self.link_activated.emit(link)

    def event(self, event: QEvent) -> bool:
        """The address of a link as its tooltip: a name may say anything."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            link = self._link(QPointF(event.pos()))
            if link:
                QToolTip.showText(event.globalPos(), plain_tooltip(link), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)
