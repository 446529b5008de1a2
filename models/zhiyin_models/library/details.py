"""Everything that a model's file says of itself, as text for a person: bounded, and read without loading the model."""

from collections import defaultdict
from pathlib import Path

from msgspec import Struct

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.library.gguf import ArrayStub, GGUFFile, read_metadata
from zhiyin_models.library.gguf_header import Scalar, Value

MOST_ROWS = 1000
LONGEST_KEY = 200  # characters
LONGEST_VALUE = 2000
LONGEST_TEMPLATE = 200_000
MOST_ITEMS = 64  # of an array
TEMPLATE = "tokenizer.chat_template"


class TensorType(Struct, frozen=True):
    """All tensors of one type."""

    type: str
    count: int
    size: int  # bytes; 0 for a type that only a newer version knows


class PartFile(Struct, frozen=True):
    """One file of a model."""

    path: str
    size: int  # bytes
    missing: bool = False


class ModelDetails(Struct, frozen=True):
    """What a file says of itself. Texts come from outside: plain text, never markup."""

    path: str
    version: int  # of the GGUF format
    rows: tuple[tuple[str, str], ...]  # of the metadata, in the file's order, without the chat template
    left_out: int  # rows
    tensors: tuple[TensorType, ...]  # the largest first
    tensor_count: int
    parts: tuple[PartFile, ...]
    template: str  # Jinja source, cut at 200,000 characters; "" when there is none
    vocabulary: int
    layers: int
    problem: Code | None = None  # why the file cannot be used


def read_details(path: Path) -> ModelDetails:
    """Read a model's file, or set of files. Raises what ``read_metadata`` raises."""
    file = read_metadata(path)
    rows = [(_text(key, LONGEST_KEY), _value(value)) for key, value in file.metadata.items() if key != TEMPLATE]
    problem: Code | None = None
    try:
        file.check_complete()
    except ModelError as error:
        problem = error.code
    parts = [PartFile(str(part.path), part.size) for part in file.parts]
    parts += [PartFile(str(path), 0, missing=True) for path in file.missing_parts]
    return ModelDetails(
        str(file.path),
        file.version,
        tuple(rows[:MOST_ROWS]),
        max(0, len(rows) - MOST_ROWS),
        _tensor_types(file),
        file.tensor_count,
        tuple(sorted(parts, key=lambda part: part.path)),
        _text(file.chat_template or "", LONGEST_TEMPLATE),
        file.vocabulary,
        file.layers,
        problem,
    )


def _tensor_types(file: GGUFFile) -> tuple[TensorType, ...]:
    counts: dict[str, int] = defaultdict(int)
    sizes: dict[str, int] = defaultdict(int)
    for tensor in file.tensors():
        counts[tensor.type_name] += 1
        sizes[tensor.type_name] += tensor.nbytes
    types = [TensorType(name, count, sizes[name]) for name, count in counts.items()]
    return tuple(sorted(types, key=lambda one: (-one.size, one.type)))


def _value(value: Value) -> str:
    if isinstance(value, ArrayStub):
        return f"[{value.element} × {value.length:,}]"
    if isinstance(value, tuple):
        shown = ", ".join(_scalar(item) for item in value[:MOST_ITEMS])
        return _text(f"[{shown}{f', … ({len(value):,})' if len(value) > MOST_ITEMS else ''}]", LONGEST_VALUE)
    return _scalar(value)


def _scalar(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.7g}" if isinstance(value, float) else _text(str(value), LONGEST_VALUE)


def _text(text: str, limit: int) -> str:
    """Text that a list can show: no control characters but line ends and tabs, and no more than so much."""
    cut = text[:limit]
    shown = cut if cut.isprintable() else "".join(char if char.isprintable() or char in "\n\t" else "\ufffd" for char in cut)
    return shown + "…" if len(text) > limit else shown
