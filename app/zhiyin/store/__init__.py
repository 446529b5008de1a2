"""The store: conversations and settings in SQLite. The only place that touches the database; no Qt."""
