"""Qwen 2 and 3 with a mixture of experts in every layer."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from zhiyin_models.convert.configuration import Configuration
from zhiyin_models.convert.families.decoder import linear
from zhiyin_models.convert.families.family import family
from zhiyin_models.convert.families.qwen import Qwen, Qwen3Attention
from zhiyin_models.convert.tensors import Metadata, Piece, Read, Target, TensorInfo

MOST_EXPERTS = 1024  # llama.cpp's LLAMA_MAX_EXPERTS


class Mixture(Qwen):
    """Every layer's network is a mixture: llama.cpp knows no dense layers among them.

    The hub's checkpoints hold each expert's matrices, others one tensor for all of a layer's, gate above up.
    """

    normalised: ClassVar[bool]  # llama.cpp's graph lets the chosen experts' weights sum to 1, or leaves them

    def __init__(self, config: Configuration, tensors: Mapping[str, TensorInfo]) -> None:
        super().__init__(config, tensors)
        self._together = any(name.endswith(".experts.gate_up_proj") for name in tensors)
        self.experts = config.integer("num_experts", "num_local_experts", high=MOST_EXPERTS)
        if not self._together and self.experts * self.layers > len(tensors):
            raise config.bad("num_experts", self.experts)
        self.used = config.integer("num_experts_per_tok", high=self.experts)
        self.expert_width = config.integer("moe_intermediate_size")
        if config.integer("decoder_sparse_step", low=0, default=1) != 1:
            raise config.bad("decoder_sparse_step", config.values["decoder_sparse_step"])
        if config.values.get("mlp_only_layers"):
            raise config.bad("mlp_only_layers", config.values["mlp_only_layers"])
        if config.flag("norm_topk_prob", default=False) != self.normalised:
            raise config.bad("norm_topk_prob", not self.normalised)

    def metadata(self) -> Metadata:
        """See Family."""
        return super().metadata() | {
            f"{self.architecture}.expert_count": self.experts,
            f"{self.architecture}.expert_used_count": self.used,
            f"{self.architecture}.expert_feed_forward_length": self.expert_width,
        }

    def network(self, target: str, source: str) -> Iterator[Target]:
        """The router, and the experts one by one."""
        yield from linear(f"{target}.ffn_gate_inp", f"{source}.gate", (self.experts, self.hidden))
        wide, narrow = (self.expert_width, self.hidden), (self.hidden, self.expert_width)
        fused = self._together
        for number, part in enumerate(("gate", "up")):
            pieces = self._halves(source, number) if fused else self._each(source, part, wide)
            yield Target(f"{target}.ffn_{part}_exps.weight", (self.experts, *wide), pieces)
        pieces = self._stacked(f"{source}.experts.down_proj", narrow) if fused else self._each(source, "down", narrow)
        yield Target(f"{target}.ffn_down_exps.weight", (self.experts, *narrow), pieces)

    def _each(self, source: str, part: str, shape: tuple[int, int]) -> tuple[Piece, ...]:
        return tuple(Piece(Read(f"{source}.experts.{number}.{part}_proj.weight", shape)) for number in range(self.experts))

    def _stacked(self, name: str, shape: tuple[int, int], within: tuple[int, int] | None = None) -> tuple[Piece, ...]:
        whole = (self.experts, *shape)
        return tuple(Piece(Read(name, whole, number, number + 1), within=within) for number in range(self.experts))

    def _halves(self, source: str, number: int) -> tuple[Piece, ...]:
        width = self.expert_width
        return self._stacked(f"{source}.experts.gate_up_proj", (2 * width, self.hidden), (number * width, (number + 1) * width))


@family("Qwen2MoeForCausalLM")
class Qwen2Moe(Mixture):
    """Biases on Q, K and V, and one more expert, of its own width, that every token passes through a gate of its own."""

    architecture = "qwen2moe"
    own_head = False
    normalised = False

    def __init__(self, config: Configuration, tensors: Mapping[str, TensorInfo]) -> None:
        super().__init__(config, tensors)
        self.attention_bias = config.flag("qkv_bias", default=True)
        self.shared_width = config.integer("shared_expert_intermediate_size")
        if self.tied:  # llama.cpp's loader wants an output
            raise config.bad("tie_word_embeddings", value=True)

    def metadata(self) -> Metadata:
        """See Family."""
        return super().metadata() | {f"{self.architecture}.expert_shared_feed_forward_length": self.shared_width}

    def network(self, target: str, source: str) -> Iterator[Target]:
        """The router, the experts, and the one that all share."""
        yield from super().network(target, source)
        gate = Piece(Read(f"{source}.shared_expert_gate.weight", (1, self.hidden)))
        yield Target(f"{target}.ffn_gate_inp_shexp.weight", (self.hidden,), (gate,))
        yield from linear(f"{target}.ffn_gate_shexp", f"{source}.shared_expert.gate_proj", (self.shared_width, self.hidden))
        yield from linear(f"{target}.ffn_up_shexp", f"{source}.shared_expert.up_proj", (self.shared_width, self.hidden))
        yield from linear(f"{target}.ffn_down_shexp", f"{source}.shared_expert.down_proj", (self.hidden, self.shared_width))


@family("Qwen3MoeForCausalLM")
class Qwen3Moe(Qwen3Attention, Mixture):
    """Attention as Qwen 3's; no expert that all share."""

    architecture = "qwen3moe"
    normalised = True
