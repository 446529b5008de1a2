"""Colours code on a thread of its own, what is seen first; the code is shown plain until then."""

from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, Signal

from zhiyin.ui.transcript.code_box import CodeBox, Highlights

_KEPT = 400_000
"""Characters whose colours are kept, for code that was scrolled away or set in another theme."""
_AGAIN_S = 0.8
_LARGEST_OPEN = 20_000


class Highlighter(QObject):
    """``colored`` carries the box whose colours came."""

    colored = Signal(object)
    _done = Signal(object, str, str, object)  # box, language, code, spans

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._pool: ThreadPoolExecutor | None = None
        self._asked: WeakKeyDictionary[CodeBox, float] = WeakKeyDictionary()
        self._known: OrderedDict[tuple[str, str], Highlights] = OrderedDict()
        self._size = 0
        self._done.connect(self._take)

    def want(self, box: CodeBox, *, is_open: bool) -> None:
        """Have a box coloured that is seen; one that still grows is coloured now and then."""
        language, code = box.code.language, box.code.text
        if not language or not code or box.colored == len(code):
            return
        known = self._known.get((language, code))
        if known is not None:
            box.set_highlights(code, known)
            return
        now = monotonic()
        last = self._asked.get(box)
        if last == 0 or (is_open and (len(code) > _LARGEST_OPEN or now - (last or 0.0) < _AGAIN_S)):
            return
        self._asked[box] = 0  # on its way
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="highlight")
            self.destroyed.connect(lambda _=None, pool=self._pool: pool.shutdown(wait=False, cancel_futures=True))
        self._pool.submit(_highlight, language, code).add_done_callback(lambda done: self._hand_over(box, language, code, done))

    def _hand_over(self, box: CodeBox, language: str, code: str, done: Future[Highlights]) -> None:
        """On the pool's thread."""
        try:
            self._done.emit(box, language, code, done.result())
        except RuntimeError:  # the view is gone
            return

    def _take(self, box: CodeBox, language: str, code: str, spans: Highlights) -> None:
        self._asked[box] = monotonic()
        if (language, code) not in self._known:
            self._known[language, code] = spans
            self._size += len(code)
        while self._size > _KEPT and len(self._known) > 1:
            (_, old), _ = self._known.popitem(last=False)
            self._size -= len(old)
        if box.set_highlights(code, spans):
            self.colored.emit(box)


def _highlight(language: str, code: str) -> Highlights:
    from zhiyin.markup.highlight import highlight  # noqa: PLC0415 - loaded on this thread, with the first code

    return highlight(language, code)
