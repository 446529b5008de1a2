import sqlite3
from pathlib import Path

import pytest

from zhiyin.store import Status, Store, StoreCode, StoreError, list_backups, restore_backup
from zhiyin.store.backups import KEPT_OTHERWISE


def titles(data_dir: Path) -> set[str]:
    with Store.open(data_dir) as store:
        return {conversation.title for conversation in store.conversations().result()}


def test_a_backup_taken_while_replies_grow_is_one_state(data_dir: Path) -> None:
    with Store.open(data_dir) as store:
        made = store.create_conversation().result()
        parent = None
        for number in range(300):
            store.add_user_turn(made.id, parent, f"{number} " + "x" * 5000)
            parent = number + 1
        reply = store.add_reply(made.id, parent, model="m").result()
        taking = store.backup("while-growing")
        length = 0
        while not taking.done():
            length += 1
            store.grow_reply(reply.id, "y" * length).result()
        backup = taking.result()
        store.finish_reply(reply.id, "y" * length, Status.COMPLETE, "end", None).result()
    assert length > 0
    assert backup.good
    connection = sqlite3.connect(backup.path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("SELECT count(*), sum(length(text)) > 1500000 FROM turns").fetchone() == (301, 1)
    connection.close()


def test_only_the_last_few_are_kept_of_each_reason(store: Store) -> None:
    store.backup("other").result()
    taken = [store.backup("manual").result() for _ in range(KEPT_OTHERWISE + 2)]
    found = store.backups().result()
    assert [backup.path for backup in found if backup.reason == "manual"] == [backup.path for backup in reversed(taken[2:])]
    assert [backup.reason for backup in found].count("other") == 1
    assert {path.suffix for path in store.paths.backups.iterdir()} == {".sqlite3"}  # nothing half-made, no logs beside them


def test_there_is_one_a_day_without_being_asked(data_dir: Path) -> None:
    with Store.open(data_dir):
        pass
    assert list_backups(data_dir) == []  # nothing to lose yet
    for _ in range(3):
        with Store.open(data_dir) as store:
            store.create_conversation().result()
    assert [backup.reason for backup in list_backups(data_dir)] == ["daily"]
    for backup in list_backups(data_dir):
        backup.path.unlink()
    with Store.open(data_dir, maintenance_delay=0) as store:
        assert [backup.reason for backup in store.backups().result()] == ["daily"]


def test_the_good_ones_come_first_and_a_bad_one_is_never_put_back(data_dir: Path) -> None:
    with Store.open(data_dir) as store:
        store.create_conversation(title="kept").result()
        good = store.backup("a").result()
        bad = store.backup("b").result()
    content = bytearray(bad.path.read_bytes())
    content[4096 : 4096 * 3] = b"\xa5" * 8192
    bad.path.write_bytes(content)
    (data_dir / "backups" / "notes.sqlite3").write_text("not ours")
    (data_dir / "backups" / "20261121T221802.353547Z-text.sqlite3").write_text("no database")
    found = list_backups(data_dir)
    assert [(backup.reason, backup.good) for backup in found] == [("daily", True), ("a", True), ("b", False), ("text", False)] or [
        (backup.reason, backup.good) for backup in found
    ] == [("daily", True), ("a", True), ("text", False), ("b", False)]
    with pytest.raises(StoreError) as caught:
        restore_backup(data_dir, bad.path)
    assert caught.value.code is StoreCode.DAMAGED
    with pytest.raises(StoreError) as caught:
        restore_backup(data_dir, bad.path.with_name("gone"))
    assert caught.value.code is StoreCode.MISSING
    assert titles(data_dir) == {"kept"}
    assert restore_backup(data_dir, good.path) is not None
    assert titles(data_dir) == {"kept"}


def test_restoring_keeps_the_damaged_file_and_its_log(data_dir: Path) -> None:
    with Store.open(data_dir) as store:
        store.create_conversation(title="before").result()
        backup = store.backup().result()
        store.create_conversation(title="after").result()
        database = store.paths.database
    database.write_bytes(b"SQLite format 3\0" + b"\xff" * 9000)
    log = database.with_name(database.name + "-wal")
    log.write_bytes(b"what a crash left")
    with pytest.raises(StoreError) as caught:
        Store.open(data_dir)
    assert caught.value.code is StoreCode.DAMAGED
    aside = restore_backup(data_dir, backup.path)
    assert aside is not None
    assert aside.read_bytes().endswith(b"\xff" * 9000)
    assert not log.exists()
    assert titles(data_dir) == {"before"}
    assert backup.path.exists()
