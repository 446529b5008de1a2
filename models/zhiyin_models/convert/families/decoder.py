"""What the families have in common: their dimensions, checked, and the usual table of tensors and metadata.

Tensors and keys are those that llama.cpp's loader of each architecture asks for (its ``src/models``).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from zhiyin_models.convert.configuration import Configuration
from zhiyin_models.convert.families.family import Family
from zhiyin_models.convert.families.rope import PLAIN, THETA, Rope, RopeReader
from zhiyin_models.convert.tensors import Metadata, Piece, Read, Shape, Target, TensorInfo, rotary_rows
from zhiyin_models.errors import Code, Failure, ModelError

MOST_LAYERS = 512  # llama.cpp's LLAMA_MAX_LAYERS
MOST_HEADS = 1 << 14
LARGEST_HEAD = 1 << 12
WIDEST = 1 << 20  # rows of a projection: bounds the lists of rows that are made before a tensor's shape is known to be true
SILU = ("silu", "swish")

Rows = NDArray[np.intp]


def linear(target: str, source: str, shape: Shape, *, bias: bool = False, take: Rows | None = None) -> Iterator[Target]:
    """A projection of ``shape`` (out, in), and its bias: names without ``.weight`` and ``.bias``. ``take``: the order of its rows."""
    yield Target(f"{target}.weight", shape, (Piece(Read(f"{source}.weight", shape), take=take),))
    if bias:
        yield Target(f"{target}.bias", shape[:1], (Piece(Read(f"{source}.bias", shape[:1]), take=take),))


def rows_of(
    target: str, source: str, shape: Shape, start: int, stop: int, *, bias: bool = False, take: Rows | None = None
) -> Iterator[Target]:
    """A projection that is a run of the rows of a fused one, whose whole shape is ``shape``; ``take`` counts from ``start``."""
    piece = Piece(Read(f"{source}.weight", shape, start, stop), take=take)
    yield Target(f"{target}.weight", (stop - start, *shape[1:]), (piece,))
    if bias:
        piece = Piece(Read(f"{source}.bias", shape[:1], start, stop), take=take)
        yield Target(f"{target}.bias", (stop - start,), (piece,))


def vector(target: str, source: str, size: int, *, add: float = 0.0) -> Target:
    """A norm's weight or a bias, with the whole names of both."""
    return Target(target, (size,), (Piece(Read(source, (size,)), add=add),))


def vocabulary_rows(config: Configuration, tensors: Mapping[str, TensorInfo], name: str, width: int) -> int:
    """How many tokens the embeddings have room for. Raises ModelError where there are none, or where they are not ``width`` wide."""
    if name not in tensors:
        raise ModelError(Code.TENSOR_MISSING, name=name)
    shape = tensors[name].shape
    rows = shape[0] if shape else 0
    if len(shape) != 2 or shape[1] != width or not rows:
        raise ModelError(Code.TENSOR_SHAPE, name=name, actual=str(shape), wanted=str((rows or config.integer("vocab_size"), width)))
    return rows


def layer_count(config: Configuration, tensors: Mapping[str, TensorInfo], *keys: str) -> int:
    """How many blocks there are: not more than llama.cpp takes, nor than there are tensors. Raises ModelError CONFIG_BAD."""
    return config.integer(*keys, high=min(MOST_LAYERS, max(len(tensors), 1)))


def check_activation(config: Configuration, key: str, known: Iterable[str], default: str) -> None:
    """The activation is the one that llama.cpp's graph of the family applies. Raises ModelError CONFIG_BAD."""
    activation = config.words(key, default=default)
    if activation not in known:
        raise config.bad(key, activation)


