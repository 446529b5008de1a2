"""Rated replies as training data: JSON lines as TRL documents them, in its conversational form.

https://huggingface.co/docs/trl/dataset_formats: DPO takes a *preference* dataset (prompt, chosen, rejected), KTO an *unpaired
preference* one (prompt, completion, label), SFT a *language modeling* one (messages).
"""

import contextlib
import itertools
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from zhiyin.store.database import sync_folder
from zhiyin.store.errors import from_os
from zhiyin.store.rated_replies import Family, Reply, families, spoken
from zhiyin.store.training_prompts import ChatMessage, message, opens_thought, prompt

TrainingKind = Literal["dpo", "kto", "sft"]
Row = dict[str, Any]  # one line of the file
STEPS = 20_000  # of SQLite's machine, well below a millisecond, between two looks at whether to go on


class ExportCancelled(Exception):  # noqa: N818  not an error
    """The export was given up; nothing is left of it."""


class Exported(Struct, frozen=True):
    """What became of an export; without records no file was made."""

    path: Path
    kind: TrainingKind
    records: int
    conversations: int = 0
    left_out: int = 0  # pairs and replies that say nothing: contradicting ratings, equal, empty or only thought texts, nothing asked before


def export(
    connection: sqlite3.Connection,
    path: Path,
    kind: TrainingKind,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    cancelled: Callable[[], bool] = lambda: False,
    *,
    strict: bool = False,
) -> Exported:
    """Write what was rated as lines for one way of training; what stands in the file's place is replaced at the very end.

    ``progress`` gets rated replies done and all. ``strict``: prompts begin with a question, and turns alternate. The connection is read in
    short steps, so that the log can be folded in meanwhile.
    Raises ExportCancelled; StoreError DISK_FULL, READ_ONLY, IO (of the file); sqlite3.Error.
    """
    part = path.with_name(path.name + ".part")
    connection.set_progress_handler(cancelled, STEPS)
    try:
        total = connection.execute("SELECT count(*) FROM ratings").fetchone()[0]
        making = _Making(connection, total, progress, cancelled, strict=strict)
        os.close(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
        with part.open("wb") as file:
            for row in making.rows(kind):
                file.write(msgspec.json.encode(row) + b"\n")
                making.records += 1
            file.flush()
            os.fsync(file.fileno())
        making.check()
        if making.records:
            part.replace(path)
            sync_folder(path.parent)
    except OSError as error:
        raise from_os(error, path) from error
    except sqlite3.OperationalError as error:
        if cancelled():  # it was, in the middle of a statement
            raise ExportCancelled from error
        raise
    finally:
        connection.set_progress_handler(None, 0)
        with contextlib.suppress(OSError):
            part.unlink()
    progress(total, total)
    return Exported(path, kind, making.records, len(making.conversations), making.left_out)


class _Pair(Struct, frozen=True):
    """A text that is better than another one. The prompt is that of the better reply."""

    better: Reply
    chosen: str
    worse: Reply
    rejected: str


class _Making:
    """Makes the lines of one file; counts on the way, and looks whether to go on."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        total: int,
        progress: Callable[[int, int], None],
        cancelled: Callable[[], bool],
        *,
        strict: bool,
    ) -> None:
        self.records = 0
        self.left_out = 0
        self.conversations: set[int] = set()
        self._connection = connection
        self._total = total
        self._progress = progress
        self._cancelled = cancelled
        self._strict = strict
        self._prompts: dict[int, list[ChatMessage] | None] = {}  # of one family, by reply
        self._thoughts: dict[int, bool] = {}

    def check(self) -> None:
        """Raise ExportCancelled when it is no longer wanted."""
        if self._cancelled():
            raise ExportCancelled

    def rows(self, kind: TrainingKind) -> Iterator[Row]:
        """Raises ExportCancelled; sqlite3.Error."""
        make = {"dpo": self._preferences, "kto": self._labelled, "sft": self._demonstrations}[kind]
        seen = 0
        for family in families(self._connection):
            self.check()
            self._progress(min(seen, self._total), self._total)
            seen += len(family.replies)
            self._prompts.clear()
            self._thoughts.clear()
            for row in make(family):
                self.check()
                if row is None:
                    self.left_out += 1
                    continue
                self.conversations.add(family.conversation)
                yield row

    # ------------------------------------------------------------ the three kinds: a line, or None for what says nothing

    def _preferences(self, family: Family) -> Iterator[Row | None]:
        """Each better reply against each worse one, and what a bad one was corrected to against what it said."""
        pairs = dict.fromkeys(_pairs(family))
        for pair in pairs:
            chosen, rejected = self._spoken(pair.better, pair.chosen), self._spoken(pair.worse, pair.rejected)
            disputed = _Pair(pair.worse, pair.rejected, pair.better, pair.chosen) in pairs
            asked = self._prompt(family, pair.better)
            if disputed or asked is None or not chosen or not rejected or chosen.strip() == rejected.strip():
                yield None
            else:
                yield {"prompt": asked, "chosen": [message("assistant", chosen)], "rejected": [message("assistant", rejected)]}

    def _labelled(self, family: Family) -> Iterator[Row | None]:
        """Each reply with a thumb, as it was when it got it."""
        for reply in family.replies:
            if reply.thumb:
                said, asked = self._spoken(reply, reply.thumbed), self._prompt(family, reply)
                good = reply.thumb > 0
                yield {"prompt": asked, "completion": [message("assistant", said)], "label": good} if said and asked else None

    def _demonstrations(self, family: Family) -> Iterator[Row | None]:
        """Each reply that is good, or the best of several and not called bad, as it is now: who edits it makes it better."""
        for reply in family.replies:
            if reply.thumb > 0 or reply.rank == 1:
                said, asked = self._spoken(reply, reply.text), self._prompt(family, reply)
                yield {"messages": [*asked, message("assistant", said)]} if said and asked and reply.thumb >= 0 else None

    # ------------------------------------------------------------ what they are made of

    def _prompt(self, family: Family, reply: Reply) -> list[ChatMessage] | None:
        if reply.id not in self._prompts:
            self.check()
            self._prompts[reply.id] = prompt(self._connection, family, reply, strict=self._strict)
        return self._prompts[reply.id]

    def _spoken(self, reply: Reply, text: str) -> str:
        """What is said in a text of a reply's; "" where that is nothing."""
        if reply.id not in self._thoughts:
            self.check()
            self._thoughts[reply.id] = opens_thought(self._connection, reply.id)
        corrected = reply.edited and text == reply.text  # by hand: not all of it need be left
        said = spoken(text, thinking=self._thoughts[reply.id] and not corrected)
        return said if said.strip() else ""


def _pairs(family: Family) -> Iterator[_Pair]:
    """Each better text with each worse one, by thumbs or by ranks; where the two disagree, both ways round."""
    for one, other in itertools.permutations(family.replies, 2):
        if one.thumb > 0 > other.thumb:
            yield _Pair(one, one.thumbed, other, other.thumbed)
        if one.rank is not None and other.rank is not None and one.rank < other.rank:
            yield _Pair(one, one.ranked, other, other.ranked)
    for reply in family.replies:
        if reply.thumb < 0 and reply.text.strip() != reply.thumbed.strip():
            yield _Pair(reply, reply.text, reply, reply.thumbed)
