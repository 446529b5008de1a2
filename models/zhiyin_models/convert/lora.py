"""A PEFT adapter as it lies on the disk: which layers it changes by a product of two small matrices, and what it replaces whole.

Names are the modules' in Transformers, behind ``base_model.model.``; older files have the adapter's own name within (``lora_A.default``).
Source: PEFT's ``get_peft_model_state_dict`` and the layers of ``peft.tuners.lora``.
"""

import contextlib
import hashlib
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from zhiyin_models.convert.adapter_config import NAME, AdapterConfig, bad, read_config, unsupported
from zhiyin_models.convert.adapter_match import changes
from zhiyin_models.convert.inspection import AdapterReport
from zhiyin_models.convert.safetensors_file import SafetensorsFile
from zhiyin_models.convert.source_files import SourceFolder, Stamp, shown
from zhiyin_models.convert.tensors import Matrix, Shape, TensorInfo
from zhiyin_models.convert.torch_file import TorchFile
from zhiyin_models.convert.weight_file import WeightFile
from zhiyin_models.errors import Code, ModelError

WEIGHTS: Mapping[str, Callable[[Path], WeightFile]] = {
    "adapter_model.safetensors": SafetensorsFile.open,
    "adapter_model.bin": TorchFile.open,
}
# What a trainer saves beside the adapter, and a conversion may read.
TEXTS = (
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "added_tokens.json",
    "special_tokens_map.json",
    "chat_template.jinja",
)
PREFIXES = ("base_model.model.", "base_model.")
FACTOR = re.compile(r"(?P<module>.+)\.(?P<part>lora_[AB])(?:\.[^.]+)?\.(?P<kind>weight|bias)")
EMBEDDING = re.compile(r"(?P<module>.+)\.lora_embedding_(?P<part>[AB])(?:\.[^.]+)?")
MAGNITUDE = re.compile(r"(?P<module>.+)\.lora_magnitude_vector(?:\.[^.]+)?(?:\.weight)?")
TOKENS = re.compile(r"(?P<module>.+)\.token_adapter\.trainable_tokens_delta(?:\.[^.]+)?")
WHOLE = re.compile(r"(?P<module>.+?)(?:\.modules_to_save(?:\.[^.]+(?=\.[^.]+$))?|\.base_layer)?\.(?P<kind>weight|bias)")
# What no layer of a model is called, but PEFT's own other kinds are.
FOREIGN = re.compile(r"(?:^|\.)(lora_|hada_|lokr_|ia3_|oft_|boft_|vera_|vblora_|prompt_encoder|prompt_embeddings|adaption_)\w*")
HEAD = re.compile(r"(?:^|\.)(score|classifier|classification_head|qa_outputs|v_head)\.")
MATCHING = 10.0  # seconds in which every layer must have found its rank and its alpha
MOST_WEIGHT = 1e4


@dataclass(frozen=True, slots=True)
class Pair:
    """What is added to one layer: ``scale`` · B @ A, with B (out, rank) and A (rank, in). ``a`` and ``b`` are names in the file.

    Of an embedding, A is (rank, tokens) and B (width, rank), and the product is added transposed.
    """

    module: str
    a: str
    b: str
    rank: int
    scale: float
    rows: int  # out; of an embedding: width
    columns: int  # in; of an embedding: tokens
    embedding: bool = False
    magnitude: str = ""  # DoRA: the length that each output's weights are given after adding; a name in the file
    bias: str = ""  # what is added to the layer's bias, times the scale; a name in the file


@dataclass(frozen=True, slots=True)
class Tokens:
    """New rows for single tokens of an embedding; ``name`` is a name in the file, a row for each index."""

    name: str
    indices: tuple[int, ...]


