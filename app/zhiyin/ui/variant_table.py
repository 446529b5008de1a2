"""The models of a repository to pick from: quant type, size, how each fits here, and the button that fetches it."""

from collections.abc import Sequence
from time import perf_counter

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from zhiyin.ui.amounts import size_text
from zhiyin.ui.discover_values import UNKNOWN, Fit, VariantRow
from zhiyin.ui.discover_words import fit_role, fit_words, need_words, parts_words, speed_words, state_words
from zhiyin.ui.elided_label import ElidedLabel
from zhiyin.ui.icons import icon
from zhiyin.ui.repository_list import paint_dot
from zhiyin.ui.theme import STEP, theme, theme_signals, ui_font

COMMON = frozenset({"Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q4_0", "Q3_K_M", "IQ4_XS", "UD-Q4_K_XL", "i1-Q4_K_M"})
FEW = 6  # so many are never folded
MOST = 200
AT_ONCE = 8  # so many are there before anything is painted
SLICE = 0.008  # seconds of one pass of the event loop
DOT = 8
NARROW = 480


class VariantTable(QWidget):
    """Shows rows; ``wanted`` carries the place of the one to fetch, ``opened`` of one that is here and to be talked to."""

    wanted = Signal(int)
    opened = Signal(int)
    downloads_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[VariantRow, ...] = ()
        self._items: list[VariantItem] = []
        self._next = 0  # the first row whose item is not there or not up to date
        self._kept: frozenset[int] = frozenset()  # those that are never folded
        self._all = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._go_on)
        self.all_button = QPushButton(self)
        self.all_button.setProperty("kind", "fold")
        self.all_button.setCursor(Qt.CursorShape.PointingHandCursor)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self._layout.addWidget(self.all_button)
        self.all_button.clicked.connect(self._toggle)
        theme_signals().changed.connect(self._draw)
        self.retranslateUi()

    def set_rows(self, rows: Sequence[VariantRow]) -> None:
        """Show these; rows of the same models are only changed. The first are there at once, the others come in slices."""
        before, self._rows = self._rows, tuple(rows[:MOST])
        if [row.variant for row in self._rows] != [row.variant for row in before]:
            self._clear()
        self._fold()
        self._begin()

    def _begin(self) -> None:
        self._next = 0
        self._go_on(at_least=AT_ONCE)

    def _clear(self) -> None:
        for old in self._items:
            self._layout.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._items = []
        self._all = False
        self.retranslateUi()

    def _go_on(self, at_least: int = 1) -> None:
        """Bring so many rows up to date, and more while there is time."""
        end = perf_counter() + SLICE
        done = 0
        while self._next < len(self._rows) and (done < at_least or perf_counter() < end):
            self._bring(self._next)
            self._next += 1
            done += 1
        if self._next < len(self._rows):
            self._timer.start()
        else:
            self._timer.stop()

    def _bring(self, place: int) -> None:
        row = self._rows[place]
        if place < len(self._items):
            self._items[place].set_row(row)
        else:
            item = VariantItem(row, self)
            item.button.clicked.connect(lambda _checked=False: self._act(place))
            self._layout.insertWidget(place, item)
            self._items.append(item)
        self._items[place].setVisible(self._all or place in self._kept)

    def items(self) -> list["VariantItem"]:
        """The rows that are there by now."""
        return self._items

    def _act(self, place: int) -> None:
        state = self._rows[place].state
        if state == "installed":
            self.opened.emit(place)
        elif state in ("queued", "running", "paused", "failed"):
            self.downloads_requested.emit()
        else:
            self.wanted.emit(place)

    def _fold(self) -> None:
        few = len(self._rows) <= FEW
        common = (place for place, row in enumerate(self._rows) if few or row.recommended or row.state or row.variant.quant in COMMON)
        self._kept = frozenset(common) or frozenset(range(FEW))
        self.all_button.setVisible(any(place not in self._kept for place in range(len(self._rows))))

    def _toggle(self) -> None:
        self._all = not self._all
        self._begin()
        self.retranslateUi()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.all_button.setText(
            self.tr("Show only the common ones") if self._all else self.tr("Show all {count}").format(count=len(self._rows))
        )
        self._draw()

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def _draw(self) -> None:
        self.all_button.setIcon(icon("caret-up" if self._all else "caret-down", 12))


