"""What a hub has, as it crosses borders. Light: only values. Sizes are bytes, times are seconds since 1970."""

from enum import StrEnum
from typing import Literal

from msgspec import Struct

SourceKind = Literal["huggingface", "modelscope", "url"]
RepositoryKind = Literal["gguf", "checkpoint", "other"]


class Sort(StrEnum):
    """How results of a search are ordered, best first."""

    TREND = "trend"
    DOWNLOADS = "downloads"
    LIKES = "likes"
    UPDATED = "updated"


class RemoteFile(Struct, frozen=True):
    """One file of a repository; ``path`` is relative to it, with slashes (for a plain address: a file name)."""

    path: str
    size: int = -1  # unknown
    sha256: str = ""  # unknown


class Shape(Struct, frozen=True):
    """What memory depends on, of a model that is not here yet: from its file's header, its config.json, or guessed from its size.

    A number that is not known is 0.
    """

    parameters: int = 0
    layers: int = 0
    embedding: int = 0
    heads: int = 0
    kv_heads: int = 0
    key_length: int = 0
    value_length: int = 0
    vocabulary: int = 0
    trained_context: int = 0
    architecture: str = ""
    guessed: bool = False  # from the number of parameters alone
    heads_of_layers: int = 0  # KV heads of all layers together, where layers differ; else layers × kv_heads
    latent: bool = False  # only compressed keys are kept (multi-head latent attention)
    feed_forward: int = 0
    active: int = 0  # parameters that are read for one token, where those are not all (experts)


class Variant(Struct, frozen=True):
    """One model of a GGUF repository as a person picks it: one quant type, in one file or a split set (in order)."""

    name: str  # of the file, without part numbers and ending
    quant: str  # Q4_K_M …; "" when the name does not say
    files: tuple[RemoteFile, ...]
    projectors: tuple[RemoteFile, ...] = ()  # mmproj files that belong to it

    @property
    def size(self) -> int:
        """Of its files without projectors; -1 when one of them is unknown."""
        return -1 if any(file.size < 0 for file in self.files) else sum(file.size for file in self.files)


class Repository(Struct, frozen=True):
    """One result of a search. ``source`` names the source it was found at, as in ``HubSettings``."""

    source: str
    id: str  # owner/name
    kind: RepositoryKind = "other"
    task: str = ""  # text-generation …
    downloads: int = 0
    likes: int = 0
    created: float = 0.0
    updated: float = 0.0
    licence: str = ""
    languages: tuple[str, ...] = ()  # zh, en …
    tags: tuple[str, ...] = ()
    gated: Literal["", "auto", "manual"] = ""  # whether its licence has to be accepted on its page first
    private: bool = False
    parameters: int = 0
    architecture: str = ""
    trained_context: int = 0

    @property
    def author(self) -> str:
        """Who owns it."""
        return self.id.partition("/")[0]

    @property
    def name(self) -> str:
        """Without its owner."""
        return self.id.rpartition("/")[2]


class Details(Struct, frozen=True):
    """A repository at one revision, with everything that can be picked from it."""

    repository: Repository
    revision: str  # the commit that everything here was read at
    variants: tuple[Variant, ...] = ()
    checkpoint: tuple[RemoteFile, ...] = ()  # what a conversion needs, where it holds a checkpoint
    base: tuple[str, ...] = ()  # ids of the models it was made from
    card: str = ""  # README.md without its metadata block: Markdown from outside
    page: str = ""  # its address for people; also where a licence is accepted
    shape: Shape = Shape()


class SearchQuery(Struct, frozen=True):
    """What to look for; empty fields do not matter."""

    text: str = ""
    author: str = ""
    task: str = ""
    licence: str = ""
    language: str = ""
    kind: Literal["gguf", "checkpoint", "any"] = "gguf"
    least_parameters: int = 0
    most_parameters: int = 0  # 0: no limit
    sort: Sort = Sort.TREND
    limit: int = 30


class Results(Struct, frozen=True):
    """Some results, and how to ask for more ("" when there are none)."""

    repositories: tuple[Repository, ...]
    more: str = ""


class SourceHealth(Struct, frozen=True):
    """Whether a source answers: the milliseconds that took, or why not."""

    name: str
    milliseconds: float = 0.0
    problem: str = ""  # a Code; "" when it is well
    detail: str = ""  # its arguments in words, for a log
    args: dict[str, str | int | float] = {}  # the code's arguments
