import os
import random
import sqlite3
from pathlib import Path

import pytest
from tests.app.store.conftest import StartChild

from zhiyin.store import Store, StoreCode, StoreError, list_backups, restore_backup
from zhiyin.store.database import CHECK_AT_ONCE


@pytest.fixture
def database(data_dir: Path) -> Path:
    """A closed database with a day's backup."""
    with Store.open(data_dir) as store:
        made = store.create_conversation(title="kept").result()
        for number in range(60):
            store.add_user_turn(made.id, None, f"{number} " * 1000)
    return store.paths.database


def refused(data_dir: Path) -> StoreError:
    with pytest.raises(StoreError) as caught:
        Store.open(data_dir)
    return caught.value


@pytest.mark.parametrize("content", [b"\0" * 4096, b"not a database at all", b"SQLite format 3\0", os.urandom(20_000)])
def test_what_is_no_database_is_refused_and_the_backup_restored(data_dir: Path, database: Path, content: bytes) -> None:
    database.write_bytes(content)
    error = refused(data_dir)
    assert error.code is StoreCode.DAMAGED
    assert error.failure.args["path"] == str(database)
    assert error.failure.args["detail"]
    assert database.read_bytes() == content
    aside = restore_backup(data_dir, list_backups(data_dir)[0].path)
    assert aside is not None
    assert aside.read_bytes() == content
    with Store.open(data_dir) as store:
        assert store.conversations().result()[0].turns == 60


def test_another_program_s_database_is_not_taken_over(data_dir: Path, database: Path) -> None:
    database.unlink()
    connection = sqlite3.connect(database)
    connection.execute("CREATE TABLE theirs (x)")
    connection.commit()
    connection.close()
    before = database.read_bytes()
    assert refused(data_dir).code is StoreCode.DAMAGED
    assert database.read_bytes() == before


def test_a_file_cut_short_is_refused(data_dir: Path, database: Path) -> None:
    with database.open("rb+") as file:
        file.truncate(database.stat().st_size // 2)
    with pytest.raises(StoreError) as caught, Store.open(data_dir) as store:
        store.conversation(1).result()
    assert caught.value.code is StoreCode.DAMAGED


def test_pages_lost_in_a_crash_are_found_at_the_next_start(data_dir: Path, database: Path, start_child: StartChild) -> None:
    child = start_child("writing_child.py", data_dir, 1)
    child.line()
    child.kill()
    log = database.with_name(database.name + "-wal")
    assert log.stat().st_size
    chance = random.Random(5)
    with database.open("rb+") as file:
        for _ in range(10):
            file.seek(chance.randrange(3, database.stat().st_size // 4096) * 4096)
            file.write(chance.randbytes(4096))
    log.write_bytes(log.read_bytes()[:32])  # whose pages would otherwise cover some of the damage
    assert refused(data_dir).code is StoreCode.DAMAGED


def test_a_big_file_is_checked_in_the_background_after_a_crash(data_dir: Path, database: Path, start_child: StartChild) -> None:
    connection = sqlite3.connect(database)
    connection.execute(
        """WITH RECURSIVE counted(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM counted WHERE x < 4000)
        INSERT INTO turns (conversation, role, status, created, text) SELECT 1, 'user', 'complete', x, hex(randomblob(5000)) FROM counted"""
    )
    connection.commit()
    connection.close()
    assert database.stat().st_size > CHECK_AT_ONCE
    child = start_child("writing_child.py", data_dir, 2)
    child.line()
    child.kill()
    with Store.open(data_dir) as store:
        store.checked.result(60)
    assert not database.with_name(database.name + "-wal").exists()
    child = start_child("writing_child.py", data_dir, 3)
    child.line()
    child.kill()
    size = database.stat().st_size
    with database.open("rb+") as file:
        file.seek(size // 2 // 4096 * 4096)
        file.write(os.urandom(4096 * 64))
    with Store.open(data_dir) as store:
        with pytest.raises(StoreError) as caught:
            store.checked.result(60)
        assert caught.value.code is StoreCode.DAMAGED
        with pytest.raises(StoreError) as caught:  # and such a file never becomes a backup
            store.backup().result(60)
        assert caught.value.code is StoreCode.DAMAGED
        assert store.summary(1).result().title == "kept"  # what is whole can still be read


def test_pages_that_rotted_while_it_was_closed_are_found_in_the_background(data_dir: Path, database: Path) -> None:
    with Store.open(data_dir) as store:
        assert store.checked.result(60) is None
        assert not store.damage.done()
    assert store.damage.cancelled()
    rot(database)
    with Store.open(data_dir) as store:
        assert store.damage.result(60).code is StoreCode.DAMAGED
        assert store.damage.result().failure.args["path"] == str(database)
        assert isinstance(store.checked.exception(60), StoreError)


def test_damage_that_a_backup_meets_is_told(data_dir: Path, database: Path) -> None:
    before = list_backups(data_dir)
    with Store.open(data_dir) as store:
        store.checked.result(60)
        rot(database)
        assert isinstance(store.backup().exception(60), StoreError)
        found = store.damage.result(60)
        assert (found.code, found.failure.args["path"]) == (StoreCode.DAMAGED, str(database))
    assert list_backups(data_dir) == before


def rot(database: Path) -> None:
    """Spoil pages in the middle; the first ones, which are read at every start, stay as they were."""
    content = bytearray(database.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 8 * 4096] = os.urandom(8 * 4096)
    database.write_bytes(content)
