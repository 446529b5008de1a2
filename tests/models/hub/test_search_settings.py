"""The settings of the sources on the disk, and what the environment says of them."""

import os
import threading
from pathlib import Path

import pytest

from zhiyin_models.hub.settings import SOURCES, HubSettings, environment_endpoint, read_hub_settings, write_hub_settings


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("https://hub.example/", "https://hub.example"),
        ("http://hub.example:8080", "http://hub.example:8080"),
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("localhost:8080/", "http://localhost:8080"),
        ("[::1]:8080", "http://[::1]:8080"),
        (" hub.example ", "https://hub.example"),
        ("hub.example/mirror/", "https://hub.example/mirror"),
        ("", ""),
        ("ftp://hub.example", ""),
        ("hub example", ""),
        ("https://", ""),
    ],
)
def test_the_endpoint_of_the_environment_needs_no_scheme(given: str, meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", given)
    assert environment_endpoint() == meant
    first, *others = read_hub_settings(tmp_path).sources
    assert (first.name, first.address, first.official) == ("HF_ENDPOINT", meant, False) if meant else first == SOURCES[0]
    assert tuple(others) == (SOURCES if meant else SOURCES[1:])


def test_settings_are_whole_whoever_writes_them_at_once_and_nobody_elses(tmp_path: Path) -> None:
    proxies = [f"http://user:{'x' * 30_000}{number}@127.0.0.1:{number}" for number in range(4)]
    failures: list[BaseException] = []

    def write(proxy: str) -> None:
        try:
            for _ in range(10):
                write_hub_settings(tmp_path, HubSettings(proxy=proxy))
                assert read_hub_settings(tmp_path).proxy in proxies
        except BaseException as error:
            failures.append(error)

    before = os.umask(0o022)
    try:
        writers = [threading.Thread(target=write, args=(proxy,)) for proxy in proxies]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
    finally:
        os.umask(before)
    assert failures == []
    (left,) = tmp_path.iterdir()
    assert (left.name, left.stat().st_mode & 0o777) == ("hub.json", 0o600)
