"""A button that is one line icon with a tooltip."""

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QToolButton, QWidget

from zhiyin.ui.icons import icon
from zhiyin.ui.theme import theme_signals


class IconButton(QToolButton):
    """Shows a Phosphor icon in ink-soft (or another role) and follows the theme."""

    def __init__(self, name: str, parent: QWidget | None = None, *, size: int = 20, role: str = "ink.soft") -> None:
        super().__init__(parent)
        self._name = name
        self._role = role
        self.setIconSize(QSize(size, size))
        self.setFixedSize(size + 12, size + 12)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        theme_signals().changed.connect(self._draw)
        self._draw()

    def set_hint(self, text: str, shortcut: QKeySequence | str | None = None) -> None:
        """The tooltip and the accessible name, with the keys that do the same."""
        self.setAccessibleName(text)
        keys = QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText) if shortcut else ""
        self.setToolTip(f"{text} ({keys})" if keys else text)

    def changeEvent(self, event: QEvent) -> None:
        """Drawn anew when the window moves to a screen of another density."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._draw()

    def _draw(self) -> None:
        self.setIcon(icon(self._name, self.iconSize().width(), self._role))
