"""What was sent for a reply, out of the store and into a dialog."""

from PySide6.QtCore import QObject, Signal

from zhiyin.services.delivery import Delivery
from zhiyin.store.records import Sent
from zhiyin.store.store import Store
from zhiyin.ui.sent_dialog import SentDialog, SentPart
from zhiyin.ui.transcript.view import TranscriptView


class SentController(QObject):
    """Opens the dialog when the transcript asks for it; ``unknown`` tells of a reply of which it is not known any more."""

    unknown = Signal(int)  # turn id
    trouble = Signal(object)  # an exception, to be put into words

    def __init__(self, transcript: TranscriptView, *, store: Store, delivery: Delivery, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._transcript = transcript
        self._store = store
        self._delivery = delivery
        transcript.sent_requested.connect(self.show_sent)

    def show_sent(self, turn: int) -> None:
        """Show what was sent for a reply."""

        def show(sent: Sent | None) -> None:
            if sent is None:
                self.unknown.emit(turn)
            else:
                sent_dialog(sent, self._transcript).open()

        self._delivery.deliver(self._store.sent.get(turn), show, self.trouble.emit)


def sent_dialog(sent: Sent, transcript: TranscriptView) -> SentDialog:
    """The dialog for what is kept of a reply."""
    parts = [SentPart(message.role, message.section, message.text, message.tokens, message.dropped) for message in sent.messages]
    fit = sent.fit
    return SentDialog(
        sent.text,
        parts,
        prompt_tokens=fit.prompt_tokens if fit is not None else 0,
        limit=fit.limit if fit is not None else 0,
        context=fit.context if fit is not None else 0,
        parent=transcript.window(),
    )
