"""Puts the alternatives of a reply in order, the best first."""

from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import QCoreApplication, QEvent, QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QPainter, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.icons import paint_icon
from zhiyin.ui.plain_text_field import PlainTextField
from zhiyin.ui.theme import STEP, theme, theme_signals, ui_font
from zhiyin.ui.transcript.rating import LONGEST_REMARK, RATED

ROW = 12 * STEP
SHOWN = 300  # characters of a text in its row
_ROLE = Qt.ItemDataRole.UserRole


class Alternative(Struct, frozen=True):
    """One of several replies to the same message; ``number`` counts them as the transcript does, from 1."""

    id: int
    number: int
    text: str
    thumb: int = 0
    rank: int | None = None
    model: str = ""


class RankingDialog(QDialog):
    """A list that is put in order by dragging or by the arrows, and the chosen text in full below it.

    ``ranked`` carries the ids, the best first, and the note; ``cleared`` says that there shall be no order.
    """

    ranked = Signal(object, str)
    cleared = Signal()

    def __init__(self, alternatives: Sequence[Alternative], remark: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self._any_rank = any(alternative.rank is not None for alternative in alternatives)
        self._hint = QLabel(self)
        self._hint.setProperty("tone", "soft")
        self._hint.setWordWrap(True)
        self.list = QListWidget(self)
        self.list.setItemDelegate(_RowDelegate(self.list))
        self.list.setDragDropMode(QListWidget.DragDropMode.InternalMove)
        self.list.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.up = IconButton("arrow-up", self)
        self.down = IconButton("arrow-down", self)
        self.text = PlainTextField(self)
        self.text.setReadOnly(True)
        self.text.setFont(ui_font(11))
        self.remark = PlainTextField(self)
        self.remark.setTabChangesFocus(True)
        self.remark.setFixedHeight(14 * STEP)
        self.remark.set_text(remark)
        self.clear = QPushButton(self)
        self.clear.setVisible(self._any_rank)
        self.cancel = QPushButton(self)
        self.keep = QPushButton(self)
        self.keep.setProperty("kind", "primary")
        self.keep.setDefault(True)
        for alternative in sorted(alternatives, key=lambda one: (one.rank is None, one.rank or 0, one.number)):
            item = QListWidgetItem(self.list)
            item.setData(_ROLE, alternative)
            item.setText(f"{alternative.number}: {_first_words(alternative.text)}")  # what a screen reader says
        self._lay_out()
        self._connect()
        self.list.setCurrentRow(0)
        self.retranslateUi()
        self.resize(640, 560)

    def order(self) -> list[int]:
        """The ids, the best first."""
        return [self.list.item(row).data(_ROLE).id for row in range(self.list.count())]

    def move_by(self, step: int) -> None:
        """Move the chosen one up (-1) or down (1)."""
        row = self.list.currentRow()
        to = row + step
        if row >= 0 and 0 <= to < self.list.count():
            item = self.list.takeItem(row)
            self.list.insertItem(to, item)
            self.list.setCurrentRow(to)
        self._show_arrows()

    def _lay_out(self) -> None:
        self.list.setMinimumHeight(2 * ROW)
        self.list.setMaximumHeight(min(self.list.count(), 5) * ROW + 2)
        arrows = QVBoxLayout()
        arrows.setSpacing(STEP)
        arrows.addWidget(self.up)
        arrows.addWidget(self.down)
        arrows.addStretch(1)
        top = QHBoxLayout()
        top.setSpacing(2 * STEP)
        top.addWidget(self.list, 1)
        top.addLayout(arrows)
        buttons = QHBoxLayout()
        buttons.setSpacing(2 * STEP)
        buttons.addWidget(self.clear)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.keep)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4 * STEP, 4 * STEP, 4 * STEP, 4 * STEP)
        layout.setSpacing(3 * STEP)
        layout.addWidget(self._hint)
        layout.addLayout(top)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.remark)
        layout.addLayout(buttons)

    def _connect(self) -> None:
        self.list.currentItemChanged.connect(lambda item, _old: self._show_text(item))
        self.list.model().rowsMoved.connect(lambda *_: self._show_arrows())
        self.up.clicked.connect(lambda: self.move_by(-1))
        self.down.clicked.connect(lambda: self.move_by(1))
        self.cancel.clicked.connect(self.reject)
        self.keep.clicked.connect(self._keep)
        self.clear.clicked.connect(self._clear)
        for keys, step in (("Alt+Up", -1), ("Alt+Down", 1)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.activated.connect(lambda of=step: self.move_by(of))

    def _show_text(self, item: QListWidgetItem | None) -> None:
        self.text.set_text(item.data(_ROLE).text if item is not None else "")
        self._show_arrows()

    def _show_arrows(self) -> None:
        row = self.list.currentRow()
        self.up.setEnabled(row > 0)
        self.down.setEnabled(0 <= row < self.list.count() - 1)
        self.list.viewport().update()

    def _keep(self) -> None:
        self.ranked.emit(self.order(), self.remark.text().strip()[:LONGEST_REMARK])
        self.accept()

    def _clear(self) -> None:
        self.cleared.emit()
        self.accept()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.setWindowTitle(self.tr("Rank the alternatives"))
        self._hint.setText(self.tr("Put the best reply first: drag it, or use the arrows. The one that is chosen can be read below."))
        self.list.setAccessibleName(self.tr("Alternatives, the best first"))
        self.text.setAccessibleName(self.tr("The whole reply"))
        self.up.set_hint(self.tr("Better"), "Alt+Up")
        self.down.set_hint(self.tr("Worse"), "Alt+Down")
        self.remark.setPlaceholderText(self.tr("Why is this order right? (optional)"))
        self.remark.setAccessibleName(self.tr("Note on the order"))
        self.clear.setText(self.tr("Remove the order"))
        self.cancel.setText(self.tr("Cancel"))
        self.keep.setText(self.tr("Keep this order"))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()


def _first_words(text: str) -> str:
    return " ".join(text[:SHOWN].split())


class _RowDelegate(QStyledItemDelegate):
    """Place, first words over which alternative it is, and the thumb."""

    def __init__(self, view: QListWidget) -> None:
        super().__init__(view)
        self._view = view
        theme_signals().changed.connect(view.viewport().update)

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex) -> QSize:  # type: ignore[override]
        """One height for all."""
        return QSize(100, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:  # type: ignore[override]
        """All of it plain text."""
        look = theme()
        alternative: Alternative = index.data(_ROLE)
        area = option.rect.adjusted(0, 0, 0, -2)
        painter.save()
        chosen = index == self._view.currentIndex()
        painter.fillRect(area, look.color("hover" if chosen else "wash"))
        if chosen and self._view.hasFocus():
            painter.setPen(look.color("accent"))
            painter.drawRect(area.adjusted(0, 0, -1, -1))
        painter.setPen(look.color("accent"))
        painter.setFont(ui_font(13))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(area.adjusted(3 * STEP, 0, 0, 0), middle | Qt.AlignmentFlag.AlignLeft, str(index.row() + 1))
        words = area.adjusted(10 * STEP, STEP, -(9 * STEP), -STEP)
        painter.setPen(look.color("ink"))
        painter.setFont(ui_font())
        line = painter.fontMetrics().elidedText(_first_words(alternative.text), Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, line)
        painter.setPen(look.color("ink.soft"))
        painter.setFont(ui_font(9))
        below = QCoreApplication.translate("RankingDialog", "alternative {number}").format(number=alternative.number)
        below = f"{below} · {alternative.model}" if alternative.model else below
        below = painter.fontMetrics().elidedText(below, Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, below)
        if alternative.thumb:
            symbol, role = RATED[alternative.thumb]
            paint_icon(painter, area.adjusted(area.width() - 8 * STEP, 3 * STEP, -3 * STEP, -3 * STEP).toRectF(), symbol, look.color(role))
        painter.restore()
