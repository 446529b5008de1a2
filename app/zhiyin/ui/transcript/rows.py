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


def is_cut(turn: TurnView) -> bool:
    """Whether a reply ended before its end, so that it can be continued."""
    return (
        turn.role == "assistant"
        and bool(turn.text.strip())
        and (turn.state in CUT or (turn.state == "complete" and "continue" in turn.actions))
    )


class ActionRow(QWidget):
    """The actions of one turn: alternatives, copy, edit, regenerate, continue, answer; at the right, the figures."""

    triggered = Signal(int, str)  # turn id; copy, edit, regenerate, continue, answer, previous, next

    def __init__(self, turn: TurnView, parent: QWidget) -> None:
        super().__init__(parent)
        self.turn = turn
        self._busy = self._unanswered = False
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        self._previous = self._button("caret-left", "previous")
        self._count = QLabel(self)
        self._count.setProperty("tone", "soft")
        self._next = self._button("caret-right", "next")
        self._copy = self._button("copy", "copy")
        self._edit = self._button("pencil-simple", "edit")
        self._regenerate = self._button("arrows-clockwise", "regenerate")
        self._fold = self._button("caret-down", "fold")
        self._good = self._button("thumbs-up", "good")
        self._bad = self._button("thumbs-down", "bad")
        for thumb in (self._good, self._bad):
            thumb.setCheckable(True)
        self._remark = self._button("note-pencil", "remark")
        self._more = self._button("dots-three", "more")
        self._continue = self._button("arrow-line-down", "continue", worded=True)
        self._answer = self._button("arrow-bend-down-right", "answer", worded=True)
        self._copied = QTimer(self)
        self._copied.setSingleShot(True)
        self._copied.setInterval(COPIED_MS)
        self._copied.timeout.connect(self._copy_again)
        self._caption = ElidedLabel(parent=self)
        self._caption.setProperty("tone", "soft")
        self._caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._caption.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for widget in (self._previous, self._count, self._next, *self._every()[2:]):
            layout.addWidget(widget)
        layout.addWidget(self._caption, 1)
        self.set_turn(turn)

    def _every(self) -> list[QToolButton]:
        return [
            self._previous, self._next, self._fold, self._copy, self._edit, self._regenerate, self._good, self._bad, self._remark,
            self._more, self._continue, self._answer,
        ]  # fmt: skip

    def _button(self, symbol: str, action: str, *, worded: bool = False) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(action)
        button.setProperty("symbol", symbol)
        button.setIcon(icon(symbol, 16))
        button.setAutoRaise(True)
        button.setFixedHeight(28)
        if worded:
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        else:
            button.setFixedWidth(28)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: self._trigger(action))
        return button

    def _trigger(self, action: str) -> None:
        self._show_rating()  # a thumb is down when that is stored, and not before
        self.triggered.emit(self.turn.id, action)

    def _show_rating(self) -> None:
        turn = self.turn
        for button, thumb in ((self._good, 1), (self._bad, -1)):
            rated = turn.thumb == thumb
            symbol, role = RATED[thumb] if rated else (RATED[thumb][0].removesuffix("-fill"), "ink.soft")
            button.setVisible(turn.rateable)
            button.setChecked(rated)
            button.setProperty("symbol", symbol)
            button.setIcon(icon(symbol, 16, role))
        self._remark.setVisible(turn.rateable and bool(turn.thumb or turn.rank or turn.remark))
        self._more.setVisible(has_more(turn))
        self._fold.setVisible(turn.role == "summary")

    def set_turn(self, turn: TurnView, *, busy: bool = False, unanswered: bool = False) -> None:
        """Show what this turn allows; ``busy``: a reply is being written, ``unanswered``: nothing follows what the user said."""
        self.turn, self._busy, self._unanswered = turn, busy, unanswered
        which, count = turn.alternative
        several = count > 1
        for widget in (self._previous, self._count, self._next):
            widget.setVisible(several)
        self._count.setText(alternative_words(turn))
        self._show_rating()
        self._previous.setEnabled(which > 1 and not busy)
        self._next.setEnabled(which < count and not busy)
        self._regenerate.setEnabled(not busy)
        self._continue.setEnabled(not busy)
        reply = turn.role == "assistant"
        noted = needs_note(turn)  # the sentence has these beside it already
        self._regenerate.setVisible(reply and not noted)
        self._continue.setVisible(is_cut(turn) and not noted)
        self._answer.setVisible(unanswered and not busy)
        self._copy.setVisible(bool(turn.text))
        self._edit.setVisible(turn.role == "user" or bool(turn.text))
        self._caption.setText(turn.caption)
        self._caption.setToolTip(plain_tooltip(turn.caption))
        self.retranslateUi()

    def place_of(self, name: str) -> QPoint:
        """The lower left corner of a button."""
        button = next(button for button in self._every() if button.objectName() == name)
        return button.geometry().bottomLeft()

    def shows(self, turn: TurnView, *, busy: bool, unanswered: bool) -> bool:
        """Whether this is what it shows already."""
        return (self.turn, self._busy, self._unanswered) == (turn, busy, unanswered)

    def show_copied(self) -> None:
        """Confirm for a moment that the text was copied."""
        self._copied.start()
        self._show_copy("check")

    def _copy_again(self) -> None:
        self._show_copy("copy")

    def _show_copy(self, symbol: str) -> None:
        self._copy.setProperty("symbol", symbol)
        self._copy.setIcon(icon(symbol, 16))
        self.retranslateUi()

    def retranslateUi(self) -> None:
        """Name the buttons in the language in force."""
        for button, text in (
            (self._previous, self.tr("Previous alternative")),
            (self._next, self.tr("Next alternative")),
            (self._copy, self.tr("Copied") if self._copied.isActive() else self.tr("Copy")),
            (self._edit, self._edit_words()),
            (self._fold, self.tr("Show or hide the summary")),
            (self._good, self.tr("A good reply")),
            (self._bad, self.tr("A bad reply")),
            (self._remark, self.tr("Note on the rating")),
            (self._more, self.tr("More")),
            (self._regenerate, self.tr("Regenerate")),
            (self._continue, self.tr("Continue")),
            (self._answer, self.tr("Answer")),
        ):
            button.setText(text)
            button.setAccessibleName(text)
            waits = self._busy and button.objectName() in NEED_QUIET
            button.setToolTip(busy_words() if waits else text)
        if self.turn.remark:
            self._remark.setToolTip(plain_tooltip(self.turn.remark))

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
        for button in self.buttons(visible=False):
            button.setIcon(icon(str(button.property("symbol")), 16))
        self._show_rating()

    def buttons(self, *, visible: bool = True) -> list[QToolButton]:
        """The buttons in their order, those that can be used now."""
        return [button for button in self._every() if not visible or (not button.isHidden() and button.isEnabled())]

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
