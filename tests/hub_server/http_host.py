"""One listening address: HTTP/1.1 with keep-alive, a thread for each connection, all of which end with ``close``."""

import contextlib
import os
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

MAX_HEAD = 64 << 10
MAX_BODY = 1 << 20
CHUNK = 8 << 20  # bytes handed to the kernel at a time
REASONS = {200: "OK", 206: "Partial Content", 302: "Found", 416: "Range Not Satisfiable"}


@dataclass
class Request:
    """A request as it came, and what became of it. ``headers`` have lower-case names."""

    host: str  # "hub" or "files"
    method: str
    target: str  # path and query as sent
    headers: dict[str, str]
    body: bytes = b""
    status: int = 0  # of the answer, once there is one
    sent: int = 0  # bytes of the answer's body so far

    @property
    def path(self) -> str:
        """Without the query, decoded."""
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, list[str]]:
        """Its parameters."""
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)

    def parameter(self, name: str, default: str = "") -> str:
        """The last value of one."""
        return self.query.get(name, [default])[-1]


@dataclass
class Response:
    """An answer with its whole body."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Hangup(Exception):  # noqa: N818 - nothing is wrong here
    """The connection is to be closed now."""


class Connection:
    """A client at the other end."""

    def __init__(self, sock: socket.socket, closing: threading.Event) -> None:
        self._socket = sock
        self.closing = closing
        self._waiting = b""

    def read_request(self, host: str) -> Request | None:
        """The next one; None at the end."""
        while b"\r\n\r\n" not in self._waiting:
            more = self._socket.recv(65536)
            if not more or len(self._waiting) > MAX_HEAD:
                return None
            self._waiting += more
        head, _, rest = self._waiting.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = min(int(headers.get("content-length", 0)), MAX_BODY)
        while len(rest) < length:
            more = self._socket.recv(65536)
            if not more:
                return None
            rest += more
        self._waiting = rest[length:]
        if target.startswith("http://"):  # asked as a proxy
            target = "/" + target.split("/", 3)[-1] if target.count("/") > 2 else "/"
        return Request(host, method, target, headers, rest[:length])

    def send_head(self, request: Request, status: int, headers: Mapping[str, str]) -> None:
        """The status line and the headers."""
        request.status = status
        lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}", *(f"{name}: {value}" for name, value in headers.items())]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode("utf-8"))

    def send(self, request: Request, data: bytes) -> None:
        """A piece of the body."""
        self._socket.sendall(data)
        request.sent += len(data)

    def send_file(self, request: Request, path: Path, start: int, count: int) -> None:
        """A piece of a file, by the kernel. Raises OSError when the client has gone."""
        with path.open("rb", buffering=0) as file:
            while count:
                if hasattr(os, "sendfile"):
                    sent = os.sendfile(self._socket.fileno(), file.fileno(), start, min(count, CHUNK))
                else:
                    file.seek(start)
                    piece = file.read(min(count, 1 << 20))
                    self._socket.sendall(piece)
                    sent = len(piece)
                if not sent:
                    raise Hangup
                start, count = start + sent, count - sent
                request.sent += sent

    def reset(self) -> None:
        """End with RST."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()
        raise Hangup

    def shut(self) -> None:
        """Wake whoever waits for this connection."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the socket back."""
        with contextlib.suppress(OSError):
            self._socket.close()


Handler = Callable[[Connection, Request], None]


class HttpHost:
    """Listens on a free port of the loopback address and hands every request to ``handler``, on its connection's thread."""

    def __init__(self, name: str, handler: Handler) -> None:
        self.name = name
        self._handler = handler
        self._closing = threading.Event()
        self._connections: set[Connection] = set()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listening.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, name=f"hub-{name}", daemon=True)
        self._accepting.start()

    def close(self) -> None:
        """Close every connection and wait for every thread."""
        self._closing.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._listening.close()
        self.drop_connections()
        for thread in self._threads:
            thread.join()

    def drop_connections(self) -> None:
        """Close every open connection now."""
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            connection.shut()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                sock, _ = self._listening.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(sock, self._closing)
            thread = threading.Thread(target=self._serve, args=(connection,), name=f"hub-{self.name}-connection", daemon=True)
            with self._lock:
                self._connections.add(connection)
                self._threads = [one for one in self._threads if one.is_alive()]
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: Connection) -> None:
        try:
            while (request := connection.read_request(self.name)) is not None:
                self._handler(connection, request)
                if request.headers.get("connection", "").lower() == "close":
                    break
        except (OSError, Hangup, ValueError):  # the client has gone, or it is to be dropped, or it does not speak HTTP
            pass
        finally:
            connection.shut()
            with self._lock:
                self._connections.discard(connection)
            connection.close()
