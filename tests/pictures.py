"""Takes pictures of every page, in both languages, light and dark: ``make pictures``, or ``python -m tests.pictures FOLDER``.

The conversations are written into a fresh store, the model is the starter.
"""

import sys
import tempfile
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from tests.cast_pictures import cast_pictures
from tests.download_pictures import download_pictures, prepare
from tests.hub_server import Generated, HubServer
from tests.hub_server import Status as Answered
from tests.library_pictures import fill_library, library_pictures
from tests.lore_pictures import fill_lore, lore_pictures
from tests.models.convert.starter_checkpoint import make
from tests.notebook_pictures import notebook_pictures
from tests.persona_pictures import persona_pictures
from tests.rating_pictures import rating_pictures
from tests.task_pictures import task_pictures

from zhiyin.application import Zhiyin
from zhiyin.paths import Paths
from zhiyin.services.engine import EngineState
from zhiyin.settings import Appearance, write_appearance
from zhiyin.store.records import Status
from zhiyin.store.store import Store
from zhiyin_models.engine.protocol import FitReport, Stats
from zhiyin_models.errors import Code, Failure
from zhiyin_models.hub.settings import HubSettings, Source, write_hub_settings
from zhiyin_models.jobs.folder import JobFolder
from zhiyin_models.jobs.protocol import JobState
from zhiyin_models.jobs.protocol import Status as JobStatus
from zhiyin_models.library.installed import Library

LIBAI = Path(__file__).parent / "models" / "convert" / "data" / "lora-libai"
POEM = """《静夜思》是李白最有名的一首短诗：

> 床前明月光，疑是地上霜。
> 举头望明月，低头思故乡。

它只用了二十个字，写的却是所有离家的人都懂的事。几个要点：

1. **月光**与**霜**互相映照，先是看错，再是看清；
2. “举头”与“低头”之间，从景到情；
3. 没有一个生僻的字。
"""
CODE = """A `dict` keeps insertion order, so the *oldest* entry is the first key:

```python
def remember(cache: dict[str, int], key: str, value: int, limit: int = 100) -> None:
    cache.pop(key, None)
    cache[key] = value
    while len(cache) > limit:
        del cache[next(iter(cache))]  # the oldest
```

| operation | cost | note |
|---|--:|---|
| look up | O(1) | average |
| insert | O(1) | amortised |
| drop the oldest | O(1) | `next(iter(cache))` |

For threads, put a lock around it, or use `functools.lru_cache`.
"""


