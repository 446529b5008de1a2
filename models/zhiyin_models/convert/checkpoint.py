"""A Hugging Face checkpoint: its configuration, its weight files and every tensor in them, checked before anything is converted."""

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from stat import S_ISDIR
from types import TracebackType
from typing import Any

from zhiyin_models.convert.configuration import Configuration
from zhiyin_models.convert.safetensors_file import SafetensorsFile
from zhiyin_models.convert.source_files import LARGEST_TEXT, SourceFolder, Stamp, is_inside, shown, unreadable
from zhiyin_models.convert.tensors import Matrix, TensorInfo
from zhiyin_models.convert.torch_file import TorchFile
from zhiyin_models.convert.weight_file import WeightFile, damaged
from zhiyin_models.errors import Code, ModelError

MAX_CONFIGURATION = 4 << 20  # bytes
MAX_SHARDS = 1000
MAX_LISTED = 10_000  # files of a folder
KINDS = (("model", ".safetensors"), ("pytorch_model", ".bin"))
SHARD_NAME = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})(?P<ending>\.safetensors|\.bin)", re.DOTALL)
# What a conversion may read besides the weights: a change of any of it is a change of the checkpoint.
SMALL = frozenset({".json", ".model", ".txt", ".jinja", ".tiktoken"})
# How quantized checkpoints name what they keep beside, or instead of, a matrix.
QUANTIZED = (
    ".qweight",
    ".qzeros",
    ".SCB",
    ".weight_format",
    ".absmax",
    ".quant_map",
    ".weight_packed",
    ".weight_scale",
    ".weight_scale_inv",
)
FLOATS = frozenset({"F32", "F16", "BF16", "F64"})


class Checkpoint:
    """An open checkpoint folder: a source of tensors.

    ``architecture`` is the first of config.json's ``architectures``, ``size`` the bytes of the weight files. Tensors that hold no weights
    (masks, positions) are listed with their types, and refused only when they are read.
    """

    def __init__(self, folder: SourceFolder, config: Configuration, files: list[WeightFile]) -> None:
        self.path, self.config, self._folder, self._files = folder.path, config, folder, files
        self.architecture = _architecture(config)
        generation = folder.json("generation_config.json", MAX_CONFIGURATION)
        if generation is not None and not isinstance(generation, dict):
            raise folder.bad("generation_config.json", "not an object")
        self.generation = None if generation is None else Configuration(generation, shown(self.path / "generation_config.json"))
        self.size = sum(file.file.size for file in files)
        self._where: dict[str, WeightFile] = {}
        for file in files:
            for name in file.tensors:
                if name in self._where:
                    raise damaged(file.file.path, f"tensor {name[:64]} is in another file too")
                self._where[name] = file
        self.tensors: Mapping[str, TensorInfo] = {name: info for file in files for name, info in file.tensors.items()}
        _check_plain(self.tensors, config)

    @classmethod
    def open(cls, folder: Path) -> "Checkpoint":
        """Reads the configuration, the index and the header of every weight file, and checks all of it.

        Raises ModelError SOURCE_MISSING, SOURCE_UNREADABLE, SOURCE_NOT_CHECKPOINT, SOURCE_CHANGED, CONFIG_BAD, SHARD_MISSING,
        SHARD_TRUNCATED, SHARD_DAMAGED, SHARD_OUTSIDE, PICKLE_REFUSED, TENSOR_MISSING, TENSOR_TYPE (a quantized checkpoint).
        """
        source = SourceFolder(Path(folder))
        names = _list(source)
        if "config.json" not in names:
            raise ModelError(Code.SOURCE_NOT_CHECKPOINT, path=shown(folder))
        values = source.json("config.json", MAX_CONFIGURATION)
        if not isinstance(values, dict):
            raise source.bad("config.json", "not an object")
        config = Configuration(values, shown(source.path / "config.json"))
        files: list[WeightFile] = []
        try:
            shards = _choose(source, names)
            for name in shards:
                opener = SafetensorsFile.open if name.endswith(".safetensors") else TorchFile.open
                files += [opener(source.path / name)]  # one by one: those before are closed if this one is bad
            for file, wanted in zip(files, shards.values(), strict=True):
                for tensor in wanted:
                    if tensor not in file.tensors:
                        raise ModelError(Code.TENSOR_MISSING, name=shown(tensor[:200]))
            return cls(source, config, files)
        except BaseException:
            for file in files:
                file.close()
            raise

    def read(self, name: str, start: int = 0, stop: int | None = None) -> Matrix:
        """A tensor in F32, or its rows (first axis) from ``start`` to ``stop``; C-contiguous, and the caller's own. From any thread.

        Raises ModelError TENSOR_TYPE, TENSOR_NOT_FINITE, SOURCE_CHANGED, SOURCE_UNREADABLE; KeyError; IndexError.
        """
        return self._where[name].read(name, start, stop)

    def data(self, name: str, limit: int = LARGEST_TEXT) -> bytes | None:
        """The bytes of a small file (tokenizer.model), or None. Raises ModelError: see ``SourceFolder``."""
        return self._folder.data(name, limit)

    def text(self, name: str, limit: int = LARGEST_TEXT) -> str | None:
        """A text file (chat_template.jinja), or None. Raises ModelError: see ``SourceFolder``."""
        return self._folder.text(name, limit)

    def json(self, name: str, limit: int = LARGEST_TEXT) -> Any | None:
        """The value of a JSON file (tokenizer_config.json), or None. Raises ModelError: see ``SourceFolder``."""
        return self._folder.json(name, limit)

    def fingerprint(self) -> str:
        """Differs when any file that a conversion may use differs, as they were when the checkpoint was opened."""
        digest = hashlib.sha256()
        stamps = {**self._folder.stamps, **{str(file.file.path.relative_to(self.path)): file.file.stamp for file in self._files}}
        for name, stamp in sorted(stamps.items()):
            digest.update(repr((shown(name), *stamp)).encode())
        return digest.hexdigest()

    def check_unchanged(self) -> None:
        """Raises ModelError SOURCE_CHANGED if any file is no longer what it was when the checkpoint was opened."""
        self._folder.check_unchanged()
        for file in self._files:
            file.file.check_unchanged()

    def close(self) -> None:
        """Let the files go."""
        for file in self._files:
            file.close()

    def __enter__(self) -> "Checkpoint":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _list(source: SourceFolder) -> set[str]:
    """The names in the folder; notes what the small files are at this moment."""
    names: set[str] = set()
    try:
        if not S_ISDIR(source.path.stat().st_mode):
            raise ModelError(Code.SOURCE_NOT_CHECKPOINT, path=shown(source.path))
        with os.scandir(source.path) as entries:
            for entry in entries:
                names.add(entry.name)
                if len(names) > MAX_LISTED:
                    raise ModelError(Code.SOURCE_NOT_CHECKPOINT, path=shown(source.path))
                if Path(entry.name).suffix in SMALL and entry.is_file():
                    source.stamps[entry.name] = Stamp.of((source.path / entry.name).stat())
    except (FileNotFoundError, NotADirectoryError):
        raise ModelError(Code.SOURCE_MISSING, path=shown(source.path)) from None
    except (OSError, ValueError) as error:
        raise unreadable(source.path, error) from error
    return names


