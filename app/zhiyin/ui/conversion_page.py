"""The page that turns a checkpoint into a model to chat with: a folder in, an inspection, the choice, and the jobs below."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QScrollArea, QVBoxLayout, QWidget

from zhiyin.ui.adapter_list import AdapterItem
from zhiyin.ui.banner import BannerSlot
from zhiyin.ui.conversion_form import Choice, ConversionForm, Place
from zhiyin.ui.drop_area import DropArea
from zhiyin.ui.elided_label import ElidedLabel
from zhiyin.ui.folder_dialog import FolderDialog
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.job_card import JobView
from zhiyin.ui.job_list import JobList
from zhiyin.ui.notice_label import NoticeLabel
from zhiyin.ui.theme import STEP, ui_font
from zhiyin.ui.tokens import HEADER_HEIGHT
from zhiyin_models.convert.inspection import Inspection

WIDTH = 720
MOST = 1000  # a stretch that leaves nothing to others


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
        self._content: _Content | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)

    def content(self) -> "_Content":
        """The widgets, built when first asked for."""
        if self._content is None:
            self._content = content = _Content(self)
            self._layout.addWidget(content.top)
            self._layout.addLayout(self.banner_slot)
            self._layout.addWidget(content.area, 1)
            self._connect(content)
            self._refresh()
            content.jobs.set_jobs(self._jobs)
            content.form.table.set_free_memory(self._free_memory)
        return self._content

    def _connect(self, content: "_Content") -> None:
        content.back_button.clicked.connect(self.back_requested)
        content.drop_area.choose_requested.connect(self.choose_folder)
        content.cancel_button.clicked.connect(self.inspection_cancelled)
        content.jobs.acted.connect(self.acted)
        form = content.form
        form.closed.connect(self.closed)
        form.changed.connect(self.changed)
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
        self._ask(FolderDialog(self.tr("Choose a checkpoint"), self.window(), folder=self._last_folder), self.folder_chosen.emit)

    def choose_adapter(self) -> None:
        """Ask for an adapter."""
        self._ask(FolderDialog(self.tr("Choose an adapter"), self.window(), folder=self._last_folder), self.adapter_chosen.emit)

    def _choose_imatrix(self) -> None:
        files = (self.tr("Importance matrices (*.gguf *.dat *.imatrix)"), self.tr("All files (*)"))
        dialog = FolderDialog(self.tr("Choose an importance matrix"), self.window(), folder=self._last_folder, files=files)
        self._ask(dialog, self.content().form.imatrix.choose)

    def _choose_template(self) -> None:
        files = (self.tr("Chat templates (*.jinja *.jinja2 *.txt)"), self.tr("All files (*)"))
        dialog = FolderDialog(self.tr("Choose a chat template"), self.window(), folder=self._last_folder, files=files)
        self._ask(dialog, self.content().form.template.choose)

    def _ask(self, dialog: FolderDialog, then: object) -> None:
        def chosen(path: str) -> None:
            self._last_folder = path.rsplit("/", 1)[0]
            if callable(then):
                then(path)

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


class _Content(QWidget):
    """The widgets of the page, in one column."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.top = QWidget(parent)
        self.top.setFixedHeight(HEADER_HEIGHT)
        self.back_button = IconButton("arrow-left", parent)
        self.heading = QLabel(parent)
        self.heading.setFont(ui_font(11.5))
        bar = QHBoxLayout(self.top)
        bar.setContentsMargins(2 * STEP, 0, 2 * STEP, 0)
        bar.setSpacing(2 * STEP)
        bar.addWidget(self.back_button)
        bar.addWidget(self.heading, 1)
        self.drop_area = DropArea(self)
        self.message = NoticeLabel("", self)
        self.looking = QWidget(self)
        self.looking_title = QLabel(self.looking)
        self.looking_at = ElidedLabel(parent=self.looking, middle=True)
        self.looking_at.setProperty("tone", "soft")
        self.looking_bar = QProgressBar(self.looking)
        self.looking_bar.setRange(0, 0)
        self.looking_bar.setTextVisible(False)
        self.cancel_button = QPushButton(self.looking)
        self.cancel_button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.form = ConversionForm(self)
        self.jobs = JobList(self)
        self.area = QScrollArea(parent)
        self._lay_out()
        self.retranslateUi()

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.looking_title)
        words.addWidget(self.looking_at)
        line = QHBoxLayout()
        line.setSpacing(4 * STEP)
        line.addLayout(words, 1)
        line.addWidget(self.cancel_button)
        looking = QVBoxLayout(self.looking)
        looking.setContentsMargins(0, 4 * STEP, 0, 4 * STEP)
        looking.setSpacing(3 * STEP)
        looking.addLayout(line)
        looking.addWidget(self.looking_bar)
        inner = QWidget(self)
        inner.setMaximumWidth(WIDTH)
        column = QVBoxLayout(inner)
        column.setContentsMargins(6 * STEP, 2 * STEP, 6 * STEP, 6 * STEP)
        column.setSpacing(4 * STEP)
        column.addWidget(self.message)
        column.addWidget(self.drop_area, MOST)
        column.addWidget(self.looking)
        column.addWidget(self.form)
        column.addWidget(self.jobs)
        column.addStretch(1)
        self._column = column
        centre = QHBoxLayout(self)
        centre.setContentsMargins(0, 0, 0, 0)
        centre.addStretch(1)
        centre.addWidget(inner, 1000)
        centre.addStretch(1)
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # unseen while there is nothing to scroll
        self.area.setWidget(self)

    def set_compact(self, compact: bool) -> None:  # noqa: FBT001 - a state, as in Qt's setters
        """Whether there are jobs: without any, the place to drop a folder takes the page."""
        self.drop_area.set_compact(compact)
        self._column.setStretchFactor(self.drop_area, 0 if compact else MOST)

    def show_jobs(self) -> None:
        """Bring the newest job into view."""
        cards = list(self.jobs.cards().values())
        if cards:
            self.area.ensureWidgetVisible(self.jobs.heading, 0, STEP)

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.heading.setText(self.tr("Convert a checkpoint"))
        self.back_button.set_hint(self.tr("Back"), "Esc")
        self.looking_title.setText(self.tr("Looking at the checkpoint…"))
        self.cancel_button.setText(self.tr("Cancel"))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()
