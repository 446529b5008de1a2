"""What an evaluation found, painted: four figures, perplexity per text as bars, the divergence from the checkpoint as a curve."""

from PySide6.QtCore import QCoreApplication, QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from zhiyin.ui.amounts import number_text, percent_text, size_text
from zhiyin.ui.theme import STEP, theme, theme_signals, ui_font
from zhiyin.ui.tooltip import plain_tooltip
from zhiyin_models.evaluate.report import Evaluation

WIDE = 520  # logical pixels from which the bars and the curve stand side by side
FIGURE_WIDTH = 126
FIGURE_HEIGHT = 58
TITLE = 22
PLOT_HEIGHT = 132
BAR = 12
GAP = 6 * STEP
MIDDLE, TAIL = 50, 99  # percentiles that are marked
SMALL, PLAIN, LARGE = 9.0, 10.5, 14.0


class EvaluationChart(QWidget):
    """Follows theme and language; a screen reader hears every figure as text."""

    def __init__(self, evaluation: Evaluation, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._evaluation = evaluation
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        theme_signals().changed.connect(self.update)
        self.retranslateUi()

    # ------------------------------------------------------------ words

    def figures(self) -> list[tuple[str, str, str]]:
        """Name, value and comparison of each figure; what was not measured is left out."""
        found = self._evaluation
        figures = []
        if found.perplexity > 0:
            grown = ""
            if found.reference_perplexity > 0:
                change = percent_text(found.perplexity / found.reference_perplexity - 1, 1, signed=True)
                grown = self.tr("{before} before, {change}").format(before=number_text(found.reference_perplexity), change=change)
            figures.append((self.tr("Perplexity"), number_text(found.perplexity), grown))
        if found.agreement > 0:
            figures.append((self.tr("Agreement"), percent_text(found.agreement, 1), self.tr("same next token")))
        if found.size > 0:
            part = ""
            if found.reference_size > 0:
                whole = size_text(found.reference_size)
                part = self.tr("{part} of {size}").format(part=percent_text(found.size / found.reference_size), size=whole)
            figures.append((self.tr("Size"), size_text(found.size), part))
        if found.speed > 0:
            before = self.tr("{before} before").format(before=number_text(found.reference_speed)) if found.reference_speed > 0 else ""
            figures.append((self.tr("Speed"), self.tr("{speed} tok/s").format(speed=number_text(found.speed)), before))
        return figures

    def text_name(self, name: str) -> str:
        """A bundled text by its language, any other by its file's name."""
        return {"zh": self.tr("Chinese"), "en": self.tr("English")}.get(name, name)

    def description(self) -> str:
        """All of it in sentences."""
        found = self._evaluation
        lines = [
            self.tr("{name}: {value} ({comparison})").format(name=name, value=value, comparison=comparison) if comparison
            else self.tr("{name}: {value}").format(name=name, value=value)
            for name, value, comparison in self.figures()
        ]  # fmt: skip
        for text in found.texts:
            said = self.tr("{text}: perplexity {value}").format(text=self.text_name(text.name), value=number_text(text.perplexity))
            if text.reference > 0:
                said += " · " + self.tr("{before} before").format(before=number_text(text.reference))
            lines.append(said)
        if found.divergences:
            lines.append(
                self.tr("Divergence: {mean} on average, 99 % of the tokens below {tail}").format(
                    mean=number_text(found.mean_divergence), tail=number_text(found.divergence_99)
                )
            )
        return "\n".join(lines)

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.setAccessibleName(self.tr("Evaluation of {type}").format(type=self._evaluation.type))
        self.setAccessibleDescription(self.description())
        self.setToolTip(plain_tooltip(self.description()))
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    # ------------------------------------------------------------ size

    def _height(self, width: int) -> int:
        across = _across(width)
        height = -(-len(self.figures()) // across) * FIGURE_HEIGHT
        plots = self._plots()
        if plots:
            height += GAP + (TITLE + PLOT_HEIGHT if width >= WIDE else plots * (TITLE + PLOT_HEIGHT) + (plots - 1) * GAP)
        return height + 5 * STEP

    def _plots(self) -> int:
        return bool(self._evaluation.texts) + (len(self._evaluation.divergences) > 2)

    def sizeHint(self) -> QSize:
        """As high as its width asks for."""
        return QSize(600, self._height(self.width()))

    def minimumSizeHint(self) -> QSize:
        """Narrow windows stack it."""
        return QSize(FIGURE_WIDTH * 2, self._height(self.width()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The height follows the width."""
        super().resizeEvent(event)
        if self.height() != self._height(self.width()):
            self.setFixedHeight(self._height(self.width()))

    # ------------------------------------------------------------ painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Figures, bars, curve."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus():
            painter.setPen(theme().color("accent"))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), STEP, STEP)
        top = self._paint_figures(painter)
        wide = self.width() >= WIDE
        bars, curve = bool(self._evaluation.texts), len(self._evaluation.divergences) > 2
        width = (self.width() - GAP) / 2 if wide and bars and curve else float(self.width())
        if bars:
            self._paint_bars(painter, QRectF(0, top + GAP, width, TITLE + PLOT_HEIGHT))
        if curve:
            beside = wide and bars
            left = width + GAP if beside else 0.0
            below = top + GAP if beside or not bars else top + 2 * GAP + TITLE + PLOT_HEIGHT
            self._paint_curve(painter, QRectF(left, below, width, TITLE + PLOT_HEIGHT))
        painter.end()

    def _paint_figures(self, painter: QPainter) -> float:
        look = theme()
        figures = self.figures()
        across = _across(self.width())
        width = self.width() / across
        for number, (name, value, comparison) in enumerate(figures):
            left, top = number % across * width, number // across * FIGURE_HEIGHT + 2.0
            for text, points, role, down, height in (
                (name, SMALL, "ink.soft", 0, 16),
                (value, LARGE, "ink", 15, 24),
                (comparison, SMALL, "ink.soft", 38, 16),
            ):
                painter.setFont(ui_font(points))
                painter.setPen(look.color(role))
                shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(width - 2 * STEP))
                painter.drawText(QRectF(left, top + down, width, height), int(Qt.AlignmentFlag.AlignVCenter), shown)
        return float(-(-len(figures) // across) * FIGURE_HEIGHT)

    def _title(self, painter: QPainter, area: QRectF, text: str) -> QRectF:
        painter.setFont(ui_font(SMALL))
        painter.setPen(theme().color("ink.soft"))
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(area.width()))
        painter.drawText(QRectF(area.left(), area.top(), area.width(), TITLE - STEP), int(Qt.AlignmentFlag.AlignVCenter), shown)
        return area.adjusted(0, TITLE, 0, 0)

    def _paint_bars(self, painter: QPainter, area: QRectF) -> None:
        look = theme()
        area = self._title(painter, area, self.tr("Perplexity per text; lower is better"))
        texts = self._evaluation.texts[:4]
        metrics = painter.fontMetrics()
        names = [self.text_name(text.name) for text in texts]
        label = min(area.width() / 3, max(metrics.horizontalAdvance(name) for name in names) + 2 * STEP)
        value = max(metrics.horizontalAdvance(number_text(max(text.perplexity, text.reference))) for text in texts) + 2 * STEP
        longest = max(max(text.perplexity, text.reference) for text in texts) or 1.0
        room = area.width() - label - value
        compares = any(text.reference > 0 for text in texts)
        legend = metrics.height() + STEP if compares else 0
        step = (area.height() - legend) / max(2, len(texts))
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        for number, (name, text) in enumerate(zip(names, texts, strict=True)):
            bars = [(text.perplexity, "slate", "ink")]
            if text.reference > 0:
                bars.append((text.reference, "ink.faint", "ink.soft"))
            top = area.top() + number * step + (step - len(bars) * (BAR + 3)) / 2
            painter.setPen(look.color("ink"))
            shown = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, int(label - STEP))
            painter.drawText(QRectF(area.left(), top, label, len(bars) * (BAR + 3)), middle, shown)
            for row, (height, role, ink) in enumerate(bars):
                bar = QRectF(area.left() + label, top + row * (BAR + 3), max(2.0, room * height / longest), BAR)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(look.color(role))
                painter.drawRoundedRect(bar, 2, 2)
                painter.setPen(look.color(ink))
                painter.drawText(QRectF(bar.right() + STEP + 1, bar.top() - 3, value, BAR + 6), middle, number_text(height))
        if compares:
            self._paint_legend(painter, QRectF(area.left(), area.bottom() - legend, area.width(), legend))

    def _paint_legend(self, painter: QPainter, area: QRectF) -> None:
        look = theme()
        left = area.left()
        for role, words in (("slate", self._evaluation.type), ("ink.faint", self.tr("the checkpoint"))):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.color(role))
            painter.drawRoundedRect(QRectF(left, area.center().y() - 4, 8, 8), 2, 2)
            painter.setPen(look.color("ink.soft"))
            width = painter.fontMetrics().horizontalAdvance(words)
            painter.drawText(QRectF(left + 3 * STEP, area.top(), width + STEP, area.height()), int(Qt.AlignmentFlag.AlignVCenter), words)
            left += width + 7 * STEP

    def _paint_curve(self, painter: QPainter, area: QRectF) -> None:
        look = theme()
        found = self._evaluation
        area = self._title(painter, area, self.tr("Divergence in nats, by share of tokens"))
        metrics = painter.fontMetrics()
        plot = area.adjusted(0, STEP, -2 * STEP, -metrics.height() - STEP)
        last = len(found.divergences) - 1
        at = {mark: found.divergences[round(mark * last / 100)] for mark in (MIDDLE, TAIL)}
        top = max(at[TAIL] * 1.25, 1e-9)

        def place(share: float, value: float) -> QPointF:
            return QPointF(plot.left() + plot.width() * share, plot.bottom() - plot.height() * min(1.0, max(0.0, value) / top))

        painter.setPen(QPen(look.color("line"), 1))
        painter.drawLine(plot.bottomLeft(), plot.bottomRight())
        curve = QPainterPath(place(0, found.divergences[0]))
        for number, value in enumerate(found.divergences[1:], 1):
            curve.lineTo(place(number / last, value))
        below = QPainterPath(curve)
        below.lineTo(plot.bottomRight())
        below.lineTo(plot.bottomLeft())
        painter.fillPath(below, look.color("wash"))
        painter.setPen(QPen(look.color("slate"), 1.6))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setClipRect(plot.adjusted(0, -1, 1, 1))
        painter.drawPath(curve)
        painter.setClipping(False)
        for share, align in ((0.0, Qt.AlignmentFlag.AlignLeft), (0.5, Qt.AlignmentFlag.AlignHCenter), (1.0, Qt.AlignmentFlag.AlignRight)):
            painter.setPen(look.color("ink.soft"))
            painter.drawText(QRectF(plot.left(), plot.bottom() + STEP, plot.width(), metrics.height()), int(align), percent_text(share))
        for mark, value in at.items():
            self._paint_mark(painter, place(mark / 100, value), mark, value)

    def _paint_mark(self, painter: QPainter, spot: QPointF, mark: int, value: float) -> None:
        look = theme()
        painter.setPen(QPen(look.color("raised"), 1.5))
        painter.setBrush(look.color("slate"))
        painter.drawEllipse(spot, 4, 4)
        words = f"{percent_text(mark / 100)}: {number_text(value)}"
        metrics = painter.fontMetrics()
        width = metrics.horizontalAdvance(words)
        painter.setPen(look.color("ink"))
        if mark == TAIL:  # at the right edge: beside the spot, not above it
            painter.drawText(QPointF(max(0.0, spot.x() - width - 3 * STEP), spot.y() + STEP), words)
        else:
            painter.drawText(QPointF(spot.x() - width / 2, spot.y() - 3 * STEP), words)


def _across(width: int) -> int:
    """Figures in a line: all four, two and two, or one below the other."""
    return next(count for count in (4, 2, 1) if width >= count * FIGURE_WIDTH or count == 1)


def evaluation_title(evaluation: Evaluation) -> str:
    """What stands above a chart."""
    return QCoreApplication.translate("EvaluationChart", "{type} against the checkpoint").format(type=evaluation.type)
