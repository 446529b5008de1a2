"""The schema, as numbered migrations. One that has shipped is never edited: add the next, here and in ``schema``.

Imported only when a database is behind: sqlite-utils costs 18 MB and 0.2 s (30 MB and 0.4 s with numpy, which it imports only
to recognise numpy's own values).
"""

import sqlite3
import sys
from collections.abc import Callable

from zhiyin.store.schema import APPLICATION_ID


def _without_numpy() -> None:
    """Import sqlite-utils with numpy looking absent, unless something has loaded numpy already."""
    if "numpy" in sys.modules:
        import sqlite_utils.db  # noqa: PLC0415  the order of imports is the point

        return
    sys.modules["numpy"] = None  # type: ignore[assignment]  # documented: None makes ``import numpy`` raise ImportError
    try:
        import sqlite_utils.db  # noqa: F401, PLC0415
    finally:
        del sys.modules["numpy"]


_without_numpy()

from sqlite_utils import Database, Migrations  # noqa: E402  after the import above, which decides what comes with it

migrations = Migrations("zhiyin")
NAMES: list[str] = []


def _migration(function: Callable[[Database], None]) -> Callable[[Database], None]:
    number = len(NAMES) + 1
    NAMES.append(function.__name__)

    def numbered(db: Database) -> None:
        function(db)
        db.execute(f"PRAGMA user_version = {number}")  # inside the migration's transaction, so the two cannot disagree

    numbered.__name__ = function.__name__
    migrations(name=function.__name__)(numbered)
    return function


def migrate(connection: sqlite3.Connection, stop_before: str | None = None) -> None:
    """Apply what is pending, each migration in a transaction of its own. Raises sqlite3.Error; what was applied stays."""
    database = Database(connection, execute_plugins=False, recursive_triggers=False)
    migrations.apply(database, stop_before=stop_before)


@_migration
def m001_conversations_and_turns(db: Database) -> None:
    """A conversation is a tree of turns: regenerating and editing add siblings, so nothing is ever overwritten.

    Ids are AUTOINCREMENT so that none is used twice: statistics, exports and the search index to come point at them.
    A child is always younger than its parent, hence its id is greater: what walks the tree relies on it. ``leaf`` and
    ``memory_start`` are no foreign keys: a check of each deleted turn against them would need two more indexes.
    """
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute(
        """
        CREATE TABLE conversations (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            title TEXT NOT NULL DEFAULT '',
            auto_title INTEGER NOT NULL DEFAULT 1,
            created REAL NOT NULL,
            updated REAL NOT NULL,
            model TEXT NOT NULL DEFAULT '',
            system_prompt TEXT,
            sampling TEXT,
            leaf INTEGER,
            memory_start INTEGER,
            turn_count INTEGER NOT NULL DEFAULT 0,
            deleted REAL,
            draft TEXT NOT NULL DEFAULT ''
        )
        """
    )
    db.execute("CREATE INDEX conversations_by_time ON conversations (updated DESC, id DESC) WHERE deleted IS NULL")
    db.execute("CREATE INDEX conversations_deleted ON conversations (deleted) WHERE deleted IS NOT NULL")
    db.execute(
        """
        CREATE TABLE turns (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            conversation INTEGER NOT NULL REFERENCES conversations (id),
            parent INTEGER REFERENCES turns (id),
            role TEXT NOT NULL CHECK (role IN ('system', 'user', 'assistant', 'tool')),
            status TEXT NOT NULL,
            created REAL NOT NULL,
            finished REAL,
            model TEXT NOT NULL DEFAULT '',
            fingerprint TEXT NOT NULL DEFAULT '',
            reason TEXT NOT NULL DEFAULT '',
            edited INTEGER NOT NULL DEFAULT 0,
            failure TEXT,
            stats TEXT,
            text TEXT NOT NULL,
            CHECK (parent < id)
        )
        """
    )
    # covers what finds paths and siblings, so that neither reads a text
    db.execute("CREATE INDEX turns_by_place ON turns (conversation, parent, role)")
    db.execute("CREATE INDEX turns_by_parent ON turns (parent)")
    db.execute("CREATE INDEX turns_unfinished ON turns (status) WHERE status IN ('growing', 'queued')")


@_migration
def m002_revisions(db: Database) -> None:
    """An edited reply keeps its former texts: editing in place must not lose what the model really said."""
    db.execute(
        """
        CREATE TABLE revisions (
            id INTEGER PRIMARY KEY,
            turn INTEGER NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
            replaced REAL NOT NULL,
            text TEXT NOT NULL
        )
        """
    )
    db.execute("CREATE INDEX revisions_by_turn ON revisions (turn)")


@_migration
def m003_settings(db: Database) -> None:
    """Settings live beside the conversations, so that one backup holds both and a crash cannot half-write them."""
    db.execute("CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")


