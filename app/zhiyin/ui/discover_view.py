"""Searching the hubs, and the catalogue of models that were chosen for this computer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from zhiyin.ui.discover_values import AddressState, DetailsState, ListState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QShowEvent

    from zhiyin.ui.discover_content import DiscoverContent
    from zhiyin.ui.discover_values import RepositoryRow


class DiscoverView(QWidget):
    """Built when it is first shown. It shows what it is given and announces what is wanted."""

    opened = Signal()
    search_requested = Signal(object, str)  # SearchQuery, the name of a source
    more_requested = Signal()
    retry_requested = Signal()
    cancel_requested = Signal()  # of what is being asked on the page that is shown
    repository_chosen = Signal(object)  # Repository
    repository_named = Signal(str)  # owner/name
    details_closed = Signal()
    context_chosen = Signal(int)
    download_requested = Signal(int, str)  # the place of a variant, the path of a projector
    chat_requested = Signal(int)  # the place of a variant that is here
    checkpoint_requested = Signal()
    page_requested = Signal(str)  # an address for the browser
    settings_requested = Signal()
    downloads_requested = Signal()
    measure_requested = Signal()
    address_requested = Signal(str)
    address_download_requested = Signal(str)  # a sha256, or ""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._content: DiscoverContent | None = None
        self._list = ListState()
        self._details: DetailsState | None = None
        self._address = AddressState()
        self._sources: tuple[str, ...] = ()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)

    def content(self) -> DiscoverContent:
        """The widgets, built when first asked for."""
        if self._content is None:
            from zhiyin.ui.discover_content import DiscoverContent  # noqa: PLC0415 - not needed for the first frame

            self._content = content = DiscoverContent(self)
            self._layout.addWidget(content)
            self._connect(content)
            content.search.set_sources(self._sources)
            content.set_state(self._list)
            content.address.set_state(self._address)
            if self._details is not None:
                content.details.set_state(self._details)
        return self._content

    def _connect(self, content: DiscoverContent) -> None:
        search, details, address = content.search, content.details, content.address
        search.changed.connect(lambda: self.search_requested.emit(search.query(), search.chosen_source()))
        search.address_requested.connect(lambda: content.show_page(address))
        content.list.chosen.connect(self._choose)
        content.list.end_reached.connect(self._reach_end)
        content.cancel_requested.connect(self.cancel_requested)
        content.retry_requested.connect(self.retry_requested)
        content.measure_requested.connect(self.measure_requested)
        content.closed.connect(self._close)
        details.closed.connect(self._close)
        details.cancel_requested.connect(self.cancel_requested)
        details.retry_requested.connect(self.retry_requested)
        details.context_chosen.connect(self.context_chosen)
        details.download_requested.connect(self.download_requested)
        details.chat_requested.connect(self.chat_requested)
        details.downloads_requested.connect(self.downloads_requested)
        details.checkpoint_requested.connect(self.checkpoint_requested)
        details.page_requested.connect(self.page_requested)
        details.link_activated.connect(self.page_requested)
        details.settings_requested.connect(self.settings_requested)
        details.repository_requested.connect(self.repository_named)
        details.measure_requested.connect(self.measure_requested)
        address.closed.connect(self._close)
        address.look_requested.connect(self.address_requested)
        address.cancel_requested.connect(self.cancel_requested)
        address.download_requested.connect(self.address_download_requested)
        address.downloads_requested.connect(self.downloads_requested)

    # ------------------------------------------------------------ values

    def set_list(self, state: ListState) -> None:
        """The catalogue, or what was found."""
        self._list = state
        if self._content is not None:
            self._content.set_state(state)

    def set_details(self, state: DetailsState | None) -> None:
        """One repository in the place of the list; None goes back to it."""
        before, self._details = self._details, state
        content = self._content
        if content is None:
            return
        if state is not None:
            content.details.set_state(state)
            if before is None:
                content.show_page(content.details)
        elif content.pages.currentWidget() is content.details:
            content.show_page(content.list_page)

    def set_address(self, state: AddressState) -> None:
        """What is known of an address that was typed."""
        self._address = state
        if self._content is not None:
            self._content.address.set_state(state)

    def set_sources(self, names: Sequence[str]) -> None:
        """The sources that can be asked."""
        self._sources = tuple(names)
        if self._content is not None:
            self._content.search.set_sources(names)

    @property
    def page(self) -> str:
        """What is shown: ``list``, ``details`` or ``address``."""
        content = self._content
        if content is None or content.pages.currentWidget() is content.list_page:
            return "list"
        return "details" if content.pages.currentWidget() is content.details else "address"

    # ------------------------------------------------------------ events

    def _choose(self, row: RepositoryRow) -> None:
        self.repository_chosen.emit(row.repository)

    def _reach_end(self) -> None:
        if self._list.more and not self._list.busy:
            self.more_requested.emit()

    def _close(self) -> None:
        content = self.content()
        if content.pages.currentWidget() is content.details:
            self.details_closed.emit()
        content.show_page(content.list_page)

    def showEvent(self, event: QShowEvent) -> None:
        """Build what is shown."""
        content = self.content()
        super().showEvent(event)
        if content.pages.currentWidget() is content.list_page:
            content.search.field.setFocus()
        self.opened.emit()
