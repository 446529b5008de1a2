"""The file that grows and its journal: what is trusted after a kill, after a power cut, and when the journal itself is damaged."""

import os
from pathlib import Path

import pytest

from zhiyin_models.errors import Code, ModelError
from zhiyin_models.hub.content import Content
from zhiyin_models.hub.part_file import SLOT, PartFile

SIZE = 100_000
CONTENT = Content(SIZE, "a" * 64)


def began(path: Path, content: Content = CONTENT) -> PartFile:
    part = PartFile(path, content)
    part.take()
    part.open()
    return part


def left_behind(part: PartFile) -> None:
    """What a kill leaves: the files as they are, and no lock."""
    part.release()


def test_what_was_written_is_there_after_a_kill(tmp_path: Path) -> None:
    part = began(tmp_path / "模型.gguf")
    part.write(memoryview(b"x" * 1000), 0)
    part.write(memoryview(b"y" * 500), 5000)
    left_behind(part)
    again = began(tmp_path / "模型.gguf")
    assert list(again.written) == [(0, 1000), (5000, 5500)]
    assert again.resumed == 1500
    assert again.part.read_bytes()[5000:5500] == b"y" * 500
    again.release()


def test_after_another_start_of_the_computer_only_what_was_synced_is_trusted(tmp_path: Path) -> None:
    part = began(tmp_path / "m")
    part.write(memoryview(b"x" * 1000), 0)
    part.sync()
    part.write(memoryview(b"x" * 1000), 1000)
    left_behind(part)
    for start, trusted in (("", 2000), ("another", 1000)):
        later = PartFile(tmp_path / "m", CONTENT, start=start)
        later.take()
        assert later.resumed == trusted
        later.release()


@pytest.mark.parametrize("damage", ["cut", "zeros", "noise", "one slot"])
def test_a_damaged_journal_costs_bytes_and_not_the_file(tmp_path: Path, damage: str) -> None:
    part = began(tmp_path / "m")
    part.write(memoryview(b"x" * 1000), 0)
    part.sync()
    part.write(memoryview(b"x" * 1000), 1000)
    left_behind(part)
    journal = tmp_path / "m.part.json"
    whole = journal.read_bytes()
    later = max((0, 1), key=lambda slot: int(whole[slot * SLOT :].split(b'"sequence":')[1].split(b",")[0]))
    changed = {
        "cut": whole[:100],
        "zeros": bytes(len(whole)),
        "noise": os.urandom(len(whole)),
        "one slot": whole[: later * SLOT] + bytes(SLOT) + whole[(later + 1) * SLOT :],
    }[damage]
    journal.write_bytes(changed)
    again = began(tmp_path / "m")
    assert again.resumed == (1000 if damage == "one slot" else 0)
    again.release()


@pytest.mark.parametrize(
    "other",
    [Content(SIZE, "b" * 64, origin="1"), Content(SIZE + 1, "a" * 64), Content(SIZE, "", "repo@1"), Content(SIZE)],
)
def test_the_bytes_of_another_content_are_not_gone_on_with(tmp_path: Path, other: Content) -> None:
    part = began(tmp_path / "m")
    part.write(memoryview(b"x" * 1000), 0)
    left_behind(part)
    again = began(tmp_path / "m", other)
    assert again.resumed == 0
    assert again.part.stat().st_size in (other.size, 0)
    again.release()


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (Content(SIZE, "a" * 64, origin="1"), Content(SIZE, "a" * 64, origin="2")),  # another source of the same content
        (Content(-1, "", "repo@1"), Content(SIZE, "a" * 64, "repo@1")),
        (Content(SIZE, "", "", "site etag", "1"), Content(origin="1")),  # a plain address, of which nothing is known beforehand
    ],
)
def test_the_same_content_is_recognised(tmp_path: Path, before: Content, now: Content) -> None:
    part = began(tmp_path / "m", before)
    part.write(memoryview(b"x" * 1000), 0)
    left_behind(part)
    again = began(tmp_path / "m", now)
    assert again.resumed == 1000
    again.release()


def test_only_one_process_writes_a_file(tmp_path: Path) -> None:
    part = began(tmp_path / "m")
    with pytest.raises(ModelError) as caught:
        PartFile(tmp_path / "m", CONTENT).take()
    assert caught.value.code == Code.OUTPUT_BUSY
    part.release()
    assert list(tmp_path.iterdir()) == []  # nothing was written


def test_what_is_there_stays_and_nothing_leaves_nothing(tmp_path: Path) -> None:
    part = began(tmp_path / "m")
    part.write(memoryview(b"x"), 7)
    part.release()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.part", "m.part.json"]
    other = began(tmp_path / "n")
    other.release()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.part", "m.part.json"]


