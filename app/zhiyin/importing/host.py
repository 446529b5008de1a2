"""The process that reads cards: questions are answered one after the other on a thread of their own; pings are answered beside it."""

import os
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from zhiyin.importing.command import KIND
from zhiyin.importing.protocol import (
    VERSION,
    Answer,
    CardFailed,
    ClearPictures,
    Forget,
    ListCards,
    Listed,
    MakePicture,
    Question,
    ReadCard,
    Request,
    WriteCard,
    path_from_wire,
    path_to_wire,
)
from zhiyin.prompt.errors import CardCode, CardDetail, CardError, CardFailure
from zhiyin_models.child import ChildEnd

if TYPE_CHECKING:
    from zhiyin.importing.card_work import CardWork

PORTION = 500  # files in one line
MEMORY = 4 * 1024**3  # bytes of address space: what asks for more is not a card


class CardHost:
    """Serves one parent, which names the data directory in ``$ZHIYIN_DATA_DIR``."""

    def __init__(self) -> None:
        self._end: ChildEnd[Request] = ChildEnd(Request, kind=KIND, version=VERSION, on_request=self._take)
        self._waiting: deque[Question] = deque()
        self._forgotten: set[int] = set()
        self._changed = threading.Condition()
        self._made: CardWork | None = None

    def run(self) -> None:
        """Answer until the parent goes away; on the main thread."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal is for the program in front
        _bound_memory()
        self._end.start()
        while True:
            self._answer(self._next())

    # -------------------------------------------------------------- the reading thread

    def _take(self, request: Request) -> None:
        with self._changed:
            if isinstance(request, Forget):
                self._forgotten.update(request.requests)
                self._waiting = deque(one for one in self._waiting if one.id not in self._forgotten)
            elif isinstance(request, Question):
                self._waiting.append(request)
            self._changed.notify()

    # -------------------------------------------------------------- the main thread

    def _next(self) -> Question:
        with self._changed:
            while not self._waiting:
                self._forgotten.clear()  # all that was asked is answered
                self._changed.wait()
            return self._waiting.popleft()

    def _answer(self, request: Question) -> None:
        path = request.path if isinstance(request, ReadCard | WriteCard | MakePicture) else ""
        try:
            for answer in self._answers(request):
                if request.id in self._forgotten:
                    return
                self._end.send(answer)
        except CardError as error:
            self._end.send(CardFailed(request.id, path, error.failure))
        except MemoryError:
            self._end.send(CardFailed(request.id, path, CardFailure(CardCode.UNSAFE, {"path": _name(path), "detail": CardDetail.MEMORY})))
        except Exception:  # whatever it is, the question must get its answer
            traceback.print_exc()
            failure = CardFailure(CardCode.DAMAGED, {"path": _name(path), "detail": CardDetail.INSIDE})
            self._end.send(CardFailed(request.id, path, failure))

    def _answers(self, request: Question) -> Iterator[Answer]:
        if isinstance(request, ListCards):
            yield from _listed(request)
        elif isinstance(request, ReadCard):
            yield self._work.read(request)
        elif isinstance(request, WriteCard):
            yield self._work.write(request)
        elif isinstance(request, MakePicture):
            yield self._work.make_picture(request)
        elif isinstance(request, ClearPictures):
            yield self._work.clear(request)

    @property
    def _work(self) -> "CardWork":
        if self._made is None:
            from zhiyin.importing.card_work import CardWork  # noqa: PLC0415 - loads Qt, and nothing of it is needed for the hello

            self._made = CardWork(Path(os.environ["ZHIYIN_DATA_DIR"]))
        return self._made


def _listed(request: ListCards) -> Iterator[Listed]:
    from zhiyin.importing.files import MAX_FILES, card_files  # noqa: PLC0415 - see above

    found = card_files([path_from_wire(path) for path in request.paths])
    count = 0
    while portion := tuple(path_to_wire(path) for path in islice(found, min(PORTION, MAX_FILES - count))):
        count += len(portion)
        yield Listed(request.id, portion)
    yield Listed(request.id, (), last=True, cut=count >= MAX_FILES and next(found, None) is not None)


def _name(path: str) -> str:
    from zhiyin.importing.files import shown  # noqa: PLC0415 - see above

    return shown(path_from_wire(path))


def _bound_memory() -> None:
    """What a file makes this process ask for beyond this is refused to it, instead of to the whole system."""
    if sys.platform != "linux":
        return
    import resource  # noqa: PLC0415 - not everywhere

    _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
