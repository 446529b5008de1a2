"""A hub that answers wrongly: every way of it is one sentence, bounded in bytes and in time, and the next source is asked."""

import json
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.hub_server import (
    Answer,
    Cut,
    Forbidden,
    Generated,
    Hangup,
    HubServer,
    Huge,
    Misbehaviour,
    NotJSON,
    Redirect,
    RedirectLoop,
    Silent,
    Stall,
    Status,
    Throttle,
)

from zhiyin_models.child.wire import encode
from zhiyin_models.errors import Argument, Code, ModelError
from zhiyin_models.hub.connection import Connection, Patience
from zhiyin_models.hub.health import check_sources
from zhiyin_models.hub.probe import probe
from zhiyin_models.hub.protocol import Described, Found
from zhiyin_models.hub.search import describe, newest, search
from zhiyin_models.hub.settings import HubSettings, Source
from zhiyin_models.hub.values import SearchQuery

PATIENCE = Patience(connect=2.0, stall=0.2, answer=0.6)
NAME = "owner/name"
GARBAGE = [
    b"",
    b"null",
    b"5",
    b'"text"',
    b"[1, 2]",
    b"[[]]",
    b'{"error": "no"}',
    b'[{"id": 5}]',
    b'[{"no": "id"}]',
    b'[{"id": "a/b", "siblings": 5}]',
    b'[{"id": "a/b", "siblings": [{"lfs": {}}]}]',
    b'[{"id": "a/b", "lastModified": "yesterday"}]',
    b'[{"id": "a/b", "safetensors": {"x": 1}}]',
    b'[{"id": "a/b", "inferenceProviderMapping": 7}]',
    b"\xff\xfe[]",
    b"[" * 100_000,
    b"[" + b"9" * 5000 + b"]",
    b"{" * 500_000,
    b"[" + b"{}," * 500_000 + b"{}]",
    b'[{"id": "a/b", "tags": [' + b"[]," * 500_000 + b"[]]}]",
]


@pytest.fixture
def connection(settings: HubSettings) -> Iterator[Connection]:
    with Connection(settings, patience=PATIENCE) as opened:
        yield opened


@pytest.fixture
def filled(hub: HubServer) -> HubServer:
    hub.add_repository(NAME, {"a-Q4_K_M.gguf": Generated(300_000), "README.md": "# card"})
    return hub


def refusal(settings: HubSettings, connection: Connection) -> ModelError:
    with pytest.raises(ModelError) as caught:
        search(settings, SearchQuery(), connection=connection)
    return caught.value


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (NotJSON(), (Code.HUB_ANSWER_BAD, {"detail": "not JSON"})),
        (Answer(b"[" * 100_000), (Code.HUB_ANSWER_BAD, {"detail": "nested too deeply"})),
        (Answer(b"[null, 3]"), (Code.HUB_ANSWER_BAD, {"detail": "not as expected"})),
        (Status(500), (Code.HUB_SERVER, {"detail": "500"})),
        (Status(503, retry_after=7), (Code.HUB_SERVER, {"detail": "503"})),
        (Status(429, retry_after=3600), (Code.HUB_BUSY, {"seconds": 3600})),
        (Status(429), (Code.HUB_BUSY, {"seconds": 0})),
        (Status(404), (Code.HUB_NOT_FOUND, {})),
        (Forbidden(401), (Code.HUB_TOKEN_NEEDED, {})),
        (Forbidden(403), (Code.HUB_GATED, {})),
        (RedirectLoop(), (Code.NETWORK_REDIRECTS, {})),
        (Redirect("file:///etc/passwd"), (Code.NETWORK_REDIRECTS, {})),
        (Redirect("http://[broken"), (Code.NETWORK_UNREACHABLE, {})),  # the library looks at it first
        (Hangup(), (Code.NETWORK_UNREACHABLE, {})),
        (Silent(), (Code.NETWORK_STALLED, {"seconds": 0})),
    ],
)
def test_what_goes_wrong_is_said_at_once(
    what: Misbehaviour, expected: tuple[Code, dict[str, Argument]], hub: HubServer, settings: HubSettings, connection: Connection
) -> None:
    hub.misbehave("/api/models", what)
    error = refusal(settings, connection)
    code, args = expected
    assert error.code == code
    assert args.items() <= error.failure.args.items()
    assert len(hub.requests) == (11 if isinstance(what, RedirectLoop) else 1)  # the library's own tries would take minutes


