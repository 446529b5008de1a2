"""Models of other apps, laid out as those apps do it."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.models.gguf_files import write_small, write_split

from zhiyin_models.errors import Code
from zhiyin_models.library.elsewhere import find_elsewhere
from zhiyin_models.library.gguf import read_metadata
from zhiyin_models.library.installed import Library, Origin

DIGEST = "a1" * 32


def small(path: Path, architecture: str = "llama") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_small(path, {"general.architecture": architecture})


def names(home: Path) -> list[tuple[str, str]]:
    return [(found.app, found.name) for found in find_elsewhere(home)]


def ollama_manifest(models: Path, name: str, digest: str = DIGEST, **layer: str) -> Path:
    manifest = models / "manifests" / name
    manifest.parent.mkdir(parents=True, exist_ok=True)
    layers = [
        {"mediaType": "application/vnd.ollama.image.template", "digest": "sha256:" + "0" * 64, "size": 3},
        {"mediaType": "application/vnd.ollama.image.model", "digest": "sha256:" + digest, "size": 700, **layer},
    ]
    manifest.write_text(json.dumps({"schemaVersion": 2, "config": {}, "layers": layers}))
    return manifest


def test_a_home_without_other_apps_holds_nothing(tmp_path: Path) -> None:
    assert find_elsewhere(tmp_path) == find_elsewhere(tmp_path / "absent") == []


def test_ollamas_blobs_bear_the_names_of_their_manifests(tmp_path: Path) -> None:
    models = tmp_path / ".ollama" / "models"
    blob = small(models / "blobs" / f"sha256-{DIGEST}")
    ollama_manifest(models, "registry.ollama.ai/library/qwen3/8b")
    other = "b2" * 32
    small(models / "blobs" / f"sha256-{other}")
    ollama_manifest(models, "hf.co/bartowski/Llama-3.2-1B-GGUF/Q4_K_M", other)
    assert names(tmp_path) == [("Ollama", "hf.co/bartowski/Llama-3.2-1B-GGUF:Q4_K_M"), ("Ollama", "qwen3:8b")]
    found = find_elsewhere(tmp_path)[1]
    assert (found.path, found.size) == (str(blob), blob.stat().st_size)
    assert found.origin == Origin("Ollama", "qwen3:8b", "", {blob.name: DIGEST})


def test_what_ollama_could_have_written_wrongly_is_passed_over(tmp_path: Path) -> None:
    models = tmp_path / ".ollama" / "models"
    small(models / "blobs" / f"sha256-{DIGEST}")
    small(tmp_path / "secret.gguf")
    base = models / "manifests" / "registry.ollama.ai" / "library" / "odd"
    (models / "blobs" / "sha256-x").mkdir()
    ollama_manifest(models, "registry.ollama.ai/library/odd/away", "x/../../../../secret.gguf")
    ollama_manifest(models, "registry.ollama.ai/library/odd/gone", "c3" * 32)
    ollama_manifest(models, "registry.ollama.ai/library/too/deep/by/far")
    for name, content in {
        "text": "no json",
        "list": "[]",
        "deep": "[" * 100_000,
        "layers": '{"layers": 5}',
        "layer": '{"layers": [5, null, {"mediaType": 7}]}',
        "digest": '{"layers": [{"mediaType": "application/vnd.ollama.image.model", "digest": {}}]}',
    }.items():
        (base / name).write_text(content)
    os.mkfifo(base / "pipe")
    with_adapter = json.loads(ollama_manifest(models, "registry.ollama.ai/library/odd/adapted").read_text())
    with_adapter["layers"].append({"mediaType": "application/vnd.ollama.image.adapter", "digest": "sha256:" + "d" * 64})
    (base / "adapted").write_text(json.dumps(with_adapter))
    assert names(tmp_path) == []


def test_an_ollama_model_is_listed_found_and_read_without_an_ending(tmp_path: Path) -> None:
    models = tmp_path / ".ollama" / "models"
    small(models / "blobs" / f"sha256-{DIGEST}")
    ollama_manifest(models, "registry.ollama.ai/library/qwen3/8b")
    (found,) = find_elsewhere(tmp_path)
    library = Library(tmp_path / "data")
    added = library.add(found.path, origin=found.origin, name=found.name)
    assert (added.name, added.path, added.owned, added.origin) == ("qwen3:8b", found.path, False, found.origin)
    assert library.find("QWEN3:8b") == library.find(found.path) == library.models()[0] == added
    assert read_metadata(added.path).is_chat
    assert find_elsewhere(tmp_path, known=[added.path]) == []


def lm_studio_default(home: Path) -> Path:
    return home / ".lmstudio" / "models"


def lm_studio_old(home: Path) -> Path:
    return home / ".cache" / "lm-studio" / "models"


def lm_studio_moved(home: Path) -> Path:
    (home / ".lmstudio-home-pointer").write_text(f"{home}/moved\n")
    return home / "moved" / "models"


def lm_studio_chosen(home: Path) -> Path:
    settings = home / ".config" / "LM Studio" / "settings.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"downloadsFolder": str(home / "大文件")}))
    return home / "大文件"


@pytest.mark.parametrize("folder_of", [lm_studio_default, lm_studio_old, lm_studio_moved, lm_studio_chosen])
def test_lm_studio_keeps_publishers_and_repositories(tmp_path: Path, folder_of: Callable[[Path], Path]) -> None:
    folder = folder_of(tmp_path)
    path = small(folder / "bartowski" / "Qwen3-4B-GGUF" / "Qwen3-4B-Q4_K_M.gguf")
    small(folder / "bartowski" / "Qwen3-4B-GGUF" / "mmproj-Qwen3-4B-F16.gguf", "clip")
    small(folder / "nomic" / "nomic-embed" / "nomic-embed.gguf", "nomic-bert")
    (folder / "bartowski" / "half" / "Half.gguf").parent.mkdir()
    (folder / "bartowski" / "half" / "Half.gguf").write_bytes(path.read_bytes()[:-1])
    (found,) = find_elsewhere(tmp_path)
    assert (found.app, found.name, found.path) == ("LM Studio", "Qwen3-4B", str(path))
    assert found.origin == Origin("LM Studio", "bartowski/Qwen3-4B-GGUF")


@pytest.mark.parametrize(
    "settings", ["{", "[]", '{"downloadsFolder": 5}', '{"downloadsFolder": "relative"}', '{"downloadsFolder": "\\u0000"}']
)
def test_settings_that_make_no_sense_do_no_harm(tmp_path: Path, settings: str) -> None:
    small(tmp_path / ".lmstudio" / "models" / "a" / "b" / "Model.gguf")
    (tmp_path / ".lmstudio" / "settings.json").write_text(settings)
    (tmp_path / ".lmstudio-home-pointer").write_bytes(b"\xff\n\0")
    assert names(tmp_path) == [("LM Studio", "Model")]


@pytest.mark.parametrize("place", [".local/share", "Library/Application Support", "AppData/Local"])
def test_gpt4alls_folder_is_flat(tmp_path: Path, place: str) -> None:
    folder = tmp_path / place / "nomic.ai" / "GPT4All"
    small(folder / "Llama-3.2-3B-Instruct-Q4_0.gguf")
    small(folder / "deeper" / "Other.gguf")
    assert names(tmp_path) == [("GPT4All", "Llama-3.2-3B-Instruct")]


def test_gpt4alls_chosen_folder_is_read_from_its_settings(tmp_path: Path) -> None:
    small(tmp_path / "模型" / "Chosen.gguf")
    settings = tmp_path / ".config" / "nomic.ai" / "GPT4All.ini"
    settings.parent.mkdir(parents=True)
    settings.write_text(f'[General]\nchatTheme=Dark\nmodelPath="{tmp_path}/\\x6a21\\x578b"\nthreadCount=4\n')
    assert names(tmp_path) == [("GPT4All", "Chosen")]


def test_jans_models_are_called_after_their_folders(tmp_path: Path) -> None:
    data = tmp_path / ".local" / "share" / "Jan" / "data"
    small(data / "llamacpp" / "models" / "janhq" / "Jan-v1-4B" / "model.gguf")
    imported = data / "llamacpp" / "models" / "Imported-7B" / "model.yml"
    imported.parent.mkdir(parents=True)
    imported.write_text(f"embedding: false\nmodel_path: {small(tmp_path / 'mine.gguf')}\nname: Imported-7B\n")
    small(tmp_path / "jan" / "models" / "old" / "Old-Q8_0.gguf")
    assert names(tmp_path) == [("Jan", "Imported-7B"), ("Jan", "Jan-v1-4B"), ("Jan", "Old")]


def test_the_hub_caches_links_are_followed_to_their_blobs(tmp_path: Path) -> None:
    repository = tmp_path / ".cache" / "huggingface" / "hub" / "models--Qwen--Qwen3-0.6B-GGUF"
    blob = small(repository / "blobs" / DIGEST)
    for revision in ("older", "the-newest"):
        snapshot = repository / "snapshots" / revision
        snapshot.mkdir(parents=True)
        (snapshot / "Qwen3-0.6B-Q8_0.gguf").symlink_to(blob)
        (snapshot / "broken.gguf").symlink_to(repository / "blobs" / "gone")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("the-newest")
    (repository / "snapshots" / "the-newest" / "loop").symlink_to(repository, target_is_directory=True)
    (found,) = find_elsewhere(tmp_path)
    assert found.path == str(repository / "snapshots" / "the-newest" / "Qwen3-0.6B-Q8_0.gguf")
    assert found.origin == Origin("Hugging Face cache", "Qwen/Qwen3-0.6B-GGUF", "the-newest", {"Qwen3-0.6B-Q8_0.gguf": DIGEST})


def test_variables_name_other_places(tmp_path: Path) -> None:
    small(tmp_path / "hub" / "models--a--b" / "snapshots" / "1" / "One.gguf")
    small(tmp_path / "home" / "hub" / "models--c--d" / "snapshots" / "1" / "Two.gguf")
    models = tmp_path / "ollama"
    small(models / "blobs" / f"sha256-{DIGEST}")
    ollama_manifest(models, "registry.ollama.ai/me/mine/latest")
    environment = {"HF_HUB_CACHE": str(tmp_path / "hub"), "HF_HOME": str(tmp_path / "home"), "OLLAMA_MODELS": str(models)}
    found = find_elsewhere(tmp_path / "nobody", environment=environment)
    assert [one.name for one in found] == ["One", "Two", "me/mine:latest"]


def test_one_file_that_two_apps_know_is_found_once(tmp_path: Path) -> None:
    path = small(tmp_path / ".lmstudio" / "models" / "a" / "b" / "Model.gguf")
    linked = tmp_path / ".cache" / "huggingface" / "hub" / "models--a--b" / "snapshots" / "1"
    linked.mkdir(parents=True)
    (linked / "Model.gguf").symlink_to(path)
    assert names(tmp_path) == [("LM Studio", "Model")]


def test_a_split_set_is_found_once_and_only_when_it_is_whole(tmp_path: Path) -> None:
    folder = tmp_path / ".lmstudio" / "models" / "a" / "b"
    folder.mkdir(parents=True)
    paths = write_split(folder, "Large")
    (found,) = find_elsewhere(tmp_path)
    assert (found.path, found.size) == (str(paths[0]), sum(path.stat().st_size for path in paths))
    paths[1].unlink()
    assert find_elsewhere(tmp_path) == []


def test_names_that_are_no_text_are_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / ".lmstudio" / "models"
    small(folder / "a" / "b" / "name.gguf").rename(folder / "a" / "b" / os.fsdecode(b"\xff.gguf"))
    small(folder / os.fsdecode(b"\xfe") / "b" / "Inside.gguf")
    small(folder / "a" / "b" / "知音.gguf")
    assert names(tmp_path) == [("LM Studio", "知音")]
    assert Library(tmp_path / "data").add(find_elsewhere(tmp_path)[0].path).problem != Code.MODEL_NOT_CHAT
