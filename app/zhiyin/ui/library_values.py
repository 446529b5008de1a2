"""What the view of installed models is given to show, beside the models themselves."""

from dataclasses import dataclass

from zhiyin_models.jobs.protocol import Status
from zhiyin_models.work import Progress

CHAT, RENAME, VERIFY, REVEAL, REMOVE, UPDATE, LOCATE, USE = "chat", "rename", "verify", "reveal", "remove", "update", "locate", "use"
CANCEL, RESUME, DISMISS = "cancel", "resume", "dismiss"


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a model's file says of itself. ``tensors`` are a type, how many there are, and their bytes."""

    metadata: tuple[tuple[str, str], ...] = ()
    left_out: int = 0  # rows of the metadata
    tensors: tuple[tuple[str, int, int], ...] = ()
    template: str = ""
    layers: int = 0
    vocabulary: int = 0
    parts: int = 1  # files
    trouble: str = ""  # why it could not be read


@dataclass(frozen=True, slots=True)
class LibraryJob:
    """A copy, a move or a check. ``path`` is the model that is checked, "" for the others; ``said`` how it ended."""

    id: str
    title: str
    status: Status
    path: str = ""
    progress: Progress | None = None
    cancelling: bool = False
    said: str = ""


@dataclass(frozen=True, slots=True)
class Disk:
    """The models folder: where it is, what the models in it take up, and what is free beside them (bytes)."""

    folder: str = ""
    used: int = 0
    free: int = 0
