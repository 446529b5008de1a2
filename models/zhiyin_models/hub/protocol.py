"""What the hub process is asked and what it answers. Light: only values."""

from typing import TypeAlias

from msgspec import Struct

from zhiyin_models.child.wire import Failed, Hello, Ping, Pong
from zhiyin_models.errors import Failure
from zhiyin_models.hub.values import Details, RemoteFile, Results, SearchQuery, SourceHealth

__all__ = ["Failed", "Hello", "Ping", "Pong"]  # every child knows these; here they are exported with the hub's own

VERSION = 1


class Search(Struct, frozen=True, tag="search"):
    """Look for repositories at a source (by name; "": the first enabled one that answers). ``more`` continues earlier results."""

    id: int
    query: SearchQuery
    source: str = ""
    more: str = ""


class Describe(Struct, frozen=True, tag="describe"):
    """Everything about one repository. ``revision`` "" is the newest."""

    id: int
    repository: str
    source: str = ""
    revision: str = ""


class Probe(Struct, frozen=True, tag="probe"):
    """Ask the size and name of what lies at a plain address."""

    id: int
    address: str


class CheckSources(Struct, frozen=True, tag="check_sources"):
    """Ask every source whether it is there."""

    id: int


class Newest(Struct, frozen=True, tag="newest"):
    """The newest revisions of repositories (source, id), to say which installed models have updates."""

    id: int
    repositories: tuple[tuple[str, str], ...]


class SaveToken(Struct, frozen=True, tag="save_token"):
    """Keep the token of a source (by name); "" takes it away. It may take seconds: the keyring can be asking for a password."""

    id: int
    source: str
    token: str

    def __repr__(self) -> str:
        return f"SaveToken({self.id}, {self.source!r}, …)"


class HasTokens(Struct, frozen=True, tag="has_tokens"):
    """Which sources have a token."""

    id: int


class Forget(Struct, frozen=True, tag="forget"):
    """The answer to this request is not wanted any more."""

    id: int
    request: int


class Found(Struct, frozen=True, tag="found"):
    """The answer to ``Search``."""

    id: int
    results: Results
    source: str  # that answered


class Described(Struct, frozen=True, tag="described"):
    """The answer to ``Describe``."""

    id: int
    details: Details


class Probed(Struct, frozen=True, tag="probed"):
    """The answer to ``Probe``; the address is the one given."""

    id: int
    file: RemoteFile


class Checked(Struct, frozen=True, tag="checked"):
    """The answer to ``CheckSources``, in their order."""

    id: int
    health: tuple[SourceHealth, ...]


class NewestFound(Struct, frozen=True, tag="newest_found"):
    """The answer to ``Newest``: revisions in the order asked; "" where a source did not say."""

    id: int
    revisions: tuple[str, ...]


class TokenSaved(Struct, frozen=True, tag="token_saved"):
    """The answer to ``SaveToken``; ``notice`` says so where there is no keyring."""

    id: int
    notice: Failure | None = None


class TokensHeld(Struct, frozen=True, tag="tokens_held"):
    """The answer to ``HasTokens``: the names of the sources that have one. Tokens themselves never come back."""

    id: int
    sources: tuple[str, ...]


class Forgotten(Struct, frozen=True, tag="forgotten"):
    """The answer to ``Forget``."""

    id: int


Request: TypeAlias = Search | Describe | Probe | CheckSources | Newest | SaveToken | HasTokens | Forget | Ping
Event: TypeAlias = Hello | Found | Described | Probed | Checked | NewestFound | TokenSaved | TokensHeld | Forgotten | Failed | Pong
Answer: TypeAlias = Found | Described | Probed | Checked | NewestFound | TokenSaved | TokensHeld | Forgotten | Failed
