"""What is found at a hub, a mirror and ModelScope, as values; and who is asked."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.hub_server import TOKEN, Forbidden, Hangup, HubServer, NotJSON, Redirect, Status
from tests.models import gguf_files

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.hub.answers import Json
from zhiyin_models.hub.connection import Connection
from zhiyin_models.hub.search import describe, newest, search
from zhiyin_models.hub.settings import HubSettings, Source
from zhiyin_models.hub.values import Details, RemoteFile, SearchQuery, Shape, Sort

QWEN = "Qwen/Qwen3-8B-GGUF"
QWEN_CARD = "---\nlicense: apache-2.0\nlanguage:\n- zh\n- en\nbase_model: Qwen/Qwen3-8B\n---\n# 通义千问\n"
GGUF: Json = {"total": 8_190_735_360, "architecture": "qwen3", "context_length": 40_960}


def header(**other: gguf_files.Value) -> bytes:
    """The beginning of a GGUF file with a vocabulary that goes on for megabytes."""
    numbers: dict[str, gguf_files.Value] = {
        "general.architecture": "qwen3",
        "qwen3.block_count": 36,
        "qwen3.embedding_length": 4096,
        "qwen3.attention.head_count": 32,
        "qwen3.attention.head_count_kv": 8,
        "qwen3.attention.key_length": 128,
        "qwen3.attention.value_length": 128,
        "qwen3.context_length": 40_960,
    }
    return gguf_files.header({**numbers, **other, "tokenizer.ggml.tokens": [f"token {number}" for number in range(50_000)]})


def fill(hub: HubServer) -> None:
    """A small hub."""
    files = {"qwen3-8b-Q4_K_M.gguf": header(), "qwen3-8b-Q8_0.gguf": header() + b"0" * 1000, "README.md": QWEN_CARD}
    about = {"licence": "apache-2.0", "languages": ("zh", "en"), "base": ("Qwen/Qwen3-8B",), "gguf": GGUF}
    hub.add_repository(QWEN, files, downloads=900, likes=5, trend=3, updated=1_760_000_000.0, **about)
    small: Json = {"total": 134_515_008, "architecture": "llama", "context_length": 8192}
    hub.add_repository("bartowski/SmolLM2-135M-GGUF", {"s-Q8_0.gguf": b"x"}, downloads=100, likes=50, trend=9, licence="mit", gguf=small)
    safetensors: Json = {"parameters": {"BF16": 7_615_616_512}, "total": 7_615_616_512}
    config = '{"model_type": "qwen2", "num_hidden_layers": 28, "hidden_size": 3584, "num_attention_heads": 28, "num_key_value_heads": 4}'
    checkpoint = {"config.json": config, "model.safetensors": b"1", "tokenizer.json": "{}", "README.md": "# Seven"}
    hub.add_repository("Qwen/Qwen2.5-7B", checkpoint, safetensors=safetensors, trend=1)


@pytest.fixture
def filled(hub: HubServer) -> HubServer:
    fill(hub)
    return hub


@pytest.fixture
def modelscope(mirror: HubServer, settings: HubSettings) -> HubSettings:
    """The same repositories at the other kind of hub, alone."""
    return replace(settings, sources=(Source("魔搭", "modelscope", mirror.address),))


def ids(settings: HubSettings, query: SearchQuery, more: str = "") -> list[str]:
    return [one.id for one in search(settings, query, more=more)[0].repositories]


def refusal(settings: HubSettings, repository: str = QWEN, source: str = "") -> ModelError:
    with pytest.raises(ModelError) as caught:
        describe(settings, repository, source)
    return caught.value


@pytest.mark.usefixtures("filled")
def test_what_is_known_of_a_result(settings: HubSettings) -> None:
    results, source = search(settings, SearchQuery(text="qwen3 8b"))
    (one,) = results.repositories
    assert (source, one.source, one.id, one.kind) == ("Hub", "Hub", QWEN, "gguf")
    assert (one.author, one.name, one.task) == ("Qwen", "Qwen3-8B-GGUF", "text-generation")
    assert (one.downloads, one.likes, one.updated, one.created) == (900, 5, 1_760_000_000.0, 1_700_000_000.0)
    assert (one.licence, one.languages) == ("apache-2.0", ("zh", "en"))
    assert (one.parameters, one.architecture, one.trained_context) == (8_190_735_360, "qwen3", 40_960)
    assert (one.gated, one.private, results.more) == ("", False, "")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (SearchQuery(), ["bartowski/SmolLM2-135M-GGUF", QWEN]),
        (SearchQuery(sort=Sort.DOWNLOADS), [QWEN, "bartowski/SmolLM2-135M-GGUF"]),
        (SearchQuery(sort=Sort.LIKES), ["bartowski/SmolLM2-135M-GGUF", QWEN]),
        (SearchQuery(sort=Sort.UPDATED), [QWEN, "bartowski/SmolLM2-135M-GGUF"]),
        (SearchQuery(author="Qwen"), [QWEN]),
        (SearchQuery(licence="mit"), ["bartowski/SmolLM2-135M-GGUF"]),
        (SearchQuery(language="zh"), [QWEN]),
        (SearchQuery(task="translation"), []),
        (SearchQuery(kind="checkpoint"), ["Qwen/Qwen2.5-7B"]),
        (SearchQuery(kind="any", author="Qwen", sort=Sort.TREND), [QWEN, "Qwen/Qwen2.5-7B"]),
        (SearchQuery(most_parameters=1_000_000_000), ["bartowski/SmolLM2-135M-GGUF"]),
        (SearchQuery(least_parameters=1_000_000_000), [QWEN]),
        (SearchQuery(kind="any", least_parameters=7_000_000_000, most_parameters=7_900_000_000), ["Qwen/Qwen2.5-7B"]),
    ],
)
@pytest.mark.parametrize("kind", ["huggingface", "modelscope"])
@pytest.mark.usefixtures("filled")
def test_filters_and_orders(kind: str, query: SearchQuery, found: list[str], settings: HubSettings, modelscope: HubSettings) -> None:
    assert ids(settings if kind == "huggingface" else modelscope, query) == found


@pytest.mark.parametrize("kind", ["huggingface", "modelscope"])
def test_results_go_on_where_they_ended(kind: str, hub: HubServer, settings: HubSettings, modelscope: HubSettings) -> None:
    for number in range(75):
        hub.add_repository(f"owner/model-{number}", {"a.gguf": b"x"}, trend=1000 - number)
    asked = settings if kind == "huggingface" else modelscope
    more, pages = "", []
    while not pages or more:
        results, _ = search(asked, SearchQuery(limit=30), more=more)
        pages.append([one.id for one in results.repositories])
        more = results.more
    assert [len(page) for page in pages] == [30, 30, 15]
    assert [one for page in pages for one in page] == [f"owner/model-{number}" for number in range(75)]


def test_a_filter_of_ours_looks_through_several_pages(hub: HubServer, settings: HubSettings) -> None:
    for number in range(250):
        hub.add_repository(f"owner/model-{number}", {"a.gguf": b"x"}, trend=1000 - number, gguf={"total": 1 + number % 50})
    results, _ = search(settings, SearchQuery(least_parameters=50))
    assert [one.id for one in results.repositories] == [f"owner/model-{number}" for number in (49, 99, 149, 199, 249)]
    assert len(hub.requests) == 3


@pytest.mark.parametrize("kind", ["huggingface", "modelscope"])
@pytest.mark.usefixtures("filled")
def test_everything_about_a_repository(kind: str, hub: HubServer, settings: HubSettings, modelscope: HubSettings) -> None:
    details = describe(settings if kind == "huggingface" else modelscope, QWEN)
    assert details.revision == hub.repository(QWEN).commits[0].sha
    first, second = details.variants
    assert (first.quant, first.size) == ("Q4_K_M", len(header()))
    assert second.files == (RemoteFile("qwen3-8b-Q8_0.gguf", len(header()) + 1000, hub.sha256(QWEN, "qwen3-8b-Q8_0.gguf")),)
    assert details.card == "# 通义千问\n"
    assert details.base == ("Qwen/Qwen3-8B",)
    assert (details.repository.kind, details.repository.licence, details.repository.languages) == ("gguf", "apache-2.0", ("zh", "en"))
    shape = details.shape
    assert (shape.layers, shape.embedding, shape.heads, shape.kv_heads, shape.key_length) == (36, 4096, 32, 8, 128)
    assert (shape.vocabulary, shape.trained_context, shape.architecture, shape.guessed) == (50_000, 40_960, "qwen3", False)
    assert shape.parameters == (8_190_735_360 if kind == "huggingface" else 8_000_000_000)


def test_a_header_costs_no_more_than_a_few_hundred_kilobytes(filled: HubServer, settings: HubSettings) -> None:
    describe(settings, QWEN)
    (asked,) = [one for one in filled.requests if one.host == "files"]
    assert asked.headers["range"] == "bytes=0-262143"
    assert asked.sent == 262_144


def test_a_header_behind_long_texts_is_read_further(hub: HubServer, settings: HubSettings) -> None:
    hub.add_repository(QWEN, {"a-Q4_K_M.gguf": header(**{"general.description": "x" * 400_000})})
    hub.add_repository("o/long", {"a-Q4_K_M.gguf": gguf_files.header({"general.description": "x" * 4_000_000})}, gguf={"total": 10**9})
    assert describe(settings, QWEN).shape.vocabulary == 50_000
    assert describe(settings, "o/long").shape.guessed


@pytest.mark.usefixtures("filled")
def test_a_checkpoint_and_its_config(settings: HubSettings) -> None:
    details = describe(settings, "Qwen/Qwen2.5-7B")
    assert [file.path for file in details.checkpoint] == ["config.json", "tokenizer.json", "model.safetensors"]
    assert (details.repository.kind, details.variants) == ("checkpoint", ())
    shape = details.shape
    assert (shape.parameters, shape.layers, shape.kv_heads, shape.key_length, shape.guessed) == (7_615_616_512, 28, 4, 128, False)


def test_an_older_revision_is_described_as_it_was(filled: HubServer, settings: HubSettings) -> None:
    first = filled.repository(QWEN).commits[0].sha
    second = filled.revise(QWEN, {"qwen3-8b-Q2_K.gguf": b"small"})
    assert [one.quant for one in describe(settings, QWEN).variants] == ["Q2_K", "Q4_K_M", "Q8_0"]
    assert describe(settings, QWEN).revision == second
    old = describe(settings, QWEN, revision=first)
    assert (old.revision, len(old.variants)) == (first, 2)


@pytest.mark.parametrize(
    ("beginning", "guessed"),
    [
        (b"", True),
        (b"no GGUF at all" * 100, True),
        (b"GGUF\x63\x00\x00\x00" + b"\xff" * 16, True),
        (b"GGUF\x03\x00\x00\x00" + b"\xff" * 200, True),  # billions of entries
        (header()[:5000], False),
        (gguf_files.header({"general.architecture": "x", "x.block_count": 1 << 31, "x.embedding_length": 1 << 31}), False),
    ],
)
def test_a_header_that_lies_or_ends_leaves_a_guess(beginning: bytes, guessed: bool, hub: HubServer, settings: HubSettings) -> None:
    hub.add_repository("o/model-7B-GGUF", {"a-Q4_K_M.gguf": beginning})
    details = describe(settings, "o/model-7B-GGUF")
    assert details.shape.guessed == guessed
    assert details.shape.parameters == 7_000_000_000
    assert isinstance(details, Details)


def test_a_gated_repository_is_described_without_what_only_its_readers_see(filled: HubServer, settings: HubSettings) -> None:
    filled.repository(QWEN).gated = "manual"
    details = describe(settings, QWEN)
    assert details.repository.gated == "manual"
    assert details.card == ""
    assert details.shape.guessed
    assert details.shape.architecture == "qwen3"
    assert details.page == f"{filled.address}/{QWEN}"


def test_with_the_token_of_the_hub_it_is_read_and_no_other_host_sees_the_token(
    filled: HubServer, settings: HubSettings, data_dir: Path
) -> None:
    filled.repository(QWEN).gated = "auto"
    filled.accepted.add(QWEN)
    with Connection(settings, token=lambda _: TOKEN) as connection:
        details = describe(settings, QWEN, connection=connection)
    assert details.card.startswith("# 通义")
    assert not details.shape.guessed
    known = [one for one in filled.requests if "authorization" in one.headers]
    assert known
    assert {one.host for one in known} == {"hub"}
    assert [one.path for one in filled.requests if one.host == "files"]
    assert data_dir.exists()


def test_a_redirect_takes_no_token_along(filled: HubServer, mirror: HubServer, settings: HubSettings) -> None:
    filled.repository(QWEN).private = True
    filled.misbehave("/api/models/*", Status(401), times=1)
    filled.misbehave("/api/models/*", Redirect(f"{mirror.address}/api/models/{QWEN}"), times=1)
    with Connection(settings, token=lambda _: TOKEN) as connection, pytest.raises(ModelError):
        describe(settings, QWEN, connection=connection)
    assert "authorization" in filled.requests[1].headers
    assert mirror.requests
    assert all("authorization" not in one.headers for one in mirror.requests)


def test_the_environment_and_the_cache_of_the_library_give_no_token_away(
    filled: HubServer, mirror: HubServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("hf_cached")
    monkeypatch.setenv("HF_TOKEN", "hf_environment")
    monkeypatch.setenv("HF_TOKEN_PATH", str(tmp_path / "token"))
    settings = HubSettings(
        sources=(Source("Mirror", "huggingface", mirror.address), Source("Hub", "huggingface", filled.address, official=True))
    )
    mirror.misbehave("*/README.md", Forbidden(401))
    search(settings, SearchQuery())
    describe(settings, QWEN, "Mirror")
    describe(settings, QWEN, "Hub")
    assert mirror.requests
    assert all("authorization" not in one.headers for one in (*mirror.requests, *filled.requests))


def test_a_mirror_stands_in(filled: HubServer, mirror: HubServer, settings: HubSettings) -> None:
    both = replace(settings, sources=(*settings.sources, Source("Mirror", "huggingface", mirror.address)))
    filled.misbehave("*", Status(503))
    results, source = search(both, SearchQuery(), "Hub")
    assert (source, results.repositories[0].source) == ("Mirror", "Mirror")
    details = describe(both, QWEN, "Hub")
    assert details.repository.source == "Mirror"
    assert details.page == f"{filled.address}/{QWEN}"  # where people go is the hub itself
    assert newest(both, [("Hub", QWEN)]) == (details.revision,)


def test_results_of_a_mirror_go_on_there(filled: HubServer, mirror: HubServer, settings: HubSettings) -> None:
    both = replace(settings, sources=(*settings.sources, Source("Mirror", "huggingface", mirror.address)))
    filled.misbehave("*", NotJSON(), times=1)
    first, source = search(both, SearchQuery(limit=1))
    assert source == "Mirror"
    filled.forget_requests()
    second, source = search(both, SearchQuery(limit=1), more=first.more)
    assert (source, second.repositories[0].id) == ("Mirror", QWEN)
    mirror.misbehave("*", Status(500))
    with pytest.raises(ModelError):  # another's pages are no continuation of these
        search(both, SearchQuery(limit=1), more=first.more)
    assert not filled.requests


def test_a_source_that_cannot_be_reached_is_asked_last_for_a_while(filled: HubServer, mirror: HubServer) -> None:
    gone, there = Source("Gone", "huggingface", mirror.address), Source("There", "huggingface", filled.address)
    settings = HubSettings(sources=(gone, there), proxy="")
    mirror.misbehave("*", Hangup(), times=2)
    assert search(settings, SearchQuery())[1] == "There"
    assert search(settings, SearchQuery())[1] == "There"
    assert len(mirror.requests) == 1
    filled.misbehave("*", Status(500), times=1)
    with pytest.raises(ModelError) as caught:
        search(settings, SearchQuery())
    assert caught.value.code == Code.HUB_SERVER  # the other one does not answer yet either
    filled.misbehave("*", Status(500), times=1)
    assert search(settings, SearchQuery())[1] == "Gone"
    assert search(settings, SearchQuery())[1] == "Gone"  # well again


def test_hubs_of_another_kind_are_asked_for_what_the_first_does_not_have(
    filled: HubServer, mirror: HubServer, settings: HubSettings, tmp_path: Path
) -> None:
    with HubServer(tmp_path / "scope") as scope:
        scope.add_repository("only/here", {"a-Q8_0.gguf": b"x"})
        sources = (*settings.sources, Source("Mirror", "huggingface", mirror.address), Source("魔搭", "modelscope", scope.address))
        everywhere = replace(settings, sources=sources)
        assert describe(everywhere, "only/here").repository.source == "魔搭"
        assert not mirror.requests  # a mirror has nothing else
        assert refusal(everywhere, "no/where").code == Code.HUB_NOT_FOUND
        assert refusal(everywhere, "only/here", "Hub").code == Code.HUB_NOT_FOUND
    assert filled.requests


@pytest.mark.parametrize("name", ["nothing", "../../etc/passwd", "a/b/c", "a/..", "http://x/y", "a/" + "b" * 300, "a\n/b", "李/白"])
def test_names_that_cannot_be_are_not_asked_for(name: str, hub: HubServer, settings: HubSettings) -> None:
    assert refusal(settings, name).code == Code.HUB_NOT_FOUND
    assert not hub.requests


def test_a_proxy_is_used_and_one_that_is_not_there_is_said(filled: HubServer) -> None:
    far = HubSettings(sources=(Source("Far", "huggingface", "http://hub.example"),), proxy=filled.address)
    assert ids(far, SearchQuery(author="Qwen")) == [QWEN]
    assert {one.headers["host"] for one in filled.requests} == {"hub.example"}
    dead = HubServer()
    dead.close()
    for proxy in (dead.address, "nonsense://here", "http://[x"):
        with pytest.raises(ModelError) as caught:
            search(replace(far, proxy=proxy), SearchQuery())
        assert caught.value.code == Code.NETWORK_PROXY


def test_offline_nothing_goes_out(filled: HubServer, settings: HubSettings) -> None:
    offline = replace(settings, offline=True)
    assert refusal(offline).code == Code.HUB_OFFLINE
    for ask in (lambda: search(offline, SearchQuery()), lambda: newest(offline, [("Hub", QWEN)])):
        with pytest.raises(ModelError) as caught:
            ask()
        assert caught.value.code == Code.HUB_OFFLINE
    assert not filled.requests


def test_without_a_source_there_is_nobody_to_ask(settings: HubSettings) -> None:
    off = replace(settings, sources=(replace(settings.sources[0], enabled=False),))
    assert refusal(off).code == Code.HUB_NO_SOURCE
    assert refusal(settings, source="unknown").code == Code.HUB_NO_SOURCE


def test_the_newest_revisions_where_somebody_says(filled: HubServer, mirror: HubServer, settings: HubSettings) -> None:
    both = replace(settings, sources=(*settings.sources, Source("魔搭", "modelscope", mirror.address)))
    second = filled.revise(QWEN, {"new.gguf": b""})
    asked = [("Hub", QWEN), ("魔搭", QWEN), ("Hub", "gone/away"), ("nobody", QWEN), ("Hub", "../x")]
    assert newest(both, asked) == (second, second, "", "", "")


def test_a_shape_is_only_numbers_that_can_be_sent(hub: HubServer, settings: HubSettings) -> None:
    endless = gguf_files.Raw(gguf_files.ARRAY, (0).to_bytes(4, "little") + (1 << 40).to_bytes(8, "little"))
    content = gguf_files.header(
        {"general.architecture": "x", "x.block_count": 2, "x.embedding_length": 64, "tokenizer.ggml.tokens": endless}
    )
    hub.add_repository("o/m", {"a.gguf": content}, gguf={"total": 10**30, "context_length": -5})
    shape = describe(settings, "o/m").shape
    assert isinstance(shape, Shape)
    assert (shape.layers, shape.vocabulary) == (2, 1 << 24)
    assert shape.parameters <= 1 << 60
    assert shape.trained_context == 0
