"""Qwen 2, 2.5 and 3 (通义千问), dense and with a mixture of experts."""

from collections.abc import Iterator, Mapping

from zhiyin_models.convert.configuration import Configuration
from zhiyin_models.convert.families.decoder import Decoder, linear
from zhiyin_models.convert.families.family import family
from zhiyin_models.convert.tensors import Metadata, Piece, Read, Target, TensorInfo

MOST_EXPERTS = 1024  # llama.cpp's LLAMA_MAX_EXPERTS


class Qwen(Decoder):
    """What all share: a sliding window of the later layers, seldom used (``use_sliding_window``), which llama.cpp does not apply."""

    context_default = 32768

    def __init__(self, config: Configuration, tensors: Mapping[str, TensorInfo]) -> None:
        super().__init__(config, tensors)
        self._window = config.integer("sliding_window", default=4096) if config.flag("use_sliding_window", default=False) else 0
        if self._window and config.integer("max_window_layers", low=0, default=28) >= self.layers:
            self._window = 0

    @property
    def unused_window(self) -> int:
        """See Decoder."""
        return self._window


@family("Qwen2ForCausalLM")
class Qwen2(Qwen):
    """Biases on Q, K and V."""

    architecture = "qwen2"
    own_head = False
    attention_bias = True


class Qwen3Attention(Qwen):
    """What both kinds of Qwen 3 share: norms of each head of Q and K, and no biases."""

    head_norms = True

    def __init__(self, config: Configuration, tensors: Mapping[str, TensorInfo]) -> None:
        super().__init__(config, tensors)
        if config.flag("attention_bias", default=False):  # llama.cpp's graph has none after attention
            raise config.bad("attention_bias", value=True)


@family("Qwen3ForCausalLM")
class Qwen3(Qwen3Attention):
    """Dense."""

    architecture = "qwen3"
    head_default = 128


@family("Qwen3MoeForCausalLM")
class Qwen3Moe(Qwen3Attention):
    """Every layer's network is a mixture: llama.cpp knows no dense layers among them, and always lets the chosen experts' weights sum to 1.

    The hub's checkpoints hold each expert's matrices, others one tensor for all of a layer's, gate above up.
    """

    architecture = "qwen3moe"

    def __init__(self, config: Configuration, tensors: Mapping[str, TensorInfo]) -> None:
        super().__init__(config, tensors)
        self._together = any(name.endswith(".experts.gate_up_proj") for name in tensors)
        self.experts = config.integer("num_experts", "num_local_experts", low=1, high=MOST_EXPERTS)
        if not self._together and self.experts * self.layers > len(tensors):
            raise config.bad("num_experts", self.experts)
        self.used = config.integer("num_experts_per_tok", low=1, high=self.experts)
        self.expert_width = config.integer("moe_intermediate_size")
        if config.integer("decoder_sparse_step", low=0, default=1) != 1:
            raise config.bad("decoder_sparse_step", config.values["decoder_sparse_step"])
        if config.values.get("mlp_only_layers"):
            raise config.bad("mlp_only_layers", config.values["mlp_only_layers"])
        if not config.flag("norm_topk_prob", default=False):
            raise config.bad("norm_topk_prob", value=False)

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
