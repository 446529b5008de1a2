"""Tokens of hubs: in the system's keyring, or, where there is none that works, in a file that only the user can read.

Every call may wait for the keyring, for a few seconds at most: only for child processes and the command line. A token belongs to a host.
The file is asked first: what it knows is newer than what lies in a keyring that could not be reached.
"""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from filelock import FileLock

from zhiyin_models.errors import Code, Failure, ModelError
from zhiyin_models.hub.settings import Source

SERVICE = "zhiyin"
FILE = "tokens.json"
MAX_BYTES = 1 << 20
MAX_TOKEN = 4096  # characters
PATIENCE = 5.0  # seconds that a keyring has: it may be asking for a password that nobody is there to give
PAUSE = 120.0  # seconds in which a keyring that did not answer is not read again; a person who gives a token tries it again

logger = logging.getLogger(__name__)


class _Unanswered:
    """When a keyring that hangs was last asked: each call to it would cost ``PATIENCE`` and a thread. Who asks has the turn."""

    since = float("-inf")
    turn = threading.Lock()


def read_token(source: Source, data_dir: Path) -> str:
    """The token that was given for a source; "" where there is none, and for every mirror."""
    if not source.official:
        return ""
    host = host_of(source)
    kept = _read_file(data_dir)
    if host in kept:
        return kept[host]
    found = ""
    with contextlib.suppress(_NoKeyringError), _Unanswered.turn:  # one at a time: several would wait for the same dialog
        if time.monotonic() - _Unanswered.since >= PAUSE:
            found = _with_keyring(lambda: _keyring_get(host))
    return found if is_token(found) else ""


def write_token(source: Source, token: str, data_dir: Path) -> Failure | None:
    """Keep a token ("" takes it away). The notice TOKEN_IN_FILE when it had to go to a file. Raises ModelError.

    REQUEST_BAD: not a token, or the source is a mirror, which must never get one. LIBRARY_UNWRITABLE: not even the file works.
    """
    token = token.strip()
    if not source.official or (token and not is_token(token)):
        raise ModelError(Code.REQUEST_BAD, detail="a mirror gets no token" if not source.official else "this is no token")
    host = host_of(source)
    try:
        with _Unanswered.turn:
            _with_keyring(lambda: _keyring_set(host, token))
    except _NoKeyringError:
        _change_file(data_dir, host, token)  # "" as well: an older one in there must not come back
        return Failure(Code.TOKEN_IN_FILE, {"path": str(data_dir / FILE)}) if token else None
    _change_file(data_dir, host, None)
    return None


def delete_token(source: Source, data_dir: Path) -> None:
    """Forget the token of a source. Raises ModelError."""
    write_token(source, "", data_dir)


def host_of(source: Source) -> str:
    """The host (with its port, where it is named) that a source's token belongs to."""
    return urlsplit(source.address).netloc.rpartition("@")[2].lower()


def is_token(text: str) -> bool:
    """Whether it can stand in a header: printable ASCII without spaces, of a sensible length."""
    return 0 < len(text) <= MAX_TOKEN and text.isascii() and text.isprintable() and " " not in text


# ---------------------------------------------------------------- the keyring


class _NoKeyringError(Exception):
    """There is none, it failed, or it did not answer."""


def _with_keyring(act: Callable[[], str]) -> str:
    """What ``act`` returns, from a thread that is left behind when the keyring hangs. Raises _NoKeyringError."""
    try:
        import keyring  # noqa: F401, PLC0415 - takes its time, which is not the keyring's
    except ImportError as error:
        raise _NoKeyringError from error
    results: list[str] = []

    def run() -> None:
        try:
            results.append(act())
        except Exception as error:  # backends raise what they like
            logger.warning("The keyring cannot be used: %s", type(error).__name__)

    thread = threading.Thread(target=run, name="keyring", daemon=True)
    thread.start()
    thread.join(PATIENCE)
    _Unanswered.since = time.monotonic() if thread.is_alive() else float("-inf")
    if thread.is_alive():
        logger.warning("The keyring did not answer within %s s", PATIENCE)
    if not results:
        raise _NoKeyringError
    return results[0]


def _keyring_get(host: str) -> str:
    import keyring  # noqa: PLC0415 - takes D-Bus with it

    return keyring.get_password(SERVICE, host) or ""


def _keyring_set(host: str, token: str) -> str:
    """Raises whatever the backend does, and ValueError for one that keeps nothing."""
    import keyring  # noqa: PLC0415

    if token:
        keyring.set_password(SERVICE, host, token)
    elif keyring.get_password(SERVICE, host):
        keyring.delete_password(SERVICE, host)
    if (keyring.get_password(SERVICE, host) or "") != token:
        raise ValueError("it keeps nothing")
    return token


# ---------------------------------------------------------------- the file


def _read_file(data_dir: Path) -> dict[str, str]:
    """Tokens by host; "" for one that was taken away while the keyring could not be asked. Nothing of a damaged file."""
    with contextlib.suppress(OSError, msgspec.MsgspecError, ValueError, RecursionError), (data_dir / FILE).open("rb") as file:
        kept = msgspec.json.decode(file.read(MAX_BYTES), type=dict[str, str])
        return {host: token for host, token in kept.items() if not token or is_token(token)}
    return {}


def _change_file(data_dir: Path, host: str, token: str | None) -> None:
    """Put a host's token into the file, or (None) take the host out of it. Raises ModelError LIBRARY_UNWRITABLE."""
    try:
        if token is None and host not in _read_file(data_dir):
            return
        with _locked(data_dir):
            kept = {name: one for name, one in _read_file(data_dir).items() if name != host}
            if token is not None:
                kept[host] = token
            _write_file(data_dir / FILE, msgspec.json.encode(kept))
    except OSError as error:
        raise ModelError(Code.LIBRARY_UNWRITABLE, path=str(data_dir / FILE), detail=error.strerror or str(error)) from error


@contextlib.contextmanager
def _locked(data_dir: Path) -> Iterator[None]:
    data_dir.mkdir(parents=True, exist_ok=True)
    with FileLock(data_dir / f"{FILE}.lock", timeout=PATIENCE):  # its Timeout is an OSError
        yield


def _write_file(path: Path, content: bytes) -> None:
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)  # its mode may be another
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
