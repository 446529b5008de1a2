"""The store: conversations and settings in SQLite. The only place that touches the database; no Qt."""

from zhiyin.store.errors import StoreCode, StoreError, StoreFailure
from zhiyin.store.records import Backup, Conversation, ConversationView, Revision, Status, Turn
from zhiyin.store.store import Store, list_backups, restore_backup

__all__ = [
    "Backup",
    "Conversation",
    "ConversationView",
    "Revision",
    "Status",
    "Store",
    "StoreCode",
    "StoreError",
    "StoreFailure",
    "Turn",
    "list_backups",
    "restore_backup",
]
