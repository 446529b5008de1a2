"""The model in the header: its name, loading progress with a way to cancel, and the list to choose another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QCoreApplication,
    QEvent,
    QLocale,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QListView,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.icons import icon, paint_icon
from zhiyin.ui.theme import STEP, theme, theme_signals, ui_font
from zhiyin.ui.tooltip import plain_tooltip

Index = QModelIndex | QPersistentModelIndex
ROW_HEIGHT = 48
POPUP_WIDTH = 360


@dataclass(frozen=True, slots=True)
class ModelItem:
    """A model of the library: ``detail`` is its size and quant type in words, ``missing`` that its file is not there."""

    name: str
    path: str = ""
    detail: str = ""
    missing: bool = False


class ModelChooser(QWidget):
    """Shows the chosen model; a click opens the list. It chooses nothing by itself: the owner calls ``set_current``."""

    chosen = Signal(str)
    open_file_requested = Signal()
    conversion_requested = Signal()
    unload_requested = Signal()
    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = _NameButton(self)
        self.cancel_button = IconButton("x", self, size=14)
        self.cancel_button.hide()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.button)
        layout.addWidget(self.cancel_button)
        layout.addStretch(1)
        self._models: list[ModelItem] = []
        self._current = ""
        self._detail = ""
        self._loading: float | None = None
        self._loading_name = ""
        self._loaded = False
        self._popup: _Popup | None = None
        self.button.clicked.connect(self.open_popup)
        self.cancel_button.clicked.connect(self.cancel_requested)
        self.retranslateUi()

    def set_models(self, models: Sequence[ModelItem]) -> None:
        """The library."""
        self._models = list(models)
        if self._popup is not None:
            self._popup.show_models(self._models, self._current, loaded=self._loaded)
        self.retranslateUi()

    def set_current(self, name: str, detail: str = "", *, loaded: bool = True) -> None:
        """The conversation's model, "" for none; ``loaded`` says whether it is in memory (and can be unloaded)."""
        self._current = name
        self._detail = detail
        self._loaded = loaded and bool(name)
        self.set_models(self._models)

    def set_loading(self, fraction: float | None, name: str = "") -> None:
        """Progress from 0 to 1 while a model is being loaded, None when it no longer is."""
        self._loading = None if fraction is None else max(0.0, min(1.0, fraction))
        self._loading_name = name or self._loading_name
        if fraction is None:
            self._loading_name = ""
        self.cancel_button.setVisible(fraction is not None)
        self.retranslateUi()

    def current(self) -> str:
        """The name last given to ``set_current``."""
        return self._current

    def open_popup(self) -> None:
        """Show the list below the button."""
        if self._popup is None:
            self._popup = _Popup(self)
            self._popup.chosen.connect(self.chosen)
            self._popup.open_file_requested.connect(self.open_file_requested)
            self._popup.conversion_requested.connect(self.conversion_requested)
            self._popup.unload_requested.connect(self.unload_requested)
        self._popup.show_models(self._models, self._current, loaded=self._loaded)
        self._popup.open_below(self.button)

    def popup(self) -> QWidget | None:
        """The list's window, once it was opened."""
        return self._popup

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        if self._loading is not None:
            percent = QLocale().toString(int(self._loading * 100)) + QLocale().percent()
            name = self._loading_name or self._current
            text = self.tr("Loading {name}").format(name=name) if name else self.tr("Loading")
            self.button.show_state(text, percent, self._loading)
        elif self._current:
            detail = self._detail or next((item.detail for item in self._models if item.name == self._current), "")
            gone = any(item.name == self._current and item.missing for item in self._models)
            self.button.show_state(self._current, self.tr("missing") if gone else detail, None, warning=gone)
        else:
            self.button.show_state(self.tr("Choose a model"), "", None)
        self.button.setToolTip(self.tr("Choose the model that answers"))
        self.cancel_button.set_hint(self.tr("Cancel loading"))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()


