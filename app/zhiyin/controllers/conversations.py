"""The list of conversations: new, rename, delete with undo."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from PySide6.QtCore import QObject

from zhiyin.controllers.chat import ChatController
from zhiyin.controllers.replies import ReplyJob, ReplyRunner
from zhiyin.services.delivery import Delivery
from zhiyin.store.records import Conversation
from zhiyin.store.store import Store
from zhiyin.ui.conversation_list import ConversationItem, ConversationList

PAGE = 500


class ConversationsController(QObject):
    """Keeps the list true to the store and tells the chat which conversation to show."""

    def __init__(
        self,
        view: ConversationList,
        *,
        store: Store,
        chat: ChatController,
        replies: ReplyRunner,
        delivery: Delivery,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._view = view
        self._store = store
        self._chat = chat
        self._replies = replies
        self._delivery = delivery
        self._known: dict[int, Conversation] = {}
        self._unread: set[int] = set()
        view.new_requested.connect(chat.new)
        view.selected.connect(self._select)
        view.rename.connect(self._rename)
        view.delete.connect(self.delete)
        view.undo_delete.connect(self._undo)
        chat.opened.connect(self._on_opened)
        chat.changed.connect(self._on_changed)
        replies.queued.connect(self._on_job)
        replies.changed.connect(self._on_job)
        replies.ended.connect(self._on_ended)
        replies.discarded.connect(self._on_job)

    def load(self, then: Callable[[list[Conversation]], None] | None = None) -> None:
        """Read the list, page by page: the newest are on show while older ones are still being read."""
        read: dict[int, Conversation] = {}

        def listed(page: list[Conversation]) -> None:
            first = not read
            read.update({conversation.id: conversation for conversation in page})
            self._known = dict(read)
            self._show_all()
            if len(page) == PAGE:
                self._ask(self._store.conversations(PAGE, page[-1]), listed)
            if first and then is not None:
                then(page)

        self._ask(self._store.conversations(PAGE), listed)

    def _show_all(self) -> None:
        self._view.set_conversations([self._item(conversation) for conversation in self._known.values()])
        if self._chat.id is not None:
            self._view.select(self._chat.id)

    def _item(self, conversation: Conversation) -> ConversationItem:
        return ConversationItem(
            id=conversation.id,
            title=conversation.title or self.tr("New conversation"),
            updated=conversation.updated,
            running=bool(self._replies.jobs_of(conversation.id)),
            unread=conversation.id in self._unread,
            interrupted=conversation.interrupted,
        )

    # ------------------------------------------------------------ what the user does

    def _select(self, id_: int) -> None:
        self._unread.discard(id_)
        self._chat.open(id_)

    def rename_current(self, title: str) -> None:
        """Give the conversation on the screen a title."""
        if self._chat.id is not None:
            self._rename(self._chat.id, title)
        else:
            self._chat.update(title=title.strip())

    def _rename(self, id_: int, title: str) -> None:
        if title.strip():
            if id_ == self._chat.id:
                self._chat.update(title=title.strip())
            else:
                self._ask(self._store.update_conversation(id_, title=title.strip()), self._on_changed)

    def delete(self, id_: int) -> None:
        """Take a conversation out of the list; it can be brought back."""
        conversation = self._known.get(id_)
        if conversation is None:
            return
        self._chat.stop_in(id_)

        def deleted(_none: object) -> None:
            order = list(self._known)
            place = order.index(id_) if id_ in order else 0
            self._known.pop(id_, None)
            if self._chat.id == id_:
                rest = list(self._known)
                if rest:
                    self._chat.open(rest[min(place, len(rest) - 1)])
                else:
                    self._chat.new()
            self._show_all()

        self._ask(self._store.delete_conversation(id_), deleted)

    def _undo(self, id_: int) -> None:
        """Bring a deleted conversation back, and show it."""

        def restored(_conversation: Conversation) -> None:
            self.load(lambda _all: self._chat.open(id_))

        self._ask(self._store.restore_conversation(id_), restored)

    # ------------------------------------------------------------ what happens meanwhile

    def _on_opened(self, conversation: Conversation | None) -> None:
        if conversation is None:
            self._view.select(0)
            return
        self._unread.discard(conversation.id)
        self._on_changed(conversation)
        self._view.select(conversation.id)

    def _on_changed(self, conversation: Conversation) -> None:
        fresh = conversation.id not in self._known
        if fresh and conversation.id != self._chat.id:
            return  # deleted meanwhile
        self._known[conversation.id] = conversation
        if fresh:
            self._show_all()
        else:
            self._view.update_item(self._item(conversation))

    def _on_job(self, job: ReplyJob) -> None:
        conversation = self._known.get(job.conversation)
        if conversation is not None:
            self._view.update_item(self._item(conversation))

    def _on_ended(self, job: ReplyJob) -> None:
        if job.conversation != self._chat.id:
            self._unread.add(job.conversation)
        self._on_job(job)

    def _ask(self, future: "Future[Any]", then: Callable[[Any], None] | None = None) -> None:
        self._delivery.deliver(future, then, self._chat.trouble.emit)
