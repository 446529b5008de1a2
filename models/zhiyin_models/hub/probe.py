"""What lies at a plain address: its size, the name it gives itself, and its checksum where a hub serves it."""

import re
from urllib.parse import unquote, urlsplit

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.hub.addresses import is_web, shown
from zhiyin_models.hub.answers import MOST, sha256
from zhiyin_models.hub.connection import Answer, Connection
from zhiyin_models.hub.file_names import local_name
from zhiyin_models.hub.values import RemoteFile

MAX_ADDRESS = 8192
TOTAL = re.compile(r"bytes \d{1,18}-\d{1,18}/(\d{1,18})")
EXTENDED = re.compile(r"filename\*\s*=\s*(?:UTF-8|utf-8)''([^;\s]{1,1000})")
PLAIN = re.compile(r'filename\s*=\s*(?:"([^"]{1,500})"|([^;\s"]{1,500}))')
BLOB = re.compile(r"(?P<before>/[^/]+/[^/]+)/blob/(?P<after>[^/]+/.+)")


def probe(connection: Connection, address: str) -> RemoteFile:
    """Ask for one byte of it, which every server understands. Raises ModelError ADDRESS_BAD, HUB_NOTHING, HUB_…, NETWORK_… ."""
    given = file_itself(address.strip())
    if len(given) > MAX_ADDRESS or not is_web(given):
        raise ModelError(Code.ADDRESS_BAD, address=address[:200])
    with connection.stream(given, {"Range": "bytes=0-0"}) as answer:
        error = connection.refusal(answer, name=shown(given))
        if error is not None:
            raise error
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind in ("text/html", "application/xhtml+xml"):  # a page about a file, or one that wants a login
            raise ModelError(Code.HUB_ANSWER_BAD, address=shown(given), detail=kind)
        return RemoteFile(_name(given, answer), _size(answer), _sha256(answer))


def file_itself(address: str) -> str:
    """The file's own address where that of its page at a hub was given: people copy what they see."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    match = BLOB.fullmatch(parts.path)
    return parts._replace(path=f"{match['before']}/resolve/{match['after']}", query="", fragment="").geturl() if match else address


def _name(address: str, answer: Answer) -> str:
    """A file name that is safe: what the server says, else the end of the address that was given. Raises ModelError FILE_NAME_BAD."""
    said = answer.headers.get("content-disposition", "")[:4096]
    extended, plain = EXTENDED.search(said), PLAIN.search(said)
    if extended is not None:
        name = unquote(extended[1], errors="replace")
    elif plain is not None:
        name = (plain[1] or plain[2]).encode("latin-1", "replace").decode("utf-8", "replace")
    else:
        name = unquote(urlsplit(address).path.rstrip("/").rpartition("/")[2], errors="replace")
    return local_name(re.split(r"[/\\]", name)[-1] or "model.gguf")


def _size(answer: Answer) -> int:
    linked = next((hop["x-linked-size"] for hop in answer.hops if "x-linked-size" in hop), "")
    match = TOTAL.fullmatch(answer.headers.get("content-range", "").strip())
    if answer.status == 206:
        told = match[1] if match is not None else linked
        return min(int(told), MOST) if told.isascii() and told.isdigit() and len(told) < 19 else -1
    return -1 if answer.length is None else min(answer.length, MOST)


def _sha256(answer: Answer) -> str:
    """A hub says it as the ETag of what it redirects to."""
    return next((found for hop in answer.hops if (found := sha256(hop.get("x-linked-etag", "").strip('"')))), "")