class Decoder(Family):
    """Blocks of grouped-query attention with rotary positions and a gated feed-forward network, each behind an RMS norm; Llama's names.

    A family says what differs by the attributes of its class, or by overriding one of the parts of ``targets``.
    """

    permuted: ClassVar[bool] = False  # llama.cpp rotates neighbours, so the rows of Q and K change places
    rope_kinds: ClassVar[tuple[str, ...]] = PLAIN  # the kinds of scaling that its graph applies
    rope_partial: ClassVar[bool] = False  # its graph rotates a part of each head
    rope_renamed: ClassVar[Mapping[str, str]] = {}
    theta: ClassVar[float] = THETA
    own_head: ClassVar[bool] = True  # a head's size may differ from hidden_size ÷ heads
    # what Transformers takes where config.json does not say
    tied_default: ClassVar[bool] = False
    context_default: ClassVar[int | None] = None
    eps_default: ClassVar[float] = 1e-6
    head_default: ClassVar[int | None] = None  # hidden_size ÷ heads
    attention_bias: bool = False  # of Q, K and V
    output_bias: bool = False  # of the projection after attention
    feed_forward_bias: bool = False
    head_norms: ClassVar[bool] = False  # norms of each head of Q and K
    activations: ClassVar[tuple[str, ...]] = SILU
    activation_key: ClassVar[str] = "hidden_act"
    activation_default: ClassVar[str] = "silu"
    norm_add: ClassVar[float] = 0.0  # what is added to every norm's weight
    embeddings: str = "model.embed_tokens"
    final_norm: str = "model.norm"
    output: str = "lm_head"
    block: str = "model.layers"

    def __init__(self, config: Configuration, tensors: Mapping[str, TensorInfo]) -> None:
        super().__init__(config, tensors)
        check_activation(config, self.activation_key, self.activations, self.activation_default)
        self.layers = layer_count(config, tensors, "num_hidden_layers")
        self.hidden = config.integer("hidden_size", high=WIDEST)
        self.heads = config.integer("num_attention_heads", high=MOST_HEADS)
        self.kv_heads = config.integer("num_key_value_heads", high=MOST_HEADS, default=self.heads)
        self.head = self._head()
        self.feed_forward = config.integer("intermediate_size")
        self.context = config.integer("max_position_embeddings", "max_sequence_length", low=2, default=self.context_default)
        self.eps = config.number("rms_norm_eps", low=0, high=1, default=self.eps_default)
        self.tied = config.flag("tie_word_embeddings", default=self.tied_default)
        self.rows = vocabulary_rows(config, tensors, f"{self.embeddings}.weight", self.hidden)
        self.rope = self.read_rope()
        self._orders: dict[int, Rows] = {}

    def _head(self) -> int:
        if self.heads % self.kv_heads:
            raise self.config.bad("num_key_value_heads", self.kv_heads)
        derived = self.head_default is None and not self.config.has("head_dim")
        if derived and (self.hidden % self.heads or self.hidden == self.heads):
            raise self.config.bad("num_attention_heads", self.heads)
        head = self.config.integer("head_dim", low=2, high=LARGEST_HEAD, default=self.head_default or self.hidden // self.heads)
        if head % 2 or head * self.heads > WIDEST or (not self.own_head and head * self.heads != self.hidden):
            raise self.config.bad("head_dim", head)
        return head

    def read_rope(self) -> Rope:
        """The rotary positions of all layers."""
        return RopeReader(
            self.config,
            self.head,
            self.context,
            kinds=self.rope_kinds,
            partial=self.rope_partial,
            theta=self.theta,
            renamed=self.rope_renamed,
        ).read()

    @property
    def unused_window(self) -> int:
        """Tokens of a sliding window that the model was trained with and that its graph in llama.cpp does not apply; 0: there is none."""
        return 0

    @property
    def notices(self) -> tuple[Failure, ...]:
        """See Family."""
        if 0 < self.unused_window < self.context:
            return (Failure(Code.WINDOW_IGNORED, {"tokens": self.unused_window}),)
        return ()

    def metadata(self) -> Metadata:
        """See Family."""
        usual: Metadata = {
            "vocab_size": self.rows,
            "block_count": self.layers,
            "context_length": self.context,
            "embedding_length": self.hidden,
            "feed_forward_length": self.feed_forward,
            "attention.head_count": self.heads,
            "attention.head_count_kv": self.kv_heads,
            "attention.key_length": self.head,
            "attention.value_length": self.head,
            "attention.layer_norm_rms_epsilon": self.eps,
            **self.rope.metadata,
        }
        return {f"{self.architecture}.{key}": value for key, value in usual.items()}

    def targets(self) -> Iterator[Target]:
        """See Family."""
        yield from linear("token_embd", self.embeddings, (self.rows, self.hidden))
        yield self.norm("output_norm", self.final_norm)
        if not self.tied:
            yield from linear("output", self.output, (self.rows, self.hidden))
        yield from self.rope.targets()
        for layer in range(self.layers):
            yield from self.layer(f"blk.{layer}", f"{self.block}.{layer}")

    def layer(self, target: str, source: str) -> Iterator[Target]:
        """One block: ``target`` and ``source`` are the prefixes of its names, without the dot."""
        yield self.norm(f"{target}.attn_norm", f"{source}.input_layernorm")
        yield from self.attention(target, f"{source}.self_attn")
        yield self.norm(f"{target}.ffn_norm", f"{source}.post_attention_layernorm")
        yield from self.network(target, f"{source}.mlp")

    def norm(self, target: str, source: str, size: int | None = None) -> Target:
        """A norm's weight: hidden_size values, if not told."""
        return vector(f"{target}.weight", f"{source}.weight", size or self.hidden, add=self.norm_add)

    def attention(self, target: str, source: str) -> Iterator[Target]:
        """A block's projections to Q, K and V and back."""
        bias, wide = self.attention_bias, self.heads * self.head
        yield from linear(f"{target}.attn_q", f"{source}.q_proj", (wide, self.hidden), bias=bias, take=self.rotary(self.heads))
        narrow = (self.kv_heads * self.head, self.hidden)
        yield from linear(f"{target}.attn_k", f"{source}.k_proj", narrow, bias=bias, take=self.rotary(self.kv_heads))
        yield from linear(f"{target}.attn_v", f"{source}.v_proj", narrow, bias=bias)
        yield from linear(f"{target}.attn_output", f"{source}.o_proj", (self.hidden, wide), bias=self.output_bias)
        if self.head_norms:
            yield self.norm(f"{target}.attn_q_norm", f"{source}.q_norm", self.head)
            yield self.norm(f"{target}.attn_k_norm", f"{source}.k_norm", self.head)

    def network(self, target: str, source: str) -> Iterator[Target]:
        """A block's feed-forward network."""
        out, back, bias = (self.feed_forward, self.hidden), (self.hidden, self.feed_forward), self.feed_forward_bias
        yield from linear(f"{target}.ffn_gate", f"{source}.gate_proj", out, bias=bias)
        yield from linear(f"{target}.ffn_up", f"{source}.up_proj", out, bias=bias)
        yield from linear(f"{target}.ffn_down", f"{source}.down_proj", back, bias=bias)

    def rotary(self, heads: int) -> Rows | None:
        """The order of the rows of a projection to Q or K, the same for every layer; None where it stays."""
        if self.permuted and heads not in self._orders:
            self._orders[heads] = rotary_rows(heads, self.head, self.rope.rotated)
        return self._orders.get(heads)

    def ignores(self, name: str) -> bool:
        """See Family. While tied, Transformers saves the output beside the embeddings at times, and does not read it."""
        return super().ignores(name) or (self.tied and name == f"{self.output}.weight")
