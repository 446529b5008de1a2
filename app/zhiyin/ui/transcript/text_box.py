"""Running text: paragraphs, headings, formulas, and the markers of lists beside them."""

from typing import cast

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen, QTextLayout, QTextOption

from zhiyin.markup.blocks import BREAK, MATH, Formula, Heading, Inline, Paragraph, Span
from zhiyin.ui.transcript.box import Box
from zhiyin.ui.transcript.flow import Piece
from zhiyin.ui.transcript.reading import CHINESE_SHARE, Reading

_LINE_SEPARATOR = "\u2028"


class TextLayout:
    """Spans set in lines of one height, with their baselines on a grid; also what a table's cells are made of."""

    def __init__(self, spans: Inline, font: QFont, line_height: int, reading: Reading, *, on_wash: bool) -> None:
        self.spans = spans
        self.line_height = line_height
        self.height = 0
        self.natural_width = 0.0
        text = "".join(span.text for span in spans).replace(BREAK, _LINE_SEPARATOR)
        self._layout = QTextLayout(text, font)
        self._metrics = QFontMetricsF(font)
        formats = []
        start = 0
        for span in spans:
            if span.marks or span.link:
                piece = QTextLayout.FormatRange()
                piece.start = start
                piece.length = _utf16(span.text)
                piece.format = reading.format(span.marks, link=bool(span.link), on_wash=on_wash)
                formats.append(piece)
            start += _utf16(span.text)
        if formats:
            self._layout.setFormats(formats)
        self.size = start

    def set_width(self, width: float, alignment: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft) -> None:
        """Break the lines for a width."""
        option = QTextOption(alignment)
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout = self._layout
        layout.setTextOption(option)
        layout.setCacheEnabled(True)
        baseline = (self.line_height + self._metrics.ascent() - self._metrics.descent()) / 2
        number = 0
        layout.beginLayout()
        line = layout.createLine()
        while line.isValid():
            line.setLineWidth(width)
            line.setPosition(QPointF(0, round(number * self.line_height + baseline) - line.ascent()))
            self.natural_width = max(self.natural_width, line.naturalTextWidth())
            number += 1
            line = layout.createLine()
        layout.endLayout()
        self.height = max(number, 1) * self.line_height

    def draw(self, painter: QPainter, origin: QPointF, clip: QRectF) -> None:
        """Draw with the painter's pen."""
        self._layout.draw(painter, origin, [], clip)

    def link_at(self, place: QPointF) -> str:
        """The address of the link at a place."""
        number = int(place.y() // self.line_height)
        if not 0 <= number < self._layout.lineCount():
            return ""
        line = self._layout.lineAt(number)
        if not line.naturalTextRect().left() <= place.x() <= line.naturalTextRect().right():
            return ""
        position: int = line.xToCursor(place.x(), line.CursorPosition.CursorOnCharacter)
        for span in self.spans:
            position -= _utf16(span.text)
            if position < 0:
                return span.link
        return ""

    def link_areas(self) -> list[tuple[str, list[QRectF]]]:
        """The links in their order: the address, and what of each line belongs to it."""
        found: list[tuple[str, list[QRectF]]] = []
        start, before = 0, ""
        for span in self.spans:
            end = start + _utf16(span.text)
            if span.link and span.link == before:  # one link with some of its words marked
                found[-1][1].extend(self._areas(start, end))
            elif span.link:
                found.append((span.link, self._areas(start, end)))
            start, before = end, span.link
        return [one for one in found if one[1]]

    def _areas(self, start: int, end: int) -> list[QRectF]:
        areas = []
        for number in range(self._layout.lineCount()):
            line = self._layout.lineAt(number)
            first, last = max(start, line.textStart()), min(end, line.textStart() + line.textLength())
            if first < last:
                left, right = (cast(tuple[float, int], line.cursorToX(place))[0] for place in (first, last))
                areas.append(QRectF(min(left, right), number * self.line_height, abs(right - left), self.line_height))
        return areas


def _utf16(text: str) -> int:
    """Length as Qt counts it."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def chinese_count(text: str) -> int:
    """Characters of three bytes in UTF-8: Han, Kana, Hangul and their punctuation, near enough."""
    return 0 if text.isascii() else (len(text.encode("utf-8", "replace")) - len(text)) // 2


def paint_marker(painter: QPainter, marker: str, baseline: QPointF, reading: Reading) -> None:
    """Paint a list's marker before the point where its text begins: bullets and boxes drawn, for fonts differ in them."""
    color = reading.color("ink.soft")
    middle = baseline.y() - reading.body_metrics.xHeight() / 2
    painter.setPen(QPen(color, 1.2))
    painter.setBrush(color if marker in "•▪" else Qt.BrushStyle.NoBrush)
    x = baseline.x() - 13
    if marker in "•◦":
        painter.drawEllipse(QPointF(x, middle), 2.4, 2.4)
    elif marker == "▪":
        painter.drawRect(QRectF(x - 2, middle - 2, 4, 4))
    elif marker in "☐☑":
        box = QRectF(x - 7, middle - 6.5, 13, 13)
        painter.drawRoundedRect(box, 2.5, 2.5)
        if marker == "☑":
            painter.setPen(QPen(reading.color("jade"), 1.8))
            painter.drawPolyline([box.topLeft() + QPointF(*point) for point in ((3, 6.5), (5.5, 9.2), (10, 3.8))])
    else:
        painter.setFont(reading.body)
        painter.drawText(QPointF(baseline.x() - 8 - reading.body_metrics.horizontalAdvance(marker), baseline.y()), marker)


class TextBox(Box):
    """A paragraph, heading or formula."""

    def __init__(self, piece: Piece, reading: Reading, *, on_wash: bool) -> None:
        super().__init__(piece, reading, on_wash=on_wash)
        leaf = piece.leaf
        self._font, size = reading.body, 1.0
        self._alignment = Qt.AlignmentFlag.AlignLeft
        match leaf:
            case Heading(level=level, spans=spans):
                self._font, size = reading.heading(level)
            case Formula(text=text):
                spans = (Span(text, MATH),)
                self._alignment = Qt.AlignmentFlag.AlignHCenter
            case Paragraph(spans=spans):
                pass
            case _:
                raise TypeError(leaf)
        self._spans = spans
        text = "".join(span.text for span in spans)
        self._chinese = chinese_count(text)
        self._length = len(text)
        self._breaks = text.count(BREAK)
        self._line = reading.line_height(chinese=self._chinese > self._length * CHINESE_SHARE, size=size)
        self._unit = reading.unit * size
        self._layout: TextLayout | None = None

    def estimate(self) -> int:
        """One line for each break, and those that the average letter makes necessary."""
        width = (self._length + self._chinese) * self._unit
        return self._line * (1 + self._breaks + int(width / self.width))

    def lay_out(self) -> None:
        """Break the lines."""
        if self._layout is None:
            self._layout = TextLayout(self._spans, self._font, self._line, self.reading, on_wash=self.on_wash)
            self._layout.set_width(self.width, self._alignment)
            self.height = self._layout.height
            self.exact = True

    def release(self) -> None:
        """Let the lines go."""
        self._layout = None

    def cost(self) -> int:
        """Characters."""
        return self._length if self._layout else 0

    def paint(self, painter: QPainter, origin: QPointF, clip: QRectF) -> None:
        """Paint the text and, before it, the list's marker."""
        self.lay_out()
        if self._layout is None:
            return
        if self.piece.marker:
            self._paint_marker(painter, origin)
        painter.setPen(self.reading.color("ink.soft" if self.piece.bars else "ink"))
        self._layout.draw(painter, origin, clip)

    def _paint_marker(self, painter: QPainter, origin: QPointF) -> None:
        metrics = self.reading.body_metrics
        baseline = round((self._line + metrics.ascent() - metrics.descent()) / 2)
        paint_marker(painter, self.piece.marker, origin + QPointF(0, baseline), self.reading)

    def link_at(self, place: QPointF) -> str:
        """The address of the link at a place."""
        return self._layout.link_at(place) if self._layout else ""

    @property
    def has_links(self) -> bool:
        """Whether there is a link in it."""
        return any(span.link for span in self._spans)

    def link_areas(self) -> list[tuple[str, list[QRectF]]]:
        """The links, laid out if they were not."""
        self.lay_out()
        return self._layout.link_areas() if self._layout else []
