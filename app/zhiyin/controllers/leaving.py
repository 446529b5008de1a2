"""Jobs for somebody who does not look at them: a word when one ends; a tray, or a question, when the window is closed meanwhile."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMenu, QSystemTrayIcon

from zhiyin.controllers.conversion import ConversionController
from zhiyin.controllers.job_presentation import job_title
from zhiyin.ui.banner import Kind
from zhiyin.ui.main_window import MainWindow
from zhiyin.ui.seal import app_icon
from zhiyin_models.jobs.protocol import JobState, Status

LEAVE_KEY = "leave"
ENDED_KEY = "conversion-ended"
QUIT, STAY, LOOK = "leave:quit", "leave:stay", "conversion:look"


class LeavingController(QObject):
    """Says whether the window may close; ``quit_wanted`` when the app is to end although jobs run."""

    quit_wanted = Signal()

    def __init__(
        self,
        window: MainWindow,
        conversion: ConversionController,
        *,
        has_tray: Callable[[], bool] = QSystemTrayIcon.isSystemTrayAvailable,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._conversion = conversion
        self._has_tray = has_tray
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

    def end(self) -> None:
        """Stand in nobody's way any more."""
        self._window.set_leave_check(None)
        self._window.removeEventFilter(self)
        self._window.banner.dismiss(LEAVE_KEY)
        self._leave_tray()
        self.menu.deleteLater()

    @property
    def in_tray(self) -> bool:
        """Whether the window is hidden, and the app goes on in the tray."""
        return self._tray is not None

    def may_leave(self, quitting: bool) -> bool:  # noqa: FBT001 - as the window asks
        """Whether the window may be closed now; if not, it is hidden, or a question stands in it."""
        if not self._conversion.running:
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

    def _ask(self) -> None:
        self._window.banner.show_message(
            lambda: self.tr("A conversion is running. Quit anyway? It goes on at the next start."),
            "warning",
            [(QUIT, lambda: self.tr("Quit")), (STAY, lambda: self.tr("Keep open"))],
            key=LEAVE_KEY,
        )

    def _answered(self, action: str) -> None:
        if action == QUIT:
            self.quit_wanted.emit()
        elif action == LOOK:
            self._window.show_conversion()

    def _on_running(self, running: int, fraction: float) -> None:
        self._window.sidebar.set_conversion_progress(fraction if running else None)
        if not running:
            self._window.banner.dismiss(LEAVE_KEY)

    # ------------------------------------------------------------ the tray

    def _go_to_tray(self) -> None:
        QApplication.setQuitOnLastWindowClosed(False)
        self.show_action.setText(self.tr("Show Zhiyin"))
        self.quit_action.setText(self.tr("Quit"))
        if self._tray is None:
            self._tray = tray = QSystemTrayIcon(app_icon(), self)
            tray.setContextMenu(self.menu)
            tray.setToolTip(self.tr("Zhiyin is converting a model"))
            tray.activated.connect(self._on_activated)
            tray.messageClicked.connect(self.come_back)
            tray.show()
        self._window.hide()
        if not self._told:
            self._told = True
            self._tray.showMessage(self.tr("Zhiyin"), self.tr("The conversion goes on. You find Zhiyin here until it is done."), app_icon())

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick):
            self.come_back()

    def _on_ended(self, state: JobState) -> None:
        """Say it to somebody who looks elsewhere."""
        if self._tray is not None:
            self._tray.setToolTip(self.tr("Zhiyin"))
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
