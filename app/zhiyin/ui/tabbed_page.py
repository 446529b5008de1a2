"""A page of several views under one bar."""

from collections.abc import Mapping
from typing import Generic, TypeVar

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from zhiyin.ui.banner import BannerSlot
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.theme import STEP, ui_font
from zhiyin.ui.tokens import HEADER_HEIGHT

NARROW = 480
Name = TypeVar("Name", bound=str)


class TabbedPage(QWidget, Generic[Name]):
    """Whoever derives from it calls ``set_views`` once, and gives texts in ``retranslateUi``."""

    back_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.banner_slot = BannerSlot()
        self.back_button = IconButton("arrow-left", self)
        self.heading = QLabel(self)
        self.heading.setFont(ui_font(11.5))
        self.tabs: dict[Name, QPushButton] = {}
        self._views: dict[Name, QWidget] = {}
        self._stack = QStackedWidget(self)
        self._group = QButtonGroup(self)
        self.back_button.clicked.connect(self.back_requested)

    def set_views(self, views: Mapping[Name, QWidget]) -> None:
        """The views by name, in order; the first is shown."""
        self._views = dict(views)
        for name, view in self._views.items():
            self._stack.addWidget(view)
            self.tabs[name] = button = QPushButton(self)
            button.setCheckable(True)
            button.setProperty("kind", "tab")
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            button.clicked.connect(lambda _checked=False, tab=name: self.show_tab(tab))
            self._group.addButton(button)
        self._lay_out()
        self.show_tab(next(iter(self._views)))
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
        for button in self.tabs.values():
            bar.addWidget(button)
        bar.addStretch(1)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        page.addWidget(top)
        page.addLayout(self.banner_slot)
        page.addWidget(self._stack, 1)

    def show_tab(self, tab: Name) -> None:
        """One of the views."""
        self.tabs[tab].setChecked(True)
        self._stack.setCurrentWidget(self._views[tab])

    @property
    def tab(self) -> Name:
        """The view that is shown."""
        return next(name for name, view in self._views.items() if view is self._stack.currentWidget())

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        raise NotImplementedError

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room, the views' names say enough."""
        super().resizeEvent(event)
        self.heading.setVisible(event.size().width() >= NARROW)

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange and self.tabs:
            self.retranslateUi()
