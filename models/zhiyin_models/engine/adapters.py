"""GGUF adapters beside a model: checked before llama.cpp sees them, since it ends the process over some that it cannot use.

What it needs: llama.cpp's llama-adapter.cpp (the file), ``build_lora_mm``, ``build_lora_mm_id`` and ``build_inp_embd`` in llama-graph.cpp.
"""

import ctypes
from collections.abc import Sequence
from hashlib import blake2b
from math import isfinite
from typing import Any

from llama_cpp import llama_cpp

from zhiyin_models.engine.fingerprint import fingerprint
from zhiyin_models.engine.library_log import LibraryLog
from zhiyin_models.engine.protocol import AdapterFile
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.library.gguf import GGUFFile, read_metadata
from zhiyin_models.library.gguf_header import Tensor

MOST = 16  # at once
MOST_SCALE = 1e4
LARGEST_RANK = 1 << 16
A, B = ".lora_a", ".lora_b"
EMBEDDINGS, OUTPUT = "token_embd.weight", "output.weight"
LOOKED_UP = frozenset({"position_embd.weight", "token_types.weight"})  # not multiplied with: an adapter of theirs would be passed over
TYPES = frozenset({"F32", "F16", "BF16"})
NAME_LENGTH = 63  # bytes that ggml keeps of a name


class Adapters:
    """The adapters of one load. ``read`` refuses what cannot work; the rest is done with the model in memory."""

    def __init__(self, wanted: Sequence[AdapterFile]) -> None:
        self._wanted = tuple(wanted)
        self._files: list[GGUFFile] = []

    def read(self, base: GGUFFile) -> None:
        """Check every file. Raises ModelError ADAPTER_BAD, ADAPTER_OTHER_BASE, ADAPTER_UNSUPPORTED."""
        if len(self._wanted) > MOST:
            raise _bad(self._wanted[MOST].path, f"more than {MOST}")
        weights = {tensor.name: tensor.shape for tensor in base.tensors()}
        for one in self._wanted:
            if not isfinite(one.scale) or abs(one.scale) > MOST_SCALE:
                raise _bad(one.path, f"{one.scale:g}")
            self._files.append(_read(one.path, base.architecture, weights))

    def identity(self, model: str) -> str:
        """A model's fingerprint with these adapters: what one was reckoned with is of no use to another. Raises OSError."""
        if not self._wanted:
            return model
        digest = blake2b(model.encode(), digest_size=16)
        for one, file in zip(self._wanted, self._files, strict=True):
            digest.update(f"{fingerprint(file)}*{one.scale!r}".encode())
        return digest.hexdigest()

    def load(self, model: Any, log: LibraryLog) -> list[Any]:
        """Into memory, before the context is made; they are freed with the model. Raises ModelError ADAPTER_BAD."""
        handles = []
        for one, file in zip(self._wanted, self._files, strict=True):
            handle = llama_cpp.llama_adapter_lora_init(model, str(file.path).encode())
            if not handle:
                raise _bad(one.path, next((line for line in reversed(log.lines()) if "lora adapter" in line), log.reason()))
            handles.append(handle)
        return handles

    def apply(self, context: Any, handles: Sequence[Any]) -> None:
        """Add them to everything that the context computes from now on. Raises ModelError ADAPTER_BAD."""
        if not handles:
            return
        array = (llama_cpp.llama_adapter_lora_p_ctypes * len(handles))(*handles)
        scales = (ctypes.c_float * len(handles))(*(one.scale for one in self._wanted))
        if llama_cpp.llama_set_adapters_lora(context, array, len(handles), scales) != 0:
            raise _bad(self._wanted[0].path, "llama_set_adapters_lora")


def _read(path: str, architecture: str, weights: dict[str, tuple[int, ...]]) -> GGUFFile:
    try:
        file = read_metadata(path)
        file.check_complete()
    except ModelError as error:
        detail = {Code.MODEL_MISSING: "no such file", Code.MODEL_NOT_GGUF: "not GGUF", Code.MODEL_TRUNCATED: "cut short"}.get(error.code)
        raise _bad(path, detail or str(error.failure.args.get("detail", error.code))) from error
    if file.kind != "adapter" or file.metadata.get("adapter.type") != "lora" or len(file.parts) != 1:
        raise _bad(path, "not a GGUF adapter")
    alpha = file.metadata.get("adapter.lora.alpha", 0.0)
    if not isinstance(alpha, float) or not isfinite(alpha):
        raise _bad(path, "adapter.lora.alpha")
    if "adapter.alora.invocation_tokens" in file.metadata:
        raise ModelError(Code.ADAPTER_UNSUPPORTED, path=path, detail="aLoRA")
    if file.architecture != architecture:
        raise _other(path, "general.architecture", f"{file.architecture or '?'} ≠ {architecture}")
    _check_tensors(path, file, weights)
    return file


def _check_tensors(path: str, file: GGUFFile, weights: dict[str, tuple[int, ...]]) -> None:
    """Every tensor one of a pair, and every pair of the shape of a weight. Shapes are as GGUF has them, columns first."""
    tensors = {tensor.name: tensor for tensor in file.tensors()}
    for name, tensor in tensors.items():
        weight, ending = name[: -len(A)], name[-len(A) :]
        if ending not in (A, B):
            raise ModelError(Code.ADAPTER_UNSUPPORTED, path=path, detail=name[:64])
        other = tensors.get(weight + (B if ending == A else A))
        if other is None or len(name.encode()) > NAME_LENGTH or A in weight or B in weight:
            raise _bad(path, name[:64])
        if tensor.type_name not in TYPES or weight in LOOKED_UP:
            raise ModelError(Code.ADAPTER_UNSUPPORTED, path=path, detail=f"{name[:64]} ({tensor.type_name})")
        if weight not in weights:
            raise _other(path, weight, "?")
        if ending == A:
            _check_pair(path, weight, weights, tensor, other)


def _check_pair(path: str, name: str, weights: dict[str, tuple[int, ...]], a: Tensor, b: Tensor) -> None:
    shape = _trimmed(weights[name])
    columns, rows = (*shape, 1)[:2]
    a_shape, b_shape = a.shape, b.shape
    rank = b_shape[0]
    wanted_a: tuple[int, ...]
    wanted_b: tuple[int, ...]
    if name == EMBEDDINGS:
        if OUTPUT not in weights:  # the graph would multiply with matrices that are laid out for looking up, and end the process
            raise _other(path, name, "it is the output too")
        wanted_a, wanted_b = (rank, rows), (rank, columns)
    else:
        wanted_a, wanted_b = (columns, rank, *shape[2:]), (rank, rows, *shape[2:])
    fits = _trimmed(a_shape) == _trimmed(wanted_a) and _trimmed(b_shape) == _trimmed(wanted_b)
    if not fits or not 2 <= len(weights[name]) <= 3 or not 1 <= rank <= LARGEST_RANK:
        raise _other(path, name, f"{_text(a_shape)}, {_text(b_shape)} ≠ {_text(shape)}")


def _trimmed(shape: Sequence[int]) -> tuple[int, ...]:
    """Without the ones at the end, which GGUF may leave out."""
    kept = list(shape)
    while len(kept) > 1 and kept[-1] == 1:
        kept.pop()
    return tuple(kept)


def _text(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape))


def _bad(path: str, detail: str) -> ModelError:
    return ModelError(Code.ADAPTER_BAD, path=path, detail=detail[:160])


def _other(path: str, name: str, detail: str) -> ModelError:
    return ModelError(Code.ADAPTER_OTHER_BASE, path=path, name=name[:64], detail=detail)
