"""The list of a lorebook's entries: painted rows with a switch each, thousands of them, no widget each."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QItemSelection, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from zhiyin.ui.icons import paint_icon
from zhiyin.ui.lore_model import Index, LoreModel, entry_title
from zhiyin.ui.lore_values import LoreEntry
from zhiyin.ui.theme import STEP, theme, theme_signals, ui_font

SMALL = 9.5
SIGN = 14
SWITCH_WIDTH, SWITCH_HEIGHT = 22, 12
SWITCH_ROOM = 9 * STEP


class LoreList(QListView):
    """Announces what is chosen and asked for; only moves are done in the model at once."""

    chosen = Signal(int)
    switched = Signal(int, bool)
    delete_pressed = Signal(object)  # list[int]
    menu_requested = Signal(int, QPoint)
    open_pressed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = LoreModel(self)
        self.setModel(self.rows)
        self.setItemDelegate(_Delegate(self))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setDropIndicatorShown(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._chosen = 0
        self._place = 0
        self._quiet = False  # rows are being replaced: what is marked meanwhile is nobody's choice
        self.selectionModel().selectionChanged.connect(self._selection_changed)
        self.rows.modelAboutToBeReset.connect(self._hold)
        self.rows.modelReset.connect(self._take_up)
        self.customContextMenuRequested.connect(self._on_menu)
        theme_signals().changed.connect(self.viewport().update)
        self.retranslateUi()

    def choose(self, ident: int) -> None:
        """Mark an entry without announcing it; 0 marks none."""
        self._chosen = ident
        self._mark()

    def chosen_entry(self) -> int:
        """The marked entry, or 0."""
        return self._chosen

    def selected(self) -> list[int]:
        """All marked entries, in the order of the rows."""
        rows = sorted(self.selectionModel().selectedIndexes(), key=lambda index: index.row())
        return [entry.ident for index in rows if (entry := self.rows.at(index)) is not None]

    def reveal(self, ident: int) -> None:
        """Scroll to an entry."""
        index = self.rows.index_of(ident)
        if index.isValid():
            self.scrollTo(index)

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.setAccessibleName(self.tr("Entries"))
        self.rows.retranslate()

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def dataChanged(self, first: Index, last: Index, _roles: Sequence[int] = ()) -> None:  # noqa: N802 - Qt's name
        """Only paint anew: rows are all of one height, and with every key that is typed one of them changes."""
        if first.row() == last.row():
            self.viewport().update(self.visualRect(first))
        else:
            self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete takes away, the space bar switches, Alt with the arrows moves, Enter goes to the form."""
        alt = event.modifiers() & Qt.KeyboardModifier.AltModifier
        entry = self.rows.entry(self._chosen)
        if event.key() == Qt.Key.Key_Delete or (event.key() == Qt.Key.Key_Backspace and not event.modifiers()):
            if idents := self.selected():
                self.delete_pressed.emit(idents)
        elif event.key() == Qt.Key.Key_Space and entry is not None:
            self.switched.emit(entry.ident, not entry.enabled)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and entry is not None:
            self.open_pressed.emit(entry.ident)
        elif alt and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and entry is not None:
            self.shift(entry.ident, -1 if event.key() == Qt.Key.Key_Up else 1)
        else:
            super().keyPressEvent(event)

    def shift(self, ident: int, by: int) -> None:
        """Move an entry one place up (-1) or down (1)."""
        place = self.rows.place_of(ident)
        if place is not None:
            self.rows.moveRow(self.rootIndex(), place, self.rootIndex(), place + (2 if by > 0 else -1))
            self.reveal(ident)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The switch of a row is its own."""
        at = event.position().toPoint()
        index = self.indexAt(at)
        entry = self.rows.at(index)
        if entry is not None and event.button() == Qt.MouseButton.LeftButton and at.x() < self.visualRect(index).left() + SWITCH_ROOM:
            self.switched.emit(entry.ident, not entry.enabled)
            return
        super().mousePressEvent(event)

    # ------------------------------------------------------------ inner

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
        index = self.rows.index_of(self._chosen)
        if index.isValid():
            self.setCurrentIndex(index)
        else:
            self.clearSelection()
        self._quiet = False

    def _selection_changed(self, _chosen: QItemSelection) -> None:
        if self._quiet:
            return
        entry = self.rows.at(self.currentIndex())
        if entry is not None and entry.ident != self._chosen:
            self._chosen = entry.ident
            self.chosen.emit(entry.ident)

    def _on_menu(self, at: QPoint) -> None:
        entry = self.rows.at(self.indexAt(at))
        if entry is not None:
            self.menu_requested.emit(entry.ident, self.viewport().mapToGlobal(at))


class _Delegate(QStyledItemDelegate):
    """A switch, then two lines: what it is called with its signs, and below it the keys with the order."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(160, row_height())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        entry = model.at(index) if isinstance(model, LoreModel) else None
        if entry is None or not isinstance(model, LoreModel):
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _paint_ground(painter, option)
        area = QRectF(option.rect).adjusted(0, STEP + 1, -3 * STEP, -STEP - 1)
        _paint_switch(painter, QRectF(area.left() + 2 * STEP, area.center().y() - SWITCH_HEIGHT / 2, SWITCH_WIDTH, SWITCH_HEIGHT), entry)
        _paint_words(painter, area.adjusted(SWITCH_ROOM, 0, 0, 0), entry, fired=model.fired(entry.ident))
        painter.restore()


