"""The user's own conversations as texts: read from a real database of the app, as the model's template writes them."""

import json
from pathlib import Path

import pytest

from zhiyin.store import Store
from zhiyin.store.records import Status
from zhiyin_models.cli import main
from zhiyin_models.convert.importance_file import Importance
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.evaluate.conversations import read_conversations


def write_chat(folder: Path, *, turns: int = 2, words: str = "请写一首关于长安的诗。") -> None:
    with Store.open(folder) as store:
        conversation = store.create_conversation().result()
        parent = None
        for number in range(turns):
            user = store.add_user_turn(conversation.id, parent, f"{words}{number}").result()
            reply = store.add_reply(conversation.id, user.id, model="m", fingerprint="f").result()
            store.finish_reply(reply.id, f"长安一片月，万户捣衣声。{number}", Status.COMPLETE, "stop", None).result()
            parent = reply.id
        gone = store.create_conversation().result()
        store.add_user_turn(gone.id, None, "secret").result()
        store.delete_conversation(gone.id).result()


def test_each_is_what_the_model_would_be_sent(tmp_path: Path, starter: Path) -> None:
    write_chat(tmp_path)
    before = {path.name for path in tmp_path.iterdir()}
    (text,) = read_conversations(tmp_path, starter)
    places = [text.index(part) for part in ("诗。0", "声。0", "诗。1", "声。1")]
    assert places == sorted(places)
    assert "<|im_start|>assistant\n长安一片月" in text
    assert "secret" not in text
    assert {path.name for path in tmp_path.iterdir()} <= before | {"zhiyin.sqlite3-shm", "zhiyin.sqlite3-wal"}


def test_where_there_is_no_database_it_is_said(tmp_path: Path, starter: Path) -> None:
    with pytest.raises(ModelError) as caught:
        read_conversations(tmp_path, starter)
    assert caught.value.code == Code.TEXT_UNREADABLE
    assert list(tmp_path.iterdir()) == []


def test_a_matrix_of_ones_own_chats(
    tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ZHIYIN_DATA_DIR", str(tmp_path))
    write_chat(tmp_path, turns=12, words="请写一首关于长安的诗，要有月亮、酒和朋友，不要太长。" * 3)
    out = tmp_path / "imatrix.gguf"
    assert main(["calibrate", str(tiny), "--conversations", "--chunks", "2", "-o", str(out), "--json", "--lang", "en"]) == 0
    assert json.loads(capsys.readouterr().out)["outputs"][0]["path"] == str(out)
    assert Importance.open(out).chunks == 2
