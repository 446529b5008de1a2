"""What the system refuses: space, writing, the lock. Real file systems, real permissions, real processes."""

import os
import subprocess
from pathlib import Path

import pytest
from tests.app.store.conftest import StartChild

from zhiyin.store import Store, StoreCode, StoreError

# root loses what lets it ignore file modes
OBEYING = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
# a file system of its own, which is gone with the process
SMALL_DISK = ("unshare", "-Urm", "sh", "-c", 'mount -t tmpfs -o size=3m tmpfs "$0" && exec "$@"')


def small_disk_works(folder: str = "/tmp") -> bool:
    return subprocess.run([*SMALL_DISK, folder, "true"], check=False, capture_output=True).returncode == 0


DISKS = ["limit", *(["ballast"] if small_disk_works() else [])]  # not every container may mount


@pytest.mark.parametrize("way", DISKS)
def test_a_disk_that_refuses_loses_nothing_and_is_written_again_when_it_can(tmp_path: Path, start_child: StartChild, way: str) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    prefix = (*SMALL_DISK, str(folder)) if way == "ballast" else ()
    said = start_child("failing_disk_child.py", folder, way, prefix=prefix).line()
    # Too large a file is refused with an errno of its own (EFBIG), so that one is no full disk.
    refused = ["store.disk_full" if way == "ballast" else "store.io", ["detail", "path"]]
    assert said["user"] == refused
    assert said["grow"] == refused
    assert said["backup"] == (refused if way == "ballast" else None)
    assert said["readable"] == 21
    assert said["kept"] == [22, True, "whole"]
    assert said["left"] == []


def test_a_full_disk_at_the_first_start(tmp_path: Path, start_child: StartChild) -> None:
    path = tmp_path / "data" / "zhiyin.sqlite3"
    limit = ("prlimit", "--fsize=8192")
    code, arguments = start_child("opening_child.py", tmp_path / "data", prefix=limit).line()
    assert code == "store.io"
    assert arguments["path"] == str(path)
    assert start_child("opening_child.py", tmp_path / "data").line() == "written"  # what was left behind does no harm


def test_a_directory_that_cannot_be_written(tmp_path: Path, start_child: StartChild) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o500)
    code, arguments = start_child("opening_child.py", home / "data", prefix=OBEYING).line()
    assert (code, arguments["path"]) == ("store.read_only", str(home / "data"))
    assert arguments["detail"]
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_database_that_cannot_be_written(data_dir: Path, start_child: StartChild, what: str) -> None:
    with Store.open(data_dir) as store:
        database = store.paths.database
    target = data_dir if what == "folder" else database
    # the folders in it are there already, so that it is the database that meets the refusal
    target.chmod(0o500 if what == "folder" else 0o400)
    before = database.read_bytes()
    code, arguments = start_child("opening_child.py", data_dir, prefix=OBEYING).line()
    assert (code, arguments["path"]) == ("store.read_only", str(database))
    assert database.read_bytes() == before
    target.chmod(0o700)
    assert start_child("opening_child.py", data_dir, prefix=OBEYING).line() == "written"


def test_a_data_directory_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    for data_dir in (tmp_path / "taken", tmp_path / "taken" / "below"):
        with pytest.raises(StoreError) as caught:
            Store.open(data_dir)
        assert caught.value.code is StoreCode.DATA_DIR


def test_a_database_held_by_another_process(data_dir: Path, start_child: StartChild) -> None:
    with Store.open(data_dir, busy_timeout=0.1) as store:
        made = store.create_conversation().result()
        holder = start_child("holding_child.py", store.paths.database)
        assert holder.line() == "held"
        error = store.add_user_turn(made.id, None, "not saved").exception()
        assert isinstance(error, StoreError)
        assert error.code is StoreCode.LOCKED
        assert error.failure.args["path"] == str(store.paths.database)
        assert store.summary(made.id).result().turns == 0  # reading goes on
        with pytest.raises(StoreError) as caught:
            Store.open(data_dir, busy_timeout=0.1)
        assert caught.value.code is StoreCode.LOCKED
        assert holder.end_input() == 0
        assert store.add_user_turn(made.id, None, "saved").result().text == "saved"


def test_a_short_lock_is_waited_for(data_dir: Path, start_child: StartChild) -> None:
    with Store.open(data_dir, busy_timeout=60) as store:
        holder = start_child("holding_child.py", store.paths.database)
        assert holder.line() == "held"
        writing = store.create_conversation(title="waited")
        assert not writing.done()
        assert holder.end_input() == 0
        assert writing.result(30).title == "waited"


def test_coming_back_to_a_conversation_shows_the_draft_that_is_still_being_written(data_dir: Path, start_child: StartChild) -> None:
    with Store.open(data_dir, busy_timeout=60) as store:
        made, other = store.create_conversation(draft="old").result(), store.create_conversation(draft="other").result()
        holder = start_child("holding_child.py", store.paths.database)
        assert holder.line() == "held"
        store.set_draft(made.id, "half a thought")
        reading = store.conversation(made.id)
        assert store.conversation(other.id).result(30).conversation.draft == "other"  # nothing else waits
        assert not reading.done()
        assert holder.end_input() == 0
        assert reading.result(30).conversation.draft == "half a thought"
