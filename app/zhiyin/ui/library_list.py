"""The list of models: painted rows, thousands of them, no widget each."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QItemSelection, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from zhiyin.ui.amounts import size_text
from zhiyin.ui.icons import paint_icon
from zhiyin.ui.library_model import FoundItem, Heading, Index, LibraryItem, LibraryModel, path_of, second_line
from zhiyin.ui.model_words import used_text
from zhiyin.ui.theme import STEP, theme, theme_signals, ui_font

SMALL = 9.5
LONGEST_NAME = 120
SIGN, DOT = 16, 9
LOADED = "circle-fill"


class LibraryList(QListView):
    """Announces what is chosen by its path, and what keys and the pointer ask for; it changes nothing by itself."""

    chosen = Signal(str)
    activated_path = Signal(str)  # Enter, or a double click
    delete_pressed = Signal(str)
    search_pressed = Signal()
    menu_requested = Signal(str, QPoint)
    edited = Signal()  # the in-place editor is closed

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = LibraryModel(self)
        self.setModel(self.rows)
        delegate = _Delegate(self)
        delegate.closeEditor.connect(self.edited, Qt.ConnectionType.QueuedConnection)
        self.setItemDelegate(delegate)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._chosen = ""
        self._place = 0  # of the scroll bar
        self._quiet = False  # rows are being replaced: what is marked meanwhile is nobody's choice
        self.selectionModel().selectionChanged.connect(self._selection_changed)
        self.rows.modelAboutToBeReset.connect(self._hold)
        self.rows.modelReset.connect(self._take_up)
        self.doubleClicked.connect(self._activate)
        self.customContextMenuRequested.connect(self._on_menu)
        theme_signals().changed.connect(self.viewport().update)
        self.retranslateUi()

    def choose(self, path: str) -> None:
        """Mark a model without announcing it; "" marks none."""
        self._chosen = path
        self._mark()

    def chosen_path(self) -> str:
        """The marked model's path, or ""."""
        return self._chosen

    @property
    def editing(self) -> bool:
        """Whether a name is being typed: rows that are replaced now would take the editor with them."""
        return self.state() == QAbstractItemView.State.EditingState

    def edit_name(self, path: str) -> None:
        """Open the in-place editor of a name."""
        index = self.rows.index_of(path)
        if index.isValid() and self.rows.flags(index) & Qt.ItemFlag.ItemIsEditable:
            self.scrollTo(index)
            self.setCurrentIndex(index)
            self.edit(index)

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.setAccessibleName(self.tr("Models on this computer"))
        self.rows.retranslate()

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def dataChanged(self, _first: Index, _last: Index, _roles: Sequence[int] = ()) -> None:  # noqa: N802 - Qt's name
        """Only paint anew: rows are all of one height, and Qt would lay out thousands for the state of one."""
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter, Delete and the slash ask for something; F2 edits the name, letters jump to it."""
        if self.state() == QAbstractItemView.State.EditingState:
            super().keyPressEvent(event)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._activate(self.currentIndex())
        elif event.key() == Qt.Key.Key_Delete or (event.key() == Qt.Key.Key_Backspace and not event.modifiers()):
            if self._chosen:
                self.delete_pressed.emit(self._chosen)
        elif event.text() == "/":
            self.search_pressed.emit()
        else:
            super().keyPressEvent(event)

    def _activate(self, index: Index) -> None:
        row = self.rows.row_at(index) if index.isValid() else None
        if isinstance(row, LibraryItem | FoundItem):
            self.activated_path.emit(path_of(row))

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

    def _selection_changed(self, chosen: QItemSelection) -> None:
        indexes = chosen.indexes()
        if self._quiet or not indexes:
            return
        row = self.rows.row_at(indexes[0])
        path = path_of(row) if row is not None else ""
        if path and path != self._chosen:
            self._chosen = path
            self.chosen.emit(path)

    def _on_menu(self, at: QPoint) -> None:
        row = self.rows.row_at(self.indexAt(at))
        if isinstance(row, LibraryItem):
            self.menu_requested.emit(row.model.path, self.viewport().mapToGlobal(at))


class _Delegate(QStyledItemDelegate):
    """Two lines: the name and its size, and below them the facts and the last use."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(200, row_height())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        row = model.row_at(index) if isinstance(model, LibraryModel) else None
        if row is None:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if isinstance(row, Heading):
            painter.setFont(ui_font(SMALL))
            painter.setPen(theme().color("ink.soft"))
            area = option.rect.adjusted(3 * STEP, 0, -3 * STEP, -2 * STEP)
            painter.drawText(area, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom), index.data())
        else:
            self._paint_ground(painter, option)
            self._paint_row(painter, QRectF(option.rect).adjusted(3 * STEP, 2 * STEP, -4 * STEP, -2 * STEP), row)
        painter.restore()

    @staticmethod
    def _paint_ground(painter: QPainter, option: QStyleOptionViewItem) -> None:
        look = theme()
        ground = QRectF(option.rect).adjusted(0, 1, -STEP, -1)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.setPen(Qt.PenStyle.NoPen)
        if chosen or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(look.color("hover" if chosen else "wash"))
            painter.drawRoundedRect(ground, STEP, STEP)
        if chosen:
            painter.setBrush(look.color("accent"))
            painter.drawRoundedRect(QRectF(ground.left(), ground.top() + 12, 3, ground.height() - 24), 1.5, 1.5)

    def _paint_row(self, painter: QPainter, area: QRectF, row: LibraryItem | FoundItem) -> None:
        look = theme()
        name, size, used = _texts(row)
        strong, small = ui_font(), ui_font(SMALL)
        right = max(QFontMetrics(strong).horizontalAdvance(size), QFontMetrics(small).horizontalAdvance(used))
        top = QRectF(area.left(), area.top(), area.width() - right - 3 * STEP, area.height() / 2)
        below = top.translated(0, area.height() / 2)
        left, middle = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), Qt.AlignmentFlag.AlignVCenter
        at_right = int(Qt.AlignmentFlag.AlignRight | middle)
        side = QRectF(area.right() - right, area.top(), right, area.height() / 2)
        painter.setFont(strong)
        painter.setPen(look.color("ink.soft"))
        painter.drawText(side, at_right, size)
        absent = isinstance(row, LibraryItem) and (row.model.missing or bool(row.why))
        painter.setPen(look.color("ink.soft" if absent or isinstance(row, FoundItem) else "ink"))
        signs = _signs(row)
        room = top.width() - len(signs) * (SIGN + STEP)
        shown = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(room))
        painter.drawText(top, left, shown)
        place = top.left() + painter.fontMetrics().horizontalAdvance(shown) + 2 * STEP
        for sign, role in signs:
            side_length = DOT if sign == LOADED else SIGN
            paint_icon(painter, QRectF(place, top.center().y() - side_length / 2, side_length, side_length), sign, look.color(role))
            place += side_length + STEP
        painter.setFont(small)
        painter.setPen(look.color("ink.soft"))
        painter.drawText(side.translated(0, area.height() / 2), at_right, used)
        if isinstance(row, LibraryItem) and not row.busy and (row.model.missing or row.why):
            painter.setPen(look.color("ochre" if row.model.missing else "accent"))
        line = painter.fontMetrics().elidedText(second_line(row), Qt.TextElideMode.ElideRight, int(below.width()))
        painter.drawText(below, left, line)

    def createEditor(self, parent: QWidget, _option: QStyleOptionViewItem, _index: Index) -> QWidget:
        editor = QLineEdit(parent)
        editor.setMaxLength(LONGEST_NAME)
        editor.setAccessibleName(self.tr("Name"))
        return editor

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, _index: Index) -> None:  # noqa: N802 - Qt's name
        """Over the name and what is below it."""
        height = max(editor.sizeHint().height(), 8 * STEP)
        rect = option.rect.adjusted(STEP, 0, -2 * STEP, 0)
        editor.setGeometry(rect.left(), rect.top() + (rect.height() - height) // 2, rect.width(), height)


def row_height() -> int:
    """Of every row, pixels."""
    return QFontMetrics(ui_font()).height() + QFontMetrics(ui_font(SMALL)).height() + 5 * STEP


def _texts(row: LibraryItem | FoundItem) -> tuple[str, str, str]:
    """The name on one line, the size, and when it was last used."""
    if isinstance(row, FoundItem):
        return " ".join(row.name[:300].split()), size_text(row.size), ""
    model = row.model
    size = size_text(model.size) if model.size else ""
    return " ".join(model.name[:300].split()), size, "" if model.missing else used_text(model)


def _signs(row: LibraryItem | FoundItem) -> list[tuple[str, str]]:
    if isinstance(row, FoundItem):
        return []
    signs = []
    if row.loaded:
        signs.append((LOADED, "jade"))
    if row.update:
        signs.append(("arrow-circle-down", "slate"))
    if row.model.missing:
        signs.append(("warning", "ochre"))
    elif row.why:
        signs.append(("warning-circle", "accent"))
    return signs
