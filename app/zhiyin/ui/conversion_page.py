"""The page that turns a checkpoint into a model to chat with: a folder in, an inspection, the choice, and the jobs below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from zhiyin.ui.banner import BannerSlot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QShowEvent

    from zhiyin.ui.adapter_list import AdapterItem
    from zhiyin.ui.conversion_content import ConversionContent
    from zhiyin.ui.conversion_form import Choice, Place
    from zhiyin.ui.job_card import JobView
    from zhiyin_models.convert.inspection import Inspection


@dataclass(frozen=True, slots=True)
class PageState:
    """All that the page shows of the checkpoint in hand. ``looking`` is the folder that is being inspected."""

    looking: str = ""
    message: str = ""
    message_kind: str = "info"
    inspection: Inspection | None = None
    notices: tuple[str, ...] = ()
    adapters: tuple[AdapterItem, ...] = ()
    trouble: str = ""  # with the adapters, or with how it is to be converted


class ConversionPage(QWidget):
    """Built when it is first shown or given something to show."""

    opened = Signal()
    folder_chosen = Signal(str)
    adapter_chosen = Signal(str)
    adapter_removed = Signal(str)
    adapter_weighed = Signal(str, float)
    inspection_cancelled = Signal()
    closed = Signal()  # the checkpoint is let go
    changed = Signal()  # of the choice
    convert_requested = Signal(object)  # Choice
    acted = Signal(str, str)  # a job, an action
    back_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.banner_slot = BannerSlot()
        self._state = PageState()
        self._jobs: tuple[JobView, ...] = ()
        self._free_memory = 0
        self._last_folder = ""
        self._content: ConversionContent | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)

    def content(self) -> ConversionContent:
        """The widgets, built when first asked for."""
        if self._content is None:
            from zhiyin.ui.conversion_content import ConversionContent  # noqa: PLC0415 - not needed for the first frame

            self._content = content = ConversionContent(self)
            self._layout.addWidget(content.top)
            self._layout.addLayout(self.banner_slot)
            self._layout.addWidget(content.area, 1)
            self._connect(content)
            self._refresh()
            content.jobs.set_jobs(self._jobs)
            content.form.table.set_free_memory(self._free_memory)
        return self._content

    def _connect(self, content: ConversionContent) -> None:
        content.back_button.clicked.connect(self.back_requested)
        content.drop_area.choose_requested.connect(self.choose_folder)
        content.cancel_button.clicked.connect(self.inspection_cancelled)
        content.jobs.acted.connect(self.acted)
        form = content.form
        form.closed.connect(self.closed)
        form.changed.connect(self.changed)
        form.convert_button.pressed.connect(form.adapters.flush)  # by its key, or on a Mac, it leaves the focus where it is
        form.convert_requested.connect(lambda: self.convert_requested.emit(form.choice()))
        form.adapters.add_requested.connect(self.choose_adapter)
        form.adapters.removed.connect(self.adapter_removed)
        form.adapters.weighed.connect(self.adapter_weighed)
        form.imatrix_requested.connect(self._choose_imatrix)
        form.template_requested.connect(self._choose_template)

    # ------------------------------------------------------------ values

    def set_state(self, state: PageState) -> None:
        """Show this of the checkpoint in hand."""
        before, self._state = self._state, state
        if state != before and self._content is not None:
            self._refresh(before)

    def state(self) -> PageState:
        """What is shown."""
        return self._state

    def set_jobs(self, views: Sequence[JobView]) -> None:
        """The jobs, the newest first."""
        new = {view.id for view in views} - {view.id for view in self._jobs}
        appeared = bool(new) and bool(self._jobs or self._content is not None)
        self._jobs = tuple(views)
        if self._content is not None:
            self._content.jobs.set_jobs(views)
            self._content.set_compact(bool(views))
            if appeared and self._state.inspection is None:
                QTimer.singleShot(0, self._content.show_jobs)

    def set_place(self, place: Place) -> None:
        """Where the choice of the moment would be written."""
        self.content().form.set_place(place)

    def set_free_memory(self, free: int) -> None:
        """Bytes that a model could use now."""
        self._free_memory = free
        if self._content is not None:
            self._content.form.table.set_free_memory(free)

    def set_hovered(self, hovered: bool) -> None:  # noqa: FBT001 - a state, as in Qt's setters
        """Whether a folder is being dragged over the window."""
        if self._content is not None:
            self._content.drop_area.set_hovered(hovered)

    def choice(self) -> Choice:
        """What is chosen in the form."""
        return self.content().form.choice()

    # ------------------------------------------------------------ dialogs

    def choose_folder(self) -> None:
        """Ask for a checkpoint."""
        self._ask(self.tr("Choose a checkpoint"), self.folder_chosen.emit)

    def choose_adapter(self) -> None:
        """Ask for an adapter."""
        self._ask(self.tr("Choose an adapter"), self.adapter_chosen.emit)

    def _choose_imatrix(self) -> None:
        files = (self.tr("Importance matrices (*.gguf *.dat *.imatrix)"), self.tr("All files (*)"))
        self._ask(self.tr("Choose an importance matrix"), self.content().form.imatrix.choose, files)

    def _choose_template(self) -> None:
        files = (self.tr("Chat templates (*.jinja *.jinja2 *.txt)"), self.tr("All files (*)"))
        self._ask(self.tr("Choose a chat template"), self.content().form.template.choose, files)

    def _ask(self, title: str, then: Callable[[str], None], files: tuple[str, ...] = ()) -> None:
        from zhiyin.ui.folder_dialog import FolderDialog  # noqa: PLC0415 - the same

        def chosen(path: str) -> None:
            self._last_folder = path.rsplit("/", 1)[0]
            then(path)

        dialog = FolderDialog(title, self.window(), folder=self._last_folder, files=files)
        dialog.chosen.connect(chosen)
        dialog.open()

    # ------------------------------------------------------------ events

    def showEvent(self, event: QShowEvent) -> None:
        """Build what is shown."""
        self.content()
        super().showEvent(event)
        self.opened.emit()

    def _refresh(self, before: PageState | None = None) -> None:
        content, state = self._content, self._state
        if content is None:
            return
        inspected = state.inspection is not None
        content.drop_area.setVisible(not inspected and not state.looking)
        content.set_compact(bool(self._jobs))
        content.looking.setVisible(bool(state.looking) and not inspected)
        content.looking_at.setText(state.looking)
        content.message.set_text(state.message, state.message_kind)
        content.form.setVisible(inspected)
        if state.inspection is not None:
            if before is None or (before.inspection, before.notices) != (state.inspection, state.notices):
                content.form.set_inspection(state.inspection, state.notices)
            content.form.set_adapters(state.adapters)
            content.form.set_trouble(state.trouble)
            content.form.set_busy(bool(state.looking))
            if before is None or before.inspection is None:
                content.area.verticalScrollBar().setValue(0)
        else:
            content.form.let_go()
