"""Rated replies as training data: JSON lines as TRL documents them, in its conversational form.

https://huggingface.co/docs/trl/dataset_formats: DPO takes a *preference* dataset (prompt, chosen, rejected), KTO an *unpaired
preference* one (prompt, completion, label), SFT a *language modeling* one (messages).
"""

import contextlib
import itertools
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from zhiyin.store import sent
from zhiyin.store.database import sync_folder
from zhiyin.store.errors import from_os
from zhiyin.store.records import Sent

TrainingKind = Literal["dpo", "kto", "sft"]
Row = dict[str, Any]  # one line of the file
PROMPT_LIMIT = 400_000  # characters before a reply; the oldest turns beyond are left out
BATCH = 200  # families of alternatives between two looks at what was rated

_RATED = "turns.role = 'assistant' AND turns.status NOT IN ('growing', 'queued')"
_FAMILIES = f"""SELECT DISTINCT turns.conversation, ifnull(turns.parent, 0) AS above FROM ratings JOIN turns ON turns.id = ratings.turn
    JOIN conversations ON conversations.id = turns.conversation
    WHERE conversations.deleted IS NULL AND {_RATED} AND (turns.conversation, above) > (?, ?)
    ORDER BY turns.conversation, above LIMIT ?"""  # noqa: S608  constants only
_REPLIES = f"""SELECT turns.id, turns.text, turns.persona, ratings.thumb, ratings.rank FROM turns JOIN ratings ON ratings.turn = turns.id
    WHERE turns.conversation = ? AND turns.parent IS nullif(?, 0) AND {_RATED} ORDER BY turns.id"""  # noqa: S608  constants only


class ExportCancelled(Exception):  # noqa: N818  not an error
    """The export was given up; nothing is left of it."""


class Exported(Struct, frozen=True):
    """What became of an export; without records no file was made."""

    path: Path
    kind: TrainingKind
    records: int
    conversations: int = 0
    left_out: int = 0  # pairs and replies that say nothing: contradicting ratings, equal or empty texts, nothing asked before


class _Reply(Struct, frozen=True):
    """A rated reply."""

    id: int
    text: str
    persona: int | None
    thumb: int
    rank: int | None


class _Family(Struct, frozen=True):
    """The rated ones among the alternatives of one place; ``above`` is their parent, 0 at the root."""

    conversation: int
    above: int
    replies: tuple[_Reply, ...]


