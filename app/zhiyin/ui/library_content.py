"""The widgets of the view of installed models; ``LibraryView`` fills them and hears them."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from zhiyin.ui.elided_label import ElidedLabel
from zhiyin.ui.form_controls import ChoiceBox
from zhiyin.ui.icons import icon
from zhiyin.ui.library_job_row import LibraryJobRow
from zhiyin.ui.library_list import LibraryList
from zhiyin.ui.library_model import Order
from zhiyin.ui.library_values import LibraryJob
from zhiyin.ui.model_details import ModelDetails
from zhiyin.ui.notice_label import NoticeLabel
from zhiyin.ui.theme import STEP, theme_signals, ui_font

SIDE_BY_SIDE = 720  # at this width and above the details stand beside the list
SIDE_WIDTH = 320
WIDE_SIDE = 380  # where there is much room


class LibraryContent(QWidget):
    """Tools above; the list with the details beside or below it; where everything lies at the foot."""

    folded = Signal()  # the details went beside the list, or below it

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._wide: bool | None = None
        self.search = QLineEdit(self)
        self.search.setClearButtonEnabled(True)
        self.sort = ChoiceBox(self)
        for order in Order:
            self.sort.addItem("", order)
        self.add_button = QPushButton(self)
        self.add_button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.notice = NoticeLabel("", self)
        self.found = _FoundStrip(self)
        self.jobs: dict[str, LibraryJobRow] = {}
        self._job_slot = QVBoxLayout()
        self._job_slot.setSpacing(2 * STEP)
        self.list = LibraryList(self)
        self.line = QFrame(self)
        self.line.setProperty("line", True)
        self.details = ModelDetails(self)
        self.nothing = _Nothing(self)
        self.amount = ElidedLabel(parent=self)
        self.folder = ElidedLabel(parent=self, middle=True)
        for label in (self.amount, self.folder):
            label.setProperty("tone", "soft")
            label.setFont(ui_font(9.5))
        self.amount.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)  # where it is narrow the folder gives way
        self.folder.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.folder_button = QPushButton(self)
        self.folder_button.setProperty("kind", "link")
        self.folder_button.setCursor(Qt.CursorShape.PointingHandCursor)
        self._lay_out()
        self.retranslateUi()

    def _lay_out(self) -> None:
        tools = QHBoxLayout()
        tools.setSpacing(2 * STEP)
        tools.addWidget(self.search, 1)
        tools.addWidget(self.sort)
        tools.addWidget(self.add_button)
        above = QVBoxLayout()
        above.setContentsMargins(4 * STEP, STEP, 4 * STEP, 2 * STEP)
        above.setSpacing(2 * STEP)
        above.addLayout(tools)
        above.addWidget(self.notice)
        above.addLayout(self._job_slot)
        above.addWidget(self.found)
        listing = QVBoxLayout()
        listing.setContentsMargins(2 * STEP, 0, 0, 0)
        listing.addWidget(self.list, 1)
        listing.addWidget(self.nothing, 1)
        self._body = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._body.setSpacing(0)
        self._body.addLayout(listing, 1)
        self._body.addWidget(self.line)
        self._body.addWidget(self.details)
        foot = QHBoxLayout()
        foot.setContentsMargins(5 * STEP, STEP, 5 * STEP, 2 * STEP)
        foot.setSpacing(3 * STEP)
        foot.addWidget(self.amount)
        foot.addWidget(self.folder, 1)
        foot.addWidget(self.folder_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(above)
        layout.addLayout(self._body, 1)
        layout.addLayout(foot)
        self.fold()

    @property
    def wide(self) -> bool:
        """Whether the details stand beside the list."""
        return self.width() >= SIDE_BY_SIDE

    def fold(self) -> None:
        """Lay out for the width of the moment."""
        wide = self.wide
        self._body.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        if wide:
            side = WIDE_SIDE if self.width() >= SIDE_BY_SIDE + 3 * WIDE_SIDE // 2 else SIDE_WIDTH
            self.details.setFixedWidth(side)
            self.details.setMinimumHeight(0)
            self.details.setMaximumHeight(16_777_215)
            self.line.setFixedSize(1, 16_777_215)
            self.line.setMinimumHeight(0)
        else:
            self.details.setMinimumWidth(0)
            self.details.setMaximumWidth(16_777_215)
            self.details.setFixedHeight(max(45 * STEP, self.height() * 45 // 100))
            self.line.setFixedSize(16_777_215, 1)
            self.line.setMinimumWidth(0)
        self.details.close_button.setVisible(not wide)
        if wide != self._wide:
            self._wide = wide
            self.folded.emit()

    def show_details(self, shown: bool) -> None:  # noqa: FBT001 - a state, as in Qt's setters
        """Whether there is something in them to be seen."""
        self.details.setVisible(shown)
        self.line.setVisible(shown)

    def set_jobs(self, jobs: list[LibraryJob]) -> None:
        """Copies and moves, one line each; those that stay are kept."""
        for identity in self.jobs.keys() - {job.id for job in jobs}:
            row = self.jobs.pop(identity)
            self._job_slot.removeWidget(row)
            row.hide()
            row.deleteLater()
        for job in jobs:
            known = self.jobs.get(job.id)
            if known is not None:
                known.set_job(job)
            else:
                self.jobs[job.id] = row = LibraryJobRow(job, self)
                self._job_slot.addWidget(row)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Beside or below."""
        super().resizeEvent(event)
        self.fold()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        self.search.setPlaceholderText(self.tr("Search"))
        self.search.setAccessibleName(self.tr("Search the models on this computer"))
        self.sort.setAccessibleName(self.tr("Sort by"))
        names = {
            Order.NAME: self.tr("Name"),
            Order.USED: self.tr("Last used"),
            Order.SIZE: self.tr("Size"),
            Order.PARAMETERS: self.tr("Parameters"),
        }
        for place, order in enumerate(Order):
            self.sort.setItemText(place, names[order])
        self.add_button.setText(self.tr("Open a file…"))
        self.folder_button.setText(self.tr("Change…"))
        self.folder_button.setAccessibleName(self.tr("Change the models folder"))

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()


