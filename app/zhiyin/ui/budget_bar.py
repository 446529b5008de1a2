"""The budget of the next prompt: a thin bar of its sections, what was left out in words, and on a click all of it by name."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QLocale, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QVBoxLayout, QWidget

from zhiyin.ui.form_row import soft_label
from zhiyin.ui.icons import paint_icon
from zhiyin.ui.prompt_sections import FREE, ORDER, RESERVE, BudgetState, left_out_words, section_color, section_name
from zhiyin.ui.theme import STEP, theme, theme_signals, ui_font
from zhiyin.ui.tooltip import plain_tooltip

BAR = 5
PAD = 4
STRIP = 6 * STEP
ROW = 5 * STEP
SWATCH = 2 * STEP
_BETWEEN = 4 * STEP


class BudgetBar(QWidget):
    """Shows tokens by section. A click (Space, Enter) opens and closes the legend; ``details_requested`` asks for the text itself."""

    details_requested = Signal()
    shown_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._strip = _Strip(self)
        self._legend = _Legend(self)
        self.details = QPushButton(self)
        self.details.setProperty("kind", "link")
        self.details.setFont(ui_font(9))
        self.details.clicked.connect(self.details_requested)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(STEP)
        layout.addWidget(self._strip)
        layout.addWidget(self._legend)
        self._left_out = soft_label(self)
        layout.addWidget(self._left_out)
        layout.addWidget(self.details, 0, Qt.AlignmentFlag.AlignLeft)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._strip.pressed.connect(lambda: self.set_expanded(not self.expanded))
        self.set_expanded(False)
        theme_signals().changed.connect(self.update)
        self.set_budget({}, 0, 0, {}, "none")

    def set_budget(self, sections: Mapping[str, int], limit: int, context: int, dropped: Mapping[str, int], state: BudgetState) -> None:
        """Tokens by section, how many there may be (``limit``), the size of the context, and how many of what were left out.

        With "none" nothing is known, and nothing is shown.
        """
        known = {section: max(0, tokens) for section, tokens in sections.items() if tokens > 0 and section not in (RESERVE, FREE)}
        self._used = {section: known[section] for section in (*ORDER, *known) if section in known}
        self._limit, self._context = max(0, limit), max(0, context, limit)
        self._dropped = dict(dropped)
        self._state: BudgetState = state if self._context else "none"
        if (self._state != "none") == self.isHidden():
            self.setVisible(self._state != "none")
            self.shown_changed.emit(self._state != "none")
        self.retranslateUi()

    @property
    def expanded(self) -> bool:
        """Whether the legend is open."""
        return not self._legend.isHidden()

    def set_expanded(self, expanded: bool) -> None:  # noqa: FBT001 - a state, as in Qt's setters
        """Open or close the legend."""
        self._legend.setVisible(expanded)
        self._left_out.setVisible(expanded and bool(self._left_out.text()))
        self.details.setVisible(expanded)
        self._strip.set_open(expanded)

    def parts(self) -> list[tuple[str, int]]:
        """Every segment of the bar, in order: the prompt's sections, what is free, what is kept for the reply."""
        used = sum(self._used.values())
        return [*self._used.items(), (FREE, max(0, self._limit - used)), (RESERVE, max(0, self._context - max(self._limit, used)))]

    def words(self, *, short: bool = False) -> str:
        """The line under the bar; the short one where there is little room."""
        if self._state == "none":
            return ""
        number = QLocale().toString
        used = sum(self._used.values())
        if short:
            line = "≈ {used} / {limit}" if self._state == "estimate" else "{used} / {limit}"
        else:
            line = self.tr("about {used} of {limit} tokens") if self._state == "estimate" else self.tr("{used} of {limit} tokens")
        parts = [line.format(used=number(used), limit=number(self._limit))]
        if used > self._limit:
            parts.append(self.tr("{over} too many").format(over=number(used - self._limit)))
        parts.append(left_out_words(self._dropped))
        return " · ".join(part for part in parts if part)

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        number = QLocale().toString
        used = sum(self._used.values())
        lines = [self.tr("{section}: {tokens}").format(section=section_name(of), tokens=number(tokens)) for of, tokens in self.parts()]
        warns = used > self._limit or any(self._dropped.values())
        self._strip.show_parts(self.parts(), (self.words(), self.words(short=True)), warns=warns)
        left_out = left_out_words(self._dropped)
        tip = [self.tr("What the next prompt is made of, in tokens:"), *lines, *([left_out] if left_out else [])]
        self._strip.setToolTip(plain_tooltip("\n".join(tip)) if self._context else "")
        self._left_out.setText(left_out[:1].upper() + left_out[1:])
        self._left_out.setVisible(self.expanded and bool(left_out))
        self._strip.setAccessibleName(self.tr("Prompt budget: {words}").format(words=self.words()))
        self._strip.setAccessibleDescription("; ".join(lines))
        self._legend.show_parts([(of, f"{section_name(of)}  {number(tokens)}") for of, tokens in self.parts()])
        self.details.setText(self.tr("Show what is sent"))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()


