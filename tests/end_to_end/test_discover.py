"""From an empty library to a chat by way of the hubs: an offer of the first page, a search, a download, and what goes wrong on the way."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from tests.end_to_end.conftest import Driver
from tests.hub_server import Generated, HubServer, Silent, Status, Throttle

from zhiyin.paths import Paths
from zhiyin.services.engine import EngineState
from zhiyin.ui.discover_content import DiscoverContent
from zhiyin.ui.variant_table import VariantItem
from zhiyin_models.hub.settings import HubSettings, Source, write_hub_settings
from zhiyin_models.jobs.protocol import Status as JobStatus
from zhiyin_models.library.catalogue import read_catalogue

NAME = "tester/SmallTalk-GGUF"
CARD = (
    "---\nlicense: apache-2.0\n---\n<div align='center'><h1>SmallTalk</h1></div>\n\nA **small** model. [Its page](https://example.com/)\n"
)
ABOUT = {"gguf": {"total": 134_515_008, "architecture": "llama", "context_length": 8192}, "licence": "apache-2.0", "languages": ("en",)}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubServer]:
    with HubServer(tmp_path / "hub") as server:
        yield server


@pytest.fixture
def online(data_dir: Path, hub: HubServer) -> Path:
    """An empty data directory whose only source is the test's hub."""
    Paths(data_dir).create()
    write_hub_settings(data_dir, HubSettings(sources=(Source("Test hub", "huggingface", hub.address, official=True),), proxy=""))
    return data_dir


def serve_offer(hub: HubServer, identity: str, starter: Path) -> str:
    """Let the hub have a model of the catalogue, with the starter's bytes; returns the name of its first file."""
    entry = next(entry for entry in read_catalogue() if entry.id == identity)
    hub.add_repository(entry.huggingface, {variant.files[0].path: starter for variant in entry.variants}, **ABOUT)
    return entry.huggingface


def search(driver: Driver, words: str) -> DiscoverContent:
    """Type into the search field and press Enter."""
    content = driver.window.models_page.discover.content()
    content.search.field.setText(words)
    QTest.keyClick(content.search.field, Qt.Key.Key_Return)
    return content


def variant(content: DiscoverContent, quant: str) -> VariantItem:
    return next(item for item in content.details.table.items() if item.row().variant.quant == quant)


def test_the_way_from_no_model_to_a_chat(open_app: Callable[..., Driver], online: Path, hub: HubServer, starter: Path) -> None:
    driver = open_app(online)
    window = driver.window
    offers = window.first_run.offers
    driver.until(offers.count)
    wanted = offers.items()[0].offer
    offers.items()[0].button.click()  # the hub does not have it yet
    driver.until(lambda: "There is no" in window.first_run.state.text())
    assert offers.isVisible()
    repository = serve_offer(hub, wanted.id, starter)
    offers.items()[0].button.click()
    driver.until(lambda: window.pages.currentWidget() is window.chat)
    driver.until(lambda: driver.session.engine.state is EngineState.READY)
    driver.short()
    assert driver.ask("Hello!")
    (model,) = driver.session.models.models
    assert model.origin is not None
    assert (model.origin.repository, model.origin.revision) == (repository, hub.repository(repository).commits[-1].sha)
    assert driver.chat.model == model.name

    files = {"SmallTalk-Q4_K_M.gguf": starter, "SmallTalk-Q8_0.gguf": b"GGUF" + bytes(200_000), "README.md": CARD}
    hub.add_repository(NAME, files, downloads=1234, likes=5, trend=9, **ABOUT)
    hub.add_repository("tester/Locked-GGUF", {"Locked-Q4_K_M.gguf": b"GGUF" + bytes(99)}, gated="auto", **ABOUT)
    window.show_models("discover")
    view = window.models_page.discover
    content = view.content()
    driver.until(lambda: content.list.count() > 20)
    assert content.list.item(0).section == "best"
    assert any(content.list.item(place).installed for place in range(content.list.count()))

    search(driver, "tester")
    driver.until(lambda: content.state().searching and content.list.count() == 2)
    first = content.list.item(0)
    assert (first.repository.id, first.fit.verdict in ("gpu", "partly", "cpu")) == (NAME, True)
    content.list.select_first()
    QTest.keyClick(content.list, Qt.Key.Key_Return)
    driver.until(content.details.table.items)
    assert view.page == "details"
    item = variant(content, "Q4_K_M")
    assert item.row().recommended
    driver.until(lambda: item.row().fit.verdict)
    need = item.row().fit.need
    content.details.context.setCurrentIndex(content.details.context.findData(2048))
    assert 0 < item.row().fit.need < need
    driver.until(lambda: "A small model." in content.details.card.plain())

    item.button.click()
    driver.until(lambda: item.row().state == "installed")
    assert len(list(Path(online, "models", "tester", "SmallTalk-GGUF").iterdir())) == 1
    item.button.click()
    driver.until(lambda: driver.session.engine.state is EngineState.READY and "SmallTalk" in driver.chat.model)
    assert window.pages.currentWidget() is window.chat

    check_update(driver, hub)
    check_checkpoint(driver, hub, online)
    check_bad_days(driver, hub, online)


