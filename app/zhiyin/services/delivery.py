"""Brings the result of a Future to the thread of the window."""

from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

T = TypeVar("T")


class Delivery(QObject):
    """Calls back in its own thread when a Future is done; a result that arrives after ``close`` is dropped."""

    failed = Signal(object)  # an exception that nobody asked for
    _done = Signal(object, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._open = True
        self._done.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def deliver(
        self, future: "Future[T]", then: Callable[[T], None] | None = None, otherwise: Callable[[BaseException], None] | None = None
    ) -> None:
        """Call ``then`` with the result, or ``otherwise`` with the exception (without one, ``failed`` is emitted)."""
        future.add_done_callback(lambda done: self._arrive(done, then, otherwise))

    def close(self) -> None:
        """Drop whatever is still to come."""
        self._open = False

    def _arrive(self, done: "Future[Any]", then: Callable[[Any], None] | None, otherwise: Callable[[BaseException], None] | None) -> None:
        if self._open:
            self._done.emit(done, then, otherwise)

    def _deliver(self, done: "Future[Any]", then: Callable[[Any], None] | None, otherwise: Callable[[BaseException], None] | None) -> None:
        if not self._open:
            return
        try:
            result = done.result()
        except CancelledError:
            return
        except Exception as error:
            if otherwise is None:
                self.failed.emit(error)
            else:
                otherwise(error)
            return
        if then is not None:
            then(result)
