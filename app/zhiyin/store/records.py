"""What the store hands out: frozen values, never rows. Times are seconds since the epoch."""

from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from zhiyin_models.engine.protocol import Sampling, Stats
from zhiyin_models.errors import Failure


class Status(StrEnum):
    """How far a turn has come."""

    COMPLETE = "complete"
    GROWING = "growing"  # the engine is writing it
    QUEUED = "queued"  # waits for the engine
    INTERRUPTED = "interrupted"  # the app ended (crash, kill, power loss) while it grew or waited
    STOPPED = "stopped"  # by the user
    FAILED = "failed"  # by the engine: see ``failure``


class Turn(Struct, frozen=True):
    """One message in the tree of a conversation."""

    id: int
    conversation: int
    parent: int | None
    role: str  # user or assistant
    text: str
    status: Status
    created: float
    finished: float | None = None
    model: str = ""  # its name in the library when the reply was made
    fingerprint: str = ""  # identifies the model's file
    reason: str = ""  # why the reply ended: as in protocol.Reason
    stats: Stats | None = None
    failure: Failure | None = None
    edited: bool = False  # a reply changed in place; its former texts are in its revisions
    sibling_ids: tuple[int, ...] = ()  # turns with the same parent and role, oldest first, itself included


class Conversation(Struct, frozen=True):
    """A conversation as the list shows it."""

    id: int
    title: str
    auto_title: bool  # the title was taken from the first words, and may still be
    created: float
    updated: float  # when a turn was last added or finished
    model: str = ""  # library name or path; "" = the app's default
    system_prompt: str | None = None  # None = the app's default
    sampling: Sampling | None = None  # None = the app's default
    leaf: int | None = None  # the last turn of the path on show
    draft: str = ""
    memory_start: int | None = None  # the first turn that the model still remembers; None = all
    turns: int = 0  # in the whole tree
    interrupted: bool = False  # the path on show ends in an interrupted reply


class ConversationView(Struct, frozen=True):
    """A conversation with the path on show, root first."""

    conversation: Conversation
    turns: tuple[Turn, ...]


class Revision(Struct, frozen=True):
    """A former text of an edited reply."""

    text: str
    replaced: float  # when a newer text took its place


class Backup(Struct, frozen=True):
    """A copy of the database in the backup folder."""

    path: Path
    created: float
    reason: str
    size: int
    good: bool  # opens, passes SQLite's quick check, and has a schema that this version knows
