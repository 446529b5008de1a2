"""What the view of hubs shows, as values: rows of a list, one repository in detail, what is being looked at at an address."""

from dataclasses import dataclass, field
from typing import Literal

from zhiyin_models.hub.values import Details, RemoteFile, Repository, Variant

Verdict = Literal["", "gpu", "partly", "cpu", "no"]  # "": not known
State = Literal["", "asking", "queued", "running", "paused", "failed", "installed", "newer"]  # newer than what is here

BEST, CHOSEN, FOUND = "best", "chosen", "found"  # sections of the list


@dataclass(frozen=True, slots=True)
class Fit:
    """How a model would do on this computer: bytes of memory it needs, and tokens a second where they can be told."""

    verdict: Verdict = ""
    need: int = 0
    speed: float | None = None
    guessed: bool = False  # from its number of parameters alone
    room: int = 0  # of what does not fit: the context with which it would; 0 for none


UNKNOWN = Fit()


@dataclass(frozen=True, slots=True)
class RepositoryRow:
    """A repository in the list: a result of a search, or one of the catalogue with what it is good for and its best file here."""

    repository: Repository
    section: str = FOUND
    name: str = ""  # what people call it; "" for the repository's own
    sentence: str = ""
    quant: str = ""
    size: int = 0
    fit: Fit = UNKNOWN
    installed: bool = False


@dataclass(frozen=True, slots=True)
class ListState:
    """The list: the catalogue before any search, or what was found."""

    rows: tuple[RepositoryRow, ...] = ()
    searching: bool = False  # a search was asked for: its results, or none yet
    busy: bool = False
    more: bool = False
    source: str = ""  # that answered
    message: str = ""
    message_kind: str = "info"
    speed_known: bool = True  # else expected speeds cannot be told
    can_measure: bool = False
    measuring: bool = False


@dataclass(frozen=True, slots=True)
class VariantRow:
    """One model of a repository. ``fraction`` is how much of it is here while it is on its way."""

    variant: Variant
    fit: Fit = UNKNOWN
    state: State = ""
    fraction: float = 0.0
    recommended: bool = False
    title: str = ""  # where the quant type does not tell it from the others


@dataclass(frozen=True, slots=True)
class DetailsState:
    """One repository, as far as it is known."""

    repository: Repository
    name: str = ""
    sentence: str = ""
    details: Details | None = None
    card: str = ""  # in Markdown, without HTML
    variants: tuple[VariantRow, ...] = ()
    contexts: tuple[int, ...] = ()
    context: int = 0
    checkpoint: State = ""
    checkpoint_fraction: float = 0.0
    busy: bool = False
    message: str = ""
    message_kind: str = "info"
    speed_known: bool = True
    can_measure: bool = False
    measuring: bool = False


@dataclass(frozen=True, slots=True)
class AddressState:
    """What lies at an address that was typed; ``file`` once that is known."""

    address: str = ""
    file: RemoteFile | None = None
    fit: Fit = UNKNOWN
    state: State = ""
    fraction: float = 0.0
    busy: bool = False
    message: str = ""
    message_kind: str = "info"


@dataclass(frozen=True, slots=True)
class Offer:
    """A model for someone who has none: what it is, what it is good for, and how much there is to fetch (bytes)."""

    id: str
    name: str
    sentence: str = ""
    quant: str = ""
    size: int = 0
    fit: Fit = field(default=UNKNOWN)
