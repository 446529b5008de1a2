"""Makes a conversation of a task's answers: once for all of them, with the one that was kept on show."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from typing import TypeVar

import msgspec
from msgspec import Struct
from PySide6.QtCore import QObject, Signal

from zhiyin.prompt.tasks.fill import Filled, kept_system
from zhiyin.prompt.tasks.template import Task
from zhiyin.services.delivery import Delivery
from zhiyin.store.errors import StoreCode, StoreError
from zhiyin.store.store import Store
from zhiyin_models.engine.protocol import Sampling

T = TypeVar("T")
TITLE_LENGTH = 40


class Ran(Struct, frozen=True):
    """What the answers on the page are answers to, and the model that they are of."""

    task: Task
    filled: Filled
    sampling: Sampling
    model: str = ""


class Kept(Struct, frozen=True):
    """The conversation that was made of the answers, and the turn of each by its place."""

    conversation: int
    replies: dict[int, int]


class TaskKeeping(QObject):
    """Keeps one after the other: what is asked for while something is being kept is left."""

    made = Signal(int)  # conversation: it is new in the list
    kept = Signal(int)  # the place of the answer that is on show in it
    shown = Signal(int)  # conversation: it is there, and is to be shown
    lost = Signal()  # the conversation was deleted meanwhile
    trouble = Signal(object)

    def __init__(self, *, store: Store, background: Executor, delivery: Delivery, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._background = background
        self._delivery = delivery
        self._kept: Kept | None = None
        self._run: object = object()  # changes with the answers: what is on its way then is no more of those on the page
        self._busy = False

    def forget(self) -> None:
        """Other answers are on the page."""
        self._kept, self._run = None, object()

    def keep(self, ran: Ran, texts: Sequence[tuple[int, str]], index: int) -> None:
        """Make a conversation of the answers (each with its place), unless there is one; the one at this place is on show in it."""
        order = sorted(texts, key=lambda pair: pair[0] != index)
        if self._busy or not order or order[0][0] != index:
            return
        run, known = self._run, self._kept

        def keep() -> tuple[Kept, bool]:
            if known is not None and index in known.replies and _is_there(self._store, known.conversation):
                self._store.choose(known.replies[index]).result()
                return known, False
            return _make(self._store, ran, dict(order)), True

        def done(result: tuple[Kept, bool]) -> None:
            kept, new = result
            if new:
                self.made.emit(kept.conversation)
            if run is self._run:
                self._kept = kept
                self.kept.emit(index)

        self._do(keep, done)

    def show(self) -> None:
        """Show the conversation, if it is still there."""
        kept = self._kept
        if self._busy or kept is None:
            return

        def looked(there: bool) -> None:  # noqa: FBT001 - a result
            if there:
                self.shown.emit(kept.conversation)
            elif kept is self._kept:
                self._kept = None
                self.lost.emit()

        self._do(lambda: _is_there(self._store, kept.conversation), looked)

    def _do(self, act: Callable[[], T], then: Callable[[T], None]) -> None:
        self._busy = True

        def arrived(result: T) -> None:
            self._busy = False
            then(result)

        def failed(error: BaseException) -> None:
            self._busy = False
            self.trouble.emit(error)

        future: Future[T] = self._background.submit(act)
        self._delivery.deliver(future, arrived, failed)


def _is_there(store: Store, conversation: int) -> bool:
    """Whether it is on the list. Blocks."""
    try:
        found = store.summary(conversation).result()
    except StoreError as error:
        if error.code == StoreCode.MISSING:
            return False
        raise
    # a deleted one can still be read, but the list's next after the place behind it is another
    after = msgspec.structs.replace(found, id=found.id + 1)
    return any(listed.id == conversation for listed in store.conversations(1, after).result())


def _make(store: Store, ran: Ran, texts: dict[int, str]) -> Kept:
    """A conversation with all answers, the first of them on show; none when the store fails. Blocks."""
    conversation = store.create_conversation(
        title=_title(ran), auto_title=False, model=ran.model, system_prompt=kept_system(ran.task, ran.filled), sampling=ran.sampling
    ).result()
    try:
        question = store.add_user_turn(conversation.id, None, ran.filled.user).result()
        turn = store.add_replies(conversation.id, question.id, tuple(texts.values()), model=ran.model).result()
    except BaseException:
        with suppress(StoreError):
            store.delete_conversation(conversation.id).result()
        raise
    return Kept(conversation.id, dict(zip(texts, turn.sibling_ids, strict=True)))


def _title(ran: Ran) -> str:
    """The task's name, and the first words of what was filled in."""
    words = " ".join(next((line for line in ran.filled.user.split("\n") if line.strip()), "").split())
    return f"{ran.task.name} · {words[:TITLE_LENGTH]}"
