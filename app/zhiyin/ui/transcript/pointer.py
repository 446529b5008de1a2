"""What the mouse does over the turns: links, actions under the turn pointed at, code scrolled sideways and copied."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QHelpEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QMenu, QToolButton, QToolTip

from zhiyin.ui.icons import icon
from zhiyin.ui.tooltip import plain_tooltip
from zhiyin.ui.transcript.box import Box
from zhiyin.ui.transcript.rating import add_rating_actions
from zhiyin.ui.transcript.rows import COPIED_MS
from zhiyin.ui.transcript.stack import NAME, Entry

if TYPE_CHECKING:
    from zhiyin.ui.transcript.view import TranscriptView


class Pointer:
    """The mouse over one view."""

    def __init__(self, view: "TranscriptView") -> None:
        self._view = view
        self._pressed_link = ""
        self._pressed_summary: Entry | None = None
        self._dragged: tuple[Box, float, int] | None = None
        self._copied_from: Box | None = None
        self._button = QToolButton(view.viewport())
        self._button.setFixedSize(26, 26)
        self._button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._button.setCursor(Qt.CursorShape.ArrowCursor)
        self._button.clicked.connect(self._copy_code)
        self._button.hide()
        self._copied = QTimer(self._button)
        self._copied.setSingleShot(True)
        self._copied.setInterval(COPIED_MS)
        self._copied.timeout.connect(self._offer_copy)

    # ------------------------------------------------------------ finding

    def _find(self, place: QPoint) -> tuple[Entry | None, Box | None, QPointF]:
        """The turn and box at a place, and where the box begins."""
        view = self._view
        for index in view.visible():
            rect = view.turn_rect(index)
            if not rect.top() <= place.y() <= rect.bottom():
                continue
            entry = view.stack.entries[index]
            body = entry.body
            if body is None or entry.editor_height or entry.folded:
                return entry, None, QPointF()
            top = rect.top() + entry.body_top
            number = body.box_at(place.y() - top)
            if number < 0:
                return entry, None, QPointF()
            box = body.boxes[number]
            origin = QPointF(rect.left() + box.piece.indent, top + body.top(number))
            inside = QRectF(origin.x(), origin.y(), box.width, box.height).contains(QPointF(place))
            return entry, box if inside else None, origin
        return None, None, QPointF()

    def _summary(self, place: QPoint) -> Entry | None:
        """The summary whose heading is at a place: pressing it folds and unfolds it."""
        view = self._view
        for index in view.visible():
            entry = view.stack.entries[index]
            if entry.turn.role == "summary" and not entry.editor_height:
                heading = view.turn_rect(index)
                heading.setTop(heading.top() + entry.frame_top)
                heading.setHeight(NAME)
                if heading.contains(place):
                    return entry
        return None

    def _link(self, place: QPoint) -> str:
        _, box, origin = self._find(place)
        return box.link_at(QPointF(place) - origin) if box else ""

    # ------------------------------------------------------------ events

    def handle(self, event: QEvent) -> bool:
        """Take an event of the viewport; True if it is dealt with."""
        match event:
            case QMouseEvent():
                return self._mouse(event)
            case QWheelEvent():
                return self._wheel(event)
            case QHelpEvent() if event.type() == QEvent.Type.ToolTip:
                link = self._link(event.pos())
                if link:
                    QToolTip.showText(event.globalPos(), plain_tooltip(link), self._view.viewport())
                return bool(link)
            case QContextMenuEvent():
                self._menu(event)
                return True
            case _ if event.type() == QEvent.Type.Leave:
                self.refresh()
        return False

    def _mouse(self, event: QMouseEvent) -> bool:
        place = event.position().toPoint()
        left = event.button() == Qt.MouseButton.LeftButton
        match event.type():
            case QEvent.Type.MouseMove:
                self._move(place)
                return True
            case QEvent.Type.MouseButtonPress if left:
                self._pressed_link = self._link(place)
                self._press_track(place)
                self._pressed_summary = self._summary(place)
                return bool(self._pressed_link or self._dragged or self._pressed_summary)
            case QEvent.Type.MouseButtonRelease if left:
                self._dragged = None
                link, self._pressed_link = self._pressed_link, ""
                if link and link == self._link(place):
                    self._view.link_activated.emit(link)
                summary, self._pressed_summary = self._pressed_summary, None
                if summary and summary is self._summary(place):
                    self._view.act(summary.turn.id, "fold")
                return bool(link or summary)
            case QEvent.Type.MouseButtonDblClick if left:
                entry, box, _ = self._find(place)
                if entry and entry.user and not (box and box.copy_text):
                    self._view.act(entry.turn.id, "edit")
                    return True
        return False

    def _move(self, place: QPoint) -> None:
        if self._dragged:
            box, start, x = self._dragged
            track = box.scroll_track
            if track:
                whole = track.width() + box.scroll_range
                if box.scroll_to(x + int((place.x() - start) * whole / track.width())):
                    self._view.viewport().update()
            return
        self._point_at(place)

    def refresh(self) -> None:
        """Look again at what is under the mouse: it has moved away from under it, or come."""
        viewport = self._view.viewport()
        place = viewport.mapFromGlobal(viewport.cursor().pos())
        if viewport.underMouse() and viewport.rect().contains(place):
            self._point_at(place)
        else:
            self._button.hide()
            self._view.attachments.hover(-1)

    def _point_at(self, place: QPoint) -> None:
        entry, box, origin = self._find(place)
        self._view.attachments.hover(entry.turn.id if entry else -1)
        link = box.link_at(QPointF(place) - origin) if box else ""
        cursor = Qt.CursorShape.PointingHandCursor if link or self._summary(place) else Qt.CursorShape.ArrowCursor
        if self._view.viewport().cursor().shape() != cursor:
            self._view.viewport().setCursor(cursor)
        if box is None or not box.copy_text:
            self._button.hide()
            self._copied_from = None
            return
        if box is not self._copied_from or not self._button.isVisible():
            self._copied_from = box
            self._copied.stop()
            self._offer_copy()
            self._button.show()
        top = min(max(origin.y() + 3, 3), origin.y() + box.height - 29)
        self._button.move(int(origin.x() + box.width - 30), int(top))

    def _copy_code(self) -> None:
        if self._copied_from:
            QGuiApplication.clipboard().setText(self._copied_from.copy_text)
            self._show_symbol("check", QCoreApplication.translate("TranscriptView", "Copied"))
            self._copied.start()

    def _offer_copy(self) -> None:
        self._show_symbol("copy", QCoreApplication.translate("TranscriptView", "Copy code"))

    def _show_symbol(self, symbol: str, words: str) -> None:
        self._button.setIcon(icon(symbol, 16))
        self._button.setToolTip(words)
        self._button.setAccessibleName(words)

    def _press_track(self, place: QPoint) -> None:
        _, box, origin = self._find(place)
        track = box.scroll_track if box else None
        if box and track and track.adjusted(0, -6, 0, 6).translated(origin).contains(QPointF(place)):
            self._dragged = (box, place.x(), box.scroll_x)

    def _wheel(self, event: QWheelEvent) -> bool:
        delta = event.pixelDelta() if not event.pixelDelta().isNull() else event.angleDelta() / 2
        sideways = delta.x()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and not sideways:
            sideways = delta.y()
        elif abs(delta.y()) >= abs(sideways):
            return False
        _, box, _ = self._find(event.position().toPoint())
        if box is None or not box.scroll_range:
            return bool(sideways)
        if box.scroll_to(box.scroll_x - sideways):
            self._view.viewport().update()
        return True

    # ------------------------------------------------------------ menu

    def _menu(self, event: QContextMenuEvent) -> None:
        view = self._view
        place = event.pos()
        entry, box, origin = self._find(place)
        if entry is None:
            return
        menu = QMenu(view)
        clipboard = QGuiApplication.clipboard()
        turn_id = entry.turn.id
        if link := (box.link_at(QPointF(place) - origin) if box else ""):
            menu.addAction(QCoreApplication.translate("TranscriptView", "Copy link"), lambda: clipboard.setText(link))
        if box and box.copy_text:
            code = box.copy_text
            menu.addAction(QCoreApplication.translate("TranscriptView", "Copy code"), lambda: clipboard.setText(code))
        menu.addAction(QCoreApplication.translate("TranscriptView", "Copy"), lambda: view.copy_turn(turn_id))
        menu.addAction(QCoreApplication.translate("TranscriptView", "Copy as plain text"), lambda: view.copy_turn(turn_id, plain=True))
        add_rating_actions(menu, view, entry.turn)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())
