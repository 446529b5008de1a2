"""InternLM2 and 2.5: Q, K and V in one projection, group by group."""

from collections.abc import Iterator, Mapping

import numpy as np

from zhiyin_models.convert.configuration import Configuration
from zhiyin_models.convert.families.decoder import Decoder, Rows, linear
from zhiyin_models.convert.families.family import family
from zhiyin_models.convert.tensors import Piece, Read, Target, TensorInfo


@family("InternLM2ForCausalLM")
class InternLM2(Decoder):
    """A group is the heads of Q that share one head of K and V, and these two behind them. Halves of a head are rotated, as in Llama."""

    architecture = "internlm2"
    own_head = False
    permuted = True
    context_default = 2048
    rope_kinds = ("default", "dynamic", "linear")
    embeddings = "model.tok_embeddings"
    output = "output"

    def __init__(self, config: Configuration, tensors: Mapping[str, TensorInfo]) -> None:
        super().__init__(config, tensors)
        if config.flag("bias", default=True):  # what its code takes where nothing is said; llama.cpp has none after attention
            raise config.bad("bias", value=True)

    def targets(self) -> Iterator[Target]:
        """See Decoder. llama.cpp wants an output of its own."""
        yield from super().targets()
        if self.tied:
            yield from linear("output", self.embeddings, (self.rows, self.hidden))

    def layer(self, target: str, source: str) -> Iterator[Target]:
        """See Decoder."""
        yield self.norm(f"{target}.attn_norm", f"{source}.attention_norm")
        yield from self.attention(target, f"{source}.attention")
        yield self.norm(f"{target}.ffn_norm", f"{source}.ffn_norm")
        out, back = (self.feed_forward, self.hidden), (self.hidden, self.feed_forward)
        yield from linear(f"{target}.ffn_gate", f"{source}.feed_forward.w1", out)
        yield from linear(f"{target}.ffn_up", f"{source}.feed_forward.w3", out)
        yield from linear(f"{target}.ffn_down", f"{source}.feed_forward.w2", back)

    def attention(self, target: str, source: str) -> Iterator[Target]:
        """See Decoder."""
        group = self.heads // self.kv_heads
        rows: Rows = np.arange((group + 2) * self.kv_heads * self.head, dtype=np.intp)
        read = Read(f"{source}.wqkv.weight", (len(rows), self.hidden))
        rows = rows.reshape(self.kv_heads, group + 2, self.head)
        for name, part, heads in (("q", slice(0, group), self.heads), ("k", group, self.kv_heads), ("v", group + 1, self.kv_heads)):
            take = rows[:, part].reshape(-1)
            order = self.rotary(heads) if name != "v" else None
            piece = Piece(read, take=take if order is None else take[order])
            yield Target(f"{target}.attn_{name}.weight", (len(take), self.hidden), (piece,))
        yield from linear(f"{target}.attn_output", f"{source}.wo", (self.hidden, self.hidden))

    @property
    def tokenizer_hints(self) -> Mapping[str, object]:
        """Every text begins with BOS; the chat models end a turn with a token that their configuration does not name."""
        return {"add_bos": True, "end_tokens": ["<|im_end|>"]}
