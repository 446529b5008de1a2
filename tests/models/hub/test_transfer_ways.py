"""The ways that bytes take: encrypted, through proxies, redirected; and to whom a token is never shown."""

from pathlib import Path

import msgspec
import pytest
from tests.hub_server import TOKEN, HubServer
from tests.models.hub.fetched import CONTENT, LITTLE, NAME, Case, offer
from tests.models.hub.middlemen import CERTIFICATE, encrypted, proxy, socks

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.hub.addresses import may_carry_token, shown
from zhiyin_models.hub.connection import Connection
from zhiyin_models.hub.settings import HubSettings, Source, read_hub_settings, write_hub_settings
from zhiyin_models.hub.values import RemoteFile


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The certificate of the tests is one of those that this computer trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))


def plain(hub: HubServer, folder: Path, address: str) -> Case:
    """A download of a plain address at the hub's own host."""
    sha256 = Case(folder, (hub,)).files[0].sha256
    return Case(folder, (hub,), kind="url", repository=address, files=(RemoteFile(NAME, CONTENT.size, sha256),))


def change(case: Case, **fields: object) -> None:
    write_hub_settings(case.data_dir, msgspec.structs.replace(read_hub_settings(case.data_dir), **fields))


@pytest.mark.usefixtures("trusted")
def test_an_encrypted_download_in_several_ranges(hub: HubServer, tmp_path: Path) -> None:
    offer(hub)
    path = hub.add_file(NAME, CONTENT).removeprefix(hub.address)
    with encrypted(hub.address) as address:
        case = plain(hub, tmp_path, address + path)
        case.run()
    assert case.right()
    assert len(hub.requests) >= 2


def test_a_certificate_that_nobody_vouches_for_is_refused(hub: HubServer, tmp_path: Path) -> None:
    offer(hub)
    with encrypted(hub.address) as address:
        case = plain(hub, tmp_path, f"{address}/plain/x")
        assert case.code() == Code.NETWORK_CERTIFICATE
    assert not hub.requests


@pytest.mark.usefixtures("trusted")
def test_an_encrypted_hub_cannot_send_us_to_one_that_is_not(hub: HubServer, tmp_path: Path) -> None:
    offer(hub)
    with encrypted(hub.address) as address:
        case = Case(tmp_path, (hub,))
        change(case, sources=(Source("hub 0", "huggingface", address, official=True),))
        assert case.code() == Code.NETWORK_REDIRECTS
    assert not any(request.host == "files" for request in hub.requests)


def test_everything_goes_through_the_proxy(hub: HubServer, tmp_path: Path) -> None:
    offer(hub)
    seen: list[str] = []
    path = hub.add_file(NAME, CONTENT).removeprefix(hub.address)
    with proxy(everything_is=hub.address, seen=seen) as address:
        case = plain(hub, tmp_path, f"http://far.invalid{path}")
        change(case, proxy=address)
        case.run()
    assert case.right()
    assert all(line.startswith("GET http://far.invalid/") for line in seen)


@pytest.mark.usefixtures("trusted")
def test_an_encrypted_connection_goes_through_the_proxy_unread(hub: HubServer, tmp_path: Path) -> None:
    offer(hub)
    seen: list[str] = []
    path = hub.add_file(NAME, CONTENT).removeprefix(hub.address)
    with encrypted(hub.address) as inner, proxy(everything_is=inner, seen=seen) as address:
        case = plain(hub, tmp_path, f"https://far.invalid{path}")
        change(case, proxy=address)
        assert case.code() == Code.NETWORK_CERTIFICATE  # it is not far.invalid's
        assert set(seen) == {"CONNECT far.invalid:443 HTTP/1.1"}
        change(case, proxy="")
        case.repository = inner + path
        case.run()
    assert case.right()


def test_a_proxy_that_is_not_there_is_named(hub: HubServer, tmp_path: Path) -> None:
    offer(hub)
    with proxy(everything_is=hub.address, seen=[]) as address:
        pass
    case = plain(hub, tmp_path, "http://far.invalid/x")
    case.patience = msgspec.structs.replace(LITTLE, give_up=0.2)
    change(case, proxy=address.replace("http://", "http://me:secret@"))
    error = case.refused()
    assert error.code == Code.NETWORK_PROXY
    assert error.failure.args["address"] == address


@pytest.mark.parametrize("bad", ["socks5://127.0.0.1:1", "socks4://127.0.0.1:1", "nonsense", "ftp://x"])
def test_a_proxy_that_cannot_be_one_is_named(hub: HubServer, tmp_path: Path, bad: str) -> None:
    offer(hub)
    case = plain(hub, tmp_path, "http://far.invalid/x")
    case.patience = msgspec.structs.replace(LITTLE, give_up=0.2)
    change(case, proxy=bad)
    assert case.code() == Code.NETWORK_PROXY


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without any."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def test_a_proxy_of_the_environment_that_cannot_be_one_is_named(hub: HubServer, tmp_path: Path, no_proxies: pytest.MonkeyPatch) -> None:
    offer(hub)
    no_proxies.setenv("ALL_PROXY", "socks4://me:secret@127.0.0.1:1080")
    case = plain(hub, tmp_path, "http://far.invalid/x")
    case.patience = msgspec.structs.replace(LITTLE, give_up=0.2)
    change(case, proxy="system")
    error = case.refused()
    assert error.code == Code.NETWORK_PROXY
    assert error.failure.args == {"address": "socks4://127.0.0.1:1080", "detail": "socks4"}


