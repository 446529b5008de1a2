"""What a family of models declares, and the registry in which its architecture is looked up."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, TypeVar

from zhiyin_models.convert.configuration import Configuration
from zhiyin_models.convert.tensors import Metadata, Target, TensorInfo
from zhiyin_models.errors import Failure

FAMILIES: dict[str, type["Family"]] = {}
Registered = TypeVar("Registered", bound="type[Family]")


class Family(ABC):
    """How one family's checkpoints become GGUF: made for one checkpoint's configuration and tensors.

    Constructing it checks the configuration (raises ModelError CONFIG_BAD), and nothing is read from the tensors but their shapes.
    """

    architecture: ClassVar[str]  # llama.cpp's name, the prefix of the metadata

    def __init__(self, config: Configuration, tensors: Mapping[str, TensorInfo]) -> None:
        self.config, self.tensors = config, tensors

    @abstractmethod
    def metadata(self) -> Metadata:
        """Everything under ``{architecture}.``, with its prefix; nothing of ``general.`` and ``tokenizer.``."""

    @abstractmethod
    def targets(self) -> Iterable[Target]:
        """Every tensor of the file. A tensor of the checkpoint that no target reads and ``ignores`` does not name is an error."""

    def ignores(self, name: str) -> bool:
        """Whether a tensor of the checkpoint is known to be of no use: saved rotary tables, masks, a tied copy of the output."""
        return name.endswith(("rotary_emb.inv_freq", "attn.bias", "attn.masked_bias"))

    @property
    def notices(self) -> tuple[Failure, ...]:
        """What the user should know of a model that will run, but not in every way as its makers meant."""
        return ()

    @property
    def tokenizer_hints(self) -> Mapping[str, object]:
        """What the family knows about its tokenizer and the tokenizer's files do not say. See ``tokenizers``."""
        return {}


def family(*architectures: str) -> Callable[[Registered], Registered]:
    """Register a class under the names that ``architectures`` in config.json uses."""

    def register(cls: Registered) -> Registered:
        for name in architectures:
            FAMILIES[name] = cls
        return cls

    return register
