"""A copy, a move or a check of models in one line: how far it is, and the way out of it."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from zhiyin.ui.amounts import percent_text, size_text, time_left_text
from zhiyin.ui.elided_label import ElidedLabel
from zhiyin.ui.icon_button import IconButton
from zhiyin.ui.library_values import CANCEL, DISMISS, RESUME, LibraryJob
from zhiyin.ui.notice_label import NoticeLabel
from zhiyin.ui.theme import STEP, ui_font
from zhiyin_models.jobs.protocol import Status
from zhiyin_models.work import Progress

SCALE = 1000
UNFINISHED = (Status.INTERRUPTED, Status.PAUSED, Status.FAILED)


class LibraryJobRow(QWidget):
    """``acted`` carries the job and what was pressed; nothing changes until the owner says so."""

    acted = Signal(str, str)

    def __init__(self, job: LibraryJob, parent: QWidget | None = None, *, titled: bool = True) -> None:
        super().__init__(parent)
        self._job = job
        self._titled = titled
        self.title = ElidedLabel(parent=self, middle=True)
        self.state = ElidedLabel(parent=self)
        self.state.setProperty("tone", "soft")
        self.state.setFont(ui_font(9.5))
        self.bar = QProgressBar(self)
        self.bar.setRange(0, SCALE)
        self.bar.setTextVisible(False)
        self.message = NoticeLabel("", self)
        self.buttons = {name: QPushButton(self) for name in (RESUME, CANCEL)}
        for name, button in self.buttons.items():
            button.setProperty("kind", "quiet")
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            button.clicked.connect(lambda _checked=False, action=name: self._act(action))
        self.dismiss_button = IconButton("x", self, size=14)
        self.dismiss_button.clicked.connect(lambda: self._act(DISMISS))
        top = QHBoxLayout()
        top.setSpacing(2 * STEP)
        top.addWidget(self.title, 1)
        top.addWidget(self.state, 0 if titled else 1)
        for widget in (*self.buttons.values(), self.dismiss_button):
            top.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(STEP)
        layout.addLayout(top)
        layout.addWidget(self.bar)
        layout.addWidget(self.message)
        self.set_job(job)

    def job(self) -> LibraryJob:
        """What is shown."""
        return self._job

    def set_job(self, job: LibraryJob) -> None:
        """Show this state."""
        self._job = job
        self.retranslateUi()

    def retranslateUi(self) -> None:
        """Texts in the language of the moment."""
        job = self._job
        running = job.status in (Status.RUNNING, Status.QUEUED)
        self.title.setText(job.title)
        self.title.setVisible(self._titled)
        self.setAccessibleName(job.title)
        self.bar.setVisible(running)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.state.setVisible(running)
        self.state.setText(self._state_text())
        progress = job.progress
        self.bar.setValue(round(_fraction(progress) * SCALE))
        self.message.set_text("" if running else job.said or self._ended(), _kind(job.status))
        for name, text, visible in (
            (CANCEL, self.tr("Cancel"), running),
            (RESUME, self.tr("Try again") if job.status == Status.FAILED else self.tr("Resume"), job.status in UNFINISHED),
        ):
            self.buttons[name].setText(text)
            self.buttons[name].setVisible(visible)
        self.buttons[CANCEL].setEnabled(not job.cancelling)
        self.dismiss_button.setVisible(not running)
        self.dismiss_button.set_hint(self.tr("Discard") if job.status in UNFINISHED else self.tr("Close"))

    def _state_text(self) -> str:
        job = self._job
        if job.cancelling:
            return self.tr("Cancelling…")
        if job.status == Status.QUEUED:
            return self.tr("Waiting…")
        if job.progress is None or job.progress.total <= 0:
            return self.tr("Starting…")
        return progress_text(job.progress, speed=self._titled)

    def _ended(self) -> str:
        if self._job.status == Status.FINISHED:
            return self.tr("Done.")
        return self.tr("It was interrupted.") if self._job.status in UNFINISHED else ""

    def changeEvent(self, event: QEvent) -> None:
        """The language may change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslateUi()

    def _act(self, action: str) -> None:
        self.acted.emit(self._job.id, action)


def progress_text(progress: Progress, *, speed: bool = True) -> str:
    """How far, how fast, and how long it still takes."""
    parts = [percent_text(int(_fraction(progress) * 100) / 100)]
    if progress.speed and speed:
        parts.append(f"{size_text(int(progress.speed))}/s")
    left = time_left_text(progress.left)
    return " · ".join([*parts, left] if left else parts)


def _fraction(progress: Progress | None) -> float:
    return max(0.0, min(1.0, progress.done / progress.total)) if progress is not None and progress.total > 0 else 0.0


def _kind(status: Status) -> str:
    return {Status.FINISHED: "good", Status.FAILED: "error", Status.INTERRUPTED: "warning", Status.PAUSED: "warning"}.get(status, "info")
