"""The command line from end to end: real processes, the real engine, the starter model, and a real terminal."""

import codecs
import json
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import psutil
import pytest

WAIT = 100.0
PATIENCE = 20.0  # before Ctrl-C is pressed once more
# A shell that starts tests in the background has them ignore Ctrl-C, which they would hand on.
PROGRAM = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "from zhiyin_models.cli import main; sys.exit(main(sys.argv[1:]))"
)
SMALL = ("--threads", "1", "--context", "512")
STORY = "Write a very long story about a river."


@pytest.fixture
def environment(root: Path, tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(root / "models"),
        "ZHIYIN_DATA_DIR": str(tmp_path / "data"),
        "ZHIYIN_LANG": "en",
        "TERM": "dumb",
    }


def run(environment: dict[str, str], *arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "zhiyin_models", *arguments]
    return subprocess.run(command, env=environment, input=said, capture_output=True, text=True, timeout=WAIT, check=False)


@contextmanager
def started(environment: dict[str, str], *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes], IO[bytes]]]:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    ) as process:
        assert process.stdout
        assert process.stderr
        try:
            yield process, process.stdout, process.stderr
        finally:
            process.kill()


def figures(errors: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in errors.splitlines() if line.startswith("{")]


def test_one_turn_with_figures(environment: dict[str, str]) -> None:
    arguments = ("chat", "starter", *SMALL, "--prompt", "Hi!", "--max-tokens", "5", "--seed", "7", "--stats", "--system", "Be kind.")
    first, second = run(environment, *arguments), run(environment, *arguments)
    assert first.returncode == second.returncode == 0
    assert first.stdout == second.stdout  # the same seed
    assert first.stdout.strip()
    notice, line = first.stderr.splitlines()
    assert notice.startswith("(--max-tokens") or line.startswith("(--max-tokens")
    (stats,) = figures(first.stderr)
    assert stats["reason"] == "length"
    assert stats["generated_tokens"] == 5
    assert stats["seed"] == 7
    assert stats["tokens_per_second"] > 0
    assert stats["context"] == 512


def test_a_greeting_where_nobody_can_type(environment: dict[str, str]) -> None:
    greeting = run(environment, "--lang", "zh", "chat", "starter", *SMALL)
    assert greeting.returncode == 0
    assert greeting.stdout.strip()
    assert greeting.stdout.endswith("\n")
    assert greeting.stderr == ""


def test_streams_that_are_closed_or_full(environment: dict[str, str]) -> None:
    def shell(line: str) -> subprocess.CompletedProcess[str]:
        command = f'"$0" -m zhiyin_models {line}'
        return subprocess.run(
            ["sh", "-c", command, sys.executable], env=environment, capture_output=True, text=True, timeout=WAIT, check=False
        )

    greeting = shell("chat starter --threads 1 --context 512 <&-")
    assert (greeting.returncode, greeting.stderr) == (0, "")
    assert greeting.stdout.strip()
    silent = shell("list >&- 2>&-")
    assert (silent.returncode, silent.stdout, silent.stderr) == (0, "", "")
    for line in ("--help", "devices --json", "chat starter --threads 1 --context 512 --prompt Hi --max-tokens 3"):
        full = shell(f"{line} >/dev/full")
        assert full.returncode == 1
        assert full.stderr.startswith("Standard output cannot be written to (")
        assert full.stderr.count("\n") == 1
    assert shell("info nothing 2>/dev/full").returncode == 1


def test_lines_of_a_pipe_are_turns_of_one_conversation(environment: dict[str, str]) -> None:
    said = "My name is Li Bai.\n\nWhat is my name?\n/exit\nnot said\n"
    talk = run(environment, "chat", "starter", *SMALL, "--max-tokens", "4", "--stats", said=said)
    assert talk.returncode == 0
    first, second = figures(talk.stderr)
    assert first["reused_tokens"] == 0
    assert second["reused_tokens"] > first["prompt_tokens"]


def test_a_message_too_long_says_by_how_much(environment: dict[str, str]) -> None:
    refused = run(environment, "chat", "starter", *SMALL, "--lang", "zh", "--prompt", "琴 " * 1000)
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert "超出" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_devices(environment: dict[str, str]) -> None:
    found = run(environment, "devices", "--json")
    assert found.returncode == 0
    assert json.loads(found.stdout)[-1]["kind"] == "cpu"
    unreachable = run(environment, "devices", "--rpc", "127.0.0.1:9")
    assert unreachable.returncode == 1
    assert "127.0.0.1:9 cannot be reached" in unreachable.stderr


