"""Where the user writes: a text field that grows with its text, and the buttons to send and to stop."""

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QInputMethodEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QWidget

from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.plain_text_field import PlainTextField
from zhiyin.ui.theme import STEP, reading_font, theme_signals

MOST_LINES = 10
DRAFT_DELAY_MS = 500


class Composer(QFrame):
    """Enter sends, Shift+Enter breaks the line, Esc stops; while an input method is composing, Enter belongs to it."""

    submitted = Signal(str)
    stop_requested = Signal()
    draft_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("composer")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.editor = _Editor(self)
        self.setFocusProxy(self.editor)
        self.send_button = IconButton("arrow-up", self, role="on.accent")
        self.send_button.setProperty("kind", "primary")
        self.stop_button = IconButton("stop-fill", self, size=16, role="on.accent")
        self.stop_button.setFixedSize(self.send_button.size())
        self.stop_button.setProperty("kind", "primary")
        self.stop_button.hide()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(STEP + 1, STEP, STEP + 2, STEP)
        layout.setSpacing(STEP)
        layout.addWidget(self.editor, 1)
        for button in (self.send_button, self.stop_button):
            layout.addWidget(button, 0, Qt.AlignmentFlag.AlignBottom)
        self._busy = False
        self._able = True
        self._hint = ""
        self._draft = QTimer(self)
        self._draft.setSingleShot(True)
        self._draft.setInterval(DRAFT_DELAY_MS)
        self._connect()
        self.retranslateUi()
        self._refresh()

    def _connect(self) -> None:
        self.editor.enter_pressed.connect(self._submit)
        self.editor.textChanged.connect(self._text_changed)
        self.editor.focus_changed.connect(self._focus_changed)
        self.send_button.clicked.connect(self._submit)
        self.stop_button.clicked.connect(self.stop)
        self._draft.timeout.connect(lambda: self.draft_changed.emit(self.text()))
        theme_signals().changed.connect(self.update)

    def text(self) -> str:
        """What is written, as it is."""
        return self.editor.text()

    def set_draft(self, text: str) -> None:
        """Replace what is written, without announcing it as a change."""
        if text != self.text():
            self.editor.set_text(text)
            self.editor.moveCursor(self.editor.textCursor().MoveOperation.End)
        self._draft.stop()

    def flush_draft(self) -> None:
        """Announce a change that is still waiting, now (before another conversation is opened, or at the end)."""
        if self._draft.isActive():
            self._draft.stop()
            self.draft_changed.emit(self.text())

    def set_busy(self, running: bool) -> None:  # noqa: FBT001 - a state, as in Qt's setters
        """While a reply is being written here, the stop button takes the send button's place."""
        self._busy = running
        self._refresh()

    def set_enabled_state(self, able: bool, hint: str = "") -> None:  # noqa: FBT001 - the same
        """Whether sending is possible; the hint says why it is not, in place of the usual placeholder. Writing is always possible."""
        self._able = able
        self._hint = hint
        self.retranslateUi()
        self._refresh()

    def set_font_size(self, points: float) -> None:
        """Write in the size of the replies."""
        self.editor.setFont(reading_font(points))
        self.editor.fit()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.editor.setPlaceholderText(self._hint or self.tr("Write something…"))
        self.editor.viewport().update()  # Qt repaints an empty field for a new placeholder only when it is focused
        self.editor.setAccessibleName(self.tr("Message"))
        self.send_button.set_hint(self.tr("Send"), "Return")
        self.stop_button.set_hint(self.tr("Stop"), "Esc")

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def _text_changed(self) -> None:
        self._draft.start()
        self._refresh()

    def _focus_changed(self, focused: bool) -> None:  # noqa: FBT001 - a signal's value
        self.setProperty("focused", focused)
        self.style().polish(self)

    def _refresh(self) -> None:
        self.send_button.setVisible(not self._busy)
        self.stop_button.setVisible(self._busy)
        self.send_button.setEnabled(self._able and not self.editor.is_blank())

    def _submit(self) -> None:
        if self._busy or not self._able or self.editor.is_blank():
            return
        text = self.text()
        self.editor.clear()
        self._draft.stop()
        self.submitted.emit(text)

    def stop(self) -> None:
        """Ask to stop the reply that is being written here, if there is one."""
        if self._busy:
            self.stop_requested.emit()


class _Editor(PlainTextField):
    """Grows from one line to ten, then scrolls."""

    enter_pressed = Signal()
    focus_changed = Signal(bool)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("bare", True)
        self.setTabChangesFocus(True)
        self.setFont(reading_font())
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setInputMethodHints(Qt.InputMethodHint.ImhMultiLine)
        self.document().setDocumentMargin(2)
        self._composing = False
        self.document().documentLayout().documentSizeChanged.connect(self.fit)
        self.fit()

    def is_blank(self) -> bool:
        """Nothing but white space. Looks no further than the first other character."""
        block = self.document().firstBlock()
        while block.isValid():
            if block.text().strip():
                return False
            block = block.next()
        return True

    def fit(self) -> None:
        """As high as the text, up to ten lines."""
        lines = max(1, min(MOST_LINES, round(self.document().size().height())))
        chrome = 2 * round(self.document().documentMargin()) + self.contentsMargins().top() + self.contentsMargins().bottom()
        margins = self.viewportMargins()
        height = self.fontMetrics().lineSpacing() * lines + chrome + margins.top() + margins.bottom() + 2 * STEP
        if height != self.height() or self.minimumHeight() != height:
            self.setFixedHeight(height)
        scrolls = self.document().size().height() > MOST_LINES
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded if scrolls else Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def sizeHint(self) -> QSize:
        """The height is set by ``fit``."""
        return QSize(400, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lines wrap elsewhere."""
        super().resizeEvent(event)
        self.fit()

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """Remember whether an input method has text under way."""
        self._composing = bool(event.preeditString())
        super().inputMethodEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The frame shows the focus."""
        super().focusInEvent(event)
        self.focus_changed.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The frame shows the focus; an input method ends its composing."""
        self._composing = False
        super().focusOutEvent(event)
        self.focus_changed.emit(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter sends unless an input method is composing or Shift is held."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            if self._composing:
                event.ignore()
            elif event.modifiers() & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.AltModifier):
                self.textCursor().insertBlock()
                self.ensureCursorVisible()
            else:
                self.enter_pressed.emit()
        elif event.key() == Qt.Key.Key_Escape:
            event.ignore()  # the window knows what Esc leaves or stops
        else:
            super().keyPressEvent(event)
