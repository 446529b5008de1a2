"""Settings, one row each: a key and any JSON value."""

import json
import sqlite3
from typing import Any

from zhiyin.store.rows import storable


def get(connection: sqlite3.Connection, key: str, default: Any) -> Any:
    """Return the value, or the default when there is none."""
    row = connection.execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()
    return default if row is None else json.loads(row[0])


def everything(connection: sqlite3.Connection) -> dict[str, Any]:
    """Return all that was ever set."""
    return {key: json.loads(value) for key, value in connection.execute("SELECT key, value FROM settings ORDER BY key")}


def put(connection: sqlite3.Connection, key: str, value: str) -> None:
    """Set a value, given as JSON."""
    connection.execute(
        "INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (storable(key), value),
    )