@pytest.mark.parametrize("unusable", ["socks4://127.0.0.1:9", "socks5://127.0.0.1:9", "nonsense://", "socks5://["])
def test_a_proxy_for_everything_is_not_asked_where_there_is_one_for_the_scheme(
    hub: HubServer, tmp_path: Path, no_proxies: pytest.MonkeyPatch, unusable: str
) -> None:
    path, seen = hub.add_file(NAME, CONTENT).removeprefix(hub.address), list[str]()
    offer(hub)
    with proxy(everything_is=hub.address, seen=seen) as address:
        no_proxies.setenv("all_proxy", unusable)
        no_proxies.setenv("http_proxy", address.removeprefix("http://"))
        no_proxies.setenv("https_proxy", address)
        case = plain(hub, tmp_path, f"http://far.invalid{path}")
        change(case, proxy="system")
        case.run()
    assert case.right()
    assert seen


def test_this_computer_is_reached_whatever_the_environment_says(hub: HubServer, tmp_path: Path, no_proxies: pytest.MonkeyPatch) -> None:
    offer(hub)
    for name in ("all_proxy", "http_proxy"):
        no_proxies.setenv(name, "socks4://127.0.0.1:9")
    case = Case(tmp_path, (hub,))
    change(case, proxy="system")
    case.run()
    assert case.right()


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_everything_goes_through_a_socks_proxy(hub: HubServer, tmp_path: Path, scheme: str) -> None:
    offer(hub)
    path, seen = hub.add_file(NAME, CONTENT).removeprefix(hub.address), list[str]()
    with socks(everything_is=hub.address, seen=seen) as address:
        case = plain(hub, tmp_path, f"http://far.invalid{path}")
        change(case, proxy=f"{scheme}://{address}")
        case.run()
    assert case.right()
    assert set(seen) == {"far.invalid:80"}  # nobody here asks where that is


@pytest.mark.usefixtures("trusted")
def test_a_socks_proxy_of_the_environment_is_used(hub: HubServer, tmp_path: Path, no_proxies: pytest.MonkeyPatch) -> None:
    """As a desktop writes it; what it joins stays encrypted, and those that need no proxy go without."""
    offer(hub)
    seen: list[str] = []
    with encrypted(hub.address) as inner, socks(everything_is=inner, seen=seen) as address:
        no_proxies.setenv("ALL_PROXY", f"socks://{address}/")
        no_proxies.setenv("NO_PROXY", "near.invalid")
        case = plain(hub, tmp_path, "https://far.invalid/x")
        change(case, proxy="system")
        assert case.code() == Code.NETWORK_CERTIFICATE  # it is not far.invalid's
        case.repository = "https://near.invalid/x"
        case.patience = msgspec.structs.replace(LITTLE, give_up=0.2)
        assert case.code() == Code.NETWORK_UNREACHABLE
    assert set(seen) == {"far.invalid:443"}


def test_this_computer_is_reached_without_the_proxy(hub: HubServer, tmp_path: Path) -> None:
    offer(hub)
    case = Case(tmp_path, (hub,))
    change(case, proxy="http://127.0.0.1:9")
    case.run()
    assert case.right()


def test_a_token_is_not_told_where_others_listen() -> None:
    assert may_carry_token("https://huggingface.co/x")
    assert may_carry_token("http://127.0.0.1:80/x")
    assert may_carry_token("http://[::1]/x")
    for address in ("http://huggingface.co/x", "http://127.0.0.1.evil.example/x", "ftp://127.0.0.1/", "http://localhost.example/"):
        assert not may_carry_token(address)


def test_a_token_is_for_the_official_sources_own_host() -> None:
    hosts = (
        "https://huggingface.co",
        "https://huggingface.co.",
        "https://huggingface.co:444",
        "http://huggingface.co",
        "https://mirror.example",
    )
    settings = HubSettings(sources=(Source("Hub", "huggingface", hosts[0], official=True), Source("M", "huggingface", hosts[-1])))
    with Connection(settings, token=lambda _: TOKEN) as connection:
        assert connection.token(f"{hosts[0]}/x") == TOKEN
        assert connection.token("https://HuggingFace.co:443/x") == TOKEN
        for host in hosts[2:]:
            assert connection.token(f"{host}/x") == ""
        assert connection.token("https://huggingface.co@evil.example/x") == ""
        assert connection.token("https://evil.example/https://huggingface.co") == ""


def test_what_is_shown_of_an_address_is_nobodys_secret() -> None:
    assert shown("https://me:secret@host:8080/a/b?Signature=secret#x") == "https://host:8080/a/b"
    assert "secret" not in shown("http://me:secret@[/?secret")


def test_a_small_answer_is_bounded(hub: HubServer, settings: HubSettings) -> None:
    address = hub.add_file("small", b"x" * 5000)
    with Connection(settings, patience=LITTLE) as connection:
        assert connection.fetch(address, limit=5000) == b"x" * 5000
        with pytest.raises(ModelError) as caught:
            connection.fetch(address, limit=4999)
        assert caught.value.code == Code.HUB_ANSWER_BAD
        with pytest.raises(ModelError) as caught:
            connection.fetch(f"{hub.address}/plain/nothing", limit=10, name="it")
        assert caught.value.code == Code.HUB_NOT_FOUND
        assert caught.value.failure.args["name"] == "it"
