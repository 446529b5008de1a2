import sqlite3
import time
from pathlib import Path

import pytest
from msgspec import structs

from zhiyin.roles import AuthorNote, Member, Setup
from zhiyin.store import Status, Store, StoreCode, StoreError
from zhiyin.store.conversations import TITLE_WIDTH, first_words
from zhiyin_models.engine.protocol import Sampling


def test_the_list_is_newest_first_and_comes_in_pages(store: Store) -> None:
    made = [store.create_conversation(title=f"c{number}").result() for number in range(7)]
    store.add_user_turn(made[2].id, None, "touched").result()
    page = store.conversations(limit=3).result()
    assert [conversation.title for conversation in page] == ["c2", "c6", "c5"]
    rest = store.conversations(before=page[-1]).result()
    assert [conversation.title for conversation in rest] == ["c4", "c3", "c1", "c0"]


def test_what_does_not_add_a_turn_does_not_move_it_in_the_list(store: Store) -> None:
    old, new = store.create_conversation().result(), store.create_conversation().result()
    store.update_conversation(old.id, title="renamed").result()
    store.set_draft(old.id, "typing").result()
    assert [conversation.id for conversation in store.conversations().result()] == [new.id, old.id]


def test_fields_are_set_one_by_one(store: Store) -> None:
    made = store.create_conversation(model="a", system_prompt="be brief").result()
    changed = store.update_conversation(made.id, sampling=Sampling(temperature=0), memory_start=4).result()
    assert (changed.model, changed.system_prompt, changed.sampling, changed.memory_start) == ("a", "be brief", Sampling(temperature=0), 4)
    changed = store.update_conversation(made.id, system_prompt=None, sampling=None, model="b").result()
    assert (changed.model, changed.system_prompt, changed.sampling) == ("b", None, None)
    assert store.set_memory_start(made.id, None).result().memory_start is None
    assert store.update_conversation(made.id).result() == store.summary(made.id).result()


def test_the_title_comes_from_the_first_words_until_the_user_gives_one(store: Store) -> None:
    made = store.create_conversation().result()
    first = store.add_user_turn(made.id, None, "## Tell me about the Tang poets\nand more").result()
    assert store.summary(made.id).result().title == "Tell me about the Tang poets"
    store.add_user_turn(made.id, first.id, "second").result()
    assert store.summary(made.id).result().title == "Tell me about the Tang poets"
    renamed = store.update_conversation(made.id, title="Mine").result()
    assert (renamed.title, renamed.auto_title) == ("Mine", False)

    named = store.create_conversation(title="Chosen before").result()
    store.add_user_turn(named.id, None, "words").result()
    assert store.summary(named.id).result().title == "Chosen before"
    auto = store.update_conversation(named.id, title="by the model", auto_title=True).result()
    assert auto.auto_title


def test_who_takes_part_is_kept(data_dir: Path) -> None:
    setup = Setup(members=(Member(3), Member(5, muted=True)), note=AuthorNote("rain\ud800", depth=2), books=(7,), profile=2, summarize=True)
    kept = structs.replace(setup, note=AuthorNote("rain\ufffd", depth=2))
    with Store.open(data_dir) as store:
        made = store.create_conversation(setup=setup).result()
        plain = store.create_conversation().result()
        assert (made.setup, plain.setup) == (kept, Setup())
    with Store.open(data_dir) as store:
        assert store.conversation(made.id).result().conversation.setup == kept
        assert store.update_conversation(made.id, title="t").result().setup == kept
        assert store.update_conversation(made.id, setup=Setup()).result().setup == Setup()
        assert store.update_conversation(plain.id, setup=kept).result().setup == kept
        assert {conversation.id: conversation.setup for conversation in store.conversations().result()} == {
            made.id: Setup(),
            plain.id: kept,
        }


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("hello", "hello"),
        ("", ""),
        ("\n \n> quoted\nrest", "quoted"),
        ("a\x00b\x07", "ab"),
        ("word " * 30, ("word " * 9).strip() + "…"),
        ("李白" * 30, "李白" * 12 + "…"),
        ("x" * 200, "x" * TITLE_WIDTH + "…"),
        ("```python\nprint()", "python"),
    ],
)
def test_first_words(text: str, title: str) -> None:
    assert first_words(text) == title


def test_a_draft_is_kept_and_sending_clears_it(data_dir: Path) -> None:
    with Store.open(data_dir) as store:
        made = store.create_conversation().result()
        for length in range(1, 6):
            store.set_draft(made.id, "hello"[:length])
    with Store.open(data_dir) as store:
        assert store.summary(made.id).result().draft == "hello"
        store.add_user_turn(made.id, None, "hello")
        store.set_draft(made.id, "and then").result()
        assert store.summary(made.id).result().draft == "and then"
        sent = store.add_user_turn(made.id, None, "and then").result()
        assert sent.text == "and then"
        assert store.summary(made.id).result().draft == ""


def test_deleting_is_reversible_and_keeps_its_place(data_dir: Path) -> None:
    with Store.open(data_dir) as store:
        made = [store.create_conversation(title=f"c{number}").result() for number in range(3)]
        store.delete_conversation(made[1].id).result()
        assert [conversation.title for conversation in store.conversations().result()] == ["c2", "c0"]
    with Store.open(data_dir) as store:
        assert store.restore_conversation(made[1].id).result().title == "c1"
        assert [conversation.title for conversation in store.conversations().result()] == ["c2", "c1", "c0"]


def test_what_was_deleted_long_ago_is_purged(data_dir: Path) -> None:
    with Store.open(data_dir) as store:
        old, recent, kept = (store.create_conversation(title=title).result() for title in ("old", "recent", "kept"))
        roots = [store.add_user_turn(made.id, None, "root").result() for made in (old, recent, kept)]
        reply = store.add_reply(old.id, None, model="m", text="said").result()
        store.finish_reply(reply.id, "said", Status.COMPLETE, "end", None).result()
        store.edit_reply(reply.id, "edited").result()
        store.delete_conversation(old.id).result()
        store.delete_conversation(recent.id).result()
        database = store.paths.database
    connection = sqlite3.connect(database)
    for root in roots:  # more than goes into one step, each under the one before
        above = root.id
        for _ in range(450):
            sql = "INSERT INTO turns (conversation, parent, role, status, created, text) VALUES (?, ?, 'user', 'complete', 0, 'x')"
            above = connection.execute(sql, (root.conversation, above)).lastrowid or 0
    connection.execute("UPDATE conversations SET deleted = ? WHERE id = ?", (time.time() - 31 * 86400, old.id))
    connection.execute("UPDATE conversations SET deleted = ? WHERE id = ?", (time.time() - 29 * 86400, recent.id))
    connection.commit()
    connection.close()
    with Store.open(data_dir, maintenance_delay=1e9) as store:
        with pytest.raises(StoreError) as caught:  # not yet purged, and no longer to be counted on
            store.restore_conversation(old.id).result()
        assert caught.value.code is StoreCode.MISSING
    with Store.open(data_dir, maintenance_delay=0) as store:
        store.backups().result()  # answered after what is due at the start
        with pytest.raises(StoreError) as caught:
            store.summary(old.id).result()
        assert caught.value.code is StoreCode.MISSING
        assert store.restore_conversation(recent.id).result().title == "recent"
    connection = sqlite3.connect(database)
    assert connection.execute("SELECT count(*) FROM turns").fetchone() == (902,)
    assert connection.execute("SELECT count(*) FROM revisions").fetchone() == (0,)
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()
