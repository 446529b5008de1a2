"""What would fire now: a text to try, and beside or below it the entries that it calls up, each with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QTextCursor
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from zhiyin.ui.elided_label import ElidedLabel
from zhiyin.ui.fold import Fold
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.icons import paint_icon
from zhiyin.ui.lore_values import FiredEntry, LorePreview
from zhiyin.ui.notice_label import NoticeLabel
from zhiyin.ui.plain_text_field import PlainTextField
from zhiyin.ui.theme import STEP, theme, theme_signals, ui_font
from zhiyin.ui.tooltip import plain_tooltip

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from zhiyin.ui.lore_model import Index

PAUSE_MS = 150
LONGEST_TEXT = 20_000  # characters that are tried
MOST_MARKS = 200
MOST_ROWS = 300
SIDE_BY_SIDE = 520
SMALL = 9.5
FiredRole = Qt.ItemDataRole.UserRole


class LoreLive(QWidget):
    """``wanted`` asks for a preview of a text, 150 ms after the last change; ``set_preview`` shows it."""

    wanted = Signal(str)
    rolled = Signal()  # chance is to be tried again
    recent_requested = Signal()  # take the last turns of the open conversation
    opened = Signal(int)  # an entry was chosen

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preview: LorePreview | None = None
        self._recent = False
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self._ask)
        self.fold = Fold(self)
        self.amount = ElidedLabel(parent=self)
        self.amount.setProperty("tone", "soft")
        self.amount.setFont(ui_font(SMALL))
        self.roll_button = IconButton("dice-five", self, size=16)
        self.recent_button = IconButton("chat-circle-text", self, size=16)
        self.recent_button.hide()
        self.text = PlainTextField(self)
        self.text.setTabChangesFocus(True)
        self.list = QListWidget(self)
        self.list.setItemDelegate(_Delegate(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.nothing = QLabel(self)
        self.nothing.setProperty("tone", "soft")
        self.nothing.setFont(ui_font(SMALL))
        self.nothing.setWordWrap(True)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.slow = NoticeLabel("", self, kind="warning")
        self.body = QWidget(self)
        self._lay_out()
        self.fold.toggled.connect(self._show_body)
        self.text.textChanged.connect(self._pause.start)
        self.list.itemActivated.connect(self._open)
        self.list.itemClicked.connect(self._open)
        self.roll_button.clicked.connect(self.rolled)
        self.recent_button.clicked.connect(self.recent_requested)
        theme_signals().changed.connect(self._mark)
        self.retranslateUi()
        self.set_open(open_=False)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(4 * STEP, 0, 3 * STEP, 0)
        head.setSpacing(3 * STEP)
        head.addWidget(self.fold)
        head.addWidget(self.amount, 1)
        head.addWidget(self.recent_button)
        head.addWidget(self.roll_button)
        results = QVBoxLayout()
        results.setSpacing(STEP)
        results.setContentsMargins(0, 0, 0, 0)
        results.addWidget(self.slow)
        results.addWidget(self.list, 1)
        results.addWidget(self.nothing, 1)
        self._sides = QBoxLayout(QBoxLayout.Direction.LeftToRight, self.body)
        self._sides.setContentsMargins(4 * STEP, 0, 3 * STEP, 3 * STEP)
        self._sides.setSpacing(3 * STEP)
        self._sides.addWidget(self.text, 1)
        self._sides.addLayout(results, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, STEP, 0, 0)
        layout.setSpacing(STEP)
        layout.addLayout(head)
        layout.addWidget(self.body, 1)

    # ------------------------------------------------------------ values

    def is_open(self) -> bool:
        """Whether it is unfolded."""
        return self.fold.isChecked()

    def set_open(self, *, open_: bool) -> None:
        """Unfold or fold."""
        self.fold.setChecked(open_)
        self._show_body(shown=open_)

    def set_text(self, text: str) -> None:
        """Put down a text to try."""
        self.text.set_text(text[:LONGEST_TEXT])

    def set_recent(self, *, there: bool) -> None:
        """Whether there is a conversation whose last turns can be tried."""
        self.recent_button.setVisible(there and self.is_open())
        self._recent = there

    def refresh(self) -> None:
        """Something that decides has changed: ask again, after a pause."""
        self._pause.start()

    def preview(self) -> LorePreview | None:
        """What is shown."""
        return self._preview

    def set_preview(self, preview: LorePreview) -> None:
        """What the text would call up."""
        if preview == self._preview:
            return
        self._preview = preview
        chosen = self.list.currentRow()
        self.list.clear()
        for fired in preview.entries[:MOST_ROWS]:
            item = QListWidgetItem(self.list)
            item.setData(FiredRole, fired)
            line = reason_text(fired)
            item.setText(fired.label)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, ", ".join((fired.label, line, self._tokens(fired.tokens))))
            item.setToolTip(plain_tooltip(f"{fired.label}\n{line}"))
        self.list.setCurrentRow(min(chosen, self.list.count() - 1))
        self._say()
        self._mark()

    def _ask(self) -> None:
        self.wanted.emit(self.text.text()[:LONGEST_TEXT])

    def _open(self, item: QListWidgetItem) -> None:
        fired = item.data(FiredRole)
        if isinstance(fired, FiredEntry):
            self.opened.emit(fired.ident)

    def _mark(self) -> None:
        """Show in the text where keys were found."""
        marks: list[QTextEdit.ExtraSelection] = []
        length = self.text.document().characterCount() - 1
        color = QColor(theme().color("jade"))
        color.setAlphaF(0.28)
        for begin, end in (self._preview.matches if self._preview is not None else ())[:MOST_MARKS]:
            if end > length:
                break
            mark = QTextEdit.ExtraSelection()
            cursor = QTextCursor(self.text.document())
            cursor.setPosition(begin)
            cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
            mark.cursor = cursor
            mark.format.setBackground(color)
            marks.append(mark)
        self.text.setExtraSelections(marks)

    # ------------------------------------------------------------ words

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.fold.set_text(self.tr("What would fire now"))
        self.text.setAccessibleName(self.tr("A text to try"))
        self.text.set_placeholder(
            self.tr("Write something that could be said, and see which entries it calls up. An empty line begins another turn.")
        )
        self.recent_button.set_hint(self.tr("Take the open conversation"))
        self.roll_button.set_hint(self.tr("Try chance again"))
        self.list.setAccessibleName(self.tr("What would fire now"))
        self.nothing.setText(self.tr("Nothing. Entries appear here as soon as one of their keys is in the text."))
        self._say()

    def _say(self) -> None:
        preview = self._preview
        entries = preview.entries if preview is not None else ()
        inserted = sum(1 for fired in entries if not fired.over_budget and not fired.unlucky)
        parts = []
        if preview is not None and entries:
            count = self.tr("1 entry") if inserted == 1 else self.tr("{count} entries").format(count=inserted)
            tokens = self._tokens(preview.tokens)
            if preview.budget:
                tokens = self.tr("{used} of {budget} tokens").format(used=preview.tokens, budget=preview.budget)
            parts = [count, tokens]
            if len(entries) > MOST_ROWS:
                parts.append(self.tr("the first {count} are shown").format(count=MOST_ROWS))
        self.amount.setText(" · ".join(parts))
        self.list.setVisible(bool(entries))
        self.nothing.setVisible(not entries)
        slow = preview.slow if preview is not None else ()
        names = ", ".join(f"“{label[:40]}”" for _ident, label in slow[:3])
        self.slow.set_text(self.tr("A pattern took too long and was left out: {names}").format(names=names) if slow else "", "warning")

    def _tokens(self, count: int) -> str:
        return self.tr("1 token") if count == 1 else self.tr("{count} tokens").format(count=count)

    def _show_body(self, shown: bool) -> None:  # noqa: FBT001 - a signal's value
        self.body.setVisible(shown)
        self.roll_button.setVisible(shown)
        self.recent_button.setVisible(shown and self._recent)

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The entries stand beside the text where there is room."""
        super().resizeEvent(event)
        wide = event.size().width() >= SIDE_BY_SIDE
        self._sides.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        self._sides.setStretch(0, 1 if wide else 2)
        self._sides.setStretch(1, 1 if wide else 3)


