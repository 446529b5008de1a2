"""The pages of downloads and of their settings with something on them, for ``tests.pictures``: a queue from a slow hub, and a history."""

from collections.abc import Callable
from pathlib import Path

from tests.hub_server import Generated, HubServer, Throttle

from zhiyin.application import Zhiyin
from zhiyin.ui.download_card import PAUSE
from zhiyin_models.hub.settings import HubSettings, Source, write_hub_settings
from zhiyin_models.hub.values import RemoteFile
from zhiyin_models.jobs.protocol import Download, Status

MB = 1 << 20
SLOW = (
    ("Qwen3-4B-Instruct-2507", "Q4_K_M", 24, 900_000),
    ("glm-4-9b-chat", "Q5_K_M", 40, 400_000),
    ("Llama-3.2-3B-Instruct", "Q8_0", 30, 0),
    ("gemma-3-12b-it", "Q4_K_M", 30, 0),
    ("SmolLM2-360M-Instruct", "Q8_0", 8, 0),
)


def prepare(data_dir: Path, hub: HubServer) -> None:
    """Settings with a hub of ours under a well-known name."""
    sources = (
        Source("Hugging Face", "huggingface", hub.address, official=True),
        Source("HF-Mirror", "huggingface", "http://127.0.0.1:9"),
        Source("ModelScope", "modelscope", hub.address, official=True, enabled=False),
    )
    write_hub_settings(data_dir, HubSettings(sources=sources, proxy="", speed_limit=4 * MB))


def _add(zhiyin: Zhiyin, hub: HubServer, name: str, quant: str, size: int, **about: str) -> None:
    file = f"{name}-{quant}.gguf"
    there = hub.add_repository(f"bartowski/{name}-GGUF", {file: Generated(min(size, 64 * MB), len(name))}, **about)
    folder, data_dir = str(zhiyin.paths.models / "bartowski" / name), str(zhiyin.paths.data_dir)
    files = (RemoteFile(file, size, hub.sha256(there.id, file)),)
    task = Download("Hugging Face", "huggingface", there.id, there.commits[-1].sha, files, folder, data_dir, name=name)
    zhiyin.session.downloads.add(task)


def download_pictures(zhiyin: Zhiyin, tag: str, hub: HubServer, take: Callable[[str], None], wait: Callable[[int], None]) -> None:
    """The empty page; the queue with its history in three widths; the notice of a cancelled one; the question on closing; the settings."""
    window = zhiyin.window
    view = window.models_page.downloads
    window.resize(1180, 860)
    window.show_models("downloads")
    take(f"{tag}-downloads-empty")
    _add(zhiyin, hub, "Qwen2.5-0.5B-Instruct", "Q4_K_M", MB)
    _add(zhiyin, hub, "Llama-3.1-8B-Instruct", "Q4_K_M", MB, gated="manual")
    while len(view.past()) < 2:
        wait(50)
    _add(zhiyin, hub, "Qwen3-235B-A22B", "Q4_K_M", 1 << 50)
    while not any(item.status == Status.PAUSED for item in view.items()):
        wait(50)
    for name, quant, size, pace in SLOW:
        if pace:
            hub.misbehave(f"*{name}*", Throttle(pace))
        _add(zhiyin, hub, name, quant, size * MB)
    cards = view.content().queue.cards
    while len(cards()) < len(SLOW) + 1:
        wait(50)
    next(card for card in cards().values() if card.item().title == SLOW[3][0]).buttons[PAUSE].click()
    wait(6000)
    for width, name in ((1180, "queue"), (640, "queue-middle"), (430, "queue-narrow")):
        window.resize(width, 1100)
        take(f"{tag}-downloads-{name}")
    window.resize(1180, 860)
    next(card for card in cards().values() if card.item().title == SLOW[2][0]).buttons["cancel"].click()
    window.close()
    take(f"{tag}-downloads-closing")
    for message in window.banner.messages():
        message.buttons[-1].click()
    window.show_settings()
    window.settings_page.show_sources()
    content = window.settings_page.sources.content()
    wait(500)
    content.check_button.click()
    while not content.check_button.isEnabled():
        wait(50)
    for width, name in ((1180, "sources"), (430, "sources-narrow")):
        window.resize(width, 1000)
        window.settings_page.show_sources()
        take(f"{tag}-settings-{name}")
