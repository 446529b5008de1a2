"""Shows what was sent for a reply: the messages with their sections and tokens, and the exact text that the template made of them."""

from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import (
    QAbstractListModel,
    QCoreApplication,
    QEvent,
    QLocale,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QFont, QGuiApplication, QPainter
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QHBoxLayout,
    QListView,
    QPushButton,
    QStackedWidget,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from zhiyin.ui.form_row import soft_label
from zhiyin.ui.plain_text_field import PlainTextField
from zhiyin.ui.prompt_sections import left_out_words, section_color, section_name
from zhiyin.ui.theme import STEP, mono_font, theme, theme_signals, ui_font

ROW = 12 * STEP
SHOWN_IN_ROW = 300  # characters of a message in its row
SHOWN = 1_000_000  # characters of a text that are put into a field; all of them are copied
COPIED_MS = 1200
_ROLE = Qt.ItemDataRole.UserRole


class SentPart(Struct, frozen=True):
    """One message; ``tokens`` counts its text alone, 0 = not known. One that was dropped was laid out, but did not fit."""

    role: str  # system, user, assistant
    section: str
    text: str
    tokens: int = 0
    dropped: bool = False


class SentDialog(QDialog):
    """Two views of one prompt; nothing in it can be changed."""

    copied = Signal(str)

    def __init__(
        self,
        text: str,
        parts: Sequence[SentPart],
        *,
        prompt_tokens: int = 0,
        limit: int = 0,
        context: int = 0,
        coming: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self._coming = coming  # it was not sent yet
        self._text = text
        self._parts = tuple(parts)
        self._figures = (prompt_tokens, limit, context)
        self._facts = soft_label(self)
        self.tabs = {name: QPushButton(self) for name in ("messages", "text")}
        self._group = QButtonGroup(self)
        self.list = QListView(self)
        self.message = PlainTextField(self)
        self.exact = PlainTextField(self)
        self.exact.setFont(mono_font())
        for field in (self.message, self.exact):
            field.setReadOnly(True)
        self.pages = QStackedWidget(self)
        self.copy_button = QPushButton(self)
        self.close_button = QPushButton(self)
        self._cut = soft_label(self)
        self._copied = QTimer(self)
        self._copied.setSingleShot(True)
        self._copied.setInterval(COPIED_MS)
        self._copied.timeout.connect(self.retranslateUi)
        self._fill()
        self._lay_out()
        self.show_tab("messages" if self._parts or not self._text else "text")
        self.retranslateUi()
        self.resize(720, 600)

    def whole(self) -> str:
        """What is copied: the exact text, or the messages where it is not known."""
        return self._text or "\n\n".join(f"{part.role}:\n{part.text}" for part in self._parts if not part.dropped)

    def _fill(self) -> None:
        self.list.setModel(_Parts(self._parts, self))
        self.list.setItemDelegate(_PartDelegate(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.selectionModel().currentChanged.connect(lambda now, _old: self._show_message(now))
        for name, tab in self.tabs.items():
            tab.setProperty("kind", "tab")
            tab.setCheckable(True)
            self._group.addButton(tab)
            tab.clicked.connect(lambda _=False, of=name: self.show_tab(of))
        self.tabs["text"].setVisible(bool(self._text))
        self.copy_button.clicked.connect(self._copy)
        self.close_button.clicked.connect(self.reject)
        if self._parts:
            self.list.setCurrentIndex(self.list.model().index(0, 0))

    def show_tab(self, name: str) -> None:
        """Show the messages, or the exact text; that is filled in when it is first asked for."""
        self.tabs[name].setChecked(True)
        self.pages.setCurrentIndex(0 if name == "messages" else 1)
        if name == "text" and not self.exact.toPlainText():
            self.exact.set_text(self._text[:SHOWN])
        self._cut.setVisible(name == "text" and len(self._text) > SHOWN)

    def _show_message(self, index: QModelIndex) -> None:
        self.message.set_text(self._parts[index.row()].text[:SHOWN] if index.isValid() else "")

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.whole())
        self._copied.start()
        self.retranslateUi()
        self.copied.emit(self.whole())

    def _lay_out(self) -> None:
        messages = QWidget(self)
        column = QVBoxLayout(messages)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * STEP)
        column.addWidget(self.list, 3)
        column.addWidget(self.message, 2)
        self.pages.addWidget(messages)
        self.pages.addWidget(self.exact)
        top = QHBoxLayout()
        top.setSpacing(STEP)
        for tab in self.tabs.values():
            top.addWidget(tab)
        top.addStretch(1)
        bottom = QHBoxLayout()
        bottom.setSpacing(2 * STEP)
        bottom.addWidget(self._cut, 1)
        bottom.addStretch(0)
        bottom.addWidget(self.copy_button)
        bottom.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4 * STEP, 3 * STEP, 4 * STEP, 4 * STEP)
        layout.setSpacing(2 * STEP)
        layout.addWidget(self._facts)
        layout.addLayout(top)
        layout.addWidget(self.pages, 1)
        layout.addLayout(bottom)

    def _facts_words(self) -> str:
        number = QLocale().toString
        tokens, limit, context = self._figures
        words = []
        if tokens:
            words.append(self.tr("{tokens} tokens").format(tokens=number(tokens)))
        if limit:
            words.append(self.tr("room for {limit}").format(limit=number(limit)))
        if context:
            words.append(self.tr("the context holds {context}").format(context=number(context)))
        dropped: dict[str, int] = {}
        for part in self._parts:
            if part.dropped:
                dropped[part.section] = dropped.get(part.section, 0) + 1
        words.append(left_out_words(dropped))
        return " · ".join(word for word in words if word)

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.setWindowTitle(self.tr("What would be sent now") if self._coming else self.tr("What was sent"))
        self._facts.setText(self._facts_words())
        self._facts.setVisible(bool(self._facts.text()))
        self.tabs["messages"].setText(self.tr("Messages"))
        self.tabs["text"].setText(self.tr("Exact text"))
        self.list.setAccessibleName(self.tr("Messages in their order"))
        self.message.setAccessibleName(self.tr("The whole message"))
        self.exact.setAccessibleName(self.tr("The exact text"))
        self._cut.setText(self.tr("Only the beginning is shown; all of it is copied."))
        self.copy_button.setText(self.tr("Copied") if self._copied.isActive() else self.tr("Copy all"))
        self.close_button.setText(self.tr("Close"))
        self.list.viewport().update()

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()


class _Parts(QAbstractListModel):
    """The messages; thousands of them cost nothing until they are seen."""

    def __init__(self, parts: Sequence[SentPart], parent: QWidget) -> None:
        super().__init__(parent)
        self._parts = parts

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._parts)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        part = self._parts[index.row()]
        if role == _ROLE:
            return part
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{heading(part)}: {first_words(part.text)}"
        return None


