"""Questions to the hub process from the window: answered on its thread, forgotten when nobody wants them, ended with the window."""

import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from pytestqt.qtbot import QtBot
from tests.hub_server import HubServer, Stall

from zhiyin.services.hub import HubService
from zhiyin_models.child.wire import Failed
from zhiyin_models.errors import Code
from zhiyin_models.hub.protocol import Answer, Described, Found, NewestFound, Probed
from zhiyin_models.hub.settings import HubSettings, Source, write_hub_settings
from zhiyin_models.hub.values import SearchQuery

WAIT = 60_000
pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer() as server:
        server.add_repository("a/First-GGUF", {"First-Q4_K_M.gguf": b"GGUF" + bytes(100), "README.md": "# First"})
        server.add_repository("a/Second-GGUF", {"Second-Q4_K_M.gguf": b"GGUF" + bytes(100)})
        yield server


@pytest.fixture
def service(tmp_path: Path, hub: HubServer) -> Iterator[HubService]:
    write_hub_settings(tmp_path, HubSettings(sources=(Source("Test hub", "huggingface", hub.address),), proxy=""))
    made = HubService(tmp_path, tmp_path / "hub.log")
    yield made
    made.close()


def test_questions_are_answered_on_the_windows_thread_forgotten_ones_never_and_closing_ends_it_all(
    service: HubService, hub: HubServer, qtbot: QtBot
) -> None:
    before = set(psutil.Process().children(recursive=True))
    answers: list[tuple[str, Answer, bool]] = []

    def hear(name: str):
        return lambda answer: answers.append((name, answer, threading.current_thread() is threading.main_thread()))

    service.search(SearchQuery(text="first"), hear("older"))
    service.search(SearchQuery(text="second"), hear("newer"))
    service.describe("a/First-GGUF", hear("details"))
    service.forget(service.describe("a/Second-GGUF", hear("unwanted")))
    service.probe(hub.add_file("x.gguf", b"GGUF" + bytes(50)), hear("address"))
    service.newest([("Test hub", "a/First-GGUF"), ("Test hub", "a/None")], hear("newest"))
    service.describe("a/None", hear("missing"))
    qtbot.waitUntil(lambda: not service.waiting, timeout=WAIT)
    assert sorted(name for name, _, _ in answers) == ["address", "details", "missing", "newer", "newest"]
    assert all(on_thread for _, _, on_thread in answers)
    said = {name: answer for name, answer, _ in answers}
    found, details, probed, newest, missing = (said[name] for name in ("newer", "details", "address", "newest", "missing"))
    assert isinstance(found, Found)
    assert [repository.id for repository in found.results.repositories] == ["a/Second-GGUF"]
    assert isinstance(details, Described)
    assert details.details.card == "# First"
    assert isinstance(probed, Probed)
    assert probed.file.size == 54
    assert isinstance(newest, NewestFound)
    assert newest.revisions == (hub.repository("a/First-GGUF").commits[-1].sha, "")
    assert isinstance(missing, Failed)
    assert missing.code is Code.HUB_NOT_FOUND

    unheard: list[Answer] = []
    (process,) = set(psutil.Process().children(recursive=True)) - before
    hub.misbehave("*", Stall())
    service.describe("a/First-GGUF", unheard.append)
    service.close()
    service.search(SearchQuery(), unheard.append)
    assert (service.waiting, unheard) == (0, [])
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
