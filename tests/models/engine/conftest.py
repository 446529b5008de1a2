"""One engine with the starter model for all tests that do not need their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.models.engine.reference import Reference

from zhiyin_models.engine.client import EngineClient


@pytest.fixture(scope="session")
def engine(starter: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineClient]:
    """An engine with the starter model and a context of 2,048 tokens."""
    with EngineClient(log=tmp_path_factory.mktemp("engine") / "engine.log") as client:
        client.load(starter, context=2048, threads=1)  # two threads wait for each other, and so for every busy neighbour
        yield client


@pytest.fixture(scope="session")
def reference(starter: Path) -> Iterator[Reference]:
    """The same model, decoded by the plainest loop."""
    with Reference(starter) as model:
        yield model
