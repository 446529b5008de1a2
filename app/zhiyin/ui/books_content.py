"""The widgets of the view of lorebooks; ``BooksView`` fills them and hears them."""

from PySide6.QtCore import QCoreApplication, QEvent, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from zhiyin.ui.books_values import BookItem
from zhiyin.ui.elided_label import ElidedLabel
from zhiyin.ui.foreign_text import one_line
from zhiyin.ui.form_controls import ChoiceBox
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.icons import icon
from zhiyin.ui.lore_editor import LoreEditor
from zhiyin.ui.lore_model import Index
from zhiyin.ui.notice_label import NoticeLabel
from zhiyin.ui.theme import STEP, theme, theme_signals, ui_font
from zhiyin.ui.tooltip import plain_tooltip

SIDE_BY_SIDE = 860  # at this width and above the books stand beside the editor
SIDE_WIDTH = 216
SMALL = 9.5
ItemRole = Qt.ItemDataRole.UserRole
TOOLS = (
    *(("new", "plus"), ("import", "download-simple")),
    *(("use", "chat-circle-text"), ("export", "export"), ("duplicate", "copy"), ("delete", "trash")),
)


class BooksContent(QWidget):
    """The books beside the editor, or in a box above it; a card's own book has the editor for itself."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.list = BookList(self)
        self.chooser = ChoiceBox(self)
        self.chooser.setSizeAdjustPolicy(ChoiceBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.buttons = {name: IconButton(picture, self, size=18) for name, picture in TOOLS}
        self.use_button = QPushButton(self)
        self.use_button.setProperty("kind", "row")
        self.use_button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.notice = NoticeLabel("", self)
        self.editor = LoreEditor(self)
        self.nothing = _Nothing(self)
        self.card_bar = QWidget(self)
        self.card_back = IconButton("arrow-left", self.card_bar, size=16)
        self.card_title = ElidedLabel(parent=self.card_bar)
        self._card = False
        self._items = False
        self._line = QFrame(self)
        self._line.setProperty("line", True)
        self._line.setFixedWidth(1)
        self._lay_out()
        theme_signals().changed.connect(self._draw)
        self.retranslateUi()
        self._draw()
        self.show_card(None)

    def _lay_out(self) -> None:
        self._tools = QWidget(self)
        tools = QHBoxLayout(self._tools)
        tools.setContentsMargins(0, 0, 0, 0)
        tools.setSpacing(0)
        for name, button in self.buttons.items():
            tools.addWidget(button)
            if name == "import":
                tools.addStretch(1)
        self._side = QWidget(self)
        self._side_layout = QBoxLayout(QBoxLayout.Direction.TopToBottom, self._side)
        self._side_layout.setSpacing(STEP)
        self._side_layout.addWidget(self.chooser, 1)
        self._side_layout.addWidget(self._tools)
        self._side_layout.addWidget(self.list, 1)
        self._side_layout.addWidget(self.use_button)
        card = QHBoxLayout(self.card_bar)
        card.setContentsMargins(3 * STEP, 0, 4 * STEP, 0)
        card.setSpacing(2 * STEP)
        card.addWidget(self.card_back)
        card.addWidget(self.card_title, 1)
        notice = QVBoxLayout()
        notice.setContentsMargins(4 * STEP, 0, 4 * STEP, 0)
        notice.addWidget(self.notice)
        main = QVBoxLayout()
        main.setSpacing(STEP)
        main.addWidget(self.card_bar)
        main.addLayout(notice)
        main.addWidget(self.editor, 1)
        main.addWidget(self.nothing, 1)
        self._body = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._body.setContentsMargins(0, STEP, 0, 0)
        self._body.setSpacing(0)
        self._body.addWidget(self._side)
        self._body.addWidget(self._line)
        self._body.addLayout(main, 1)

    # ------------------------------------------------------------ values

    def show_items(self, items: tuple[BookItem, ...], chosen: int) -> None:
        """The books, and which of them is open."""
        self._items = bool(items)
        self.list.set_items(items, chosen)
        with QSignalBlocker(self.chooser):
            self.chooser.clear()
            for item in items:
                self.chooser.addItem(book_title(item), item.ident)
            self.chooser.setCurrentIndex(next((place for place, item in enumerate(items) if item.ident == chosen), -1))
        for button in (self.use_button, self.buttons["use"]):
            button.setEnabled(any(item.ident == chosen for item in items))
        self.fold()

    def show_card(self, title: str | None) -> None:
        """Whether the book of a card is shown, and whose."""
        self._card = title is not None
        self.card_title.setText(title or "")
        self.fold()

    def fold(self) -> None:
        """Lay out for the width of the moment."""
        wide = self.width() >= SIDE_BY_SIDE
        some = self._items or self._card
        self._body.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        self._side_layout.setDirection(QBoxLayout.Direction.TopToBottom if wide else QBoxLayout.Direction.LeftToRight)
        self._side_layout.setContentsMargins(2 * STEP, STEP + 1 if wide else 0, STEP if wide else 2 * STEP, 0 if wide else STEP)
        if wide:
            self._side.setFixedWidth(SIDE_WIDTH)
        else:
            self._side.setMinimumWidth(0)
            self._side.setMaximumWidth(16_777_215)
        self._side.setVisible(self._items and not self._card)
        self._line.setVisible(wide and self._items and not self._card)
        self.list.setVisible(wide)
        self.chooser.setVisible(not wide)
        self.use_button.setVisible(wide)
        self.buttons["use"].setVisible(not wide)
        self.card_bar.setVisible(self._card)
        self.editor.setVisible(some)
        self.nothing.setVisible(not some)

    # ------------------------------------------------------------ words

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        words = {
            "new": self.tr("New lorebook"),
            "import": self.tr("Import…"),
            "use": self.tr("Use in this conversation"),
            "export": self.tr("Export…"),
            "duplicate": self.tr("Duplicate this lorebook"),
            "delete": self.tr("Delete this lorebook"),
        }
        for name, text in words.items():
            self.buttons[name].set_hint(text)
        self.use_button.setText(words["use"])
        self.use_button.setToolTip(
            plain_tooltip(self.tr("What it knows is told to the model in the open conversation when it is touched on."))
        )
        self.chooser.setAccessibleName(self.tr("Lorebooks"))
        self.list.setAccessibleName(self.tr("Lorebooks"))
        self.card_back.set_hint(self.tr("Back to the persona"))

    def _draw(self) -> None:
        self.use_button.setIcon(icon("chat-circle-text", 16))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fold and unfold."""
        super().resizeEvent(event)
        self.fold()


