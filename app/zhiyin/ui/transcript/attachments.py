"""Widgets that lie on the painted turns: rows of actions, sentences with buttons, and the editor; only where they are seen."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, Qt, QTimer
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu, QWidget

from zhiyin.ui.transcript.editor import TurnEditor
from zhiyin.ui.transcript.rating import RemarkPopup, add_rating_actions
from zhiyin.ui.transcript.rows import NEED_QUIET, ActionRow, NoteRow, needs_note
from zhiyin.ui.transcript.stack import FOOTER, WAITING, WASH, Entry
from zhiyin.ui.transcript.turn import TurnView

if TYPE_CHECKING:
    from zhiyin.ui.transcript.view import TranscriptView

ANSWER_AFTER_MS = 700
"""How long what the user said waits for its reply before an answer is offered."""


def has_actions(turn: TurnView) -> bool:
    """Whether a turn can be acted upon now."""
    return turn.role != "notice" and turn.state not in ("growing", "queued")


class Attachments:
    """The widgets of one view."""

    def __init__(self, view: "TranscriptView") -> None:
        self._view = view
        self._rows: dict[int, ActionRow] = {}
        self._notes: dict[int, NoteRow] = {}
        self.editor: TurnEditor | None = None
        self._unfinished: dict[int, str] = {}  # by turn id: what was typed into an editor that other turns took the place of
        self._busy = False
        self._last = -1  # the id of the last turn
        self._young = -1  # the id of what the user said just now: a reply to it is on its way
        self._grown = QTimer(view)
        self._grown.setSingleShot(True)
        self._grown.setInterval(ANSWER_AFTER_MS)
        self._grown.timeout.connect(self._grow_up)
        self.hovered = -1  # turn id

    # ------------------------------------------------------------ which there are

    def clear(self) -> None:
        """Take all of them away: other turns are shown."""
        for widget in (*self._rows.values(), *self._notes.values()):
            widget.hide()
            widget.deleteLater()
        self._rows.clear()
        self._notes.clear()
        self.hovered = -1
        self.leave_editor()

    def has_row(self, turn_id: int) -> bool:
        """Whether a turn's actions are shown."""
        return turn_id in self._rows

    def turn_changed(self, turn: TurnView) -> None:
        """Show what a turn allows now."""
        if row := self._rows.get(turn.id):
            self._show_row(row, turn)
        if note := self._notes.get(turn.id):
            note.set_turn(turn, busy=self._busy)
        self._check_editor()

    def turns_changed(self) -> None:
        """Other turns may be shown: an editor whose turn is gone closes, and what was typed into it is kept."""
        self.turn_added()
        if self.editor and self._view.stack.index(self.editor.turn.id) < 0:
            self.leave_editor()
        self._check_editor()

    def turn_added(self) -> None:
        """Perhaps another turn is the last one now; one of the user's is probably about to be answered."""
        entries = self._view.stack.entries
        last = entries[-1].turn if entries else None
        if last is None or last.id != self._last:
            self._last = last.id if last else -1
            self._young = last.id if last and last.role == "user" else -1
            self._grown.start()

    def _grow_up(self) -> None:
        self._young = -1
        self.place()

    def set_busy(self, busy: bool) -> None:  # noqa: FBT001 - a state, as in Qt's setters
        """While a reply is being written, what would need another one waits."""
        if busy == self._busy:
            return
        self._busy = busy
        focused = _focused()
        if busy and focused and focused.objectName() in NEED_QUIET and self._view.viewport().isAncestorOf(focused):
            self._view.setFocus(Qt.FocusReason.OtherFocusReason)
        for note in self._notes.values():
            note.set_turn(note.turn, busy=busy)
        for row in self._rows.values():
            self._show_row(row, row.turn)
        self._check_editor()

    def _show_row(self, row: ActionRow, turn: TurnView) -> None:
        last = self._view.stack.entries[-1].turn
        unanswered = turn.role == "user" and turn.id == last.id != self._young
        if not row.shows(turn, busy=self._busy, unanswered=unanswered):
            row.set_turn(turn, busy=self._busy, unanswered=unanswered)

    def _check_editor(self) -> None:
        if self.editor is None:
            return
        index = self._view.stack.index(self.editor.turn.id)
        grows = index >= 0 and not has_actions(self._view.stack.entries[index].turn)
        self.editor.set_waiting(grows or (self._busy and self.editor.turn.role == "user"))

    def show_copied(self, turn_id: int) -> None:
        """Confirm that a turn was copied."""
        if row := self._rows.get(turn_id):
            row.show_copied()

    def restyle(self) -> None:
        """Take over a new theme."""
        for row in self._rows.values():
            row.refresh_icons()
        if self.editor:
            self.editor.field.setFont(self._view.reading.body)

    def _wanted_rows(self) -> set[int]:
        entries = self._view.stack.entries
        wanted = {self.hovered} | {turn_id for turn_id, row in self._rows.items() if (focused := _focused()) and row.isAncestorOf(focused)}
        if entries:
            wanted.add(entries[-1].turn.id)
        return wanted

    def measure(self) -> bool:
        """Make the sentences and the editor of the turns that are seen and take their heights over; True if one changed."""
        view, changed = self._view, False
        for index in view.visible():
            entry = view.stack.entries[index]
            height = self._note_height(entry)
            editor = self.editor.wanted_height(max(view.viewport().height() - 160, 120)) if self._edits(entry) and self.editor else 0
            if height != entry.note_height or editor != entry.editor_height:
                entry.note_height, entry.editor_height = height, editor
                view.stack.measure(index)
                changed = True
        return changed

    def _edits(self, entry: Entry) -> bool:
        return self.editor is not None and self.editor.turn.id == entry.turn.id

    def _note_height(self, entry: Entry) -> int:
        turn = entry.turn
        note = self._notes.get(turn.id)
        if not needs_note(turn):
            if note is not None:
                self._drop(self._notes, turn.id)
            return 0
        if note is None:
            note = self._notes[turn.id] = NoteRow(turn, self._view.viewport())
            note.triggered.connect(self._view.act)
        if not note.shows(turn, busy=self._busy):
            note.set_turn(turn, busy=self._busy)
        note.ensurePolished()
        width = self._view.column.width()
        return int(max(note.heightForWidth(width), note.minimumSizeHint().height()) + 4)

    # ------------------------------------------------------------ where they are

    def place(self) -> None:
        """Put every widget where its turn is, and take away those that are not seen."""
        view = self._view
        seen = {view.stack.entries[index].turn.id: index for index in view.visible()}
        wanted = self._wanted_rows()
        for turn_id in [turn_id for turn_id in self._rows if turn_id not in seen or turn_id not in wanted]:
            self._drop(self._rows, turn_id)
        for turn_id in [turn_id for turn_id in self._notes if turn_id not in seen]:
            self._drop(self._notes, turn_id)
        for turn_id, index in seen.items():
            entry, rect = view.stack.entries[index], view.turn_rect(index)
            shows = turn_id in wanted and has_actions(entry.turn) and not self._edits(entry)
            if shows:
                self._row(entry.turn).setGeometry(QRect(rect.left() - 6, rect.bottom() - FOOTER + 3, rect.width() + 6, 28))
            elif turn_id in self._rows:
                self._drop(self._rows, turn_id)
            if note := self._notes.get(turn_id):
                top = rect.bottom() + 1 - entry.below + (WASH if entry.user else 0) + (WAITING if entry.waiting else 0)
                note.setGeometry(QRect(rect.left(), top, rect.width(), entry.note_height))
                note.show()
            if self._edits(entry) and self.editor:
                self.editor.setGeometry(QRect(rect.left(), rect.top() + entry.body_top, rect.width(), entry.editor_height))
        if self.editor and self.editor.turn.id not in seen:  # it is kept, out of sight
            self.editor.move(0, -10_000)

    def _row(self, turn: TurnView) -> ActionRow:
        row = self._rows.get(turn.id)
        if row is None:
            row = self._rows[turn.id] = ActionRow(turn, self._view.viewport())
            row.triggered.connect(self._view.act)
            row.show()
        self._show_row(row, turn)
        return row

    @staticmethod
    def _drop(widgets: "dict[int, ActionRow] | dict[int, NoteRow]", turn_id: int) -> None:
        widget = widgets.pop(turn_id)
        widget.hide()
        widget.deleteLater()

    def hover(self, turn_id: int) -> None:
        """Show the actions of the turn under the mouse."""
        if turn_id != self.hovered:
            self.hovered = turn_id
            self.place()
            self._view.viewport().update()

    # ------------------------------------------------------------ ratings

    def show_menu(self, turn_id: int) -> None:
        """Open the menu of what else can be done with a turn, under its button."""
        row = self._rows.get(turn_id)
        if row is None:
            return
        menu = QMenu(self._view)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        add_rating_actions(menu, self._view, row.turn)
        menu.popup(row.mapToGlobal(row.place_of("more")))

    def write_remark(self, turn_id: int) -> None:
        """Open the field for the note on a rating, under the turn's actions."""
        view = self._view
        index = view.stack.index(turn_id)
        if index < 0 or not view.stack.entries[index].turn.rateable:
            return
        rect = view.turn_rect(index)
        popup = RemarkPopup(view.stack.entries[index].turn, view)
        popup.written.connect(view.remark_edited)
        popup.open_at(view.viewport().mapToGlobal(QPoint(rect.left(), min(rect.bottom() - 4, view.viewport().height() - 8))))

    # ------------------------------------------------------------ focus

    def move_focus(self, *, forward: bool) -> bool:
        """Focus the next button of the turns that are seen; False behind the last."""
        view = self._view
        order: list[tuple[int, str]] = []
        focused = _focused()
        if focused is None or (self.editor and self.editor.isAncestorOf(focused)):
            return False
        at = -1
        for index in view.visible():
            turn = view.stack.entries[index].turn
            note = self._notes.get(turn.id)
            buttons: list[QAbstractButton] = [*(note.buttons() if note else [])]
            if has_actions(turn) and not self._edits(view.stack.entries[index]):
                had = turn.id in self._rows
                row = self._row(turn)
                buttons += row.buttons()
                if not had:
                    self._drop(self._rows, turn.id)
            for button in buttons:
                if button is focused:
                    at = len(order)
                order.append((turn.id, button.objectName()))
        if at < 0 and not (forward and view.hasFocus()):
            return False
        at += 1 if forward else -1
        if not 0 <= at < len(order):
            if not forward and at < 0:
                view.setFocus(Qt.FocusReason.BacktabFocusReason)
                return True
            return self._leave(forward=forward)
        self._focus(*order[at])
        return True

    def _focus(self, turn_id: int, name: str) -> None:
        view = self._view
        index = view.stack.index(turn_id)
        note = self._notes.get(turn_id)
        button = note.findChild(QAbstractButton, name) if note else None
        if button is None:
            button = self._row(view.stack.entries[index].turn).findChild(QAbstractButton, name)
        if button is not None:
            button.setFocus(Qt.FocusReason.TabFocusReason)
        view.arrange()

    def _leave(self, *, forward: bool) -> bool:
        """Focus what comes behind the whole view."""
        view = self._view
        widget: QWidget | None = view
        for _ in range(10_000):
            widget = widget.nextInFocusChain() if widget else None
            if widget is None or widget is view:
                return False
            takes = widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible() and widget.isEnabled()
            if forward and takes and not view.isAncestorOf(widget) and widget.focusProxy() is None:
                widget.setFocus(Qt.FocusReason.TabFocusReason)
                return True
        return False

    # ------------------------------------------------------------ editing

    def edit(self, turn_id: int) -> None:
        """Open the editor on a turn, with what was typed into it before and not sent."""
        view = self._view
        index = view.stack.index(turn_id)
        if index < 0 or not has_actions(view.stack.entries[index].turn):
            return
        if self.editor and self.editor.turn.id == turn_id:
            self.editor.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self.leave_editor()
        turn = view.stack.entries[index].turn
        self.editor = TurnEditor(turn, self._unfinished.pop(turn_id, turn.text), view.reading.body, view.viewport())
        self.editor.accepted.connect(self._take)
        self.editor.left.connect(self._give_up)
        self._check_editor()
        self.editor.resized.connect(view.arrange)
        self.editor.resize(view.column.width(), 120)
        self.editor.show()
        view.arrange()
        rect = view.turn_rect(index)
        view.show_rect(rect.top(), rect.bottom())
        self.editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def _take(self, turn_id: int, text: str) -> None:
        turn = self.editor.turn if self.editor else None
        self._give_up()
        if turn is None or (turn.role != "user" and text == turn.text):
            return
        (self._view.edit_user if turn.role == "user" else self._view.edit_reply).emit(turn_id, text)

    def _give_up(self) -> None:
        """Close the editor for good."""
        turn_id = self.editor.turn.id if self.editor else -1
        self.leave_editor()
        self._unfinished.pop(turn_id, None)
        self._view.setFocus(Qt.FocusReason.OtherFocusReason)

    def leave_editor(self) -> None:
        """Close the editor and leave the turn as it was; what was typed comes back when the turn is edited again."""
        if self.editor is None:
            return
        editor, self.editor = self.editor, None
        unfinished = editor.unfinished()
        if unfinished is not None:
            self._unfinished[editor.turn.id] = unfinished
        index = self._view.stack.index(editor.turn.id)
        if index >= 0:
            self._view.stack.entries[index].editor_height = 0
            self._view.stack.measure(index)
        editor.hide()
        editor.deleteLater()
        self._view.arrange()


def _focused() -> QWidget | None:
    return QApplication.focusWidget()