class _Strip(QWidget):
    """The bar and one line of words."""

    pressed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._parts: Sequence[tuple[str, int]] = ()
        self._words = ("", "")
        self._warns = self._open = False
        self.setFixedHeight(STRIP)
        self.setFont(ui_font(9))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme_signals().changed.connect(self.update)

    def show_parts(self, parts: Sequence[tuple[str, int]], words: tuple[str, str], *, warns: bool) -> None:
        self._parts, self._words, self._warns = parts, words, warns
        self.update()

    def set_open(self, open_: bool) -> None:  # noqa: FBT001 - a state, as in Qt's setters
        self._open = open_
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, STRIP)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        look = theme()
        self._paint_bar(painter, QRectF(PAD, 2, self.width() - 2 * PAD, BAR))
        words = QRectF(PAD, BAR + 3, self.width() - ROW - PAD, self.height() - BAR - 4)
        painter.setPen(look.color("ochre" if self._warns else "ink.soft"))
        whole, short = self._words
        line = whole if self.fontMetrics().horizontalAdvance(whole) <= words.width() else short
        shown = self.fontMetrics().elidedText(line, Qt.TextElideMode.ElideRight, int(words.width()))
        painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown)
        side = 3 * STEP
        caret = QRectF(self.width() - side - PAD, words.center().y() - side / 2, side, side)
        paint_icon(painter, caret, "caret-up" if self._open else "caret-down", look.color("ink.soft"))
        if self.hasFocus():
            painter.setPen(look.color("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        painter.end()

    def _paint_bar(self, painter: QPainter, area: QRectF) -> None:
        whole = sum(tokens for _, tokens in self._parts)
        if not whole:
            return
        painter.save()
        frame = QPainterPath()
        frame.addRoundedRect(area, BAR / 2, BAR / 2)
        painter.setClipPath(frame)
        left = area.left()
        for section, tokens in self._parts:
            width = area.width() * tokens / whole
            painter.fillRect(QRectF(left, area.top(), width, area.height()), section_color(section))
            if section == RESERVE:
                painter.setPen(theme().color("ink.faint"))
                x = left
                while x < left + width + BAR:  # hatched: nothing of the prompt
                    painter.drawLine(int(x), int(area.bottom()), int(x) + BAR, int(area.top()))
                    x += BAR
            elif tokens and left > area.left():
                painter.fillRect(QRectF(left, area.top(), 1, area.height()), theme().color("paper"))
            left += width
        painter.restore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.pressed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.pressed.emit()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()


class _Legend(QWidget):
    """Each part by name, as many beside one another as there is room for."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._parts: Sequence[tuple[str, str]] = ()
        self.setFont(ui_font(9))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme_signals().changed.connect(self.update)

    def show_parts(self, parts: Sequence[tuple[str, str]]) -> None:
        self._parts = parts
        self._fit()
        self.update()

    def places(self, width: int) -> list[tuple[int, int]]:
        """Where each part begins: left edge and row."""
        places = []
        left = row = 0
        for _, words in self._parts:
            wanted = SWATCH + STEP + self.fontMetrics().horizontalAdvance(words) + _BETWEEN
            if left and left + wanted - _BETWEEN > width:
                left, row = 0, row + 1
            places.append((left, row))
            left += wanted
        return places

    def _fit(self) -> None:
        rows = max((row for _, row in self.places(self.width())), default=-1) + 1
        self.setFixedHeight(rows * ROW)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._fit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for (section, words), (left, row) in zip(self._parts, self.places(self.width()), strict=True):
            painter.setPen(theme().color("ink.faint"))
            painter.setBrush(section_color(section))
            painter.drawRoundedRect(QRectF(left + 0.5, row * ROW + (ROW - SWATCH) / 2 + 0.5, SWATCH - 1, SWATCH - 1), 2, 2)
            painter.setPen(theme().color("ink.soft"))
            begin = left + SWATCH + STEP
            shown = self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, self.width() - begin)
            painter.drawText(QRectF(begin, row * ROW, self.width() - begin, ROW), int(Qt.AlignmentFlag.AlignVCenter), shown)
        painter.end()
