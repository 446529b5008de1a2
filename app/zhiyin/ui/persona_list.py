"""The gallery's list: painted personas side by side, thousands of them, no widget each."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionRange, QPoint, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QFont,
    QFontMetrics,
    QFontMetricsF,
    QKeyEvent,
    QPainter,
    QResizeEvent,
    QStaticText,
    QTextLayout,
    QTextOption,
    QTransform,
)
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from zhiyin.ui.foreign_text import isolated, one_line
from zhiyin.ui.icons import icon_pixmap
from zhiyin.ui.persona_model import Index, PersonaModel
from zhiyin.ui.persona_values import PersonaItem
from zhiyin.ui.pictures import Pictures, pictures
from zhiyin.ui.theme import STEP, theme, theme_signals, ui_font

AVATAR = 14 * STEP
NARROWEST = 67 * STEP  # of a persona; as many stand side by side as there is room for
MARGIN = 3 * STEP
SUMMARY_LINES = 2
SIGN = 14
MOST_LAID_OUT = 1200
ARRIVALS_MS = 40
BEYOND = 12  # characters after a line, that it is known to be too long


class PersonaList(QListView):
    """Announces what is chosen by its number, and what keys and the pointer ask for; it changes nothing by itself."""

    chosen_changed = Signal()
    activated_persona = Signal(int)  # Enter, or a double click
    delete_pressed = Signal()
    edit_pressed = Signal()
    search_pressed = Signal()
    menu_requested = Signal(QPoint)

    def __init__(self, parent: QWidget | None = None, *, shared: Pictures | None = None) -> None:
        super().__init__(parent)
        self.rows = PersonaModel(self)
        self.pictures = shared or pictures()
        self.setModel(self.rows)
        self.painter = PersonaDelegate(self.pictures, self)
        self.setItemDelegate(self.painter)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # else a page that nearly fits lays out for ever
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._chosen: list[int] = []
        self._place = 0
        self._arrivals = QTimer(self)  # several pictures in a moment are one painting
        self._arrivals.setSingleShot(True)
        self._arrivals.setInterval(ARRIVALS_MS)
        self._arrivals.timeout.connect(self.viewport().update)
        self._quiet = False  # rows are being replaced: what is marked meanwhile is nobody's choice
        self.selectionModel().selectionChanged.connect(self._selection_changed)
        self.rows.modelAboutToBeReset.connect(self._hold)
        self.rows.modelReset.connect(self._take_up)
        self.doubleClicked.connect(self._activate)
        self.customContextMenuRequested.connect(self._on_menu)
        self.pictures.arrived.connect(self._on_picture)
        theme_signals().changed.connect(self._restyle)
        self._fit_grid()
        self.retranslateUi()

    # ------------------------------------------------------------ what is chosen

    def chosen(self) -> list[int]:
        """The marked personas that are shown: what a search hides is not acted upon."""
        return [persona for persona in self._chosen if self.rows.row_of(persona) is not None]

    def choose(self, personas: Sequence[int]) -> None:
        """Mark personas without announcing it, and show the first."""
        self._chosen = list(personas)
        self._mark()
        index = self.rows.index_of(self._chosen[0]) if self._chosen else None
        if index is not None and index.isValid():
            self.scrollTo(index)

    # ------------------------------------------------------------ events

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter begins a conversation, Delete deletes, F2 edits, the slash searches; letters jump to a name."""
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._activate(self.currentIndex())
        elif key == Qt.Key.Key_Delete or (key == Qt.Key.Key_Backspace and not event.modifiers()):
            if self._chosen:
                self.delete_pressed.emit()
        elif key == Qt.Key.Key_F2:
            if self._chosen:
                self.edit_pressed.emit()
        elif event.text() == "/":
            self.search_pressed.emit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As many side by side as there is room for."""
        self._fit_grid()
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def dataChanged(self, _first: Index, _last: Index, _roles: Sequence[int] = ()) -> None:  # noqa: N802 - Qt's name
        """Only paint anew: all are of one size, and Qt would lay out thousands for the state of one."""
        self.viewport().update()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.setAccessibleName(self.tr("Personas"))
        self.painter.forget()
        self.rows.retranslate()

    # ------------------------------------------------------------ inner

    def _fit_grid(self) -> None:
        room = max(self.viewport().width(), 50 * STEP) - 1  # what ends at the very edge is wrapped
        across = max(1, room // NARROWEST)
        size = QSize(room // across, self.painter.height())
        if size != self.gridSize():
            self.painter.set_size(size)
            self.setGridSize(size)

    def _restyle(self) -> None:
        self.painter.forget()
        self._fit_grid()
        self.viewport().update()

    def _on_picture(self, _picture: str) -> None:
        if self.isVisible() and not self._arrivals.isActive():
            self._arrivals.start()

    def _activate(self, index: Index) -> None:
        item = self.rows.row_at(index) if index.isValid() else None
        if item is not None:
            self.activated_persona.emit(item.id)

    def _hold(self) -> None:
        self._quiet = True
        self._place = self.verticalScrollBar().value()

    def _take_up(self) -> None:
        """The rows are others: what was marked and what was seen stay."""
        self._mark()
        self.executeDelayedItemsLayout()
        self.verticalScrollBar().setValue(self._place)

    def _mark(self) -> None:
        self._quiet = True
        model = self.selectionModel()
        marked = [row for persona in self._chosen if (row := self.rows.row_of(persona)) is not None]
        chosen = QItemSelection()
        for first, last in _runs(sorted(marked)):
            chosen.append(QItemSelectionRange(self.rows.index(first), self.rows.index(last)))
        if marked:
            model.setCurrentIndex(self.rows.index(marked[0]), model.SelectionFlag.NoUpdate)
        else:
            model.clearCurrentIndex()
        model.select(chosen, model.SelectionFlag.ClearAndSelect)
        self._quiet = False
        self.viewport().update()

    def _selection_changed(self) -> None:
        if self._quiet:
            return
        selection = self.selectionModel().selection()
        ranges = [selection.at(number) for number in range(selection.count())]  # its indexes may be thousands
        rows = sorted({row for part in ranges for row in range(part.top(), part.bottom() + 1)})
        shown = self.rows.shown()
        chosen = [shown[row] for row in rows]
        if chosen != self._chosen:
            self._chosen = chosen
            self.chosen_changed.emit()

    def _on_menu(self, at: QPoint) -> None:
        item = self.rows.row_at(self.indexAt(at))
        if item is not None and item.id not in self._chosen:
            self.choose([item.id])
            self.chosen_changed.emit()
        if item is not None:
            self.menu_requested.emit(self.viewport().mapToGlobal(at))


def _runs(rows: Sequence[int]) -> list[tuple[int, int]]:
    """Rows in order as the first and the last of each unbroken run."""
    runs: list[tuple[int, int]] = []
    for row in rows:
        if runs and row == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return runs


class _Laid(NamedTuple):
    """A persona's texts, cut to the room and shaped: shaping Chinese anew in every frame would cost most of it."""

    item: PersonaItem
    name: QStaticText
    summary: tuple[QStaticText, ...]
    tags: QStaticText | None
    name_width: float


