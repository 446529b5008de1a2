"""One download that is under way: how far, how fast, from where, and what can be done about it."""

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from zhiyin.ui.amounts import duration_text, percent_text, size_text, speed_text, time_left_text
from zhiyin.ui.download_graph import DownloadGraph
from zhiyin.ui.elided_label import ElidedLabel
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.icons import icon_pixmap
from zhiyin.ui.notice_label import NoticeLabel
from zhiyin.ui.theme import STEP, theme_signals, ui_font
from zhiyin_models.jobs.protocol import Status
from zhiyin_models.work import Stage

PAUSE, RESUME, CANCEL, UP, DOWN = "pause", "resume", "cancel", "up", "down"
HANDLE_SIZE = 16


@dataclass(frozen=True, slots=True)
class DownloadItem:
    """A download as its card shows it. Sizes are bytes (-1: unknown), times seconds, speeds bytes a second."""

    id: str
    title: str
    detail: str = ""  # quant type …
    source: str = ""
    status: Status = Status.QUEUED
    elsewhere: bool = False  # another program is at work on it
    held: bool = False  # nothing goes out at the moment
    stage: Stage | None = None  # None: it has not said anything yet
    done: int = 0
    total: int = -1
    checked: float = 0.0  # how much of a file was read again, 0 to 1
    speed: float | None = None
    left: float | None = None
    file: str = ""
    note: str = ""  # why it does not go on
    speeds: tuple[tuple[float, float], ...] = ()
    place: int = 0  # among those that wait, from 1; 0 where it is not one of them
    places: int = 0

    @property
    def fraction(self) -> float:
        """How far it is, from 0 to 1."""
        return max(0.0, min(1.0, self.done / self.total)) if self.total > 0 else 0.0


def download_words(item: DownloadItem) -> str:
    """How a download stands, in one line."""

    amount = size_text(item.done)
    if item.total > 0:
        amount = QCoreApplication.translate("DownloadCard", "{done} of {total}").format(done=amount, total=size_text(item.total))
    percent = percent_text(int(item.fraction * 100) / 100) if item.total > 0 else ""
    far = [part for part in (percent, amount) if part] if item.done > 0 else []
    match item.status:
        case Status.RUNNING:
            return " · ".join(_running_words(item, far))
        case Status.QUEUED if item.held:
            parts = [QCoreApplication.translate("DownloadCard", "Waits: offline mode is on"), *far]
        case Status.QUEUED:
            parts = [QCoreApplication.translate("DownloadCard", "Waits for its turn"), *far]
        case Status.PAUSED:
            parts = [QCoreApplication.translate("DownloadCard", "Paused"), *far]
        case _:
            parts = [QCoreApplication.translate("DownloadCard", "Interrupted"), *far]
    return " · ".join(parts)


def _running_words(item: DownloadItem, far: list[str]) -> list[str]:
    if item.elsewhere:
        return [QCoreApplication.translate("DownloadCard", "Another program is downloading it")]
    match item.stage:
        case None:
            return [QCoreApplication.translate("DownloadCard", "Starting…"), *far]
        case Stage.WAIT:
            said = QCoreApplication.translate("DownloadCard", "Waiting for the network")
            if item.left is not None and item.left >= 1:
                again = QCoreApplication.translate("DownloadCard", "next try in {time}").format(time=duration_text(item.left))
                return [said, again, *far]
            return [said, *far]
        case Stage.HASH:
            return [QCoreApplication.translate("DownloadCard", "Checking"), percent_text(int(item.checked * 100) / 100)]
        case _:
            speed = speed_text(item.speed) if item.speed is not None else ""
            return [part for part in (*far[:1], time_left_text(item.left), speed, *far[1:]) if part]


