"""An adapter's layers against a checkpoint's tensors: every one must fit exactly one of them, or the adapter is for another base."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from zhiyin_models.convert.adapter_config import bad, unsupported
from zhiyin_models.convert.source_files import shown
from zhiyin_models.convert.tensors import Shape, TensorInfo
from zhiyin_models.errors import Code, ModelError

if TYPE_CHECKING:
    from zhiyin_models.convert.lora import Adapter, Pair, Tokens

EMBEDDINGS = re.compile(r"(?:[a-z_]+\.)*(?:embed_tokens|wte|tok_embeddings|word_embeddings|embed_in)\.weight")
OUTPUTS = re.compile(r"(?:[a-z_]+\.)*(?:lm_head|output|output_layer|embed_out)\.weight")
IN_LAYER = re.compile(r"\.\d+\.")


@dataclass(frozen=True, slots=True)
class Change:
    """What an adapter does to one tensor of a checkpoint, in this order: it is replaced, the product is added, single rows are replaced.

    ``by_columns``: the tensor is stored (in, out), or is an embedding; the product is added transposed, DoRA's lengths are the columns'.
    ``tied``: the tensor is not in the checkpoint; it begins as the embedding of this name, with which the output was shared so far.
    """

    name: str
    shape: Shape  # afterwards
    whole: str = ""  # a name in the adapter's file
    pair: "Pair | None" = None
    by_columns: bool = False
    bias: "Pair | None" = None  # whose ``bias`` is added to this tensor, times the scale
    tokens: "Tokens | None" = None
    tied: str = ""
    reason: str = ""  # why a GGUF adapter could not do this


def changes(adapter: "Adapter", tensors: Mapping[str, TensorInfo]) -> dict[str, Change]:
    """Every change, by the tensor's name. Raises ModelError ADAPTER_OTHER_BASE, ADAPTER_UNSUPPORTED, ADAPTER_BAD (two for one tensor)."""
    return _Matcher(adapter, tensors).match()


def embedding_of(tensors: Mapping[str, TensorInfo]) -> str:
    """The name of the input embeddings, or "" where that is not clear."""
    found = [name for name, info in tensors.items() if len(info.shape) == 2 and EMBEDDINGS.fullmatch(name)]
    return found[0] if len(found) == 1 else ""


