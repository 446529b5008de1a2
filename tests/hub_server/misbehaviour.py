"""What can be wrong with a server. Given to ``HubServer.misbehave`` together with whom it happens to and how often.

Those of a body happen only where a file's bytes are served, those of an answer instead of whatever would be answered. ``after`` and
``at`` are bytes: ``after`` counts in the body of this response, ``at`` in the whole file.
"""

from dataclasses import dataclass, field
from threading import Event


class Misbehaviour:
    """One thing that goes wrong."""


class OfBody(Misbehaviour):
    """Happens while a file's bytes are sent."""


class OfAnswer(Misbehaviour):
    """Stands for the whole answer."""


class OfServer(Misbehaviour):
    """How the bytes of a file are served, whatever else goes wrong with them."""


@dataclass(frozen=True)
class Cut(OfBody):
    """The connection is closed, without a complaint, after so many bytes."""

    after: int = 0


@dataclass(frozen=True)
class Reset(OfBody):
    """The connection is reset (RST) after so many bytes."""

    after: int = 0


@dataclass(frozen=True)
class Stall(OfBody):
    """Nothing more is sent after so many bytes until the event is set (or the server closes); then it goes on."""

    after: int = 0
    until: Event = field(default_factory=Event)


@dataclass(frozen=True)
class Throttle(OfBody):
    """Bytes come slowly, in pieces of a twentieth of a second."""

    bytes_per_second: int


@dataclass(frozen=True)
class WrongBytes(OfBody):
    """The byte at this place of the file is another one."""

    at: int = 0


@dataclass(frozen=True)
class WrongLength(OfBody):
    """Content-Length (and the total in Content-Range) is off by this much; no more bytes are sent than there are."""

    delta: int


@dataclass(frozen=True)
class WrongRange(OfBody):
    """A range that begins so many bytes later than the one asked for is sent, and Content-Range says so."""

    shift: int = 1


@dataclass(frozen=True)
class NoRange(OfServer):
    """Range is not known here: the whole file comes, with 200 and without Accept-Ranges."""


@dataclass(frozen=True)
class NoETag(OfServer):
    """Nothing says which content it is."""


@dataclass(frozen=True)
class NoLength(OfServer):
    """The whole file comes in pieces, and how long it is shows at its end."""


@dataclass(frozen=True)
class ChangeETag(OfBody):
    """The ETag is another one, at the hub and at the files' host."""

    etag: str = "0" * 64


@dataclass(frozen=True)
class Status(OfAnswer):
    """A bare status: 416, 429, 500, 503 … ``retry_after`` is sent as it is (seconds, or a date)."""

    code: int
    retry_after: str | int | None = None


@dataclass(frozen=True)
class Forbidden(OfAnswer):
    """401 (who are you?) or 403 (you have not accepted the licence), as the hub says it of a gated repository."""

    code: int = 403


@dataclass(frozen=True)
class TokenRefused(OfAnswer):
    """401, as the hub says it of a token that was revoked."""


@dataclass(frozen=True)
class Redirect(OfAnswer):
    """302 to an address."""

    to: str


@dataclass(frozen=True)
class RedirectLoop(OfAnswer):
    """302 to itself, with a growing number behind it, each after a pause (seconds)."""

    pause: float = 0.0


@dataclass(frozen=True)
class Answer(OfAnswer):
    """200 with this body."""

    body: bytes
    content_type: str = "application/json"


class NotJSON(Answer):
    """200 with a page for people, as a captive portal gives it."""

    def __init__(self) -> None:
        super().__init__(b"<!DOCTYPE html><html><body>Please sign in to this network</body></html>", "text/html")


@dataclass(frozen=True)
class Huge(OfAnswer):
    """A list of so many bytes, valid up to its end; without Content-Length unless ``announced``."""

    size: int = 500 << 20
    announced: bool = False


@dataclass(frozen=True)
class Silent(OfAnswer):
    """The request is read and not answered until the event is set (or the server closes), when the connection is closed."""

    until: Event = field(default_factory=Event)


@dataclass(frozen=True)
class Hangup(OfAnswer):
    """The request is read and the connection closed without an answer."""