def reason_text(fired: FiredEntry) -> str:
    """Why an entry is called up, and what keeps it out."""
    parts = [_why(fired)]
    if fired.unlucky:
        parts.append(QCoreApplication.translate("LoreLive", "{chance} %: not this time").format(chance=fired.probability))
    elif fired.probability < 100:
        parts.append(QCoreApplication.translate("LoreLive", "{chance} %: this time").format(chance=fired.probability))
    if fired.over_budget:
        parts.append(QCoreApplication.translate("LoreLive", "no room"))
    return " · ".join(parts)


def _why(fired: FiredEntry) -> str:
    key = " ".join(fired.key[:60].split())
    plain = {
        "constant": QCoreApplication.translate("LoreLive", "always there"),
        "decorator": QCoreApplication.translate("LoreLive", "by {key}"),
        "sticky": QCoreApplication.translate("LoreLive", "stays from before"),
        "recursion": QCoreApplication.translate("LoreLive", "through “{key}” in other lore"),
        "regex": QCoreApplication.translate("LoreLive", "pattern {key} in turn {turn}"),
        "key": QCoreApplication.translate("LoreLive", "“{key}” in turn {turn}"),
    }
    return plain[fired.why].format(key=key, turn=fired.turn)


class _Delegate(QStyledItemDelegate):
    """Two lines: the label with its tokens, and the reason."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(120, QFontMetrics(ui_font()).height() + QFontMetrics(ui_font(SMALL)).height() + 2 * STEP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        fired = index.data(FiredRole)
        if not isinstance(fired, FiredEntry):
            return
        look = theme()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QRectF(option.rect).adjusted(0, 1, -STEP, -1)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected) and bool(option.state & QStyle.StateFlag.State_HasFocus)
        if chosen or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.color("hover" if chosen else "wash"))
            painter.drawRoundedRect(ground, STEP, STEP)
        out = fired.over_budget or fired.unlucky
        sign, role = ("prohibit", "ochre") if fired.over_budget else ("dice-five", "ink.soft") if fired.unlucky else ("lightning", "jade")
        area = QRectF(option.rect).adjusted(2 * STEP, STEP, -3 * STEP, -STEP)
        paint_icon(painter, QRectF(area.left(), area.top() + 2, 14, 14), sign, look.color(role))
        area.setLeft(area.left() + 14 + 2 * STEP)
        left = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        strong, small = ui_font(), ui_font(SMALL)
        top = QRectF(area.left(), area.top(), area.width(), QFontMetrics(strong).height())
        below = QRectF(area.left(), top.bottom(), area.width(), QFontMetrics(small).height())
        painter.setFont(small)
        painter.setPen(look.color("ink.soft"))
        count = str(fired.tokens)
        painter.drawText(top, right, count)
        room = area.width() - painter.fontMetrics().horizontalAdvance(count) - 2 * STEP
        painter.drawText(below, left, painter.fontMetrics().elidedText(reason_text(fired), Qt.TextElideMode.ElideRight, int(area.width())))
        painter.setFont(strong)
        painter.setPen(look.color("ink.soft" if out else "ink"))
        painter.drawText(top, left, painter.fontMetrics().elidedText(fired.label, Qt.TextElideMode.ElideRight, int(room)))
        painter.restore()
