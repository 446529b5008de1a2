"""The hub process: really started, asked several things at once, killed, and flooded."""

import os
import queue
import signal
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.hub_server import TOKEN, Generated, HubServer, Huge, Silent

from zhiyin_models.errors import Code
from zhiyin_models.hub.client import HubClient
from zhiyin_models.hub.protocol import (
    Answer,
    Checked,
    Described,
    Failed,
    Found,
    NewestFound,
    Probed,
    SaveToken,
    TokenSaved,
    TokensHeld,
)
from zhiyin_models.hub.settings import HubSettings, Source, write_hub_settings
from zhiyin_models.hub.values import SearchQuery

NAME = "owner/name"
WAIT = 60.0
Ask = Callable[..., Answer]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HubServer, HubClient, Path]]:
    """One hub and one process for the tests that leave both as they were; an environment full of what is not ours."""
    folder = tmp_path_factory.mktemp("hub-client")
    data_dir = folder / "数据"
    unwanted = {"HF_TOKEN": "hf_environment", "HF_HUB_OFFLINE": "1", "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    with HubServer(folder / "hub") as server, pytest.MonkeyPatch.context() as environment:
        server.add_repository(NAME, {"a-Q4_K_M.gguf": Generated(300_000), "README.md": "# 卡片"}, downloads=7)
        write_hub_settings(data_dir, settings_of(server))
        for name, value in unwanted.items():
            environment.setenv(name, value)
        client = HubClient(log=folder / "log", data_dir=data_dir)
        yield server, client, data_dir
        client.close()


def settings_of(server: HubServer, **other: bool) -> HubSettings:
    return HubSettings(sources=(Source("Hub", "huggingface", server.address, official=True),), proxy="", **other)  # type: ignore[arg-type]


@pytest.fixture
def server(shared: tuple[HubServer, HubClient, Path]) -> Iterator[HubServer]:
    shared[0].behave()
    shared[0].forget_requests()
    yield shared[0]
    shared[0].behave()


@pytest.fixture
def client(server: HubServer, shared: tuple[HubServer, HubClient, Path]) -> HubClient:
    assert server
    return shared[1]


@pytest.fixture
def data_dir(shared: tuple[HubServer, HubClient, Path]) -> Path:
    return shared[2]


def answer(ask: Callable[[Callable[[Answer], None]], int]) -> Answer:
    """The one answer to a question."""
    answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
    number = ask(answers.put)
    found = answers.get(timeout=WAIT)
    assert found.id == number
    return found


def kill(client: HubClient) -> int:
    """The id of the process that was there."""
    pid = client.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    return pid


def wait_for(condition: Callable[[], object]) -> None:
    """Until it is so."""
    end = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < end
        threading.Event().wait(0.02)


def test_every_question_has_its_answer(client: HubClient, server: HubServer) -> None:
    found = answer(lambda hear: client.search(SearchQuery(text="name"), hear))
    assert isinstance(found, Found)
    assert (found.source, [one.id for one in found.results.repositories]) == ("Hub", [NAME])
    described = answer(lambda hear: client.describe(NAME, hear))
    assert isinstance(described, Described)
    assert (described.details.card, described.details.revision) == ("# 卡片", server.repository(NAME).commits[0].sha)
    probed = answer(lambda hear: client.probe(server.add_file("x.gguf", b"1234"), hear))
    assert isinstance(probed, Probed)
    assert (probed.file.path, probed.file.size) == ("x.gguf", 4)
    checked = answer(client.check_sources)
    assert isinstance(checked, Checked)
    assert [(one.name, one.problem) for one in checked.health] == [("Hub", "")]
    newest = answer(lambda hear: client.newest([("Hub", NAME), ("Hub", "a/b")], hear))
    assert isinstance(newest, NewestFound)
    assert newest.revisions == (described.details.revision, "")
    assert all("authorization" not in one.headers for one in server.requests)


def test_a_failure_crosses_with_its_code(client: HubClient) -> None:
    failed = answer(lambda hear: client.describe("no/where", hear))
    assert isinstance(failed, Failed)
    assert (failed.code, failed.args["name"]) == (Code.HUB_NOT_FOUND, "no/where")


def test_several_questions_at_once_and_one_that_is_forgotten(client: HubClient, server: HubServer) -> None:
    until = threading.Event()
    server.misbehave("/api/models/*", Silent(until))
    slow: queue.SimpleQueue[Answer] = queue.SimpleQueue()
    numbers = [client.describe(NAME, slow.put) for _ in range(3)]
    assert isinstance(answer(lambda hear: client.search(SearchQuery(), hear)), Found)
    client.forget(numbers[0])
    client.forget(numbers[0])
    until.set()
    assert {slow.get(timeout=WAIT).id for _ in numbers[1:]} == set(numbers[1:])
    assert isinstance(answer(lambda hear: client.search(SearchQuery(), hear)), Found)
    assert slow.empty()


def test_settings_hold_from_the_next_question_on(client: HubClient, server: HubServer, data_dir: Path) -> None:
    write_hub_settings(data_dir, settings_of(server, offline=True))
    try:
        for failed in (answer(lambda hear: client.search(SearchQuery(), hear)), answer(client.check_sources)):
            assert isinstance(failed, Failed)
            assert failed.code == Code.HUB_OFFLINE
        assert not server.requests
    finally:
        write_hub_settings(data_dir, settings_of(server))
    assert isinstance(answer(lambda hear: client.search(SearchQuery(), hear)), Found)


def test_a_token_is_kept_used_and_taken_away_again(client: HubClient, server: HubServer, data_dir: Path) -> None:
    private = server.repository(NAME)
    private.private = True
    try:
        none = answer(client.has_tokens)
        assert isinstance(none, TokensHeld)
        assert none.sources == ()
        refused = answer(lambda hear: client.describe(NAME, hear))
        assert isinstance(refused, Failed)
        saved = answer(lambda hear: client.save_token("Hub", TOKEN, hear))
        assert isinstance(saved, TokenSaved)
        assert saved.notice is not None
        assert saved.notice.code == Code.TOKEN_IN_FILE
        assert stat.S_IMODE((data_dir / "tokens.json").stat().st_mode) == 0o600
        assert isinstance(answer(lambda hear: client.describe(NAME, hear)), Described)
        held = answer(client.has_tokens)
        assert isinstance(held, TokensHeld)
        assert held.sources == ("Hub",)
        assert {one.host for one in server.requests if "authorization" in one.headers} == {"hub"}
        answer(lambda hear: client.save_token("Hub", "", hear))
        assert isinstance(answer(lambda hear: client.describe(NAME, hear)), Failed)
        unknown = answer(lambda hear: client.save_token("Nobody", TOKEN, hear))
        assert isinstance(unknown, Failed)
        assert TOKEN not in repr(SaveToken(1, "Hub", TOKEN))
    finally:
        private.private = False
    log = (data_dir.parent / "log").read_text()
    assert TOKEN not in log
    assert "hf_environment" not in log


def test_500_megabytes_cost_the_process_little(client: HubClient, server: HubServer) -> None:
    server.misbehave("/api/models", Huge(500 << 20))
    failed = answer(lambda hear: client.search(SearchQuery(), hear))
    assert isinstance(failed, Failed)
    assert failed.code == Code.HUB_ANSWER_BAD
    status = Path(f"/proc/{client.pid}/status")
    if status.exists():
        (peak,) = (int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        assert peak < 300_000  # KB
    assert server.sent < 64 << 20


def test_what_a_killed_process_was_asked_is_asked_once_more(client: HubClient, server: HubServer) -> None:
    until = threading.Event()
    server.misbehave("/api/models/*", Silent(until))
    answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
    number = client.describe(NAME, answers.put)
    unwanted = client.describe(NAME, answers.put)
    client.forget(unwanted)
    wait_for(lambda: server.requests)
    server.behave()
    first = kill(client)
    described = answers.get(timeout=WAIT)
    assert isinstance(described, Described)
    assert described.id == number
    assert client.pid not in (None, first)
    assert answers.empty()
    until.set()


def test_a_question_that_kills_every_process_ends_and_the_next_one_begins_another(client: HubClient, server: HubServer) -> None:
    until = threading.Event()
    server.misbehave("/api/models/*", Silent(until))
    answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
    numbers = {client.describe(NAME, answers.put) for _ in range(3)}
    first = kill(client)
    wait_for(lambda: client.pid not in (None, first))
    server.forget_requests()
    wait_for(lambda: server.requests)
    second = kill(client)
    ended = [answers.get(timeout=WAIT) for _ in numbers]
    assert {one.id for one in ended} == numbers
    assert {(one.code, one.args["detail"]) for one in ended if isinstance(one, Failed)} == {(Code.HUB_DIED, "SIGKILL")}
    until.set()
    server.behave()
    assert isinstance(answer(lambda hear: client.search(SearchQuery(), hear)), Found)
    assert client.pid not in (None, first, second)


def test_after_the_end_every_question_fails(hub: HubServer, tmp_path: Path) -> None:
    write_hub_settings(tmp_path, settings_of(hub))
    client = HubClient(data_dir=tmp_path)
    client.close()
    client.close()
    failed = answer(lambda hear: client.search(SearchQuery(), hear))
    assert isinstance(failed, Failed)
    assert client.pid is None
    assert not hub.requests