class Adapter:
    """An open adapter with the weight at which it is merged.

    ``pairs`` and ``tokens`` are by module, ``whole`` by the tensor's name (with ``.weight`` or ``.bias``); none of them has PEFT's prefix.
    """

    def __init__(self, folder: SourceFolder, config: AdapterConfig, file: WeightFile, weight: float) -> None:
        self.path, self.config, self.weight = folder.path, config, weight
        self._folder, self._file = folder, file
        self.kind, self.rank, self.alpha, self.base = config.kind, config.rank, config.alpha, config.base
        self.pairs: Mapping[str, Pair]
        self.whole: Mapping[str, TensorInfo]
        self.tokens: Mapping[str, Tokens]
        self.pairs, self.whole, self.tokens = _Sorter(folder.path, config, file.tensors).sort()
        self.close = file.close

    @classmethod
    def open(cls, path: Path, weight: float = 1.0) -> "Adapter":
        """Reads the configuration and the weight file's header, and checks both against each other.

        ``path`` is the adapter's folder, or a file in it. Raises ModelError SOURCE_MISSING, SOURCE_UNREADABLE, CONFIG_BAD, ADAPTER_BAD,
        ADAPTER_UNSUPPORTED, SHARD_TRUNCATED, SHARD_DAMAGED, PICKLE_REFUSED.
        """
        path = Path(path)
        try:
            path = path.parent if path.is_file() else path
            there = path.is_dir()
        except (OSError, ValueError):
            there = False
        if not there:
            raise ModelError(Code.SOURCE_MISSING, path=shown(path))
        if not isfinite(weight) or abs(weight) > MOST_WEIGHT:
            raise ModelError(Code.ADAPTER_BAD, path=shown(path), detail=f"weight {weight:g}")
        folder = SourceFolder(path)
        config = read_config(folder)
        for small in TEXTS:
            with contextlib.suppress(OSError):
                folder.stamps[small] = Stamp.of((path / small).stat())
        name = next((name for name in WEIGHTS if folder.has(name)), None)
        if name is None:
            raise bad(path, f"{next(iter(WEIGHTS))} is missing")
        file = WEIGHTS[name](path / name)
        try:
            return cls(folder, config, file, weight)
        except BaseException:
            file.close()
            raise

    def read(self, name: str, start: int = 0, stop: int | None = None) -> Matrix:
        """A tensor of the file in F32, or its rows. Raises ModelError TENSOR_TYPE, TENSOR_NOT_FINITE, SOURCE_CHANGED, SOURCE_UNREADABLE."""
        return self._file.read(name, start, stop)

    def shape(self, name: str) -> Shape:
        """Of a tensor of the file."""
        return self._file.tensors[name].shape

    def report(self, tensors: Mapping[str, TensorInfo]) -> AdapterReport:
        """What the adapter is for a checkpoint with these tensors. Raises ModelError ADAPTER_OTHER_BASE."""
        found = changes(self, tensors)
        return AdapterReport(
            path=shown(self.path),
            kind=self.kind,
            rank=self.rank,
            alpha=self.alpha,
            base=self.base,
            tensors=len(found),
            alone=not any(change.reason for change in found.values()),
        )

    def fingerprint(self) -> str:
        """Differs when a file of the adapter is another, or was changed; the weight is no part of it."""
        stamps = {**self._folder.stamps, self._file.file.path.name: self._file.file.stamp}
        digest = hashlib.sha256()
        for name, stamp in sorted(stamps.items()):
            digest.update(repr((shown(name), *stamp)).encode())
        return digest.hexdigest()

    def check_unchanged(self) -> None:
        """Raises ModelError SOURCE_CHANGED if a file is no longer what it was when the adapter was opened."""
        self._folder.check_unchanged()
        self._file.file.check_unchanged()


def plain_name(name: str) -> str:
    """A tensor's name without PEFT's prefix."""
    return next((name[len(prefix) :] for prefix in PREFIXES if name.startswith(prefix)), name)


@dataclass(slots=True)
class _Found:
    """The file's tensors that belong to one layer."""

    a: str = ""
    b: str = ""
    embedding_a: str = ""
    embedding_b: str = ""
    bias: str = ""
    magnitude: str = ""


