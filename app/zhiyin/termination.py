"""Ctrl-C in the terminal, the end of a session, a kill: the app is then closed in good order, as by its window.

Python runs its signal handlers between bytecodes, of which there are none while Qt waits for events. So the signal's number is
also written to a socket (``signal.set_wakeup_fd``), and that wakes Qt.
"""

import contextlib
import signal
import socket

from PySide6.QtCore import QObject, QSocketNotifier, Signal

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


class Termination(QObject):
    """Hears the signals that ask a program to end. Made before the QApplication: a signal that comes early waits."""

    asked = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ours, self._theirs = socket.socketpair()
        self._ours.setblocking(False)
        self._theirs.setblocking(False)
        self._notifier: QSocketNotifier | None = None
        self._fd_before = signal.set_wakeup_fd(self._theirs.fileno(), warn_on_full_buffer=False)
        numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
        # One that is ignored already (nohup, a shell's background job) was meant to be.
        self._before = {
            number: signal.signal(number, lambda _number, _frame: None)
            for number in numbers
            if signal.getsignal(number) is not signal.SIG_IGN
        }

    def listen(self) -> None:
        """Emit ``asked`` from now on. Needs the application."""
        self._notifier = QSocketNotifier(self._ours.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._hear)

    def end(self) -> None:
        """Give the signals back."""
        if self._notifier is not None:
            self._notifier.setEnabled(False)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._fd_before)
        self._ours.close()
        self._theirs.close()

    def _hear(self) -> None:
        with contextlib.suppress(BlockingIOError):
            if set(self._ours.recv(64)) & set(self._before):
                self.asked.emit()