class FitLine(QWidget):
    """A dot, the verdict in its colour, and the figures behind it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fit = UNKNOWN
        self._verdict = self._figures = ""
        self.setFont(ui_font(9.5))
        theme_signals().changed.connect(self.update)

    def set_fit(self, fit: Fit) -> None:
        """Say how it fits."""
        self._fit = fit
        self._verdict = fit_words(fit)
        self._figures = " · ".join(part for part in (need_words(fit), speed_words(fit)) if part)
        self.setVisible(bool(fit.verdict))
        self.setAccessibleName(self.words())
        self.setToolTip(self.words())
        self.update()

    def words(self) -> str:
        """All of it."""
        return ", ".join(part for part in (self._verdict, self._figures) if part)

    def sizeHint(self) -> QSize:
        """One line."""
        return QSize(160, self.fontMetrics().height() + 2)

    def minimumSizeHint(self) -> QSize:
        """As narrow as needed."""
        return QSize(40, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The dot, the verdict, the figures as far as there is room."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        role = fit_role(self._fit)
        paint_dot(painter, QRectF(1, (self.height() - DOT) / 2, DOT, DOT), role, self._fit.verdict)
        painter.setFont(self.font())
        metrics = painter.fontMetrics()
        left = DOT + 2 * STEP
        for words, color in ((self._verdict, role if self._fit.verdict else "ink.soft"), (self._figures, "ink.soft")):
            painter.setPen(theme().color(color))
            shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, max(0, self.width() - left))
            painter.drawText(QRectF(left, 0, self.width() - left, self.height()), int(Qt.AlignmentFlag.AlignVCenter), shown)
            left += metrics.horizontalAdvance(shown) + 2 * STEP
        painter.end()


class VariantItem(QWidget):
    """One row."""

    def __init__(self, row: VariantRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row = row
        self.quant = ElidedLabel(parent=self, middle=True)
        self.about = ElidedLabel(parent=self)
        self.about.setProperty("tone", "soft")
        self.fit = FitLine(self)
        self.button = QPushButton(self)
        self.button.setCursor(Qt.CursorShape.PointingHandCursor)
        words = QHBoxLayout()
        words.setSpacing(3 * STEP)
        words.addWidget(self.quant)
        words.addWidget(self.about, 1)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 2 * STEP, 0, 2 * STEP + 1)
        self._grid.setHorizontalSpacing(3 * STEP)
        self._grid.setVerticalSpacing(2)
        self._grid.addLayout(words, 0, 0)
        self._grid.setColumnStretch(0, 1)
        self._narrow: bool | None = None
        self._arrange(narrow=False)
        theme_signals().changed.connect(self.update)
        self.set_row(row)

    def _arrange(self, *, narrow: bool) -> None:
        """Where there is little room, the fit has a line to itself."""
        if narrow != self._narrow:
            self._narrow = narrow
            self._grid.addWidget(self.fit, 1, 0, 1, 2 if narrow else 1)
            self._grid.addWidget(self.button, 0, 1, 1 if narrow else 2, 1, Qt.AlignmentFlag.AlignVCenter)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The fit goes where it has room."""
        super().resizeEvent(event)
        self._arrange(narrow=event.size().width() < NARROW)

    def row(self) -> VariantRow:
        """What is shown."""
        return self._row

    def set_row(self, row: VariantRow) -> None:
        """Show this; while something is downloaded it comes several times a second."""
        if row != self._row or not self.button.text():
            self._row = row
            self.retranslateUi()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        row = self._row
        variant = row.variant
        quant = (row.title or variant.quant or variant.name)[:120]
        self.quant.setText(quant)
        self.quant.setFont(ui_font(10.5, QFont.Weight.DemiBold if row.recommended else QFont.Weight.Normal))
        about = [size_text(variant.size) if variant.size >= 0 else self.tr("size not known"), parts_words(len(variant.files))]
        about += [self.tr("recommended")] if row.recommended else []
        about += [state_words(row.state, row.fraction)] if row.state not in ("", "installed") else []
        self.about.setText(" · ".join(part for part in about if part))
        self.fit.set_fit(row.fit)
        texts = {"": self.tr("Download"), "asking": self.tr("Download"), "installed": self.tr("Chat with it")}
        texts["newer"] = texts[""]
        text = texts.get(row.state, self.tr("Show downloads"))
        self.button.setText(text)
        kind = "primary" if row.recommended and not row.state else ""
        if self.button.property("kind") != kind:
            self.button.setProperty("kind", kind)
            self.button.style().polish(self.button)
        self.button.setEnabled(row.state != "asking")
        said = (text, quant, self.about.text(), self.fit.words())
        self.button.setAccessibleName(", ".join(part for part in said if part))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def minimumSizeHint(self) -> QSize:
        """As narrow as its button and a few letters."""
        return QSize(160, super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A line below."""
        painter = QPainter(self)
        painter.fillRect(QRectF(0, self.height() - 1, self.width(), 1), theme().color("line"))
        painter.end()
