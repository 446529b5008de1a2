"""The quantization types on offer, and which ggml type each tensor of a file gets: llama.cpp's rules, so that our bytes are its bytes.

Source: llama.cpp src/llama-quant.cpp (``llama_tensor_get_type_impl``, ``tensor_allows_quantization``, ``tensor_type_fallback``) and, for
what an F16 or BF16 file keeps in F32, conversion/base.py. Some rules count the tensors of a kind that came before, so their order matters.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from math import prod

from zhiyin_models.convert.tensors import Shape
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.library.ggml_types import TENSOR_TYPES

F32, F16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0 = 0, 1, 2, 3, 6, 7, 8  # ggml_type
Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS, BF16 = 10, 11, 12, 13, 14, 20, 23, 30
PLAIN = frozenset({F32, F16, BF16})  # one value after the other

LAYER = re.compile(r"blk\.\s*([+-]?\d+)")


@dataclass(frozen=True, slots=True)
class QuantType:
    """A type of file: its number in ``general.file_type``, and the ggml type that most of its tensors have.

    ``loss`` is the growth of perplexity over F16 as a fraction, of Llama 3 8B on WikiText as llama.cpp's tools/perplexity publishes it:
    without an importance matrix where both are known (IQ4_NL and IQ4_XS are published only with one), and ``loss_with_imatrix`` with one.
    """

    name: str
    file_type: int
    tensor_type: int
    loss: float | None = None
    loss_with_imatrix: float | None = None


QUANT_TYPES: dict[str, QuantType] = {
    kind.name: kind
    for kind in (
        QuantType("F32", 0, F32, 0.0),
        QuantType("F16", 1, F16, 0.0),
        QuantType("BF16", 32, BF16, 0.0),
        QuantType("Q8_0", 7, Q8_0, 0.0004),
        QuantType("Q6_K", 18, Q6_K, 0.0035),
        QuantType("Q5_K_M", 17, Q5_K, 0.0091),
        QuantType("Q5_K_S", 16, Q5_K, 0.0168),
        QuantType("Q4_K_M", 15, Q4_K, 0.0282, 0.0243),
        QuantType("Q4_K_S", 14, Q4_K, 0.0431, 0.0286),
        QuantType("Q4_0", 2, Q4_0, 0.0752),
        QuantType("Q4_1", 3, Q4_1, 0.0724),
        QuantType("IQ4_NL", 25, IQ4_NL, 0.0359, 0.0359),
        QuantType("IQ4_XS", 30, IQ4_XS, 0.0366, 0.0366),
        QuantType("Q3_K_M", 12, Q3_K, 0.1054, 0.0807),
        QuantType("Q2_K", 10, Q2_K, 0.5648, 0.3877),
    )
}


@dataclass(frozen=True, slots=True)
class ModelShape:
    """What the rules look at beside a tensor. ``heads`` and ``kv_heads`` are the first layer's; ``experts`` is 0 without any."""

    architecture: str  # as GGUF has it
    layers: int
    heads: int
    kv_heads: int
    experts: int = 0

    @property
    def grouped(self) -> bool:
        """Whether at least four heads share a key and a value head: then the value's tensor is small, and worth more bits."""
        return self.kv_heads > 0 and self.heads // self.kv_heads >= 4

    @property
    def is_70b(self) -> bool:
        """Whether llama.cpp takes it for a model of 70 billion weights."""
        if self.architecture in ("llama", "llama-embed"):
            return self.layers == 80 and self.heads != self.kv_heads
        return self.layers == LAYERS_OF_70B.get(self.architecture)


LAYERS_OF_70B = {"qwen2": 80, "deci": 80, "olmo": 80, "jais2": 68}


class Role(Enum):
    """What a tensor does, as far as the rules tell tensors apart."""

    EMBEDDING = auto()
    OUTPUT = auto()
    VALUE = auto()  # and what the value is part of: a fused QKV
    KEY = auto()
    ATTENTION_OUTPUT = auto()
    FFN_DOWN = auto()
    OTHER = auto()


ROLES_BY_NAME = {"output.weight": Role.OUTPUT, "token_embd.weight": Role.EMBEDDING, "per_layer_token_embd.weight": Role.EMBEDDING}
ROLES_BY_PART = {  # the first that is found
    "attn_qkv.weight": Role.VALUE,
    "attn_kv_b.weight": Role.VALUE,
    "attn_v.weight": Role.VALUE,
    "attn_k.weight": Role.KEY,
    "attn_q.weight": Role.OTHER,
    "attn_output.weight": Role.ATTENTION_OUTPUT,
    "ffn_up": Role.OTHER,
    "ffn_gate": Role.OTHER,
    "ffn_down": Role.FFN_DOWN,
}


