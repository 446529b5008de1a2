"""Llama 1 to 3 and everything built like it: Alpaca, Vicuna, Yi, SmolLM2, TinyLlama."""

from collections.abc import Mapping

from zhiyin_models.convert.configuration import Configuration
from zhiyin_models.convert.families.decoder import Decoder
from zhiyin_models.convert.families.family import family
from zhiyin_models.convert.families.rope import FACTORS, PLAIN
from zhiyin_models.convert.tensors import TensorInfo


@family("LlamaForCausalLM", "LLaMAForCausalLM")  # the latter in the first conversions of Llama 1
class Llama(Decoder):
    """llama.cpp rotates neighbouring values of a head here, Transformers its halves: the rows of Q and K change places."""

    architecture = "llama"
    permuted = True
    rope_kinds = (*PLAIN, *FACTORS)
    context_default = 2048

    def __init__(self, config: Configuration, tensors: Mapping[str, TensorInfo]) -> None:
        super().__init__(config, tensors)
        self.attention_bias = self.output_bias = config.flag("attention_bias", default=False)
        self.feed_forward_bias = config.flag("mlp_bias", default=False)