@_migration
def m004_personas(db: Database) -> None:
    """Personas, and beside them their cards: a gallery of thousands is listed without reading one.

    A built-in persona is put in once: ``seeded_personas`` keeps one that was deleted from coming back. Conversations and turns name
    personas without a foreign key, because they outlive them.
    """
    db.execute(
        """
        CREATE TABLE personas (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL,
            tags TEXT NOT NULL DEFAULT '[]',
            creator TEXT NOT NULL DEFAULT '',
            summary TEXT NOT NULL DEFAULT '',
            seal TEXT NOT NULL DEFAULT '',
            color TEXT NOT NULL DEFAULT '',
            picture TEXT NOT NULL DEFAULT '',
            builtin TEXT NOT NULL DEFAULT '',
            own INTEGER NOT NULL DEFAULT 1,
            created REAL NOT NULL,
            updated REAL NOT NULL,
            used REAL NOT NULL DEFAULT 0,
            deleted REAL
        )
        """
    )
    db.execute("CREATE INDEX personas_deleted ON personas (deleted) WHERE deleted IS NOT NULL")
    db.execute(
        """
        CREATE TABLE persona_cards (
            persona INTEGER PRIMARY KEY REFERENCES personas (id) ON DELETE CASCADE,
            card TEXT NOT NULL
        )
        """
    )
    db.execute(
        """
        CREATE TABLE persona_revisions (
            id INTEGER PRIMARY KEY,
            persona INTEGER NOT NULL REFERENCES personas (id) ON DELETE CASCADE,
            replaced REAL NOT NULL,
            card TEXT NOT NULL
        )
        """
    )
    db.execute("CREATE INDEX persona_revisions_by_persona ON persona_revisions (persona)")
    db.execute("CREATE TABLE seeded_personas (key TEXT PRIMARY KEY) WITHOUT ROWID")


@_migration
def m005_profiles_books_and_tasks(db: Database) -> None:
    """What else takes part: who the user is, standalone lorebooks, and the user's own task templates."""
    db.execute(
        """
        CREATE TABLE profiles (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL,
            description TEXT NOT NULL DEFAULT '',
            picture TEXT NOT NULL DEFAULT '',
            is_default INTEGER NOT NULL DEFAULT 0,
            deleted REAL
        )
        """
    )
    db.execute(
        """
        CREATE TABLE books (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL,
            entries INTEGER NOT NULL,
            created REAL NOT NULL,
            updated REAL NOT NULL,
            deleted REAL,
            book TEXT NOT NULL
        )
        """
    )
    db.execute(
        """
        CREATE TABLE tasks (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            builtin TEXT NOT NULL DEFAULT '',
            created REAL NOT NULL,
            updated REAL NOT NULL,
            deleted REAL,
            task TEXT NOT NULL
        )
        """
    )


@_migration
def m006_who_spoke(db: Database) -> None:
    """Who takes part in a conversation, and who said a turn: the name stays as it was when it was said, whatever becomes of the persona."""
    db.execute("ALTER TABLE conversations ADD COLUMN setup TEXT")
    db.execute("ALTER TABLE turns ADD COLUMN persona INTEGER")
    db.execute("ALTER TABLE turns ADD COLUMN speaker TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE turns ADD COLUMN covers INTEGER")


@_migration
def m007_ratings_and_sent_texts(db: Database) -> None:
    """What the user thinks of a reply, and what was sent for it: few turns have them, so they are no columns of each."""
    db.execute(
        """
        CREATE TABLE ratings (
            turn INTEGER PRIMARY KEY REFERENCES turns (id) ON DELETE CASCADE,
            thumb INTEGER NOT NULL DEFAULT 0 CHECK (thumb IN (-1, 0, 1)),
            rank INTEGER,
            remark TEXT NOT NULL DEFAULT '',
            changed REAL NOT NULL
        )
        """
    )
    db.execute(
        """
        CREATE TABLE sent (
            turn INTEGER PRIMARY KEY REFERENCES turns (id) ON DELETE CASCADE,
            conversation INTEGER NOT NULL,
            changed REAL NOT NULL,
            contents BLOB NOT NULL
        )
        """
    )
    db.execute("CREATE INDEX sent_by_conversation ON sent (conversation, changed)")


@_migration
def m008_which_text_was_rated(db: Database) -> None:
    """How often a reply had been edited when it got its thumb, and when it got its rank: a rating belongs to the text that was rated.

    The text is the revision of that number, or the present one where there is none. Of older ratings only the last change is known.
    """
    for column in ("thumb_edits", "rank_edits"):
        db.execute(f"ALTER TABLE ratings ADD COLUMN {column} INTEGER NOT NULL DEFAULT 0")
        db.execute(
            f"UPDATE ratings SET {column} = (SELECT count(*) FROM revisions WHERE turn = ratings.turn AND replaced <= ratings.changed)"  # noqa: S608  constants only
        )
