"""The list of repositories: the catalogue, or what a search found. More is asked for when its end comes into view."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QCoreApplication,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from zhiyin.ui.discover_values import BEST, CHOSEN, RepositoryRow
from zhiyin.ui.discover_words import fit_role, row_facts, row_verdict
from zhiyin.ui.icons import paint_icon
from zhiyin.ui.theme import STEP, theme, theme_signals, ui_font
from zhiyin.ui.tooltip import plain_tooltip

Index = QModelIndex | QPersistentModelIndex
ItemRole = Qt.ItemDataRole.UserRole
HEADING_HEIGHT = 36
ROW_HEIGHT = 56
TALL_ROW_HEIGHT = 78  # with a sentence
DOT = 8
NEAR_END = 200  # pixels before the end at which more is asked for
NARROW = 480  # below this width a verdict stands on a line of its own


class _Rows(QAbstractListModel):
    """Headings (text) and rows."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.items: list[RepositoryRow | str] = []

    def show(self, rows: Sequence[RepositoryRow]) -> None:
        items: list[RepositoryRow | str] = []
        section = ""
        for row in rows:
            if row.section != section and row.section in (BEST, CHOSEN):
                items.append(row.section)
            section = row.section
            items.append(row)
        same = len(self.items) <= len(items) and items[: len(self.items)] == self.items
        if same and len(items) > len(self.items):
            self.beginInsertRows(QModelIndex(), len(self.items), len(items) - 1)
            self.items = items
            self.endInsertRows()
        elif not same and self._shape(self.items) == self._shape(items):
            self.items = items
            self.dataChanged.emit(self.index(0), self.index(len(items) - 1))
        elif not same:
            self.beginResetModel()
            self.items = items
            self.endResetModel()

    @staticmethod
    def _shape(items: list[RepositoryRow | str]) -> list[str]:
        return [item if isinstance(item, str) else f"{item.repository.source}/{item.repository.id}/{item.section}" for item in items]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.items)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        item = self.items[index.row()]
        if role == ItemRole:
            return item
        if isinstance(item, str):
            return _heading(item) if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole) else None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return item.name or item.repository.name
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tooltip(item.repository.id)
            case Qt.ItemDataRole.AccessibleTextRole:
                words = (item.name or item.repository.id, item.sentence, row_facts(item), row_verdict(item))
                return ", ".join(part for part in words if part)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if isinstance(self.items[index.row()], str):
            return Qt.ItemFlag.NoItemFlags  # the keys go past it
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren


def _heading(section: str) -> str:
    if section == BEST:
        return QCoreApplication.translate("Discover", "Best for this computer")
    return QCoreApplication.translate("Discover", "More models worth a look")


