"""Code: on a wash, in its own colours, scrolled sideways within its block. Lines are laid out only where they are seen."""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from itertools import accumulate

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QTextLayout, QTextOption

from zhiyin.markup.blocks import CodeBlock
from zhiyin.ui import tokens
from zhiyin.ui.transcript.box import Box
from zhiyin.ui.transcript.flow import Piece
from zhiyin.ui.transcript.reading import Reading
from zhiyin.ui.transcript.text_box import chinese_count

PADDING = 14
HEADER = 30
LONGEST_LINE = 1_000
"""Characters; a longer line is continued on the next."""
_CHUNK = 24
_KEPT_CHUNKS = 12
_LINE_SEPARATOR = "\u2028"

Highlights = Sequence[tuple[int, str]]


class CodeBox(Box):
    """A code block. Its height follows from the number of lines alone, so a thousand lines cost no more than the ten on the screen."""

    def __init__(self, piece: Piece, reading: Reading, *, on_wash: bool) -> None:
        super().__init__(piece, reading, on_wash=on_wash)
        if not isinstance(piece.leaf, CodeBlock):
            raise TypeError(piece.leaf)
        self.code: CodeBlock = piece.leaf
        self._lines: list[str] = []
        self._starts: list[int] = []
        self._chunks: OrderedDict[int, QTextLayout] = OrderedDict()
        self._content_width = 0.0
        self._x = 0
        self._spans: Highlights = ()
        self._span_ends: list[int] = []
        self._colored = 0  # characters that the spans cover
        self._read_lines("", 0)

    # ------------------------------------------------------------ content

    def replace_code(self, piece: Piece) -> bool:
        """Take the same code grown longer; False when it is other code."""
        if not isinstance(piece.leaf, CodeBlock) or piece.leaf.language != self.code.language or piece.indent != self.piece.indent:
            return False
        if not piece.leaf.text.startswith(self.code.text):
            return False
        old = self.code
        self.piece, self.code = piece, piece.leaf
        self._read_lines(old.text, len(self._lines))
        self.height = self.estimate()
        return True

    def _read_lines(self, old: str, known: int) -> None:
        """Cut the text into lines, keeping those before the old text's last."""
        start = old.rfind("\n") + 1
        while known and self._starts[known - 1] >= start:
            known -= 1
        del self._lines[known:], self._starts[known:]
        for line in self.code.text[start:].split("\n"):
            for piece in range(0, max(len(line), 1), LONGEST_LINE):
                text = line[piece : piece + LONGEST_LINE]
                self._lines.append(text)
                self._starts.append(start + piece)
                width = (len(text.expandtabs(4)) + chinese_count(text)) * self.reading.code_advance
                self._content_width = max(self._content_width, width)
            start += len(line) + 1
        for chunk in [number for number in self._chunks if (number + 1) * _CHUNK > known]:
            del self._chunks[chunk]

    def set_highlights(self, code: str, spans: Highlights) -> bool:
        """Colour the code; the spans may be those of a shorter text that it begins with. True if they fit."""
        if not self.code.text.startswith(code):
            return False
        self._spans = spans
        self._span_ends = list(accumulate(length for length, _ in spans))
        self._colored = len(code)
        self._chunks.clear()
        return True

    @property
    def colored(self) -> int:
        """Characters that are coloured already."""
        return self._colored

    @property
    def copy_text(self) -> str:
        """The code."""
        return self.code.text

    # ------------------------------------------------------------ geometry

    @property
    def _top(self) -> int:
        return HEADER if self.code.language else PADDING

    def estimate(self) -> int:
        """The height, which is exact from the start."""
        return self._top + len(self._lines) * self.reading.code_line + PADDING

    def lay_out(self) -> None:
        """Lines are laid out when painted."""
        self.exact = True
        self._x = min(self._x, self.scroll_range)

    def release(self) -> None:
        """Let the lines go."""
        self._chunks.clear()

    def cost(self) -> int:
        """Characters in chunks, roughly."""
        return len(self._chunks) * _CHUNK * 40

    @property
    def scroll_range(self) -> int:
        """What of the longest line does not fit."""
        return max(0, int(self._content_width + 2 * PADDING - self.width + 1))

    @property
    def scroll_track(self) -> QRectF | None:
        """A thin line at the lower edge."""
        return QRectF(PADDING, self.height - 9, self.width - 2 * PADDING, 4) if self.scroll_range else None

    @property
    def scroll_x(self) -> int:
        """How far it is scrolled."""
        return self._x

    def scroll_to(self, x: int) -> bool:
        """Scroll sideways."""
        x = max(0, min(x, self.scroll_range))
        moved = x != self._x
        self._x = x
        return moved

    # ------------------------------------------------------------ painting

    def paint(self, painter: QPainter, origin: QPointF, clip: QRectF) -> None:
        """Paint the ground, the language and the lines within the clip."""
        frame = QRectF(origin.x(), origin.y(), self.width, self.height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.reading.color("raised" if self.on_wash else "wash"))
        painter.drawRoundedRect(frame, tokens.RADIUS, tokens.RADIUS)
        if self.code.language:
            painter.setPen(self.reading.color("ink.soft"))
            painter.setFont(self.reading.small)
            label = QRectF(origin.x() + PADDING, origin.y() + 4, self.width - 2 * PADDING, HEADER - 4)
            painter.drawText(label, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self.code.language[:40])
        inner = frame.adjusted(PADDING, 0, -PADDING, 0).intersected(clip)
        if inner.isEmpty():
            return
        line = self.reading.code_line
        top = origin.y() + self._top
        first = max(0, int((clip.top() - top) // line)) // _CHUNK
        last = min(len(self._lines) - 1, int((clip.bottom() - top) // line)) // _CHUNK
        painter.save()
        painter.setClipRect(inner, Qt.ClipOperation.IntersectClip)
        painter.setPen(self.reading.color("ink"))
        for number in range(first, last + 1):
            place = QPointF(origin.x() + PADDING - self._x, top + number * _CHUNK * line)
            self._chunk(number).draw(painter, place, [], clip)
        painter.restore()

    def _chunk(self, number: int) -> QTextLayout:
        found = self._chunks.get(number)
        if found is not None:
            self._chunks.move_to_end(number)
            return found
        first = number * _CHUNK
        lines = self._lines[first : first + _CHUNK]
        layout = QTextLayout(_LINE_SEPARATOR.join(lines), self.reading.code)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.ManualWrap)
        option.setTabStopDistance(4 * self.reading.code_advance)
        layout.setTextOption(option)
        layout.setCacheEnabled(True)
        formats = self._formats(first, lines)
        if formats:
            layout.setFormats(formats)
        height, metrics = self.reading.code_line, self.reading.code_metrics
        baseline = (height + metrics.ascent() - metrics.descent()) / 2
        layout.beginLayout()
        index = 0
        line = layout.createLine()
        while line.isValid():
            line.setLineWidth(1e7)
            line.setPosition(QPointF(0, round(index * height + baseline) - line.ascent()))
            self._content_width = max(self._content_width, line.naturalTextWidth())
            index += 1
            line = layout.createLine()
        layout.endLayout()
        self._chunks[number] = layout
        while len(self._chunks) > _KEPT_CHUNKS:
            self._chunks.popitem(last=False)
        return layout

    def _formats(self, first: int, lines: list[str]) -> list[QTextLayout.FormatRange]:
        """The colours of some lines, in positions within their own layout."""
        if not self._spans:
            return []
        ranges = []
        looks = self.reading.code_formats
        offset = 0
        for number, text in enumerate(lines):
            start = self._starts[first + number]
            end = min(start + len(text), self._colored)
            span = bisect_right(self._span_ends, start)
            while span < len(self._spans) and start < end:
                until = min(self._span_ends[span], end)
                look = looks.get(self._spans[span][1])
                if look is not None and until > start:
                    before = text[: start - self._starts[first + number]]
                    piece = QTextLayout.FormatRange()
                    piece.start = offset + _utf16(before)
                    piece.length = _utf16(text[len(before) : len(before) + until - start])
                    piece.format = look
                    ranges.append(piece)
                start = until
                span += 1
            offset += _utf16(text) + 1
        return ranges


def _utf16(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
