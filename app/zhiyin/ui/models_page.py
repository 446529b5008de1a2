"""The page of models: what is here, what there is elsewhere, and what is on its way."""

from typing import Literal

from PySide6.QtWidgets import QWidget

from zhiyin.ui.discover_view import DiscoverView
from zhiyin.ui.downloads_view import DownloadsView
from zhiyin.ui.library_view import LibraryView
from zhiyin.ui.tabbed_page import TabbedPage
from zhiyin.ui.theme import STEP

Tab = Literal["library", "discover", "downloads"]
FOOT_HEIGHT = 8 * STEP  # what stands at the foot of a view is kept free of what lies over it


class ModelsPage(TabbedPage[Tab]):
    """Three views under one bar: ``library``, ``discover``, ``downloads``. Each builds itself when it is first shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.library = LibraryView(self)
        self.discover = DiscoverView(self)
        self.downloads = DownloadsView(self)
        self._active = 0
        self.set_views({"library": self.library, "discover": self.discover, "downloads": self.downloads})

    def set_active_downloads(self, count: int) -> None:
        """How many are on their way or waiting."""
        if count != self._active:
            self._active = count
            self.retranslateUi()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.back_button.set_hint(self.tr("Back"), "Esc")
        self.heading.setText(self.tr("Models"))
        downloads = self.tr("Downloads")
        self.tabs["library"].setText(self.tr("On this computer"))
        self.tabs["discover"].setText(self.tr("Discover"))
        self.tabs["downloads"].setText(f"{downloads} · {self._active}" if self._active else downloads)
