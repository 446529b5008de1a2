import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
Start = Callable[..., "Instance"]


class Instance:
    """A real process that wants the data directory."""

    def __init__(self, data_dir: Path, *arguments: str, **environment: str | None) -> None:
        variables: dict[str, str | None] = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT / "app"), str(ROOT / "models")]),
            "XDG_ACTIVATION_TOKEN": None,
            "DESKTOP_STARTUP_ID": None,
            **environment,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", str(Path(__file__).with_name("instance_child.py")), str(data_dir), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={name: value for name, value in variables.items() if value is not None},
        )

    def line(self) -> list[object]:
        assert self.process.stdout is not None
        text = self.process.stdout.readline()
        assert text, self.process.communicate()[1]
        said = json.loads(text)
        assert isinstance(said, list)
        return said

    def end(self) -> int:
        """End it in good order; return its exit code. It must have said nothing on stderr."""
        _, complaints = self.process.communicate(timeout=30)
        assert complaints == ""
        return self.process.returncode


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[Instance] = []

    def begin(*arguments: str | Path, **environment: str | None) -> Instance:
        started.append(Instance(*arguments, **environment))  # type: ignore[arg-type]  # a path and then strings
        return started[-1]

    yield begin
    for instance in started:
        if instance.process.poll() is None:
            instance.process.kill()
        instance.process.communicate()


@pytest.fixture
def runtime() -> Iterator[str]:
    """A short path, whatever the test is called: that of a socket may have some hundred bytes."""
    with tempfile.TemporaryDirectory(prefix="run-", dir="/tmp") as folder:
        yield folder


def test_a_second_start_raises_the_first_window_and_ends_well(tmp_path: Path, runtime: str, start: Start) -> None:
    first = start(tmp_path / "data", XDG_RUNTIME_DIR=runtime)
    assert first.line() == ["first", True]
    for token in ("", "kwin-7"):
        second = start(tmp_path / "data", XDG_RUNTIME_DIR=runtime, XDG_ACTIVATION_TOKEN=token)
        assert second.line() == ["second", True]
        assert second.end() == 0
        assert first.line() == ["raise", token]
    assert first.end() == 0
    assert list(Path(runtime).iterdir()) == []
    assert not (tmp_path / "data" / "instance.address").exists()
    third = start(tmp_path / "data", XDG_RUNTIME_DIR=runtime)
    assert third.line() == ["first", True]


def test_each_data_directory_has_its_own_window_whatever_it_is_called_by(tmp_path: Path, runtime: str, start: Start) -> None:
    assert start(tmp_path / "one", XDG_RUNTIME_DIR=runtime).line() == ["first", True]
    assert start(tmp_path / "two", XDG_RUNTIME_DIR=runtime).line() == ["first", True]
    (tmp_path / "link").symlink_to(tmp_path / "one")
    assert start(tmp_path / "link", XDG_RUNTIME_DIR=runtime).line() == ["second", True]


def test_what_a_killed_window_leaves_behind_stops_nobody(tmp_path: Path, runtime: str, start: Start) -> None:
    first = start(tmp_path / "data", XDG_RUNTIME_DIR=runtime)
    assert first.line() == ["first", True]
    first.process.kill()
    first.process.wait()
    assert len(list(Path(runtime).iterdir())) == 1  # the socket
    again = start(tmp_path / "data", XDG_RUNTIME_DIR=runtime)
    assert again.line() == ["first", True]
    assert start(tmp_path / "data", XDG_RUNTIME_DIR=runtime).line() == ["second", True]
    assert again.line() == ["raise", ""]


def test_a_window_that_does_not_answer_is_not_waited_for_for_ever(tmp_path: Path, runtime: str, start: Start) -> None:
    first = start(tmp_path / "data", "deaf", XDG_RUNTIME_DIR=runtime)
    assert first.line() == ["first", True]
    second = start(tmp_path / "data", XDG_RUNTIME_DIR=runtime)
    assert second.line() == ["second", False]
    assert second.end() == 0


def test_a_start_while_the_window_closes_waits_and_becomes_the_first(tmp_path: Path, runtime: str, start: Start) -> None:
    first = start(tmp_path / "data", "closing", XDG_RUNTIME_DIR=runtime)
    assert first.line() == ["first", False]
    again = start(tmp_path / "data", XDG_RUNTIME_DIR=runtime)
    with pytest.raises(subprocess.TimeoutExpired):  # longer than an answer may take
        again.process.wait(3)
    assert first.end() == 0
    assert again.line() == ["first", True]


def test_a_window_that_never_ends_closing_is_not_waited_for_for_ever(tmp_path: Path, runtime: str, start: Start) -> None:
    first = start(tmp_path / "data", "closing", XDG_RUNTIME_DIR=runtime)
    assert first.line() == ["first", False]
    assert start(tmp_path / "data", XDG_RUNTIME_DIR=runtime).line() == ["second", False]


def test_no_runtime_folder_one_open_to_others_and_one_that_is_gone(tmp_path: Path, start: Start) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    for number, runtime in enumerate([None, str(shared), str(tmp_path / "gone"), "/proc"]):
        data_dir = tmp_path / f"data{number}"
        assert start(data_dir, XDG_RUNTIME_DIR=runtime).line() == ["first", True]
        assert start(data_dir, XDG_RUNTIME_DIR=runtime).line() == ["second", True]
    assert list(shared.iterdir()) == []


def test_a_path_longer_than_a_socket_may_have(tmp_path: Path, start: Start) -> None:
    temporary = tmp_path / "t"
    temporary.mkdir()
    data_dir = tmp_path / ("长" * 60) / ("名" * 60)
    first = start(data_dir, XDG_RUNTIME_DIR=None, TMPDIR=str(temporary))
    assert first.line() == ["first", True]
    assert start(data_dir, XDG_RUNTIME_DIR=None, TMPDIR=str(temporary)).line() == ["second", True]
    assert first.line() == ["raise", ""]
    assert first.end() == 0
    assert list(temporary.iterdir()) == []


def test_rubbish_on_the_socket_does_no_harm(tmp_path: Path, runtime: str, start: Start) -> None:
    first = start(tmp_path / "data", XDG_RUNTIME_DIR=runtime)
    assert first.line() == ["first", True]
    address = (tmp_path / "data" / "instance.address").read_text()
    for rubbish in (b"", b"\xff\xfe\n", b"x" * 100_000, b"quit\n", b"raise"):
        with socket.socket(socket.AF_UNIX) as theirs:
            theirs.connect(address)
            try:
                theirs.sendall(rubbish)
            except (BrokenPipeError, ConnectionResetError):
                assert len(rubbish) > 4096  # it hung up
    assert start(tmp_path / "data", XDG_RUNTIME_DIR=runtime).line() == ["second", True]
    assert first.line() == ["raise", ""]
    assert first.end() == 0


def test_a_data_directory_that_cannot_be(tmp_path: Path, start: Start) -> None:
    (tmp_path / "file").write_text("")
    assert start(tmp_path / "file").line() == ["failed", "store.data_dir"]
