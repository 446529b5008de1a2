"""The hub for tests keeps its own promises: what it serves is right unless it was told otherwise."""

import http.client
import json
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

import pytest
from tests.hub_server import TOKEN, ChangeETag, Cut, Generated, HubServer, NoRange, Reset, Status, WrongBytes, WrongLength, WrongRange

NAME = "owner/name"
PATH = f"/{NAME}/resolve/main/a-Q4_K_M.gguf"
CONTENT = Generated(3_000_000, seed=5)


@pytest.fixture
def filled(hub: HubServer) -> HubServer:
    hub.add_repository(NAME, {"a-Q4_K_M.gguf": CONTENT, "README.md": "# 卡"})
    return hub


Reply = tuple[int, Mapping[str, str], bytes]


def ask(address: str, method: str = "GET", **headers: str) -> Reply:
    """One request on a connection of its own. Raises what ``http.client`` does."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    try:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, f"{parts.path}?{parts.query}" if parts.query else parts.path, headers=names)
        response = connection.getresponse()
        return response.status, dict(response.headers), response.read()
    finally:
        connection.close()


def file_address(hub: HubServer) -> str:
    """Where the bytes are, as the hub says it."""
    status, headers, _ = ask(hub.address + PATH, "HEAD")
    assert status == HTTPStatus.FOUND
    assert headers["X-Linked-Size"] == "3000000"
    assert headers["X-Linked-ETag"] == f'"{hub.sha256(NAME, "a-Q4_K_M.gguf")}"'
    assert headers["X-Repo-Commit"] == hub.repository(NAME).commits[-1].sha
    return headers["Location"]


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=1048570-1048600", 1_048_570, 1_048_601),
        ("bytes=2999990-", 2_999_990, 3_000_000),
        ("bytes=-5", 2_999_995, 3_000_000),
    ],
)
def test_ranges(asked: str, start: int, end: int, filled: HubServer) -> None:
    status, headers, body = ask(file_address(filled), Range=asked)
    assert (status, headers["Content-Range"]) == (HTTPStatus.PARTIAL_CONTENT, f"bytes {start}-{end - 1}/3000000")
    assert body == CONTENT.read()[start:end]


def test_a_range_beyond_the_end_and_another_etag(filled: HubServer) -> None:
    address = file_address(filled)
    assert urlsplit(address).netloc == urlsplit(filled.files_address).netloc != urlsplit(filled.address).netloc
    status, headers, _ = ask(address, Range="bytes=3000000-")
    assert (status, headers["Content-Range"]) == (HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "bytes */3000000")
    status, _, body = ask(address, Range="bytes=5-9", If_Range='"other"')
    assert (status, len(body)) == (HTTPStatus.OK, 3_000_000)
    assert ask(address, If_Match='"other"')[0] == HTTPStatus.PRECONDITION_FAILED
    assert ask(address.partition("?")[0])[0] == HTTPStatus.FORBIDDEN  # not signed


def test_faults_happen_as_often_as_they_were_told_to(filled: HubServer) -> None:
    address = file_address(filled)
    content = CONTENT.read()
    filled.misbehave("*.gguf", NoRange(), times=1)
    assert ask(address, Range="bytes=0-9")[0] == HTTPStatus.OK
    filled.misbehave("*.gguf", Status(503, retry_after=1), times=1, host="files")
    filled.misbehave("*.gguf", Cut(after=1000), times=1)
    filled.misbehave("*.gguf", Reset(after=1000), times=1)
    filled.misbehave("*.gguf", WrongBytes(at=7), times=1)
    filled.misbehave("*.gguf", WrongLength(-10), times=1)
    filled.misbehave("*.gguf", WrongLength(10), times=1)
    filled.misbehave("*.gguf", WrongRange(3), times=1)
    status, headers, _ = ask(address)
    assert (status, headers["Retry-After"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "1")
    with pytest.raises(http.client.IncompleteRead) as cut:
        ask(address)
    assert cut.value.partial == content[:1000]
    with pytest.raises(ConnectionResetError):
        ask(address)
    assert ask(address, Range="bytes=5-9")[2] == content[5:7] + bytes([content[7] ^ 255]) + content[8:10]
    assert len(ask(address)[2]) == 2_999_990
    with pytest.raises(http.client.IncompleteRead):
        ask(address)
    assert ask(address, Range="bytes=10-19")[1]["Content-Range"] == "bytes 13-22/3000000"
    assert ask(address)[2] == content
    filled.misbehave("*.gguf", ChangeETag())
    assert ask(filled.address + PATH, "HEAD")[1]["X-Linked-ETag"] == ask(address, "HEAD")[1]["ETag"] == f'"{"0" * 64}"'


def test_who_may_read_what(filled: HubServer) -> None:
    filled.repository(NAME).gated = "manual"
    known = {"Authorization": f"Bearer {TOKEN}"}
    status, headers, _ = ask(filled.address + PATH)
    assert (status, headers["X-Error-Code"]) == (HTTPStatus.UNAUTHORIZED, "GatedRepo")
    assert ask(filled.address + PATH, **known)[0] == HTTPStatus.FORBIDDEN
    filled.accepted.add(NAME)
    assert ask(filled.address + PATH, **known)[0] == HTTPStatus.FOUND
    assert ask(filled.address + PATH, Authorization="Bearer hf_other")[0] == HTTPStatus.UNAUTHORIZED
    filled.repository(NAME).private = True
    assert ask(f"{filled.address}/api/models/{NAME}")[1]["X-Error-Code"] == "RepoNotFound"
    assert json.loads(ask(f"{filled.address}/api/models/{NAME}", **known)[2])["private"] is True


def test_a_mirror_has_the_same_and_a_log_of_its_own(filled: HubServer, mirror: HubServer) -> None:
    first = filled.repository(NAME).commits[0].sha
    second = filled.revise(NAME, {"README.md": "# 新"}, removed=["a-Q4_K_M.gguf"])
    assert ask(f"{mirror.address}/{NAME}/resolve/{second}/README.md")[2] == "# 新".encode()
    assert ask(f"{mirror.address}/{NAME}/resolve/{first}/README.md")[2] == "# 卡".encode()
    assert ask(mirror.address + PATH)[0] == HTTPStatus.NOT_FOUND
    assert [one.path for one in mirror.requests[:1]] == [f"/{NAME}/resolve/{second}/README.md"]
    assert not filled.requests
