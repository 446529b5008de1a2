"""The hubs for the window: questions out, answers in on its thread, the process that asks started with the first question."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from zhiyin_models.child.wire import Failed
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.hub.protocol import Answer
from zhiyin_models.hub.values import SearchQuery

if TYPE_CHECKING:
    from zhiyin_models.hub.client import HubClient

log = logging.getLogger(__name__)

Then = Callable[[Answer], None]
Send = Callable[["HubClient", Then], int]


class HubService(QObject):
    """Asks the hub process. Every question is known by a ticket; its answer (``Failed`` included) is heard once, or never when forgotten.

    A newer search forgets the one before it.
    """

    _arrived = Signal(int, object)  # ticket, Answer

    def __init__(self, data_dir: Path, log_file: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._data_dir = data_dir
        self._log = log_file
        self._worker = ThreadPoolExecutor(1, "hub")  # starting a process takes longer than a frame
        self._client: HubClient | None = None
        self._tickets = count(1)
        self._waiting: dict[int, Then] = {}
        self._requests: dict[int, int] = {}  # the client's own numbers, by ticket
        self._search = 0
        self._closed = False
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def search(self, query: SearchQuery, then: Then, *, source: str = "", more: str = "") -> int:
        """Look for repositories; ``more`` goes on with the results before. Answered by ``Found``."""
        self.forget(self._search)
        self._search = self._ask(lambda client, hear: client.search(query, source=source, more=more, on_answer=hear), then)
        return self._search

    def describe(self, repository: str, then: Then, *, source: str = "", revision: str = "") -> int:
        """Everything about one repository. Answered by ``Described``."""
        return self._ask(lambda client, hear: client.describe(repository, source=source, revision=revision, on_answer=hear), then)

    def probe(self, address: str, then: Then) -> int:
        """What lies at a plain address. Answered by ``Probed``."""
        return self._ask(lambda client, hear: client.probe(address, on_answer=hear), then)

    def newest(self, repositories: Sequence[tuple[str, str]], then: Then) -> int:
        """The newest revisions of (source, repository). Answered by ``NewestFound``."""
        return self._ask(lambda client, hear: client.newest(tuple(repositories), on_answer=hear), then)

    def ask(self, send: Send, then: Then) -> int:
        """Any other question: ``send`` asks it of the client, off the window's thread."""
        return self._ask(send, then)

    def forget(self, ticket: int) -> None:
        """The answer is not wanted any more; it is never heard from then on."""
        if self._waiting.pop(ticket, None) is not None and not self._closed:
            self._worker.submit(self._take_back, ticket)

    @property
    def waiting(self) -> int:
        """Questions without an answer."""
        return len(self._waiting)

    def close(self) -> None:
        """End the process; waits for it. Nothing is answered from now on."""
        if self._closed:
            return
        self._closed = True
        self._waiting.clear()
        self._worker.submit(self._end)
        self._worker.shutdown(wait=True)

    # ------------------------------------------------------------ on the worker

    def _ask(self, send: Send, then: Then) -> int:
        ticket = next(self._tickets)
        if not self._closed:
            self._waiting[ticket] = then
            self._worker.submit(self._send, ticket, send)
        return ticket

    def _send(self, ticket: int, send: Send) -> None:
        if ticket not in self._waiting:
            return
        try:
            self._requests[ticket] = send(self._started(), lambda answer: self._arrived.emit(ticket, answer))
        except ModelError as error:
            self._arrived.emit(ticket, Failed(0, error.failure.code, error.failure.args))
        except Exception as error:
            log.exception("a question to the hub")
            self._arrived.emit(ticket, Failed(0, Code.ENGINE_FAILED, {"detail": str(error)}))

    def _started(self) -> "HubClient":
        if self._client is None:
            from zhiyin_models.hub.client import HubClient  # noqa: PLC0415 - not needed before the first question

            self._client = HubClient(log=self._log, data_dir=self._data_dir)
        return self._client

    def _take_back(self, ticket: int) -> None:
        request = self._requests.pop(ticket, None)
        if request is not None and self._client is not None:
            self._client.forget(request)

    def _end(self) -> None:
        if self._client is not None:
            self._client.close()

    # ------------------------------------------------------------ on the window's thread

    def _deliver(self, ticket: int, answer: Answer) -> None:
        then = self._waiting.pop(ticket, None)
        self._requests.pop(ticket, None)
        if then is not None:
            then(answer)
