"""The chain of samplers, wholly in C; a sampler at its neutral setting is left out, because even a neutral one costs time per token."""

import secrets
from collections.abc import Sequence
from typing import Any

import msgspec
from llama_cpp import llama_cpp

from zhiyin_models.engine.protocol import Sampling
from zhiyin_models.engine.vocabulary import Vocabulary
from zhiyin_models.errors import Code, ModelError

GREATEST = 1e6
RANGES = {
    "temperature": (0, GREATEST),
    "top_k": (0, 2**31 - 1),
    "top_p": (0, 1),
    "min_p": (0, 1),
    "typical_p": (0, 1),
    "repeat_penalty": (0, GREATEST),
    "frequency_penalty": (-GREATEST, GREATEST),
    "presence_penalty": (-GREATEST, GREATEST),
    "penalty_last_n": (-1, 2**31 - 1),
}
MAX_SEED = 0xFFFFFFFE  # 0xFFFFFFFF asks llama.cpp for a random one


def with_seed(sampling: Sampling) -> Sampling:
    """The same settings with a seed that can be reported, chosen when there is none."""
    seed = secrets.randbelow(MAX_SEED) if sampling.seed is None else sampling.seed % (MAX_SEED + 1)
    return msgspec.structs.replace(sampling, seed=seed)


def check_settings(sampling: Sampling) -> None:
    """Raises REQUEST_BAD for settings that no sampler has a meaning for."""
    for name, (low, high) in RANGES.items():
        value = getattr(sampling, name)
        if not low <= value <= high:  # not a number is neither
            raise ModelError(Code.REQUEST_BAD, detail=f"{name} is {value:g}, and may be {low:g} to {high:g}")


class SamplerChain:
    """Penalties, top-k, typical, top-p, min-p, temperature, then a draw (greedy at temperature 0): llama.cpp's own order."""

    def __init__(self, sampling: Sampling, vocabulary: Vocabulary, *, seed_offset: int = 0) -> None:
        parameters = llama_cpp.llama_sampler_chain_default_params()
        parameters.no_perf = True
        self.pointer = llama_cpp.llama_sampler_chain_init(parameters)
        self.names: list[str] = []
        self._remembered = 0
        if sampling.penalty_last_n and (sampling.repeat_penalty not in (0, 1) or sampling.frequency_penalty or sampling.presence_penalty):
            self._remembered = max(1, min(sampling.penalty_last_n, 1 << 20)) if sampling.penalty_last_n > 0 else 1 << 20
            self._add(
                "penalties",
                llama_cpp.llama_sampler_init_penalties(
                    vocabulary.size,
                    self._remembered,
                    sampling.repeat_penalty if sampling.repeat_penalty > 0 else 1.0,
                    sampling.frequency_penalty,
                    sampling.presence_penalty,
                ),
            )
        if sampling.temperature <= 0:
            self._add("greedy", llama_cpp.llama_sampler_init_greedy())
            return
        if sampling.top_k > 0:
            self._add("top_k", llama_cpp.llama_sampler_init_top_k(sampling.top_k))
        if 0 < sampling.typical_p < 1:
            self._add("typical", llama_cpp.llama_sampler_init_typical(sampling.typical_p, 1))
        if 0 <= sampling.top_p < 1:
            self._add("top_p", llama_cpp.llama_sampler_init_top_p(sampling.top_p, 1))
        if sampling.min_p > 0:
            self._add("min_p", llama_cpp.llama_sampler_init_min_p(sampling.min_p, 1))
        if sampling.temperature != 1:
            self._add("temperature", llama_cpp.llama_sampler_init_temp(sampling.temperature))
        self._add("dist", llama_cpp.llama_sampler_init_dist(((sampling.seed or 0) + seed_offset) % (MAX_SEED + 1)))

    def _add(self, name: str, sampler: Any) -> None:
        llama_cpp.llama_sampler_chain_add(self.pointer, sampler)
        self.names.append(name)

    def accept(self, tokens: Sequence[int]) -> None:
        """Let the penalties know what came before the reply."""
        for token in tokens[-self._remembered :] if self._remembered else ():
            llama_cpp.llama_sampler_accept(self.pointer, token)

    def close(self) -> None:
        """Free the chain."""
        if self.pointer is not None:
            llama_cpp.llama_sampler_free(self.pointer)
            self.pointer = None