def _architecture(config: Configuration) -> str:
    names = config.values.get("architectures")
    if not isinstance(names, list) or not names or not isinstance(names[0], str) or not names[0]:
        raise config.bad("architectures", names)
    return names[0]


def _choose(source: SourceFolder, names: set[str]) -> dict[str, tuple[str, ...]]:
    """The weight files, each with the tensors that the index expects in it; in the order in which Transformers prefers them."""
    for stem, ending in KINDS:
        if stem + ending in names:
            return {stem + ending: ()}
        index = f"{stem}{ending}.index.json"
        if index in names:
            return _read_index(source, index, ending)
    for stem, ending in KINDS:
        found = sorted(name for name in names if name.endswith(ending) and _is_candidate(name, stem, ending))
        if found:
            return dict.fromkeys(_unambiguous(source, found), ())
    raise ModelError(Code.SHARD_MISSING, path=shown(source.path / "model.safetensors"))


def _is_candidate(name: str, stem: str, ending: str) -> bool:
    """Whether a file without an index may be the model: other tools keep many things in .bin files, and adapters in safetensors."""
    return name.startswith(stem + "-") if ending == ".bin" else not name.startswith(("adapter_", "optimizer", "."))


def _unambiguous(source: SourceFolder, found: list[str]) -> list[str]:
    """The only file, or all the shards of one model. ``consolidated`` files are the same weights once more."""
    found = [name for name in found if not name.startswith("consolidated")] or found
    if len(found) == 1 and not SHARD_NAME.fullmatch(found[0]):
        return found
    match = SHARD_NAME.fullmatch(found[0])
    if match is None or not 1 <= int(match["count"]) <= MAX_SHARDS:
        raise ModelError(Code.SHARD_MISSING, path=shown(source.path / "model.safetensors.index.json"))
    wanted = [f"{match['stem']}-{number:05}-of-{match['count']}{match['ending']}" for number in range(1, int(match["count"]) + 1)]
    for name in wanted:
        if name not in found:
            raise ModelError(Code.SHARD_MISSING, path=shown(source.path / name))
    if len(found) != len(wanted):  # two models in one folder
        raise ModelError(Code.SHARD_MISSING, path=shown(source.path / "model.safetensors.index.json"))
    return wanted


def _read_index(source: SourceFolder, index: str, ending: str) -> dict[str, tuple[str, ...]]:
    try:
        values = source.json(index)
    except ModelError as error:
        if error.code != Code.TOKENIZER_BAD:
            raise
        raise damaged(source.path / index, str(error.failure.args["detail"])) from None
    places = values.get("weight_map") if isinstance(values, dict) else None
    if not isinstance(places, dict) or not places or not all(isinstance(name, str) for name in places.values()):
        raise damaged(source.path / index, "weight_map is not a list of files")
    shards: dict[str, list[str]] = {}
    for tensor, name in places.items():
        shards.setdefault(name, []).append(tensor)
    if len(shards) > MAX_SHARDS:
        raise damaged(source.path / index, f"{len(shards)} files")
    for name in shards:
        if not is_inside(name):
            raise ModelError(Code.SHARD_OUTSIDE, path=shown(name[:200]))
        if not name.endswith(ending):
            raise damaged(source.path / index, f"{name[:64]} is no {ending} file")
    return {name: tuple(tensors) for name, tensors in sorted(shards.items())}


def _check_plain(tensors: Mapping[str, TensorInfo], config: Configuration) -> None:
    """Raises ModelError TENSOR_TYPE if the weights are already quantized: what they were before cannot be had from them."""
    settings = config.values.get("quantization_config")
    method = settings.get("quant_method") if isinstance(settings, dict) else None
    note = f" ({method[:32]})" if isinstance(method, str) and method else ""
    packed = [
        info
        for name, info in tensors.items()
        if name.endswith(QUANTIZED)
        or (info.dtype not in FLOATS and (name.endswith((".weight", "_weight")) or (note and len(info.shape) > 1)))
    ]
    if packed:
        told = min(packed, key=lambda info: info.dtype in FLOATS)  # rather the values than their scales
        raise ModelError(Code.TENSOR_TYPE, name=told.name, detail=told.dtype + note)
