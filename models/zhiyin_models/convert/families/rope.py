"""Rotary positions: what config.json says of them, in either of its spellings, and how llama.cpp is told.

Transformers 4 writes ``rope_theta`` and ``rope_scaling``, Transformers 5 ``rope_parameters`` for both; its ``modeling_rope_utils`` has
what each kind of scaling means. What llama.cpp computes is in its ``llama-context.cpp`` and ggml's ``rope_yarn``.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from zhiyin_models.convert.configuration import Configuration
from zhiyin_models.convert.tensors import Matrix, Metadata, Piece, Target

THETA = 10000.0  # where config.json names no base
LARGEST_FACTOR = 1e6
PLAIN = ("default", "linear", "dynamic", "yarn")  # kinds of scaling that every graph of llama.cpp applies
FACTORS = ("llama3", "longrope")  # kinds that need tensors of factors
BETA_FAST, BETA_SLOW = 32.0, 1.0  # YaRN's; llama.cpp reads no others for our families


@dataclass(frozen=True, slots=True)
class Rope:
    """``metadata`` without the architecture's prefix; ``factors`` are tensors of the file, by which frequencies are divided."""

    rotated: int  # values of each head that are rotated
    metadata: Metadata
    factors: Mapping[str, Matrix] = field(default_factory=dict)

    def targets(self) -> list[Target]:
        """The tensors, which come from the configuration and not from the checkpoint."""
        return [Target(name, values.shape, (Piece(constant=values),)) for name, values in self.factors.items()]


@dataclass(frozen=True, slots=True)
class RopeReader:
    """Reads one family's rotary positions. Every method raises ModelError CONFIG_BAD.

    ``head`` is a head's size, ``context`` the trained length in tokens. ``kinds`` of scaling are those that the family knows and that
    its graph in llama.cpp applies; ``partial``: whether that rotates a part of each head; ``renamed``: names of kinds that are others
    by now.
    """

    config: Configuration
    head: int
    context: int
    kinds: tuple[str, ...] = PLAIN
    partial: bool = False
    theta: float = THETA
    share: float = 1.0  # the part of each head that is rotated, where the configuration does not say
    renamed: Mapping[str, str] = field(default_factory=dict)

    def read(self) -> Rope:
        """The configuration's rotary positions."""
        sections = (self.config.section("rope_scaling"), self.config.section("rope_parameters"))
        return self.of(next((section for section in sections if section and section.values), Configuration({}, self.config.path)))

    def of(self, section: Configuration) -> Rope:
        """Those that a section of the configuration describes."""
        rotated = self._rotated(section)
        metadata: Metadata = {"rope.dimension_count": rotated, "rope.freq_base": self._theta(section)}
        kind = section.words("rope_type", "type", default="default")
        kind = self.renamed.get(kind, kind)
        if kind not in self.kinds:
            raise section.bad("rope_type", kind)
        if kind in ("default", "dynamic"):  # dynamic: nothing changes before the context's end, and llama.cpp's context ends there
            return Rope(rotated, metadata)
        if kind == "linear":
            return Rope(rotated, {**metadata, "rope.scaling.type": "linear", "rope.scaling.factor": self._factor(section)})
        if kind == "yarn":
            return Rope(rotated, {**metadata, **self._yarn(section)})
        if kind == "llama3":
            return Rope(rotated, metadata, {"rope_freqs.weight": self._llama3(section, rotated)})
        return self._longrope(section, rotated, metadata)

    def _theta(self, section: Configuration) -> float:
        where = section if section.has("rope_theta") else self.config
        return where.number("rope_theta", low=2, high=1e15, default=self.theta)

    def _rotated(self, section: Configuration) -> int:
        where = section if section.has("partial_rotary_factor") else self.config
        share = where.number("partial_rotary_factor", low=0, high=1, default=self.share)
        rotated = int(self.head * share)
        if rotated < 2 or rotated % 2 or (rotated != self.head and not self.partial):
            raise where.bad("partial_rotary_factor", share)
        return rotated

    def _factor(self, section: Configuration, low: float = 1e-3) -> float:
        return section.number("factor", low=low, high=LARGEST_FACTOR)

    def _original(self, section: Configuration) -> int:
        where = self.config if self.config.has("original_max_position_embeddings") else section
        return where.integer("original_max_position_embeddings", low=2, default=self.context)

    def _stretch(self, section: Configuration, original: int) -> float:
        return self._factor(section) if section.has("factor") else self.context / original

    def _yarn(self, section: Configuration) -> Metadata:
        original = self._original(section)
        factor = self._stretch(section, original)
        if factor < 1:
            raise section.bad("factor", factor)
        for key, only in (("beta_fast", BETA_FAST), ("beta_slow", BETA_SLOW)):
            if section.has(key) and section.number(key) != only:
                raise section.bad(key, section.values[key])
        if not section.flag("truncate", default=True):
            raise section.bad("truncate", section.values["truncate"])
        usual = _mscale(factor, 1.0)  # what llama.cpp multiplies by on its own
        wanted = usual
        if section.has("attention_factor"):
            wanted = section.number("attention_factor", low=0, high=LARGEST_FACTOR)
        elif section.values.get("mscale") and section.values.get("mscale_all_dim"):
            scales = [section.number(key, low=0, high=LARGEST_FACTOR) for key in ("mscale", "mscale_all_dim")]
            wanted = _mscale(factor, scales[0]) / _mscale(factor, scales[1])
        metadata: Metadata = {
            "rope.scaling.type": "yarn",
            "rope.scaling.factor": factor,
            "rope.scaling.original_context_length": original,
        }
        if wanted != usual:
            metadata["rope.scaling.attn_factor"] = wanted / usual
        return metadata

    def _llama3(self, section: Configuration, rotated: int) -> Matrix:
        factor = self._factor(section)
        low = section.number("low_freq_factor", low=1e-3, high=LARGEST_FACTOR)
        high = section.number("high_freq_factor", low=1e-3, high=LARGEST_FACTOR)
        if high <= low:
            raise section.bad("high_freq_factor", high)
        original = self._original(section)
        wavelengths = 2 * math.pi * self._theta(section) ** (np.arange(0, rotated, 2, dtype=np.float64) / rotated)
        # 0 where a wave is too long to have been seen whole (its frequency is divided), 1 where it is short (its frequency stays)
        smooth = np.clip((original / wavelengths - low) / (high - low), 0, 1)
        return (1 / ((1 - smooth) / factor + smooth)).astype(np.float32)

    def _longrope(self, section: Configuration, rotated: int, metadata: Metadata) -> Rope:
        factors: dict[str, Matrix] = {}
        for key, name in (("long_factor", "rope_factors_long.weight"), ("short_factor", "rope_factors_short.weight")):
            values = section.numbers(key, low=1e-6, high=LARGEST_FACTOR)
            if len(values) != rotated // 2:
                raise section.bad(key, len(values))
            factors[name] = np.array(values, np.float32)
        original = self._original(section)
        stretch = self._stretch(section, original)
        if section.has("attention_factor"):
            attention = section.number("attention_factor", low=0, high=LARGEST_FACTOR)
        else:
            attention = math.sqrt(1 + math.log(stretch) / math.log(original)) if stretch > 1 else 1.0
        metadata = {
            **metadata,
            "rope.scaling.type": "longrope",
            "rope.scaling.original_context_length": original,
            "rope.scaling.attn_factor": attention,
        }
        return Rope(rotated, metadata, factors)


def _mscale(factor: float, scale: float) -> float:
    return 0.1 * scale * math.log(factor) + 1.0 if factor > 1 else 1.0
