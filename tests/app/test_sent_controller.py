"""What was sent for a reply, from a real store into the dialog."""

from pathlib import Path

from pytestqt.qtbot import QtBot

from zhiyin.controllers.presentation import turn_view
from zhiyin.controllers.sent import SentController
from zhiyin.services.delivery import Delivery
from zhiyin.store import Sent, SentMessage, Store
from zhiyin.ui.sent_dialog import SentDialog
from zhiyin.ui.transcript.view import TranscriptView
from zhiyin_models.engine.protocol import FitReport


def test_the_dialog_shows_what_is_kept(tmp_path: Path, qtbot: QtBot) -> None:
    view = TranscriptView()
    qtbot.addWidget(view)
    with Store.open(tmp_path / "data", maintenance_delay=1e9) as store:
        delivery = Delivery()
        controller = SentController(view, store=store, delivery=delivery)
        made = store.create_conversation().result()
        first = store.add_replies(made.id, None, ["one", "two"]).result()
        view.set_turns([turn_view(first)])
        messages = (SentMessage("system", "persona", "You are Li Bai.", 5), SentMessage("user", "history", "old", 1, dropped=True, turn=7))
        store.sent.put(Sent(first.id, "<|system|>…", messages, FitReport(prompt_tokens=5, limit=60, context=80))).result()
        view.act(first.id, "sent")
        qtbot.waitUntil(lambda: bool(view.findChildren(SentDialog)))
        (dialog,) = view.findChildren(SentDialog)
        assert dialog.whole() == "<|system|>…"
        assert dialog.list.model().index(1, 0).data() == "history · user · 1 token · left out: old"
        assert "room for 60" in dialog._facts.text()
        with qtbot.waitSignal(controller.unknown) as told:
            view.sent_requested.emit(first.sibling_ids[1])
        assert told.args == [first.sibling_ids[1]]
        dialog.close()
        delivery.close()
    view.clear()
