"""The list of conversations: choose, start, rename in place, delete."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from PySide6.QtCore import QEvent, QItemSelection, QPoint, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QListView,
    QMenu,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from zhiyin.ui.conversation_model import ConversationItem, ConversationModel, GroupRole, Index, ItemRole, shown_title
from zhiyin.ui.icons import icon, paint_icon
from zhiyin.ui.theme import STEP, theme, theme_signals, ui_font

__all__ = ["ConversationItem", "ConversationList"]

ROW_HEIGHT = 34


class ConversationList(QWidget):
    """A button for a new conversation above the grouped list. It shows what it is given and changes nothing by itself."""

    selected = Signal(int)
    new_requested = Signal()
    rename = Signal(int, str)
    delete = Signal(int)
    undo_delete = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = ConversationModel(self)
        self.view = _View(self)
        self.view.setModel(self.model)
        self.view.setItemDelegate(_Delegate(self.view))
        self.new_button = QPushButton(self)
        self.new_button.setProperty("kind", "row")
        self.new_button.setCursor(Qt.CursorShape.PointingHandCursor)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(STEP)
        layout.addWidget(self.new_button)
        layout.addWidget(self.view, 1)
        self._chosen = 0
        self._midnight = QTimer(self)
        self._midnight.setSingleShot(True)
        self._midnight.timeout.connect(self._regroup)
        self._connect()
        self._draw()
        self.retranslateUi()

    def _connect(self) -> None:
        self.new_button.clicked.connect(self.new_requested)
        self.model.renamed.connect(self.rename)
        self.view.selectionModel().selectionChanged.connect(self._selection_changed)
        self.view.delete_pressed.connect(self._delete_current)
        self.view.customContextMenuRequested.connect(self._show_menu)
        theme_signals().changed.connect(self._draw)

    def set_conversations(self, items: list[ConversationItem]) -> None:
        """Show these, newest first, keeping the chosen one and the scroll position."""
        bar = self.view.verticalScrollBar()
        place = bar.value()
        blocked = self.view.selectionModel().blockSignals(True)
        self.model.set_items(items)
        self._mark()
        self.view.selectionModel().blockSignals(blocked)
        bar.setValue(place)
        now = datetime.now().astimezone()
        midnight = datetime.combine(now.date() + timedelta(days=1), time(), now.tzinfo)
        self._midnight.start(int((midnight - now).total_seconds() * 1000) + 1000)

    def update_item(self, item: ConversationItem) -> None:
        """Show a conversation's new state; one that is not in the list yet is added."""
        if not self.model.replace(item):
            self.set_conversations([item, *(other for other in self.model.items() if other.id != item.id)])

    def select(self, conversation: int) -> None:
        """Mark a conversation as the open one without announcing it; 0 marks none."""
        self._chosen = conversation
        blocked = self.view.selectionModel().blockSignals(True)
        self._mark()
        self.view.selectionModel().blockSignals(blocked)
        self.view.viewport().update()

    def chosen(self) -> int:
        """The marked conversation, or 0."""
        return self._chosen

    def step(self, by: int) -> None:
        """Choose the conversation that many places below (or above) the marked one, and announce it."""
        items = self.model.items()
        if not items:
            return
        places = [item.id for item in items]
        at = places.index(self._chosen) + by if self._chosen in places else 0
        if 0 <= at < len(places):
            self.view.setCurrentIndex(self.model.index_of(places[at]))

    def edit_title(self, conversation: int) -> None:
        """Open the in-place editor of a title."""
        index = self.model.index_of(conversation)
        if index.isValid():
            self.view.scrollTo(index)
            self.view.edit(index)

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.new_button.setText(self.tr("New conversation"))
        self.new_button.setToolTip(self.tr("Start a new conversation (Ctrl+N)"))
        self.view.setAccessibleName(self.tr("Conversations"))
        self.model.retranslate()

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def _draw(self) -> None:
        self.new_button.setIcon(icon("plus", 16))
        self.view.viewport().update()

    def _mark(self) -> None:
        index = self.model.index_of(self._chosen)
        if index.isValid():
            self.view.setCurrentIndex(index)
        else:
            self.view.clearSelection()

    def _regroup(self) -> None:
        self.set_conversations(self.model.items())

    def _selection_changed(self, chosen: QItemSelection) -> None:
        indexes = chosen.indexes()
        item = self.model.item_at(indexes[0]) if indexes else None
        if item is not None and item.id != self._chosen:
            self._chosen = item.id
            self.selected.emit(item.id)

    def _delete_current(self) -> None:
        item = self.model.item_at(self.view.currentIndex())
        if item is not None:
            self.delete.emit(item.id)

    def _show_menu(self, at: QPoint) -> None:
        index = self.view.indexAt(at)
        item = self.model.item_at(index)
        if item is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Rename"), lambda: self.edit_title(item.id))
        menu.addSeparator()
        menu.addAction(self.tr("Delete"), lambda: self.delete.emit(item.id))
        menu.popup(self.view.viewport().mapToGlobal(at))


