"""What a job is told and what it answers; and what is known of it on disk. Light: only values."""

from enum import StrEnum
from typing import Literal, TypeAlias

from msgspec import Struct

from zhiyin_models.child.wire import Failed, Hello, Ping, Pong
from zhiyin_models.convert.inspection import Inspection
from zhiyin_models.errors import Code, Failure
from zhiyin_models.evaluate.report import Evaluation
from zhiyin_models.hub.values import RemoteFile, SourceKind
from zhiyin_models.work import Progress

VERSION = 1
NO_ROOM = {Code.DISK_FULL, Code.DOWNLOAD_DISK_FULL, Code.DISK_SMALL}


class AdapterChoice(Struct, frozen=True):
    """A PEFT adapter's folder, and how strongly it is merged."""

    path: str
    weight: float = 1.0


class Output(Struct, frozen=True):
    """One file to write."""

    type: str
    path: str


class Inspect(Struct, frozen=True, tag="inspect"):
    """Look at a checkpoint; nothing is written."""

    source: str
    adapters: tuple[AdapterChoice, ...] = ()


class Convert(Struct, frozen=True, tag="convert"):
    """Convert a checkpoint into one or several files, from one read of it.

    ``evaluate`` measures each quantized file against the checkpoint: a reference in BF16 is written beside the first output for as long as
    that takes. ``smoke`` is a prompt that the first output answers at the end; empty for none.
    """

    source: str
    outputs: tuple[Output, ...]
    adapters: tuple[AdapterChoice, ...] = ()
    template: str = ""  # the path of a chat template; empty: the checkpoint's own
    imatrix: str = ""
    evaluate: bool = False
    smoke: str = ""


class Quantize(Struct, frozen=True, tag="quantize"):
    """From one GGUF file to others."""

    source: str
    outputs: tuple[Output, ...]
    imatrix: str = ""


class Calibrate(Struct, frozen=True, tag="calibrate"):
    """Compute an importance matrix of a model from text files, or from texts given here (the user's own chats)."""

    model: str
    output: str
    texts: tuple[str, ...] = ()
    chats: tuple[str, ...] = ()
    chunks: int = 0  # of 512 tokens; 0: as many as there are


class Evaluate(Struct, frozen=True, tag="evaluate"):
    """Measure a model, against a reference if there is one, on text files (the bundled ones if none are given)."""

    model: str
    reference: str = ""
    texts: tuple[str, ...] = ()


class ExportAdapter(Struct, frozen=True, tag="adapter"):
    """Write a PEFT adapter as a GGUF adapter for loading at run time."""

    source: str  # the base checkpoint
    adapter: AdapterChoice
    output: str


class Download(Struct, frozen=True, tag="download"):
    """Fetch the files of one model (or checkpoint) into a folder.

    Each grows as ``NAME.part``; all get their names once every one of them is right, the first file of a model last: it is the one that
    a library looks for. ``source`` names a source of the hub's settings; others of its kind stand in for it. For ``url`` the address is
    ``repository``, and the only file's path is the name it gets.
    """

    source: str
    kind: SourceKind
    repository: str
    revision: str
    files: tuple[RemoteFile, ...]  # the model's first file first
    folder: str
    data_dir: str  # of the library that it is for, with the settings and tokens of its sources
    purpose: Literal["model", "checkpoint"] = "model"
    name: str = ""  # what a person knows it by
    licence: str = ""
    languages: tuple[str, ...] = ()


class CopyModel(Struct, frozen=True, tag="copy"):
    """Copy a model's files (all parts of a set) into a folder."""

    source: str
    folder: str
    name: str = ""  # for a file without a name of its own, such as a blob of another app; without an ending


class Verify(Struct, frozen=True, tag="verify"):
    """Read a model's files again and compare their checksums with what is known of them; what was not known is kept."""

    model: str  # its path
    data_dir: str  # of the library that knows it


class MoveModels(Struct, frozen=True, tag="move"):
    """Move everything that the library keeps in its models folder to another, and make that the models folder."""

    data_dir: str
    folder: str


class MeasureSpeed(Struct, frozen=True, tag="measure_speed"):
    """Run a model for a moment and keep how fast this computer is: expected speeds of other models are told from it."""

    model: str
    data_dir: str


SidecarTask: TypeAlias = Inspect | Convert | Quantize | Calibrate | Evaluate | ExportAdapter
LibraryTask: TypeAlias = CopyModel | Verify | MoveModels | MeasureSpeed
Task: TypeAlias = SidecarTask | Download | LibraryTask


class Outcome(Struct, frozen=True):
    """What a job made."""

    outputs: tuple[Output, ...] = ()
    inspection: Inspection | None = None
    evaluations: tuple[Evaluation, ...] = ()
    answer: str = ""  # of the smoke test
    notices: tuple[Failure, ...] = ()


class Status(StrEnum):
    """Where a job stands."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"  # its process or the computer ended; it can be resumed
    QUEUED = "queued"  # waits for its turn
    PAUSED = "paused"  # by the user, or because the disk is full; what it has stays


class JobState(Struct, frozen=True):
    """One job, as ``jobs/<id>/state.json`` keeps it. Times are seconds since 1970."""

    id: str
    task: Task
    status: Status
    created: float
    begun: float | None = None  # the last time it was resumed
    ended: float | None = None
    progress: Progress | None = None
    outcome: Outcome | None = None
    failure: Failure | None = None
    position: float = 0.0  # in the queue: lower comes first
    spent: float = 0.0  # seconds at work before ``begun``, where it was resumed


def failed_status(task: Task, code: Code) -> Status:
    """What a failure makes of a job: a download for which the disk is too small only waits for room."""
    return Status.PAUSED if isinstance(task, Download) and code in NO_ROOM else Status.FAILED


# ---------------------------------------------------------------- between the processes


class Run(Struct, frozen=True, tag="run"):
    """Do a task, once per process; ``folder`` is the job's own."""

    id: int
    task: Task
    folder: str


class Cancel(Struct, frozen=True, tag="cancel"):
    """Stop it and take away what it has written."""

    id: int


class Pause(Struct, frozen=True, tag="pause"):
    """Stop it and keep what it has written, for being resumed; for a download. ``Cancelled`` answers."""

    id: int


class Limit(Struct, frozen=True, tag="limit"):
    """From now on at most so many bytes a second (0: no limit), in at most so many ranges; for a download."""

    id: int
    bytes_per_second: int
    connections: int


class Progressed(Struct, frozen=True, tag="progressed"):
    """On the way, at most ten times a second."""

    id: int
    progress: Progress

    def join(self, later: object) -> "Progressed | None":
        """Later progress supersedes this one."""
        return later if isinstance(later, Progressed) and later.id == self.id else None


class Done(Struct, frozen=True, tag="done"):
    """The last event of a task that was done."""

    id: int
    outcome: Outcome


class Cancelled(Struct, frozen=True, tag="cancelled"):
    """The last event of a task that was cancelled or paused."""

    id: int


Request: TypeAlias = Run | Cancel | Pause | Limit | Ping
Event: TypeAlias = Hello | Progressed | Done | Cancelled | Failed | Pong