class _NameButton(QPushButton):
    """Name in ink, detail in ink-soft, a caret; a thin line of cinnabar below while loading. Elides the name last of all."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("kind", "quiet")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._name = self._detail = ""
        self._fraction: float | None = None
        self._warning = False
        theme_signals().changed.connect(self.update)

    def show_state(self, name: str, detail: str, fraction: float | None, *, warning: bool = False) -> None:
        self._name, self._detail, self._fraction, self._warning = name, detail, fraction, warning
        self.setAccessibleName(f"{name} {detail}".strip())
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        # A percentage keeps the room of its widest value, so that nothing moves while loading.
        detail = metrics.horizontalAdvance("100%" if self._fraction is not None else self._detail)
        return QSize(metrics.horizontalAdvance(self._name) + detail + (2 * STEP if detail else 0) + 9 * STEP, 8 * STEP)

    def minimumSizeHint(self) -> QSize:
        return QSize(22 * STEP, 8 * STEP)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        look = theme()
        painter = QPainter(self)
        metrics = self.fontMetrics()
        room = QRect(2 * STEP, 0, self.width() - 8 * STEP, self.height())
        detail_width = metrics.horizontalAdvance(self._detail)
        name_width = metrics.horizontalAdvance(self._name)
        wide = bool(self._detail) and (name_width + detail_width + 2 * STEP <= room.width() or self._fraction is not None)
        name_room = room.width() - (detail_width + 2 * STEP if wide else 0)
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        end = room.left() + min(name_width, name_room)
        painter.setPen(look.color("ink"))
        shown = metrics.elidedText(self._name, Qt.TextElideMode.ElideRight, name_room)
        painter.drawText(room, middle, shown)
        if wide:
            painter.setPen(look.color("ochre" if self._warning else "ink.soft"))
            painter.drawText(QRect(end + 2 * STEP, 0, detail_width + STEP, self.height()), middle, self._detail)
            end += 2 * STEP + max(detail_width, metrics.horizontalAdvance("100%") if self._fraction is not None else 0)
        paint_icon(painter, QRectF(end + 2 * STEP, (self.height() - 12) / 2, 12, 12), "caret-down", look.color("ink.soft"))
        if self._fraction is not None:
            track = QRectF(2 * STEP, self.height() - 3, self.width() - 4 * STEP, 2)
            painter.fillRect(track, look.color("line"))
            painter.fillRect(QRectF(track.left(), track.top(), track.width() * self._fraction, 2), look.color("accent"))
        painter.end()


class _Models(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._items: list[ModelItem] = []

    def show(self, items: list[ModelItem]) -> None:
        self.beginResetModel()
        self._items = items
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._items)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        item = self._items[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return item.name
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tooltip(item.path)
            case Qt.ItemDataRole.AccessibleTextRole:
                return ", ".join(
                    part
                    for part in (item.name, item.detail, QCoreApplication.translate("_Popup", "missing") if item.missing else "")
                    if part
                )
            case Qt.ItemDataRole.UserRole:
                return item
        return None


class _ModelDelegate(QStyledItemDelegate):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.current = ""
        self.missing = ""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(200, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        look = theme()
        item: ModelItem = index.data(Qt.ItemDataRole.UserRole)
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.color("hover"))
            painter.drawRoundedRect(QRectF(area), STEP, STEP)
        text = QRectF(area).adjusted(3 * STEP, STEP + 2, -3 * STEP, -STEP - 2)
        if item.name == self.current:
            paint_icon(painter, QRectF(text.right() - 16, area.center().y() - 8, 16, 16), "check", look.color("accent"))
            text.setRight(text.right() - 6 * STEP)
        for words, role, align, points in (
            (item.name, "ink.soft" if item.missing else "ink", Qt.AlignmentFlag.AlignTop, 10.5),
            (self._second_line(item), "ochre" if item.missing else "ink.soft", Qt.AlignmentFlag.AlignBottom, 9.0),
        ):
            painter.setFont(ui_font(points))
            painter.setPen(look.color(role))
            shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideMiddle, int(text.width()))
            painter.drawText(text, int(align), shown)
        painter.restore()

    def _second_line(self, item: ModelItem) -> str:
        return " · ".join(part for part in (self.missing if item.missing else "", item.detail) if part)


class _List(QListView):
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter chooses on every desktop, whatever its style says of activating."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.currentIndex().isValid():
            self.clicked.emit(self.currentIndex())
        else:
            super().keyPressEvent(event)


class _Popup(QFrame):
    chosen = Signal(str)
    open_file_requested = Signal()
    conversion_requested = Signal()
    unload_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("popup")
        self.list = _List(self)
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.rows = _Models(self)
        self.delegate = _ModelDelegate(self.list)
        self.list.setModel(self.rows)
        self.list.setItemDelegate(self.delegate)
        self.open_button = QPushButton(self)
        self.conversion_button = QPushButton(self)
        self.unload_button = QPushButton(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(STEP, STEP, STEP, STEP)
        layout.setSpacing(0)
        layout.addWidget(self.list, 1)
        self.rule = QFrame(self)
        self.rule.setProperty("line", True)
        self.rule.setFixedHeight(1)
        layout.addSpacing(STEP)
        layout.addWidget(self.rule)
        layout.addSpacing(STEP)
        for button in (self.open_button, self.conversion_button, self.unload_button):
            button.setProperty("kind", "row")
            layout.addWidget(button)
        self.list.clicked.connect(self._choose)
        self.open_button.clicked.connect(lambda: self._close_and(self.open_file_requested))
        self.conversion_button.clicked.connect(lambda: self._close_and(self.conversion_requested))
        self.unload_button.clicked.connect(lambda: self._close_and(self.unload_requested))
        self.retranslateUi()

    def show_models(self, models: list[ModelItem], current: str, *, loaded: bool) -> None:
        self.delegate.current = current
        self.rows.show(models)
        self.unload_button.setVisible(loaded)
        self.list.setVisible(bool(models))
        self.rule.setVisible(bool(models))
        self.list.setFixedHeight(min(7, max(1, len(models))) * ROW_HEIGHT)
        for row, item in enumerate(models):
            if item.name == current:
                self.list.setCurrentIndex(self.rows.index(row))
        self.adjustSize()

    def open_below(self, anchor: QWidget) -> None:
        self.open_button.setIcon(icon("folder-open", 16))
        self.conversion_button.setIcon(icon("funnel", 16))
        self.unload_button.setIcon(icon("eject", 16))
        self.setFixedWidth(POPUP_WIDTH)
        self.adjustSize()
        at = anchor.mapToGlobal(QPoint(0, anchor.height() + STEP))
        screen = anchor.screen().availableGeometry()
        at.setX(max(screen.left(), min(at.x(), screen.right() - POPUP_WIDTH)))
        at.setY(max(screen.top(), min(at.y(), screen.bottom() - self.height())))
        self.move(at)
        self.show()
        self.list.setFocus()

    def retranslateUi(self) -> None:
        self.open_button.setText(self.tr("Open a GGUF file…"))
        self.conversion_button.setText(self.tr("Convert a checkpoint…"))
        self.unload_button.setText(self.tr("Unload the model"))
        self.list.setAccessibleName(self.tr("Models"))
        self.delegate.missing = self.tr("missing")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def _choose(self, index: QModelIndex) -> None:
        item: ModelItem = index.data(Qt.ItemDataRole.UserRole)
        self.hide()
        self.chosen.emit(item.name)

    def _close_and(self, signal: Any) -> None:
        self.hide()
        signal.emit()
