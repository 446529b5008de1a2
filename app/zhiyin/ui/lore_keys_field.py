"""A field for keys: each is a chip, what is typed becomes one at a comma, Chinese or not."""

import re
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QWidget

from zhiyin.ui.icons import paint_icon
from zhiyin.ui.theme import STEP, theme, theme_signals, ui_font
from zhiyin.ui.tokens import RADIUS
from zhiyin.ui.tooltip import plain_tooltip

CHIP_HEIGHT = 26
CROSS = 10
MOST_SHOWN = 200  # chips; a key list from elsewhere may have any length
LONGEST_KEY = 2_000
LEAST_EDIT = 80
_SEPARATOR = re.compile(r"(?<!\\)[,，、\n]")


def split_keys(text: str) -> tuple[str, ...]:
    """The keys in a line: apart at commas of either kind, at 、 and at line ends; ``\\,`` is a comma inside a key."""
    if text.lstrip().startswith("/"):  # a pattern of its own, where commas are no separators
        return (text.strip(),)
    parts = (part.strip().replace("\\,", ",").replace("\\，", "，") for part in _SEPARATOR.split(text))
    return tuple(part for part in parts if part)


class KeysField(QWidget):
    """Shows keys as chips in flowing lines, with a place to type at the end."""

    changed = Signal(object)  # tuple[str, ...]

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keys: tuple[str, ...] = ()
        self._chips: list[QRect] = []
        self._whole = False
        self._opened = False  # what is typed was a chip before: it is not split
        self._name = ""
        self._placeholder = ""
        self._more = QRect()
        self.editor = QLineEdit(self)
        self.editor.setProperty("bare", "true")
        self.editor.setFrame(False)
        self.editor.setStyleSheet("QLineEdit { border: none; background: transparent; padding: 0; }")
        self.editor.setMaxLength(LONGEST_KEY)
        self.editor.installEventFilter(self)
        self.editor.textEdited.connect(self._typed)
        self.setFocusProxy(self.editor)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        self.setMouseTracking(True)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme_signals().changed.connect(self.update)

    # ------------------------------------------------------------ values

    def keys(self) -> tuple[str, ...]:
        """All of them, what is still being typed included."""
        return (*self._keys, *self._pending())

    def set_keys(self, keys: Sequence[str]) -> None:
        """Show these, and forget what was being typed."""
        self.editor.clear()
        self._opened = False
        self._put(tuple(keys))

    def set_whole(self, whole: bool) -> None:  # noqa: FBT001 - a state, as in Qt's setters
        """Whether a line is one key, commas and all, as patterns are."""
        self._whole = whole

    def set_words(self, name: str, placeholder: str, hint: str) -> None:
        """What it is, and what stands there while it is empty."""
        self._name = name
        self.editor.setPlaceholderText(placeholder if not self._keys else "")
        self._placeholder = placeholder
        self.setToolTip(hint)
        self._say()

    def commit(self) -> None:
        """Let what is being typed become a key."""
        fresh = self._pending()
        self._opened = False
        if self.editor.text():
            self.editor.clear()
        if fresh:
            self._put((*self._keys, *fresh))
            self.changed.emit(self._keys)

    def _pending(self) -> tuple[str, ...]:
        text = self.editor.text()
        if self._whole or self._opened:
            text = text.strip()
            return (text,) if text else ()
        return split_keys(text)

    def _put(self, keys: tuple[str, ...]) -> None:
        self._keys = tuple(dict.fromkeys(keys))
        self.editor.setPlaceholderText("" if self._keys else self._placeholder)
        self._arrange()
        self.updateGeometry()
        self.update()
        self._say()

    def _say(self) -> None:
        self.editor.setAccessibleName(self._name)
        self.editor.setAccessibleDescription(", ".join(self._keys[:MOST_SHOWN]))

    # ------------------------------------------------------------ typing

    def _typed(self, text: str) -> None:
        """A comma ends a key; what was typed so far is told as well, so that nothing waits for one."""
        if not self._whole and not self._opened and not text.lstrip().startswith("/") and _SEPARATOR.search(text):
            self.commit()
        else:
            self.changed.emit(self.keys())

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """Enter ends a key, Backspace at the beginning takes the last one up again."""
        if watched is self.editor and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.editor.text():
                self.commit()
                return True
            if event.key() == Qt.Key.Key_Backspace and not self.editor.text() and self._keys:
                self._open(len(self._keys) - 1)
                return True
        if watched is self.editor and event.type() in (QEvent.Type.FocusOut, QEvent.Type.FocusIn):
            if event.type() == QEvent.Type.FocusOut:
                self.commit()
            self.update()
        return super().eventFilter(watched, event)  # type: ignore[arg-type]

    def _open(self, place: int) -> None:
        """Type on at a key."""
        self.commit()
        key = self._keys[place]
        self._put(self._keys[:place] + self._keys[place + 1 :])
        self.editor.setText(key)
        self._opened = True
        self.editor.setFocus()

    def remove(self, place: int) -> None:
        """Take one away."""
        self._put(self._keys[:place] + self._keys[place + 1 :])
        self.changed.emit(self.keys())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A cross takes a key away, the key itself is typed on at."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        at = event.position().toPoint()
        place = next((number for number, chip in enumerate(self._chips) if chip.contains(at)), None)
        if place is None:
            self.editor.setFocus()
        elif at.x() >= self._chips[place].right() - CROSS - 2 * STEP:
            self.remove(place)
        else:
            self._open(place)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """A hand over what can be pressed; a key that had to be shortened is shown whole."""
        at = event.position().toPoint()
        place = next((number for number, chip in enumerate(self._chips) if chip.contains(at)), None)
        self.setCursor(Qt.CursorShape.PointingHandCursor if place is not None else Qt.CursorShape.IBeamCursor)
        tip = plain_tooltip(self._keys[place][:300]) if place is not None and self._shown(place) != self._keys[place] else ""
        if tip:
            self.setToolTip(tip)

    # ------------------------------------------------------------ laying out

    def hasHeightForWidth(self) -> bool:
        """More lines where it is narrow."""
        return True

    def heightForWidth(self, width: int) -> int:
        """With all its lines."""
        return self._flow(width)[2]

    def sizeHint(self) -> QSize:
        """At its width of the moment."""
        return QSize(160, self.heightForWidth(max(160, self.width())))

    def minimumSizeHint(self) -> QSize:
        """A key and a little room to type."""
        return QSize(120, self.heightForWidth(max(120, self.width())))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Flow anew."""
        super().resizeEvent(event)
        self._arrange()
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def _arrange(self) -> None:
        self._chips, edit, height = self._flow(self.width())
        self.editor.setGeometry(edit)
        self.setFixedHeight(height)

    def _shown(self, place: int) -> str:
        key = " ".join(self._keys[place][:300].split())
        room = max(40, self.width() - 12 * STEP - CROSS)
        return self.fontMetrics().elidedText(key, Qt.TextElideMode.ElideRight, room)

    def _flow(self, width: int) -> tuple[list[QRect], QRect, int]:
        """The chips, the place to type, the height."""
        inner, left, top = width - 2 * STEP, STEP + 1, STEP + 1
        x, y = left, top
        chips: list[QRect] = []
        metrics = self.fontMetrics()
        for key in self._keys[:MOST_SHOWN]:
            text = " ".join(key[:300].split())
            wide = min(metrics.horizontalAdvance(text) + 5 * STEP + CROSS, inner - STEP)
            if x > left and x + wide > inner:
                x, y = left, y + CHIP_HEIGHT + STEP
            chips.append(QRect(x, y, wide, CHIP_HEIGHT))
            x += wide + STEP
        hidden = len(self._keys) - len(chips)
        self._more = QRect()
        if hidden > 0:
            self._more = QRect(x, y, metrics.horizontalAdvance(f"+{hidden}") + 2 * STEP, CHIP_HEIGHT)
            x = self._more.right() + STEP
        if x > left and inner - x < LEAST_EDIT:
            x, y = left, y + CHIP_HEIGHT + STEP
        edit = QRect(x + STEP, y, max(40, inner - x - STEP), CHIP_HEIGHT)
        return chips, edit, y + CHIP_HEIGHT + STEP + 1

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The field, and the chips in it."""
        look = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(look.color("accent" if self.editor.hasFocus() else "line"))
        painter.setBrush(look.color("raised"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        for place, chip in enumerate(self._chips):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.color("wash"))
            painter.drawRoundedRect(QRectF(chip), STEP, STEP)
            painter.setPen(look.color("ink"))
            text = chip.adjusted(2 * STEP, 0, -CROSS - 2 * STEP, 0)
            shown = self.fontMetrics().elidedText(" ".join(self._keys[place][:300].split()), Qt.TextElideMode.ElideRight, text.width())
            painter.drawText(text, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), shown)
            cross = QRectF(QPointF(chip.right() - CROSS - STEP, chip.center().y() - CROSS / 2 + 1), QSize(CROSS, CROSS).toSizeF())
            paint_icon(painter, cross, "x", look.color("ink.soft"))
        if not self._more.isNull():
            painter.setFont(ui_font(9.5))
            painter.setPen(look.color("ink.soft"))
            painter.drawText(self._more, int(Qt.AlignmentFlag.AlignCenter), f"+{len(self._keys) - len(self._chips)}")
        painter.end()