def wait(milliseconds: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def fill(data_dir: Path, model: str) -> None:
    stats = Stats(
        prompt_tokens=412, reused_tokens=398, generated_tokens=186, first_token_seconds=0.21, tokens_per_second=61.3, context_used=598,
        context=8192, fit=FitReport(prompt_tokens=412, limit=6144, context=8192),
    )  # fmt: skip
    with Store.open(data_dir) as store:
        for question, answer in (
            (
                "译一段话：山重水复疑无路，柳暗花明又一村。",
                "After endless mountains and rivers that leave doubt whether there is a path out …",
            ),
            ("Rust 的借用规则是什么？", "任一时刻，要么只有一个可变引用，要么有任意多个不可变引用。"),
            ("How do I write a small cache in Python?", CODE),
            ("讲讲李白的《静夜思》", POEM),
        ):
            conversation = store.create_conversation(model=model).result()
            turn = store.add_user_turn(conversation.id, None, question).result()
            reply = store.add_reply(conversation.id, turn.id, model=model).result()
            store.finish_reply(reply.id, answer, Status.COMPLETE, "end", stats).result()
        other = store.create_conversation(model=model).result()
        first = store.add_user_turn(other.id, None, "再写一首，写长安的雪").result()
        reply = store.add_reply(other.id, first.id, model=model).result()
        store.finish_reply(reply.id, "长安一夜雪，满城不闻声。", Status.COMPLETE, "end", stats).result()
        turn = store.add_user_turn(other.id, reply.id, "接着写").result()
        reply = store.add_reply(other.id, turn.id, model=model).result()
        failure = Failure(Code.ENGINE_DIED, {"reason": "SIGKILL", "detail": ""})
        store.finish_reply(reply.id, "灞桥柳", Status.INTERRUPTED, "", None, failure=failure).result()
        store.set_memory_start(other.id, turn.id).result()


def convert(zhiyin: Zhiyin, folder: Path, tag: str, checkpoint: Path, measured: list[JobState]) -> None:
    """A real conversion from the empty page to the chart, with the question on closing on the way.

    Only the first one is measured, which takes a while; the others show what it found.
    """
    window, page = zhiyin.window, zhiyin.window.conversion_page
    window.toast.hide()
    window.resize(1180, 860)
    window.show_conversion()
    take(zhiyin, folder, f"{tag}-convert-empty")
    zhiyin.session.conversion.pick(str(folder))
    wait(300)
    take(zhiyin, folder, f"{tag}-convert-refused")
    zhiyin.session.conversion.pick(str(LIBAI))
    wait(300)
    take(zhiyin, folder, f"{tag}-convert-adapter-first")
    zhiyin.session.conversion.pick(str(checkpoint))
    form = page.content().form
    while page.state().inspection is None or not form.convert_button.isEnabled():
        wait(50)
    take(zhiyin, folder, f"{tag}-convert-inspected")
    form.evaluate.setChecked(not measured)
    window.resize(640, 860)
    page.content().area.verticalScrollBar().setValue(10_000)
    while not form.convert_button.isEnabled():
        wait(50)
    take(zhiyin, folder, f"{tag}-convert-narrow")
    window.resize(1180, 860)
    form.convert_button.click()
    cards = page.content().jobs.cards
    while not cards() or (card := next(iter(cards().values()))).view().progress is None or card.bar.value() < 100:
        wait(20)
    window.close()
    take(zhiyin, folder, f"{tag}-convert-running")
    for message in window.banner.messages():
        message.buttons[1].click()
    while card.view().status == JobStatus.RUNNING:
        wait(100)
    if not measured:
        state = JobFolder(zhiyin.paths.jobs / card.view().id).read()
        measured += [state] if state is not None else []
    for state in measured:
        JobFolder(zhiyin.paths.jobs / state.id).write(state)
    zhiyin.session.conversion.open()
    wait(500)
    take(zhiyin, folder, f"{tag}-convert-finished")
    window.resize(640, 1000)
    take(zhiyin, folder, f"{tag}-convert-finished-narrow")


def fill_hub(hub: HubServer, model: Path) -> None:
    """A few repositories as they are in the world: with many quant types, a licence to be accepted, a checkpoint."""
    card = (
        "<div align='center'><h1>SmolLM2</h1></div>\n\n**SmolLM2** 是一个小而快的模型，[技术报告](https://example.com)。\n\n"
        "| 类型 | 大小 |\n|---|--:|\n| Q4_K_M | 100 MB |\n| Q8_0 | 138 MB |\n\n```python\nfrom transformers import pipeline\n```\n"
    )
    about = {"licence": "apache-2.0", "languages": ("en", "zh")}
    quants = (("Q2_K", 3), ("Q5_K_M", 6), ("Q8_0", 9), ("F16", 16))
    for place, (size, name) in enumerate(((135, "SmolLM2-135M"), (1700, "SmolLM2-1.7B"), (8190, "Qwen3-8B"), (70_000, "Llama-3.3-70B"))):
        files = {f"{name}-{quant}.gguf": Generated(size * bits, place) for quant, bits in quants}
        gguf = {"total": size * 1_000_000, "architecture": "llama", "context_length": 32_768}
        hub.add_repository(
            f"bartowski/{name}-Instruct-GGUF", {**files, f"{name}-Q4_K_M.gguf": model, "README.md": card}, downloads=98_765 >> place,
            likes=321 >> place, trend=9 - place, updated=1_762_000_000.0, gated="auto" if place == 3 else "", gguf=gguf, **about,
        )  # fmt: skip
    weights = {"config.json": "{}", "tokenizer.json": "{}", "model.safetensors": Generated(200_000)}
    hub.add_repository("HuggingFaceTB/SmolLM2-135M", {**weights, "README.md": card}, downloads=77_000, **about)


def discover(zhiyin: Zhiyin, folder: Path, tag: str, hub: HubServer) -> None:
    """The catalogue, a search, a repository from top to bottom, and what is said when a hub is broken."""
    window = zhiyin.window
    window.show_models("discover")
    content = window.models_page.discover.content()
    while not content.list.count():
        wait(50)
    take(zhiyin, folder, f"{tag}-discover")
    content.search.filter_button.click()
    content.search.kind.setCurrentIndex(2)
    content.search.field.setText("llm")
    content.search.field.returnPressed.emit()
    while not content.state().searching or content.state().busy:
        wait(50)
    for width, name in ((1180, "found"), (430, "found-narrow")):
        window.resize(width, 860)
        take(zhiyin, folder, f"{tag}-discover-{name}")
    content.list.chosen.emit(content.list.item(0))
    while not content.details.table.items():
        wait(50)
    wait(500)
    bar = content.details.area.verticalScrollBar()
    for width, place, name in ((430, 0, "details-narrow"), (640, 0, "details-middle"), (1180, 0, "details"), (1180, 10_000, "card")):
        window.resize(width, 860)
        wait(100)
        bar.setValue(place)
        take(zhiyin, folder, f"{tag}-discover-{name}")
    content.details.back_button.click()
    hub.misbehave("/api/models", Answered(500), times=1)
    content.search.field.returnPressed.emit()
    while content.state().busy:
        wait(50)
    take(zhiyin, folder, f"{tag}-discover-refused")


def take(zhiyin: Zhiyin, folder: Path, name: str) -> None:
    wait(250)
    zhiyin.window.grab().save(str(folder / f"{name}.png"))


def tour(app: QApplication, folder: Path, look: tuple[str, str], checkpoint: Path, measured: list[JobState]) -> None:
    language, theme = look
    with tempfile.TemporaryDirectory() as home, HubServer() as hub:
        data_dir = Path(home)
        tag = f"{language}-{theme}"
        Paths(data_dir).create()
        write_hub_settings(data_dir, HubSettings(sources=(Source("Hugging Face", "huggingface", hub.address, official=True),), proxy=""))
        write_appearance(data_dir / "window.json", Appearance(language=language, theme=theme))  # type: ignore[arg-type]
        first = Zhiyin(app, Paths(data_dir))
        first.window.resize(1180, 760)
        first.start()
        wait(1500)
        take(first, folder, f"{tag}-first-run")
        first.close()
        model = Library(data_dir).add_starter()
        fill_hub(hub, Path(model.path))
        fill(data_dir, model.name)
        zhiyin = Zhiyin(app, Paths(data_dir))
        window = zhiyin.window
        window.resize(1180, 760)
        zhiyin.start()
        while zhiyin.session is None or zhiyin.session.engine.state is not EngineState.READY:
            wait(50)
        zhiyin.session.view.retranslate()
        take(zhiyin, folder, f"{tag}-new")
        items = [item.id for item in window.conversations.model.items()]
        for number, name in ((1, "chat"), (0, "interrupted"), (2, "code")):
            zhiyin.session.chat.open(items[number])
            wait(400)
            take(zhiyin, folder, f"{tag}-{name}")
        window.toggle_panel()
        take(zhiyin, folder, f"{tag}-panel")
        window.resize(640, 760)
        take(zhiyin, folder, f"{tag}-narrow")
        window.toggle_panel()
        window.toggle_sidebar()
        take(zhiyin, folder, f"{tag}-overlay")
        window.toggle_sidebar()
        window.resize(1180, 760)
        window.header.model_chooser.open_popup()
        wait(300)
        popup = window.header.model_chooser.popup()
        if popup is not None:
            popup.grab().save(str(folder / f"{tag}-chooser.png"))
            popup.close()
        window.conversations.delete.emit(items[3])
        take(zhiyin, folder, f"{tag}-toast")
        window.show_settings()
        take(zhiyin, folder, f"{tag}-settings")
        discover(zhiyin, folder, tag, hub)
        convert(zhiyin, folder, tag, checkpoint, measured)
        zhiyin.close()


def library(app: QApplication, folder: Path, look: tuple[str, str]) -> None:
    """The page of installed models, in an app of its own: its models are only holes."""
    with tempfile.TemporaryDirectory() as place, tempfile.TemporaryDirectory() as home:
        data_dir = Path(place) / "zhiyin"
        Paths(data_dir).create()
        write_appearance(data_dir / "window.json", Appearance(language=look[0], theme=look[1]))  # type: ignore[arg-type]
        fill_library(data_dir, Path(home))
        zhiyin = Zhiyin(app, Paths(data_dir))
        zhiyin.start()
        while zhiyin.session is None:
            wait(50)
        library_pictures(zhiyin, "-".join(look), Path(home), lambda name: take(zhiyin, folder, name), wait)
        zhiyin.close()


def downloads(app: QApplication, folder: Path, look: tuple[str, str]) -> None:
    """The page of downloads and their settings, in an app of its own."""
    with tempfile.TemporaryDirectory() as place, HubServer() as hub:
        data_dir = Path(place)
        Paths(data_dir).create()
        write_appearance(data_dir / "window.json", Appearance(language=look[0], theme=look[1]))  # type: ignore[arg-type]
        prepare(data_dir, hub)
        zhiyin = Zhiyin(app, Paths(data_dir))
        zhiyin.start()
        while zhiyin.session is None:
            wait(50)
        download_pictures(zhiyin, "-".join(look), hub, lambda name: take(zhiyin, folder, name), wait)
        zhiyin.close()


def personas(app: QApplication, folder: Path, look: tuple[str, str]) -> None:
    """Personas, lorebooks, profiles, tasks, the notebook and ratings, in an app of its own."""
    with tempfile.TemporaryDirectory() as place:
        data_dir, tag = Path(place), "-".join(look)
        Paths(data_dir).create()
        write_appearance(data_dir / "window.json", Appearance(language=look[0], theme=look[1]))  # type: ignore[arg-type]
        fill_lore(data_dir)
        Library(data_dir).add_starter()
        zhiyin = Zhiyin(app, Paths(data_dir))
        zhiyin.start()
        while zhiyin.session is None or zhiyin.session.engine.state is not EngineState.READY:
            wait(50)

        def window(name: str) -> None:
            take(zhiyin, folder, name)

        def part(widget: QWidget, name: str) -> None:
            widget.show()
            wait(250)
            widget.grab().save(str(folder / f"{name}.png"))

        persona_pictures(zhiyin, tag, window, wait)
        lore_pictures(zhiyin, tag, window, wait)
        task_pictures(zhiyin, tag, folder, window, wait)
        notebook_pictures(zhiyin, tag, window, wait)
        rating_pictures(tag, part)
        cast_pictures(tag, part)
        zhiyin.close()


PARTS = {"library": library, "downloads": downloads, "personas": personas}


def main() -> None:
    """``python -m tests.pictures FOLDER [PART…]``: everything, or only some of ``PARTS``."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    app = QApplication(sys.argv[:1])
    looks = (("zh_CN", "light"), ("en", "light"), ("zh_CN", "dark"), ("en", "dark"))
    for name in sys.argv[2:]:
        for look in looks:
            PARTS[name](app, folder, look)
    if sys.argv[2:]:
        return
    starter = Library.starter()
    if starter is None:
        raise SystemExit("the starter model is not installed")
    with tempfile.TemporaryDirectory() as made:
        measured: list[JobState] = []
        checkpoint = make(starter, Path(made) / "李白-SmolLM2-135M")
        for look in looks:
            tour(app, folder, look, checkpoint, measured)
            for of_part in PARTS.values():
                of_part(app, folder, look)


if __name__ == "__main__":
    main()
