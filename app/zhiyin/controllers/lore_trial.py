"""Tries a lorebook on a text: what would fire now, worked out beside the window's thread."""

from collections.abc import Callable
from concurrent.futures import Executor
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from zhiyin.prompt.lore.book import Book
from zhiyin.prompt.macros import MacroValues
from zhiyin.prompt.token_counts import TokenCounts
from zhiyin.services.delivery import Delivery
from zhiyin.ui.lore_live import LoreLive
from zhiyin.ui.lore_values import LorePreview

if TYPE_CHECKING:
    from zhiyin.controllers.lore_preview import Trial

Recent = Callable[[], list[tuple[str, str, str]]]  # role, name, text of the last turns of the open conversation
Snapshot = Callable[[], tuple[Book, tuple[int, ...]]]  # the book as it is now, and the editor's idents beside its entries


class LoreTrial(QObject):
    """Answers a ``LoreLive``; while one answer is waited for, only the newest question is kept."""

    trouble = Signal(object)

    def __init__(
        self,
        live: LoreLive,
        show: Callable[[LorePreview], None],
        *,
        background: Executor,
        delivery: Delivery,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._live = live
        self._show = show
        self._background = background
        self._delivery = delivery
        self._snapshot: Snapshot | None = None
        self._char = ""
        self._recent: Recent | None = None
        self._counts = TokenCounts()
        self._roles: dict[str, str] = {}  # by the names that stand before turns
        self._user = ""
        self._turn = 0
        self._trying = False
        self._again = False
        live.wanted.connect(lambda _text: self.run())
        live.rolled.connect(self._roll)
        live.recent_requested.connect(self.take_recent)

    def set_recent(self, recent: Recent | None) -> None:
        """Where the last turns of the open conversation come from."""
        self._recent = recent

    def set_counts(self, counts: TokenCounts) -> None:
        """Counts that know what the engine counted, in place of plain estimates."""
        self._counts = counts

    def set_book(self, snapshot: Snapshot | None, char: str = "") -> None:
        """What is tried, and what {{char}} is in it; None for nothing."""
        self._snapshot, self._char = snapshot, char

    def offer_recent(self) -> None:
        """Say whether there is a conversation to try; where nothing was written yet, it is taken."""
        turns = self._recent() if self._recent is not None else []
        self._live.set_recent(there=bool(turns))
        if turns and not self._live.text.text().strip():
            self.take_recent()

    def take_recent(self) -> None:
        """Try the last turns of the open conversation."""
        from zhiyin.controllers.lore_preview import recent_text  # noqa: PLC0415 - only once something is tried

        turns = self._recent() if self._recent is not None else []
        plain = {"user": self.tr("You"), "assistant": self._char or self.tr("Reply")}
        named = [(role, name or plain.get(role, ""), text) for role, name, text in turns]
        self._roles = {name: role for role, name, _text in named if name}
        self._user = next((name for role, name, _text in turns if role == "user" and name), "")
        self._live.set_text(recent_text(named))

    def run(self) -> None:
        """Ask what the text would call up."""
        if self._snapshot is None:
            return
        if self._trying:
            self._again = True
            return
        self._trying = True
        from zhiyin.controllers.lore_preview import Trial  # noqa: PLC0415 - the same

        book, idents = self._snapshot()
        values = MacroValues(char=self._char, user=self._user, seed=1, turn=self._turn)
        trial = Trial(book, idents, self._live.text.text(), self._roles, values, self._turn)
        self._delivery.deliver(self._background.submit(_previewed, trial, self._counts), self._on_preview, self._on_failed)

    def _roll(self) -> None:
        self._turn += 1
        self.run()

    def _on_preview(self, preview: LorePreview) -> None:
        self._trying = False
        if self._again:
            self._again = False
            self.run()
        elif self._snapshot is not None:
            self._show(preview)

    def _on_failed(self, error: BaseException) -> None:
        self._trying = self._again = False
        self.trouble.emit(error)


def _previewed(trial: "Trial", counts: TokenCounts) -> LorePreview:
    from zhiyin.controllers.lore_preview import preview  # noqa: PLC0415 - only once something is tried

    return preview(trial, counts.of)
