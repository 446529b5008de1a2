"""How messages are set: fonts, line heights and colours for one size of reading, in one theme."""

from functools import cached_property

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QTextCharFormat

from zhiyin.markup.blocks import BOLD, CODE, ITALIC, MATH, STRIKE
from zhiyin.ui import tokens
from zhiyin.ui.theme import Theme, mono_font, reading_font, ui_font
from zhiyin.ui.transcript.code_colors import code_color

CHINESE_SHARE = 0.3
"""A block with this share of Chinese characters is set with the higher lines."""
_HEADINGS = (1.45, 1.25, 1.12, 1.0, 1.0, 1.0)


class Reading:
    """Fonts, metrics and formats; made anew when the size, the face or the theme changes."""

    def __init__(self, theme: Theme, font_size: float = tokens.READING_POINT_SIZE, *, serif: bool = False) -> None:
        self.theme = theme
        self.font_size = font_size
        self.body = reading_font(font_size, serif=serif)
        self.code = mono_font(font_size * 0.9)
        self.name = ui_font(tokens.UI_POINT_SIZE, QFont.Weight.DemiBold)
        self.small = ui_font(tokens.UI_POINT_SIZE * 0.92)
        self._formats: dict[tuple[int, bool, bool], QTextCharFormat] = {}

    @cached_property
    def em(self) -> float:
        """The body's font size in pixels."""
        return float(self.body.pixelSize()) if self.body.pixelSize() > 0 else self.font_size * self._dots_per_inch / 72

    @cached_property
    def _dots_per_inch(self) -> float:
        from PySide6.QtGui import QGuiApplication  # noqa: PLC0415 - only where an application runs

        screen = QGuiApplication.primaryScreen()
        return screen.logicalDotsPerInch() if screen else 96.0

    @cached_property
    def body_metrics(self) -> QFontMetricsF:
        """Metrics of running text."""
        return QFontMetricsF(self.body)

    @cached_property
    def code_metrics(self) -> QFontMetricsF:
        """Metrics of code."""
        return QFontMetricsF(self.code)

    @cached_property
    def code_line(self) -> int:
        """Height of a line of code, in pixels."""
        return round(max(self.code_metrics.lineSpacing() * 1.2, self.em * 0.9 * 1.5))

    @cached_property
    def code_advance(self) -> float:
        """Width of one column of code."""
        return self.code_metrics.horizontalAdvance("0")

    @cached_property
    def unit(self) -> float:
        """Average width of a Latin letter of running text; a Chinese one takes two."""
        return self.body_metrics.averageCharWidth()

    def line_height(self, *, chinese: bool, size: float = 1.0) -> int:
        """Pixels from line to line of running text."""
        factor = tokens.CHINESE_LINE_HEIGHT if chinese else tokens.LATIN_LINE_HEIGHT
        if size > 1:
            factor -= 0.2  # headings stand closer
        return round(self.em * size * factor)

    def heading(self, level: int) -> tuple[QFont, float]:
        """The font of a heading and its size as a multiple of the body's."""
        size = _HEADINGS[level - 1]
        font = QFont(self.body)
        font.setPointSizeF(self.font_size * size)
        font.setWeight(QFont.Weight.DemiBold)
        return font, size

    def color(self, role: str) -> QColor:
        """A colour of the theme."""
        return self.theme.color(role)

    def format(self, marks: int, *, link: bool, on_wash: bool) -> QTextCharFormat:
        """The look of a span."""
        key = marks, link, on_wash
        found = self._formats.get(key)
        if found is None:
            found = self._formats[key] = self._make_format(marks, link=link, on_wash=on_wash)
        return found

    def _make_format(self, marks: int, *, link: bool, on_wash: bool) -> QTextCharFormat:
        result = QTextCharFormat()
        if marks & (CODE | MATH):
            result.setFontFamilies(self.code.families())
            result.setFontStyleHint(QFont.StyleHint.Monospace)
            result.setFontPointSize(self.font_size * 0.9)
        if marks & CODE:
            result.setBackground(QBrush(self.color("hover" if on_wash else "wash")))
        if marks & BOLD:
            result.setFontWeight(QFont.Weight.DemiBold)
        if marks & (ITALIC | MATH):
            result.setFontItalic(True)
        if marks & STRIKE:
            result.setFontStrikeOut(True)
            result.setForeground(QBrush(self.color("ink.soft")))
        if link:
            result.setForeground(QBrush(self.color("slate")))
            result.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
            line = self.color("slate")
            line.setAlphaF(0.45)
            result.setUnderlineColor(line)
        return result

    @cached_property
    def code_formats(self) -> dict[str, QTextCharFormat]:
        """The look of code by role."""
        result = {}
        for role in ("keyword", "name", "string", "number", "comment", "type", "operator", "meta", "inserted", "deleted"):
            look = QTextCharFormat()
            look.setForeground(QBrush(code_color(role, dark=self.theme.dark)))
            if role == "comment":
                look.setFontItalic(True)
            result[role] = look
        return result


ALIGNMENTS = {"": Qt.AlignmentFlag.AlignLeft, "left": Qt.AlignmentFlag.AlignLeft, "right": Qt.AlignmentFlag.AlignRight,
              "center": Qt.AlignmentFlag.AlignHCenter}  # fmt: skip
