"""Qwen 2, 2.5 and 3 (通义千问)."""

from collections.abc import Mapping

from zhiyin_models.convert.configuration import Configuration
from zhiyin_models.convert.families.decoder import Decoder
from zhiyin_models.convert.families.family import family
from zhiyin_models.convert.tensors import TensorInfo


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