def role_name(role: str) -> str:
    """Who says a message."""
    translate = QCoreApplication.translate
    known = {
        "system": translate("SentDialog", "system"),
        "user": translate("SentDialog", "user"),
        "assistant": translate("SentDialog", "assistant"),
        "tool": translate("SentDialog", "tool"),
    }
    return known.get(role, role[:40])


def heading(part: SentPart) -> str:
    """Section, role and tokens of a message, and whether it was left out."""
    words = [section_name(part.section), role_name(part.role)]
    if part.tokens == 1:
        words.append(QCoreApplication.translate("SentDialog", "1 token"))
    elif part.tokens:
        words.append(QCoreApplication.translate("SentDialog", "{tokens} tokens").format(tokens=QLocale().toString(part.tokens)))
    if part.dropped:
        words.append(QCoreApplication.translate("SentDialog", "left out"))
    return " · ".join(words)


def first_words(text: str) -> str:
    """The beginning of a message in one line."""
    return " ".join(text[:SHOWN_IN_ROW].split())


class _PartDelegate(QStyledItemDelegate):
    """A bar in the section's colour, the heading, and the first words; struck through where it was left out."""

    def __init__(self, view: QListView) -> None:
        super().__init__(view)
        self._view = view
        theme_signals().changed.connect(view.viewport().update)

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(100, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        part: SentPart = index.data(_ROLE)
        look = theme()
        area = option.rect.adjusted(0, 0, 0, -2)
        painter.save()
        chosen = index.row() == self._view.currentIndex().row()
        painter.fillRect(area, look.color("hover" if chosen else "wash"))
        painter.fillRect(area.left(), area.top(), STEP, area.height(), section_color(part.section))
        if chosen and self._view.hasFocus():
            painter.setPen(look.color("accent"))
            painter.drawRect(area.adjusted(0, 0, -1, -1))
        words = area.adjusted(4 * STEP, STEP, -2 * STEP, -STEP)
        painter.setPen(look.color("ink.soft"))
        painter.setFont(ui_font(9))
        above = painter.fontMetrics().elidedText(heading(part), Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, above)
        font = QFont(ui_font())
        font.setStrikeOut(part.dropped)
        painter.setFont(font)
        painter.setPen(look.color("ink.soft" if part.dropped else "ink"))
        line = painter.fontMetrics().elidedText(first_words(part.text), Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, line)
        painter.restore()