def role(name: str) -> Role:
    """What the tensor of this name does."""
    if name in ROLES_BY_NAME:
        return ROLES_BY_NAME[name]
    return next((found for part, found in ROLES_BY_PART.items() if part in name), Role.OTHER)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a tensor stands: the ``index``-th of ``count`` of its role."""

    index: int
    count: int
    model: ModelShape
    imatrix: bool


_Condition = Callable[[_Place], bool]


def _always(_: _Place) -> bool:
    return True


def _grouped(place: _Place) -> bool:
    return place.model.grouped


def _more_bits(place: _Place) -> bool:
    """The first and last eighth, and every third between."""
    eighth = place.count // 8
    return place.index < eighth or place.index >= 7 * place.count // 8 or (place.index - eighth) % 3 == 2


def _first(count: int) -> _Condition:
    return lambda place: place.index < count


def _first_part(divisor: int) -> _Condition:
    return lambda place: place.index < place.count // divisor


def _first_eighth_without_imatrix(place: _Place) -> bool:
    return not place.imatrix and place.index < place.count // 8


def _first_eighth_with_imatrix(place: _Place) -> bool:
    """Even with an importance matrix, the first layers' down projections can go astray in Q4_0."""
    return place.imatrix and place.index < place.count // 8


_Rules = Mapping[Role, tuple[tuple[_Condition, int], ...]]
_IQ4: _Rules = {Role.VALUE: ((_grouped, Q5_K),), Role.FFN_DOWN: ((_first_eighth_without_imatrix, Q5_K),)}
_M: _Rules = {Role.VALUE: ((_more_bits, Q6_K),), Role.FFN_DOWN: ((_more_bits, Q6_K),)}

# By the type of the file: the first rule whose condition holds gives the type; where none does, it is the file's usual one.
RULES: dict[str, _Rules] = {
    "Q5_K_M": _M,
    "Q4_K_M": _M,
    "Q4_K_S": {Role.VALUE: ((_first(4), Q5_K),), Role.FFN_DOWN: ((_first_part(8), Q5_K),)},
    "Q4_0": {Role.FFN_DOWN: ((_first_eighth_with_imatrix, Q4_1),)},
    "IQ4_NL": _IQ4,
    "IQ4_XS": _IQ4,
    "Q3_K_M": {
        Role.VALUE: ((_first(2), Q5_K), (_always, Q4_K)),
        Role.FFN_DOWN: ((_first_part(16), Q5_K), (_always, Q4_K)),
        Role.ATTENTION_OUTPUT: ((_always, Q4_K),),
    },
    "Q2_K": {
        Role.VALUE: ((_grouped, Q4_K), (_always, Q3_K)),
        Role.FFN_DOWN: ((_always, Q3_K),),
        Role.ATTENTION_OUTPUT: ((_always, Q3_K),),
    },
}
FALCON_RULES: dict[str, _Rules] = {
    **RULES,
    "Q4_K_M": {Role.VALUE: _M[Role.VALUE], Role.FFN_DOWN: ((_first_part(16), Q6_K), (_more_bits, Q5_K))},
    "Q4_K_S": {Role.VALUE: RULES["Q4_K_S"][Role.VALUE]},
    "Q3_K_M": {Role.VALUE: RULES["Q3_K_M"][Role.VALUE], Role.FFN_DOWN: ((_first_part(16), Q5_K), (_more_bits, Q4_K))},
    "Q2_K": {Role.VALUE: RULES["Q2_K"][Role.VALUE], Role.FFN_DOWN: RULES["Q2_K"][Role.FFN_DOWN]},
}

# With eight experts, attention is a small part of the model.
EIGHT_EXPERTS = {Role.VALUE: Q8_0, Role.KEY: Q8_0}
EIGHT_EXPERTS_OUTPUT = frozenset({"Q2_K", "Q3_K_M", "IQ4_NL", "IQ4_XS", "Q4_K_S", "Q4_K_M"})  # with Q5_K

# What takes the place of a type whose blocks of 256 do not fit into a row; where that does not fit either, F16.
FALLBACKS = {IQ4_XS: IQ4_NL, Q2_K: Q4_0, Q3_K: Q4_0, Q4_K: Q5_0, Q5_K: Q5_1, Q6_K: Q8_0}

KEPT_NAMES = frozenset({"position_embd.weight", "token_types.weight"})
KEPT_PARTS = (
    *("_norm.weight", "ffn_gate_inp.weight", "ffn_gate_tid2eid.weight", "altup", "laurel", "per_layer_model_proj", "ssm_conv1d"),
    *("shortconv.conv.weight", "indexer.k_proj.weight", "indexer.q_proj.weight", "time_mix_first.weight", "time_mix_w0.weight"),
    *("time_mix_w1.weight", "time_mix_w2.weight", "time_mix_v0.weight", "time_mix_v1.weight", "time_mix_v2.weight", "time_mix_a0.weight"),
    *("time_mix_a1.weight", "time_mix_a2.weight", "time_mix_g1.weight", "time_mix_g2.weight", "time_mix_decay_w1.weight"),
    *("time_mix_decay_w2.weight", "time_mix_lerp_fused.weight", "attn_rel_b.weight", ".position_embd", "sam.pos_embd", "sam.neck."),
    *("sam.net_", ".rel_pos", ".patch_embd", ".patch_merger", "a.rvq.codebook", "mm.a.code_embd"),
)


