"""Short ways to write books and conversations."""

from typing import Any

from zhiyin.prompt.lore.activation import Activation, LoreSettings, ScannedMessage, activate
from zhiyin.prompt.lore.book import read_book
from zhiyin.prompt.macros import MacroValues

VALUES = MacroValues(char="李白", user="小舟")


def entry(*keys: str, content: str = "lore", **fields: Any) -> dict[str, Any]:
    """A raw entry; fields of SillyTavern go under ``extensions``."""
    made = {"keys": list(keys), "content": content, "extensions": {}, "enabled": True, "insertion_order": 100, "use_regex": False}
    return {**made, **fields}


def book(*entries: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"extensions": {}, **fields, "entries": list(entries)}


def told(*texts: str) -> list[ScannedMessage]:
    """Messages by turns, the user's first; the last one is to be answered."""
    return [
        ScannedMessage("user" if at % 2 == 0 else "assistant", "小舟" if at % 2 == 0 else "李白", text) for at, text in enumerate(texts)
    ]


def called(
    *books: dict[str, Any], texts: tuple[str, ...] = ("moon",), settings: LoreSettings | None = None, turn: int = 0, **more: Any
) -> Activation:
    return activate(
        [read_book(raw) for raw in books],
        told(*texts),
        settings or LoreSettings(),
        seed=more.pop("seed", 1),
        turn=turn,
        counts=more.pop("counts", len),
        values=more.pop("values", VALUES),
        **more,
    )


def indexes(activation: Activation) -> list[int]:
    return [fired.index for fired in activation.fired]
