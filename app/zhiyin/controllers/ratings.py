"""Ratings: what is thought of replies goes from the transcript to the store, and from the store into a file for training."""

from concurrent.futures import Future
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLocale, QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from zhiyin.errors import describe
from zhiyin.services.delivery import Delivery
from zhiyin.store.errors import StoreError
from zhiyin.store.records import RatingCounts, Turn
from zhiyin.store.store import Store
from zhiyin.store.training import Exported, TrainingKind
from zhiyin.ui.ranking_dialog import Alternative, RankingDialog
from zhiyin.ui.settings_page import SettingsPage
from zhiyin.ui.training_dialog import TrainingDialog
from zhiyin.ui.transcript.view import TranscriptView

POLL_MS = 100


class RatingsController(QObject):
    """Connects the transcript's ratings to the store. ``rated`` tells of a turn as it is stored now."""

    rated = Signal(object)  # Turn
    trouble = Signal(object)  # an exception, to be put into words

    def __init__(self, transcript: TranscriptView, *, store: Store, delivery: Delivery, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._transcript = transcript
        self._store = store
        self._delivery = delivery
        self._page: SettingsPage | None = None
        self.export: RatingsExport | None = None
        transcript.rated.connect(self.rate)
        transcript.remark_edited.connect(self.remark)
        transcript.rank_requested.connect(self.ask_order)

    def set_page(self, page: SettingsPage) -> None:
        """Show on the settings page how much was rated, and export from there."""
        self._page = page
        page.shown.connect(self._count)
        page.export_ratings_requested.connect(self.ask_export)

    def rate(self, turn: int, thumb: int) -> None:
        """Call a reply good (1) or bad (-1), or take that back (0)."""
        self._tell(self._store.ratings.rate(turn, thumb))

    def remark(self, turn: int, text: str) -> None:
        """Note something about a reply."""
        self._tell(self._store.ratings.remark(turn, text))

    def _tell(self, future: "Future[Turn]") -> None:
        self._delivery.deliver(future, self.rated.emit, self.trouble.emit)

    # ------------------------------------------------------------ order

    def ask_order(self, turn: int) -> None:
        """Let the user put a reply and its alternatives in order."""
        self._delivery.deliver(self._store.ratings.alternatives(turn), self._show_order, self.trouble.emit)

    def _show_order(self, turns: list[Turn]) -> None:
        said = [
            Alternative(turn.id, number, turn.text, turn.thumb, turn.rank, turn.model)
            for number, turn in enumerate(turns, 1)
            if turn.text.strip()
        ]
        if len(said) < 2:
            return
        best = next((turn for turn in turns if turn.rank == 1), None)
        dialog = RankingDialog(said, best.remark if best is not None else "", self._transcript.window())
        dialog.ranked.connect(self._rank)
        dialog.cleared.connect(lambda: self._clear(turns))
        dialog.open()

    def _rank(self, order: list[int], remark: str) -> None:
        self._delivery.deliver(self._store.ratings.rank(order, remark), self._tell_all, self.trouble.emit)

    def _clear(self, turns: list[Turn]) -> None:
        def cleared(_: None) -> None:
            self._delivery.deliver(self._store.ratings.alternatives(turns[0].id), self._tell_all, self.trouble.emit)

        self._delivery.deliver(self._store.ratings.clear_ranks(turns[0].id), cleared, self.trouble.emit)

    def _tell_all(self, turns: list[Turn]) -> None:
        for turn in turns:
            self.rated.emit(turn)

    # ------------------------------------------------------------ training data

    def _count(self) -> None:
        self._delivery.deliver(self._store.ratings.counts(), self._show_counts, self.trouble.emit)

    def _show_counts(self, counts: RatingCounts) -> None:
        if self._page is not None:
            self._page.set_rating_counts(counts.good, counts.bad, counts.ranked)

    def ask_export(self) -> None:
        """Ask what the ratings shall be exported for, and do it."""
        self.export = RatingsExport(self._store, self._delivery, self._page or self._transcript, parent=self)
        self.export.dialog.open()


class RatingsExport(QObject):
    """One dialog, and what is written for it; it goes with the dialog."""

    def __init__(self, store: Store, delivery: Delivery, over: QWidget, parent: QObject) -> None:
        super().__init__(parent)
        self._store = store
        self._delivery = delivery
        self._writing: Future[Exported] | None = None
        self._open = True
        self._progress = (0, 0)  # set by the store's thread
        self._poll = QTimer(self)
        self._poll.setInterval(POLL_MS)
        self._poll.timeout.connect(self._show_progress)
        self.dialog = TrainingDialog(over.window())
        self.dialog.export_requested.connect(self.write)
        self.dialog.cancel_requested.connect(self.cancel)
        self.dialog.finished.connect(self._leave)
        delivery.deliver(store.ratings.counts(), self._show_counts)

    def _leave(self) -> None:
        self._open = False  # the dialog goes, and what is still to come has nowhere to be shown
        self._poll.stop()
        self.deleteLater()

    def _show_counts(self, counts: RatingCounts) -> None:
        if self._open:
            self.dialog.set_counts(counts.good, counts.bad, counts.ranked)

    def write(self, kind: TrainingKind, path: str, no_greetings: bool) -> None:  # noqa: FBT001  as the signal has it
        """Write the file."""
        self._progress = (0, 0)
        self.dialog.set_progress(0, 0)
        self._writing = self._store.export_training(Path(path), kind, self._note_progress, strict=no_greetings)
        self._poll.start()
        self._delivery.deliver(self._writing, self._done, self._failed)

    def cancel(self) -> None:
        """Give up what is being written; nothing of it is left."""
        self._poll.stop()
        if self._writing is not None:
            self._writing.cancel()

    def _note_progress(self, done: int, total: int) -> None:
        self._progress = (done, total)

    def _show_progress(self) -> None:
        self.dialog.set_progress(*self._progress)

    def _done(self, exported: Exported) -> None:
        self._say(exported_words(exported), good=bool(exported.records))

    def _failed(self, error: BaseException) -> None:
        failure = error.failure if isinstance(error, StoreError) else None
        self._say(describe(failure.code, failure.args) if failure is not None else str(error), good=False)

    def _say(self, words: str, *, good: bool) -> None:
        self._poll.stop()
        if self._open:
            self.dialog.set_result(words, good=good)


def exported_words(exported: Exported) -> str:
    """What became of an export, in a sentence."""
    number = QLocale().toString
    if not exported.records:
        return QCoreApplication.translate("Ratings", "There is nothing to export for this yet, so no file was made.")
    words = QCoreApplication.translate("Ratings", "{records} records from {conversations} conversations were written.").format(
        records=number(exported.records), conversations=number(exported.conversations)
    )
    if exported.left_out:
        left = QCoreApplication.translate("Ratings", "Left out, because they say nothing or contradict each other: {count}.")
        words += " " + left.format(count=number(exported.left_out))
    return words
