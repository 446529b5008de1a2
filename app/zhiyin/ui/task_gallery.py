"""The gallery of tasks: painted cards in as many columns as there is room for."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from zhiyin.ui.form_row import soft_label
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.icons import icon, paint_icon
from zhiyin.ui.task_values import TaskCard, task_icon
from zhiyin.ui.theme import STEP, theme, theme_signals, ui_font

LEAST_WIDTH = 232
CARD_HEIGHT = 92
GAP = 3 * STEP
NARROW = 560
Index = QModelIndex | QPersistentModelIndex
CARD_ROLE = Qt.ItemDataRole.UserRole


class TaskRows(QAbstractListModel):
    """The cards that fit what is looked for."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._all: tuple[TaskCard, ...] = ()
        self._shown: tuple[TaskCard, ...] = ()
        self._words: tuple[str, ...] = ()

    def set_cards(self, cards: Sequence[TaskCard]) -> None:
        """All there are."""
        self._all = tuple(cards)
        self._filter()

    def set_search(self, text: str) -> None:
        """Show those that have every word."""
        self._words = tuple(text.casefold().split())
        self._filter()

    def _filter(self) -> None:
        self.beginResetModel()
        self._shown = tuple(card for card in self._all if all(word in f"{card.name} {card.summary}".casefold() for word in self._words))
        self.endResetModel()

    def cards(self) -> tuple[TaskCard, ...]:
        """Those that are shown."""
        return self._shown

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's name, a value
        """How many are shown."""
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """A card, its name, or what is said of it."""
        if not 0 <= index.row() < len(self._shown):
            return None
        card = self._shown[index.row()]
        if role == CARD_ROLE:
            return card
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return card.name
        return card.summary if role == Qt.ItemDataRole.AccessibleDescriptionRole else None


