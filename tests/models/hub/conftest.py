"""A hub for every test of downloads and searches."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.hub_server import HubServer

from zhiyin_models.hub.settings import HubSettings, Source, write_hub_settings


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubServer]:
    """A hub of the test's own on the loopback address; empty."""
    with HubServer(tmp_path / "hub-server") as server:
        yield server


@pytest.fixture
def mirror(hub: HubServer, tmp_path: Path) -> Iterator[HubServer]:
    """Another hub with the same repositories, and with requests and misbehaviour of its own."""
    with HubServer(tmp_path / "mirror-server", mirror_of=hub) as server:
        yield server


@pytest.fixture
def settings(hub: HubServer) -> HubSettings:
    """The test's hub as the one official source."""
    return HubSettings(sources=(Source("Hub", "huggingface", hub.address, official=True),), proxy="")


@pytest.fixture
def data_dir(tmp_path: Path, settings: HubSettings) -> Path:
    """A data directory with these settings."""
    folder = tmp_path / "数据"
    write_hub_settings(folder, settings)
    return folder
