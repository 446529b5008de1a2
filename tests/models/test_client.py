"""The engine's client against a real process that dies, freezes, and says what it should not."""

import gc
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from zhiyin_models.child.wire import MAX_LINE
from zhiyin_models.engine import protocol as p
from zhiyin_models.engine.client import EngineClient
from zhiyin_models.errors import Code, Failure, ModelError

TOY = [sys.executable, str(Path(__file__).with_name("toy_child.py"))]
WAIT = 60.0


@pytest.fixture
def exits() -> list[Failure]:
    return []


@pytest.fixture
def client(exits: list[Failure]) -> Iterator[EngineClient]:
    with EngineClient(command=TOY, on_exit=exits.append) as started:
        yield started


def load(client: EngineClient, path: str) -> list[p.Event]:
    return list(client.stream(lambda number: p.Load(id=number, path=path)))


def refused(client: EngineClient, timeout: float = WAIT) -> Failure:
    with pytest.raises(ModelError) as caught:
        client.start(timeout)
    assert not client.alive
    client.close()
    return caught.value.failure


def test_answers_and_streams(client: EngineClient) -> None:
    assert client.alive
    assert client.call(lambda number: p.Count(id=number, texts=("a", "bcd"))) == p.Counted(1, (1, 3))
    *pieces, last = client.generate("3", [p.Message("user", "hello")])
    assert "".join(piece.text for piece in pieces if isinstance(piece, p.Text)) == "0 1 2 "
    assert isinstance(last, p.Finished)
    assert last.reason == "end"


def test_a_request_can_be_stopped_and_its_events_go_on_to_the_last(client: EngineClient) -> None:
    stream = client.stream(lambda number: p.Generate(id=number, session="1000000000", messages=()))
    next(stream)
    stream.stop()
    *_, last = stream
    assert isinstance(last, p.Finished)
    assert last.reason == "stopped"


@pytest.mark.parametrize("how", ["closed", "lost"])
def test_a_stream_that_nobody_reads_is_stopped(client: EngineClient, how: str) -> None:
    stream = client.stream(lambda number: p.Generate(id=number, session="1000000000", messages=()))
    if how == "closed":
        stream.close()
        assert list(stream) == []
    else:
        del stream
        gc.collect()
    *_, last = client.generate("2", [])  # the toy does one thing at a time
    assert isinstance(last, p.Finished)


@pytest.mark.parametrize(("path", "reason", "detail"), [("kill", "SIGKILL", ""), ("exit", 3, "the last words [31m")])
def test_death_ends_every_request_once(client: EngineClient, exits: list[Failure], path: str, reason: str | int, detail: str) -> None:
    events: list[p.Event] = []
    client.submit(lambda number: p.Info(id=number), events.append)
    failed = load(client, path)
    assert failed == [p.Failed(2, Code.ENGINE_DIED, {"reason": reason, "detail": detail})]
    client.close()
    assert events == [p.Failed(1, Code.ENGINE_DIED, {"reason": reason, "detail": detail})]
    assert exits == [Failure(Code.ENGINE_DIED, {"reason": reason, "detail": detail})]
    assert load(client, path) == [p.Failed(3, Code.ENGINE_DIED, {"reason": reason, "detail": detail})]


def test_every_request_ends_once_when_the_engine_is_killed_under_fire(client: EngineClient) -> None:
    finals: Counter[int] = Counter()
    answers: Counter[type] = Counter()

    def fire() -> None:
        for _ in range(500):
            client.submit(lambda number: p.Count(id=number, texts=("x" * 1000,)), hear)

    def hear(event: p.Event) -> None:
        with guard:
            finals[event.id] += 1
            answers[type(event)] += 1
            if isinstance(event, p.Counted) and answers[p.Counted] == 200:
                assert client.pid
                os.kill(client.pid, signal.SIGKILL)
            guard.notify()

    guard = threading.Condition()
    guns = [threading.Thread(target=fire) for _ in range(4)]
    for gun in guns:
        gun.start()
    for gun in guns:
        gun.join()
    with guard:
        assert guard.wait_for(lambda: finals.total() >= 2000, WAIT)
    client.close()
    assert set(finals) == set(range(1, 2001))
    assert set(finals.values()) == {1}
    assert answers[p.Counted] >= 200
    assert answers[p.Failed] > 0


def test_what_was_said_before_death_is_heard(client: EngineClient) -> None:
    text, failed = load(client, "half")
    assert text == p.Text(1, "half a ")
    assert isinstance(failed, p.Failed)
    assert failed.args["reason"] == "SIGSEGV"


def test_a_frozen_engine_is_noticed() -> None:
    with EngineClient(command=TOY, silence=1.0) as client:
        assert load(client, "freeze") == [p.Failed(1, Code.ENGINE_SILENT, {"seconds": 1.0})]
        assert not client.alive


def test_a_busy_engine_is_not_silent() -> None:
    with EngineClient(command=TOY, silence=3.0) as client:
        answer = client.call(lambda number: p.Load(id=number, path="busy", context=4500))
        assert isinstance(answer, p.Finished)


def test_a_slow_listener_is_not_a_silent_engine() -> None:
    def dawdle(_: p.Event) -> None:
        threading.Event().wait(2.5)

    with EngineClient(command=TOY, silence=1.5) as client:
        client.submit(lambda number: p.Count(id=number, texts=()), dawdle)
        assert isinstance(client.call(lambda number: p.Count(id=number, texts=())), p.Counted)


