import sqlite3
import time
from pathlib import Path

import pytest
from msgspec import structs

from zhiyin.roles import Member, Setup
from zhiyin.store import NewPersona, Store, StoreCode, StoreError, trash

LI_BAI = NewPersona(
    card='{"data": {"name": "李白"}}',
    name="李白",
    tags=("诗", "唐"),
    creator="我",
    summary="诗仙",
    seal="李",
    color="#3E5C86",
    picture="ab" * 32,
    builtin="libai",
)


def names(store: Store) -> list[str]:
    return [row.name for row in store.personas.all().result()]


def deleted_days_ago(database: Path, table: str, days: float) -> None:
    connection = sqlite3.connect(database)
    connection.execute(f"UPDATE {table} SET deleted = ? WHERE deleted IS NOT NULL", (time.time() - days * 86400,))
    connection.commit()
    connection.close()


def test_a_persona_is_kept_whole(data_dir: Path) -> None:
    with Store.open(data_dir) as store:
        row = store.personas.add(LI_BAI).result()
        assert (row.name, row.tags, row.creator, row.summary, row.seal, row.color) == ("李白", ("诗", "唐"), "我", "诗仙", "李", "#3E5C86")
        assert (row.picture, row.builtin, row.own, row.used) == ("ab" * 32, "libai", True, 0.0)
        assert row.created == row.updated > 0
    with Store.open(data_dir) as store:
        assert store.personas.get(row.id).result() == structs.replace(store.personas.get(row.id).result(), row=row, card=LI_BAI.card)
        assert store.personas.all().result() == [row]
        with pytest.raises(StoreError) as caught:
            store.personas.get(row.id + 1).result()
        assert (caught.value.code, caught.value.failure.args) == (StoreCode.MISSING, {"what": "persona", "id": row.id + 1})


def test_the_last_used_come_first_then_the_newest(store: Store) -> None:
    first, second, third = store.personas.add_many([NewPersona("{}", name) for name in ("one", "two", "three")]).result()
    assert names(store) == ["three", "two", "one"]
    store.personas.touch(second.id).result()
    assert names(store) == ["two", "three", "one"]
    store.personas.touch(first.id).result()
    assert names(store) == ["one", "two", "three"]
    assert [persona.row.name for persona in store.personas.get_many([third.id, 99, first.id]).result()] == ["three", "one"]
    store.personas.touch(99).result()


def test_a_former_card_is_kept_and_only_the_last_twenty(store: Store) -> None:
    row = store.personas.add(LI_BAI).result()
    store.personas.update(row.id, structs.replace(LI_BAI, name="太白")).result()
    assert store.personas.revisions(row.id).result() == []  # the card is the same
    changed = store.personas.update(row.id, NewPersona(card='{"n": 0}', name="青莲居士", tags=())).result()
    assert (changed.name, changed.tags, changed.seal, changed.builtin, changed.created) == ("青莲居士", (), "", "libai", row.created)
    assert changed.updated > row.updated
    assert store.personas.revisions(row.id).result() == [LI_BAI.card]
    for number in range(1, 25):
        store.personas.update(row.id, NewPersona(card=f'{{"n": {number}}}', name="n")).result()
    assert store.personas.revisions(row.id).result() == [f'{{"n": {number}}}' for number in range(23, 3, -1)]
    assert store.personas.get(row.id).result().card == '{"n": 24}'
    with pytest.raises(StoreError) as caught:
        store.personas.update(99, LI_BAI).result()
    assert caught.value.code is StoreCode.MISSING


def test_a_built_in_one_is_put_in_once_and_becomes_again_what_it_was(data_dir: Path) -> None:
    built_in = {"libai": LI_BAI, "dufu": structs.replace(LI_BAI, name="杜甫", builtin="")}
    with Store.open(data_dir) as store:
        li, du = store.personas.seed(built_in).result()
        assert [(row.name, row.builtin, row.own) for row in (li, du)] == [("李白", "libai", False), ("杜甫", "dufu", False)]
        assert store.personas.get(li.id).result().card == ""
        mine = store.personas.update(li.id, NewPersona(card='{"mine": 1}', name="我的李白")).result()
        assert (mine.own, mine.builtin) == (True, "libai")
        assert store.personas.revisions(li.id).result() == []  # there was no card of its own before
        back = store.personas.reset(li.id, LI_BAI).result()
        assert (back.own, back.name, back.tags) == (False, "李白", ("诗", "唐"))
        assert store.personas.get(li.id).result().card == ""
        assert store.personas.revisions(li.id).result() == ['{"mine": 1}']
        store.personas.delete([du.id]).result()
        database = store.paths.database
    deleted_days_ago(database, "personas", 31)
    with Store.open(data_dir, maintenance_delay=0) as store:
        store.backups().result()  # answered after what is due at the start
        assert store.personas.get_many([du.id]).result() == []
        (new,) = store.personas.seed({**built_in, "editor": NewPersona("{}", "Editor")}).result()
        assert (new.name, new.builtin) == ("Editor", "editor")
        assert names(store) == ["Editor", "李白"]


