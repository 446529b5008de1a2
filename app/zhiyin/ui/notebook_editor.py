"""The sheet of the notebook: plain text in which the model's own words are tinted, and can be asked what else they might have been."""

from PySide6.QtCore import QEvent, QMimeData, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence, QMouseEvent, QSyntaxHighlighter, QTextCharFormat, QTextCursor, QTextDocument
from PySide6.QtWidgets import QWidget

from zhiyin.ui.long_lines import BREAK, LONGEST, break_long_lines, mend_long_lines
from zhiyin.ui.notebook_spans import TokenSpans
from zhiyin.ui.notebook_values import MOST_TEXT, NotebookText, Piece, Span
from zhiyin.ui.plain_text_field import PlainTextField
from zhiyin.ui.theme import STEP, reading_font, theme, theme_signals

HOVER_MS = 220
STRONGEST_TINT = 0.22  # the model's words stay legible on it
TINTS = 16  # steps of the tint


class NotebookEditor(PlainTextField):
    """``edited`` is a change by the user. Undo takes back what was typed since the last step, then asks for the step before."""

    edited = Signal()
    undo_requested = Signal()
    redo_requested = Signal()
    continue_requested = Signal()
    stop_requested = Signal()
    pointed = Signal(object, QRect)  # Span | None, where it is in the viewport
    asked = Signal(object, QRect)  # the same, with the keyboard
    overfull = Signal()  # not everything that was pasted has room

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFont(reading_font())
        self.setProperty("bare", True)
        self.setTabChangesFocus(True)
        self.document().setDocumentMargin(3 * STEP)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self._spans = TokenSpans()
        self._before = b""  # the text as it was, UTF-16
        self._own_change = False
        self._span: Span | None = None
        self._place = QPoint()
        self._hover = QTimer(self)
        self._hover.setSingleShot(True)
        self._hover.setInterval(HOVER_MS)
        self._hover.timeout.connect(self._point)
        self.document().contentsChange.connect(self._on_change)  # before the highlighter, which reads what this keeps in place
        self._highlighter = _Highlighter(self.document(), self)
        theme_signals().changed.connect(self._highlighter.draw)

    # ------------------------------------------------------------ what is written

    def shown(self) -> NotebookText:
        """The text as it stands, and what of it the model wrote."""
        return NotebookText(self._before.decode("utf-16-le", "replace"), self._spans.all())

    def text_of(self, span: Span) -> str:
        """What stands in a span."""
        return self._before[2 * span.start : 2 * span.end].decode("utf-16-le", "replace")

    def text(self) -> str:
        """What is written, without the breaks for display."""
        return mend_long_lines(self.shown().text)

    def show_text(self, text: NotebookText) -> None:
        """Replace everything."""
        if text == self.shown():
            return
        self._own_change = True
        self._spans = TokenSpans(text.spans)
        self.setPlainText(text.text)
        self._own_change = False
        self._settle()
        self.moveCursor(QTextCursor.MoveOperation.End)
        self.ensureCursorVisible()

    def write(self, pieces: list[Piece]) -> None:
        """Put what the model wrote at the end; the view follows when it was there. Only what is new is read again."""
        bar = self.verticalScrollBar()
        follows = bar.value() >= bar.maximum() - 1
        self._own_change = True
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        end = cursor.position()
        cursor.beginEditBlock()
        for piece in pieces:
            if cursor.block().length() > LONGEST and "\n" not in piece.text:
                cursor.insertText(BREAK)
            self._spans.append(cursor.position(), piece)
            cursor.insertText(piece.text)
        cursor.endEditBlock()
        self._own_change = False
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        self._before += _encoded(cursor.selectedText())
        self.document().clearUndoRedoStacks()
        if follows:
            bar.setValue(bar.maximum())

    def set_tinted(self, tinted: bool) -> None:  # noqa: FBT001 - a state, as in Qt's setters
        """Whether tokens show how likely they were."""
        self._highlighter.set_tinted(tinted)

    def span_at(self, place: int) -> Span | None:
        """What the model wrote at a place."""
        return self._spans.at(place)

    def spans_between(self, start: int, end: int) -> list[Span]:
        """What the model wrote between two places."""
        return self._spans.between(start, end)

    def _settle(self) -> None:
        """What was not typed is undone by step."""
        self._before = _units(self.document())
        self.document().clearUndoRedoStacks()

    def _on_change(self, place: int, removed: int, added: int) -> None:
        if self._own_change:
            return
        before, now = self._before, _units(self.document())
        if before == now:
            return  # a new look, or an input method's preview
        self._before = now
        place, removed, added = 2 * place, 2 * removed, 2 * added
        exact = before[:place] == now[:place] and before[place + removed :] == now[place + added :]
        if not exact or (removed and added):  # Qt tells of whole lines where a letter changed
            place = _common(before, now)
            end = min(_common_end(before, now), min(len(before), len(now)) - place)
            removed, added = len(before) - place - end, len(now) - place - end
        self._spans.edit(place // 2, removed // 2, added // 2)
        self.edited.emit()

    # ------------------------------------------------------------ hands

    def canInsertFromMimeData(self, source: QMimeData) -> bool:  # noqa: N802 - Qt's name
        """Files are for the window."""
        return source.hasText() and not source.hasUrls()

    def insertFromMimeData(self, source: QMimeData) -> None:  # noqa: N802 - Qt's name
        """Paste as plain text, as much as has room."""
        text = source.text()
        room = MOST_TEXT - self.document().characterCount() + len(self.textCursor().selectedText())
        if len(text) > room:
            text = text[: max(0, room)]
            self.overfull.emit()
        if text:
            self.insertPlainText(break_long_lines(text))
            self.ensureCursorVisible()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The keys of the page."""
        controlled = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if event.matches(QKeySequence.StandardKey.Undo) and not self.document().isUndoAvailable():
            self.undo_requested.emit()
        elif event.matches(QKeySequence.StandardKey.Redo) and not self.document().isRedoAvailable():
            self.redo_requested.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and controlled:
            self.continue_requested.emit()
        elif event.key() == Qt.Key.Key_Escape and self.isReadOnly():
            self.stop_requested.emit()
        elif event.key() == Qt.Key.Key_Down and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self._ask()
        else:
            super().keyPressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Wait for the pointer to rest on a token."""
        super().mouseMoveEvent(event)
        if event.buttons() == Qt.MouseButton.NoButton:
            self._place = event.position().toPoint()
            self._hover.start()

    def leaveEvent(self, event: QEvent) -> None:
        """The pointer is elsewhere."""
        self._hover.stop()
        self.pointed.emit(None, QRect())
        super().leaveEvent(event)

    def _point(self) -> None:
        cursor = self.cursorForPosition(self._place)
        place = cursor.position()
        before = self.cursorRect(cursor).left() > self._place.x()  # the nearest gap may be behind the letter
        span = self._spans.at(place - 1 if before and place else place)
        rect = self.rect_of(span) if span is not None else QRect()
        over = span is not None and rect.adjusted(-STEP, -STEP, STEP, STEP).contains(self._place)
        self.pointed.emit(span if over else None, rect)

    def _ask(self) -> None:
        """What else the token at the cursor might have been."""
        place = self.textCursor().position()
        span = self._spans.at(place) or self._spans.at(place - 1)
        if span is not None:
            self.asked.emit(span, self.rect_of(span))

    def rect_of(self, span: Span) -> QRect:
        """Where a span is in the viewport: its first line of it."""
        cursor = QTextCursor(self.document())
        cursor.setPosition(min(span.start, self.document().characterCount() - 1))
        first = self.cursorRect(cursor)
        cursor.setPosition(min(span.end, self.document().characterCount() - 1))
        last = self.cursorRect(cursor)
        right = last.left() if last.top() == first.top() else self.viewport().width()
        return QRect(first.left(), first.top(), max(STEP, right - first.left()), first.height())


class _Highlighter(QSyntaxHighlighter):
    """Looks only; the document stays plain."""

    def __init__(self, document: QTextDocument, editor: NotebookEditor) -> None:
        super().__init__(document)
        self._editor = editor
        self._tinted = False
        self._formats: list[QTextCharFormat] = []
        self._make()

    def set_tinted(self, tinted: bool) -> None:  # noqa: FBT001 - a state, as in Qt's setters
        if tinted != self._tinted:
            self._tinted = tinted
            self.rehighlight()

    def draw(self) -> None:
        self._make()
        self.rehighlight()

    def _make(self) -> None:
        self._formats = []
        for step in range(TINTS + 1):
            look = QTextCharFormat()
            look.setForeground(theme().color("slate"))
            if step:
                look.setBackground(_mixed(theme().color("paper"), theme().color("ochre"), STRONGEST_TINT * step / TINTS))
            self._formats.append(look)

    def highlightBlock(self, text: str) -> None:  # noqa: N802 - Qt's name
        start = self.currentBlock().position()
        end = start + self.currentBlock().length() - 1
        del text
        for span in self._editor.spans_between(start, end):
            step = round((1 - span.probability) * TINTS) if self._tinted and span.probability is not None else 0
            first = max(0, span.start - start)
            self.setFormat(first, span.end - start - first, self._formats[min(TINTS, max(0, step))])


def _mixed(ground: QColor, color: QColor, share: float) -> QColor:
    """A colour laid thinly over the ground; opaque, so that neighbours show no seam."""
    pairs = ((ground.redF(), color.redF()), (ground.greenF(), color.greenF()), (ground.blueF(), color.blueF()))
    return QColor.fromRgbF(*((1 - share) * below + share * above for below, above in pairs))


def _units(document: QTextDocument) -> bytes:
    """The text as UTF-16 units; unlike ``toPlainText`` it leaves non-breaking spaces what they are."""
    return _encoded(document.toRawText())


def _encoded(text: str) -> bytes:
    """A document's own text as UTF-16 units, with line feeds."""
    return text.replace("\u2029", "\n").replace("\u2028", "\n").encode("utf-16-le", "surrogatepass")


def _common(one: bytes, other: bytes) -> int:
    """Bytes of whole units that both begin with."""
    low, high = 0, min(len(one), len(other)) // 2
    while low < high:
        middle = (low + high + 1) // 2
        if one[2 * low : 2 * middle] == other[2 * low : 2 * middle]:
            low = middle
        else:
            high = middle - 1
    return 2 * low


def _common_end(one: bytes, other: bytes) -> int:
    """Bytes of whole units that both end with."""
    low, high = 0, min(len(one), len(other)) // 2
    while low < high:
        middle = (low + high + 1) // 2
        if one[len(one) - 2 * middle : len(one) - 2 * low] == other[len(other) - 2 * middle : len(other) - 2 * low]:
            low = middle
        else:
            high = middle - 1
    return 2 * low
