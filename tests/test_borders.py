"""The borders between processes and packages, looked at from outside: what a real interpreter loads, what the tree says."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

MODEL_LIBRARIES = {"llama_cpp", "jinja2", "httpx2", "huggingface_hub", "gguf", "numpy", "tokenizers", "sentencepiece", "keyring", "rich"}
QT = {"PySide6", "shiboken6", "qtawesome", "zhiyin"}

LOAD_EVERYTHING = """
import importlib, json, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""

OPEN_THE_STORE = """
import json, sys
from pathlib import Path
from zhiyin.store import Store
store = Store.open(Path(sys.argv[1]))
conversation = store.create_conversation().result()
store.add_user_turn(conversation.id, None, "李白").result()
store.close()
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""

LOAD = """
import importlib, json, sys
importlib.import_module(sys.argv[1])
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def loaded_by(script: str, *arguments: str) -> set[str]:
    """Top-level names of the modules that a fresh interpreter has loaded at the end of a script."""
    result = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return set(json.loads(result.stdout.splitlines()[-1]))


def test_the_windows_process_loads_no_model_library() -> None:
    loaded = loaded_by(LOAD_EVERYTHING, "zhiyin")
    assert {"zhiyin", "PySide6"} <= loaded
    assert not loaded & MODEL_LIBRARIES


def test_the_store_at_work_loads_neither_qt_nor_numpy(tmp_path: Path) -> None:
    loaded = loaded_by(OPEN_THE_STORE, str(tmp_path))
    assert "sqlite3" in loaded
    assert not loaded & (MODEL_LIBRARIES | QT - {"zhiyin"})


def test_the_model_side_knows_no_qt_and_no_app() -> None:
    loaded = loaded_by(LOAD_EVERYTHING, "zhiyin_models")
    assert "zhiyin_models" in loaded
    assert not loaded & QT


@pytest.mark.parametrize(
    "module",
    [
        *("child", "engine.client", "engine.protocol", "library.gguf", "library.fit", "library.installed", "errors", "work"),
        *("jobs.client", "jobs.protocol", "jobs.turns", "convert.inspection", "evaluate.report"),
        *("hub.values", "hub.settings", "hub.protocol", "hub.grouping", "hub.client", "hub.file_names", "hub.card"),
        *("library.catalogue", "library.shapes", "library.speed", "library.verdict", "library.elsewhere", "library.moving"),
    ],
)
def test_what_the_window_uses_of_the_model_side_is_light(module: str) -> None:
    assert not loaded_by(LOAD, f"zhiyin_models.{module}") & (MODEL_LIBRARIES | QT)


def test_imports_run_one_way(root: Path) -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([lint, "--no-cache"], cwd=root, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def files_of_the_project(root: Path) -> list[Path]:
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={root}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    return [root / name for name in listed.stdout.split("\0") if name and (root / name).is_file()]


def test_the_tree_names_no_registry_and_no_machine(root: Path) -> None:
    """The clients know where packages come from, and no one else's machine has our folders."""
    hosts = ("pypi" + r"\.org", "python" + r"hosted\.org", "deb" + r"\.debian\.org", "npm" + r"js\.(?:org|com)")
    folders = (r"(?<![\w.~-])/" + "(?:work|root|opt)/", r"\.\./" + "shared")
    forbidden = re.compile("|".join((*hosts, *folders)))
    found = []
    for path in files_of_the_project(root):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(root)}: {match[0]}" for match in forbidden.finditer(text)]
    assert not found


def test_what_a_child_needs_is_found_from_any_folder(tmp_path: Path) -> None:
    """Both packages are installed: nothing depends on the folder that the app is started from, or on PYTHONPATH."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-c", "import zhiyin, zhiyin_models; print(zhiyin.__version__)"]
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
