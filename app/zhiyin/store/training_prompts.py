"""What was asked before a rated reply: what was sent for it, or where that is not known any more, the path that leads to it."""

import sqlite3
from collections.abc import Iterable

from zhiyin.store import sent
from zhiyin.store.rated_replies import THOUGHT, Family, Reply
from zhiyin.store.records import Sent

PROMPT_LIMIT = 400_000  # characters before a reply; the oldest turns of a path beyond are left out

Said = tuple[str, str]  # role, text
ChatMessage = dict[str, str]


def message(role: str, text: str) -> ChatMessage:
    """A message as trainers read it."""
    return {"role": role, "content": text}


def prompt(connection: sqlite3.Connection, family: Family, reply: Reply, *, strict: bool = False) -> list[ChatMessage] | None:
    """The messages before a reply; None where they ask nothing.

    What was sent for another rated alternative of the same persona counts where it is not known of this one. ``strict``: for templates that
    want a question first, and turns that alternate.
    """
    said = _sent_for(connection, reply.id)
    others = (other.id for other in family.replies if other.id != reply.id and other.persona == reply.persona)
    while not said and (other := next(others, None)) is not None:
        said = _sent_for(connection, other)
    said = said or _told(connection, family, reply.persona)
    messages = _chat(said, strict=strict)
    # Trainers take a prompt that ends with an assistant's message as one to be continued: a greeting cannot be learnt from.
    return messages if messages and messages[-1]["role"] == "user" else None


def opens_thought(connection: sqlite3.Connection, turn: int) -> bool:
    """Whether what was sent for a reply ends with the beginning of a thought, which the reply went on with."""
    known = sent.read(connection, turn)
    if known is None:
        return False
    own = known.messages[-1].text if _is_own(known) else ""
    return known.text.removesuffix(own).rstrip().endswith(THOUGHT)


def _is_own(known: Sent) -> bool:
    """Whether a reply was continued: what it had already is the last message."""
    return bool(known.messages) and known.messages[-1].role == "assistant" and known.messages[-1].turn == known.turn


def _sent_for(connection: sqlite3.Connection, turn: int) -> list[Said]:
    known = sent.read(connection, turn)
    if known is None:
        return []
    messages = known.messages[:-1] if _is_own(known) else known.messages
    return [(message.role, message.text) for message in messages if not message.dropped]


def _chat(said: Iterable[Said], *, strict: bool) -> list[ChatMessage]:
    """As trainers take it: no two neighbours of one role, and no instructions at the end, which they refuse there."""
    rest = [(role, text) for role, text in said if text.strip()]
    if strict:
        first = next((place for place, (role, _) in enumerate(rest) if role == "user"), len(rest))
        rest = [(role, text) for place, (role, text) in enumerate(rest) if place > first or role != "assistant"]
    head = next((place for place, (role, _) in enumerate(rest) if role != "system"), len(rest))
    last = max((place for place, (role, _) in enumerate(rest) if role != "system"), default=len(rest))
    messages: list[ChatMessage] = []
    for place, (sent_as, text) in enumerate(rest):
        role = "user" if sent_as == "system" and place >= head and (strict or place > last) else sent_as
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"] += f"\n\n{text}"
        else:
            messages.append(message(role, text))
    return messages


def _told(connection: sqlite3.Connection, family: Family, persona: int | None) -> list[Said]:
    """The conversation's own system prompt and the path, as it is today."""
    row = connection.execute("SELECT system_prompt FROM conversations WHERE id = ?", (family.conversation,)).fetchone()
    return [("system", (row[0] if row else None) or ""), *_path(connection, family.above, persona)]


def _path(connection: sqlite3.Connection, turn: int, persona: int | None) -> list[Said]:
    """Role and text of the turns down to this one; what other personas said is put as said to the one that answers."""
    path: list[Said] = []
    length = 0
    here: int | None = turn or None
    while here is not None:
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
