"""The widgets of the view of profiles; ``ProfilesView`` fills them and hears them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from zhiyin.ui.foreign_text import one_line
from zhiyin.ui.form_controls import Switch
from zhiyin.ui.form_row import FormRow, soft_label
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.icons import icon
from zhiyin.ui.notice_label import NoticeLabel
from zhiyin.ui.persona_fields import AvatarButton
from zhiyin.ui.pictures import pictures
from zhiyin.ui.plain_text_field import PlainTextField
from zhiyin.ui.profile_values import SEAL_COLOR, ProfileItem
from zhiyin.ui.theme import STEP, theme, theme_signals, ui_font
from zhiyin.ui.tooltip import plain_tooltip

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from zhiyin.ui.lore_model import Index

SIDE_BY_SIDE = 560  # at this width and above the form stands beside the list
SIDE_WIDTH, WIDE_SIDE = 200, 248
FORM_WIDTH = 640
AVATAR = 32
SMALL = 9.5
LONGEST_NAME = 100
LONGEST_DESCRIPTION = 50_000
ItemRole = Qt.ItemDataRole.UserRole


class ProfilesContent(QWidget):
    """A sentence above; the list with the form of one beside or below it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.explanation = soft_label(self)
        self.notice = NoticeLabel("", self, kind="error")
        self.list = ProfileList(self)
        self.form = ProfileForm(self)
        self.new_button = QPushButton(self)
        self.new_button.setProperty("kind", "row")
        self.new_button.setCursor(Qt.CursorShape.PointingHandCursor)
        self._line = QFrame(self)
        self._line.setProperty("line", True)
        self._side = QWidget(self)
        side = QVBoxLayout(self._side)
        side.setContentsMargins(2 * STEP, 0, STEP, 0)
        side.setSpacing(STEP)
        side.addWidget(self.new_button)
        side.addWidget(self.list, 1)
        above = QVBoxLayout()
        above.setContentsMargins(4 * STEP, STEP, 4 * STEP, 0)
        above.setSpacing(2 * STEP)
        above.addWidget(self.explanation)
        above.addWidget(self.notice)
        self._body = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._body.setSpacing(0)
        self._body.addWidget(self._side)
        self._body.addWidget(self._line)
        self._body.addWidget(self.form, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3 * STEP)
        layout.addLayout(above)
        layout.addLayout(self._body, 1)
        theme_signals().changed.connect(self._draw)
        self.retranslateUi()
        self._draw()
        self.fold()

    def fold(self) -> None:
        """Lay out for the width of the moment."""
        wide = self.width() >= SIDE_BY_SIDE
        some = self.list.count() > 0
        wide = wide and some  # with nothing in it, the button stands below the sentence that explains it
        self._body.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        if wide:
            self._side.setFixedWidth(WIDE_SIDE if self.width() >= 3 * WIDE_SIDE else SIDE_WIDTH)
            self._side.setMaximumHeight(16_777_215)
            self._line.setFixedSize(1, 16_777_215)
            self._line.setMinimumHeight(0)
        else:
            self._side.setMinimumWidth(0)
            self._side.setMaximumWidth(16_777_215)
            rows = min(3, self.list.count())
            self._side.setMaximumHeight(rows * row_height() + self.new_button.sizeHint().height() + 3 * STEP)
            self._line.setFixedSize(16_777_215, 1)
            self._line.setMinimumWidth(0)
        self._line.setVisible(some)
        self.list.setVisible(some)

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.explanation.setText(
            self.tr("A profile is who you are in a conversation: its name stands for {{user}}, and its description is told to the model.")
        )
        self.new_button.setText(self.tr("New profile"))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fold and unfold."""
        super().resizeEvent(event)
        self.fold()

    def _draw(self) -> None:
        self.new_button.setIcon(icon("plus", 16))


class ProfileForm(QScrollArea):
    """Edits one ``ProfileItem``; it announces what is typed and asked for."""

    edited = Signal(str, str)  # name, description
    default_wanted = Signal(bool)
    picture_requested = Signal()
    seal_requested = Signal()
    delete_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._item: ProfileItem | None = None
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        outer = QWidget(self)
        self._inner = inner = QWidget(outer)
        inner.setMaximumWidth(FORM_WIDTH)
        self.avatar = AvatarButton(inner, side=18 * STEP)
        self.name_label, self.description_label = _label(inner), _label(inner)
        self.name = QLineEdit(inner)
        self.name.setMaxLength(LONGEST_NAME)
        self.description = PlainTextField(inner)
        self.description.setTabChangesFocus(True)
        self.description.setMinimumHeight(24 * STEP)
        self.description.setMaximumHeight(60 * STEP)
        self.default = Switch(inner)
        self.default_row = FormRow(self.default, inner)
        self.picture_button, self.seal_button = QPushButton(inner), QPushButton(inner)
        for button in (self.picture_button, self.seal_button):
            button.setProperty("kind", "link")
            button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.delete_button = IconButton("trash", inner, size=18)
        self._lay_out(outer, inner)
        self.setWidget(outer)
        self.name.textEdited.connect(lambda _text: self._tell())
        self.description.textChanged.connect(self._tell)
        self.default.toggled.connect(self._tell_default)
        self.avatar.clicked.connect(self.picture_requested)
        self.picture_button.clicked.connect(self.picture_requested)
        self.seal_button.clicked.connect(self.seal_requested)
        self.delete_button.clicked.connect(self.delete_requested)
        self.retranslateUi()
        self.set_item(None)

    def _lay_out(self, outer: QWidget, inner: QWidget) -> None:
        links = QHBoxLayout()
        links.setSpacing(2 * STEP)
        links.addWidget(self.picture_button)
        links.addWidget(self.seal_button)
        links.addStretch(1)
        named = QVBoxLayout()
        named.setSpacing(STEP)
        named.addWidget(self.name_label)
        named.addWidget(self.name)
        named.addLayout(links)
        top = QHBoxLayout()
        top.setSpacing(4 * STEP)
        top.addWidget(self.avatar, 0, Qt.AlignmentFlag.AlignTop)
        top.addLayout(named, 1)
        top.addWidget(self.delete_button, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(inner)
        column.setContentsMargins(4 * STEP, 2 * STEP, 4 * STEP, 4 * STEP)
        column.setSpacing(STEP)
        column.addLayout(top)
        column.addSpacing(3 * STEP)
        column.addWidget(self.description_label)
        column.addWidget(self.description, 1)
        column.addSpacing(3 * STEP)
        column.addWidget(self.default_row)
        column.addStretch(1)
        line = QHBoxLayout(outer)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(inner, 1000)
        line.addStretch(1)

    def item(self) -> ProfileItem | None:
        """What is shown."""
        return self._item

    def set_item(self, item: ProfileItem | None) -> None:
        """Show a profile without announcing it; None shows nothing."""
        self._item = None
        self._inner.setVisible(item is not None)
        if item is not None:
            blockers = [QSignalBlocker(each) for each in (self.name, self.description, self.default)]
            if self.name.text() != item.name:
                self.name.setText(item.name)
            if self.description.text() != item.description:
                self.description.set_text(item.description)
            self.default.setChecked(item.default)
            del blockers
            self.avatar.set_picture(item.picture, item.seal, SEAL_COLOR)
            self.seal_button.setVisible(bool(item.picture))
        self._item = item

    def _tell(self) -> None:
        if self._item is not None:
            self.edited.emit(self.name.text(), self.description.text()[:LONGEST_DESCRIPTION])

    def _tell_default(self, on: bool) -> None:  # noqa: FBT001 - a signal's value
        if self._item is not None:
            self.default_wanted.emit(on)

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.name_label.setText(self.tr("Name"))
        self.name.setAccessibleName(self.tr("Name"))
        self.name.setPlaceholderText(self.tr("What you are called"))
        self.description_label.setText(self.tr("Description"))
        self.description.setAccessibleName(self.tr("Description"))
        self.description.set_placeholder(self.tr("Who you are, in a few sentences: what the persona may know of you."))
        self.default_row.set_words(self.tr("Default"), self.tr("Who you are where nothing else is chosen."))
        self.picture_button.setText(self.tr("Choose a picture…"))
        self.seal_button.setText(self.tr("Back to the seal"))
        self.avatar.setAccessibleName(self.tr("Choose a picture…"))
        self.avatar.setToolTip(self.tr("Choose a picture…"))
        self.delete_button.set_hint(self.tr("Delete this profile"))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()


class ProfileList(QListWidget):
    """Rows with a picture or seal; it announces what is chosen."""

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
        pictures().arrived.connect(self._on_picture)
        self.setAccessibleName(QCoreApplication.translate("ProfileList", "Profiles"))

    def set_items(self, items: tuple[ProfileItem, ...], chosen: int) -> None:
        """Replace the rows without announcing what is marked."""
        with QSignalBlocker(self):
            if [self.item(row).data(ItemRole).ident for row in range(self.count())] != [item.ident for item in items]:
                self.clear()
                for _ in items:
                    QListWidgetItem(self)
            for number, item in enumerate(items):
                row = self.item(number)
                row.setText(profile_title(item))
                row.setData(ItemRole, item)
                row.setToolTip(plain_tooltip(profile_title(item)))
                row.setData(Qt.ItemDataRole.AccessibleTextRole, ", ".join((profile_title(item), *([usual_text()] if item.default else []))))
                if item.ident == chosen and self.currentRow() != number:
                    self.setCurrentItem(row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete takes a profile away."""
        if event.key() == Qt.Key.Key_Delete:
            self.delete_pressed.emit()
        else:
            super().keyPressEvent(event)

    def _on_picture(self, _picture: str) -> None:
        self.viewport().update()

    def _current_changed(self, now: QListWidgetItem | None, _before: QListWidgetItem | None) -> None:
        item = now.data(ItemRole) if now is not None else None
        if isinstance(item, ProfileItem):
            self.chosen.emit(item.ident)


