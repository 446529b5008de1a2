"""The store: what the app asks, answered in futures. The only thing that touches the database."""

import json
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from msgspec import UNSET, UnsetType

from zhiyin.paths import Paths
from zhiyin.roles import Setup
from zhiyin.store import backups, conversations, database, schema, settings, turns
from zhiyin.store.books import Books
from zhiyin.store.conversations import Changes
from zhiyin.store.errors import StoreCode, StoreError, from_os, from_sqlite
from zhiyin.store.maintenance import Maintenance
from zhiyin.store.personas import Personas
from zhiyin.store.profiles import Profiles
from zhiyin.store.ratings import Ratings
from zhiyin.store.reader import Reader
from zhiyin.store.records import Backup, Conversation, ConversationView, Revision, Status, Turn
from zhiyin.store.schema import VERSION
from zhiyin.store.sent import SentTexts
from zhiyin.store.tasks import Tasks
from zhiyin.store.training import Exported, TrainingKind
from zhiyin.store.writer import Writer, call_off, settle
from zhiyin_models.engine.protocol import Sampling, Stats
from zhiyin_models.errors import Failure

T = TypeVar("T")
U = TypeVar("U")

BUSY_TIMEOUT = 5.0  # seconds that a commit waits for another process


def _migrate(connection: sqlite3.Connection, paths: Paths, version: int) -> None:
    """Bring the schema up to date, after a backup when there is something to lose."""
    if not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        schema.create(connection)
        return
    from zhiyin.store.migrations import migrate  # noqa: PLC0415  sqlite-utils is heavy, and needed only now

    if version:
        backups.take(connection, paths.backups, "migration")
    connection.execute("PRAGMA foreign_keys = OFF")  # a migration may rebuild a table that others refer to
    migrate(connection)
    broken = connection.execute("PRAGMA foreign_key_check").fetchone()
    if broken is not None:
        raise StoreError(StoreCode.DAMAGED, path=str(paths.database), detail=f"a row of {broken[0]} refers to nothing")
    connection.execute("PRAGMA foreign_keys = ON")