class _View(QListView):
    delete_pressed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)

    def dataChanged(self, _first: Index, _last: Index, _roles: Sequence[int] = ()) -> None:  # noqa: N802 - Qt's name
        """Only paint anew: rows are all of one height, and Qt would lay out ten thousand for the state of one."""
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete removes the marked conversation."""
        if event.key() == Qt.Key.Key_Delete and self.state() != QAbstractItemView.State.EditingState:
            self.delete_pressed.emit()
        else:
            super().keyPressEvent(event)


class _Delegate(QStyledItemDelegate):
    """Paints a heading or a title; the open conversation has a wash and a bar of cinnabar."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(160, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        look = theme()
        rect: QRect = option.rect
        painter.save()
        item: ConversationItem | None = index.data(ItemRole)
        if item is None:
            painter.setFont(ui_font(9))
            painter.setPen(look.color("ink.soft"))
            if index.data(GroupRole) is not None:
                area = rect.adjusted(2 * STEP, 0, -STEP, -STEP)
                painter.drawText(area, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom), index.data())
        else:
            self._paint_item(painter, rect, item, option.state)
        painter.restore()

    def _paint_item(self, painter: QPainter, rect: QRect, item: ConversationItem, state: QStyle.StateFlag) -> None:
        look = theme()
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        ground = QRectF(rect).adjusted(0, 1, -STEP, -1)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if chosen or state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(look.color("hover"))
            painter.drawRoundedRect(ground, STEP, STEP)
        if chosen:
            painter.setBrush(look.color("accent"))
            painter.drawRoundedRect(QRectF(ground.left(), ground.top() + 7, 3, ground.height() - 14), 1.5, 1.5)
        text = ground.adjusted(3 * STEP, 0, -2 * STEP, 0)
        if item.running or item.unread:
            painter.setBrush(look.color("accent" if item.running else "jade"))
            painter.drawEllipse(QRectF(text.right() - 7, text.center().y() - 3.5, 7, 7))
            text.setRight(text.right() - 3 * STEP)
        elif item.interrupted:
            paint_icon(painter, QRectF(text.right() - 15, text.center().y() - 8, 16, 16), "warning-circle", look.color("ochre"))
            text.setRight(text.right() - 5 * STEP)
        font = ui_font()
        painter.setFont(font)
        painter.setPen(look.color("ink"))
        shown = painter.fontMetrics().elidedText(shown_title(item), Qt.TextElideMode.ElideRight, int(text.width()))
        painter.drawText(text, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), shown)

    def createEditor(self, parent: QWidget, _option: QStyleOptionViewItem, _index: Index) -> QWidget:
        editor = QLineEdit(parent)
        editor.setMaxLength(200)
        return editor

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, _index: Index) -> None:  # noqa: N802 - Qt's name
        """Over the title, as high as the row."""
        editor.setGeometry(option.rect.adjusted(0, 1, -STEP, -1))
