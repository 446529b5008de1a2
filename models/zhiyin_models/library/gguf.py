"""What a model's GGUF file, or set of files, says about itself: read without loading it, and taken for no more than a claim."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from pathlib import Path

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.library.ggml_types import FILE_TYPES, GUESSED
from zhiyin_models.library.gguf_header import ArrayStub, Part, Tensor, Value, read_part

__all__ = ["ArrayStub", "GGUFFile", "Part", "Tensor", "is_sendable", "read_metadata", "split_names", "split_paths", "stem"]

MAX_SPLITS = 1000
SPLIT_NAME = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf", re.IGNORECASE | re.DOTALL)

# What reads text but does not write any: encoders, projectors of pictures and sound, and codecs.
NOT_CHAT = frozenset(
    {
        *("bert", "modern-bert", "nomic-bert", "nomic-bert-moe", "neo-bert", "jina-bert-v2", "jina-bert-v3", "eurobert"),
        *("gemma-embedding", "llama-embed", "t5encoder", "clip", "mmproj", "wavtokenizer-dec"),
    }
)


@dataclass(frozen=True)
class GGUFFile:
    """A model as its file (or the first of its files) describes it.

    Values come from the file unchecked in meaning: a number that is absent, of another type, or out of range reads as 0.
    """

    path: Path  # the first part's
    parts: tuple[Part, ...]
    missing_parts: tuple[Path, ...] = ()
    metadata: dict[str, Value] = field(default_factory=dict)

    @property
    def version(self) -> int:
        """Of the GGUF format."""
        return self.parts[0].version

    @property
    def size(self) -> int:
        """Bytes of all parts that are there."""
        return sum(part.size for part in self.parts)

    @property
    def data_offset(self) -> int:
        """Where the tensor data of the first part begin."""
        return self.parts[0].data_offset

    @property
    def tensor_count(self) -> int:
        """Tensors in all parts."""
        return sum(len(part.tensors) for part in self.parts)

    def tensors(self) -> Iterator[Tensor]:
        """Every tensor of every part, in the order of the files."""
        for part in self.parts:
            yield from part.tensors

    def text(self, key: str) -> str:
        """A string value, or ""."""
        value = self.metadata.get(key)
        return value if isinstance(value, str) else ""

    def number(self, key: str, *, limit: int = 1 << 40) -> int:
        """A whole number from 0 to limit; 0 when absent. Of an array, the largest."""
        values = self.numbers(key)
        return max((value for value in values if 0 <= value <= limit), default=0)

    def numbers(self, key: str) -> tuple[int, ...]:
        """A whole number or an array of them (one a layer), else nothing."""
        value = self.metadata.get(key)
        items: Sequence[object] = value if isinstance(value, tuple) and not isinstance(value, ArrayStub) else (value,)
        return tuple(int(item) for item in items if isinstance(item, int))

    def of_architecture(self, key: str) -> int:
        """The number under the architecture's own prefix, e.g. ``llama.block_count``."""
        return self.number(f"{self.architecture}.{key}")

    @property
    def architecture(self) -> str:
        """llama, qwen3, gemma3 …"""
        return _plain(self.text("general.architecture"), 64)

    @property
    def kind(self) -> str:
        """What the file is: model, adapter, mmproj, imatrix …"""
        return _plain(self.text("general.type"), 64) or "model"

    @property
    def name(self) -> str:
        """The name the file gives itself, else the file's own without its ending and part number."""
        return _plain(self.text("general.name"), 120) or stem(self.path)

    @cached_property
    def parameters(self) -> int:
        """Weights, counted in the shapes."""
        return sum(prod(tensor.shape) for tensor in self.tensors())

    @cached_property
    def quant(self) -> str:
        """Quant type: Q4_K_M, Q4_1, BF16 …; from the tensors when the file does not say."""
        declared = self.metadata.get("general.file_type")
        if isinstance(declared, int) and not isinstance(declared, bool) and (declared & ~GUESSED) in FILE_TYPES:
            return FILE_TYPES[declared & ~GUESSED]
        weights: Counter[str] = Counter()
        for tensor in self.tensors():
            weights[tensor.type_name] += tensor.nbytes if len(tensor.shape) > 1 else 0
        return weights.most_common(1)[0][0] if weights else ""

    @property
    def trained_context(self) -> int:
        """Tokens."""
        return self.of_architecture("context_length")

    @property
    def layers(self) -> int:
        """Repeating layers."""
        return self.of_architecture("block_count")

    @property
    def embedding(self) -> int:
        """Width of the residual stream."""
        return self.of_architecture("embedding_length")

    @property
    def heads(self) -> int:
        """Attention heads; the largest of the layers."""
        return self.of_architecture("attention.head_count")

    @property
    def kv_heads(self) -> int:
        """Key and value heads; the largest of the layers."""
        return self.of_architecture("attention.head_count_kv") or self.heads

    @property
    def key_length(self) -> int:
        """Values of one head's key."""
        return self.of_architecture("attention.key_length") or (self.embedding // self.heads if self.heads else 0)

    @property
    def value_length(self) -> int:
        """Values of one head's value."""
        return self.of_architecture("attention.value_length") or (self.embedding // self.heads if self.heads else 0)

    @property
    def vocabulary(self) -> int:
        """Entries of the tokenizer."""
        tokens = self.metadata.get("tokenizer.ggml.tokens")
        if isinstance(tokens, ArrayStub):
            return tokens.length
        return len(tokens) if isinstance(tokens, tuple) else self.of_architecture("vocab_size")

    @property
    def chat_template(self) -> str | None:
        """The Jinja source of the default chat template."""
        return self.text("tokenizer.chat_template") or None

    @property
    def is_chat(self) -> bool:
        """Whether the file holds a model that can write text; only encoders, adapters, projectors and the like are known not to."""
        return self.kind == "model" and bool(self.architecture) and self.architecture not in NOT_CHAT

    def check_chat(self) -> None:
        """Raise MODEL_NOT_CHAT for what cannot answer: an encoder, a picture projector, an adapter."""
        if not self.is_chat:
            what = self.architecture if self.kind == "model" else f"{self.kind} ({self.architecture})"
            raise ModelError(Code.MODEL_NOT_CHAT, path=str(self.path), architecture=what or "?")

    def check_complete(self) -> None:
        """Raise MODEL_SPLIT_MISSING, MODEL_TRUNCATED or MODEL_DAMAGED when the files cannot hold all the tensors they list."""
        if self.missing_parts:
            raise ModelError(Code.MODEL_SPLIT_MISSING, path=str(self.path), part=self.missing_parts[0].name)
        for part in self.parts:
            part.check()
        promised = self.number("split.tensors.count")
        if len(self.parts) > 1 and promised and promised != self.tensor_count:
            raise ModelError(Code.MODEL_DAMAGED, path=str(self.path), detail=f"{self.tensor_count} of {promised} tensors")
        if not self.tensor_count:
            raise ModelError(Code.MODEL_DAMAGED, path=str(self.path), detail="no tensors")


def read_metadata(path: str | Path) -> GGUFFile:
    """Read what a model's file says, and of a split model every part's (any part may be named).

    Raises ModelError: MODEL_MISSING, MODEL_UNREADABLE, MODEL_NOT_GGUF, MODEL_GGUF_VERSION, MODEL_TRUNCATED, MODEL_DAMAGED,
    MODEL_SPLIT_MISSING (only when the first part is gone: see ``GGUFFile.check_complete``).
    """
    path = Path(path)
    if not is_sendable(path):
        raise ModelError(Code.MODEL_UNREADABLE, path=str(path).encode("utf-8", "replace").decode(), detail="the name is not UTF-8")
    part = read_part(path)
    count = _whole(part.metadata.get("split.count"))
    if not 1 < count <= MAX_SPLITS:
        return GGUFFile(path, (part,), metadata=part.metadata)
    paths = split_paths(path)
    if len(paths) != count:  # llama.cpp finds the parts by their names alone
        raise ModelError(Code.MODEL_SPLIT_MISSING, path=str(path), part=f"{path.stem}-00001-of-{count:05}.gguf")
    found: list[Part] = []
    missing: list[Path] = []
    for number, one in enumerate(paths):
        try:
            found.append(part if one == path else read_part(one))
        except ModelError as error:
            if error.code != Code.MODEL_MISSING:
                raise
            if number == 0:
                raise ModelError(Code.MODEL_SPLIT_MISSING, path=str(path), part=one.name) from error
            missing.append(one)
    return GGUFFile(paths[0], tuple(found), tuple(missing), found[0].metadata)


def split_paths(path: Path) -> tuple[Path, ...]:
    """All the parts' paths when the name is that of a part (``name-00002-of-00003.gguf``), else the path alone."""
    names = split_names(path.name)
    return tuple(path.with_name(name) for name in names) if len(names) > 1 or names[0] != path.name else (path,)


def split_names(name: str) -> tuple[str, ...]:
    """All the parts' file names when the name is that of a part, else the name alone."""
    match = SPLIT_NAME.fullmatch(name) if "-of-" in name.lower() else None
    count = int(match["count"]) if match else 0
    if match is None or not 1 <= int(match["number"]) <= count <= MAX_SPLITS:
        return (name,)
    return tuple(f"{match['stem']}-{number:05}-of-{count:05}.gguf" for number in range(1, count + 1))


def is_sendable(path: Path) -> bool:
    """Whether the path can be written in JSON: file systems allow names that are no text."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def stem(path: Path) -> str:
    """The file's name without ``.gguf`` and without a part number."""
    match = SPLIT_NAME.fullmatch(path.name)
    return _plain(match["stem"] if match else path.stem, 200) or path.name


def _plain(text: str, limit: int) -> str:
    """One line without control characters, at most limit characters."""
    return " ".join("".join(char if char.isprintable() else " " for char in text[: limit * 2]).split())[:limit]


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
