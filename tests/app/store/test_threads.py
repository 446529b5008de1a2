import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, wait
from pathlib import Path

import pytest

from zhiyin.store import Store, StoreCode, StoreError
from zhiyin.store.database import SYNCHRONOUS_FULL, connect, open_checked
from zhiyin.store.errors import from_sqlite
from zhiyin.store.reader import Reader
from zhiyin.store.writer import Writer

ENDLESS = "WITH RECURSIVE counted(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM counted) SELECT count(*) FROM counted"


def store_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("store-")]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "database"
    connection = connect(path, "write", 1)
    connection.execute("CREATE TABLE written (number INTEGER)")
    connection.close()
    return path


@pytest.fixture
def writer(file: Path) -> Iterator[Writer]:
    writer = Writer(connect(file, "write", 1), lambda: connect(file, "write", 1), lambda error: from_sqlite(error, file))
    yield writer
    writer.close()


@pytest.fixture
def reader(file: Path) -> Iterator[Reader]:
    reader = Reader(connect(file, "read", 1), lambda error: from_sqlite(error, file))
    yield reader
    reader.close()


def test_every_commit_reaches_the_disk_before_it_counts(file: Path) -> None:
    connection = connect(file, "write", 1)
    assert connection.execute("PRAGMA synchronous").fetchone() == (SYNCHRONOUS_FULL,)
    assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
    connection.close()
    database, _, _ = open_checked(file.with_name("new"), 1)
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert database.execute("PRAGMA synchronous").fetchone() == (SYNCHRONOUS_FULL,)
    database.close()


def test_the_reading_connection_cannot_write(reader: Reader) -> None:
    with pytest.raises(StoreError) as caught:
        reader.submit(lambda connection: connection.execute("INSERT INTO written VALUES (1)")).result()
    assert caught.value.code is StoreCode.READ_ONLY


def test_waiting_work_gives_way_to_newer_of_the_same_key(writer: Writer) -> None:
    began, go = threading.Event(), threading.Event()
    done: list[str] = []

    def hold(_: sqlite3.Connection) -> None:
        began.set()
        go.wait(30)

    writer.submit(hold)
    assert began.wait(30)
    first = writer.submit(lambda _: done.append("first"), key=1)
    between = writer.submit(lambda _: done.append("between"))
    other = writer.submit(lambda _: done.append("other"), key=2)
    newest = writer.submit(lambda _: done.append("newest"), key=1)
    go.set()
    for future in (first, between, other, newest):
        future.result(30)
    assert done == ["between", "other", "newest"]


def test_work_that_fails_is_rolled_back_and_harms_no_other(writer: Writer, reader: Reader) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO written VALUES (1)")
        raise ZeroDivisionError

    failed = writer.submit(fail)
    worked = writer.submit(lambda connection: connection.execute("INSERT INTO written VALUES (2)").rowcount)
    with pytest.raises(ZeroDivisionError):
        failed.result(30)
    assert worked.result(30) == 1
    assert reader.submit(lambda connection: connection.execute("SELECT number FROM written").fetchall()).result() == [(2,)]


