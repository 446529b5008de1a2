"""Phi-3, Phi-3.5 and Phi-4: fused projections, which llama.cpp's graph splits itself, and LongRoPE."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from zhiyin_models.convert.configuration import Configuration
from zhiyin_models.convert.families.decoder import Decoder, linear
from zhiyin_models.convert.families.family import family
from zhiyin_models.convert.tensors import Metadata, Target, TensorInfo


@family("Phi3ForCausalLM")
class Phi3(Decoder):
    """Q, K and V in one projection; gate above up in another.

    llama.cpp chooses between LongRoPE's long and short factors by the size of the context, Transformers by the length of the text. Its
    sliding window is one that llama.cpp reads and does not apply.
    """

    architecture = "phi3"
    own_head = False
    rope_kinds = ("default", "longrope")
    context_default = 4096
    eps_default = 1e-5
    rope_partial = True
    rope_renamed: ClassVar = {"su": "longrope", "yarn": "longrope"}  # names of its first checkpoints

    def __init__(self, config: Configuration, tensors: Mapping[str, TensorInfo]) -> None:
        super().__init__(config, tensors)
        self._window = config.integer("sliding_window", low=0, default=0)

    @property
    def unused_window(self) -> int:
        """See Decoder."""
        return self._window

    def metadata(self) -> Metadata:
        """See Family. A window of 0 says that there is none."""
        return super().metadata() | {f"{self.architecture}.attention.sliding_window": self._window}

    def attention(self, target: str, source: str) -> Iterator[Target]:
        """See Decoder."""
        wide = (self.heads + 2 * self.kv_heads) * self.head
        yield from linear(f"{target}.attn_qkv", f"{source}.qkv_proj", (wide, self.hidden))
        yield from linear(f"{target}.attn_output", f"{source}.o_proj", (self.hidden, self.hidden))

    def network(self, target: str, source: str) -> Iterator[Target]:
        """See Decoder."""
        yield from linear(f"{target}.ffn_up", f"{source}.gate_up_proj", (2 * self.feed_forward, self.hidden))
        yield from linear(f"{target}.ffn_down", f"{source}.down_proj", (self.hidden, self.feed_forward))
