import ast
import hashlib
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlite_utils import Database
from tests.app.store.conftest import ROOT

import zhiyin.store.migrations as migrations_module
from zhiyin.roles import Member, Setup
from zhiyin.store import NewPersona, Sent, Status, Store, StoreCode, StoreError, list_backups
from zhiyin.store.migrations import NAMES, migrate, migrations
from zhiyin.store.schema import MIGRATIONS, VERSION

# What has shipped is never edited: people's databases were made by it. Only ever add a line.
SHIPPED = {
    "m001_conversations_and_turns": "af6e0283f61a8d05",
    "m002_revisions": "b6608d9196fe2df9",
    "m003_settings": "829c6f1ec822cf60",
    "m004_personas": "7171c942504060d2",
    "m005_profiles_books_and_tasks": "aa5966a371ebd714",
    "m006_who_spoke": "09bb1144a3eb7ab6",
    "m007_ratings_and_sent_texts": "8a7ea0f9ecab162a",
    "m008_which_text_was_rated": "821045fa67f9f545",
}


def schema(path: Path) -> dict[str, str]:
    """Name → what made it, whatever its spaces."""
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'").fetchall()
    found += [(name, str(connection.execute(f"PRAGMA {name}").fetchone()[0])) for name in ("user_version", "application_id")]
    connection.close()
    return {name: " ".join(sql.split()) for name, sql in found}


def database_at(path: Path, version: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    migrate(connection, stop_before=NAMES[version] if version < VERSION else None)
    if version:
        assert connection.execute("PRAGMA user_version").fetchone() == (version,)
        connection.execute("INSERT INTO conversations (title, created, updated, leaf, turn_count) VALUES ('old', 1, 2, 1, 1)")
        connection.execute("INSERT INTO turns (conversation, role, status, created, text) VALUES (1, 'user', 'complete', 1, 'kept')")
    connection.close()


def body(name: str) -> str:
    tree = ast.parse(Path(migrations_module.__file__).read_text(encoding="utf-8"))
    (function,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
    return hashlib.sha256(ast.dump(ast.Module(function.body[1:], [])).encode()).hexdigest()[:16]


def test_the_version_counts_the_migrations_and_each_says_why() -> None:
    assert tuple(NAMES) == MIGRATIONS
    assert sorted(NAMES) == NAMES
    for number, name in enumerate(NAMES, 1):
        assert name.startswith(f"m{number:03d}_")
        assert getattr(migrations_module, name).__doc__


def test_a_new_database_is_what_the_migrations_make(tmp_path: Path) -> None:
    database_at(tmp_path / "migrated", VERSION)
    with Store.open(tmp_path / "data") as store:
        made = store.paths.database
    assert schema(made) == schema(tmp_path / "migrated")
    connection = sqlite3.connect(made)
    assert [migration.name for migration in migrations.applied(Database(connection))] == NAMES
    assert migrations.pending(Database(connection)) == []
    connection.close()


def test_no_shipped_migration_was_edited() -> None:
    assert {name: body(name) for name in NAMES} == SHIPPED


@pytest.mark.parametrize("version", range(VERSION))
def test_every_earlier_schema_is_brought_up_to_date_after_a_backup(tmp_path: Path, version: int) -> None:
    fresh, old = tmp_path / "fresh", tmp_path / "old"
    with Store.open(fresh) as store:
        database = store.paths.database.name
    database_at(old / database, version)
    with Store.open(old) as store:
        if version:
            (old_turn,) = store.conversation(1).result().turns
            assert (old_turn.text, old_turn.persona, old_turn.speaker, old_turn.thumb, old_turn.rank) == ("kept", None, "", 0, None)
        made = store.create_conversation().result()
        turn = store.add_user_turn(made.id, None, "new").result()
        store.edit_reply(turn.id, "newer").result()
        store.set_setting("key", 1).result()
        persona = store.personas.add(NewPersona("{}", "new")).result()
        store.update_conversation(made.id, setup=Setup(members=(Member(persona.id),))).result()
        reply = store.add_reply(made.id, turn.id, model="m", status=Status.COMPLETE, text="a", persona=persona.id, speaker="new").result()
        store.ratings.rate(reply.id, 1).result()
        store.sent.put(Sent(reply.id, "text", ())).result()
        for added in (store.profiles.add("p"), store.books.add("b", "{}", 0), store.tasks.add("{}")):
            added.result()
        kept = store.conversation(made.id).result()
        assert (kept.conversation.setup.members, kept.turns[-1].speaker, kept.turns[-1].thumb) == ((Member(persona.id),), "new", 1)
    assert schema(old / database) == schema(fresh / database)
    taken = [backup for backup in list_backups(old) if backup.reason == "migration"]
    assert len(taken) == (1 if version else 0)  # there is nothing to lose before the first
    for backup in taken:
        assert backup.good
        connection = sqlite3.connect(backup.path)
        assert connection.execute("PRAGMA user_version").fetchone() == (version,)
        assert connection.execute("SELECT text FROM turns").fetchall() == [("kept",)]
        connection.close()


def test_older_ratings_belong_to_the_text_of_their_last_change(tmp_path: Path) -> None:
    path = tmp_path / "old"
    database_at(path, NAMES.index("m008_which_text_was_rated"))
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("INSERT INTO revisions (turn, replaced, text) VALUES (1, 10, 'first'), (1, 20, 'second')")
    connection.execute("INSERT INTO turns (conversation, role, status, created, text) VALUES (1, 'assistant', 'complete', 1, 'other')")
    connection.execute("INSERT INTO ratings (turn, thumb, changed) VALUES (1, -1, 15), (2, 1, 15)")
    migrate(connection)
    assert connection.execute("SELECT turn, thumb_edits, rank_edits FROM ratings").fetchall() == [(1, 1, 1), (2, 0, 0)]
    connection.close()


def test_a_newer_schema_is_refused_and_left_alone(data_dir: Path) -> None:
    with Store.open(data_dir) as store:
        path = store.paths.database
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {VERSION + 4}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError) as caught:
        Store.open(data_dir)
    assert caught.value.code is StoreCode.NEWER
    assert caught.value.failure.args == {"path": str(path), "found": VERSION + 4, "known": VERSION}
    assert path.read_bytes() == before


def test_an_ordinary_start_loads_neither_sqlite_utils_nor_numpy(data_dir: Path) -> None:
    script = "import sys, pathlib, zhiyin.store as s; s.Store.open(pathlib.Path(sys.argv[1])).close(); print(*sorted(sys.modules))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "app"), str(ROOT / "models")])}

    def loaded() -> set[str]:
        command = [sys.executable, "-c", script, str(data_dir)]
        return set(subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout.split())

    for _ in ("the first start", "a later one"):
        assert not {"sqlite_utils", "click", "numpy", "PySide6"} & loaded()
    data_dir.joinpath("zhiyin.sqlite3").unlink()
    database_at(data_dir / "zhiyin.sqlite3", 1)
    migrating = loaded()
    assert "sqlite_utils" in migrating
    assert "numpy" not in migrating


def test_a_migration_that_fails_changes_nothing(data_dir: Path) -> None:
    with Store.open(data_dir) as store:
        path = store.paths.database
    path.unlink()
    database_at(path, 1)
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE revisions_by_turn (x)")  # stands where the second migration's index should go
    connection.commit()
    connection.close()
    before = schema(path)
    with pytest.raises(StoreError) as caught:
        Store.open(data_dir)
    assert caught.value.code is StoreCode.FAILED
    assert schema(path) == before
    assert [backup.good for backup in list_backups(data_dir) if backup.reason == "migration"] == [True]