def test_an_offer_is_given_up_wherever_it_is_on_its_way(open_app: Callable[..., Driver], online: Path, hub: HubServer) -> None:
    sources = (Source("Test hub", "huggingface", hub.address, official=True),)
    write_hub_settings(online, HubSettings(sources=sources, proxy="", concurrency=1))
    driver = open_app(online)
    first_run, toast = driver.window.first_run, driver.window.toast
    driver.until(first_run.offers.count)
    driver.until(lambda: driver.session is not None)
    hubs, downloads, offers = driver.session.discover.hubs, driver.session.downloads, driver.session.discover.offers
    wanted = [item.offer.id for item in first_run.offers.items()[:2]]
    for identity in wanted:
        entry = next(entry for entry in read_catalogue() if entry.id == identity)
        hub.add_repository(entry.huggingface, {one.files[0].path: Generated(16 << 20) for one in entry.variants}, **ABOUT)
    hub.misbehave("*.gguf", Throttle(300_000))

    def begin(which: int) -> None:
        first_run.offers.items()[which].button.click()

    def known() -> list[JobStatus]:
        return [state.status for state in downloads.jobs if state.status is not JobStatus.CANCELLED]

    def give_up() -> None:
        hubs.changed.disconnect(asked_for)
        first_run.cancel_button.click()  # mostly before it is in the queue

    def asked_for() -> None:
        if hubs.moving:
            QTimer.singleShot(0, give_up)

    hubs.changed.connect(asked_for)
    begin(0)
    driver.until(toast.isVisible)
    assert known() == []
    toast.button.click()
    driver.until(lambda: known() == [JobStatus.RUNNING])
    begin(1)  # waits for its turn behind it
    driver.until(lambda: known() == [JobStatus.RUNNING, JobStatus.QUEUED] and "waits" in first_run.state.text())
    first_run.cancel_button.click()
    assert known() == [JobStatus.RUNNING]
    begin(1)  # brought back by asking once more
    driver.until(lambda: known() == [JobStatus.RUNNING, JobStatus.QUEUED] and "waits" in first_run.state.text())
    first_run.cancel_button.click()
    toast.dismiss()
    driver.until(lambda: [state.status for state in downloads.jobs] == [JobStatus.RUNNING, JobStatus.CANCELLED])
    begin(0)
    driver.until(lambda: first_run.cancel_button.isVisible() and offers._key is not None)
    first_run.cancel_button.click()
    toast.dismiss()
    driver.until(lambda: known() == [])
    driver.until(lambda: not list(online.rglob("*.part*")))
    downloads.resume_all()
    assert downloads.running == 0


def check_update(driver: Driver, hub: HubServer) -> None:
    """Another file of the same name at the hub is told in the library, and comes beside what is there."""
    window = driver.window
    hub.revise(NAME, {"SmallTalk-Q4_K_M.gguf": b"GGUF" + bytes(5000)})
    told: list[set[str]] = []
    driver.session.discover.updates_found.connect(told.append)
    window.show_models("library")
    driver.until(lambda: told and told[-1])
    (model,) = (model for model in driver.session.models.models if model.path in told[-1])
    assert "SmallTalk" in model.name
    driver.session.discover.show_origin(model)
    content = window.models_page.discover.content()
    driver.until(lambda: content.details.table.items() and variant(content, "Q4_K_M").row().state == "newer")
    variant(content, "Q4_K_M").button.click()
    driver.until(lambda: list(Path(model.path).parent.glob("*/*.gguf")))
    assert Path(model.path).exists()