def test_surrogates_are_normalised(client: EngineClient) -> None:
    assert load(client, "surrogates")[0] == p.Text(1, "a\ufffdb😀")
    assert client.call(lambda number: p.Tokenize(id=number, text="\udc00")) == p.Tokens(2, (), ("\ufffd",))


def test_a_request_too_long_for_a_line_is_not_sent(client: EngineClient) -> None:
    with pytest.raises(ModelError) as caught:
        client.call(lambda number: p.Count(id=number, texts=("x" * MAX_LINE,)))
    assert caught.value.failure == Failure(Code.LINE_TOO_LONG, {"limit": MAX_LINE})
    assert client.call(lambda number: p.Count(id=number, texts=("a",))) == p.Counted(2, (1,))


def test_a_request_that_is_no_json_is_not_sent(client: EngineClient) -> None:
    nested: list[object] = []
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(ModelError) as caught:
        client.call(lambda number: p.Render(id=number, messages=(), template_args={"a": nested}))
    assert caught.value.code == Code.REQUEST_BAD
    with pytest.raises(ModelError) as caught:
        client.call(lambda number: p.Render(id=number, messages=(), template_args={"a": object()}))
    assert caught.value.code == Code.REQUEST_BAD


def test_a_line_from_nobody_ends_the_engine(client: EngineClient) -> None:
    (failed,) = load(client, "garbage")
    assert isinstance(failed, p.Failed)
    assert (failed.code, failed.args["reason"]) == (Code.ENGINE_DIED, "SIGKILL")


def test_a_damaged_answer_fails_its_request(client: EngineClient) -> None:
    (failed,) = load(client, "damaged")
    assert isinstance(failed, p.Failed)
    assert failed.code == Code.ENGINE_FAILED
    assert client.alive


def test_a_line_without_end_fails_its_request(client: EngineClient) -> None:
    assert load(client, "endless line") == [p.Failed(1, Code.LINE_TOO_LONG, {"limit": MAX_LINE})]


def test_an_engine_that_closes_its_output_is_ended(client: EngineClient) -> None:
    (failed,) = load(client, "closed output")
    assert isinstance(failed, p.Failed)
    assert failed.code == Code.ENGINE_DIED


def test_a_failed_request_raises_from_call(client: EngineClient) -> None:
    with pytest.raises(ModelError) as caught:
        client.load("raise")
    assert caught.value.code == Code.ENGINE_FAILED


def test_waiting_for_an_answer_can_have_an_end(client: EngineClient) -> None:
    with pytest.raises(TimeoutError):
        client.call(lambda number: p.Info(id=number), timeout=0.05)
    assert isinstance(client.call(lambda number: p.Count(id=number, texts=())), p.Counted)


def test_closing_finishes_what_is_under_way(client: EngineClient, exits: list[Failure]) -> None:
    stream = client.stream(lambda number: p.Load(id=number, path="sleep in C"))
    next(stream)
    question = client.stream(lambda number: p.Info(id=number))
    client.close()
    assert list(stream) == [p.Finished(1, "stopped")]
    (failed,) = question
    assert isinstance(failed, p.Failed)
    assert failed.code == Code.ENGINE_DIED
    assert exits == []  # it was asked to
    client.close()


def test_before_the_start_every_request_fails() -> None:
    client = EngineClient(command=TOY)
    (failed,) = load(client, "print")
    assert isinstance(failed, p.Failed)
    client.close()


def test_another_version_is_refused() -> None:
    client = EngineClient(command=TOY, environment={"TOY_VERSION": "2"})
    assert refused(client) == Failure(Code.ENGINE_VERSION, {"ours": 1, "theirs": 2})


def test_another_kind_is_refused() -> None:
    assert refused(EngineClient(command=TOY, environment={"TOY_KIND": "job"})).code == Code.ENGINE_VERSION


def test_a_failing_start_tells_the_last_words(tmp_path: Path) -> None:
    client = EngineClient(command=TOY, environment={"TOY_FAILS_TO_START": "1"}, log=tmp_path / "engine.log")
    assert refused(client) == Failure(Code.ENGINE_START_FAILED, {"detail": "no such library"})
    assert (tmp_path / "engine.log").read_text() == "no such library\n"


def test_a_start_that_says_nothing_has_an_end() -> None:
    client = EngineClient(command=TOY, environment={"TOY_SAYS_NOTHING": "1"})
    assert refused(client, timeout=3.0).code == Code.ENGINE_START_FAILED


@pytest.mark.parametrize("command", [["/nonexistent/engine"], [sys.executable, "-c", "print('hi')"], [sys.executable, "-c", ""]])
def test_a_program_that_is_no_engine_is_refused(command: list[str]) -> None:
    failure = refused(EngineClient(command=command))
    assert failure.code == Code.ENGINE_START_FAILED
    assert failure.args["detail"]


def test_threads_are_gone_after_death_and_after_refusal() -> None:
    before = threading.active_count()
    with EngineClient(command=TOY) as client:
        load(client, "kill")
    refused(EngineClient(command=TOY, environment={"TOY_VERSION": "2"}))
    refused(EngineClient(command=["/nonexistent/engine"]))
    assert threading.active_count() == before


def test_the_client_is_light() -> None:
    program = "import sys, zhiyin_models.engine.client; print(*{name.split('.')[0] for name in sys.modules})"
    path = str(Path(__file__).parents[2] / "models")
    loaded = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": path}, capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"llama_cpp", "jinja2", "numpy", "gguf", "PySide6", "httpx2", "argparse", "asyncio"} & set(loaded)
