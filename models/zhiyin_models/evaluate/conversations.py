"""The user's own conversations as texts to calibrate on: read from the app's database, which is opened for reading only."""

import sqlite3
from contextlib import closing
from pathlib import Path

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.library.gguf import read_metadata

DATABASE = "zhiyin.sqlite3"
LONGEST = 64 << 20  # characters that are read in all

# The path that is shown of every conversation: from its leaf up to its root.
PATHS = """
WITH RECURSIVE path(conversation, id, parent, role, text, depth) AS (
    SELECT c.id, t.id, t.parent, t.role, t.text, 0 FROM conversations c JOIN turns t ON t.id = c.leaf WHERE c.deleted IS NULL
    UNION ALL
    SELECT path.conversation, t.id, t.parent, t.role, t.text, depth + 1 FROM path JOIN turns t ON t.id = path.parent
    WHERE depth < 100000
)
SELECT conversation, role, text FROM path ORDER BY conversation, depth DESC
"""


def read_conversations(data_dir: Path, model: Path) -> tuple[str, ...]:
    """Each conversation as the model would be sent it. Raises ModelError TEXT_UNREADABLE."""
    from zhiyin_models.engine.protocol import Message  # noqa: PLC0415 - templates bring Jinja with them
    from zhiyin_models.engine.templates import ChatTemplate  # noqa: PLC0415

    chats: dict[int, list[Message]] = {}
    length = 0
    path = data_dir / DATABASE
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            for conversation, role, text in database.execute(PATHS):
                length += len(text)
                if length > LONGEST:
                    break
                chats.setdefault(conversation, []).append(Message(role, text))
    except sqlite3.Error as error:
        raise ModelError(Code.TEXT_UNREADABLE, path=str(path), detail=str(error)) from error
    template = ChatTemplate(read_metadata(model).chat_template or None, bos="", eos="")
    texts = []
    for messages in chats.values():
        try:
            texts.append(template.render(messages, add_generation_prompt=False))
        except ModelError:  # a template may refuse an order of roles
            texts.append("\n\n".join(message.content for message in messages))
    return tuple(texts)
