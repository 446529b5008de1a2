"""GPT-2, and the Chinese models in GPT-3's style that are built like it."""

from collections.abc import Iterator, Mapping

from zhiyin_models.convert.configuration import Configuration
from zhiyin_models.convert.families.decoder import MOST_HEADS, WIDEST, check_activation, layer_count, linear, vector, vocabulary_rows
from zhiyin_models.convert.families.family import Family, family
from zhiyin_models.convert.tensors import Metadata, Piece, Read, Target, TensorInfo

GELU = ("gelu_new", "gelu_pytorch_tanh", "gelu_fast")  # three names of the tanh approximation, which is ggml's GELU
# What llama.cpp's graph takes for granted.
FIXED = {"scale_attn_weights": True, "scale_attn_by_inverse_layer_idx": False, "add_cross_attention": False}


@family("GPT2LMHeadModel")
class GPT2(Family):
    """Learned positions, layer norms, biases everywhere, and matrices stored as (in, out). Names with or without ``transformer.``"""

    architecture = "gpt2"

    def __init__(self, config: Configuration, tensors: Mapping[str, TensorInfo]) -> None:
        super().__init__(config, tensors)
        check_activation(config, "activation_function", GELU, "gelu_new")
        for key, wanted in FIXED.items():
            if config.flag(key, default=wanted) != wanted:
                raise config.bad(key, config.values[key])
        self.layers = layer_count(config, tensors, "n_layer", "num_hidden_layers")
        self.hidden = config.integer("n_embd", "hidden_size", high=WIDEST)
        self.heads = config.integer("n_head", "num_attention_heads", high=MOST_HEADS)
        if self.hidden % self.heads or self.hidden == self.heads:  # a head of one value stops llama.cpp's process
            raise config.bad("n_head", self.heads)
        self.feed_forward = config.integer("n_inner", "intermediate_size", default=4 * self.hidden)
        self.context = config.integer("n_positions", "n_ctx", "max_position_embeddings", default=1024)
        self.eps = config.number("layer_norm_epsilon", low=0, high=1, default=1e-5)
        self.tied = config.flag("tie_word_embeddings", default=True)
        self.prefix = "transformer." if "transformer.wte.weight" in tensors else ""
        self.rows = vocabulary_rows(config, tensors, f"{self.prefix}wte.weight", self.hidden)

    def metadata(self) -> Metadata:
        """See Family."""
        values: Metadata = {
            "vocab_size": self.rows,
            "block_count": self.layers,
            "context_length": self.context,
            "embedding_length": self.hidden,
            "feed_forward_length": self.feed_forward,
            "attention.head_count": self.heads,
            "attention.layer_norm_epsilon": self.eps,
        }
        return {f"{self.architecture}.{key}": value for key, value in values.items()}

    def targets(self) -> Iterator[Target]:
        """See Family."""
        yield from linear("token_embd", f"{self.prefix}wte", (self.rows, self.hidden))
        yield from linear("position_embd", f"{self.prefix}wpe", (self.context, self.hidden))
        yield from self._norm("output_norm", f"{self.prefix}ln_f")
        if not self.tied:
            yield from linear("output", "lm_head", (self.rows, self.hidden))
        for number in range(self.layers):
            target, source = f"blk.{number}", f"{self.prefix}h.{number}"
            yield from self._norm(f"{target}.attn_norm", f"{source}.ln_1")
            yield from _turned(f"{target}.attn_qkv", f"{source}.attn.c_attn", (self.hidden, 3 * self.hidden))
            yield from _turned(f"{target}.attn_output", f"{source}.attn.c_proj", (self.hidden, self.hidden))
            yield from self._norm(f"{target}.ffn_norm", f"{source}.ln_2")
            yield from _turned(f"{target}.ffn_up", f"{source}.mlp.c_fc", (self.hidden, self.feed_forward))
            yield from _turned(f"{target}.ffn_down", f"{source}.mlp.c_proj", (self.feed_forward, self.hidden))

    def ignores(self, name: str) -> bool:
        """See Family: the causal masks, and a copy of the tied output."""
        return name.endswith((".attn.bias", ".attn.masked_bias")) or (self.tied and name == "lm_head.weight")

    def _norm(self, target: str, source: str) -> Iterator[Target]:
        yield vector(f"{target}.weight", f"{source}.weight", self.hidden)
        yield vector(f"{target}.bias", f"{source}.bias", self.hidden)


def _turned(target: str, source: str, shape: tuple[int, int]) -> Iterator[Target]:
    """A projection of ``shape`` (in, out) with its bias."""
    yield Target(f"{target}.weight", shape[::-1], (Piece(Read(f"{source}.weight", shape), transpose=True),))
    yield vector(f"{target}.bias", f"{source}.bias", shape[1])