class DownloadCard(QFrame):
    """``acted`` carries what was pressed; nothing changes until the owner says so. Alt with an arrow key gives it another place."""

    acted = Signal(str, str)  # the download, the action
    dragged = Signal(str, int)  # the download, the pointer's height in the list
    dropped = Signal(str, int)

    def __init__(self, item: DownloadItem, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._item = item
        self.handle = _Handle(self)
        self.title = ElidedLabel(parent=self, middle=True)
        self.title.setFont(ui_font(11.0))
        self.detail = ElidedLabel(parent=self)
        self.state = ElidedLabel(parent=self)
        for label in (self.detail, self.state):
            label.setProperty("tone", "soft")
            label.setFont(ui_font(9.5))
        self.graph = DownloadGraph(self)
        self.note = NoticeLabel("", self, kind="warning")
        self.buttons = {
            UP: IconButton("arrow-up", self, size=16),
            DOWN: IconButton("arrow-down", self, size=16),
            PAUSE: IconButton("pause", self, size=16),
            RESUME: IconButton("play", self, size=16),
            CANCEL: IconButton("x", self, size=16),
        }
        for name, button in self.buttons.items():
            button.clicked.connect(lambda _checked=False, action=name: self.acted.emit(self._item.id, action))
        self.handle.moved.connect(lambda at: self.dragged.emit(self._item.id, self._height_in_list(at)))
        self.handle.released.connect(lambda at: self.dropped.emit(self._item.id, self._height_in_list(at)))
        self._lay_out()
        self.set_item(item)

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.title)
        words.addWidget(self.detail)
        top = QHBoxLayout()
        top.setSpacing(0)
        top.addWidget(self.handle, 0, Qt.AlignmentFlag.AlignTop)
        top.addLayout(words, 1)
        for button in self.buttons.values():
            top.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4 * STEP, 3 * STEP, 2 * STEP, 3 * STEP)
        layout.setSpacing(STEP)
        layout.addLayout(top)
        below = QVBoxLayout()
        below.setContentsMargins(0, 0, 2 * STEP, 0)
        below.setSpacing(2 * STEP)
        below.addWidget(self.graph)
        below.addWidget(self.state)
        below.addWidget(self.note)
        layout.addLayout(below)

    def item(self) -> DownloadItem:
        """What is shown."""
        return self._item

    def set_item(self, item: DownloadItem) -> None:
        """Show this."""
        self._item = item
        self.retranslateUi()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        item = self._item
        self.title.setText(item.title)
        source = self.tr("from {source}").format(source=item.source) if item.source else ""
        total = size_text(item.total) if item.total > 0 else ""
        self.detail.setText(" · ".join(part for part in (item.detail, total, source) if part))
        words = download_words(item)
        self.state.setText(words)
        self.note.set_text(item.note, "warning")
        self.graph.show_progress(
            item.checked if item.stage == Stage.HASH else item.fraction, item.speeds, self._role(), tall=item.status == Status.RUNNING
        )
        self.graph.setVisible(item.status == Status.RUNNING or item.done > 0)
        self.graph.setAccessibleName(self.tr("Progress"))
        self.setAccessibleName(f"{item.title}, {words}")
        self._show_buttons()

    def _show_buttons(self) -> None:
        item = self._item
        waits = item.place > 0
        self.handle.setVisible(waits and item.places > 1)
        self.handle.setToolTip(self.tr("Drag to another place"))
        shown = {
            UP: (self.tr("Earlier"), "Alt+Up", waits and item.place > 1),
            DOWN: (self.tr("Later"), "Alt+Down", waits and item.place < item.places),
            PAUSE: (self.tr("Pause"), "", item.status in (Status.RUNNING, Status.QUEUED) and not item.elsewhere),
            RESUME: (self.tr("Resume"), "", item.status in (Status.PAUSED, Status.INTERRUPTED)),
            CANCEL: (self.tr("Cancel"), "Del", not item.elsewhere),
        }
        for name, (text, keys, visible) in shown.items():
            self.buttons[name].set_hint(text, keys)
            self.buttons[name].setVisible(visible)

    def _role(self) -> str:
        item = self._item
        if item.status != Status.RUNNING:
            return "ink.faint"
        if item.stage == Stage.WAIT:
            return "ochre"
        return "slate" if item.stage == Stage.HASH else "accent"

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Alt with an arrow gives it another place, space pauses and resumes, Delete cancels."""
        action = ""
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            action = {Qt.Key.Key_Up: UP, Qt.Key.Key_Down: DOWN}.get(Qt.Key(event.key()), "")
        elif event.key() == Qt.Key.Key_Delete:
            action = CANCEL
        elif event.key() == Qt.Key.Key_Space:
            action = PAUSE if self.buttons[PAUSE].isVisible() else RESUME
        if action and self.buttons[action].isVisible():
            self.acted.emit(self._item.id, action)
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def _height_in_list(self, at: QPoint) -> int:
        parent = self.parentWidget()
        return parent.mapFromGlobal(at).y() if parent is not None else 0


class _Handle(QLabel):
    """What a card is taken by."""

    moved = Signal(QPoint)  # on the screen
    released = Signal(QPoint)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setFixedSize(HANDLE_SIZE + 2 * STEP, HANDLE_SIZE + 2 * STEP)
        theme_signals().changed.connect(self._draw)
        self._draw()

    def _draw(self) -> None:
        self.setPixmap(icon_pixmap("dots-six-vertical", HANDLE_SIZE))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.moved.emit(event.globalPosition().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.released.emit(event.globalPosition().toPoint())
