"""What the page of tasks shows and announces, as values."""

from typing import Any, Literal

from msgspec import Struct

from zhiyin_models.engine.protocol import Sampling

Kind = Literal["line", "text", "choice"]
RunPhase = Literal["idle", "waiting", "loading", "reading", "writing"]
SamplePhase = Literal["waiting", "writing", "done", "limit", "stopped", "cut"]
EDIT, DUPLICATE, EXPORT, REVERT, DELETE = "edit", "duplicate", "export", "revert", "delete"
MOST_SAMPLES = 6


class TaskField(Struct, frozen=True):
    """Something that is filled in."""

    key: str
    label: str = ""
    kind: Kind = "text"
    placeholder: str = ""
    default: str = ""
    optional: bool = False
    choices: tuple[str, ...] = ()
    extra: dict[str, Any] = {}

    @property
    def name(self) -> str:
        """What it is called."""
        return self.label or self.key


class TaskExample(Struct, frozen=True):
    """Filled fields and the answer that is wanted."""

    values: dict[str, str] = {}
    output: str = ""
    reasoning: str = ""
    ticked: bool = True
    extra: dict[str, Any] = {}


class TaskReasoning(Struct, frozen=True):
    """How it is asked to think first; "" is the usual way."""

    instruction: str = ""
    marker: str = ""
    by_default: bool = False
    extra: dict[str, Any] = {}


class TaskForm(Struct, frozen=True):
    """A whole task, to be shown and edited."""

    key: str = ""
    name: str = ""
    summary: str = ""
    icon: str = ""
    language: str = ""
    instruction: str = ""
    fields: tuple[TaskField, ...] = ()
    input_format: str = ""
    output_label: str = ""
    examples: tuple[TaskExample, ...] = ()
    reasoning: TaskReasoning = TaskReasoning()
    sampling: Sampling = Sampling()
    max_tokens: int = 512
    stop: tuple[str, ...] = ()
    extra: dict[str, Any] = {}


class TaskDraft(Struct, frozen=True):
    """What stands in the editor and is not saved: all but the examples, which are those of the task, with the keys that were renamed."""

    form: TaskForm
    renamed: dict[str, str] = {}


class TaskCard(Struct, frozen=True):
    """A task in the gallery."""

    ident: str
    name: str
    summary: str = ""
    icon: str = ""
    own: bool = False  # the user's
    changed: bool = False  # a built-in one that the user changed


class TaskInputs(Struct, frozen=True):
    """What is filled in and chosen for a task."""

    values: dict[str, str] = {}
    ticked: tuple[int, ...] = ()
    reasoning: bool = False
    samples: int = 1
    temperature: float = 0.8
    seed: int | None = None
    max_tokens: int = 512


class SampleState(Struct, frozen=True):
    """One of the answers, as far as it has come."""

    index: int
    seed: int
    answer: str = ""
    reasoning: str = ""
    thinking: bool = False  # the answer has not begun
    phase: SamplePhase = "waiting"
    tokens: int = 0
    speed: float = 0.0  # tokens a second; 0 while it is not known


class SentPart(Struct, frozen=True):
    """One message of what is sent."""

    role: str
    text: str
    example: bool = False


def task_icon(name: str) -> str:
    """The sign of a task; a file may name one that there is not."""
    return name if name in ICONS else "sparkle"


ICONS = (
    "sparkle", "translate", "pencil-line", "clipboard-text", "handshake", "book-open", "microphone", "arrow-bend-down-right", "pen-nib",
    "quotes", "note-pencil", "tag", "chart-bar", "cooking-pot", "code", "lightbulb", "chats", "heart", "table", "flower-lotus",
)  # fmt: skip
