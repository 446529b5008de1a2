"""Pictures of the library: models as a person has them after a year, one of them gone, one damaged; and those of other apps."""

import os
import struct
import time
from collections.abc import Callable
from pathlib import Path

from tests.models.gguf_files import Raw, Tensor, Value, header, write_small

from zhiyin.application import Zhiyin
from zhiyin.ui.library_values import REMOVE, VERIFY
from zhiyin_models.jobs.protocol import Status
from zhiyin_models.library.installed import Library, Origin

DAY = 86_400
Q4_K, F32 = 12, 0
TEMPLATE = """{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
{%- endfor %}"""
MODELS = (
    ("Qwen/Qwen3-4B-Instruct-2507-Q4_K_M", "qwen3", 4_022_468_096, 262_144, 36, ("zh", "en", "ja", "fr"), "apache-2.0", True),
    ("Qwen/Qwen3-14B-Q4_K_M", "qwen3", 14_768_307_200, 40_960, 40, ("zh", "en"), "apache-2.0", True),
    ("mistralai/Mistral-Small-3.2-24B-Instruct-Q4_K_M", "llama", 23_572_403_200, 131_072, 40, ("en", "fr", "de"), "apache-2.0", True),
    ("google/gemma-3-270m-it-Q4_K_M", "gemma3", 268_098_176, 32_768, 18, ("en",), "gemma", False),
)


def sparse_model(path: Path, architecture: str, parameters: int, context: int, layers: int) -> Path:
    """A file as large as the real one, with holes where its weights would be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata: dict[str, Value] = {
        "general.architecture": architecture,
        "general.name": path.stem,
        "general.file_type": 15,
        f"{architecture}.block_count": layers,
        f"{architecture}.context_length": context,
        f"{architecture}.embedding_length": 2560,
        f"{architecture}.attention.head_count": 32,
        f"{architecture}.attention.head_count_kv": Raw(4, struct.pack("<I", 8)),
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.chat_template": TEMPLATE,
    }
    rows = parameters // 2560
    size = 2560 * rows * 144 // 256
    tensors = [Tensor("token_embd.weight", (2560, rows), 0, Q4_K), Tensor("output_norm.weight", (2560,), -(-size // 32) * 32, F32)]
    content = header(metadata, tensors)
    path.write_bytes(content)
    os.truncate(path, len(content) + -(-size // 32) * 32 + 2560 * 4)
    return path


def fill_library(data_dir: Path, home: Path) -> None:
    """Models in the folder, beside it, and of other apps in a home of their own."""
    library = Library(data_dir)
    now = time.time()
    for name, architecture, parameters, context, layers, languages, licence, used in MODELS:
        path = sparse_model(data_dir / "models" / f"{name}.gguf", architecture, parameters, context, layers)
        repository = f"{name.partition('/')[0]}/{path.stem.removesuffix('-Q4_K_M')}-GGUF"
        origin = Origin("Hugging Face", repository, "9c1f0a" * 6, {path.name: "0" * 64}, now - 50 * DAY, licence, languages)
        library.record_origin(path, origin)
        if used:
            library.touch(path)
    library.set_notes(data_dir / "models" / f"{MODELS[0][0]}.gguf", "译诗好，温度 0.7。")
    write_small(data_dir / "models" / "broken-download.gguf", data=0)
    gone = write_small(home / "moved.gguf")
    library.add(gone, name="旧电脑上的小说续写模型")
    gone.unlink()
    folder = home / ".lmstudio" / "models" / "lmstudio-community" / "Phi-4-mini-GGUF"
    sparse_model(folder / "Phi-4-mini-instruct-Q4_K_M.gguf", "phi3", 3_836_021_856, 131_072, 32)
    sparse_model(folder.parent / "GLM-4-9B-GGUF" / "GLM-4-9B-0414-Q4_K_M.gguf", "glm4", 9_400_279_040, 32_768, 40)


def library_pictures(zhiyin: Zhiyin, tag: str, home: Path, take: Callable[[str], None], wait: Callable[[int], None]) -> None:
    """The list, a check that runs, a removed model, what was dropped, other apps' models; wide and narrow; and an empty library."""
    window = zhiyin.window
    view = window.models_page.library
    window.resize(1180, 860)
    os.environ["HOME"] = str(home)
    window.show_models("library")
    content = view.content()
    while len(view.items()) < len(MODELS) + 2 or not content.list.rows.found():
        wait(50)
    qwen, mistral = (next(item.model.path for item in view.items() if item.model.name.startswith(name)) for name in ("Qwen3-4B", "Mistral"))
    view.choose(qwen)
    while not window.banner.texts():  # holes cannot be loaded
        wait(50)
    window.banner.clear()
    zhiyin.session.library_page.set_updates([mistral])
    take(f"{tag}-library")
    content.details.template_fold.click()
    content.details.metadata_fold.click()
    wait(300)
    content.details.verticalScrollBar().setValue(10_000)
    take(f"{tag}-library-file")
    view.choose(mistral)
    content.details.icon_buttons[VERIFY].click()
    while (row := content.details.job_row()) is None or row.bar.value() < 10:
        wait(20)
    window.models_dropped.emit(["/下载/DeepSeek-R1-Distill-Qwen-7B-Q4_K_M.gguf"])
    take(f"{tag}-library-check-and-drop")
    window.drop_bar.close_bar()
    row.buttons["cancel"].click()
    while content.details.job_row() is not None and row.job().status == Status.RUNNING:
        wait(20)
    missing = next(item.model.path for item in view.items() if item.model.missing)
    view.choose(missing)
    take(f"{tag}-library-missing")
    view.acted.emit(REMOVE, missing)
    content.found.show_button.click()
    wait(300)
    take(f"{tag}-library-removed-and-found")
    window.toast.button.click()
    for width in (640, 430):
        window.resize(width, 800)
        view.choose(qwen)
        content.list.setFocus()
        window.models_dropped.emit(["/下载/DeepSeek-R1-Distill-Qwen-7B-Q4_K_M.gguf"])
        take(f"{tag}-library-{width}-drop")
        window.drop_bar.close_bar()
        take(f"{tag}-library-{width}")
    content.details.close_button.click()
    take(f"{tag}-library-430-list")
    window.resize(1180, 860)
    content.search.setText("长安")
    take(f"{tag}-library-nothing-fits")
    content.search.clear()
