"""What stands under a turn: its actions, which show where one points or tabs to, and a quiet sentence when something is to be said."""

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from zhiyin.ui.elided_label import ElidedLabel
from zhiyin.ui.icons import icon
from zhiyin.ui.tooltip import plain_tooltip
from zhiyin.ui.transcript.rating import RATED, alternative_words, has_more
from zhiyin.ui.transcript.turn import TurnView

CUT = ("stopped", "interrupted", "failed")
COPIED_MS = 1200
NEED_QUIET = frozenset({"regenerate", "continue", "answer", "previous", "next"})
"""Actions that wait until no reply is being written in the conversation."""


SYMBOLS = {
    "previous": "caret-left",
    "next": "caret-right",
    "fold": "caret-down",
    "copy": "copy",
    "edit": "pencil-simple",
    "regenerate": "arrows-clockwise",
    "good": "thumbs-up",
    "bad": "thumbs-down",
    "remark": "note-pencil",
    "more": "dots-three",
    "continue": "arrow-line-down",
    "answer": "arrow-bend-down-right",
}
"""The actions of a turn in their order, with their icons."""
WORDED = frozenset({"continue", "answer"})
THUMBS = {"good": 1, "bad": -1}


def is_cut(turn: TurnView) -> bool:
    """Whether a reply ended before its end, so that it can be continued."""
    return (
        turn.role == "assistant"
        and bool(turn.text.strip())
        and (turn.state in CUT or (turn.state == "complete" and "continue" in turn.actions))
    )


