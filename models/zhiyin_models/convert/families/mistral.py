"""Mistral 7B and its kin: Llama's tensors, and a sliding window that llama.cpp does not apply."""

from collections.abc import Mapping

from zhiyin_models.convert.configuration import Configuration
from zhiyin_models.convert.families.decoder import Decoder
from zhiyin_models.convert.families.family import family
from zhiyin_models.convert.families.rope import FACTORS, PLAIN
from zhiyin_models.convert.tensors import TensorInfo


@family("MistralForCausalLM")
class Mistral(Decoder):
    """llama.cpp runs it as a Llama, whose attention always sees everything: within the window the same, beyond it more than trained."""

    architecture = "llama"
    permuted = True
    rope_kinds = (*PLAIN, *FACTORS)
    context_default = 131072

    def __init__(self, config: Configuration, tensors: Mapping[str, TensorInfo]) -> None:
        super().__init__(config, tensors)
        self._window = config.integer("sliding_window", low=0, default=0)

    @property
    def unused_window(self) -> int:
        """See Decoder."""
        return self._window
