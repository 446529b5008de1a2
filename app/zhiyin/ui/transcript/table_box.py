"""Tables: a few rows to a box, all boxes of one table sharing its columns and how far it is scrolled sideways."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QPainter

from zhiyin.markup.blocks import BREAK, Inline
from zhiyin.ui.transcript.box import Box
from zhiyin.ui.transcript.flow import Piece, TableRows
from zhiyin.ui.transcript.reading import ALIGNMENTS, CHINESE_SHARE, Reading
from zhiyin.ui.transcript.text_box import TextLayout, chinese_count

PAD_X = 12
PAD_Y = 5
SCROLLBAR = 10
_WIDEST = 320
_NARROWEST = 56
_LEAST = 104
"""Columns are squeezed down to this, or to their longest word, before the table scrolls."""
_LONGEST_WORD = 200


class TableGeometry:
    """The columns of one table. While a table grows, its columns are measured anew only when its rows have doubled."""

    def __init__(self, head: TableRows, reading: Reading) -> None:
        self.header = head.header
        self.align = head.align
        self.scroll_x = 0
        self.width = 0
        self.widths: tuple[int, ...] = ()
        self._reading = reading
        self._wanted = [0.0] * len(head.header)
        self._least = [_LEAST] * len(head.header)
        self._measured = 0
        self._measure((head.header,), bold=True)

    @property
    def total(self) -> int:
        """Width of all columns."""
        return sum(self.widths)

    def take_rows(self, rows: Sequence[tuple[Inline, ...]], *, complete: bool) -> bool:
        """Measure rows that are new; True when the columns are others now."""
        if self._measured >= 64 or len(rows) < max(1, self._measured * 2 if not complete else self._measured + 1):
            return False
        self._measure(rows[self._measured : 64], bold=False)
        self._measured = min(len(rows), 64)
        old = self.widths
        self._distribute()
        return old != self.widths

    def set_width(self, width: int) -> None:
        """Take a new width of the column of text."""
        if width != self.width:
            self.width = width
            self._distribute()

    def _measure(self, rows: Sequence[tuple[Inline, ...]], *, bold: bool) -> None:
        unit = self._reading.unit * (1.12 if bold else 1.04)
        for row in rows:
            for column, cell in enumerate(row[: len(self._wanted)]):
                text = "".join(span.text for span in cell)
                longest = max(len(line) + chinese_count(line) for line in text[:400].split(BREAK))
                self._wanted[column] = max(self._wanted[column], longest * unit)
                word = max((len(word) for word in text[:400].split() if word.isascii()), default=0)
                self._least[column] = max(self._least[column], min(int(word * unit) + 2 * PAD_X + 6, _LONGEST_WORD))

    def _distribute(self) -> None:
        wanted = [min(max(int(width) + 2 * PAD_X + 6, _NARROWEST), _WIDEST) for width in self._wanted]
        over = sum(wanted) - self.width
        while over > 0:
            spare = [max(width - least, 0) for width, least in zip(wanted, self._least, strict=True)]
            if not any(spare):
                break
            part = min(1.0, over / sum(spare))
            wanted = [width - min(room, int(room * part) + 1) for width, room in zip(wanted, spare, strict=True)]
            over = sum(wanted) - self.width
        if over < 0:  # columns that were capped take what is left
            capped = [column for column, width in enumerate(self._wanted) if width + 2 * PAD_X + 6 > wanted[column]]
            for column in capped:
                more = min(-over // len(capped), int(self._wanted[column]) + 2 * PAD_X + 6 - wanted[column])
                wanted[column] += max(more, 0)
        self.widths = tuple(wanted)
        self.scroll_x = min(self.scroll_x, max(0, self.total - self.width))


class TableBox(Box):
    """Some rows of a table, the first with its header."""

    def __init__(self, piece: Piece, reading: Reading, *, on_wash: bool) -> None:
        super().__init__(piece, reading, on_wash=on_wash)
        if not isinstance(piece.leaf, TableRows):
            raise TypeError(piece.leaf)
        self.leaf: TableRows = piece.leaf
        self.geometry: TableGeometry
        self._rows: list[tuple[int, list[TextLayout]]] | None = None
        self._before: TableBox | None = None
        self._laid_for: tuple[int, ...] = ()

    def begin(self, neighbour: Box | None) -> None:
        """Take over the columns of the same table from a box before this one or in its place, or make them."""
        if isinstance(neighbour, TableBox) and neighbour.geometry.header == self.leaf.header:
            self.geometry = neighbour.geometry
            if neighbour.leaf.number == self.leaf.number:
                self._before = neighbour if neighbour._rows is not None else neighbour._before
        else:
            self.geometry = TableGeometry(self.leaf, self.reading)

    def set_width(self, width: int) -> None:
        """Take a new width; the columns follow."""
        self.geometry.set_width(max(width - self.piece.indent, 40))
        super().set_width(width)

    @property
    def _all_rows(self) -> list[tuple[Inline, ...]]:
        return [self.leaf.header, *self.leaf.rows] if self.leaf.number == 0 else list(self.leaf.rows)

    def estimate(self) -> int:
        """Rows of one line, more where a cell is clearly longer."""
        height = 0
        line = self._line
        for row in self._all_rows:
            lines = 1
            for cell, width in zip(row, self.geometry.widths, strict=False):
                text = "".join(span.text for span in cell)
                lines = max(lines, 1 + int((len(text) + chinese_count(text)) * self.reading.unit / max(width - 2 * PAD_X, 20)))
            height += lines * line + 2 * PAD_Y + 1
        return height + (SCROLLBAR if self.leaf.last and self.scroll_range else 0)

    @property
    def _line(self) -> int:
        return self.reading.line_height(chinese=False)

    def lay_out(self) -> None:
        """Lay the cells out."""
        if self._rows is not None and self._laid_for == self.geometry.widths:
            return
        self._laid_for = self.geometry.widths
        self._rows = []
        height = 0
        bold = QFont(self.reading.body)
        bold.setWeight(QFont.Weight.DemiBold)
        old = self._cells_before()
        for number, row in enumerate(self._all_rows):
            head = number == 0 and self.leaf.number == 0
            font = bold if head else self.reading.body
            cells = old.get(id(row)) or [self._cell(cell, column, font) for column, cell in enumerate(row[: len(self._laid_for)])]
            self._rows.append((height, cells))
            height += max([cell.height for cell in cells] or [self._line]) + 2 * PAD_Y + 1
        self.height = height + (SCROLLBAR if self.leaf.last and self.scroll_range else 0)
        self.exact = True

    def _cells_before(self) -> dict[int, list[TextLayout]]:
        """The cells of the box in whose place this one stands, by row: rows of a growing table are the same objects."""
        before, self._before = self._before, None
        if before is None or before._rows is None or before._laid_for != self._laid_for:
            return {}
        return {id(row): cells for row, (_, cells) in zip(before._all_rows, before._rows, strict=True)}

    def _cell(self, spans: Inline, column: int, font: QFont) -> TextLayout:
        text = "".join(span.text for span in spans)
        chinese = chinese_count(text) > len(text) * CHINESE_SHARE
        line = self.reading.line_height(chinese=False) + (2 if chinese else 0)
        layout = TextLayout(spans, font, line, self.reading, on_wash=self.on_wash)
        layout.set_width(self._laid_for[column] - 2 * PAD_X, ALIGNMENTS.get(self.geometry.align[column], Qt.AlignmentFlag.AlignLeft))
        return layout

    def release(self) -> None:
        """Let the cells go."""
        self._rows = None

    def cost(self) -> int:
        """Characters in cells, roughly; a cell costs more than its text."""
        return sum(len(row) for row in self._all_rows) * 60 if self._rows is not None else 0

    @property
    def scroll_range(self) -> int:
        """What of the columns does not fit."""
        return max(0, self.geometry.total - self.width)

    @property
    def scroll_track(self) -> QRectF | None:
        """A thin line under the last rows."""
        return QRectF(0, self.height - 6, self.width, 4) if self.leaf.last and self.scroll_range else None

    @property
    def scroll_x(self) -> int:
        """How far the table is scrolled."""
        return self.geometry.scroll_x

    def scroll_to(self, x: int) -> bool:
        """Scroll the whole table."""
        x = max(0, min(x, self.scroll_range))
        moved = x != self.geometry.scroll_x
        self.geometry.scroll_x = x
        return moved

    def paint(self, painter: QPainter, origin: QPointF, clip: QRectF) -> None:
        """Paint the rows and the lines between them."""
        self.lay_out()
        painter.save()
        painter.setClipRect(QRectF(origin.x(), origin.y(), self.width, self.height).intersected(clip), Qt.ClipOperation.IntersectClip)
        left = origin.x() - self.geometry.scroll_x
        rows = self._rows or []
        bottom = self.height - (SCROLLBAR if self.leaf.last and self.scroll_range else 0)
        for number, (top, cells) in enumerate(rows):
            end = rows[number + 1][0] if number + 1 < len(rows) else bottom
            if origin.y() + end < clip.top() or origin.y() + top > clip.bottom():
                continue
            x = left
            painter.setPen(self.reading.color("ink"))
            for cell, width in zip(cells, self._laid_for, strict=False):
                cell.draw(painter, QPointF(x + PAD_X, origin.y() + top + PAD_Y), clip)
                x += width
            color = self.reading.color("ink.faint" if number == 0 and self.leaf.number == 0 else "line")
            painter.fillRect(QRectF(left, origin.y() + end - 1, sum(self._laid_for), 1), color)
        painter.restore()

    def link_at(self, place: QPointF) -> str:
        """The address of the link at a place."""
        for top, cells in reversed(self._rows or []):
            if place.y() >= top:
                x = place.x() + self.geometry.scroll_x
                for cell, width in zip(cells, self._laid_for, strict=False):
                    if x < width:
                        return cell.link_at(QPointF(x - PAD_X, place.y() - top - PAD_Y))
                    x -= width
                break
        return ""

    @property
    def has_links(self) -> bool:
        """Whether there is a link in it."""
        return any(span.link for row in self._all_rows for cell in row for span in cell)

    def link_areas(self) -> list[tuple[str, list[QRectF]]]:
        """The links, row by row."""
        self.lay_out()
        found = []
        for top, cells in self._rows or []:
            left = -self.geometry.scroll_x + PAD_X
            for cell, width in zip(cells, self._laid_for, strict=False):
                found += [(link, [area.translated(left, top + PAD_Y) for area in areas]) for link, areas in cell.link_areas()]
                left += width
        return found