def kept_type(name: str, shape: Shape) -> int | None:
    """F32 for a tensor that stays as it is in a file of any type (one dimension, norms, biases, routers, positions), else None."""
    dimensions = sum(1 for size in shape[:-1] if size > 1)  # ggml counts no leading axis of one row
    kept = not dimensions or not name.endswith("weight") or name in KEPT_NAMES or any(part in name for part in KEPT_PARTS)
    return F32 if kept else None


def loader_order(name: str) -> tuple[int, str]:
    """The sort key of llama.cpp's loader, in which it also writes: what belongs to no layer, then each layer, by name."""
    found = LAYER.match(name)
    return (int(found[1]) if found else -1, name)


def tensor_bytes(ggml_type: int, shape: Shape) -> int:
    """The size of a tensor. Raises ValueError if its rows are no whole blocks."""
    known = TENSOR_TYPES[ggml_type]
    if not shape or shape[-1] % known.block:
        raise ValueError(f"rows of {shape[-1:]} values in {known.name}")
    return prod(shape) // known.block * known.size


def choose_types(
    kind: QuantType, model: ModelShape, tensors: Sequence[tuple[str, Shape]], *, imatrix: bool, present: Sequence[int] | None = None
) -> list[int]:
    """The ggml type of each tensor, in the order given (it is chosen in llama.cpp's, ``loader_order``).

    ``imatrix``: whether there is an importance matrix at all. ``present``: the types that the tensors have now, for what is kept; F32
    if None. Raises ModelError TENSOR_EXTRA for a layer that the model does not have.
    """
    chosen = [0] * len(tensors)
    choice = _Choice(kind, model, [name for name, _ in tensors], imatrix=imatrix)
    for index in sorted(range(len(tensors)), key=lambda index: loader_order(tensors[index][0])):
        name, shape = tensors[index]
        kept = kept_type(name, shape)
        if kept is not None:
            chosen[index] = kept if present is None else present[index]
        elif kind.tensor_type in PLAIN:
            chosen[index] = kind.tensor_type
        else:
            chosen[index] = fitting(choice.of(name, shape[-1]), shape[-1])
    return chosen


def fitting(ggml_type: int, columns: int) -> int:
    """The type, or what takes its place where rows of so many values are not whole blocks."""
    for candidate in (ggml_type, FALLBACKS.get(ggml_type, F16)):
        if columns % TENSOR_TYPES[candidate].block == 0:
            return candidate
    return F16


class _Choice:
    """Goes through the tensors in the loader's order, and counts them."""

    def __init__(self, kind: QuantType, model: ModelShape, names: Sequence[str], *, imatrix: bool) -> None:
        self.kind, self.model, self.imatrix = kind, model, imatrix
        roles = [role(name) for name in names]
        self.tied = Role.OUTPUT not in roles  # the embedding then is the output as well
        self.counts = {Role.VALUE: roles.count(Role.VALUE), Role.FFN_DOWN: model.layers}
        self.seen = {Role.VALUE: 0, Role.FFN_DOWN: 0}
        self.rules = (FALCON_RULES if model.architecture == "falcon" else RULES).get(kind.name, {})

    def of(self, name: str, columns: int) -> int:
        """The type of the next tensor, whether or not it fits."""
        what = role(name)
        if self.model.architecture == "glm5-next" and any(part in name for part in ("attn_q_a", "attn_q_b", "nextn.eh_proj")):
            return Q8_0
        if what is Role.OUTPUT or (what is Role.EMBEDDING and self.tied):
            return self._output(columns)
        index = self._index(what, name)
        if self.model.experts == 8 and what is Role.ATTENTION_OUTPUT:
            return Q5_K if self.kind.name in EIGHT_EXPERTS_OUTPUT and self.model.architecture != "falcon" else self.kind.tensor_type
        if self.model.experts == 8 and what in EIGHT_EXPERTS:
            return EIGHT_EXPERTS[what]
        place = _Place(index, self.counts.get(what, 0), self.model, self.imatrix)
        chosen = next((given for holds, given in self.rules.get(what, ()) if holds(place)), self.kind.tensor_type)
        if what is Role.VALUE and self.model.is_70b and chosen in (Q3_K, Q4_K):
            return Q5_K  # eight heads share it
        return chosen

    def _output(self, columns: int) -> int:
        usual = self.kind.tensor_type
        if usual == Q8_0 or self.model.architecture == "falcon" or columns % TENSOR_TYPES[usual].block:
            return Q8_0
        return Q6_K

    def _index(self, what: Role, name: str) -> int:
        """How many of the role came before; among experts, the layer, since their tensors may lie in any order."""
        if what not in self.seen:
            return 0
        index = self.seen[what]
        self.seen[what] += 1
        if what is Role.FFN_DOWN and self.model.experts > 1:
            index = loader_order(name)[0]
            if not 0 <= index < self.model.layers:
                raise ModelError(Code.TENSOR_EXTRA, name=name)
        return index