def export(
    connection: sqlite3.Connection,
    path: Path,
    kind: TrainingKind,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Exported:
    """Write what was rated as lines for one way of training; what stands in the file's place is replaced at the very end.

    ``progress`` gets rated replies done and all. The connection is read in short steps, so that the log can be folded in meanwhile.
    Raises ExportCancelled; StoreError DISK_FULL, READ_ONLY, IO (of the file); sqlite3.Error.
    """
    part = path.with_name(path.name + ".part")
    try:
        total = connection.execute("SELECT count(*) FROM ratings").fetchone()[0]
        counted = _Counted(total, progress, cancelled)
        os.close(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
        with part.open("wb") as file:
            for row in _rows(connection, kind, counted):
                file.write(msgspec.json.encode(row) + b"\n")
                counted.records += 1
            file.flush()
            os.fsync(file.fileno())
        if counted.records:
            part.replace(path)
            sync_folder(path.parent)
    except OSError as error:
        raise from_os(error, path) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
    progress(total, total)
    return Exported(path, kind, counted.records, len(counted.conversations), counted.left_out)


class _Counted:
    """What was counted on the way, and where it is said whether to go on."""

    def __init__(self, total: int, progress: Callable[[int, int], None], cancelled: Callable[[], bool]) -> None:
        self.total = total
        self.seen = 0
        self.records = 0
        self.left_out = 0
        self.conversations: set[int] = set()
        self._progress = progress
        self._cancelled = cancelled

    def check(self) -> None:
        """Raise ExportCancelled when it is no longer wanted."""
        if self._cancelled():
            raise ExportCancelled

    def go_on(self, family: _Family) -> None:
        """Count a family as seen. Raises ExportCancelled."""
        self.check()
        self._progress(min(self.seen, self.total), self.total)
        self.seen += len(family.replies)


def _rows(connection: sqlite3.Connection, kind: TrainingKind, counted: _Counted) -> Iterator[Row]:
    make = {"dpo": _preferences, "kto": _labelled, "sft": _demonstrations}[kind]
    for family in _families(connection):
        counted.go_on(family)
        for row in make(connection, family, counted):
            counted.conversations.add(family.conversation)
            yield row


def _families(connection: sqlite3.Connection) -> Iterator[_Family]:
    """In a fixed order, a batch at a time: no statement stays open while the file is written."""
    last = (0, -1)
    while batch := connection.execute(_FAMILIES, (*last, BATCH)).fetchall():
        for conversation, above in batch:
            replies = tuple(_Reply(*row) for row in connection.execute(_REPLIES, (conversation, above)))
            yield _Family(conversation, above, replies)
        last = batch[-1]


# ---------------------------------------------------------------- the three kinds


def _preferences(connection: sqlite3.Connection, family: _Family, counted: _Counted) -> Iterator[Row]:
    """Each better reply against each worse one."""
    pairs = {(better.id, worse.id): (better, worse) for better, worse in _pairs(family.replies)}
    prompts: dict[int, list[dict[str, str]]] = {}
    for better, worse in pairs.values():
        counted.check()
        if not _differ(better, worse) or (worse.id, better.id) in pairs:
            counted.left_out += 1
            continue
        prompt = prompts.get(better.id)
        if prompt is None:
            prompt = prompts[better.id] = _prompt(connection, family, better)
        if not _asks(prompt):
            counted.left_out += 1
            continue
        yield {"prompt": prompt, "chosen": [_message("assistant", better.text)], "rejected": [_message("assistant", worse.text)]}


def _pairs(replies: Sequence[_Reply]) -> Iterator[tuple[_Reply, _Reply]]:
    """Each (better, worse) once, by thumbs or by ranks; where the two disagree, both ways round."""
    for one, other in itertools.permutations(replies, 2):
        by_thumb = one.thumb > 0 > other.thumb
        by_rank = one.rank is not None and other.rank is not None and one.rank < other.rank
        if by_thumb or by_rank:
            yield one, other


def _differ(one: _Reply, other: _Reply) -> bool:
    return bool(one.text.strip()) and bool(other.text.strip()) and one.text.strip() != other.text.strip()


def _labelled(connection: sqlite3.Connection, family: _Family, counted: _Counted) -> Iterator[Row]:
    """Each reply with a thumb."""
    for reply in family.replies:
        if not reply.thumb:
            continue
        prompt = _prompt(connection, family, reply)
        if not _asks(prompt) or not reply.text.strip():
            counted.left_out += 1
            continue
        yield {"prompt": prompt, "completion": [_message("assistant", reply.text)], "label": reply.thumb > 0}


def _demonstrations(connection: sqlite3.Connection, family: _Family, counted: _Counted) -> Iterator[Row]:
    """Each reply that is good, or the best of several and not called bad."""
    for reply in family.replies:
        if reply.thumb <= 0 and reply.rank != 1:
            continue
        prompt = _prompt(connection, family, reply)
        if not _asks(prompt) or not reply.text.strip() or reply.thumb < 0:
            counted.left_out += 1
            continue
        yield {"messages": [*prompt, _message("assistant", reply.text)]}


# ---------------------------------------------------------------- what was asked


def _message(role: str, text: str) -> dict[str, str]:
    return {"role": role, "content": text}


def _asks(prompt: Sequence[dict[str, str]]) -> bool:
    """Trainers take a prompt that ends with an assistant's message as one to be continued: a greeting cannot be learnt from."""
    return bool(prompt) and prompt[-1]["role"] == "user"


def _prompt(connection: sqlite3.Connection, family: _Family, reply: _Reply) -> list[dict[str, str]]:
    """The path before a reply, below the system text that was sent, or the conversation's own where that is not known.

    What was sent for another rated alternative of the same persona was the same.
    """
    known = sent.read(connection, reply.id)
    for other in family.replies:
        if known is None and other.id != reply.id and other.persona == reply.persona:
            known = sent.read(connection, other.id)
    if known is not None:
        system = "\n\n".join(message.text for message in known.messages if message.role == "system" and not message.dropped)
    else:
        row = connection.execute("SELECT system_prompt FROM conversations WHERE id = ?", (family.conversation,)).fetchone()
        system = (row[0] if row else None) or ""
    messages = [_message("system", system)] if system.strip() else []
    for role, text in _path(connection, family.above, reply.persona, _first_seen(known)):
        if messages and messages[-1]["role"] == role:  # templates insist on turns that alternate
            messages[-1]["content"] += f"\n\n{text}"
        else:
            messages.append(_message(role, text))
    return messages


def _first_seen(known: Sent | None) -> int:
    """The first turn that the model saw; 0 when it is not known."""
    return min((message.turn for message in known.messages if message.turn is not None and not message.dropped), default=0) if known else 0


def _path(connection: sqlite3.Connection, turn: int, persona: int | None, first: int) -> list[tuple[str, str]]:
    """Role and text of the turns down to this one; what other personas said is put as said to the one that answers."""
    path: list[tuple[str, str]] = []
    length = 0
    here: int | None = turn or None
    while here is not None and here >= first:
        row = connection.execute("SELECT parent, role, text, persona, speaker FROM turns WHERE id = ?", (here,)).fetchone()
        if row is None:
            break
        here, role, text, who, speaker = row
        length += len(text)
        if path and length > PROMPT_LIMIT:
            break
        if not text.strip() or role not in ("user", "assistant"):  # a summary stands for turns that are there themselves
            continue
        if role == "assistant" and who != persona:
            role, text = "user", f"{speaker}: {text}" if speaker else text
        path.append((role, text))
    return path[::-1]
