"""The composition root: makes the window, opens the store behind it, and connects the controllers."""

import base64
import contextlib
import faulthandler
import gc
import logging
import logging.handlers
import os
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
from PySide6.QtCore import QObject, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QApplication

from zhiyin import i18n
from zhiyin.controllers.settings import AppearanceController
from zhiyin.paths import FolderWarning, Paths, folder_warning
from zhiyin.services.delivery import Delivery
from zhiyin.settings import read_appearance, write_appearance
from zhiyin.single_instance import SingleInstance
from zhiyin.store.errors import StoreError
from zhiyin.termination import Termination
from zhiyin.ui import theme
from zhiyin.ui.input_method import input_method_fallback
from zhiyin.ui.main_window import MainWindow
from zhiyin_models.library.installed import data_dir as default_data_dir

log = logging.getLogger(__name__)

LOG_BYTES = 1 << 20
# A full collection over what the window is made of takes some 40 ms, seen as a stutter while a reply streams: what is there once the
# app has settled is never looked at again, and the rest is collected less often.
GC_THRESHOLD = (20_000, 20, 50)
SETTLED_MS = 3000
OPEN_LOG = "log:open"
SILENCE_SECONDS = 30.0


class Zhiyin(QObject):
    """The running app: one window, one store, one engine."""

    running: "Zhiyin | None" = None
    bug_found = Signal(str)
    closing = Signal()  # no other start is heard from now on

    def __init__(self, app: QApplication, paths: Paths, *, language: str | None = None, silence: float = SILENCE_SECONDS) -> None:
        super().__init__()
        self.app = app
        self.paths = paths
        self.silence = silence  # seconds without an answer after which an engine counts as dead
        self.appearance = read_appearance(paths.data_dir / "window.json")
        self.background = ThreadPoolExecutor(2, "background")
        self.delivery = Delivery(self)
        self.session: Any = None  # controllers.session.Session, once the store is open
        self._opening: Future[Any] | None = None  # a Store that nobody has taken over yet
        self._language = language
        i18n.install(app, language or self.appearance.language)
        self.apply_appearance()
        self.window = MainWindow()
        if self.appearance.geometry:
            self.window.restore_state(base64.b64decode(self.appearance.geometry))
        self.looks = AppearanceController(self)
        self.window.closing.connect(self.close)
        self.window.transcript.link_activated.connect(lambda link: QDesktopServices.openUrl(QUrl(link)))
        self.window.banner.action.connect(self._act)
        self._closed = False
        app.aboutToQuit.connect(self.close)
        self.bug_found.connect(self._say_bug)
        Zhiyin.running = self

    # ------------------------------------------------------------ start

    def start(self) -> None:
        """Show the window, then open what stands behind it."""
        gc.set_threshold(*GC_THRESHOLD)
        QTimer.singleShot(SETTLED_MS, gc.freeze)
        self.window.show()
        QTimer.singleShot(0, self.open_store)

    def open_store(self) -> None:
        """Open the store off the window's thread; trouble with it is said in the window, with what can be done."""
        if self._closed:
            return
        self.window.composer.set_enabled_state(False, self.tr("Opening your conversations…"))
        self._opening = self.background.submit(_open_store, self.paths.data_dir)
        self.delivery.deliver(self._opening, self._on_store, self._on_no_store)
        self.delivery.deliver(self.background.submit(folder_warning, self.paths.data_dir), self._warn_of_folder)

    def _on_store(self, store: Any) -> None:
        from zhiyin.controllers.session import Session  # noqa: PLC0415 - loaded while the store was opened

        self._opening = None
        self.session = Session(self, store)
        self.session.begin(self.window.composer.text())

    def _on_no_store(self, error: BaseException) -> None:
        from zhiyin.controllers.store_trouble import StoreTrouble  # noqa: PLC0415 - rare

        self._opening = None
        self._trouble = StoreTrouble(self, error)
        self._trouble.show()

    def _say_bug(self, detail: str) -> None:
        """Say that something is wrong with the app itself, once per kind; the rest is in the log."""

        def text() -> str:
            said = self.tr("Something went wrong in Zhiyin ({detail}). Your conversations are safe; the log has more.")
            return said.format(detail=detail[:200])

        self.window.banner.show_message(text, "error", [(OPEN_LOG, lambda: self.tr("Open the log"))], key="bug")

    def _act(self, action: str) -> None:
        if action == OPEN_LOG:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.paths.logs)))

    def store_failed(self, error: BaseException) -> None:
        """The open store turned out to be damaged: close it, and offer the way back."""
        if self.session is None:
            return  # several readers may meet the same damage
        session, self.session = self.session, None
        session.end()
        session.deleteLater()
        self.window.banner.clear()
        self.window.transcript.clear()
        self.window.conversations.set_conversations([])
        self._on_no_store(error)

    def _warn_of_folder(self, warning: FolderWarning | None) -> None:
        if warning is not None:
            self.window.banner.show_message(partial(self._folder_text, warning), "warning", key="folder")

    def _folder_text(self, warning: FolderWarning) -> str:
        if warning.kind == "network":
            said = self.tr(
                "Your conversations lie on a network folder ({detail}), which can damage a database. Choose a local one with --data-dir.",
            )
        else:
            said = self.tr(
                "Your conversations lie in a folder synchronised by {detail}, which can damage a database. Choose another with --data-dir.",
            )
        return said.format(detail=warning.detail)

    def come_forward(self, _token: str = "") -> None:
        """Another start of the app asked for this window."""
        if self.window.isMinimized():
            self.window.showNormal()
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()

    # ------------------------------------------------------------ appearance

    def apply_appearance(self) -> None:
        """Dress the app as the appearance says."""
        chosen = self.appearance
        choice = "system" if chosen.theme == "contrast" else chosen.theme
        theme.apply_theme(self.app, choice, contrast=chosen.theme == "contrast")

    def change_appearance(self, **fields: Any) -> None:
        """Take over what the user chose, now and for the next start."""
        if all(getattr(self.appearance, name) == value for name, value in fields.items()):
            return
        before, self.appearance = self.appearance, msgspec.structs.replace(self.appearance, **fields)
        if before.language != self.appearance.language:
            self._language = None
            i18n.install(self.app, self.appearance.language)
        if before.theme != self.appearance.theme:
            self.apply_appearance()
        self.looks.show_values()
        self.keep_appearance()

    def keep_appearance(self) -> None:
        """Write the appearance, off the window's thread."""
        if not self._closed:
            self.background.submit(write_appearance, self.paths.data_dir / "window.json", self.appearance)

    # ------------------------------------------------------------ end

    def quit(self) -> None:
        """Close the window and end the app, whatever runs."""
        self.window.set_leave_check(None)
        self.window.close()
        self.app.exit(0)

    def close(self) -> None:
        """Store what is on its way, end the engine, and leave no thread behind."""
        if self._closed:
            return
        self.closing.emit()
        last = self.session.chat.id if self.session is not None else None
        state = base64.b64encode(bytes(self.window.save_state())).decode()
        self.appearance = msgspec.structs.replace(self.appearance, geometry=state, last_conversation=last or 0)
        self.keep_appearance()
        self._closed = True
        self.window.hide()  # what follows may take a moment
        if self.session is not None:
            self.session.end()
        self.delivery.close()
        Zhiyin.running = None
        self.background.shutdown(wait=True, cancel_futures=False)
        if self._opening is not None and self._opening.exception() is None:
            self._close_unused(self._opening.result())

    def _close_unused(self, store: Any) -> None:
        """Close a store that was opened while the app was being closed."""
        from zhiyin.controllers.session import keep_typed  # noqa: PLC0415 - rare

        with store, contextlib.suppress(StoreError):
            keep_typed(store, self.window.composer.text())