def check_checkpoint(driver: Driver, hub: HubServer, data_dir: Path) -> None:
    """A checkpoint is fetched for the sidecar, and taken there."""
    window = driver.window
    files = {"config.json": '{"architectures": ["NobodyForCausalLM"]}', "model.safetensors": bytes(3000), "onnx/model.onnx": bytes(9)}
    hub.add_repository("tester/Base", files, safetensors={"parameters": {"BF16": 1000}, "total": 1000})
    content = window.models_page.discover.content()
    content.details.back_button.click()
    content.search.kind.setCurrentIndex(1)
    search(driver, "base")
    driver.until(lambda: content.list.count() == 1 and content.list.item(0).repository.id == "tester/Base")
    content.list.chosen.emit(content.list.item(0))
    driver.until(content.details.checkpoint_row.isVisible)
    content.details.checkpoint_button.click()
    driver.until(lambda: content.details.state().checkpoint == "installed")
    folder = data_dir / "checkpoints" / "tester" / "Base"
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors"]
    content.details.checkpoint_button.click()
    assert window.pages.currentWidget() is window.conversion_page
    driver.until(lambda: window.conversion_page.state().looking == str(folder) or window.conversion_page.state().message)
    driver.session.conversion.let_go()
    content.search.clear()


def check_bad_days(driver: Driver, hub: HubServer, data_dir: Path) -> None:
    """A licence to be accepted, a broken hub, one that says nothing, an address, and no network at all: one sentence each, in place."""
    window = driver.window
    window.show_models("discover")
    view = window.models_page.discover
    content = search(driver, "locked")
    driver.until(lambda: content.list.count() == 1)
    content.list.chosen.emit(content.list.item(0))
    driver.until(lambda: content.details.table.items() and content.details.state().details is not None)
    assert "accept" in content.details.gate.text()
    content.details.gate_settings_button.click()
    assert window.pages.currentWidget() is window.settings_page
    window.show_models("discover")
    QTest.keyClick(content.details.back_button, Qt.Key.Key_Escape)
    assert (view.page, content.list.count()) == ("list", 1)

    hub.misbehave("/api/models", Status(500))
    search(driver, "small")
    driver.until(lambda: hub.address.removeprefix("http://") in content.state().message)
    hub.behave()
    content.retry_button.click()
    driver.until(lambda: content.list.count() == 1 and not content.state().message)

    hub.misbehave("/api/models*", Silent())
    search(driver, "locked")
    assert content.state().busy
    QTest.keyClick(content.search.field, Qt.Key.Key_Escape)
    assert (content.state().busy, "cancelled" in content.state().message) == (False, True)
    hub.behave()
    hub.drop_connections()

    address = hub.add_file("plain-Q4_0.gguf", b"GGUF" + bytes(1000))
    content.search.address_button.click()
    content.address.address.setText(address)
    content.address.look_button.click()
    driver.until(lambda: content.address.state().file is not None)
    assert content.address.download_button.isVisible()
    content.address.sha256.setText("0" * 64)  # not its own: it must never be in the library
    content.address.download_button.click()
    driver.until(lambda: content.address.state().state == "failed")
    assert not list(Path(data_dir, "models").glob("plain*.gguf"))

    settings = HubSettings(sources=(Source("Test hub", "huggingface", hub.address),), proxy="", offline=True)
    write_hub_settings(data_dir, settings)
    content.address.back_button.click()
    search(driver, "anything")
    driver.until(lambda: "Offline" in content.state().message)
    content.search.clear()
    driver.until(lambda: not content.state().searching)
    window.show_models("downloads")
    window.show_models("discover")
    driver.until(lambda: "Offline" in content.state().message)  # said before anything is asked as well
    assert content.list.count() > 20  # the catalogue needs no network