class ActionRow(QWidget):
    """The actions of one turn: alternatives, copy, edit, regenerate, ratings, continue, answer; at the right, the figures.

    A button is made when it is first needed: a row has to be there between two frames, and most turns allow half of them.
    """

    triggered = Signal(int, str)  # turn id; a name of SYMBOLS

    def __init__(self, turn: TurnView, parent: QWidget) -> None:
        super().__init__(parent)
        self.turn = turn
        self._busy = self._unanswered = False
        self._made: dict[str, QToolButton] = {}
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(2)
        self._count = QLabel(self)
        self._count.setProperty("tone", "soft")
        self._copied = QTimer(self)
        self._copied.setSingleShot(True)
        self._copied.setInterval(COPIED_MS)
        self._copied.timeout.connect(self._draw_buttons)
        self._caption = ElidedLabel(parent=self)
        self._caption.setProperty("tone", "soft")
        self._caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._caption.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._layout.addWidget(self._count)
        self._layout.addWidget(self._caption, 1)
        self.set_turn(turn)

    def _offered(self) -> set[str]:
        """The names of the actions that the turn allows."""
        turn = self.turn
        cut, noted = is_cut(turn), needs_note(turn)  # the sentence has some beside it already
        several = turn.alternative[1] > 1
        conditions = {
            "previous": several,
            "next": several,
            "fold": turn.role == "summary",
            "copy": bool(turn.text),
            "edit": turn.role == "user" or bool(turn.text),
            "regenerate": turn.role == "assistant" and turn.renewable and not noted,
            "good": turn.rateable,
            "bad": turn.rateable,
            "remark": turn.rateable and bool(turn.thumb or turn.rank or turn.remark),
            "more": has_more(turn),
            "continue": cut and not noted,
            "answer": self._unanswered and not self._busy,
        }
        return {name for name, offered in conditions.items() if offered}

    def _make(self, name: str) -> QToolButton:
        button = self._made[name] = QToolButton(self)
        button.setObjectName(name)
        button.setAutoRaise(True)
        button.setFixedHeight(28)
        if name in WORDED:
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        else:
            button.setFixedWidth(28)
        button.setCheckable(name in THUMBS)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: self._trigger(name))
        order = list(SYMBOLS)
        before = sum(order.index(made) < order.index(name) for made in self._made)
        self._layout.insertWidget(before + (name != "previous"), button)  # the count stands behind the first
        return button

    def _trigger(self, name: str) -> None:
        self._draw_buttons()  # a thumb is down when that is stored, and not before
        self.triggered.emit(self.turn.id, name)

    def set_turn(self, turn: TurnView, *, busy: bool = False, unanswered: bool = False) -> None:
        """Show what this turn allows; ``busy``: a reply is being written, ``unanswered``: nothing follows what the user said."""
        self.turn, self._busy, self._unanswered = turn, busy, unanswered
        which, count = turn.alternative
        offered = self._offered()
        for name in SYMBOLS:
            if name in offered:
                button = self._made.get(name) or self._make(name)
                able = {"previous": which > 1, "next": which < count}.get(name, True)
                button.setEnabled(able and not (busy and name in NEED_QUIET))
                button.setVisible(True)
            elif name in self._made:
                self._made[name].setVisible(False)
        self._count.setVisible(count > 1)
        self._count.setText(alternative_words(turn))
        self._caption.setText(turn.caption)
        self._caption.setToolTip(plain_tooltip(turn.caption))
        self._draw_buttons()

    def _draw_buttons(self, *, anew: bool = False) -> None:
        """Icons and words as they are now; ``anew``: the theme is another."""
        for name, button in self._made.items():
            symbol, role = SYMBOLS[name], "ink.soft"
            if name in THUMBS:
                rated = self.turn.thumb == THUMBS[name]
                button.setChecked(rated)
                if rated:
                    symbol, role = RATED[THUMBS[name]]
            elif name == "copy" and self._copied.isActive():
                symbol = "check"
            if anew or button.property("symbol") != symbol:
                button.setProperty("symbol", symbol)
                button.setIcon(icon(symbol, 16, role))
        self.retranslateUi()

    def place_of(self, name: str) -> QPoint:
        """The lower left corner of a button."""
        button = self._made.get(name)
        return button.geometry().bottomLeft() if button is not None else QPoint()

    def shows(self, turn: TurnView, *, busy: bool, unanswered: bool) -> bool:
        """Whether this is what it shows already."""
        return (self.turn, self._busy, self._unanswered) == (turn, busy, unanswered)

    def show_copied(self) -> None:
        """Confirm for a moment that the text was copied."""
        self._copied.start()
        self._draw_buttons()

    def retranslateUi(self) -> None:
        """Name the buttons in the language in force."""
        words = self._words()
        for name, button in self._made.items():
            text = words[name]
            if button.text() != text:
                button.setText(text)
                button.setAccessibleName(text)
            waits = self._busy and name in NEED_QUIET
            said = plain_tooltip(self.turn.remark) if name == "remark" and self.turn.remark else text
            button.setToolTip(busy_words() if waits else said)

    def _words(self) -> dict[str, str]:
        return {
            "previous": self.tr("Previous alternative"),
            "next": self.tr("Next alternative"),
            "copy": self.tr("Copied") if self._copied.isActive() else self.tr("Copy"),
            "edit": self._edit_words(),
            "fold": self.tr("Show or hide the summary"),
            "good": self.tr("A good reply"),
            "bad": self.tr("A bad reply"),
            "remark": self.tr("Note on the rating"),
            "more": self.tr("More"),
            "regenerate": self.tr("Regenerate"),
            "continue": self.tr("Continue"),
            "answer": self.tr("Answer"),
        }

    def _edit_words(self) -> str:
        match self.turn.role:
            case "assistant":
                return self.tr("Edit this reply")
            case "summary":
                return self.tr("Edit the summary")
            case _:
                return self.tr("Edit and send again")

    def refresh_icons(self) -> None:
        """Draw the icons in the theme in force."""
        self._draw_buttons(anew=True)

    def buttons(self) -> list[QToolButton]:
        """The buttons in their order, those that can be used now."""
        made = (self._made[name] for name in SYMBOLS if name in self._made)
        return [button for button in made if not button.isHidden() and button.isEnabled()]

    def changeEvent(self, event: QEvent) -> None:
        """Follow the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()
        super().changeEvent(event)


class NoteRow(QWidget):
    """A quiet sentence under a turn, and what can be done about it."""

    triggered = Signal(int, str)  # turn id; cancel, continue, regenerate, or an action of the error

    def __init__(self, turn: TurnView, parent: QWidget) -> None:
        super().__init__(parent)
        self.turn = turn
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(4)
        self._sentence = QLabel(self)
        self._sentence.setWordWrap(True)
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        self._sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(self._sentence)
        self._actions = QHBoxLayout()
        self._actions.setSpacing(8)
        column.addLayout(self._actions)
        self._buttons: list[QPushButton] = []
        self._busy = False
        self.set_turn(turn)

    def set_turn(self, turn: TurnView, *, busy: bool = False) -> None:
        """Say what is to be said of a turn; ``busy``: a reply is being written in this conversation."""
        self.turn, self._busy = turn, busy
        self._sentence.setText(self._text(turn))
        self._sentence.setProperty("tone", "error" if turn.state == "failed" else "soft")
        self._sentence.style().polish(self._sentence)
        actions = self._offered(turn)
        if [button.objectName() for button in self._buttons] != actions:
            for button in self._buttons:
                self._actions.removeWidget(button)
                button.hide()
                button.deleteLater()
            while self._actions.count():
                self._actions.takeAt(0)
            self._buttons = [self._button(action) for action in actions]
            for button in self._buttons:
                self._actions.addWidget(button)
            self._actions.addStretch(1)
        for button in self._buttons:
            action = button.objectName()
            waits = busy and action in NEED_QUIET
            button.setText(self._label(action))
            button.setEnabled(not waits)
            button.setToolTip(busy_words() if waits else "")

    def shows(self, turn: TurnView, *, busy: bool) -> bool:
        """Whether this is what it shows already."""
        return (self.turn, self._busy) == (turn, busy)

    def _button(self, action: str) -> QPushButton:
        button = QPushButton(self)
        button.setObjectName(action)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: self.triggered.emit(self.turn.id, action))
        return button

    @staticmethod
    def _offered(turn: TurnView) -> list[str]:
        if turn.state == "queued":
            return ["cancel"]
        offered = sorted(turn.actions - {"continue", "regenerate"})
        if is_cut(turn):
            offered.append("continue")
        if turn.role == "assistant" and turn.state in CUT:
            offered.append("regenerate")
        return offered

    def _text(self, turn: TurnView) -> str:
        match turn.state:
            case "queued":
                return turn.caption or self.tr("Waiting for another reply to finish …")
            case "stopped":
                return turn.error or self.tr("You stopped this reply.")
            case "interrupted":
                return turn.error or self.tr("This reply was interrupted. What had been written is kept.")
            case "failed":
                return turn.error or self.tr("This reply failed.")
            case _:
                return turn.error

    def _label(self, action: str) -> str:
        known = {
            "cancel": self.tr("Cancel"),
            "continue": self.tr("Continue"),
            "regenerate": self.tr("Regenerate"),
            "reload": self.tr("Load the model again"),
            "choose_model": self.tr("Choose a model"),
            "settings": self.tr("Settings"),
        }
        return known.get(action, action)

    def buttons(self) -> list[QPushButton]:
        """The buttons in their order, those that can be used now."""
        return [button for button in self._buttons if button.isEnabled()]

    def changeEvent(self, event: QEvent) -> None:
        """Follow the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.set_turn(self.turn, busy=self._busy)
        super().changeEvent(event)


def busy_words() -> str:
    """Why something has to wait."""
    return QCoreApplication.translate("TranscriptView", "A reply is being written in this conversation.")


def needs_note(turn: TurnView) -> bool:
    """Whether a sentence stands under a turn."""
    return turn.role != "notice" and (turn.state in (*CUT, "queued") or bool(turn.error))
