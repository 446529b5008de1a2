"""The footer: how full the context is, what of it was reused, and how fast the last reply came."""

from PySide6.QtCore import QEvent, QLocale, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from zhiyin.ui.theme import STEP, theme, theme_signals, ui_font

BAR_WIDTH = 96
BAR_HEIGHT = 4


class ContextMeter(QWidget):
    """A thin bar (reused, used, free) with the same in words, speed at the right; all of it painted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(6 * STEP)
        self.setFont(ui_font(9))
        self._used = self._reused = self._total = self._dropped = 0
        self._compact = False
        self._prefill: tuple[int, int] | None = None
        self._speed: tuple[float, float | None] | None = None
        theme_signals().changed.connect(self.update)
        self.retranslateUi()

    def set_context(self, used: int, reused: int, total: int, dropped_turns: int = 0) -> None:
        """Tokens in the context, how many of them were taken from the cache, its size; and the turns that no longer fit."""
        self._total = max(0, total)
        self._used = max(0, min(used, self._total))
        self._reused = max(0, min(reused, self._used))
        self._dropped = dropped_turns
        self.retranslateUi()

    def set_compact(self, compact: bool) -> None:  # noqa: FBT001 - a state, as in Qt's setters
        """Where the budget of the next prompt is on show above, this one only tells of the last reply, without a bar."""
        if compact != self._compact:
            self._compact = compact
            self.retranslateUi()

    def set_speed(self, tokens_per_second: float, first_token_seconds: float | None = None) -> None:
        """Speed of the reply and the wait before its first token."""
        self._speed = (float(tokens_per_second), None if first_token_seconds is None else float(first_token_seconds))
        self.retranslateUi()

    def set_prefill(self, done: int, total: int) -> None:
        """The prompt is being read: tokens done and to do."""
        self._prefill = (done, total) if total > 0 else None
        self.retranslateUi()

    def clear_prefill(self) -> None:
        """The prompt has been read."""
        self._prefill = None
        self.retranslateUi()

    def clear(self) -> None:
        """Nothing is known yet."""
        self._used = self._reused = self._total = self._dropped = 0
        self._prefill = self._speed = None
        self.retranslateUi()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        spoken = " · ".join(part for part in (self.words(), self.speed_words()) if part)
        self.setAccessibleName(spoken or self.tr("Context"))
        lines = [
            self.tr("The context is what the model can see at once, counted in tokens."),
            self.tr("Reused tokens were read before and cost no time now."),
        ]
        if self._dropped:
            lines.append(
                self.tr("The oldest turns no longer fit and are not sent; the line in the conversation shows where memory begins.")
            )
        self.setToolTip("\n".join(lines) if self._total else "")
        self.update()

    def words(self) -> str:
        """The left text."""
        number = QLocale().toString
        if self._prefill is not None:
            done, total = self._prefill
            return self.tr("reading the prompt {done} / {total}").format(done=number(done), total=number(total))
        if not self._total:
            return ""
        if self._compact and not self._used:
            return ""
        said = self.tr("last prompt {used} tokens") if self._compact else self.tr("context {used} / {total}")
        text = said.format(used=number(self._used), total=number(self._total))
        if self._reused:
            text += " · " + self.tr("reused {reused}").format(reused=number(self._reused))
        if self._dropped:
            text += " · " + self.tr("turns left out: {count}").format(count=number(self._dropped))
        return text

    def speed_words(self) -> str:
        """The right text."""
        if self._speed is None:
            return ""
        rate, first = self._speed
        text = self.tr("{rate} tokens/s").format(rate=QLocale().toString(rate, "f", 0 if rate >= 10 else 1))
        if first is not None:
            text += " · " + self.tr("first token {seconds} s").format(seconds=QLocale().toString(first, "f", 1 if first < 10 else 0))
        return text

    def sizeHint(self) -> QSize:
        """Wide as it can be."""
        return QSize(400, 6 * STEP)

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The bar and the words."""
        speed, words = self.speed_words(), self.words()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        look = theme()
        right = float(self.width())
        painter.setPen(look.color("ink.soft"))
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        metrics = self.fontMetrics()
        left = 0.0
        if words and (not self._compact or self._prefill is not None):
            left = BAR_WIDTH + 3.0 * STEP
            self._paint_bar(painter)
        if words:
            painter.setPen(look.color("ink.soft"))
        width_of_words = metrics.horizontalAdvance(words)
        if speed and left + width_of_words + 4 * STEP + metrics.horizontalAdvance(speed) <= right:
            painter.drawText(self.rect(), middle | int(Qt.AlignmentFlag.AlignRight), speed)
            right -= metrics.horizontalAdvance(speed) + 4 * STEP
        if words:
            shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, int(right - left))
            painter.drawText(QRectF(left, 0, right - left, self.height()), middle, shown)
        painter.end()

    def _paint_bar(self, painter: QPainter) -> None:
        look = theme()
        top = (self.height() - BAR_HEIGHT) / 2
        parts: list[tuple[float, str]] = [(1.0, "line")]
        if self._prefill is not None:
            parts.append((self._prefill[0] / self._prefill[1], "accent"))
        elif self._total:
            full = self._used / self._total
            parts.append((full, "ochre" if full > 0.9 else "ink.soft"))
            parts.append((self._reused / self._total, "jade"))
        painter.setPen(Qt.PenStyle.NoPen)
        for fraction, role in parts:
            painter.setBrush(look.color(role))
            width = BAR_WIDTH * max(0.0, min(1.0, fraction))
            if width > 0:
                painter.drawRoundedRect(QRectF(0, top, max(width, BAR_HEIGHT), BAR_HEIGHT), BAR_HEIGHT / 2, BAR_HEIGHT / 2)
