"""Where a folder is dropped or chosen: a drawn frame with an icon, one sentence and one button."""

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QBoxLayout, QLabel, QPushButton, QSizePolicy, QSpacerItem, QWidget

from zhiyin.ui.icons import paint_icon
from zhiyin.ui.theme import STEP, theme, theme_signals, ui_font
from zhiyin.ui.tokens import RADIUS

ICON_SIZE, SMALL_ICON = 56, 28
LARGE_HEIGHT = 90 * STEP


class DropArea(QWidget):
    """Large while there is nothing else on the page, one line once there is. What is dropped is taken by the window."""

    choose_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._compact = False
        self._hovered = False
        self.heading = QLabel(self)
        self.heading.setFont(ui_font(15))
        self.text = QLabel(self)
        self.text.setProperty("tone", "soft")
        self.button = QPushButton(self)
        self.button.setCursor(Qt.CursorShape.PointingHandCursor)
        for label in (self.heading, self.text):
            label.setWordWrap(True)
        self.heading.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._gaps = [QSpacerItem(0, 0) for _ in range(3)]  # for the icon, between the words, before the button
        self._layout = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._layout.setSpacing(0)
        self._layout.addStretch(2)
        self._layout.addItem(self._gaps[0])
        self._layout.addWidget(self.heading)
        self._layout.addItem(self._gaps[1])
        self._layout.addWidget(self.text)
        self._layout.addItem(self._gaps[2])
        self._layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignCenter)
        self._layout.addStretch(3)
        self.button.clicked.connect(self.choose_requested)
        theme_signals().changed.connect(self.update)
        self.set_compact(False)

    def set_compact(self, compact: bool) -> None:  # noqa: FBT001 - a state, as in Qt's setters
        """Whether something else is on the page."""
        self._compact = compact
        across = QBoxLayout.Direction.LeftToRight
        self._layout.setDirection(across if compact else QBoxLayout.Direction.TopToBottom)
        self.setMinimumHeight(0 if compact else LARGE_HEIGHT)
        tall = QSizePolicy.Policy.Preferred if compact else QSizePolicy.Policy.Expanding
        self.setSizePolicy(QSizePolicy.Policy.Preferred, tall)
        side, end = (5 * STEP, 4 * STEP) if compact else (8 * STEP, 8 * STEP)
        self._layout.setContentsMargins(side, 4 * STEP, end, 4 * STEP)
        sizes = (
            ((SMALL_ICON + 3 * STEP, 0), (0, 0), (4 * STEP, 0)) if compact else ((0, ICON_SIZE + 4 * STEP), (0, 2 * STEP), (0, 6 * STEP))
        )
        for gap, (width, height) in zip(self._gaps, sizes, strict=True):
            gap.changeSize(width, height)
        for place, stretch in ((0, 2), (4, 0), (7, 3)):
            self._layout.setStretch(place, (place == 4) if compact else stretch)
        self.heading.setVisible(not compact)
        self.text.setAlignment(Qt.AlignmentFlag.AlignVCenter if compact else Qt.AlignmentFlag.AlignHCenter)
        self.button.setProperty("kind", "" if compact else "primary")
        self.button.style().polish(self.button)
        self._layout.invalidate()
        self.retranslateUi()

    def set_hovered(self, hovered: bool) -> None:  # noqa: FBT001 - the same
        """Whether something that can be dropped is over the window."""
        if hovered != self._hovered:
            self._hovered = hovered
            self.update()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.heading.setText(self.tr("Bring your own fine-tune"))
        if self._compact:
            self.text.setText(self.tr("Drop the folder of another checkpoint here."))
        else:
            self.text.setText(
                self.tr(
                    "Drop the folder of a checkpoint here, and it becomes one file that you can chat with. Nothing leaves this machine."
                )
            )
        self.button.setText(self.tr("Choose a folder…"))
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A dashed frame with a folder in it."""
        look = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(look.color("accent" if self._hovered else "ink.faint"), 1.2, Qt.PenStyle.CustomDashLine)
        pen.setDashPattern([5, 4])
        painter.setPen(pen)
        painter.setBrush(look.color("wash") if self._hovered else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 2 * RADIUS, 2 * RADIUS)
        if self._compact:
            place = QRectF(5 * STEP, (self.height() - SMALL_ICON) / 2, SMALL_ICON, SMALL_ICON)
        else:
            top = self.heading.geometry().top() - 4 * STEP - ICON_SIZE
            place = QRectF((self.width() - ICON_SIZE) / 2, top, ICON_SIZE, ICON_SIZE)
        paint_icon(painter, place, "folder-notch-open", look.color("accent"))
        painter.end()
