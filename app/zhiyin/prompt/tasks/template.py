"""What a task is made of: an instruction, fields to be filled in, and examples of what is wanted."""

from typing import Any, Literal

from msgspec import Struct

from zhiyin_models.engine.protocol import Sampling

Kind = Literal["line", "text", "choice"]


class Field(Struct, frozen=True):
    """Something that the user fills in. ``key`` is what stands in braces in the instruction and the input format."""

    key: str
    label: str = ""
    kind: Kind = "text"
    placeholder: str = ""
    default: str = ""
    optional: bool = False
    choices: tuple[str, ...] = ()
    extra: dict[str, Any] = {}  # what a file said besides, kept for whoever wrote it

    @property
    def name(self) -> str:
        """What it is called."""
        return self.label or self.key


class Example(Struct, frozen=True):
    """Filled fields and the answer that is wanted for them."""

    values: dict[str, str] = {}
    output: str = ""
    reasoning: str = ""  # how one comes to the answer, shown when reasoning is asked for
    ticked: bool = True  # given to the model unless the user chose otherwise
    extra: dict[str, Any] = {}


class Reasoning(Struct, frozen=True):
    """How a model is asked to think before it answers, and the line by which the answer is known."""

    instruction: str = ""  # "" = the usual one
    marker: str = ""  # "" = the usual one
    by_default: bool = False
    extra: dict[str, Any] = {}


class Task(Struct, frozen=True):
    """A reusable prompt."""

    key: str = ""  # of a built-in task
    name: str = ""
    summary: str = ""
    icon: str = ""
    language: str = ""  # "zh", "en", or "" for neither
    instruction: str = ""
    fields: tuple[Field, ...] = ()
    input_format: str = ""  # "" = each field with its label
    output_label: str = ""  # stands at the end of the input, for the model to go on from
    examples: tuple[Example, ...] = ()
    reasoning: Reasoning = Reasoning()
    sampling: Sampling = Sampling()
    max_tokens: int = 512
    stop: tuple[str, ...] = ()
    extra: dict[str, Any] = {}

    def field(self, key: str) -> Field | None:
        """The field with this key."""
        return next((field for field in self.fields if field.key == key), None)