def _open_store(data_dir: Path) -> Any:
    """The open store; what works on it is loaded too, which would hold up the window's thread for a third of a second."""
    import_module("zhiyin.controllers.session")
    from zhiyin.store.store import Store  # noqa: PLC0415 - SQLite is not needed for the first frame

    return Store.open(data_dir)


def _start_logging(paths: Paths) -> None:
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    with contextlib.suppress(OSError):  # a read-only folder: the window says so
        path = paths.logs / "zhiyin.log"
        handlers.append(logging.handlers.RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=3, encoding="utf-8"))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", handlers=handlers)


def _on_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    log.critical("a bug", exc_info=(kind, error, trace))
    zhiyin = Zhiyin.running
    if zhiyin is not None:
        zhiyin.bug_found.emit(f"{kind.__name__}: {error}")


def run(*, data_dir: Path | None = None, language: str | None = None) -> int:
    """Run the window until it is closed; returns the exit code. A second start raises the first one's window instead."""
    termination = Termination()
    faulthandler.enable()
    os.environ.update(input_method_fallback(os.environ))
    paths = Paths((data_dir or default_data_dir()).expanduser().absolute())
    QGuiApplication.setDesktopFileName("zhiyin")
    app = QApplication(sys.argv[:1])
    app.setApplicationName("Zhiyin")
    app.setApplicationDisplayName("知音 Zhiyin")
    app.setQuitOnLastWindowClosed(True)
    with contextlib.suppress(OSError, StoreError):  # the store meets the same refusal, and the window says it
        paths.create()
    _start_logging(paths)
    sys.excepthook = _on_bug
    threading.excepthook = lambda told: _on_bug(told.exc_type, told.exc_value or told.exc_type(), told.exc_traceback)
    instance = SingleInstance(paths.data_dir)
    try:
        if not instance.acquire():
            if not instance.reached:
                log.error("Zhiyin is running already, and its window did not answer. / 知音已在运行，但其窗口没有回应。")
            return 0 if instance.reached else 1
    except StoreError as error:
        log.warning("no lock on the data directory: %s", error)
    zhiyin = Zhiyin(app, paths, language={"zh": "zh_CN", "en": "en"}.get(language or ""))
    instance.raise_requested.connect(zhiyin.come_forward)
    zhiyin.closing.connect(instance.stop_listening)
    termination.listen()
    termination.asked.connect(zhiyin.quit)
    zhiyin.start()
    code = app.exec()
    zhiyin.close()
    instance.release()
    termination.end()
    return code
