"""How answers go out: whole ones, ranges of files, and the wrong ones that were asked for."""

import contextlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tests.hub_server.content import Content
from tests.hub_server.http_host import Connection, Request, Response
from tests.hub_server.http_host import Hangup as Dropped
from tests.hub_server.misbehaviour import (
    Answer,
    ChangeETag,
    Cut,
    Forbidden,
    Hangup,
    Huge,
    Misbehaviour,
    NoETag,
    NoLength,
    NoRange,
    OfAnswer,
    OfBody,
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

Ways = frozenset[type[Misbehaviour]]
SLICE = 0.05  # seconds of a throttled body sent at a time


class RefusedError(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.response = error(status, code, message)


@dataclass(frozen=True)
class Served:
    """A range of a file as it is about to be sent, before anything goes wrong with it."""

    content: Content
    etag: str
    start: int
    count: int
    status: int
    headers: dict[str, str]


def send(connection: Connection, request: Request, response: Response) -> None:
    """A whole answer."""
    connection.send_head(request, response.status, {"Content-Length": str(len(response.body)), **response.headers})
    if request.method != "HEAD":
        connection.send(request, response.body)


def send_content(
    connection: Connection,
    request: Request,
    content: Content,
    headers: dict[str, str],
    *,
    etag: str,
    fault: OfBody | None,
    ways: Ways = frozenset(),
) -> None:
    """A file or a range of it, with what is to go wrong. Raises Hangup, OSError."""
    served = _range(request, content, fault.etag if isinstance(fault, ChangeETag) else etag, fault, ways)
    if isinstance(served, Response):
        send(connection, request, served)
        return
    connection.send_head(request, served.status, {**headers, **served.headers})
    if request.method == "HEAD":
        return
    if NoLength in ways:
        connection.send(request, f"{served.count:x}\r\n".encode())
    _send_body(connection, request, served, fault)
    if NoLength in ways:
        connection.send(request, b"\r\n0\r\n\r\n")


def _send_body(connection: Connection, request: Request, served: Served, fault: OfBody | None) -> None:
    content, place, end = served.content, served.start, served.start + served.count
    match fault:
        case Throttle():
            step = max(1, int(fault.bytes_per_second * SLICE))
            while place < end and not connection.closing.wait(SLICE):
                connection.send_file(request, content.place, place, min(step, end - place))
                place += step
        case Cut() | Reset() | Stall():
            before = min(fault.after, served.count)
            connection.send_file(request, content.place, place, before)
            _interrupt(connection, fault)
            connection.send_file(request, content.place, place + before, served.count - before)
        case WrongBytes() if place <= fault.at < end:
            with content.place.open("rb") as file:
                file.seek(fault.at)
                wrong = bytes([file.read(1)[0] ^ 0xFF])
            connection.send_file(request, content.place, place, fault.at - place)
            connection.send(request, wrong)
            connection.send_file(request, content.place, fault.at + 1, end - fault.at - 1)
        case WrongLength():
            connection.send_file(request, content.place, place, min(served.count, max(0, served.count + fault.delta)))
            if fault.delta > 0:
                raise Dropped
        case _:
            connection.send_file(request, content.place, place, served.count)


def _interrupt(connection: Connection, fault: Cut | Reset | Stall) -> None:
    if isinstance(fault, Cut):
        raise Dropped
    if isinstance(fault, Reset):
        connection.reset()
    elif isinstance(fault, Stall):
        _wait(connection, fault.until)


def _range(request: Request, content: Content, etag: str, fault: OfBody | None, ways: Ways) -> Served | Response:
    size = content.size
    delta = fault.delta if isinstance(fault, WrongLength) else 0
    headers = {"ETag": f'"{etag}"', "Content-Type": "application/octet-stream", "Accept-Ranges": "bytes"}
    asked, match, unless = (request.headers.get(name, "") for name in ("range", "if-match", "if-range"))
    if match and match.strip('"') not in (etag, "*"):
        return error(412, "", "Precondition Failed")
    if NoETag in ways:
        del headers["ETag"]
    if ways & {NoRange, NoLength}:
        del headers["Accept-Ranges"]
        asked = ""
    if NoLength in ways:
        return Served(content, etag, 0, size, 200, headers | {"Transfer-Encoding": "chunked"})
    span = _span(asked, size) if asked and (not unless or unless.strip('"') == etag) else None
    if span is None:
        return Served(content, etag, 0, size, 200, headers | {"Content-Length": str(size + delta)})
    start, end = span
    if start >= min(end, size):
        return Response(416, {"Content-Range": f"bytes */{size}"})
    if isinstance(fault, WrongRange):
        start, end = min(start + fault.shift, size - 1), min(end + fault.shift, size)
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{size + delta}"
    return Served(content, etag, start, end - start, 206, headers | {"Content-Length": str(end - start + delta)})


# -------------------------------------------------------------- answering wrongly


def answer_wrongly(connection: Connection, request: Request, fault: OfAnswer) -> None:
    """What stands for the answer. Raises Hangup, OSError."""
    match fault:
        case Status():
            headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            response = Response(fault.code, headers, b"something is wrong")
        case Forbidden():
            response = gated(fault.code)
        case TokenRefused():
            response = error(401, "", "Invalid credentials in Authorization header")
        case Redirect():
            response = Response(302, {"Location": fault.to})
        case RedirectLoop():
            connection.closing.wait(fault.pause)
            number = int(request.parameter("again", "0")) + 1
            response = Response(302, {"Location": f"{quote(request.path)}?again={number}&Signature=c2lnbmVk"})
        case Answer():
            response = Response(200, {"Content-Type": fault.content_type}, fault.body)
        case Huge():
            _send_huge(connection, request, fault)
            return
        case Silent():
            _wait(connection, fault.until)
            raise Dropped
        case Hangup():
            raise Dropped
        case _:
            raise TypeError(fault)
    send(connection, request, response)


def _send_huge(connection: Connection, request: Request, fault: Huge) -> None:
    headers = {"Content-Type": "application/json", "Connection": "close"}
    connection.send_head(request, 200, headers | ({"Content-Length": str(fault.size)} if fault.announced else {}))
    item = b'{"id": "a/b", "tags": ["' + b"x" * 900 + b'"]}, '
    connection.send(request, b"[")
    piece = item * 64
    left = fault.size - 1
    while left > 0:
        connection.send(request, piece[:left])
        left -= len(piece)
    raise Dropped


def _span(asked: str, size: int) -> tuple[int, int] | None:
    """The bytes of ``bytes=A-B``, ``bytes=A-`` or ``bytes=-N``: first, and one past the last. None for what is no range."""
    unit, _, given = asked.partition("=")
    first, dash, last = given.strip().partition("-")
    with contextlib.suppress(ValueError):
        if unit.strip() == "bytes" and dash:
            if not first:
                return max(0, size - int(last)), size
            return int(first), min(int(last) + 1 if last else size, size)
    return None


def _wait(connection: Connection, until: threading.Event) -> None:
    while not until.wait(0.02) and not connection.closing.is_set():
        pass


def json_answer(value: Any, headers: Mapping[str, str] | None = None, status: int = 200) -> Response:
    """An answer of the API."""
    return Response(status, {"Content-Type": "application/json; charset=utf-8", **(headers or {})}, json.dumps(value).encode())


def error(status: int, code: str, message: str) -> Response:
    """As Hugging Face says it."""
    headers = {"X-Error-Message": message, **({"X-Error-Code": code} if code else {})}
    return json_answer({"error": message}, headers, status)


def gated(status: int) -> Response:
    """A licence has to be accepted first."""
    return error(status, "GatedRepo", "Access to this model is restricted and you are not in the authorized list.")
