"""A real HTTP server on the loopback address that speaks the hubs' APIs and can misbehave. Begin at ``HubServer``."""

from tests.hub_server.content import Content, Generated
from tests.hub_server.http_host import Request
from tests.hub_server.hub import TOKEN, HubServer
from tests.hub_server.misbehaviour import (
    Answer,
    ChangeETag,
    Cut,
    Forbidden,
    Hangup,
    Huge,
    Misbehaviour,
    NoRange,
    NotJSON,
    Redirect,
    RedirectLoop,
    Reset,
    Silent,
    Stall,
    Status,
    Throttle,
    TokenRefused,
    WrongBytes,
    WrongLength,
    WrongRange,
)
from tests.hub_server.repositories import Repository

__all__ = [
    "TOKEN",
    "Answer",
    "ChangeETag",
    "Content",
    "Cut",
    "Forbidden",
    "Generated",
    "Hangup",
    "HubServer",
    "Huge",
    "Misbehaviour",
    "NoRange",
    "NotJSON",
    "Redirect",
    "RedirectLoop",
    "Repository",
    "Request",
    "Reset",
    "Silent",
    "Stall",
    "Status",
    "Throttle",
    "TokenRefused",
    "WrongBytes",
    "WrongLength",
    "WrongRange",
]