class Store:
    """Conversations and settings. Every method but ``open`` and ``close`` answers at once, with a future.

    A write's future resolves when it is on the disk, and fails with StoreError when it is not; a later write is then tried
    afresh. Writes happen in the order of the calls. A read sees every write whose future had resolved when it was asked for.
    Futures resolve on the store's own threads.
    """

    def __init__(self, paths: Paths, connection: sqlite3.Connection, busy_timeout: float, interrupted: int) -> None:
        """Use ``open``."""
        self.paths = paths
        self.interrupted = interrupted  # replies that the last run left unfinished, marked now
        self._busy_timeout = busy_timeout
        self._reader = Reader(self._connect_reading(), self._error)
        self._writer = Writer(connection, lambda: database.connect(paths.database, "write", busy_timeout), self._error)
        self.personas = Personas(self._reader, self._writer)
        self.profiles = Profiles(self._reader, self._writer)
        self.books = Books(self._reader, self._writer)
        self.tasks = Tasks(self._reader, self._writer)
        self.ratings = Ratings(self._reader, self._writer)
        self.sent = SentTexts(self._reader, self._writer)
        self._maintenance: Maintenance | None = None
        self._drafting: dict[int, Future[None]] = {}  # the last draft of each conversation that may still be on its way
        self._closing = threading.Lock()
        self._closed = False

    # ---------------------------------------------------------------- open and close

    @classmethod
    def open(cls, data_dir: Path, *, busy_timeout: float = BUSY_TIMEOUT, maintenance_delay: float = 20.0) -> "Store":
        """Open the database of a data directory, making both when they are missing. Blocks; not for the GUI thread.

        Replies that were growing or queued become interrupted. Purging and the daily backup begin ``maintenance_delay``
        seconds later, in the background. Raises StoreError.
        """
        paths = Paths(data_dir)
        try:
            paths.create()
        except (FileExistsError, NotADirectoryError) as error:
            raise StoreError(StoreCode.DATA_DIR, path=str(data_dir), detail=str(error.strerror)) from error
        except OSError as error:
            raise from_os(error, data_dir, StoreCode.DATA_DIR) from error
        connection, version, check_later = database.open_checked(paths.database, busy_timeout)
        try:
            if version < VERSION:
                _migrate(connection, paths, version)
            connection.execute("BEGIN IMMEDIATE")  # also tells at once of a lock, and of a disk that cannot be written
            interrupted = turns.mark_interrupted(connection)
            connection.execute("COMMIT")
            store = cls(paths, connection, busy_timeout, interrupted)
        except sqlite3.Error as error:
            connection.close()
            raise from_sqlite(error, paths.database) from error
        except BaseException:
            connection.close()
            raise
        store._maintenance = Maintenance(paths, store._writer, store._connect_reading, maintenance_delay, check=check_later)
        return store

    def close(self) -> None:
        """Write what is queued, cancel what is being read, end the threads. Blocks; callable twice."""
        with self._closing:
            if self._closed or self._maintenance is None:
                return
            self._closed = True
            self._maintenance.close()
            self._reader.close()
            self._writer.close()  # last: whoever closes last folds the log into the database
            self._maintenance.back_up_at_close()

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def checked(self) -> Future[None]:
        """Resolves when the whole file was found to be sound: in the background after each start, before ``open`` ends after a crash.

        Fails with StoreError DAMAGED; cancelled when the store is closed first.
        """
        assert self._maintenance is not None  # noqa: S101  open() made it
        return self._maintenance.checked

    @property
    def damage(self) -> Future[StoreError]:
        """Resolves with the error when work in the background meets a damaged database; cancelled when the store is closed."""
        assert self._maintenance is not None  # noqa: S101  open() made it
        return self._maintenance.damage

    def _connect_reading(self) -> sqlite3.Connection:
        return database.connect(self.paths.database, "read", self._busy_timeout)

    def _error(self, error: sqlite3.Error) -> StoreError:
        return from_sqlite(error, self.paths.database)

    def _then_view(self, written: Future[int]) -> Future[ConversationView]:
        """Read a conversation once a write, which resolves with its id, is done: a long path must not hold up the writer."""
        answer: Future[ConversationView] = Future()

        def read(done: Future[int]) -> None:
            if done.cancelled() or (error := done.exception()) is not None:
                if done.cancelled():
                    call_off(answer)
                else:
                    settle(answer, error=error)
                return
            _pass_on(self._view(done.result()), answer)

        written.add_done_callback(read)
        return answer

    # ---------------------------------------------------------------- conversations

    def conversations(self, limit: int = 200, before: Conversation | None = None) -> Future[list[Conversation]]:
        """Return the newest first, deleted ones left out; ``before`` (the last one got) asks for the next page."""
        return self._reader.submit(lambda connection: conversations.listed(connection, limit, before))

    def conversation(self, conversation: int, *, supersede: bool = False) -> Future[ConversationView]:
        """Return one with the path on show. ``supersede`` cancels earlier calls with it that are not answered yet.

        Its draft is the last one set, even when that is still being written: coming back at once must not show an older one.
        """
        writing = self._drafting.get(conversation)
        if writing is None or writing.done():
            self._drafting.pop(conversation, None)
            return self._view(conversation, supersede=supersede)
        answer: Future[ConversationView] = Future()
        writing.add_done_callback(lambda _: _pass_on(self._view(conversation, supersede=supersede), answer))
        return answer

    def _view(self, conversation: int, *, supersede: bool = False) -> Future[ConversationView]:
        return self._reader.submit(
            lambda connection: turns.view(connection, conversations.get(connection, conversation)), "view" if supersede else ""
        )

    def summary(self, conversation: int) -> Future[Conversation]:
        """Return one without its turns."""
        return self._reader.submit(lambda connection: conversations.get(connection, conversation))

    def create_conversation(
        self,
        *,
        title: str | UnsetType = UNSET,
        auto_title: bool | UnsetType = UNSET,
        model: str | UnsetType = UNSET,
        system_prompt: str | UnsetType | None = UNSET,
        sampling: Sampling | UnsetType | None = UNSET,
        draft: str | UnsetType = UNSET,
        setup: Setup | UnsetType = UNSET,
    ) -> Future[Conversation]:
        """Add an empty one."""
        changes = Changes(title, auto_title, model, system_prompt, sampling, draft, setup=setup)
        return self._writer.submit(lambda connection: conversations.create(connection, changes))

    def update_conversation(
        self,
        conversation: int,
        *,
        title: str | UnsetType = UNSET,
        auto_title: bool | UnsetType = UNSET,
        model: str | UnsetType = UNSET,
        system_prompt: str | UnsetType | None = UNSET,
        sampling: Sampling | UnsetType | None = UNSET,
        draft: str | UnsetType = UNSET,
        memory_start: int | UnsetType | None = UNSET,
        setup: Setup | UnsetType = UNSET,
    ) -> Future[Conversation]:
        """Set fields; its place in the list stays. A title given here is the user's, unless ``auto_title`` says otherwise."""
        changes = Changes(title, auto_title, model, system_prompt, sampling, draft, memory_start, setup)
        return self._writer.submit(lambda connection: conversations.update(connection, conversation, changes))

    def delete_conversation(self, conversation: int) -> Future[None]:
        """Take it off the list; a reply growing in it goes on. It is really removed at a start 30 days later."""
        return self._writer.submit(lambda connection: conversations.delete(connection, conversation))

    def restore_conversation(self, conversation: int) -> Future[Conversation]:
        """Put a deleted one back where it was."""
        return self._writer.submit(lambda connection: conversations.restore(connection, conversation))

    def set_draft(self, conversation: int, text: str) -> Future[None]:
        """Keep what stands in the composer; while one waits to be written, only the newest is."""
        writing = self._writer.submit(lambda connection: conversations.set_draft(connection, conversation, text), ("draft", conversation))
        self._drafting[conversation] = writing
        return writing

    def set_memory_start(self, conversation: int, turn: int | None) -> Future[Conversation]:
        """Remember from which turn on the model still sees the conversation; None = from the first."""
        return self.update_conversation(conversation, memory_start=turn)

    # ---------------------------------------------------------------- turns

    def add_user_turn(self, conversation: int, parent: int | None, text: str, *, speaker: str = "") -> Future[Turn]:
        """Commit what the user said; it becomes the leaf, the draft is cleared, a first turn gives the title."""
        return self._writer.submit(lambda connection: turns.add_user(connection, conversation, parent, text, speaker))

    def add_reply(
        self,
        conversation: int,
        parent: int | None,
        *,
        model: str,
        fingerprint: str = "",
        status: Status = Status.GROWING,
        text: str = "",
        persona: int | None = None,
        speaker: str = "",
    ) -> Future[Turn]:
        """Add a reply, one more alternative when the parent has some; it becomes the leaf."""
        return self._writer.submit(
            lambda connection: turns.add_reply(
                connection, conversation, parent, text, status, model=model, fingerprint=fingerprint, persona=persona, speaker=speaker
            )
        )

    def add_replies(
        self, conversation: int, parent: int | None, texts: Sequence[str], *, model: str = "", persona: int | None = None, speaker: str = ""
    ) -> Future[Turn]:
        """Add finished replies as alternatives (the greetings of a card, kept samples); the first becomes the leaf and is returned.

        Raises ValueError at once when there is none.
        """
        texts = tuple(texts)
        if not texts:
            raise ValueError("no replies to add")
        return self._writer.submit(
            lambda connection: turns.add_replies(connection, conversation, parent, texts, model=model, persona=persona, speaker=speaker)
        )

    def add_summary(self, conversation: int, parent: int, text: str, covers: int) -> Future[Turn]:
        """Add a summary (role system) behind ``parent`` that stands for the path up to ``covers``; it becomes the leaf."""
        return self._writer.submit(lambda connection: turns.add_summary(connection, conversation, parent, text, covers))

    def grow_reply(self, turn: int, text: str) -> Future[None]:
        """Put down the whole text so far of a growing or queued reply; while one waits to be written, only the newest is."""
        return self._writer.submit(lambda connection: turns.grow(connection, turn, text), ("grow", turn))

    def finish_reply(
        self, turn: int, text: str, status: Status, reason: str, stats: Stats | None, *, failure: Failure | None = None
    ) -> Future[Turn]:
        """Put down the whole reply, how it ended and its figures."""
        return self._writer.submit(
            lambda connection: turns.finish(connection, turn, text, status, reason=reason, stats=stats, failure=failure)
        )

    def reopen_reply(self, turn: int, status: Status = Status.GROWING) -> Future[Turn]:
        """Let a cut reply grow again where it ends; a crash meanwhile leaves it interrupted, with its text."""
        return self._writer.submit(lambda connection: turns.reopen(connection, turn, status))

    def discard_reply(self, turn: int) -> Future[ConversationView]:
        """Remove a reply that never got any text, as when it is cancelled in the queue; one with text stays, as stopped."""
        return self._then_view(self._writer.submit(lambda connection: turns.discard(connection, turn)))

    def add_edited_turn(self, turn: int, text: str) -> Future[Turn]:
        """Add an alternative of a user's turn with a new text; it becomes the leaf."""
        return self._writer.submit(lambda connection: turns.add_edited(connection, turn, text))

    def edit_reply(self, turn: int, text: str) -> Future[Turn]:
        """Change a finished turn in place; what it said before is kept (``revisions``). Fails with GROWING."""
        return self._writer.submit(lambda connection: turns.edit(connection, turn, text))

    def revisions(self, turn: int) -> Future[list[Revision]]:
        """Return the former texts of an edited turn, the first one first."""
        return self._reader.submit(lambda connection: turns.revisions(connection, turn))

    def choose(self, turn: int) -> Future[ConversationView]:
        """Show the path through this turn, down to the newest turn under it."""
        return self._then_view(self._writer.submit(lambda connection: turns.choose(connection, turn)))

    # ---------------------------------------------------------------- settings

    def get_setting(self, key: str, default: Any = None) -> Future[Any]:
        """Return a setting's value, the default when it was never set."""
        return self._reader.submit(lambda connection: settings.get(connection, key, default))

    def all_settings(self) -> Future[dict[str, Any]]:
        """Return all that was ever set."""
        return self._reader.submit(settings.everything)

    def set_setting(self, key: str, value: Any) -> Future[None]:
        """Set a JSON value. Raises TypeError or ValueError at once when it is none."""
        text = json.dumps(value, allow_nan=False)
        return self._writer.submit(lambda connection: settings.put(connection, key, text), ("setting", key))

    # ---------------------------------------------------------------- training data

    def export_training(
        self, path: Path, kind: TrainingKind, progress: Callable[[int, int], None] = lambda _done, _total: None, *, strict: bool = False
    ) -> Future[Exported]:
        """Write what was rated as JSON lines for a way of training (dpo, kto, sft), replacing the file at the very end.

        Cancelling the future gives it up. ``progress`` is called on the store's thread, with rated replies done and all. ``strict``:
        prompts begin with a question, greetings before it are left out, and turns alternate.
        Fails with DISK_FULL, READ_ONLY, IO.
        """
        assert self._maintenance is not None  # noqa: S101  open() made it
        return self._maintenance.export(path, kind, progress, strict=strict)

    # ---------------------------------------------------------------- backups

    def interrupt_reads(self) -> None:
        """Cancel every read that is not answered yet; their futures are cancelled."""
        self._reader.interrupt()

    def backup(self, reason: str = "manual") -> Future[Backup]:
        """Copy the database while it is in use, and check the copy."""
        assert self._maintenance is not None  # noqa: S101  open() made it
        return self._maintenance.backup(reason)

    def backups(self) -> Future[list[Backup]]:
        """Return the copies, good ones first, newest first among them."""
        assert self._maintenance is not None  # noqa: S101  open() made it
        return self._maintenance.submit(lambda: list_backups(self.paths.data_dir))


def _pass_on(source: Future[ConversationView], target: Future[ConversationView]) -> None:
    """Let one future answer with what another answers."""

    def arrived(done: Future[ConversationView]) -> None:
        if done.cancelled():
            call_off(target)
        elif (error := done.exception()) is not None:
            settle(target, error=error)
        else:
            settle(target, done.result())

    source.add_done_callback(arrived)


def list_backups(data_dir: Path) -> list[Backup]:
    """Return the copies that could take a damaged database's place, good ones first, newest first among them. Blocks."""
    return backups.listed(Paths(data_dir).backups)


def restore_backup(data_dir: Path, backup: Path) -> Path | None:
    """Put a backup in the database's place, with no store open there; return where the old file is kept. Blocks.

    Raises StoreError MISSING, DAMAGED (the backup), DISK_FULL, READ_ONLY, IO.
    """
    return backups.restore(Paths(data_dir).database, backup)