class BookList(QListWidget):
    """Rows of two lines; it announces what is chosen."""

    chosen = Signal(int)
    delete_pressed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setItemDelegate(_Delegate(self))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.currentItemChanged.connect(self._current_changed)
        theme_signals().changed.connect(self.viewport().update)

    def set_items(self, items: tuple[BookItem, ...], chosen: int) -> None:
        """Replace the rows without announcing what is marked."""
        with QSignalBlocker(self):
            place = self.verticalScrollBar().value()
            self.clear()
            for item in items:
                row = QListWidgetItem(book_title(item), self)
                row.setData(ItemRole, item)
                row.setToolTip(plain_tooltip(book_title(item)))
                row.setData(Qt.ItemDataRole.AccessibleTextRole, f"{book_title(item)}, {amount_text(item)}")
                if item.ident == chosen:
                    self.setCurrentItem(row)
            self.verticalScrollBar().setValue(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete takes a book away."""
        if event.key() == Qt.Key.Key_Delete:
            self.delete_pressed.emit()
        else:
            super().keyPressEvent(event)

    def _current_changed(self, now: QListWidgetItem | None, _before: QListWidgetItem | None) -> None:
        item = now.data(ItemRole) if now is not None else None
        if isinstance(item, BookItem):
            self.chosen.emit(item.ident)


def book_title(item: BookItem) -> str:
    """A book's name on one line; one without a name too."""
    return one_line(item.name, 200) or QCoreApplication.translate("BookList", "Lorebook without a name")


def amount_text(item: BookItem) -> str:
    """How many entries it has."""
    return (
        QCoreApplication.translate("BookList", "1 entry")
        if item.entries == 1
        else QCoreApplication.translate("BookList", "{count} entries").format(count=item.entries)
    )


class _Delegate(QStyledItemDelegate):
    """The name, and how many entries."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(120, QFontMetrics(ui_font()).height() + QFontMetrics(ui_font(SMALL)).height() + 4 * STEP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        item = index.data(ItemRole)
        if not isinstance(item, BookItem):
            return
        look = theme()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QRectF(option.rect).adjusted(0, 1, -STEP, -1)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.setPen(Qt.PenStyle.NoPen)
        if chosen or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(look.color("hover" if chosen else "wash"))
            painter.drawRoundedRect(ground, STEP, STEP)
        if chosen:
            painter.setBrush(look.color("accent"))
            painter.drawRoundedRect(QRectF(ground.left(), ground.top() + 10, 3, ground.height() - 20), 1.5, 1.5)
        area = ground.adjusted(3 * STEP, 2 * STEP - 1, -2 * STEP, -2 * STEP + 1)
        for text, font, role, side in (
            (book_title(item), ui_font(), "ink", Qt.AlignmentFlag.AlignTop),
            (amount_text(item), ui_font(SMALL), "ink.soft", Qt.AlignmentFlag.AlignBottom),
        ):
            painter.setFont(font)
            painter.setPen(look.color(role))
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(area.width()))
            painter.drawText(area, int(Qt.AlignmentFlag.AlignLeft | side), shown)
        painter.restore()


class _Nothing(QWidget):
    """What is said where there is no book yet."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.label = QLabel(self)
        self.label.setProperty("tone", "soft")
        self.label.setWordWrap(True)
        self.label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.label.setMaximumWidth(420)
        self.new_button, self.import_button = QPushButton(self), QPushButton(self)
        self.new_button.setProperty("kind", "primary")
        buttons = QHBoxLayout()
        buttons.setSpacing(2 * STEP)
        buttons.addStretch(1)
        for button in (self.new_button, self.import_button):
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            buttons.addWidget(button)
        buttons.addStretch(1)
        line = QHBoxLayout()
        line.addStretch(1)
        line.addWidget(self.label, 100)
        line.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6 * STEP, 0, 6 * STEP, 0)
        layout.setSpacing(4 * STEP)
        layout.addStretch(2)
        layout.addLayout(line)
        layout.addLayout(buttons)
        layout.addStretch(3)
        self.retranslateUi()

    def retranslateUi(self) -> None:
        self.label.setText(
            self.tr(
                "A lorebook is knowledge about a world: places, people, rules. What the conversation touches on is told to the model. "
                "A lorebook that stands here can be used in any conversation, with any persona."
            )
        )
        self.new_button.setText(self.tr("New lorebook"))
        self.import_button.setText(self.tr("Import…"))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()
