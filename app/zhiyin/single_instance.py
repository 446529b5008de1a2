"""One window per data directory: the first holds a lock, a second one asks it to come forward.

The lock (``flock``) is the truth: the system frees it when its holder dies, however that happens. The socket only carries the
request. Its address lies in a file in the data directory, which nobody but its owner can write, so no other user can stand
in for the window; the name itself may be random, and a socket file left by a crash is simply not asked any more.
"""

import contextlib
import hashlib
import os
import tempfile
import time
from pathlib import Path

from filelock import FileLock, Timeout
from PySide6.QtCore import QElapsedTimer, QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from zhiyin.paths import Paths
from zhiyin.store.errors import StoreCode, StoreError, from_os

LONGEST_SOCKET = 100  # bytes; sockaddr_un holds 108 on Linux, 104 on macOS, with the end mark
LONGEST_REQUEST = 4096  # bytes
ASK_FOR = 2000  # milliseconds for an answer
WAIT_FOR = 5000  # milliseconds for a first one that holds the lock but does not listen: it is starting, or closing
_ACKNOWLEDGED = b"ok\n"


def _own_folder(folder: Path) -> bool:
    """Say whether a folder is ours alone and can be written."""
    try:
        status = folder.stat()
    except OSError:
        return False
    mine = os.name == "nt" or (status.st_uid == os.getuid() and not status.st_mode & 0o077)
    return mine and os.access(folder, os.W_OK | os.X_OK)


def _addresses(data_dir: Path) -> list[str]:
    """Return where the socket may lie, best first: the runtime folder, the data directory, a fresh private folder."""
    key = hashlib.sha256(os.fsencode(os.path.realpath(data_dir))).hexdigest()[:16]
    if os.name == "nt":
        return [f"zhiyin-{key}"]  # a named pipe
    folders = [Path(os.environ["XDG_RUNTIME_DIR"])] if os.environ.get("XDG_RUNTIME_DIR") else []
    found = [str(folder / f"zhiyin-{key}") for folder in [*folders, data_dir] if _own_folder(folder)]
    return [address for address in found if len(os.fsencode(address)) <= LONGEST_SOCKET]


class SingleInstance(QObject):
    """Holds a data directory for this process, and hears when another one was started for it.

    ``raise_requested`` carries the activation token of the other's start (Wayland lets a window come forward only with one), or "".
    """

    raise_requested = Signal(str)

    def __init__(self, data_dir: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._paths = Paths(data_dir)
        self._address_file = data_dir / "instance.address"
        self._lock = FileLock(self._paths.instance_lock, mode=0o600, is_singleton=False)
        self._server: QLocalServer | None = None
        self._private: Path | None = None  # a folder made for the socket alone
        self.reached = False  # after a refused acquire(): the first window has answered

    def acquire(self) -> bool:
        """Take the data directory; when it is taken, ask its window to come forward and return False.

        Waits for one that is closing just now, up to WAIT_FOR milliseconds, needing no event loop. Raises StoreError DATA_DIR,
        READ_ONLY, DISK_FULL, IO.
        """
        clock = QElapsedTimer()
        clock.start()
        while not self._take():
            address = self._address()
            if address and (self._ask_at(address) or clock.elapsed() > ASK_FOR):
                return False
            if clock.elapsed() > WAIT_FOR:
                return False
            time.sleep(0.05)
        self._listen()
        return True

    def _take(self) -> bool:
        """Take the lock, if it is free."""
        try:
            self._paths.create()
            self._lock.acquire(blocking=False)
        except Timeout:
            return False
        except NotImplementedError:
            pass  # a file system without locks: a network folder, of which the window warns
        except (FileExistsError, NotADirectoryError) as error:
            raise StoreError(StoreCode.DATA_DIR, path=str(self._paths.data_dir), detail=str(error.strerror)) from error
        except OSError as error:
            raise from_os(error, self._paths.data_dir, StoreCode.DATA_DIR) from error
        return True

    def stop_listening(self) -> None:
        """Keep the data directory, but answer nobody any more: a second start then waits until it is let go. Callable twice."""
        if self._server is not None:
            self._server.close()
            self._server = None
            with contextlib.suppress(OSError):
                self._address_file.unlink()
        if self._private is not None:
            with contextlib.suppress(OSError):
                self._private.rmdir()
            self._private = None

    def release(self) -> None:
        """Let the data directory go. Callable twice."""
        self.stop_listening()
        self._lock.release()

    # ---------------------------------------------------------------- the first

    def _listen(self) -> None:
        """Open the socket and say where. Without one the app works all the same; a second start then only says so."""
        for address in _addresses(self._paths.data_dir):
            if self._listen_at(address):
                return
        if os.name != "nt":
            with contextlib.suppress(OSError):
                self._private = Path(tempfile.mkdtemp(prefix="zhiyin-"))
                self._listen_at(str(self._private / "socket"))

    def _listen_at(self, address: str) -> bool:
        server = QLocalServer(self)
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        QLocalServer.removeServer(address)  # we hold the lock, so whoever left it is gone
        if not server.listen(address):
            server.deleteLater()
            return False
        part = self._address_file.with_name(self._address_file.name + ".part")
        try:
            part.write_text(address, encoding="utf-8", errors="surrogateescape")
            part.replace(self._address_file)
        except OSError:
            server.close()
            server.deleteLater()
            return False
        server.newConnection.connect(self._accept)
        self._server = server
        return True

    def _accept(self) -> None:
        while self._server is not None and (socket := self._server.nextPendingConnection()) is not None:
            socket.disconnected.connect(socket.deleteLater)
            socket.readyRead.connect(self._read)
            if socket.bytesAvailable():
                self._hear(socket)

    def _read(self) -> None:
        socket = self.sender()
        if isinstance(socket, QLocalSocket):
            self._hear(socket)

    def _hear(self, socket: QLocalSocket) -> None:
        if not socket.canReadLine():
            if socket.bytesAvailable() > LONGEST_REQUEST:
                socket.abort()
            return
        word, _, token = bytes(socket.readLine(LONGEST_REQUEST).data()).decode("utf-8", "replace").strip().partition(" ")
        if word != "raise":
            socket.abort()
            return
        socket.write(_ACKNOWLEDGED)
        socket.flush()
        self.raise_requested.emit(token)

    # ---------------------------------------------------------------- the second

    def _address(self) -> str:
        """Where the first listens, "" while it does not."""
        try:
            return self._address_file.read_text(encoding="utf-8", errors="surrogateescape").strip()
        except OSError:
            return ""

    def _ask_at(self, address: str) -> bool:
        """Ask the first to come forward; return whether it answered."""
        token = os.environ.get("XDG_ACTIVATION_TOKEN") or os.environ.get("DESKTOP_STARTUP_ID") or ""
        request = f"raise {token}".replace("\n", " ").encode("utf-8", "replace")[: LONGEST_REQUEST - 1] + b"\n"
        socket = QLocalSocket()
        socket.connectToServer(address)
        if socket.waitForConnected(ASK_FOR):
            socket.write(request)
            socket.flush()
            self.reached = socket.waitForReadyRead(ASK_FOR) and bytes(socket.readAll().data()) == _ACKNOWLEDGED
        return self.reached