def profile_title(item: ProfileItem) -> str:
    """A profile's name on one line; one without a name too."""
    return one_line(item.name, 200) or QCoreApplication.translate("ProfileList", "Without a name")


def usual_text() -> str:
    """The mark of the default profile."""
    return QCoreApplication.translate("ProfileList", "default")


def row_height() -> int:
    """Of every row, pixels."""
    return max(AVATAR, QFontMetrics(ui_font()).height() + QFontMetrics(ui_font(SMALL)).height()) + 4 * STEP


class _Delegate(QStyledItemDelegate):
    """The picture, the name with the mark of the default, and how the description begins."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(120, row_height())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        item = index.data(ItemRole)
        if not isinstance(item, ProfileItem):
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
        area = ground.adjusted(2 * STEP, 2 * STEP - 1, -2 * STEP, -2 * STEP + 1)
        pixmap = pictures().pixmap(item.picture, AVATAR, seal=item.seal, color=SEAL_COLOR)
        painter.drawPixmap(round(area.left()), round(area.center().y() - AVATAR / 2), pixmap)
        area.setLeft(area.left() + AVATAR + 3 * STEP)
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        painter.setFont(ui_font(SMALL))
        painter.setPen(look.color("ink.soft"))
        mark = usual_text() if item.default else ""
        painter.drawText(area.adjusted(0, 2, 0, 0), int(right | Qt.AlignmentFlag.AlignTop), mark)
        room = area.width() - (painter.fontMetrics().horizontalAdvance(mark) + 2 * STEP if mark else 0)
        line = one_line(item.description, 200)
        upright = Qt.AlignmentFlag.AlignBottom
        painter.drawText(area, int(left | upright), painter.fontMetrics().elidedText(line, Qt.TextElideMode.ElideRight, int(area.width())))
        painter.setFont(ui_font())
        painter.setPen(look.color("ink"))
        name = painter.fontMetrics().elidedText(profile_title(item), Qt.TextElideMode.ElideRight, int(room))
        painter.drawText(area, int(left | (Qt.AlignmentFlag.AlignTop if line else Qt.AlignmentFlag.AlignVCenter)), name)
        painter.restore()


def _label(parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setProperty("tone", "section")
    return label
