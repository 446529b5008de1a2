"""From a checkpoint to what each of its files will hold: known, checked and measured before a byte is written."""

import importlib
import pkgutil
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from zhiyin_models.convert import families
from zhiyin_models.convert.configuration import Configuration
from zhiyin_models.convert.families.family import FAMILIES, Family
from zhiyin_models.convert.header import Entry, Placed, entry, head
from zhiyin_models.convert.quant_types import ModelShape, QuantType, choose_types, loader_order
from zhiyin_models.convert.tensors import Metadata, Target, TensorInfo
from zhiyin_models.errors import Code, ModelError

QUANTIZATION_VERSION = 2  # of ggml's formats (GGML_QNT_VERSION)
LONGEST_NAME = 63  # bytes of a tensor's name in llama.cpp


@dataclass(frozen=True)
class FilePlan:
    """One file: its head, and where each tensor goes in which type."""

    kind: QuantType
    content: bytes
    tensors: tuple[Placed, ...]

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return self.tensors[-1].offset + self.tensors[-1].size if self.tensors else len(self.content)


def supported() -> dict[str, type[Family]]:
    """Every family by the architecture's name in config.json."""
    for module in pkgutil.iter_modules(families.__path__):  # always: somebody may have imported one of them alone
        importlib.import_module(f"{families.__name__}.{module.name}")
    return FAMILIES


def open_family(config: Configuration, architecture: str, tensors: Mapping[str, TensorInfo]) -> Family:
    """The family of a checkpoint. Raises ModelError FAMILY_UNSUPPORTED, CONFIG_BAD."""
    found = supported().get(architecture)
    if found is None:
        raise ModelError(Code.FAMILY_UNSUPPORTED, architecture=architecture, detail=", ".join(sorted(supported())))
    return found(config, tensors)


def targets_of(family: Family, tensors: Mapping[str, TensorInfo]) -> tuple[Target, ...]:
    """The family's targets in llama.cpp's order, checked against the tensors that there are.

    Raises ModelError TENSOR_MISSING, TENSOR_SHAPE, TENSOR_EXTRA.
    """
    targets = sorted(family.targets(), key=lambda target: loader_order(target.name))
    used = set()
    for target in targets:
        for piece in target.pieces:
            if piece.read is None:
                continue
            there = tensors.get(piece.read.name)
            if there is None:
                raise ModelError(Code.TENSOR_MISSING, name=piece.read.name)
            if there.shape != piece.read.shape:
                raise ModelError(Code.TENSOR_SHAPE, name=there.name, actual=shape_text(there.shape), wanted=shape_text(piece.read.shape))
            used.add(there.name)
    extra = sorted(name for name in tensors if name not in used and not family.ignores(name))
    if extra:
        raise ModelError(Code.TENSOR_EXTRA, name=extra[0])
    return tuple(targets)


def shape_text(shape: Sequence[int]) -> str:
    """A shape as people write it: 4096 × 11008."""
    return " × ".join(map(str, shape)) or "1"


def model_shape(architecture: str, metadata: Metadata) -> ModelShape:
    """What the choice of types looks at, from the metadata that the family wrote."""

    def number(key: str) -> int:
        value = metadata.get(f"{architecture}.{key}", 0)
        values = value if isinstance(value, list) else [value]
        return max((int(item) for item in values if isinstance(item, int)), default=0)

    heads = number("attention.head_count")
    return ModelShape(
        architecture=architecture,
        layers=number("block_count"),
        heads=heads,
        kv_heads=number("attention.head_count_kv") or heads,
        experts=number("expert_count"),
    )


def model_entries(family: Family, name: str, tokenizer: Metadata) -> list[Entry]:
    """The metadata of a model but for what depends on the quantization type. Raises ModelError CONFIG_BAD."""
    general: Metadata = {"general.architecture": family.architecture, "general.type": "model", "general.name": name}
    entries = []
    for key, value in (general | family.metadata() | tokenizer).items():
        try:
            entries.append(entry(key, value))
        except (struct.error, OverflowError, ValueError) as error:
            raise family.config.bad(key, value) from error
    return entries


def file_plan(
    kind: QuantType, entries: Sequence[Entry], tensors: Sequence[tuple[str, tuple[int, ...]]], shape: ModelShape, *, imatrix: bool
) -> FilePlan:
    """One file in one type; tensors in llama.cpp's order. Raises ModelError TYPE_NEEDS_IMATRIX."""
    types = choose_types(kind, shape, tensors, imatrix=imatrix)
    last = [entry("general.quantization_version", QUANTIZATION_VERSION), entry("general.file_type", kind.file_type)]
    listed = [(name, dimensions, number) for (name, dimensions), number in zip(tensors, types, strict=True)]
    content, placed = head([*entries, *last], listed)
    return FilePlan(kind, content, placed)


def largest(targets: Sequence[Target]) -> int:
    """Values of the largest piece that is held at once."""
    return max((prod(target.shape) // max(1, len(target.pieces)) for target in targets), default=0)
