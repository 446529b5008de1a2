"""Loading: what is said of a model, and everything that can be wrong with its file."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from tests.models import gguf_files
from tests.models.engine.asking import Pending, answer, ask, begin, talk

from zhiyin_models.engine import protocol as p
from zhiyin_models.engine.client import EngineClient
from zhiyin_models.errors import Code, ModelError

HELLO = talk("Hello")


@pytest.fixture(scope="module")
def shared() -> Iterator[EngineClient]:
    """An engine for files that do not load."""
    with EngineClient() as client:
        yield client


@pytest.fixture
def client() -> Iterator[EngineClient]:
    with EngineClient() as started:
        yield started


def refused(client: EngineClient, path: Path, **options: object) -> ModelError:
    with pytest.raises(ModelError) as caught:
        client.load(path, **options)
    assert caught.value.failure.args["path"] == str(path)
    return caught.value


def loading(client: EngineClient, path: Path, **options: object) -> Pending:
    return Pending(client, lambda number: p.Load(id=number, path=str(path), threads=1, **options))  # type: ignore[arg-type]


def huge(path: Path) -> Path:
    """A sparse file of a terabyte that says it is a model."""
    tensors = [gguf_files.Tensor("token_embd.weight", (1 << 20, 1 << 18), 0)]
    metadata = {"general.architecture": "llama", "llama.block_count": 1, "llama.context_length": 4096, "llama.embedding_length": 1 << 20}
    path.write_bytes(gguf_files.header({**metadata, "llama.attention.head_count": 8}, tensors))
    os.truncate(path, path.stat().st_size + (1 << 40))
    return path


def test_what_is_said_of_a_model(client: EngineClient, starter: Path) -> None:
    load = loading(client, starter).done()
    assert isinstance(load.final, p.Loaded)
    fractions = [event.fraction for event in load.events if isinstance(event, p.LoadProgress)]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    info = load.final.model
    assert (info.architecture, info.quant, info.parameters, info.size) == ("llama", "Q4_1", 134515008, starter.stat().st_size)
    assert (info.trained_context, info.context, info.layers, info.gpu_layers, info.threads) == (8192, 8192, 31, 0, 1)
    assert (info.template, info.kv_type, info.vocabulary, info.flash_attention) == ("model", "f16", 49152, True)
    (share,) = info.shares
    assert (share.device, share.layers) == ("CPU", 31)
    assert share.kv == 8192 * 30 * 3 * 128 * 2
    assert info.memory == share.weights + share.kv + share.compute > 250 << 20
    assert len(info.fingerprint) == 32
    again = client.load(starter, context=512, kv_type="q8_0", flash_attention="on", batch=64)
    assert again.fingerprint == info.fingerprint
    assert (again.context, again.kv_type) == (512, "q8_0")
    assert again.shares[0].kv < share.kv / 16
    assert ask(client, "", HELLO, max_tokens=2).finished.reason == "length"


def test_two_threads_answer_as_one_does(starter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_THREAD_LIMIT", raising=False)  # tests that run side by side have one thread for each engine
    replies, workers = [], []
    with EngineClient() as client:
        for threads in (1, 2):
            assert client.load(starter, context=512, threads=threads).threads == threads
            replies.append(ask(client, "", talk("Name three rivers."), max_tokens=16).text)
            workers.append(psutil.Process(client.pid).num_threads())
    assert replies[0] == replies[1] != ""
    assert workers[1] > workers[0]


def test_files_that_are_no_model(shared: EngineClient, tmp_path: Path) -> None:
    assert refused(shared, tmp_path / "nothing.gguf").code is Code.MODEL_MISSING
    text = tmp_path / "text.gguf"
    text.write_text("This is not a model.")
    assert refused(shared, text).code is Code.MODEL_NOT_GGUF
    assert refused(shared, gguf_files.starter_truncated(tmp_path / "half.gguf")).code is Code.MODEL_TRUNCATED
    encoder = gguf_files.write_small(tmp_path / "encoder.gguf", {"general.architecture": "bert"})
    assert refused(shared, encoder).code is Code.MODEL_NOT_CHAT


def test_an_architecture_that_llama_cpp_does_not_know(shared: EngineClient, tmp_path: Path) -> None:
    error = refused(shared, gguf_files.starter_of_architecture(tmp_path / "new.gguf", "frobnicator"))
    assert error.code is Code.MODEL_UNKNOWN_ARCHITECTURE
    assert error.failure.args["architecture"] == "frobnicator"


def test_a_file_that_llama_cpp_refuses_comes_with_its_reason(shared: EngineClient, tmp_path: Path) -> None:
    error = refused(shared, gguf_files.write_small(tmp_path / "hollow.gguf"))
    assert error.code is Code.MODEL_LOAD_FAILED
    assert len(str(error.failure.args["detail"])) > 10
    assert shared.alive


def test_a_model_bigger_than_memory_is_refused_before_loading(shared: EngineClient, tmp_path: Path) -> None:
    error = refused(shared, huge(tmp_path / "huge.gguf"))
    assert error.code is Code.MODEL_TOO_BIG
    assert int(error.failure.args["need"]) > 1 << 40 > int(error.failure.args["free"]) > 0


def test_a_bad_file_leaves_the_loaded_model_alone(client: EngineClient, starter: Path, tmp_path: Path) -> None:
    client.load(starter, context=512)
    assert refused(client, tmp_path / "nothing.gguf").code is Code.MODEL_MISSING
    assert refused(client, huge(tmp_path / "huge.gguf")).code is Code.MODEL_TOO_BIG
    assert ask(client, "", HELLO, max_tokens=2).finished.reason == "length"


def test_without_a_model_nothing_is_answered(client: EngineClient, starter: Path) -> None:
    assert ask(client, "a", HELLO).failed.code is Code.MODEL_NONE_LOADED
    assert answer(client, lambda number: p.Info(id=number)).failed.code is Code.MODEL_NONE_LOADED
    assert answer(client, lambda number: p.Count(id=number, texts=("a",))).failed.code is Code.MODEL_NONE_LOADED
    client.load(starter, context=512)
    assert isinstance(answer(client, lambda number: p.Info(id=number)).final, p.Loaded)
    assert answer(client, lambda number: p.Unload(id=number)).finished.reason == "end"
    assert answer(client, lambda number: p.Info(id=number)).failed.code is Code.MODEL_NONE_LOADED


def test_a_load_can_be_stopped_and_the_next_one_works(client: EngineClient, starter: Path) -> None:
    load = loading(client, starter, context=512).until(lambda event: isinstance(event, p.LoadProgress)).stop().done()
    assert load.finished.reason == "stopped"
    assert ask(client, "a", HELLO).failed.code is Code.MODEL_NONE_LOADED
    assert isinstance(loading(client, starter, context=512).done().final, p.Loaded)
    running = begin(client, "a", HELLO).until(lambda event: isinstance(event, p.Text))
    waiting = loading(client, starter, context=1024).until(lambda event: isinstance(event, p.Queued)).stop().done()
    assert waiting.finished.reason == "stopped"
    assert running.stop().done().finished.reason == "stopped"
    info = answer(client, lambda number: p.Info(id=number)).final
    assert isinstance(info, p.Loaded)
    assert info.model.context == 512


def test_a_load_waits_for_the_running_reply(client: EngineClient, starter: Path) -> None:
    client.load(starter, context=512, threads=1)
    reply = begin(client, "a", HELLO, max_tokens=30).until(lambda event: isinstance(event, p.Text))
    load = loading(client, starter, context=768)
    after = begin(client, "a", HELLO, max_tokens=3, priority=9)
    assert reply.done().finished.reason in {"length", "end"}
    assert isinstance(load.done().final, p.Loaded)
    assert after.done().stats.context == 768


def test_a_file_that_is_deleted_while_loaded_is_noticed_once_and_the_model_goes_on(
    client: EngineClient, starter: Path, tmp_path: Path
) -> None:
    link = tmp_path / "model.gguf"
    link.symlink_to(starter)
    client.load(link, context=512, threads=1)
    assert ask(client, "", HELLO, max_tokens=2).notices() == []
    link.unlink()
    reply = ask(client, "", HELLO, max_tokens=2)
    assert reply.notices() == [Code.MODEL_DELETED]
    assert reply.finished.reason == "length"
    assert ask(client, "", HELLO, max_tokens=2).notices() == []


def test_a_file_that_is_cut_while_loaded_is_noticed_before_it_ends_the_engine(client: EngineClient, starter: Path, tmp_path: Path) -> None:
    path = gguf_files.rewrite_starter(tmp_path / "cut.gguf", data="zeros")
    size = path.stat().st_size
    client.load(path, context=512, threads=1)
    assert ask(client, "", HELLO, max_tokens=2).finished
    os.truncate(path, size // 2)
    failed = ask(client, "", HELLO, max_tokens=2).failed
    assert failed.code is Code.MODEL_TRUNCATED
    assert failed.args == {"path": str(path), "expected": size, "actual": size // 2}
    client.load(starter, context=512, threads=1)
    assert ask(client, "", HELLO, max_tokens=2).finished.reason == "length"


def test_a_context_longer_than_the_trained_one_is_shortened_and_said(client: EngineClient, starter: Path) -> None:
    load = loading(client, starter, context=100_000).done()
    assert isinstance(load.final, p.Loaded)
    assert load.final.model.context == 8192
    assert load.notices() == [Code.CONTEXT_REDUCED]


def test_no_template_is_said_and_a_hostile_one_ends_the_request_only(client: EngineClient, tmp_path: Path) -> None:
    load = loading(client, gguf_files.starter_without_template(tmp_path / "plain.gguf", data="zeros"), context=512).done()
    assert isinstance(load.final, p.Loaded)
    assert load.final.model.template == "chatml"
    assert load.notices() == [Code.TEMPLATE_MISSING]
    client.load(gguf_files.starter_with_template(tmp_path / "raises.gguf", "{{ raise_exception('no') }}", data="zeros"), context=512)
    assert ask(client, "", HELLO).failed.code is Code.TEMPLATE_FAILED
    grows = "{% for a in range(99999) %}{% for b in range(99999) %}xxxxxxxx{% endfor %}{% endfor %}"
    client.load(gguf_files.starter_with_template(tmp_path / "grows.gguf", grows, data="zeros"), context=512)
    assert ask(client, "", HELLO).failed.code in {Code.TEMPLATE_TOO_SLOW, Code.TEMPLATE_TOO_LARGE}
    bare = "{{ messages[-1].content }}"
    client.load(gguf_files.starter_with_template(tmp_path / "bare.gguf", bare, data="zeros"), context=512)
    assert ask(client, "", talk("", system=None)).failed.code is Code.TEMPLATE_FAILED
    broken = gguf_files.starter_with_template(tmp_path / "broken.gguf", "{% if %}", data="zeros")
    with pytest.raises(ModelError) as caught:
        client.load(broken)
    assert caught.value.code is Code.TEMPLATE_FAILED
    assert client.alive


def test_an_engine_that_is_killed_in_the_middle_of_a_reply(client: EngineClient, starter: Path) -> None:
    client.load(starter, context=512, threads=1)
    reply = begin(client, "a", HELLO).until(lambda event: isinstance(event, p.Text))
    assert client.pid is not None
    os.kill(client.pid, signal.SIGKILL)
    assert reply.done().failed.code is Code.ENGINE_DIED
    assert reply.text
    assert not client.alive
    assert ask(client, "a", HELLO).failed.code is Code.ENGINE_DIED
