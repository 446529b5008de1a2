"""The hub process: answers several questions at once, each on a thread of a pool; pings are answered beside them."""

import os
import signal
import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from zhiyin_models.child import ChildEnd
from zhiyin_models.child.wire import Failed
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.hub.protocol import (
    VERSION,
    Answer,
    Checked,
    CheckSources,
    Describe,
    Described,
    Forget,
    Forgotten,
    Found,
    HasTokens,
    Newest,
    NewestFound,
    Probe,
    Probed,
    Request,
    SaveToken,
    Search,
    TokenSaved,
    TokensHeld,
)
from zhiyin_models.hub.settings import HubSettings, Source, read_hub_settings
from zhiyin_models.hub.tokens import read_token, write_token
from zhiyin_models.library.installed import data_dir

if TYPE_CHECKING:
    from zhiyin_models.hub.connection import Connection

AT_ONCE = 8  # questions; those that nobody wants any more may still be waiting for a server
# Of huggingface_hub: nothing of the user's account there is ours to use, and nothing is reported.
QUIET = {"HF_HUB_DISABLE_IMPLICIT_TOKEN": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
NOT_FOR_US = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_ENABLE_HF_TRANSFER", "HF_DEBUG")

Question = Search | Describe | Probe | CheckSources | Newest | SaveToken | HasTokens


class HubHost:
    """Serves one parent. The data directory is that of the environment (``$ZHIYIN_DATA_DIR``)."""

    def __init__(self) -> None:
        self._end: ChildEnd[Request] = ChildEnd(Request, kind="hub", version=VERSION, on_request=self._take)
        self._pool = ThreadPoolExecutor(AT_ONCE, "question")
        self._wanted: dict[int, Future[None]] = {}
        self._lock = threading.Lock()
        self._connections = _Connections()
        self._data_dir = data_dir()

    def run(self) -> None:
        """Answer until the parent goes away; on the main thread."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal is for the program in front
        os.environ.update(QUIET)
        for name in NOT_FOR_US:
            os.environ.pop(name, None)
        self._end.run_forever()

    # -------------------------------------------------------------- the reading thread

    def _take(self, request: Request) -> None:
        if isinstance(request, Forget):
            with self._lock:
                future = self._wanted.pop(request.request, None)
            if future is not None:
                future.cancel()
            self._end.send(Forgotten(request.id))
        elif isinstance(request, Question):
            with self._lock:
                self._wanted[request.id] = self._pool.submit(self._answer, request)

    # -------------------------------------------------------------- the pool

    def _answer(self, request: Question) -> None:
        try:
            answer = self._answer_to(request)
        except ModelError as error:
            if error.code == Code.HUB_TOKEN_REFUSED:  # a newer one may have been given elsewhere
                self._connections.renew()
            answer = Failed(request.id, error.code, error.failure.args)
        except Exception as error:  # whatever it is, the question must get its answer
            traceback.print_exc()
            answer = Failed(request.id, Code.JOB_FAILED, {"detail": f"{type(error).__name__}: {error}"[:500]})
        with self._lock:
            wanted = self._wanted.pop(request.id, None) is not None
        if wanted:
            self._end.send(answer)

    def _answer_to(self, request: Question) -> Answer:
        settings = read_hub_settings(self._data_dir)
        if isinstance(request, SaveToken):
            notice = write_token(_source(settings, request.source), request.token, self._data_dir)
            self._connections.renew()
            return TokenSaved(request.id, notice)
        if isinstance(request, HasTokens):
            return TokensHeld(request.id, tuple(one.name for one in settings.sources if read_token(one, self._data_dir)))
        with self._connections.lend(settings) as connection:
            return _look_up(request, settings, connection)


class _Connections:
    """The connection by the present settings: kept between questions, and closed when it is another's turn and nobody uses it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._settings: HubSettings | None = None
        self._present: Connection | None = None
        self._users: dict[int, int] = {}  # of each connection

    @contextmanager
    def lend(self, settings: HubSettings) -> "Iterator[Connection]":
        """The connection, for one question. Raises ModelError."""
        from zhiyin_models.hub.search import connect  # noqa: PLC0415 - nothing of it is needed for the hello

        with self._lock:
            if self._present is None or settings != self._settings:
                self._retire()
                self._settings, self._present = settings, connect(settings)
            connection = self._present
            self._users[id(connection)] = self._users.get(id(connection), 0) + 1
        try:
            yield connection
        finally:
            with self._lock:
                self._users[id(connection)] -= 1
                if connection is not self._present:
                    self._close(connection)

    def renew(self) -> None:
        """Forget the tokens that it knows."""
        with self._lock:
            self._retire()

    def _retire(self) -> None:
        before, self._present = self._present, None
        if before is not None:
            self._close(before)

    def _close(self, connection: "Connection") -> None:
        if not self._users.get(id(connection), 0):
            self._users.pop(id(connection), None)
            connection.close()


def _look_up(request: Search | Describe | Probe | CheckSources | Newest, settings: HubSettings, connection: "Connection") -> Answer:
    """The answer of the network. Raises ModelError."""
    from zhiyin_models.hub.health import check_sources  # noqa: PLC0415 - half a second of loading
    from zhiyin_models.hub.probe import probe  # noqa: PLC0415
    from zhiyin_models.hub.search import describe, newest, search  # noqa: PLC0415

    match request:
        case Search():
            results, name = search(settings, request.query, request.source, request.more, connection=connection)
            return Found(request.id, results, name)
        case Describe():
            return Described(request.id, describe(settings, request.repository, request.source, request.revision, connection=connection))
        case Probe():
            return Probed(request.id, probe(connection, request.address))
        case CheckSources():
            return Checked(request.id, check_sources(settings, connection))
        case Newest():
            return NewestFound(request.id, newest(settings, request.repositories, connection=connection))


def _source(settings: HubSettings, name: str) -> Source:
    source = settings.source(name)
    if source is None:
        raise ModelError(Code.HUB_NO_SOURCE)
    return source
