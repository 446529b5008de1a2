"""The adapter_config.json of a PEFT adapter: what the adapter is, in words that the merging can rely on.

Source of the meanings: PEFT's ``LoraConfig`` and ``LoraModel``. A kind that is not a sum of low-rank products, and an option that changes
what the saved numbers mean, are refused by name.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zhiyin_models.convert.configuration import Configuration
from zhiyin_models.convert.name_pattern import NamePattern
from zhiyin_models.convert.source_files import SourceFolder, shown
from zhiyin_models.errors import Code, ModelError

NAME = "adapter_config.json"
LARGEST = 4 << 20  # bytes
MOST_ALPHA = 1e6
MOST_PATTERNS = 4096
MOST_TOKENS = 1 << 20

# These change the base, or the product, in ways that the saved A and B do not tell.
CHANGED_BASE = re.compile(r"(pissa|olora|corda|loftq|lora_ga|mica)")
OPTIONS = (
    "layer_replication",
    "alora_invocation_tokens",
    "target_parameters",
    "use_qalora",
    "use_bdlora",
    "arrow_config",
    "kasa_config",
    "monteclora_config",
    "velora_config",
)
HEADS = frozenset({"SEQ_CLS", "TOKEN_CLS", "QUESTION_ANS"})


@dataclass(frozen=True)
class AdapterConfig:
    """What the adapter's configuration says. Ranks and alphas of single layers are asked by the layer's name."""

    rank: int
    alpha: float
    ranks: tuple[tuple[NamePattern, int], ...]
    alphas: tuple[tuple[NamePattern, float], ...]
    rank_stabilised: bool
    weight_decomposed: bool
    transposed: bool  # fan_in_fan_out: layers store (in, out)
    lora_bias: bool
    base: str
    token_indices: Mapping[str, tuple[int, ...]]  # by the end of the module's name; "" for the input embeddings

    @property
    def kind(self) -> str:
        """LoRA, rsLoRA or DoRA."""
        return "DoRA" if self.weight_decomposed else "rsLoRA" if self.rank_stabilised else "LoRA"

    def rank_of(self, module: str) -> int:
        """The first pattern that fits decides."""
        return next((value for pattern, value in self.ranks if pattern.fits(module)), self.rank)

    def scale_of(self, module: str) -> float:
        """What the product of B and A is multiplied by: alpha / rank, or alpha / √rank where it is rank-stabilised."""
        rank = self.rank_of(module)
        alpha = next((value for pattern, value in self.alphas if pattern.fits(module)), self.alpha)
        return alpha / (math.sqrt(rank) if self.rank_stabilised else rank)


def read_config(folder: SourceFolder) -> AdapterConfig:
    """Raises ModelError ADAPTER_BAD, ADAPTER_UNSUPPORTED, CONFIG_BAD, SOURCE_UNREADABLE."""
    values = folder.json(NAME, LARGEST)
    if values is None:
        raise ModelError(Code.ADAPTER_BAD, path=shown(folder.path), detail=f"{NAME} is missing")
    if not isinstance(values, dict):
        raise folder.bad(NAME, "not an object")
    config = Configuration(values, shown(folder.path / NAME))
    _refuse(folder.path, config)
    rank_stabilised, weight_decomposed = config.flag("use_rslora", default=False), config.flag("use_dora", default=False)
    lora_bias = config.flag("lora_bias", default=False)
    if lora_bias and weight_decomposed:
        raise unsupported(folder.path, "lora_bias with use_dora")
    return AdapterConfig(
        rank=config.integer("r"),
        alpha=config.number("lora_alpha", low=-MOST_ALPHA, high=MOST_ALPHA),
        ranks=tuple((pattern, one.integer(key)) for pattern, one, key in _patterns(folder.path, config, "rank_pattern")),
        alphas=tuple(
            (pattern, one.number(key, low=-MOST_ALPHA, high=MOST_ALPHA))
            for pattern, one, key in _patterns(folder.path, config, "alpha_pattern")
        ),
        rank_stabilised=rank_stabilised,
        weight_decomposed=weight_decomposed,
        transposed=config.flag("fan_in_fan_out", default=False),
        lora_bias=lora_bias,
        base=shown(config.words("base_model_name_or_path", default=""))[:256],
        token_indices=_token_indices(config),
    )


def bad(path: Path, detail: str) -> ModelError:
    """What is wrong with an adapter."""
    return ModelError(Code.ADAPTER_BAD, path=shown(path), detail=shown(detail)[:160])


def unsupported(path: Path, detail: str) -> ModelError:
    """What cannot be done, by name."""
    return ModelError(Code.ADAPTER_UNSUPPORTED, path=shown(path), detail=shown(detail)[:120])


def _refuse(path: Path, config: Configuration) -> None:
    kind = config.words("peft_type")
    if kind.upper() != "LORA":
        raise unsupported(path, kind)
    task = config.values.get("task_type")
    if isinstance(task, str) and task in HEADS:
        raise unsupported(path, f"task_type {task}")
    for option in OPTIONS:
        if config.values.get(option):
            raise unsupported(path, option)
    start = config.values.get("init_lora_weights")
    if isinstance(start, str) and CHANGED_BASE.match(start.lower()):
        raise unsupported(path, f"init_lora_weights {start}")


def _patterns(path: Path, config: Configuration, key: str) -> list[tuple[NamePattern, Configuration, str]]:
    """The patterns of an option, each with the section and the key that its value is read by."""
    section = config.section(key)
    if section is None:
        return []
    if len(section.values) > MOST_PATTERNS:
        raise config.bad(key, f"{len(section.values)} patterns")
    found = []
    for name in section.values:
        try:
            found.append((NamePattern(name), section, name))
        except ValueError:
            raise unsupported(path, f"{key} {name}") from None
    return found


def _token_indices(config: Configuration) -> dict[str, tuple[int, ...]]:
    value: Any = config.values.get("trainable_token_indices")
    if value is None:
        return {}
    named = value if isinstance(value, dict) else {"": value}
    for indices in named.values():
        if not isinstance(indices, list) or len(indices) > MOST_TOKENS or not all(type(one) is int and one >= 0 for one in indices):
            raise config.bad("trainable_token_indices", indices)
    return {str(name): tuple(indices) for name, indices in named.items()}