def row_height() -> int:
    """Of every row, pixels."""
    return QFontMetrics(ui_font()).height() + QFontMetrics(ui_font(SMALL)).height() + 3 * STEP


def second_line(entry: LoreEntry) -> str:
    """What a row says below the name: the keys, where they are not the name already, else how it begins."""
    keys = ", ".join(entry.keys[:12]) if entry.name else entry.content[:120]
    return " ".join((keys or entry.content[:120])[:200].split())


def _paint_ground(painter: QPainter, option: QStyleOptionViewItem) -> None:
    look = theme()
    ground = QRectF(option.rect).adjusted(0, 1, -STEP, -1)
    chosen = bool(option.state & QStyle.StateFlag.State_Selected)
    painter.setPen(Qt.PenStyle.NoPen)
    if chosen or option.state & QStyle.StateFlag.State_MouseOver:
        painter.setBrush(look.color("hover" if chosen else "wash"))
        painter.drawRoundedRect(ground, STEP, STEP)


def _paint_switch(painter: QPainter, track: QRectF, entry: LoreEntry) -> None:
    look = theme()
    painter.setPen(look.color("ink.soft" if entry.enabled else "ink.faint"))
    painter.setBrush(look.color("ink.soft") if entry.enabled else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(track, SWITCH_HEIGHT / 2, SWITCH_HEIGHT / 2)
    side = SWITCH_HEIGHT - 4
    left = track.right() - side - 2 if entry.enabled else track.left() + 2
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.color("paper" if entry.enabled else "ink.faint"))
    painter.drawEllipse(QRectF(left, track.top() + 2, side, side))


def _paint_words(painter: QPainter, area: QRectF, entry: LoreEntry, *, fired: bool) -> None:
    look = theme()
    left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
    middle = Qt.AlignmentFlag.AlignVCenter
    strong, small = ui_font(), ui_font(SMALL)
    top = QRectF(area.left(), area.top(), area.width(), QFontMetrics(strong).height())
    below = QRectF(area.left(), area.bottom() - QFontMetrics(small).height(), area.width(), QFontMetrics(small).height())
    place = top.right()
    for sign, role in _signs(entry, fired=fired):
        place -= SIGN
        paint_icon(painter, QRectF(place, top.center().y() - SIGN / 2, SIGN, SIGN), sign, look.color(role))
        place -= STEP
    painter.setFont(strong)
    painter.setPen(look.color("ink" if entry.enabled else "ink.soft"))
    name = painter.fontMetrics().elidedText(entry_title(entry), Qt.TextElideMode.ElideRight, int(place - top.left()))
    painter.drawText(top, int(left | middle), name)
    painter.setFont(small)
    painter.setPen(look.color("ink.soft"))
    number = str(entry.order)
    if entry.probability < 100:
        number = f"{entry.probability} %  {number}"
    room = below.width() - painter.fontMetrics().horizontalAdvance(number) - 2 * STEP
    painter.drawText(below, int(right | middle), number)
    painter.drawText(
        below, int(left | middle), painter.fontMetrics().elidedText(second_line(entry), Qt.TextElideMode.ElideRight, int(room))
    )


def _signs(entry: LoreEntry, *, fired: bool) -> list[tuple[str, str]]:
    signs = []
    if fired and entry.enabled:
        signs.append(("lightning-fill", "jade"))
    if entry.constant:
        signs.append(("push-pin", "ink.soft"))
    if entry.use_regex:
        signs.append(("asterisk", "ink.soft"))
    return signs
