"""The two ends of the protocol, with a real process at the child's end."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import psutil
import pytest

from zhiyin_models.child import MAX_LINE, Child, ExitReport, Pong, child_command
from zhiyin_models.child.child_log import KEPT, ROTATE_AT, TRUNCATE_AT, ChildLog
from zhiyin_models.child.child_process import exit_report
from zhiyin_models.child.command import child_environment
from zhiyin_models.child.wire import Decoder, encode
from zhiyin_models.engine import protocol as p
from zhiyin_models.errors import Code

TOY = [sys.executable, str(Path(__file__).with_name("toy_child.py"))]
WAIT = 60.0


def until(condition: Callable[[], Any]) -> None:
    """Wait for something that no event tells of."""
    pause = threading.Event()
    for _ in range(int(WAIT / 0.02)):
        if condition():
            return
        pause.wait(0.02)
    raise AssertionError("it never came about")


def gone(pid: int) -> bool:
    """Ended, even where nobody collects the orphans."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


class RawToy:
    """The toy with nothing between it and the test."""

    def __init__(self) -> None:
        environment = child_environment()
        self.process = subprocess.Popen(TOY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
        assert self.process.stdin and self.process.stdout and self.process.stderr
        self.input: IO[bytes] = self.process.stdin
        self.output: IO[bytes] = self.process.stdout
        self.log: IO[bytes] = self.process.stderr
        self.decoder = Decoder(p.Event)

    def say(self, line: bytes) -> None:
        self.input.write(line + b"\n")
        self.input.flush()

    def hear(self) -> p.Event:
        event: p.Event = self.decoder.decode(self.output.readline())
        return event


@pytest.fixture
def toy() -> Iterator[RawToy]:
    raw = RawToy()
    hello = raw.hear()
    assert hello == p.Hello(0, 1, raw.process.pid, "engine")
    yield raw
    raw.process.kill()
    for pipe in (raw.input, raw.output, raw.log):
        with contextlib.suppress(BrokenPipeError):
            pipe.close()
    raw.process.wait()


# ------------------------------------------------------------------ the child's end


def test_what_libraries_print_stays_out_of_the_protocol(toy: RawToy) -> None:
    toy.say(encode(p.Load(id=1, path="print")))
    assert toy.hear() == p.Finished(1)
    assert toy.log.readline() == b"stray bytes of a C library\n"


def test_bad_lines_are_answered_and_the_next_is_heard(toy: RawToy) -> None:
    toy.say(b"nonsense")
    toy.say(b'{"type":"ping","id":"five"}')
    toy.say(b'{"type":"dance","id":6}')
    toy.say(b'{"type":"tokenize","id":7,"text":"\\ud800!"}')
    failures = [toy.hear() for _ in range(3)]
    assert [(event.id, event.code) for event in failures if isinstance(event, p.Failed)] == [(0, Code.REQUEST_BAD)] * 2 + [
        (6, Code.REQUEST_BAD)
    ]
    assert toy.hear() == p.Tokens(7, (), ("\ufffd!",))


def test_a_huge_line_is_refused_and_the_next_is_heard(toy: RawToy) -> None:
    toy.say(b'{"type":"count","id":8,"texts":["' + b"x" * MAX_LINE + b'"]}')
    assert toy.hear() == p.Failed(8, Code.LINE_TOO_LONG, {"limit": MAX_LINE})
    toy.say(b'{"type":"ping","id":9}')
    assert toy.hear() == Pong(9)


def test_an_answer_too_long_for_a_line_fails(toy: RawToy) -> None:
    toy.say(encode(p.Load(id=3, path="huge answer")))
    assert toy.hear() == p.Failed(3, Code.LINE_TOO_LONG, {"limit": MAX_LINE})


def test_a_bug_in_a_handler_ends_the_request_only(toy: RawToy) -> None:
    toy.say(encode(p.Load(id=3, path="raise")))
    failed = toy.hear()
    assert isinstance(failed, p.Failed)
    assert (failed.id, failed.code, failed.args["detail"]) == (3, Code.ENGINE_FAILED, "RuntimeError: a bug of the toy")
    toy.say(encode(p.Count(id=4, texts=("ab",))))
    assert toy.hear() == p.Counted(4, (2,))


def test_stop_is_heard_while_nobody_reads_and_the_backlog_is_coalesced(toy: RawToy) -> None:
    toy.say(encode(p.Generate(id=5, session="1000000000", messages=())))
    waiting = bytearray(4)

    def full() -> bool:
        fcntl.ioctl(toy.output.fileno(), termios.FIONREAD, waiting)
        return int.from_bytes(waiting, sys.byteorder) > 30_000

    until(full)
    before = psutil.Process(toy.process.pid).cpu_times().user
    until(lambda: psutil.Process(toy.process.pid).cpu_times().user > before + 0.5)  # it goes on producing meanwhile
    toy.say(encode(p.Stop(id=6, target=5)))
    assert toy.log.readline() == b"asked to stop\n"  # nothing has been read from it yet
    texts: list[p.Text] = []
    while isinstance(event := toy.hear(), p.Text):
        texts.append(event)
    assert isinstance(event, p.Finished)
    assert event.reason == "stopped"
    tokens = event.stats.generated_tokens
    assert sum(text.tokens for text in texts) == tokens > 50_000
    assert "".join(text.text for text in texts) == "".join(f"{number} " for number in range(tokens))
    assert len(texts) < tokens / 20


def test_a_frozen_build_starts_itself(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "zhiyin_models", "--child", "engine"]
    end = subprocess.run(command, input=b"", capture_output=True, env=child_environment(), cwd=tmp_path, timeout=WAIT, check=True)
    hello = Decoder(p.Event).decode(end.stdout.splitlines()[0])
    assert isinstance(hello, p.Hello)
    assert hello.version == p.VERSION


def test_the_end_of_its_input_ends_a_child_that_is_deep_in_c(toy: RawToy) -> None:
    toy.say(encode(p.Load(id=1, path="sleep in C")))
    assert toy.hear() == p.LoadProgress(1, 0.5)
    toy.input.close()
    assert toy.process.wait(WAIT) == 0


def test_a_child_whose_answers_nobody_can_read_ends(toy: RawToy) -> None:
    toy.output.close()
    toy.say(b'{"type":"ping","id":1}')
    assert toy.process.wait(WAIT) == 0


PARENT = """
import sys
from zhiyin_models.engine.client import EngineClient
from zhiyin_models.engine.protocol import Load
client = EngineClient(command=sys.argv[1:])
client.start()
next(client.stream(lambda number: Load(id=number, path="sleep with the lock")))
print(client.pid, flush=True)
sys.stdin.read()
"""


def test_a_killed_parent_takes_its_child_along() -> None:
    """Even a child in which nothing of Python can run."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, *TOY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=child_environment()
    ) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        assert not gone(child)
        parent.kill()
        until(lambda: gone(child))


# ------------------------------------------------------------------ the parent's end


class Listener:
    def __init__(self) -> None:
        self.events: list[p.Event] = []
        self.reports: list[ExitReport] = []
        self.heard = threading.Condition()

    def on_event(self, event: p.Event) -> None:
        with self.heard:
            self.events.append(event)
            self.heard.notify_all()

    def on_exit(self, report: ExitReport) -> None:
        with self.heard:
            self.reports.append(report)
            self.heard.notify_all()

    def wait_for(self, condition: Callable[[], Any]) -> None:
        with self.heard:
            assert self.heard.wait_for(condition, WAIT)

    def child(self, **options: Any) -> Child[p.Event]:
        return Child(TOY, p.Event, kind="engine", version=1, on_event=self.on_event, on_exit=self.on_exit, **options)


def test_nothing_is_left_of_a_closed_child() -> None:
    threads, descriptors = threading.active_count(), open_descriptors()
    for _ in range(3):
        listener = Listener()
        child = listener.child()
        child.start()
        pid = child.pid
        assert pid is not None
        assert os.getpgid(pid) != os.getpgrp()  # Ctrl-C in a terminal is not for it
        child.close()
        assert not child.alive
        assert not psutil.pid_exists(pid)
        assert listener.reports == [ExitReport(0, expected=True)]
    assert threading.active_count() == threads
    assert open_descriptors() == descriptors


def test_a_stopped_child_can_be_closed() -> None:
    listener = Listener()
    child = listener.child()
    child.start()
    assert child.pid
    os.kill(child.pid, signal.SIGSTOP)
    for number in range(1, 30):  # more than a pipe holds
        child.send(p.Count(id=number, texts=("x" * 10_000,)))
    child.close(grace=0.1)
    assert [report.signal for report in listener.reports] == ["SIGKILL"]


def test_closing_from_a_callback_ends_the_child() -> None:
    listener = Listener()
    child = listener.child()
    child._on_event = lambda _: child.close()
    child.start()
    child.send(p.Count(id=1, texts=()))
    listener.wait_for(lambda: listener.reports)
    assert listener.reports[0].expected
    child.close()


def test_a_child_outlives_the_thread_that_asked_for_it() -> None:
    listener = Listener()
    child = listener.child()
    starter = threading.Thread(target=child.start)
    starter.start()
    starter.join()
    child.send(p.Count(id=1, texts=("abc",)))
    listener.wait_for(lambda: listener.events or listener.reports)
    assert listener.events == [p.Counted(1, (3,))]
    child.close()


def test_a_job_runs_at_the_lowest_priority() -> None:
    listener = Listener()
    child = listener.child(nice=19)
    child.start()
    assert child.pid
    assert psutil.Process(child.pid).nice() == 19
    child.close()


def test_a_callback_that_raises_does_not_deafen_the_parent(caplog: pytest.LogCaptureFixture) -> None:
    listener = Listener()
    child = listener.child()
    hear = listener.on_event

    def raise_once(event: p.Event) -> None:
        hear(event)
        if len(listener.events) == 1:
            raise RuntimeError("a bug of the listener")

    child._on_event = raise_once
    child.start()
    child.send(p.Count(id=1, texts=("a",)))
    child.send(p.Count(id=2, texts=("ab",)))
    listener.wait_for(lambda: len(listener.events) == 2)
    child.close()
    assert "a bug of the listener" in caplog.text


def test_exit_reports_name_signals() -> None:
    assert exit_report(-9).signal == "SIGKILL"
    assert exit_report(-9).failure.args["reason"] == "SIGKILL"
    assert exit_report(3, ("why",)).failure.args == {"reason": 3, "detail": "why"}
    assert exit_report(-99).signal == "signal 99"
    assert exit_report(-9, silence=30.0).failure.code == Code.ENGINE_SILENT


def test_commands() -> None:
    assert child_command("engine")[1:] == ["-P", "-m", "zhiyin_models.engine"]
    with pytest.raises(KeyError):
        child_command("nonsense")


# ------------------------------------------------------------------ the log


def test_large_logs_are_rotated_and_three_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "engine.log"
    for number in range(6):
        log = ChildLog(path)
        log.file.write(b"%d" % number + b"x" * ROTATE_AT)
        log.close()
    assert sorted(file.name for file in path.parent.iterdir()) == ["engine.log", *(f"engine.log.{n}" for n in range(1, KEPT + 1))]
    assert [path.with_name(name).read_bytes()[:1] for name in ("engine.log", "engine.log.1", "engine.log.3")] == [b"5", b"4", b"2"]


def test_a_small_log_is_continued_and_only_the_childs_own_lines_are_told(tmp_path: Path) -> None:
    path = tmp_path / "engine.log"
    path.write_bytes(b"of another day\n")
    log = ChildLog(path)
    assert log.last_lines() == ()
    log.file.write(b"\x1b[31mred\xff\n\n" + b"".join(b"line %d\n" % n for n in range(9)))
    log.file.flush()
    assert log.last_lines() == (" [31mred\ufffd", *(f"line {n}" for n in range(9)))
    log.close()
    assert path.read_bytes().startswith(b"of another day\n")


def test_a_log_that_grows_without_end_begins_again(tmp_path: Path) -> None:
    path = tmp_path / "engine.log"
    log = ChildLog(path)
    log.file.write(b"x" * (TRUNCATE_AT + 1))
    log.file.flush()
    log.bound()
    log.file.write(b"\nthe end\n")
    log.file.flush()
    assert log.last_lines() == ("the end",)
    assert path.stat().st_size < 100
    assert path.with_name("engine.log.1").stat().st_size > TRUNCATE_AT
    log.close()


def test_a_log_that_cannot_be_written_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    log = ChildLog(tmp_path / "file" / "engine.log")
    log.file.write(b"still heard\n")
    log.file.flush()
    assert log.last_lines() == ("still heard",)
    log.close()
