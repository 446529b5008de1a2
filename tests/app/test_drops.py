"""What is dropped on the window, told by its contents: tasks, books, cards, checkpoints, and what is none of them."""

import json
import os
from pathlib import Path

import pytest

from zhiyin.controllers.drops import HEAD_BYTES, Sorted, has_cards, kind_of_file, outer_names, sort_drops
from zhiyin.prompt.tasks.template import Field, Task
from zhiyin.prompt.tasks.writing import write_task_file

TASK = {"instruction": "x", "fields": [{"key": "text"}]}
CARD = {"name": "A", "description": "", "first_mes": "hi", "data": {"spec": "zhiyin_task"}}
BOOK = {"entries": {"0": {"key": ["a"], "content": "first_mes"}}, "name": "World"}


def put(folder: Path, name: str, what: object = None) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(what if isinstance(what, str) else json.dumps(what), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        (TASK, "task"),
        ({"spec": "zhiyin_task", "name": "x"}, "task"),
        ({"examples": ["a" * 2 * HEAD_BYTES], "spec": "zhiyin_task"}, ""),  # too far down; the page says what it is
        (CARD, "card"),
        ({"spec": "chara_card_v3", "data": {"entries": []}}, "card"),
        ({"spec": "chara_card_v2", "instruction": 1, "fields": 1}, "card"),
        (BOOK, "book"),
        ({"spec": "lorebook_v3", "data": {"entries": []}}, "book"),
        ({"a": 1}, ""),
        (["spec", "zhiyin_task"], ""),
        ("", ""),
        ('{"spec": "zhiyin_task', ""),
        ('\ufeff { "sp\\"ec" : 1, "spec"\n:\t"zhiyin_task", ', "task"),
        ("{" * 70_000, ""),
        ('{"' + '\\"' * 35_000, ""),  # one pass
    ],
)
def test_a_file_is_told_by_the_names_at_its_beginning(tmp_path: Path, what: object, kind: str) -> None:
    assert kind_of_file(put(tmp_path, "x.json", what)) == kind


def test_names_within_are_not_those_of_the_outer_object() -> None:
    assert outer_names('{"a": {"b": "c", "d": ["e"]}, "f": "g\\"h", "i": 3} {"j": 1}') == {"a": "", "f": 'g\\"h', "i": ""}


def test_what_cannot_be_opened_is_unknown_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "folder.json").mkdir()
    for name in ("pipe.json", "folder.json", "none.json", "a\0b.json"):
        assert kind_of_file(str(tmp_path / name)) == ""
        assert not has_cards(str(tmp_path / name))


def test_the_app_knows_its_own_tasks_on_every_page(tmp_path: Path) -> None:
    file = tmp_path / "x.JSON"
    write_task_file(Task(name="x", instruction="y" * 40_000, fields=(Field("text"),)), file)
    for place in ("", "conversion", "personas", "tasks"):
        assert sort_drops([str(file)], place) == Sorted(tasks=[str(file)])


def test_files_that_nobody_knows_go_to_the_page_they_are_dropped_on(tmp_path: Path) -> None:
    odd, book, card = put(tmp_path, "odd.json", {"a": 1}), put(tmp_path, "book.json", BOOK), put(tmp_path, "card.json", CARD)
    assert sort_drops([odd], "") == sort_drops([odd], "personas") == Sorted(cards=[odd])
    assert sort_drops([odd], "tasks") == Sorted(tasks=[odd])
    assert sort_drops([odd], "conversion") == Sorted(checkpoints=[odd])
    assert sort_drops([book], "tasks") == Sorted(books=[book])
    assert sort_drops([book, card], "tasks") == Sorted(cards=[card, book])  # the cards' import tells of both
    assert sort_drops(["/x/a.png", "/x/b.charx"], "tasks") == Sorted(cards=["/x/a.png", "/x/b.charx"])


def test_files_of_a_checkpoint_stay_together(tmp_path: Path) -> None:
    parts = [put(tmp_path, name, {"a": 1}) for name in ("config.json", "model.safetensors", "tokenizer.json")]
    assert sort_drops(parts, "") == Sorted(checkpoints=parts)


def test_a_folder_of_cards_is_told_from_a_checkpoint(tmp_path: Path) -> None:
    cards, deep, checkpoint, adapter, empty = (tmp_path / name for name in ("cards", "deep", "checkpoint", "adapter", "empty"))
    put(cards, "a.json", CARD)
    put(deep, "inner/a.png", "x")
    for name in ("config.json", "tokenizer.json", "teaser.png"):
        put(checkpoint, name)
    put(adapter, "adapter_config.json")
    put(adapter, "preview.png", "x")
    empty.mkdir()
    folders = [str(folder) for folder in (cards, deep, checkpoint, adapter, empty)]
    assert sort_drops(folders, "") == sort_drops(folders, "tasks") == Sorted(cards=folders[:2], checkpoints=folders[2:])
    assert sort_drops(folders, "personas") == Sorted(cards=folders)
    assert sort_drops(folders, "conversion") == Sorted(checkpoints=folders)
