"""The page of personas: who can answer, what they know, and who the user is."""

from typing import Literal

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from zhiyin.ui.banner import BannerSlot
from zhiyin.ui.books_view import BooksView
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.persona_view import PersonaView
from zhiyin.ui.profiles_view import ProfilesView
from zhiyin.ui.theme import STEP, ui_font
from zhiyin.ui.tokens import HEADER_HEIGHT

NARROW = 480
PersonasTab = Literal["personas", "books", "profiles"]


class PersonasPage(QWidget):
    """Three views under one bar: ``personas``, ``books``, ``profiles``. Each builds itself when it is first shown."""

    back_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.banner_slot = BannerSlot()
        self.personas = PersonaView(self)
        self.books = BooksView(self)
        self.profiles = ProfilesView(self)
        self.back_button = IconButton("arrow-left", self)
        self.heading = QLabel(self)
        self.heading.setFont(ui_font(11.5))
        self._views: dict[PersonasTab, QWidget] = {"personas": self.personas, "books": self.books, "profiles": self.profiles}
        self._stack = QStackedWidget(self)
        self._tabs: dict[PersonasTab, QPushButton] = {}
        self._group = QButtonGroup(self)
        for name, view in self._views.items():
            self._stack.addWidget(view)
            self._tabs[name] = button = QPushButton(self)
            button.setCheckable(True)
            button.setProperty("kind", "tab")
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            button.clicked.connect(lambda _checked=False, tab=name: self.show_tab(tab))
            self._group.addButton(button)
        self._lay_out()
        self.back_button.clicked.connect(self.back_requested)
        self.show_tab("personas")
        self.retranslateUi()

    def _lay_out(self) -> None:
        top = QWidget(self)
        top.setFixedHeight(HEADER_HEIGHT)
        bar = QHBoxLayout(top)
        bar.setContentsMargins(2 * STEP, 0, 2 * STEP, 0)
        bar.setSpacing(2 * STEP)
        bar.addWidget(self.back_button)
        bar.addWidget(self.heading)
        bar.addSpacing(4 * STEP)
        for button in self._tabs.values():
            bar.addWidget(button)
        bar.addStretch(1)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        page.addWidget(top)
        page.addLayout(self.banner_slot)
        page.addWidget(self._stack, 1)

    def show_tab(self, tab: PersonasTab) -> None:
        """One of the views."""
        self._tabs[tab].setChecked(True)
        self._stack.setCurrentWidget(self._views[tab])

    @property
    def tab(self) -> PersonasTab:
        """The view that is shown."""
        return next(name for name, view in self._views.items() if view is self._stack.currentWidget())

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.back_button.set_hint(self.tr("Back"), "Esc")
        self.heading.setText(self.tr("Personas"))
        self._tabs["personas"].setText(self.tr("Who answers"))
        self._tabs["books"].setText(self.tr("Lorebooks"))
        self._tabs["profiles"].setText(self.tr("Who you are"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room, the views' names say enough."""
        super().resizeEvent(event)
        self.heading.setVisible(event.size().width() >= NARROW)

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()
