"""What stands between a client and a hub: the end of an encrypted connection, and a proxy that joins connections."""

import contextlib
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

CERTIFICATE = Path(__file__).parent / "data" / "localhost.pem"  # with its key; signed by itself, for localhost and 127.0.0.1
MAX_HEAD = 1 << 16

Open = Callable[[socket.socket], tuple[socket.socket, socket.socket]]


class Middleman:
    """Listens on the loopback address; each connection is handed to ``open``, which gives the two ends to be joined."""

    def __init__(self, open_: Open) -> None:
        self._open = open_
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._sockets: list[socket.socket] = [self._listening]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        """End everything."""
        for one in list(self._sockets):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join()
        for one in self._sockets:
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            self._sockets.append(client)
            thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        try:
            near, far = self._open(client)
        except (OSError, ValueError):  # a client that does not trust us
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
            return
        self._sockets += [near, far]
        with contextlib.suppress(OSError, ValueError):
            self._join(near, far)
        for one in (near, far):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _join(near: socket.socket, far: socket.socket) -> None:
        """On one thread: an encrypted socket is not for two at once."""
        while True:
            waiting = isinstance(near, ssl.SSLSocket) and near.pending()
            for one in [near] if waiting else select.select([near, far], [], [])[0]:
                piece = one.recv(1 << 16)
                if not piece:
                    return
                (far if one is near else near).sendall(piece)


@contextlib.contextmanager
def encrypted(address: str) -> Iterator[str]:
    """The https address of a server that is at an http address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    host, port = urlsplit(address).hostname, urlsplit(address).port

    def open_(client: socket.socket) -> tuple[socket.socket, socket.socket]:
        near = context.wrap_socket(client, server_side=True)
        return near, socket.create_connection((host, port))

    middleman = Middleman(open_)
    try:
        yield f"https://localhost:{middleman.port}"
    finally:
        middleman.close()


@contextlib.contextmanager
def proxy(*, everything_is: str, seen: list[str]) -> Iterator[str]:
    """The address of a proxy that takes every host for the one at ``everything_is``, and says in ``seen`` what it was asked."""
    host, port = urlsplit(everything_is).hostname, urlsplit(everything_is).port

    def open_(client: socket.socket) -> tuple[socket.socket, socket.socket]:
        head = b""
        while b"\r\n\r\n" not in head and len(head) < MAX_HEAD:
            head += client.recv(1)
        seen.append(head.decode("latin-1").partition("\r\n")[0])
        far = socket.create_connection((host, port))
        if head.startswith(b"CONNECT"):
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        else:
            far.sendall(head)
        return client, far

    middleman = Middleman(open_)
    try:
        yield f"http://127.0.0.1:{middleman.port}"
    finally:
        middleman.close()


@contextlib.contextmanager
def socks(*, everything_is: str, seen: list[str]) -> Iterator[str]:
    """HOST:PORT of a SOCKS 5 proxy (RFC 1928) that takes every host for the one at ``everything_is``, and says what it was asked."""
    host, port = urlsplit(everything_is).hostname, urlsplit(everything_is).port

    def read(client: socket.socket, count: int) -> bytes:
        return client.recv(count, socket.MSG_WAITALL)

    def open_(client: socket.socket) -> tuple[socket.socket, socket.socket]:
        _, methods = read(client, 2)
        read(client, methods)
        client.sendall(b"\x05\x00")  # nobody has to say who he is
        kind = read(client, 4)[3]
        name = read(client, read(client, 1)[0]).decode() if kind == 3 else socket.inet_ntoa(read(client, 4))
        seen.append(f"{name}:{int.from_bytes(read(client, 2))}")
        far = socket.create_connection((host, port))
        client.sendall(b"\x05\x00\x00\x01" + bytes(6))
        return client, far

    middleman = Middleman(open_)
    try:
        yield f"127.0.0.1:{middleman.port}"
    finally:
        middleman.close()