def test_a_connection_that_broke_is_replaced(writer: Writer) -> None:
    def break_it(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO written VALUES (1)")
        connection.set_authorizer(lambda *_: sqlite3.SQLITE_DENY)  # nothing works from here, ROLLBACK neither

    with pytest.raises(StoreError):
        writer.submit(break_it).result(30)
    assert writer.submit(lambda connection: connection.execute("SELECT count(*) FROM written").fetchone()).result(30) == (0,)


def test_cancelled_work_is_not_done(writer: Writer) -> None:
    began, go = threading.Event(), threading.Event()
    done: list[str] = []

    def hold(_: sqlite3.Connection) -> None:
        began.set()
        go.wait(30)

    writer.submit(hold)
    assert began.wait(30)
    cancelled = writer.submit(lambda _: done.append("cancelled"))
    assert cancelled.cancel()
    go.set()
    writer.submit(lambda _: done.append("after")).result(30)
    assert done == ["after"]


class Endless:
    """A read without an end, which says when SQLite has begun it."""

    def __init__(self) -> None:
        self.begun = threading.Event()

    def __call__(self, connection: sqlite3.Connection) -> object:
        connection.create_function("has_begun", 0, self.begun.set)
        return connection.execute(ENDLESS.replace("SELECT 1", "SELECT coalesce(has_begun(), 1)")).fetchall()


def test_a_commit_that_has_begun_cannot_be_called_off(writer: Writer, reader: Reader) -> None:
    began, go = threading.Event(), threading.Event()

    def write(connection: sqlite3.Connection) -> str:
        began.set()
        assert go.wait(30)
        connection.execute("INSERT INTO written VALUES (1)")
        return "written"

    writing = writer.submit(write)
    assert began.wait(30)
    assert not writing.cancel()
    go.set()
    assert writing.result(30) == "written"
    assert reader.submit(lambda connection: connection.execute("SELECT count(*) FROM written").fetchone()).result(30) == (1,)


def test_whoever_waits_for_a_cancelled_read_is_told(reader: Reader) -> None:
    read = Endless()
    futures = [reader.submit(read), reader.submit(Endless())]
    told = threading.Event()
    futures[0].add_done_callback(lambda _: told.set())
    assert read.begun.wait(30)
    waiting = threading.Thread(target=lambda: wait(futures, timeout=30))
    waiting.start()
    reader.interrupt()
    assert told.is_set()
    waiting.join(30)
    assert wait(futures, timeout=0).done == set(futures)


def test_a_read_is_interrupted_and_the_next_one_answered(reader: Reader) -> None:
    read = Endless()
    running, waiting = reader.submit(read), reader.submit(Endless())
    assert read.begun.wait(30)
    reader.interrupt()
    for future in (running, waiting):
        with pytest.raises(CancelledError):
            future.result(30)
    assert reader.submit(lambda _: "next").result(30) == "next"


def test_cancelling_the_future_of_a_read_stops_it(reader: Reader) -> None:
    read = Endless()
    running = reader.submit(read)
    assert read.begun.wait(30)
    assert running.cancel()
    assert reader.submit(lambda _: "next").result(30) == "next"


def test_an_interrupt_before_the_statement_begins_counts(reader: Reader) -> None:
    cancelled = threading.Event()

    def read(connection: sqlite3.Connection) -> object:
        assert cancelled.wait(30)
        return connection.execute(ENDLESS).fetchone()

    running = reader.submit(read)
    reader.interrupt()
    cancelled.set()
    assert running.cancelled()
    assert reader.submit(lambda _: "next").result(30) == "next"


def test_a_newer_read_of_the_same_kind_takes_over(reader: Reader) -> None:
    read = Endless()
    running = reader.submit(read, "search")
    assert read.begun.wait(30)
    waiting = reader.submit(Endless(), "search")
    other = reader.submit(lambda _: "other", "list")
    newest = reader.submit(lambda _: "newest", "search")
    assert (other.result(30), newest.result(30)) == ("other", "newest")
    assert running.cancelled()
    assert waiting.cancelled()


def test_closing_interrupts_reads_and_writes_what_is_queued(data_dir: Path) -> None:
    store = Store.open(data_dir)
    made = store.create_conversation().result()
    writes = [store.add_user_turn(made.id, None, str(number)) for number in range(200)]
    reads = [store.conversation(made.id) for _ in range(200)]
    store.close()
    assert all(future.done() for future in [*writes, *reads])
    assert [future.result().text for future in writes] == [str(number) for number in range(200)]
    assert store_threads() == []
    store.close()
    for late in (store.create_conversation(), store.conversations(), store.backup(), store.choose(1)):
        with pytest.raises(StoreError) as caught:
            late.result(30)
        assert caught.value.code is StoreCode.CLOSED
    with Store.open(data_dir) as again:
        assert again.summary(made.id).result().turns == 200


def test_superseded_views_are_cancelled_and_plain_ones_are_not(store: Store) -> None:
    made = store.create_conversation().result()
    for _ in range(3):
        store.add_user_turn(made.id, None, "x").result()
    plain = [store.conversation(made.id) for _ in range(20)]
    views = [store.conversation(made.id, supersede=True) for _ in range(20)]
    assert views[-1].result(30).conversation.id == made.id
    assert all(future.result(30).turns for future in plain)
    assert all(future.done() for future in views)