def test_bench(environment: dict[str, str]) -> None:
    measured = run(environment, "bench", "starter", *SMALL, "--runs", "1", "--prompt-tokens", "48", "--reply-tokens", "8", "--json")
    assert measured.returncode == 0
    result = json.loads(measured.stdout)
    assert result["median"]["tokens_per_second"] > 0
    assert result["median"]["generated_tokens"] == 8
    assert 48 <= result["median"]["prompt_tokens"] < 120
    assert result["model"]["quant"] == "Q4_1"


def test_a_killed_engine_is_one_sentence(environment: dict[str, str]) -> None:
    with started(environment, "chat", "starter", *SMALL, "--prompt", STORY) as (process, output, errors):
        assert output.read(1)
        (engine,) = psutil.Process(process.pid).children()
        engine.kill()
        assert process.wait(WAIT) == 1
        assert errors.read().decode() == (
            "The engine ended unexpectedly: SIGKILL. Try again; if it happens again, choose a smaller model.\n"
        )


def test_ctrl_c_ends_a_single_turn(environment: dict[str, str]) -> None:
    with started(environment, "chat", "starter", *SMALL, "--prompt", STORY) as (process, output, errors):
        assert output.read(1)
        (engine,) = psutil.Process(process.pid).children()
        process.send_signal(signal.SIGINT)
        assert process.wait(WAIT) == 130
        assert errors.read() == b"(stopped)\n"
        assert not engine.is_running()


def test_a_reader_that_leaves_is_no_error(environment: dict[str, str]) -> None:
    with started(environment, "chat", "starter", *SMALL, "--prompt", STORY) as (process, output, errors):
        assert output.read(1)
        output.close()
        assert process.wait(WAIT) == 141
        assert errors.read() == b""


class Person:
    """Somebody at a real terminal."""

    def __init__(self, environment: dict[str, str], *arguments: str) -> None:
        self.desk, theirs = pty.openpty()
        command = [sys.executable, "-c", PROGRAM, *arguments]
        self.process = subprocess.Popen(command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        self.screen = ""
        self.changed = threading.Condition()
        self.watching = threading.Thread(target=self.watch)
        self.watching.start()

    def watch(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while True:
            try:
                seen = os.read(self.desk, 4096)
            except OSError:  # the other end is closed
                self.process.wait()
                with self.changed:
                    self.changed.notify_all()
                return
            with self.changed:
                self.screen += decoder.decode(seen)
                self.changed.notify_all()

    def sees(self, words: str) -> None:
        """Wait for words, and forget what was before them."""
        with self.changed:
            assert self.changed.wait_for(lambda: words in self.screen, WAIT), self.screen
            self.screen = self.screen.partition(words)[2]

    def types(self, words: str) -> None:
        os.write(self.desk, words.encode())

    def presses_ctrl_c(self, answered: Callable[[], bool]) -> None:
        """Press it until something happens: in the instant between the prompt and Python's wait for a key, nobody hears it."""
        for _ in range(int(WAIT / PATIENCE)):
            self.sees_it_wait()
            self.process.send_signal(signal.SIGINT)
            with self.changed:
                if self.changed.wait_for(answered, PATIENCE):
                    return
        raise AssertionError(self.screen)

    def sees_it_wait(self) -> None:
        """Wait until the program waits for something itself, which makes that instant a rare one."""
        program = psutil.Process(self.process.pid)
        while self.process.poll() is None and program.status() != psutil.STATUS_SLEEPING:
            os.sched_yield()

    def shows(self, words: str) -> Callable[[], bool]:
        return lambda: words in self.screen

    def has_left(self) -> bool:
        return self.process.poll() is not None

    def leaves(self) -> None:
        self.process.kill()
        self.process.wait()
        self.watching.join()
        os.close(self.desk)


@pytest.fixture
def person(environment: dict[str, str]) -> Iterator[Person]:
    somebody = Person(environment, "chat", "starter", *SMALL, "--no-greeting")
    yield somebody
    somebody.leaves()


def test_a_conversation_at_a_terminal(person: Person) -> None:
    person.sees("Loading")
    person.sees("/exit ends the chat")
    person.sees("› ")
    person.types(STORY + "\n")
    person.sees(STORY)
    person.sees(" the ")  # of the reply
    person.presses_ctrl_c(person.shows("(stopped)"))
    person.sees("(stopped)")
    person.sees("› ")
    person.presses_ctrl_c(person.shows("Type /exit"))
    person.sees("Type /exit to leave")
    person.sees("› ")
    person.types("/exit\n")
    assert person.process.wait(WAIT) == 0


def test_ctrl_c_twice_leaves(person: Person) -> None:
    person.sees("› ")
    person.presses_ctrl_c(person.shows("Type /exit"))
    person.sees("Type /exit to leave")
    person.sees("› ")
    person.presses_ctrl_c(person.has_left)
    assert person.process.wait(WAIT) == 130
    assert "Traceback" not in person.screen
