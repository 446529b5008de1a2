"""GLM-4 as Transformers has it: GLM-4-9B (its ``-hf`` checkpoints) and GLM-4-0414 with GLM-Z1."""

from collections.abc import Iterator, Mapping

from zhiyin_models.convert.configuration import Configuration
from zhiyin_models.convert.families.chatglm import GLM4_HINTS
from zhiyin_models.convert.families.decoder import Decoder, linear
from zhiyin_models.convert.families.family import family
from zhiyin_models.convert.families.rope import Rope, RopeReader
from zhiyin_models.convert.tensors import Target, TensorInfo

SHARE = 0.5  # of each head that is rotated


@family("GlmForCausalLM")
class Glm(Decoder):
    """Neighbours of the first half of each head are rotated, in Transformers as in llama.cpp; gate above up in one projection."""

    architecture = "chatglm"
    own_head = False
    rope_partial = True
    context_default = 131072
    eps_default = 1.5625e-7
    head_default = 128

    def __init__(self, config: Configuration, tensors: Mapping[str, TensorInfo]) -> None:
        super().__init__(config, tensors)
        self.attention_bias = config.flag("attention_bias", default=True)

    def read_rope(self) -> Rope:
        """See Decoder."""
        return RopeReader(self.config, self.head, self.context, partial=True, share=SHARE).read()

    def network(self, target: str, source: str) -> Iterator[Target]:
        """See Decoder."""
        yield from linear(f"{target}.ffn_up", f"{source}.gate_up_proj", (2 * self.feed_forward, self.hidden))
        yield from linear(f"{target}.ffn_down", f"{source}.down_proj", (self.hidden, self.feed_forward))

    @property
    def tokenizer_hints(self) -> Mapping[str, object]:
        """See ``chatglm``: what the tokenizer puts in front of a text, and which token ends a turn."""
        return GLM4_HINTS


@family("Glm4ForCausalLM")
class Glm4(Glm):
    """As GLM-4-9B, with norms after both halves too."""

    architecture = "glm4"
    own_head = True

    def layer(self, target: str, source: str) -> Iterator[Target]:
        """See Decoder."""
        yield self.norm(f"{target}.attn_norm", f"{source}.input_layernorm")
        yield from self.attention(target, f"{source}.self_attn")
        yield self.norm(f"{target}.post_attention_norm", f"{source}.post_self_attn_layernorm")
        yield self.norm(f"{target}.ffn_norm", f"{source}.post_attention_layernorm")
        yield from self.network(target, f"{source}.mlp")
        yield self.norm(f"{target}.post_ffw_norm", f"{source}.post_mlp_layernorm")
