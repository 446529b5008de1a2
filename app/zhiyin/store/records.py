"""What the store hands out: frozen values, never rows. Times are seconds since the epoch."""

from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from zhiyin.roles import Setup
from zhiyin_models.engine.protocol import FitReport, Sampling, Stats
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
    role: str  # user or assistant; system for a summary
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
    persona: int | None = None  # who said it; None = the user, or the plain assistant
    speaker: str = ""  # its name when it was said: of a persona, or of the user's profile
    covers: int | None = None  # a summary (role system) stands for the path up to this turn
    thumb: int = 0  # the user's rating: 1, -1, 0 = none
    rank: int | None = None  # among its siblings, 1 = the best; None = not ranked
    remark: str = ""  # the user's note on the rating
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
    setup: Setup = Setup()  # who takes part, and how


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


class PersonaRow(Struct, frozen=True):
    """A persona as the gallery shows it. What is derived from the card is given along with it by whoever read the card."""

    id: int
    name: str
    tags: tuple[str, ...] = ()
    creator: str = ""
    summary: str = ""  # a line or two about it
    seal: str = ""  # one character
    color: str = ""  # a role of the theme, or #RRGGBB
    picture: str = ""  # "", the sha256 of a file in the picture folder, or "asset:" and a name
    builtin: str = ""  # the key of the built-in persona that it is, or was made from
    own: bool = True  # it has a card of its own; False = the built-in one's, in the language of the moment
    created: float = 0.0
    updated: float = 0.0
    used: float = 0.0  # when a conversation was last begun with it
    deleted: float = 0.0  # when it was deleted; 0 = it is there


class Persona(Struct, frozen=True):
    """A persona with its whole card."""

    row: PersonaRow
    card: str  # JSON as it came, nothing left out; "" for a built-in one that was not changed


class NewPersona(Struct, frozen=True):
    """What a persona is made of, or becomes; see ``PersonaRow``."""

    card: str
    name: str
    tags: tuple[str, ...] = ()
    creator: str = ""
    summary: str = ""
    seal: str = ""
    color: str = ""
    picture: str = ""
    builtin: str = ""


class Profile(Struct, frozen=True):
    """Who the user is in a conversation."""

    id: int
    name: str
    description: str = ""
    picture: str = ""
    default: bool = False


class BookRow(Struct, frozen=True):
    """A standalone lorebook as a list shows it."""

    id: int
    name: str
    entries: int
    created: float = 0.0
    updated: float = 0.0


class Book(Struct, frozen=True):
    """A standalone lorebook: the ``data`` of a lorebook_v3 file as JSON, nothing left out."""

    row: BookRow
    book: str


class StoredTask(Struct, frozen=True):
    """A task template of the user's, as JSON; ``builtin`` is the key of the one that it replaces."""

    id: int
    task: str
    builtin: str = ""
    created: float = 0.0
    updated: float = 0.0


class SentMessage(Struct, frozen=True):
    """One message of a prompt; ``tokens`` counts its text alone."""

    role: str
    section: str
    text: str
    tokens: int = 0
    dropped: bool = False
    turn: int | None = None


class Sent(Struct, frozen=True):
    """What was sent for a reply: the exact text after the template, and the messages that it was made from."""

    turn: int
    text: str
    messages: tuple[SentMessage, ...]
    fit: FitReport | None = None


class RatingCounts(Struct, frozen=True):
    """How much was rated."""

    good: int
    bad: int
    ranked: int  # replies that have a rank
    remarks: int
