"""What the user thinks of a reply, as the transcript shows it and asks for it."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QGuiApplication, QHideEvent, QTextCursor
from PySide6.QtWidgets import QFrame, QLabel, QMenu, QVBoxLayout, QWidget

from zhiyin.ui.theme import STEP
from zhiyin.ui.transcript.editor import MessageField
from zhiyin.ui.transcript.turn import TurnView

if TYPE_CHECKING:
    from zhiyin.ui.transcript.view import TranscriptView

RATED: Mapping[int, tuple[str, str]] = {1: ("thumbs-up-fill", "jade"), -1: ("thumbs-down-fill", "accent")}
"""A thumb → its icon, and the role of its colour."""
LONGEST_REMARK = 4_000  # characters
POPUP_WIDTH = 80 * STEP


def alternative_words(turn: TurnView) -> str:
    """Which of several alternatives it is, and its place among those that were put in order."""
    which, count = turn.alternative
    if count < 2:
        return ""
    return f"{which}/{count} · #{turn.rank}" if turn.rank is not None else f"{which}/{count}"


def has_more(turn: TurnView) -> bool:
    """Whether there is anything in the menu of a turn."""
    return turn.rateable or turn.has_sent


def add_rating_actions(menu: QMenu, view: "TranscriptView", turn: TurnView) -> None:
    """Add what can be done with a reply besides copying it."""

    def act(name: str) -> Callable[[], None]:
        return lambda: view.act(turn.id, name)

    if not menu.isEmpty() and has_more(turn):
        menu.addSeparator()
    if turn.rateable:
        if turn.alternative[1] > 1:
            menu.addAction(QCoreApplication.translate("TranscriptView", "Rank the alternatives …"), act("rank"))
        menu.addAction(QCoreApplication.translate("TranscriptView", "Note on the rating …"), act("remark"))
    if turn.has_sent:
        menu.addAction(QCoreApplication.translate("TranscriptView", "Show what was sent"), act("sent"))


class RemarkPopup(QFrame):
    """A small field over the transcript. However it is closed, but for Esc, what was written is told by ``written``."""

    written = Signal(int, str)

    def __init__(self, turn: TurnView, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._turn = turn
        self._given_up = False
        self.setObjectName("popup")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._title = QLabel(self)
        self._title.setProperty("tone", "section")
        self.field = MessageField(self)
        self.field.set_text(turn.remark)
        self.field.moveCursor(QTextCursor.MoveOperation.End)
        self.field.setFixedHeight(22 * STEP)
        self.field.accepted.connect(self.close)
        self.field.left.connect(self._give_up)
        self._hint = QLabel(self)
        self._hint.setProperty("tone", "soft")
        self._hint.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * STEP, 2 * STEP, 3 * STEP, 2 * STEP)
        layout.setSpacing(2 * STEP)
        for widget in (self._title, self.field, self._hint):
            layout.addWidget(widget)
        self.setFixedWidth(POPUP_WIDTH)
        self.setFocusProxy(self.field)
        self.retranslateUi()

    def open_at(self, place: QPoint) -> None:
        """Show it with its upper left corner there, as far as the screen allows."""
        self.adjustSize()
        screen = QGuiApplication.screenAt(place)
        area = screen.availableGeometry() if screen is not None else QRect(place, self.size())
        place.setX(max(area.left(), min(place.x(), area.right() - self.width())))
        place.setY(max(area.top(), min(place.y(), area.bottom() - self.height())))
        self.move(place)
        self.show()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self._title.setText(self.tr("Note on the rating"))
        self._hint.setText(self.tr("Enter keeps it, Esc leaves it as it was. It is kept with the rating, and stays here."))
        self.field.setPlaceholderText(self.tr("What is good about it, or what is wrong?"))
        self.field.setAccessibleName(self.tr("Note on the rating"))

    def _give_up(self) -> None:
        self._given_up = True
        self.close()

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def hideEvent(self, event: QHideEvent) -> None:
        """Tell what was written."""
        super().hideEvent(event)
        text = self.field.text().strip()[:LONGEST_REMARK]
        if not self._given_up and text != self._turn.remark:
            self._given_up = True  # told once
            self.written.emit(self._turn.id, text)
