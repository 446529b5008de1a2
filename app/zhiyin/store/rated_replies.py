"""What was rated, as training data needs it: the alternatives of one place together, each with the text that was rated."""

import sqlite3
from collections.abc import Iterator

from msgspec import Struct

BATCH = 200  # families of alternatives between two looks at what was rated
THOUGHT, _END = "<think>", "</think>"

_RATED = "turns.role = 'assistant' AND turns.status NOT IN ('growing', 'queued')"
_FAMILIES = f"""SELECT DISTINCT turns.conversation, ifnull(turns.parent, 0) AS above FROM ratings JOIN turns ON turns.id = ratings.turn
    JOIN conversations ON conversations.id = turns.conversation
    WHERE conversations.deleted IS NULL AND {_RATED} AND (turns.conversation, above) > (?, ?)
    ORDER BY turns.conversation, above LIMIT ?"""  # noqa: S608  constants only


def _former(edits: str) -> str:
    return f"""(SELECT text FROM revisions WHERE turn = turns.id
        AND {edits} = (SELECT count(*) FROM revisions AS older WHERE older.turn = turns.id AND older.id < revisions.id))"""  # noqa: S608  constants only


_REPLIES = f"""SELECT turns.id, turns.persona, ratings.thumb, ratings.rank, turns.text, turns.edited,
    {_former("ratings.thumb_edits")}, {_former("ratings.rank_edits")}
    FROM turns JOIN ratings ON ratings.turn = turns.id
    WHERE turns.conversation = ? AND turns.parent IS nullif(?, 0) AND {_RATED} ORDER BY turns.id"""  # noqa: S608  constants only


class Reply(Struct, frozen=True):
    """A rated reply: its present text, and the texts that its thumb and its rank were given to where it was edited since."""

    id: int
    persona: int | None
    thumb: int
    rank: int | None
    text: str
    edited: bool = False
    former_of_thumb: str | None = None
    former_of_rank: str | None = None

    @property
    def thumbed(self) -> str:
        """The text that the thumb was given to."""
        return self.text if self.former_of_thumb is None else self.former_of_thumb

    @property
    def ranked(self) -> str:
        """The text that the rank was given to."""
        return self.text if self.former_of_rank is None else self.former_of_rank


class Family(Struct, frozen=True):
    """The rated ones among the alternatives of one place; ``above`` is their parent, 0 at the root."""

    conversation: int
    above: int
    replies: tuple[Reply, ...]


def families(connection: sqlite3.Connection) -> Iterator[Family]:
    """In a fixed order, a batch at a time: no statement stays open between them."""
    last = (0, -1)
    while batch := connection.execute(_FAMILIES, (*last, BATCH)).fetchall():
        for conversation, above in batch:
            rows = connection.execute(_REPLIES, (conversation, above))
            yield Family(conversation, above, tuple(Reply(*row) for row in rows))
        last = batch[-1]


def spoken(text: str, *, thinking: bool = False) -> str:
    """What a reply says, without what the model thought before or between; "" where it never came to an end of that.

    ``thinking``: the prompt opened a thought already, as some templates do. A thought that is closed only began there as well.
    """
    if thinking and _END not in text:
        return ""
    said: list[str] = []
    rest = text
    while _END in rest:
        before, rest = rest.split(_END, 1)
        if THOUGHT in before:
            said.append(before.split(THOUGHT, 1)[0])
        else:
            said.clear()
    if THOUGHT in rest:
        return ""
    return "".join([*said, rest]).strip() if rest != text else text