class _FoundStrip(QWidget):
    """One line on what other apps have."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("ground", "wash")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.label = ElidedLabel(parent=self)
        self.show_button = QPushButton(self)
        self.all_button = QPushButton(self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(3 * STEP, STEP, STEP, STEP)
        layout.setSpacing(STEP)
        layout.addWidget(self.label, 1)
        for button in (self.show_button, self.all_button):
            button.setProperty("kind", "quiet")
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            layout.addWidget(button)
        self.hide()

    def set_found(self, count: int, apps: str) -> None:
        """So many models of these apps; none hides it."""
        one, many = self.tr("Found on this computer: 1 model of {apps}"), self.tr("Found on this computer: {count} models of {apps}")
        said = one if count == 1 else many
        self.label.setText(said.format(count=count, apps=apps))
        self.show_button.setText(self.tr("Show"))
        self.all_button.setText(self.tr("Use all"))
        self.setVisible(count > 0)


class _Nothing(QWidget):
    """What stands where the list would, when there is nothing in it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.label = QLabel(self)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setProperty("tone", "soft")
        self.label.setWordWrap(True)
        self.label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._sign = QLabel(self)
        self._sign.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.discover_button = QPushButton(self)
        self.discover_button.setProperty("kind", "primary")
        self.discover_button.setCursor(Qt.CursorShape.PointingHandCursor)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8 * STEP, 8 * STEP, 8 * STEP, 8 * STEP)
        layout.setSpacing(4 * STEP)
        layout.addStretch(2)
        layout.addWidget(self._sign)
        layout.addWidget(self.label)
        layout.addWidget(self.discover_button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)
        theme_signals().changed.connect(self._draw)
        self._draw()

    def set_state(self, searched: str) -> None:
        """Nothing fits what is searched for, or there is nothing at all."""
        self.discover_button.setText(self.tr("Look for models"))
        self.discover_button.setVisible(not searched)
        self.label.setText(
            self.tr("No model fits “{text}”.").format(text=searched[:80])
            if searched
            else self.tr("No models yet. Drop a GGUF file anywhere on this window, open one, or look for one in Discover.")
        )

    def _draw(self) -> None:
        self._sign.setPixmap(icon("hard-drives", 40, "ink.faint").pixmap(40, 40))
