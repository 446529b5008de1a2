"""What an empty conversation shows: a seal and one line, and under it a few who could answer instead."""

from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from zhiyin.ui.pictures import pictures
from zhiyin.ui.theme import STEP, theme, theme_signals, ui_font
from zhiyin.ui.tooltip import plain_tooltip

SEAL_SIZE = 56
FACE_SIZE = 40
FACE_WIDTH = 84


class Face(Struct, frozen=True):
    """A persona that is suggested."""

    id: int
    name: str
    seal: str = ""
    color: str = ""
    picture: str = ""


class EmptyState(QWidget):
    """Painted in the middle of the room it has; a line of the owner's takes the place of the usual one."""

    persona_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._character = "知"
        self._color = "accent"
        self._picture = ""
        self._name = ""
        self._faces: list[tuple[Face, QToolButton]] = []
        self._row = QWidget(self)
        self._places = QHBoxLayout(self._row)
        self._places.setContentsMargins(0, 0, 0, 0)
        self._places.setSpacing(STEP)
        self.setFont(ui_font(12.5))
        theme_signals().changed.connect(self.update)
        pictures().arrived.connect(self._picture_arrived)
        self.retranslateUi()

    def set_seal(self, character: str, color: str = "accent", *, picture: str = "", name: str = "") -> None:
        """The persona's seal or picture, and its name; "" for the plain assistant."""
        self._character, self._color, self._picture, self._name = character or "知", color, picture, name
        self._arrange()
        self.retranslateUi()

    def set_faces(self, faces: Sequence[Face]) -> None:
        """Who could answer instead; none while a persona has been chosen."""
        if [face for face, _ in self._faces] == list(faces):
            return
        for _, button in self._faces:
            self._places.removeWidget(button)
            button.deleteLater()
        self._faces = [(face, self._button(face)) for face in faces]
        self._draw_faces()
        self._arrange()

    def faces(self) -> list[Face]:
        """Who is suggested."""
        return [face for face, _ in self._faces]

    def _button(self, face: Face) -> QToolButton:
        button = QToolButton(self._row)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setIconSize(QSize(FACE_SIZE, FACE_SIZE))
        button.setFixedWidth(FACE_WIDTH)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        shown = self.fontMetrics().elidedText(face.name, Qt.TextElideMode.ElideRight, FACE_WIDTH - 2 * STEP)
        button.setText(shown.replace("&", "&&"))
        button.setAccessibleName(face.name)
        button.setToolTip(plain_tooltip(face.name) if shown != face.name else "")
        button.clicked.connect(lambda _checked=False, chosen=face.id: self.persona_chosen.emit(chosen))
        self._places.addWidget(button)
        button.show()
        return button

    def _draw_faces(self) -> None:
        for face, button in self._faces:
            button.setIcon(QIcon(pictures().pixmap(face.picture, FACE_SIZE, seal=face.seal, color=face.color)))

    def _arrange(self) -> None:
        """The row stands under the line, as many of it as there is room for."""
        room = max(1, (self.width() - 4 * STEP) // (FACE_WIDTH + STEP))
        for at, (_, button) in enumerate(self._faces):
            button.setVisible(at < room)
        self._row.setFixedWidth(min(room, len(self._faces)) * (FACE_WIDTH + STEP) if self._faces else 0)
        self._row.adjustSize()
        top = round(self._top()) + SEAL_SIZE + 18 * STEP
        self._row.move((self.width() - self._row.width()) // 2, top)
        self._row.setVisible(bool(self._faces) and not self._name and top + self._row.height() <= self.height())

    def _top(self) -> float:
        return max(STEP, self.height() * (0.34 if self._faces else 0.42) - SEAL_SIZE)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The row keeps its place."""
        super().resizeEvent(event)
        self._arrange()

    def _picture_arrived(self, picture: str) -> None:
        if picture == self._picture:
            self.update()
        if any(face.picture == picture for face, _ in self._faces):
            self._draw_faces()

    def line(self) -> str:
        """What is shown below the seal."""
        if self._name:
            return self.tr("Say something, and {name} will answer.").format(name=self._name)
        if self._faces:
            return self.tr("Say something, and it will answer; or choose who does.")
        return self.tr("Say something, and it will answer.")

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.setAccessibleName(self.line())
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The seal a little above the middle, the line below it."""
        painter = QPainter(self)
        look = theme()
        top = self._top()
        drawn = pictures().pixmap(self._picture, SEAL_SIZE, seal=self._character, color=self._color)
        painter.drawPixmap(QRectF((self.width() - SEAL_SIZE) / 2, top, SEAL_SIZE, SEAL_SIZE).topLeft(), drawn)
        painter.setPen(look.color("ink.soft"))
        room = QRectF(4 * STEP, top + SEAL_SIZE + 5 * STEP, self.width() - 8 * STEP, 20 * STEP)
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        painter.drawText(room, int(flags) | int(Qt.TextFlag.TextWordWrap), self.line())
        painter.end()