class _Matcher:
    def __init__(self, adapter: "Adapter", tensors: Mapping[str, TensorInfo]) -> None:
        self._adapter, self._tensors = adapter, tensors
        self._embedding = embedding_of(tensors)
        self._shared = bool(self._embedding) and not any(OUTPUTS.fullmatch(name) for name in tensors)
        self._found: dict[str, Change] = {}
        self._pairs: dict[str, Pair] = {}

    def match(self) -> dict[str, Change]:
        for plain, info in self._adapter.whole.items():
            self._replace(plain, info)
        for module, pair in self._adapter.pairs.items():
            name = self._find(f"{module}.weight")
            if name in self._pairs:
                raise bad(self._adapter.path, f"two layers for {name}")
            self._pairs[name] = pair
        transposed = self._orientation()
        for name, pair in self._pairs.items():
            self._add(name, pair, transposed=transposed)
        for module, tokens in self._adapter.tokens.items():
            self._set_tokens(f"{module}.weight", tokens)
        return self._found

    def _replace(self, plain: str, info: TensorInfo) -> None:
        name = self._find(plain)
        if self._found.get(name, Change("", ())).whole:
            raise bad(self._adapter.path, f"two tensors for {name}")
        there = self._shape(name)
        resizable = len(there) == 2 and (EMBEDDINGS.fullmatch(name) or OUTPUTS.fullmatch(name))
        if info.shape != there and not (resizable and len(info.shape) == 2 and info.shape[0] and info.shape[1:] == there[1:]):
            raise self._other(plain, f"{_text(info.shape)} ≠ {_text(there)}")
        self._change(name, shape=info.shape, whole=info.name, reason=f"modules_to_save: {plain}")

    def _orientation(self) -> bool:
        """How square layers are stored. Their fellows tell it best: where layers differ, ``fan_in_fan_out`` is only that of the last."""
        votes = {
            self._shape(name) == (pair.columns, pair.rows)
            for name, pair in self._pairs.items()
            if pair.rows != pair.columns and not pair.embedding and IN_LAYER.search(name)
        }
        return votes.pop() if len(votes) == 1 else self._adapter.config.transposed

    def _add(self, name: str, pair: "Pair", *, transposed: bool) -> None:
        shape = self._shape(name)
        fits, turned = shape == (pair.rows, pair.columns), shape == (pair.columns, pair.rows)
        by_columns = turned and (pair.embedding or not fits or transposed)
        if not by_columns and (not fits or pair.embedding):
            wanted = (pair.columns, pair.rows) if pair.embedding or self._adapter.config.transposed else (pair.rows, pair.columns)
            raise self._other(name, f"{_text(wanted)} ≠ {_text(shape)}")
        reason = "DoRA" if pair.magnitude else "lora_bias" if pair.bias else ""
        if pair.embedding and self._shared:
            reason = reason or f"{name} is the output too"
        self._change(name, shape=shape, pair=pair, by_columns=by_columns, reason=reason)
        if pair.bias:
            bias = name.removesuffix("weight") + "bias"
            if bias not in self._tensors:
                raise unsupported(self._adapter.path, f"lora_bias: {bias}")
            if self._shape(bias) != (pair.rows,):
                raise self._other(bias, f"{pair.rows} ≠ {_text(self._shape(bias))}")
            self._change(bias, shape=self._shape(bias), bias=pair, reason="lora_bias")

    def _set_tokens(self, plain: str, tokens: "Tokens") -> None:
        name = self._find(plain)
        shape = self._shape(name)
        width = self._adapter.shape(tokens.name)[1]
        if len(shape) != 2 or width != shape[1] or max(tokens.indices, default=0) >= shape[0]:
            raise self._other(plain, f"{len(tokens.indices)} × {width} ≠ {_text(shape)}")
        self._change(name, shape=shape, tokens=tokens, reason="trainable_token_indices")

    def _change(self, name: str, **what: object) -> None:
        before = self._found.get(name)
        if before is None:
            tied = "" if name in self._tensors else self._embedding
            before = Change(name, (), tied=tied, reason=f"{name} is shared with {tied}" if tied else "")
        what["reason"] = before.reason or what["reason"]
        self._found[name] = replace(before, **what)  # type: ignore[arg-type]  # each call names fields of it

    def _shape(self, name: str) -> Shape:
        """Of a tensor of the checkpoint as it is when the product is added."""
        if name in self._found and self._found[name].shape:
            return self._found[name].shape
        return self._tensors[name if name in self._tensors else self._embedding].shape

    def _find(self, plain: str) -> str:
        """The checkpoint's name of a tensor. An output that the checkpoint shares with its embeddings becomes one of its own."""
        for name in _spellings(plain):
            if name in self._tensors:
                return name
        if self._shared and OUTPUTS.fullmatch(plain):
            return plain
        raise self._other(plain, "the checkpoint has no such tensor")

    def _other(self, name: str, detail: str) -> ModelError:
        path = shown(self._adapter.path)
        return ModelError(Code.ADAPTER_OTHER_BASE, path=path, name=shown(name)[:160], detail=detail)


def _spellings(plain: str) -> Iterator[str]:
    """What checkpoints call a tensor: with and without the model's own name before it, as the class had it that saved them."""
    yield plain
    for prefix in ("model.", "transformer."):
        if plain.startswith(prefix):
            yield plain.removeprefix(prefix)
        else:
            yield prefix + plain
    if plain.startswith("model.language_model."):  # a text model within one that sees: newer classes turned the two around
        yield "language_model.model." + plain.removeprefix("model.language_model.")
    if plain.startswith("language_model.model."):
        yield "model.language_model." + plain.removeprefix("language_model.model.")


def _text(shape: Shape) -> str:
    return " × ".join(map(str, shape)) or "1"
