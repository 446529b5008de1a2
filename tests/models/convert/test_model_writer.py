"""A file gets its name when all of it is there, never replaces another, and goes on where a killed run was ended."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFReader
from hypothesis import given
from hypothesis import strategies as st

from zhiyin_models.convert.header import entry, head
from zhiyin_models.convert.model_writer import ModelWriter
from zhiyin_models.convert.tensors import Value
from zhiyin_models.errors import Code, ModelError
from zhiyin_models.library.gguf import read_metadata

ENTRIES = [entry("general.architecture", "llama"), entry("general.name", "李白")]
TENSORS = [("a.weight", (3, 32), 0), ("b.weight", (5,), 0), ("c.weight", (2, 32), 8)]

KILLED = """
import os, signal, sys
from pathlib import Path
from tests.models.convert.test_model_writer import fill, writer
one = writer(Path(sys.argv[1]))
one.open()
if sys.argv[2] == "published":
    fill(one)
    one.complete()
    one.publish()
    os.kill(os.getpid(), signal.SIGKILL)
one.write(bytes(one.tensors[0].size), one.tensors[0].offset)
one.finish_tensor(0)
one.write(b"half", one.tensors[1].offset)
os.kill(os.getpid(), signal.SIGKILL)
"""


def writer(path: Path, fingerprint: str = "one") -> ModelWriter:
    content, placed = head(ENTRIES, TENSORS)
    return ModelWriter(path, content, placed, fingerprint)


def fill(one: ModelWriter) -> None:
    for index, tensor in enumerate(one.tensors[one.done :], one.done):
        one.write(bytes([index + 1]) * tensor.size, tensor.offset)
        one.finish_tensor(index)


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_written_is_read_by_the_reference_reader(tmp_path: Path) -> None:
    values: dict[str, Value] = {
        "general.architecture": "llama",
        "x.flag": True,
        "x.whole": 7,
        "x.large": 1 << 40,
        "x.fraction": 0.5,
        "x.words": ["李白", "", "\t"],
        "x.numbers": [1, -2, 3],
        "x.fractions": [0.5, 1.0],
        "x.flags": [True, False],
        "x.raw": b"\0\1\xff",
    }
    content, placed = head([entry(key, value) for key, value in values.items()], TENSORS)
    one = ModelWriter(tmp_path / "模型.gguf", content, placed, "")
    one.open()
    fill(one)
    one.complete()
    one.publish()
    one.forget_journal()
    assert left_in(tmp_path) == ["模型.gguf"]
    reader = GGUFReader(tmp_path / "模型.gguf")
    for key, value in values.items():
        found = reader.fields[key].contents()
        assert (bytes(found) if isinstance(value, bytes) else found) == value, key
    shapes = {tensor.name: (tuple(reversed(tensor.shape.tolist())), tensor.tensor_type) for tensor in reader.tensors}
    assert shapes == {name: (shape, kind) for name, shape, kind in TENSORS}
    assert all(tensor.data_offset == there.offset for tensor, there in zip(reader.tensors, placed, strict=True))
    assert np.all(reader.tensors[2].data == 3)
    assert read_metadata(tmp_path / "模型.gguf").tensor_count == 3


def test_a_file_that_is_there_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(b"mine")
    with pytest.raises(ModelError) as caught:
        writer(path).open()
    assert caught.value.code == Code.OUTPUT_EXISTS
    path.unlink()
    one = writer(path)
    one.open()
    fill(one)
    one.complete()
    path.write_bytes(b"mine")  # meanwhile
    with pytest.raises(ModelError) as caught:
        one.publish()
    assert caught.value.code == Code.OUTPUT_EXISTS
    one.abandon()
    assert path.read_bytes() == b"mine"
    assert left_in(tmp_path) == ["a.gguf"]


def test_the_part_of_another_program_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.gguf.part").write_bytes(b"half a download")
    with pytest.raises(ModelError) as caught:
        writer(tmp_path / "a.gguf").open()
    assert caught.value.code == Code.OUTPUT_EXISTS
    assert left_in(tmp_path) == ["a.gguf.part"]


def test_two_cannot_write_one_file(tmp_path: Path) -> None:
    first = writer(tmp_path / "a.gguf")
    first.open()
    with pytest.raises(ModelError) as caught:
        writer(tmp_path / "a.gguf").open()
    assert caught.value.code == Code.OUTPUT_BUSY
    first.abandon()
    assert left_in(tmp_path) == []


def killed(path: Path, when: str = "early") -> None:
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), str(root / "models")])}
    result = subprocess.run([sys.executable, "-c", KILLED, str(path), when], env=environment, check=False, capture_output=True, text=True)
    assert result.returncode == -signal.SIGKILL, result.stderr


def test_a_killed_run_is_resumed_at_the_last_whole_tensor(tmp_path: Path) -> None:
    killed(tmp_path / "a.gguf")
    assert not (tmp_path / "a.gguf").exists()
    one = writer(tmp_path / "a.gguf")
    one.open()
    assert one.done == 1
    fill(one)
    one.complete()
    one.publish()
    reader = GGUFReader(tmp_path / "a.gguf")
    assert [int(tensor.data.view(np.uint8).max()) for tensor in reader.tensors] == [0, 2, 3]


def test_a_run_that_was_killed_after_it_published_goes_on_with_its_file(tmp_path: Path) -> None:
    killed(tmp_path / "a.gguf", "published")
    one = writer(tmp_path / "a.gguf")
    one.open()
    assert one.published
    with pytest.raises(ModelError) as caught:
        writer(tmp_path / "a.gguf").open()  # another must wait until it is done with it
    assert caught.value.code == Code.OUTPUT_BUSY
    one.forget_journal()
    assert left_in(tmp_path) == ["a.gguf"]
    with pytest.raises(ModelError) as caught:
        writer(tmp_path / "a.gguf").open()
    assert caught.value.code == Code.OUTPUT_EXISTS


def test_after_the_computer_was_started_again_only_what_was_on_the_disk_is_kept(tmp_path: Path) -> None:
    killed(tmp_path / "a.gguf")
    journal = tmp_path / "a.gguf.part.json"
    before = json.loads(journal.read_text())
    journal.write_text(json.dumps(before | {"boot": "another"}))
    one = writer(tmp_path / "a.gguf")
    one.open()
    assert (before["done"], before["synced"], one.done) == (1, 0, 0)
    one.abandon()


def test_what_another_source_left_is_not_resumed(tmp_path: Path) -> None:
    killed(tmp_path / "a.gguf")
    one = writer(tmp_path / "a.gguf", "another")
    one.open()
    assert one.done == 0
    one.abandon()
    assert left_in(tmp_path) == []


def test_a_shortened_part_or_a_broken_journal_begins_anew(tmp_path: Path) -> None:
    killed(tmp_path / "a.gguf")
    os.truncate(tmp_path / "a.gguf.part", 100)
    one = writer(tmp_path / "a.gguf")
    one.open()
    assert one.done == 0
    one.abandon()
    killed(tmp_path / "b.gguf")
    (tmp_path / "b.gguf.part.json").write_text("{")
    two = writer(tmp_path / "b.gguf")
    two.open()
    assert two.done == 0
    two.abandon()


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ModelError) as caught:
        writer(tmp_path / "file" / "a.gguf").open()
    assert caught.value.code == Code.OUTPUT_UNWRITABLE


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.integers(0, (1 << 63) - 1),
    st.lists(st.integers(-(1 << 31), (1 << 31) - 1), max_size=5),
)
def test_any_value_has_a_type(words: str, number: int, numbers: list[int]) -> None:
    content, placed = head([entry("a", words), entry("b", number), entry("c", numbers)], [])
    assert len(content) % 32 == 0
    assert placed == ()
