"""The widgets of the view of hubs: the search above, below it the list, one repository, or an address."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from zhiyin.ui.address_form import AddressForm
from zhiyin.ui.discover_details import DiscoverDetails
from zhiyin.ui.discover_values import ListState
from zhiyin.ui.form_row import soft_label
from zhiyin.ui.notice_label import NoticeLabel
from zhiyin.ui.repository_list import RepositoryList
from zhiyin.ui.search_bar import SearchBar
from zhiyin.ui.theme import STEP

WIDTH = 860


class DiscoverContent(QWidget):
    """Three pages: ``list_page``, ``details``, ``address``. Esc goes back, or gives up what is being asked."""

    cancel_requested = Signal()
    retry_requested = Signal()
    measure_requested = Signal()
    closed = Signal()  # from the details or the address to the list

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = ListState()
        self.search = SearchBar(self)
        self.list = RepositoryList(self)
        self.status = soft_label(self)
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(2)
        self.cancel_button = QPushButton(self)
        self.message = NoticeLabel("", self)
        self.retry_button = QPushButton(self)
        self.measure_button = QPushButton(self)
        self.measure_button.setProperty("kind", "link")
        self.empty = QLabel(self)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setProperty("tone", "soft")
        for button in (self.cancel_button, self.retry_button, self.measure_button):
            button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.details = DiscoverDetails(self)
        self.address = AddressForm(self)
        self.pages = QStackedWidget(self)
        self._lay_out()
        self.cancel_button.clicked.connect(self.cancel_requested)
        self.retry_button.clicked.connect(self.retry_requested)
        self.measure_button.clicked.connect(self.measure_requested)
        self.retranslateUi()

    def _lay_out(self) -> None:
        self.list_page = QWidget(self)
        inner = QWidget(self.list_page)
        inner.setMaximumWidth(WIDTH)
        column = QVBoxLayout(inner)
        column.setContentsMargins(5 * STEP, 2 * STEP, 3 * STEP, 0)
        column.setSpacing(2 * STEP)
        column.addWidget(self.search)
        line = QHBoxLayout()
        line.setSpacing(2 * STEP)
        line.addWidget(self.status)
        line.addStretch(1)
        line.addWidget(self.measure_button)
        line.addWidget(self.cancel_button)
        column.addLayout(line)
        column.addWidget(self.bar)
        column.addWidget(self.message)
        column.addWidget(self.retry_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.empty, 1)
        column.addWidget(self.list, 1000)
        column.addStretch(1)
        centre = QHBoxLayout(self.list_page)
        centre.setContentsMargins(0, 0, 0, 0)
        centre.addStretch(1)
        centre.addWidget(inner, 1000)
        centre.addStretch(1)
        for page in (self.list_page, self.details, self.address):
            self.pages.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.pages)

    def set_state(self, state: ListState) -> None:
        """Show this list."""
        if state != self._state:
            self._state = state
            self.list.set_rows(state.rows)
            self.retranslateUi()

    def state(self) -> ListState:
        """What is shown."""
        return self._state

    def show_page(self, page: QWidget) -> None:
        """One of the three."""
        self.pages.setCurrentWidget(page)
        if page is self.list_page:
            self.list.setFocus() if self.list.currentIndex().isValid() else self.search.field.setFocus()
        elif page is self.details:
            self.details.back_button.setFocus()
        else:
            self.address.address.setFocus()

    # ------------------------------------------------------------ words

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        state = self._state
        self.cancel_button.setText(self.tr("Cancel"))
        self.retry_button.setText(self.tr("Try again"))
        self.empty.setText(self.tr("Nothing was found. Try fewer words, or other filters."))
        if state.busy:
            status = self.tr("Searching…")
        elif state.searching and state.rows:
            status = self.tr("Found at {source}").format(source=state.source) if state.source else ""
        else:
            status = ""
        self.status.setText(status)
        self.status.setVisible(bool(status))
        self.bar.setVisible(state.busy)
        self.cancel_button.setVisible(state.busy)
        self.message.set_text(state.message, state.message_kind)
        self.retry_button.setVisible(bool(state.message) and state.message_kind == "error" and not state.busy)
        self.empty.setVisible(state.searching and not state.busy and not state.rows and not state.message)
        self.list.setVisible(bool(state.rows))
        self.measure_button.setVisible(not state.searching and not state.speed_known and (state.can_measure or state.measuring))
        self.measure_button.setEnabled(not state.measuring)
        measure = self.tr("Measure this computer to expect a speed")
        self.measure_button.setText(self.tr("Measuring how fast this computer is…") if state.measuring else measure)

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc gives up what is being asked, else goes back to the list (where it is the window's); Down goes from the words to the list."""
        if event.key() == Qt.Key.Key_Down and self.search.field.hasFocus() and self.list.count():
            self.list.setFocus()
            self.list.select_first()
        elif event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif self._busy():
            self.cancel_requested.emit()
        elif self.pages.currentWidget() is not self.list_page:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def _busy(self) -> bool:
        page = self.pages.currentWidget()
        if page is self.details:
            shown = self.details.state()
            return shown is not None and shown.busy
        return self.address.state().busy if page is self.address else self._state.busy
