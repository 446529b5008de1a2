"""Work for somebody who does not look at it: a word when it ends; a tray, or a question, when the window is closed meanwhile."""

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QEvent, QObject, Signal, SignalInstance
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMenu, QSystemTrayIcon

from zhiyin.controllers.conversion import ConversionController
from zhiyin.controllers.downloads import DownloadsController
from zhiyin.controllers.job_presentation import job_title
from zhiyin.errors import describe
from zhiyin.ui.amounts import percent_text
from zhiyin.ui.banner import Kind
from zhiyin.ui.main_window import MainWindow
from zhiyin.ui.seal import app_icon
from zhiyin.ui.wording import Wording
from zhiyin_models.jobs.protocol import JobState, Status

LEAVE_KEY = "leave"
ENDED_KEY = "conversion-ended"
DOWNLOAD_KEY = "download-ended"
QUIT, STAY, LOOK, LOOK_AT_DOWNLOADS = "leave:quit", "leave:stay", "conversion:look", "downloads:look"


class Work(Protocol):
    """Something that goes on in processes of its own; ``running_changed`` says how many there are as its first argument."""

    @property
    def running(self) -> int:
        """How many run, or are about to."""

    @property
    def running_changed(self) -> SignalInstance:
        """Said after every change."""


class LeavingController(QObject):
    """Says whether the window may close; ``quit_wanted`` when the app is to end although something runs.

    ``others`` are further kinds of work that are asked about, but not announced when they end.
    """

    quit_wanted = Signal()

    def __init__(
        self,
        window: MainWindow,
        conversion: ConversionController,
        downloads: DownloadsController | None = None,
        *,
        others: tuple[Work, ...] = (),
        has_tray: Callable[[], bool] = QSystemTrayIcon.isSystemTrayAvailable,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._conversion = conversion
        self._downloads = downloads
        self._others = others
        self._has_tray = has_tray
        self._unseen: list[JobState] = []  # downloads that have ended while nobody looked
        self._fraction = 0.0  # of the downloads
        self._told = False  # that the app is still there
        self.menu = QMenu()
        self.show_action = QAction(self)
        self.quit_action = QAction(self)
        self.menu.addActions([self.show_action, self.quit_action])
        self._tray: QSystemTrayIcon | None = None
        self.show_action.triggered.connect(self.come_back)
        self.quit_action.triggered.connect(self.quit_wanted)
        window.set_leave_check(self.may_leave)
        window.installEventFilter(self)
        window.banner.action.connect(self._answered)
        window.conversion_page.opened.connect(self._on_seen)
        conversion.running_changed.connect(self._on_running)
        conversion.ended.connect(self._on_ended)
        conversion.left_over.connect(self._point_to)
        window.models_page.downloads.opened.connect(self._on_downloads_seen)
        if downloads is not None:
            downloads.running_changed.connect(self._on_downloading)
            downloads.ended.connect(self._on_downloaded)
        for other in others:
            other.running_changed.connect(self._dismiss_question)

    def end(self) -> None:
        """Stand in nobody's way any more."""
        self._window.set_leave_check(None)
        self._window.removeEventFilter(self)
        self._window.banner.dismiss(LEAVE_KEY)
        self._window.banner.dismiss(DOWNLOAD_KEY)
        self._leave_tray()
        self.menu.deleteLater()

    @property
    def in_tray(self) -> bool:
        """Whether the window is hidden, and the app goes on in the tray."""
        return self._tray is not None

    def may_leave(self, quitting: bool) -> bool:  # noqa: FBT001 - as the window asks
        """Whether the window may be closed now; if not, it is hidden, or a question stands in it."""
        if not self._at_work:
            return True
        if not quitting and self._has_tray():
            self._go_to_tray()
        else:
            self._ask()
        return False

    def come_back(self) -> None:
        """Show the window again."""
        self._window.show()
        self._window.raise_()
        self._window.activateWindow()

    @property
    def _at_work(self) -> bool:
        return bool(self._conversion.running or self._downloading or self._other)

    @property
    def _downloading(self) -> int:
        return self._downloads.running if self._downloads is not None else 0

    @property
    def _other(self) -> int:
        return sum(other.running for other in self._others)

    def _words(self, conversion: str, downloads: str, several: str) -> str:
        """Those for what runs."""
        if self._other or (self._conversion.running and self._downloading):
            return several
        return downloads if self._downloading else conversion

    def _ask(self) -> None:
        def text() -> str:
            return self._words(
                self.tr("A conversion is running. Quit anyway? It goes on at the next start."),
                self.tr("Models are being downloaded. Quit anyway? That goes on at the next start, from where it was."),
                self.tr("Zhiyin is still at work. Quit anyway? It goes on at the next start."),
            )

        actions: list[tuple[str, Wording]] = [(QUIT, lambda: self.tr("Quit")), (STAY, lambda: self.tr("Keep open"))]
        self._window.banner.show_message(text, "warning", actions, key=LEAVE_KEY)

    def _dismiss_question(self) -> None:
        if not self._at_work:
            self._window.banner.dismiss(LEAVE_KEY)

    def _answered(self, action: str) -> None:
        if action == QUIT:
            self.quit_wanted.emit()
        elif action == LOOK:
            self._window.show_conversion()
        elif action == LOOK_AT_DOWNLOADS:
            self._window.show_models("downloads")

    def _on_running(self, running: int, fraction: float) -> None:
        self._window.sidebar.set_conversion_progress(fraction if running else None)
        self._dismiss_question()

    def _on_downloading(self, _running: int, fraction: float) -> None:
        self._fraction = fraction
        self._dismiss_question()
        self._show_tooltip()

    # ------------------------------------------------------------ the tray

    def _go_to_tray(self) -> None:
        QApplication.setQuitOnLastWindowClosed(False)
        self.show_action.setText(self.tr("Show Zhiyin"))
        self.quit_action.setText(self.tr("Quit"))
        if self._tray is None:
            self._tray = tray = QSystemTrayIcon(app_icon(), self)
            tray.setContextMenu(self.menu)
            tray.activated.connect(self._on_activated)
            tray.messageClicked.connect(self.come_back)
            tray.show()
        self._show_tooltip()
        self._window.hide()
        if not self._told:
            self._told = True
            said = self._words(
                self.tr("The conversion goes on. You find Zhiyin here until it is done."),
                self.tr("The download goes on. You find Zhiyin here until it is done."),
                self.tr("The work goes on. You find Zhiyin here until it is done."),
            )
            self._tray.showMessage(self.tr("Zhiyin"), said, app_icon())

    def _show_tooltip(self) -> None:
        if self._tray is None:
            return
        if not self._at_work:
            self._tray.setToolTip(self.tr("Zhiyin"))
            return
        downloading = self.tr("Zhiyin is downloading: {percent}").format(percent=percent_text(int(self._fraction * 100) / 100))
        self._tray.setToolTip(self._words(self.tr("Zhiyin is converting a model"), downloading, self.tr("Zhiyin is at work")))

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick):
            self.come_back()

    def _on_ended(self, state: JobState) -> None:
        """Say it to somebody who looks elsewhere."""
        if self._tray is not None:
            self._show_tooltip()
            done = state.status == Status.FINISHED
            heading = self.tr("The model is ready") if done else self.tr("The conversion has ended")
            self._tray.showMessage(heading, job_title(state.task), app_icon())
        self._point_to(state)

    def _point_to(self, state: JobState) -> None:
        if self._window.pages.currentWidget() is self._window.conversion_page:
            return

        def text() -> str:
            said = {
                Status.FINISHED: self.tr("{title}: the model is ready."),
                Status.FAILED: self.tr("{title}: the conversion failed."),
            }.get(state.status, self.tr("{title}: the conversion was interrupted, and can go on."))
            return said.format(title=job_title(state.task))

        kind: Kind = "error" if state.status == Status.FAILED else "info"
        self._window.banner.show_message(text, kind, [(LOOK, lambda: self.tr("Look"))], key=ENDED_KEY)

    def _on_seen(self) -> None:
        self._window.banner.dismiss(ENDED_KEY)

    def _on_downloaded(self, state: JobState) -> None:
        """The same for a download; several that ended unseen are told together."""
        if self._tray is not None:
            self._tray.showMessage(job_title(state.task), self._download_words(state), app_icon())
        page = self._window.models_page
        if self._window.isVisible() and self._window.pages.currentWidget() is page and page.tab == "downloads":
            return
        self._unseen = [*(one for one in self._unseen if one.id != state.id), state]
        failed = any(one.status != Status.FINISHED for one in self._unseen)
        actions: list[tuple[str, Wording]] = [(LOOK_AT_DOWNLOADS, lambda: self.tr("Look"))]
        self._window.banner.show_message(self._unseen_words, "warning" if failed else "info", actions, key=DOWNLOAD_KEY)

    def _unseen_words(self) -> str:
        if len(self._unseen) == 1:
            (state,) = self._unseen
            return f"{job_title(state.task)}: {self._download_words(state)}"
        done = sum(state.status == Status.FINISHED for state in self._unseen)
        if done == len(self._unseen):
            return self.tr("{count} downloads are done.").format(count=done)
        return self.tr("{count} downloads have ended, {failed} of them with an error.").format(
            count=len(self._unseen), failed=len(self._unseen) - done
        )

    def _download_words(self, state: JobState) -> str:
        if state.status == Status.FINISHED:
            return self.tr("the download is done.")
        return describe(state.failure.code, state.failure.args) if state.failure is not None else self.tr("the download failed.")

    def _on_downloads_seen(self) -> None:
        self._unseen.clear()
        self._window.banner.dismiss(DOWNLOAD_KEY)

    def _leave_tray(self) -> None:
        if self._tray is not None:
            self._tray.hide()
            self._tray.deleteLater()
            self._tray = None
            QApplication.setQuitOnLastWindowClosed(True)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """However the window comes back, the tray is left."""
        if watched is self._window and event.type() == QEvent.Type.Show:
            self._leave_tray()
        return super().eventFilter(watched, event)