class TaskGallery(QWidget):
    """Search, cards, and ways to make new ones."""

    chosen = Signal(str)
    new_requested = Signal()
    import_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.search = QLineEdit(self)
        self.search.setClearButtonEnabled(True)
        self.search.setMaxLength(200)
        self.search.setMinimumHeight(9 * STEP)
        self._sign = self.search.addAction(icon("magnifying-glass", 16), QLineEdit.ActionPosition.LeadingPosition)
        self.import_button = QPushButton(self)
        self.new_button = QPushButton(self)
        self.import_icon = IconButton("upload-simple", self)
        self.new_icon = IconButton("plus", self)
        self.rows = TaskRows(self)
        self.view = _Cards(self)
        self.view.setModel(self.rows)
        self.nothing = soft_label(self)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.nothing.hide()
        for button in (self.import_button, self.new_button):
            button.setCursor(Qt.CursorShape.PointingHandCursor)
        tools = QHBoxLayout()
        tools.setContentsMargins(4 * STEP, STEP, 4 * STEP, 2 * STEP)
        tools.setSpacing(2 * STEP)
        tools.addWidget(self.search, 1)
        for tool in (self.import_button, self.new_button, self.import_icon, self.new_icon):
            tools.addWidget(tool)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(tools)
        layout.addWidget(self.nothing, 1)
        cards = QHBoxLayout()
        cards.setContentsMargins(STEP, STEP, 0, 0)
        cards.addWidget(self.view)
        layout.addLayout(cards, 1)
        self.search.textChanged.connect(self._look)
        self.search.installEventFilter(self)
        self.view.opened.connect(self.chosen)
        for tool in (self.import_button, self.import_icon):
            tool.clicked.connect(self.import_requested)
        for tool in (self.new_button, self.new_icon):
            tool.clicked.connect(self.new_requested)
        theme_signals().changed.connect(self._draw)
        self.retranslateUi()

    def set_cards(self, cards: Sequence[TaskCard]) -> None:
        """All tasks, in order; what is marked stays marked."""
        at = self.view.current()
        self.rows.set_cards(cards)
        self.view.mark(at)
        self._show_nothing()

    def _look(self, text: str) -> None:
        self.rows.set_search(text)
        self.view.mark("")
        self._show_nothing()

    def _show_nothing(self) -> None:
        found = bool(self.rows.cards())
        self.view.setVisible(found)
        self.nothing.setVisible(not found and bool(self.search.text()))
        self.nothing.setText(self.tr("No task fits “{text}”.").format(text=self.search.text()[:80]))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room, signs stand for the buttons."""
        super().resizeEvent(event)
        narrow = event.size().width() < NARROW
        for button in (self.import_button, self.new_button):
            button.setVisible(not narrow)
        for sign in (self.import_icon, self.new_icon):
            sign.setVisible(narrow)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """From the search down into the cards; Esc takes the search away before it leaves the page."""
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Down:
                self.view.setFocus()
                self.view.mark(self.view.current())
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.rows.cards():
                self.chosen.emit(self.rows.cards()[0].ident)
                return True
            if event.key() == Qt.Key.Key_Escape and self.search.text():
                self.search.clear()
                return True
        return super().eventFilter(watched, event)  # type: ignore[arg-type]

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.search.setPlaceholderText(self.tr("Search tasks"))
        self.search.setAccessibleName(self.tr("Search tasks"))
        self.import_button.setText(self.tr("Import…"))
        self.new_button.setText(self.tr("New task"))
        self.import_icon.set_hint(self.tr("Import…"))
        self.new_icon.set_hint(self.tr("New task"))
        self.view.setAccessibleName(self.tr("Tasks"))
        self._show_nothing()

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def _draw(self) -> None:
        self._sign.setIcon(icon("magnifying-glass", 16))
        self.view.viewport().update()


class _Cards(QListView):
    """Cards side by side; Enter or a click opens one."""

    opened = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setItemDelegate(_CardPainter(self))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(self._open)

    def current(self) -> str:
        """What is marked, or ""."""
        card = self.currentIndex().data(CARD_ROLE)
        return card.ident if isinstance(card, TaskCard) else ""

    def mark(self, ident: str) -> None:
        """Mark one; the first when it is not there."""
        model = self.model()
        rows = [row for row in range(model.rowCount()) if model.index(row, 0).data(CARD_ROLE).ident == ident]
        if model.rowCount():
            self.setCurrentIndex(model.index(rows[0] if rows else 0, 0))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._open(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As many columns as there is room for."""
        room = event.size().width() - GAP
        columns = max(1, room // LEAST_WIDTH)
        self.setGridSize(QSize(room // columns, CARD_HEIGHT + GAP))
        super().resizeEvent(event)

    def _open(self, index: Index) -> None:
        card = index.data(CARD_ROLE)
        if isinstance(card, TaskCard):
            self.opened.emit(card.ident)


class _CardPainter(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: ARG002
        view = option.widget
        return view.gridSize() if isinstance(view, QListView) else QSize(LEAST_WIDTH, CARD_HEIGHT + GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """A sign, a name, two lines about it."""
        card = index.data(CARD_ROLE)
        if not isinstance(card, TaskCard):
            return
        look = theme()
        widget = option.widget
        focused = bool(option.state & QStyle.StateFlag.State_Selected) and isinstance(widget, QWidget) and widget.hasFocus()
        over = bool(option.state & QStyle.StateFlag.State_MouseOver)
        box = QRectF(option.rect).adjusted(GAP + 0.5, 0.5, -0.5, -GAP - 0.5)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(look.color("accent" if focused else "line"), 1))
        painter.setBrush(look.color("hover" if over else "raised"))
        painter.drawRoundedRect(box, 8, 8)
        paint_icon(painter, QRectF(box.left() + 14, box.top() + 14, 20, 20), task_icon(card.icon), look.color("ink.soft"))
        left = box.left() + 46
        width = box.right() - left - 12
        mark = self._mark(card)
        small = ui_font(8.5)
        taken = QFontMetrics(small).horizontalAdvance(mark) + 8 if mark else 0
        if mark:
            painter.setFont(small)
            painter.setPen(look.color("jade"))
            painter.drawText(
                QRectF(left, box.top() + 14, width, 20), int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), mark
            )
        name_font = ui_font(11, QFont.Weight.DemiBold)
        painter.setFont(name_font)
        painter.setPen(look.color("ink"))
        name = QFontMetrics(name_font).elidedText(card.name or "…", Qt.TextElideMode.ElideRight, int(width - taken))
        painter.drawText(QRectF(left, box.top() + 13, width - taken, 22), int(Qt.AlignmentFlag.AlignVCenter), name)
        self._paint_summary(painter, QRectF(left, box.top() + 37, width, box.height() - 44), card.summary)
        painter.restore()

    def _paint_summary(self, painter: QPainter, room: QRectF, text: str) -> None:
        font = ui_font(9.5)
        metrics = QFontMetrics(font)
        painter.setFont(font)
        painter.setPen(theme().color("ink.soft"))
        line = metrics.lineSpacing()
        shown = " ".join(text[:400].split())
        two = metrics.boundingRect(room.toRect(), int(Qt.TextFlag.TextWordWrap), shown).height() <= 2 * line + 2
        if not two:
            shown = metrics.elidedText(shown, Qt.TextElideMode.ElideRight, int(room.width() * 1.8))
        painter.setClipRect(QRectF(room.left(), room.top(), room.width(), 2 * line + 2))
        painter.drawText(room, int(Qt.TextFlag.TextWordWrap), shown)

    def _mark(self, card: TaskCard) -> str:
        return self.tr("mine") if card.own else self.tr("changed") if card.changed else ""
