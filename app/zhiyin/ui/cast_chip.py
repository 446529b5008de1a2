"""A persona in the bar above the composer: its picture and its name, and whether it is its turn."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QWidget

from zhiyin.ui.cast_values import MemberView, PictureOf
from zhiyin.ui.foreign_text import one_line
from zhiyin.ui.icons import paint_icon
from zhiyin.ui.theme import STEP, theme, theme_signals, ui_font
from zhiyin.ui.tooltip import plain_tooltip

PICTURE = 20
HEIGHT = 28
MOST_NAME = 128  # pixels of a name
LONGEST_NAME = 100
MUTED = 0.45


class CastChip(QAbstractButton):
    """Painted; ``compact`` leaves the name to the tooltip."""

    def __init__(self, member: MemberView, picture_of: PictureOf, parent: QWidget) -> None:
        super().__init__(parent)
        self.member = member
        self.following = False
        self.speaking = False
        self._compact = False
        self._picture_of = picture_of
        self.setFont(ui_font(9.5))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFixedHeight(HEIGHT)
        theme_signals().changed.connect(self.update)

    @property
    def compact(self) -> bool:
        """Whether only the picture is shown."""
        return self._compact

    @property
    def name(self) -> str:
        """As it is shown."""
        return one_line(self.member.name, LONGEST_NAME)

    def set_compact(self, compact: bool) -> None:  # noqa: FBT001 - a state, as in Qt's setters
        """With or without the name."""
        self._compact = compact
        self.updateGeometry()
        self.update()

    def show_member(self, member: MemberView, *, following: bool, speaking: bool) -> None:
        """Another state of the same persona."""
        self.member, self.following, self.speaking = member, following, speaking
        self.updateGeometry()
        self.update()

    def set_words(self, name: str, hint: str) -> None:
        """What it is called for those who cannot see it, and its tooltip."""
        self.setAccessibleName(name)
        self.setToolTip(plain_tooltip(hint))

    def width_with(self, *, name: bool) -> int:
        """How wide it is with or without its name."""
        if not name:
            return HEIGHT
        words = min(MOST_NAME, QFontMetrics(self.font()).horizontalAdvance(self.name))
        return STEP + PICTURE + STEP + 2 + words + 2 * STEP + (16 if self.member.muted else 0)

    def sizeHint(self) -> QSize:
        """As wide as its name, up to a bound."""
        return QSize(self.width_with(name=not self._compact), HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """Never narrower."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A pill: washed under the pointer, outlined in cinnabar when it is its turn."""
        look, member = theme(), self.member
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        marked = self.following or self.speaking or self.hasFocus()
        painter.setPen(look.color("accent" if marked else "line"))
        painter.setBrush(look.color("hover" if self.underMouse() else "wash" if self.speaking else "paper"))
        painter.drawRoundedRect(frame, HEIGHT / 2 if not self._compact else 8, HEIGHT / 2 if not self._compact else 8)
        side = (HEIGHT - PICTURE) / 2
        place = QRectF(side, side, PICTURE, PICTURE)
        painter.setOpacity(MUTED if member.muted else 1.0)
        pixmap = self._picture_of(member.picture, PICTURE, member.seal, member.color)
        painter.drawPixmap(place, pixmap, QRectF(pixmap.rect()))
        painter.setOpacity(1.0)
        if not self._compact:
            left = side + PICTURE + STEP + 2
            right = 2 * STEP + (16 if member.muted else 0)
            room = QRectF(left, 0, self.width() - left - right + 1, self.height())
            painter.setPen(look.color("ink.soft" if member.muted else "accent" if self.following else "ink"))
            name = QFontMetrics(self.font()).elidedText(self.name, Qt.TextElideMode.ElideRight, int(room.width()) + 1)
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, name)
        if member.muted and not self._compact:
            paint_icon(painter, QRectF(self.width() - 20, (HEIGHT - 12) / 2, 12, 12), "speaker-slash", look.color("ink.soft"))
        painter.end()
