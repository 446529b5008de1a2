"""What the user does to models in the list: names, notes, the trash and back; and what survives of it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.models.gguf_files import write_small, write_split

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.library.installed import InstalledModel, Library, Origin

TRASH = Path(os.environ["XDG_DATA_HOME"]) / "Trash" / "files"

TRASHED_AND_KILLED = """
import os, signal, sys
from zhiyin_models.library.installed import Library
Library(sys.argv[1]).trash(sys.argv[2])
os.kill(os.getpid(), signal.SIGKILL)
"""
TRASHED_AND_WAITING = """
import sys
from zhiyin_models.library.installed import Library
library = Library(sys.argv[1])
print(library.trash(sys.argv[2]), flush=True)
sys.stdin.read()
"""


def names(library: Library) -> list[str]:
    return [model.name for model in library.models()]


def refusal(act: Callable[[], object]) -> Code:
    with pytest.raises(ModelError) as caught:
        act()
    return caught.value.code


def in_trash() -> set[str]:
    return {path.name for path in TRASH.iterdir()} if TRASH.exists() else set()


# ---------------------------------------------------------------- names, notes, uses, origins


def test_a_model_is_found_by_its_new_name_and_by_former_ones(library: Library) -> None:
    path = write_small(library.models_directory / "model-Q4_0.gguf")
    assert library.rename(path, "  知音 ").name == "知音"
    assert library.rename(path, "My model").former_names == ("知音", "model")
    for wanted in ("my MODEL", "知音", "Model", "model-q4_0.gguf"):
        assert library.find(wanted).path == str(path), wanted
    write_small(library.models_directory / "知音.gguf")
    assert library.find("知音").path != str(path)  # what has the name now comes first
    write_small(path, {"llama.context_length": 77})
    model = library.find("My model")
    assert (model.trained_context, model.former_names) == (77, ("知音", "model"))
    assert library.rename(path, "model").former_names == ("My model", "知音")


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 121, "\ud800", "a\x00b", "\u202egpj"])
def test_what_is_no_name_is_refused(library: Library, name: str) -> None:
    path = write_small(library.models_directory / "a.gguf")
    assert refusal(lambda: library.rename(path, name)) == Code.NAME_BAD
    assert names(library) == ["a"]


def test_a_name_that_another_has_is_refused(library: Library) -> None:
    path = write_small(library.models_directory / "a.gguf")
    write_small(library.models_directory / "B.gguf")
    assert refusal(lambda: library.rename(path, "b")) == Code.NAME_TAKEN
    assert refusal(lambda: library.rename(path, "Starter")) == Code.NAME_TAKEN
    assert refusal(lambda: library.rename(library.models_directory / "absent.gguf", "c")) == Code.MODEL_UNKNOWN_NAME
    assert library.rename(path, "A").name == "A"
    library.remove("B")
    assert library.rename(path, "B").name == "B"


def test_notes_uses_and_origins_stay_when_a_file_changes_or_moves(library: Library) -> None:
    path = write_small(library.models_directory / "a.gguf", {"general.license": "mit", "general.languages": ["en", "zh"]})
    assert (library.models()[0].licence, library.models()[0].languages) == ("mit", ("en", "zh"))
    library.set_notes(path, "好\n用\ud800" + "x" * 30_000)
    library.touch(path)
    library.touch("/nowhere")
    origin = Origin("Hugging Face", "owner/name", "abc", {"a.gguf": "0" * 64}, 5.0, "apache-2.0", ("fr",))
    library.record_origin(path, origin)
    before = library.models()[0]
    assert before.notes.startswith("好\n用?x")
    assert len(before.notes) == 20_000
    assert before.last_used > 0
    assert before.checked > 0
    assert (before.licence, before.languages, before.origin) == ("apache-2.0", ("fr",), origin)
    moved = path.rename(library.models_directory / "other.gguf")
    assert library.models() == [replaced(before, path=str(moved))]
    write_small(moved, {"llama.context_length": 5})
    (after,) = library.models()
    assert (after.notes, after.last_used, after.origin, after.trained_context) == (before.notes, before.last_used, origin, 5)
    assert after.checked == 0


def replaced(model: InstalledModel, **changes: object) -> InstalledModel:
    return InstalledModel(**({name: getattr(model, name) for name in model.__struct_fields__} | changes))


def test_an_origin_puts_a_model_into_the_list(library: Library, tmp_path: Path) -> None:
    paths = write_split(library.models_directory, "large")
    recorded = library.record_origin(paths[1], Origin("url", "address"), name="Large\none")
    assert (recorded.path, recorded.name, recorded.owned, recorded.checked) == (str(paths[0]), "Large one", True, 0)
    library.rename(paths[0], "Mine")
    assert library.record_origin(paths[0], Origin("url", "address"), name="Large one").name == "Mine"
    encoder = write_small(tmp_path / "encoder.gguf", {"general.architecture": "bert"})
    assert library.record_origin(encoder, Origin("url")).problem == Code.MODEL_NOT_CHAT
    library.remove("Mine")
    assert library.record_origin(paths[0], Origin("url")).name == "Mine"
    assert names(library) == ["encoder", "Mine"]


def test_a_file_that_is_gone_is_shown_as_missing_until_it_is_removed(library: Library) -> None:
    path = write_small(library.models_directory / "a.gguf")
    damaged = library.models_directory / "b.gguf"
    damaged.write_text("no model")
    assert names(library) == ["a", "b"]
    path.unlink()
    damaged.unlink()
    (model,) = library.models()
    assert (model.name, model.missing, model.owned) == ("a", True, True)
    library.remove("a")
    assert library.models() == []
    write_small(path)
    assert names(library) == ["a"]


def test_a_models_folder_that_is_not_there_costs_nothing(library: Library) -> None:
    path = write_small(library.models_directory / "a.gguf")
    write_small(library.models_directory / "hidden.gguf")
    library.set_notes(path, "mine")
    library.remove("hidden")
    away = library.models_directory.rename(library.directory / "away")
    (model,) = library.models()
    assert (model.missing, model.notes) == (True, "mine")
    away.rename(library.models_directory)
    (model,) = library.models()
    assert (model.missing, model.notes) == (False, "mine")


def test_a_missing_model_goes_on_where_its_file_is_now(library: Library, tmp_path: Path) -> None:
    outside = write_small(tmp_path / "away.gguf")
    library.add(outside)
    library.rename(outside, "Mine")
    library.set_notes(outside, "good")
    now = outside.rename(library.models_directory / "here.gguf")
    assert [(model.name, model.missing) for model in library.models()] == [("here", False), ("Mine", True)]
    located = library.locate(outside, now)
    assert (located.path, located.name, located.notes, located.missing, located.owned) == (str(now), "Mine", "good", False, True)
    assert library.models() == [located]
    assert refusal(lambda: library.locate(outside, now)) == Code.MODEL_UNKNOWN_NAME
    assert refusal(lambda: library.locate(now, tmp_path / "absent.gguf")) == Code.MODEL_MISSING


# ---------------------------------------------------------------- the trash


def test_the_trash_takes_all_of_a_model_and_gives_it_back_until_it_is_emptied(library: Library) -> None:
    folder = library.models_directory / "owner" / "name"
    folder.mkdir(parents=True)
    paths = write_split(folder, "trashed-set")
    library.set_notes(library.models()[0].path, "mine")
    before = library.models()
    token = library.trash(paths[0])
    assert Library(library.directory).models() == []
    assert all(path.exists() for path in paths)
    assert refusal(lambda: library.trash(paths[0])) == Code.MODEL_UNKNOWN_NAME
    assert [library.restore(token)] == library.models() == before
    assert refusal(lambda: library.restore(token)) == Code.MODEL_UNKNOWN_NAME
    assert library.empty_trash() == ()
    assert library.models() == before

    token = library.trash(paths[0])
    assert library.empty_trash(token) == ()
    assert {path.name for path in paths} <= in_trash()
    assert library.models() == []
    assert not (library.models_directory / "owner").exists()
    assert library.models_directory.exists()
    assert refusal(lambda: library.restore(token)) == Code.MODEL_UNKNOWN_NAME
    assert not (library.directory / "undo").exists()


def test_what_is_used_in_place_is_only_taken_out_of_the_list(library: Library, tmp_path: Path) -> None:
    outside = write_small(tmp_path / "outside.gguf")
    library.add(outside)
    (library.models_directory / "link").symlink_to(tmp_path, target_is_directory=True)
    within = write_small(tmp_path / "within.gguf")
    seemingly = library.models_directory / "link" / "within.gguf"
    library.add(seemingly)
    for path in (outside, seemingly):
        assert library.empty_trash(library.trash(path)) == ()
    assert library.models() == []
    assert outside.exists()
    assert within.exists()


def test_of_a_link_only_the_link_goes(library: Library, tmp_path: Path) -> None:
    outside = write_small(tmp_path / "linked.gguf")
    link = library.models_directory / "link.gguf"
    link.symlink_to(outside)
    (model,) = library.models()
    assert (model.size, model.owned) == (outside.stat().st_size, True)
    assert library.empty_trash(library.trash(link)) == ()
    assert not os.path.lexists(link)
    assert outside.exists()
    assert "link.gguf" not in in_trash()


def test_a_projector_goes_with_the_last_model_that_uses_it(library: Library) -> None:
    folder = library.models_directory / "vision"
    folder.mkdir()
    projector = write_small(folder / "mmproj-gone-F16.gguf", {"general.architecture": "clip"})
    first, second = (write_small(folder / f"gone-{quant}.gguf", {"general.file_type": kind}) for quant, kind in (("Q4_0", 2), ("Q8_0", 7)))
    assert [model.projector for model in library.models()] == [str(projector)] * 2
    library.empty_trash(library.trash(first))
    assert projector.exists()
    library.empty_trash(library.trash(second))
    assert not projector.exists()
    assert {"gone-Q4_0.gguf", "gone-Q8_0.gguf", "mmproj-gone-F16.gguf"} <= in_trash()
    assert list(library.models_directory.iterdir()) == []


def test_what_cannot_be_trashed_comes_back_and_says_why(library: Library) -> None:
    path = write_small(library.models_directory / "kept.gguf")
    TRASH.parent.mkdir(parents=True, exist_ok=True)
    aside = TRASH.rename(TRASH.with_name("aside")) if TRASH.exists() else None
    TRASH.write_text("in the way")
    try:
        (failure,) = library.empty_trash(library.trash(path))
    finally:
        TRASH.unlink()
        if aside is not None:
            aside.rename(TRASH)
    assert (failure.code, failure.args["path"]) == (Code.TRASH_FAILED, str(path))
    assert names(library) == ["kept"]
    assert path.exists()


def test_a_crash_before_the_trash_is_emptied_is_made_up_for_at_the_next_start(library: Library) -> None:
    path = write_small(library.models_directory / "crashed.gguf")
    kept = write_small(library.models_directory / "kept.gguf")
    killed = subprocess.run([sys.executable, "-c", TRASHED_AND_KILLED, str(library.directory), str(path)], check=False)
    assert killed.returncode < 0
    assert names(library) == ["kept"]
    assert path.exists()
    assert library.empty_trash() == ()
    assert not path.exists()
    assert "crashed.gguf" in in_trash()
    assert kept.exists()


def test_another_living_process_may_still_undo(library: Library) -> None:
    path = write_small(library.models_directory / "undone.gguf")
    command = [sys.executable, "-c", TRASHED_AND_WAITING, str(library.directory), str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        token = other.stdout.readline().strip()
        assert library.empty_trash() == library.empty_trash(token) == ()
        assert path.exists()
        assert library.models() == []
    assert library.restore(token).name == "undone"


def test_a_model_that_is_fetched_again_leaves_the_trash(library: Library) -> None:
    path = write_small(library.models_directory / "again.gguf")
    token = library.trash(path)
    library.record_origin(path, Origin("Hugging Face"))
    assert library.empty_trash(token) == ()
    assert names(library) == ["again"]
    assert path.exists()


# ---------------------------------------------------------------- the models folder


def test_another_models_folder_is_kept_even_when_the_list_is_lost(library: Library, tmp_path: Path) -> None:
    old = write_small(library.models_directory / "old.gguf")
    library.set_folder(tmp_path / "新的")
    write_small(tmp_path / "新的" / "new.gguf")
    assert [(model.name, model.owned) for model in library.models()] == [("new", True), ("old", False)]
    (library.directory / "library.json").write_text("{")
    again = Library(library.directory)
    assert again.models_directory == tmp_path / "新的"
    assert names(again) == ["new"]
    library.set_folder(library.directory / "models")
    assert library.models_directory == old.parent
    assert {model.name: model.owned for model in library.models()} == {"new": False, "old": True}


def test_a_folder_that_cannot_be_one_is_refused(library: Library, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for name in ("file", "file/below", os.fsdecode(b"\xff"), "a\0b", "x" * 300):
        with pytest.raises(ModelError) as caught:
            library.set_folder(tmp_path / name)
        assert caught.value.code == Code.FOLDER_BAD
    assert library.models_directory == library.directory / "models"


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"path": 5}', b'{"path": "relative"}', b'{"path": "/a\\u0000"}', b"\xff", b"[" * 99_999]
)
def test_a_damaged_choice_of_the_folder_means_the_usual_one(library: Library, content: bytes) -> None:
    (library.directory / "models-folder.json").write_bytes(content)
    assert library.models_directory == library.directory / "models"


def test_sizes_are_told(library: Library, tmp_path: Path) -> None:
    assert Library(tmp_path / "absent").total_size() == 0
    assert Library(tmp_path / "absent").free_space() > 0
    paths = [*write_split(library.models_directory, "large"), write_small(library.models_directory / "mmproj.gguf")]
    library.add(write_small(tmp_path / "outside.gguf"))
    assert library.total_size() == sum(path.stat().st_size for path in paths)


# ---------------------------------------------------------------- the state


def test_of_a_list_that_is_damaged_in_places_the_rest_stays(library: Library, tmp_path: Path) -> None:
    for name in ("a", "b"):
        library.add(write_small(tmp_path / f"{name}.gguf"))
    library.set_notes(tmp_path / "b.gguf", "mine")
    state = library.directory / "library.json"
    remembered = json.loads(state.read_text())
    remembered["entries"][0]["model"]["problem"] = "a code of next year"
    damaged = json.dumps(remembered)
    state.write_text(damaged)
    (model,) = library.models()
    assert (model.name, model.notes) == ("b", "mine")
    library.touch(model.path)
    assert (library.directory / "library.json.damaged-1").read_text() == damaged


def test_a_list_of_the_first_version_is_read_anew_and_keeps_its_names(library: Library) -> None:
    path = write_small(library.models_directory / "a.gguf", {"general.license": "mit"})
    state = library.directory / "library.json"
    status = path.stat()
    model = {"name": "Given", "path": str(path), "size": status.st_size, "architecture": "llama", "parameters": 40}
    entry = {"model": model, "size": status.st_size, "modified": status.st_mtime_ns}
    state.write_text(json.dumps({"entries": [entry]}))
    (found,) = library.models()
    assert (found.name, found.licence) == ("Given", "mit")
    assert json.loads(state.read_text())["version"] == 2


def test_a_clock_that_was_set_back_hides_no_change(library: Library) -> None:
    path = write_small(library.models_directory / "a.gguf", {"llama.context_length": 128})
    os.utime(path, ns=(1 << 62, 1 << 62))  # of the year 2116
    assert library.models()[0].trained_context == 128
    os.utime(library.directory / "library.json", ns=(1 << 62, 1 << 62))
    write_small(path, {"llama.context_length": 256})
    assert library.models()[0].trained_context == 256


def test_a_library_that_is_held_or_cannot_be_written_says_so(library: Library) -> None:
    path = write_small(library.models_directory / "a.gguf")
    assert names(library) == ["a"]
    (library.directory / "library.json.part").mkdir()  # stands for a read-only folder, which root does not know
    assert refusal(lambda: library.set_notes(path, "x")) == Code.LIBRARY_UNWRITABLE
    assert refusal(lambda: library.trash(path)) == Code.LIBRARY_UNWRITABLE
    (library.directory / "models-folder.json.part").mkdir()
    assert refusal(lambda: library.set_folder(library.directory / "other")) == Code.LIBRARY_UNWRITABLE
    library.touch(path)
    assert [(model.name, model.notes) for model in library.models()] == [("a", "")]
    assert not (library.directory / "undo").exists()


def test_folders_are_looked_into_to_a_bounded_depth(library: Library) -> None:
    place = library.models_directory
    for level in range(30):
        place = place / f"{level}"
        place.mkdir()
        write_small(place / f"model-{level}.gguf")
    assert 4 <= len(library.models()) < 30


CHANGES = st.one_of(
    st.tuples(st.just("rename"), st.integers(0, 3), st.sampled_from(["a", "b", "Same", "same", "", "知"])),
    st.tuples(st.just("trash"), st.integers(0, 3), st.just("")),
    st.tuples(st.just("restore"), st.integers(0, 3), st.just("")),
    st.tuples(st.just("remove"), st.integers(0, 3), st.just("")),
    st.tuples(st.just("add"), st.integers(0, 3), st.just("")),
    st.tuples(st.just("swap"), st.integers(0, 3), st.just("")),
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(CHANGES, max_size=8))
def test_whatever_is_done_names_are_unique_and_no_file_is_touched(library: Library, changes: list[tuple[str, int, str]]) -> None:
    paths = [library.models_directory / f"{number}.gguf" for number in range(4)]
    for number, path in enumerate(paths):
        write_small(path, {"llama.context_length": number + 1})
        library.add(path)
    tokens: dict[int, str] = {}
    for what, number, name in changes:
        path = paths[number]
        try:
            if what == "rename":
                library.rename(path, name)
            elif what == "trash":
                tokens[number] = library.trash(path)
            elif what == "restore":
                library.restore(tokens.pop(number, "none"))
            elif what == "remove":
                library.remove(str(path))
            elif what == "add":
                library.add(path)
            else:
                paths[number] = path.rename(path.with_name(f"{path.stem}x.gguf"))
        except ModelError as error:
            assert error.code in {Code.MODEL_UNKNOWN_NAME, Code.NAME_TAKEN, Code.NAME_BAD}
        found = names(library)
        assert len({name.casefold() for name in found}) == len(found)
    for path in paths:
        library.add(path)
    assert sorted(model.trained_context for model in library.models() if not model.missing) == [1, 2, 3, 4]
    for path in paths:
        path.unlink()
    for model in library.models():
        library.remove(model.path)
