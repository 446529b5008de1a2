"""Paints one turn: the line where memory begins, the wash, seal and name, the boxes, and what is awaited."""

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPixmap

from zhiyin.ui import tokens
from zhiyin.ui.foreign_text import one_line
from zhiyin.ui.icons import paint_icon
from zhiyin.ui.pictures import ground_color
from zhiyin.ui.seal import paint_seal
from zhiyin.ui.transcript.body import Body
from zhiyin.ui.transcript.rating import RATED, alternative_words
from zhiyin.ui.transcript.reading import Reading
from zhiyin.ui.transcript.stack import FOOTER, MEMORY, NAME, WASH, Entry
from zhiyin.ui.transcript.text_box import paint_marker
from zhiyin.ui.transcript.turn import TurnView

PictureOf = Callable[[str, int], QPixmap | None]
"""A picture by its name and its side in logical pixels; None while there is none, and the seal is painted."""
SEAL = 20
BLEED = 16
"""How far the wash reaches beyond the column, so that all text begins at one edge."""
LONGEST_NAME = 200
ONE_LINE = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextSingleLine


class TurnPainter:
    """Paints turns at a place of the viewport; ``phase`` moves the three dots of a reply that is awaited."""

    def __init__(self, reading: Reading, picture_of: PictureOf | None = None) -> None:
        self.reading = reading
        self.picture_of = picture_of
        self.phase = 0

    def paint(self, painter: QPainter, entry: Entry, origin: QPointF, size: tuple[int, int], clip: QRectF, *, row: bool) -> None:
        """Paint a turn of (width, height) at its top left corner; ``row``: its actions are shown by a widget."""
        width, height = size
        turn = entry.turn
        if turn.memory_starts_here:
            self._memory_line(painter, QRectF(origin.x(), origin.y() + 8, width, MEMORY - 8))
        if entry.user:
            self._wash(painter, entry, origin, width, height)
        if turn.name:
            self._name(painter, entry, origin, width)
        body = entry.body
        place = origin + QPointF(0, entry.body_top)
        if body is not None and not entry.editor_height and not entry.folded:
            if turn.role == "notice":
                self._notice(painter, entry, QRectF(place.x(), place.y(), width, height))
            else:
                self._boxes(painter, body, place, clip)
            place += QPointF(0, body.height)
        if entry.waiting:
            self._waiting(painter, place, width, turn.caption)
        if not row:
            self._foot(painter, turn, QRectF(origin.x(), origin.y() + height - FOOTER, width, FOOTER))

    def _foot(self, painter: QPainter, turn: TurnView, area: QRectF) -> None:
        """What is known of a turn where its actions are not shown: which alternative it is, and how it was rated."""
        painter.setPen(self.reading.color("ink.soft"))
        painter.setFont(self.reading.small)
        if words := alternative_words(turn):
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)
            area.setLeft(area.left() + QFontMetricsF(self.reading.small).horizontalAdvance(words) + 8)
        if turn.thumb:
            symbol, role = RATED[turn.thumb]
            paint_icon(painter, QRectF(area.left(), area.center().y() - 8, 16, 16), symbol, self.reading.color(role))

    def _memory_line(self, painter: QPainter, area: QRectF) -> None:
        text = QCoreApplication.translate("TranscriptView", "The model's memory begins here")
        painter.setFont(self.reading.small)
        width = QFontMetricsF(self.reading.small).horizontalAdvance(text) + 24
        middle = area.center()
        line = self.reading.color("line")
        painter.fillRect(QRectF(area.left(), middle.y(), (area.width() - width) / 2, 1), line)
        painter.fillRect(QRectF(middle.x() + width / 2, middle.y(), (area.width() - width) / 2, 1), line)
        painter.setPen(self.reading.color("ink.soft"))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)

    def _wash(self, painter: QPainter, entry: Entry, origin: QPointF, width: int, height: int) -> None:
        top = entry.frame_top
        area = QRectF(origin.x() - BLEED, origin.y() + top, width + 2 * BLEED, height - top - (entry.below - WASH))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.reading.color("wash"))
        painter.drawRoundedRect(area, tokens.RADIUS, tokens.RADIUS)

    def _name(self, painter: QPainter, entry: Entry, origin: QPointF, width: int) -> None:
        turn = entry.turn
        top = origin.y() + entry.body_top - NAME
        left = origin.x()
        place = QRectF(left, top + (NAME - 4 - SEAL) / 2, SEAL, SEAL)
        if turn.role == "summary":
            self._summary_heading(painter, entry, QRectF(left, top, width, NAME - 4))
            return
        picture = self.picture_of(turn.picture, SEAL) if self.picture_of is not None and turn.picture else None
        if picture is not None and not picture.isNull():
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(place, picture, QRectF(picture.rect()))
            left += SEAL + 8
        elif turn.seal:
            paint_seal(painter, place, turn.seal, ground_color(turn.color))
            left += SEAL + 8
        painter.setFont(self.reading.name)
        painter.setPen(self.reading.color("ink.soft" if entry.user else "ink"))
        room = width - (left - origin.x())
        name = QFontMetricsF(self.reading.name).elidedText(one_line(turn.name, LONGEST_NAME), Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(left, top, room, NAME - 4), ONE_LINE, name)

    def _summary_heading(self, painter: QPainter, entry: Entry, area: QRectF) -> None:
        """The name, and while it is folded the first words behind it."""
        symbol = "caret-right" if entry.folded else "caret-down"
        paint_icon(painter, QRectF(area.left(), area.center().y() - 8, 16, 16), symbol, self.reading.color("ink.soft"))
        area.setLeft(area.left() + 22)
        painter.setPen(self.reading.color("ink.soft"))
        painter.setFont(self.reading.name)
        metrics = QFontMetricsF(self.reading.name)
        name = metrics.elidedText(one_line(entry.turn.name, LONGEST_NAME), Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, ONE_LINE, name)
        area.setLeft(area.left() + metrics.horizontalAdvance(name) + 12)
        if entry.folded and area.width() > 60:
            painter.setFont(self.reading.small)
            begun = one_line(entry.turn.text, LONGEST_NAME)
            words = QFontMetricsF(self.reading.small).elidedText(begun, Qt.TextElideMode.ElideRight, area.width())
            painter.drawText(area, ONE_LINE, words)

    def _notice(self, painter: QPainter, entry: Entry, area: QRectF) -> None:
        painter.setFont(self.reading.small)
        painter.setPen(self.reading.color("ink.soft"))
        painter.drawText(area, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap, entry.turn.text)

    def _boxes(self, painter: QPainter, body: Body, place: QPointF, clip: QRectF) -> None:
        index = body.box_at(int(clip.top() - place.y()) - 1)
        while 0 <= index < len(body.boxes):
            box = body.boxes[index]
            top = body.top(index)
            if place.y() + top - box.piece.gap > clip.bottom():
                break
            for bar in box.piece.bars:
                above = box.piece.gap if index and bar in body.boxes[index - 1].piece.bars else 0
                area = QRectF(place.x() + bar + 1, place.y() + top - above, 2, box.height + above)
                painter.fillRect(area, self.reading.color("ink.faint"))
            origin = place + QPointF(box.piece.indent, top)
            box.paint(painter, origin, clip)
            box.paint_scrollbar(painter, origin)
            if box.piece.marker and box.copy_text:
                paint_marker(painter, box.piece.marker, origin + QPointF(0, 22), self.reading)
            index += 1

    def _waiting(self, painter: QPainter, place: QPointF, width: int, caption: str) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        for dot in range(3):
            painter.setBrush(self.reading.color("ink.soft" if dot == self.phase % 4 else "line"))
            painter.drawEllipse(QRectF(place.x() + 2 + dot * 12, place.y() + 12, 6, 6))
        if caption:
            painter.setFont(self.reading.small)
            painter.setPen(self.reading.color("ink.soft"))
            area = QRectF(place.x() + 46, place.y(), width - 46, 30)
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, caption)