def test_a_finished_file_that_was_moved_away_before_its_part_was_gone_stays(tmp_path: Path) -> None:
    part = began(tmp_path / "m")
    part.write(memoryview(b"x" * SIZE), 0)
    part.sync()
    os.link(tmp_path / "m.part", tmp_path / "mine")
    left_behind(part)
    again = began(tmp_path / "m", Content(5, "b" * 64))
    again.release()
    assert (tmp_path / "mine").read_bytes() == b"x" * SIZE


def test_another_file_in_the_place_of_the_part_gets_no_name(tmp_path: Path) -> None:
    part = began(tmp_path / "m")
    part.write(memoryview(bytes(SIZE)), 0)
    (tmp_path / "m.part").unlink()
    (tmp_path / "m.part").write_bytes(b"theirs")
    with pytest.raises(ModelError) as caught:
        part.publish()
    part.release()
    assert caught.value.code == Code.OUTPUT_EXISTS
    assert not (tmp_path / "m").exists()


def test_of_a_part_that_became_shorter_the_rest_is_gone_on_with(tmp_path: Path) -> None:
    part = began(tmp_path / "m")
    part.write(memoryview(b"x" * 1000), 0)
    part.write(memoryview(b"y" * 500), 5000)
    part.write(memoryview(b"z" * 500), 9000)
    left_behind(part)
    os.truncate(tmp_path / "m.part", 5100)
    again = began(tmp_path / "m")
    assert list(again.written) == [(0, 1000), (5000, 5100)]
    again.release()


def test_somebody_elses_part_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "m.part").write_bytes(b"mine")
    part = PartFile(tmp_path / "m", CONTENT)
    with pytest.raises(ModelError) as caught:
        part.take()
    part.release()
    assert caught.value.code == Code.OUTPUT_EXISTS
    assert (tmp_path / "m.part").read_bytes() == b"mine"


def test_a_link_in_the_place_of_the_part_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_bytes(b"theirs")
    part = began(tmp_path / "m")
    part.write(memoryview(b"x"), 0)
    left_behind(part)
    (tmp_path / "m.part").unlink()
    (tmp_path / "m.part").symlink_to(tmp_path / "theirs")
    again = PartFile(tmp_path / "m", CONTENT)
    again.take()
    with pytest.raises(ModelError) as caught:
        again.open()
    again.release()
    assert caught.value.code == Code.OUTPUT_UNWRITABLE
    assert (tmp_path / "theirs").read_bytes() == b"theirs"


def test_publishing_replaces_nothing(tmp_path: Path) -> None:
    part = began(tmp_path / "m")
    part.write(memoryview(bytes(SIZE)), 0)
    (tmp_path / "m").write_bytes(b"theirs")
    with pytest.raises(ModelError) as caught:
        part.publish()
    part.release()
    assert caught.value.code == Code.OUTPUT_EXISTS
    assert (tmp_path / "m").read_bytes() == b"theirs"
    assert (tmp_path / "m.part").stat().st_size == SIZE


def test_a_closed_part_takes_nothing_any_more(tmp_path: Path) -> None:
    part = began(tmp_path / "m")
    part.close()
    part.write(memoryview(b"late"), 0)
    part.sync()
    assert part.total == 0
    part.release()


def test_what_was_fetched_for_an_earlier_opening_is_not_written_into_a_later_one(tmp_path: Path) -> None:
    part = PartFile(tmp_path / "m", CONTENT)
    part.take()
    first = part.open()
    part.discard()
    second = part.open()
    part.write(memoryview(b"late"), 0, first)
    assert part.total == 0
    part.write(memoryview(b"now"), 0, second)
    assert part.total == 3
    part.release()


@pytest.mark.parametrize("journalled", [True, False])
def test_a_kill_while_a_file_gets_its_name_leaves_it_published_and_alone(tmp_path: Path, journalled: bool) -> None:
    part = began(tmp_path / "m")
    part.write(memoryview(bytes(SIZE)), 0)
    part.sync()
    if journalled:
        part.publish()
        os.link(tmp_path / "m", tmp_path / "m.part")
    else:
        os.link(tmp_path / "m.part", tmp_path / "m")
    left_behind(part)
    again = PartFile(tmp_path / "m", CONTENT)
    again.take()
    assert again.published
    again.release(finished=True)
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_what_is_there_is_never_written_again(tmp_path: Path) -> None:
    part = began(tmp_path / "m")
    part.write(memoryview(b"right"), 10)
    part.write(memoryview(b"x" * 30), 0)
    assert part.part.read_bytes()[:30] == b"x" * 10 + b"right" + b"x" * 15
    assert part.total == 30
    part.release()
