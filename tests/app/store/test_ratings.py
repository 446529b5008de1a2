import random
import sqlite3
import time
from pathlib import Path

import pytest

from zhiyin.store import Sent, SentMessage, Status, Store, StoreCode, StoreError, Turn
from zhiyin.store.conversations import purge
from zhiyin_models.engine.protocol import FitReport


def replies(store: Store, count: int) -> tuple[int, list[Turn]]:
    made = store.create_conversation().result()
    asked = store.add_user_turn(made.id, None, "q").result()
    return made.id, [
        store.add_reply(made.id, asked.id, model="m", text=f"reply {number}", status=Status.COMPLETE).result() for number in range(count)
    ]


def test_a_thumb_and_a_remark(store: Store) -> None:
    conversation, (reply,) = replies(store, 1)
    good = store.ratings.rate(reply.id, 1, "wise").result()
    assert (good.thumb, good.remark, good.rank) == (1, "wise", None)
    assert store.ratings.rate(reply.id, -1).result().remark == "wise"
    shown = store.conversation(conversation).result().turns[-1]
    assert (shown.thumb, shown.remark, shown.text) == (-1, "wise", "reply 0")
    store.ratings.rate(reply.id, 0, "").result()
    connection = sqlite3.connect(store.paths.database)
    assert connection.execute("SELECT count(*) FROM ratings").fetchone() == (0,)  # nothing to say leaves nothing
    connection.close()
    with pytest.raises(ValueError, match="2"):
        store.ratings.rate(reply.id, 2)
    for missing in (99, reply.parent or 0):  # the user's own turn is no reply
        with pytest.raises(StoreError) as caught:
            store.ratings.rate(missing, 1).result()
        assert caught.value.code is StoreCode.MISSING


def test_alternatives_are_put_in_order(store: Store) -> None:
    _, made = replies(store, 4)
    a, b, c, d = (turn.id for turn in made)
    store.ratings.rate(c, 1, "kept").result()
    ranked = store.ratings.rank([c, a, d], "why").result()
    assert [(turn.id, turn.rank, turn.remark, turn.thumb) for turn in ranked] == [(c, 1, "why", 1), (a, 2, "", 0), (d, 3, "", 0)]
    assert [turn.rank for turn in store.ratings.alternatives(d).result()] == [2, None, 1, 3]
    store.ratings.rank([b, a]).result()
    assert [(turn.rank, turn.thumb, turn.remark) for turn in store.ratings.alternatives(a).result()] == [
        (2, 0, ""),
        (1, 0, ""),
        (None, 1, "why"),
        (None, 0, ""),
    ]
    store.ratings.clear_ranks(d).result()
    assert [turn.rank for turn in store.ratings.alternatives(a).result()] == [None] * 4
    assert [turn.text for turn in store.ratings.alternatives(b).result()] == [f"reply {number}" for number in range(4)]
    _, (elsewhere,) = replies(store, 1)
    for wrong in ([a, elsewhere.id], [a, 99], [a, made[0].parent or 0]):
        with pytest.raises(StoreError) as caught:
            store.ratings.rank(wrong).result()
        assert caught.value.code is StoreCode.MISSING
    assert [turn.rank for turn in store.ratings.alternatives(a).result()] == [None] * 4  # nothing of it was done
    assert store.ratings.rank([]).result() == []


SENT = Sent(
    turn=0,
    text="<|user|>你好\ud800",
    messages=(SentMessage("system", "persona", "You are Li Bai.", 5), SentMessage("user", "history", "你好", 2, dropped=True, turn=1)),
    fit=FitReport(prompt_tokens=7, limit=100, context=128, sections={"persona": 5}),
)


def sent(turn: int, text: str = SENT.text) -> Sent:
    return Sent(turn, text, SENT.messages, SENT.fit)


def test_what_was_sent_is_kept(data_dir: Path) -> None:
    with Store.open(data_dir) as store:
        conversation, (reply, other) = replies(store, 2)
        store.sent.put(sent(reply.id)).result()
        store.sent.put(sent(99)).result()  # a reply that is gone is passed over
    with Store.open(data_dir) as store:
        kept = store.sent.get(reply.id).result()
        assert kept == sent(reply.id, "<|user|>你好�")
        assert store.sent.get(other.id).result() is None
        assert store.sent.known(conversation).result() == {reply.id}
        store.sent.put(sent(reply.id, "again")).result()
        again = store.sent.get(reply.id).result()
        assert again is not None
        assert again.text == "again"
        connection = sqlite3.connect(store.paths.database)
        connection.execute("UPDATE sent SET contents = x'00'")
        connection.commit()
        connection.close()
        assert store.sent.get(reply.id).result() is None


def test_of_each_conversation_the_last_two_hundred_are_kept(store: Store) -> None:
    one, _ = replies(store, 0)
    two, (other,) = replies(store, 1)
    store.sent.put(sent(other.id)).result()
    first = store.add_replies(one, None, [str(number) for number in range(203)]).result()
    for turn in first.sibling_ids[1:]:
        store.sent.put(sent(turn))
    store.sent.put(sent(first.id)).result()  # an old reply that was continued is the last
    assert store.sent.known(one).result() == {first.id, *first.sibling_ids[4:]}
    assert store.sent.known(two).result() == {other.id}


def test_large_texts_are_removed_a_little_at_a_time(store: Store) -> None:
    conversation, made = replies(store, 5)
    noise = random.Random(5).randbytes(150_000).hex()
    for turn in made:
        store.sent.put(sent(turn.id, noise)).result()
    store.delete_conversation(conversation).result()
    connection = sqlite3.connect(store.paths.database)
    connection.execute("PRAGMA foreign_keys = ON")
    left = []
    for _ in range(4):
        purge(connection, time.time() + 31 * 86400)
        left.append([connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("sent", "turns")])
    assert left == [[2, 6], [0, 6], [0, 0], [0, 0]]  # three of them are half a megabyte
    connection.close()


def test_they_go_with_their_reply(data_dir: Path) -> None:
    with Store.open(data_dir) as store:
        conversation, (reply,) = replies(store, 1)
        empty = store.add_reply(conversation, reply.parent, model="m", status=Status.QUEUED).result()
        for turn in (reply, empty):
            store.sent.put(sent(turn.id)).result()
            store.ratings.rate(turn.id, 1).result()
        store.discard_reply(empty.id).result()
        assert store.sent.known(conversation).result() == {reply.id}
        store.delete_conversation(conversation).result()
        database = store.paths.database
    connection = sqlite3.connect(database)
    assert connection.execute("SELECT count(*) FROM ratings").fetchone() == (1,)
    connection.execute("UPDATE conversations SET deleted = ?", (time.time() - 31 * 86400,))
    connection.commit()
    with Store.open(data_dir, maintenance_delay=0) as store:
        store.backups().result()
    for table in ("turns", "ratings", "sent"):
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    connection.close()