class _Sorter:
    """Puts the tensors of an adapter's file where they belong."""

    def __init__(self, path: Path, config: AdapterConfig, tensors: Mapping[str, TensorInfo]) -> None:
        self._path, self._config, self._tensors = path, config, tensors
        self._layers: dict[str, _Found] = {}
        self._whole: dict[str, TensorInfo] = {}
        self._tokens: dict[str, Tokens] = {}

    def sort(self) -> tuple[dict[str, Pair], dict[str, TensorInfo], dict[str, Tokens]]:
        """Raises ModelError ADAPTER_BAD, ADAPTER_UNSUPPORTED."""
        for name in self._tensors:
            self._place(name, plain_name(name))
        pairs = dict(self._pairs())
        if not pairs and not self._whole and not self._tokens:
            raise bad(self._path, "it holds nothing")
        return pairs, self._whole, self._tokens

    def _place(self, name: str, plain: str) -> None:
        if match := FACTOR.fullmatch(plain):
            if match["kind"] == "bias" and match["part"] == "lora_A":
                raise unsupported(self._path, plain)
            self._set(match["module"], "bias" if match["kind"] == "bias" else match["part"][-1].lower(), name)
        elif match := EMBEDDING.fullmatch(plain):
            self._set(match["module"], f"embedding_{match['part'].lower()}", name)
        elif match := MAGNITUDE.fullmatch(plain):
            self._set(match["module"], "magnitude", name)
        elif match := TOKENS.fullmatch(plain):
            self._add_tokens(match["module"], name)
        elif match := FOREIGN.search(plain):
            raise unsupported(self._path, match[0].strip("."))
        elif ".original_module." not in plain:  # a copy of the base's own
            match = WHOLE.fullmatch(plain)
            self._add_whole(f"{match['module']}.{match['kind']}" if match else plain, name)

    def _set(self, module: str, part: str, name: str) -> None:
        found = self._layers.setdefault(module.removesuffix(".base_layer"), _Found())
        if getattr(found, part):
            raise bad(self._path, f"{module} has it twice")
        setattr(found, part, name)

    def _add_whole(self, plain: str, name: str) -> None:
        if HEAD.search(plain):
            raise unsupported(self._path, f"a classification head ({plain})")
        other = self._whole.get(plain)
        if other is not None and plain_name(other.name) == plain:
            if plain_name(name) != plain:
                return  # with resized embeddings PEFT saves a module whole once more, as its wrapper holds it
            raise bad(self._path, f"{plain} is there twice")
        if other is not None and plain_name(name) != plain:
            raise bad(self._path, f"{plain} is there twice")
        self._whole[plain] = self._tensors[name]

    def _add_tokens(self, module: str, name: str) -> None:
        named = self._config.token_indices
        key = next((key for key in named if not key or module == key or module.endswith("." + key)), None)
        shape = self._tensors[name].shape
        if key is None or len(shape) != 2 or shape[0] != len(named[key]):
            raise bad(self._path, f"{module}: trainable_token_indices has not one index for each row")
        if module in self._tokens:
            raise bad(self._path, f"{module} has it twice")
        self._tokens[module] = Tokens(name, named[key])

    def _pairs(self) -> Iterator[tuple[str, Pair]]:
        deadline = time.monotonic() + MATCHING
        for module, found in self._layers.items():
            if time.monotonic() > deadline:
                raise bad(self._path, "its patterns take too long")
            yield module, self._pair(module, found)

    def _pair(self, module: str, found: _Found) -> Pair:
        embedding = bool(found.embedding_a or found.embedding_b)
        a, b = (found.embedding_a, found.embedding_b) if embedding else (found.a, found.b)
        if embedding and (found.a or found.b):
            raise bad(self._path, f"{module} has it twice")
        if not a or not b:
            raise bad(self._path, f"{module} lacks {'B' if a else 'A'}")
        config = self._config
        if bool(found.magnitude) != config.weight_decomposed:
            raise bad(self._path, f"{module}: use_dora says otherwise")
        if bool(found.bias) and not config.lora_bias:
            raise bad(self._path, f"{module}: lora_bias says otherwise")
        a_shape, b_shape = self._tensors[a].shape, self._tensors[b].shape
        if len(a_shape) != 2 or len(b_shape) != 2:
            raise unsupported(self._path, f"{module}: {len(a_shape)} dimensions")
        rank = config.rank_of(module)
        if a_shape[0] != rank or b_shape[1] != rank or 0 in (*a_shape, *b_shape):
            raise bad(self._path, f"{module}: rank {rank} in {NAME}, {a_shape[0]} and {b_shape[1]} in the file")
        outputs = b_shape[0]
        for extra in (found.magnitude, found.bias):
            if extra and self._tensors[extra].shape != (outputs,):
                raise bad(self._path, f"{plain_name(extra)}: its shape")
        scale = config.scale_of(module)
        return Pair(module, a, b, rank, scale, outputs, a_shape[1], embedding=embedding, magnitude=found.magnitude, bias=found.bias)