class PersonaDelegate(QStyledItemDelegate):
    """The picture at the left; beside it the name, two lines about it, and its tags."""

    def __init__(self, shared: Pictures, parent: QWidget) -> None:
        super().__init__(parent)
        self._pictures = shared
        self._laid: OrderedDict[int, _Laid] = OrderedDict()
        self._size = QSize(NARROWEST, 100)
        self.forget()

    def forget(self) -> None:
        """Texts, fonts or colours are others."""
        self._laid.clear()
        self._strong, self._plain, self._small = ui_font(11.5, QFont.Weight.Medium), ui_font(9.5), ui_font(9)
        self._metrics = tuple(QFontMetricsF(font) for font in (self._strong, self._plain, self._small))
        self._heights = tuple(QFontMetrics(font).height() for font in (self._strong, self._plain, self._small))
        self._sign = icon_pixmap("circle-wavy-check", SIGN, theme().color("ink.faint"))
        self._sign_changed = icon_pixmap("pencil-simple", SIGN, theme().color("ink.faint"))

    def height(self) -> int:
        """Of every persona, pixels."""
        strong, plain, small = self._heights
        return max(AVATAR, strong + SUMMARY_LINES * plain + small + 2 * STEP) + 2 * MARGIN + STEP

    def set_size(self, size: QSize) -> None:
        """Of every persona."""
        self._size = size
        self._laid.clear()

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        """The same for all."""
        return self._size

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """One persona; what is under the pointer or chosen has a ground."""
        model = index.model()
        item = model.row_at(index) if isinstance(model, PersonaModel) else None
        if item is None:
            return
        look = theme()
        area = QRectF(option.rect).adjusted(STEP / 2, STEP / 2, -STEP / 2, -STEP / 2)
        state = option.state
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        if chosen or state & QStyle.StateFlag.State_MouseOver:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.color("hover" if chosen else "wash"))
            painter.drawRoundedRect(area, 1.5 * STEP, 1.5 * STEP)
            if chosen:
                painter.setBrush(look.color("accent"))
                painter.drawRoundedRect(QRectF(area.left(), area.top() + 4 * STEP, 3, area.height() - 8 * STEP), 1.5, 1.5)
        laid = self._laid_out(item)
        left, top = area.left() + MARGIN, area.top() + MARGIN
        painter.drawPixmap(
            QPointF(left, top + STEP / 2),
            self._pictures.pixmap(item.picture, AVATAR, seal=item.seal, color=item.color, ratio=painter.device().devicePixelRatioF()),
        )
        left += AVATAR + MARGIN
        strong, plain, small = self._heights
        painter.setFont(self._strong)
        painter.setPen(look.color("ink"))
        painter.drawStaticText(QPointF(left, top), laid.name)
        if item.builtin:
            sign = self._sign_changed if item.changed else self._sign
            painter.drawPixmap(QPointF(left + laid.name_width + 1.5 * STEP, top + (strong - SIGN) / 2 + 1), sign)
        top += strong + STEP / 2
        painter.setFont(self._plain)
        for line in laid.summary:
            painter.drawStaticText(QPointF(left, top), line)
            top += plain
        if laid.tags is not None:
            painter.setFont(self._small)
            painter.setPen(look.color("ink.soft"))
            painter.drawStaticText(QPointF(left, area.bottom() - MARGIN - small + STEP / 2), laid.tags)

    def _laid_out(self, item: PersonaItem) -> _Laid:
        known = self._laid.get(item.id)
        if known is not None and known.item is item:
            return known
        room = self._size.width() - AVATAR - 3 * MARGIN - 2 * STEP
        strong, _plain, small = self._metrics
        name = _fitted(one_line(item.name, 80), self._strong, strong, room - (SIGN + 2 * STEP if item.builtin else 0))
        tags = one_line("  ·  ".join(isolated(one_line(tag, 60)) for tag in item.tags[:12]), 160)
        laid = self._laid[item.id] = _Laid(
            item,
            name,
            tuple(_shaped(line, self._plain) for line in self._lines(one_line(item.summary, 160), room)),
            _fitted(tags, self._small, small, room) if tags else None,
            name.size().width(),
        )
        if len(self._laid) > MOST_LAID_OUT:
            self._laid.popitem(last=False)
        return laid

    def _lines(self, text: str, room: float) -> tuple[str, ...]:
        """A text in at most two lines, the last one shortened."""
        if not text:
            return ()
        layout = QTextLayout(text, self._plain)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        layout.beginLayout()
        lines: list[str] = []
        for number in range(SUMMARY_LINES):
            line = layout.createLine()
            if not line.isValid():
                break
            line.setLineWidth(room)
            start = line.textStart()
            last = number == SUMMARY_LINES - 1
            end = start + line.textLength()
            piece = text[start : end + BEYOND] if last else text[start:end]
            lines.append(self._metrics[1].elidedText(piece.strip(), Qt.TextElideMode.ElideRight, room) if last else piece.rstrip())
        layout.endLayout()
        return tuple(lines)


def _fitted(text: str, font: QFont, metrics: QFontMetricsF, room: float) -> QStaticText:
    """A line, shortened where it has to be: shaping is what costs."""
    shaped = _shaped(text, font)
    if shaped.size().width() <= room:
        return shaped
    return _shaped(metrics.elidedText(text, Qt.TextElideMode.ElideRight, room), font)


def _shaped(text: str, font: QFont) -> QStaticText:
    shaped = QStaticText(text)
    shaped.setTextFormat(Qt.TextFormat.PlainText)
    shaped.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
    shaped.prepare(QTransform(), font)
    return shaped
