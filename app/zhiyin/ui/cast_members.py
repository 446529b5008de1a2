"""The list of those who take part in a conversation: a row for each, to mute, move and remove."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from zhiyin.ui.cast_chip import MUTED
from zhiyin.ui.cast_values import MemberView, PictureOf
from zhiyin.ui.elided_label import ElidedLabel
from zhiyin.ui.foreign_text import isolated, one_line
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.theme import STEP
from zhiyin.ui.tooltip import plain_tooltip

PICTURE = 24


class CastMembers(QWidget):
    """Members in the order in which they speak."""

    changed = Signal(object)  # tuple[MemberView, ...]
    open_requested = Signal(int)

    def __init__(self, picture_of: PictureOf, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture_of = picture_of
        self._members: tuple[MemberView, ...] = ()
        self.rows: list[MemberRow] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)

    def members(self) -> tuple[MemberView, ...]:
        """What is shown."""
        return self._members

    def set_members(self, members: Sequence[MemberView]) -> None:
        """Show these, without announcing them."""
        self._members = tuple(members)
        while len(self.rows) > len(members):
            row = self.rows.pop()
            self._layout.removeWidget(row)
            row.hide()
            row.deleteLater()
        while len(self.rows) < len(members):
            self.rows.append(self._new_row(len(self.rows)))
        for place, (row, member) in enumerate(zip(self.rows, members, strict=True)):
            row.show_member(member, first=place == 0, last=place == len(members) - 1)

    def refresh_pictures(self) -> None:
        """A picture has arrived."""
        for row in self.rows:
            row.picture.update()

    def _new_row(self, place: int) -> MemberRow:
        row = MemberRow(self._picture_of, self)
        row.mute_button.clicked.connect(lambda: self._mute(place))
        row.up_button.clicked.connect(lambda: self._move(place, place - 1))
        row.down_button.clicked.connect(lambda: self._move(place, place + 1))
        row.remove_button.clicked.connect(lambda: self._change([*self._members[:place], *self._members[place + 1 :]]))
        row.name.clicked.connect(lambda: self.open_requested.emit(self._members[place].persona))
        self._layout.addWidget(row)
        return row

    def _mute(self, place: int) -> None:
        one = self._members[place]
        other = MemberView(one.persona, one.name, one.picture, one.seal, one.color, not one.muted)
        self._change([*self._members[:place], other, *self._members[place + 1 :]])

    def _move(self, place: int, to: int) -> None:
        rest = [*self._members[:place], *self._members[place + 1 :]]
        self._change([*rest[:to], self._members[place], *rest[to:]])

    def _change(self, members: Sequence[MemberView]) -> None:
        self.set_members(members)
        self.changed.emit(self._members)


class MemberRow(QWidget):
    """One of them."""

    def __init__(self, picture_of: PictureOf, parent: QWidget) -> None:
        super().__init__(parent)
        self._member = MemberView(0, "")
        self.picture = _Picture(picture_of, self)
        self.name = ElidedLabel(parent=self)
        self.name.setCursor(Qt.CursorShape.PointingHandCursor)
        self.mute_button = IconButton("speaker-high", self, size=16)
        self.muted_button = IconButton("speaker-slash", self, size=16, role="accent")
        self.muted_button.clicked.connect(self.mute_button.click)
        self.up_button = IconButton("caret-up", self, size=12)
        self.down_button = IconButton("caret-down", self, size=12)
        self.remove_button = IconButton("x", self, size=12)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 2, 0, 2)
        row.setSpacing(0)
        row.addWidget(self.picture)
        row.addSpacing(2 * STEP)
        row.addWidget(self.name, 1)
        for button in (self.mute_button, self.muted_button, self.up_button, self.down_button, self.remove_button):
            row.addWidget(button)
        self.retranslateUi()

    def show_member(self, member: MemberView, *, first: bool, last: bool) -> None:
        """Another one, or another place."""
        self._member = member
        self.picture.show_member(member)
        self.name.setText(one_line(member.name))
        self.name.setProperty("tone", "soft" if member.muted else "")
        self.name.style().polish(self.name)
        alone = first and last
        self.mute_button.setVisible(not alone and not member.muted)
        self.muted_button.setVisible(member.muted)
        for button, end in ((self.up_button, first), (self.down_button, last)):
            button.setVisible(not alone)
            button.setEnabled(not end)
        self.retranslateUi()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        name = isolated(one_line(self._member.name, 80))
        for button, text in (
            (self.mute_button, self.tr("Mute {name}")),
            (self.muted_button, self.tr("Let {name} speak again in turn")),
            (self.up_button, self.tr("Move {name} up")),
            (self.down_button, self.tr("Move {name} down")),
            (self.remove_button, self.tr("Remove {name} from this conversation")),
        ):
            _hint(button, text.replace("{name}", name))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()


class _Picture(QWidget):
    def __init__(self, picture_of: PictureOf, parent: QWidget) -> None:
        super().__init__(parent)
        self._picture_of = picture_of
        self._member = MemberView(0, "")
        self.setFixedSize(QSize(PICTURE, PICTURE))

    def show_member(self, member: MemberView) -> None:
        self._member = member
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setOpacity(MUTED if self._member.muted else 1.0)
        pixmap = self._picture_of(self._member.picture, PICTURE, self._member.seal, self._member.color)
        painter.drawPixmap(self.rect(), pixmap)
        painter.end()


def _hint(button: IconButton, text: str) -> None:
    button.setAccessibleName(text)
    button.setToolTip(plain_tooltip(text))