def test_a_revoked_token_is_told_from_a_missing_one(filled: HubServer, settings: HubSettings) -> None:
    filled.repository(NAME).private = True
    with Connection(settings, patience=PATIENCE, token=lambda _: "hf_revoked") as opened, pytest.raises(ModelError) as caught:
        describe(settings, NAME, connection=opened)
    assert caught.value.code == Code.HUB_TOKEN_REFUSED
    assert "hf_revoked" not in str(caught.value)


@pytest.mark.parametrize("kind", ["huggingface", "modelscope"])
@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_is_an_answer_that_cannot_be_understood(
    garbage: bytes, kind: str, hub: HubServer, settings: HubSettings, connection: Connection
) -> None:
    hub.misbehave("*", Answer(garbage))
    here = replace(settings, sources=(Source("Hub", kind, hub.address),))  # type: ignore[arg-type]
    for ask in (lambda: search(here, SearchQuery(), connection=connection), lambda: describe(here, NAME, connection=connection)):
        with pytest.raises(ModelError) as caught:
            ask()
        assert caught.value.code in (Code.HUB_ANSWER_BAD, Code.HUB_NOT_FOUND)
        assert len(str(caught.value.failure.args)) < 500
    assert newest(here, [("Hub", NAME)], connection=connection) == ("",)


wild_text = st.text(st.characters(), max_size=12)  # lone surrogates too
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | wild_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(wild_text, inner, max_size=4),
    max_leaves=12,
)
wild_files = st.lists(st.fixed_dictionaries({"rfilename": wild_text, "size": json_values}, optional={"lfs": json_values}), max_size=3)
listed_files = st.lists(st.fixed_dictionaries({"Path": wild_text | json_values, "Type": st.just("blob"), "Size": json_values}), max_size=3)
FIELDS = (
    "tags",
    "gguf",
    "safetensors",
    "downloads",
    "likes",
    "gated",
    "private",
    "cardData",
    "sha",
    "lastModified",
    "config",
    "pipeline_tag",
)
fields = st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=3)


@given(odd=fields, siblings=wild_files | json_values, files=listed_files | json_values)
@hypothesis_settings(max_examples=25, deadline=None)
def test_lies_about_types_never_get_through(odd: dict[str, object], siblings: object, files: object) -> None:
    good = {"id": NAME, "Path": "owner", "Name": "name", "sha": "0" * 40} | odd | {"siblings": siblings}
    scope = good | {"Files": files, "Model": {"Models": [good, files]}, "Tasks": files, "Tags": siblings, "LatestCommitter": siblings}
    with HubServer() as hub, Connection(HubSettings(proxy=""), patience=PATIENCE) as connection:
        hub.misbehave("/api/models", Answer(json.dumps([good]).encode()))
        hub.misbehave("/api/models/*", Answer(json.dumps(good).encode()))
        hub.misbehave("/api/v1/*", Answer(json.dumps({"Data": scope}).encode()))
        for kind in ("huggingface", "modelscope"):
            here = HubSettings(sources=(Source("Hub", kind, hub.address),), proxy="")  # type: ignore[arg-type]
            try:
                found = Found(1, *search(here, SearchQuery(), connection=connection))
                assert msgspec.json.decode(encode(found), type=Found).id == 1
                described = Described(2, describe(here, NAME, connection=connection))
                assert msgspec.json.decode(encode(described), type=Described).id == 2
            except ModelError as error:
                assert error.code == Code.HUB_ANSWER_BAD


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("kind", ["huggingface", "modelscope"])
def test_an_answer_of_500_megabytes_is_cut_off_as_it_comes(announced: bool, kind: str, hub: HubServer, settings: HubSettings) -> None:
    hub.misbehave("*", Huge(500 << 20, announced=announced))
    here = replace(settings, sources=(Source("Hub", kind, hub.address),))  # type: ignore[arg-type]
    with Connection(here, patience=Patience(answer=30.0)) as connection:
        assert refusal(here, connection).code == Code.HUB_ANSWER_BAD
    assert hub.sent < 64 << 20