class RepositoryList(QListView):
    """Shows rows; a click or Enter chooses one."""

    chosen = Signal(object)  # RepositoryRow
    end_reached = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = _Rows(self)
        self.setModel(self.rows)
        self.setItemDelegate(_Delegate(self))
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.clicked.connect(self._choose)
        self.verticalScrollBar().valueChanged.connect(lambda _value: self._look_at_end())
        self.verticalScrollBar().rangeChanged.connect(lambda _least, _most: self._look_at_end())
        theme_signals().changed.connect(self.viewport().update)
        self.retranslateUi()

    def set_rows(self, rows: Sequence[RepositoryRow]) -> None:
        """Show these; what was scrolled to stays when they only became more."""
        self.rows.show(rows)

    def count(self) -> int:
        """How many repositories are shown."""
        return sum(1 for item in self.rows.items if not isinstance(item, str))

    def item(self, place: int) -> RepositoryRow:
        """The repository at a place, headings not counted."""
        return [item for item in self.rows.items if not isinstance(item, str)][place]

    def select_first(self) -> None:
        """Put the keyboard's mark on the first repository when there is no mark yet."""
        if not self.currentIndex().isValid():
            for row, item in enumerate(self.rows.items):
                if not isinstance(item, str):
                    self.setCurrentIndex(self.rows.index(row))
                    return

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.setAccessibleName(self.tr("Models to download"))
        self.viewport().update()

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter chooses on every desktop, whatever its style says of activating."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.currentIndex().isValid():
            self._choose(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def _choose(self, index: QModelIndex) -> None:
        item = index.data(ItemRole)
        if isinstance(item, RepositoryRow):
            self.chosen.emit(item)

    def _look_at_end(self) -> None:
        bar = self.verticalScrollBar()
        if self.isVisible() and self.count() and bar.value() >= bar.maximum() - NEAR_END:
            self.end_reached.emit()


class _Delegate(QStyledItemDelegate):
    """Name and owner, a sentence where there is one, facts; at the right how it fits."""

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:
        item = index.data(ItemRole)
        if isinstance(item, str):
            return QSize(160, HEADING_HEIGHT)
        narrow = self._narrow() and bool(row_verdict(item))
        return QSize(160, (TALL_ROW_HEIGHT if item.sentence else ROW_HEIGHT) + (20 if narrow else 0))

    def _narrow(self) -> bool:
        view = self.parent()
        return isinstance(view, QListView) and view.viewport().width() < NARROW

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        item = index.data(ItemRole)
        look = theme()
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if isinstance(item, str):
            painter.setFont(ui_font(9.5, QFont.Weight.DemiBold))
            painter.setPen(look.color("ink.soft"))
            place = area.adjusted(3 * STEP, 0, -STEP, -2 * STEP)
            painter.drawText(place, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom), _heading(item))
        else:
            ground = QRectF(area).adjusted(0.5, 1.5, -2 * STEP + 0.5, -1.5)
            chosen = bool(state & QStyle.StateFlag.State_Selected)
            painter.setPen(look.color("accent") if chosen and state & QStyle.StateFlag.State_HasFocus else Qt.PenStyle.NoPen)
            if chosen or state & QStyle.StateFlag.State_MouseOver:
                painter.setBrush(look.color("hover"))
                painter.drawRoundedRect(ground, STEP, STEP)
            self._paint_row(painter, ground.adjusted(3 * STEP, 2 * STEP - 1, -3 * STEP, -2 * STEP + 1), item)
        painter.restore()

    def _paint_row(self, painter: QPainter, area: QRectF, item: RepositoryRow) -> None:
        look = theme()
        normal, small = ui_font(10.5), ui_font(9.0)
        strong = ui_font(10.5, QFont.Weight.DemiBold)
        line = float(QFontMetrics(normal).height())
        top = QRectF(area.left(), area.top(), area.width(), line)
        verdict = row_verdict(item)
        if verdict:
            width = QFontMetrics(small).horizontalAdvance(verdict) + 1
            if self._narrow():
                left, y = area.left() + DOT + 2 * STEP, area.bottom() - line
            else:
                left, y = area.right() - width, area.top()
                top.setRight(left - DOT - 5 * STEP)
            self._paint_verdict(painter, QRectF(left, y, min(width, area.right() - left), line), item, verdict)
        painter.setFont(strong)
        painter.setPen(look.color("ink"))
        name = QFontMetrics(strong).elidedText(item.name or item.repository.name, Qt.TextElideMode.ElideRight, int(top.width()))
        painter.drawText(top, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), name)
        self._paint_owner(painter, top, QFontMetrics(strong).horizontalAdvance(name) + 2 * STEP, item)
        lines = [(item.sentence, normal, "ink")] if item.sentence else []
        lines.append((row_facts(item), small, "ink.soft"))
        y = top.bottom() + 3
        for words, font, role in lines:
            painter.setFont(font)
            painter.setPen(look.color(role))
            height = float(QFontMetrics(font).height())
            shown = QFontMetrics(font).elidedText(words, Qt.TextElideMode.ElideRight, int(area.width()))
            painter.drawText(QRectF(area.left(), y, area.width(), height), int(Qt.AlignmentFlag.AlignVCenter), shown)
            y += height + 2

    def _paint_owner(self, painter: QPainter, line: QRectF, after: float, item: RepositoryRow) -> None:
        look = theme()
        left = line.left() + after
        if item.repository.gated and line.right() - left > 16:
            paint_icon(painter, QRectF(left, line.center().y() - 7, 14, 14), "lock-simple", look.color("ochre"))
            left += 14 + STEP + 2
        owner = item.repository.author
        if item.name or not owner or line.right() - left < 30:
            return
        painter.setFont(ui_font(9.0))
        painter.setPen(look.color("ink.soft"))
        shown = painter.fontMetrics().elidedText(owner, Qt.TextElideMode.ElideRight, int(line.right() - left))
        painter.drawText(QRectF(left, line.top(), line.right() - left, line.height()), int(Qt.AlignmentFlag.AlignVCenter), shown)

    def _paint_verdict(self, painter: QPainter, area: QRectF, item: RepositoryRow, words: str) -> None:
        look = theme()
        role = "jade" if item.installed else fit_role(item.fit)
        dot = QRectF(area.left() - DOT - STEP, area.center().y() - DOT / 2, DOT, DOT)
        paint_dot(painter, dot, role, "gpu" if item.installed else item.fit.verdict)
        painter.setFont(ui_font(9.0))
        painter.setPen(look.color(role if role != "ink.faint" else "ink.soft"))
        painter.drawText(area, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), words)


def paint_dot(painter: QPainter, dot: QRectF, role: str, verdict: str) -> None:
    """A dot that is as full as the model is on the GPU: shape says what colour says."""
    color = theme().color(role)
    painter.setPen(color)
    painter.setBrush(color if verdict in ("gpu", "cpu") else Qt.BrushStyle.NoBrush)
    painter.drawEllipse(dot)
    if verdict == "partly":
        painter.setBrush(color)
        painter.drawPie(dot, 90 * 16, 180 * 16)