def test_deleting_is_reversible_and_conversations_go_on(store: Store) -> None:
    one, two = store.personas.add_many([LI_BAI, structs.replace(LI_BAI, name="杜甫")]).result()
    store.personas.delete([one.id, two.id, 99]).result()
    assert names(store) == []
    assert store.personas.get(one.id).result().card == LI_BAI.card
    assert len(store.personas.get_many([one.id, two.id]).result()) == 2
    assert store.personas.restore([two.id, 99, one.id]).result() == [two, one]
    assert names(store) == ["杜甫", "李白"]


def test_what_was_deleted_long_ago_is_removed_unless_a_conversation_names_it(data_dir: Path) -> None:
    with Store.open(data_dir) as store:
        rows = store.personas.add_many([structs.replace(LI_BAI, name=f"p{number}") for number in range(120)]).result()
        for row in rows[:2]:
            store.personas.update(row.id, structs.replace(LI_BAI, card="{}")).result()
        store.create_conversation(setup=Setup(members=(Member(rows[0].id), Member(rows[119].id)))).result()
        store.personas.delete([row.id for row in rows[:110]]).result()
        profiles = [store.profiles.add(f"profile {number}").result() for number in range(3)]
        store.create_conversation(setup=Setup(profile=profiles[0].id)).result()
        book, task = store.books.add("b", "{}", 1).result(), store.tasks.add("{}").result()
        for future in (store.profiles.delete(profiles[0].id), store.profiles.delete(profiles[1].id)):
            future.result()
        store.books.delete(book.id).result()
        store.tasks.delete(task.id).result()
        database = store.paths.database
    for table in ("personas", "profiles", "books", "tasks"):
        deleted_days_ago(database, table, 29)
    with Store.open(data_dir, maintenance_delay=0) as store:
        store.backups().result()
        assert len(store.personas.restore([row.id for row in rows[:110]]).result()) == 110
        store.personas.delete([row.id for row in rows[:110]]).result()
        assert store.books.restore(book.id).result() == book
        store.books.delete(book.id).result()
    for table in ("personas", "profiles", "books", "tasks"):
        deleted_days_ago(database, table, 31)
    with Store.open(data_dir, maintenance_delay=1e9) as store:  # not yet removed, and no longer to be counted on
        assert store.personas.restore([row.id for row in rows[:110]]).result() == []
        for restored in (store.profiles.restore(profiles[1].id), store.books.restore(book.id), store.tasks.restore(task.id)):
            with pytest.raises(StoreError) as caught:
                restored.result()
            assert caught.value.code is StoreCode.MISSING
    connection = sqlite3.connect(database)
    connection.execute("INSERT INTO conversations (created, updated, setup) VALUES (0, 0, 'no JSON')")
    connection.commit()
    connection.close()
    with Store.open(data_dir, maintenance_delay=0) as store:
        store.backups().result()
        left = [persona.row.id for persona in store.personas.get_many([row.id for row in rows]).result()]
        assert left == [rows[0].id, *(row.id for row in rows[110:])]
        assert store.profiles.get(profiles[0].id).result().name == "profile 0"
        with pytest.raises(StoreError):
            store.profiles.get(profiles[1].id).result()
    connection = sqlite3.connect(database)
    counts = {
        table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in ("persona_cards", "persona_revisions", "books", "tasks")
    }
    assert counts == {"persona_cards": 11, "persona_revisions": 1, "books": 0, "tasks": 0}
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()


def test_large_cards_are_removed_a_little_at_a_time(store: Store) -> None:
    row = store.personas.add(LI_BAI).result()
    for number in range(6):
        store.personas.update(row.id, structs.replace(LI_BAI, card=f"{number}" * 300_000)).result()
    store.personas.delete([row.id]).result()
    connection = sqlite3.connect(store.paths.database)
    connection.execute("PRAGMA foreign_keys = ON")
    left = []
    for _ in range(5):
        trash.purge(connection, "personas", time.time() + 31 * 86400)
        left.append(
            sum(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("persona_revisions", "persona_cards"))
        )
    assert left == [4, 2, 1, 0, 0]  # of six revisions and a card: three, two, the last one, the card, the persona
    assert connection.execute("SELECT count(*) FROM personas").fetchone() == (0,)
    connection.close()


def test_the_gallery_is_listed_without_reading_a_card(store: Store) -> None:
    """A card of which nothing can be read costs the list nothing."""
    store.personas.add_many([structs.replace(LI_BAI, card="x" * 10_000) for _ in range(50)]).result()
    connection = sqlite3.connect(store.paths.database)
    (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'persona_cards'").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with store.paths.database.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)
    with Store.open(store.paths.data_dir, maintenance_delay=1e9) as again:
        assert len(again.personas.all().result()) == 50
        with pytest.raises(StoreError) as caught:
            again.personas.get(1).result()
        assert caught.value.code is StoreCode.DAMAGED


def test_text_that_is_none_is_made_keepable(store: Store) -> None:
    row = store.personas.add(NewPersona(card='"\ud800"', name="\ud800", tags=("\udc00", "ok"))).result()
    assert (row.name, row.tags) == ("�", ("�", "ok"))
    assert store.personas.get(row.id).result().card == '"�"'


def test_which_pictures_are_still_named(store: Store) -> None:
    one, two = store.personas.add_many([LI_BAI, structs.replace(LI_BAI, picture="")]).result()
    store.profiles.add("me", picture="cd" * 32).result()
    store.personas.delete([one.id, two.id]).result()
    assert store.personas.pictures().result() == {"ab" * 32, "cd" * 32}