def test_a_long_card_or_config_is_left_out(filled: HubServer, settings: HubSettings, connection: Connection) -> None:
    filled.misbehave("*/README.md", Huge(500 << 20))
    filled.misbehave("*.gguf", Huge(500 << 20))
    details = describe(settings, NAME, connection=connection)
    assert (details.card, details.shape.guessed) == ("", True)
    assert filled.sent < 32 << 20


@pytest.mark.parametrize("what", [Stall(after=0), Throttle(2000), Cut(after=10)])
def test_a_slow_card_and_a_slow_header_keep_nobody_waiting(
    what: Misbehaviour, filled: HubServer, settings: HubSettings, connection: Connection
) -> None:
    filled.revise(NAME, {"README.md": "# long\n" + "x" * 200_000})
    filled.misbehave("*", what)
    details = describe(settings, NAME, connection=connection)
    assert [one.quant for one in details.variants] == ["Q4_K_M"]
    assert (details.card, details.shape.guessed) == ("", True)


def test_the_health_of_every_source_in_their_order(mirror: HubServer, settings: HubSettings) -> None:
    dead = HubServer()
    dead.close()
    mirror.misbehave("/api/*", NotJSON())
    sources = (
        *settings.sources,
        Source("Gone", "huggingface", dead.address, enabled=False),
        Source("Portal", "huggingface", mirror.address),
        Source("魔搭", "modelscope", mirror.address),
    )
    all_of_them = replace(settings, sources=sources)
    with Connection(all_of_them, patience=PATIENCE) as connection:
        well, gone, portal, scope = check_sources(all_of_them, connection)
    assert (well.name, well.problem) == ("Hub", "")
    assert well.milliseconds > 0
    assert scope.problem == ""
    assert (gone.name, gone.problem, gone.milliseconds) == ("Gone", Code.NETWORK_UNREACHABLE, 0.0)
    assert (portal.problem, portal.args["address"]) == (Code.HUB_ANSWER_BAD, f"{mirror.address}/api/models")


@pytest.mark.parametrize(
    ("name", "said", "expected"),
    [
        ("model.gguf", "", "model.gguf"),
        ("模型 1.gguf", "", "模型 1.gguf"),
        ("download", 'attachment; filename="real.gguf"', "real.gguf"),
        ("download", "attachment; filename=real.gguf; size=3", "real.gguf"),
        ("download", "attachment; filename=\"x.gguf\"; filename*=UTF-8''%E6%A8%A1.gguf", "模.gguf"),
        ("download", 'attachment; filename="../../etc/passwd"', "passwd"),
        ("download", 'attachment; filename="C:\\\\Windows\\\\con.gguf"', "_con.gguf"),
    ],
)
def test_what_lies_at_a_plain_address(name: str, said: str, expected: str, hub: HubServer, connection: Connection) -> None:
    address = hub.add_file(name, Generated(123_456))
    hub.disposition = said
    file = probe(connection, address)
    assert (file.path, file.size, file.sha256) == (expected, 123_456, "")
    assert hub.sent <= 1


def test_the_address_of_a_page_is_that_of_its_file(filled: HubServer, connection: Connection) -> None:
    file = probe(connection, f" {filled.address}/{NAME}/blob/main/a-Q4_K_M.gguf?download=true ")
    assert (file.path, file.size, file.sha256) == ("a-Q4_K_M.gguf", 300_000, filled.sha256(NAME, "a-Q4_K_M.gguf"))


@pytest.mark.parametrize(
    "address", ["", "model.gguf", "ftp://x/y", "file:///etc/passwd", "http://", "http://a b/c", "https://" + "x" * 9000]
)
def test_what_is_no_address_is_said(address: str, connection: Connection) -> None:
    with pytest.raises(ModelError) as caught:
        probe(connection, address)
    assert caught.value.code == Code.ADDRESS_BAD


def test_a_page_is_no_file(filled: HubServer, connection: Connection) -> None:
    with pytest.raises(ModelError) as caught:
        probe(connection, filled.address + "/")
    assert caught.value.code == Code.HUB_ANSWER_BAD
