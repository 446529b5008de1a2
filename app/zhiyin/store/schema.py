"""The newest schema, and how to make it at once: an ordinary start, the very first one too, need not import the migrations.

``PRAGMA user_version`` counts the migrations that a file has had. A test holds that what is made here is what they make.
"""

import sqlite3
from datetime import UTC, datetime

APPLICATION_ID = 0x5A48594E  # "ZHYN", at offset 68 of the file: whose database this is
MIGRATIONS = (
    "m001_conversations_and_turns",
    "m002_revisions",
    "m003_settings",
    "m004_personas",
    "m005_profiles_books_and_tasks",
    "m006_who_spoke",
    "m007_ratings_and_sent_texts",
    "m008_which_text_was_rated",
)
VERSION = len(MIGRATIONS)

_STATEMENTS = (
    """CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
)""",
    """CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name")""",
    """CREATE TABLE conversations (
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
    , setup TEXT)
    """,
    "CREATE INDEX conversations_by_time ON conversations (updated DESC, id DESC) WHERE deleted IS NULL",
    "CREATE INDEX conversations_deleted ON conversations (deleted) WHERE deleted IS NOT NULL",
    """CREATE TABLE turns (
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
        text TEXT NOT NULL, persona INTEGER, speaker TEXT NOT NULL DEFAULT '', covers INTEGER,
        CHECK (parent < id)
    )
    """,
    "CREATE INDEX turns_by_place ON turns (conversation, parent, role)",
    "CREATE INDEX turns_by_parent ON turns (parent)",
    "CREATE INDEX turns_unfinished ON turns (status) WHERE status IN ('growing', 'queued')",
    """CREATE TABLE revisions (
        id INTEGER PRIMARY KEY,
        turn INTEGER NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
        replaced REAL NOT NULL,
        text TEXT NOT NULL
    )
    """,
    "CREATE INDEX revisions_by_turn ON revisions (turn)",
    "CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE personas (
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
    """,
    "CREATE INDEX personas_deleted ON personas (deleted) WHERE deleted IS NOT NULL",
    """CREATE TABLE persona_cards (
        persona INTEGER PRIMARY KEY REFERENCES personas (id) ON DELETE CASCADE,
        card TEXT NOT NULL
    )
    """,
    """CREATE TABLE persona_revisions (
        id INTEGER PRIMARY KEY,
        persona INTEGER NOT NULL REFERENCES personas (id) ON DELETE CASCADE,
        replaced REAL NOT NULL,
        card TEXT NOT NULL
    )
    """,
    "CREATE INDEX persona_revisions_by_persona ON persona_revisions (persona)",
    "CREATE TABLE seeded_personas (key TEXT PRIMARY KEY) WITHOUT ROWID",
    """CREATE TABLE profiles (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        description TEXT NOT NULL DEFAULT '',
        picture TEXT NOT NULL DEFAULT '',
        is_default INTEGER NOT NULL DEFAULT 0,
        deleted REAL
    )
    """,
    """CREATE TABLE books (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        entries INTEGER NOT NULL,
        created REAL NOT NULL,
        updated REAL NOT NULL,
        deleted REAL,
        book TEXT NOT NULL
    )
    """,
    """CREATE TABLE tasks (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        builtin TEXT NOT NULL DEFAULT '',
        created REAL NOT NULL,
        updated REAL NOT NULL,
        deleted REAL,
        task TEXT NOT NULL
    )
    """,
    """CREATE TABLE ratings (
        turn INTEGER PRIMARY KEY REFERENCES turns (id) ON DELETE CASCADE,
        thumb INTEGER NOT NULL DEFAULT 0 CHECK (thumb IN (-1, 0, 1)),
        rank INTEGER,
        remark TEXT NOT NULL DEFAULT '',
        changed REAL NOT NULL
    , thumb_edits INTEGER NOT NULL DEFAULT 0, rank_edits INTEGER NOT NULL DEFAULT 0)
    """,
    """CREATE TABLE sent (
        turn INTEGER PRIMARY KEY REFERENCES turns (id) ON DELETE CASCADE,
        conversation INTEGER NOT NULL,
        changed REAL NOT NULL,
        contents BLOB NOT NULL
    )
    """,
    "CREATE INDEX sent_by_conversation ON sent (conversation, changed)",
)


def create(connection: sqlite3.Connection) -> None:
    """Make the newest schema in an empty file, with the record of the migrations that it stands for. Raises sqlite3.Error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        for statement in _STATEMENTS:
            connection.execute(statement)
        now = str(datetime.now(UTC))
        connection.executemany(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('zhiyin', ?, ?)", [(name, now) for name in MIGRATIONS]
        )
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
