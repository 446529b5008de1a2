"""One place that a file can be had from: its address at a source, what is known of it, and how it has behaved."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.hub.addresses import host_key, shown_site
from zhiyin_models.hub.connection import Answer
from zhiyin_models.hub.content import HEX, Content, is_commit

LASTING = {Code.HUB_NOT_FOUND, Code.HUB_GATED, Code.HUB_TOKEN_NEEDED, Code.HUB_TOKEN_REFUSED}  # trying again changes nothing
LASTING |= {Code.NETWORK_CERTIFICATE, Code.NETWORK_REDIRECTS, Code.ADDRESS_BAD, Code.HUB_OFFLINE}
TRY_MORE = 10.0  # seconds
STRIKES = 4  # wrong contents from one place, until it is not asked again


@dataclass
class Place:
    """Where a file is asked for. ``hub`` says that it is a repository's: then its ETag is the content's checksum."""

    address: str
    hub: bool = True
    final: str = ""  # where redirects led: asked directly until that fails, since it is signed for a while only
    proven: bool = False  # it answered as it should
    mark: str = ""  # its own for this content, as long as this process lives
    ranges: bool = True
    failures: int = 0  # since the last byte
    gave: bool = False  # bytes, at least once
    strikes: int = 0
    refused: ModelError | None = None  # why it is not asked any more
    not_before: float = 0.0  # monotonic; it asked to be left alone until then
    connections: int = 64  # more were not served
    limited_at: float = 0.0  # monotonic; when that was seen

    @property
    def site(self) -> str:
        """For people."""
        return shown_site(self.address)

    def serves_only(self, connections: int) -> None:
        """Others of ours get bytes, and one more does not."""
        self.connections, self.limited_at = connections, time.monotonic()

    def served(self) -> None:
        """A claim came as it should; after a while one more connection is tried again."""
        self.failures, self.gave = 0, True
        if time.monotonic() - self.limited_at > TRY_MORE:
            self.connections, self.limited_at = self.connections + 1, time.monotonic()

    def failed(self, error: ModelError) -> None:
        """Learn from a failure."""
        self.failures += 1
        self.proven = False
        if error.code == Code.HUB_BUSY:
            self.not_before = time.monotonic() + float(error.failure.args.get("seconds", 0))
        if self.final and error.code not in {Code.HUB_BUSY, Code.NETWORK_STALLED}:
            self.final = ""  # probably the signature has expired
        elif error.code in LASTING:
            self.refused = error
        if error.code in {Code.FILE_LENGTH, Code.FILE_CHANGED}:
            self.strikes += 1
            if self.strikes >= STRIKES:
                self.refused = error


def content_of(answer: Answer, place: Place, repository: str, total: int) -> Content:
    """What an answer says that its bytes are a part of.

    What a hub says of its own file counts; the ETag of the place that it redirects to means something else there, though it may look alike.
    """
    own: Mapping[str, str] = answer.hops[0] if answer.hops else answer.headers
    away = host_key(answer.address) != host_key(place.address)  # also when it is asked directly
    linked = _mark(own.get("x-linked-etag", ""))
    mark = linked or ("" if away else _mark(answer.headers.get("etag", "")))
    sha256 = linked if _is_sha256(linked) else mark if place.hub and _is_sha256(mark) else ""
    commit = own.get("x-repo-commit", "")
    if not mark:
        mark = _mark(answer.headers.get("etag", "")) or answer.headers.get("last-modified", "")
    size = _number(own.get("x-linked-size", ""))
    size = size if size >= 0 else total
    return Content(size, sha256, f"{repository}@{commit}" if is_commit(commit) else "", f"{place.site} {mark}" if mark else "")


def _is_sha256(text: str) -> bool:
    return len(text) == 64 and HEX.issuperset(text)


def _mark(etag: str) -> str:
    return etag.removeprefix("W/").strip('"').lower()[:200]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1
