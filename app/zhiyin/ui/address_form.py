"""A model at a plain address: look what lies there, then fetch it."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QProgressBar, QPushButton, QVBoxLayout, QWidget

from zhiyin.ui.amounts import size_text
from zhiyin.ui.discover_values import AddressState
from zhiyin.ui.discover_words import fit_words, need_words, speed_words, state_words
from zhiyin.ui.form_row import soft_label
from zhiyin.ui.icons import icon
from zhiyin.ui.long_lines import break_long_words
from zhiyin.ui.notice_label import NoticeLabel
from zhiyin.ui.theme import STEP, theme_signals, ui_font

WIDTH = 640
LONGEST = 2000
SHA256 = 64  # hexadecimal digits


def is_sha256(text: str) -> bool:
    """Whether it can be one; nothing at all is fine as well."""
    text = text.strip()
    return not text or (len(text) == SHA256 and all(digit in "0123456789abcdefABCDEF" for digit in text))


class AddressForm(QWidget):
    """Shows an ``AddressState``."""

    closed = Signal()
    look_requested = Signal(str)
    cancel_requested = Signal()
    download_requested = Signal(str)  # the sha256 that was typed, "" for none
    downloads_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = AddressState()
        self.back_button = QPushButton(self)
        self.back_button.setProperty("kind", "link")
        self.heading = QLabel(self)
        self.heading.setFont(ui_font(15))
        self.hint = soft_label(self)
        self.address = QLineEdit(self)
        self.address.setMaxLength(LONGEST)
        self.address.setPlaceholderText("https://…/….gguf")
        self.look_button = QPushButton(self)
        self.sha256 = QLineEdit(self)
        self.sha256.setMaxLength(SHA256 + 2)
        self.sha_note = soft_label(self)
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.message = NoticeLabel("", self)
        self.name = QLabel(self)
        self.name.setTextFormat(Qt.TextFormat.PlainText)
        self.name.setWordWrap(True)
        self.about = soft_label(self)
        self.download_button = QPushButton(self)
        self.download_button.setProperty("kind", "primary")
        for button in (self.back_button, self.look_button, self.download_button):
            button.setCursor(Qt.CursorShape.PointingHandCursor)
        self._lay_out()
        self._connect()
        self.retranslateUi()

    def _lay_out(self) -> None:
        inner = QWidget(self)
        inner.setMaximumWidth(WIDTH)
        column = QVBoxLayout(inner)
        column.setContentsMargins(6 * STEP, 3 * STEP, 6 * STEP, 6 * STEP)
        column.setSpacing(3 * STEP)
        column.addWidget(self.back_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.heading)
        column.addWidget(self.hint)
        line = QHBoxLayout()
        line.setSpacing(2 * STEP)
        line.addWidget(self.address, 1)
        line.addWidget(self.look_button)
        column.addLayout(line)
        column.addWidget(self.sha256)
        column.addWidget(self.sha_note)
        column.addWidget(self.bar)
        column.addWidget(self.message)
        column.addWidget(self.name)
        column.addWidget(self.about)
        column.addWidget(self.download_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        centre = QHBoxLayout(self)
        centre.setContentsMargins(0, 0, 0, 0)
        centre.addStretch(1)
        centre.addWidget(inner, 1000)
        centre.addStretch(1)

    def _connect(self) -> None:
        self.back_button.clicked.connect(self.closed)
        self.address.returnPressed.connect(self._look)
        self.address.textChanged.connect(lambda _text: self.retranslateUi())
        self.sha256.textChanged.connect(lambda _text: self.retranslateUi())
        self.look_button.clicked.connect(lambda: self.cancel_requested.emit() if self._state.busy else self._look())
        self.download_button.clicked.connect(self._download)
        theme_signals().changed.connect(self._draw)

    def _look(self) -> None:
        if self.address.text().strip():
            self.look_requested.emit(self.address.text().strip())

    def _download(self) -> None:
        if self._state.state in ("", "asking"):
            self.download_requested.emit(self.sha256.text().strip().lower())
        else:
            self.downloads_requested.emit()

    def set_state(self, state: AddressState) -> None:
        """Show this."""
        if state != self._state:
            self._state = state
            self.retranslateUi()

    def state(self) -> AddressState:
        """What is shown."""
        return self._state

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        state = self._state
        self.back_button.setText(self.tr("Back to the list"))
        self.heading.setText(self.tr("From an address"))
        self.hint.setText(self.tr("The address of a GGUF file. Only take files from places that you trust."))
        self.address.setAccessibleName(self.tr("Address"))
        self.look_button.setText(self.tr("Cancel") if state.busy else self.tr("Look"))
        self.look_button.setEnabled(state.busy or bool(self.address.text().strip()))
        self.sha256.setPlaceholderText(self.tr("SHA-256 checksum, if you know it"))
        self.sha256.setAccessibleName(self.tr("SHA-256 checksum"))
        good = is_sha256(self.sha256.text())
        self.sha_note.setText("" if good else self.tr("A SHA-256 checksum has 64 digits from 0 to 9 and a to f."))
        self.sha_note.setVisible(not good)
        self.bar.setVisible(state.busy)
        self.message.set_text(state.message, state.message_kind)
        file = state.file
        shown = file is not None and state.address == self.address.text().strip()
        for widget in (self.name, self.about, self.download_button):
            widget.setVisible(shown)
        if file is not None:
            self.name.setText(break_long_words(file.path))
            size = size_text(file.size) if file.size >= 0 else self.tr("size not known")
            parts = (size, fit_words(state.fit), need_words(state.fit), speed_words(state.fit), state_words(state.state, state.fraction))
            self.about.setText(" · ".join(part for part in parts if part))
        self.download_button.setText(self.tr("Download") if state.state in ("", "asking") else self.tr("Show downloads"))
        self.download_button.setEnabled(good and not state.busy)
        self._draw()

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def _draw(self) -> None:
        self.back_button.setIcon(icon("arrow-left", 14, "slate"))
