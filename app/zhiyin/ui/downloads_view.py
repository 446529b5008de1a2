"""What is being fetched, what waits, and what was fetched before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QShowEvent

    from zhiyin.ui.download_card import DownloadItem
    from zhiyin.ui.download_history import PastItem
    from zhiyin.ui.downloads_content import DownloadsContent, Summary


class DownloadsView(QWidget):
    """Built when it is first shown."""

    opened = Signal()
    acted = Signal(str, str)  # a download, an action of ``download_card`` or ``download_history``
    moved = Signal(str, int)  # a download, its new place among those that wait
    pause_all_requested = Signal()
    resume_all_requested = Signal()
    clear_requested = Signal()
    online_requested = Signal()
    discover_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._content: DownloadsContent | None = None
        self._items: tuple[DownloadItem, ...] = ()
        self._past: tuple[PastItem, ...] = ()
        self._summary: Summary | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)

    def content(self) -> DownloadsContent:
        """The widgets, built when first asked for."""
        if self._content is None:
            from zhiyin.ui.downloads_content import DownloadsContent  # noqa: PLC0415 - not needed for the first frame

            self._content = content = DownloadsContent(self)
            self._layout.addWidget(content)
            content.queue.acted.connect(self.acted)
            content.queue.moved.connect(self.moved)
            content.history.acted.connect(self.acted)
            content.history.clear_requested.connect(self.clear_requested)
            content.pause_button.clicked.connect(self.pause_all_requested)
            content.resume_button.clicked.connect(self.resume_all_requested)
            content.online_button.clicked.connect(self.online_requested)
            content.discover_button.clicked.connect(self.discover_requested)
            self._refresh(content)
        return self._content

    def set_queue(self, items: Sequence[DownloadItem], summary: Summary) -> None:
        """What is under way, in order, and all of it together."""
        self._items, self._summary = tuple(items), summary
        if self._content is not None:
            self._content.queue.set_items(self._items)
            self._content.set_summary(summary, any_earlier=bool(self._past))

    def set_past(self, items: Sequence[PastItem]) -> None:
        """What is over, the latest first."""
        self._past = tuple(items)
        if self._content is not None:
            self._refresh(self._content)

    def items(self) -> tuple[DownloadItem, ...]:
        """What is shown as under way."""
        return self._items

    def past(self) -> tuple[PastItem, ...]:
        """What is shown as over."""
        return self._past

    def showEvent(self, event: QShowEvent) -> None:
        """Build what is shown."""
        self.content()
        super().showEvent(event)
        self.opened.emit()

    def _refresh(self, content: DownloadsContent) -> None:
        from zhiyin.ui.downloads_content import Summary  # noqa: PLC0415 - the same

        content.queue.set_items(self._items)
        content.history.set_items(self._past)
        content.set_summary(self._summary or Summary(), any_earlier=bool(self._past))
