"""The transcript: a virtual, painted view of one conversation. It knows turns as values and no service.

Only what is seen is parsed, laid out and painted; heights of the rest are guesses. What is on the screen keeps its place when a
guess is replaced. Place for selection across turns: ``Stack`` finds a turn and box for a point, and ``TextLayout.draw`` can be given
ranges.
"""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from zhiyin.markup.blocks import plain_text
from zhiyin.ui import tokens
from zhiyin.ui.theme import theme, theme_signals
from zhiyin.ui.transcript.accessible import make_accessible, tell_reply, tell_turns_changed
from zhiyin.ui.transcript.attachments import Attachments
from zhiyin.ui.transcript.background import BackgroundWork
from zhiyin.ui.transcript.open_reply import warm_up
from zhiyin.ui.transcript.pointer import Pointer
from zhiyin.ui.transcript.reading import Reading
from zhiyin.ui.transcript.stack import Entry, Stack
from zhiyin.ui.transcript.turn import TurnView
from zhiyin.ui.transcript.turn_painter import BLEED, PictureOf, TurnPainter

WIDEST = tokens.READING_WIDTH
MARGIN = 24
BOTTOM = 16


class TranscriptView(QAbstractScrollArea):
    """Shows turns; what the user wants done with one is told by signals that carry its id."""

    regenerate = Signal(int)
    edit_user = Signal(int, str)
    edit_reply = Signal(int, str)
    continue_reply = Signal(int)
    alternative = Signal(int, int)  # id, step: -1 or 1
    link_activated = Signal(str)
    cancel_queued = Signal(int)
    error_action = Signal(int, str)
    rated = Signal(int, int)  # id; 1, -1, or 0: no longer
    rank_requested = Signal(int)
    remark_edited = Signal(int, str)
    sent_requested = Signal(int)

    _pointer: Pointer | None = None  # events come while the view is still being made

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._font_size = tokens.READING_POINT_SIZE
        self._serif = False
        self.reading = Reading(theme(), self._font_size)
        self.stack = Stack(self.reading, tokens.READING_WIDTH)
        self.picture_of: PictureOf | None = None
        self._painter = TurnPainter(self.reading, self._picture)
        self._value = 0
        self._pinned = True
        self._arranging = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setProperty("ground", "paper")
        self.setAutoFillBackground(True)
        self.verticalScrollBar().setSingleStep(20)
        make_accessible()
        self.attachments = Attachments(self)
        self._pointer = Pointer(self)
        self._work = BackgroundWork(self)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        theme_signals().changed.connect(self._restyle)
        self.retranslateUi()

    # ------------------------------------------------------------ turns

    def set_turns(self, turns: Sequence[TurnView]) -> None:
        """Show a conversation. Turns that were shown before keep their place; a wholly new one is shown from its end."""
        place = self._place()
        if not self.stack.set_turns(turns):
            self._pinned = True
            self.attachments.clear()
        else:
            self._return_to(place)
        if turns:
            warm_up()
        self.attachments.turns_changed()
        self._arrange()
        tell_turns_changed(self)

    def clear(self) -> None:
        """Show nothing."""
        self.set_turns(())

    def append_turn(self, turn: TurnView) -> None:
        """Add a turn at the end."""
        if self.stack.index(turn.id) >= 0:
            self.update_turn(turn)
            return
        warm_up()
        self.stack.append(turn)
        self.attachments.turn_added()
        self._arrange()
        tell_turns_changed(self)

    def update_turn(self, turn: TurnView) -> None:
        """Show a turn as it is now; an unknown id is ignored."""
        index = self.stack.index(turn.id)
        if index < 0:
            return
        place = self._place()
        grew = self.stack.entries[index].turn.state == "growing" and turn.state != "growing"
        self.stack.update(index, turn)
        self.attachments.turn_changed(turn)
        self._return_to(place)
        self._arrange()
        if grew:
            tell_reply(self, turn)

    def set_busy(self, busy: bool) -> None:  # noqa: FBT001 - a state, as in Qt's setters
        """While a reply is being written here, what would need another one is shown as waiting; an open editor keeps its text."""
        self.attachments.set_busy(busy)

    def append_text(self, turn_id: int, delta: str) -> None:
        """Add to a growing reply."""
        index = self.stack.index(turn_id)
        if index < 0 or not delta:
            return
        entry = self.stack.entries[index]
        first_words = not entry.turn.text
        self.stack.append_text(index, delta)
        top = self.stack.top(index)
        seen = top < self._value + self.viewport().height() and top + self.stack.heights[index] > self._value
        if seen or self._pinned:
            dirty = self._work.parse(index)
            self._arrange(dirty=None if first_words else dirty)
        else:
            self.stack.measure(index)
            self._set_range()

    def scroll_to_end(self) -> None:
        """Show the end, and stay there while it grows."""
        self._pinned = True
        self._arrange()

    def set_reading(self, font_size: float, *, serif: bool = False) -> None:
        """Set the size (points) and face of what is read."""
        if (font_size, serif) != (self._font_size, self._serif):
            self._font_size, self._serif = font_size, serif
            self._restyle()

    # ------------------------------------------------------------ geometry

    @property
    def column(self) -> QRect:
        """The reading column in the viewport; its top is where the first turn begins."""
        width = min(WIDEST, max(self.viewport().width() - 2 * MARGIN, 120))
        left = (self.viewport().width() - width) // 2
        return QRect(left, -self._value, width, self.stack.heights.total)

    def turn_rect(self, index: int) -> QRect:
        """Where a turn lies in the viewport."""
        column = self.column
        return QRect(column.left(), self.stack.top(index) - self._value, column.width(), self.stack.heights[index])

    def visible(self) -> range:
        """The indices of the turns that are seen."""
        if not self.stack.entries:
            return range(0)
        first = self.stack.heights.at(self._value)
        last = self.stack.heights.at(self._value + self.viewport().height() - 1)
        return range(first, last + 1)

    def _place(self) -> tuple[int, int]:
        """The turn at the upper edge and how far it is scrolled: what is kept when heights change."""
        index = self.stack.heights.at(self._value)
        if index < 0:
            return -1, 0
        return self.stack.entries[index].turn.id, self._value - self.stack.top(index)

    def _return_to(self, place: tuple[int, int]) -> None:
        index = self.stack.index(place[0])
        if index >= 0:
            self._value = self.stack.top(index) + min(place[1], self.stack.heights[index])

    @property
    def _most(self) -> int:
        return max(0, self.stack.heights.total + BOTTOM - self.viewport().height())

    def _set_range(self) -> None:
        bar = self.verticalScrollBar()
        self._arranging = True
        bar.setPageStep(max(self.viewport().height() - 40, 20))
        bar.setRange(0, self._most)
        bar.setValue(self._value)
        self._arranging = False

    def _arrange(self, dirty: int | None = None, picture: int | None = None) -> None:
        """Lay out what is seen and put everything in its place.

        ``dirty``: only what lies at or under this place (in the stack) changed; ``picture``: nothing changed, and what is on the screen
        was painted when the view stood at this value. With neither, all is painted anew.
        """
        painted = self._value if picture is None else picture
        for _ in range(8):
            self._value = self._most if self._pinned else max(0, min(self._value, self._most))
            moved, changed = self.stack.lay_out(self._value, self._value + self.viewport().height(), self._value)
            self._value += moved
            painted += moved
            changed = self.attachments.measure() or changed
            if not changed:
                break
        self._set_range()
        if picture is not None:
            self._move_picture(painted - self._value)
        elif dirty is not None:
            self._move_picture(painted - self._value)
            top = max(dirty - self._value - 4, 0)
            self.viewport().update(0, top, self.viewport().width(), self.viewport().height() - top)
        else:
            self.viewport().update()
        self.attachments.place()
        if self._pointer:
            self._pointer.refresh()
        self.stack.let_go()
        self._work.look()

    def _move_picture(self, distance: int) -> None:
        if distance and abs(distance) < self.viewport().height():
            self.viewport().scroll(0, distance)
        elif distance:
            self.viewport().update()

    def _scrolled(self, value: int) -> None:
        if self._arranging:
            return
        step = value - self._value
        if not step:
            return
        height = self.viewport().height()
        if -2 * height < step < 0:  # lay out what comes into view above, so that what is seen moves by the step exactly
            for _ in range(8):
                moved, changed = self.stack.lay_out(self._value + step, self._value, self._value)
                self._value += moved
                if not changed:
                    break
        picture = self._value
        self._value = max(0, self._value + step)
        self._pinned = step > 0 and self._value >= self._most - 2
        self._arrange(picture=picture)

    # ------------------------------------------------------------ looks

    def _restyle(self) -> None:
        """Take over a new theme, font or size."""
        place = self._place()
        self.reading = Reading(theme(), self._font_size, serif=self._serif)
        self._painter = TurnPainter(self.reading, self._picture)
        self.stack.reflow(self.reading, self.column.width())
        self.attachments.restyle()
        self._return_to(place)
        self._arrange()

    def retranslateUi(self) -> None:
        """Name the view in the language in force."""
        self.setAccessibleName(self.tr("Conversation"))
        self.viewport().update()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()
        super().changeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the place when the width changes."""
        super().resizeEvent(event)
        width = self.column.width()
        if width != self.stack.width:
            place = self._place()
            self.stack.reflow(self.reading, width)
            self._return_to(place)
        self._arrange()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the turns that meet the region."""
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = event.rect()
        painter.fillRect(area, self.reading.color("paper"))
        clip = QRectF(area)
        for index in self.visible():
            rect = self.turn_rect(index)
            if rect.top() <= area.bottom() and rect.bottom() >= area.top():
                entry = self.stack.entries[index]
                row = self.attachments.has_row(entry.turn.id)
                self._painter.paint(painter, entry, QPointF(rect.topLeft()), (rect.width(), rect.height()), clip, row=row)

    def _picture(self, picture: str, size: int) -> QPixmap | None:
        return self.picture_of(picture, size) if self.picture_of is not None else None

    def refresh_pictures(self) -> None:
        """Paint again: a picture that was not there has come."""
        self.viewport().update()

    # ------------------------------------------------------------ hands

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Scroll by keys."""
        bar = self.verticalScrollBar()
        match event.key():
            case Qt.Key.Key_Home:
                bar.setValue(0)
            case Qt.Key.Key_End:
                self.scroll_to_end()
            case Qt.Key.Key_Space:
                back = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
                bar.triggerAction(bar.SliderAction.SliderPageStepSub if back else bar.SliderAction.SliderPageStepAdd)
            case Qt.Key.Key_Up:
                bar.setValue(bar.value() - 3 * bar.singleStep())
            case Qt.Key.Key_Down:
                bar.setValue(bar.value() + 3 * bar.singleStep())
            case _:
                super().keyPressEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        """Hand what the mouse does to the pointer."""
        return (self._pointer is not None and self._pointer.handle(event)) or super().viewportEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: FBT001 - Qt's signature
        """Move between the actions of the turns that are seen, then on."""
        return self.attachments.move_focus(forward=forward) or super().focusNextPrevChild(forward)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Nothing: ``_scrolled`` moves the picture."""

    # ------------------------------------------------------------ actions

    def copy_turn(self, turn_id: int, *, plain: bool = False) -> None:
        """Copy a whole message, as Markdown or as plain text."""
        index = self.stack.index(turn_id)
        if index < 0:
            return
        text = self.stack.entries[index].turn.text
        if plain and self.stack.entries[index].turn.role in ("assistant", "summary"):
            from zhiyin.markup.parse import parse  # noqa: PLC0415 - loads the parser

            text = plain_text(parse(text))
        QGuiApplication.clipboard().setText(text)
        self.attachments.show_copied(turn_id)

    def act(self, turn_id: int, action: str) -> None:
        """Do what an action of a turn says."""
        match action:
            case "copy":
                self.copy_turn(turn_id)
            case "edit":
                self.attachments.edit(turn_id)
            case "regenerate" | "answer":
                self.regenerate.emit(turn_id)
            case "continue":
                self.continue_reply.emit(turn_id)
            case "previous":
                self.alternative.emit(turn_id, -1)
            case "next":
                self.alternative.emit(turn_id, 1)
            case "cancel":
                self.cancel_queued.emit(turn_id)
            case "good" | "bad" | "remark" | "rank" | "sent" | "more" | "fold":
                self._act_on_rating(turn_id, action)
            case _:
                self.error_action.emit(turn_id, action)

    def _act_on_rating(self, turn_id: int, action: str) -> None:
        index = self.stack.index(turn_id)
        if index < 0:
            return
        entry = self.stack.entries[index]
        match action:
            case "good" | "bad":
                thumb = 1 if action == "good" else -1
                self.rated.emit(turn_id, 0 if entry.turn.thumb == thumb else thumb)
            case "remark":
                self.attachments.write_remark(turn_id)
            case "rank":
                self.rank_requested.emit(turn_id)
            case "sent":
                self.sent_requested.emit(turn_id)
            case "more":
                self.attachments.show_menu(turn_id)
            case "fold":
                self.stack.fold(index, folded=not entry.folded)
                self._pinned = False
                self.attachments.turn_changed(entry.turn)
                self._arrange()

    def entry_at(self, place: QPoint) -> Entry | None:
        """The turn under a place of the viewport."""
        for index in self.visible():
            if self.turn_rect(index).adjusted(-BLEED, 0, BLEED, 0).contains(place):
                return self.stack.entries[index]
        return None

    def show_rect(self, top: int, bottom: int) -> None:
        """Scroll so that what lies between two places of the viewport is seen, its upper edge first."""
        height = self.viewport().height()
        step = top - MARGIN if top < MARGIN else max(0, min(bottom + MARGIN - height, top - MARGIN))
        self._pinned = False
        self.verticalScrollBar().setValue(self._value + step)

    def arrange(self, dirty: int | None = None) -> None:
        """Put everything in its place after something changed; ``dirty``: only at or under this place in the stack."""
        self._arrange(dirty=dirty)

    def breathe(self, index: int) -> None:
        """Paint the next phase of a turn that is waited for."""
        self._painter.phase += 1
        self.viewport().update(self.turn_rect(index))

    @property
    def value(self) -> int:
        """Which place in the stack is at the upper edge."""
        return self._value
