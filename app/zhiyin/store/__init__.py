"""The store: conversations and settings in SQLite. The only place that touches the database; no Qt."""

from zhiyin.store.errors import StoreCode, StoreError, StoreFailure
from zhiyin.store.records import (
    Backup,
    Book,
    BookRow,
    Conversation,
    ConversationView,
    NewPersona,
    Persona,
    PersonaRow,
    Profile,
    RatingCounts,
    Revision,
    Sent,
    SentMessage,
    Status,
    StoredTask,
    Turn,
)
from zhiyin.store.store import Store, list_backups, restore_backup
from zhiyin.store.training import Exported, TrainingKind

__all__ = [
    "Backup",
    "Book",
    "BookRow",
    "Conversation",
    "ConversationView",
    "Exported",
    "NewPersona",
    "Persona",
    "PersonaRow",
    "Profile",
    "RatingCounts",
    "Revision",
    "Sent",
    "SentMessage",
    "Status",
    "Store",
    "StoreCode",
    "StoreError",
    "StoreFailure",
    "StoredTask",
    "TrainingKind",
    "Turn",
    "list_backups",
    "restore_backup",
]
