"""Moves a models folder in processes that are killed at one step after another, and says what is wrong afterwards.

``python -m tests.models.library.killed_moves FOLDER TARGETS EVERY``: works in FOLDER, moves to a folder under TARGETS, and kills at every
so many steps. A step is anything that changes a file system. Prints one JSON object: how many runs were killed, and what was wrong.
"""

import contextlib
import json
import os
import shutil
import signal
import sys
from pathlib import Path

from tests.models.gguf_files import write_small, write_split

from zhiyin_models.jobs.leftovers import remove_leftovers
from zhiyin_models.jobs.protocol import MoveModels
from zhiyin_models.library.gguf import split_paths
from zhiyin_models.library.installed import Library, Origin
from zhiyin_models.library.moving import move_models
from zhiyin_models.work import Stop, silent

STEPS = {"os.link", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.utime", "os.symlink"}
NAMES = ["Beside", "Gemma", "Large", "Renamed"]


def prepare(folder: Path) -> Library:
    """A library with a single model, a set, one with a projector, one that is renamed, a hidden one, and one that is used in place."""
    library = Library(folder / "data")
    models = library.models_directory
    (models / "owner" / "large").mkdir(parents=True)
    write_split(models / "owner" / "large", "Large")
    write_small(models / "Gemma-Q8_0.gguf")
    write_small(models / "mmproj-Gemma-F16.gguf", {"general.architecture": "clip"})
    renamed = write_small(models / "owner" / "model.gguf")
    write_small(models / "hidden.gguf")
    library.add(write_small(folder / "Beside.gguf"))
    library.rename(renamed, "Renamed")
    library.set_notes(renamed, "好用")
    library.record_origin(renamed, Origin("Hugging Face", "owner/model", "abc"))
    library.remove("hidden")
    return library


def whats_wrong(library: Library, contents: dict[str, bytes]) -> list[str]:
    """What is not as it has to be at every moment: each model once in the list, whole, with what is known of it."""
    models = library.models()
    wrong = [] if [model.name for model in models] == NAMES else [f"listed: {[model.path for model in models]}"]
    for model in models:
        if model.missing or model.problem:
            wrong.append(f"{model.name} at {model.path}: missing {model.missing}, problem {model.problem}")
            continue
        wrong += [f"{path} differs" for path in split_paths(Path(model.path)) if path.read_bytes() != contents[path.name]]
        if model.name == "Renamed" and (model.notes != "好用" or model.origin is None):
            wrong.append("what was known is forgotten")
    return wrong


def move_and_die(task: MoveModels, step: int) -> None:
    """Move, and be killed at that step if there are so many."""
    steps = 0

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal steps
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if event in STEPS or writes:
            steps += 1
            if steps == step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    move_models(task, silent, Stop())


def killed_at(task: MoveModels, step: int) -> bool:
    """Move in a process of its own; whether that was killed."""
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            move_and_die(task, step)
            os._exit(0)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise RuntimeError("the move failed by itself")
    return os.WIFSIGNALED(status)


def main(folder: Path, targets: Path, every: int) -> None:
    """Kill at the first step, ``every`` steps further, and so on until a move comes through."""
    wrong: list[str] = []
    killed, step = 0, 1
    template = folder / "template"
    prepare(template)
    contents = {path.name: path.read_bytes() for path in template.rglob("*.gguf")}
    going = True
    while going:
        place, target = folder / "try", targets / "模型"
        for used in (place, target):
            shutil.rmtree(used, ignore_errors=True)
        shutil.copytree(template, place)
        state = place / "data" / "library.json"
        state.write_text(state.read_text().replace(f"{template}/", f"{place}/"))
        library = Library(place / "data")
        task = MoveModels(str(library.directory), str(target))
        going = killed_at(task, step)
        killed += going
        found = whats_wrong(library, contents)
        if step % 2:  # the job is resumed, or given up and begun anew
            remove_leftovers(task)
        move_models(task, silent, Stop())
        found += whats_wrong(library, contents)
        left = [str(path) for path in (place / "data" / "models").rglob("*") if path.is_file()]
        left += [str(path) for path in target.rglob("*.part*")]
        found += [f"left: {left}"] if left else []
        if library.models_directory != target or any(not model.owned for model in library.models() if model.name != "Beside"):
            found.append("the new folder is not the models folder")
        wrong += [f"step {step}: {one}" for one in found]
        step += every
    sys.stdout.write(json.dumps({"killed": killed, "wrong": wrong[:20]}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
